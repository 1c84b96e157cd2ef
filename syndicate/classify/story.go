package classify

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"broadsheet/syndicate"
)

// Tellings tells which articles tell the same news. It may be used by several
// goroutines at once.
type Tellings struct {
	facts    *Classifier // of no themes: it finds figures and places
	accounts accounts
}

// NewTellings returns what tells stories apart. It needs no configuration.
func NewTellings() (*Tellings, error) {
	c, err := New(Config{})
	if err != nil {
		return nil, fmt.Errorf("stories: %w", err)
	}
	return &Tellings{facts: c}, nil
}

// Same reports whether two articles tell the same news, and why. It reads
// their titles and leads alone, and not more than the beginning of these.
func (t *Tellings) Same(a, b syndicate.Telling) syndicate.Verdict {
	return t.Compare(a, []syndicate.Telling{b})[0]
}

// Compare is Same for an article and each of the others.
func (t *Tellings) Compare(a syndicate.Telling, others []syndicate.Telling) []syndicate.Verdict {
	x := t.accounts.read(a)
	verdicts := make([]syndicate.Verdict, len(others))
	for i := range others {
		verdicts[i] = t.judge(x, t.accounts.read(others[i]))
	}
	return verdicts
}

// judge compares two accounts: first whether they have enough words in common
// at all, then what makes them different whatever they have in common, then
// how much that is.
func (t *Tellings) judge(a, b *account) syndicate.Verdict {
	if a.han != b.han {
		return apart("in two languages")
	}
	var c comparison
	if c.compareWords(a, b); c.words < leastWords || c.most(a, b) < 0.5 {
		return syndicate.Verdict{Reason: "too little in common: " + c.describe(0)}
	}
	t.complete(a)
	t.complete(b)
	if a.roundUp || b.roundUp {
		return apart("a round-up is no telling of one story")
	}
	if a.whole != "" && a.whole == b.whole {
		return syndicate.Verdict{Same: true, Score: 1, Reason: "word for word the same"}
	}
	c.compareFacts(a, b)
	if why := conflict(a, b, &c); why != "" {
		return apart(why)
	}
	score := c.score(a.han)
	if score < 0.5 {
		return syndicate.Verdict{Score: score, Reason: "too little in common: " + c.describe(score)}
	}
	return syndicate.Verdict{Same: true, Correction: c.correction, Score: score, Reason: c.describe(score)}
}

// leastWords is how much of the words two tellings must have in common,
// whatever figures and days they share by chance.
const leastWords = 0.2

func apart(why string) syndicate.Verdict { return syndicate.Verdict{Conflict: true, Reason: why} }

// A comparison is what two accounts have in common.
type comparison struct {
	words      float64  // how much of the shorter one's words the other one has, from 0 to 1
	jaccard    float64  // how much of the words of both, from 0 to 1
	titles     float64  // how much of the titles' words the other article has, from 0 to 1
	slot       float64  // 1 when the titles are one template, filled with what the other article has not
	names      float64  // how much of the names of either title the other article has not, the lesser of the two
	figures    []string // in common
	clash      int      // figures that stand against others in the same unit
	dates      int      // 1 when they name the same day, -1 when different ones
	unsteady   bool     // one title has a stage that the other article has not
	preview    bool     // one looks forward, the other does not
	correction bool     // one of them corrects
}

// compareWords compares what needs no more than words.
func (c *comparison) compareWords(a, b *account) {
	common, inA, inB := overlap(a.all, b.all)
	if least := math.Min(inA, inB); least > 0 {
		c.words = common / least
		c.jaccard = common / (inA + inB - common)
	}
	c.titles = (contained(a.title, b.all) + contained(b.title, a.all)) / 2
}

// most returns the highest score that two accounts can have, by their words
// and the numbers that both have: what is below 0.5 need not be read further.
func (c *comparison) most(a, b *account) float64 {
	best := *c
	for _, n := range a.numbers {
		if slices.Contains(b.numbers, n) {
			best.figures = append(best.figures, "")
		}
	}
	if len(a.numbers) == 0 || len(b.numbers) == 0 {
		best.figures = append(best.figures, "") // it may be written in words
	}
	if a.weekdays&b.weekdays != 0 || len(best.figures) > 0 {
		best.dates = 1
	}
	return best.score(a.han)
}

