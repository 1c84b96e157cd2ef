package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"broadsheet/mailer"
	"broadsheet/mailer/compose"
	"broadsheet/mailer/deliver"
	"broadsheet/mailer/submit"
	"broadsheet/syndicate"
)

// Preview returns the edition of a digest as it would be now, as it would come
// to an address ("" is the digest's first recipient) by what its subscriber
// wants, in a format: html, text, or eml. Nothing is stored or sent.
func (a *App) Preview(ctx context.Context, name, to, format string) ([]byte, error) {
	p := a.parts.Load()
	d, ok := p.digests[name]
	if !ok {
		return nil, fmt.Errorf("digest %q: %w", name, syndicate.ErrNotFound)
	}
	who, err := a.audienceOf(ctx, name, to)
	if err != nil {
		return nil, err
	}
	e, err := a.composeNow(ctx, p, d, a.opts.Now(), compose.Opts{DryRun: true, As: who})
	if err != nil {
		return nil, err
	}
	if to == "" && len(d.To) > 0 {
		to = d.To[0]
	}
	if to == "" && format == "eml" {
		return nil, fmt.Errorf("digest %s has no recipient; name one with --to ADDRESS", name)
	}
	return p.show(e, e.Body(0), to, format)
}

// PreviewVariant is Preview of one of the variants of a plan, by its key: the
// next edition when it is due, as those who chose it would get it. The error is
// syndicate.ErrNotFound when nobody would get such a variant.
func (a *App) PreviewVariant(ctx context.Context, name, key, to, format string) ([]byte, error) {
	p := a.parts.Load()
	d, ok := p.digests[name]
	if !ok {
		return nil, fmt.Errorf("digest %q: %w", name, syndicate.ErrNotFound)
	}
	e, err := a.planned(ctx, p, d)
	if err != nil {
		return nil, err
	}
	for i := range e.Variants {
		v := &e.Variants[i]
		if v.Empty == "" && variantKey(v) == key {
			return p.show(e, v.Body(), to, format)
		}
	}
	return nil, fmt.Errorf("variant %q of %s: %w", key, name, syndicate.ErrNotFound)
}

// PreviewEdition returns an edition that was made, or the variant of it with an
// ID, as PreviewVariant does: the bytes that its mails have but for what is
// each recipient's own.
func (a *App) PreviewEdition(ctx context.Context, name string, number int, variant int64, to, format string) ([]byte, error) {
	e, err := a.store.NumberedEdition(ctx, name, number)
	if err != nil {
		return nil, err
	}
	body := e.Body(0)
	if variant != 0 {
		v, err := a.store.Variant(ctx, e.ID, variant)
		if err != nil {
			return nil, err
		}
		body = v.Body()
	}
	return a.parts.Load().show(&e, body, to, format)
}

// show returns what an address is sent of an edition, in a format.
func (p *parts) show(e *mailer.Edition, body *mailer.Body, to, format string) ([]byte, error) {
	delivery := mailer.Delivery{To: to, Recipient: mailer.FixedID(to), MessageID: mailer.MessageID(e.Digest, e.At, to, p.cfg.Mail.From)}
	m := p.deliverer.Sender.Message(e, body, delivery)
	switch format {
	case "html":
		return []byte(strings.ReplaceAll(m.HTML, mailer.TokenMark, m.Token)), nil
	case "text":
		return []byte(strings.ReplaceAll(m.Text, mailer.TokenMark, m.Token)), nil
	}
	return submit.Sign(p.cfg.Mail, m)
}

// audienceOf returns what the subscriber with an address wants of a digest, nil
// for an address that is none of its subscribers.
func (a *App) audienceOf(ctx context.Context, digest, email string) (*mailer.Audience, error) {
	s, err := a.store.Subscriber(ctx, email)
	if errors.Is(err, syndicate.ErrNotFound) || err == nil && !slices.Contains(s.Digests, digest) {
		return nil, nil //nolint:nilnil // that is an answer
	}
	if err != nil {
		return nil, err
	}
	marks, err := a.store.Marks(ctx, s.ID)
	return &mailer.Audience{Selection: s.Selection, Rhythm: s.Rhythm, Last: marks[digest], Subscribers: 1}, err
}

// composeNow composes an edition once all articles are compared with others, so
// that it tells each story once.
func (a *App) composeNow(ctx context.Context, p *parts, d mailer.Digest, at time.Time, o compose.Opts) (*mailer.Edition, error) {
	if err := a.TellStories(ctx); err != nil {
		return nil, err
	}
	return p.composer.Compose(ctx, d, at, o)
}

// Sent is an edition with what became of its deliveries.
type Sent struct {
	Edition    mailer.Edition
	Counts     map[mailer.State]int
	Deliveries []mailer.Delivery // at most shownDeliveries, first those that did not arrive
	Earlier    deliver.Summary   // of earlier editions of the digest that were not finished
}

