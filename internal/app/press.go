package app

import (
	"context"
	"fmt"

	"broadsheet/internal/store"
	"broadsheet/internal/web"
	"broadsheet/mailer"
	"broadsheet/syndicate"
)

// DigestStates implements web.Press.
func (d adminDesk) DigestStates(ctx context.Context) ([]web.DigestState, error) {
	p := d.parts.Load()
	stored, err := d.store.Digests(ctx)
	if err != nil {
		return nil, err
	}
	states := make([]web.DigestState, 0, len(stored))
	for _, g := range stored {
		digest, ok := p.digests[g.Name]
		if !ok {
			continue // it left the configuration just now
		}
		states = append(states, web.DigestState{Digest: digest, NextAt: g.NextAt, OnHold: g.OnHold})
	}
	return states, nil
}

// CountAudience implements web.Press.
func (d adminDesk) CountAudience(ctx context.Context, digest string) (int, error) {
	return d.store.CountAudience(ctx, digest)
}

// SendTest implements web.Press.
func (d adminDesk) SendTest(ctx context.Context, digest, to string) (skipped string, err error) {
	if err := d.note(ctx, syndicate.ActionTest, digest, to); err != nil {
		return "", err
	}
	sent, err := d.Send(ctx, digest, to)
	return sent.Edition.Skipped, err
}

// SendSoon implements web.Press: the digest is due now, and is found to be by
// the next tick.
func (d adminDesk) SendSoon(ctx context.Context, digest string) error {
	if _, ok := d.parts.Load().digests[digest]; !ok {
		return fmt.Errorf("digest %q: %w", digest, syndicate.ErrNotFound)
	}
	if err := d.note(ctx, syndicate.ActionSend, digest, ""); err != nil {
		return err
	}
	if err := d.store.HurryDigest(ctx, digest, d.opts.Now()); err != nil {
		return err
	}
	if q := d.queue.Load(); q != nil {
		return q.Enqueue(ctx, nil, tickJob{})
	}
	return nil
}

// Tallies implements web.Press.
func (d adminDesk) Tallies(ctx context.Context, editions []int64) (map[int64]map[mailer.State]int, error) {
	return d.store.Tallies(ctx, editions)
}

// Variants implements web.Planner.
func (d adminDesk) Variants(ctx context.Context, edition int64, limit int) ([]mailer.Variant, error) {
	return d.store.Variants(ctx, edition, limit)
}

// Account implements web.Press.
func (d adminDesk) Account(ctx context.Context, edition int64, n int) (map[mailer.State]int, []mailer.Delivery, error) {
	return d.store.Account(ctx, edition, n)
}

// Progress implements web.Press.
func (d adminDesk) Progress(ctx context.Context, digest string, number int) (web.Progress, error) {
	all, err := d.underWay(ctx)
	if err != nil {
		return web.Progress{}, err
	}
	for _, u := range all {
		if u.Digest == digest && u.Edition == number {
			return web.Progress{Waiting: u.Waiting, PerMinute: u.PerMinute, Until: u.Until, Halted: u.Halted, Held: u.Halted == store.HeldByOperator}, nil
		}
	}
	return web.Progress{}, nil
}

// CancelEdition implements web.Press.
func (d adminDesk) CancelEdition(ctx context.Context, digest string, number int) error {
	if err := d.note(ctx, syndicate.ActionCancel, fmt.Sprintf("%s/%d", digest, number), ""); err != nil {
		return err
	}
	_, err := d.App.CancelEdition(ctx, digest, number)
	return err
}

// ResendEdition implements web.Press: the queue sends.
func (d adminDesk) ResendEdition(ctx context.Context, digest string, number int) error {
	e, err := d.store.NumberedEdition(ctx, digest, number)
	if err != nil {
		return err
	}
	if err := d.note(ctx, syndicate.ActionResend, fmt.Sprintf("%s/%d", digest, number), ""); err != nil {
		return err
	}
	_, err = d.store.Resend(ctx, e.ID, d.opts.Now())
	return err
}
