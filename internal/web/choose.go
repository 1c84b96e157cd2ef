package web

import (
	"cmp"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"broadsheet/mailer"
	"broadsheet/syndicate"
	"broadsheet/templates"
)

// sampleCards is how many articles of the last week a form shows, sampleDays
// how many days that week has.
const (
	sampleCards = 8
	sampleDays  = 7
)

// An option is one of several things to choose.
type option struct {
	Value, Title, Note string
	Lang               string // of Title; "" is that of the page
	Chosen             bool
}

// A choiceForm is the part of a form in which people choose what they get.
type choiceForm struct {
	Email     string
	Digests   []option
	Themes    []option
	Query     string
	Languages []option
	Formats   []option
	Often     []option
	Hours     []option
	Timed     bool     // an hour is chosen
	Zone      string   // "" is the digests'
	Zones     []string // to choose from; others can be written
	Pause     string   // a day, as in 2026-12-24; "" is none
	Faults    faults
	Bad       *badQuery // where the query is bad
	Sample    *sample
}

// faults are what is wrong with a form, in words, by field.
type faults map[string]string

// A sample is what the last week would have brought.
type sample struct {
	Total string
	Cards []sampleCard
}

type sampleCard struct {
	Href, Lang, Source, Date string
	Title                    template.HTML
}

// choose reads a form into a subscriber. Digests are by name those of titles.
func (v *view) choose(form url.Values, titles map[string]string) (mailer.Subscriber, choiceForm) {
	f := choiceForm{Faults: faults{}}
	sub := mailer.Subscriber{Status: mailer.Active}
	sub.Email = address(form.Get("email"))
	for _, name := range form["digest"] {
		if titles[name] != "" {
			sub.Digests = append(sub.Digests, name)
		}
	}
	for i := range v.s.cfg.Themes {
		if id := v.s.cfg.Themes[i].ID; slices.Contains(form["theme"], id) {
			sub.Themes = append(sub.Themes, id)
		}
	}
	if len(sub.Themes) == len(v.s.cfg.Themes) {
		sub.Themes = nil // all of them, and those that are added later
	}
	sub.Query = strings.Join(strings.Fields(form.Get("q")), " ")
	if l := form.Get("language"); slices.Contains(templates.Languages(), l) {
		sub.Language = l
	}
	if form.Get("format") == "text" {
		sub.Format = mailer.Text
	}
	v.chooseRhythm(&f, &sub, form)
	sub.Tidy()
	if sub.Language == v.ownLanguage(&sub) {
		sub.Language = "" // one mail for all who want the digest as it is
	}
	if len(sub.Digests) == 0 {
		f.Faults["digest"] = v.T("web.subscribe.fault.digest")
	}
	if utf8.RuneCountInString(sub.Query) > 500 {
		f.Faults["q"] = v.T("web.subscribe.fault.query.long")
		sub.Query = cut(sub.Query, 500)
	} else if sub.Query != "" {
		if _, err := syndicate.ParseQuery(sub.Query, v.s.cfg.Site.Location); err != nil {
			f.Bad = v.bad(sub.Query, err)
			f.Faults["q"] = v.T("web.search.bad", f.Bad.Msg)
		}
	}
	v.fill(&f, &sub, titles)
	return sub, f
}

// fill shows a subscriber's wishes in a form.
func (v *view) fill(f *choiceForm, sub *mailer.Subscriber, titles map[string]string) {
	f.Email, f.Query = sub.Email, sub.Query
	for _, name := range v.digestOrder(titles) {
		f.Digests = append(f.Digests, option{Value: name, Title: titles[name], Note: v.digestNote(name), Chosen: slices.Contains(sub.Digests, name)})
	}
	for i := range v.s.cfg.Themes {
		t := &v.s.cfg.Themes[i]
		f.Themes = append(f.Themes, option{Value: t.ID, Title: t.DisplayTitle(v.Lang()), Chosen: len(sub.Themes) == 0 || slices.Contains(sub.Themes, t.ID)})
	}
	for _, l := range templates.Languages() {
		f.Languages = append(f.Languages, option{Value: l, Title: v.s.wording(l).T("web.language"), Chosen: l == cmp.Or(sub.Language, v.ownLanguage(sub), v.Lang())})
	}
	v.fillRhythm(f, sub)
	f.Formats = []option{
		{Value: "html", Title: v.T("web.subscribe.format.html"), Chosen: sub.Format != mailer.Text},
		{Value: "text", Title: v.T("web.subscribe.format.text"), Chosen: sub.Format == mailer.Text},
	}
}

