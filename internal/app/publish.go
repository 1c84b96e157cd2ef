package app

import (
	"context"
	"fmt"
	"slices"

	"broadsheet/syndicate"
)

// Feed returns a feed in a format: rss, atom or json.
func (a *App) Feed(ctx context.Context, name, format string) (syndicate.Document, error) {
	return a.parts.Load().publisher.Feed(ctx, name, format)
}

// FeedNames returns the names of all feeds.
func (a *App) FeedNames() []string {
	p := a.parts.Load()
	var names []string
	for _, l := range p.publisher.Listed(p.cfg.Site.Language) {
		names = append(names, l.Name)
	}
	return names
}

// Search returns the newest articles that a query selects, or those that suit
// it best, at most limit. The error is a *syndicate.QueryError for a query that
// cannot be understood.
func (a *App) Search(ctx context.Context, query string, best bool, limit int) (syndicate.Found, error) {
	q, err := syndicate.ParseQuery(query, a.Config().Site.Location)
	if err != nil {
		return syndicate.Found{}, err
	}
	return a.store.Search(ctx, q, a.opts.Now(), best, limit, 0)
}

// An Explanation says what became of an article.
type Explanation struct {
	Article  syndicate.Article `json:"article"`
	Reasons  []string          `json:"reasons"`
	Story    *syndicate.Story  `json:"story,omitempty"` // with the articles that tell the same
	Feeds    []string          `json:"feeds"`           // addresses
	Editions []string          `json:"editions"`        // addresses
}

// Explain returns what became of an article. The error wraps
// syndicate.ErrNotFound when there is none.
func (a *App) Explain(ctx context.Context, key string) (Explanation, error) {
	x, err := a.store.Article(ctx, key)
	if err != nil {
		return Explanation{}, err
	}
	cfg := a.Config()
	e := Explanation{Article: x, Reasons: []string{}, Feeds: []string{cfg.Site.FeedURL("all", "atom")}, Editions: []string{}}
	for _, f := range x.Filings {
		e.Reasons = append(e.Reasons, f.Reason())
		if slices.ContainsFunc(cfg.Themes, func(t syndicate.Theme) bool { return t.ID == f.Theme }) {
			e.Feeds = append(e.Feeds, cfg.Site.FeedURL(f.Theme, "atom"))
		}
	}
	for _, f := range cfg.Feeds {
		if f.Query.Match(&x, a.opts.Now()) {
			e.Feeds = append(e.Feeds, cfg.Site.FeedURL(f.Name, "atom"))
		}
	}
	e.Feeds = append(e.Feeds, cfg.Site.FeedURL("source-"+x.Source, "atom"))
	stories, err := a.store.StoriesOf(ctx, []string{key})
	if err != nil {
		return Explanation{}, err
	}
	e.Story = stories[key]
	editions, err := a.store.EditionsOf(ctx, key)
	if err != nil {
		return Explanation{}, err
	}
	for _, ed := range editions {
		e.Editions = append(e.Editions, cfg.Site.Link(fmt.Sprintf("/digests/%s/%d", ed.Digest, ed.Number)))
	}
	return e, nil
}
