package web

import (
	"html/template"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"broadsheet/syndicate"
)

// maxCardFigures is how many figures a list shows of an article.
const maxCardFigures = 4

// maxGist is how many characters of a source's own summary a list shows; our
// own is short by itself.
const maxGist = 200

// A card is an article in a list.
type card struct {
	Href           string
	Title, Gist    template.HTML
	Lang           string // of the article; "" when unknown
	PageLang       string
	Places, Source string
	DateLabel      string
	Date, Datetime string
	Figures        []string
	Also           *also
	Day            string // of its first sight, on the first card of that day where cards stand by days
	Retold         *retold
}

// An also is what else an article is filed under.
type also struct {
	Label  string
	Themes []link
}

// card returns a as a list of a theme ("" is none) shows it.
func (v *view) card(a *syndicate.Article, theme string) card {
	c := card{
		Href:     v.Link("/articles/" + a.Key),
		Title:    marked(v.title(a), nil),
		Gist:     marked(gist(a), nil),
		Lang:     a.Language,
		PageLang: v.Lang(),
		Places:   strings.Join(head(a.Places, 2), "、"),
		Source:   v.sourceTitle(a.Source),
		Figures:  figureTexts(a.Figures),
	}
	if !strings.HasPrefix(a.Language, "zh") {
		c.Places = strings.Join(head(a.Places, 2), ", ")
	}
	c.DateLabel, c.Date, c.Datetime = v.dateOf(a)
	var rest []syndicate.Filing
	for _, f := range a.Filings {
		if f.Theme != theme {
			rest = append(rest, f)
		}
	}
	if links := v.themeLinks(rest); theme != "" && len(links) > 0 {
		c.Also = &also{Label: v.T("web.article.also"), Themes: links}
	}
	return c
}

// told returns an article as a list shows it, with who else tells its story.
func (v *view) told(t *syndicate.Told, theme string) card {
	c := v.card(&t.Article, theme)
	c.Retold = v.retold(t.Story, t.Key)
	return c
}

// title returns the title of a for people, and words for an article without
// one.
func (v *view) title(a *syndicate.Article) string {
	for _, s := range []string{a.DisplayTitle(), cut(gist(a), 60)} {
		if s = strings.TrimSpace(s); s != "" {
			return syndicate.Typeset(s, a.Language)
		}
	}
	return v.T("web.article.untitled")
}

// dateOf returns the date of an article, and what it is the date of: events in
// an article have dates of their own.
func (v *view) dateOf(a *syndicate.Article) (label, date, datetime string) {
	t, label := a.Published, v.T("web.article.published")
	if a.Inferred {
		t, label = a.FirstSeen, v.T("web.article.first_seen")
	}
	return label, v.Day(t), t.In(v.s.cfg.Site.Location).Format(time.RFC3339)
}

func gist(a *syndicate.Article) string {
	if a.Gist != "" {
		return syndicate.Typeset(a.Gist, a.Language)
	}
	s := strings.Join(strings.Fields(a.Summary), " ")
	if s == "" {
		s, _, _ = strings.Cut(strings.TrimSpace(a.Text), "\n")
	}
	return syndicate.Typeset(syndicate.Truncate(s, maxGist), a.Language)
}

// cut shortens s to n characters and marks the cut.
func cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return strings.TrimSpace(string([]rune(s)[:n])) + "……"
}

func head[T any](list []T, n int) []T { return list[:min(n, len(list))] }

func figureTexts(figures []syndicate.Figure) []string {
	var texts []string
	for _, f := range syndicate.KeyFigures(figures, maxCardFigures) {
		texts = append(texts, f.Text)
	}
	return texts
}

// A list is a page of cards.
type list struct {
	Cards []card
	turns
}

// turns lead to the page before and the one after.
type turns struct {
	Newer, Older *link
	PagesLabel   string
}

// turns returns what leads from a page to its neighbours; before and after
// are their wording.
func (v *view) turns(number int, more bool, before, after string) turns {
	t := turns{PagesLabel: v.T("web.pages")}
	if number > 1 {
		t.Newer = &link{Href: v.pageLink(number - 1), Title: v.T(before)}
	}
	if more && number < maxPage {
		t.Older = &link{Href: v.pageLink(number + 1), Title: v.T(after)}
	}
	return t
}

// pageNumber returns the page of a list that the address asks for, from 1, and
// whether there can be such a page.
func (v *view) pageNumber() (int, bool) {
	text := v.values.Get("page")
	if text == "" {
		return 1, true
	}
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= 1 && n <= maxPage
}

// list makes a list of a page of articles.
func (v *view) list(f found, theme string, number int) list {
	l := list{turns: v.turns(number, f.more, "web.newer", "web.older")}
	if v.best() {
		l.turns = v.turns(number, f.more, "web.pages.previous", "web.pages.next")
	}
	for i := range f.told {
		l.Cards = append(l.Cards, v.told(&f.told[i], theme))
	}
	return l
}

func (v *view) pageLink(number int) string {
	values := url.Values{}
	if q := v.values.Get("q"); q != "" {
		values.Set("q", q)
	}
	if v.best() {
		values.Set("sort", "best")
	}
	if number > 1 {
		values.Set("page", strconv.Itoa(number))
	}
	path := (&url.URL{Path: v.path}).EscapedPath()
	if len(values) > 0 {
		path += "?" + values.Encode()
	}
	return v.Link(path)
}
