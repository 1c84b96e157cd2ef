package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// notModified reports whether the client has what etag and modified stand for
// (RFC 9110, section 13.2.2): If-None-Match counts, and only without it
// If-Modified-Since.
func notModified(h http.Header, etag string, modified time.Time) bool {
	if tags := h["If-None-Match"]; len(tags) > 0 {
		for _, list := range tags {
			if list == etag || matches(list, etag) {
				return true
			}
		}
		return false
	}
	since := h.Get("If-Modified-Since")
	if since == "" || modified.IsZero() {
		return false
	}
	t, err := http.ParseTime(since)
	return err == nil && !modified.After(t)
}

// matches reports whether a list of entity tags, or "*", names etag. Weak
// comparison: W/ does not count (RFC 9110, section 13.1.2). A list that is not
// one matches up to the place where it ends to be one.
func matches(list, etag string) bool {
	for {
		list = strings.TrimLeft(list, " \t,")
		if strings.HasPrefix(list, "*") {
			return true
		}
		list = strings.TrimPrefix(list, "W/")
		if !strings.HasPrefix(list, `"`) {
			return false
		}
		end := strings.IndexByte(list[1:], '"')
		if end < 0 {
			return false
		}
		if list[:end+2] == etag {
			return true
		}
		list = list[end+2:]
	}
}

// accepted returns the coding up to best that Accept-Encoding likes most (RFC
// 9110, section 12.5.3), of several the one that we like most.
func accepted(values []string, best coding) coding {
	const unnamed = -1
	weights := [codings]float64{unnamed, unnamed, unnamed, unnamed}
	star := 0.0
	for _, v := range values {
		for part := range strings.SplitSeq(v, ",") {
			name, params, _ := strings.Cut(part, ";")
			name = strings.TrimSpace(name)
			q := 1.0
			if params != "" {
				q = quality(params)
			}
			switch {
			case name == "gzip" || strings.EqualFold(name, "gzip") || strings.EqualFold(name, "x-gzip"):
				weights[gzipped] = q
			case name == "br" || strings.EqualFold(name, "br"):
				weights[brotlied] = q
			case strings.EqualFold(name, "zstd"):
				weights[zstandard] = q
			case strings.EqualFold(name, "identity"):
				weights[identity] = q
			case name == "*":
				star = q
			}
		}
	}
	chosen, most := identity, max(weights[identity], 0) // not named, it is what comes when nothing else may
	for c := gzipped; c <= best; c++ {
		q := weights[c]
		if q == unnamed {
			q = star
		}
		if q > 0 && q >= most {
			chosen, most = c, q
		}
	}
	return chosen
}

// quality returns the weight in the parameters of a coding; 1 when there is
// none, 0 when it cannot be read.
func quality(params string) float64 {
	name, value, ok := strings.Cut(strings.TrimSpace(params), "=")
	if !ok || !strings.EqualFold(strings.TrimSpace(name), "q") {
		return 1
	}
	q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	if err != nil {
		return 0
	}
	return q
}
