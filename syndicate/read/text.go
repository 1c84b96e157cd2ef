package read

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A textWriter collects plain text, one paragraph a line: white space is
// collapsed, and a line break between two Han characters, where HTML sources
// are wrapped, disappears. An ideographic space stays one within a line.
type textWriter struct {
	b    strings.Builder
	last rune // last character of the paragraph; 0 at its start
	gap  rune // white space before the next word: 0, a line feed, or a space
}

// String returns the text without a line break at its end.
func (w *textWriter) String() string { return strings.TrimRight(w.b.String(), "\n") }

// paragraph ends the paragraph, if there is one.
func (w *textWriter) paragraph() {
	if w.last != 0 {
		w.b.WriteByte('\n')
	}
	w.last, w.gap = 0, 0
}

// write adds text.
func (w *textWriter) write(s string) {
	start := 0
	for i, r := range s {
		if !isSpace(r) {
			continue
		}
		if start < i {
			w.word(s[start:i])
		}
		start = i + utf8.RuneLen(r)
		switch {
		case r == 0x200b || r == 0xfeff: // no width
		case r == 0x3000:
			w.gap = r
		case r == '\n' || r == '\r':
			w.gap = max(w.gap, '\n')
		case w.gap == 0:
			w.gap = ' '
		}
	}
	if start < len(s) {
		w.word(s[start:])
	}
}

// word adds text without white space.
func (w *textWriter) word(s string) {
	if w.gap != 0 && w.last != 0 {
		switch first, _ := utf8.DecodeRuneInString(s); {
		case w.gap == 0x3000:
			w.b.WriteRune(w.gap)
		case w.gap == ' ' || !wide(first) || !wide(w.last) && !clauseMark(w.last):
			w.b.WriteByte(' ')
		}
	}
	w.gap = 0
	w.b.WriteString(s)
	w.last, _ = utf8.DecodeLastRuneInString(s)
}

// isSpace reports whether r separates words. The no-break space does; the
// ideographic space, with which Chinese paragraphs are indented, does too.
func isSpace(r rune) bool {
	switch r {
	case ' ', '\t', '\n', '\r', '\f', '\v', 0xa0, 0x3000, 0x200b, 0xfeff, 0x2028, 0x2029:
		return true
	}
	return false
}

// clauseMark reports whether r is a half-width mark that stands between the
// clauses of Chinese text where writers mix widths.
func clauseMark(r rune) bool { return r == ',' || r == ';' || r == ':' }

// wide reports whether r is a character of a script without spaces, or of its
// punctuation.
func wide(r rune) bool {
	return r >= 0x2e80 && (cjkPunctuation(r) || unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) || r >= 0xff01 && r <= 0xff60)
}

// squeeze returns s as one line, white space collapsed.
func squeeze(s string) string {
	var w textWriter
	w.write(s)
	return w.String()
}
