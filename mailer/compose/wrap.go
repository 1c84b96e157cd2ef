package compose

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"

	"broadsheet/syndicate"
)

// Characters that may not begin or end a line (避头尾; W3C clreq, section
// 3.1.3, and the list word processors use for Chinese).
const (
	notAtStart = "!%),.:;?]}¢°·ˇˉ―‖’”…‰′″›℃∶、。〃〉》」』】〕〗！），．：；？］｝％＂＇—～"
	notAtEnd   = "([{£¥$·‘“〈《「『【〔〖（［｛￥＄"
)

// units are the words that stay with the number before them.
const units = "百千万亿兆元美欧日港镑年月日号时分秒点个家项户人次名位亩顷公里米吨克斤升倍成辆台套架艘条座栋间千吉瓦兆赫度标箱平方立百分点余多"

// numerals are the characters of numbers in words; two of them in a row are
// one: 二十四亿元.
const numerals = "零〇一二两三四五六七八九十百千万亿"

// scales are the words that stay with the number before them, as a pattern.
const scales = "thousand|million|billion|trillion|percent"

// Wrap fills text into lines of at most cols columns, where a Chinese
// character takes two, and begins the first line with first and the others
// with rest. Lines end between words and between Chinese characters, but not
// where Chinese forbids it, and not between a number and its unit. A word that
// is longer than a line is cut; an address (http://…) is not, so that it can
// still be followed. White space in text counts as one space.
func Wrap(text string, cols int, first, rest string) string {
	w := wrapper{cols: cols, rest: rest, restCols: Columns(rest), atStart: true}
	w.b.WriteString(first)
	w.used = Columns(first)
	for _, word := range words(text) {
		w.word(word)
	}
	return w.b.String()
}

// words divides text at its white space, but not where Chinese forbids a line
// to end there: before a mark that may not begin one, after a bracket that may
// not end one, and between a number and its unit.
func words(text string) []string {
	var out []string
	for _, word := range strings.Fields(text) {
		if n := len(out) - 1; n >= 0 && together(out[n], word) {
			out[n] += " " + word
			continue
		}
		out = append(out, word)
	}
	return out
}

// together reports whether no line may end between two words.
func together(a, b string) bool {
	last, _ := utf8.DecodeLastRuneInString(a)
	first := firstRune(b)
	return strings.ContainsRune(notAtStart, first) || last != '·' && strings.ContainsRune(notAtEnd, last) ||
		unicode.IsDigit(last) && (wide(first) && strings.ContainsRune(units, first) || slices.Contains(strings.Split(scales, "|"), strings.TrimRight(b, ".,;:!?")))
}

// Columns returns how many columns text takes in a fixed-width font: two for
// every Chinese character, full-width form and most emoji, none for what
// combines with the character before.
func Columns(text string) int {
	n := 0
	for _, r := range text {
		n += columns(r)
	}
	return n
}

