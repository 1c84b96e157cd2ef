package syndicate

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Typeset returns s with the punctuation that a reader of Chinese expects
// (GB/T 15834): narrow marks next to Han characters become wide ones, straight
// quotes become pairs, full-width letters and digits become narrow. Numbers,
// clock times, addresses and what is not Chinese stay as they are.
//
// lang is the language of s (BCP 47); "" lets s tell. Typeset serves display
// only: what is stored, searched and published stays as the source wrote it.
func Typeset(s, lang string) string {
	if lang != "" && lang != "und" && !strings.HasPrefix(strings.ToLower(lang), "zh") {
		return s
	}
	if !strings.ContainsFunc(s, isHan) {
		return s
	}
	t := typesetter{in: []rune(s), open: '“', shut: '”'}
	if traditional(lang) {
		t.open, t.shut = '「', '」'
	}
	t.protect()
	t.narrow()
	t.quotes()
	t.brackets()
	return t.marks()
}

func traditional(lang string) bool {
	lang = strings.ToLower(lang)
	for _, s := range []string{"hant", "-tw", "-hk", "-mo"} {
		if strings.Contains(lang, s) {
			return true
		}
	}
	return false
}

// A typesetter works on one text, rune by rune.
type typesetter struct {
	in         []rune
	fixed      []bool // parts of addresses
	open, shut rune   // double quotes
}

func (t *typesetter) at(i int) rune {
	if i < 0 || i >= len(t.in) {
		return 0
	}
	return t.in[i]
}

// protect fixes addresses of the web and of mail.
func (t *typesetter) protect() {
	t.fixed = make([]bool, len(t.in))
	for i := 0; i < len(t.in); i++ {
		if t.in[i] != ':' && t.in[i] != '@' && !(t.in[i] == 'w' && t.word(i, "www.")) {
			continue
		}
		if t.in[i] == ':' && !(t.at(i+1) == '/' && t.at(i+2) == '/') {
			continue
		}
		from, to := i, i
		for from > 0 && addressRune(t.in[from-1]) {
			from--
		}
		for to < len(t.in) && addressRune(t.in[to]) {
			to++
		}
		for to > i && strings.ContainsRune(".,;:!?)", t.in[to-1]) { // marks of the sentence
			to--
		}
		for k := from; k < to; k++ {
			t.fixed[k] = true
		}
		i = max(i, to-1)
	}
}

func (t *typesetter) word(i int, w string) bool {
	for _, r := range w {
		if t.at(i) != r {
			return false
		}
		i++
	}
	return true
}

func addressRune(r rune) bool {
	return r > ' ' && r < utf8.RuneSelf && !strings.ContainsRune("\"<>{}|\\^`", r)
}

// narrow makes full-width letters, digits and percent signs narrow.
func (t *typesetter) narrow() {
	for i, r := range t.in {
		if r >= '０' && r <= '９' || r >= 'Ａ' && r <= 'Ｚ' || r >= 'ａ' && r <= 'ｚ' || r == '％' {
			t.in[i] = r - ('！' - '!')
		}
		if (r == '．' || r == '，') && digit(t.at(i-1)) && wideDigit(t.at(i+1)) {
			t.in[i] = r - ('！' - '!')
		}
	}
}

func wideDigit(r rune) bool { return r >= '０' && r <= '９' }

func digit(r rune) bool { return r >= '0' && r <= '9' }

// quotes turns straight double quotes into pairs, line by line, where Han
// characters stand in them or next to them.
func (t *typesetter) quotes() {
	first := -1
	for i, r := range t.in {
		switch {
		case r == '\n':
			first = -1
		case r != '"' || t.fixed[i]:
		case first < 0:
			first = i
		default:
			if t.wide(first-1) || t.wide(i+1) || t.holdsHan(first, i) {
				t.in[first], t.in[i] = t.open, t.shut
			}
			first = -1
		}
	}
}

// holdsHan reports whether a Han character stands between i and j.
func (t *typesetter) holdsHan(i, j int) bool {
	for k := i + 1; k < j; k++ {
		if isHan(t.in[k]) {
			return true
		}
	}
	return false
}

// wide reports whether a Han character or a mark of Chinese stands at i.
func (t *typesetter) wide(i int) bool {
	r := t.at(i)
	return isHan(r) || strings.ContainsRune("，。；：？！、（）《》〈〉【】「」『』“”‘’—…％", r) && r != 0
}

// Brackets are paired to this depth, and over this many characters.
const (
	maxNested  = 8
	maxBracket = 400
)

// brackets makes those wide that hold Han characters.
func (t *typesetter) brackets() {
	var opened []int
	for i, r := range t.in {
		switch {
		case t.fixed[i]:
		case r == '\n':
			opened = opened[:0]
		case r == '(':
			opened = append(opened, i)
			if len(opened) > maxNested {
				opened = opened[1:]
			}
		case r == ')' && len(opened) > 0:
			from := opened[len(opened)-1]
			opened = opened[:len(opened)-1]
			if i-from <= maxBracket && t.holdsHan(from, i) {
				t.in[from], t.in[i] = '（', '）'
			}
		}
	}
}

// marks returns the text with wide marks where they belong.
func (t *typesetter) marks() string {
	var b strings.Builder
	b.Grow(len(t.in) * 3)
	for i := 0; i < len(t.in); i++ {
		r := t.in[i]
		if t.fixed[i] {
			b.WriteRune(r)
			continue
		}
		switch r {
		case '.', '。':
			i += t.dots(&b, i)
		case '-':
			i += t.dash(&b, i)
		case ',', ';', ':', '!', '?':
			i += t.mark(&b, i)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// mark writes the mark at i and returns how many spaces after it are dropped.
func (t *typesetter) mark(b *strings.Builder, i int) int {
	next := i + 1
	for t.at(next) == ' ' {
		next++
	}
	before, after := t.at(i-1), t.at(next)
	clause := isHan(before) || isHan(after) || strings.ContainsRune("“「《（【", after) && after != 0
	if before == 0 || unicode.IsSpace(before) || digit(before) && digit(after) || !clause {
		b.WriteRune(t.in[i])
		return 0
	}
	b.WriteRune(t.in[i] + ('！' - '!'))
	if next < len(t.in) {
		return next - i - 1
	}
	return 0
}

// dots writes the dots at i and returns how many more than one they are.
func (t *typesetter) dots(b *strings.Builder, i int) int {
	n := 1
	for t.at(i+n) == t.in[i] {
		n++
	}
	han := t.wide(i-1) || t.wide(i+n) && n > 1
	switch after := t.at(i + n); {
	case n >= 3 && (han || t.in[i] == '。'):
		b.WriteString("……")
	case n == 1 && t.in[i] == '.' && isHan(t.at(i-1)) && !digit(after) && !(after < utf8.RuneSelf && unicode.IsLetter(after)):
		b.WriteRune('。')
	default:
		for range n {
			b.WriteRune(t.in[i])
		}
	}
	return n - 1
}

// dash writes the hyphens at i and returns how many more than one they are.
func (t *typesetter) dash(b *strings.Builder, i int) int {
	n := 1
	for t.at(i+n) == '-' {
		n++
	}
	before, after := t.at(i-1), t.at(i+n)
	switch {
	case n == 2 && t.wide(i-1) && t.wide(i+n):
		b.WriteString("——")
	case n == 1 && strings.ContainsRune("年月日", before) && digit(after):
		b.WriteRune('—')
	default:
		for range n {
			b.WriteByte('-')
		}
	}
	return n - 1
}
