package mailer

import (
	"crypto/sha256"
	"encoding/hex"
	"math"
	"strings"
	"time"
)

// A Suppression keeps a mailbox from being sent anything, whoever's it is: a
// subscriber's or a fixed recipient's.
type Suppression struct {
	Hash     string            `json:"hash"` // of the mailbox; see MailboxHash
	Reason   SuppressionReason `json:"reason"`
	Detail   string            `json:"detail,omitempty"` // in words; without addresses
	At       time.Time         `json:"at"`
	Delivery int64             `json:"-"`            // that led to it; 0 for none
	To       string            `json:"to,omitempty"` // the address, as long as the account has that delivery
}

// Why returns why the mailbox is suppressed, in words.
func (s *Suppression) Why() string {
	if s.Detail == "" {
		return string(s.Reason)
	}
	return string(s.Reason) + ": " + s.Detail
}

// Name returns the address, or what is left to call the mailbox by.
func (s *Suppression) Name() string {
	if s.To != "" {
		return s.To
	}
	return s.Hash[:min(len(s.Hash), 12)] + "…"
}

// A SuppressionReason says why a mailbox is sent nothing.
type SuppressionReason string

// The reasons.
const (
	Bounced    SuppressionReason = "bounced"      // mail to it came back
	Complained SuppressionReason = "complained"   // its reader called a digest spam
	LeftByMail SuppressionReason = "unsubscribed" // a fixed recipient asked for it
	ByReader   SuppressionReason = "erased"       // its reader had everything erased, and wants no mail ever
	ByOperator SuppressionReason = "operator"     // somebody said so
)

// Valid reports whether r is one of the reasons.
func (r SuppressionReason) Valid() bool {
	switch r {
	case Bounced, Complained, LeftByMail, ByReader, ByOperator:
		return true
	}
	return false
}

// MailboxHash returns what a suppressed mailbox is known by: the SHA-256 of
// the address in lower case without the space around it, in hexadecimal. It
// depends on nothing of a site, so that lists move between installations, and
// is what mail services exchange such lists by. It hides addresses from a
// glance, not from somebody who tries one address after the other.
func MailboxHash(address string) string {
	sum := sha256.Sum256([]byte(strings.ToLower(strings.TrimSpace(address))))
	return hex.EncodeToString(sum[:])
}

// A Bounce is a report that a delivery did not arrive.
type Bounce struct {
	Kind   BounceKind
	Status string // RFC 3463, such as 5.1.1; "" when it is not known
	Detail string // what the other side said, in one line and without addresses
}

// A BounceKind is how much a bounce says about a mailbox.
type BounceKind string

// The kinds of bounces.
const (
	HardBounce   BounceKind = "hard"   // there is no such mailbox: suppressed at once
	FirmBounce   BounceKind = "firm"   // refused for good, for a reason that may pass
	SoftBounce   BounceKind = "soft"   // full, or not reached in days
	PolicyBounce BounceKind = "policy" // the receiver's rules or the message: not the mailbox's fault
)

// weight is what a bounce adds to the score of its mailbox.
func (k BounceKind) weight() float64 {
	switch k {
	case HardBounce, FirmBounce:
		return 1
	case SoftBounce:
		return 0.5
	}
	return 0
}

// A BounceScore is what is remembered of the bounces of a mailbox.
type BounceScore struct {
	Score   float64   // at Counted
	Counted time.Time // when a bounce was counted last
}

const (
	// scoreLimit is the score from which a mailbox is suppressed.
	scoreLimit = 3
	// scoreHalf is how long it takes for half of a score to be forgotten: long
	// enough that a weekly digest that always comes back reaches the limit.
	scoreHalf = 30 * 24 * time.Hour
	// scoreApart is how long after a bounce that was counted the next one is:
	// about a day, and an hour less for a schedule that wanders.
	scoreApart = 23 * time.Hour
)

// At returns the score at an instant: half of it is forgotten in 30 days.
func (s BounceScore) At(now time.Time) float64 {
	if s.Score == 0 || !now.After(s.Counted) {
		return s.Score
	}
	return s.Score * math.Exp2(-float64(now.Sub(s.Counted))/float64(scoreHalf))
}

// Add returns the score after a bounce, and whether the mailbox is to be
// suppressed. A hard bounce suppresses at once; a firm one counts 1, a soft one
// 0.5, one a day at most, and the mailbox is suppressed from 3 on.
func (s BounceScore) Add(kind BounceKind, now time.Time) (after BounceScore, suppress bool) {
	w := kind.weight()
	switch {
	case kind == HardBounce:
		return BounceScore{Score: s.At(now) + w, Counted: now}, true
	case w == 0, s.Score > 0 && now.Sub(s.Counted) < scoreApart:
		return s, false
	}
	after = BounceScore{Score: s.At(now) + w, Counted: now}
	return after, after.Score >= scoreLimit
}

// An Incoming is a message that Broadsheet has received.
type Incoming struct {
	Hash string // what the message is known by, so that it counts once
	Kind string // what it was, for people
	At   time.Time
}

// A Party is who a received message is about: of the fields one is set.
type Party struct {
	Delivery  int64 // who got this delivery
	Recipient int64 // a subscriber's ID
	Address   string
}
