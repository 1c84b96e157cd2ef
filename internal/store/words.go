package store

import (
	"strings"
	"unicode/utf8"

	"broadsheet/syndicate"
)

// The index knows words of scripts without spaces as pairs of neighbouring
// characters and, at the end of a run, the last character alone: 武汉港 is 武汉 汉港 港.
// So 汉港 is found as a token, 武汉港 as two tokens side by side, and 汉 as the
// beginning of a token. Words of other scripts are tokens as they are.

// articleWords are the words of an article's body, title, places and authors,
// each with a space at both ends. Parts that no phrase may join are separated
// by a line break.
type articleWords [4]string

func wordsOf(a *syndicate.Article) articleWords {
	summary, text := syndicate.Words(a.Summary), syndicate.Words(a.Text)
	body := []string{summary, text}
	if strings.Contains(" "+text+" ", " "+summary+" ") {
		body = []string{text} // whatever is found in the summary is found there
	}
	return articleWords{
		joinWords(body),
		joinWords([]string{syndicate.Words(a.Title)}),
		joinWords(placeWords(&a.Analysis)),
		joinWords(eachWords(a.Authors)),
	}
}

// placeWords are the words by which the places of an article are found: as
// written, and the names they have beside that.
func placeWords(a *syndicate.Analysis) []string {
	return append(eachWords(a.Places), eachWords(a.Within)...)
}

func eachWords(names []string) []string {
	words := make([]string, len(names))
	for i, n := range names {
		words[i] = syndicate.Words(n)
	}
	return words
}

func joinWords(parts []string) string { return " " + strings.Join(parts, " \n ") + " " }

// gap is a token that no query asks for. It keeps apart what no phrase may
// join.
const gap = "\uE000"

// tokens cuts words into the tokens of the index, separated by spaces.
func tokens(words string, gaps bool) string {
	var b strings.Builder
	b.Grow(len(words) * 2)
	for run := range strings.SplitSeq(words, " ") {
		switch {
		case run == "":
		case run == "\n":
			if gaps {
				b.WriteString(gap + " ")
			}
		case unspaced(run):
			for len(run) > 0 {
				_, first := utf8.DecodeRuneInString(run)
				_, second := utf8.DecodeRuneInString(run[first:])
				b.WriteString(run[:first+second])
				b.WriteByte(' ')
				run = run[first:]
			}
		default:
			b.WriteString(run)
			b.WriteByte(' ')
		}
	}
	return b.String()
}

func unspaced(run string) bool {
	r, _ := utf8.DecodeRuneInString(run)
	return syndicate.Unspaced(r)
}

// A phraseCut is a phrase as the index is asked for it.
type phraseCut struct {
	tokens []string // side by side
	prefix bool     // the last one is the beginning of a token
	needle string   // what the words hold; see syndicate.Needle
}

func cutPhrase(phrase string) phraseCut {
	all := strings.Fields(tokens(phrase, false))
	last := phrase[strings.LastIndexByte(phrase, ' ')+1:]
	cut := phraseCut{tokens: all, needle: syndicate.Needle(phrase)}
	if unspaced(last) {
		// The run may go on after the phrase: its end is no token then.
		if utf8.RuneCountInString(last) > 1 {
			cut.tokens = all[:len(all)-1]
		} else {
			cut.prefix = true
		}
	}
	return cut
}

// match is a phrase as SQLite's full-text index is asked for it.
func (p phraseCut) match(columns []string) string {
	expr := "{" + strings.Join(columns, " ") + `} : "` + strings.Join(p.tokens, " ") + `"`
	if p.prefix {
		expr += "*"
	}
	return expr
}

// wordsExpr returns e as SQLite's full-text index is asked for it as a whole.
// ok is false when e asks for something else, too, or only for what is not
// there.
func wordsExpr(e syndicate.Expr) (expr string, ok bool) {
	switch e := e.(type) {
	case syndicate.Phrase:
		if e.Title {
			return phraseExpr(e.Text, "title")
		}
		return phraseExpr(e.Text, "title", "body")
	case syndicate.Field:
		switch e.Name {
		case "place":
			return phraseExpr(e.Value, "places")
		case "author":
			return phraseExpr(e.Value, "authors")
		}
	case syndicate.Or:
		parts := make([]string, len(e))
		for i, part := range e {
			if parts[i], ok = wordsExpr(part); !ok {
				return "", false
			}
		}
		return "(" + strings.Join(parts, " OR ") + ")", len(parts) > 0
	case syndicate.And:
		expr, rest := demanded(e)
		return expr, expr != "" && len(rest) == 0
	}
	return "", false
}

func phraseExpr(text string, columns ...string) (expr string, ok bool) {
	words := syndicate.Words(text)
	if words == "" {
		return "", false
	}
	return cutPhrase(words).match(columns), true
}

// demanded joins what parts, all of which must hold, ask of the words of an
// article, as SQLite's full-text index is asked for it. It is "" when they
// demand no word. The rest is what else they ask.
func demanded(parts syndicate.And) (expr string, rest syndicate.And) {
	var with, without []string
	var not syndicate.And
	for _, part := range parts {
		if expr, ok := wordsExpr(part); ok {
			with = append(with, expr)
			continue
		}
		if n, ok := part.(syndicate.Not); ok {
			if expr, ok := wordsExpr(n.Expr); ok {
				without, not = append(without, expr), append(not, part)
				continue
			}
		}
		rest = append(rest, part)
	}
	if len(with) == 0 {
		return "", append(rest, not...)
	}
	expr = "(" + strings.Join(with, " AND ") + ")"
	if len(without) > 0 {
		expr = "(" + expr + " NOT (" + strings.Join(without, " OR ") + "))"
	}
	return expr, rest
}
