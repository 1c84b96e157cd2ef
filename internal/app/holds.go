package app

import (
	"context"
	"fmt"
	"time"

	"broadsheet/internal/store"
	"broadsheet/syndicate"
)

// An OnHoldError says that no edition of a digest is made, because an operator
// holds it.
type OnHoldError struct {
	Digest string
	Since  time.Time
}

// Error gives the fault and the remedy.
func (e *OnHoldError) Error() string {
	return fmt.Sprintf("digest %s is on hold since %s; broadsheet digest release %s lets it go", e.Digest, e.Since.UTC().Format(time.RFC3339), e.Digest)
}

// notOnHold returns an OnHoldError for a digest that an operator holds.
func (a *App) notOnHold(ctx context.Context, digest string) error {
	state, err := a.digestState(ctx, digest)
	if err == nil && !state.OnHold.IsZero() {
		err = &OnHoldError{digest, state.OnHold}
	}
	return err
}

// HoldDigest keeps the editions of a digest from being made until
// ReleaseDigest. What is being delivered goes on. The error wraps
// syndicate.ErrNotFound when there is no such digest.
func (a *App) HoldDigest(ctx context.Context, digest string) error {
	if _, ok := a.parts.Load().digests[digest]; !ok {
		return fmt.Errorf("digest %q: %w", digest, syndicate.ErrNotFound)
	}
	if err := a.note(ctx, syndicate.ActionHold, digest, ""); err != nil {
		return err
	}
	return a.store.HoldDigest(ctx, digest, a.opts.Now())
}

// ReleaseDigest ends the hold of a digest, and reports whether there was one.
// An edition that came due meanwhile is made at the next tick of the daemon.
func (a *App) ReleaseDigest(ctx context.Context, digest string) (bool, error) {
	if _, ok := a.parts.Load().digests[digest]; !ok {
		return false, fmt.Errorf("digest %q: %w", digest, syndicate.ErrNotFound)
	}
	if err := a.note(ctx, syndicate.ActionRelease, digest, ""); err != nil {
		return false, err
	}
	released, err := a.store.ReleaseDigest(ctx, digest, a.opts.Now())
	if q := a.queue.Load(); err == nil && q != nil {
		err = q.Enqueue(ctx, nil, tickJob{})
	}
	return released, err
}

// HoldEdition stops the delivery of an edition, in this process and all others
// within moments, until ReleaseEdition: unlike CancelEdition it gives nothing
// up. It reports false for an edition that is halted for another reason already
// and stays so.
func (a *App) HoldEdition(ctx context.Context, digest string, number int) (bool, error) {
	e, err := a.store.NumberedEdition(ctx, digest, number)
	if err != nil {
		return false, fmt.Errorf("edition %d of %s: %w", number, digest, err)
	}
	if err := a.note(ctx, syndicate.ActionHold, fmt.Sprintf("%s/%d", digest, number), ""); err != nil {
		return false, err
	}
	if err := a.store.Halt(ctx, e.ID, store.HeldByOperator); err != nil {
		return false, err
	}
	a.parts.Load().deliverer.Halt(e.ID)
	why, err := a.store.Halted(ctx, e.ID)
	return why == store.HeldByOperator, err
}

// ReleaseEdition lets an edition go on that was held, and reports whether it
// was. A daemon sends the rest.
func (a *App) ReleaseEdition(ctx context.Context, digest string, number int) (bool, error) {
	e, err := a.store.NumberedEdition(ctx, digest, number)
	if err != nil {
		return false, fmt.Errorf("edition %d of %s: %w", number, digest, err)
	}
	if err := a.note(ctx, syndicate.ActionRelease, fmt.Sprintf("%s/%d", digest, number), ""); err != nil {
		return false, err
	}
	return a.store.ReleaseEdition(ctx, e.ID)
}

// keepTallies keeps the final account of each edition that is finished.
func (a *App) keepTallies(ctx context.Context) error {
	ids, err := a.store.Untallied(ctx)
	for _, id := range ids {
		if _, err := a.store.KeepTally(ctx, id); err != nil {
			return err
		}
	}
	return err
}
