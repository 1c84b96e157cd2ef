package classify

import "strings"

// englishCounts reports whether a number with a unit is a figure.
func (r *reader) englishCounts(i int, n number, u *unit) bool {
	switch {
	case n.one && (u.kind == classifier || u.kind == span || u.kind == years || u.kind == point):
		return false
	case u.kind == cubic && !n.tens && !n.grouped:
		return false
	case u.kind == classifier && yearLike(n.value) && n.scale == 1 && !n.grouped:
		return false
	case u.kind == classifier && (r.afterName(i) || r.hasBefore(i, "group of ")):
		return false
	}
	return true
}

// afterName reports whether the word before i is a name: Unit 1, Windows 95.
func (r *reader) afterName(i int) bool {
	if r.rune(i-1) != ' ' {
		return r.rune(i-1) == '.' && r.hasBefore(i, "no.")
	}
	start := i - 1
	for start > 0 && r.rune(start-1) != ' ' {
		start--
	}
	word := string(r.runes[start : i-1])
	if nameWords[word] {
		return true
	}
	if start == 0 || r.rune(i-2) == ',' || weekdays[word] || r.hasBefore(i-1, "'s") || r.hasBefore(i-1, "s'") {
		return false
	}
	return upper(r.sentence[r.at[start]])
}

// period reports whether an amount at i is the time that a report is about:
// the first nine months, three months to June.
func (r *reader) period(i int, a amount) bool {
	if a.unit.kind != span && a.unit.kind != years {
		return false
	}
	return r.hasBefore(i, "first ") || r.hasAny(a.stop, []string{" to ", " ended ", " ending ", " through ", " end-"}) > 0 && r.monthAfter(a.stop)
}

// monthAfter reports whether one of the next three words at i is a month.
func (r *reader) monthAfter(i int) bool {
	for range 3 {
		for r.rune(i) == ' ' || r.rune(i) == '-' {
			i++
		}
		if r.monthAt(i) {
			return true
		}
		for c := r.rune(i); c != 0 && c != ' ' && c != '-'; c = r.rune(i) {
			i++
		}
	}
	return false
}

// englishUnwritten returns the unit of the number n at i that stands elsewhere
// or goes without saying; nil when it counts nothing.
func (r *reader) englishUnwritten(i int, n number) *unit {
	if isLatin(r.rune(n.end)) || yearLike(n.value) && n.scale == 1 && !n.grouped {
		return nil
	}
	if n.tens || n.grouped {
		if u := r.takings(i); u != nil {
			return u
		}
	}
	if r.afterName(i) {
		return nil
	}
	if u := r.sharedUnit(i, n); u != nil {
		return u
	}
	if r.hasAnyBefore(i, harmed) > 0 || r.hasAny(n.end, []string{" dead", " injured", " missing", " are missing", " were killed", " were injured", " wounded"}) > 0 {
		return &unit{"person", 1, classifier}
	}
	if u := r.englishReading(n); u != nil {
		return u
	}
	if n.han && n.scale == 1 || !n.grouped && n.scale < 1e3 {
		if r.several(i, n) {
			return &unit{"count", 1, classifier}
		}
		return nil
	}
	if r.hasAnyBefore(i, []string{"town of ", "city of ", "village of ", "crowd of ", "workforce of ", "population of "}) > 0 {
		return &unit{"person", 1, classifier}
	}
	if r.about(staffTopic) {
		return &unit{"person", 1, classifier}
	}
	return &unit{"count", 1, classifier}
}

// several reports whether a small number counts what was said before or what
// comes later: fewer than 40 were chosen, 12 of the 40 planned berths.
func (r *reader) several(i int, n number) bool {
	if n.one || n.value < 2 || r.has(n.end, " of the most ") {
		return false
	}
	if r.hasAny(n.end, []string{" of the ", " of its ", " of their ", " of them", " of those ", " of these ", " of his ", " of her ", " of our ", " of which"}) > 0 {
		return true
	}
	begins := i == 0 || r.hasAnyBefore(i, []string{"; ", ", ", "and "}) > 0 || r.englishBound(i, n.end, &unit{}) != "="
	return begins && r.hasAny(n.end, []string{" were ", " are ", " have ", " had "}) > 0
}

