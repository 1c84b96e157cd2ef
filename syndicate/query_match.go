package syndicate

import (
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Match reports whether q selects a at the moment now. Stores select the same
// articles by other means.
func (q Query) Match(a *Article, now time.Time) bool {
	if q.Root == nil {
		return true
	}
	m := matcher{article: a, now: now}
	return m.match(q.Root)
}

// MatchEach is Match for several queries: the words of the article are looked
// for once.
func MatchEach(qs []Query, a *Article, now time.Time) []bool {
	m := matcher{article: a, now: now}
	hits := make([]bool, len(qs))
	for i, q := range qs {
		hits[i] = q.Root == nil || m.match(q.Root)
	}
	return hits
}

// A matcher keeps the words of an article while a query looks at them.
type matcher struct {
	article *Article
	now     time.Time
	title   string
	texts   []string // nil until needed; these and the title between spaces
}

func (m *matcher) match(e Expr) bool {
	switch e := e.(type) {
	case And:
		for _, e := range e {
			if !m.match(e) {
				return false
			}
		}
		return true
	case Or:
		for _, e := range e {
			if m.match(e) {
				return true
			}
		}
		return false
	case Not:
		return !m.match(e.Expr)
	case Phrase:
		return m.phrase(e)
	case Field:
		return m.field(e)
	case Date:
		return e.matches(m.article.FirstSeen, m.now)
	case Amount:
		for _, f := range m.article.Figures {
			if e.matches(f) {
				return true
			}
		}
	}
	return false
}

func (m *matcher) phrase(p Phrase) bool {
	if m.texts == nil {
		m.title = between(m.article.Title)
		m.texts = []string{between(m.article.Summary), between(m.article.Text)}
	}
	words := Words(p.Text)
	if words == "" {
		return false
	}
	needle := Needle(words)
	holds := func(text string) bool { return strings.Contains(text, needle) }
	return holds(m.title) || !p.Title && slices.ContainsFunc(m.texts, holds)
}

// between returns the words of a text between spaces, for needles to be looked
// for in.
func between(text string) string { return " " + Words(text) + " " }

func (m *matcher) field(f Field) bool {
	a := m.article
	switch f.Name {
	case "theme":
		for _, filing := range a.Filings {
			if filing.Theme == f.Value {
				return true
			}
		}
	case "source":
		return a.Source == f.Value
	case "lang":
		lang := Fold(a.Language)
		return lang == f.Value || strings.HasPrefix(lang, f.Value+"-")
	case "place":
		return anyNamed(a.Places, f.Value) || anyNamed(a.Within, f.Value)
	case "author":
		return anyNamed(a.Authors, f.Value)
	}
	return false
}

func anyNamed(names []string, name string) bool {
	name = Words(name)
	for _, n := range names {
		if contains(Words(n), name) {
			return true
		}
	}
	return false
}

// Time returns the instant that d compares with.
func (d Date) Time(now time.Time) time.Time {
	if d.Age != 0 {
		return now.Add(-d.Age)
	}
	return d.At
}

func (d Date) matches(seen, now time.Time) bool {
	at := d.Time(now).UnixMilli()
	if d.After {
		return seen.UnixMilli() >= at
	}
	return seen.UnixMilli() < at
}

// Range returns the least and the greatest value that count as equal to
// a.Value.
func (a Amount) Range() (low, high float64) {
	slack := math.Abs(a.Value) * 1e-9
	return a.Value - slack, a.Value + slack
}

func (a Amount) matches(f Figure) bool {
	if a.Unit != "" && a.Unit != f.BaseUnit {
		return false
	}
	low, high := a.Range()
	v := f.Normalised
	equal := low <= v && v <= high
	switch a.Op {
	case ">":
		return v > high || equal && f.Bound == ">"
	case ">=":
		return v >= low
	case "<":
		return v < low || equal && f.Bound == "<"
	case "<=":
		return v <= high
	}
	return equal
}

func firstRune(s string) rune {
	r, _ := utf8.DecodeRuneInString(s)
	return r
}

func lastRune(s string) rune {
	r, _ := utf8.DecodeLastRuneInString(s)
	return r
}
