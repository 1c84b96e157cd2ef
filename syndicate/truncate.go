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
// word of Latin letters, or what people see as one character (UAX #29). Only
// of a text that begins with a quotation longer than limit is that cut.
func Truncate(s string, limit int) string {
	s = strings.TrimSpace(s)
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	end, at, n := 0, 0, 0
	var open nesting
	for _, t := range Sentences(s) {
		n += utf8.RuneCountInString(s[at:t.End()])
		open.read(s[at:t.End()])
		at = t.End()
		if n > limit {
			break
		}
		if t.Ended && !open.inside() {
			end = at
		}
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
	var open nesting
	prev := rune(0)
	for i, r := range s {
		if i > 0 && cuttable(s, i, prev, r) {
			inside = i
			if !open.inside() {
				safe = i
			}
		}
		if i > 0 && !open.inside() && n >= limit/3 && clauseEnd(s, i, prev, r) {
			clause = i
		}
		if n == limit {
			break
		}
		n++
		open.next(r)
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

// clauseEnd reports whether a clause ends at i, between prev and r.
func clauseEnd(s string, i int, prev, r rune) bool {
	switch prev {
	case '，', '；', '：':
		return !digit(r) && !wideDigit(r) && !extends(prev, r)
	case ',', ';':
		return r == ' ' || isHan(r) && !insideNumber(s, i)
	}
	return false
}

// Balanced reports whether every quote and bracket that opens in s closes in
// it. Marks that close nothing do not count, nor do apostrophes and inches.
func Balanced(s string) bool {
	var open nesting
	open.read(s)
	return !open.inside()
}

// A nesting is the quotes and brackets that are open at some place in a text.
type nesting struct {
	open     []rune // what will close them
	straight bool   // a straight double quote is open
	prev     rune
}

const (
	opening = "《〈“‘「『（【〔〖([{"
	closing = "》〉”’」』）】〕〗)]}"

	maxNesting = 32 // what opens deeper is not followed
)

func (n *nesting) inside() bool { return n.straight || len(n.open) > 0 }

func (n *nesting) read(s string) {
	for _, r := range s {
		n.next(r)
	}
}

// next goes on over r.
func (n *nesting) next(r rune) {
	prev := n.prev
	n.prev = r
	switch {
	case r == '"':
		n.straight = !n.straight && !digit(prev)
		return
	case r >= 0x3020 && r < 0xFF00: // Han, and no mark among them
		return
	case r < 0x80 && r != '(' && r != '[' && r != '{' && r != ')' && r != ']' && r != '}':
		return
	}
	if i := strings.IndexRune(opening, r); i >= 0 && len(n.open) < maxNesting {
		want, _ := utf8.DecodeRuneInString(closing[i:])
		n.open = append(n.open, want)
		return
	}
	for i := len(n.open) - 1; i >= 0; i-- {
		if n.open[i] == r {
			n.open = n.open[:i]
			return
		}
	}
}

// cuttable reports whether s may be cut at i, between prev and r.
func cuttable(s string, i int, prev, r rune) bool {
	return !extends(prev, r) && !(latin(prev) && latin(r)) && !insideNumber(s, i)
}

// extends reports whether people may see prev and r as one character: marks,
// joined and coloured emoji, flags, Korean syllables in letters (UAX #29). It
// says so of some pairs that are two, such as the second and third of four
// letters that make two flags.
func extends(prev, r rune) bool {
	switch {
	case r < 0x300:
		return prev == '\r' && r == '\n'
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Mc), r == '\u200d', prev == '\u200d', r >= 0x1F3FB && r <= 0x1F3FF:
		return true
	case r >= 0xFE00 && r <= 0xFE0F, r >= 0x1F1E6 && r <= 0x1F1FF, r >= 0xE0020 && r <= 0xE007F:
		return true
	case r >= 0x1160 && r <= 0x11FF, prev >= 0x1100 && prev <= 0x11FF && r >= 0x1100 && r <= 0xD7FF, r == 0x0E33, r == 0x0EB3:
		return true
	}
	return false
}

func latin(r rune) bool {
	return r < 0x2000 && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '.' || r == '-' || r == '\'')
}

// insideNumber reports whether s[i:] continues a number: its sign, digits or
// numerals, what scales them, and the unit.
func insideNumber(s string, i int) bool {
	next, _ := utf8.DecodeRuneInString(s[i:])
	prev, n := utf8.DecodeLastRuneInString(s[:i])
	switch {
	case digit(prev) || wideDigit(prev):
		return true
	case strings.ContainsRune("$€£¥￥₹+-±−.,．，:∶/~～—–−", prev) && (digit(next) || wideDigit(next)):
		return true
	case prev == ' ' || prev == '\u00a0':
		return spacedNumber(s, i, n, next)
	case next == ' ':
		next, _ = utf8.DecodeRuneInString(s[i+1:])
		return spacedNumber(s, i+1, 1, next)
	case !unitRune(next) && !numeral(next):
		return false
	}
	rest := s[:i]
	for range 8 {
		r, n := utf8.DecodeLastRuneInString(rest)
		if digit(r) || wideDigit(r) || numeral(r) {
			return true
		}
		if n == 0 || !unitRune(r) {
			return false
		}
		rest = rest[:len(rest)-n]
	}
	return false
}

// spacedNumber reports whether the space that ends at i stands inside a number
// or before its scale and unit: 5 215, $ 3, 3.4 million.
func spacedNumber(s string, i, space int, next rune) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:i-space])
	if strings.ContainsRune("$€£¥￥₹", before) {
		return digit(next)
	}
	if unicode.IsLetter(before) { // 3 million dollars
		tail := s[max(0, i-space-10) : i-space]
		return scaleWord(tail[strings.LastIndexByte(tail, ' ')+1:]) && unicode.IsLetter(next) && next < 0x2000
	}
	if !digit(before) && !wideDigit(before) {
		return false
	}
	return digit(next) || unitRune(next) || unicode.IsLetter(next) && next < 0x2000
}

// scaleWord reports whether a word goes between a number and its unit.
func scaleWord(w string) bool {
	switch strings.ToLower(w) {
	case "hundred", "thousand", "million", "billion", "trillion", "mln", "bln", "bn", "mn", "crore", "lakh",
		"per", "basis", "percentage", "pct", "square", "sq", "cubic", "metric", "nautical", "us", "hong", "kong", "degrees":
		return true
	}
	return false
}

func numeral(r rune) bool {
	return strings.ContainsRune("零一二三四五六七八九十百千万亿两半几数〇", r)
}

func unitRune(r rune) bool {
	return strings.ContainsRune("万亿千百十多余个美欧日港元平方公里米顷亩吨标箱瓦时兆吉伏度家项座台辆人次户名年月日天小分钟倍成点之番条件艘架套根颗株所层万斤克升立方摄氏载重基秒场次处位种届层幢栋只头棵股列班份笔宗例元港韩澳英镑箱伏特%％‰℃°", r)
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
