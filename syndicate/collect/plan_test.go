package collect_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"broadsheet/syndicate"
	"broadsheet/syndicate/collect"
)

// every returns n items a gap apart, the newest at the time given.
func every(gap time.Duration, n int, newest time.Time) []string {
	items := make([]string, n)
	for i := range items {
		items[i] = item(fmt.Sprint(n-i), fmt.Sprint("news ", n-i), newest.Add(-time.Duration(i)*gap))
	}
	return items
}

func TestWhenASourceIsAskedAgain(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	tests := map[string]struct {
		every  time.Duration // 1 h when 0
		answer http.HandlerFunc
		wait   time.Duration
		reason string
	}{
		"as the operator says": {
			answer: document(rss("", item("1", "one", start))),
			wait:   time.Hour, reason: "every 1h",
		},
		"as the operator says, more often": {
			every: 5 * time.Minute, answer: document(rss("", item("1", "one", start))),
			wait: 5 * time.Minute, reason: "every 5m",
		},
		"as the operator says, once a week": {
			every: 7 * day, answer: document(rss("", every(day, 5, start)...), "Cache-Control: max-age=43200"),
			wait: 7 * day, reason: "every 168h",
		},
		"as the server says": {
			answer: document(rss("", item("1", "one", start)), "Cache-Control: max-age=43200", "Age: 3600"),
			wait:   11 * time.Hour, reason: "max-age=43200 less 3600 s of age",
		},
		"as the server says another way": {
			answer: document(rss("", item("1", "one", start)), "Expires: Mon, 23 Nov 2026 12:00:00 GMT", "Date: Mon, 23 Nov 2026 10:00:00 GMT"),
			wait:   2 * time.Hour, reason: "expires 2026-11-23 12:00 UTC",
		},
		"not more often because the server does not mind": {
			answer: document(rss("", item("1", "one", start)), "Cache-Control: max-age=60"),
			wait:   time.Hour, reason: "every 1h",
		},
		"at most a day": {
			answer: document(rss("", item("1", "one", start)), "Cache-Control: max-age=31536000"),
			wait:   day, reason: "max-age=31536000, but at most 24h",
		},
		"as the document says": {
			answer: document(rss("<ttl>180</ttl>", item("1", "one", start))),
			wait:   3 * time.Hour, reason: "ttl=180",
		},
		"a ttl that is none": {
			answer: document(rss("<ttl>soon</ttl>", item("1", "one", start))),
			wait:   time.Hour, reason: "every 1h",
		},
		"the longest of all wishes": {
			answer: document(rss("<ttl>180</ttl>", every(12*time.Hour, 20, start)...), "Cache-Control: max-age=14400"),
			wait:   6 * time.Hour, reason: "half the usual 12h between its articles",
		},
		"news every ten minutes": {
			answer: document(rss("", every(10*time.Minute, 20, start)...)),
			wait:   time.Hour, reason: "every 1h",
		},
		"news every day": {
			answer: document(rss("", every(day, 20, start)...)),
			wait:   12 * time.Hour, reason: "half the usual 24h between its articles",
		},
		"news every fortnight": {
			answer: document(rss("", every(14*day, 20, start)...)),
			wait:   day, reason: "half the usual 336h between its articles, but at most 24h",
		},
		"two articles are no rhythm": {
			answer: document(rss("", every(day, 2, start)...)),
			wait:   time.Hour, reason: "every 1h",
		},
		"silent for a week": {
			answer: document(rss("", every(time.Hour, 20, start.Add(-8*day))...)),
			wait:   6 * time.Hour, reason: "no news for 8 days",
		},
		"silent for a fortnight": {
			answer: document(rss("", every(time.Hour, 20, start.Add(-14*day))...)),
			wait:   12 * time.Hour, reason: "no news for 14 days",
		},
		"silent for a month": {
			answer: document(rss("", item("1", "one", start.Add(-400*day)))),
			wait:   day, reason: "no news for 400 days",
		},
		"no articles at all": {
			answer: document(rss("")),
			wait:   time.Hour, reason: "every 1h",
		},
		"asked to wait, in seconds": {
			answer: status(429, "Retry-After: 7200"),
			wait:   2 * time.Hour, reason: "the server asked for 2h (status 429, Retry-After)",
		},
		"asked to wait until a date": {
			answer: status(503, "Retry-After: Wed, 25 Nov 2026 08:00:00 GMT", "Date: Mon, 23 Nov 2026 08:00:00 GMT"),
			wait:   2 * day, reason: "the server asked for 48h (status 503, Retry-After)",
		},
		"asked to wait, less than usual": {
			answer: status(429, "Retry-After: 5"),
			wait:   time.Hour, reason: "the server asked for 5s (status 429, Retry-After)",
		},
		"asked to wait for a year": {
			answer: status(429, "Retry-After: 31536000"),
			wait:   7 * day, reason: "the server asked for 8760h (status 429, Retry-After)",
		},
		"too much to do, who knows how long": {
			every: 10 * time.Minute, answer: status(503),
			wait: time.Hour, reason: "the server has too much to do (status 503)",
		},
		"a wait that cannot be read": {
			answer: status(429, "Retry-After: a while"),
			wait:   time.Hour, reason: "the server has too much to do (status 429)",
		},
	}
	for name, tt := range tests {
		for random, stretch := range map[float64]float64{0: 1, 0.5: 1.05} {
			t.Run(fmt.Sprint(name, " ", random), func(t *testing.T) {
				t.Parallel()
				d := newDesk(t)
				d.random = random
				if tt.every != 0 {
					d.src.Every = tt.every
				}
				d.origin.play(tt.answer)
				r := d.poll()
				if want := time.Duration(stretch * float64(tt.wait)); d.wait() != want || r.Reason != tt.reason {
					t.Errorf("asked again after %s because %q, want %s because %q (%s)", d.wait(), r.Reason, want, tt.reason, r.Error)
				}
				if !r.Next.Equal(d.state().NextAt) || r.Reason != d.state().NextReason {
					t.Errorf("the report says %s because %q", r.Next, r.Reason)
				}
			})
		}
	}
}

