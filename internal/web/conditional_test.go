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

	"github.com/andybalholm/brotli"
	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
)

// feedTargets are feeds of every format and kind.
var feedTargets = []string{"/feeds/all.rss", "/feeds/all.atom", "/feeds/all.json", "/feeds/search.rss?q=%E6%B8%AF+OR+lock", "/feeds.opml"}

// TestConditionalRequests asks for every format in every coding with every
// form of validator, by GET and HEAD.
func TestConditionalRequests(t *testing.T) {
	h := handler(t, sample())
	for _, target := range feedTargets {
		for _, coding := range []string{"", "gzip", "zstd", "br"} {
			t.Run(strings.TrimPrefix(target, "/")+" "+coding, func(t *testing.T) {
				conditionalRequests(t, h, target, coding)
			})
		}
	}
}

func conditionalRequests(t *testing.T, h http.Handler, target, coding string) {
	accept := "Accept-Encoding: " + coding
	first := ask(h, target, accept)
	etag, modified := first.Header().Get("ETag"), first.Header().Get("Last-Modified")
	otherCoding := "gzip"
	if coding == "gzip" {
		otherCoding = "identity"
	}
	foreign := ask(h, target, "Accept-Encoding: "+otherCoding).Header().Get("ETag")
	if first.Code != http.StatusOK || etag == "" || foreign == etag || strings.HasPrefix(etag, "W/") || first.Header().Get("Content-Encoding") != coding {
		t.Fatalf("status %d, ETag %s (%s %s), header %v", first.Code, etag, otherCoding, foreign, first.Header())
	}
	type request struct {
		name    string
		headers []string
		status  int
	}
	requests := []request{
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
		{"the tag of another coding", []string{"If-None-Match: " + foreign}, 200},
		{"a date that is none", []string{"If-Modified-Since: yesterday"}, 200},
		{"another tag beats any date", []string{`If-None-Match: "a"`, "If-Modified-Since: Fri, 31 Dec 9999 23:59:59 GMT"}, 200},
		{"an equal tag beats an old date", []string{"If-None-Match: " + etag, "If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT"}, 304},
		{"a range", []string{"Range: bytes=0-99"}, 200},
		{"a range of the same", []string{"Range: bytes=0-99", "If-Range: " + etag}, 200},
	}
	if target != "/feeds.opml" { // which has no date: it changes with the configuration
		last, err := http.ParseTime(modified)
		if err != nil {
			t.Fatal(err)
		}
		requests = append(requests,
			request{"not since then", []string{"If-Modified-Since: " + modified}, 304},
			request{"not since later", []string{"If-Modified-Since: " + last.Add(time.Hour).Format(http.TimeFormat)}, 304},
			request{"since before", []string{"If-Modified-Since: " + last.Add(-time.Second).Format(http.TimeFormat)}, 200},
			request{"an old form of date", []string{"If-Modified-Since: " + last.Format(time.ANSIC)}, 304},
			request{"another old form of date", []string{"If-Modified-Since: " + last.Format("Monday, 02-Jan-06 15:04:05 GMT")}, 304},
		)
	}
	for _, tt := range requests {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			w := do(h, method, target, append(tt.headers, accept)...)
			name := method + " " + tt.name
			if w.Code != tt.status {
				t.Errorf("%s: status %d, want %d", name, w.Code, tt.status)
				continue
			}
			if body, want := w.Body.Len() > 0, method == http.MethodGet && tt.status == 200; body != want {
				t.Errorf("%s: body: %v, want %v", name, body, want)
			}
			for _, header := range []string{"Last-Modified", "Cache-Control", "Vary", "ETag", "Access-Control-Allow-Origin"} {
				if got, want := w.Header().Get(header), first.Header().Get(header); got != want {
					t.Errorf("%s: %s: %q, want %q as at first", name, header, got, want)
				}
			}
			described := w.Header().Get("Content-Type") != "" && w.Header().Get("Content-Length") == first.Header().Get("Content-Length")
			if want := tt.status == 200; described != want {
				t.Errorf("%s: header describes the body: %v, want %v", name, described, want)
			}
			if tt.status == 200 && w.Header().Get("Accept-Ranges") != "none" || w.Header().Get("Set-Cookie") != "" {
				t.Errorf("%s: header %v", name, w.Header())
			}
		}
	}
}

func TestCompression(t *testing.T) {
	h := handler(t, sample())
	plain := ask(h, "/feeds/all.rss")
	for accept, want := range map[string]string{
		"gzip": "gzip", "GZIP": "gzip", "x-gzip": "gzip", "br": "br", "zstd": "zstd", "gzip, deflate, br, zstd": "br", "gzip, zstd": "zstd",
		"br, gzip;q=0.5": "br", "br;q=0.4, gzip;q=0.5": "gzip", "*": "br", "deflate, *;q=0.1": "br", "br;q=0, *;q=0.1": "zstd",
		"gzip;q=0.5, identity": "", "gzip;q=0.5, identity;q=0.5": "gzip",
		"": "", "identity": "", "gzip;q=0": "", "*;q=0": "", "gzip;q=none": "", "deflate": "", "gzip;q=0, *": "br",
	} {
		t.Run(accept, func(t *testing.T) {
			w := ask(h, "/feeds/all.rss", "Accept-Encoding: "+accept)
			if got := w.Header().Get("Content-Encoding"); got != want {
				t.Fatalf("coding %q, want %q", got, want)
			}
			if got := w.Header().Get("Vary"); got != "Accept-Encoding" {
				t.Errorf("Vary: %q", got)
			}
			if got := w.Header().Get("Content-Length"); got != strconv.Itoa(w.Body.Len()) {
				t.Errorf("Content-Length: %s, %d bytes came", got, w.Body.Len())
			}
			if diff := cmp.Diff(plain.Body.String(), decoded(t, want, w.Body.Bytes())); diff != "" {
				t.Errorf("another body (-plain +got):\n%s", diff)
			}
		})
	}
}

// decoded undoes a content coding.
func decoded(t *testing.T, coding string, body []byte) string {
	t.Helper()
	var r io.Reader = bytes.NewReader(body)
	var err error
	switch coding {
	case "gzip":
		r, err = gzip.NewReader(r)
	case "zstd":
		r, err = zstd.NewReader(r)
	case "br":
		r = brotli.NewReader(r)
	}
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
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
