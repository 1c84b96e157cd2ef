package compose_test

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"broadsheet/mailer"
	"broadsheet/mailer/compose"
)

// counted counts how often the HTML template is read, which is as often as
// something is rendered with it.
type counted struct {
	fstest.MapFS
	n atomic.Int64
}

func (c *counted) ReadFile(name string) ([]byte, error) {
	if name == "digest.html" {
		c.n.Add(1)
	}
	return c.MapFS.ReadFile(name)
}

// A million subscribers with 200 selections, at every hour of three zones, cost
// 200 renderings beside the edition's own: the hour is no reason to render
// anew.
func TestAMillionSubscribersCost200Renderings(t *testing.T) {
	s := &store{articles: sample()}
	for i := range s.articles {
		s.articles[i].Text = s.articles[i].Gist
	}
	all := 0
	for i := range 200 {
		for hour := range 24 {
			for _, zone := range []string{"", "Europe/Lisbon", "America/New_York"} {
				a := mailer.Audience{Subscribers: 70, Selection: mailer.Selection{Query: fmt.Sprintf("二期 OR wish%d", i)}}
				a.Hour, a.Timezone = mailer.HourOf(hour), zone
				all += a.Subscribers
				s.audiences = append(s.audiences, a)
			}
		}
	}
	c := composer(s)
	files := &counted{MapFS: bare()}
	c.Templates = files
	e, err := c.Compose(t.Context(), weekly(), monday(), compose.Opts{})
	if err != nil {
		t.Fatal(err)
	}
	if all < 1_000_000 || len(e.Variants) != 200 || files.n.Load() > 201 {
		t.Errorf("%d subscribers: %d variants, %d renderings", all, len(e.Variants), files.n.Load())
	}
	shared := map[int]int{}
	for _, sh := range e.Shares {
		shared[sh.Variant] += sh.Subscribers
	}
	if len(shared) != 200 || shared[0] != 70*72 || shared[199] != 70*72 {
		t.Errorf("%d variants are shared, the first by %d", len(shared), shared[0])
	}
}

func TestTenThousandArticles(t *testing.T) {
	const n = 10_000
	s := &store{audiences: []mailer.Audience{{Subscribers: 1}, {Selection: mailer.Selection{Query: "7777"}, Subscribers: 1}}}
	for i := range n {
		a := article([]string{"port", "bank", "gazette"}[i%3], fmt.Sprintf("k%05d", i), fmt.Sprintf("第 %d 条", i), "摘要。", time.Duration(i)*time.Minute, filing([]string{"finance", "industry"}[i%2], 2))
		a.Text = a.Title
		s.articles = append(s.articles, a)
	}
	e, err := composer(s).Compose(t.Context(), weekly(), monday(), compose.Opts{})
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, sec := range e.Sections {
		if len(sec.Items) != 10 {
			t.Errorf("%s has %d items", sec.Theme, len(sec.Items))
		}
		total += len(sec.Items) + sec.More
	}
	if total != n {
		t.Errorf("told or counted %d of %d", total, n)
	}
	if v := e.Variants[0]; len(v.Sections) != 1 || v.Sections[0].Items[0].Key != "k07777" {
		t.Errorf("who asked for one gets %v", v.Sections)
	}
}

