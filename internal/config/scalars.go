package config

import (
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A Secret is text that is never shown: every way of printing it gives
// <secret>. Convert it to a string to use it.
type Secret string

const hidden = "<secret>"

// String returns <secret>, or nothing for the empty secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return hidden
}

// GoString is String, for %#v.
func (s Secret) GoString() string { return strconv.Quote(s.String()) }

// MarshalText is String, for JSON and the like.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalYAML is String, for YAML.
func (s Secret) MarshalYAML() (any, error) { return s.String(), nil }

// LogValue is String, for log/slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// A duration is written as Go writes it, and may have days: 1h30m, 7d, 1d12h.
type duration time.Duration

const day = 24 * time.Hour

// maxDuration is the longest duration a configuration may name. It keeps sums
// with instants from overflowing.
const maxDuration = 3660 * day

var daysPattern = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?)d(.*)$`)

// parseDuration reads a duration. The error reads "fault; remedy".
func parseDuration(s string) (time.Duration, error) {
	var sum time.Duration
	rest := s
	if m := daysPattern.FindStringSubmatch(s); m != nil {
		n, err := strconv.ParseFloat(m[1], 64)
		if err != nil || n > 3660 {
			return 0, fmt.Errorf("%s is past 3660d; use less", s)
		}
		sum, rest = time.Duration(n*float64(day)), m[2]
		if rest == "" {
			return sum, nil
		}
	}
	d, err := time.ParseDuration(rest)
	switch {
	case err != nil || strings.HasPrefix(rest, "+"):
		return 0, fmt.Errorf("%q is not a duration; write a number and a unit, such as 30m, 1h30m or 7d", s)
	case d < 0:
		return 0, errors.New(s + " is negative; leave the sign out")
	case d > maxDuration || sum+d > maxDuration:
		return 0, fmt.Errorf("%s is past 3660d; use less", s)
	}
	return sum + d, nil
}

// String returns the duration in the shortest form that parseDuration reads.
func (d duration) String() string {
	rest := time.Duration(d)
	var b strings.Builder
	for _, u := range []struct {
		length time.Duration
		name   string
	}{{day, "d"}, {time.Hour, "h"}, {time.Minute, "m"}} {
		if n := rest / u.length; n > 0 {
			fmt.Fprintf(&b, "%d%s", n, u.name)
			rest -= n * u.length
		}
	}
	if rest > 0 || b.Len() == 0 {
		b.WriteString(rest.String())
	}
	return b.String()
}

// MarshalYAML is String.
func (d duration) MarshalYAML() (any, error) { return d.String(), nil }
