package collect_test

import (
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"broadsheet/syndicate"
	"broadsheet/syndicate/collect"
)

func TestWhatADocumentAsksFor(t *testing.T) {
	t.Parallel()
	const ns = ` xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"`
	sy := func(period, frequency string) (s string) {
		if period != "" {
			s += "<sy:updatePeriod" + ns + ">" + period + "</sy:updatePeriod>"
		}
		if frequency != "" {
			s += "<sy:updateFrequency" + ns + ">" + frequency + "</sy:updateFrequency>"
		}
		return s
	}
	hours := func(from, to int) (s string) {
		for h := from; h <= to; h++ {
			s += fmt.Sprintf("<hour>%d</hour>", h)
		}
		return "<skipHours>" + s + "</skipHours>"
	}
	// It is Monday, 23 November 2026, 08:00.
	tests := map[string]struct {
		channel, reason string
		wait            time.Duration
	}{
		"hourly":                         {sy("hourly", "1"), "every 1h", time.Hour},
		"hourly, and white space":        {sy("\n hourly \n", " 1 "), "every 1h", time.Hour},
		"daily":                          {sy("daily", ""), "sy:updatePeriod=daily", day},
		"four times a day":               {sy("daily", "4"), "sy:updatePeriod=daily sy:updateFrequency=4", 6 * time.Hour},
		"weekly":                         {sy("Weekly", "1"), "sy:updatePeriod=weekly, but at most 24h", day},
		"twelve times a week":            {sy("weekly", "12"), "sy:updatePeriod=weekly sy:updateFrequency=12", 14 * time.Hour},
		"a frequency alone is per day":   {sy("", "2"), "sy:updateFrequency=2", 12 * time.Hour},
		"a period nobody knows":          {sy("fortnightly", "1"), "every 1h", time.Hour},
		"a frequency that is none":       {sy("daily", "0"), "every 1h", time.Hour},
		"the longer of two wishes":       {"<ttl>180</ttl>" + sy("daily", "12"), "ttl=180", 3 * time.Hour},
		"the longer of two wishes, sy":   {"<ttl>60</ttl>" + sy("daily", "12"), "sy:updatePeriod=daily sy:updateFrequency=12", 2 * time.Hour},
		"hours that do not matter":       {hours(0, 6), "every 1h", time.Hour},
		"hours to skip":                  {hours(9, 11), "not before 2026-11-23 12:00 UTC (skipHours, skipDays)", 4 * time.Hour},
		"hours past midnight":            {hours(9, 23), "not before 2026-11-24 00:00 UTC (skipHours, skipDays)", 16 * time.Hour},
		"hours counted from one":         {hours(9, 24), "not before 2026-11-24 01:00 UTC (skipHours, skipDays)", 17 * time.Hour},
		"days to skip":                   {"<skipDays><day>Monday</day><day> tuesday </day></skipDays>", "not before 2026-11-25 00:00 UTC (skipHours, skipDays)", 40 * time.Hour},
		"days and hours":                 {"<skipDays><day>Monday</day></skipDays>" + hours(0, 7), "not before 2026-11-24 08:00 UTC (skipHours, skipDays)", day},
		"all hours are not heard":        {hours(0, 23), "every 1h", time.Hour},
		"hours that are none":            {"<skipHours><hour>noon</hour><hour>99</hour><hour>-9</hour></skipHours>", "every 1h", time.Hour},
		"a wish, and then hours to skip": {"<ttl>180</ttl>" + hours(11, 11), "not before 2026-11-23 12:00 UTC (skipHours, skipDays)", 4 * time.Hour},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.origin.play(document(rss(tt.channel, item("1", "one", d.now)), `ETag: "v"`))
			if r := d.poll(); d.wait() != tt.wait || r.Reason != tt.reason {
				t.Errorf("asked again after %s because %q, want %s because %q", d.wait(), r.Reason, tt.wait, tt.reason)
			}
			// The wishes are those of the document; "not modified" leaves them.
			d.origin.play(status(304))
			before := d.state()
			d.next()
			if after := d.state(); after.TTL != before.TTL || after.TTLReason != before.TTLReason || after.Skip != before.Skip {
				t.Errorf("after a 304 the wishes are %+v", after)
			}
		})
	}
}

func TestAnAtomFeedMaySayWhenItIsUpdated(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.origin.play(document(`<feed xmlns="http://www.w3.org/2005/Atom" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">` +
		`<title>Paper</title><sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>3</sy:updateFrequency></feed>`))
	if r := d.poll(); d.wait() != 8*time.Hour {
		t.Errorf("asked again after %s because %q", d.wait(), r.Reason)
	}
}