// ownLanguage returns the language that all of a subscriber's digests are
// written in, "" when they differ.
func (v *view) ownLanguage(sub *mailer.Subscriber) string {
	own := ""
	for i := range v.s.cfg.Digests {
		d := &v.s.cfg.Digests[i]
		if !slices.Contains(sub.Digests, d.Name) {
			continue
		}
		l := v.s.wording(cmp.Or(d.Language, v.s.cfg.Site.Language)).Language
		if own != "" && own != l {
			return ""
		}
		own = l
	}
	return own
}

// digestOrder returns the names of titles in the order of the configuration,
// those it does not list after them.
func (v *view) digestOrder(titles map[string]string) []string {
	var names, rest []string
	for i := range v.s.cfg.Digests {
		if name := v.s.cfg.Digests[i].Name; titles[name] != "" {
			names = append(names, name)
		}
	}
	for name := range titles {
		if !slices.Contains(names, name) {
			rest = append(rest, name)
		}
	}
	slices.Sort(rest)
	return append(names, rest...)
}

// digestNote says when a digest comes.
func (v *view) digestNote(name string) string {
	for i := range v.s.cfg.Digests {
		if d := &v.s.cfg.Digests[i]; d.Name == name {
			return v.when(d.Schedule)
		}
	}
	return ""
}

// publicTitles returns the digests that anybody may subscribe to.
func (s *server) publicTitles() map[string]string {
	titles := map[string]string{}
	for i := range s.cfg.Digests {
		d := &s.cfg.Digests[i]
		if titles[d.Name] = d.Title; d.Title == "" {
			titles[d.Name] = d.Name
		}
	}
	return titles
}

// addSample shows in a form what the last week would have brought, each story
// once. The count is of what can be counted soon.
func (s *server) addSample(r *http.Request, v *view, f *choiceForm, sub *mailer.Subscriber) error {
	if f.Faults["q"] != "" || f.Faults["digest"] != "" {
		return nil
	}
	q, err := s.Readers.Records.Selection(sub)
	if err != nil {
		return err
	}
	q = q.And(syndicate.Query{Text: "after:7d", Root: syndicate.Date{After: true, Age: sampleDays * 24 * time.Hour}})
	found, err := s.Articles.Search(r.Context(), q, v.now, false, 3*sampleCards, 0)
	if err != nil {
		return err
	}
	told, err := s.Articles.Once(r.Context(), q, v.now, found.Articles)
	if err != nil {
		return err
	}
	f.Sample = &sample{Total: v.T("web.subscribe.sample.none")}
	if found.Total > 0 {
		f.Sample.Total = v.T("web.subscribe.sample.total", v.total(found))
	}
	words := syndicate.Query{}
	if sub.Query != "" {
		if words, err = syndicate.ParseQuery(sub.Query, s.cfg.Site.Location); err != nil {
			return err
		}
	}
	for i := range head(told, sampleCards) {
		a := &told[i].Article
		f.Sample.Cards = append(f.Sample.Cards, sampleCard{
			Href: v.Link("/articles/" + a.Key), Title: marked(v.title(a), words.Wanted()), Lang: a.Language,
			Source: v.sourceTitle(a.Source), Date: v.Day(a.FirstSeen),
		})
	}
	return nil
}

// address returns a mail address as it is sent to: what Chinese keyboards write
// for @ and the dot is put right, and a domain of other letters into its xn--
// form. What is no address comes back as it is.
func address(s string) string {
	s = strings.NewReplacer("＠", "@", "。", ".", "．", ".").Replace(strings.TrimSpace(s))
	local, domain, ok := strings.Cut(s, "@")
	if ok && strings.ContainsFunc(domain, func(r rune) bool { return r >= utf8.RuneSelf }) {
		if ascii, err := idna.Lookup.ToASCII(domain); err == nil {
			s = local + "@" + ascii
		}
	}
	return s
}

// addressFault says what is wrong with an address, "" for nothing.
func (v *view) addressFault(s string) string {
	switch {
	case s == "":
		return v.T("web.subscribe.fault.email.none")
	case mailer.ValidAddress(s) != nil || !strings.Contains(s[strings.LastIndexByte(s, '@')+1:], "."):
		return v.T("web.subscribe.fault.email", cut(s, 100))
	}
	return ""
}
