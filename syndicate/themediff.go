package syndicate

import "slices"

// A ThemeDiff says what other themes would change among articles.
type ThemeDiff struct {
	File     string        `json:"file"` // the configuration that has the other themes
	Days     int           `json:"days"` // articles first seen in the last so many days
	Articles int           `json:"articles"`
	Changed  int           `json:"changed"` // articles that would be filed otherwise
	Themes   []ThemeChange `json:"themes"`  // in order of the other configuration, then those that it has no more
}

// A ThemeChange is what would change under one theme.
type ThemeChange struct {
	Theme   string      `json:"theme"`
	Before  int         `json:"before"` // articles
	After   int         `json:"after"`
	Added   []ThemeMove `json:"added"`
	Removed []ThemeMove `json:"removed"`
}

// A ThemeMove is an article that would come under a theme, or leave it.
type ThemeMove struct {
	Key      string `json:"key"`
	Source   string `json:"source"`
	Language string `json:"lang,omitempty"`
	Title    string `json:"title"`
	Before   Filing `json:"-"` // the zero Filing when the theme found nothing
	After    Filing `json:"-"`
	Reason   string `json:"reason"` // of After; of Before when After is the zero Filing
}

// NewThemeDiff returns a diff without articles for the themes with these ids.
func NewThemeDiff(file string, days int, ids []string) *ThemeDiff {
	d := &ThemeDiff{File: file, Days: days, Themes: []ThemeChange{}}
	for _, id := range ids {
		d.change(id)
	}
	return d
}

func (d *ThemeDiff) change(theme string) *ThemeChange {
	i := slices.IndexFunc(d.Themes, func(c ThemeChange) bool { return c.Theme == theme })
	if i < 0 {
		i = len(d.Themes)
		d.Themes = append(d.Themes, ThemeChange{Theme: theme, Added: []ThemeMove{}, Removed: []ThemeMove{}})
	}
	return &d.Themes[i]
}

// Add counts an article as it is filed, and as it would be.
func (d *ThemeDiff) Add(a *Article, after Analysis) {
	d.Articles++
	changed := false
	for _, f := range a.Filings {
		c := d.change(f.Theme)
		c.Before++
		if !slices.ContainsFunc(after.Filings, func(g Filing) bool { return g.Theme == f.Theme }) {
			c.Removed = append(c.Removed, move(a, f.Theme, after))
			changed = true
		}
	}
	for _, f := range after.Filings {
		c := d.change(f.Theme)
		c.After++
		if !slices.ContainsFunc(a.Filings, func(g Filing) bool { return g.Theme == f.Theme }) {
			c.Added = append(c.Added, move(a, f.Theme, after))
			changed = true
		}
	}
	if changed {
		d.Changed++
	}
}

func move(a *Article, theme string, after Analysis) ThemeMove {
	m := ThemeMove{
		Key: a.Key, Source: a.Source, Language: a.Language, Title: a.DisplayTitle(),
		Before: a.Analysis.about(theme), After: after.about(theme),
	}
	m.Reason = m.After.Reason()
	if m.After.Theme == "" {
		m.Reason = theme + " finds nothing now; before: " + m.Before.Reason()
	}
	return m
}

// about returns the filing or near miss of a theme, or the zero Filing.
func (a *Analysis) about(theme string) Filing {
	for _, list := range [][]Filing{a.Filings, a.NearMisses} {
		for _, f := range list {
			if f.Theme == theme {
				return f
			}
		}
	}
	return Filing{}
}