// harmed are the words before a number of people.
var harmed = []string{
	"killed ", "killing ", "injured ", "injuring ", "wounded ", "wounding ", "killed at least ", "killing at least ", "injuring at least ", "wounding more than ",
	"injuring more than ", "killing more than ", "employs ", "employs about ", "employs more than ", "employs some ", "employing ",
}

// takings returns the currency of a number at i that the words before it make
// money: Net 149.6 mln, in a sentence that states money.
func (r *reader) takings(i int) *unit {
	switch r.lastWord(i) {
	case "net", "revs", "revenue", "revenues", "sales", "profit", "profits", "loss", "income", "turnover", "assets", "earnings", "vs", "shr":
	default:
		return nil
	}
	for k := len(r.out) - 1; k >= r.first; k-- {
		if base := r.out[k].BaseUnit; currencies[base] {
			return &unit{base, 1, measure}
		}
	}
	if r.about(moneyTopic) {
		return &unit{"USD", 1, measure}
	}
	return nil
}

// currencies are the base units of money that English sentences state.
var currencies = map[string]bool{
	"USD": true, "EUR": true, "GBP": true, "JPY": true, "元": true, "HKD": true, "CAD": true, "AUD": true, "INR": true, "KRW": true, "SGD": true,
}

// sharedUnit returns the unit that a number without one shares with a figure
// before it: 2.5 days, down from four. It returns nil when there is none.
func (r *reader) sharedUnit(i int, n number) *unit {
	if !r.compared(i) {
		return nil
	}
	for k := len(r.out) - 1; k >= r.first; k-- {
		last := r.out[k]
		if last.Value == 0 || last.BaseUnit == "times" {
			continue
		}
		scaled := last.Normalised >= 1e4 && last.BaseUnit != "ratio"
		if n.tens || n.grouped {
			if scaled {
				return &unit{base: last.BaseUnit, factor: 1}
			}
			continue
		}
		if !scaled || last.Value < 1e4 && strings.HasSuffix(last.Unit, last.BaseUnit) {
			return &unit{base: last.BaseUnit, factor: last.Normalised / last.Value}
		}
	}
	return nil
}

// compared reports whether one of the words before i compares what
// follows with what was said.
func (r *reader) compared(i int) bool {
	for range 6 {
		w := r.lastWord(i)
		for i > 0 && r.rune(i-1) == ' ' {
			i--
		}
		i -= len([]rune(w))
		if w == "of" && compares[r.lastWord(i)] {
			continue
		}
		switch w {
		case "from", "vs", "against", "with", "versus", "below", "above":
			return true
		case "", "in", "of", "and", "at", "for", "on", "since", "by":
			return false
		}
		if last := w[len(w)-1]; last == ',' || last == ';' || last == ':' {
			return false
		}
	}
	return false
}

// compares are the words after which "of" goes on comparing: from a rate of.
var compares = wordSet("rate level pace total figure average")

// englishReading returns the unit of a number that reads an index: fell to
// 51.8.
func (r *reader) englishReading(n number) *unit {
	if n.han || n.tens || !r.about(indexTopic) || n.value == float64(int(n.value)) && n.value < 1000 {
		return nil
	}
	return &unit{"index", 1, point}
}

func yearLike(x float64) bool { return x >= 1900 && x <= 2100 && x == float64(int(x)) }

// englishBounds are the words before a number that bound it, longest first.
var englishBounds = []struct {
	bound string
	words []string
}{
	{">=", []string{"at least ", "no less than ", "not less than ", "no fewer than ", "a minimum of "}},
	{"<=", []string{"no more than ", "not more than ", "at most ", "as much as ", "as many as ", "up to ", "a maximum of "}},
	{">", []string{"just over ", "more than ", "a little over ", "topped ", "exceeded ", "surpassed ", "over ", "above ", "exceeding ", "in excess of ", "upwards of ", "well over "}},
	{"<", []string{"just under ", "less than ", "fewer than ", "under ", "below "}},
	{"~", []string{"about ", "around ", "nearly ", "almost ", "some ", "roughly ", "approximately ", "close to ", "an estimated ", "estimated "}},
}

