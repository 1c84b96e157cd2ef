package mailer

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Rhythm is how often a subscriber wants mail, and at what hour. The zero
// Rhythm is every edition as soon as it is made.
type Rhythm struct {
	Frequency Frequency `json:"frequency,omitempty"`
	Hour      Hour      `json:"hour,omitempty"`     // local; none sends as soon as an edition is made
	Timezone  string    `json:"timezone,omitempty"` // IANA name; "" is the digest's
}

// A Frequency is how often a subscriber wants mail of a digest.
type Frequency string

// The frequencies. Days, weeks (from Monday) and months are those of the
// subscriber's zone.
const (
	Each      Frequency = ""          // every edition
	Daily     Frequency = "daily"     // at most one mail a day
	Weekly    Frequency = "weekly"    // at most one mail a week
	Monthly   Frequency = "monthly"   // at most one mail a month
	Important Frequency = "important" // only what is important, and nothing when nothing is
)

// EachWord is how Each is written where something must stand.
const EachWord = "each"

// Word returns the frequency as it is written in lists and forms.
func (f Frequency) Word() string {
	if f == Each {
		return EachWord
	}
	return string(f)
}

// ParseFrequency reads what Word writes, and "" as Each. The error is "fault;
// remedy".
func ParseFrequency(s string) (Frequency, error) {
	switch f := Frequency(s); f {
	case Each, Daily, Weekly, Monthly, Important:
		return f, nil
	case EachWord:
		return Each, nil
	}
	return Each, fmt.Errorf("there is no frequency %q; use each, daily, weekly, monthly or important", s)
}

// An Hour is an hour of the day, or none, which is the zero Hour.
type Hour int8

// HourOf returns the hour h, 0 to 23.
func HourOf(h int) Hour { return Hour(h%24 + 1) } //nolint:gosec // 1 to 24

// ParseHour reads an hour from 0 to 23, "" as none. The error is "fault;
// remedy".
func ParseHour(s string) (Hour, error) {
	if s == "" {
		return 0, nil
	}
	h, err := strconv.Atoi(s)
	if err != nil || h < 0 || h > 23 || s[0] == '+' || s[0] == '-' {
		return 0, fmt.Errorf("%q is no hour of the day; use 0 to 23", s)
	}
	return HourOf(h), nil
}

// Clock returns the hour, 0 to 23, and false for none.
func (h Hour) Clock() (int, bool) { return int(h) - 1, h > 0 }

// Word returns the hour as ParseHour reads it.
func (h Hour) Word() string {
	if c, ok := h.Clock(); ok {
		return strconv.Itoa(c)
	}
	return ""
}

// MarshalJSON writes the hour as a number, none as null.
func (h Hour) MarshalJSON() ([]byte, error) {
	if c, ok := h.Clock(); ok {
		return json.Marshal(c)
	}
	return []byte("null"), nil
}

// UnmarshalJSON reads what MarshalJSON writes.
func (h *Hour) UnmarshalJSON(b []byte) error {
	var c *int
	if err := json.Unmarshal(b, &c); err != nil || c == nil {
		*h = 0
		return err
	}
	var err error
	*h, err = ParseHour(strconv.Itoa(*c))
	return err
}

// Kept reports whether subscribers with the rhythm do not get every edition,
// so that for each of them it is kept which one was the last that was.
func (r Rhythm) Kept() bool {
	return r.Hour != 0 || r.Frequency != Each && r.Frequency != Important
}

// In returns the zone of the rhythm: the digest's where it names none, and
// where it names one that there is not.
func (r Rhythm) In(digest *time.Location) *time.Location {
	if r.Timezone != "" {
		if loc, err := time.LoadLocation(r.Timezone); err == nil {
			return loc
		}
	}
	if digest == nil {
		return time.UTC
	}
	return digest
}

// Words says the rhythm in words: "weekly, at 8:00 in Asia/Shanghai".
func (r Rhythm) Words() string {
	words := map[Frequency]string{
		Each: "every edition", Daily: "once a day", Weekly: "once a week", Monthly: "once a month", Important: "only what is important",
	}[r.Frequency]
	if h, ok := r.Hour.Clock(); ok {
		if r.Frequency == Each {
			words = "once a day"
		}
		words += fmt.Sprintf(", at %d:00", h)
	}
	if r.Timezone != "" {
		words += " in " + r.Timezone
	}
	return words
}

// validRhythm checks a subscriber's rhythm and pause. Each error is "fault;
// remedy".
func (s *Subscriber) validRhythm() []error {
	var errs []error
	if _, err := ParseFrequency(string(s.Frequency)); err != nil {
		errs = append(errs, err)
	}
	if s.Hour < 0 || s.Hour > 24 {
		errs = append(errs, fmt.Errorf("%d is no hour of the day; use 0 to 23", s.Hour-1))
	}
	if s.Timezone != "" {
		if _, err := time.LoadLocation(s.Timezone); err != nil || strings.EqualFold(s.Timezone, "local") {
			errs = append(errs, fmt.Errorf("there is no time zone %q; write it as in Asia/Shanghai", s.Timezone))
		}
	}
	if s.PausedUntil != "" {
		if _, err := time.Parse(time.DateOnly, s.PausedUntil); err != nil {
			errs = append(errs, fmt.Errorf("%q is no date to pause until; write it as in 2026-12-24", s.PausedUntil))
		}
	}
	return errs
}

// PausedAt reports whether a subscriber with a rhythm who is paused until a day
// ("" is not paused) gets nothing at an instant: mail comes again when that day
// begins in the subscriber's zone.
func PausedAt(until string, r Rhythm, digest *time.Location, t time.Time) bool {
	return until != "" && t.In(r.In(digest)).Format(time.DateOnly) < until
}
