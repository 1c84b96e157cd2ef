package compose_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"broadsheet/internal/jobs"
	"broadsheet/mailer"
	"broadsheet/mailer/compose"
	"broadsheet/syndicate"
)

// bare are templates that say as little as they can.
func bare() fstest.MapFS {
	return fstest.MapFS{
		"digest.html": {Data: []byte("<p>{{.Subject}}</p>")},
		"digest.txt":  {Data: []byte("{{.Subject}}")},
	}
}

// A press makes the editions of a digest at their times.
type press struct {
	*store
	c      *compose.Composer
	d      mailer.Digest
	now    time.Time // of the clock
	due    time.Time // when the next edition is
	serial int
}

func newPress(t interface{ Fatal(args ...any) }, schedule string, begin time.Time) *press {
	s, err := jobs.ParseSchedule(schedule, shanghai)
	if err != nil {
		t.Fatal(err)
	}
	d := weekly()
	d.Schedule, d.To, d.MaxPerTheme = schedule, nil, 1000
	p := &press{store: &store{}, d: d, now: begin, due: s.Next(begin.Add(-time.Second))}
	p.c = composer(p.store)
	p.c.Templates = bare()
	p.c.Next = func(_ mailer.Digest, after time.Time) time.Time { return s.Next(after) }
	p.c.Now = func() time.Time { return p.now }
	return p
}

// see takes in an article, as of now.
func (p *press) see(theme, text string) string {
	p.serial++
	a := article([]string{"port", "bank", "gazette"}[p.serial%3], fmt.Sprintf("n%d", p.serial), text, text, 0, filing(theme, 2))
	a.FirstSeen, a.Published = p.now, p.now
	p.articles = append(p.articles, a)
	return a.Key
}

// until makes all editions that are due up to an instant, each five seconds
// after its time.
func (p *press) until(t testing.TB, end time.Time) {
	t.Helper()
	if err := p.run(t.Context(), end); err != nil {
		t.Fatal(err)
	}
}

func (p *press) run(ctx context.Context, end time.Time) error {
	for !p.due.After(end) {
		p.now = p.due.Add(5 * time.Second)
		if _, err := p.c.Compose(ctx, p.d, p.due, compose.Opts{}); err != nil {
			return err
		}
		p.due = p.next
	}
	p.now = end
	return nil
}

func (p *press) person(r mailer.Rhythm, sel mailer.Selection) *person {
	x := &person{Selection: sel, Rhythm: r}
	p.people = append(p.people, x)
	return x
}

// local is a time on the wall in Shanghai, where the digest is at home.
func local(s string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04", s, shanghai)
	if err != nil {
		panic(err)
	}
	return t
}

// mails lists when a person's mail went out, and how many articles each has.
func mails(x *person, loc *time.Location) []string {
	var out []string
	for _, l := range x.got {
		out = append(out, fmt.Sprintf("%s %d", l.at.In(loc).Format("02 15:04"), len(l.keys)))
	}
	return out
}

