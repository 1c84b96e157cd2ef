package web

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"
	"time"

	"broadsheet/syndicate"
	"broadsheet/templates"
)

// languageCookie is the name of the only cookie: the language a reader chose.
const languageCookie = "lang"

// A wording is the catalogue of a language, and which language a reader may
// change to from it.
type wording struct {
	templates.Catalogue
	other string
}

func catalogues() (map[string]wording, error) {
	langs := templates.Languages()
	all := make(map[string]wording, len(langs))
	for i, l := range langs {
		c, err := templates.Locale(l)
		if err != nil {
			return nil, err
		}
		all[c.Language] = wording{Catalogue: c, other: langs[(i+1)%len(langs)]}
	}
	_, err := templates.Locale("en") // reports why when there are none
	return all, err
}

// wording returns the wording of a language, the nearest one there is.
func (s *server) wording(lang string) wording {
	c, err := templates.Locale(lang)
	if err != nil {
		return wording{} // New has read them all
	}
	return s.texts[c.Language]
}

// A view is what a page is shown with: its language, and how to write links
// and dates in it. Templates see its exported methods.
type view struct {
	s      *server
	text   wording
	Chosen string // language chosen by the address; "" when by cookie or site
	path   string // of this page, without the site's own path
	values url.Values
	now    time.Time
	set    bool             // the reader chose now: remember it
	picked bool             // the reader chose, now or before
	place  *syndicate.Place // that the page is of; nil for none

	signedIn bool // an operator is
}

// view returns the view of a request: the language of ?lang=, else of the
// cookie, else of the site.
func (s *server) view(r *http.Request) *view {
	v := &view{s: s, path: r.URL.Path, values: r.URL.Query(), now: s.Now()}
	lang := s.cfg.Site.Language
	if c, err := r.Cookie(languageCookie); err == nil {
		if _, ok := s.texts[c.Value]; ok {
			lang, v.picked = c.Value, true
		}
	}
	if l := v.values.Get("lang"); l != "" {
		if _, ok := s.texts[l]; ok {
			lang, v.Chosen, v.set, v.picked = l, l, true, true
		}
	}
	v.values.Del("lang")
	v.text = s.wording(lang)
	return v
}

// cookie returns the cookie that remembers a choice just made.
func (v *view) cookie() *http.Cookie {
	if !v.set {
		return nil
	}
	return &http.Cookie{
		Name: languageCookie, Value: v.Chosen, Path: v.s.base + "/", MaxAge: 365 * 24 * 3600,
		HttpOnly: true, Secure: v.s.secure, SameSite: http.SameSiteLaxMode,
	}
}

// Lang returns the language of the page.
func (v *view) Lang() string { return v.text.Language }

// OtherLang returns the language that the page can be changed to.
func (v *view) OtherLang() string { return v.text.other }

// T returns the wording of a key.
func (v *view) T(key string, args ...any) string { return v.text.T(key, args...) }

// Path returns the address of a path of ours.
func (v *view) Path(path string) string { return v.s.base + path }

// Link returns the address of a path of ours, in the language chosen by the
// address of this page.
func (v *view) Link(path string) string {
	if v.Chosen == "" {
		return v.Path(path)
	}
	sep := "?"
	if strings.Contains(path, "?") {
		sep = "&"
	}
	return v.Path(path) + sep + "lang=" + url.QueryEscape(v.Chosen)
}

// Switch returns the address of this page in the other language.
func (v *view) Switch() string {
	values := url.Values{"lang": {v.OtherLang()}}
	for _, name := range []string{"q", "page", "sort", "digest"} {
		if value := v.values.Get(name); value != "" && len(value) <= syndicate.MaxQueryBytes {
			values.Set(name, value)
		}
	}
	return v.Path((&url.URL{Path: v.path}).EscapedPath()) + "?" + values.Encode()
}

// Static returns the address of a file that pages load.
func (v *view) Static(name string) string { return v.Path(v.s.static.paths[name]) }

// Site returns the title of the paper.
func (v *view) Site() string { return v.s.cfg.Site.Title }

// Contact returns the editor's mail address.
func (v *view) Contact() string { return v.s.cfg.Site.Contact }

// Today returns the time in the zone of the site.
func (v *view) Today() time.Time { return v.now.In(v.s.cfg.Site.Location) }

// Day writes a date: 2025年7月23日, 23 July 2025.
func (v *view) Day(t time.Time) string {
	return v.text.Day(t.In(v.s.cfg.Site.Location))
}

