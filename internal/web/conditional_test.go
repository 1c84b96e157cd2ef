package web_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestConditionalRequests(t *testing.T) {
	h := handler(t, sample())
	first := ask(h, "/feeds/all.atom")
	etag, modified := first.Header().Get("ETag"), first.Header().Get("Last-Modified")
	zipped := ask(h, "/feeds/all.atom", "Accept-Encoding: gzip").Header().Get("ETag")
	if first.Code != http.StatusOK || etag == "" || modified == "" || zipped == etag || strings.HasPrefix(etag, "W/") {
		t.Fatalf("status %d, ETag %s (gzip %s), Last-Modified %s", first.Code, etag, zipped, modified)
	}
	last, err := http.ParseTime(modified)
	if err != nil {
		t.Fatal(err)
	}
	later, earlier := last.Add(time.Hour).Format(http.TimeFormat), last.Add(-time.Second).Format(http.TimeFormat)
	for _, tt := range []struct {
		name    string
		headers []string
		status  int
	}{
		{"nothing known", nil, 200},
		{"the same", []string{"If-None-Match: " + etag}, 304},
		{"weak comparison", []string{"If-None-Match: W/" + etag}, 304},
		{"one of a list", []string{`If-None-Match: "a", W/"b,c" ,` + etag + `, "d"`}, 304},
		{"a second header line", []string{`If-None-Match: "a"`, "If-None-Match: " + etag}, 304},
		{"anything at all", []string{"If-None-Match: *"}, 304},
		{"another", []string{`If-None-Match: "a"`}, 200},
		{"without its quotes", []string{"If-None-Match: " + strings.Trim(etag, `"`)}, 200},
		{"quotes that do not close", []string{`If-None-Match: ` + strings.TrimSuffix(etag, `"`)}, 200},
		{"empty", []string{"If-None-Match: "}, 200},
		{"part of another", []string{`If-None-Match: "x` + etag[1:]}, 200},
		{"the tag of another encoding", []string{"If-None-Match: " + zipped}, 200},
		{"the same, compressed", []string{"Accept-Encoding: gzip", "If-None-Match: " + zipped}, 304},
		{"compressed, but known plain", []string{"Accept-Encoding: gzip", "If-None-Match: " + etag}, 200},
		{"not since then", []string{"If-Modified-Since: " + modified}, 304},
		{"not since later", []string{"If-Modified-Since: " + later}, 304},
		{"since before", []string{"If-Modified-Since: " + earlier}, 200},
		{"a date that is none", []string{"If-Modified-Since: yesterday"}, 200},
		{"an old form of date", []string{"If-Modified-Since: " + last.Format(time.ANSIC)}, 304},
		{"another tag beats an equal date", []string{`If-None-Match: "a"`, "If-Modified-Since: " + modified}, 200},
		{"an equal tag beats an old date", []string{"If-None-Match: " + etag, "If-Modified-Since: " + earlier}, 304},
	} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			t.Run(method+" "+tt.name, func(t *testing.T) {
				w := do(h, method, "/feeds/all.atom", tt.headers...)
				if w.Code != tt.status {
					t.Fatalf("status %d, want %d", w.Code, tt.status)
				}
				body := w.Body.Len() > 0
				if want := method == http.MethodGet && tt.status == 200; body != want {
					t.Errorf("body: %v, want %v", body, want)
				}
				for _, name := range []string{"Last-Modified", "Cache-Control", "Vary"} {
					if got, want := w.Header().Get(name), first.Header().Get(name); got != want {
						t.Errorf("%s: %q, want %q as on 200", name, got, want)
					}
				}
				if w.Header().Get("ETag") == "" {
					t.Error("no ETag")
				}
				if tt.status == 304 && (w.Header().Get("Content-Type") != "" || w.Header().Get("Content-Length") != "") {
					t.Error("304 describes a body")
				}
			})
		}
	}
}

func TestCompression(t *testing.T) {
	h := handler(t, sample())
	plain := ask(h, "/feeds/all.rss")
	for accept, want := range map[string]bool{
		"gzip": true, "GZIP": true, "br, gzip;q=0.5": true, "*": true, "x-gzip": true, "deflate, *;q=0.1": true,
		"": false, "identity": false, "gzip;q=0": false, "*;q=0": false, "gzip;q=0, *": false, "gzip;q=none": false, "br": false,
	} {
		t.Run(accept, func(t *testing.T) {
			w := ask(h, "/feeds/all.rss", "Accept-Encoding: "+accept)
			if got := w.Header().Get("Content-Encoding") == "gzip"; got != want {
				t.Fatalf("compressed: %v, want %v", got, want)
			}
			if got := w.Header().Get("Vary"); got != "Accept-Encoding" {
				t.Errorf("Vary: %q", got)
			}
			body := w.Body.Bytes()
			if got := w.Header().Get("Content-Length"); want && got != strconv.Itoa(len(body)) {
				t.Errorf("Content-Length: %s, %d bytes came", got, len(body))
			}
			if want {
				zr, err := gzip.NewReader(bytes.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				if body, err = io.ReadAll(zr); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(plain.Body.String(), string(body)); diff != "" {
				t.Errorf("another body (-plain +got):\n%s", diff)
			}
		})
	}
}

// FuzzConditional sends any validators: the answer is 200 or 304.
func FuzzConditional(f *testing.F) {
	f.Add(`"a", W/"b"`, "Mon, 02 Mar 2026 01:30:00 GMT", "gzip;q=0.5")
	f.Add(`*`, "", "*")
	f.Add(`W/"`, "0", ";;,q=")
	h := handler(f, sample())
	f.Fuzz(func(t *testing.T, match, since, accept string) {
		w := ask(h, "/feeds/finance.json", "If-None-Match: "+match, "If-Modified-Since: "+since, "Accept-Encoding: "+accept)
		if w.Code != 200 && w.Code != 304 {
			t.Errorf("status %d", w.Code)
		}
	})
}
