package fetch_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"broadsheet/internal/fetch"
)

// client returns a client that may fetch from this machine.
func client(tb testing.TB, change func(*fetch.Config)) *fetch.Client {
	tb.Helper()
	cfg := fetch.Default()
	cfg.AllowPrivate = []string{"127.0.0.0/8", "::1"}
	if change != nil {
		change(&cfg)
	}
	c, err := fetch.New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(c.Close)
	return c
}

func serve(tb testing.TB, h http.HandlerFunc) *httptest.Server {
	tb.Helper()
	s := httptest.NewServer(h)
	tb.Cleanup(s.Close)
	return s
}

// wantError checks that err is a *fetch.Error that says want, %s standing for
// the place.
func wantError(t *testing.T, err error, place, want string) {
	t.Helper()
	var fe *fetch.Error
	if !errors.As(err, &fe) {
		t.Fatalf("error %v, want a *fetch.Error", err)
	}
	if fe.Place != place {
		t.Errorf("place %q, want %q", fe.Place, place)
	}
	if got := strings.TrimPrefix(err.Error(), place+": "); got != want {
		t.Errorf("error %q\nwant  %q", got, want)
	}
}

func TestRequestIsPoliteAndComplete(t *testing.T) {
	t.Parallel()
	var got http.Header
	var line string
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got, line = r.Header.Clone(), r.Method+" "+r.RequestURI
		http.SetCookie(w, &http.Cookie{Name: "id", Value: "1"})
		_, _ = io.WriteString(w, "news")
	})
	c := client(t, func(cfg *fetch.Config) { cfg.UserAgent = fetch.UserAgent("1.2", "https://paper.example/") })
	for range 2 {
		res, err := c.Get(t.Context(), fetch.Request{
			URL: s.URL + "/feed?a=1&b", ETag: `W/"odd"tag"`, LastModified: "Yesterday, 8 o'clock",
		})
		if err != nil {
			t.Fatal(err)
		}
		if string(res.Body) != "news" || res.Status != 200 || res.Wire != 4 || res.URL != s.URL+"/feed?a=1&b" || res.MovedTo != "" {
			t.Errorf("response %+v", res)
		}
	}
	want := http.Header{
		"User-Agent":        {"Broadsheet/1.2 (+https://paper.example/; feed fetcher)"},
		"Accept":            {fetch.Accept},
		"Accept-Encoding":   {"gzip, br, zstd"},
		"If-None-Match":     {`W/"odd"tag"`},
		"If-Modified-Since": {"Yesterday, 8 o'clock"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if line != "GET /feed?a=1&b" {
		t.Errorf("request %q", line)
	}
}

func TestUserAgentCannotBreakTheHeader(t *testing.T) {
	t.Parallel()
	for contact, want := range map[string]string{
		"":                     "Broadsheet/1 (feed fetcher)",
		"editor@paper.example": "Broadsheet/1 (+editor@paper.example; feed fetcher)",
		"a)\r\nX: y (":         "Broadsheet/1 (+aX: y ; feed fetcher)",
		"报纸":                   "Broadsheet/1 (feed fetcher)",
	} {
		if got := fetch.UserAgent("1", contact); got != want {
			t.Errorf("contact %q: %q, want %q", contact, got, want)
		}
	}
}

func TestNotModified(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("ETag", `"new"`)
		w.WriteHeader(http.StatusNotModified)
	})
	res, err := client(t, nil).Get(t.Context(), fetch.Request{URL: s.URL, ETag: `"old"`})
	if err != nil {
		t.Fatal(err)
	}
	if !res.NotModified || res.Body != nil || res.Header.Get("ETag") != `"new"` {
		t.Errorf("response %+v", res)
	}
}

