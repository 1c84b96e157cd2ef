package web_test

import (
	"bytes"
	"compress/gzip"
	"encoding/xml"
	"fmt"
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/mmcdole/gofeed"

	"broadsheet/syndicate"
)

// told returns the titles of the entries in an answer.
func told(t *testing.T, w *httptest.ResponseRecorder) []string {
	t.Helper()
	body := io.Reader(w.Body)
	if w.Header().Get("Content-Encoding") == "gzip" {
		var err error
		if body, err = gzip.NewReader(w.Body); err != nil {
			t.Fatal(err)
		}
	}
	all, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	if err := xml.Unmarshal(all, new(struct{})); err != nil {
		t.Fatal(err)
	}
	feed, err := gofeed.NewParser().Parse(bytes.NewReader(all))
	if err != nil {
		t.Fatalf("%v\n%s", err, all)
	}
	titles := []string{}
	for _, it := range feed.Items {
		titles = append(titles, it.Title)
	}
	return titles
}

// another returns a new article of the newest time.
func another(n int) syndicate.Article {
	a := syndicate.Article{
		Source: "harbour", GUID: fmt.Sprint("delta", n), Title: fmt.Sprint("Delta ", n), Language: "en",
		Text: strings.Repeat("A text of some length. ", 60), FirstSeen: now, Changed: now, Published: now,
	}
	a.Key = syndicate.NewKey(a.Source, a.GUID)
	a.ID = syndicate.NewID("https://harbour.example/", a.Key)
	return a
}

func TestDeltasTellWhatIsNew(t *testing.T) {
	for _, format := range []string{"rss", "atom"} {
		for _, encoding := range []string{"", "gzip"} {
			t.Run(format+" "+encoding, func(t *testing.T) {
				p := sample()
				h := handler(t, p)
				target, accept := "/feeds/all."+format, "Accept-Encoding: "+encoding
				first := ask(h, target, accept)
				all := len(told(t, first))
				etag := first.Header().Get("ETag")

				p.articles = append([]syndicate.Article{another(1), another(2)}, p.articles...)
				p.articles[3].Title += " (corrected)"
				w := ask(h, target, accept, "A-IM: feed", "If-None-Match: "+etag)
				hd := w.Header()
				if w.Code != 226 || hd.Get("IM") != "feed" || hd.Get("Cache-Control") != "no-store, im" ||
					!strings.Contains(hd.Get("Vary"), "A-IM, If-None-Match") || hd.Get("Content-Type") != first.Header().Get("Content-Type") ||
					hd.Get("Content-Encoding") != encoding || hd.Get("Content-Length") != fmt.Sprint(w.Body.Len()) || hd.Get("Last-Modified") == "" {
					t.Fatalf("%d %v", w.Code, hd)
				}
				got := told(t, w)
				if len(got) != 3 || got[0] != "Delta 1" || got[1] != "Delta 2" || !strings.HasSuffix(got[2], " (corrected)") {
					t.Errorf("told %q", got)
				}
				whole := ask(h, target, accept)
				if whole.Header().Get("ETag") != hd.Get("ETag") {
					t.Errorf("ETag %s, that of the whole is %s", hd.Get("ETag"), whole.Header().Get("ETag"))
				}
				if n := len(told(t, whole)); n != all+2 {
					t.Errorf("the whole has %d entries, want %d", n, all+2)
				}
				if w := ask(h, target, accept, "A-IM: feed", "If-None-Match: "+hd.Get("ETag")); w.Code != 304 {
					t.Errorf("who has the state of now gets %d, want 304", w.Code)
				}
			})
		}
	}
}