// Days writes the days from one to another: 2025年7月1日—31日.
func (v *view) Days(from, to time.Time) string {
	return v.text.Days(from.In(v.s.cfg.Site.Location), to.In(v.s.cfg.Site.Location))
}

// Minute writes a date and a time of day.
func (v *view) Minute(t time.Time) string {
	return v.text.Minute(t.In(v.s.cfg.Site.Location))
}

// Full writes a date with its day of the week.
func (v *view) Full(t time.Time) string {
	return v.text.Full(t.In(v.s.cfg.Site.Location))
}

// total writes how many articles there are.
func (v *view) total(found syndicate.Found) string {
	switch n := found.Total; {
	case found.More:
		return v.T("web.total.more", n)
	case n == 1:
		return v.T("web.total.one", n)
	default:
		return v.T("web.total", n)
	}
}

// ByMail reports whether people can subscribe to digests.
func (v *view) ByMail() bool { return v.s.Readers != nil && len(v.s.cfg.Digests) > 0 }

// Here returns the path of the page.
func (v *view) Here() string { return v.path }

// mailLink returns where one can have mailed what a field of a query chooses;
// nil where one cannot.
func (v *view) mailLink(field, value string) *link {
	if !v.ByMail() {
		return nil
	}
	return &link{Href: v.Link("/subscribe?" + field + "=" + url.QueryEscape(value)), Title: v.T("web.subscribe.short")}
}

// A link is an address with what people see of it.
type link struct {
	Href, Title, Type string
	Of                string // what it is a form of, for those who do not see the page
	Current           bool
}

// Menu returns the front page and the themes.
func (v *view) Menu() []link {
	var menu []link
	for i := range v.s.cfg.Themes {
		t := &v.s.cfg.Themes[i]
		l := v.themeLink(t)
		l.Current = v.path == "/themes/"+t.ID
		menu = append(menu, l)
	}
	return menu
}

func (v *view) themeLink(t *syndicate.Theme) link {
	return link{Href: v.Link("/themes/" + url.PathEscape(t.ID)), Title: t.DisplayTitle(v.Lang())}
}

// themeLinks returns the themes of filings in their order, those that are not
// configured any more left out.
func (v *view) themeLinks(filings []syndicate.Filing) []link {
	var links []link
	for _, f := range filings {
		for i := range v.s.cfg.Themes {
			if t := &v.s.cfg.Themes[i]; t.ID == f.Theme {
				links = append(links, v.themeLink(t))
			}
		}
	}
	return links
}

// sourceTitle returns the title of a source for people.
func (v *view) sourceTitle(name string) string {
	for i := range v.s.cfg.Sources {
		if s := &v.s.cfg.Sources[i]; s.Name == name {
			return s.DisplayTitle()
		}
	}
	return name
}

// feedLinks returns the forms of a feed.
func (v *view) feedLinks(name, title string) []link {
	links := make([]link, 0, len(formats))
	for _, f := range formats {
		links = append(links, link{
			Href: v.Path("/feeds/" + url.PathEscape(name) + "." + f.name), Title: f.title, Type: f.contentType, Of: title,
		})
	}
	return links
}

// alternates returns the feeds that a page announces to feed readers: that of
// its theme, place or search, if it has one, and that of everything.
func (v *view) alternates() []link {
	var names []link
	for i := range v.s.cfg.Themes {
		if t := &v.s.cfg.Themes[i]; v.path == "/themes/"+t.ID {
			names = append(names, link{Href: t.ID, Title: t.DisplayTitle(v.Lang()) + " · "})
		}
	}
	if v.place != nil {
		names = append(names, link{Href: v.place.FeedName(), Title: v.place.Title(v.Lang()) + " · "})
	}
	var links []link
	if q := strings.TrimSpace(v.values.Get("q")); v.path == "/search" && q != "" {
		if _, err := syndicate.ParseQuery(q, v.s.cfg.Site.Location); err == nil {
			for _, l := range v.feedLinks(searchName, "") {
				links = append(links, link{Href: l.Href + "?q=" + url.QueryEscape(q), Type: l.Type, Title: q + " · " + v.Site() + " (" + l.Title + ")"})
			}
		}
	}
	for _, n := range append(names, link{Href: "all"}) {
		for _, l := range v.feedLinks(n.Href, "") {
			l.Title = n.Title + cmp.Or(v.Site(), v.s.cfg.Site.URL) + " (" + l.Title + ")"
			links = append(links, l)
		}
	}
	return links
}
