package mailer_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"broadsheet/mailer"
)

func TestMessageID(t *testing.T) {
	at := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	id := mailer.MessageID("weekly", at, "a@example.org", "News <digest@News.example.com>")
	if !strings.HasSuffix(id, "@news.example.com") || len(id) > 60 {
		t.Errorf("id %q", id)
	}
	for name, same := range map[string]string{
		"again":                 mailer.MessageID("weekly", at, "a@example.org", "digest@news.example.com"),
		"capitals":              mailer.MessageID("weekly", at, "A@Example.org", "digest@news.example.com"),
		"another zone's moment": mailer.MessageID("weekly", at.In(time.FixedZone("CST", 8*3600)), "a@example.org", "x@news.example.com"),
	} {
		if same != id {
			t.Errorf("%s: %q, want %q", name, same, id)
		}
	}
	for name, other := range map[string]string{
		"another recipient": mailer.MessageID("weekly", at, "b@example.org", "digest@news.example.com"),
		"another digest":    mailer.MessageID("daily", at, "a@example.org", "digest@news.example.com"),
		"another edition":   mailer.MessageID("weekly", at.Add(time.Second), "a@example.org", "digest@news.example.com"),
	} {
		if other == id {
			t.Errorf("%s has the same id", name)
		}
	}
}

func TestDomain(t *testing.T) {
	for address, want := range map[string]string{
		"a@b.example": "b.example", "News <a@B.example>": "b.example", `"a@b" <c@d.example>`: "d.example",
		"": "localhost", "a@": "localhost", "nobody": "localhost", "broken <a@b.example": "b.example",
	} {
		if got := mailer.Domain(address); got != want {
			t.Errorf("Domain(%q) = %q, want %q", address, got, want)
		}
	}
}

func TestListFields(t *testing.T) {
	secret := []byte("a secret of the site")
	all := mailer.Sender{
		From: "News <digest@news.example.com>", Contact: "editor@example.com", SiteURL: "https://news.example.com/",
		Domain: "bounce.news.example.com", Secret: secret,
	}
	d := mailer.Delivery{ID: 7, To: "a@example.org", Recipient: 42, MessageID: "a@news.example.com"}
	token := mailer.Token(secret, 42)
	both := "<https://news.example.com/unsubscribe/" + token + "?digest=weekly>, <mailto:unsubscribe@bounce.news.example.com?subject=unsubscribe%20weekly%20" + token + ">"
	for _, tt := range []struct {
		name     string
		change   func(*mailer.Sender, *mailer.Edition, *mailer.Delivery)
		want     map[string]string // "" for a field that must be missing
		envelope string
	}{
		{"all of them", func(*mailer.Sender, *mailer.Edition, *mailer.Delivery) {}, map[string]string{
			"List-Unsubscribe":      both,
			"List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
			"List-Help":             "<mailto:editor@example.com>",
			"List-Owner":            "<mailto:editor@example.com>",
			"List-Archive":          "<https://news.example.com/digests/weekly>",
			"List-Post":             "NO",
		}, mailer.VERP(secret, 7) + "@bounce.news.example.com"},
		{"no mail comes back", func(s *mailer.Sender, _ *mailer.Edition, _ *mailer.Delivery) { s.Domain = "" }, map[string]string{
			"List-Unsubscribe":      "<https://news.example.com/unsubscribe/" + token + "?digest=weekly>, <mailto:editor@example.com?subject=unsubscribe%20weekly>",
			"List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
		}, ""},
		{"one click needs https", func(s *mailer.Sender, _ *mailer.Edition, _ *mailer.Delivery) { s.SiteURL = "http://127.0.0.1:8080" }, map[string]string{
			"List-Unsubscribe-Post": "", "List-Archive": "<http://127.0.0.1:8080/digests/weekly>",
		}, mailer.VERP(secret, 7) + "@bounce.news.example.com"},
		{"no token, no click", func(_ *mailer.Sender, _ *mailer.Edition, d *mailer.Delivery) { d.Recipient = 0 }, map[string]string{
			"List-Unsubscribe": "<mailto:editor@example.com?subject=unsubscribe%20weekly>", "List-Unsubscribe-Post": "",
		}, mailer.VERP(secret, 7) + "@bounce.news.example.com"},
		{"a test outside the account", func(_ *mailer.Sender, _ *mailer.Edition, d *mailer.Delivery) { d.ID = 0 }, map[string]string{
			"List-Unsubscribe": both,
		}, ""},
		{"for the operator alone", func(_ *mailer.Sender, e *mailer.Edition, _ *mailer.Delivery) { e.Private = true }, map[string]string{
			"List-Archive": "",
		}, mailer.VERP(secret, 7) + "@bounce.news.example.com"},
		{"nobody to write to, no site", func(s *mailer.Sender, _ *mailer.Edition, _ *mailer.Delivery) { *s = mailer.Sender{From: s.From} }, map[string]string{
			"List-Unsubscribe": "", "List-Unsubscribe-Post": "", "List-Help": "", "List-Owner": "", "List-Archive": "", "List-Post": "NO",
		}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, e, d := all, mailer.Edition{ID: 3, Number: 12, Digest: "weekly", Title: "Weekly"}, d
			tt.change(&s, &e, &d)
			m := s.Message(&e, e.Body(0), d)
			got := map[string]string{}
			for _, h := range m.Headers {
				if _, ok := got[h.Name]; ok {
					t.Errorf("%s stands twice", h.Name)
				}
				got[h.Name] = h.Value
			}
			for name, want := range tt.want {
				if got[name] != want {
					t.Errorf("%s: %q, want %q", name, got[name], want)
				}
			}
			if m.Envelope != tt.envelope || m.ListID != "weekly.news.example.com" {
				t.Errorf("envelope %q, want %q; list %q", m.Envelope, tt.envelope, m.ListID)
			}
			// Gmail wants four parts, the last one of 5 to 15 characters and
			// always the same.
			parts := strings.Split(got["Feedback-ID"], ":")
			if len(parts) != 4 || parts[0] != "12" || parts[1] != "weekly" || len(parts[3]) < 5 || len(parts[3]) > 15 {
				t.Errorf("Feedback-ID: %q", got["Feedback-ID"])
			}
		})
	}
}

func TestSendErrorIsOneLine(t *testing.T) {
	cause := errors.New("mailbox\r\n full")
	for _, tt := range []struct {
		err  *mailer.SendError
		want string
	}{
		{&mailer.SendError{Code: 452, Err: cause}, "452 mailbox full"},
		{&mailer.SendError{Err: cause}, "mailbox full"},
		{&mailer.SendError{Code: 452, Err: errors.New("452 4.2.2 full")}, "452 4.2.2 full"},
	} {
		if got := tt.err.Error(); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
	if !errors.Is(&mailer.SendError{Err: cause}, cause) {
		t.Error("the cause is lost")
	}
}
