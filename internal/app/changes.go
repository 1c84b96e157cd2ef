package app

import (
	"context"
	"time"

	"broadsheet/internal/store"
)

// changesEvery is how often each process that serves feeds looks whether
// articles have changed, its own writing or another's: a query for one number.
const changesEvery = 250 * time.Millisecond

// distributeRetry is how long the hub waits when it could not look.
const distributeRetry = 15 * time.Second

// watchArticles keeps version what the store says it is, until ctx is done.
func (a *App) watchArticles(ctx context.Context) error {
	tick := time.NewTicker(changesEvery)
	defer tick.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		err := a.seeChanges(ctx)
		if err != nil && !failing && ctx.Err() == nil {
			a.log.Warn("changes of articles are not seen; feeds are served as they were", "error", err)
		}
		failing = err != nil
	}
}

// seeChanges looks once.
func (a *App) seeChanges(ctx context.Context) error {
	version, looked, err := a.store.Version(ctx)
	if err != nil {
		return err
	}
	a.version.Store(version)
	if !looked {
		a.tellHub()
	}
	return nil
}

// tellHub has the hub look at what is followed.
func (a *App) tellHub() {
	select {
	case a.news <- struct{}{}:
	default: // it has been told already
	}
}

// distribute has the hub push what has changed, until ctx is done.
func (a *App) distribute(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-a.news:
		}
		version := a.version.Load() // before looking: what is looked at is at least that new
		err := a.parts.Load().hub.Distribute(ctx)
		if err == nil {
			err = a.store.Looked(ctx, version)
		}
		if err != nil && ctx.Err() == nil {
			a.log.Warn("changes are not pushed yet", "error", err)
			select {
			case <-ctx.Done():
			case <-time.After(distributeRetry):
			}
		}
	}
}

// followers asks the followers of a host back and pushes to them. Those that
// are left over are due at the next tick.
func (a *App) followers(ctx context.Context, j store.FollowerJob) error {
	return unlessSlow(a.parts.Load().hub.Work(ctx, j.Host))
}