func TestAValidatorThatCannotBeSentIsLeftOut(t *testing.T) {
	t.Parallel()
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		if v := r.Header.Get("If-None-Match"); v != "" {
			t.Errorf("If-None-Match %q", v)
		}
	})
	if _, err := client(t, nil).Get(t.Context(), fetch.Request{URL: s.URL, ETag: "a\nb"}); err != nil {
		t.Error(err)
	}
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	var s *httptest.Server
	s = serve(t, func(w http.ResponseWriter, r *http.Request) {
		if ref := r.Header.Get("Referer"); ref != "" {
			t.Errorf("%s: Referer %q", r.URL, ref)
		}
		if r.Header.Get("If-None-Match") != `"v"` {
			t.Errorf("%s: the validator is lost", r.URL)
		}
		var code, left int
		switch n, _ := fmt.Sscanf(r.URL.Path, "/%d/%d", &code, &left); {
		case n == 2 && left > 1:
			w.Header().Set("Location", fmt.Sprintf("/%d/%d", code, left-1))
			w.WriteHeader(code)
		case n == 2:
			w.Header().Set("Location", "../end#part")
			w.WriteHeader(code)
		case r.URL.Path == "/mixed":
			w.Header().Set("Location", s.URL+"/302/1")
			w.WriteHeader(301)
		case r.URL.Path == "/nowhere":
			w.WriteHeader(301)
		case r.URL.Path == "/named":
			w.Header().Set("Location", strings.Replace(s.URL, "//", "//a:b@", 1))
			w.WriteHeader(301)
		case r.URL.Path == "/file":
			w.Header().Set("Location", "file:///etc/passwd")
			w.WriteHeader(301)
		case r.URL.Path == "/ftp":
			w.Header().Set("Location", "ftp://127.0.0.1/x")
			w.WriteHeader(302)
		default:
			_, _ = io.WriteString(w, "the end")
		}
	})
	tests := map[string]struct {
		path, movedTo, err string
		status             int
	}{
		"permanent":                 {path: "/301/1", status: 200, movedTo: "/end"},
		"permanent, method kept":    {path: "/308/1", status: 200, movedTo: "/end"},
		"permanent all the way":     {path: "/308/5", status: 200, movedTo: "/end"},
		"once too often":            {path: "/301/6", err: "it redirects more than 5 times; use the address it should lead to"},
		"for now":                   {path: "/302/2", status: 200},
		"for now, another way":      {path: "/303/1", status: 200},
		"for now, method kept":      {path: "/307/1", status: 200},
		"permanent, then for now":   {path: "/mixed", status: 200},
		"without a place":           {path: "/nowhere", status: 301},
		"to an address with a name": {path: "/named", err: "it redirects to an address with a user name; use the address it should lead to"},
		"to a file":                 {path: "/file", err: `"file" is not http or https; use the address of the document`},
		"to another protocol":       {path: "/ftp", err: `"ftp" is not http or https; use the address of the document`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			res, err := client(t, nil).Get(t.Context(), fetch.Request{URL: s.URL + tt.path, ETag: `"v"`, AllowFile: true})
			if tt.err != "" {
				if err == nil || !strings.HasSuffix(err.Error(), ": "+tt.err) {
					t.Errorf("error %v, want %q", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			movedTo := tt.movedTo
			if movedTo != "" {
				movedTo = s.URL + movedTo
			}
			if res.Status != tt.status || res.MovedTo != movedTo {
				t.Errorf("status %d, moved to %q, want %d, %q", res.Status, res.MovedTo, tt.status, movedTo)
			}
		})
	}
}

func TestThePasswordOfAnAddressIsUsedAndNeverShown(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if name, password, ok := r.BasicAuth(); !ok || name != "me" || password != "secret" {
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	address := strings.Replace(s.URL, "//", "//me:secret@", 1)
	res, err := client(t, nil).Get(t.Context(), fetch.Request{URL: address})
	if err != nil {
		t.Fatal(err)
	}
	if res.Status != 200 || strings.Contains(res.URL, "secret") {
		t.Errorf("response %+v", res)
	}
	s.Close()
	_, err = client(t, nil).Get(t.Context(), fetch.Request{URL: address})
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("error %v", err)
	}
}

func TestAddressesThatAreRefused(t *testing.T) {
	t.Parallel()
	c, err := fetch.New(fetch.Default())
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]string{
		"127.0.0.1":            "address 127.0.0.1 is this machine's own",
		"127.8.9.1":            "address 127.8.9.1 is this machine's own",
		"localhost":            "is this machine's own",
		"[::1]":                "address ::1 is this machine's own",
		"0.0.0.0":              "address 0.0.0.0 is reserved",
		"[::]":                 "address :: is reserved",
		"10.0.0.5":             "address 10.0.0.5 is private",
		"172.31.255.255":       "address 172.31.255.255 is private",
		"192.168.1.1":          "address 192.168.1.1 is private",
		"100.64.0.1":           "address 100.64.0.1 is reserved",
		"169.254.169.254":      "address 169.254.169.254 is link-local",
		"192.0.0.1":            "address 192.0.0.1 is reserved",
		"198.18.0.1":           "address 198.18.0.1 is reserved",
		"224.0.0.1":            "is link-local",
		"239.1.2.3":            "address 239.1.2.3 is multicast",
		"255.255.255.255":      "address 255.255.255.255 is reserved",
		"[::ffff:127.0.0.1]":   "is this machine's own",
		"[::ffff:a00:5]":       "address 10.0.0.5 is private",
		"[64:ff9b::7f00:1]":    "address 64:ff9b::7f00:1 stands for 127.0.0.1, which is this machine's own",
		"[64:ff9b::a9fe:a9fe]": "address 64:ff9b::a9fe:a9fe stands for 169.254.169.254, which is link-local",
		"[64:ff9b:1::7f00:1]":  "is reserved",
		"[2002:7f00:1::]":      "is reserved",
		"[2001:0:4136:e378::]": "is reserved",
		"[::127.0.0.1]":        "is reserved",
		"[fe80::1%25lo]":       "is link-local",
		"[fd00:ec2::254]":      "address fd00:ec2::254 is private",
		"[fec0::1]":            "is reserved",
		"[ff02::1]":            "is link-local",
		"[2001:db8::1]":        "is reserved",
	} {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			_, err := c.Get(t.Context(), fetch.Request{URL: "http://" + host + ":9/"})
			if err == nil || !strings.Contains(err.Error(), want) ||
				!strings.HasSuffix(err.Error(), "; add it to polling.allow_private if it may be fetched") {
				t.Errorf("error %v, want one with %q", err, want)
			}
		})
	}
}