func (r *reader) englishBound(i, end int, u *unit) string {
	for _, b := range englishBounds {
		for _, w := range b.words {
			if !r.hasBefore(i, w) || isLatin(r.rune(i-len(w)-1)) {
				continue
			}
			if b.bound == ">" && (u.kind == span || u.kind == years) && w == "over " {
				return "="
			}
			return b.bound
		}
	}
	switch {
	case r.has(end, " or more"), r.rune(end) == '+':
		return ">="
	case r.has(end, " or less"), r.has(end, " or fewer"):
		return "<="
	}
	return "="
}

var (
	englishUp = []string{
		"up ", "rose ", "rise ", "rises ", "risen ", "rising ", "increased ", "increase ", "increases ", "grew ", "grow ", "grown ", "growing ", "growth ",
		"jumped ", "jump ", "gained ", "gain ", "climbed ", "climb ", "surged ", "soared ", "added ", "advanced ", "higher ", "raised ", "raise ", "expanded ", "widened ", "climbing ", "rallied ", "jumping ", "surging ", "gaining ", "add ", "improved ", "improve ", "strengthened ", "boosted ", "raises ",
	}
	englishDown = []string{
		"down ", "fell ", "fall ", "falls ", "fallen ", "falling ", "dropped ", "drop ", "drops ", "slipped ", "declined ", "decline ", "decreased ", "decrease ",
		"lower ", "shed ", "sank ", "plunged ", "tumbled ", "lost ", "cut ", "shrank ", "reduced ", "slumped ", "slid ", "eased ", "slashed ", "trimmed ", "narrowed ", "plummeted ", "weakened ", "dropping ", "cutting ", "cuts ", "loses ", "shrinks ", "dipped ",
	}
	changeArticles = []string{
		"by ", "of ", "a further ", "another ", "an ", "a ", "about ", "nearly ", "almost ", "more than ", "over ", "around ", "at least ", "only ", "just ",
		"up to ", "less than ", "as much as ", "some ",
	}
	changesUp   = []string{" higher", " rise", " increase", " jump", " gain", " growth", " surge", " climb"}
	changesDown = []string{" lower", " fall", " drop", " decline", " decrease", " cut", " slump", " plunge"}
)

// englishDirection returns in which direction a figure is a change.
func (r *reader) englishDirection(i, end int) string {
	switch {
	case r.hasAny(end, changesUp) > 0:
		return "up"
	case r.hasAny(end, changesDown) > 0:
		return "down"
	case r.wordsBefore(i, []string{", or "}) > 0 && len(r.out) > r.first: // fell $1.15, or 1.4%
		return r.out[len(r.out)-1].Direction
	}
	for range 3 {
		if d := r.changeBefore(i); d != "" {
			return d
		}
		k := r.wordsBefore(i, changeArticles)
		if k == 0 {
			return ""
		}
		if r.hasBefore(i, "by ") {
			return r.changedBy(i - k)
		}
		i -= k
	}
	return ""
}

// changeBefore returns the direction that the words just before i tell.
func (r *reader) changeBefore(i int) string {
	switch {
	case r.wordsBefore(i, englishUp) > 0 && r.hasAnyBefore(i, []string{"put up ", "set up ", "made up "}) == 0:
		return "up"
	case r.wordsBefore(i, englishDown) > 0:
		return "down"
	}
	return ""
}

// changedBy returns the direction that one of the words before "by" at i
// tells, in the same clause: cut its rate by a quarter.
func (r *reader) changedBy(i int) string {
	for range 8 {
		if d := r.changeBefore(i); d != "" {
			return d
		}
		w := r.lastWord(i)
		if w == "" || strings.ContainsAny(w[len(w)-1:], ",;:.") {
			return ""
		}
		for i > 0 && r.rune(i-1) == ' ' {
			i--
		}
		if i -= len([]rune(w)); i <= 0 {
			return ""
		}
	}
	return ""
}

// wordsBefore is hasAnyBefore for whole words.
func (r *reader) wordsBefore(i int, words []string) int {
	for _, w := range words {
		if k := len(w); r.hasBefore(i, w) && !isLatin(r.rune(i-k-1)) {
			return k
		}
	}
	return 0
}
