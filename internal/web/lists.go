package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"broadsheet/syndicate"
)

// frontCards is how many articles the front page shows of a theme.
const frontCards = 5

type frontBody struct {
	Empty    bool
	Sections []frontSection
}

// A frontSection is a theme on the front page.
type frontSection struct {
	ID, Href, Title string
	Cards           []card
}

// front shows the newest articles of every theme, each article once: under its
// primary theme. What is filed nowhere stands at the end.
func (s *server) front(r *http.Request, v *view) (*response, error) {
	body := frontBody{Empty: true}
	var unfiled syndicate.And
	for i := range s.cfg.Themes {
		t := &s.cfg.Themes[i]
		in := syndicate.Field{Name: "theme", Value: t.ID}
		unfiled = append(unfiled, syndicate.Not{Expr: in})
		articles, _, err := s.Articles.Told(r.Context(), syndicate.Query{Text: "theme:" + t.ID, Root: in}, v.now, 4*frontCards, 0)
		if err != nil {
			return nil, err
		}
		l := v.themeLink(t)
		section := frontSection{ID: "theme-" + t.ID, Href: l.Href, Title: l.Title}
		for i := range articles {
			if articles[i].Primary() == t.ID && len(section.Cards) < frontCards {
				section.Cards = append(section.Cards, v.told(&articles[i], t.ID))
			}
		}
		body.Sections = append(body.Sections, section)
		body.Empty = body.Empty && len(section.Cards) == 0
	}
	articles, _, err := s.Articles.Told(r.Context(), syndicate.Query{Root: unfiled}, v.now, 2*frontCards, 0)
	if err != nil {
		return nil, err
	}
	if len(articles) > 0 {
		section := frontSection{ID: "other", Title: v.T("web.front.other")}
		for i := range head(articles, frontCards) {
			section.Cards = append(section.Cards, v.told(&articles[i], ""))
		}
		body.Sections, body.Empty = append(body.Sections, section), false
	}
	return v.render("front", frame{Front: true, Body: body})
}

type themeBody struct {
	Total     string
	Subscribe subscribe
	List      list
}

// A subscribe offers the forms of a feed.
type subscribe struct {
	Label   string
	Formats []link
}

func (s *server) theme(r *http.Request, v *view) (*response, error) {
	number, ok := v.pageNumber()
	var theme *syndicate.Theme
	for i := range s.cfg.Themes {
		if s.cfg.Themes[i].ID == r.PathValue("id") {
			theme = &s.cfg.Themes[i]
		}
	}
	if theme == nil || !ok {
		return nil, syndicate.ErrNotFound
	}
	q := syndicate.Query{Text: "theme:" + theme.ID, Root: syndicate.Field{Name: "theme", Value: theme.ID}}
	found, err := s.find(r, v, q, number)
	if err != nil {
		return nil, err
	}
	title := theme.DisplayTitle(v.Lang())
	return v.render("theme", frame{Title: title, Body: themeBody{
		Total:     v.total(found.total),
		Subscribe: subscribe{Label: v.T("web.theme.feeds"), Formats: v.feedLinks(theme.ID, title)},
		List:      v.list(found, theme.ID, number),
	}})
}

// found is a page of what a query selects.
type found struct {
	told  []syndicate.Told
	more  bool // there are further pages
	total int  // articles in all, however many tell one story
}

// find returns a page of what q selects.
func (s *server) find(r *http.Request, v *view, q syndicate.Query, number int) (f found, err error) {
	f.told, f.more, err = s.Articles.Told(r.Context(), q, v.now, perPage, (number-1)*perPage)
	if err != nil {
		return found{}, err
	}
	f.total, err = s.Articles.Count(r.Context(), q, v.now)
	return f, err
}

type searchBody struct {
	Bad      *badQuery
	Total    string
	None     bool
	List     list
	Examples []link
}

// A badQuery shows where a query is bad.
type badQuery struct{ Msg, Before, After string }

func (s *server) search(r *http.Request, v *view) (*response, error) {
	text := strings.TrimSpace(strings.ToValidUTF8(v.values.Get("q"), "\ufffd"))
	number, ok := v.pageNumber()
	if !ok {
		return nil, syndicate.ErrNotFound
	}
	body := searchBody{}
	for _, example := range s.examples() {
		body.Examples = append(body.Examples, link{Href: v.Link("/search?q=" + url.QueryEscape(example)), Title: example})
	}
	f := frame{Title: v.T("web.search"), Query: cut(text, 500)}
	if text == "" {
		f.Body = body
		return v.render("search", f)
	}
	q, err := syndicate.ParseQuery(text, s.cfg.Site.Location)
	if err != nil {
		body.Bad = bad(text, err)
		f.Body = body
		res, err := v.render("search", f)
		if err == nil {
			res.status, res.cache = http.StatusBadRequest, "no-store"
		}
		return res, err
	}
	found, err := s.find(r, v, q, number)
	if err != nil {
		return nil, err
	}
	f.Title = text + " · " + f.Title
	body.Total, body.None = v.total(found.total), found.total == 0
	body.List = v.list(found, "", number)
	f.Body = body
	return v.render("search", f)
}

// examples returns queries that show the grammar.
func (s *server) examples() []string {
	list := []string{`港口 OR "high-speed rail"`, "贷款 after:30d", "amount:>1亿"}
	for i := range s.cfg.Themes {
		if id := s.cfg.Themes[i].ID; len(list) < 4 {
			list = append(list, "theme:"+id+" -title:快讯")
		}
	}
	return list
}

// bad cuts a query in two where it is bad. Of a very long one it shows the
// surroundings.
func bad(text string, err error) *badQuery {
	var q *syndicate.QueryError
	if !errors.As(err, &q) {
		return &badQuery{Msg: err.Error(), After: cut(text, 100)}
	}
	at := min(max(q.Offset, 0), len(text))
	before, after := []rune(text[:at]), cut(text[at:], 100)
	if len(before) > 100 {
		before = append([]rune("……"), before[len(before)-100:]...)
	}
	if after == "" {
		after = "\u00a0" // something to mark at the end
	}
	return &badQuery{Msg: q.Msg, Before: string(before), After: after}
}

type feedsBody struct{ Kinds []feedKind }

// A feedKind is a group of feeds in the list of all.
type feedKind struct {
	ID, Title string
	Feeds     []listedFeed
}

type listedFeed struct {
	Page, Title string
	Formats     []link
}

func (s *server) listFeeds(_ *http.Request, v *view) (*response, error) {
	var body feedsBody
	for _, l := range s.Feeds.Listed(v.Lang()) {
		if n := len(body.Kinds); n == 0 || body.Kinds[n-1].ID != l.Kind {
			body.Kinds = append(body.Kinds, feedKind{ID: l.Kind, Title: v.T("web.feed.kind." + l.Kind)})
		}
		k := &body.Kinds[len(body.Kinds)-1]
		k.Feeds = append(k.Feeds, listedFeed{Page: v.Link(l.Page), Title: l.Title, Formats: v.feedLinks(l.Name, l.Title)})
	}
	return v.render("feeds", frame{Title: v.T("web.feeds"), Body: body})
}
