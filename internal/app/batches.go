package app

import (
	"context"
	"time"
)

// A pauser waits for d, or until ctx ends and then returns why.
type pauser func(ctx context.Context, d time.Duration) error

// inBatches does long work by calls of step, each a transaction, until step
// says that no more is left. After each it pauses for as long as the step
// took: SQLite has one writer at a time and no queue for them, and without the
// pause polls were kept from storing for minutes. A nil pause is none, for
// work that somebody waits for.
func inBatches(ctx context.Context, pause pauser, step func(context.Context) (more bool, err error)) error {
	for {
		began := time.Now()
		more, err := step(ctx)
		if err != nil || !more {
			return err
		}
		if pause == nil {
			continue
		}
		if err := pause(ctx, time.Since(began)); err != nil {
			return err
		}
	}
}

// standAside is the pauser of the daemon.
func standAside(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
