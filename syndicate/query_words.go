package syndicate

import (
	"strings"
	"unicode"
)

// maxWord is the length in runes at which words are cut: no language has
// longer ones, but encoded data has.
const maxWord = 64

// maxWords is how many bytes of a text are looked at: five times the longest
// articles that people read to their end.
const maxWords = 200_000

// Words returns s as queries see it: folded, its words separated by one
// space, everything else left out. A word is a run of letters, digits and
// marks of one of two sorts: characters of Han, kana and hangul, which are
// written without spaces, and all others. So "5G网络, C++" is "5g 网络 c".
//
// A word of the first sort is found inside a longer one (汉口 in 武汉口岸), one of
// the second sort only as a whole (port not in airport). Words of the second
// sort are cut after 64 runes, and texts at about 200,000 bytes. Below that,
// Words(Words(s)) is Words(s).
func Words(s string) string {
	if len(s) > maxWords {
		s = s[:cutAt(s, maxWords)]
	}
	var c cutter
	c.words.Grow(len(s))
	for _, r := range s {
		c.add(r)
	}
	return c.words.String()
}

// A cutter cuts a text into words; see Words.
type cutter struct {
	words  strings.Builder
	last   wordSort // of the word that is being written; other between words
	length int      // of that word, in runes
}

// add takes the next rune of the text.
func (c *cutter) add(r rune) {
	r = FoldRune(r)
	sort := sortOf(r)
	if sort == mark && c.last == spaced {
		sort = spaced
	}
	switch sort {
	case mark, invisible:
		return
	case other:
		c.last = other
		return
	}
	if sort != c.last {
		if c.words.Len() > 0 {
			c.words.WriteByte(' ')
		}
		c.last, c.length = sort, 0
	}
	if c.length++; sort == unspaced || c.length <= maxWord {
		c.words.WriteRune(r)
	}
}

// Unspaced reports whether r belongs to a script whose words are written
// without spaces between them; see Words.
func Unspaced(r rune) bool { return sortOf(r) == unspaced }

type wordSort int

const (
	other     wordSort = iota // no part of a word
	spaced                    // a word ends at a space
	unspaced                  // a word may end anywhere
	mark                      // belongs to the letter before it; left out after unspaced ones
	invisible                 // left out, even within a word
)

func sortOf(r rune) wordSort {
	switch {
	case r < 0x80:
		if 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' {
			return spaced
		}
		return other
	case 0x4E00 <= r && r <= 0x9FFF, r == 'ー':
		return unspaced
	case unicode.Is(unicode.Variation_Selector, r), unicode.Is(unicode.Cf, r):
		return invisible
	case unicode.Is(unicode.M, r):
		return mark
	case !unicode.In(r, unicode.L, unicode.N):
		return other
	case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul):
		return unspaced
	}
	return spaced
}

// contains reports whether the words of phrase stand side by side in text.
// Both are as Words gives them.
func contains(text, phrase string) bool {
	if phrase == "" {
		return false
	}
	return strings.Contains(" "+text+" ", Needle(phrase))
}

// Needle returns the string whose presence in " "+Words(text)+" " means that
// text holds phrase, which is as Words gives it and not empty.
func Needle(phrase string) string {
	first, last := firstRune(phrase), lastRune(phrase)
	if !Unspaced(first) {
		phrase = " " + phrase
	}
	if !Unspaced(last) {
		phrase += " "
	}
	return phrase
}
