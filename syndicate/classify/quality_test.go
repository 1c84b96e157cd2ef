package classify_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"broadsheet/syndicate"
	"broadsheet/syndicate/classify"
)

// A figureSet is sentences with the figures they state.
type figureSet []struct {
	Lang, Sentence string
	Figures        []syndicate.Figure
}

// The bars that figures are held to (issue 4, section 2).
const (
	barChinese      = 0.93
	barChineseExact = 0.80
	barEnglish      = 0.85
)

// TestQualityOfFigures prints how figures are found in our own sentences and
// in the labelled ones of the shared corpus, and holds the bars.
func TestQualityOfFigures(t *testing.T) {
	for _, lang := range []string{"zh", "en"} {
		t.Run("own/"+lang, func(t *testing.T) {
			set, err := ownFigures(filepath.Join("testdata", "figures_"+lang+".tsv"), lang)
			if err != nil {
				t.Fatal(err)
			}
			set.judge(t, lang)
		})
	}
	for _, lang := range []string{"zh", "en"} {
		t.Run("open half/"+lang, func(t *testing.T) {
			data, err := os.ReadFile(shared(t, "figures_dev.json"))
			if err != nil {
				t.Fatal(err)
			}
			var set figureSet
			if err := json.Unmarshal(data, &set); err != nil {
				t.Fatal(err)
			}
			set.judge(t, lang)
		})
	}
}

// ownFigures reads sentences with figures: the sentence, a tab, and for each
// figure its value, base unit, bound and direction, apart by semicolons.
func ownFigures(file, lang string) (figureSet, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var set figureSet
	for line := range strings.Lines(string(data)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		sentence, figures, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if !ok {
			return nil, fmt.Errorf("%s: no tab in %q", file, line)
		}
		s := figureSet{{Lang: lang, Sentence: sentence}}
		for f := range strings.SplitSeq(figures, ";") {
			if strings.TrimSpace(f) == "" {
				continue
			}
			figure, err := ownFigure(strings.Fields(f))
			if err != nil {
				return nil, fmt.Errorf("%s: %q: %w", file, line, err)
			}
			s[0].Figures = append(s[0].Figures, figure)
		}
		set = append(set, s...)
	}
	return set, nil
}

func ownFigure(fields []string) (syndicate.Figure, error) {
	f := syndicate.Figure{Bound: "="}
	if len(fields) < 2 {
		return f, errors.New("no value and base unit")
	}
	var err error
	f.Normalised, err = strconv.ParseFloat(fields[0], 64)
	f.BaseUnit = fields[1]
	for _, w := range fields[2:] {
		switch w {
		case "up", "down":
			f.Direction = w
		case ">", ">=", "<", "<=", "~":
			f.Bound = w
		default:
			return f, fmt.Errorf("%q is no bound and no direction", w)
		}
	}
	return f, err
}

// judge prints the scores of the sentences in a language and holds its bars.
func (set figureSet) judge(t *testing.T, lang string) {
	c := newClassifier(t, nil)
	var rate classify.Rate
	sentences, exact, bounds, directions, changes := 0, 0, 0, 0, 0
	for _, s := range set {
		if s.Lang != lang {
			continue
		}
		sentences++
		got := once(c.Classify(&syndicate.Article{Text: s.Sentence}, nil).Figures)
		hits := 0
		for _, w := range s.Figures {
			i := findFigure(got, w)
			if i < 0 {
				continue
			}
			hits++
			if got[i].Bound == w.Bound {
				bounds++
			}
			if w.Direction != "" {
				changes++
				if got[i].Direction == w.Direction {
					directions++
				}
			}
		}
		rate.Right, rate.Wrong, rate.Missed = rate.Right+hits, rate.Wrong+len(got)-hits, rate.Missed+len(s.Figures)-hits
		if hits == len(s.Figures) && hits == len(got) {
			exact++
		} else {
			t.Logf("%s\n    want %s\n    got  %s", s.Sentence, briefAll(s.Figures), briefAll(got))
		}
	}
	right := float64(rate.Right)
	exactly := float64(exact) / float64(sentences)
	t.Logf("%s: %d sentences, F1 %.3f (precision %.3f, recall %.3f), exactly right %.3f, bounds %.3f, directions %.3f",
		lang, sentences, rate.F1(), rate.Precision(), rate.Recall(), exactly, float64(bounds)/right, float64(directions)/float64(max(changes, 1)))
	bar, least := barEnglish, 0.0
	if lang == "zh" {
		bar, least = barChinese, barChineseExact
	}
	if rate.F1() < bar || exactly < least {
		t.Errorf("%s: F1 %.3f and %.3f of the sentences exactly right; want %.2f and %.2f", lang, rate.F1(), exactly, bar, least)
	}
}

// once drops the figures that say what one before them says.
func once(figures []syndicate.Figure) []syndicate.Figure {
	var out []syndicate.Figure
	for _, f := range figures {
		if findFigure(out, f) < 0 {
			out = append(out, f)
		}
	}
	return out
}

// findFigure returns where in the figures the amount of w is, or -1.
func findFigure(figures []syndicate.Figure, w syndicate.Figure) int {
	for i, f := range figures {
		if f.BaseUnit == w.BaseUnit && math.Abs(f.Normalised-w.Normalised) <= 1e-3*math.Max(math.Abs(w.Normalised), math.Abs(f.Normalised)) {
			return i
		}
	}
	return -1
}

func briefAll(figures []syndicate.Figure) string {
	var out []string
	for _, f := range figures {
		out = append(out, brief(f))
	}
	return strings.Join(out, "; ")
}
