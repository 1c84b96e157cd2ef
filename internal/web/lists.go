package web

import (
	"html/template"
	"net/http"

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
		articles, err := s.newest(r, v, syndicate.Query{Text: "theme:" + t.ID, Root: in}, 4*frontCards)
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
	articles, err := s.newest(r, v, syndicate.Query{Root: unfiled}, 2*frontCards)
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

// newest returns the newest articles that q selects, each story once.
func (s *server) newest(r *http.Request, v *view, q syndicate.Query, limit int) ([]syndicate.Told, error) {
	articles, err := s.Articles.Articles(r.Context(), q, v.now, limit, 0)
	if err != nil {
		return nil, err
	}
	return s.Articles.Once(r.Context(), q, v.now, articles)
}

type themeBody struct {
	Total     string
	Charts    []chart
	Subscribe subscribe
	List      list
}

// A subscribe offers the forms of a feed.
type subscribe struct {
	Label   string
	Formats []link
	Mail    *link // the same by mail; nil where nobody can subscribe
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
	found, err := s.find(r, v, q, number, false)
	if err != nil {
		return nil, err
	}
	body := themeBody{Total: v.total(found.Found)}
	if number == 1 {
		if body.Charts, err = s.charts(r, v, theme.ID); err != nil {
			return nil, err
		}
	}
	title := theme.DisplayTitle(v.Lang())
	body.Subscribe = subscribe{Label: v.T("web.theme.feeds"), Formats: v.feedLinks(theme.ID, title), Mail: v.mailLink("theme", theme.ID)}
	body.List = v.list(found, theme.ID, number)
	day := ""
	for i := range body.List.Cards {
		if d := v.Day(found.told[i].FirstSeen); d != day {
			body.List.Cards[i].Day, day = d, d
		}
	}
	return v.render("theme", frame{Title: title, Body: body})
}

// found is a page of what a query selects. Articles of it that tell one story
// are told once; its counts are of articles all the same.
type found struct {
	syndicate.Found
	told []syndicate.Told
	more bool // there are further pages
}

// find returns a page of what q selects: the newest first or, if best, those
// that suit q best.
func (s *server) find(r *http.Request, v *view, q syndicate.Query, number int, best bool) (f found, err error) {
	f.Found, err = s.Articles.Search(r.Context(), q, v.now, best, perPage+1, (number-1)*perPage)
	if err != nil {
		return f, err
	}
	f.more = len(f.Articles) > perPage
	f.told, err = s.Articles.Once(r.Context(), q, v.now, head(f.Articles, perPage))
	return f, err
}

type feedsBody struct {
	Kinds []feedKind
	turns
}

// A feedKind is a group of feeds in the list of all.
type feedKind struct {
	ID, Title string
	Feeds     []listedFeed
}

type listedFeed struct {
	Page, Title string
	Formats     []link
	Address     string
	Open        template.URL // hands the address to a feed reader of the reader's own machine
	Recent      []headline   // not of sources, which may be many
}

// A headline is an article by its title alone.
type headline struct{ Href, Title, Lang string }

// recentHeadlines is how many a feed shows in the list of all, pageFeeds how
// many feeds stand on a page of it.
const (
	recentHeadlines = 3
	pageFeeds       = 25
)

func (s *server) listFeeds(r *http.Request, v *view) (*response, error) {
	number, ok := v.pageNumber()
	if !ok {
		return nil, syndicate.ErrNotFound
	}
	var body feedsBody
	all, from := s.Feeds.Listed(v.Lang()), (number-1)*pageFeeds
	if number > 1 && from >= len(all) {
		return nil, syndicate.ErrNotFound
	}
	for _, l := range head(all[from:], pageFeeds) {
		if n := len(body.Kinds); n == 0 || body.Kinds[n-1].ID != l.Kind {
			body.Kinds = append(body.Kinds, feedKind{ID: l.Kind, Title: v.T("web.feed.kind." + l.Kind)})
		}
		k := &body.Kinds[len(body.Kinds)-1]
		f := listedFeed{
			Page: v.Link(l.Page), Title: l.Title, Formats: v.feedLinks(l.Name, l.Title), Address: s.cfg.Site.FeedURL(l.Name, "rss"),
		}
		f.Open = template.URL("feed:" + f.Address) //nolint:gosec // the scheme is ours and so is the address
		if l.Kind != "source" {
			recent, err := s.Articles.Articles(r.Context(), l.Query, v.now, recentHeadlines, 0)
			if err != nil {
				return nil, err
			}
			for i := range recent {
				a := &recent[i]
				f.Recent = append(f.Recent, headline{Href: v.Link("/articles/" + a.Key), Title: v.title(a), Lang: a.Language})
			}
		}
		k.Feeds = append(k.Feeds, f)
	}
	body.turns = v.turns(number, len(all) > from+pageFeeds, "web.pages.previous", "web.pages.next")
	res, err := v.render("feeds", frame{Title: v.T("web.feeds"), Body: body})
	if err == nil {
		res.policy = scriptPolicy
	}
	return res, err
}
