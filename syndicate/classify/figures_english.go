package classify

import (
	"strings"

	"broadsheet/syndicate"
)

// readEnglish finds the figures of a sentence without Han characters.
func (r *reader) readEnglish() {
	for i := 0; i < len(r.runes); {
		if !r.wordStart(i) {
			i++
			continue
		}
		end := r.englishShare(i)
		if end == i {
			end = r.englishAmount(i)
		}
		i = max(end, i+1)
	}
}

// wordStart reports whether a word, a number or a sign of money begins at i.
func (r *reader) wordStart(i int) bool {
	c, before := r.rune(i), r.rune(i-1)
	if isDigit(c) || isLatin(c) || moneySigns[c] != "" {
		return !isDigit(before) && !isLatin(before) && before != '_' && before != '/' && (before != '.' || i < 2 || !isDigit(r.rune(i-2)))
	}
	return false
}

// moneySigns are the currencies that a sign before the number stands for.
var moneySigns = map[rune]string{'$': "USD", '£': "GBP", '€': "EUR", '¥': "JPY", '￥': "JPY"}

// moneyPrefixes are what can stand before a number instead, folded.
var moneyPrefixes = []struct{ prefix, code string }{
	{"us$", "USD"},
	{"us $", "USD"},
	{"a$", "AUD"},
	{"hk$", "HKD"},
	{"c$", "CAD"},
	{"nz$", "NZD"},
	{"s$", "SGD"},
	{"nt$", "TWD"},
	{"usd ", "USD"},
	{"eur ", "EUR"},
	{"gbp ", "GBP"},
	{"rmb ", "元"},
	{"cny ", "元"},
	{"rs ", "INR"},
	{"rs.", "INR"},
}

// numberWords are the numbers that English writes out.
var numberWords = map[string]float64{
	"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12,
	"thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20,
	"thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "one": 1,
}

// wordNumber reports whether a sentence may hold a number written out.
func wordNumber(s string) bool {
	s = strings.ToLower(s)
	for w := range numberWords {
		if strings.Contains(s, w) {
			return true
		}
	}
	return strings.Contains(s, "half of") || strings.Contains(s, "third of")
}

// word returns the word of letters at i.
func (r *reader) word(i int) string {
	end := i
	for isLatin(r.rune(end)) {
		end++
	}
	return string(r.runes[min(i, len(r.runes)):min(end, len(r.runes))])
}

// englishNumber reads a number at i, in digits or written out.
func (r *reader) englishNumber(i int) number {
	n := number{scale: 1, end: i}
	if value, end := r.arabic(i); end > i {
		n.value, n.end = value, end
		return n
	}
	w := r.word(i)
	if value, ok := numberWords[w]; ok {
		n.value, n.end, n.han = value, i+len(w), true
		n.one = value == 1
	}
	return n
}

// englishScales are the words that scale a number, longest first.
var englishScales = []struct {
	word  string
	scale float64
}{
	{"trillion", 1e12},
	{"thousand", 1e3},
	{"million", 1e6},
	{"billion", 1e9},
	{"hundred", 1e2},
	{"trln", 1e12},
	{"bln", 1e9},
	{"mln", 1e6},
	{"bn", 1e9},
	{"mn", 1e6},
	{"tn", 1e12},
	{"m", 1e6},
	{"k", 1e3},
	{"b", 1e9},
}

// scaled reads the word that scales a number. One letter scales only what
// stands just before it, and only money or things counted.
func (r *reader) scaled(n *number, money bool) {
	i := n.end
	if c := r.rune(i); (c == ' ' || c == '-' || c == '\u00a0') && isLatin(r.rune(i+1)) {
		i++
	}
	w := r.word(i)
	for _, s := range englishScales {
		if w != s.word || len(w) == 1 && (i > n.end || n.han || !money && !(w == "m" && r.noun(i+1) != nil)) {
			continue
		}
		n.scale, n.unit, n.end, n.tens = s.scale, w, i+len(w), true
		return
	}
}

// englishAmount reads the figure or figures that begin at i and returns where
// they end; i when no number begins there.
func (r *reader) englishAmount(i int) int {
	code, from := r.money(i)
	n := r.englishNumber(from)
	if n.end == from {
		return i
	}
	if code == "" && r.englishName(i, n) {
		return r.skipEnglishName(n.end)
	}
	r.scaled(&n, code != "")
	u, name, end := r.englishUnit(n, code)
	if u == nil {
		u, name, end = r.sharedUnit(n), "", n.end
	}
	if u == nil || !r.englishCounts(i, n, u) {
		return n.end
	}
	f := syndicate.Figure{Value: n.value, Unit: strings.TrimSpace(n.unit + " " + name), Normalised: n.value * n.scale * u.factor, BaseUnit: u.base}
	f.Bound = r.englishBound(i, end, u)
	f.Direction = r.englishDirection(i, end)
	r.add(i, end, f)
	return end
}

// money returns the currency that a sign at i stands for, and where the
// number after it begins.
func (r *reader) money(i int) (code string, from int) {
	for _, p := range moneyPrefixes {
		if r.has(i, p.prefix) && isDigit(r.rune(i+len(p.prefix))) {
			return p.code, i + len(p.prefix)
		}
	}
	if code = moneySigns[r.rune(i)]; code != "" {
		from = i + 1
		if r.rune(from) == ' ' {
			from++
		}
		return code, from
	}
	return "", i
}

