package compose

import (
	"context"
	"fmt"
	"slices"
	"time"

	"broadsheet/mailer"
	"broadsheet/syndicate"
)

// slack is how long an article may take from being first seen to being stored.
const slack = time.Hour

// A pool is the articles that an edition may tell anybody.
type pool struct {
	articles []piece
	told     mailer.Told
	marks    map[int64]mailer.Mark // by Share.After; 0 is the edition before
	queries  map[string]asked      // of selections, by their texts
}

// An asked is which articles of a pool a query selects.
type asked struct {
	err  error  // it cannot be read
	hits []bool // by piece.index
}

// A piece is an article with what it is worth to anybody.
type piece struct {
	syndicate.Told
	index   int     // in the pool
	tellers int     // sources that tell it
	figures float64 // points for its figures
	amount  string  // the figure that they are for
}

// pool returns the articles that an edition may tell those whose last edition
// is the longest ago.
func (c *Composer) pool(ctx context.Context, d mailer.Digest, e *mailer.Edition, marks map[int64]mailer.Mark) (*pool, error) {
	q, err := selection(d, c.themes(d), c.location(d))
	if err != nil {
		return nil, err
	}
	p := &pool{marks: marks}
	since, upTo := e.Since, marks[0].Edition
	for _, m := range marks {
		if upTo = min(upTo, m.Edition); m.Edition != 0 && m.Since.Before(since) {
			since = m.Since
		}
	}
	if first := e.Until.Add(-widest); since.Before(first) {
		since = first
	}
	articles, err := c.Store.Fresh(ctx, d.Name, q, upTo, since, e.Until)
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
	p.articles = make([]piece, len(articles))
	for i := range articles {
		a := &p.articles[i]
		a.Told = syndicate.Told{Article: articles[i], Story: stories[keys[i]]}
		a.index, a.tellers = i, tellers(&a.Told)
		a.figures, a.amount = worth(a.Figures)
		keys = append(keys, mates(a)...)
	}
	if p.told, err = c.Store.Mailed(ctx, d.Name, keys); err != nil {
		return nil, fmt.Errorf("look up what was told: %w", err)
	}
	return p, nil
}

// mates returns the keys of the articles that tell the story of an article, its
// own excepted. The story's ID is that of one that may be gone.
func mates(a *piece) []string {
	if a.Story == nil {
		return nil
	}
	keys := []string{a.Story.ID}
	for i := range a.Story.Tellings {
		if t := &a.Story.Tellings[i]; t.Key != a.Key {
			keys = append(keys, t.Key)
		}
	}
	return keys
}

// toldBy reports whether an edition up to the one with an ID told an article or
// its story.
func toldBy(told map[string]int64, a *piece, upTo int64) bool {
	by := func(key string) bool {
		id, ok := told[key]
		return ok && id <= upTo
	}
	return len(told) > 0 && (by(a.Key) || slices.ContainsFunc(mates(a), by))
}

// A window is what an edition may tell one audience: the articles of a pool
// after a mark that it was not told.
type window struct {
	c         *Composer
	d         mailer.Digest
	mark      mailer.Mark
	from, to  time.Time
	articles  []*piece
	important bool // tell what is important only
}

// window returns what an edition may tell those whose last edition had an ID,
// 0 for the edition before.
func (c *Composer) window(d mailer.Digest, e *mailer.Edition, p *pool, after int64) *window {
	w := &window{c: c, d: d, mark: p.marks[after], from: e.Since, to: e.Until}
	if after != 0 {
		w.from = w.mark.Until
	}
	first := w.mark.Since
	if late := w.mark.Until.Add(-slack); late.Before(first) {
		first = late
	}
	for i := range p.articles {
		a := &p.articles[i]
		if w.mark.Edition != 0 && (!a.FirstSeen.After(first) || toldBy(p.told.All, a, w.mark.Edition)) {
			continue
		}
		w.articles = append(w.articles, a)
	}
	return w
}

// ask finds out which articles the queries of shares select: all queries of an
// article at once, since most of the time goes into cutting it into words.
func (p *pool) ask(shares []mailer.Share, loc *time.Location, now time.Time) {
	p.queries = map[string]asked{}
	var texts []string
	var parsed []syndicate.Query
	for i := range shares {
		text := shares[i].Query
		if _, ok := p.queries[text]; ok || text == "" || shares[i].Wait != "" {
			continue
		}
		q, err := syndicate.ParseQuery(text, loc)
		p.queries[text] = asked{err: err, hits: make([]bool, len(p.articles))}
		if err == nil {
			texts, parsed = append(texts, text), append(parsed, q)
		}
	}
	if len(parsed) == 0 {
		return
	}
	for i := range p.articles {
		for j, hit := range syndicate.MatchEach(parsed, &p.articles[i].Article, now) {
			p.queries[texts[j]].hits[i] = hit
		}
	}
}

// narrow leaves in a window of all articles what a selection wants. The error
// is a *[syndicate.QueryError].
func (w *window) narrow(p *pool, sel mailer.Selection) error {
	q := p.queries[sel.Query]
	if q.err != nil {
		return q.err
	}
	told := p.told.To[sel.Wish()]
	w.articles = slices.DeleteFunc(w.articles, func(a *piece) bool {
		return toldBy(told, a, w.mark.Edition) || q.hits != nil && !q.hits[a.index]
	})
	return nil
}

// sections returns the articles of a window grouped by theme in the digest's
// order, without themes that have none. A theme's most important articles
// come, as many as there is room for; what else is new is counted as More. What
// the edition before had left out already was counted there.
func (w *window) sections(lang string) []mailer.Section {
	themes := w.c.themes(w.d)
	groups := map[string][]candidate{}
	for _, a := range once(slices.Clone(w.articles)) {
		if cd, ok := pick(a, themes); ok {
			w.weigh(&cd)
			groups[cd.filing.Theme] = append(groups[cd.filing.Theme], cd)
		}
	}
	var out []mailer.Section
	for _, t := range themes {
		group := groups[t.ID]
		slices.SortFunc(group, rank)
		chosen := fill(group, max(w.d.MaxPerTheme, 1), w.important)
		if len(chosen) == 0 {
			continue
		}
		s := mailer.Section{Theme: t.ID, Title: t.DisplayTitle(lang), URL: w.c.Site.ThemeURL(t.ID)}
		var counted []candidate
		for i := range group {
			switch {
			case slices.Contains(chosen, i):
				s.Items = append(s.Items, w.c.item(group[i], themes, lang))
			case !group[i].carried:
				s.More++
			default:
				continue
			}
			counted = append(counted, group[i])
		}
		s.Sums = sums(counted)
		out = append(out, s)
	}
	return out
}