func TestPrivateAddressesThatAreAllowed(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "intranet") })
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		allow []string
		host  string
		ok    bool
	}{
		"by network":                  {[]string{"10.0.0.0/8", "127.0.0.0/8"}, u.Host, true},
		"by address":                  {[]string{"127.0.0.1"}, u.Host, true},
		"by mapped network":           {[]string{"::ffff:127.0.0.0/104"}, u.Host, true},
		"by host and port":            {[]string{u.Host}, u.Host, true},
		"by name and port":            {[]string{"LocalHost:" + u.Port()}, "localhost:" + u.Port(), true},
		"network, mapped address":     {[]string{"127.0.0.0/8"}, "[::ffff:127.0.0.1]:" + u.Port(), true},
		"another network":             {[]string{"10.0.0.0/8"}, u.Host, false},
		"another port":                {[]string{"127.0.0.1:1"}, u.Host, false},
		"another name of the address": {[]string{u.Host}, "localhost:" + u.Port(), false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := client(t, func(cfg *fetch.Config) { cfg.AllowPrivate = tt.allow })
			res, err := c.Get(t.Context(), fetch.Request{URL: "http://" + tt.host + "/"})
			if ok := err == nil && string(res.Body) == "intranet"; ok != tt.ok {
				t.Errorf("fetched: %v (%v), want %v", ok, err, tt.ok)
			}
		})
	}
}

func TestARedirectDoesNotLeadIntoAPrivateNetwork(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://10.1.2.3/", http.StatusFound)
	})
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	c := client(t, func(cfg *fetch.Config) { cfg.AllowPrivate = []string{u.Host} })
	_, err = c.Get(t.Context(), fetch.Request{URL: s.URL})
	wantError(t, err, "http://10.1.2.3/", "address 10.1.2.3 is private; add it to polling.allow_private if it may be fetched")
}

