package collect_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"broadsheet/syndicate"
	"broadsheet/syndicate/collect"
)

// An asking is one request as the publishers' log has it.
type asking struct {
	at          time.Time
	path        string // host and path
	status      int
	conditional bool
}

// A diary plays two months of the life of a world, and keeps the log of all
// its publishers.
type diary struct {
	*world
	start time.Time
	log   []asking
}

// day is how many days have passed.
func (d *diary) day() int { return int(d.now.Sub(d.start) / day) }

// on returns what was asked of a publisher from one day to another.
func (d *diary) on(path string, from, to int) (as []asking) {
	for _, a := range d.log {
		if n := int(a.at.Sub(d.start) / day); a.path == path && n >= from && n < to {
			as = append(as, a)
		}
	}
	return as
}

// live lets n days pass: whenever a source is due, it is polled.
func (d *diary) live(n int, each func(syndicate.Source, collect.Report)) {
	d.t.Helper()
	end := d.now.Add(time.Duration(n) * day)
	for {
		next := slices.MinFunc(d.sources, func(a, b syndicate.Source) int {
			return d.state(a.Name).NextAt.Compare(d.state(b.Name).NextAt)
		})
		at := d.state(next.Name).NextAt
		if !at.Before(end) {
			d.now = end
			return
		}
		if at.After(d.now) {
			d.now = at
		}
		r := d.poll(next.Name, collect.Options{})
		if !r.Next.After(d.now) || r.Reason == "" {
			d.t.Fatalf("%s: next poll %s, now %s: %q", next.Name, r.Next, d.now, r.Reason)
		}
		each(next, r)
	}
}

// paper answers like a good publisher with one article a day: with a tag and a
// date, and "not modified" to those who send both back byte for byte.
func (d *diary) paper(headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		tag := fmt.Sprintf(`W/"%d"x`, d.day())
		modified := d.start.Add(time.Duration(d.day()) * day).Format(time.RFC850)
		setHeaders(w, append(headers, "ETag: "+tag, "Last-Modified: "+modified))
		none, since := r.Header.Get("If-None-Match"), r.Header.Get("If-Modified-Since")
		if none == tag && since == modified {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		if none+since != "" && (none == "" || since == "") {
			d.t.Errorf("%s: only one of two validators: %q, %q", r.URL, none, since)
		}
		fmt.Fprint(w, d.feed(""))
	}
}

func (d *diary) feed(channel string) string {
	var items []string
	for n := max(0, d.day()-9); n <= d.day(); n++ {
		items = append(items, item(fmt.Sprint(n), fmt.Sprint("day ", n), d.start.Add(time.Duration(n)*day)))
	}
	return rss(channel, items...)
}

// during answers with h from one day to another, and with rest otherwise.
func (d *diary) during(from, to int, h, rest http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if n := d.day(); n >= from && n < to {
			h(w, r)
			return
		}
		rest(w, r)
	}
}

func (d *diary) plain(channel string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, d.feed(channel)) }
}

