package syndicate

import (
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

type tokenKind int

const (
	tokenEnd tokenKind = iota
	tokenTerm
	tokenAnd
	tokenOr
	tokenNot
	tokenOpen
	tokenClose
)

type token struct {
	kind        tokenKind
	offset      int    // bytes
	field       string // "" for words and phrases
	value       string // as written, without quotation marks
	valueOffset int
}

func (t token) describe() any {
	switch t.kind {
	case tokenAnd:
		return "AND"
	case tokenOr:
		return "OR"
	case tokenNot:
		return "NOT"
	case tokenOpen:
		return QueryPart("opening")
	case tokenClose:
		return QueryPart("closing")
	}
	return QueryPart("word")
}

// fieldExamples has the fields of the grammar with an example each.
var fieldExamples = map[string]string{
	"title":  "title:港口",
	"theme":  "theme:finance",
	"source": "source:wuhan-invest",
	"lang":   "lang:zh",
	"place":  "place:武汉",
	"author": `author:"Li Na"`,
	"after":  "after:7d",
	"before": "before:2026-11-23",
	"amount": "amount:>1亿",
}

func isQuote(r rune) bool { return r == '"' || r == '＂' || r == '“' || r == '”' }
func isOpen(r rune) bool  { return r == '(' || r == '（' }
func isClose(r rune) bool { return r == ')' || r == '）' }
func isMinus(r rune) bool { return r == '-' || r == '－' || r == '−' }

// lex cuts the text into tokens.
func (p *queryParser) lex() error {
	for at := 0; at < len(p.text); {
		r, size := utf8.DecodeRuneInString(p.text[at:])
		switch {
		case unicode.IsSpace(r):
			at += size
		case isOpen(r):
			p.tokens = append(p.tokens, token{kind: tokenOpen, offset: at})
			at += size
		case isClose(r):
			p.tokens = append(p.tokens, token{kind: tokenClose, offset: at})
			at += size
		case isMinus(r):
			if next, _ := utf8.DecodeRuneInString(p.text[at+size:]); at+size < len(p.text) && !unicode.IsSpace(next) && !isClose(next) {
				p.tokens = append(p.tokens, token{kind: tokenNot, offset: at})
			}
			at += size
		default:
			end, err := p.lexTerm(at)
			if err != nil {
				return err
			}
			at = end
		}
	}
	return nil
}

// lexTerm reads the word, phrase or field that begins at start and returns
// where it ends.
func (p *queryParser) lexTerm(start int) (end int, err error) {
	t := token{kind: tokenTerm, offset: start, valueOffset: start}
	if name, colon, ok := p.fieldName(start); ok {
		if fieldExamples[name] == "" {
			return 0, p.errorAt(t, "field",
				name, strings.Join(slices.Sorted(maps.Keys(fieldExamples)), ", "))
		}
		t.field, t.valueOffset = name, colon
	}
	t.value, end, err = p.lexValue(t)
	if err != nil {
		return 0, err
	}
	if t.field != "" && t.value == "" {
		return 0, p.errorAt(t, "value", t.field, fieldExamples[t.field])
	}
	if t.field == "" && t.valueOffset+len(t.value) == end { // not quoted
		switch t.value {
		case "AND":
			t.kind = tokenAnd
		case "OR":
			t.kind = tokenOr
		case "NOT":
			t.kind = tokenNot
		}
	}
	if t.kind != tokenTerm || t.field != "" || Words(t.value) != "" {
		p.tokens = append(p.tokens, t)
	}
	return end, nil
}

// fieldName returns the name before a colon and where its value begins. A
// full-width colon is one only after a name that there is: 贷款：利率 has no field.
func (p *queryParser) fieldName(start int) (name string, value int, ok bool) {
	for i, r := range p.text[start:] {
		folded := FoldRune(r)
		if folded == ':' {
			name = Fold(p.text[start : start+i])
			known := fieldExamples[name] != ""
			return name, start + i + utf8.RuneLen(r), name != "" && (r == ':' || known)
		}
		if folded < 'a' || folded > 'z' {
			return "", 0, false
		}
	}
	return "", 0, false
}

// lexValue reads the value of t, quoted or not, and returns where it ends.
func (p *queryParser) lexValue(t token) (value string, end int, err error) {
	rest := p.text[t.valueOffset:]
	first, size := utf8.DecodeRuneInString(rest)
	if isQuote(first) && rest != "" {
		n := strings.IndexFunc(rest[size:], isQuote)
		if n < 0 {
			t.offset = t.valueOffset
			return "", 0, p.errorAt(t, "quote")
		}
		_, closing := utf8.DecodeRuneInString(rest[size+n:])
		return rest[size : size+n], t.valueOffset + size + n + closing, nil
	}
	n := strings.IndexFunc(rest, func(r rune) bool {
		return unicode.IsSpace(r) || isQuote(r) || isOpen(r) || isClose(r)
	})
	if n < 0 {
		n = len(rest)
	}
	return rest[:n], t.valueOffset + n, nil
}
