package web

import (
	"errors"
	"net/http"
	"strings"

	"broadsheet/syndicate"
)

// How much of a story is shown.
const (
	maxRetold   = 4  // on a card
	maxTellings = 40 // on its page
	maxCompared = 12 // figures
)

// A retold is who else tells what an article tells.
type retold struct {
	Label, Comma string
	Tellings     []link // one for each source
	Href         string // of the story's page
	Compare      string // how many figures agree, or an invitation to compare
}

// retold returns who else tells a story, or nil.
func (v *view) retold(story *syndicate.Story, key string) *retold {
	if story == nil {
		return nil
	}
	r := &retold{
		Label: v.T("story.also"), Comma: listSeparator(v.Lang()),
		Href: v.Link("/stories/" + story.ID), Compare: v.T("web.story.compare"),
	}
	switch n := story.Agree(key); {
	case n == 1:
		r.Compare = v.T("story.agree.one", n)
	case n > 1:
		r.Compare = v.T("story.agree", n)
	}
	for _, t := range story.Others(key) {
		if len(r.Tellings) < maxRetold {
			r.Tellings = append(r.Tellings, link{Href: v.Link("/articles/" + t.Key), Title: v.sourceTitle(t.Source)})
		}
	}
	return r
}

type storyBody struct {
	Lang     string
	Total    string
	Tellings []telling
	Figures  []compared
}

// A telling is a row of the table of who reported a story.
type telling struct {
	Source, Time, Datetime string
	Article                link
	Lang                   string
	Reason                 string
}

// A compared is a figure with the sources that state it.
type compared struct {
	Text, Lang string
	Sources    string
}

// story shows all tellings of a story, and which figures each of them states.
func (s *server) story(r *http.Request, v *view) (*response, error) {
	id := r.PathValue("id")
	if !isKey(id) {
		return nil, syndicate.ErrNotFound
	}
	story, err := s.Articles.Story(r.Context(), id)
	if err != nil {
		return nil, err
	}
	body := storyBody{Total: v.T("web.story.total", len(story.Tellings))}
	if len(story.Tellings) == 1 {
		body.Total = v.T("web.story.total.one", 1)
	}
	var articles []syndicate.Article
	for _, t := range head(story.Tellings, maxTellings) {
		a, err := s.Articles.Article(r.Context(), t.Key)
		if errors.Is(err, syndicate.ErrNotFound) {
			continue // deleted just now
		}
		if err != nil {
			return nil, err
		}
		articles = append(articles, a)
		_, _, datetime := v.dateOf(&a)
		x := telling{
			Source: v.sourceTitle(a.Source), Time: v.Minute(a.Published), Datetime: datetime, Lang: a.Language,
			Article: link{Href: v.Link("/articles/" + a.Key), Title: v.title(&a)}, Reason: t.Reason,
		}
		if a.Inferred {
			x.Time = v.Minute(a.FirstSeen)
		}
		if x.Reason == "" {
			x.Reason = v.T("web.story.first")
		}
		body.Tellings = append(body.Tellings, x)
	}
	if len(articles) == 0 {
		return nil, syndicate.ErrNotFound
	}
	body.Lang = articles[0].Language
	body.Figures = v.compareFigures(articles)
	return v.render("story", frame{Title: v.title(&articles[0]), Body: body})
}

// compareFigures returns the figures that most articles state, as the first of
// them writes each, in the order of the first article that has them.
func (v *view) compareFigures(articles []syndicate.Article) []compared {
	type amount struct {
		unit  string
		value float64
	}
	sources := map[amount][]string{}
	var order []amount
	text := map[amount]compared{}
	for i := range articles {
		seen := map[amount]bool{}
		for _, f := range articles[i].Figures {
			a := amount{f.BaseUnit, f.Normalised}
			if seen[a] {
				continue
			}
			seen[a] = true
			if sources[a] == nil {
				order = append(order, a)
				text[a] = compared{Text: f.Text, Lang: articles[i].Language}
			}
			sources[a] = append(sources[a], v.sourceTitle(articles[i].Source))
		}
	}
	var out []compared
	for _, least := range []int{2, 1} { // those that agree first
		for _, a := range order {
			if n := len(sources[a]); len(out) < maxCompared && (n >= 2) == (least == 2) {
				c := text[a]
				c.Sources = strings.Join(sources[a], listSeparator(v.Lang()))
				out = append(out, c)
			}
		}
	}
	return out
}
