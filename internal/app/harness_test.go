package app_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"broadsheet/internal/app"
	"broadsheet/internal/config"
)

// bound is how long anything may take that a test waits for. It is reached
// only by what never comes.
const bound = 60 * time.Second

// A clock is what the daemon takes for the time.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}

// An origin is a web server whose documents the test changes.
type origin struct {
	*httptest.Server
	mu        sync.Mutex
	documents map[string]string
	requests  []*http.Request
}

func newOrigin(t *testing.T) *origin {
	t.Helper()
	o := &origin{documents: map[string]string{}}
	o.Server = httptest.NewServer(o)
	t.Cleanup(o.Close)
	return o
}

func (o *origin) Serve(path, document string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.documents[path] = document
}

func (o *origin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.requests = append(o.requests, r.Clone(context.Background()))
	doc, ok := o.documents[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	etag := fmt.Sprintf(`"%x"`, sha256.Sum256([]byte(doc)))
	w.Header().Set("ETag", etag)
	if r.Header.Get("If-None-Match") == etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Header().Set("Content-Type", "application/rss+xml")
	io.WriteString(w, doc)
}

// A relay is an SMTP server that keeps what it accepts, and refuses when it
// is told to.
type relay struct {
	address string
	got     chan mail
	mu      sync.Mutex
	refusal *smtp.SMTPError
	paths   map[string]string // the return path of each recipient's last mail
}

// envelope returns the return path of the last mail to an address.
func (r *relay) envelope(to string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.paths[to]
}

type mail struct {
	to   string
	data []byte
}

func newRelay(t *testing.T) *relay {
	t.Helper()
	r := &relay{got: make(chan mail, 100), paths: map[string]string{}}
	srv := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{relay: r}, nil }))
	srv.Domain = "relay.test"
	srv.ErrorLog = discardLog{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.address = l.Addr().String()
	done := make(chan struct{})
	go func() { defer close(done); srv.Serve(l) }()
	t.Cleanup(func() { srv.Close(); <-done })
	return r
}

type discardLog struct{}

func (discardLog) Printf(string, ...any) {}
func (discardLog) Println(...any)        {}

// Refuse answers every recipient with err until it is called with nil.
func (r *relay) Refuse(err *smtp.SMTPError) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refusal = err
}

// Next returns the next message that was accepted.
func (r *relay) Next(t *testing.T) mail {
	t.Helper()
	select {
	case m := <-r.got:
		return m
	case <-time.After(bound):
		t.Fatal("no mail came")
		return mail{}
	}
}

type session struct {
	relay *relay
	from  string
	to    string
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.relay.mu.Lock()
	defer s.relay.mu.Unlock()
	if s.relay.refusal != nil {
		return s.relay.refusal
	}
	s.to, s.relay.paths[to] = to, s.from
	return nil
}

func (s *session) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.relay.got <- mail{s.to, data}
	return nil
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

// settings fills in a configuration for tests and loads it.
func settings(t *testing.T, text string, values ...any) (*config.Config, string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(file, fmt.Appendf(nil, text, values...), 0o600); err != nil {
		t.Fatal(err)
	}
	return load(t, file), file
}

func load(t *testing.T, file string) *config.Config {
	t.Helper()
	cfg, err := config.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// A daemon is a running paper.
type daemon struct {
	t      *testing.T
	app    *app.App
	base   string // http://host:port
	out    *buffer
	log    *buffer
	cancel context.CancelFunc
	done   chan error
}

// A buffer is a bytes.Buffer for several goroutines.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// start runs a daemon and returns when it has greeted the operator.
func start(t *testing.T, cfg *config.Config, c *clock, file string, change ...func(*app.Options)) *daemon {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	d := &daemon{t: t, out: &buffer{}, log: &buffer{}, cancel: cancel, done: make(chan error, 1)}
	started := make(chan string, 1)
	var err error
	opts := app.Options{
		Logger: slog.New(slog.NewTextHandler(d.log, nil)), Out: d.out, Version: "test", File: file,
		Now: c.Now, Tick: 50 * time.Millisecond, Started: started,
	}
	for _, f := range change {
		f(&opts)
	}
	d.app, err = app.New(ctx, cfg, opts)
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	go func() { d.done <- d.app.Run(ctx) }()
	t.Cleanup(d.stop)
	select {
	case address := <-started:
		d.base = "http://" + address
	case err := <-d.done:
		d.done <- nil
		t.Fatalf("the daemon ended: %v\n%s", err, d.log)
	case <-time.After(bound):
		t.Fatalf("the daemon did not start:\n%s", d.log)
	}
	return d
}

// stop ends the daemon as a signal would. It may be called twice.
func (d *daemon) stop() {
	if d.cancel == nil {
		return
	}
	d.cancel()
	d.cancel = nil
	select {
	case err := <-d.done:
		if err != nil {
			d.t.Errorf("the daemon ended with %v", err)
		}
	case <-time.After(bound):
		d.t.Errorf("the daemon did not stop")
	}
	if err := d.app.Close(); err != nil {
		d.t.Error(err)
	}
	if d.t.Failed() {
		d.t.Logf("terminal:\n%s\nlog:\n%s", d.out, d.log)
	}
}

// get returns status, header and body of a page or feed.
func (d *daemon) get(path string, header ...string) (int, http.Header, string) {
	d.t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, d.base+path, nil)
	if err != nil {
		d.t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		d.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return res.StatusCode, res.Header, string(body)
}

// await polls until cond holds, yielding to the daemon between looks.
func await(t *testing.T, what string, cond func() bool) {
	t.Helper()
	deadline := time.Now().Add(bound)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !cond() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
		<-tick.C
	}
}

// hostPort splits an address for a configuration.
func hostPort(t *testing.T, address string) (string, string) {
	t.Helper()
	host, port, ok := strings.Cut(address, ":")
	if !ok {
		t.Fatalf("%q has no port", address)
	}
	return host, port
}
