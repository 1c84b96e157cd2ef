package config

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"broadsheet/syndicate"
	"broadsheet/syndicate/classify"
)

// reserved says why a feed cannot have a name, or "".
func reserved(name string) string {
	switch {
	case name == "all":
		return "all is the feed of every article"
	case name == "search":
		return "search is the feed of searches"
	case name == "ops":
		return "ops is the operator's private feed"
	case strings.HasPrefix(name, syndicate.PrivatePrefix):
		return "my-… are the private feeds of subscribers"
	case strings.HasPrefix(name, syndicate.PlacePrefix):
		return "place-… are the feeds of the places"
	case strings.HasPrefix(name, "source-"):
		return "source-… are the feeds of the sources"
	}
	return ""
}

func (b *builder) themeList() {
	b.themes = map[string]bool{}
	for _, t := range b.file.Themes {
		b.themes[t.id] = true
	}
	for _, t := range b.file.Themes {
		path := join("themes", t.id)
		named := b.themeID(path, t.id)
		theme := b.theme(path, t)
		if named {
			b.validate("themes", classify.Config{Themes: []syndicate.Theme{theme}}.Validate())
		}
		b.cfg.Themes = append(b.cfg.Themes, theme)
	}
}

// model checks that what was learnt can be read.
func (b *builder) model() {
	const path = "model"
	name := b.file.Model
	if name != "" && name != classify.NoModel && !filepath.IsAbs(name) {
		name = filepath.Join(b.dir, name)
	}
	b.cfg.Model = name
	if _, err := classify.OpenModel(name); err != nil {
		b.fault(path, plain(err), "name a file that broadsheet themes learn wrote, none for terms alone, or nothing for the model that comes with Broadsheet")
	}
}

// themeID checks an id and reports whether it can be part of a path.
func (b *builder) themeID(path, id string) bool {
	key := b.keys[path]
	switch {
	case !namePattern.MatchString(id) || len(id) > 64:
		b.faultAt(key, path, fmt.Sprintf("%q is not a theme's id", id), "use at most 64 small letters a to z, digits and, between them, hyphens; the name for people goes into title")
		return false
	case reserved(id) != "":
		b.faultAt(key, path, "a theme cannot be called that: "+reserved(id), "choose another id")
	}
	return true
}

func (b *builder) theme(path string, t namedTheme) syndicate.Theme {
	theme := syndicate.Theme{
		ID:        t.id,
		Title:     b.localised(t.theme.Title),
		Not:       t.theme.Not,
		Threshold: t.theme.Threshold,
	}
	for i, term := range t.theme.Terms {
		theme.Terms = append(theme.Terms, syndicate.Term{Text: term.Term, Weight: term.Weight})
		b.phrase(fmt.Sprintf("%s.terms[%d]", path, i), term.Term)
	}
	for i, phrase := range t.theme.Not {
		b.phrase(fmt.Sprintf("%s.not[%d]", path, i), phrase)
	}
	if len(theme.Terms) == 0 && !b.filledBySource(t.id) {
		b.fault(path+".terms", "no article can come under this theme", "give it terms, or name it in the themes of a source")
	}
	return theme
}

// maxPhrase is the longest term, in bytes.
const maxPhrase = 200

// phrase checks the length of a text that is looked for in articles; the
// classifier checks the rest.
func (b *builder) phrase(path, text string) {
	if len(text) > maxPhrase {
		b.fault(path, fmt.Sprintf("the text is longer than %d bytes", maxPhrase), "name a word or a phrase")
	}
}

// maxPlaces is how many places an operator may add.
const maxPlaces = 5000

// places takes the operator's places; the gazetteer checks them.
func (b *builder) places() {
	if n := len(b.file.Places); n > maxPlaces {
		b.fault("places", fmt.Sprintf("%d places are more than %d", n, maxPlaces), "keep those that articles name")
		return
	}
	named := true
	for i, p := range b.file.Places {
		named = b.required(fmt.Sprintf("places[%d].name", i), p.Name) && named
		b.cfg.Places = append(b.cfg.Places, classify.Place(p))
	}
	if named {
		b.validate("", classify.Config{Places: b.cfg.Places}.Validate())
	}
}

func (b *builder) filledBySource(id string) bool {
	return slices.ContainsFunc(b.file.Sources, func(s fileSource) bool { return slices.Contains(s.Themes, id) })
}

// localised puts a text without a language under that of the site.
func (b *builder) localised(texts localised) map[string]string {
	if len(texts) == 0 {
		return nil
	}
	titles := maps.Clone(map[string]string(texts))
	if s, ok := titles[""]; ok {
		delete(titles, "")
		titles[b.cfg.Site.Language] = s
	}
	return titles
}
