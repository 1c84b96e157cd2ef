package classify

import (
	"strings"

	"broadsheet/syndicate"
)

// englishUnits are the units of English sentences, folded.
var englishUnits = map[string]unit{
	"%": {"ratio", 0.01, measure}, "pct": {"ratio", 0.01, measure}, "percent": {"ratio", 0.01, measure}, "per cent": {"ratio", 0.01, measure},
	"percentage point": {"pp", 1, measure}, "percentage points": {"pp", 1, measure}, "pct points": {"pp", 1, measure}, "pct point": {"pp", 1, measure},
	"basis point": {"bp", 1, measure}, "basis points": {"bp", 1, measure}, "bps": {"bp", 1, measure},
	"point": {"index", 1, point}, "points": {"index", 1, point}, "times": {"times", 1, measure}, "fold": {"times", 1, measure},

	"dlr": {"USD", 1, measure}, "dlrs": {"USD", 1, measure}, "dollar": {"USD", 1, measure}, "dollars": {"USD", 1, measure},
	"us dollars": {"USD", 1, measure}, "u.s. dlrs": {"USD", 1, measure}, "cts": {"USD", 0.01, measure}, "cents": {"USD", 0.01, measure},
	"stg": {"GBP", 1, measure}, "pounds": {"GBP", 1, measure}, "pounds sterling": {"GBP", 1, measure}, "pence": {"GBP", 0.01, measure},
	"euro": {"EUR", 1, measure}, "euros": {"EUR", 1, measure}, "yen": {"JPY", 1, measure}, "yuan": {"元", 1, measure}, "rmb": {"元", 1, measure},
	"mark": {"DEM", 1, measure}, "marks": {"DEM", 1, measure}, "francs": {"FRF", 1, measure}, "rupees": {"INR", 1, measure},
	"hk dlrs": {"HKD", 1, measure}, "canadian dlrs": {"CAD", 1, measure}, "australian dlrs": {"AUD", 1, measure}, "hong kong dollars": {"HKD", 1, measure},
	"australian dollars": {"AUD", 1, measure}, "canadian dollars": {"CAD", 1, measure}, "won": {"KRW", 1, cubic}, "roubles": {"RUB", 1, measure},

	"km": {"m", 1e3, measure}, "kilometre": {"m", 1e3, measure}, "kilometres": {"m", 1e3, measure}, "kilometer": {"m", 1e3, measure}, "kilometers": {"m", 1e3, measure},
	"mile": {"m", 1609.344, measure}, "miles": {"m", 1609.344, measure}, "nautical miles": {"m", 1852, measure},
	"metre": {"m", 1, measure}, "metres": {"m", 1, measure}, "meter": {"m", 1, measure}, "meters": {"m", 1, measure}, "m": {"m", 1, measure},
	"cm": {"m", 1e-2, measure}, "mm": {"m", 1e-3, measure}, "nm": {"m", 1e-9, measure}, "inch": {"m", 0.0254, measure}, "inches": {"m", 0.0254, measure},
	"foot": {"m", 0.3048, measure}, "feet": {"m", 0.3048, measure}, "ft": {"m", 0.3048, measure}, "yards": {"m", 0.9144, measure},
	"square metres": {"m2", 1, measure}, "square meters": {"m2", 1, measure}, "square feet": {"m2", 0.09290304, measure},
	"square kilometres": {"m2", 1e6, measure}, "square kilometers": {"m2", 1e6, measure}, "square km": {"m2", 1e6, measure}, "sq km": {"m2", 1e6, measure},
	"square miles": {"m2", 2589988.11, measure}, "acre": {"m2", 4046.8564, measure}, "acres": {"m2", 4046.8564, measure},
	"hectare": {"m2", 1e4, measure}, "hectares": {"m2", 1e4, measure},
	"cubic metre": {"m3", 1, measure}, "cubic metres": {"m3", 1, measure}, "cubic meters": {"m3", 1, measure}, "cubic feet": {"m3", 0.028316847, measure},
	"litres": {"m3", 1e-3, measure}, "liters": {"m3", 1e-3, measure}, "gallons": {"m3", 3.785411784e-3, measure},
	"km/h": {"kmh", 1, measure}, "kph": {"kmh", 1, measure}, "mph": {"kmh", 1.609344, measure}, "miles per hour": {"kmh", 1.609344, measure},
	"kilometres per hour": {"kmh", 1, measure}, "kilometers per hour": {"kmh", 1, measure}, "miles an hour": {"kmh", 1.609344, measure},
	"tonne": {"t", 1, measure}, "tonnes": {"t", 1, measure}, "ton": {"t", 1, measure}, "tons": {"t", 1, measure}, "metric tons": {"t", 1, measure},
	"kg": {"t", 1e-3, measure}, "kilograms": {"t", 1e-3, measure}, "kilos": {"t", 1e-3, measure}, "lbs": {"t", 4.5359237e-4, measure},
	"ounces": {"t", 2.8349523e-5, measure}, "grams": {"t", 1e-6, measure},
	"bpd": {"bpd", 1, measure}, "barrels per day": {"bpd", 1, measure}, "barrels a day": {"bpd", 1, measure}, "barrels daily": {"bpd", 1, measure},
	"mw": {"kW", 1e3, measure}, "megawatt": {"kW", 1e3, measure}, "megawatts": {"kW", 1e3, measure}, "gw": {"kW", 1e6, measure},
	"gigawatt": {"kW", 1e6, measure}, "gigawatts": {"kW", 1e6, measure}, "kw": {"kW", 1, measure}, "kilowatts": {"kW", 1, measure}, "kilowatt": {"kW", 1, measure},
	"kwh": {"kWh", 1, measure}, "kilowatt-hours": {"kWh", 1, measure}, "mwh": {"kWh", 1e3, measure}, "gwh": {"kWh", 1e6, measure}, "twh": {"kWh", 1e9, measure},
	"megawatt hours": {"kWh", 1e3, measure}, "gigawatt hours": {"kWh", 1e6, measure}, "kilowatt hours": {"kWh", 1, measure},
	"volts": {"V", 1, measure}, "kv": {"V", 1e3, measure}, "teu": {"TEU", 1, measure}, "teus": {"TEU", 1, measure},
	"degrees celsius": {"C", 1, measure}, "°": {"C", 1, measure}, "℃": {"C", 1, measure},

	"year": {"year", 1, years}, "years": {"year", 1, years}, "month": {"month", 1, span}, "months": {"month", 1, span}, "mths": {"month", 1, span}, "week": {"day", 7, span},
	"weeks": {"day", 7, span}, "day": {"day", 1, span}, "days": {"day", 1, span}, "working days": {"day", 1, span}, "hour": {"minute", 60, span},
	"hours": {"minute", 60, span}, "minute": {"minute", 1, span}, "minutes": {"minute", 1, span}, "seconds": {"minute", 1.0 / 60, span},
	"decades": {"year", 10, years},
}