// Later returns how many recipients get the edition at an hour to come.
func (s Sent) Later() int {
	n := 0
	for i := range s.Edition.Shares {
		if sh := &s.Edition.Shares[i]; sh.SendAt.After(s.Edition.Created) && (sh.Variant < 0 || s.Edition.Variants[sh.Variant].Empty == "") {
			n += sh.Subscribers
		}
	}
	return min(n, s.Counts[mailer.Planned])
}

// Missing returns how many recipients do not have the edition, and should.
func (s Sent) Missing() int {
	n := -s.Later()
	for state, k := range s.Counts {
		if state != mailer.Accepted && state != mailer.Suppressed {
			n += k
		}
	}
	return n
}

// shownDeliveries is how many deliveries of an edition are told one by one.
const shownDeliveries = 50

// Send finishes earlier editions of a digest that are due, composes an edition
// now and delivers it. With an address it goes there alone, as a trial that
// takes no article from the next edition. The error is an *OnHoldError for a
// digest on hold.
func (a *App) Send(ctx context.Context, name, to string) (Sent, error) {
	return a.send(ctx, name, to, false)
}

// SendAnyway is Send to all, even what large providers would refuse. So are the
// retries of that edition, whatever process makes them.
func (a *App) SendAnyway(ctx context.Context, name string) (Sent, error) {
	return a.send(ctx, name, "", true)
}

func (a *App) send(ctx context.Context, name, to string, anyway bool) (Sent, error) {
	p := a.parts.Load()
	d, ok := p.digests[name]
	if !ok {
		return Sent{}, fmt.Errorf("digest %q: %w", name, syndicate.ErrNotFound)
	}
	if to != "" {
		return a.sendTrial(ctx, p, d, to)
	}
	if err := a.notOnHold(ctx, name); err != nil {
		return Sent{}, err
	}
	earlier, err := a.finish(ctx, p, name, anyway)
	if err != nil {
		return Sent{}, err
	}
	e, err := a.composeNow(ctx, p, d, a.opts.Now(), compose.Opts{})
	if err != nil {
		return Sent{}, err
	}
	sent := Sent{Edition: *e, Earlier: earlier}
	if e.Skipped != "" {
		return sent, nil
	}
	if anyway {
		if err := a.store.AllowBulk(ctx, e.ID); err != nil {
			return sent, err
		}
	}
	_, failed := a.deliverEdition(ctx, p, e.ID)
	sent.Counts, sent.Deliveries, err = a.account(ctx, e.ID)
	return sent, errors.Join(failed, err)
}

// account returns what became of an edition that was delivered. Some of it may
// be in the hands of another process, or of a job of this one, which is given a
// minute: as long as a lease lasts that nobody renews.
func (a *App) account(ctx context.Context, edition int64) (map[mailer.State]int, []mailer.Delivery, error) {
	limit := time.NewTimer(time.Minute)
	defer limit.Stop()
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	for {
		counts, deliveries, err := a.store.Account(ctx, edition, shownDeliveries)
		if err != nil || counts[mailer.Leased] == 0 {
			return counts, deliveries, err
		}
		select {
		case <-look.C:
		case <-limit.C:
			return counts, deliveries, nil
		case <-ctx.Done():
			return counts, deliveries, ctx.Err()
		}
	}
}

// finish delivers what is due of the earlier editions of a digest, such as
// those that a crash interrupted.
func (a *App) finish(ctx context.Context, p *parts, name string, anyway bool) (deliver.Summary, error) {
	var sum deliver.Summary
	due, err := a.store.DueEditions(ctx, a.opts.Now())
	if err != nil {
		return sum, err
	}
	for _, id := range due {
		e, err := a.store.Edition(ctx, id)
		if err != nil {
			return sum, err
		}
		if e.Digest != name {
			continue
		}
		if anyway {
			if err := a.store.AllowBulk(ctx, id); err != nil {
				return sum, err
			}
		}
		s, err := a.deliverEdition(ctx, p, id)
		sum.Accepted += s.Accepted
		sum.Deferred += s.Deferred
		sum.Failed += s.Failed
		sum.Uncertain += s.Uncertain
		if err != nil {
			return sum, err
		}
	}
	return sum, nil
}

func (a *App) sendTrial(ctx context.Context, p *parts, d mailer.Digest, to string) (Sent, error) {
	e, err := a.composeNow(ctx, p, d, a.opts.Now(), compose.Opts{To: []string{to}})
	if err != nil {
		return Sent{}, err
	}
	if e.Skipped != "" {
		return Sent{Edition: *e}, nil
	}
	if _, err := p.deliverer.SendTest(ctx, e, []string{to}); err != nil {
		return Sent{}, err
	}
	return Sent{Edition: *e, Counts: map[mailer.State]int{mailer.Accepted: 1}, Deliveries: []mailer.Delivery{{To: to, State: mailer.Accepted, Reply: "trial"}}}, nil
}