// An edition without news may still have some for those who waited.
func TestAnEditionForThoseWhoWaited(t *testing.T) {
	p := newPress(t, "0 7,8 * * *", local("2026-11-02 00:00"))
	p.d.To = []string{"fixed@example.org"}
	each := p.person(mailer.Rhythm{}, mailer.Selection{})
	english := p.person(mailer.Rhythm{}, mailer.Selection{Language: "en"})
	eight := p.person(mailer.Rhythm{Hour: mailer.HourOf(8)}, mailer.Selection{})
	p.see("finance", "loan")
	p.until(t, local("2026-11-02 12:00")) // 7:00 for all, 8:00 skipped
	key := p.see("finance", "loan")
	p.until(t, local("2026-11-03 12:00"))
	if p.editions[1].Skipped == "" || len(p.editions) != 4 {
		t.Fatalf("%d editions, the second skipped %q", len(p.editions), p.editions[1].Skipped)
	}
	last := p.editions[3]
	if last.Skipped != "" || last.Number != 3 || last.Subject == "" || last.HTML == "" {
		t.Errorf("skipped %q, number %d, subject %q", last.Skipped, last.Number, last.Subject)
	}
	if diff := cmp.Diff(map[string][]string{"finance": {key}}, told(&last)); diff != "" {
		t.Errorf("its page tells (-want +got):\n%s", diff)
	}
	const nothing = "no new articles since 2026-11-03 07:00 CST"
	if d := p.saved[len(p.saved)-1]; d.To != "fixed@example.org" || d.State != mailer.Suppressed || d.Error != nothing {
		t.Errorf("the fixed recipient's delivery: %+v", d)
	}
	for _, sh := range last.Shares {
		if v := sh.Variant; sh.Hour == 0 && (v < 0 || last.Variants[v].Empty != nothing) {
			t.Errorf("who gets every edition gets variant %d", v)
		}
	}
	if len(each.got) != 2 || len(english.got) != 2 {
		t.Errorf("who gets every edition got %d and %d mails, want 2", len(each.got), len(english.got))
	}
	if got := mails(eight, shanghai); !cmp.Equal(got, []string{"02 08:00 1", "03 08:00 1"}) {
		t.Errorf("who wants mail at eight got %v", got)
	}
}

func TestNoMailBeforeADay(t *testing.T) {
	p := newPress(t, "0 8 * * *", local("2026-11-02 00:00"))
	each, kept := p.person(mailer.Rhythm{}, mailer.Selection{}), p.person(mailer.Rhythm{Frequency: mailer.Daily, Hour: mailer.HourOf(9)}, mailer.Selection{})
	each.paused, kept.paused = "2026-11-04", "2026-11-04"
	for day := 2; day < 6; day++ {
		p.see("finance", "loan")
		p.until(t, local(fmt.Sprintf("2026-11-%02d 12:00", day)))
	}
	if w := p.editions[0].Shares[0].Wait; w != "paused until 2026-11-04" {
		t.Errorf("waits because %q", w)
	}
	if got := mails(each, shanghai); !cmp.Equal(got, []string{"04 08:00 1", "05 08:00 1"}) {
		t.Errorf("got %v", got)
	}
	if got := mails(kept, shanghai); !cmp.Equal(got, []string{"04 09:00 1", "05 09:00 1"}) {
		t.Errorf("got %v", got)
	}
}

