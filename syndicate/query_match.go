package syndicate

import (
	"math"
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

// A matcher keeps the words of an article while a query looks at them.
type matcher struct {
	article *Article
	now     time.Time
	title   string
	texts   []string // nil until needed
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
		m.title = Words(m.article.Title)
		m.texts = []string{Words(m.article.Summary), Words(m.article.Text)}
	}
	words := Words(p.Text)
	if contains(m.title, words) {
		return true
	}
	return !p.Title && anyContains(m.texts, words)
}

func anyContains(texts []string, phrase string) bool {
	for _, t := range texts {
		if contains(t, phrase) {
			return true
		}
	}
	return false
}

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
