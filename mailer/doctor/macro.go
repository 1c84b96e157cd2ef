package doctor

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// longestName is how long a domain name may be in its text form.
const longestName = 253

// expand fills in the macros of a domain in a record of domain (RFC 7208,
// section 7). It reports false when one of them is not known here: the address
// that mail leaves from, a name in it, or the name the relay greets with.
func (w *spfWalk) expand(spec, domain string) (name string, known bool, err error) {
	var out strings.Builder
	known = true
	for rest := spec; rest != ""; {
		before, after, ok := strings.Cut(rest, "%")
		out.WriteString(before)
		if !ok {
			break
		}
		var macro string
		end := 1
		switch {
		case strings.HasPrefix(after, "%"):
			macro = "%"
		case strings.HasPrefix(after, "_"):
			macro = " "
		case strings.HasPrefix(after, "-"):
			macro = "%20"
		default:
			if end = strings.IndexByte(after, '}') + 1; after == "" || after[0] != '{' || end == 0 {
				return "", false, spfMistake(fmt.Sprintf("its SPF record has %q, where a %% begins no macro", spec))
			}
			var there bool
			if macro, there, err = w.macro(after[1:end-1], domain); err != nil {
				return "", false, err
			}
			known = known && there
		}
		out.WriteString(macro)
		rest = after[end:]
	}
	name = strings.TrimSuffix(out.String(), ".")
	for len(name) > longestName {
		_, shorter, ok := strings.Cut(name, ".")
		if !ok {
			break
		}
		name = shorter
	}
	return name, known, nil
}

// macro returns what stands for a macro, such as "d2r" or "l-".
func (w *spfWalk) macro(text, domain string) (value string, known bool, err error) {
	wrong := spfMistake(fmt.Sprintf("its SPF record has the macro %%{%s}, which there is not", text))
	if text == "" {
		return "", false, wrong
	}
	if value, known = w.letter(text[0]|0x20, domain); value == "" {
		return "", false, wrong
	}
	digits := strings.TrimLeft(text[1:], "0123456789")
	number := text[1 : len(text)-len(digits)]
	delimiters, reversed := digits, false
	if strings.HasPrefix(strings.ToLower(delimiters), "r") {
		delimiters, reversed = delimiters[1:], true
	}
	if strings.Trim(delimiters, ".-+,/_=") != "" {
		return "", false, wrong
	}
	if delimiters == "" {
		delimiters = "."
	}
	if number != "" || reversed || delimiters != "." {
		parts := strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(delimiters, r) })
		if reversed {
			slices.Reverse(parts)
		}
		if number != "" {
			n, err := strconv.Atoi(number)
			if err != nil || n == 0 {
				return "", false, wrong
			}
			parts = parts[max(len(parts)-n, 0):]
		}
		value = strings.Join(parts, ".")
	}
	if text[0] < 'a' {
		value = escaped(value)
	}
	return value, known, nil
}

// letter returns what a letter stands for, "" for one that means nothing in a
// domain.
func (w *spfWalk) letter(c byte, domain string) (value string, known bool) {
	switch c {
	case 's':
		return w.local + "@" + w.sender, true
	case 'l':
		return w.local, true
	case 'o':
		return w.sender, true
	case 'd':
		return domain, true
	case 'i':
		return dotted(w.ip), w.ip.IsValid()
	case 'v':
		if w.ip.Is6() {
			return "ip6", true
		}
		return "in-addr", w.ip.IsValid()
	case 'p': // not to be used (section 5.5): receivers may always say so
		return "unknown", true
	case 'h':
		return "unknown", false
	}
	return "", false
}

// dotted is an address as macros have it: every digit of an IPv6 one stands by
// itself.
func dotted(ip netip.Addr) string {
	if !ip.Is6() {
		return ip.String()
	}
	var out []string
	for _, b := range ip.As16() {
		out = append(out, strconv.FormatInt(int64(b>>4), 16), strconv.FormatInt(int64(b&15), 16))
	}
	return strings.Join(out, ".")
}

// escaped is a text as part of a URL: all but the unreserved characters of
// RFC 3986 as their octets.
func escaped(s string) string {
	var out strings.Builder
	for i := range len(s) {
		c := s[i]
		if 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0 {
			out.WriteByte(c)
		} else {
			fmt.Fprintf(&out, "%%%02X", c)
		}
	}
	return out.String()
}
