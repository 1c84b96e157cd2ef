// Package mailer is the vocabulary of mailing: digests, editions, deliveries
// and messages. It does no input or output and imports nothing but the
// standard library.
package mailer

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ErrExists is returned by stores for an edition that is already there: the
// same digest at the same instant.
var ErrExists = errors.New("already there")

// A Digest is a recurring mailing, as the operator configured it.
type Digest struct {
	Name        string // unique, [a-z0-9-]
	Title       string
	Schedule    string         // cron, five fields, or @daily and the like
	Location    *time.Location // zone of Schedule and of dates in the digest
	Language    string         // BCP 47
	Themes      []string       // ids, in the order of the sections
	Query       string         // keep only what matches; "" keeps all
	MaxPerTheme int            // articles; at least 1
	SendEmpty   bool
	Operator    bool          // its editions tell also what needs the operator
	Within      time.Duration // an edition that is later than this is skipped
	To          []string      // fixed recipients
}

// An Edition is one mailing of a digest: its articles are frozen, its
// recipients too.
type Edition struct {
	ID       int64 // given by the store
	Digest   string
	Number   int       // 1 for a digest's first edition, counting those not skipped; given by the store
	At       time.Time // the instant it was due; (Digest, At) is unique
	Since    time.Time // of the articles first seen after Since
	Until    time.Time // and not after Until
	Title    string
	Subject  string
	Language string
	Sections []Section
	Notices  []Notice // for the operator; rendered with the rest and not stored by themselves
	HTML     string
	Text     string
	Variants []Variant // what subscribers with other wishes get
	Shares   []Share   // which of them each audience gets; not stored
	Nothing  string    // why those without wishes of their own get nothing, though others do; not stored
	Skipped  string    // why nothing was sent; "" when it was
	Sender   string    // of its mails, an RFC 5322 address; not stored
	Past     []Edition // those before it, the latest first, their sections alone; not stored
	Private  bool      // for its recipients alone: it has no public page
	Created  time.Time
}

// NumberMark stands in the forms of an edition where its number goes, which
// the store gives.
const NumberMark = "0-number-0"

// SetNumber puts a number in the place of NumberMark in all forms.
func (e *Edition) SetNumber(n int) {
	forms := []*string{&e.HTML, &e.Text}
	e.Variants = append([]Variant(nil), e.Variants...)
	for i := range e.Variants {
		forms = append(forms, &e.Variants[i].HTML, &e.Variants[i].Text)
	}
	for _, f := range forms {
		*f = strings.ReplaceAll(*f, NumberMark, strconv.Itoa(n))
	}
}

// Items returns the items of all sections.
func (e *Edition) Items() []Item {
	var items []Item
	for _, s := range e.Sections {
		items = append(items, s.Items...)
	}
	return items
}

// A Section is the part of an edition that belongs to a theme.
type Section struct {
	Theme string `json:"theme"`
	Title string `json:"title"`
	URL   string `json:"url"` // the theme's page
	Items []Item `json:"items"`
	More  int    `json:"more,omitempty"` // articles left out for want of room

	// Sums is the money that its articles are about, those left out included,
	// by currency as in Stated.Unit.
	Sums map[string]float64 `json:"sums,omitempty"`
}

// Stated is the amount that an article is about.
type Stated struct {
	Text  string  `json:"text"`  // as written
	Value float64 `json:"value"` // in Unit
	Unit  string  `json:"unit"`  // base unit: 元, a currency code, 吨, ratio and so on
	Where string  `json:"where,omitempty"`
}

// The places of a Stated that say that it matters.
const (
	InTitle = "title"
	InGist  = "gist"
)