// englishNouns are words after a number that name people, plurals without s,
// and (with no unit) words that end the search for what it counts.
var englishNouns = nounTable(
	"people workers employees fans passengers students residents staff patients soldiers customers subscribers users miners farmers "+
		"voters victims men women children tourists visitors players commuters migrants refugees teachers nurses doctors immigrants shareholders "+
		"donors technicians engineers members troops police officers pupils spectators runners readers viewers travellers travelers families' "+
		"killed dead injured hurt wounded deaths hostages prisoners executives managers directors scientists volunteers",
	"aircraft sheep fish cattle homes",
	"of to in and the for from at per by or a an on with as than more out after before since last is was were are has have had will would "+
		"his her its their this that which who percent pct years days months hours weeks us times vs against over under about into yes "+
		"across always perhaps unless because but if when while said says plus minus till until this's news business process series's next first second "+
		"goes does gets gives makes takes comes rises falls shows sees",
)

func nounTable(persons, things, stops string) map[string]unit {
	t := map[string]unit{}
	for _, w := range strings.Fields(persons) {
		t[w] = unit{"person", 1, classifier}
	}
	for _, w := range strings.Fields(things) {
		t[w] = unit{"count", 1, classifier}
	}
	for _, w := range strings.Fields(stops) {
		t[w] = unit{}
	}
	return t
}