func TestEncodings(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("武汉招商 news of the day\n", 50)
	encode := map[string]func(io.Writer) io.WriteCloser{
		"gzip": func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) },
		"br":   func(w io.Writer) io.WriteCloser { return brotli.NewWriter(w) },
		"zstd": func(w io.Writer) io.WriteCloser {
			z, err := zstd.NewWriter(w)
			if err != nil {
				t.Fatal(err)
			}
			return z
		},
	}
	pack := func(coding, s string) string {
		if coding == "x-gzip" {
			coding = "gzip"
		}
		var b bytes.Buffer
		w := encode[coding](&b)
		if _, err := io.WriteString(w, s); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	tests := map[string]struct{ header, body, want, err string }{
		"none":               {"", text, text, ""},
		"identity":           {"identity", text, text, ""},
		"gzip":               {"gzip", pack("gzip", text), text, ""},
		"gzip of old":        {"X-GZip", pack("gzip", text), text, ""},
		"brotli":             {"br", pack("br", text), text, ""},
		"zstandard":          {"zstd", pack("zstd", text), text, ""},
		"twice":              {"gzip, br", pack("br", pack("gzip", text)), text, ""},
		"empty":              {"gzip", "", "", ""},
		"unknown":            {"compress", text, "", `the answer is compressed with "compress", which was not asked for; use a smaller document`},
		"three times":        {"gzip, gzip, gzip", "", "", "the answer is compressed 3 times; use a smaller document"},
		"not what it says":   {"gzip", text, "", "the answer cannot be decompressed: bad gzip data: gzip: invalid header; tell the publisher"},
		"cut off":            {"gzip", pack("gzip", text)[:40], "", "the answer cannot be decompressed: bad gzip data: unexpected EOF; tell the publisher"},
		"bad brotli":         {"br", "not brotli", "", "the answer cannot be decompressed: bad br data: brotli: PADDING_2; tell the publisher"},
		"bad zstandard":      {"zstd", text, "", "the answer cannot be decompressed: bad zstd data: invalid input: magic number mismatch; tell the publisher"},
		"not worth it":       {"gzip", pack("gzip", "x"), "x", ""},
		"highly compressed":  {"gzip", pack("gzip", strings.Repeat(" ", 60<<10)), strings.Repeat(" ", 60<<10), ""},
		"bomb":               {"gzip", pack("gzip", strings.Repeat(" ", 10<<20)), "", "the document inflates to more than 100 times its size; use a smaller document"},
		"brotli bomb":        {"br", pack("br", strings.Repeat(" ", 10<<20)), "", "the document inflates to more than 100 times its size; use a smaller document"},
		"zstandard bomb":     {"zstd", pack("zstd", strings.Repeat(" ", 10<<20)), "", "the document inflates to more than 100 times its size; use a smaller document"},
		"bomb within a bomb": {"gzip, gzip", pack("gzip", pack("gzip", strings.Repeat(" ", 10<<20))), "", "the document inflates to more than 100 times its size; use a smaller document"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				if tt.header != "" {
					w.Header().Set("Content-Encoding", tt.header)
				}
				_, _ = io.WriteString(w, tt.body)
			})
			res, err := client(t, nil).Get(t.Context(), fetch.Request{URL: s.URL})
			if tt.err != "" {
				wantError(t, err, s.URL, tt.err)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if string(res.Body) != tt.want || res.Wire != int64(len(tt.body)) {
				t.Errorf("%d bytes from %d, want %d from %d", len(res.Body), res.Wire, len(tt.want), len(tt.body))
			}
		})
	}
}

func TestAnswersThatDoNotEnd(t *testing.T) {
	t.Parallel()
	chunk := bytes.Repeat([]byte("news "), 10_000)
	var sent int64
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/endless":
			for {
				n, err := w.Write(chunk)
				if sent += int64(n); err != nil {
					return
				}
			}
		case "/announced":
			w.Header().Set("Content-Length", "6000000")
			_, _ = w.Write(chunk)
		}
	})
	c := client(t, nil)
	_, err := c.Get(t.Context(), fetch.Request{URL: s.URL + "/endless"})
	wantError(t, err, s.URL+"/endless", "the answer of 5.0 MiB or more is larger than 5.0 MiB; use a smaller document")
	s.Close()
	if sent > 16<<20 {
		t.Errorf("%d bytes were taken", sent)
	}
	s = serve(t, s.Config.Handler.ServeHTTP)
	_, err = c.Get(t.Context(), fetch.Request{URL: s.URL + "/announced"})
	wantError(t, err, s.URL+"/announced", "the answer of 5.7 MiB or more is larger than 5.0 MiB; use a smaller document")
}

func TestTooLargeWhenInflated(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		defer z.Close()
		for i := 0; ; i++ {
			if _, err := fmt.Fprintf(z, "%d %x\n", i, i*7919); err != nil {
				return
			}
		}
	})
	_, err := client(t, func(cfg *fetch.Config) { cfg.MaxBody = 2 << 20 }).Get(t.Context(), fetch.Request{URL: s.URL})
	wantError(t, err, s.URL, "the document is larger than 2.0 MiB; use a smaller document")
}

