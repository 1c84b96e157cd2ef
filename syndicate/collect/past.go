package collect

import (
	"context"
	"fmt"
	"strings"
	"time"

	"broadsheet/syndicate"
)

// When a document is a flood.
const (
	floodArticles = 5   // in it, at least
	floodStored   = 10  // of the source that are known, at least
	floodPast     = 500 // stored articles that it is compared with
)

// A History is what collecting asks about articles that a source brought
// before.
type History interface {
	// Recall returns the stored articles of a source that have one of the
	// alternate ids, and those set aside that have one of them or one of the
	// keys.
	Recall(ctx context.Context, source string, keys []string, alternates []int64) ([]syndicate.Trace, error)

	// Latest returns the n stored articles of a source that were first seen
	// last.
	Latest(ctx context.Context, source string, n int) ([]syndicate.Trace, error)

	// SetAside keeps articles of a source out of what Known, Latest and
	// readers see, and has Recall say why. Doing it twice is no error.
	SetAside(ctx context.Context, source, why string, articles []syndicate.Article, now time.Time) error
}

// A past is what is remembered of a document's articles.
type past struct {
	aside      map[string]string // why, by key
	alternates map[int64][]syndicate.Trace
}

// recall leaves out what is set aside, and gives articles that came under
// another scheme or host the keys they had; known gets the hashes of those.
func (p *poll) recall(ctx context.Context, all []syndicate.Article, known map[string]string) ([]syndicate.Article, error) {
	p.state.Held = 0
	if p.c.History == nil || !p.asked {
		return all, nil
	}
	was, err := p.pastOf(ctx, all, known)
	if err != nil {
		return nil, err
	}
	inDocument := make(map[string]bool, len(all))
	alternates := make(map[int64]int, len(all))
	for i := range all {
		inDocument[all[i].Key] = true
		alternates[all[i].Alternate]++
	}
	out := make([]syndicate.Article, 0, len(all))
	for i := range all {
		a := all[i]
		if _, ok := known[a.Key]; !ok {
			why := was.aside[a.Key]
			if like := was.alternates[a.Alternate]; why == "" && len(like) == 1 && alternates[a.Alternate] == 1 {
				if why = like[0].Aside; why == "" && !inDocument[like[0].Key] {
					p.rename(&a, like[0], known)
				}
			}
			if why == syndicate.Held {
				p.state.Held++
			}
			if why != "" {
				continue
			}
		}
		out = append(out, a)
	}
	return out, nil
}

func (p *poll) pastOf(ctx context.Context, all []syndicate.Article, known map[string]string) (past, error) {
	var keys []string
	var alternates []int64
	for i := range all {
		if _, ok := known[all[i].Key]; ok {
			continue
		}
		keys = append(keys, all[i].Key)
		if all[i].Alternate != 0 {
			alternates = append(alternates, all[i].Alternate)
		}
	}
	was := past{aside: map[string]string{}, alternates: map[int64][]syndicate.Trace{}}
	if len(keys) == 0 {
		return was, nil
	}
	traces, err := p.c.History.Recall(ctx, p.src.Name, keys, alternates)
	if err != nil {
		return was, fmt.Errorf("look back on %d articles: %w", len(keys), err)
	}
	seen := map[string]bool{}
	for _, t := range traces {
		if seen[t.Key] {
			continue
		}
		seen[t.Key] = true
		if t.Aside != "" {
			was.aside[t.Key] = t.Aside
		}
		if t.Alternate != 0 {
			was.alternates[t.Alternate] = append(was.alternates[t.Alternate], t)
		}
	}
	return was, nil
}

// rename gives an article the key of the one it was before it moved. Moving
// alone is no correction.
func (p *poll) rename(a *syndicate.Article, was syndicate.Trace, known map[string]string) {
	a.Key = was.Key
	known[a.Key] = was.Hash
	if a.URL != was.URL {
		if p.moved == nil {
			p.moved = map[string]time.Time{}
		}
		p.moved[a.Key] = was.Changed
	}
}

// guard holds a flood: of the new articles of a document, of which nearly all
// are new, those that are old in truth. A source that gives new ids to
// everything it has, or brings out its archive, would otherwise fill a digest
// with last month's news. What is news beside them comes in as ever.
//
// Old is what was published before the newest article that is stored, and what
// has a title that one stored article has. It is a flood when nearly all of
// the new ones are old.
func (p *poll) guard(ctx context.Context, fresh []syndicate.Article, known map[string]string) ([]syndicate.Article, error) {
	if p.c.History == nil || !p.asked || p.state.Accepted {
		return fresh, nil
	}
	added := 0
	for i := range fresh {
		if _, ok := known[fresh[i].Key]; !ok {
			added++
		}
	}
	total := added + p.knownArticles
	if total < floodArticles || !nearlyAll(added, total) {
		return fresh, nil
	}
	latest, err := p.c.History.Latest(ctx, p.src.Name, floodPast)
	if err != nil {
		return nil, fmt.Errorf("look up its last articles: %w", err)
	}
	if len(latest) < floodStored {
		return fresh, nil
	}
	isOld := oldness(latest, fresh)
	var old, rest []syndicate.Article
	for i := range fresh {
		if _, ok := known[fresh[i].Key]; !ok && isOld(&fresh[i]) {
			old = append(old, fresh[i])
		} else {
			rest = append(rest, fresh[i])
		}
	}
	if !nearlyAll(len(old), added) {
		return fresh, nil
	}
	if err := p.c.History.SetAside(ctx, p.src.Name, syndicate.Held, old, p.now); err != nil {
		return nil, fmt.Errorf("hold %d articles: %w", len(old), err)
	}
	p.state.Held += len(old)
	return rest, nil
}

// oldness returns what tells whether an article of a document is old.
func oldness(latest []syndicate.Trace, document []syndicate.Article) func(*syndicate.Article) bool {
	var newest time.Time
	titles := make(map[string]int, len(latest))
	for _, t := range latest {
		titles[plainTitle(t.Title)]++
		if !t.Inferred && t.Published.After(newest) {
			newest = t.Published
		}
	}
	here := make(map[string]int, len(document))
	for i := range document {
		here[plainTitle(document[i].Title)]++
	}
	return func(a *syndicate.Article) bool {
		title := plainTitle(a.Title)
		if title != "" && titles[title] == 1 && here[title] == 1 {
			return true
		}
		return !a.Inferred && a.Published.Before(newest)
	}
}

// plainTitle returns a title as titles are compared.
func plainTitle(s string) string {
	return strings.Join(strings.Fields(strings.Map(syndicate.FoldRune, s)), " ")
}

// keep takes note of what a document was like when it came, for replaying it.
func (p *poll) keep(articles int, fault string) {
	if a := p.state.Answer; a != nil {
		a.Articles, a.New, a.Fault = articles, p.state.New, oneLine(fault)
	}
}
