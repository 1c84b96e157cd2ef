package app

import (
	"context"
	"fmt"

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
		n, err := d.store.CountAudience(ctx, g.Name)
		if err != nil {
			return nil, err
		}
		states = append(states, web.DigestState{Digest: digest, NextAt: g.NextAt, Subscribers: n})
	}
	return states, nil
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

// Account implements web.Press.
func (d adminDesk) Account(ctx context.Context, edition int64, n int) (map[mailer.State]int, []mailer.Delivery, error) {
	return d.store.Account(ctx, edition, n)
}
