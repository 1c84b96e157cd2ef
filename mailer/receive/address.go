package receive

import (
	"strings"

	"broadsheet/mailer"
)

// A use is what an address of ours is for.
type use int

const (
	forNothing     use = iota
	forBounces         // bounce+…
	forLeaving         // unsubscribe, unsubscribe+TOKEN
	forReports         // abuse, feedback, postmaster
	forNewsletters     // newsletter-NAME
)

// A mailbox is an address of ours.
type mailbox struct {
	use       use
	local     string
	delivery  int64  // that a bounce address was made for
	recipient int64  // whose token an unsubscribe address has; 0 without
	source    string // of a newsletter
}

// Local parts of the addresses that receive mail. Those of bounces are what
// mailer.VERP makes.
const (
	leaveLocal       = "unsubscribe"
	newsletterPrefix = "newsletter-"
)

// mailbox returns what an address is for. Only addresses that were made or
// configured are for anything: with a percent, a bang or a route in it an
// address is none of them.
func (d *Desk) mailbox(address string) (mailbox, bool) {
	at := strings.LastIndexByte(address, '@')
	if at < 0 || !strings.EqualFold(strings.TrimSuffix(address[at+1:], "."), d.Domain) {
		return mailbox{}, false
	}
	local := address[:at]
	m := mailbox{local: strings.ToLower(local)}
	tag, tagged := cutFold(local, leaveLocal+"+")
	switch {
	case m.local == leaveLocal:
		m.use = forLeaving
	case tagged:
		if m.recipient, tagged = mailer.TokenID(d.Secret, tag); tagged {
			m.use = forLeaving
		}
	case m.local == "abuse", m.local == "feedback", m.local == "postmaster":
		m.use = forReports
	case strings.HasPrefix(m.local, newsletterPrefix):
		if m.source = strings.TrimPrefix(m.local, newsletterPrefix); d.Newsletters != nil && d.Newsletters.Takes(m.source) {
			m.use = forNewsletters
		}
	default:
		var made bool
		if m.delivery, made = mailer.ReadVERP(d.Secret, local); made {
			m.use = forBounces
		}
	}
	return m, m.use != forNothing
}

// cutFold is strings.CutPrefix whatever the case.
func cutFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}