func columns(r rune) int {
	switch {
	case r < ' ' || unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case r < 0x7f:
		return 1
	case strings.ContainsRune("“”‘’…—", r):
		return 2 // ambiguous by the standard, wide in Chinese fonts
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// A wrapper fills lines.
type wrapper struct {
	b        strings.Builder
	cols     int
	rest     string
	restCols int
	used     int
	atStart  bool // nothing but the prefix is on the line
}

// word adds what stands between two spaces.
func (w *wrapper) word(word string) {
	gap := !w.atStart
	for _, piece := range pieces(word) {
		w.piece(piece, gap)
		gap = false
	}
}

// piece adds what must not be divided, on this line or the next.
func (w *wrapper) piece(piece string, gap bool) {
	n := Columns(piece)
	space := 0
	if gap && !w.atStart {
		space = 1
	}
	if !w.atStart && w.used+space+n > w.cols {
		w.newLine()
		space = 0
	}
	if w.used+space+n > w.cols && !strings.Contains(piece, "://") {
		w.cut(piece)
		return
	}
	if space > 0 {
		w.b.WriteByte(' ')
	}
	w.b.WriteString(piece)
	w.used += space + n
	w.atStart = false
}

// cut adds a piece that is longer than a line.
func (w *wrapper) cut(piece string) {
	gap := false
	for _, g := range graphemes(piece) {
		if g == " " {
			gap = true
			continue
		}
		n := Columns(g)
		switch space := btoi(gap); {
		case w.atStart:
		case w.used+space+n > w.cols:
			w.newLine()
		case gap:
			w.b.WriteByte(' ')
			w.used++
		}
		gap = false
		w.b.WriteString(g)
		w.used += n
		w.atStart = false
	}
}

// btoi returns 1 for true.
func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (w *wrapper) newLine() {
	w.b.WriteString("\n" + w.rest)
	w.used, w.atStart = w.restCols, true
}

// pieces divides a word where a line may end.
func pieces(word string) []string {
	gs := graphemes(word)
	var out []string
	start, number, numeral := 0, false, 0
	for i, g := range gs {
		if i > 0 && mayBreak(gs[i-1], g, number) {
			out = append(out, strings.Join(gs[start:i], ""))
			start = i
		}
		r := firstRune(g)
		if numeral++; !strings.ContainsRune(numerals, r) {
			numeral = 0
		}
		number = numeral >= 2 || unicode.IsDigit(r) || number && strings.ContainsRune(units+".,%％‰ ", r)
	}
	return append(out, strings.Join(gs[start:], ""))
}

// mayBreak reports whether a line may end between two characters of a word.
// number says that a ends a number or the unit of one.
func mayBreak(a, b string, number bool) bool {
	ra, rb := firstRune(a), firstRune(b)
	switch {
	case !wide(ra) && !wide(rb):
		return false // within a Latin word
	case ra == ' ' || rb == ' ':
		return false // words that belong together
	case strings.ContainsRune("’”", ra) && !wide(rb):
		return false // don’t
	case strings.ContainsRune(`"'`, ra), strings.ContainsRune(`"'`, rb):
		return false // nobody knows whether it opens or closes
	case strings.ContainsRune(notAtStart, rb), strings.ContainsRune(notAtEnd, ra):
		return false
	case number && strings.ContainsRune(units, rb):
		return false
	case strings.ContainsRune(numerals, ra) && strings.ContainsRune(numerals, rb):
		return false
	}
	return true
}

// wide reports whether lines may end beside r: it is a Chinese, Japanese or
// Korean character, a mark of theirs, or a picture.
func wide(r rune) bool { return columns(r) == 2 }

func firstRune(s string) rune {
	for _, r := range s {
		return r
	}
	return 0
}

// graphemes divides text into what a reader takes for single characters. It
// is the part of Unicode's rules (UAX #29) that matters for news: combining
// marks, joined and coloured emoji, flags.
func graphemes(text string) []string {
	var out []string
	start, flags := 0, 0
	var prev rune = -1
	for i, r := range text {
		if prev >= 0 && !joined(prev, r, flags) {
			out = append(out, text[start:i])
			start = i
		}
		if flag(r) {
			flags++
		} else {
			flags = 0
		}
		prev = r
	}
	return append(out, text[start:])
}

const joiner = '\u200d'

// joined reports whether two neighbours are one character; flags counts the
// regional indicators that end with a.
func joined(a, b rune, flags int) bool {
	return unicode.In(b, unicode.Mn, unicode.Me, unicode.Mc, unicode.Cf) || a == joiner ||
		b >= 0x1f3fb && b <= 0x1f3ff || flag(b) && flags%2 == 1
}

// flag reports whether r is a regional indicator, two of which make a flag.
func flag(r rune) bool { return r >= 0x1f1e6 && r <= 0x1f1ff }

// shorten returns text in about cols columns: whole sentences if one fits,
// else up to the end of a clause or word, and an ellipsis. Of a text that can
// be cut nowhere it returns the first characters.
func shorten(text string, cols int) string {
	n := Columns(text)
	if n <= cols {
		return text
	}
	runes := utf8.RuneCountInString(text)
	short := syndicate.Truncate(text, max(1, cols*runes/n))
	if got := Columns(short); got > 8 && got <= cols+8 {
		return short
	}
	var b strings.Builder
	n = 2 // for the mark
	for _, g := range graphemes(text) {
		if n += Columns(g); n > cols {
			break
		}
		b.WriteString(g)
	}
	return strings.TrimSpace(b.String()) + "…"
}