// compareFacts compares all the rest. Both accounts must be complete.
func (c *comparison) compareFacts(a, b *account) {
	c.correction = a.correction || b.correction
	c.names = math.Min(lacking(a.names, b.all), lacking(b.names, a.all))
	c.figures, c.clash = compareFigures(a.figures, b.figures)
	if sameTemplate(a, b) {
		c.slot = 1
	}
	if c.correction {
		c.clash, c.slot = 0, 0
	}
	c.dates = compareDates(a, b)
	c.unsteady = a.headStages&^b.stages != 0 || b.headStages&^a.stages != 0
	c.preview = a.preview != b.preview
}

// lacking returns how much of the names all has not, from 0 to 1.
func lacking(names, all []shingle) float64 {
	if len(names) == 0 {
		return 0
	}
	return 1 - contained(names, all)
}

// storyWeights are the weights of a comparison's parts. They were fitted to
// the pairs under testdata by logistic regression.
type storyWeights struct {
	base, words, jaccard, titles, slot, names, figures, clash, dates, unsteady, preview float64
}

var (
	chineseStory = storyWeights{base: -2.7, words: 3, jaccard: 1.8, titles: 2.4, slot: -2.5, figures: 2.4, clash: -3.1, dates: 0.3, unsteady: -0.5, preview: -0.3}
	englishStory = storyWeights{base: -3.6, words: 2.8, jaccard: 2.8, titles: 2.4, slot: -1.8, names: -2.2, figures: 1.1, clash: -3.1, dates: 1.4, unsteady: -2.2, preview: -1.9}
)

// score returns how likely it is that both tell the same, from 0 to 1.
func (c *comparison) score(han bool) float64 {
	w := &englishStory
	if han {
		w = &chineseStory
	}
	x := w.base
	for i, v := range c.parts() {
		x += v * w.parts()[i]
	}
	return 1 / (1 + math.Exp(-x))
}

// parts are the numbers that score weighs.
func (c *comparison) parts() [10]float64 {
	bit := map[bool]float64{true: 1}
	return [10]float64{
		c.words, c.jaccard, c.titles, c.slot, c.names, float64(min(len(c.figures), 3)), float64(min(c.clash, 3)), float64(c.dates), bit[c.unsteady], bit[c.preview],
	}
}

func (w *storyWeights) parts() [10]float64 {
	return [10]float64{w.words, w.jaccard, w.titles, w.slot, w.names, w.figures, w.clash, w.dates, w.unsteady, w.preview}
}

func (c *comparison) describe(score float64) string {
	s := fmt.Sprintf("%.2f: %d%% of the words", score, int(math.Round(100*c.words)))
	if n := len(c.figures); n > 0 {
		s += ", the figures " + strings.Join(c.figures[:min(n, 3)], ", ")
	}
	if c.clash > 0 {
		s += fmt.Sprintf(", %d other figures", c.clash)
	}
	switch {
	case c.dates > 0:
		s += ", the same day"
	case c.dates < 0:
		s += ", other days"
	}
	if c.correction {
		s += ", a correction"
	}
	return s
}

// A shingle is a hash of a piece of a text with what it weighs.
type shingle struct {
	hash   uint64
	weight float64
}

// sortShingles brings shingles into the order that overlap needs, each one once.
func sortShingles(gs []shingle) []shingle {
	slices.SortFunc(gs, func(a, b shingle) int {
		switch {
		case a.hash < b.hash:
			return -1
		case a.hash > b.hash:
			return 1
		}
		return 0
	})
	return slices.CompactFunc(gs, func(a, b shingle) bool { return a.hash == b.hash })
}

// overlap returns what the shingles of a and b weigh that both have, and what
// those of each one weigh.
func overlap(a, b []shingle) (common, inA, inB float64) {
	for _, g := range a {
		inA += g.weight
	}
	for _, g := range b {
		inB += g.weight
	}
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i].hash < b[j].hash:
			i++
		case a[i].hash > b[j].hash:
			j++
		default:
			common += a[i].weight
			i, j = i+1, j+1
		}
	}
	return common, inA, inB
}

// contained returns how much of the shingles of part all has, from 0 to 1.
func contained(part, all []shingle) float64 {
	common, in, _ := overlap(part, all)
	if in == 0 {
		return 0
	}
	return common / in
}
