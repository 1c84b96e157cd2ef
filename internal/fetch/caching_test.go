package fetch_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"broadsheet/internal/fetch"
)

// header reads "Name: value" lines.
func header(lines string) http.Header {
	h := http.Header{}
	for line := range strings.Lines(lines) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			h.Add(name, strings.TrimSpace(value))
		}
	}
	return h
}

// now is what our clock says in these tests.
func now() time.Time { return time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC) }

func TestParseRetryAfter(t *testing.T) {
	t.Parallel()
	const days = 24 * time.Hour
	tests := map[string]struct {
		header string
		want   time.Duration
		ok     bool
	}{
		"not said":                     {"", 0, false},
		"seconds":                      {"Retry-After: 120", 2 * time.Minute, true},
		"at once":                      {"Retry-After: 0", 0, true},
		"a date":                       {"Retry-After: Mon, 23 Nov 2026 09:30:00 GMT", 90 * time.Minute, true},
		"a date of RFC 850":            {"Retry-After: Monday, 23-Nov-26 09:30:00 GMT", 90 * time.Minute, true},
		"by the server's clock":        {"Retry-After: Mon, 23 Nov 2026 09:30:00 GMT\nDate: Mon, 23 Nov 2026 09:00:00 GMT", 30 * time.Minute, true},
		"a date gone by":               {"Retry-After: Mon, 23 Nov 2025 09:30:00 GMT", 0, true},
		"longer than can be":           {"Retry-After: 99999999999999999999", 366 * days, true},
		"a date too far":               {"Retry-After: Mon, 23 Nov 2999 09:30:00 GMT", 366 * days, true},
		"negative":                     {"Retry-After: -5", 0, false},
		"with a unit":                  {"Retry-After: 5m", 0, false},
		"with a fraction":              {"Retry-After: 1.5", 0, false},
		"with spaces around":           {"Retry-After:   60  ", time.Minute, true},
		"the server's date is no date": {"Retry-After: Mon, 23 Nov 2026 08:30:00 GMT\nDate: today", 30 * time.Minute, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, ok := fetch.ParseRetryAfter(header(tt.header), now())
			if got != tt.want || ok != tt.ok {
				t.Errorf("%s, %v, want %s, %v", got, ok, tt.want, tt.ok)
			}
		})
	}
}

func TestLifetime(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		header string
		want   time.Duration
		reason string
	}{
		"not said":                  {"", 0, ""},
		"max-age":                   {"Cache-Control: max-age=43200", 12 * time.Hour, "max-age=43200"},
		"max-age less age":          {"Cache-Control: public, max-age=43200\nAge: 3600", 11 * time.Hour, "max-age=43200 less 3600 s of age"},
		"older than it may be":      {"Cache-Control: max-age=60\nAge: 3600", 0, ""},
		"bad age":                   {"Cache-Control: max-age=60\nAge: old", time.Minute, "max-age=60"},
		"zero":                      {"Cache-Control: max-age=0\nExpires: Mon, 23 Nov 2026 09:00:00 GMT", 0, ""},
		"quoted, in capitals":       {`CACHE-CONTROL: MAX-AGE="60"`, time.Minute, "max-age=60"},
		"spaces":                    {"Cache-Control: public , max-age = 60", time.Minute, "max-age=60"},
		"several headers":           {"Cache-Control: public\nCache-Control: max-age=60", time.Minute, "max-age=60"},
		"said twice":                {"Cache-Control: max-age=60, max-age=90", time.Minute, "max-age=60"},
		"shared caches only":        {"Cache-Control: s-maxage=60", 0, ""},
		"no-cache":                  {"Cache-Control: max-age=60, no-cache", 0, ""},
		"no-store":                  {"Cache-Control: no-store, max-age=60", 0, ""},
		"max-age before expires":    {"Cache-Control: max-age=60\nExpires: Mon, 23 Nov 2026 09:00:00 GMT", time.Minute, "max-age=60"},
		"negative":                  {"Cache-Control: max-age=-1", 0, ""},
		"endless":                   {"Cache-Control: max-age=99999999999999999999", 366 * 24 * time.Hour, "max-age=99999999999999999999"},
		"expires":                   {"Expires: Mon, 23 Nov 2026 09:00:00 GMT", time.Hour, "expires 2026-11-23 09:00 UTC"},
		"expires by server's clock": {"Expires: Mon, 23 Nov 2026 09:00:00 GMT\nDate: Mon, 23 Nov 2026 08:50:00 GMT", 10 * time.Minute, "expires 2026-11-23 09:00 UTC"},
		"expired":                   {"Expires: Mon, 23 Nov 2020 09:00:00 GMT", 0, ""},
		"expires 0":                 {"Expires: 0", 0, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, reason := fetch.Lifetime(header(tt.header), now())
			if got != tt.want || reason != tt.reason {
				t.Errorf("%s because %q, want %s because %q", got, reason, tt.want, tt.reason)
			}
		})
	}
}

// FuzzCaching checks that no header makes us ask too soon or never again.
func FuzzCaching(f *testing.F) {
	f.Add("max-age=60", "3", "Mon, 23 Nov 2026 09:00:00 GMT", "120")
	f.Fuzz(func(t *testing.T, control, age, expires, retry string) {
		h := http.Header{"Cache-Control": {control}, "Age": {age}, "Expires": {expires}, "Retry-After": {retry}}
		d, reason := fetch.Lifetime(h, now())
		if d < 0 || d > 366*24*time.Hour || (d == 0) != (reason == "") {
			t.Errorf("lifetime %s because %q", d, reason)
		}
		if d, ok := fetch.ParseRetryAfter(h, now()); d < 0 || d > 366*24*time.Hour || !ok && d != 0 {
			t.Errorf("retry after %s, %v", d, ok)
		}
	})
}
