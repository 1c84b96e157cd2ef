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
	Outline       []link // of the heads, where there are two or more
	Link          string
	Enclosures    []link
	Figures       []figure
	Meanings      bool // a figure is more than just an amount
	Reasons       reasons
	Corrected     string // when an editor filed it; "" when none did
	SourceHref    string
	Updated       string
	FirstSeen     string
	Places        []link // without an address where there is no page
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
	told, err := s.Articles.Once(r.Context(), syndicate.Query{Root: syndicate.Or{}}, v.now, []syndicate.Article{a})
	if err != nil {
		return nil, err
	}
	body := articleBody{
		Card:          v.told(&told[0], ""),
		Lang:          a.Language,
		Title:         v.title(&a),
		Themes:        v.themeLinks(a.Filings),
		Authors:       strings.Join(a.Authors, listSeparator(v.Lang())),
		Link:          webAddress(a.URL),
		SourceHref:    v.Link("/search?q=" + url.QueryEscape("source:"+a.Source)),
		FirstSeen:     v.Minute(a.FirstSeen),
		Places:        v.placeLinks(&a),
		Organisations: strings.Join(a.Organisations, listSeparator(a.Language)),
		Categories:    strings.Join(a.Categories, listSeparator(a.Language)),
		ID:            a.ID,
	}
	body.HTML, body.Outline = articleText(&a, v)
	if len(body.Outline) < 2 {
		body.Outline = nil
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
	body.Reasons = v.reasons(&a.Analysis)
	if !a.Corrected.IsZero() {
		body.Corrected = v.Day(a.Corrected)
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
