package receive

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"broadsheet/mailer"
)

// A Store is what receiving needs from storage. Each method is one
// transaction, and returns mailer.ErrExists for a message that was received
// before. What they did comes back in words.
type Store interface {
	// Bounced counts a bounce of a delivery.
	Bounced(ctx context.Context, in mailer.Incoming, delivery int64, b mailer.Bounce) (outcome string, err error)

	// Complained unsubscribes and suppresses somebody.
	Complained(ctx context.Context, in mailer.Incoming, who mailer.Party, detail string) (outcome string, err error)

	// Unsubscribed takes somebody off a digest, or off all when it is "". With
	// fixed, the address is one that the configuration names.
	Unsubscribed(ctx context.Context, in mailer.Incoming, who mailer.Party, digest string, fixed bool) (outcome string, err error)

	// Noted remembers a message that changes nothing.
	Noted(ctx context.Context, in mailer.Incoming, outcome string) error
}

// Newsletters takes mail for sources.
type Newsletters interface {
	// Takes reports whether a source gets its articles by mail.
	Takes(source string) bool

	// Put stores a message for a source, under a name that is the same for the
	// same message. That it is there already is no error.
	Put(ctx context.Context, source, name string, message []byte) error
}

// A Desk decides what a received message is, and has done what follows from
// it. It answers no mail. Its methods may be called by several goroutines.
type Desk struct {
	Domain      string // of the addresses that receive
	Secret      []byte // of the site: bounce addresses and tokens are made with it
	Store       Store
	Newsletters Newsletters // nil for none
	Digests     []mailer.Digest
	Contact     string // where people are to write instead
	Now         func() time.Time
	Logger      *slog.Logger
}

// An Envelope is how a message came.
type Envelope struct {
	From string // the return path without angle brackets; "" for none
	To   string
	By   string // who brought it, for the log
}

// Refused is returned by Take for a message that is for nobody here. Whoever
// brought it should tell the sender.
type Refused struct{ Why string }

// Error returns why.
func (r *Refused) Error() string { return r.Why }

// Accepts reports whether an address receives mail.
func (d *Desk) Accepts(address string) bool {
	_, ok := d.mailbox(address)
	return ok
}

// Take does what follows from a message to one of our addresses. The error is
// a *Refused when the message is for nobody here, and otherwise says that it
// could not be taken now and should be brought again. A message that was taken
// before does nothing again.
func (d *Desk) Take(ctx context.Context, e Envelope, message []byte) error {
	to, ok := d.mailbox(e.To)
	if !ok {
		return &Refused{"there is no such mailbox here"}
	}
	h, body := splitHeader(message)
	m := &letter{Desk: d, envelope: e, to: to, header: h, raw: message, parts: parts(h, body)}
	m.in = mailer.Incoming{Hash: fingerprint(to.local, h, body), At: d.now()}
	outcome, err := m.take(ctx)
	log := d.log().With("kind", m.in.Kind, "to", to.local, "from", e.From, "by", e.By, "message_id", h.get("Message-ID"))
	var refused *Refused
	switch {
	case errors.Is(err, mailer.ErrExists):
		log.InfoContext(ctx, "message received again")
		return nil
	case errors.As(err, &refused):
		log.InfoContext(ctx, "message refused", "because", refused.Why)
		return err
	case err != nil:
		log.WarnContext(ctx, "message put off", "error", err)
		return err
	}
	log.InfoContext(ctx, "message received", "outcome", outcome)
	return nil
}

// fingerprint is what a message to an address is known by: what does not
// change when a server brings it again.
func fingerprint(local string, h header, body []byte) string {
	sum := sha256.New()
	for _, s := range []string{local, h.get("Message-ID"), h.get("Date"), h.get("From"), h.get("Subject")} {
		fmt.Fprintf(sum, "%d:%s\n", len(s), s)
	}
	sum.Write(bytes.TrimRight(body, "\r\n"))
	return hex.EncodeToString(sum.Sum(nil))
}

// A letter is one message to one of our addresses.
type letter struct {
	*Desk
	envelope Envelope
	to       mailbox
	header   header
	raw      []byte
	parts    []part
	in       mailer.Incoming
}

