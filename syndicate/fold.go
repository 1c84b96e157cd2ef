package syndicate

import (
	"strings"
	"unicode"
)

// Fold returns s as it is compared: see [FoldRune]. Rune i of the result stands
// for rune i of s.
func Fold(s string) string { return strings.Map(FoldRune, s) }

// FoldRune folds case, width and script: Ａ, A and a are one letter, 貸 and 贷
// are one character. Folding what is folded changes nothing.
//
// It serves comparing only. What one traditional character stands for can be
// two words in simplified script, so a folded text is not for people.
func FoldRune(r rune) rune {
	if r < 'A' {
		return r
	}
	if r <= unicode.MaxASCII {
		if r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}
	if i := uint32(r - firstHan); i < lenHan {
		return rune(simplified[i])
	}
	return foldOther(r)
}

// foldOther folds what is neither ASCII nor in the basic block of Han.
func foldOther(r rune) rune {
	switch {
	case r >= '！' && r <= '～':
		r -= '！' - '!'
	case r == '\u3000':
		r = ' '
	}
	return unicode.ToLower(r)
}

// The basic block of Han characters.
const (
	firstHan = 0x4E00
	lenHan   = 0x9FFF - firstHan + 1
)

// simplified holds for every character of the basic block what it folds to.
var simplified = simplifiedTable(simplifiedPairs)

func simplifiedTable(pairs string) *[lenHan]uint16 {
	var t [lenHan]uint16
	for i := range t {
		t[i] = uint16(firstHan + i)
	}
	from := rune(0)
	for _, r := range pairs {
		if from == 0 {
			from = r
			continue
		}
		t[from-firstHan] = uint16(r)
		from = 0
	}
	return &t
}
