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
			end = r.englishMultiple(i)
		}
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

// An amount is a number of a sentence with its unit, as far as it has one.
type amount struct {
	number
	code string // of money by its sign
	unit *unit  // nil when none follows the number
	name string // of the unit, as written
	part bool   // its unit or scale is that of the other end of a range
	from int    // where the amount begins
	stop int    // and ends
}

// english reads the amount that begins at i; its number ends at i when there
// is none.
func (r *reader) english(i int) amount {
	var a amount
	code, from := r.money(i)
	a.code, a.number, a.from, a.stop = code, r.englishNumber(from), i, i
	if a.end == from {
		a.end = i
		return a
	}
	r.scaled(&a.number, code != "")
	a.unit, a.name, a.stop = r.englishUnit(a.number, code)
	if a.unit == nil {
		a.stop = a.end
	}
	return a
}

// englishAmount reads the figure or figures that begin at i and returns where
// they end; i when no number begins there.
func (r *reader) englishAmount(i int) int {
	a := r.english(i)
	if a.end == i {
		return i
	}
	if a.code == "" && r.englishName(i, a.number) {
		return r.skipEnglishName(a.end)
	}
	if b, ok := r.englishRange(i, &a); ok {
		return r.addEnglishRange(i, a, b)
	}
	if a.unit == nil {
		if a.unit = r.englishUnwritten(i, a.number); a.unit == nil {
			return a.end
		}
	}
	if !r.englishCounts(i, a.number, a.unit) || r.period(i, a) {
		return a.stop
	}
	f := a.figure()
	end := a.stop
	if a.unit.base == "minute" && a.unit.factor == 60 {
		end = r.minutes(&f, end)
	}
	f.Bound = r.englishBound(i, end, a.unit)
	f.Direction = r.englishDirection(i, end)
	r.add(i, end, f)
	if a.unit.kind == classifier {
		return a.end // amounts may stand before the noun: two 600-megawatt units
	}
	return end
}

func (a amount) figure() syndicate.Figure {
	return syndicate.Figure{
		Value: a.value, Unit: strings.TrimSpace(a.number.unit + " " + a.name),
		Normalised: a.value * a.scale * a.unit.factor, BaseUnit: a.unit.base,
	}
}

// minutes adds to a figure of hours the minutes that follow at end, and
// returns where they end: 2 hours and 40 minutes.
func (r *reader) minutes(f *syndicate.Figure, end int) int {
	for _, link := range []string{" and ", ", ", " "} {
		if !r.has(end, link) {
			continue
		}
		from := end + len(link)
		if m := r.english(from); m.end > from && m.unit != nil && m.unit.base == "minute" && m.unit.factor == 1 {
			f.Value += m.value / 60
			f.Normalised += m.value
			return m.stop
		}
	}
	return end
}

// englishRange returns the other end of a range that begins with the amount a
// at i. Where a has no unit, it takes that of the other end.
func (r *reader) englishRange(i int, a *amount) (amount, bool) {
	for _, link := range []string{" to ", "-", "–", " - ", " and ", " or "} {
		if !r.has(a.stop, link) || link == " and " && !r.hasBefore(i, "between ") {
			continue
		}
		from := a.stop + len([]rune(link))
		b := r.english(from)
		if b.end == from {
			return b, false
		}
		if b.unit == nil && a.code != "" && b.tens && a.scale == 1 { // $300-350 million
			b.unit, b.name = a.unit, a.name
			a.scale, a.number.unit, a.part = b.scale, b.number.unit, true
			return b, true
		}
		switch {
		case b.unit == nil || a.unit != nil && a.unit.base != b.unit.base, a.unit != nil && link == " or ":
			return b, false
		case a.unit == nil:
			if yearLike(a.value) && a.scale == 1 && !a.grouped || a.value >= b.value && a.scale >= b.scale && link != " to " {
				return b, false
			}
			a.unit, a.name, a.part = b.unit, b.name, true
			if a.scale == 1 && b.scale > 1 && a.value <= b.value {
				a.scale, a.number.unit = b.scale, b.number.unit
			}
		}
		return b, true
	}
	return amount{}, false
}

