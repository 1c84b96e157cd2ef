package syndicate

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Truncate returns s if it has at most limit characters (a character counts
// one in every script), else as many whole sentences of its beginning as fit,
// else its first clauses and an ellipsis, which may stand past the limit.
//
// It never cuts inside a number and its unit, a pair of quotes or brackets, a
// word of Latin letters, or what people see as one character (UAX #29).
func Truncate(s string, limit int) string {
	s = strings.TrimSpace(s)
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	end := 0
	for _, t := range Sentences(s) {
		if !t.Ended || utf8.RuneCountInString(s[:t.End()]) > limit {
			break
		}
		end = t.End()
	}
	if end > 0 {
		return s[:end]
	}
	return ellipsis(cutClause(s, limit))
}

// cutClause returns the beginning of s, at most limit characters, up to the
// last mark that ends a clause; where that would leave less than a third of
// the limit, up to the last place that may be cut.
func cutClause(s string, limit int) string {
	clause, safe, inside, n := 0, 0, 0, 0
	var open []rune
	prev := rune(0)
	for i, r := range s {
		if i > 0 && cuttable(s, i, prev, r) {
			inside = i
			if len(open) == 0 {
				safe = i
			}
		}
		if i > 0 && len(open) == 0 && n >= limit/3 && clauseEnd(prev, r) {
			clause = i
		}
		if n == limit {
			break
		}
		n++
		open = nesting(open, r)
		prev = r
	}
	switch {
	case clause > 0:
		return s[:clause]
	case safe > 0:
		return s[:safe]
	}
	return s[:inside] // the whole beginning stands in quotes
}

// clauseEnd reports whether a clause ends between prev and r.
func clauseEnd(prev, r rune) bool {
	switch prev {
	case '，', '；', '：':
		return true
	case ',', ';':
		return r == ' ' || isHan(r)
	}
	return false
}

// nesting returns the marks still open after r.
func nesting(open []rune, r rune) []rune {
	const opening, closing = "《〈“‘「『（【", "》〉”’」』）】"
	if strings.ContainsRune(opening, r) {
		return append(open, r)
	}
	if strings.ContainsRune(closing, r) && len(open) > 0 {
		return open[:len(open)-1]
	}
	return open
}

// cuttable reports whether s may be cut at i, between prev and r.
func cuttable(s string, i int, prev, r rune) bool {
	switch {
	case unicode.Is(unicode.Mn, r), unicode.Is(unicode.Me, r), r == '\u200d', prev == '\u200d', r >= 0x1F3FB && r <= 0x1F3FF:
		return false
	case r >= 0xFE00 && r <= 0xFE0F, r >= 0x1F1E6 && r <= 0x1F1FF:
		return false
	case latin(prev) && latin(r):
		return false
	}
	return !insideNumber(s, i)
}

func latin(r rune) bool {
	return r < 0x2000 && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '.' || r == '-' || r == '\'')
}

// insideNumber reports whether s[i:] continues a number: digits, what scales
// them, and the unit.
func insideNumber(s string, i int) bool {
	rest := s[:i]
	units := 0
	for units < 4 {
		r, n := utf8.DecodeLastRuneInString(rest)
		if r >= '0' && r <= '9' || r >= '０' && r <= '９' {
			next, _ := utf8.DecodeRuneInString(s[i:])
			return units > 0 && isHan(next) && unitRune(next) || units == 0
		}
		if n == 0 || !unitRune(r) {
			return false
		}
		rest = rest[:len(rest)-n]
		units++
	}
	return false
}

func unitRune(r rune) bool {
	return strings.ContainsRune("万亿千百十多余个美欧日港元平方公里米顷亩吨标箱瓦时兆伏度家项座台辆人次户名年月日天小分钟倍成点%％", r)
}

func ellipsis(s string) string {
	s = strings.TrimRight(s, " ，；,;：、")
	for _, r := range s {
		if isHan(r) {
			return s + "……"
		}
	}
	return s + " …"
}
