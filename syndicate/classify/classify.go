// Package classify files articles under themes and says why, and finds the
// figures, places and organisations they name and a summary made of their own
// sentences. It changes nothing of what a source said, and knows no network
// and no database.
package classify

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"

	"broadsheet/syndicate"
)

// Config is the blocks `themes:` and `places:` of the configuration. The zero
// Config has no themes: what a paper is about is for its operator to say.
type Config struct {
	Themes []syndicate.Theme // in order of the configuration
	Places []Place           // beside those of the gazetteer
	Model  *Model            // nil = rules alone
}

// Validate returns all mistakes, joined: key, fault, remedy.
func (c Config) Validate() error {
	var errs []error
	seen := map[string]bool{}
	for _, t := range c.Themes {
		if seen[t.ID] {
			errs = append(errs, fmt.Errorf("%s: this theme is there twice; join the two", t.ID))
		}
		seen[t.ID] = true
		errs = append(errs, validateTheme(t)...)
	}
	if len(c.Places) > 0 {
		_, err := sharedGazetteer().with(c.Places)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func validateTheme(t syndicate.Theme) []error {
	var errs []error
	fault := func(format string, args ...any) { errs = append(errs, fmt.Errorf(t.ID+format, args...)) }
	if !validID(t.ID) {
		errs = append(errs, fmt.Errorf("%s: a theme's id is of a-z, 0-9 and hyphens; use such a one", t.ID))
	}
	if !(t.Threshold > 0) || math.IsInf(t.Threshold, 0) {
		fault(".threshold: %v is not above 0; use 1.0", t.Threshold)
	}
	seen := map[string]string{}
	for i, term := range t.Terms {
		text := normal(term.Text)
		switch first, again := seen[text]; {
		case text == "":
			fault(".terms[%d]: the term is empty; remove it", i)
		case again:
			fault(".terms[%d]: %q stands for the same as %s; remove one", i, term.Text, first)
		}
		if !(term.Weight > 0) || math.IsInf(term.Weight, 0) {
			fault(".terms[%d].weight: %v is not above 0; use 1, or put the phrase under not", i, term.Weight)
		}
		if seen[text] == "" {
			seen[text] = fmt.Sprintf("terms[%d]", i)
		}
	}
	for i, not := range t.Not {
		text := normal(not)
		if text == "" {
			fault(".not[%d]: the phrase is empty; remove it", i)
		} else if first, again := seen[text]; again {
			fault(".not[%d]: %q stands for the same as %s; remove one", i, not, first)
		}
		if seen[text] == "" {
			seen[text] = fmt.Sprintf("not[%d]", i)
		}
	}
	return errs
}

func validID(id string) bool {
	return id != "" && strings.Trim(id, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// A Classifier tells what articles are about. It may be used by several
// goroutines at once.
type Classifier struct {
	themes      []syndicate.Theme
	vocabulary  *vocabulary
	model       *Model
	learnt      []int  // by theme: which one of the model it is, or -1
	own         []bool // by term: the operator's, which the model was not trained beside
	gazetteer   *gazetteer
	fingerprint string
	scratch     sync.Pool // of *scratch
}

// engine is the version of the rules in this package. It is raised when they
// would say something else of the same article.
const engine = "4"

// New returns a classifier. Its errors are those of Config.Validate.
func New(cfg Config) (*Classifier, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	gazetteer, err := sharedGazetteer().with(cfg.Places)
	if err != nil {
		return nil, err
	}
	c := &Classifier{themes: cfg.Themes, vocabulary: newVocabulary(cfg.Themes), model: cfg.Model, gazetteer: gazetteer}
	c.meet()
	c.scratch.New = func() any { return newScratch(c.vocabulary, c.model) }
	text, err := json.Marshal(cfg.Themes)
	if err != nil {
		return nil, fmt.Errorf("themes: %w", err)
	}
	if len(cfg.Places) > 0 {
		places, err := json.Marshal(cfg.Places)
		if err != nil {
			return nil, fmt.Errorf("places: %w", err)
		}
		text = append(text, places...)
	}
	var model string
	if c.model != nil {
		model = hex.EncodeToString(c.model.sum[:])
	}
	sum := sha256.Sum256(append([]byte(engine+"\n"+model+"\n"), text...))
	c.fingerprint = hex.EncodeToString(sum[:8])
	return c, nil
}

// meet finds out what the model knows of the themes and their terms. A theme of
// which it knows less than half of the terms is another one that has the same
// id: of that it knows nothing.
func (c *Classifier) meet() {
	c.learnt = make([]int, len(c.themes))
	for i, t := range c.themes {
		c.learnt[i] = -1
		if c.model != nil {
			c.learnt[i] = slices.Index(c.model.themes, t.ID)
		}
		known := 0
		for _, term := range t.Terms {
			own := c.learnt[i] < 0 || !c.model.beside[termHash(t.ID, term)]
			c.own = append(c.own, own)
			if !own {
				known++
			}
		}
		if 2*known < len(t.Terms) {
			c.learnt[i] = -1
		}
	}
}

// Fingerprint returns what stands for themes, model and engine in force. It
// is stored beside articles: another one means that they may be filed
// differently now.
func (c *Classifier) Fingerprint() string { return c.fingerprint }

// Classify returns what an article is about. src, which may be nil, adds the
// themes that every article of the source is filed under. The same article
// always gets the same answer.
func (c *Classifier) Classify(a *syndicate.Article, src *syndicate.Source) syndicate.Analysis {
	s := c.scratch.Get().(*scratch)
	defer c.scratch.Put(s)

	d := newDocument(a)
	var out syndicate.Analysis
	out.Filings, out.NearMisses = c.file(d, src, s)
	out.Figures = figures(d)
	out.Places, out.Within, out.Organisations = c.gazetteer.find(d)
	out.Gist = gist(d, out.Figures)
	return out
}
