package receive_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"broadsheet/mailer"
	"broadsheet/mailer/receive"
)

const domain = "bounce.example.com"

var (
	secret = []byte("a secret of the site")
	noon   = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
)

// A ledger is a store that writes down what it was asked to do.
type ledger struct {
	mu    sync.Mutex
	seen  map[string]bool
	deeds []string
	fail  error
}

func (l *ledger) add(in mailer.Incoming, format string, args ...any) (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fail != nil {
		return "", l.fail
	}
	if l.seen[in.Hash] {
		return "", mailer.ErrExists
	}
	if l.seen == nil {
		l.seen = map[string]bool{}
	}
	l.seen[in.Hash] = true
	l.deeds = append(l.deeds, fmt.Sprintf(format, args...))
	return "done", nil
}

func (l *ledger) Bounced(_ context.Context, in mailer.Incoming, delivery int64, b mailer.Bounce) (string, error) {
	return l.add(in, "bounced %d %s %s: %s", delivery, b.Kind, b.Status, b.Detail)
}

func (l *ledger) Complained(_ context.Context, in mailer.Incoming, who mailer.Party, detail string) (string, error) {
	return l.add(in, "complained %s: %s", party(who), detail)
}

func (l *ledger) Unsubscribed(_ context.Context, in mailer.Incoming, who mailer.Party, digest string, fixed bool) (string, error) {
	return l.add(in, "unsubscribed %s from %q fixed %v", party(who), digest, fixed)
}

func (l *ledger) Noted(_ context.Context, in mailer.Incoming, outcome string) error {
	_, err := l.add(in, "noted %s: %s", in.Kind, outcome)
	return err
}

// Deeds returns what was done, and forgets it.
func (l *ledger) Deeds() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := strings.Join(l.deeds, "\n")
	l.deeds = nil
	return s
}

func party(p mailer.Party) string {
	switch {
	case p.Delivery != 0:
		return fmt.Sprintf("delivery %d", p.Delivery)
	case p.Recipient != 0:
		return fmt.Sprintf("subscriber %d", p.Recipient)
	}
	return p.Address
}

// A shelf keeps newsletters.
type shelf struct {
	mu  sync.Mutex
	got map[string]string // by source and name
}

func (s *shelf) Takes(source string) bool { return source == "harbour" }

func (s *shelf) Put(_ context.Context, source, name string, message []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.got == nil {
		s.got = map[string]string{}
	}
	s.got[source+"/"+name] = string(message)
	return nil
}

func newDesk() (*receive.Desk, *ledger, *shelf) {
	l, s := &ledger{}, &shelf{}
	return &receive.Desk{
		Domain: domain, Secret: secret, Store: l, Newsletters: s, Contact: "editor@example.com",
		Digests: []mailer.Digest{{Name: "weekly", To: []string{"Board@example.org"}}, {Name: "daily"}},
		Now:     func() time.Time { return noon },
	}, l, s
}

// crlf is a message as it is on the wire.
func crlf(s string) []byte {
	return []byte(strings.ReplaceAll(strings.TrimPrefix(s, "\n"), "\n", "\r\n"))
}

func bounceAddress(id int64) string { return mailer.VERP(secret, id) + "@" + domain }

// report is a delivery report (RFC 3464) with so many fields of a recipient.
func report(fields string) string {
	return `
From: Mail Delivery System <mailer-daemon@mx.example.net>
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="cut here"

This is for programs.
--cut here
Content-Type: text/plain; charset=us-ascii

I could not bring your mail.

--cut here
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net
Arrival-Date: Wed, 25 Nov 2026 11:00:00 +0000

Final-Recipient: rfc822; ann@example.net
` + fields + `
--cut here
Content-Type: text/rfc822-headers

From: digest@example.com
Subject: Weekly

--cut here--
`
}
