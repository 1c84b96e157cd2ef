package collect_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"broadsheet/internal/fetch"
	"broadsheet/syndicate"
	"broadsheet/syndicate/collect"
)

// A world is a collector with many sources on many public hosts, all of them
// played by one server on loopback: http://a.example/x is its /a.example/x.
type world struct {
	t       *testing.T
	origin  *origin
	client  *fetch.Client
	memory  *memory
	now     time.Time
	random  float64
	private bool // the hosts are not public
	down    bool // our own network is
	sources []syndicate.Source
	collect *collect.Collector
}

func newWorld(t *testing.T, addresses ...string) *world {
	t.Helper()
	client, err := fetch.New(fetch.Config{AllowPrivate: []string{"127.0.0.0/8"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	w := &world{
		t: t, origin: newOrigin(t), client: client, memory: newMemory(),
		now: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC), // a Monday
	}
	for _, a := range addresses {
		w.sources = append(w.sources, syndicate.Source{Name: a, URL: "http://" + a, Kind: syndicate.KindFeed, Every: time.Hour})
	}
	w.restart()
	return w
}

// restart forgets what is not in the store.
func (w *world) restart() {
	w.collect = &collect.Collector{
		Store: w.memory, History: w.memory, Fetcher: w, Classifier: &filer{},
		Now: func() time.Time { return w.now }, Rand: func() float64 { return w.random },
	}
}

// Get implements collect.Fetcher.
func (w *world) Get(ctx context.Context, r fetch.Request) (*fetch.Response, error) {
	if w.down {
		return nil, &fetch.Error{Place: r.URL, Fault: "the server's name cannot be found", Remedy: "check the address", Silent: true}
	}
	back := func(address string) string { return strings.Replace(address, w.origin.URL+"/", "http://", 1) }
	r.URL = w.origin.URL + "/" + strings.TrimPrefix(r.URL, "http://")
	res, err := w.client.Get(ctx, r)
	if res != nil {
		res.URL, res.MovedTo, res.Private = back(res.URL), back(res.MovedTo), w.private
	}
	return res, err
}

// play tells the server what to answer, by host and path.
func (w *world) play(answers map[string]http.HandlerFunc) {
	w.origin.play(func(rw http.ResponseWriter, r *http.Request) {
		h := answers[strings.TrimPrefix(r.URL.Path, "/")]
		if h == nil {
			h = http.NotFound
		}
		h(rw, r)
	})
}

// asked returns the addresses that were asked for since the last call.
func (w *world) asked() string {
	var paths []string
	for _, r := range w.origin.asked() {
		paths = append(paths, strings.TrimPrefix(r.URL.Path, "/"))
	}
	return strings.Join(paths, " ")
}

func (w *world) poll(name string, opts collect.Options) collect.Report {
	w.t.Helper()
	for _, s := range w.sources {
		if s.Name == name {
			r, err := w.collect.Poll(w.t.Context(), s, opts)
			if err != nil {
				w.t.Fatal(err)
			}
			return r
		}
	}
	w.t.Fatalf("no source %s", name)
	return collect.Report{}
}

func (w *world) state(name string) syndicate.Poll { return w.memory.polls[name] }

func TestAPauseIsTheWholeHosts(t *testing.T) {
	t.Parallel()
	for name, private := range map[string]bool{"public": false, "private": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, "a.example/one", "a.example/two", "b.example/one")
			w.private, w.random = private, 0.5
			good := document(rss("", item("1", "one", w.now)))
			w.play(map[string]http.HandlerFunc{"a.example/one": status(429, "Retry-After: 36000"), "a.example/two": good, "b.example/one": good})
			w.poll("a.example/one", collect.Options{})
			w.asked()
			until := w.now.Add(10 * time.Hour)
			for _, force := range []bool{false, true} {
				w.now = w.now.Add(time.Minute)
				r := w.poll("a.example/two", collect.Options{Force: force})
				if asked := w.asked(); private != (asked == "a.example/two") {
					t.Errorf("force %v: asked for %q", force, asked)
				}
				if want := "a.example asked to be left alone until 2026-11-23 18:00 UTC (Retry-After)"; !private &&
					(r.Outcome != syndicate.NotDue || r.Reason != want || r.Next.Before(until) || r.Next.After(until.Add(time.Hour))) {
					t.Errorf("force %v: report %+v, want %q", force, r, want)
				}
			}
			if r := w.poll("a.example/one", collect.Options{Force: true}); r.Outcome != syndicate.NotDue || w.asked() != "" {
				t.Errorf("asked by force in the pause: %+v", r)
			}
			if w.poll("b.example/one", collect.Options{}); w.asked() != "b.example/one" {
				t.Error("another host has to pause too")
			}
			w.now = until.Add(time.Hour)
			w.play(map[string]http.HandlerFunc{"a.example/one": good, "a.example/two": good})
			for _, name := range []string{"a.example/one", "a.example/two"} {
				if w.poll(name, collect.Options{Force: true}); w.asked() != name {
					t.Errorf("%s is not asked after the pause", name)
				}
				if s := w.state(name); s.Busy != "" || !s.BusyUntil.IsZero() {
					t.Errorf("%s: the pause is not forgotten: %+v", name, s)
				}
			}
		})
	}
}

func TestAPauseSurvivesARestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a.example/one", "a.example/two")
	w.play(map[string]http.HandlerFunc{"a.example/one": status(503, "Retry-After: 7200"), "a.example/two": document(rss(""))})
	w.poll("a.example/one", collect.Options{})
	w.asked()
	w.restart()
	w.now = w.now.Add(time.Hour)
	if r := w.poll("a.example/two", collect.Options{}); w.asked() != "" || r.Next.Sub(w.now) != time.Hour {
		t.Errorf("asked after a restart: %+v", r)
	}
}

func TestAPauseIsAWeekAtMost(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a.example/one", "a.example/two")
	w.play(map[string]http.HandlerFunc{"a.example/one": status(429, "Retry-After: 31536000"), "a.example/two": document(rss(""))})
	w.poll("a.example/one", collect.Options{})
	if r := w.poll("a.example/two", collect.Options{}); r.Next.Sub(w.now) != 7*day {
		t.Errorf("report %+v", r)
	}
	w.asked()
	w.now = w.now.Add(7 * day)
	if w.poll("a.example/two", collect.Options{}); w.asked() != "a.example/two" {
		t.Error("not asked after a week")
	}
}

func TestAPauseThatAnotherProcessLearntOf(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a.example/one", "a.example/two", "b.example/one")
	good := document(rss(""))
	w.play(map[string]http.HandlerFunc{"a.example/one": status(503, "Retry-After: 7200"), "a.example/two": good, "b.example/one": good})
	w.poll("b.example/one", collect.Options{})
	ours := w.collect
	w.restart()
	w.poll("a.example/one", collect.Options{})
	w.collect = ours
	w.asked()
	w.now = w.now.Add(10 * time.Minute)
	if r := w.poll("a.example/two", collect.Options{}); w.asked() != "" {
		t.Errorf("asked in a pause that is in the store: %+v", r)
	}
}

func TestOurOwnOutageIsNotCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a.example/x", "b.example/x", "c.example/x", "d.example/x", "dead.example/x")
	w.random = 0.5
	answers := map[string]http.HandlerFunc{}
	for _, s := range w.sources[:4] {
		answers[s.Name] = document(rss("", item(s.Name, "one", w.now)), `ETag: "v"`)
	}
	w.play(answers)
	all := func() (failed int) {
		for _, s := range w.sources {
			if w.poll(s.Name, collect.Options{Force: true}).Outcome == syndicate.Failed {
				failed++
			}
		}
		return failed
	}
	failures := func() (n []int) {
		for _, s := range w.sources {
			n = append(n, w.state(s.Name).Failures)
		}
		return n
	}
	expect := func(when string, failed int, want ...int) {
		t.Helper()
		if got := all(); got != failed {
			t.Errorf("%s: %d failed, want %d", when, got, failed)
		}
		got := failures()
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%s: failures %v, want %v", when, got, want)
				return
			}
		}
	}
	expect("all is well, but for one", 1, 0, 0, 0, 0, 1)
	w.now = w.now.Add(2 * time.Hour)
	w.down = true
	// The first two fall silent before it is clear whose fault it is.
	expect("it begins", 5, 1, 1, 0, 0, 1)
	r := w.poll("a.example/x", collect.Options{Force: true})
	const outage = "4 of the 4 hosts asked within 1h did not answer"
	wantError := "http://a.example/x: the server's name cannot be found; check the address; since " + outage +
		", the fault is this machine's: check its network"
	if r.Error != wantError || r.Reason != "our own outage: "+outage || r.Next.Sub(w.now) != 7*time.Minute+30*time.Second {
		t.Errorf("report %+v\nwant %q", r, wantError)
	}
	w.now = w.now.Add(15 * time.Minute)
	expect("what was counted is taken back", 5, 0, 0, 0, 0)
	for range 20 {
		w.now = w.now.Add(time.Hour)
		expect("all night", 5, 0, 0, 0, 0)
	}
	w.down = false
	w.now = w.now.Add(10 * time.Minute)
	expect("it is over", 1, 0, 0, 0, 0)
	if r := w.poll("a.example/x", collect.Options{Force: true}); r.Outcome != syndicate.NotModified {
		t.Errorf("the validators are lost: %+v", r)
	}
}