func TestFailuresKeepToTheHoursToo(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.origin.play(document(rss("<skipHours><hour>10</hour></skipHours>", item("1", "one", d.now)), `ETag: "v"`))
	d.poll()
	d.now = d.now.Add(2*time.Hour - 5*time.Minute)
	d.origin.play(status(500))
	if r := d.pollWith(collect.Options{Force: true}); d.state().NextAt.Hour() != 11 {
		t.Errorf("next poll %s because %q", r.Next, r.Reason)
	}
}

// TestAServerWithoutValidators is one that every poll costs a document. One of
// them a day is unconditional; the others carry the date of the copy we have.
func TestAServerWithoutValidators(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	n := 0
	d.origin.play(func(w http.ResponseWriter, r *http.Request) {
		n++
		w.Header().Set("Date", fmt.Sprint("the server's clock, tick ", n))
		_, _ = io.WriteString(w, rss("", every(10*time.Minute, 20, d.now)...))
	})
	start, full := d.now, 0
	d.poll()
	for i := 1; d.now.Sub(start) < 3*day; i++ {
		d.next()
		if v := d.origin.asked()[0].Header.Get("If-Modified-Since"); i > 1 && v == "" {
			full++
			if since := d.now.Sub(start); since%day != 0 {
				t.Errorf("unconditional after %s", since)
			}
		} else if i > 1 && v != fmt.Sprint("the server's clock, tick ", i) {
			t.Errorf("If-Modified-Since %q in request %d", v, i+1)
		}
	}
	if full != 3 {
		t.Errorf("%d unconditional requests in three days after the first", full)
	}
	d.origin.play(status(304))
	if r := d.next(); r.Outcome != syndicate.NotModified || r.Error != "" {
		t.Errorf("a server that understands the date: %+v", r)
	}
}

func TestADocumentNobodyCanReadIsHadOnceADay(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.origin.play(document("<html><title>Sign in</title></html>", "Content-Type: text/html"))
	for i := range 5 {
		r := d.poll()
		want := "1 failure, and a whole document once a day"
		if i > 0 {
			want = fmt.Sprint(i+1, " failures in a row, and a whole document once a day")
		}
		if r.Reason != want || d.wait() != day {
			t.Errorf("asked again after %s because %q, want %q", d.wait(), r.Reason, want)
		}
		d.now = d.state().NextAt
	}
}

func TestGoneAtALearntAddress(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.random = 0.5
	d.origin.play(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/feed" {
			http.Redirect(w, r, "/moved", http.StatusMovedPermanently)
			return
		}
		_, _ = io.WriteString(w, rss("", item("1", "one", d.now)))
	})
	d.poll()
	d.origin.play(status(410))
	if r := d.next(); r.MovedTo != "" || !d.state().GoneSince.IsZero() || d.wait() > 15*time.Minute {
		t.Errorf("the configured address is not asked soon: %+v", r)
	}
	d.origin.asked()
	d.next()
	if got := d.origin.asked()[0].URL.Path; got != "/feed" || d.state().GoneSince.IsZero() {
		t.Errorf("asked for %s, gone since %s", got, d.state().GoneSince)
	}
}

func TestPagesAreAskedForWithLeave(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.src.Kind, d.random = syndicate.KindPage, 0.5
	d.origin.play(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" {
			_, _ = io.WriteString(w, "User-agent: Broadsheet\nDisallow: /feed\n")
			return
		}
		_, _ = io.WriteString(w, "<html><title>Paper</title></html>")
	})
	paths := func() (s string) {
		for _, r := range d.origin.asked() {
			s += r.URL.Path
		}
		return s
	}
	r := d.poll()
	want := d.src.URL + ": the publisher's robots.txt forbids programs this page (disallow: /feed); ask the publisher, or use a feed of theirs"
	if got := paths(); r.Error != want || r.Outcome != syndicate.Failed || got != "/robots.txt" {
		t.Errorf("%+v, asked for %s", r, got)
	}
	d.src.URL = d.origin.URL + "/open"
	d.poll()
	if got := paths(); got != "/open" {
		t.Errorf("asked for %s, want the page that is allowed and no second robots.txt", got)
	}
	d.src.Kind, d.src.URL = syndicate.KindFeed, d.origin.URL+"/feed"
	d.poll()
	if got := paths(); got != "/feed" {
		t.Errorf("asked for %s, want the feed: feeds are made for programs", got)
	}
}
