package web

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"broadsheet/syndicate"
)

type adminListBody struct {
	Bad          *badQuery
	Rows         []adminListRow
	Total        string
	Newer, Older *link
}

type adminListRow struct {
	Href, Title, Lang, Source, Date, Themes string
	Corrected                               bool
}

// keyIn finds the key of an article in what an operator pastes: the key, the
// address of the article's page, its tag: URI.
var keyIn = regexp.MustCompile(`\b[0-9a-f]{32}\b`)

// adminArticles finds articles by a query, a key or an address.
func (s *server) adminArticles(r *http.Request, v *view) (*response, error) {
	number, ok := v.pageNumber()
	if !ok {
		return nil, syndicate.ErrNotFound
	}
	text := strings.TrimSpace(strings.ToValidUTF8(v.values.Get("q"), "\ufffd"))
	if key := keyIn.FindString(text); key != "" {
		return v.redirect("/admin/articles/" + key), nil
	}
	f := frame{Title: v.T("admin.articles"), Query: cut(text, 500)}
	var body adminListBody
	q, err := syndicate.ParseQuery(text, s.cfg.Site.Location)
	if err != nil {
		body.Bad = v.bad(text, err)
		f.Body = body
		res, err := v.render("admin/articles", f)
		if res != nil {
			res.status = http.StatusBadRequest
		}
		return res, err
	}
	found, err := s.Articles.Search(r.Context(), q, v.now, false, perPage+1, (number-1)*perPage)
	if err != nil {
		return nil, err
	}
	body.Total = v.total(found)
	if number > 1 {
		body.Newer = &link{Href: v.pageLink(number - 1), Title: v.T("web.newer")}
	}
	if len(found.Articles) > perPage {
		body.Older = &link{Href: v.pageLink(number + 1), Title: v.T("web.older")}
	}
	for i := range head(found.Articles, perPage) {
		a := &found.Articles[i]
		var names []string
		for _, f := range a.Filings {
			names = append(names, v.themeTitle(f.Theme))
		}
		if names == nil {
			names = []string{v.T("admin.no_theme")}
		}
		body.Rows = append(body.Rows, adminListRow{
			Href: v.Link("/admin/articles/" + a.Key), Title: v.title(a), Lang: a.Language, Source: v.sourceTitle(a.Source),
			Date: v.Minute(a.FirstSeen), Themes: strings.Join(names, listSeparator(v.Lang())), Corrected: !a.Corrected.IsZero(),
		})
	}
	f.Body = body
	return v.render("admin/articles", f)
}

type adminArticleBody struct {
	Card      card
	Lang      string
	Title     string
	Public    string // address of its page
	Original  string
	Key       string
	Corrected string // when; "" when it is filed as the rules do
	Reasons   reasons
	Choices   []choice
	Passages  []passageView
	Legend    []legend
}

// A choice is a theme to tick.
type choice struct {
	ID, Title string
	Ticked    bool
}

func (s *server) adminArticle(r *http.Request, v *view) (*response, error) {
	a, err := s.articleNamed(r)
	if err != nil {
		return nil, err
	}
	_, passages := s.Admin.Lab.TryText(a)
	body := adminArticleBody{
		Card: v.card(a, ""), Lang: a.Language, Title: v.title(a), Public: v.Link("/articles/" + a.Key),
		Original: webAddress(a.URL), Key: a.Key, Passages: v.passages(passages, a.Language), Legend: v.legend(),
	}
	body.Reasons = v.reasons(&a.Analysis)
	if !a.Corrected.IsZero() {
		body.Corrected = v.Minute(a.Corrected)
	}
	for _, t := range themeOrder(s.cfg.Themes, nil) {
		filed := slices.ContainsFunc(a.Filings, func(f syndicate.Filing) bool { return f.Theme == t.ID })
		body.Choices = append(body.Choices, choice{ID: t.ID, Title: t.DisplayTitle(v.Lang()), Ticked: filed})
	}
	return v.render("admin/article", frame{Title: body.Title, Body: body})
}

// articleNamed returns the article that a path names.
func (s *server) articleNamed(r *http.Request) (*syndicate.Article, error) {
	key := r.PathValue("key")
	if !isKey(key) {
		return nil, syndicate.ErrNotFound
	}
	a, err := s.Articles.Article(r.Context(), key)
	return &a, err
}

// themeOrder returns the themes: first those of the filings, in their order.
func themeOrder(themes []syndicate.Theme, filings []syndicate.Filing) []syndicate.Theme {
	place := func(t *syndicate.Theme) int {
		i := slices.IndexFunc(filings, func(f syndicate.Filing) bool { return f.Theme == t.ID })
		if i < 0 {
			return len(filings)
		}
		return i
	}
	themes = slices.Clone(themes)
	slices.SortStableFunc(themes, func(a, b syndicate.Theme) int { return place(&a) - place(&b) })
	return themes
}

// refileArticle files an article under the themes that are ticked. Those it
// was under stay in their order, so that its primary theme stays if it can.
func (s *server) refileArticle(r *http.Request, v *view) (*response, error) {
	a, err := s.articleNamed(r)
	if err != nil {
		return nil, err
	}
	ticked := r.PostForm["theme"]
	var themes []string
	for _, t := range themeOrder(s.cfg.Themes, slices.Concat(a.Filings, a.NearMisses)) {
		if slices.Contains(ticked, t.ID) {
			themes = append(themes, t.ID)
		}
	}
	if len(themes) < len(ticked) {
		return nil, syndicate.ErrNotFound // of a theme that left the configuration meanwhile
	}
	if err := s.Admin.Operator.Refile(r.Context(), a.Key, themes); err != nil {
		return nil, notFound(err)
	}
	return v.done("/admin/articles/"+a.Key, "refile"), nil
}

func (s *server) undoRefile(r *http.Request, v *view) (*response, error) {
	a, err := s.articleNamed(r)
	if err != nil {
		return nil, err
	}
	was, err := s.Admin.Operator.UndoRefile(r.Context(), a.Key)
	if err != nil {
		return nil, notFound(err)
	}
	what := "undo"
	if !was {
		what = "unchanged"
	}
	return v.done("/admin/articles/"+a.Key, what), nil
}

// forgetArticle deletes an article, if the form says that this is meant.
func (s *server) forgetArticle(r *http.Request, v *view) (*response, error) {
	a, err := s.articleNamed(r)
	if err != nil {
		return nil, err
	}
	if r.PostForm.Get("sure") == "" {
		return v.done("/admin/articles/"+a.Key, "unchanged"), nil
	}
	if _, err := s.Admin.Operator.Forget(r.Context(), []string{a.Key}); err != nil {
		return nil, err
	}
	return v.done("/admin/articles", "forget"), nil
}

// themeTitle returns the title of a theme for people.
func (v *view) themeTitle(id string) string {
	for i := range v.s.cfg.Themes {
		if t := &v.s.cfg.Themes[i]; t.ID == id {
			return t.DisplayTitle(v.Lang())
		}
	}
	return id
}

// adminArticleLink returns the operator's page of an article.
func (v *view) adminArticleLink(key string) string {
	return v.Link("/admin/articles/" + url.PathEscape(key))
}
