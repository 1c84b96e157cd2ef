package compose

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode"

	"broadsheet/mailer"
	"broadsheet/syndicate"
)

// maxFigures is how many figures an item shows, maxPlaces how many places.
const (
	maxFigures = 3
	maxPlaces  = 2
)

// themes returns the digest's themes in its order: all that are configured
// when it names none.
func (c *Composer) themes(d mailer.Digest) []syndicate.Theme {
	if len(d.Themes) == 0 {
		return c.Themes
	}
	var out []syndicate.Theme
	for _, id := range d.Themes {
		i := slices.IndexFunc(c.Themes, func(t syndicate.Theme) bool { return t.ID == id })
		if i >= 0 {
			out = append(out, c.Themes[i])
		}
	}
	return out
}

// selection returns the query of a digest: any of its themes, and its own.
func selection(d mailer.Digest, themes []syndicate.Theme, loc *time.Location) (syndicate.Query, error) {
	var either syndicate.Or
	for _, t := range themes {
		either = append(either, syndicate.Field{Name: "theme", Value: t.ID})
	}
	q := syndicate.Query{Root: either}
	if strings.TrimSpace(d.Query) == "" {
		return q, nil
	}
	own, err := syndicate.ParseQuery(d.Query, loc)
	if err != nil {
		return q, err
	}
	return own.And(q), nil
}

// A candidate is an article with its filing under one of the digest's themes.
type candidate struct {
	*piece
	filing                syndicate.Filing
	also                  []string // further themes of the digest
	carried               bool     // the edition before left it out
	score                 float64  // how important it is, made of sources, figures, match and fresh
	sources, match, fresh float64
}

// pick files an article under the one of the digest's themes that it scores
// highest in.
func pick(a *piece, themes []syndicate.Theme) (candidate, bool) {
	cd := candidate{piece: a}
	for _, f := range a.Filings {
		switch known := slices.ContainsFunc(themes, func(t syndicate.Theme) bool { return t.ID == f.Theme }); {
		case !known:
		case cd.filing.Theme == "":
			cd.filing = f
		case f.Theme != cd.filing.Theme:
			cd.also = append(cd.also, f.Theme)
		}
	}
	return cd, cd.filing.Theme != ""
}

// item returns an article as the edition tells it.
func (c *Composer) item(cd candidate, themes []syndicate.Theme, lang string) mailer.Item {
	own := cmp.Or(cd.Language, lang)
	it := mailer.Item{
		Key:       cd.Key,
		ID:        cd.ID,
		Title:     syndicate.Typeset(oneLine(cd.DisplayTitle()), own),
		URL:       c.Site.ArticleURL(cd.Key),
		Link:      webLink(cd.URL),
		Source:    c.sourceTitle(cd.Source),
		Gist:      syndicate.Typeset(oneLine(cmp.Or(cd.Gist, cd.Summary)), own),
		Figures:   figureTexts(cd.Told.Figures),
		Stated:    stated(&cd.Article),
		Published: cd.Published,
		Inferred:  cd.Inferred || cd.Published.IsZero(),
		Reason:    cd.filing.Reason(),
		Score:     cd.score,
		Why:       cd.why(),
		Language:  cd.Language,
	}
	for _, p := range cd.Places[:min(len(cd.Places), maxPlaces)] {
		it.Places = append(it.Places, syndicate.Typeset(oneLine(p), own))
	}
	if it.Title == "" {
		it.Title = cmp.Or(shorten(it.Gist, 60), it.Link, it.Key)
	}
	if it.Inferred {
		it.Published = cd.FirstSeen
	}
	for _, t := range themes { // in the digest's order
		if slices.Contains(cd.also, t.ID) {
			it.Also = append(it.Also, t.DisplayTitle(lang))
		}
	}
	if cd.Story != nil {
		it.Agree = cd.Story.Agree(cd.Key)
		for _, t := range cd.Story.Others(cd.Key) {
			it.Retold = append(it.Retold, mailer.Retold{Source: c.sourceTitle(t.Source), URL: c.Site.ArticleURL(t.Key)})
		}
	}
	return it
}

// sourceTitle returns the title of a source for people.
func (c *Composer) sourceTitle(name string) string {
	for i := range c.Sources {
		if c.Sources[i].Name == name {
			return c.Sources[i].DisplayTitle()
		}
	}
	return name
}

// once leaves one article of each story: its lead, or else the one that was
// seen first.
func once(articles []*piece) []*piece {
	here := make(map[string]bool, len(articles))
	for _, a := range articles {
		here[a.Key] = true
	}
	return slices.DeleteFunc(articles, func(a *piece) bool {
		if a.Story == nil {
			return false
		}
		first := slices.IndexFunc(a.Story.Tellings, func(t syndicate.Telling) bool { return here[t.Key] })
		return first >= 0 && a.Story.Tellings[first].Key != a.Key
	})
}

// figureTexts returns the amounts that say most, as they are written.
func figureTexts(all []syndicate.Figure) []string {
	var texts []string
	for _, f := range syndicate.KeyFigures(all, maxFigures) {
		texts = append(texts, oneLine(f.Text))
	}
	return texts
}

// oneLine returns s with every run of white space as one space, and without
// control characters, above all those that turn the direction of what follows.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069':
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// webLink returns a link that readers of mail can follow, or "": a file: link
// leads nowhere for them.
func webLink(link string) string {
	if strings.HasPrefix(link, "http://") || strings.HasPrefix(link, "https://") {
		return link
	}
	return ""
}