// addEnglishRange adds both ends of a range, or of a change from one to the
// other, and returns where it ends.
func (r *reader) addEnglishRange(i int, a, b amount) int {
	if !r.englishCounts(i, b.number, b.unit) || r.period(i, b) {
		return b.stop
	}
	low, high := a.figure(), b.figure()
	low.Bound, high.Bound = ">=", "<="
	if r.hasBefore(i, "from ") || low.Normalised > high.Normalised {
		low.Bound, high.Bound = "=", "="
	}
	low.Direction = r.englishDirection(i, b.stop)
	high.Direction = low.Direction
	switch {
	case low.Bound == "=":
		low.Direction, high.Direction = "", ""
	case !a.part && low.Direction != "" && r.has(a.stop, " to "): // rose $14 to $2,031
		low.Bound, high.Bound, high.Direction = "=", "=", ""
	}
	if a.part {
		r.add(i, b.stop, low)
		r.add(i, b.stop, high)
		return b.stop
	}
	r.add(i, a.stop, low)
	r.add(b.from, b.stop, high)
	return b.stop
}

// money returns the currency that a sign at i stands for, and where the
// number after it begins.
func (r *reader) money(i int) (code string, from int) {
	for _, p := range moneyPrefixes {
		if !r.has(i, p.prefix) {
			continue
		}
		from = i + len(p.prefix)
		for r.rune(from) == ' ' && from < i+len(p.prefix)+2 {
			from++
		}
		if isDigit(r.rune(from)) {
			return p.code, from
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
		n.grouped = strings.ContainsRune(string(r.runes[i:end]), ',')
		if c := r.rune(end); (c == '-' || c == ' ') && isDigit(r.rune(end+1)) && r.rune(end+2) == '/' && r.rune(end+3) > '1' && r.rune(end+3) <= '9' { // 15-1/2
			n.value += float64(r.rune(end+1)-'0') / float64(r.rune(end+3)-'0')
			n.end = end + 4
		}
		return n
	}
	w := r.word(i)
	if value, ok := numberWords[w]; ok {
		n.value, n.end, n.han = value, i+len(w), true
		n.one = value == 1
		if ones, ok := numberWords[r.word(n.end+1)]; ok && r.rune(n.end) == '-' && value >= 20 && ones < 10 { // twenty-five
			n.value += ones
			n.end += 1 + len(r.word(n.end+1))
		}
		if r.has(n.end, " and a half") {
			n.value, n.end, n.one = n.value+0.5, n.end+len(" and a half"), false
		}
		return n
	}
	for _, a := range articleNumbers {
		if !r.has(i, a.words) {
			continue
		}
		if scale := r.word(i + len(a.words)); bigWords[scale] && r.rune(i+len(a.words)+len(scale)) != '-' {
			n.value, n.end, n.han = a.value, i+len(a.words)-1, true
			return n
		}
	}
	return n
}

// scaled reads the words that scale a number. One letter scales only what
// stands just before it, and only money or things counted.
func (r *reader) scaled(n *number, money bool) {
	for {
		i := n.end
		if c := r.rune(i); (c == ' ' || c == '-' || c == '\u00a0') && isLatin(r.rune(i+1)) {
			i++
		}
		w := r.word(i)
		s := scaleWords[w]
		if s == 0 || len(w) == 1 && (i > n.end || n.han || n.tens || !money && !(w != "b" && r.noun(i+1) != nil)) || n.tens && s < n.scale {
			return
		}
		n.scale, n.end, n.tens, n.one = n.scale*s, i+len(w), true, false
		n.unit = strings.TrimSpace(n.unit + " " + w)
	}
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
	case r.rune(i) == '0' && n.end-i >= 3 && r.rune(i+1) != '.': // 0730 hrs
		return true
	case (after == '-' || after == '–') && isDigit(r.rune(n.end+1)):
		m := r.english(n.end + 1)
		return m.unit == nil || (m.unit.base == "count" || m.unit.base == "person") && (m.value < 10 || m.value <= n.value) && !m.tens
	}
	return before == ' ' && r.hasAnyBefore(i-1, months) > 0 || after == ' ' && r.monthAt(n.end+1)
}