func (m *letter) take(ctx context.Context) (outcome string, err error) {
	switch m.to.use {
	case forBounces:
		return m.bounce(ctx)
	case forLeaving:
		return m.leave(ctx)
	case forNewsletters:
		return m.newsletter(ctx)
	default:
		return m.report(ctx)
	}
}

// drop remembers a message that changes nothing.
func (m *letter) drop(ctx context.Context, kind, outcome string) (string, error) {
	m.in.Kind = kind
	return outcome, m.Store.Noted(ctx, m.in, outcome)
}

// What messages are, in the log and in the account of those received.
const (
	kindBounce      = "bounce"
	kindComplaint   = "complaint"
	kindUnsubscribe = "unsubscribe"
	kindNewsletter  = "newsletter"
	kindAutomatic   = "automatic reply"
	kindReport      = "report"
	kindOther       = "other"
)

// bounce takes what comes to the return path of a delivery.
func (m *letter) bounce(ctx context.Context) (string, error) {
	if c, ok := feedbackReport(m.parts); ok {
		return m.complaint(ctx, c)
	}
	reports := deliveryReport(m.parts)
	failed := slices.IndexFunc(reports, func(r reported) bool { return r.action == "failed" })
	switch {
	case failed >= 0:
		return m.bounced(ctx, reports[failed].bounce())
	case len(reports) > 0:
		return m.drop(ctx, kindReport, "nothing: it tells that the delivery was "+cmp.Or(reports[0].action, "handled"))
	case automatic(m.header):
		return m.drop(ctx, kindAutomatic, "dropped")
	case m.envelope.From == "" || daemon.MatchString(m.header.address("From")):
		return m.bounced(ctx, plainReport(m.header, m.parts))
	}
	return m.drop(ctx, kindOther, "dropped: somebody wrote to the return path")
}

var daemon = regexp.MustCompile(`^(?:mailer-daemon|postmaster|mail-daemon|bounce[sd]?)@`)

func (m *letter) bounced(ctx context.Context, b mailer.Bounce) (string, error) {
	m.in.Kind = kindBounce
	return m.Store.Bounced(ctx, m.in, m.to.delivery, b)
}

// leave takes an unsubscription.
func (m *letter) leave(ctx context.Context) (string, error) {
	if m.envelope.From == "" || automatic(m.header) || len(deliveryReport(m.parts)) > 0 {
		return m.drop(ctx, kindAutomatic, "dropped")
	}
	asked, digest, recipient := m.asks()
	if recipient = cmp.Or(m.to.recipient, recipient); recipient != 0 {
		return m.left(ctx, mailer.Party{Recipient: recipient}, digest)
	}
	address := m.header.address("From")
	switch {
	case !asked:
		return "", &Refused{"to unsubscribe, write \"unsubscribe\" and the digest's name as the subject; to people write to " + m.Contact}
	case address == "":
		return "", &Refused{"it has no From address to unsubscribe"}
	}
	return m.left(ctx, mailer.Party{Address: address}, digest)
}

// asks returns whether the subject asks to unsubscribe, from which digest, ""
// for all, and whose token it has, 0 for none: "unsubscribe NAME TOKEN", as
// List-Unsubscribe writes it, or "unsubscribe NAME", as people do.
func (m *letter) asks() (asked bool, digest string, recipient int64) {
	for _, w := range strings.Fields(m.header.text("Subject")) {
		w = strings.Trim(w, ":,.;\"'()<>")
		name := strings.ToLower(w)
		switch {
		case leaving[name]:
			asked = true
		case digest == "" && slices.ContainsFunc(m.Digests, func(d mailer.Digest) bool { return d.Name == name }):
			digest = name
		case recipient == 0:
			recipient, _ = mailer.TokenID(m.Secret, w)
		}
	}
	return asked, digest, recipient
}

var leaving = map[string]bool{"unsubscribe": true, "remove": true, "stop": true, "退订": true, "退訂": true, "取消订阅": true, "取消訂閱": true}