func newDiary(t *testing.T) *diary {
	t.Helper()
	d := &diary{world: newWorld(t, "good.example/feed", "bare.example/feed", "maxage.example/feed",
		"busy.example/one", "busy.example/two", "later.example/feed", "gone.example/feed", "moved.example/old",
		"detour.example/feed", "weekend.example/feed", "daily.example/feed", "broken.example/feed", "unreadable.example/feed")}
	d.start = d.now
	tick := 0.0
	d.collect.Rand = func() float64 { // an even spread, the same each time
		tick += 0.381966
		return tick - float64(int(tick))
	}
	const skip = `<skipHours><hour>0</hour><hour>1</hour><hour>2</hour></skipHours><skipDays><day>Saturday</day><day>Sunday</day></skipDays>`
	const sy = `<sy:updatePeriod xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">daily</sy:updatePeriod>`
	answers := map[string]http.HandlerFunc{
		"good.example/feed":       d.paper(),
		"bare.example/feed":       d.plain(""),
		"maxage.example/feed":     d.paper("Cache-Control: max-age=64800"),
		"busy.example/one":        d.during(10, 11, status(429, "Retry-After: 259200"), d.paper()),
		"busy.example/two":        d.paper(),
		"later.example/feed":      d.later,
		"gone.example/feed":       d.during(20, 99, status(410), d.paper()),
		"moved.example/old":       d.during(5, 99, status(301, "Location: /moved.example/new"), d.paper()),
		"moved.example/new":       d.paper(),
		"detour.example/feed":     status(302, "Location: /detour.example/today"),
		"detour.example/today":    d.paper(),
		"weekend.example/feed":    d.plain(skip),
		"daily.example/feed":      d.plain(sy),
		"broken.example/feed":     d.during(25, 29, status(500), d.paper()),
		"unreadable.example/feed": document("<html><title>Sign in</title></html>", "Content-Type: text/html"),
	}
	d.play(answers)
	played := d.origin.answer
	d.origin.play(func(w http.ResponseWriter, r *http.Request) {
		if v := r.Header["Cookie"]; v != nil || r.Referer() != "" || r.URL.RawQuery != "" || r.Method != http.MethodGet {
			t.Errorf("%s %s with %v %q", r.Method, r.URL, v, r.Referer())
		}
		http.SetCookie(w, &http.Cookie{Name: "track", Value: "1"})
		seen := &recorder{ResponseWriter: w, status: http.StatusOK}
		played(seen, r)
		d.log = append(d.log, asking{
			d.now, strings.TrimPrefix(r.URL.Path, "/"), seen.status,
			r.Header.Get("If-None-Match")+r.Header.Get("If-Modified-Since") != "",
		})
	})
	return d
}

// later asks on days 12 and 13 to come back on day 14, as a date.
func (d *diary) later(w http.ResponseWriter, r *http.Request) {
	until := d.start.Add(14 * day)
	d.during(12, 14, status(503, "Retry-After: "+until.Format(http.TimeFormat), "Date: "+d.now.Format(http.TimeFormat)), d.paper())(w, r)
}

type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

func TestSixtyDaysWithManyPublishers(t *testing.T) {
	t.Parallel()
	d := newDiary(t)
	d.live(30, func(syndicate.Source, collect.Report) {})
	// A restart: nothing is known but what is in the store.
	random, before := d.collect.Rand, len(d.log)
	d.restart()
	d.collect.Rand = random
	for _, s := range d.sources {
		if r := d.poll(s.Name, collect.Options{}); d.state(s.Name).NextAt.After(d.now) && r.Outcome != syndicate.NotDue {
			t.Errorf("%s is asked since the program started: %+v", s.Name, r)
		}
	}
	if n := len(d.log) - before; n != 0 {
		t.Errorf("%d requests since the program started", n)
	}
	d.live(10, func(syndicate.Source, collect.Report) {})
	// Our own network is down for most of a day.
	failures := map[string]int{}
	for _, s := range d.sources {
		failures[s.Name] = d.state(s.Name).Failures
	}
	d.down = true
	silent := 0
	d.now = d.now.Add(20 * time.Hour)
	for range 3 { // all are overdue; each is asked again after a while
		for _, s := range d.sources {
			if r := d.poll(s.Name, collect.Options{}); r.Outcome == syndicate.Failed {
				silent++
			}
		}
		d.now = d.now.Add(20 * time.Minute)
	}
	for _, s := range d.sources {
		if n := d.state(s.Name).Failures; n > failures[s.Name] {
			t.Errorf("%s: an outage of ours counts as %d failures of its own", s.Name, n-failures[s.Name])
		}
	}
	if silent < 10 {
		t.Errorf("%d polls in the outage: the test tests nothing", silent)
	}
	d.down = false
	d.live(19, func(syndicate.Source, collect.Report) {})

	d.checkManners()
	d.checkPublishers()
	d.checkNews()
	t.Logf("60 days: %d requests of %d publishers", len(d.log), len(d.sources))
}

