package config

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	yaml "go.yaml.in/yaml/v4"

	"broadsheet/syndicate"
)

// query parses a query and checks the themes and sources it names.
func (b *builder) query(path, text string, loc *time.Location) syndicate.Query {
	q, err := syndicate.ParseQuery(text, loc)
	var bad *syndicate.QueryError
	switch {
	case errors.As(err, &bad):
		fault, hint := splitHint(bad.Msg)
		b.faultInside(path, text, bad.Offset, fmt.Sprintf("at character %d: %s", bad.Char, fault), hint)
	case err != nil:
		b.fault(path, err.Error(), "")
	default:
		b.references(path, text, q.Root)
	}
	return q
}

// references reports themes and sources that a query names and that are not
// there: such a query would silently find nothing.
func (b *builder) references(path, text string, e syndicate.Expr) {
	switch e := e.(type) {
	case syndicate.And:
		for _, sub := range e {
			b.references(path, text, sub)
		}
	case syndicate.Or:
		for _, sub := range e {
			b.references(path, text, sub)
		}
	case syndicate.Not:
		b.references(path, text, e.Expr)
	case syndicate.Field:
		offset := max(0, strings.Index(strings.ToLower(text), e.Name+":"+e.Value))
		switch {
		case e.Name == "theme" && !b.themes[e.Value]:
			b.faultInside(path, text, offset, fmt.Sprintf("there is no theme %q", e.Value), b.themeHint(e.Value))
		case e.Name == "source" && e.Value != syndicate.ContributionsSource && !b.hasSource(e.Value):
			b.faultInside(path, text, offset, fmt.Sprintf("there is no source %q", e.Value), b.sourceHint(e.Value))
		}
	}
}

func (b *builder) hasSource(name string) bool {
	for _, s := range b.file.Sources {
		if s.Name == name {
			return true
		}
	}
	return false
}

func (b *builder) sourceHint(name string) string {
	names := make([]string, len(b.file.Sources))
	for i, s := range b.file.Sources {
		names[i] = s.Name
	}
	if near := nearest(name, names); near != "" {
		return "did you mean " + near + "?"
	}
	return "name one of those under sources:"
}

// faultInside reports a mistake at a byte of a text, if the text stands in the
// file letter for letter, else at the text's beginning.
func (d *decoder) faultInside(path, text string, offset int, fault, hint string) {
	if !d.mark(path) {
		return
	}
	n := d.place(path)
	if n == nil || offset > len(text) || n.Line < 1 || n.Line > len(d.lines) {
		d.faultAt(n, path, fault, hint)
		return
	}
	column := n.Column
	if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
		column++
	}
	if strings.HasPrefix(fromRune(d.lines[n.Line-1], column-1), text) {
		n = &yaml.Node{Line: n.Line, Column: column + utf8.RuneCountInString(text[:offset])}
	}
	d.faultAt(n, path, fault, hint)
}

// fromRune returns s without its first n runes.
func fromRune(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[i:]
		}
		n--
	}
	return ""
}