// left has the store take somebody off. The mailboxes that the configuration
// names have no row to change: they are suppressed.
func (m *letter) left(ctx context.Context, who mailer.Party, digest string) (string, error) {
	m.in.Kind = kindUnsubscribe
	fixed := false
	for i := range m.Digests {
		for _, to := range m.Digests[i].To {
			if who.Recipient == mailer.FixedID(to) || strings.EqualFold(who.Address, to) {
				fixed, who = true, mailer.Party{Address: to}
			}
		}
	}
	if who.Recipient < 0 {
		return m.drop(ctx, kindUnsubscribe, "nothing: no recipient any more")
	}
	return m.Store.Unsubscribed(ctx, m.in, who, digest, fixed)
}

// report takes what comes to the addresses for reports of machines.
func (m *letter) report(ctx context.Context) (string, error) {
	if c, ok := feedbackReport(m.parts); ok {
		return m.complaint(ctx, c)
	}
	if automatic(m.header) || len(deliveryReport(m.parts)) > 0 || m.envelope.From == "" {
		return m.drop(ctx, kindAutomatic, "dropped")
	}
	return "", &Refused{"this address takes complaints in the form of RFC 5965 only; to people write to " + m.Contact}
}

// complaint takes a complaint of a feedback loop. Anybody may send one, so
// that it counts only if it has what only the recipient's mail has: the bounce
// address or the token.
func (m *letter) complaint(ctx context.Context, c *complaint) (string, error) {
	if !c.counts() {
		return m.drop(ctx, kindReport, "nothing: it is of the type "+oneLine(c.kind))
	}
	m.in.Kind = kindComplaint
	who, ok := m.complainer(c)
	if !ok {
		return m.drop(ctx, kindComplaint, "nothing: it does not say by whom, or cannot prove it")
	}
	what := "a complaint through a feedback loop"
	if c.agent != "" {
		what += " (" + oneLine(c.agent) + ")"
	}
	return m.Store.Complained(ctx, m.in, who, what)
}

func oneLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	return strings.ToValidUTF8(s[:min(len(s), 80)], "")
}

func (m *letter) complainer(c *complaint) (mailer.Party, bool) {
	if m.to.delivery != 0 {
		return mailer.Party{Delivery: m.to.delivery}, true
	}
	for _, path := range c.returns {
		local, _, _ := strings.Cut(strings.Trim(path, "<> "), "@")
		if id, ok := mailer.ReadVERP(m.Secret, local); ok {
			return mailer.Party{Delivery: id}, true
		}
	}
	for _, way := range strings.Split(c.original.get("List-Unsubscribe"), ",") {
		u, err := url.Parse(strings.Trim(way, "<> "))
		if err != nil {
			continue
		}
		words := append(strings.Fields(u.Query().Get("subject")), u.Path[strings.LastIndexByte(u.Path, '/')+1:])
		for _, w := range words {
			if id, ok := mailer.TokenID(m.Secret, w); ok {
				return m.holder(id)
			}
		}
	}
	return mailer.Party{}, false
}

// holder returns who has a token.
func (m *letter) holder(id int64) (mailer.Party, bool) {
	if id >= 0 {
		return mailer.Party{Recipient: id}, true
	}
	for i := range m.Digests {
		for _, to := range m.Digests[i].To {
			if mailer.FixedID(to) == id {
				return mailer.Party{Address: to}, true
			}
		}
	}
	return mailer.Party{}, false
}

// newsletter hands a message to its source.
func (m *letter) newsletter(ctx context.Context) (string, error) {
	if m.envelope.From == "" || len(deliveryReport(m.parts)) > 0 || strings.HasPrefix(strings.ToLower(m.header.get("Auto-Submitted")), "auto-replied") {
		return m.drop(ctx, kindAutomatic, "dropped")
	}
	m.in.Kind = kindNewsletter
	if err := m.Newsletters.Put(ctx, m.to.source, m.in.Hash, m.raw); err != nil {
		return "", fmt.Errorf("newsletter %s: %w", m.to.source, err)
	}
	return "taken in by source " + m.to.source, m.Store.Noted(ctx, m.in, "source "+m.to.source)
}

func (d *Desk) now() time.Time {
	if d.Now != nil {
		return d.Now()
	}
	return time.Now()
}

func (d *Desk) log() *slog.Logger {
	if d.Logger != nil {
		return d.Logger
	}
	return slog.New(slog.DiscardHandler)
}
