package fetch

import (
	"bytes"
	"strings"
)

// robotsSize is how much of a robots.txt is read; RFC 9309, section 2.5, asks
// for 500 KiB at least.
const robotsSize = 500 << 10

// Robots are the rules of a robots.txt that concern one crawler (RFC 9309).
// The zero value allows everything.
type Robots struct{ rules []robotsRule }

// A robotsRule allows or disallows the paths that its pattern matches.
type robotsRule struct {
	allow   bool
	pattern string // percent-encoded as requests are
}

// ParseRobots reads a robots.txt for the crawler whose product token is given,
// in any case. What is no rule is passed over, as section 2.2 asks, and so is
// what is past 500 KiB.
func ParseRobots(body []byte, token string) *Robots {
	body = bytes.TrimPrefix(body[:min(len(body), robotsSize)], []byte("\ufeff"))
	var ours, everyones Robots
	var named, forUs, forAll bool // forUs, forAll: whom the group at hand is for
	ruled := false                // the group at hand has rules: the next user-agent begins another
	for line := range strings.FieldsFuncSeq(string(body), func(r rune) bool { return r == '\n' || r == '\r' }) {
		key, value := robotsLine(line)
		switch key {
		case "user-agent", "useragent", "user agent":
			if ruled {
				forUs, forAll, ruled = false, false, false
			}
			name := productToken(value)
			forUs = forUs || name != "" && strings.EqualFold(name, token)
			forAll = forAll || value == "*" || strings.HasPrefix(value, "* ")
			named = named || forUs
		case "allow", "disallow", "dissallow", "disalow":
			ruled = true
			if value == "" {
				continue // matches nothing
			}
			rule := robotsRule{key == "allow", escapePattern(value)}
			if forUs {
				ours.rules = append(ours.rules, rule)
			}
			if forAll {
				everyones.rules = append(everyones.rules, rule)
			}
		}
	}
	if named {
		return &ours
	}
	return &everyones
}

// robotsLine splits a line into its key, in lower case, and its value. Some
// write no colon; two words then do.
func robotsLine(line string) (key, value string) {
	line, _, _ = strings.Cut(line, "#")
	key, value, ok := strings.Cut(line, ":")
	if !ok {
		words := strings.Fields(line)
		if len(words) != 2 {
			return "", ""
		}
		key, value = words[0], words[1]
	}
	return strings.ToLower(strings.TrimSpace(key)), strings.TrimSpace(value)
}

// productToken returns what section 2.2.1 lets a product token be made of, at
// the start of s.
func productToken(s string) string {
	end := strings.IndexFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '_' && r != '-'
	})
	if end < 0 {
		return s
	}
	return s[:end]
}

// Allowed reports whether target, a path with its query as a request has them,
// may be fetched. Of the patterns that match, the longest decides, and of two
// as long the one that allows (section 2.2.2). rule is the line that decided,
// "" when none did.
//
// A pattern that disallows holds for a target's other spelling too, with ASCII
// letters and digits encoded or not; one that allows must match as it stands.
func (r *Robots) Allowed(target string) (ok bool, rule string) {
	plain := unescapeUnreserved(target)
	best := robotsRule{allow: true}
	for _, rule := range r.rules {
		n := len(rule.pattern)
		if n < len(best.pattern) || n == len(best.pattern) && !rule.allow {
			continue
		}
		if matchPattern(rule.pattern, target) || !rule.allow && matchPattern(unescapeUnreserved(rule.pattern), plain) {
			best = rule
		}
	}
	switch {
	case best.pattern == "":
		return true, ""
	case best.allow:
		return true, "allow: " + best.pattern
	default:
		return false, "disallow: " + best.pattern
	}
}

// matchPattern reports whether a pattern matches the start of target. A star
// stands for any characters, a dollar at the end for the end (section 2.2.3).
// The work grows with the length of either, not with their product.
func matchPattern(pattern, target string) bool {
	pattern, whole := strings.CutSuffix(pattern, "$")
	first, rest, starred := strings.Cut(pattern, "*")
	target, ok := strings.CutPrefix(target, first)
	if !ok {
		return false
	}
	for starred {
		var part string
		part, rest, starred = strings.Cut(rest, "*")
		if !starred && whole {
			return strings.HasSuffix(target, part)
		}
		i := strings.Index(target, part)
		if i < 0 {
			return false
		}
		target = target[i+len(part):]
	}
	return !whole || target == ""
}

const upperHex = "0123456789ABCDEF"

// escapePattern encodes what a request would have encoded, and writes the
// digits of what is encoded in upper case.
func escapePattern(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= 0x80:
			b.WriteByte('%')
			b.WriteByte(upperHex[c>>4])
			b.WriteByte(upperHex[c&15])
		case c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			b.WriteString(strings.ToUpper(s[i : i+3]))
			i += 2
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// unescapeUnreserved decodes letters, digits and the marks that never need
// encoding (RFC 3986, section 2.3).
func unescapeUnreserved(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]) {
			if c := unhex(s[i+1])<<4 | unhex(s[i+2]); unreserved(c) {
				b.WriteByte(c)
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func unhex(c byte) byte {
	switch {
	case c >= 'a':
		return c - 'a' + 10
	case c >= 'A':
		return c - 'A' + 10
	default:
		return c - '0'
	}
}

func unreserved(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || strings.IndexByte("-._~", c) >= 0
}
