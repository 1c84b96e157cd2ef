package store

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"broadsheet/syndicate"
)

// A builder makes a query's condition on the articles a. Values become
// arguments, never a part of the text.
type builder struct {
	dialect dialect
	now     time.Time
	args    []any
	ins     int
	seen    string // column of first_seen; that of the articles when empty

	// words, if not nil, makes conditions of whole parts that ask for words
	// alone, each as SQLite's index is asked for it; see wordsExpr. Conditions
	// are then cheap to check for one article rather than for all at once.
	words func(expr string) string
	fails bool // words could not make a condition
}

func (b *builder) arg(v any) string {
	b.args = append(b.args, v)
	return "$" + strconv.Itoa(len(b.args))
}

// in says that the article is the column of a row that a condition holds for.
// PostgreSQL makes joins of such conditions and would plan many of them for
// seconds, so that from the seventh on it is kept from doing so.
func (b *builder) in(column, table, where string) string {
	if b.words != nil {
		return "EXISTS (SELECT 1 FROM " + table + " WHERE " + column + " = a.id AND (" + where + "))"
	}
	cond := "a.id IN (SELECT " + column + " FROM " + table + " WHERE " + where + ")"
	if b.ins++; b.ins > 6 && b.dialect.postgres {
		cond = "(" + cond + " IS TRUE)"
	}
	return cond
}

func (b *builder) condition(e syndicate.Expr) string {
	if b.words != nil {
		if expr, ok := wordsExpr(e); ok {
			return b.words(expr)
		}
	}
	switch e := e.(type) {
	case nil:
		return "TRUE"
	case syndicate.And:
		return b.join(e, " AND ", "TRUE")
	case syndicate.Or:
		return b.join(e, " OR ", "FALSE")
	case syndicate.Not:
		return "NOT " + b.condition(e.Expr)
	case syndicate.Phrase:
		if e.Title {
			return b.phrase([]string{"title"}, e.Text)
		}
		return b.phrase([]string{"title", "body"}, e.Text)
	case syndicate.Field:
		return b.field(e)
	case syndicate.Date:
		seen := cmp.Or(b.seen, "a.first_seen")
		if e.After {
			return seen + " >= " + b.arg(e.Time(b.now).UnixMilli())
		}
		return seen + " < " + b.arg(e.Time(b.now).UnixMilli())
	case syndicate.Amount:
		return b.amount(e)
	}
	return "FALSE"
}

func (b *builder) join(es []syndicate.Expr, op, empty string) string {
	if len(es) == 0 {
		return empty
	}
	parts := make([]string, len(es))
	for i, e := range es {
		parts[i] = b.condition(e)
	}
	return "(" + strings.Join(parts, op) + ")"
}

func (b *builder) phrase(columns []string, text string) string {
	phrase := syndicate.Words(text)
	if phrase == "" {
		return "FALSE"
	}
	return b.dialect.wordsMatch(b, columns, phrase)
}

func (b *builder) field(f syndicate.Field) string {
	switch f.Name {
	case "theme":
		return b.in("f.article_id", "filings f", "f.theme = "+b.arg(f.Value))
	case "source":
		return "a.source = " + b.arg(f.Value)
	case "lang":
		prefix := f.Value + "-"
		return "(a.lang = " + b.arg(f.Value) +
			" OR substr(a.lang, 1, " + strconv.Itoa(utf8.RuneCountInString(prefix)) + ") = " + b.arg(prefix) + ")"
	case "place":
		return b.phrase([]string{"places"}, f.Value)
	case "author":
		return b.phrase([]string{"authors"}, f.Value)
	}
	return "FALSE"
}

func (b *builder) amount(a syndicate.Amount) string {
	return b.in("g.article_id", "figures g", b.figure(a))
}

// figure is the condition that a figure g fits.
func (b *builder) figure(a syndicate.Amount) string {
	low, high := a.Range()
	var cond string
	switch a.Op {
	case ">":
		cond = "(g.value > " + b.arg(high) + " OR g.value >= " + b.arg(low) + " AND g.bound = '>')"
	case ">=":
		cond = "g.value >= " + b.arg(low)
	case "<":
		cond = "(g.value < " + b.arg(low) + " OR g.value <= " + b.arg(high) + " AND g.bound = '<')"
	case "<=":
		cond = "g.value <= " + b.arg(high)
	default:
		cond = "g.value >= " + b.arg(low) + " AND g.value <= " + b.arg(high)
	}
	if a.Unit != "" {
		return "(" + cond + ") AND g.base_unit = " + b.arg(a.Unit)
	}
	return "(" + cond + ")"
}

// leadingTheme takes a theme that q demands out of it, so that its articles
// can be walked along the index of filings.
func leadingTheme(e syndicate.Expr) (theme string, rest syndicate.Expr) {
	switch e := e.(type) {
	case syndicate.Field:
		if e.Name == "theme" {
			return e.Value, nil
		}
	case syndicate.And:
		for i, part := range e {
			theme, inner := leadingTheme(part)
			if theme == "" {
				continue
			}
			var others syndicate.And
			others = append(others, e[:i]...)
			if inner != nil {
				others = append(others, inner)
			}
			return theme, append(others, e[i+1:]...)
		}
	}
	return "", e
}

// spots returns the part of a statement that names the articles a that q
// selects and the further conditions hold for, and that which orders them.
//
// Dates are looked up where the order is: in filings, whose first_seen is that
// of the article, if a theme leads.
func (b *builder) spots(q syndicate.Query, conditions ...string) (from, order string) {
	theme, rest := leadingTheme(q.Root)
	if theme != "" {
		b.seen = "t.first_seen"
	}
	where := append([]string{b.condition(rest)}, conditions...)
	if theme == "" {
		return " FROM articles a WHERE " + strings.Join(where, " AND "), newestFirst
	}
	where = append(where, "t.theme = "+b.arg(theme))
	return " FROM filings t JOIN articles a ON a.id = t.article_id WHERE " + strings.Join(where, " AND "), newestFiled
}

// filed returns the part of a statement that names the filings of a theme and a
// time, and "" if q asks for anything else: filings alone know these, and to
// count them takes no look at the articles.
func (b *builder) filed(q syndicate.Query) string {
	theme, rest := leadingTheme(q.Root)
	if theme == "" || !onlyDates(rest) {
		return ""
	}
	b.seen = "t.first_seen"
	return " FROM filings t WHERE t.theme = " + b.arg(theme) + " AND " + b.condition(rest)
}

func onlyDates(e syndicate.Expr) bool {
	switch e := e.(type) {
	case nil, syndicate.Date:
		return true
	case syndicate.And:
		return !slices.ContainsFunc(e, func(part syndicate.Expr) bool { return !onlyDates(part) })
	}
	return false
}
