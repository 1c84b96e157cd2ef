package classify

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"broadsheet/syndicate"
)

// A pattern is one spelling of a term, or a phrase that takes its words out.
type pattern struct {
	theme       int32
	term        int32 // index in vocabulary.terms; -1 for a phrase that takes out
	length      int32 // bytes
	left, right bool  // must a word begin or end there?
}

// A vocabulary is all themes' terms, ready to be found in one pass.
type vocabulary struct {
	machine  *automaton
	patterns []pattern
	terms    []syndicate.Term
	themes   int
}

// newVocabulary prepares the terms of themes.
func newVocabulary(themes []syndicate.Theme) *vocabulary {
	v := &vocabulary{themes: len(themes)}
	var texts []string
	add := func(theme, term int, text string) {
		p := pattern{theme: int32(theme), term: int32(term), length: int32(len(text))}
		first, _ := utf8.DecodeRuneInString(text)
		last, _ := utf8.DecodeLastRuneInString(text)
		p.left, p.right = inWord(first), inWord(last)
		v.patterns = append(v.patterns, p)
		texts = append(texts, text)
	}
	for i, t := range themes {
		own := map[string]bool{} // a plural that is a term itself keeps its own weight
		for _, term := range t.Terms {
			own[normal(term.Text)] = true
		}
		for _, not := range t.Not {
			for _, text := range withPlurals(normal(not), nil) {
				add(i, -1, text)
			}
		}
		for _, term := range t.Terms {
			for _, text := range withPlurals(normal(term.Text), own) {
				add(i, len(v.terms), text)
			}
			v.terms = append(v.terms, term)
		}
	}
	v.machine = newAutomaton(texts, sameByte)
	return v
}

// normal returns a term as texts are compared with it.
func normal(s string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(syndicate.Fold(s), "-", " ")), " ")
}

// sameByte reads line ends, tabs and hyphens as spaces: take-over, take over.
func sameByte(b byte) byte {
	switch b {
	case '\n', '\r', '\t', '-':
		return ' '
	}
	return b
}

// withPlurals returns text and, if it ends in an English word, its regular
// plurals, but for those in except.
func withPlurals(text string, except map[string]bool) []string {
	out := []string{text}
	n := len(text)
	if n < 3 || text[n-1] < 'a' || text[n-1] > 'z' || text[n-1] == 's' {
		return out
	}
	add := func(s string) {
		if !except[s] {
			out = append(out, s)
		}
	}
	switch {
	case strings.HasSuffix(text, "ch"), strings.HasSuffix(text, "sh"), strings.HasSuffix(text, "x"), strings.HasSuffix(text, "z"):
		add(text + "es")
	case text[n-1] == 'y' && !strings.ContainsRune("aeiou", rune(text[n-2])):
		add(text[:n-1] + "ies")
	default:
		add(text + "s")
	}
	return out
}

// inWord reports whether r is of a script that writes words apart.
func inWord(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
	}
	return r < 0x2000 && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

// A found is a pattern found in a text, at text[start:end].
type found struct {
	pattern    int32
	start, end int32
}

// A finder holds what finding terms needs from one text to the next.
type finder struct {
	text  []byte
	found [][]found // by theme, in order, not overlapping
}

// find returns the patterns found in the folded text, by theme. Where
// patterns of one theme overlap the longest wins; of two equally long ones
// the one that takes words out, then the earlier one.
func (v *vocabulary) find(f *finder) [][]found {
	for i := range f.found {
		f.found[i] = f.found[i][:0]
	}
	v.machine.scan(f.text, func(end int, ids []int32) {
		for _, id := range ids {
			p := &v.patterns[id]
			if start := end - int(p.length); p.fits(f.text, start, end) {
				f.found[p.theme] = keepLongest(f.found[p.theme], found{id, int32(start), int32(end)})
			}
		}
	})
	return f.found
}

// fits reports whether words begin and end where the pattern wants them to.
func (p *pattern) fits(text []byte, start, end int) bool {
	if p.left && start > 0 {
		if r, _ := utf8.DecodeLastRune(text[:start]); inWord(r) {
			return false
		}
	}
	if p.right && end < len(text) {
		if r, _ := utf8.DecodeRune(text[end:]); inWord(r) {
			return false
		}
	}
	return true
}

// keepLongest adds m to kept, which holds matches in order without overlap,
// and resolves overlaps. Matches must come in order of their ends.
func keepLongest(kept []found, m found) []found {
	n := len(kept)
	for n > 0 && kept[n-1].end > m.start {
		if kept[n-1].end-kept[n-1].start >= m.end-m.start {
			return kept
		}
		n--
	}
	return append(kept[:n], m)
}

// fold appends s, folded, to the text and returns the width of s in Chinese
// characters: any other counts half.
func (f *finder) fold(s string) float64 {
	wide, narrow := 0, 0
	for _, r := range s {
		r = syndicate.FoldRune(r)
		if r < utf8.RuneSelf {
			f.text = append(f.text, byte(r))
			narrow++
			continue
		}
		f.text = utf8.AppendRune(f.text, r)
		wide++
	}
	return float64(wide) + float64(narrow)/2
}
