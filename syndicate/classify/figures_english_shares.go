package classify

import (
	"strings"

	"broadsheet/syndicate"
)

// parts are the names of fractions, in singular.
var parts = map[string]float64{
	"half": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9, "tenth": 10,
}

// englishShare reads a share in words at i and returns where it ends:
// two-thirds, a quarter of, half the, one in five, nine out of ten.
func (r *reader) englishShare(i int) int {
	w := r.word(i)
	if w == "half" {
		return r.halfOf(i)
	}
	n := number{value: 1, end: i + len(w), han: true}
	if w != "a" {
		if n = r.englishNumber(i); n.end == i || n.scale > 1 || n.value > 100 || n.value != float64(int(n.value)) {
			return i
		}
	}
	if c := r.rune(n.end); c != ' ' && c != '-' {
		return i
	}
	part := r.word(n.end + 1)
	end := n.end + 1 + len(part)
	of := parts[strings.TrimSuffix(part, "s")]
	switch {
	case of == 0:
		return r.oneIn(i, n)
	case n.value > 1 && !strings.HasSuffix(part, "s") || n.value == 1 && strings.HasSuffix(part, "s") || n.value >= of:
		return i
	case n.value > 1 && part == "quarters" && (r.has(end, " of growth") || r.has(end, " in a row")):
		return i
	case n.value == 1 && !r.shareAfter(i, end):
		return i
	}
	r.addShare(i, end, n.value/of)
	return end
}

// shareAfter reports whether the third or quarter between i and end is a
// share, and no rank or season: a third of, by a quarter, one-fifth.
func (r *reader) shareAfter(i, end int) bool {
	if r.word(i) != "a" && r.rune(end-1) != 'f' {
		return r.rune(i+3) == '-' || r.hasAny(end, shareLinks) > 0 || isClauseMark(r.rune(end)) || r.rune(end) == '.'
	}
	return r.hasAny(end, shareLinks) > 0 || r.hasAnyBefore(i, []string{"by ", "about ", "nearly ", "almost ", "over ", "than ", "roughly ", "around "}) > 0
}

// shareLinks are what follows a share.
var shareLinks = []string{" of ", " from ", " to ", " more", " less", " higher", " lower", " below ", " above ", " since ", " off "}

// halfOf reads half at i.
func (r *reader) halfOf(i int) int {
	end := i + len("half")
	if r.has(end, " an hour") {
		r.add(i, end+len(" an hour"), syndicate.Figure{Value: 0.5, Unit: "hour", Normalised: 30, BaseUnit: "minute", Bound: r.englishBound(i, end, &unit{base: "minute"})})
		return end + len(" an hour")
	}
	before := r.lastWord(i)
	follows := r.hasAny(end, halfLinks) > 0 || isClauseMark(r.rune(end)) && before != "" || r.rune(end) == '.'
	if !follows || periodWords[before] || strings.HasSuffix(before, "'s") || r.rune(i-1) == '-' {
		return i
	}
	if k := r.hasAny(end, []string{" a ", " an "}); k > 0 && bigWords[r.word(end+k)] { // half a million
		return i
	}
	r.addShare(i, end, 0.5)
	return end
}

// halfLinks are what follows half where it is a share.
var halfLinks = []string{
	" of ", " the ", " its ", " their ", " his ", " her ", " our ", " all ", " what ", " that ", " will ", " are ", " were ", " is ", " was ", " have ", " had ",
	" said ", " say ", " in ", " from ", " by ", " since ", " as ", " to ",
}

// periodWords stand before half where it is a time.
var periodWords = map[string]bool{
	"first": true, "second": true, "latter": true, "earlier": true, "other": true, "this": true, "last": true, "next": true, "the": true, "each": true, "final": true, "fiscal": true, "better": true,
}

// lastWord returns the word before i.
func (r *reader) lastWord(i int) string {
	end := i
	for end > 0 && r.rune(end-1) == ' ' {
		end--
	}
	start := end
	for start > 0 && r.rune(start-1) != ' ' && r.rune(start-1) != '(' && end-start < 24 {
		start--
	}
	return string(r.runes[start:end])
}

// oneIn reads what follows the number n at i where it is a share of so many:
// one in five, nine out of ten.
func (r *reader) oneIn(i int, n number) int {
	from := n.end
	out := false
	switch {
	case r.has(from, " out of every "):
		from, out = from+len(" out of every "), true
	case r.has(from, " out of "):
		from, out = from+len(" out of "), true
	case r.has(from, " in every "):
		from, out = from+len(" in every "), true
	case r.has(from, " in "):
		from += len(" in ")
	default:
		return i
	}
	m := r.english(from)
	whole := m.value * max(m.scale, 1)
	if m.end == from || whole <= n.value || yearLike(whole) || m.unit != nil && m.unit.kind != classifier || m.number.one {
		return i
	}
	if n.value > 1 && !out && whole != 5 && whole != 10 && whole != 100 && (whole > 5 || !n.han) {
		return i
	}
	if r.monthAt(m.end) || r.monthAt(m.end+1) {
		return i
	}
	r.addShare(i, m.end, n.value/whole)
	return m.end
}

func (r *reader) addShare(i, end int, share float64) {
	r.add(i, end, syndicate.Figure{
		Value: share, Normalised: share, BaseUnit: "ratio",
		Bound: r.englishBound(i, end, &unit{base: "ratio"}), Direction: r.englishDirection(i, end),
	})
}

// multiples are the words for so many times as much.
var multiples = map[string]float64{
	"doubled": 2, "doubling": 2, "tripled": 3, "tripling": 3, "trebled": 3, "trebling": 3, "quadrupled": 4, "quadrupling": 4,
	"double": 2, "triple": 3, "treble": 3, "twice": 2, "thrice": 3, "twofold": 2, "threefold": 3, "fourfold": 4, "fivefold": 5,
	"sixfold": 6, "sevenfold": 7, "eightfold": 8, "ninefold": 9, "tenfold": 10,
}

// englishMultiple reads a multiple in one word at i and returns where it ends:
// doubled, twice the, tenfold.
func (r *reader) englishMultiple(i int) int {
	w := r.word(i)
	times := multiples[w]
	end := i + len(w)
	if times == 0 || isDigit(r.rune(end)) || r.rune(end) == '-' {
		return i
	}
	f := syndicate.Figure{Value: times, Unit: w, Normalised: times, BaseUnit: "times"}
	switch w {
	case "double", "triple", "treble", "twice", "thrice":
		verb := r.lastWord(i)
		if verb == "to" || verb == "will" || verb == "would" || verb == "could" || verb == "may" || verb == "might" {
			f.Direction = "up"
		} else if r.hasAny(end, []string{" the ", " its ", " their ", " that ", " last ", " what ", " as ", " those "}) == 0 {
			return end
		}
	default:
		f.Direction = "up"
	}
	f.Bound = r.englishBound(i, end, &unit{base: "times"})
	r.add(i, end, f)
	return end
}
