package syndicate

import (
	"fmt"
	"maps"
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
	// is zh-Hans too), places and authors as a Phrase is. A place is found by
	// its names in either language, and by those of what it lies in.
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
	Fault  string // Msg's name, for who says it in another language; see QueryFaults
	Args   []any  // of the fault: numbers, texts of the query and QueryParts
}

// A QueryPart is a part of a query that has no text to show: "opening" and
// "closing" are parentheses, "word" is a word, "query" is all of it.
type QueryPart string

// String returns the part's English name.
func (p QueryPart) String() string {
	switch p {
	case "query":
		return "the query"
	case "word":
		return "the word"
	}
	return "the " + string(p) + " parenthesis"
}

// queryFaults are what can be wrong with a query, by name, with the remedy.
var queryFaults = map[string]string{
	"age":      "the age %q is not between an hour and 100 years; use one such as 7d",
	"amount":   "%q is no amount; write one such as >1亿, >=500万美元 or <30%%",
	"between":  "a word is missing between %v and this parenthesis; add one",
	"date":     "%q is neither a date nor an age; write one such as 2026-11-23, 7d or 12h",
	"deep":     "more than %d parentheses and negations inside each other; write it flatter",
	"empty":    "there is no letter or digit to look for; write a word",
	"end":      "a word is missing after %v; add one or remove it",
	"field":    "there is no field %q; the fields are %s, and quotation marks make it a word",
	"large":    "the amount is too large; use a smaller one",
	"long":     "a query is at most %d bytes long, this one has %d; shorten it",
	"many":     "a query has at most %d words and fields; leave some out",
	"missing":  "a word is missing before %[1]v; add one, or put %[1]v into quotation marks to look for it",
	"quote":    "this quotation mark is never closed; close it",
	"unclosed": "this parenthesis is never closed; close it",
	"unit":     "the unit %q is not known; leave it out or use one such as 元, 美元, USD, %%, 亩, 公里 or 吨",
	"unopened": "this parenthesis was never opened; remove it or open one before it",
	"utf8":     "this is not UTF-8; write the query anew",
	"value":    "%s: needs a value right after the colon, such as %s",
}

// QueryFaults returns the names of all faults with their English format.
func QueryFaults() map[string]string { return maps.Clone(queryFaults) }

// Error gives place, fault and remedy in one line.
func (e *QueryError) Error() string {
	return fmt.Sprintf("query: at character %d: %s", e.Char, e.Msg)
}

func queryError(text string, offset int, fault string, args ...any) *QueryError {
	offset = min(offset, len(text))
	return &QueryError{
		Offset: offset,
		Char:   utf8.RuneCountInString(text[:offset]) + 1,
		Msg:    fmt.Sprintf(queryFaults[fault], args...),
		Fault:  fault,
		Args:   args,
	}
}
