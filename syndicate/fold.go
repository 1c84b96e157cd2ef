package syndicate

import (
	"strings"
	"unicode"
)

// Fold returns s as it is compared: see [FoldRune]. Rune i of the result stands
// for rune i of s.
func Fold(s string) string { return strings.Map(FoldRune, s) }

// FoldRune folds case and width (Ａ and a are one letter).
func FoldRune(r rune) rune {
	switch {
	case r >= '！' && r <= '～':
		r -= '！' - '!'
	case r == '\u3000':
		r = ' '
	}
	if r < 'A' {
		return r
	}
	return unicode.ToLower(r)
}
