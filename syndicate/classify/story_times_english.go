package classify

import (
	"slices"
	"strings"
	"unicode"
)

var (
	englishMonths = []string{"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"}
	shortMonths   = []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}

	englishOrdinals = map[string]int{
		"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9, "tenth": 10,
		"one": 1, "two": 2, "three": 3, "four": 4, "ii": 2, "iii": 3, "iv": 4,
	}
	// numbered are things of a series that an ordinal comes before.
	numbered = wordSet("round phase stage edition batch tranche plant line summit meeting")
	// comparing are words after which a time is that of something else.
	comparing = wordSet("by until before since against")
)

// englishWords returns the words and numbers of a folded text.
func englishWords(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// monthOf returns the month that a word names, from 1, or 0; whole reports
// whether it is not shortened.
func monthOf(w string) (month int, whole bool) {
	if len(w) < 3 {
		return 0, false
	}
	if i := slices.Index(englishMonths, w); i >= 0 {
		return i + 1, true
	}
	if len(w) == 3 || w == "sept" {
		return slices.Index(shortMonths, w[:3]) + 1, false
	}
	return 0, false
}

// dayOf returns the number of a day, or 0.
func dayOf(w string) int {
	if len(w) > 2 || w == "" || !isDigit(rune(w[0])) {
		return 0
	}
	if n := number2(w); n <= 31 {
		return n
	}
	return 0
}

// ordinalOf returns what first, 3rd, two or ii count, or 0.
func ordinalOf(w string) int {
	if n := englishOrdinals[w]; n > 0 {
		return n
	}
	for _, ending := range []string{"st", "nd", "rd", "th"} {
		if rest, ok := strings.CutSuffix(w, ending); ok && rest != "" && strings.Trim(rest, "0123456789") == "" && len(rest) <= 3 {
			return number2(rest)
		}
	}
	return 0
}

// englishTimes returns the dates, the periods reported on and the ordinals in
// the words of a text.
func englishTimes(words []string) (days []day, periods []period, ordinals []ordinal) {
	at := func(i int) string {
		if i < 0 || i >= len(words) {
			return ""
		}
		return words[i]
	}
	for i, w := range words {
		p, ok := period{}, false
		month, whole := monthOf(w)
		n := ordinalOf(w)
		switch {
		case month > 0 && dayOf(at(i+1)) > 0:
			days = append(days, day{month, dayOf(at(i + 1))})
		case month > 0 && dayOf(at(i-1)) > 0:
			days = append(days, day{month, dayOf(at(i - 1))})
		case month > 2 && at(i+1) == "quarter":
			p, ok = period{month - 2, month}, true
		case whole:
			// May and march are verbs too.
			p, ok = period{month, month}, at(i-1) == "in" || w != "march" && (at(i-1) == "for" || at(i-1) == "to")
		case n > 0 && n <= 4 && quarterWord(at(i+1), at(i+2)):
			p, ok = period{3*n - 2, 3 * n}, true
		case n > 0 && n <= 2 && at(i+1) == "half":
			p, ok = period{6*n - 5, 6 * n}, true
		case n > 0 && numbered[at(i+1)]:
			ordinals = append(ordinals, ordinal{at(i + 1), n})
		case numbered[w] && max(ordinalOf(at(i+1)), dayOf(at(i+1))) > 0 && w != "plant" && w != "meeting":
			ordinals = append(ordinals, ordinal{w, max(ordinalOf(at(i+1)), dayOf(at(i+1)))})
		case len(w) == 2 && w[0] == 'q' && w[1] >= '1' && w[1] <= '4':
			n := int(w[1] - '0')
			p, ok = period{3*n - 2, 3 * n}, true
		case w == "full" && at(i+1) == "year", w == "annual" && at(i+1) == "profit":
			p, ok = period{1, 12}, true
		case w == "holiday" && at(i+1) == "quarter":
			p, ok = period{10, 12}, true
		case len(w) == 4 && (w[:2] == "19" || w[:2] == "20") && number2(w) > 1900:
			p, ok = period{number2(w), number2(w)}, true
		}
		if ok && !comparing[at(i-1)] && !slices.Contains(words[max(0, i-4):i], "from") && !slices.Contains(periods, p) {
			periods = append(periods, p)
		}
	}
	return days, periods, ordinals
}

// quarterWord reports whether two words begin with a quarter of a year.
func quarterWord(a, b string) bool {
	if a == "fiscal" {
		a = b
	}
	return a == "quarter" || a == "qtr"
}

// modelNames returns the names in a folded text that are letters followed by
// digits, such as ag600, or three digits and a letter or two.
func modelNames(text string) []string {
	var out []string
	letter := func(i int) bool { return i < len(text) && text[i] >= 'a' && text[i] <= 'z' }
	digit := func(i int) bool { return i < len(text) && text[i] >= '0' && text[i] <= '9' }
	for i := 0; i < len(text); {
		if !letter(i) && !digit(i) {
			i++
			continue
		}
		start, letters, digits := i, 0, 0
		for ; letter(i); i++ {
			letters++
		}
		if letters > 0 && i < len(text) && text[i] == '-' && digit(i+1) {
			i++
		}
		for ; digit(i); i++ {
			digits++
		}
		tail := 0
		for ; digits > 0 && letter(i); i++ {
			tail++
		}
		name := strings.ReplaceAll(text[start:i], "-", "")
		whole := !digit(i)
		for letter(i) || digit(i) { // not a name after all
			i++
		}
		isName := letters > 0 && letters <= 6 && digits > 0 && digits <= 5 && tail <= 3 || letters == 0 && digits >= 3 && digits <= 4 && tail > 0 && tail <= 2
		if isName && whole && !notModel(name) && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}
