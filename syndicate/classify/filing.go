package classify

import (
	"cmp"
	"math"
	"slices"

	"broadsheet/syndicate"
)

// The places where a term can stand, weightiest first.
const (
	inTitle = iota
	inLead
	inHead
	inBody
	zones
)

var zoneNames = [zones]string{"title", "lead", "head", "body"}

// What one occurrence of a term of weight 1 adds, by place. Title and lead
// say what an article is about; what stands further down must be dense to add
// up to anything.
var zoneWeight = [zones]float64{1.0, 0.6, 0.35, 0.35}

const (
	// bodyMost is what heads and body can add together, however many terms
	// they hold: supporting measures listed at the end earn no theme.
	bodyMost = 0.9
	// bodyWidth is the length, in Chinese characters, from which hits in
	// the body count less, in proportion.
	bodyWidth = 300
	// besides is the share of the best theme's score from which another
	// theme stands in its own right.
	besides = 0.4
	// alone is the score, in thresholds, from which a theme stands in its
	// own right whatever the best one has.
	alone = 1.5
)

// A scratch holds what filing needs from one article to the next.
type scratch struct {
	finder finder
	counts [][zones]int32 // by term
	seen   []int32        // terms with counts
	own    []float64      // by theme: the score of the operator's own terms
	model  *reading       // nil when there is no model
}

func newScratch(v *vocabulary, m *Model) *scratch {
	s := &scratch{counts: make([][zones]int32, len(v.terms)), finder: finder{found: make([][]found, v.themes)}, own: make([]float64, v.themes)}
	if m != nil {
		s.model = newReading(m)
	}
	return s
}

// file returns the filings of a document and the near misses, each in order
// of score and, where that is equal, of the configuration.
func (c *Classifier) file(d *document, src *syndicate.Source, s *scratch) (filed, missed []syndicate.Filing) {
	width := c.count(d, s)
	all := make([]syndicate.Filing, len(c.themes))
	for i, t := range c.themes {
		all[i] = syndicate.Filing{Theme: t.ID, Threshold: t.Threshold}
	}
	c.score(all, s, width)
	c.addModel(all, d, s)
	best := 0.0
	for _, f := range all {
		best = max(best, f.Score)
	}
	for _, f := range all {
		f.Source = src != nil && slices.Contains(src.Themes, f.Theme)
		lowest := f.Threshold / 2
		if f.Score < best {
			f.Threshold = max(f.Threshold, round(min(best*besides, f.Threshold*alone)))
		}
		switch {
		case f.Source || f.Score >= f.Threshold:
			filed = append(filed, f)
		case f.Score >= lowest:
			missed = append(missed, f)
		}
	}
	byScore := func(a, b syndicate.Filing) int { return cmp.Compare(b.Score, a.Score) }
	slices.SortStableFunc(filed, byScore)
	slices.SortStableFunc(missed, byScore)
	return filed, missed
}

// addModel adds the model's part to the scores of the themes it knows. It never
// pulls a score below what the operator's own terms have added.
func (c *Classifier) addModel(all []syndicate.Filing, d *document, s *scratch) {
	if c.model == nil {
		return
	}
	parts := c.model.parts(d, s.model)
	for i := range all {
		if c.learnt[i] < 0 {
			continue
		}
		f := &all[i]
		f.Model = round(max(parts[c.learnt[i]], s.own[i]-f.Score))
		f.Score = round(f.Score + f.Model)
	}
}

// count finds all terms and returns the width of the body.
func (c *Classifier) count(d *document, s *scratch) float64 {
	width := 0.0
	for zone, text := range d.stretches {
		w := c.countIn(s, zone, text)
		if zone == inBody {
			width += w
		}
	}
	return width
}

// countIn counts the terms in one stretch of text and returns its width.
func (c *Classifier) countIn(s *scratch, zone int, text string) float64 {
	if text == "" {
		return 0
	}
	s.finder.text = s.finder.text[:0]
	width := s.finder.fold(text)
	for _, theme := range c.vocabulary.find(&s.finder) {
		for _, m := range theme {
			term := c.vocabulary.patterns[m.pattern].term
			if term < 0 {
				continue
			}
			if s.counts[term] == ([zones]int32{}) {
				s.seen = append(s.seen, term)
			}
			s.counts[term][zone]++
		}
	}
	return width
}

// score adds the hits and their scores to the filings, one a theme, and
// clears the counts.
func (c *Classifier) score(filings []syndicate.Filing, s *scratch, width float64) {
	slices.Sort(s.seen)
	density := min(1, bodyWidth/max(1, width))
	seen, end := s.seen, int32(0)
	for i := range filings {
		f := &filings[i]
		end += int32(len(c.themes[i].Terms))
		var below []float64 // of each hit, what heads and body would add
		first := seen
		for ; len(seen) > 0 && seen[0] < end; seen = seen[1:] {
			h, low := c.hit(seen[0], s.counts[seen[0]], density)
			f.Hits, below = append(f.Hits, h), append(below, low)
			s.counts[seen[0]] = [zones]int32{}
		}
		finish(f, below)
		s.own[i] = 0
		for j, h := range f.Hits {
			if c.own[first[j]] {
				s.own[i] += h.Score
			}
		}
		slices.SortStableFunc(f.Hits, func(a, b syndicate.Hit) int { return cmp.Compare(b.Score, a.Score) })
	}
	s.seen = s.seen[:0]
}

// hit returns a term's hit, scored by title and lead, and what heads and body
// would add.
func (c *Classifier) hit(term int32, counts [zones]int32, density float64) (h syndicate.Hit, below float64) {
	t := c.vocabulary.terms[term]
	h = syndicate.Hit{Term: t.Text, Weight: t.Weight}
	for zone, n := range counts {
		if n == 0 {
			continue
		}
		h.Count += int(n)
		h.Where = append(h.Where, zoneNames[zone])
		add := t.Weight * zoneWeight[zone]
		switch zone {
		case inBody:
			below += add * repeated(float64(n)*density)
		case inHead:
			below += add * repeated(float64(n))
		default:
			h.Score += add * repeated(float64(n))
		}
	}
	return h, below
}

// repeated returns what n occurrences count: the first one, the second a
// third, and all together never more than two.
func repeated(n float64) float64 { return 2 * n / (n + 1) }

// finish adds what heads and body add, bounded by bodyMost.
func finish(f *syndicate.Filing, below []float64) {
	deep, share := 0.0, 0.0
	for _, x := range below {
		deep += x
	}
	if deep > 0 {
		share = bodyMost / (bodyMost + deep)
	}
	for i := range f.Hits {
		f.Hits[i].Score = round(f.Hits[i].Score + below[i]*share)
		f.Score += f.Hits[i].Score
	}
	f.Score = round(f.Score)
}

// round keeps three decimals, so that scores are equal wherever they are
// computed.
func round(x float64) float64 { return math.Round(x*1000) / 1000 }
