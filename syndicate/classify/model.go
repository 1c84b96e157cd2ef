package classify

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/sha256"
	_ "embed" // the default model
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"

	"broadsheet/syndicate"
)

// A Model tells themes by what it learnt from labelled articles: a weight of
// every n-gram for every theme. It stands beside the rules: it pushes near
// misses over the threshold and pulls weak hits under it; only where it is very
// sure it files by itself. About themes it did not learn it says nothing.
type Model struct {
	themes   []string
	articles int // it learnt from
	grams    []gram
	index    map[string]int32 // into grams
	bias     [scripts][]float64
	beside   map[uint32]bool // the terms it was trained beside, by [termHash]
	sum      [8]byte         // of its file
}

// A gram is one n-gram: in how many articles it stood, how rare that makes it,
// and what it weighs for each theme.
type gram struct {
	text    string
	df      int
	rarity  float64
	weights []float64
}

// The two kinds of text. A gram of Han is one of them, any other of the other.
const (
	han = iota
	latin
	scripts
)

var scriptNames = [scripts]string{"han", "latin"}

// How a model's margin becomes a part of a score: it is shifted, since the
// margin of an article that nobody has seen is smaller than that of one the
// model learnt from, scaled, and bounded, so that terms keep the upper hand.
// Cross-validation chose them (docs/measurements.md).
const (
	modelShift = 0.25
	modelGain  = 1.5
	modelAdds  = 1.2 // at most
	modelTakes = 0.9 // at most
)

// What a model reads of an article: title, teaser, lead and the sentences
// after it, and of none of them more than modelBytes.
const (
	modelBeyond = 3
	modelBytes  = 8 << 10
	titleCounts = 2
)

// A reading is what a model has seen of one article.
type reading struct {
	finder finder
	reader gramReader
	counts []float64 // by gram
	seen   []int32   // grams with counts, in order of appearance
	width  [scripts]int
	values []value
}

// A value is what the weight of a gram is multiplied with.
type value struct {
	gram int32
	x    float64
}

func newReading(m *Model) *reading { return &reading{counts: make([]float64, len(m.grams))} }

// eachPart calls f with what a model reads of a document, folded.
func (r *reading) eachPart(d *document, f func(text []byte, times float64)) {
	part := func(s string, times float64) {
		if len(s) > modelBytes {
			s = s[:modelBytes]
		}
		r.finder.text = r.finder.text[:0]
		r.finder.fold(s)
		f(r.finder.text, times)
	}
	part(d.title, titleCounts)
	part(d.teaser, 1)
	if n := min(len(d.sentences), d.lead+modelBeyond); n > 0 {
		part(d.text[:d.sentences[n-1].End()], 1)
	}
}

// read reads a document. What it returns is good until the next one.
func (m *Model) read(d *document, r *reading) (values []value, script int) {
	r.width, r.values = [scripts]int{}, r.values[:0]
	r.eachPart(d, func(text []byte, times float64) {
		r.reader.read(text, func(g []byte) {
			r.width[scriptOf(g)]++
			i, known := m.index[string(g)]
			if !known {
				return
			}
			if r.counts[i] == 0 {
				r.seen = append(r.seen, i)
			}
			r.counts[i] += times
		})
	})
	square := 0.0
	for _, g := range r.seen {
		x := (1 + math.Log(r.counts[g])) * m.grams[g].rarity
		r.values = append(r.values, value{g, x})
		square += float64(x * x)
		r.counts[g] = 0
	}
	r.seen = r.seen[:0]
	length := math.Sqrt(square)
	for i := range r.values {
		r.values[i].x /= length
	}
	if r.width[han] > r.width[latin] {
		return r.values, han
	}
	return r.values, latin
}

func scriptOf(gram []byte) int {
	if gram[0] >= 0xE0 {
		return han
	}
	return latin
}

// parts returns what the model adds to the score of each of its themes; zeros
// when it knows nothing of the document.
func (m *Model) parts(d *document, r *reading) []float64 {
	out := make([]float64, len(m.themes))
	values, script := m.read(d, r)
	if len(values) == 0 {
		return out
	}
	for t := range out {
		margin := m.bias[script][t]
		for _, v := range values {
			margin += float64(m.grams[v.gram].weights[t] * v.x)
		}
		out[t] = round(max(-modelTakes, min(modelAdds, modelGain*(margin+modelShift))))
	}
	return out
}

// A Learnt is one n-gram of an article with what it adds to the margin of a
// theme. Two Han characters are one n-gram, and four letters between marks of
// a word's ends: "^ban" begins a word.
type Learnt struct {
	Gram  string  `json:"gram"`
	Score float64 `json:"score"`
}

// Explain returns the n-grams that speak most, for or against, when the model
// judges whether an article belongs under a theme: at most most of them, the
// strongest first. It is empty where the model knows nothing.
func (c *Classifier) Explain(a *syndicate.Article, theme string, most int) []Learnt {
	m := c.model
	if m == nil {
		return nil
	}
	t := slices.Index(m.themes, theme)
	if t < 0 {
		return nil
	}
	values, _ := m.read(newDocument(a), newReading(m))
	var out []Learnt
	for _, v := range values {
		if score := round(m.grams[v.gram].weights[t] * v.x); score != 0 {
			out = append(out, Learnt{m.grams[v.gram].text, score})
		}
	}
	slices.SortStableFunc(out, func(a, b Learnt) int { return cmp.Compare(math.Abs(b.Score), math.Abs(a.Score)) })
	return out[:min(most, len(out))]
}