func TestA304CountsForTheNextPollToo(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.origin.play(document(rss("<ttl>120</ttl>", item("1", "one", d.now)), `ETag: "v"`))
	d.poll()
	d.origin.play(status(304))
	if r := d.next(); d.wait() != 2*time.Hour || r.Reason != "ttl=120" {
		t.Errorf("asked again after %s because %q, want the document's wish remembered", d.wait(), r.Reason)
	}
	d.origin.play(status(304, "Cache-Control: max-age=14400"))
	if r := d.next(); d.wait() != 4*time.Hour || r.Reason != "max-age=14400" {
		t.Errorf("asked again after %s because %q, want max-age of the 304", d.wait(), r.Reason)
	}
}

func TestTooManyRequestsIsNoFailure(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.origin.play(document(rss("", item("1", "one", d.now))))
	d.poll()
	d.origin.play(status(429))
	var waits []time.Duration
	for range 8 {
		r := d.next()
		if r.Outcome != syndicate.AskedToWait || r.Error != "" || d.state().Failures != 0 {
			t.Fatalf("report %+v, state %+v", r, d.state())
		}
		waits = append(waits, d.wait())
	}
	// As long as it has been refusing: 1 h since it was well, then 2, 4, …
	if got := fmt.Sprint(waits); got != "[1h0m0s 2h0m0s 4h0m0s 8h0m0s 16h0m0s 24h0m0s 24h0m0s 24h0m0s]" {
		t.Errorf("waits %s", got)
	}
	d.origin.play(document(rss("", item("1", "one", d.now))))
	if r := d.next(); r.Error != "" || d.state().Failures != 0 || d.wait() != time.Hour {
		t.Errorf("report %+v, asked again after %s", r, d.wait())
	}
}

func TestFailuresBackOffAndNeverStop(t *testing.T) {
	t.Parallel()
	for random, want := range map[float64]string{
		0:   "[5m0s 5m0s 5m0s 5m0s 5m0s 5m0s 5m0s 5m0s 5m0s 5m0s]",
		0.5: "[7m30s 15m0s 30m0s 1h0m0s 2h0m0s 4h0m0s 8h0m0s 12h0m0s 12h0m0s 12h0m0s]",
		1:   "[15m0s 30m0s 1h0m0s 2h0m0s 4h0m0s 8h0m0s 16h0m0s 24h0m0s 24h0m0s 24h0m0s]",
	} {
		t.Run(fmt.Sprint(random), func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.random = random
			d.origin.play(status(500))
			r := d.poll()
			waits := []time.Duration{d.wait()}
			for range 9 {
				r = d.next()
				waits = append(waits, d.wait())
			}
			if got := fmt.Sprint(waits); got != want {
				t.Errorf("waits %s\nwant  %s", got, want)
			}
			if r.Reason != "10 failures in a row" || d.state().Failures != 10 {
				t.Errorf("reason %q, %d failures", r.Reason, d.state().Failures)
			}
			for range 200 {
				d.next()
			}
			if d.wait() > day {
				t.Errorf("after 210 failures it is asked in %s", d.wait())
			}
			d.origin.play(document(rss("", item("1", "one", d.now))))
			if r := d.next(); r.Error != "" || d.state().Failures != 0 || d.state().Error != "" {
				t.Errorf("recovered: %+v", r)
			}
		})
	}
}

