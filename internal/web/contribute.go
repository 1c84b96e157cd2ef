package web

import (
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"broadsheet/syndicate"
)

// What a contribution may have, in characters.
const (
	maxTitle   = 200
	maxText    = 20_000
	maxAddress = 254
	maxLink    = 2000
)

// languages are those that a contribution may say it is in.
func (v *view) languages(judged string) []option {
	return []option{{Title: judged}, {Value: "zh-Hans", Title: "中文", Lang: "zh-Hans"}, {Value: "en", Title: "English", Lang: "en"}}
}

func (v *view) contributeForm(sent url.Values) *sheet {
	f := v.newSheet(sent)
	themes := []option{{Title: v.T("web.contribute.theme.any")}}
	for i := range v.s.cfg.Themes {
		t := &v.s.cfg.Themes[i]
		themes = append(themes, option{Value: t.ID, Title: t.DisplayTitle(v.Lang())})
	}
	const key = "web.contribute"
	f.add(formField{Name: "title", Kind: "text", Max: maxTitle, Required: true}, key)
	f.add(formField{Name: "text", Kind: "area", Max: maxText, Rows: 10}, key)
	f.add(formField{Name: "link", Kind: "url", Max: maxLink}, key)
	f.add(formField{Name: "theme", Kind: "select", Options: themes}, key)
	f.add(formField{Name: "language", Kind: "select", Options: v.languages(v.T("web.contribute.language.any"))}, key)
	f.add(formField{Name: "address", Kind: "email", Max: maxAddress, Complete: "email"}, key)
	f.add(formField{Name: "tell", Kind: "tick"}, key)
	if sent != nil && f.value("text") == "" && f.value("link") == "" {
		f.fault("text", v.T("web.contribute.nothing"))
	}
	return f
}

// contribute takes news from a visitor (投稿).
func (s *server) contribute(r *http.Request, v *view) (*response, error) {
	f := v.contributeForm(sentForm(r))
	if f.admitted(r, &s.Tries.contribute) {
		code, err := s.Visitors.Submit(r.Context(), &syndicate.Submission{
			Kind: syndicate.KindContribution, Address: f.value("address"), Tell: f.value("tell") != "", Locale: v.Lang(), Ticket: f.Ticket,
			Contribution: &syndicate.Contribution{
				Title: f.value("title"), Text: f.value("text"), Link: f.value("link"), Theme: f.value("theme"), Language: f.value("language"),
			},
		})
		if err == nil {
			return v.redirect("/contributions/" + code), nil
		}
		if err := f.refused(err, ""); err != nil {
			return nil, err
		}
	}
	return v.sheet("contribute", v.T("web.contribute"), f, f)
}

// sentForm returns what a form has sent, nil when the page is only asked for.
func sentForm(r *http.Request) url.Values {
	if r.Method != http.MethodPost {
		return nil
	}
	if r.PostForm == nil {
		return url.Values{}
	}
	return r.PostForm
}

// writtenIn returns the language of a text: the one that is said to be, else
// that of its script, else "".
func writtenIn(text, said string) string {
	if said == "" && strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
		return "zh-Hans"
	}
	return said
}

type contributionBody struct {
	Title, Lang string
	State       string // in words
	At, Settled string
	Word, Words string // the editor's, and the language it is in
	Article     string // address of its page; "" while there is none
	Mailed      bool   // a receipt is on its way
}

// contribution tells the sender of a contribution what became of it.
func (s *server) contribution(r *http.Request, v *view) (*response, error) {
	sub, err := s.Visitors.Sent(r.Context(), syndicate.KindContribution, r.PathValue("code"))
	if err != nil {
		return nil, err
	}
	lang := writtenIn(sub.Contribution.Title, sub.Contribution.Language)
	body := contributionBody{
		Title: syndicate.Typeset(sub.Contribution.Title, lang), Lang: lang, Words: writtenIn(sub.Word, ""),
		State: v.T("web.contribution." + string(sub.State)), At: v.Minute(sub.At), Word: sub.Word, Mailed: sub.Address != "",
	}
	if !sub.Settled.IsZero() {
		body.Settled = v.Minute(sub.Settled)
	}
	if sub.State == syndicate.Accepted {
		body.Article = v.Link("/articles/" + sub.Result)
	}
	return privately(v.render("contribution", frame{Title: v.T("web.contribution"), Body: body}))
}
