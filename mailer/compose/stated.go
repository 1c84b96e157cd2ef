package compose

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"broadsheet/mailer"
	"broadsheet/syndicate"
)

// absurd is more than anybody has counted of anything: a misread number, which
// would spoil the sums.
const absurd = 1e18

// stated returns the amount that an article is about: money before anything
// else, what the title says before what the gist says, and among equals the
// largest amount of money, or what is said first. It is nil when the article
// states none.
func stated(a *syndicate.Article) *mailer.Stated {
	var best *mailer.Stated
	var of syndicate.Figure
	rank := 0
	for _, f := range syndicate.KeyFigures(a.Figures, len(a.Figures)) {
		where, r := "", 0
		switch {
		case strings.Contains(a.Title, f.Text):
			where, r = mailer.InTitle, 2
		case strings.Contains(cmp.Or(a.Gist, a.Summary), f.Text):
			where, r = mailer.InGist, 1
		}
		if f.Money() {
			r += 3
		}
		if !(math.Abs(f.Normalised) < absurd) { // nor what is no number
			continue
		}
		if best != nil && (r < rank || r == rank && f.Yuan() <= of.Yuan()) {
			continue
		}
		best = &mailer.Stated{Text: oneLine(f.Text), Value: f.Normalised, Unit: f.BaseUnit, Where: where}
		of, rank = f, r
	}
	return best
}

// sums adds up the money that articles are about, each by what it is mainly
// about, so that a total and its parts do not count twice.
func sums(group []candidate) map[string]float64 {
	var out map[string]float64
	for _, cd := range group {
		if s := stated(&cd.Article); s != nil && figure(s).Money() {
			if out == nil {
				out = map[string]float64{}
			}
			out[s.Unit] += s.Value
		}
	}
	return out
}

func figure(s *mailer.Stated) syndicate.Figure {
	return syndicate.Figure{Text: s.Text, Normalised: s.Value, BaseUnit: s.Unit}
}

// Bounds of the headline figures: how many there are, how many of one theme
// while there are others, and of how many articles an edition must tell to
// have them at all.
const (
	minHeadlines      = 2
	maxHeadlines      = 4
	headlinesOfATheme = 2
	headlinesFrom     = 4
)

// headlines returns the items whose amounts say most of the edition: money by
// its size, then what else stands in a title. What stands deep in a text is
// said in passing and never among them. None are fewer than minHeadlines.
func headlines(sections []mailer.Section) []*mailer.Item {
	type told struct {
		*mailer.Item
		theme int
	}
	var all []told
	items := 0
	for i, s := range sections {
		items += len(s.Items)
		for j := range s.Items {
			it := &s.Items[j]
			if st := it.Stated; st != nil && (st.Where == mailer.InTitle || st.Where == mailer.InGist && figure(st).Money()) {
				all = append(all, told{it, i})
			}
		}
	}
	if items < headlinesFrom || len(all) < minHeadlines {
		return nil
	}
	slices.SortStableFunc(all, func(a, b told) int {
		return cmp.Compare(figure(b.Stated).Yuan(), figure(a.Stated).Yuan())
	})
	var first, rest []*mailer.Item
	of := map[int]int{}
	for _, t := range all {
		if of[t.theme]++; of[t.theme] <= headlinesOfATheme {
			first = append(first, t.Item)
		} else {
			rest = append(rest, t.Item)
		}
	}
	first = append(first, rest...)
	return first[:min(len(first), maxHeadlines)]
}