// An hour that the clocks skip strikes right after the gap; one that comes twice
// strikes once.
func TestAnHourThatIsSkippedOrComesTwice(t *testing.T) {
	for _, tt := range []struct {
		name, begin string
		want        []string
	}{
		{"skipped", "2026-03-28 00:00", []string{"2026-03-27 02:00 +0100", "2026-03-28 02:00 +0100", "2026-03-29 03:00 +0200", "2026-03-30 02:00 +0200"}},
		{"twice", "2026-10-24 00:00", []string{"2026-10-23 02:00 +0200", "2026-10-24 02:00 +0200", "2026-10-25 02:00 +0200", "2026-10-26 02:00 +0100"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newPress(t, "0 6,18 * * *", local(tt.begin).AddDate(0, 0, -1))
			x := p.person(mailer.Rhythm{Hour: mailer.HourOf(2), Timezone: "Europe/Berlin"}, mailer.Selection{})
			for i := range 10 {
				p.see("finance", "loan")
				p.until(t, local(tt.begin).Add(time.Duration(i*12)*time.Hour))
			}
			var got []string
			for _, l := range x.got {
				got = append(got, l.at.In(x.In(nil)).Format("2006-01-02 15:04 -0700"))
			}
			if diff := cmp.Diff(tt.want, got[:min(len(got), 4)]); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhenMailIsExpected(t *testing.T) {
	p := newPress(t, "0 8 * * MON", local("2026-11-02 00:00"))
	for _, tt := range []struct {
		name, paused, want string
		rhythm             mailer.Rhythm
		last               mailer.Mark
	}{
		{"each", "", "2026-11-02 08:00", mailer.Rhythm{}, mailer.Mark{}},
		{"at an hour", "", "2026-11-02 20:00", mailer.Rhythm{Hour: mailer.HourOf(20)}, mailer.Mark{}},
		{"monthly, and November's is there", "", "2026-12-07 08:00", mailer.Rhythm{Frequency: mailer.Monthly}, mailer.Mark{Edition: 1, Made: local("2026-11-01 08:00")}},
		{"paused", "2026-11-10", "2026-11-16 08:00", mailer.Rhythm{}, mailer.Mark{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := p.c.Expected(p.d, tt.rhythm, tt.paused, tt.last, p.due); !got.Equal(local(tt.want)) {
				t.Errorf("%s, want %s", got.In(shanghai), tt.want)
			}
		})
	}
	if got := p.c.Expected(p.d, mailer.Rhythm{}, "2999-01-01", mailer.Mark{}, p.due); !got.IsZero() {
		t.Errorf("who is paused for good expects mail at %s", got)
	}
}

// A template with a fault costs no article: nothing is stored, and once it is
// mended the edition is made however late it is.
func TestATemplateWithAFault(t *testing.T) {
	for name, files := range map[string]fstest.MapFS{
		"it cannot be read":     {"digest.html": {Data: []byte("<p>{{.Subject")}, "digest.txt": {Data: []byte("x")}},
		"it asks for too much":  {"digest.html": {Data: []byte("<p>{{.Nonsense}}")}, "digest.txt": {Data: []byte("x")}},
		"it is not there":       {"digest.html": {Data: []byte("<p>")}},
		"the text has the flaw": {"digest.html": {Data: []byte("<p>")}, "digest.txt": {Data: []byte("{{template \"gone\"}}")}},
	} {
		t.Run(name, func(t *testing.T) {
			s := &store{articles: sample(), audiences: []mailer.Audience{{Subscribers: 3}}}
			c := composer(s)
			c.Templates = files
			d := weekly()
			d.Within = time.Hour
			_, err := c.Compose(t.Context(), d, monday(), compose.Opts{})
			var fault *compose.RenderError
			if !errors.As(err, &fault) || !strings.Contains(fault.Error(), "mail/digest.") || len(s.editions) != 0 {
				t.Fatalf("error %v, %d editions stored", err, len(s.editions))
			}
			c.Templates = bare()
			c.Now = func() time.Time { return monday().Add(48 * time.Hour) }
			e, err := c.Compose(t.Context(), d, monday(), compose.Opts{Held: true})
			if err != nil || e.Skipped != "" || len(e.Items()) != 7 {
				t.Errorf("mended, it is skipped %q with %d items, %v", e.Skipped, len(e.Items()), err)
			}
		})
	}
}

func TestAVariantsTemplateFault(t *testing.T) {
	files := bare()
	files["digest.html"] = &fstest.MapFile{Data: []byte(`{{if eq .Language "en"}}{{.Nonsense}}{{end}}`)}
	s := &store{articles: sample(), audiences: []mailer.Audience{{Selection: mailer.Selection{Language: "en"}, Subscribers: 3}}}
	c := composer(s)
	c.Templates = files
	_, err := c.Compose(t.Context(), weekly(), monday(), compose.Opts{})
	if !errors.As(err, new(*compose.RenderError)) || len(s.editions) != 0 {
		t.Errorf("error %v, %d editions", err, len(s.editions))
	}
}

func TestAPlanStoresNothing(t *testing.T) {
	s := &store{articles: sample(), audiences: []mailer.Audience{
		{Subscribers: 9},
		{Selection: mailer.Selection{Themes: []string{"industry"}}, Rhythm: mailer.Rhythm{Hour: mailer.HourOf(20)}, Subscribers: 4},
	}}
	c := composer(s)
	due := monday().Add(7 * 24 * time.Hour)
	e, err := c.Compose(t.Context(), weekly(), due, compose.Opts{DryRun: true, Plan: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(s.editions) != 0 || len(e.Shares) != 2 || len(e.Variants) != 1 || !e.Shares[1].SendAt.Equal(due.Add(12*time.Hour)) || !e.Until.Equal(due) {
		t.Errorf("%d stored, %d variants, shares %+v", len(s.editions), len(e.Variants), e.Shares)
	}
}
