package app

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"broadsheet/syndicate"
	"broadsheet/syndicate/collect"
)

// together is how many sources a `collect` command polls at a time.
const together = 8

// A SourceState is a source as `sources list` shows it.
type SourceState struct {
	Name   string         `json:"name"`
	Title  string         `json:"title"`
	URL    string         `json:"url"`
	Kind   syndicate.Kind `json:"kind"`
	Stored int            `json:"articles"` // in the store
	Poll   syndicate.Poll `json:"poll"`
	Hub    string         `json:"hub,omitempty"` // how the subscription to the hub that its document names is
}

// Sources returns how each configured source is, in the order of the
// configuration.
func (a *App) Sources(ctx context.Context) ([]SourceState, error) {
	list, err := a.polled(ctx)
	if err != nil {
		return nil, err
	}
	counts, err := a.store.SourceCounts(ctx)
	for i := range list {
		list[i].Stored = counts[list[i].Name]
	}
	return list, err
}

// polled returns the state of every source without what is stored of it, which
// takes counting all articles.
func (a *App) polled(ctx context.Context) ([]SourceState, error) {
	polls, err := a.store.Polls(ctx)
	if err != nil {
		return nil, err
	}
	subs, err := a.store.Subscriptions(ctx, "")
	if err != nil {
		return nil, err
	}
	hubs := map[string]string{}
	for _, sub := range subs {
		if sub.State != syndicate.SubscriptionLeaving {
			hubs[sub.Source] = sub.Describe(a.opts.Now())
		}
	}
	bySource := map[string]syndicate.Poll{}
	for _, p := range polls {
		bySource[p.Source] = p
	}
	list := []SourceState{}
	for _, s := range a.Config().Sources {
		list = append(list, SourceState{
			Name: s.Name, Title: s.DisplayTitle(), URL: s.URL, Kind: s.Kind,
			Poll: bySource[s.Name], Hub: hubs[s.Name],
		})
	}
	return list, nil
}

// Collect polls the named sources, all when none is named, and returns what
// came of it in the order of the configuration. Each report is also handed to
// show as it comes in. Before that, stored articles are filed by the themes in
// force.
func (a *App) Collect(ctx context.Context, names []string, force bool, show func(PollReport)) ([]PollReport, error) {
	p := a.parts.Load()
	picked := []syndicate.Source{}
	for _, s := range p.cfg.Sources {
		if len(names) == 0 || slices.Contains(names, s.Name) {
			picked = append(picked, s)
		}
	}
	for _, n := range names {
		if _, ok := p.sources[n]; !ok {
			return nil, noSource(n, p)
		}
	}
	if err := a.refileAll(ctx); err != nil {
		return nil, err
	}
	reports := make([]PollReport, len(picked))
	done := make(chan PollReport)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(together + 1)
	group.Go(func() error {
		for range picked {
			select {
			case r := <-done:
				show(r)
			case <-ctx.Done():
				return nil // whoever failed says why
			}
		}
		return nil
	})
	for i, s := range picked {
		group.Go(func() error {
			r, err := p.collector.Poll(ctx, s, collect.Options{Force: force})
			if err != nil {
				return err
			}
			if s.FullText {
				if _, err := p.collector.Pages(ctx, a.store, s); err != nil {
					return err
				}
			}
			reports[i] = PollReport{r}
			select {
			case done <- reports[i]:
			case <-ctx.Done():
			}
			return nil
		})
	}
	return reports, group.Wait()
}

func (p *parts) sourceNames() []string {
	names := make([]string, len(p.cfg.Sources))
	for i, s := range p.cfg.Sources {
		names[i] = s.Name
	}
	return names
}