func TestRhythms(t *testing.T) {
	lisbon, err := time.LoadLocation("Europe/Lisbon")
	if err != nil {
		t.Fatal(err)
	}
	at := func(f mailer.Frequency, hour int, zone string) mailer.Rhythm {
		r := mailer.Rhythm{Frequency: f, Timezone: zone}
		if hour >= 0 {
			r.Hour = mailer.HourOf(hour)
		}
		return r
	}
	// One article comes at half past every sixth hour, from Monday 2 November on.
	for _, tt := range []struct {
		name, schedule string
		rhythm         mailer.Rhythm
		loc            *time.Location
		want           []string // the first mails
	}{
		{"each", "0 */12 * * *", at(mailer.Each, -1, ""), shanghai, []string{"02 12:00 1", "03 00:00 2", "03 12:00 2"}},
		{"each at an hour is once a day", "0 */12 * * *", at(mailer.Each, 9, ""), shanghai, []string{"03 09:00 1", "04 09:00 6", "05 09:00 4"}},
		{"the hour at which it is made", "0 8 * * *", at(mailer.Each, 8, ""), shanghai, []string{"02 08:00 1", "03 08:00 4", "04 08:00 4"}},
		{"an hour in another zone", "0 8 * * *", at(mailer.Each, 8, "Europe/Lisbon"), lisbon, []string{"02 08:00 1", "03 08:00 4", "04 08:00 4"}},
		{"daily of every hour", "0 * * * *", at(mailer.Daily, -1, ""), shanghai, []string{"02 07:00 1", "03 00:00 2", "04 00:00 4"}},
		{"daily at an hour of every hour", "0 * * * *", at(mailer.Daily, 7, ""), shanghai, []string{"02 07:00 1", "03 07:00 4", "04 07:00 4"}},
		{"every five minutes, once in the hour", "*/5 * * * *", at(mailer.Daily, 7, ""), shanghai, []string{"02 07:00 1", "03 07:00 4", "04 07:00 4"}},
		{"weekly", "0 8 * * *", at(mailer.Weekly, -1, ""), shanghai, []string{"02 08:00 1", "09 08:00 28", "16 08:00 28"}},
		{"weekly of a weekly one", "0 8 * * WED", at(mailer.Weekly, 20, ""), shanghai, []string{"04 20:00 9", "11 20:00 28", "18 20:00 28"}},
		{"weekly of one on weekdays", "0 8 * * 2-5", at(mailer.Weekly, -1, ""), shanghai, []string{"03 08:00 5", "10 08:00 28", "17 08:00 28"}},
		{"monthly", "0 8 * * *", at(mailer.Monthly, 6, ""), shanghai, []string{"03 06:00 1", "01 06:00 112"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newPress(t, tt.schedule, local("2026-11-02 00:00"))
			x := p.person(tt.rhythm, mailer.Selection{})
			articles := 4 * 32
			if strings.HasPrefix(tt.schedule, "*/5") {
				articles = 4 * 3
			}
			for i := range articles {
				p.until(t, local("2026-11-02 06:30").Add(time.Duration(i)*6*time.Hour))
				p.see("finance", "loan")
			}
			got := mails(x, tt.loc)
			if diff := cmp.Diff(tt.want, got[:min(len(got), len(tt.want))]); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Whatever the schedule and whatever readers want, each gets all that matches
// once and in time, and no more mails than wanted.
func TestNothingIsLostOrRepeated(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := newPress(t, rapid.SampledFrom([]string{"0 */6 * * *", "0 8 * * *", "0 8,20 * * *", "30 7 * * 1-5", "0 8 * * MON"}).Draw(t, "schedule"), local("2026-10-20 00:00"))
		p.d.MaxPerTheme = rapid.SampledFrom([]int{2, 1000}).Draw(t, "room")
		for range rapid.IntRange(1, 5).Draw(t, "people") {
			p.person(drawRhythm(t), rapid.SampledFrom([]mailer.Selection{{}, {Query: "loan"}, {Themes: []string{"industry"}}, {Language: "en"}}).Draw(t, "selection"))
		}
		for range rapid.IntRange(10, 30).Draw(t, "articles") {
			if err := p.run(context.Background(), p.now.Add(time.Duration(rapid.IntRange(0, 20*60).Draw(t, "minutes"))*time.Minute)); err != nil {
				t.Fatal(err)
			}
			if x := p.people[0]; rapid.IntRange(0, 9).Draw(t, "change of mind") == 0 {
				r := drawRhythm(t)
				t.Logf("%s: from %v after %d to %v", p.now, x.Rhythm, x.last.Edition, r)
				p.change(x, r)
			}
			p.see(rapid.SampledFrom([]string{"finance", "industry"}).Draw(t, "theme"), rapid.SampledFrom([]string{"loan", "bond"}).Draw(t, "text"))
		}
		if err := p.run(context.Background(), p.now.AddDate(0, 0, 36)); err != nil {
			t.Fatal(err)
		}
		for _, x := range p.people {
			checkPerson(t, p, x)
		}
	})
}

func drawRhythm(t *rapid.T) mailer.Rhythm {
	r := mailer.Rhythm{
		Frequency: rapid.SampledFrom([]mailer.Frequency{mailer.Each, mailer.Daily, mailer.Weekly, mailer.Monthly}).Draw(t, "frequency"),
		Timezone:  rapid.SampledFrom([]string{"", "Europe/Berlin", "America/New_York"}).Draw(t, "zone"),
	}
	if h := rapid.IntRange(-8, 23).Draw(t, "hour"); h >= 0 {
		r.Hour = mailer.HourOf(h)
	}
	return r
}

// change gives a person another rhythm, as the store does: who got every
// edition had the latest.
func (p *press) change(x *person, r mailer.Rhythm) {
	if sent, err := p.LastSent(context.Background(), p.d.Name); err == nil && r.Kept() && !x.Kept() && x.last.Edition == 0 {
		x.last = sent.Mark()
	}
	x.Rhythm = r
	x.changed = len(x.got)
}

func checkPerson(t *rapid.T, p *press, x *person) {
	t.Helper()
	loc := x.In(shanghai)
	times := map[string]int{}
	var before string
	for i, l := range x.got {
		for _, k := range l.keys {
			times[k]++
		}
		if i < x.changed {
			continue // there was another rhythm then
		}
		day := l.at.In(loc).Format(time.DateOnly)
		if hour, ok := x.Hour.Clock(); ok && l.at.In(loc).Hour() != hour && !(l.at.In(loc).Hour() == hour+1 && l.at.In(loc).Minute() == 0) {
			t.Errorf("%v: mail at %s", x.Rhythm, l.at.In(loc))
		}
		year, week := l.at.In(loc).ISOWeek()
		period := map[mailer.Frequency]string{mailer.Daily: day, mailer.Weekly: fmt.Sprint(year, week), mailer.Monthly: day[:7]}[x.Frequency]
		if x.Frequency == mailer.Each && x.Hour != 0 {
			period = day
		}
		if period != "" && period == before {
			t.Errorf("%v: two mails in %s", x.Rhythm, period)
		}
		before = period
	}
	q, err := syndicate.ParseQuery(x.Query, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range p.articles {
		a := &p.articles[i]
		wants := q.Match(a, p.now) && (len(x.Themes) == 0 || slices.Contains(x.Themes, a.Filings[0].Theme))
		switch n := times[a.Key]; {
		case n > 1 || n > 0 && !wants:
			t.Errorf("%v %v: %s came %d times", x.Rhythm, x.Selection, a.Key, n)
		case n == 0 && wants && p.d.MaxPerTheme == 1000:
			t.Errorf("%v %v: %s of %s is lost", x.Rhythm, x.Selection, a.Key, a.FirstSeen)
		}
	}
}
