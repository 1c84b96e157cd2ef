package mailer

import (
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"
)

// A Subscriber is somebody who gets digests.
type Subscriber struct {
	ID      int64    `json:"-"`              // given by the store
	Email   string   `json:"email"`          // as it was written; two that differ in case alone are the same
	Name    string   `json:"name,omitempty"` // for people
	Digests []string `json:"digests"`        // names, sorted
	Status  Status   `json:"status"`         // only active ones get anything
	FeedKey int64    `json:"-"`              // a number drawn by lot that the address of the private feed depends on

	// PausedUntil is the day, as in 2026-12-24, on which mail comes again; ""
	// for one who is not paused. What was mailed meanwhile does not follow.
	PausedUntil string `json:"pause_until,omitempty"`

	Selection
	Rhythm
}

// A Selection is what a subscriber wants of a digest, and how. Subscribers
// with equal selections get the same mail but for the address. The zero
// Selection is the digest as it is.
type Selection struct {
	Themes   []string `json:"themes,omitempty"`   // ids, sorted; none stands for those of the digest
	Query    string   `json:"query,omitempty"`    // only what matches; "" is all
	Language string   `json:"language,omitempty"` // BCP 47; "" is the digest's
	Format   Format   `json:"format,omitempty"`   // "" is HTML with text beside it
}

// Plain reports whether s is the digest as it is.
func (s Selection) Plain() bool {
	return len(s.Themes) == 0 && s.Query == "" && s.Language == "" && s.Format == ""
}

// Wish returns a text that selections have in common which choose the same
// articles, whatever their language and format.
func (s Selection) Wish() string {
	return strings.TrimSpace(strings.Join(s.Themes, " ") + "\n" + s.Query)
}

// A Format is the form in which somebody gets mail.
type Format string

// The formats. HTML comes with the text beside it.
const (
	HTML Format = ""
	Text Format = "text"
)

// A Status is where a subscription stands.
type Status string

// The statuses of a subscriber.
const (
	Active       Status = "active"
	Unconfirmed  Status = "unconfirmed" // has not confirmed the address yet
	Paused       Status = "paused"
	Unsubscribed Status = "unsubscribed" // stays, so that no import brings it back
)

// Validate checks what can be checked without a configuration: address,
// digests, status, format, rhythm and pause. The error joins every fault, "fault; remedy" each.
func (s *Subscriber) Validate() error {
	var errs []error
	if err := ValidAddress(s.Email); err != nil {
		errs = append(errs, err)
	}
	switch s.Status {
	case Active, Unconfirmed, Paused, Unsubscribed:
	default:
		errs = append(errs, fmt.Errorf("there is no status %q; use active, unconfirmed, paused or unsubscribed", s.Status))
	}
	switch s.Format {
	case HTML, Text:
	default:
		errs = append(errs, fmt.Errorf("there is no format %q; use html or text", s.Format))
	}
	if len(s.Digests) == 0 {
		errs = append(errs, errors.New("no digest is named; name one"))
	}
	errs = append(errs, s.validRhythm()...)
	if strings.ContainsFunc(s.Name, func(r rune) bool { return r < ' ' }) {
		errs = append(errs, errors.New("the name has a control character; take it out"))
	}
	return errors.Join(errs...)
}

// longestAddress is the most octets that fit between the angle brackets of
// MAIL and RCPT (RFC 5321, section 4.5.3.1.3).
const longestAddress = 254

// ValidAddress reports what keeps s from being a mail address that stands
// alone, "fault; remedy".
func ValidAddress(s string) error {
	a, err := mail.ParseAddress(s)
	switch {
	case s == "":
		return errors.New("there is no mail address; give one")
	case err != nil:
		return fmt.Errorf("%q is not a mail address; write it as in reader@example.com", s)
	case a.Address != s:
		return fmt.Errorf("%q is more than an address; write %s alone", s, a.Address)
	case len(s) > longestAddress:
		return fmt.Errorf("the address has %d octets, and %d are the most; check it", len(s), longestAddress)
	case strings.ContainsFunc(s, func(r rune) bool { return r >= 0x80 }):
		return fmt.Errorf("%q has letters beyond ASCII; write the domain in its xn-- form", s)
	}
	return nil
}

// Tidy sorts the lists of a subscriber, takes out what stands there twice, and
// makes every run of white space one space, so that equal selections are equal.
func (s *Subscriber) Tidy() {
	for _, l := range []*[]string{&s.Digests, &s.Themes} {
		*l = slices.Compact(slices.Sorted(slices.Values(*l)))
		if len(*l) == 0 {
			*l = nil
		}
	}
	s.Query, s.Name = strings.Join(strings.Fields(s.Query), " "), strings.Join(strings.Fields(s.Name), " ")
	if s.Format == "html" {
		s.Format = HTML
	}
	if s.Frequency == EachWord {
		s.Frequency = Each
	}
	if s.Status == "" {
		s.Status = Active
	}
	if s.Status == Paused && s.PausedUntil != "" {
		s.Status = Active // again, from that day on
	}
}

// An Audience is the active subscribers of a digest who want the same: a
// selection in a rhythm, after the same edition.
type Audience struct {
	Selection
	Rhythm
	PausedUntil string // see Subscriber
	Last        Mark   // the last edition that was for them; zero where that is not kept, or they are new
	Subscribers int
}

// A Mark is an edition as a place in the news of its digest.
type Mark struct {
	Edition int64     // its ID; 0 is before the first
	Since   time.Time // its articles were first seen after Since
	Until   time.Time // and not after Until
	Made    time.Time // when it was composed
}

// Mark returns where the edition stands in the news of its digest.
func (e *Edition) Mark() Mark {
	return Mark{Edition: e.ID, Since: e.Since, Until: e.Until, Made: e.Created}
}

// Told says which editions of a digest told articles, by the articles' keys.
type Told struct {
	All map[string]int64            // the ID of the first edition that told everybody
	To  map[string]map[string]int64 // by [Selection.Wish]: of the first that told those alone who have it
}

// A Share is what an edition has for an audience.
type Share struct {
	Audience
	After   int64     // the edition since whose news they get; 0 is the one before
	From    time.Time // when that news begins
	Variant int       // index in Edition.Variants; -1 is the edition itself
	SendAt  time.Time // zero: as soon as the edition is made
	Wait    string    // why the edition is not for them, and what they wait for; "" when it is
	Keep    *Keep     // which edition is their last from now on; nil for that which was
}

// A Keep says which edition is the last one for an audience.
type Keep struct {
	This    bool  // the edition that has the share, whether they get it or not
	Edition int64 // or else the one with this ID; 0 for none, which is how it is for those who get every one
}

// A Variant is an edition as subscribers with one selection get it.
type Variant struct {
	ID int64 // given by the store
	Selection
	After     int64 // the edition since whose news it tells; 0 for that before
	Important bool  // it tells what is important only
	Subject   string
	Language  string
	Sections  []Section
	HTML      string // "" where the format is text
	Text      string
	Empty     string // why these subscribers get nothing; "" when they do
}

// Body returns what the subscribers of the variant are sent.
func (v *Variant) Body() *Body {
	return &Body{Subject: v.Subject, Language: v.Language, HTML: v.HTML, Text: v.Text}
}

// Body returns what the subscribers of a variant are sent. A variant that
// there is not, and 0, is the edition itself.
func (e *Edition) Body(variant int64) *Body {
	for i := range e.Variants {
		if v := &e.Variants[i]; v.ID == variant && variant != 0 {
			return v.Body()
		}
	}
	return &Body{Subject: e.Subject, Language: e.Language, HTML: e.HTML, Text: e.Text}
}
