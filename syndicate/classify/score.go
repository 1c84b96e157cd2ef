package classify

import (
	"fmt"
	"slices"
)

// A Score compares filings with the right ones, per theme and language.
type Score struct {
	Themes []string // ids, in the order of the configuration

	rates     map[[2]string]Rate // by language and theme
	none      map[string]Rate    // by language: articles of no theme, left alone or filed
	languages []string
}

// A Rate counts filings of one theme.
type Rate struct {
	Right  int // filed, and rightly
	Wrong  int // filed, and wrongly
	Missed int // not filed, and wrongly
}

// NewScore returns an empty score of themes.
func NewScore(themes []string) *Score {
	return &Score{Themes: themes, rates: map[[2]string]Rate{}, none: map[string]Rate{}}
}

// AllLanguages is the language under which a Score sums up all of them.
const AllLanguages = "all"

// Add counts one article. A theme the score does not know is an error.
func (s *Score) Add(lang string, right, got []string) error {
	for _, t := range right {
		if !slices.Contains(s.Themes, t) {
			return fmt.Errorf("theme %q is not in the configuration", t)
		}
	}
	if lang == "" {
		lang = "unknown"
	}
	if !slices.Contains(s.languages, lang) {
		s.languages = append(s.languages, lang)
	}
	for _, l := range []string{lang, AllLanguages} {
		for _, t := range s.Themes {
			r := s.rates[[2]string{l, t}]
			switch is, filed := slices.Contains(right, t), slices.Contains(got, t); {
			case is && filed:
				r.Right++
			case filed:
				r.Wrong++
			case is:
				r.Missed++
			}
			s.rates[[2]string{l, t}] = r
		}
		if len(right) == 0 {
			n := s.none[l]
			if len(got) == 0 {
				n.Right++
			} else {
				n.Wrong++
			}
			s.none[l] = n
		}
	}
	return nil
}

// Languages returns what was added, in order of appearance, after "all".
func (s *Score) Languages() []string { return append([]string{AllLanguages}, s.languages...) }

// Rate returns the counts of a theme in a language.
func (s *Score) Rate(lang, theme string) Rate { return s.rates[[2]string{lang, theme}] }

// Macro returns the mean F1 of the themes in a language.
func (s *Score) Macro(lang string) float64 {
	sum := 0.0
	for _, t := range s.Themes {
		sum += s.Rate(lang, t).F1()
	}
	return sum / float64(max(1, len(s.Themes)))
}

// LeftAlone returns the share of articles of no theme that were not filed.
func (s *Score) LeftAlone(lang string) float64 { return s.none[lang].Precision() }

// Precision returns the share of filings that are right; 0 when there are none.
func (r Rate) Precision() float64 { return share(r.Right, r.Wrong) }

// Recall returns the share of articles that were found; 0 when there are none.
func (r Rate) Recall() float64 { return share(r.Right, r.Missed) }

// F1 returns the harmonic mean of precision and recall.
func (r Rate) F1() float64 {
	p, q := r.Precision(), r.Recall()
	if p+q == 0 {
		return 0
	}
	return 2 * p * q / (p + q)
}

func share(yes, no int) float64 {
	if yes+no == 0 {
		return 0
	}
	return float64(yes) / float64(yes+no)
}