func TestWhoseFaultItIs(t *testing.T) {
	t.Parallel()
	good := document(rss(""), `ETag: "v"`)
	addresses := []string{"a.example/x", "b.example/x", "c.example/x", "d.example/x"}
	start := func(t *testing.T) *world {
		w := newWorld(t, addresses...)
		w.random = 0.5
		w.play(map[string]http.HandlerFunc{"a.example/x": good, "b.example/x": good, "c.example/x": good, "d.example/x": good})
		for _, a := range addresses {
			w.poll(a, collect.Options{})
		}
		w.now = w.now.Add(2 * time.Hour)
		return w
	}
	silent := func(w *world, names ...string) {
		w.down = true
		for _, name := range names {
			w.poll(name, collect.Options{Force: true})
		}
		w.down = false
	}
	t.Run("half of the hosts", func(t *testing.T) {
		t.Parallel()
		w := start(t)
		w.poll(addresses[0], collect.Options{})
		w.poll(addresses[1], collect.Options{})
		silent(w, addresses[2:]...)
		if n := w.state(addresses[3]).Failures; n != 1 {
			t.Errorf("%d failures, want 1", n)
		}
	})
	t.Run("too few hosts to tell", func(t *testing.T) {
		t.Parallel()
		w := start(t)
		silent(w, addresses[:2]...)
		if n := w.state(addresses[1]).Failures; n != 1 {
			t.Errorf("%d failures, want 1", n)
		}
	})
	t.Run("errors are answers", func(t *testing.T) {
		t.Parallel()
		w := start(t)
		w.play(map[string]http.HandlerFunc{"a.example/x": status(500), "b.example/x": status(502), "c.example/x": status(404), "d.example/x": status(403)})
		for _, a := range addresses {
			if r := w.poll(a, collect.Options{}); r.Reason != "1 failure" || w.state(a).Failures != 1 {
				t.Errorf("%s: %+v", a, r)
			}
		}
	})
	t.Run("hosts asked long ago do not vote", func(t *testing.T) {
		t.Parallel()
		w := start(t)
		silent(w, addresses[1:]...) // the first answered two hours ago
		if r := w.state(addresses[3]); r.NextReason != "our own outage: 3 of the 3 hosts asked within 1h did not answer" {
			t.Errorf("next poll because %q", r.NextReason)
		}
	})
	t.Run("trouble after an outage", func(t *testing.T) {
		t.Parallel()
		w := start(t)
		silent(w, addresses...)
		w.now = w.now.Add(time.Hour)
		w.play(map[string]http.HandlerFunc{"a.example/x": status(500)})
		if r := w.poll("a.example/x", collect.Options{}); r.Reason != "1 failure" {
			t.Errorf("%q, want what was counted before the outage was clear taken back", r.Reason)
		}
	})
	t.Run("silence for more than a day", func(t *testing.T) {
		t.Parallel()
		w := start(t)
		for range 30 {
			silent(w, addresses...)
			w.now = w.now.Add(time.Hour)
		}
		for _, a := range addresses {
			if n := w.state(a).Failures; n < 5 {
				t.Errorf("%s: %d failures after 30 hours", a, n)
			}
		}
	})
}

// TestManyPollsAtOnce lets the race detector look at what polls share.
func TestManyPollsAtOnce(t *testing.T) {
	t.Parallel()
	var addresses []string
	for i := range 40 {
		addresses = append(addresses, fmt.Sprintf("%c.example/%d", 'a'+i%10, i))
	}
	w := newWorld(t, addresses...)
	answers := map[string]http.HandlerFunc{}
	for i, a := range addresses {
		answers[a] = document(rss(""), `ETag: "v"`)
		if i%10 == 0 {
			answers[a] = status(429, "Retry-After: 60")
		}
	}
	w.play(answers)
	for _, down := range []bool{false, true, false} {
		w.down = down
		var all sync.WaitGroup
		for _, a := range addresses {
			all.Go(func() { w.poll(a, collect.Options{Force: true}) })
		}
		all.Wait()
	}
	for _, a := range addresses {
		if n := w.state(a).Failures; n != 0 {
			t.Errorf("%s: %d failures", a, n)
		}
	}
}
