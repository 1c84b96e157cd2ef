package collect

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"broadsheet/syndicate"
	"broadsheet/syndicate/read"
)

const (
	// keptShapes is how many documents the contract of a source is made of.
	keptShapes = 10
	// fewArticles is below what nothing is read from a document's having none.
	fewArticles = 3
	// fewWords is below how many articles their language is not judged.
	fewWords = 5
)

// unreadable is the drift of a source of which nothing can be read any more.
const unreadable = "its document cannot be read any more"

// unread notes that a document could not be read, though the source's always
// could.
func (p *poll) unread() {
	if s := &p.state; s.Contract() != nil {
		s.Drift = unreadable
	}
}

// unchanged notes that the last document that could be read is still, or
// again, the source's.
func (p *poll) unchanged() {
	if s := &p.state; s.Drift == unreadable {
		s.Drift = ""
	}
}

// shapeOf says what a document is like.
func shapeOf(doc *read.Result, articles []syndicate.Article) syndicate.Shape {
	s := syndicate.Shape{Articles: len(articles), Charset: doc.Charset, Guessed: doc.Guessed}
	for _, h := range doc.Selectors {
		if s.Hits == nil {
			s.Hits = map[string]int{}
		}
		s.Hits[h.Name] = h.Found
	}
	languages := map[string]int{}
	for i := range articles {
		a := &articles[i]
		if !a.Inferred {
			s.Dated++
		}
		if a.URL != "" {
			s.Linked++
		}
		base, _, _ := strings.Cut(a.Language, "-")
		languages[base]++
	}
	for i := range doc.Entries {
		if doc.Entries[i].Title != "" {
			s.Titled++
		}
	}
	for l, n := range languages {
		if nearlyAll(n, len(articles)) {
			s.Language = l
		}
	}
	return s
}

// nearlyAll reports whether n is at least nine tenths of all.
func nearlyAll(n, all int) bool { return all > 0 && 10*n >= 9*all }

// breach says what of a contract a document breaks; "" is nothing. It is
// broken only by what was so in every document of it, and is not at all so
// now: a source may always have less than usual.
func breach(contract []syndicate.Shape, now syndicate.Shape) string {
	if len(contract) == 0 {
		return ""
	}
	least, language, charset := contract[0].Articles, contract[0].Language, contract[0].Charset
	for _, s := range contract {
		least = min(least, s.Articles)
		if s.Language != language {
			language = ""
		}
		if s.Charset != charset {
			charset = ""
		}
	}
	if now.Articles == 0 && least >= fewArticles {
		return fmt.Sprintf("it has no articles, and never had fewer than %d", least)
	}
	for _, part := range []struct {
		what string
		n    func(syndicate.Shape) int
	}{
		{"dates", func(s syndicate.Shape) int { return s.Dated }},
		{"titles", func(s syndicate.Shape) int { return s.Titled }},
		{"links", func(s syndicate.Shape) int { return s.Linked }},
	} {
		always := true
		for _, s := range contract {
			always = always && nearlyAll(part.n(s), s.Articles)
		}
		if always && now.Articles >= fewArticles && part.n(now) == 0 {
			return "its articles have no " + part.what + " any more"
		}
	}
	for _, name := range slices.Sorted(maps.Keys(now.Hits)) {
		always := true
		for _, s := range contract {
			always = always && nearlyAll(s.Hits[name], s.Articles)
		}
		if always && now.Articles >= fewArticles && now.Hits[name] == 0 {
			return "its selector page." + name + " finds nothing any more"
		}
	}
	if charset != "" && now.Guessed && now.Charset != charset && (language == "" || now.Language != language) && now.Articles >= fewWords {
		return fmt.Sprintf("its characters fit only %s, which it does not say, and always were %s", now.Charset, charset)
	}
	if language != "" && now.Language != "" && now.Language != language && now.Articles >= fewWords {
		return fmt.Sprintf("its articles are in %q, and always were in %q", now.Language, language)
	}
	return ""
}

// fits measures a document by the source's contract, and learns from it when
// it keeps that. It reports whether the document is to be taken in.
func (p *poll) fits(doc *read.Result, articles []syndicate.Article) bool {
	s := &p.state
	if p.src.Kind == syndicate.KindNewsletter {
		return true // a mailbox that was emptied is no accident
	}
	shape := shapeOf(doc, articles)
	if !s.Accepted {
		if s.Drift = breach(s.Contract(), shape); s.Drift != "" {
			return false
		}
	}
	s.Drift = ""
	s.Shapes = append(s.Shapes[max(0, len(s.Shapes)-keptShapes+1):len(s.Shapes):len(s.Shapes)], shape)
	return true
}

// notice puts into the poll's error what the operator should look at, and logs
// it when it has just come up.
func (p *poll) notice(ctx context.Context) {
	s := &p.state
	accept := "`broadsheet sources accept " + p.src.Name + "` "
	switch {
	case s.Error != "":
	case s.Drift != "":
		s.Error = p.place() + ": the source has changed: " + s.Drift +
			"; nothing of it was taken in; look at it, and if it is as it should be, " + accept + "takes it"
	case s.Held > 0:
		s.Error = fmt.Sprintf("%s: %d of its articles look like old ones that came back as new, and are held; "+
			"look at it, and if they are news, %slets them in", p.place(), s.Held, accept)
	}
	switch {
	case s.Error == "":
		s.FaultSince = time.Time{}
	case p.before.Error == "" || s.FaultSince.IsZero():
		s.FaultSince = p.now
	}
	if s.Changed() && !p.before.Changed() {
		p.c.log().WarnContext(ctx, "source changed", "source", p.src.Name, "error", s.Error)
	}
	if s.Held > 0 && p.before.Held == 0 {
		p.c.log().WarnContext(ctx, "old articles held", "source", p.src.Name, "held", s.Held, "error", s.Error)
	}
}