// monthAt reports whether the name of a month, whole, stands at i.
func (r *reader) monthAt(i int) bool {
	for _, month := range months {
		if r.has(i, month) && !isLatin(r.rune(i+len(month))) {
			return true
		}
	}
	return false
}

// attached reports whether what stands at i, right after digits, is a scale or
// a unit: 5km, 30bn, 31C.
func (r *reader) attached(i int) bool {
	w := r.word(i)
	return scaleWords[w] > 0 || englishUnit(w) != nil || w == "c" || w == "p"
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
	if u := englishUnit(string(r.rune(i))); u != nil && !isLatin(r.rune(i)) {
		return u, string(r.rune(i)), i + 1
	}
	if r.rune(i) == 'c' && i == n.end && !isLatin(r.rune(i+1)) && upper(r.sentence[r.at[i]]) && n.value < 60 && r.about(heatTopic) {
		return &unit{"C", 1, measure}, "C", i + 1
	}
	if r.rune(i) == 'p' && i == n.end && !isLatin(r.rune(i+1)) && r.about(pennyTopic) {
		return &unit{"GBP", 0.01, measure}, "p", i + 1
	}
	for words := 3; words > 0; words-- {
		end := r.words(i, words)
		if end == i {
			continue
		}
		name := string(r.runes[i:end])
		u := englishUnit(name)
		if u == nil || hyphen && (u.kind == span || u.kind == years) {
			continue
		}
		return r.pointed(u, end), name, end
	}
	if hyphen {
		return nil, "", i
	}
	if u := r.noun(i); u != nil {
		return &u.unit, string(u.name), i + len(u.name)
	}
	return nil, "", n.end
}

// englishUnit returns the unit of a name in singular or plural.
func englishUnit(name string) *unit {
	if u, ok := englishUnits[name]; ok {
		return &u
	}
	if u, ok := englishUnits[name+"s"]; ok && len(name) > 2 {
		return &u
	}
	return nil
}

// pointed tells points of percentage from points of an index, and how often
// from how many times as much. end is where the word ends.
func (r *reader) pointed(u *unit, end int) *unit {
	switch {
	case u.kind == point && !r.about(indexTopic) && r.about(percentTopic):
		return &unit{"pp", 1, measure}
	case u.base == "times" && r.hasAny(end, []string{" in ", " a ", " this ", " last ", " since ", " over ", " per ", ".", ",", " during "}) > 0 && !r.about(offerTopic):
		return &unit{"count", 1, classifier}
	}
	return u
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
		for isLatin(r.rune(end)) || (r.rune(end) == '/' || r.rune(end) == '-') && end > start && isLatin(r.rune(end+1)) {
			if end++; end > start+maxWord {
				return i
			}
		}
		if end == start {
			return i
		}
	}
	return end
}

// maxWord is how long a word may be that is looked at, in characters.
const maxWord = 40

// noun returns what a number counts: the first of the next words that is a
// plural, 30 Airbus A320 planes.
func (r *reader) noun(i int) *unitEntry {
	if r.rune(i) == ' ' {
		i++
	}
	start := i
	for words := 3; words > 0; words-- {
		end := i
		for isLatin(r.rune(end)) || isDigit(r.rune(end)) || end > i && (r.rune(end) == '-' || r.rune(end) == ',') && (isLatin(r.rune(end+1)) || isDigit(r.rune(end+1))) {
			if end++; end > i+maxWord {
				return nil
			}
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
		case isDigit(rune(w[0])) && strings.Contains(w, ","): // four 174,000 cubic metre carriers
			words++
		case plural(w), strings.HasSuffix(w, "s") && len(w) > 2 && isDigit(rune(w[len(w)-2])) && isLatin(rune(w[0])): // 10 A321s
			return &unitEntry{r.runes[start:end], unit{countedAs(w), 1, classifier}}
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

// countedAs returns the base unit of a plural: person for those who do
// something, count for all else.
func countedAs(w string) string {
	for _, suffix := range personEndings {
		if strings.HasSuffix(w, suffix) && !notPersons[w] {
			return "person"
		}
	}
	return "count"
}
