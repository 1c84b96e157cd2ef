package web

import (
	"html/template"
	"net/http"
	"net/url"
	"path"
	"strings"

	"broadsheet/syndicate"
)

type articleBody struct {
	Card          card
	Lang          string
	Title         string
	Themes        []link
	Authors       string
	HTML          template.HTML
	Link          string
	Enclosures    []link
	Figures       []figure
	Meanings      bool // a figure is more than just an amount
	Reasons       []string
	NearMisses    []string
	SourceHref    string
	Updated       string
	FirstSeen     string
	Organisations string
	Categories    string
	ID            string
}

// A figure is a row of the table of figures.
type figure struct{ Text, Meaning, Sentence string }

func (s *server) article(r *http.Request, v *view) (*response, error) {
	key := r.PathValue("key")
	if !isKey(key) {
		return nil, syndicate.ErrNotFound
	}
	a, err := s.Articles.Article(r.Context(), key)
	if err != nil {
		return nil, err
	}
	stories, err := s.Articles.StoriesOf(r.Context(), []string{key})
	if err != nil {
		return nil, err
	}
	body := articleBody{
		Card:          v.told(&syndicate.Told{Article: a, Story: stories[key]}, ""),
		Lang:          a.Language,
		Title:         v.title(&a),
		Themes:        v.themeLinks(a.Filings),
		Authors:       strings.Join(a.Authors, listSeparator(v.Lang())),
		HTML:          articleText(&a, v),
		Link:          webAddress(a.URL),
		SourceHref:    v.Link("/search?q=" + url.QueryEscape("source:"+a.Source)),
		FirstSeen:     v.Minute(a.FirstSeen),
		Organisations: strings.Join(a.Organisations, listSeparator(a.Language)),
		Categories:    strings.Join(a.Categories, listSeparator(a.Language)),
		ID:            a.ID,
	}
	if !a.Updated.IsZero() && a.Updated.After(a.Published) {
		body.Updated = v.Minute(a.Updated)
	}
	for _, e := range a.Enclosures {
		if u := webAddress(e.URL); u != "" {
			body.Enclosures = append(body.Enclosures, link{Href: u, Title: fileName(u)})
		}
	}
	for _, f := range a.Figures {
		meaning := v.meaning(f)
		body.Meanings = body.Meanings || meaning != ""
		body.Figures = append(body.Figures, figure{
			Text: f.Text, Meaning: meaning, Sentence: syndicate.Typeset(f.Sentence, a.Language),
		})
	}
	for _, f := range a.Filings {
		body.Reasons = append(body.Reasons, f.Reason())
	}
	for _, f := range a.NearMisses {
		body.NearMisses = append(body.NearMisses, f.Reason())
	}
	return v.render("article", frame{Title: body.Title, Body: body})
}

// isKey reports whether s can be the key of an article.
func isKey(s string) bool {
	return len(s) == 32 && strings.Trim(s, "0123456789abcdef") == ""
}

func listSeparator(lang string) string {
	if strings.HasPrefix(lang, "zh") {
		return "、"
	}
	return ", "
}

// webAddress returns raw when it is an address of the web, else "".
func webAddress(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	return u.String()
}

func fileName(address string) string {
	if u, err := url.Parse(address); err == nil {
		if name := path.Base(u.Path); name != "." && name != "/" {
			return name
		}
	}
	return address
}

// meaning says in words what a figure's bound and direction are; "" when it is
// just the amount.
func (v *view) meaning(f syndicate.Figure) string {
	var words []string
	if key := map[string]string{"up": "up", "down": "down"}[f.Direction]; key != "" {
		words = append(words, v.T("web.bound."+key))
	}
	bound := map[string]string{">": "more", ">=": "at_least", "<": "less", "<=": "at_most", "~": "approximate"}[f.Bound]
	if bound != "" {
		words = append(words, v.T("web.bound."+bound))
	}
	return strings.Join(words, listSeparator(v.Lang()))
}
