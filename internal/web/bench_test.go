package web_test

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"broadsheet/internal/web"
	"broadsheet/syndicate"
)

// BenchmarkFeed asks for a feed of about 60 KB over one connection, from us
// and from the smallest handler that has the same bytes in memory.
func BenchmarkFeed(b *testing.B) {
	p := sample()
	for i := range 42 {
		a := p.articles[i%2]
		a.Key = syndicate.NewKey("bench", strconv.Itoa(i))
		a.ID = syndicate.NewID("https://harbour.example/", a.Key)
		p.articles = append(p.articles, a)
	}
	ours := handlerOf(b, site(), web.Parts{Articles: p, Feeds: publisher(p), Editions: p, Version: func() int64 { return 1 }})
	for _, tt := range []struct {
		name    string
		headers []string
	}{
		{"whole", nil},
		{"gzip", []string{"Accept-Encoding: gzip"}},
		{"304", []string{"If-None-Match: " + ask(ours, "/feeds/all.rss").Header().Get("ETag")}},
	} {
		want := ask(ours, "/feeds/all.rss", tt.headers...)
		b.Run(tt.name+"/smallest", func(b *testing.B) { bench(b, smallest(want), tt.headers) })
		b.Run(tt.name+"/ours", func(b *testing.B) { bench(b, ours, tt.headers) })
	}
}

// smallest answers every request with what res holds.
func smallest(res *httptest.ResponseRecorder) http.Handler {
	body, etag, encoding := res.Body.Bytes(), res.Header().Get("ETag"), res.Header().Get("Content-Encoding")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", etag)
		if r.Header.Get("If-None-Match") == etag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set("Content-Type", "application/rss+xml; charset=utf-8")
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		if encoding != "" {
			w.Header().Set("Content-Encoding", encoding)
		}
		_, _ = w.Write(body)
	})
}

func bench(b *testing.B, h http.Handler, headers []string) {
	conn := dial(b, serve(b, h, true)) // which leaves the smallest handler to net/http
	request := []byte("GET /feeds/all.rss HTTP/1.1\r\nHost: paper.example\r\n" + strings.Join(append(headers, ""), "\r\n") + "\r\n")
	in := bufio.NewReaderSize(conn, 64<<10)
	for b.Loop() {
		if _, err := conn.Write(request); err != nil {
			b.Fatal(err)
		}
		n, err := answer(in)
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(n))
	}
}

// answer reads one response and returns the size of its body.
func answer(in *bufio.Reader) (int, error) {
	size := 0
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		if len(line) == 2 {
			return in.Discard(size)
		}
		if value, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if size, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return 0, io.ErrUnexpectedEOF
			}
		}
	}
}

// BenchmarkPage makes the front page.
func BenchmarkPage(b *testing.B) {
	h := handler(b, sample())
	b.ReportAllocs()
	for b.Loop() {
		if w := ask(h, "/"); w.Code != 200 {
			b.Fatal(w.Code)
		}
	}
}
