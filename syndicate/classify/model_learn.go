package classify

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"broadsheet/syndicate"
)

// An Example is an article with the themes it is rightly under.
type Example struct {
	Article *syndicate.Article
	Themes  []string // ids; none = it belongs under no theme
}

// LearnOptions say what is learnt.
type LearnOptions struct {
	// Themes are those of the configuration. The model learns those of
	// which there are enough examples, and remembers their terms: what the
	// operator changes or adds later it does not pull down.
	Themes []syndicate.Theme
	// Base is a model to start from; nil starts from nothing. What the
	// examples do not speak of stays as the base has it.
	Base *Model
}

// The settings of training; cross-validation chose them (docs/measurements.md).
const (
	leastExamples = 8   // of a theme that is learnt
	leastArticles = 2   // in which a gram must stand
	trainCost     = 1.5 // of an article on the wrong side, against the size of the weights
	trainPasses   = 25
	trainBalance  = 0.4 // how far few articles of a theme count for the many outside: 0 not, 1 fully
)

// Learn trains a linear model: a support vector machine for each theme, by
// dual coordinate descent (Hsieh and others, 2008), in an order that chance
// deals out alike every time. The same examples and options always give the same model. An
// example with a theme that is not in the options is an error, as is too
// little to learn from.
func Learn(examples []Example, o LearnOptions) (*Model, error) {
	ids := make([]string, len(o.Themes))
	for i, t := range o.Themes {
		ids[i] = t.ID
	}
	counts := map[string]int{}
	for i, e := range examples {
		for _, t := range e.Themes {
			if !slices.Contains(ids, t) {
				return nil, fmt.Errorf("example %d: theme %q is not in the configuration", i+1, t)
			}
			counts[t]++
		}
	}
	m := newModel(examples, o, counts)
	if len(m.themes) == 0 {
		return nil, fmt.Errorf("no theme has the %d examples that learning needs", leastExamples)
	}
	docs := m.readAll(examples)
	for t := range m.themes {
		m.train(t, docs, examples)
	}
	return m.written()
}

// newModel returns a model with the grams of the examples and of the base,
// and the weights of the base.
func newModel(examples []Example, o LearnOptions, counts map[string]int) *Model {
	m := &Model{beside: map[uint32]bool{}}
	base := o.Base
	if base == nil {
		base = &Model{}
	}
	for _, t := range o.Themes {
		if counts[t.ID] < leastExamples && !slices.Contains(base.themes, t.ID) {
			continue
		}
		m.themes = append(m.themes, t.ID)
		for _, term := range t.Terms {
			m.beside[termHash(t.ID, term)] = true
		}
	}
	m.articles = base.articles + len(examples)
	from := make([]int, len(m.themes)) // in the base
	for t, id := range m.themes {
		from[t] = slices.Index(base.themes, id)
	}
	for s := range m.bias {
		m.bias[s] = inherit(base.bias[s], from)
	}
	dfs := documentFrequencies(examples)
	for _, g := range base.grams {
		m.grams = append(m.grams, gram{text: g.text, df: g.df + dfs[g.text], weights: inherit(g.weights, from)})
		delete(dfs, g.text)
	}
	for text, df := range dfs {
		if df >= leastArticles {
			m.grams = append(m.grams, gram{text: text, df: df, weights: make([]float64, len(m.themes))})
		}
	}
	slices.SortFunc(m.grams, func(a, b gram) int { return cmp.Compare(a.text, b.text) })
	m.settle()
	return m
}

// inherit returns weights for other themes: those at from, 0 where it is -1.
func inherit(weights []float64, from []int) []float64 {
	out := make([]float64, len(from))
	for t, i := range from {
		if i >= 0 && i < len(weights) {
			out[t] = weights[i]
		}
	}
	return out
}

// documentFrequencies counts in how many examples each gram stands.
func documentFrequencies(examples []Example) map[string]int {
	dfs := map[string]int{}
	var r reading
	for _, e := range examples {
		own := map[string]bool{}
		r.eachPart(newDocument(e.Article), func(text []byte, _ float64) {
			r.reader.read(text, func(g []byte) { own[string(g)] = true })
		})
		for g := range own {
			dfs[g]++
		}
	}
	return dfs
}

// A learner is an example as training sees it.
type learner struct {
	values []value
	script int
}

func (m *Model) readAll(examples []Example) []learner {
	out := make([]learner, len(examples))
	r := newReading(m)
	for i, e := range examples {
		values, script := m.read(newDocument(e.Article), r)
		out[i] = learner{slices.Clone(values), script}
	}
	return out
}

// train finds the weights of one theme.
func (m *Model) train(t int, docs []learner, examples []Example) {
	inside := make([]bool, len(docs))
	yes := 0
	for i, e := range examples {
		if inside[i] = slices.Contains(e.Themes, m.themes[t]); inside[i] {
			yes++
		}
	}
	up := math.Pow(float64(len(docs)-yes+1)/float64(yes+1), trainBalance)
	alphas := make([]float64, len(docs))
	shuffled := rand.New(rand.NewPCG(1, 2))
	for range trainPasses {
		for _, i := range shuffled.Perm(len(docs)) {
			d := docs[i]
			y, cost := -1.0, trainCost
			if inside[i] {
				y, cost = 1, trainCost*max(1, up)
			}
			square := 1 / (2 * cost)
			margin := m.bias[d.script][t]
			for _, v := range d.values {
				margin += float64(m.grams[v.gram].weights[t] * v.x)
			}
			gradient := float64(y*margin) - 1 + float64(alphas[i]*square)
			norm := 1.0 // of the bias
			if len(d.values) > 0 {
				norm++
			}
			alpha := max(0, alphas[i]-gradient/(norm+square))
			step := y * (alpha - alphas[i])
			alphas[i] = alpha
			if step == 0 {
				continue
			}
			m.bias[d.script][t] += step
			for _, v := range d.values {
				m.grams[v.gram].weights[t] += float64(step * v.x)
			}
		}
	}
}

// written returns the model as its file says it, so that it files alike before
// and after it was written.
func (m *Model) written() (*Model, error) {
	out, err := ParseModel(m.Text())
	if err != nil {
		return nil, fmt.Errorf("what was learnt cannot be written: %w", err)
	}
	return out, nil
}