// englishName reports whether the number at i is part of a name, a date, a
// score or a time: A320, March 22, 3-1, 10:30, 5th.
func (r *reader) englishName(i int, n number) bool {
	before, after := r.rune(i-1), r.rune(n.end)
	switch {
	case isLatin(after) && !n.han && r.word(n.end) != "m" && !r.attached(n.end):
		return true
	case before == '-' && (isLatin(r.rune(i-2)) || isDigit(r.rune(i-2))), before == '#', before == '/':
		return true
	case (after == ':' || after == '/') && isDigit(r.rune(n.end+1)):
		return true
	case after == '-' && isDigit(r.rune(n.end+1)):
		m := r.englishNumber(n.end + 1)
		u, _, _ := r.englishUnit(m, "")
		return u == nil || u.base == "count" || u.base == "person"
	}
	for _, month := range months {
		if r.hasBefore(i, month+" ") || r.has(n.end, " "+month) {
			return true
		}
	}
	return false
}

var months = []string{
	"january", "february", "march", "april", "june", "july", "august", "september", "october", "november", "december",
	"jan", "feb", "apr", "jun", "jul", "aug", "sept", "sep", "oct", "nov", "dec", "jan.", "feb.", "aug.", "sept.", "oct.", "nov.", "dec.",
}

// attached reports whether what stands at i, right after digits, is a scale or
// a unit: 5km, 30bn.
func (r *reader) attached(i int) bool {
	w := r.word(i)
	for _, s := range englishScales {
		if w == s.word {
			return true
		}
	}
	_, ok := englishUnits[w]
	return ok
}

// skipEnglishName returns where the name that a number belongs to ends.
func (r *reader) skipEnglishName(i int) int {
	for c := r.rune(i); isDigit(c) || isLatin(c) || (c == ':' || c == '-' || c == '/' || c == '.') && isDigit(r.rune(i+1)); c = r.rune(i) {
		i++
	}
	return i
}

// englishUnit returns the unit of a number, its name, and where it ends.
func (r *reader) englishUnit(n number, code string) (*unit, string, int) {
	if code != "" {
		return &unit{base: code, factor: 1}, code, n.end
	}
	i := n.end
	hyphen := r.rune(i) == '-'
	if c := r.rune(i); c == ' ' || c == '\u00a0' || hyphen {
		i++
	}
	if u, ok := englishUnits[string(r.rune(i))]; ok && !isLatin(r.rune(i)) {
		return &u, string(r.rune(i)), i + 1
	}
	for words := 3; words > 0; words-- {
		end := r.words(i, words)
		if end == i {
			continue
		}
		name := string(r.runes[i:end])
		u, ok := englishUnits[name]
		if !ok || hyphen && (u.kind == span || u.kind == years) {
			continue
		}
		return &u, name, end
	}
	if hyphen {
		return nil, "", i
	}
	if u := r.noun(i); u != nil {
		return &u.unit, string(u.name), i + len(u.name)
	}
	return r.reading(n)
}

// words returns where the given number of words that begin at i ends, i when
// there are not so many.
func (r *reader) words(i, count int) int {
	end := i
	for w := range count {
		if w > 0 {
			if r.rune(end) != ' ' {
				return i
			}
			end++
		}
		start := end
		for isLatin(r.rune(end)) || r.rune(end) == '/' && end > start {
			end++
		}
		if end == start {
			return i
		}
	}
	return end
}

// noun returns what a number counts: the first of the next three words that is
// a plural, 30 Airbus A320 planes.
func (r *reader) noun(i int) *unitEntry {
	if r.rune(i) == ' ' {
		i++
	}
	start := i
	for range 3 {
		end := i
		for isLatin(r.rune(end)) || isDigit(r.rune(end)) || r.rune(end) == '-' && isLatin(r.rune(end+1)) {
			end++
		}
		if end == i {
			return nil
		}
		w := string(r.runes[i:end])
		if _, number := numberWords[w]; number || plural(w) && upper(r.sentence[r.at[i]]) {
			return nil
		}
		switch u, ok := englishNouns[w]; {
		case ok && u.base == "":
			return nil
		case ok:
			return &unitEntry{r.runes[start:end], u}
		case plural(w):
			return &unitEntry{r.runes[start:end], unit{"count", 1, classifier}}
		}
		if r.rune(end) != ' ' {
			return nil
		}
		i = end + 1
	}
	return nil
}

func upper(b byte) bool { return b >= 'A' && b <= 'Z' }

func plural(w string) bool {
	return len(w) > 3 && w[len(w)-1] == 's' && !strings.HasSuffix(w, "ss") && !strings.HasSuffix(w, "us") && !strings.HasSuffix(w, "is") && isLatin(rune(w[len(w)-2]))
}

// reading returns the unit of a number that reads an index: fell to 51.8.
func (r *reader) reading(n number) (*unit, string, int) {
	if n.han || !(r.near("index") || r.near("Index") || r.near("Nikkei") || r.near("FTSE") || r.near("Dow ") || r.near("average")) {
		return nil, "", n.end
	}
	if n.value != float64(int(n.value)) || n.value >= 1000 && !yearLike(n.value) {
		return &unit{"index", 1, point}, "points", n.end
	}
	return nil, "", n.end
}

func yearLike(x float64) bool { return x >= 1900 && x <= 2100 && x == float64(int(x)) }

// sharedUnit returns the unit that a number without one shares with the figure
// before it: 2.5 days, down from four. It returns nil when there is none.
func (r *reader) sharedUnit(n number) *unit {
	if len(r.out) == r.first || n.scale > 1 || isLatin(r.rune(n.end)) {
		return nil
	}
	start := n.end
	for start > 0 && r.rune(start-1) != ' ' {
		start--
	}
	last := r.out[len(r.out)-1]
	if last.Value == 0 || r.hasAnyBefore(start, []string{"down from ", "up from ", "from a revised ", "compared with ", " vs ", " against "}) == 0 {
		return nil
	}
	return &unit{base: last.BaseUnit, factor: last.Normalised / last.Value}
}
