package app_test

import (
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"broadsheet/internal/app"
	"broadsheet/mailer"
	"broadsheet/syndicate"
)

const accountPaper = `
site: { title: 江城测试报, url: http://localhost:8080, language: zh-Hans, timezone: Asia/Shanghai, contact: editor@paper.test }
listen: 127.0.0.1:0
database: "sqlite:%[1]s/paper.db"
themes:
  finance: { title: 金融, terms: [贷款] }
sources:
  - { name: wire, url: "file:wire.rss" }
digests:
  - { name: weekly, schedule: "0 8 * * MON", to: [a@paper.test, b@paper.test, c@paper.test] }
mail: { from: digest@paper.test, transport: smtp, smtp: { host: %[2]s, port: %[3]s, tls: none } }
`

// An edition whose delivery is held up can be cancelled and sent after all, and
// nobody gets it twice.
func TestCancelAndResend(t *testing.T) {
	relay := newRelay(t)
	host, port := hostPort(t, relay.address)
	cfg, file := settings(t, accountPaper, t.TempDir(), host, port)
	write(t, filepath.Join(filepath.Dir(file), "wire.rss"), rss(loanItem))
	a, err := app.New(t.Context(), cfg, app.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if _, err := a.Collect(t.Context(), nil, false, func(app.PollReport) {}); err != nil {
		t.Fatal(err)
	}
	relay.Refuse(&smtp.SMTPError{Code: 450, EnhancedCode: smtp.EnhancedCode{4, 2, 0}, Message: "greylisted, try again in 20 minutes"})
	sent, err := a.Send(t.Context(), "weekly", "")
	if err != nil || sent.Counts[mailer.Deferred] != 3 {
		t.Fatalf("%v, %v", sent.Counts, err)
	}
	if wait := time.Until(sent.Deliveries[0].NextAt); wait < 19*time.Minute || wait > 20*time.Minute {
		t.Errorf("the next try is in %v", wait)
	}
	// Whichever the relay answered last is tried last.
	last := slices.MaxFunc(sent.Deliveries, func(a, b mailer.Delivery) int { return a.NextAt.Compare(b.NextAt) }).NextAt
	s, err := a.Status(t.Context())
	if err != nil || len(s.UnderWay) != 1 || s.UnderWay[0].Digest != "weekly" || s.UnderWay[0].Edition != 1 || s.UnderWay[0].Waiting != 3 ||
		!s.UnderWay[0].Until.Equal(last) {
		t.Errorf("under way: %+v, not until %v, %v", s.UnderWay, last, err)
	}

	c, err := a.CancelEdition(t.Context(), "weekly", 1)
	if err != nil || c.Withdrawn != 3 || c.Counts[mailer.Suppressed] != 3 {
		t.Errorf("cancelled: %+v, %v", c, err)
	}
	if s, err := a.Status(t.Context()); err != nil || len(s.UnderWay) != 0 {
		t.Errorf("under way: %+v, %v", s.UnderWay, err)
	}

	relay.Refuse(nil)
	after, missing, err := a.ResendEdition(t.Context(), "weekly", 1)
	if err != nil || missing != 3 || after.Counts[mailer.Accepted] != 3 {
		t.Errorf("sent after all: %d, %v, %v", missing, after.Counts, err)
	}
	got := map[string]int{}
	for range 3 {
		got[relay.Next(t).to]++
	}
	if len(got) != 3 {
		t.Errorf("mail came to %v", got)
	}
	if _, missing, err := a.ResendEdition(t.Context(), "weekly", 1); err != nil || missing != 0 {
		t.Errorf("once more: %d, %v", missing, err)
	}
	select {
	case m := <-relay.got:
		t.Errorf("%s got it twice", m.to)
	default:
	}
	for _, number := range []int{0, 2} {
		if _, err := a.CancelEdition(t.Context(), "weekly", number); !errors.Is(err, syndicate.ErrNotFound) {
			t.Errorf("edition %d: %v", number, err)
		}
	}
}