func TestSlowServers(t *testing.T) {
	t.Parallel()
	gone := make(chan struct{})
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/drip" {
			for {
				if _, err := io.WriteString(w, "."); err != nil {
					return
				}
				w.(http.Flusher).Flush()
				select {
				case <-r.Context().Done():
					return
				case <-time.After(20 * time.Millisecond):
				}
			}
		}
		select {
		case <-r.Context().Done():
		case <-gone:
		}
	})
	t.Cleanup(func() { close(gone) })
	c := client(t, func(cfg *fetch.Config) { cfg.Headers, cfg.Whole = 100*time.Millisecond, 300*time.Millisecond })
	_, err := c.Get(t.Context(), fetch.Request{URL: s.URL + "/silent"})
	wantError(t, err, s.URL+"/silent", "no answer within 100ms")
	res, err := c.Get(t.Context(), fetch.Request{URL: s.URL + "/drip"})
	wantError(t, err, s.URL+"/drip", "the answer is not complete after 300ms")
	if res == nil || res.Status != 200 {
		t.Errorf("response %+v, want the status that came", res)
	}
}

func TestServersThatAreNone(t *testing.T) {
	t.Parallel()
	raw := func(t *testing.T, answer string) string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				_, _ = conn.Read(make([]byte, 4096))
				_, _ = io.WriteString(conn, answer)
				_ = conn.Close()
			}
		}()
		return l.Addr().String()
	}
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // it will say that the handshake failed
	secure.StartTLS()
	t.Cleanup(secure.Close)
	plain := serve(t, func(http.ResponseWriter, *http.Request) {})
	tests := map[string]struct{ url, want string }{
		"hangs up":                  {"http://" + raw(t, ""), "the server closed the connection before the answer was complete"},
		"hangs up half-way":         {"http://" + raw(t, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"), "the server closed the connection before the answer was complete"},
		"certificate of nobody":     {secure.URL, "nobody this machine trusts vouches for the server's certificate; add the authority to this machine's certificates"},
		"plain where secure wanted": {strings.Replace(plain.URL, "http:", "https:", 1), "the server answers without TLS; use http instead of https"},
		"nobody listens":            {"http://127.0.0.1:1", "the server refuses connections; check the address and the port"},
		"no address":                {"http://a b/", "this is no address; mend the url"},
		"no host":                   {"http:///feed", "this address has no host; write it in full"},
		"relative":                  {"/feed", `"" is not http or https; use the address of the document`},
		"a file nobody allowed":     {"file:///etc/passwd", "files are read only where the configuration names them; use http or https"},
		"another protocol":          {"gopher://127.0.0.1/", `"gopher" is not http or https; use the address of the document`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := client(t, nil).Get(t.Context(), fetch.Request{URL: tt.url})
			wantError(t, err, tt.url, tt.want)
		})
	}
	gibberish := "http://" + raw(t, "220 ready for mail\r\n")
	_, err := client(t, nil).Get(t.Context(), fetch.Request{URL: gibberish})
	if err == nil || !strings.Contains(err.Error(), "the answer cannot be read: ") || strings.Contains(err.Error(), "\n") {
		t.Errorf("error %v", err)
	}
}

func TestCancelIsTheCallersError(t *testing.T) {
	t.Parallel()
	begun := make(chan struct{})
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		close(begun)
		<-r.Context().Done()
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-begun
		cancel()
	}()
	_, err := client(t, nil).Get(ctx, fetch.Request{URL: s.URL})
	var fe *fetch.Error
	if !errors.Is(err, context.Canceled) || errors.As(err, &fe) {
		t.Errorf("error %v, want the context's", err)
	}
}

func TestConfigMistakes(t *testing.T) {
	t.Parallel()
	cfg := fetch.Config{AllowPrivate: []string{"10.0.0.0/8", "intranet", "10.0.0.0/33", "host:99999", ":80"}, MaxWire: -1}
	_, err := fetch.New(cfg)
	const remedy = " is neither a network nor host:port; write it like 10.0.0.0/8 or intranet:8080\n"
	want := `allow_private[1]: "intranet"` + remedy + `allow_private[2]: "10.0.0.0/33"` + remedy +
		`allow_private[3]: "host:99999"` + remedy + `allow_private[4]: ":80"` + remedy +
		"max_wire: -1 is negative; use 0 for the default"
	if err == nil || err.Error() != want {
		t.Errorf("error\n%v\nwant\n%s", err, want)
	}
}
