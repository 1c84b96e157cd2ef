package collect_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"broadsheet/internal/fetch"
	"broadsheet/syndicate"
	"broadsheet/syndicate/collect"
)

const day = 24 * time.Hour

// A memory is a store that forgets everything at the end of a test.
type memory struct {
	mu       sync.Mutex
	polls    map[string]syndicate.Poll
	articles map[string]syndicate.Article
	prints   map[string]string // fingerprint by key
	aside    map[string]syndicate.Trace
	answers  []syndicate.Answer
	records  int
	broken   string // the method that fails
}

func newMemory() *memory {
	return &memory{polls: map[string]syndicate.Poll{}, articles: map[string]syndicate.Article{}, prints: map[string]string{}, aside: map[string]syndicate.Trace{}}
}

func (m *memory) fails(method string) error {
	if m.broken == method {
		return fmt.Errorf("%s: disk is full", method)
	}
	return nil
}

func (m *memory) Poll(_ context.Context, source string) (syndicate.Poll, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p, ok := m.polls[source]
	if !ok {
		return p, syndicate.ErrNotFound
	}
	return p, m.fails("Poll")
}

func (m *memory) Polls(context.Context) ([]syndicate.Poll, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Collect(maps.Values(m.polls)), m.fails("Polls")
}

func (m *memory) Known(_ context.Context, source string, keys []string) (map[string]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	known := map[string]string{}
	for _, k := range keys {
		if a, ok := m.articles[k]; ok && a.Source == source {
			known[k] = a.Hash
		}
	}
	return known, m.fails("Known")
}

func (m *memory) RecentTimes(_ context.Context, source string, n int) ([]time.Time, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var times []time.Time
	for _, a := range m.articles {
		if a.Source == source {
			times = append(times, a.Published)
		}
	}
	slices.SortFunc(times, func(a, b time.Time) int { return b.Compare(a) })
	return times[:min(n, len(times))], m.fails("RecentTimes")
}

func (m *memory) Record(_ context.Context, p syndicate.Poll, fingerprint string, as []syndicate.Article) (added, changed int, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.fails("Record"); err != nil {
		return 0, 0, err
	}
	m.records++
	if p.Answer != nil {
		m.answers = append(m.answers, *p.Answer)
		p.Answer = nil
	}
	m.polls[p.Source] = p
	for _, a := range as {
		if old, ok := m.articles[a.Key]; ok {
			a.ID, a.FirstSeen = old.ID, old.FirstSeen
			changed++
		} else {
			added++
		}
		m.articles[a.Key] = a
		m.prints[a.Key] = fingerprint
	}
	return added, changed, nil
}

// titles returns the titles of the stored articles, sorted.
func (m *memory) titles() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	titles := []string{}
	for _, a := range m.articles {
		titles = append(titles, a.Title)
	}
	slices.Sort(titles)
	return titles
}

// A filer files an article under the themes whose ids its title contains.
type filer struct {
	mu    sync.Mutex
	calls int
}

func (f *filer) Classify(a *syndicate.Article, _ *syndicate.Source) syndicate.Analysis {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls++
	var an syndicate.Analysis
	for _, theme := range []string{"finance", "industry"} {
		if strings.Contains(a.Title, theme) {
			an.Filings = append(an.Filings, syndicate.Filing{Theme: theme, Score: 1, Threshold: 1})
		}
	}
	return an
}

func (f *filer) Fingerprint() string { return "filer 1" }

// An origin is a server that plays what a test tells it to.
type origin struct {
	*httptest.Server
	mu       sync.Mutex
	answer   http.HandlerFunc
	requests []*http.Request
}

// newOrigin returns a server that answers 404 until play is called.
func newOrigin(tb testing.TB) *origin {
	tb.Helper()
	o := &origin{answer: http.NotFound}
	o.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o.mu.Lock()
		o.requests = append(o.requests, r)
		answer := o.answer
		o.mu.Unlock()
		answer(w, r)
	}))
	tb.Cleanup(o.Close)
	return o
}

func (o *origin) play(h http.HandlerFunc) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.answer = h
}

// asked returns the requests since the last call.
func (o *origin) asked() []*http.Request {
	o.mu.Lock()
	defer o.mu.Unlock()
	rs := o.requests
	o.requests = nil
	return rs
}

// document answers with a body and headers, "Name: value" each.
func document(body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		setHeaders(w, headers)
		fmt.Fprint(w, body)
	}
}

// status answers with a status and headers.
func status(code int, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		setHeaders(w, headers)
		w.WriteHeader(code)
	}
}

func setHeaders(w http.ResponseWriter, headers []string) {
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		w.Header()[name] = []string{value}
	}
}

// rss writes a feed; channel is further elements of its channel.
func rss(channel string, items ...string) string {
	return `<?xml version="1.0"?><rss version="2.0"><channel><title>Paper</title><link>https://paper.example/</link>` +
		`<description>News</description>` + channel + strings.Join(items, "") + `</channel></rss>`
}

// item writes an item of a feed.
func item(guid, title string, published time.Time) string {
	return fmt.Sprintf(`<item><guid isPermaLink="false">%s</guid><title>%s</title><link>https://paper.example/%s</link>`+
		`<description>About %s.</description><pubDate>%s</pubDate></item>`,
		guid, title, guid, title, published.UTC().Format(time.RFC1123Z))
}

// A desk is a collector with one source, and the clock that both go by.
type desk struct {
	collect.Collector
	t      *testing.T
	origin *origin
	memory *memory
	filer  *filer
	src    syndicate.Source
	now    time.Time
	random float64
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	client, err := fetch.New(fetch.Config{AllowPrivate: []string{"127.0.0.0/8"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	d := &desk{
		t: t, origin: newOrigin(t), memory: newMemory(), filer: &filer{},
		now: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC),
	}
	d.Collector = collect.Collector{
		Store: d.memory, History: d.memory, Fetcher: client, Classifier: d.filer,
		Now: func() time.Time { return d.now }, Rand: func() float64 { return d.random },
	}
	d.src = syndicate.Source{Name: "paper", URL: d.origin.URL + "/feed", Kind: syndicate.KindFeed, Every: time.Hour}
	return d
}

// poll polls the source, which must be due.
func (d *desk) poll() collect.Report {
	d.t.Helper()
	return d.pollWith(collect.Options{})
}

func (d *desk) pollWith(opts collect.Options) collect.Report {
	d.t.Helper()
	r, err := d.Poll(d.t.Context(), d.src, opts)
	if err != nil {
		d.t.Fatal(err)
	}
	return r
}

// next lets time pass until the source is due, and polls it.
func (d *desk) next() collect.Report {
	d.t.Helper()
	d.now = d.state().NextAt
	return d.poll()
}

func (d *desk) state() syndicate.Poll { return d.memory.polls["paper"] }

// wait is how long the source is left alone now.
func (d *desk) wait() time.Duration { return d.state().NextAt.Sub(d.now) }
