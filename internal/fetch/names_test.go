package fetch_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"broadsheet/internal/fetch"
)

// A nameServer answers each question for an address with the next of its
// list, and with the last one for ever. With an empty list it never answers.
type nameServer struct {
	mu      sync.Mutex
	answers [][4]byte
	asked   int
}

// resolver returns a resolver that asks n, in this process.
func (n *nameServer) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go n.serve(theirs)
		return ours, nil
	}}
}

// serve answers on a stream, where each message follows its length in two bytes.
func (n *nameServer) serve(conn net.Conn) {
	defer conn.Close()
	for {
		var size [2]byte
		if _, err := io.ReadFull(conn, size[:]); err != nil {
			return
		}
		question := make([]byte, int(size[0])<<8|int(size[1]))
		if _, err := io.ReadFull(conn, question); err != nil {
			return
		}
		var m dnsmessage.Message
		if m.Unpack(question) != nil || len(m.Questions) != 1 {
			return
		}
		if !n.answer(&m) {
			_, _ = conn.Read(size[:]) // until the other side gives up
			return
		}
		answer, err := m.Pack()
		if err != nil {
			return
		}
		if _, err := conn.Write(append([]byte{byte(len(answer) >> 8), byte(len(answer))}, answer...)); err != nil {
			return
		}
	}
}

func (n *nameServer) answer(m *dnsmessage.Message) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.answers) == 0 {
		return false
	}
	m.Response, m.RecursionAvailable, m.Additionals = true, true, nil
	q := m.Questions[0]
	if q.Type == dnsmessage.TypeA {
		a := n.answers[min(n.asked, len(n.answers)-1)]
		n.asked++
		m.Answers = []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class},
			Body:   &dnsmessage.AResource{A: a},
		}}
	}
	return true
}

func TestNamesThatLeadIntoPrivateNetworks(t *testing.T) {
	t.Parallel()
	for address, want := range map[[4]byte]string{
		{127, 0, 0, 1}:       "address 127.0.0.1 is this machine's own",
		{10, 1, 2, 3}:        "address 10.1.2.3 is private",
		{169, 254, 169, 254}: "address 169.254.169.254 is link-local",
		{100, 100, 100, 200}: "address 100.100.100.200 is reserved",
		{0, 0, 0, 0}:         "address 0.0.0.0 is reserved",
	} {
		c, err := fetch.New(fetch.Config{Resolver: (&nameServer{answers: [][4]byte{address}}).resolver()})
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Get(t.Context(), fetch.Request{URL: "http://news.example/"})
		wantError(t, err, "http://news.example/", want+"; add it to polling.allow_private if it may be fetched")
		var fe *fetch.Error
		if errors.As(err, &fe) && fe.Silent {
			t.Errorf("%v: a refusal of ours is taken for silence", address)
		}
	}
}

// TestANameThatMoves is the attack that checking a name before dialling it
// does not see: the name leads to a harmless address first and to another one
// when it counts.
func TestANameThatMoves(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp4", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var reached []string
	s := &httptest.Server{Listener: l, Config: &http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		reached = append(reached, r.Context().Value(http.LocalAddrContextKey).(net.Addr).String())
	})}}
	s.Start()
	defer s.Close()
	names := &nameServer{answers: [][4]byte{{127, 0, 0, 1}, {127, 0, 0, 2}}}
	c := client(t, func(cfg *fetch.Config) { cfg.AllowPrivate, cfg.Resolver = []string{"127.0.0.1"}, names.resolver() })
	_, port, _ := net.SplitHostPort(l.Addr().String())
	url := "http://news.example:" + port + "/"
	res, err := c.Get(t.Context(), fetch.Request{URL: url})
	if err != nil || !res.Private {
		t.Fatalf("response %+v, %v, want one from a private host", res, err)
	}
	c.Close() // so that the second request connects anew
	_, err = c.Get(t.Context(), fetch.Request{URL: url})
	wantError(t, err, url, "address 127.0.0.2 is this machine's own; add it to polling.allow_private if it may be fetched")
	mu.Lock()
	defer mu.Unlock()
	if len(reached) != 1 || !strings.HasPrefix(reached[0], "127.0.0.1:") {
		t.Errorf("reached %v", reached)
	}
}

func TestServersThatDoNotAnswerInTime(t *testing.T) {
	t.Parallel()
	const short = 50 * time.Millisecond
	full := fullListener(t)
	mute, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	tests := map[string]struct {
		url, want string
		names     *nameServer
	}{
		"the name server":       {"http://news.example/", "the name server does not answer; check this machine's network", &nameServer{}},
		"connecting":            {"http://" + full + "/", "no connection within 50ms; check the address and the port", nil},
		"agreeing on a secret":  {"https://" + mute.Addr().String() + "/", "no secure connection within 50ms", nil},
		"the head of an answer": {"http://" + mute.Addr().String() + "/", "no answer within 100ms", nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := client(t, func(cfg *fetch.Config) {
				cfg.Connect, cfg.Headers = short, 2*short
				if tt.names != nil {
					cfg.Resolver = tt.names.resolver()
				}
			})
			_, err := c.Get(t.Context(), fetch.Request{URL: tt.url})
			wantError(t, err, tt.url, tt.want)
			var fe *fetch.Error
			if errors.As(err, &fe) && !fe.Silent {
				t.Error("silence is not told apart")
			}
		})
	}
}

// fullListener returns an address at which nobody takes connections off a
// queue that is full, so that connecting to it takes for ever.
func fullListener(t *testing.T) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	address := (&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: name.(*syscall.SockaddrInet4).Port}).String()
	for range 8 {
		conn, err := net.DialTimeout("tcp", address, 100*time.Millisecond)
		if err != nil {
			return address
		}
		t.Cleanup(func() { _ = conn.Close() })
	}
	t.Skip("this system's queues of connections have no end")
	return ""
}

func TestTheDefaultLimits(t *testing.T) {
	t.Parallel()
	d := fetch.Default()
	if d.Connect != 5*time.Second || d.Headers != 10*time.Second || d.Whole != 30*time.Second || d.MaxRedirects != 5 ||
		d.MaxWire != 5<<20 || d.MaxBody != 15<<20 || d.MaxRatio != 100 || d.Apart != 2*time.Second {
		t.Errorf("%+v", d)
	}
}
