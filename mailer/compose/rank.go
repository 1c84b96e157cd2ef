package compose

import (
	"cmp"
	"fmt"
	"math"
	"strings"

	"broadsheet/syndicate"
)

// Important is the score from which an article is important to those who want
// nothing else. See weigh for what scores are made of.
const Important = 6.0

// The most that each part of a score can be.
const (
	mostSources = 6.0
	mostFigures = 3.0
	mostMatch   = 2.0
)

// weigh gives a candidate its score, with one decimal. It is the sum of
//
//   - sources: 2 × log₂ of how many sources tell it, at most 6: 2 for two of
//     them, 4 for four;
//   - figures: 1 for an amount that says something, 2 for money from 100
//     million on, 3 from 10 billion on;
//   - match: half of its score for the theme over the theme's threshold, at
//     most 2, which is also what an editor's decision counts;
//   - fresh: 0 to 1 from the beginning of what the edition covers to its end; 0
//     for what the edition before had left out.
func (w *window) weigh(cd *candidate) {
	cd.carried = w.mark.Edition != 0 && !cd.FirstSeen.After(w.mark.Until)
	if cd.tellers > 1 {
		cd.sources = tenths(min(2*math.Log2(float64(cd.tellers)), mostSources))
	}
	cd.match = tenths(min(max(cd.filing.Score/max(cd.filing.Threshold, 0.1)/2, 0), mostMatch))
	if cd.filing.Editor {
		cd.match = mostMatch
	}
	if span := w.to.Sub(w.from); span > 0 && !cd.carried {
		cd.fresh = tenths(min(max(float64(cd.FirstSeen.Sub(w.from))/float64(span), 0), 1))
	}
	cd.score = tenths(cd.sources + cd.figures + cd.match + cd.fresh)
}

// why says what a candidate's score is made of:
//
//	6.4: 3 sources 3.2, 24亿元 2.0, fits finance 0.7, fresh 0.5
func (cd *candidate) why() string {
	var parts []string
	for _, p := range []struct {
		name   string
		points float64
	}{
		{fmt.Sprintf("%d sources", cd.tellers), cd.sources},
		{cd.amount, cd.figures},
		{"fits " + cd.filing.Theme, cd.match},
		{"fresh", cd.fresh},
	} {
		if p.points > 0 {
			parts = append(parts, fmt.Sprintf("%s %.1f", p.name, p.points))
		}
	}
	if len(parts) == 0 {
		parts = []string{"nothing speaks for it"}
	}
	if cd.carried {
		parts = append(parts, "the edition before had no room for it")
	}
	return fmt.Sprintf("%.1f: %s", cd.score, strings.Join(parts, ", "))
}

// tellers returns how many sources tell an article's story.
func tellers(a *syndicate.Told) int {
	if a.Story == nil {
		return 1
	}
	sources := map[string]bool{a.Source: true}
	for i := range a.Story.Tellings {
		sources[a.Story.Tellings[i].Source] = true
	}
	return len(sources)
}

// worth returns the points for an article's figures, and the one that they are
// for.
func worth(all []syndicate.Figure) (points float64, amount string) {
	for _, f := range syndicate.KeyFigures(all, maxFigures) {
		p := 1.0
		switch v := f.Normalised / unitsToOne(f.BaseUnit); {
		case v >= 1e10:
			p = mostFigures
		case v >= 1e8:
			p = 2
		}
		if p > points {
			points, amount = p, oneLine(f.Text)
		}
	}
	return points, amount
}

// unitsToOne returns how many of a currency's units come to about one of the
// others, +Inf for what is no money.
func unitsToOne(unit string) float64 {
	switch unit {
	case "元", "USD", "EUR", "GBP", "HKD", "AUD", "CAD", "SGD", "CHF", "NZD", "DEM", "TWD":
		return 1
	case "JPY", "RUB", "INR":
		return 20
	case "KRW":
		return 200
	}
	return math.Inf(1)
}

// tenths rounds to one decimal.
func tenths(x float64) float64 { return math.Round(x*10) / 10 }

// rank orders candidates: the most important first, among equals what we saw
// last. The publisher's date comes late, because it is often a guess; the key
// makes the order complete.
func rank(a, b candidate) int {
	return cmp.Or(
		cmp.Compare(b.score, a.score),
		b.FirstSeen.Compare(a.FirstSeen),
		cmp.Compare(b.filing.Score, a.filing.Score),
		b.Published.Compare(a.Published),
		strings.Compare(a.Key, b.Key),
	)
}

// fill returns which candidates, in their order, a section of n places has. One
// source has at most half of the places, so that none floods the section,
// unless nobody else has anything.
func fill(group []candidate, n int, important bool) []int {
	most := (n + 1) / 2
	if len(group) > 0 {
		alone := true
		for i := range group {
			alone = alone && group[i].Source == group[0].Source
		}
		if alone {
			most = n
		}
	}
	var chosen []int
	by := map[string]int{}
	for i := range group {
		if len(chosen) == n {
			break
		}
		if source := group[i].Source; by[source] < most && (!important || group[i].score >= Important) {
			by[source]++
			chosen = append(chosen, i)
		}
	}
	return chosen
}
