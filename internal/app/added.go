package app

import (
	"context"
	"slices"
	"time"

	"broadsheet/internal/config"
	"broadsheet/internal/store"
	"broadsheet/syndicate"
	"broadsheet/templates"
)

// withAdded returns a configuration with the sources that are kept in the
// database behind its own. What the configuration has itself, by name or by
// address, counts: an operator who moves a source into the file need not take
// it out of the database first.
func (a *App) withAdded(ctx context.Context, cfg *config.Config) (*config.Config, error) {
	added, err := a.store.AddedSources(ctx)
	if err != nil || len(added) == 0 {
		return cfg, err
	}
	whole := *cfg
	whole.Sources = slices.Clone(cfg.Sources)
	for _, s := range added {
		if slices.ContainsFunc(whole.Sources, func(have syndicate.Source) bool { return have.Name == s.Name || have.URL == s.URL }) {
			a.log.Info("a source of the database is in the configuration, which counts", "source", s.Name)
			continue
		}
		whole.Sources = append(whole.Sources, sourceOf(cfg, s))
	}
	return &whole, nil
}

func sourceOf(cfg *config.Config, s store.AddedSource) syndicate.Source {
	return syndicate.Source{
		Name: s.Name, Title: s.Title, URL: s.URL, Kind: s.Kind, Language: s.Language, Page: s.Page,
		Every: cfg.Polling.Every, Location: cfg.Site.Location,
	}
}

// readAdded puts the sources that the database has now in force.
func (a *App) readAdded(ctx context.Context) error { return a.Reload(ctx, a.parts.Load().file) }

// watchAdded has the sources of the database in force here that another
// process has accepted or dropped, until ctx is done. It looks once a tick, and
// finds a handful of rows.
func (a *App) watchAdded(ctx context.Context) error {
	tick := time.NewTicker(a.opts.Tick)
	defer tick.Stop()
	var seen []store.AddedSource
	failing := false
	for {
		added, err := a.store.AddedSources(ctx)
		if err == nil && !slices.Equal(added, seen) {
			if err = a.readAdded(ctx); err == nil {
				seen = added
			}
		}
		if err != nil && !failing && ctx.Err() == nil {
			a.log.Warn("sources that other processes accept are not seen", "error", err)
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// contributions returns the source of what visitors sent in.
func contributions(cfg *config.Config) (syndicate.Source, error) {
	text, err := templates.Locale(cfg.Site.Language)
	return syndicate.Source{
		Name: syndicate.ContributionsSource, Title: text.T("web.contribute.source"), URL: cfg.Site.Link("/contribute"),
		Kind: syndicate.KindFeed, Location: cfg.Site.Location,
	}, err
}