// checkManners asserts what holds for every publisher: the rules of the feed
// reader score tests.
func (d *diary) checkManners() {
	paths := map[string][]asking{}
	for _, a := range d.log {
		paths[a.path] = append(paths[a.path], a)
	}
	for path, as := range paths {
		var full time.Time // last document that was asked for without a condition
		for i, a := range as {
			least := time.Hour
			if i > 0 && as[i-1].status >= 500 && as[i-1].status != 503 {
				least = 5 * time.Minute
			}
			if i > 0 && a.at.Sub(as[i-1].at) < least {
				d.t.Errorf("%s: asked at %s and %s", path, as[i-1].at, a.at)
			}
			if !a.conditional && a.status == http.StatusOK {
				if !full.IsZero() && a.at.Sub(full) < day {
					d.t.Errorf("%s: unconditional at %s and %s", path, full, a.at)
				}
				full = a.at
			}
		}
	}
	for _, s := range d.sources {
		path := strings.TrimPrefix(s.URL, "http://")
		if as := d.on(path, 0, 1); !as[0].at.Equal(d.start) || as[0].conditional || len(as) > 1 && as[1].at.Equal(d.start) {
			d.t.Errorf("%s: adding it cost %+v", path, as[0])
		}
	}
	unconditional := slices.DeleteFunc(d.on("good.example/feed", 0, 60), func(a asking) bool { return a.conditional })
	if len(unconditional) != 1 {
		d.t.Errorf("good.example: %d unconditional requests of a publisher with validators", len(unconditional))
	}
}

// checkPublishers asserts what each publisher asked for.
func (d *diary) checkPublishers() {
	t := d.t
	as := d.on("maxage.example/feed", 0, 60)
	for i := range as[1:] {
		if gap := as[i+1].at.Sub(as[i].at); gap < 18*time.Hour {
			t.Errorf("maxage.example: asked again after %s", gap)
		}
	}
	if as := d.on("busy.example/one", 10, 14); len(as) == 0 || as[0].status != 429 {
		t.Error("busy.example was not asked on day 10: the test tests nothing")
	} else {
		for _, a := range append(d.on("busy.example/one", 10, 14), d.on("busy.example/two", 10, 14)...) {
			if since := a.at.Sub(as[0].at); since > 0 && since < 3*day {
				t.Errorf("busy.example: %s asked %s after it asked for three days", a.path, since)
			}
		}
	}
	if as := d.on("later.example/feed", 12, 14); len(as) != 1 {
		t.Errorf("later.example: asked %d times before the date it named", len(as))
	}
	as = d.on("gone.example/feed", 20, 60)
	if gap := as[1].at.Sub(as[0].at); gap < day || gap > 27*time.Hour {
		t.Errorf("gone.example: asked again after %s", gap)
	}
	if len(as) > 8 || len(as) < 6 || !d.state("gone.example/feed").Gone {
		t.Errorf("gone.example: asked %d times in 40 days, gone %v", len(as), d.state("gone.example/feed").Gone)
	}
	if n, m := len(d.on("moved.example/old", 5, 60)), len(d.on("moved.example/new", 5, 60)); n != 1 || m < 50 {
		t.Errorf("moved.example: old address asked %d times after the move, the new one %d times", n, m)
	}
	if n, m := len(d.on("detour.example/feed", 0, 60)), len(d.on("detour.example/today", 0, 60)); n != m || n < 50 {
		t.Errorf("detour.example: %d and %d requests", n, m)
	}
	for _, a := range d.on("weekend.example/feed", 1, 60) {
		if w := a.at.Weekday(); w == time.Saturday || w == time.Sunday || a.at.Hour() < 3 {
			t.Errorf("weekend.example: asked on %s at %s", w, a.at.Format(time.TimeOnly))
		}
	}
	if n := len(d.on("daily.example/feed", 0, 60)); n < 50 || n > 61 {
		t.Errorf("daily.example: asked %d times in 60 days", n)
	}
	if n := len(d.on("broken.example/feed", 25, 29)); n < 6 || n > 25 {
		t.Errorf("broken.example: asked %d times in 4 days of trouble", n)
	}
	if as := d.on("broken.example/feed", 29, 31); len(as) == 0 || !as[0].conditional {
		t.Errorf("broken.example: after the trouble %+v", as)
	}
	if s := d.state("unreadable.example/feed"); s.Failures < 30 || s.Error == "" {
		t.Errorf("unreadable.example: %d failures, %q", s.Failures, s.Error)
	}
}

// checkNews asserts that all this politeness cost no news.
func (d *diary) checkNews() {
	got := map[string]int{}
	for _, a := range d.memory.articles {
		got[a.Source]++
	}
	for _, s := range d.sources {
		want := 59
		switch s.Name {
		case "gone.example/feed":
			want = 19
		case "unreadable.example/feed":
			want = 0
		}
		if n := got[s.Name]; n < want {
			d.t.Errorf("%s: %d articles of 60 days, want %d", s.Name, n, want)
		}
	}
}
