package syndicate

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Found is a page of what a query selects.
type Found struct {
	Articles []Article
	Total    int  // how many the query selects, as far as they were counted
	More     bool // there may be more than Total
}

// Wanted returns the words and phrases, as Words gives them, that q finds
// articles for: those that it asks for and does not rule out.
func (q Query) Wanted() []string { return wanted(nil, q.Root, true) }

func wanted(words []string, e Expr, wants bool) []string {
	switch e := e.(type) {
	case And:
		for _, part := range e {
			words = wanted(words, part, wants)
		}
	case Or:
		for _, part := range e {
			words = wanted(words, part, wants)
		}
	case Not:
		return wanted(words, e.Expr, !wants)
	case Phrase:
		return addWords(words, e.Text, wants)
	case Field:
		return addWords(words, e.Value, wants && e.Name == "place")
	}
	return words
}

func addWords(words []string, text string, wants bool) []string {
	if text = Words(text); !wants || text == "" || slices.Contains(words, text) {
		return words
	}
	return append(words, text)
}

// A Span is a part of a text, in bytes.
type Span struct{ Start, End int }

// Spans returns where text holds any of the words and phrases, which are as
// Words gives them: in order, and none touching another. So 貸款 is found for
// 贷款, and ＡＩ for ai.
func Spans(text string, words []string) []Span {
	folded, at := wordsAt(text)
	folded = " " + folded + " "
	var spans []Span
	for _, w := range words {
		needle := Needle(w)
		lead := len(needle) - len(strings.TrimPrefix(needle, " "))
		for from := 0; ; from++ {
			i := strings.Index(folded[from:], needle)
			if i < 0 {
				break
			}
			from += i
			first := from + lead - 1 // folded has a space before what at is of
			spans = append(spans, Span{at[first].Start, at[first+len(w)-1].End})
		}
	}
	return joinSpans(spans)
}

// joinSpans sorts spans and joins those that overlap or touch.
func joinSpans(spans []Span) []Span {
	slices.SortFunc(spans, func(a, b Span) int { return a.Start - b.Start })
	joined := spans[:0]
	for _, s := range spans {
		if n := len(joined); n > 0 && s.Start <= joined[n-1].End {
			joined[n-1].End = max(joined[n-1].End, s.End)
			continue
		}
		joined = append(joined, s)
	}
	return joined
}

// wordsAt is Words, and where each byte of what it returns stands in s.
func wordsAt(s string) (words string, at []Span) {
	if len(s) > maxWords {
		s = s[:cutAt(s, maxWords)]
	}
	var c cutter
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		c.add(r)
		for len(at) < c.words.Len() {
			at = append(at, Span{i, i + size})
		}
		i += size
	}
	return c.words.String(), at
}

// Excerpt returns the part of text, at most about limit characters, that holds
// the first of the words and phrases, from the beginning of their sentence if
// that is near. It is "" when text holds none.
func Excerpt(text string, words []string, limit int) string {
	spans := Spans(text, words)
	if len(spans) == 0 {
		return ""
	}
	hit := spans[0]
	paragraph := strings.LastIndexByte(text[:hit.Start], '\n') + 1
	if end := strings.IndexByte(text[hit.End:], '\n'); end >= 0 {
		text = text[:hit.End+end]
	}
	start := paragraph
	for _, s := range Sentences(text[paragraph:]) {
		if paragraph+s.Start <= hit.Start {
			start = paragraph + s.Start
		}
	}
	excerpt := Truncate(text[start:], limit)
	if start+len(excerpt) >= hit.End && utf8.RuneCountInString(text[start:hit.End]) < limit {
		return excerpt
	}
	return "……" + Truncate(text[clauseBefore(text, start, hit.Start, limit/3):], limit)
}

// clauseBefore returns where the last clauses before hit begin, at most limit
// characters before it and not before start, or, without one, the first whole
// word there.
func clauseBefore(text string, start, hit, limit int) int {
	clause, word := hit, hit
	for at := hit; at > start && limit > 0; limit-- {
		r, size := utf8.DecodeLastRuneInString(text[:at])
		next, _ := utf8.DecodeRuneInString(text[at:])
		switch {
		case clauseEnd(text, at, r, next):
			clause = at
		case r == ' ':
			word = at
		}
		at -= size
	}
	if clause < hit {
		return clause
	}
	return word
}
