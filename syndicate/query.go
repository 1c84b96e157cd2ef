package syndicate

import "time"

// A Query selects articles. The zero Query selects all.
type Query struct {
	Text string // as the operator or reader wrote it
	Root Expr   // nil selects all
}

// An Expr is a node of a query: And, Or, Not, Phrase, Field, Date or Amount.
type Expr interface{ expr() }

// The nodes of a query.
type (
	And []Expr // all of them
	Or  []Expr // any of them
	Not struct{ Expr Expr }

	// A Phrase is looked for in title and text, or in the title alone. It is
	// folded (see Fold).
	Phrase struct {
		Text  string
		Title bool
	}

	// A Field compares what an article is filed under or came with.
	Field struct {
		Name  string // "theme", "source", "lang", "place" or "author"
		Value string // folded, but for theme and source
	}

	// A Date compares Article.FirstSeen. With an Age it counts back from now.
	Date struct {
		After bool // else before
		At    time.Time
		Age   time.Duration
	}

	// An Amount compares the figures of an article in base units.
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