func TestGoneForGood(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.random = 0.999
	d.origin.play(document(rss("", item("1", "one", d.now))))
	d.poll()
	d.origin.play(status(410))
	first := d.next()
	if first.Gone || d.wait() < day || d.wait() > 27*time.Hour {
		t.Errorf("one 410 makes a source gone: %+v", first)
	}
	d.origin.asked()
	d.now = d.now.Add(time.Hour)
	if r := d.pollWith(collect.Options{Force: true}); r.Outcome != syndicate.NotDue || len(d.origin.asked()) != 0 {
		t.Errorf("asked by force an hour after it said that it is gone: %+v", r)
	}
	r := d.next()
	if !r.Gone {
		t.Errorf("the second 410, a day later: %+v", r)
	}
	if d.wait() != 7*day || r.Reason != "gone for good (status 410), asked once a week" || r.Outcome != syndicate.Failed || r.Error == "" {
		t.Errorf("report %+v, asked again after %s", r, d.wait())
	}
	d.origin.play(status(500))
	if r := d.next(); !r.Gone || d.wait() != 7*day {
		t.Errorf("another fault brings it back: %+v", r)
	}
	d.origin.play(document(rss("", item("1", "one", d.now), item("2", "two", d.now))))
	if r := d.next(); r.Gone || !d.state().GoneSince.IsZero() || r.New != 1 {
		t.Errorf("it came back: %+v", r)
	}
}

// TestSixtyDays plays two months of an ordinary source's life against the
// collector and counts what it costs the publisher.
func TestSixtyDays(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	start := d.now
	tick := 0.0
	d.Rand = func() float64 { // an even spread, the same each time
		tick += 0.381966
		return tick - float64(int(tick))
	}
	// One article a day at 9:00; trouble from day 20 to 22, busy on day 30,
	// and unchanged otherwise.
	etag := func() string { return fmt.Sprintf(`"day %d"`, int(d.now.Add(-time.Hour).Sub(start)/day)) }
	body := func() string {
		var items []string
		for at := start.Add(time.Hour); !at.After(d.now); at = at.Add(day) {
			items = append(items, item(at.Format(time.DateOnly), at.Format(time.DateOnly), at))
		}
		return rss("", items[max(0, len(items)-10):]...)
	}
	d.origin.play(func(w http.ResponseWriter, r *http.Request) {
		switch n := d.now.Sub(start) / day; {
		case n >= 20 && n < 22:
			http.Error(w, "trouble", http.StatusBadGateway)
		case n == 30:
			w.Header().Set("Retry-After", "100000")
			w.WriteHeader(http.StatusTooManyRequests)
		case r.Header.Get("If-None-Match") == etag():
			w.Header().Set("ETag", etag())
			w.WriteHeader(http.StatusNotModified)
		default:
			w.Header().Set("ETag", etag())
			_, _ = fmt.Fprint(w, body())
		}
	})
	var asked, unconditional, bodies int
	last, failed := time.Time{}, false
	for d.now.Sub(start) < 60*day {
		r := d.poll()
		for _, req := range d.origin.asked() {
			asked++
			if req.Header.Get("If-None-Match") == "" {
				unconditional++
			}
			if v := req.Header["Cookie"]; v != nil || req.Referer() != "" || strings.Contains(req.URL.String(), "?") {
				t.Errorf("request with %v %q %s", v, req.Referer(), req.URL)
			}
		}
		if r.Outcome == syndicate.Fetched {
			bodies++
		}
		least := time.Hour
		if failed {
			least = 5 * time.Minute
		}
		if since := d.now.Sub(last); since < least {
			t.Errorf("asked again after %s, want %s at least", since, least)
		}
		last, failed = d.now, r.Outcome == syndicate.Failed
		if !d.state().NextAt.After(d.now) {
			t.Fatalf("the next poll, %s, is not after this one, %s", d.state().NextAt, d.now)
		}
		d.now = d.state().NextAt
	}
	if got := len(d.memory.articles); got < 58 {
		t.Errorf("%d articles of 60 days, one a day", got)
	}
	if unconditional > 2 { // the first ones, while there is no document to have a tag of
		t.Errorf("%d unconditional requests", unconditional)
	}
	if asked > 3*60 || bodies > 61 {
		t.Errorf("%d requests, %d documents in 60 days", asked, bodies)
	}
	t.Logf("60 days: %d requests, %d documents, %d articles", asked, bodies, len(d.memory.articles))
}
