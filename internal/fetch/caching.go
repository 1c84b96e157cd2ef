package fetch

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// longest is what longer and unreadably long durations are taken for.
const longest = 366 * 24 * time.Hour

// ParseRetryAfter returns how long a server asks to be left alone (RFC 9110,
// section 10.2.3): seconds, or a date, which is measured against the server's
// own clock when it tells it. It is false when there is no such wish, or when
// the wish cannot be read.
func ParseRetryAfter(h http.Header, now time.Time) (time.Duration, bool) {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if v == "" {
		return 0, false
	}
	if d, ok := parseSeconds(v); ok {
		return d, true
	}
	at, err := http.ParseTime(v)
	if err != nil {
		return 0, false
	}
	return min(max(0, at.Sub(serverTime(h, now))), longest), true
}

// Lifetime returns how long an answer stays fresh (RFC 9111, section 4.2, for
// a private cache): max-age less Age, or Expires less Date. reason is the rule
// that said so, as in "max-age=43200"; it is "" when the lifetime is 0. An
// answer that may not be kept or used without asking has no lifetime.
func Lifetime(h http.Header, now time.Time) (d time.Duration, reason string) {
	directives := cacheControl(h)
	if _, ok := directives["no-store"]; ok {
		return 0, ""
	}
	if _, ok := directives["no-cache"]; ok {
		return 0, ""
	}
	if v, ok := directives["max-age"]; ok {
		d, _ = parseSeconds(v)
		age, _ := parseSeconds(strings.TrimSpace(h.Get("Age")))
		if d = max(0, d-age); d == 0 {
			return 0, ""
		}
		reason = "max-age=" + v
		if age > 0 {
			reason += " less " + strconv.Itoa(int(age/time.Second)) + " s of age"
		}
		return d, reason
	}
	at, err := http.ParseTime(h.Get("Expires"))
	if err != nil {
		return 0, ""
	}
	if d = min(max(0, at.Sub(serverTime(h, now))), longest); d == 0 {
		return 0, ""
	}
	return d, "expires " + at.UTC().Format("2006-01-02 15:04 UTC")
}

// cacheControl returns the directives, names in lower case. Of repeated ones
// the first counts (RFC 9111, section 4.2.1).
func cacheControl(h http.Header) map[string]string {
	directives := map[string]string{}
	for _, part := range strings.Split(strings.Join(h.Values("Cache-Control"), ","), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		name = strings.ToLower(strings.TrimSpace(name))
		if _, ok := directives[name]; name != "" && !ok {
			directives[name] = strings.Trim(strings.TrimSpace(value), `"`)
		}
	}
	return directives
}

// parseSeconds reads a number of seconds, capped at longest.
func parseSeconds(v string) (time.Duration, bool) {
	if v == "" || strings.Trim(v, "0123456789") != "" {
		return 0, false
	}
	if len(v) > 9 {
		return longest, true
	}
	n, err := strconv.Atoi(v)
	if err != nil {
		return 0, false
	}
	return min(time.Duration(n)*time.Second, longest), true
}

// serverTime is the answer's Date, or now.
func serverTime(h http.Header, now time.Time) time.Time {
	if at, err := http.ParseTime(h.Get("Date")); err == nil {
		return at
	}
	return now
}