// An Item is an article as an edition tells it.
type Item struct {
	Key       string    `json:"key"`
	ID        string    `json:"id"`
	Title     string    `json:"title"`
	URL       string    `json:"url"`    // page on our site
	Link      string    `json:"link"`   // at the source; "" when it has none
	Source    string    `json:"source"` // title of the source
	Gist      string    `json:"gist"`
	Places    []string  `json:"places,omitempty"`
	Figures   []string  `json:"figures,omitempty"` // as written
	Stated    *Stated   `json:"stated,omitempty"`  // nil for none
	Published time.Time `json:"published"`
	Inferred  bool      `json:"inferred,omitempty"` // Published is when we first saw it
	Also      []string  `json:"also,omitempty"`     // titles of its other themes
	Retold    []Retold  `json:"retold,omitempty"`   // who else tells the same
	Agree     int       `json:"agree,omitempty"`    // figures that one of those has in common with it
	Reason    string    `json:"reason"`             // of the filing
	Score     float64   `json:"score,omitempty"`    // how important it is; see compose.Important
	Why       string    `json:"why,omitempty"`      // what the score is made of
	Language  string    `json:"language,omitempty"`
}

// A Notice is something that the operator should look at.
type Notice struct {
	ID    string    // the same as long as the trouble lasts
	Title string    // what it is about, and the trouble
	Text  string    // place, fault and remedy
	Link  string    // where to look; "" for nowhere
	At    time.Time // since when
}

// A Retold is another article that tells the same as an item.
type Retold struct {
	Source string `json:"source"` // title of the source
	URL    string `json:"url"`    // page on our site
}

// A Delivery is one edition to one recipient.
type Delivery struct {
	ID        int64 // given by the store
	Edition   int64
	Digest    string
	Variant   int64 // of the edition; 0 for the edition itself
	To        string
	Recipient int64  // whose token the mail has: a subscriber's ID, or FixedID(To)
	MessageID string // without angle brackets; the same at every attempt
	State     State
	Attempts  int
	NextAt    time.Time // not before this
	Reply     string    // the server's last words, or the file written
	Error     string    // why it is deferred or failed
	Settled   time.Time // when it was accepted or failed; zero before
}

// A State is how far a delivery is.
type State string

// The states of a delivery. Planned and Deferred wait for their time; Leased
// is being worked; Sending may already be with the server, so that a crash
// makes it Uncertain; the others are final.
const (
	Planned    State = "planned"
	Leased     State = "leased"
	Sending    State = "sending"
	Uncertain  State = "uncertain"
	Deferred   State = "deferred"
	Accepted   State = "accepted"
	Failed     State = "failed"
	Suppressed State = "suppressed"
)

// Final reports whether nothing more will happen to the delivery.
func (s State) Final() bool { return s == Accepted || s == Failed || s == Suppressed }

// A Body is what all recipients of a variant are sent alike. TokenMark stands
// where each one's own token goes. It does not change once a message has it, so
// that it need be made ready for sending only once.
type Body struct {
	Subject  string
	Language string
	HTML     string
	Text     string
}

// A Message is a mail to one recipient.
type Message struct {
	*Body
	Token    string // takes the place of TokenMark in the Body; "" leaves it
	ID       string // Message-ID without angle brackets
	From     string // RFC 5322 address, with or without a name
	To       string
	Envelope string // bare address that bounces go to; "" for that of From
	Date     time.Time
	ListID   string   // RFC 2919 list-id without angle brackets
	ListName string   // for people
	Headers  []Header // further ones, in order; values are ASCII
}

// A Header is a header field of a message.
type Header struct{ Name, Value string }

// A Fault is how far the blame for a failed attempt goes.
type Fault int

// The faults of an attempt.
const (
	TemporaryFault  Fault = iota // try this recipient again later
	PermanentFault               // never again
	ConnectionFault              // the relay or the way to it: nobody's blame, try again
	UncertainFault               // the message may have been accepted
)

// A SendError is a failed attempt to hand a message over.
type SendError struct {
	Fault    Fault
	Code     int    // SMTP reply code; 0 when there was none
	Enhanced string // RFC 3463 status, such as 5.1.1; "" when there was none
	Err      error
}

// Error gives the reply in one line.
func (e *SendError) Error() string {
	s := strings.Join(strings.Fields(e.Err.Error()), " ")
	if e.Code != 0 && !strings.Contains(s, fmt.Sprint(e.Code)) {
		s = fmt.Sprintf("%d %s", e.Code, s)
	}
	return s
}

// Unwrap returns the cause.
func (e *SendError) Unwrap() error { return e.Err }