func TestDeltasAreOfferedOnlyWhereTheyCanBe(t *testing.T) {
	p := sample()
	h := handler(t, p)
	etag := ask(h, "/feeds/all.atom").Header().Get("ETag")
	jsonTag := ask(h, "/feeds/all.json").Header().Get("ETag")
	other := ask(h, "/feeds/finance.atom").Header().Get("ETag")
	p.articles = append([]syndicate.Article{another(1)}, p.articles...)
	for _, tt := range []struct {
		name, target string
		headers      []string
		status       int
	}{
		{"as asked", "/feeds/all.atom", []string{"A-IM: feed", "If-None-Match: " + etag}, 226},
		{"a weak tag", "/feeds/all.atom", []string{"A-IM: FEED;q=0.5", "If-None-Match: W/" + etag}, 226},
		{"one tag of several", "/feeds/all.atom", []string{"A-IM: vcdiff, feed", `If-None-Match: "x", ` + etag}, 226},
		{"that of another encoding", "/feeds/all.atom", []string{"A-IM: feed", "If-None-Match: " + strings.TrimSuffix(etag, `"`) + `-gzip"`}, 226},
		{"not asked for", "/feeds/all.atom", []string{"If-None-Match: " + etag}, 200},
		{"refused", "/feeds/all.atom", []string{"A-IM: feed;q=0", "If-None-Match: " + etag}, 200},
		{"another manipulation", "/feeds/all.atom", []string{"A-IM: vcdiff", "If-None-Match: " + etag}, 200},
		{"no tag", "/feeds/all.atom", []string{"A-IM: feed"}, 200},
		{"an unknown tag", "/feeds/all.atom", []string{"A-IM: feed", `If-None-Match: "AAAAAAAAAAAAAAAAAAAAAA"`}, 200},
		{"a part of a tag", "/feeds/all.atom", []string{"A-IM: feed", "If-None-Match: " + etag[:12] + `"`}, 200},
		{"no tag at all", "/feeds/all.atom", []string{"A-IM: feed", `If-None-Match: "", W/"", ,`}, 200},
		{"any tag", "/feeds/all.atom", []string{"A-IM: feed", "If-None-Match: *"}, 304},
		{"the tag of another feed", "/feeds/all.atom", []string{"A-IM: feed", "If-None-Match: " + other}, 200},
		{"JSON", "/feeds/all.json", []string{"A-IM: feed", "If-None-Match: " + jsonTag}, 200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if w := ask(h, tt.target, tt.headers...); w.Code != tt.status {
				t.Errorf("%d, want %d", w.Code, tt.status)
			}
		})
	}
	if w := do(h, "HEAD", "/feeds/all.atom", "A-IM: feed", "If-None-Match: "+etag); w.Code != 200 || w.Body.Len() != 0 {
		t.Errorf("HEAD gets %d and %d bytes", w.Code, w.Body.Len())
	}
}

func TestOldStatesAreForgotten(t *testing.T) {
	p := sample()
	h := handler(t, p)
	var etags []string
	for i := range 140 {
		etags = append(etags, ask(h, "/feeds/all.atom").Header().Get("ETag"))
		p.articles = append([]syndicate.Article{another(i)}, p.articles...)
	}
	for i, want := range map[int]int{0: 200, 12: 200, 13: 226, 139: 226} {
		if w := ask(h, "/feeds/all.atom", "A-IM: feed", "If-None-Match: "+etags[i]); w.Code != want {
			t.Errorf("state %d of 140: %d, want %d", i, w.Code, want)
		}
	}
}

func TestArchive(t *testing.T) {
	p := sample()
	for i := range 120 {
		a := another(i)
		a.FirstSeen = now.AddDate(0, -1, -i/10)
		p.articles = append(p.articles, a)
	}
	h := handler(t, p)
	for _, tt := range []struct {
		target string
		status int
	}{
		{"/feeds/all/archive/2026-02.atom", 200},
		{"/feeds/all/archive/2026-01.rss", 200},
		{"/feeds/all/archive/2026-01-2.json", 200},
		{"/feeds/all/archive/2026-01-4.atom", 404},
		{"/feeds/all/archive/2025-12.atom", 404},
		{"/feeds/all/archive/2026-02", 404},
		{"/feeds/all/archive/", 404},
		{"/feeds/all/archive/2026-2.atom", 404},
		{"/feeds/all/archive/2026-01-1.atom", 404},
		{"/feeds/all/archive/2026-01/x.atom", 404},
		{"/feeds/nobody/archive/2026-01.atom", 404},
		{"/feeds//archive/2026-01.atom", 404},
		{"/feeds/all/archive/2026-01.rdf", 404},
	} {
		t.Run(tt.target, func(t *testing.T) {
			w := ask(h, tt.target)
			if w.Code != tt.status {
				t.Fatalf("%d, want %d", w.Code, tt.status)
			}
			want := "no-store"
			if w.Code == 200 {
				want = "public, max-age=86400, stale-if-error=604800"
			} else if w.Header().Get("Content-Type") != "application/problem+json" {
				t.Errorf("Content-Type %s", w.Header().Get("Content-Type"))
			}
			if got := w.Header().Get("Cache-Control"); got != want {
				t.Errorf("Cache-Control: %s, want %s", got, want)
			}
			if w.Code != 200 {
				return
			}
			if w := ask(h, tt.target, "If-None-Match: "+w.Header().Get("ETag")); w.Code != 304 || w.Header().Get("Cache-Control") != want {
				t.Errorf("%d %s", w.Code, w.Header().Get("Cache-Control"))
			}
		})
	}
}

func FuzzArchiveAddresses(f *testing.F) {
	h := handler(f, sample())
	for _, file := range []string{"all/archive/2026-02.atom", "all/archive/2026-02-99999999999999999999.rss", "a/archive/b/archive/c.json", "/archive/.atom", "all/archive/0000-00.atom"} {
		f.Add(file)
	}
	f.Fuzz(func(t *testing.T, file string) {
		r := httptest.NewRequest("GET", "/feeds/", nil)
		r.URL.Path += file
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code >= 500 {
			t.Errorf("%q: %d %s", file, w.Code, w.Body)
		}
	})
}