// Themes returns the ids of the themes the model knows.
func (m *Model) Themes() []string { return slices.Clone(m.themes) }

// termHash stands for a term with its weight.
func termHash(theme string, t syndicate.Term) uint32 {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%v", theme, normal(t.Text), t.Weight))
	return binary.BigEndian.Uint32(sum[:])
}

//go:embed model.txt
var defaultModel []byte

// DefaultModel returns the model that comes with Broadsheet. How it is made is
// said in docs/themes.md.
var DefaultModel = sync.OnceValues(func() (*Model, error) { return ParseModel(defaultModel) })

// NoModel is the name of no model: rules alone.
const NoModel = "none"

// OpenModel returns the model that a configuration names: "" is the one that
// comes with Broadsheet, [NoModel] is nil, anything else is a file.
func OpenModel(name string) (*Model, error) {
	switch name {
	case "":
		return DefaultModel()
	case NoModel:
		return nil, nil //nolint:nilnil // rules alone are not a mistake
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return ParseModel(data)
}

// A model's file is text: a first line, what it is about, the terms it was
// trained beside, and then one line a gram with the number of articles it
// stood in and its weight for each theme in thousandths.
const (
	modelFirst = "broadsheet themes 1"
	thousandth = 1000
)

// Text returns the model as it is written to a file.
func (m *Model) Text() []byte {
	b := fmt.Appendf(nil, "%s\nthemes %s\narticles %d\n", modelFirst, strings.Join(m.themes, " "), m.articles)
	for s, name := range scriptNames {
		b = fmt.Appendf(b, "bias %s", name)
		b = append(appendWeights(b, m.bias[s]), '\n')
	}
	hashes := make([]uint32, 0, len(m.beside))
	for h := range m.beside {
		hashes = append(hashes, h)
	}
	slices.Sort(hashes)
	b = append(b, "beside "...)
	for _, h := range hashes {
		b = fmt.Appendf(b, "%08x", h)
	}
	b = append(b, '\n')
	for _, g := range m.grams {
		b = fmt.Appendf(b, "%s\t%d", g.text, g.df)
		b = append(appendWeights(b, g.weights), '\n')
	}
	return b
}

func appendWeights(b []byte, weights []float64) []byte {
	for _, w := range weights {
		b = strconv.AppendInt(append(b, ' '), int64(math.Round(w*thousandth)), 10)
	}
	return b
}

// ParseModel reads what [Model.Text] wrote.
func ParseModel(data []byte) (*Model, error) {
	m := &Model{beside: map[uint32]bool{}}
	sum := sha256.Sum256(data)
	copy(m.sum[:], sum[:])
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, len(data)+1)
	n := 0
	for lines.Scan() {
		n++
		if err := m.line(n, lines.Text()); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
	if n < headLines {
		return nil, fmt.Errorf("%w: it ends after %d lines", errNoModel, n)
	}
	m.settle()
	return m, nil
}

// errNoModel says what a file is not.
var errNoModel = fmt.Errorf("not a model (broadsheet themes learn writes one)")

const headLines = 6

func (m *Model) line(n int, s string) error {
	if n > headLines {
		return m.gramLine(s)
	}
	var err error
	switch key, rest, _ := strings.Cut(s, " "); {
	case n == 1 && s == modelFirst:
	case n == 2 && key == "themes" && rest != "":
		m.themes = strings.Fields(rest)
	case n == 3 && key == "articles":
		m.articles, err = strconv.Atoi(rest)
	case (n == 4 || n == 5) && key == "bias":
		name, weights, _ := strings.Cut(rest, " ")
		if name != scriptNames[n-4] {
			return errNoModel
		}
		m.bias[n-4], err = m.weights(weights)
	case n == 6 && key == "beside":
		err = m.besideLine(rest)
	default:
		return errNoModel
	}
	return err
}

func (m *Model) besideLine(s string) error {
	data, err := hex.DecodeString(s)
	if err != nil || len(data)%4 != 0 {
		return errNoModel
	}
	for ; len(data) > 0; data = data[4:] {
		m.beside[binary.BigEndian.Uint32(data)] = true
	}
	return nil
}

func (m *Model) gramLine(s string) error {
	text, rest, found := strings.Cut(s, "\t")
	count, weights, more := strings.Cut(rest, " ")
	df, err := strconv.Atoi(count)
	if !found || !more || text == "" || err != nil || df < 1 {
		return errNoModel
	}
	w, err := m.weights(weights)
	if err != nil {
		return err
	}
	m.grams = append(m.grams, gram{text: text, df: df, weights: w})
	return nil
}

func (m *Model) weights(s string) ([]float64, error) {
	fields := strings.Fields(s)
	if len(fields) != len(m.themes) {
		return nil, fmt.Errorf("%d weights for %d themes", len(fields), len(m.themes))
	}
	out := make([]float64, len(fields))
	for i, f := range fields {
		n, err := strconv.Atoi(f)
		if err != nil {
			return nil, fmt.Errorf("%q is not a weight", f)
		}
		out[i] = float64(n) / thousandth
	}
	return out, nil
}

// settle makes what follows from the grams.
func (m *Model) settle() {
	m.index = make(map[string]int32, len(m.grams))
	for i := range m.grams {
		g := &m.grams[i]
		m.index[g.text] = int32(i)
		g.rarity = 1 + math.Log(float64(1+max(m.articles, g.df))/float64(1+g.df))
	}
}
