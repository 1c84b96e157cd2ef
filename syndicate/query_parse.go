package syndicate

import (
	"strings"
	"time"
	"unicode/utf8"
)

// Limits of a query, so that nobody makes the store work for hours.
const (
	MaxQueryBytes = 2000
	MaxQueryTerms = 100
	MaxQueryDepth = 20 // of parentheses and negations
)

// ParseQuery reads a query as operators and readers write it. The empty text
// is the query that selects all. An error is a *QueryError.
//
//	query = and { "OR" and }
//	and   = not { [ "AND" ] not }
//	not   = [ "NOT" | "-" ] not | "(" query ")" | word | "\"" words "\"" | field
//	field = ( "title" | "theme" | "source" | "lang" | "place" | "author" ) ":" ( word | "\"" words "\"" )
//	      | ( "after" | "before" ) ":" ( date | age )
//	      | "amount" ":" [ ">" | ">=" | "<" | "<=" | "=" ] number
//
// AND, OR and NOT are operators in capitals only. Quotation marks, parentheses
// and the colon of a field may be full-width or curly. A word that holds
// neither letter nor digit is passed over. A date is 2026-11-23, midnight in
// loc (nil is UTC); an age is 7d, 12h, 2w or 1d12h. A number is 1亿, 500万元, 2.5bn
// USD in one word, 30%, and so on; see ParseAmount.
func ParseQuery(text string, loc *time.Location) (Query, error) {
	if len(text) > MaxQueryBytes {
		return Query{}, queryError(text, cutAt(text, MaxQueryBytes),
			"long", MaxQueryBytes, len(text))
	}
	if at := invalidUTF8(text); at >= 0 {
		return Query{}, queryError(text, at, "utf8")
	}
	if loc == nil {
		loc = time.UTC
	}
	p := &queryParser{text: text, loc: loc}
	if err := p.lex(); err != nil {
		return Query{}, err
	}
	if len(p.tokens) == 0 {
		if strings.TrimSpace(text) != "" {
			return Query{}, queryError(text, 0, "empty")
		}
		return Query{Text: text}, nil
	}
	root, err := p.or(0)
	if err != nil {
		return Query{}, err
	}
	if t := p.peek(); t.kind != tokenEnd {
		return Query{}, p.errorAt(t, "unopened")
	}
	return Query{Text: text, Root: root}, nil
}

// cutAt returns the last boundary between characters of text up to limit.
func cutAt(text string, limit int) int {
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return limit
}

func invalidUTF8(s string) int {
	for i, r := range s {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
				return i
			}
		}
	}
	return -1
}

type queryParser struct {
	text   string
	loc    *time.Location
	tokens []token
	next   int
	terms  int
}

func (p *queryParser) peek() token {
	if p.next < len(p.tokens) {
		return p.tokens[p.next]
	}
	return token{kind: tokenEnd, offset: len(p.text)}
}

// take consumes the next token if it is of the kind.
func (p *queryParser) take(kind tokenKind) bool {
	if p.peek().kind != kind {
		return false
	}
	p.next++
	return true
}

func (p *queryParser) errorAt(t token, fault string, args ...any) error {
	return queryError(p.text, t.offset, fault, args...)
}

func (p *queryParser) or(depth int) (Expr, error) {
	var some Or
	for {
		e, err := p.and(depth)
		if err != nil {
			return nil, err
		}
		if inner, ok := e.(Or); ok {
			some = append(some, inner...)
		} else {
			some = append(some, e)
		}
		if !p.take(tokenOr) {
			break
		}
	}
	if len(some) == 1 {
		return some[0], nil
	}
	return some, nil
}

func (p *queryParser) and(depth int) (Expr, error) {
	var all And
	for {
		e, err := p.not(depth)
		if err != nil {
			return nil, err
		}
		if inner, ok := e.(And); ok {
			all = append(all, inner...)
		} else {
			all = append(all, e)
		}
		if p.take(tokenAnd) {
			continue
		}
		if k := p.peek().kind; k == tokenEnd || k == tokenOr || k == tokenClose {
			break
		}
	}
	if len(all) == 1 {
		return all[0], nil
	}
	return all, nil
}

func (p *queryParser) not(depth int) (Expr, error) {
	t := p.peek()
	if depth > MaxQueryDepth {
		return nil, p.errorAt(t, "deep", MaxQueryDepth)
	}
	switch t.kind {
	case tokenNot:
		p.next++
		e, err := p.not(depth + 1)
		if err != nil {
			return nil, err
		}
		return Not{Expr: e}, nil
	case tokenOpen:
		p.next++
		return p.group(t, depth)
	case tokenTerm:
		p.next++
		if p.terms++; p.terms > MaxQueryTerms {
			return nil, p.errorAt(t, "many", MaxQueryTerms)
		}
		return p.term(t)
	}
	return nil, p.missing(t)
}

func (p *queryParser) group(open token, depth int) (Expr, error) {
	e, err := p.or(depth + 1)
	if err != nil {
		return nil, err
	}
	if !p.take(tokenClose) {
		return nil, p.errorAt(open, "unclosed")
	}
	return e, nil
}

// missing tells that a word should stand where t is.
func (p *queryParser) missing(t token) error {
	before := any(QueryPart("query"))
	if p.next > 0 {
		before = p.tokens[p.next-1].describe()
	}
	switch t.kind {
	case tokenEnd:
		return p.errorAt(t, "end", before)
	case tokenClose:
		if p.next == 0 {
			return p.errorAt(t, "unopened")
		}
		return p.errorAt(t, "between", before)
	}
	return p.errorAt(t, "missing", t.describe())
}

// term makes a token into a node.
func (p *queryParser) term(t token) (Expr, error) {
	if t.field == "" {
		return Phrase{Text: Words(t.value)}, nil
	}
	value := token{offset: t.valueOffset, value: t.value}
	switch t.field {
	case "after", "before":
		return p.date(value, t.field == "after")
	case "amount":
		a, fault, args := parseAmount(t.value)
		if fault != "" {
			return nil, p.errorAt(value, fault, args...)
		}
		return a, nil
	}
	words := Words(t.value)
	if words == "" {
		return nil, p.errorAt(value, "value", t.field, fieldExamples[t.field])
	}
	switch t.field {
	case "title":
		return Phrase{Text: words, Title: true}, nil
	case "place", "author":
		return Field{Name: t.field, Value: words}, nil
	}
	return Field{Name: t.field, Value: strings.TrimSpace(Fold(t.value))}, nil
}
