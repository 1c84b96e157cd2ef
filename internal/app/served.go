package app

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"broadsheet/internal/store"
	"broadsheet/syndicate"
)

// saveServedEvery is how often it is stored as what feeds were sent: a feed
// must not wait for the database to be sent.
const saveServedEvery = 10 * time.Second

// A servedFeeds remembers as what feeds were sent. What is not stored yet when
// the process is killed is forgotten.
type servedFeeds struct {
	store *store.Store

	mu    sync.Mutex
	fresh map[string]syndicate.Served // not stored yet
}

// LastServed implements web.Served.
func (s *servedFeeds) LastServed(ctx context.Context, feed string) (syndicate.Served, error) {
	s.mu.Lock()
	f, ok := s.fresh[feed]
	s.mu.Unlock()
	if ok {
		return f, nil
	}
	return s.store.LastServed(ctx, feed)
}

// NoteServed implements web.Served.
func (s *servedFeeds) NoteServed(f syndicate.Served) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fresh == nil {
		s.fresh = map[string]syndicate.Served{}
	}
	s.fresh[f.Feed] = f
}

// save stores what is not stored yet. What could not be stored is tried again.
func (s *servedFeeds) save(ctx context.Context) error {
	s.mu.Lock()
	fresh := maps.Clone(s.fresh)
	s.mu.Unlock()
	if len(fresh) == 0 {
		return nil
	}
	if err := s.store.SaveServed(ctx, slices.Collect(maps.Values(fresh))); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for feed, f := range fresh {
		if s.fresh[feed] == f {
			delete(s.fresh, feed)
		}
	}
	return nil
}

// rememberServed stores as what feeds are sent until ctx ends.
func (a *App) rememberServed(ctx context.Context) {
	t := time.NewTicker(saveServedEvery)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			if err := a.served.save(ctx); err != nil && ctx.Err() == nil {
				a.log.WarnContext(ctx, "as what feeds were sent is not stored; it is tried again", "error", err)
			}
		case <-ctx.Done():
			return
		}
	}
}
