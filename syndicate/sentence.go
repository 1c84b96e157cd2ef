package syndicate

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Sentence is a stretch of a text: a sentence, or the head of a section.
type Sentence struct {
	Text   string // without surrounding spaces
	Start  int    // byte offset in the text
	Head   bool   // a section's head (一、… or （一）…), without its number's mark
	Ended  bool   // closed by a mark that ends sentences
	Opens  bool   // the first of its paragraph
	Number string // of a head, as written: 一、 or (一)
}

// End returns the byte offset where the sentence ends.
func (s Sentence) End() int { return s.Start + len(s.Text) }

// Sentences cuts a text into sentences and section heads, in order.
//
// A Chinese sentence ends with 。！？ or their narrow forms and takes closing
// quotes and brackets along; a Latin full stop ends one only before a space
// and a capital, and not after an abbreviation; a line end always does. Heads
// stand inside paragraphs in the listings of Chinese portals: 一、 or （一）
// at the beginning of a sentence, up to the next space.
func Sentences(text string) []Sentence {
	var out []Sentence
	for start := 0; start < len(text); {
		end := strings.IndexByte(text[start:], '\n')
		if end < 0 {
			end = len(text)
		} else {
			end += start
		}
		out = lineSentences(out, text, start, end)
		start = end + 1
	}
	return out
}

// lineSentences adds the sentences of one line, text[start:end].
func lineSentences(out []Sentence, text string, start, end int) []Sentence {
	opens := true
	for {
		for start < end {
			r, n := utf8.DecodeRuneInString(text[start:end])
			if !unicode.IsSpace(r) {
				break
			}
			start += n
		}
		if start >= end {
			return out
		}
		s := Sentence{Start: start, Opens: opens}
		if mark, head := headLen(text[start:end]); head > 0 {
			s.Head, s.Number = true, text[start:start+mark]
			s.Start += mark
			s.Text = strings.TrimSpace(text[s.Start : start+head])
			s.Start = start + head - len(strings.TrimLeftFunc(text[s.Start:start+head], unicode.IsSpace))
			start += head
		} else {
			n, ended := sentenceLen(text[start:end])
			s.Text, s.Ended = strings.TrimRightFunc(text[start:start+n], unicode.IsSpace), ended
			start += n
		}
		if s.Text != "" {
			out = append(out, s)
		}
		opens = false
	}
}

// maxHead is how long a section's head may be, in bytes.
const maxHead = 150

// headLen returns how many bytes the number's mark and the whole head take at
// the beginning of s, or zeros when s begins with no head.
func headLen(s string) (mark, head int) {
	mark = markLen(s)
	if mark == 0 {
		return 0, 0
	}
	for i, r := range s[mark:] {
		switch {
		case i > maxHead, isStop(r):
			return 0, 0
		case unicode.IsSpace(r) && i > 0:
			return mark, mark + i
		}
	}
	return mark, len(s) // a line of its own
}

// markLen returns the length of 一、 or (一) or （一） at the beginning of s.
func markLen(s string) int {
	const numerals = "一二三四五六七八九十"
	rest := s
	open, n := utf8.DecodeRuneInString(s)
	bracket := open == '(' || open == '（'
	if bracket {
		rest = s[n:]
	}
	trimmed := strings.TrimLeft(rest, numerals)
	if len(trimmed) == len(rest) || len(rest)-len(trimmed) > 9 {
		return 0
	}
	r, n := utf8.DecodeRuneInString(trimmed)
	if bracket && (r == ')' || r == '）') || !bracket && r == '、' {
		return len(s) - len(trimmed) + n
	}
	return 0
}

// sentenceLen returns the length of the sentence at the beginning of the line
// s, and whether a mark ends it.
func sentenceLen(s string) (n int, ended bool) {
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		next := i + size
		switch {
		case isStop(r):
			return next + closingLen(s[next:]), true
		case r == '.' && fullStop(s, i):
			return next + closingLen(s[next:]), true
		case r == ' ' || r == '\u3000':
			if rest := s[next:]; i > 0 && markLen(rest) > 0 {
				if _, head := headLen(rest); head > 0 {
					return next, false
				}
			}
		}
		i = next
	}
	return len(s), false
}

func isStop(r rune) bool {
	switch r {
	case '。', '！', '？', '!', '?':
		return true
	}
	return false
}

// closingLen returns the length of the marks at the beginning of s that belong
// to the sentence before: more stops, closing quotes and brackets.
func closingLen(s string) int {
	for i, r := range s {
		if !isStop(r) && !strings.ContainsRune("”’』」）)》〉】\"…", r) && !(r >= 0x300 && unicode.In(r, unicode.Mn, unicode.Me, unicode.Mc, unicode.Cf)) {
			return i
		}
		if r == '"' && i+1 < len(s) && s[i+1] != ' ' && s[i+1] < utf8.RuneSelf {
			return i // opens what follows
		}
	}
	return len(s)
}

// fullStop reports whether the dot at s[i] ends a sentence.
func fullStop(s string, i int) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:i])
	rest := s[i+1+closingLen(s[i+1:]):]
	if before == '.' || strings.HasPrefix(rest, ".") {
		return false
	}
	if isHan(before) {
		return true
	}
	if rest == "" {
		return true
	}
	after := strings.TrimLeft(rest, " \u00a0")
	if len(after) == len(rest) { // no space follows
		return false
	}
	next, _ := utf8.DecodeRuneInString(after)
	if unicode.IsLower(next) {
		return false
	}
	word := s[strings.LastIndexAny(s[:i], " (\"“")+1 : i]
	return !abbreviated(word)
}

// abbreviated reports whether a word before a dot is an abbreviation that does
// not end its sentence: U.S, J, Mr.
func abbreviated(word string) bool {
	if strings.Contains(word, ".") || len(word) == 1 && word[0] >= 'A' && word[0] <= 'Z' {
		return true
	}
	switch strings.ToLower(word) {
	case "mr", "mrs", "ms", "dr", "rs", "st", "prof", "gen", "sen", "rep", "gov", "no", "vs", "jan", "feb", "aug",
		"sept", "oct", "nov", "dec", "mt", "jr", "sr", "approx", "capt", "col", "lt":
		return true
	}
	return false
}

// isHan reports whether r is a Han character.
func isHan(r rune) bool {
	return r >= firstHan && r < firstHan+lenHan || r >= 0x3400 && r < 0x4DC0 || r >= 0x20000 && r < 0x32000
}
