package classify

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"broadsheet/syndicate"
)

// maxFigures is how many figures are kept of one article.
const maxFigures = 400

// maxSentence is how much of a text is read at once, in bytes: a longer
// sentence is none, and is read in pieces.
const maxSentence = 3000

// figures returns the amounts that the title and the text of a document state,
// in order; what the title says stands first, and once.
func figures(d *document) []syndicate.Figure {
	var r reader
	out := r.read(nil, d.title[:pieceLen(d.title)])
	titles := len(out)
	for _, s := range d.sentences {
		for rest := s.Text; rest != "" && !s.Head && len(out) < maxFigures; {
			n := pieceLen(rest)
			out = r.read(out, rest[:n])
			rest = rest[n:]
		}
	}
	if len(d.sentences) == 0 {
		out = r.read(out, d.teaser[:pieceLen(d.teaser)])
	}
	body := out[titles:]
	out = slices.DeleteFunc(out[:titles:titles], func(f syndicate.Figure) bool {
		return slices.ContainsFunc(body, func(g syndicate.Figure) bool { return sameAmount(f, g) })
	})
	return append(out, body...)
}

// pieceLen returns how much of a sentence to read: all of it, or up to the
// last space or comma that maxSentence leaves.
func pieceLen(s string) int {
	if len(s) <= maxSentence {
		return len(s)
	}
	n := maxSentence
	for !utf8.RuneStart(s[n]) {
		n--
	}
	if i := strings.LastIndexAny(s[:n], " ,，"); i > maxSentence/2 {
		_, size := utf8.DecodeRuneInString(s[i:])
		return i + size
	}
	return n
}

func sameAmount(a, b syndicate.Figure) bool {
	return a.BaseUnit == b.BaseUnit && a.Normalised == b.Normalised
}

// A reader finds the figures of one sentence at a time.
type reader struct {
	sentence string
	runes    []rune // folded
	folded   string // the same, once it is asked for
	told     [topicCount]int8
	at       []int32 // byte offset of each rune, and of the end
	out      []syndicate.Figure
	first    int // of this sentence in out
}

// read appends the figures of a sentence to out.
func (r *reader) read(out []syndicate.Figure, sentence string) []syndicate.Figure {
	if !hasNumber(sentence) {
		return out
	}
	r.sentence, r.out, r.first, r.folded, r.told = sentence, out, len(out), "", [topicCount]int8{}
	r.runes, r.at = r.runes[:0], r.at[:0]
	han := 0
	for i, c := range sentence {
		c = syndicate.FoldRune(c)
		if c >= 0x4E00 && c <= 0x9FFF {
			han++
		}
		r.runes, r.at = append(r.runes, c), append(r.at, int32(i))
	}
	r.at = append(r.at, int32(len(sentence)))
	if han > 0 {
		r.readChinese()
	} else {
		r.readEnglish()
	}
	return r.out
}

// hasNumber reports whether a sentence may hold anything a figure begins with.
func hasNumber(s string) bool {
	han := false
	for _, c := range s {
		if isDigit(c) || c >= '０' && c <= '９' || startsChinese(syndicate.FoldRune(c)) {
			return true
		}
		han = han || c >= 0x4E00 && c <= 0x9FFF
	}
	return !han && wordNumber(s)
}

// maxValue is more than any amount of any news: larger numbers are none.
const maxValue = 1e21

// add keeps a figure that stands at runes[start:end], unless the sentence has
// said the same amount already.
func (r *reader) add(start, end int, f syndicate.Figure) {
	f.Text = strings.TrimSpace(r.sentence[r.at[start]:r.at[end]])
	f.Value, f.Normalised = clean(f.Value), clean(f.Normalised)
	if math.Abs(f.Value) > maxValue || math.Abs(f.Normalised) > maxValue {
		return
	}
	if f.Bound == "" {
		f.Bound = "="
	}
	for _, g := range r.out[r.first:] {
		if sameAmount(f, g) {
			return
		}
	}
	f.Sentence = r.sentence
	r.out = append(r.out, f)
}

// clean removes what binary fractions leave behind: 11.6 % is 0.116.
func clean(x float64) float64 {
	y, err := strconv.ParseFloat(strconv.FormatFloat(x, 'g', 12, 64), 64)
	if err != nil {
		return x
	}
	return y
}

// rune returns the folded rune at i, or 0 outside the sentence.
func (r *reader) rune(i int) rune {
	if i < 0 || i >= len(r.runes) {
		return 0
	}
	return r.runes[i]
}

// has reports whether s stands at i.
func (r *reader) has(i int, s string) bool {
	for _, c := range s {
		if r.rune(i) != c {
			return false
		}
		i++
	}
	return true
}

// hasBefore reports whether s stands just before i.
func (r *reader) hasBefore(i int, s string) bool {
	for s != "" {
		c, n := utf8.DecodeLastRuneInString(s)
		if i--; r.rune(i) != c {
			return false
		}
		s = s[:len(s)-n]
	}
	return true
}

// hasAny returns how many runes the first of the words that stands at i takes.
func (r *reader) hasAny(i int, words []string) int {
	for _, w := range words {
		if r.has(i, w) {
			return utf8.RuneCountInString(w)
		}
	}
	return 0
}

// hasAnyBefore is hasAny for what stands just before i.
func (r *reader) hasAnyBefore(i int, words []string) int {
	for _, w := range words {
		if r.hasBefore(i, w) {
			return utf8.RuneCountInString(w)
		}
	}
	return 0
}

func isDigit(c rune) bool { return c >= '0' && c <= '9' }

func isLatin(c rune) bool { return c >= 'a' && c <= 'z' || c >= 0xC0 && c < 0x250 }

// arabic reads a number in digits at i, with a decimal fraction and groups of
// three apart by commas or spaces. It returns the value and the end, i when
// there is no number.
func (r *reader) arabic(i int) (value float64, end int) {
	n := 0
	for isDigit(r.rune(i + n)) {
		value = value*10 + float64(r.rune(i+n)-'0')
		n++
	}
	if n == 0 {
		return 0, i
	}
	end = i + n
	for n <= 3 && (r.rune(end) == ',' || r.rune(end) == ' ') && r.group(end+1) {
		for k := 1; k <= 3; k++ {
			value = value*10 + float64(r.rune(end+k)-'0')
		}
		end += 4
	}
	if r.rune(end) == '.' && isDigit(r.rune(end+1)) {
		scale := 1.0
		digits := 0.0
		for end++; isDigit(r.rune(end)); end++ {
			digits = digits*10 + float64(r.rune(end)-'0')
			scale *= 10
		}
		value += digits / scale
	}
	return value, end
}

// group reports whether exactly three digits stand at i.
func (r *reader) group(i int) bool {
	return isDigit(r.rune(i)) && isDigit(r.rune(i+1)) && isDigit(r.rune(i+2)) && !isDigit(r.rune(i+3))
}
