package publish

import (
	"cmp"
	"iter"
	"net/url"
	"strings"

	"broadsheet/syndicate"
	"broadsheet/templates"
)

// sourcePrefix comes before a source's name in the name of its feed.
const sourcePrefix = "source-"

// A selection is what a feed's name stands for.
type selection struct {
	syndicate.Listed
	description string
	limit       int
	content     syndicate.Extent
	private     bool   // of one reader
	search      string // "?q=…" at the end of the address of a search's feed
}

// Listed returns all feeds with their titles in a language: the one of
// everything, those of the themes, those named by the operator, and those of
// the sources, each in the order of the configuration.
func (p *Publisher) Listed(lang string) []syndicate.Listed {
	var list []syndicate.Listed
	for s := range p.selections(lang) {
		list = append(list, s.Listed)
	}
	return list
}

func (p *Publisher) selection(name, lang string) (selection, bool) {
	if of, ok := strings.CutPrefix(name, syndicate.PlacePrefix); ok {
		return p.place(of, lang)
	}
	for s := range p.selections(lang) {
		if s.Name == name {
			return s, true
		}
	}
	return selection{}, false
}

// place returns the selection of a place. It bears the name that is unique,
// whatever name it was asked for by.
func (p *Publisher) place(name, lang string) (selection, bool) {
	if p.Places == nil {
		return selection{}, false
	}
	of, ok := p.Places.Place(name, nil)
	return p.named(lang, "place", of.FeedName(), of.Title(lang), of.Path(), of.Query, 0), ok
}

func (p *Publisher) selections(lang string) iter.Seq[selection] {
	return func(yield func(selection) bool) {
		if !yield(p.named(lang, "all", "all", "", "/", syndicate.Query{}, 0)) {
			return
		}
		for i := range p.Themes {
			t := &p.Themes[i]
			if !yield(p.named(lang, "theme", t.ID, t.DisplayTitle(lang), "/themes/"+url.PathEscape(t.ID), field("theme", t.ID), 0)) {
				return
			}
		}
		for i := range p.Feeds {
			f := &p.Feeds[i]
			s := p.named(lang, "feed", f.Name, f.DisplayTitle(lang), searchPage(f.Query.Text), f.Query, f.Limit)
			s.content = cmp.Or(f.Content, s.content)
			if !yield(s) {
				return
			}
		}
		for i := range p.Sources {
			s := &p.Sources[i]
			q := field("source", s.Name)
			if !yield(p.named(lang, "source", sourcePrefix+s.Name, s.DisplayTitle(), searchPage(q.Text), q, 0)) {
				return
			}
		}
	}
}

func (p *Publisher) named(lang, kind, name, title, page string, q syndicate.Query, limit int) selection {
	text, err := templates.Locale(lang)
	if err != nil {
		text = templates.Catalogue{} // shows keys; the catalogues' own test keeps it from happening
	}
	about := []any{title, p.Site.Title}
	switch {
	case kind == "search" && title == "":
		title = text.T("web.feed.all")
		about[0] = title
	case kind == "all":
		title, about = text.T("web.feed.all"), about[1:]
	}
	if limit <= 0 {
		limit = DefaultLimit
	}
	return selection{
		Listed:      syndicate.Listed{Name: name, Title: title, Kind: kind, Page: page, Query: q},
		description: text.T("web.feed.about."+kind, about...),
		limit:       limit,
		content:     p.Content,
	}
}

func field(name, value string) syndicate.Query {
	return syndicate.Query{Text: name + ":" + value, Root: syndicate.Field{Name: name, Value: value}}
}

func searchPage(query string) string {
	if strings.TrimSpace(query) == "" {
		return "/"
	}
	return "/search?q=" + url.QueryEscape(query)
}
