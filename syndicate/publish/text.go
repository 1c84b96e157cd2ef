package publish

import (
	"net/url"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// clean drops what XML 1.0 cannot hold (section 2.2), and with it the
// non-characters, so that all formats say the same.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t', r == '\n':
			return r
		case r == 0x85: // validators take it for a mistake in the encoding
			return '\n'
		case r < ' ', r >= 0x7f && r < 0xa0, r == utf8.RuneError,
			r >= 0xfdd0 && r <= 0xfdef, r&0xfffe == 0xfffe:
			return -1
		}
		return r
	}, s)
}

// oneLine is clean text without line breaks and double blanks.
func oneLine(s string) string { return strings.Join(strings.Fields(clean(s)), " ") }

// unique returns the words of list as one line each, without empty ones and
// repetitions.
func unique(list []string) []string {
	var out []string
	seen := make(map[string]bool)
	for _, s := range list {
		if s = oneLine(s); s != "" && !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}

// shorten cuts s after n characters and marks the cut.
func shorten(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n]) + "…"
}

// address returns an http address in the form of RFC 3986, which feeds must
// have: host in ASCII, everything else percent-encoded, no user or password.
// It returns "" for every other address.
func address(raw string) string {
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	host, err := idna.Lookup.ToASCII(strings.ToLower(u.Hostname()))
	if err != nil {
		host = strings.ToLower(u.Hostname())
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port := u.Port(); port != "" && (u.Scheme != "http" || port != "80") && (u.Scheme != "https" || port != "443") {
		host += ":" + port
	}
	u.Host, u.User = host, nil
	if u.Path == "" {
		u.Path = "/"
	}
	u.RawPath = escape(u.EscapedPath())
	u.RawQuery = escape(u.RawQuery)
	u.RawFragment = escape(u.EscapedFragment())
	return u.String()
}

// escape percent-encodes the bytes that a URI cannot hold, and a percent sign
// that begins no escape.
func escape(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		ok := c > ' ' && c < 0x7f && !strings.ContainsRune("\"<>\\^`{|}", rune(c))
		if c == '%' {
			ok = i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2])
		}
		if ok {
			b.WriteByte(c)
		} else {
			b.WriteString(string([]byte{'%', hex[c>>4], hex[c&15]}))
		}
	}
	return b.String()
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}
