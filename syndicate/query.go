package syndicate

import (
	"fmt"
	"slices"
	"time"
	"unicode/utf8"
)

// A Query selects articles. The zero Query selects all.
type Query struct {
	Text string // as the operator or reader wrote it
	Root Expr   // nil selects all
}

// An Expr is a node of a query: And, Or, Not, Phrase, Field, Date or Amount.
type Expr interface{ expr() }

// The nodes of a query.
type (
	// An And selects what all of its parts select; without parts, everything.
	And []Expr

	// An Or selects what any of its parts selects; without parts, nothing.
	Or []Expr

	// A Not selects what its part does not.
	Not struct{ Expr Expr }

	// A Phrase is looked for in title, summary and text, or in the title alone.
	// Its words stand side by side there; see Words for what a word is. A
	// phrase never runs from one of the three into the next.
	Phrase struct {
		Text  string // as Words gives it, or any text that Words makes it of
		Title bool
	}

	// A Field compares what an article is filed under or came with. Themes and
	// sources are compared as they are, languages by their first subtags (zh
	// is zh-Hans too), places and authors as a Phrase is.
	Field struct {
		Name  string // "theme", "source", "lang", "place" or "author"
		Value string // folded
	}

	// A Date compares Article.FirstSeen, in whole milliseconds: not before At,
	// or before it. With an Age, At is that long before now.
	Date struct {
		After bool // else before
		At    time.Time
		Age   time.Duration
	}

	// An Amount compares the figures of an article in base units; one that
	// fits is enough. Values that differ by less than a billionth are equal,
	// and "more than 5" is greater than 5.
	Amount struct {
		Op    string // ">", ">=", "<", "<=" or "="
		Value float64
		Unit  string // base unit, such as 元 or m2; "" compares any
	}
)

func (And) expr()    {}
func (Or) expr()     {}
func (Not) expr()    {}
func (Phrase) expr() {}
func (Field) expr()  {}
func (Date) expr()   {}
func (Amount) expr() {}

// Timed reports whether what q selects depends on the time it is asked at: it
// has an age.
func (q Query) Timed() bool { return timed(q.Root) }

func timed(e Expr) bool {
	switch e := e.(type) {
	case And:
		return slices.ContainsFunc(e, timed)
	case Or:
		return slices.ContainsFunc(e, timed)
	case Not:
		return timed(e.Expr)
	case Date:
		return e.Age != 0
	}
	return false
}

// And returns the query that selects what both q and other select.
func (q Query) And(other Query) Query {
	switch {
	case q.Root == nil:
		return other
	case other.Root == nil:
		return q
	}
	return Query{
		Text: "(" + q.Text + ") (" + other.Text + ")",
		Root: And{q.Root, other.Root},
	}
}

// A QueryError says where a query is bad, and why.
type QueryError struct {
	Offset int // of the bad part, in bytes
	Char   int // the same in characters, the first is 1
	Msg    string
}

// Error gives place, fault and remedy in one line.
func (e *QueryError) Error() string {
	return fmt.Sprintf("query: at character %d: %s", e.Char, e.Msg)
}

func queryError(text string, offset int, format string, args ...any) *QueryError {
	offset = min(offset, len(text))
	return &QueryError{
		Offset: offset,
		Char:   utf8.RuneCountInString(text[:offset]) + 1,
		Msg:    fmt.Sprintf(format, args...),
	}
}
