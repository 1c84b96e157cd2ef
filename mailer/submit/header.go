package submit

import (
	"encoding/base64"
	"net/mail"
	"strings"
	"unicode/utf8"
)

// The longest lines of a header: with encoded words (RFC 2047, section 2) and
// otherwise (RFC 5322, section 2.1.1: should).
const (
	wordsLine  = 76
	headerLine = 78
)

// unstructured returns a text as the value of a field whose line it joins in a
// column: folded where it is long, in encoded words where it is not ASCII.
func unstructured(column int, s string) string {
	if !ascii(s) || strings.Contains(s, "=?") || strings.TrimSpace(s) != s || strings.Contains(s, "  ") || longest(s) > maxLine/2 {
		return words(column, s)
	}
	var b strings.Builder
	for i, word := range strings.Split(s, " ") {
		switch {
		case i == 0:
		case column+1+len(word) > headerLine:
			b.WriteString("\r\n ")
			column = 1
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += len(word)
	}
	return b.String()
}

// longest returns the length of the longest word of s.
func longest(s string) int {
	n := 0
	for word := range strings.SplitSeq(s, " ") {
		n = max(n, len(word))
	}
	return n
}

// named returns a name for people and what stands between angle brackets.
func named(column int, name, bracketed string) string {
	bracketed = "<" + bracketed + ">"
	if name == "" {
		return bracketed
	}
	value := phrase(column, name)
	column += len(value)
	if i := strings.LastIndex(value, "\r\n"); i >= 0 {
		column = len(value) - i - 2
	}
	if column+1+len(bracketed) > headerLine {
		return value + "\r\n " + bracketed
	}
	return value + " " + bracketed
}

// phrase returns a name as an RFC 5322 phrase: quoted, or in encoded words.
func phrase(column int, name string) string {
	if ascii(name) && len(name) < headerLine-column {
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`
	}
	return words(column, name)
}

// words returns s in encoded words (RFC 2047) in base64, one a line.
func words(column int, s string) string {
	const begin, end = "=?utf-8?b?", "?="
	var b strings.Builder
	for s != "" {
		room := (wordsLine - column - len(begin) - len(end)) / 4 * 3
		n := 0
		for n < len(s) {
			_, size := utf8.DecodeRuneInString(s[n:])
			if n+size > room {
				break
			}
			n += size
		}
		if n > 0 {
			b.WriteString(begin + base64.StdEncoding.EncodeToString([]byte(s[:n])) + end)
			s = s[n:]
		}
		if s != "" {
			b.WriteString("\r\n ")
			column = 1
		}
	}
	return b.String()
}

// spec returns a parsed address as it stands between angle brackets, its local
// part quoted where it has to be.
func spec(address string) string {
	s := (&mail.Address{Address: address}).String()
	return s[1 : len(s)-1]
}
