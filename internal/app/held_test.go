package app_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"broadsheet/internal/app"
	"broadsheet/mailer"
	"broadsheet/templates"
)

const heldPaper = `
site: { title: Paper, language: en, url: "http://paper.test", timezone: UTC, contact: desk@paper.test }
database: "sqlite:%s"
themes: { finance: { title: Finance, terms: [loan] } }
sources:
  - { name: wire, url: "%s/wire.rss" }
digests:
  - { name: daily, title: Daily, schedule: "0 8 * * *", to: [ops@paper.test], if_missed: { within: 1h } }
mail: { from: Paper <digest@paper.test>, directory: "%s" }
`

// opened is a paper that is open and does not run, at six in the morning, with
// one article.
func opened(t *testing.T) (*app.App, *clock) {
	t.Helper()
	o := newOrigin(t)
	o.Serve("/wire.rss", `<rss version="2.0"><channel><title>Wire</title><link>http://wire.test</link>
		<item><guid>1</guid><title>A loan for the ferry</title><description>The bank lent 240 million yuan.</description></item></channel></rss>`)
	dir := t.TempDir()
	cfg, _ := settings(t, heldPaper+"polling: { allow_private: [127.0.0.0/8] }\n", dir+"/p.db", o.URL, dir+"/outbox")
	c := &clock{now: time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)}
	a, err := app.New(t.Context(), cfg, app.Options{Now: c.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := a.Collect(t.Context(), nil, false, func(app.PollReport) {}); err != nil {
		t.Fatal(err)
	}
	return a, c
}

func daily(t *testing.T, a *app.App) (app.Status, app.DigestStatus) {
	t.Helper()
	s, err := a.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s, s.Digests[0]
}

func TestAnEditionIsHeldUntilItsTemplateIsMended(t *testing.T) {
	t.Parallel()
	a, c := opened(t)
	broken := fstest.MapFS{"digest.html": {Data: []byte("<p>\n{{.Nonsense}}")}, "digest.txt": {Data: []byte("x")}}
	a.UseTemplates(broken)
	compose := func(at time.Time) {
		t.Helper()
		c.Set(at)
		if err := a.ComposeDue(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	due := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	compose(due.Add(time.Second))
	s, d := daily(t, a)
	if s.Editions != 0 || !d.NextAt.Equal(due) || !d.HeldAt.Equal(due.Add(time.Second)) || !strings.Contains(d.Held, "template mail/digest.html") || !strings.Contains(d.Held, ":2:") {
		t.Fatalf("%d editions, digest %+v", s.Editions, d)
	}
	if !slices.ContainsFunc(s.Attention, func(l string) bool {
		return strings.HasPrefix(l, "the edition of daily due 2026-11-23T08:00:00Z is held: template mail/digest.html")
	}) {
		t.Errorf("attention %q", s.Attention)
	}
	notices, err := a.Notices(t.Context())
	if err != nil || len(notices) != 1 || notices[0].Kind != "edition held" || notices[0].URL != "http://paper.test/digests/daily" {
		t.Errorf("notices %+v, %v", notices, err)
	}

	// It is tried again, later than the digest allows editions that were missed.
	compose(due.Add(2 * time.Hour))
	if _, d := daily(t, a); d.Held == "" || !d.HeldAt.Equal(due.Add(time.Second)) {
		t.Errorf("tried again: %+v", d)
	}
	compose(due.Add(2*time.Hour + 4*time.Minute)) // too soon
	a.UseTemplates(templates.Mail())
	compose(due.Add(2*time.Hour + 5*time.Minute))
	s, d = daily(t, a)
	if s.Editions != 1 || d.Held != "" || !d.LastAt.Equal(due) || s.Deliveries[mailer.Planned] != 1 || len(s.Attention) != 0 {
		t.Errorf("mended: %+v", s)
	}
	e, err := a.ExplainEdition(t.Context(), "ops@paper.test", "daily", 1)
	if err != nil || len(e.Sections) != 1 || len(e.Sections[0].Items) != 1 {
		t.Errorf("the edition: %+v, %v", e, err)
	}
}

// Who waits for an hour is told so, and who gets an edition later is not
// missing.
func TestReadersAtTheirHour(t *testing.T) {
	t.Parallel()
	a, c := opened(t)
	for _, s := range []mailer.Subscriber{
		{Email: "each@reader.test"},
		{Email: "nine@reader.test", Rhythm: mailer.Rhythm{Hour: mailer.HourOf(9), Timezone: "Europe/Lisbon"}},
		{Email: "monthly@reader.test", Rhythm: mailer.Rhythm{Frequency: mailer.Monthly}},
		{Email: "lost@reader.test", Selection: mailer.Selection{Query: "submarine"}},
	} {
		if _, err := a.Subscribe(t.Context(), s, false); err != nil {
			t.Fatal(err)
		}
	}
	plan, err := a.Plan(t.Context(), "daily")
	if err != nil {
		t.Fatal(err)
	}
	if plan.Recipients != 4 || len(plan.Variants) != 1 || len(plan.Later) != 1 || !plan.Later[0].At.Equal(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)) ||
		len(plan.Nothing) != 1 || plan.Nothing[0] != (mailer.PlanNothing{Why: "nothing new among what they chose", Subscribers: 1}) || plan.Bytes == 0 {
		t.Errorf("plan %+v", plan)
	}
	sent, err := a.Send(t.Context(), "daily", "")
	if err != nil {
		t.Fatal(err)
	}
	if sent.Later() != 1 || sent.Missing() != 0 || sent.Counts[mailer.Accepted] != 3 || sent.Counts[mailer.Planned] != 1 || sent.Counts[mailer.Suppressed] != 1 {
		t.Errorf("%d later, %d missing, %v", sent.Later(), sent.Missing(), sent.Counts)
	}
	e, err := a.ExplainEdition(t.Context(), "nine@reader.test", "daily", 1)
	if err != nil || e.State != mailer.Planned || !e.SendAt.Equal(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)) {
		t.Errorf("%+v, %v", e, err)
	}
	c.Set(time.Date(2026, 11, 24, 7, 0, 0, 0, time.UTC))
	plan, err = a.Plan(t.Context(), "daily")
	if err != nil || plan.Recipients != 0 || plan.Skipped == "" {
		t.Errorf("nothing is new: %+v, %v", plan, err)
	}
	s, err := a.ExplainSubscriber(t.Context(), "MONTHLY@reader.test")
	if err != nil || s.Wants != "once a month" || !s.Next[0].At.Equal(time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC)) {
		t.Errorf("next %+v, %v", s.Next, err)
	}
}
