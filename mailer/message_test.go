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