// englishCounts reports whether a number with a unit is a figure.
func (r *reader) englishCounts(i int, n number, u *unit) bool {
	switch {
	case n.one && (u.kind == classifier || u.kind == span || u.kind == years || u.kind == point):
		return false
	case u.kind == cubic && !n.tens:
		return false
	case u.kind == classifier && yearLike(n.value) && n.scale == 1:
		return false
	case u.kind == classifier && r.afterName(i):
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
	if start == 0 || r.rune(i-2) == ',' || r.hasBefore(i-1, "'s") || r.hasBefore(i-1, "s'") {
		return false
	}
	return upper(r.sentence[r.at[start]])
}

// englishBounds are the words before a number that bound it, longest first.
var englishBounds = []struct {
	bound string
	words []string
}{
	{">=", []string{"at least ", "no less than ", "not less than ", "no fewer than ", "a minimum of "}},
	{"<=", []string{"no more than ", "not more than ", "at most ", "as much as ", "as many as ", "up to ", "a maximum of "}},
	{">", []string{"just over ", "more than ", "over ", "above ", "exceeding ", "in excess of ", "upwards of ", "well over "}},
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
	case r.hasBefore(i, "between ") && r.other(end, " and ", u), r.other(end, " to ", u) && !r.hasBefore(i, "from "), r.other(end, "-", u):
		return ">="
	}
	if len(r.out) > r.first {
		last := r.out[len(r.out)-1]
		text := strings.ToLower(last.Text)
		if last.Bound == ">=" && last.BaseUnit == u.base && r.hasAnyBefore(i, []string{text + " and ", text + " to ", text + "-"}) > 0 {
			return "<="
		}
	}
	return "="
}

// other reports whether a word and the other end of a range, an amount in the
// same unit, stand at i.
func (r *reader) other(i int, word string, u *unit) bool {
	if !r.has(i, word) {
		return false
	}
	code, from := r.money(i + len(word))
	n := r.englishNumber(from)
	if n.end == from {
		return false
	}
	r.scaled(&n, code != "")
	v, _, _ := r.englishUnit(n, code)
	return v != nil && v.base == u.base
}

var (
	englishUp = []string{
		"up ", "rose ", "rise ", "rises ", "risen ", "rising ", "increased ", "increase ", "increases ", "grew ", "grow ", "grown ", "growing ", "growth ",
		"jumped ", "jump ", "gained ", "gain ", "climbed ", "climb ", "surged ", "soared ", "added ", "advanced ", "higher ", "raised ", "raise ", "expanded ",
	}
	englishDown = []string{
		"down ", "fell ", "fall ", "falls ", "fallen ", "falling ", "dropped ", "drop ", "drops ", "slipped ", "declined ", "decline ", "decreased ", "decrease ",
		"lower ", "shed ", "sank ", "plunged ", "tumbled ", "lost ", "cut ", "shrank ", "reduced ", "slumped ", "slid ", "eased ",
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
	}
	for tries := 0; tries < 3; tries++ {
		if k := r.hasAnyBefore(i, englishUp); k > 0 && !isLatin(r.rune(i-k-1)) && r.hasAnyBefore(i, []string{"put up ", "set up ", "made up "}) == 0 {
			return "up"
		}
		if k := r.hasAnyBefore(i, englishDown); k > 0 && !isLatin(r.rune(i-k-1)) {
			return "down"
		}
		k := r.hasAnyBefore(i, changeArticles)
		if k == 0 || isLatin(r.rune(i-k-1)) {
			return ""
		}
		i -= k
	}
	return ""
}

// englishShares are shares written out.
var englishShares = []struct {
	words string
	share float64
}{
	{"two-thirds", 2.0 / 3},
	{"two thirds", 2.0 / 3},
	{"three-quarters", 0.75},
	{"three quarters", 0.75},
	{"one-third", 1.0 / 3},
	{"one third", 1.0 / 3},
	{"a third of", 1.0 / 3},
	{"a quarter of", 0.25},
	{"half of", 0.5},
	{"three-fifths", 0.6},
	{"two-fifths", 0.4},
	{"one-fifth", 0.2},
	{"a fifth of", 0.2},
	{"half the", 0.5},
	{"one-quarter", 0.25},
}

// englishShare reads a share in words at i: two-thirds, one in five.
func (r *reader) englishShare(i int) int {
	for _, s := range englishShares {
		if !r.has(i, s.words) {
			continue
		}
		end := i + len(s.words)
		if isLatin(r.rune(end)) {
			continue
		}
		r.add(i, i+len(strings.TrimSuffix(strings.TrimSuffix(s.words, " of"), " the")), syndicate.Figure{
			Value: s.share, Normalised: s.share, BaseUnit: "ratio", Bound: r.englishBound(i, end, &unit{base: "ratio"}),
		})
		return end
	}
	if !r.has(i, "one in ") {
		return i
	}
	n := r.englishNumber(i + len("one in "))
	if n.end == i+len("one in ") || n.value < 2 || yearLike(n.value) {
		return i
	}
	r.add(i, n.end, syndicate.Figure{Value: 1 / n.value, Normalised: 1 / n.value, BaseUnit: "ratio", Bound: r.englishBound(i, n.end, &unit{base: "ratio"})})
	return n.end
}
