package web_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"broadsheet/internal/web"
)

// serve serves h on a port, by the short way too or by net/http alone.
func serve(t testing.TB, h http.Handler, quick bool) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := l
	if quick {
		served = web.Quick(l, func() http.Handler { return h })
	}
	srv := web.Server(h)
	done := make(chan struct{})
	go func() { defer close(done); _ = srv.Serve(served) }()
	t.Cleanup(func() { _ = srv.Close(); <-done })
	return l
}

func dial(t testing.TB, l net.Listener) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	return conn
}

// talk sends a request in pieces over a new connection and returns the answer
// without its date.
func talk(t testing.TB, l net.Listener, pieces ...string) string {
	t.Helper()
	conn := dial(t, l)
	for _, p := range pieces {
		if _, err := io.WriteString(conn, p); err != nil {
			t.Fatal(err)
		}
	}
	method := http.MethodGet
	if strings.HasPrefix(pieces[0], "HEAD") {
		method = http.MethodHead
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		return "no answer: " + err.Error()
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return "no body: " + err.Error()
	}
	res.Header.Del("Date")
	var b bytes.Buffer
	_ = res.Header.Write(&b)
	return fmt.Sprintf("%s %s\n%s\n%x", res.Proto, res.Status, b.String(), body)
}

// The short way answers as net/http does, byte for byte, whatever it is asked.
func TestTheShortWayLeadsToTheSame(t *testing.T) {
	p := sample()
	h := handlerOf(t, site(), web.Parts{Articles: p, Feeds: publisher(p), Editions: p, Hub: &hub{}, Version: func() int64 { return 1 }})
	quick, plain := serve(t, h, true), serve(t, h, false)
	etag := ask(h, "/feeds/all.atom", "Accept-Encoding: br").Header().Get("ETag")
	modified := ask(h, "/feeds/all.atom").Header().Get("Last-Modified")
	const get, host = "GET /feeds/all.atom HTTP/1.1\r\n", "Host: paper.example\r\n"
	for _, request := range [][]string{
		{get + host + "\r\n"},
		{get + host + "Accept-Encoding: gzip, deflate, br, zstd\r\nUser-Agent: R/1\r\n\r\n"},
		{get + host + "Accept-Encoding: zstd\r\naccept-encoding: gzip;q=0.5\r\n\r\n"},
		{get + host + "Accept-Encoding: br\r\nIf-None-Match: " + etag + "\r\n\r\n"},
		{get + host + "Accept-Encoding: br\r\nIf-None-Match: \"x\", W/" + etag + "\r\n\r\n"},
		{get + host + "If-Modified-Since: " + modified + "\r\n\r\n"},
		{get + host + "Range: bytes=0-9\r\n\r\n"},
		{get + host + "Connection: keep-alive\r\n\r\n"},
		{get + host + "Connection: close\r\n\r\n"},
		{get + host + "Content-Length: 0\r\n\r\n"},
		{get + host + "Content-Length: 5\r\n\r\nhello"},
		{get + host + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
		{get + host + "Expect: 100-continue\r\n\r\n"},
		{get + host + "X-New: 1\r\n\r\n"},
		{get + host + " folded\r\n\r\n"},
		{get + host + "Bad Name: 1\r\n\r\n"},
		{get + host + "Accept : 1\r\n\r\n"},
		{get + host + "Accept: \x01\r\n\r\n"},
		{get + host + host + "\r\n"},
		{get + "\r\n"},
		{get + "Host: a b\r\n\r\n"},
		{get + "Host: \r\n\r\n"},
		{get[:9], get[9:] + host, "\r\n"},
		{"GET /feeds/all.atom HTTP/1.0\r\n" + host + "\r\n"},
		{"GET /feeds/all.atom HTTP/1.1\n" + host + "\r\n"},
		{"GET  /feeds/all.atom HTTP/1.1\r\n" + host + "\r\n"},
		{"GET http://paper.example/feeds/all.atom HTTP/1.1\r\n" + host + "\r\n"},
		{"GET /feeds/all.atom?lang=en HTTP/1.1\r\n" + host + "\r\n"},
		{"GET /feeds/al%6c.atom HTTP/1.1\r\n" + host + "\r\n"},
		{"GET /feeds/nobody.atom HTTP/1.1\r\n" + host + "\r\n"},
		{"GET /feeds/../feeds/all.atom HTTP/1.1\r\n" + host + "\r\n"},
		{"GET /feeds/search.atom HTTP/1.1\r\n" + host + "\r\n"},
		{"GET /feeds/search.atom?q=lock HTTP/1.1\r\n" + host + "\r\n"},
		{"GET /feeds/ops.atom HTTP/1.1\r\n" + host + "\r\n"},
		{"GET /feeds.opml HTTP/1.1\r\n" + host + "\r\n"},
		{"HEAD /feeds/all.atom HTTP/1.1\r\n" + host + "\r\n"},
		{"POST /feeds/all.atom HTTP/1.1\r\n" + host + "Content-Length: 0\r\n\r\n"},
		{"nonsense\r\n\r\n"},
	} {
		if diff := cmp.Diff(talk(t, plain, request...), talk(t, quick, request...)); diff != "" {
			t.Errorf("%.200q (-net/http +short way):\n%.2000s", request, diff)
		}
	}
}

// On one connection both ways take turns, and what a body holds is never taken
// for a request.
func TestBothWaysOnOneConnection(t *testing.T) {
	p := sample()
	h := handlerOf(t, site(), web.Parts{Articles: p, Feeds: publisher(p), Editions: p, Version: func() int64 { return 1 }})
	conn := dial(t, serve(t, h, true))
	in := bufio.NewReader(conn)
	const feed = "GET /feeds/all.rss HTTP/1.1\r\nHost: paper.example\r\n\r\n"
	var got []int
	for _, request := range []string{
		feed, feed, feed,
		"POST /feeds/all.rss HTTP/1.1\r\nHost: paper.example\r\nContent-Length: " + fmt.Sprint(len(feed)) + "\r\n\r\n",
		feed, // the body of that
		feed,
		"GET /feeds HTTP/1.1\r\nHost: paper.example\r\n\r\n",
		feed + feed, // without waiting
	} {
		if _, err := io.WriteString(conn, request); err != nil {
			t.Fatal(err)
		}
		if len(got) == 3 { // after the head of the POST comes its body
			got = append(got, 0)
			continue
		}
		for range max(1, strings.Count(request, "GET ")) {
			res, err := http.ReadResponse(in, nil)
			if err != nil {
				t.Fatalf("after %v: %v", got, err)
			}
			if _, err := io.Copy(io.Discard, res.Body); err != nil {
				t.Fatal(err)
			}
			got = append(got, res.StatusCode)
		}
	}
	if want := []int{200, 200, 200, 0, 405, 200, 200, 200, 200}; !slices.Equal(got, want) {
		t.Errorf("answers %v, want %v", got, want)
	}
}

// FuzzQuick sends any bytes both ways.
func FuzzQuick(f *testing.F) {
	for _, s := range []string{
		"GET /feeds/all.rss HTTP/1.1\r\nHost: a\r\n\r\n", "GET /feeds/all.rss HTTP/1.1\r\nHost: a\r\nIf-None-Match: *\r\nAccept-Encoding: br\r\n\r\n",
		"GET /feeds/all.rss HTTP/1.1\r\nHost: a\r\nAccept: x\x80\r\n\r\n",
	} {
		f.Add(s)
	}
	p := sample()
	h := handlerOf(f, site(), web.Parts{Articles: p, Feeds: publisher(p), Editions: p, Version: func() int64 { return 1 }})
	quick, plain := serve(f, h, true), serve(f, h, false)
	f.Fuzz(func(t *testing.T, request string) {
		// Whatever the request lacks comes here, so that both answer at once.
		request = strings.TrimSuffix(request, "\r\n\r\n") + "\r\n\r\n"
		if len(request) > 4000 || strings.Count(request, "\r\n\r\n") > 1 || strings.Contains(request, "\n\n") ||
			!strings.HasPrefix(request, "GET ") || strings.Contains(strings.ToLower(request), "content-length") || strings.Contains(strings.ToLower(request), "encoding: chunked") {
			return
		}
		if diff := cmp.Diff(talk(t, plain, request), talk(t, quick, request)); diff != "" {
			t.Errorf("%q (-net/http +short way):\n%.2000s", request, diff)
		}
	})
}

// What goes the short way is counted, too, and once.
func TestQuickIsCounted(t *testing.T) {
	t.Parallel()
	var traffic web.Traffic
	p := sample()
	h := handlerOf(t, site(), web.Parts{Articles: p, Feeds: publisher(p), Traffic: &traffic, Version: func() int64 { return 1 }})
	l := serve(t, h, true)
	for range 3 {
		if got := talk(t, l, "GET /feeds/all.atom HTTP/1.1\r\nHost: paper.example\r\n\r\n"); !strings.HasPrefix(got, "HTTP/1.1 200 OK") {
			t.Fatalf("answered %.200s", got)
		}
	}
	for _, f := range traffic.Figures() {
		if f.Name == "broadsheet_http_feeds_total" && f.N != 3 {
			t.Errorf("%g feeds counted", f.N)
		}
	}
}
