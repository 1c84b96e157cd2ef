package compose

import (
	"cmp"
	"context"
	"fmt"
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

// fresh returns the articles that an edition may tell, with their stories.
func (c *Composer) fresh(ctx context.Context, d mailer.Digest, e *mailer.Edition) ([]syndicate.Told, error) {
	q, err := selection(d, c.themes(d), c.location(d))
	if err != nil {
		return nil, err
	}
	articles, err := c.Store.Fresh(ctx, d.Name, q, e.Since, e.Until)
	if err != nil {
		return nil, fmt.Errorf("look for articles: %w", err)
	}
	keys := make([]string, len(articles))
	for i := range articles {
		keys[i] = articles[i].Key
	}
	stories, err := c.Store.StoriesOf(ctx, keys)
	if err != nil {
		return nil, fmt.Errorf("look for stories: %w", err)
	}
	told := make([]syndicate.Told, len(articles))
	for i := range articles {
		told[i] = syndicate.Told{Article: articles[i], Story: stories[keys[i]]}
	}
	return told, nil
}

// sections returns articles grouped by theme in the digest's order, without
// themes that have none.
func (c *Composer) sections(d mailer.Digest, lang string, articles []syndicate.Told) []mailer.Section {
	themes := c.themes(d)
	articles = once(articles)
	groups := map[string][]candidate{}
	for i := range articles {
		if cd, ok := pick(&articles[i].Article, themes); ok {
			cd.story = articles[i].Story
			groups[cd.filing.Theme] = append(groups[cd.filing.Theme], cd)
		}
	}
	var out []mailer.Section
	for _, t := range themes {
		group := groups[t.ID]
		if len(group) == 0 {
			continue
		}
		slices.SortFunc(group, rank)
		s := mailer.Section{Theme: t.ID, Title: t.DisplayTitle(lang), URL: c.Site.ThemeURL(t.ID), Sums: sums(group)}
		if limit := max(d.MaxPerTheme, 1); len(group) > limit {
			s.More = len(group) - limit
			group = group[:limit]
		}
		for _, cd := range group {
			s.Items = append(s.Items, c.item(cd, themes, lang))
		}
		out = append(out, s)
	}
	return out
}

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
	*syndicate.Article
	filing syndicate.Filing
	also   []string         // further themes of the digest
	story  *syndicate.Story // nil when no other article tells it
}

// pick files an article under the one of the digest's themes that it scores
// highest in.
func pick(a *syndicate.Article, themes []syndicate.Theme) (candidate, bool) {
	cd := candidate{Article: a}
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

// rank orders candidates: what we saw last first, among what came together the
// one that fits the theme best. The publisher's date comes late, because it is
// often a guess; the key makes the order complete.
func rank(a, b candidate) int {
	return cmp.Or(
		b.FirstSeen.Truncate(time.Minute).Compare(a.FirstSeen.Truncate(time.Minute)),
		cmp.Compare(b.filing.Score, a.filing.Score),
		b.Published.Compare(a.Published),
		strings.Compare(a.Key, b.Key),
	)
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
		Figures:   figures(cd.Figures),
		Stated:    stated(cd.Article),
		Published: cd.Published,
		Inferred:  cd.Inferred || cd.Published.IsZero(),
		Reason:    cd.filing.Reason(),
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
	if cd.story != nil {
		it.Agree = cd.story.Agree(cd.Key)
		for _, t := range cd.story.Others(cd.Key) {
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
func once(articles []syndicate.Told) []syndicate.Told {
	here := make(map[string]bool, len(articles))
	for i := range articles {
		here[articles[i].Key] = true
	}
	return slices.DeleteFunc(slices.Clone(articles), func(a syndicate.Told) bool {
		if a.Story == nil {
			return false
		}
		first := slices.IndexFunc(a.Story.Tellings, func(t syndicate.Telling) bool { return here[t.Key] })
		return first >= 0 && a.Story.Tellings[first].Key != a.Key
	})
}

// figures returns the amounts that say most, as they are written.
func figures(all []syndicate.Figure) []string {
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
