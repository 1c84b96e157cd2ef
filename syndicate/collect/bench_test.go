package collect_test

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"broadsheet/internal/fetch"
	"broadsheet/syndicate"
	"broadsheet/syndicate/collect"
)

// BenchmarkPoll measures polls, one after another, with a store that costs
// nothing: of files and of a server on loopback, new, changed and unchanged.
func BenchmarkPoll(b *testing.B) {
	start := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	body := []byte(rss("", every(time.Hour, 20, start)...))
	path := filepath.Join(b.TempDir(), "feed.xml")
	if err := os.WriteFile(path, body, 0o600); err != nil {
		b.Fatal(err)
	}
	o := newOrigin(b)
	o.play(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"v"`)
		if r.Header.Get("If-None-Match") == `"v"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = w.Write(body)
	})
	client, err := fetch.New(fetch.Config{AllowPrivate: []string{"127.0.0.0/8"}})
	if err != nil {
		b.Fatal(err)
	}
	defer client.Close()
	for name, address := range map[string]string{"file": (&url.URL{Scheme: "file", Path: path}).String(), "loopback": o.URL} {
		c := collect.Collector{Store: newMemory(), Fetcher: client, Classifier: &filer{}, Now: func() time.Time { return start }}
		poll := func(b *testing.B, i int, want syndicate.Outcome) {
			src := syndicate.Source{Name: fmt.Sprint(name, i), URL: address, Kind: syndicate.KindFeed}
			r, err := c.Poll(b.Context(), src, collect.Options{Force: true})
			if err != nil || r.Outcome != want {
				b.Fatalf("%+v, %v", r, err)
			}
		}
		for _, want := range []syndicate.Outcome{syndicate.Fetched, syndicate.NotModified} {
			b.Run(fmt.Sprint(name, " ", want), func(b *testing.B) {
				n := 0
				c.Store = newMemory()
				if want == syndicate.NotModified {
					poll(b, -1, syndicate.Fetched)
				}
				for b.Loop() {
					if want == syndicate.NotModified {
						poll(b, -1, want)
						continue
					}
					if n++; n%50 == 0 {
						c.Store = newMemory()
					}
					poll(b, n, want)
				}
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "polls/s")
			})
		}
	}
}
