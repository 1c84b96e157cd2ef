package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"time"

	"broadsheet/internal/store"
	"broadsheet/internal/web"
	"broadsheet/mailer"
	"broadsheet/syndicate"
)

// A readerDesk is what the pages work with on which people choose their mail.
type readerDesk struct{ *App }

// readers returns what those pages work with.
func (a *App) readers() *web.Readers {
	desk := readerDesk{a}
	return &web.Readers{Choices: desk, Records: desk, SignUps: desk, Secret: a.secret}
}

// Recipient implements web.Choices.
func (d readerDesk) Recipient(ctx context.Context, token string) (web.Recipient, error) {
	id, ok := mailer.TokenID(d.secret, token)
	if !ok {
		return web.Recipient{}, syndicate.ErrNotFound
	}
	if id < 0 {
		return d.fixed(ctx, id)
	}
	s, err := d.store.SubscriberByID(ctx, id)
	if errors.Is(err, syndicate.ErrNotFound) {
		return web.Recipient{Gone: true}, nil
	}
	if err != nil {
		return web.Recipient{}, err
	}
	r := web.Recipient{Subscriber: s, Titles: map[string]string{}}
	for _, g := range d.Config().Digests {
		if !g.Operator {
			r.Titles[g.Name] = digestTitle(&g)
		}
	}
	if s.Status == mailer.Active || s.Status == mailer.Paused {
		r.Feed = d.Config().Site.Link("/feeds/" + d.feedName(&s))
	}
	return r, nil
}

// fixed returns the fixed recipient with a number: the digests that are to go
// to the address, without those it was taken off.
func (d readerDesk) fixed(ctx context.Context, id int64) (web.Recipient, error) {
	out, err := d.store.OptOuts(ctx, id)
	if err != nil {
		return web.Recipient{}, err
	}
	r := web.Recipient{Fixed: true, Titles: map[string]string{}}
	r.Status = mailer.Unsubscribed
	for _, g := range d.Config().Digests {
		for _, to := range g.To {
			address := to
			if a, err := mail.ParseAddress(to); err == nil {
				address = a.Address
			}
			if mailer.FixedID(address) != id {
				continue
			}
			r.Email, r.Titles[g.Name] = address, digestTitle(&g)
			if !slices.Contains(out, "") && !slices.Contains(out, g.Name) && !slices.Contains(r.Digests, g.Name) {
				r.Digests, r.Status = append(r.Digests, g.Name), mailer.Active
			}
		}
	}
	return r, nil
}

func digestTitle(d *mailer.Digest) string {
	if d.Title == "" {
		return d.Name
	}
	return d.Title
}

// Leave implements web.Choices.
func (d readerDesk) Leave(ctx context.Context, token, digest string) error {
	id, ok := mailer.TokenID(d.secret, token)
	if !ok {
		return syndicate.ErrNotFound
	}
	var err error
	if id < 0 {
		err = d.store.OptOut(ctx, id, digest, d.opts.Now())
	} else {
		err = d.store.Leave(ctx, id, digest)
	}
	if err == nil {
		d.log.Info("recipient unsubscribed", "recipient", id, "digest", digest)
	}
	return err
}

// Choose implements web.Choices.
func (d readerDesk) Choose(ctx context.Context, token string, want *mailer.Subscriber) error {
	r, err := d.Recipient(ctx, token)
	if err != nil {
		return err
	}
	if r.Fixed {
		return d.chooseFixed(ctx, token, &r, want.Digests)
	}
	s := *want
	s.Email, s.Name = r.Email, r.Name
	s.Tidy()
	if err := checkSubscriber(d.Config(), &s); err != nil {
		return fmt.Errorf("choices of subscriber %d: %w", r.ID, err)
	}
	return d.store.ChangeSubscriber(ctx, r.ID, &s)
}

// chooseFixed takes a fixed recipient off the digests that are not wanted and
// puts it back on the others.
func (d readerDesk) chooseFixed(ctx context.Context, token string, r *web.Recipient, want []string) error {
	id, _ := mailer.TokenID(d.secret, token)
	for name := range r.Titles {
		var err error
		if slices.Contains(want, name) {
			err = d.store.OptIn(ctx, id, name)
		} else {
			err = d.store.OptOut(ctx, id, name, d.opts.Now())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// RenewFeed implements web.Choices.
func (d readerDesk) RenewFeed(ctx context.Context, token string) error {
	r, err := d.Recipient(ctx, token)
	if err != nil || r.Feed == "" {
		return err
	}
	_, err = d.FeedAddress(ctx, r.Email, true)
	return err
}

// Erase implements web.Choices.
func (d readerDesk) Erase(ctx context.Context, token string, never bool) error {
	r, err := d.Recipient(ctx, token)
	if err != nil || r.Fixed || r.Gone {
		return err
	}
	if never {
		x := mailer.Suppression{Hash: mailer.MailboxHash(r.Email), Reason: mailer.ByReader, At: d.opts.Now()}
		if _, err := d.store.Suppress(ctx, []mailer.Suppression{x}); err != nil {
			return err
		}
	}
	return d.store.EraseSubscriber(ctx, r.Email)
}

// A personalRecord is all that is stored about a recipient, as they may have
// it.
type personalRecord struct {
	Paper        string        `json:"paper"`
	Made         time.Time     `json:"made"`
	Subscriber   any           `json:"subscriber"`
	Feed         string        `json:"feed,omitempty"` // without the format
	Consents     []consent     `json:"consents"`       // how they came to be a subscriber, by their own hand
	Next         []NextEdition `json:"next"`
	Received     []Receipt     `json:"received"`
	Unsubscribed []string      `json:"unsubscribed,omitempty"` // of a fixed recipient
}

type consent struct {
	Text          string    `json:"text"`
	Version       string    `json:"version"`
	Asked         time.Time `json:"asked"`
	AskedFrom     string    `json:"asked_from_hash"`
	Confirmed     time.Time `json:"confirmed"`
	ConfirmedFrom string    `json:"confirmed_from_hash"`
}

// Record implements web.Records.
func (d readerDesk) Record(ctx context.Context, token string) ([]byte, error) {
	r, err := d.Recipient(ctx, token)
	if err != nil {
		return nil, err
	}
	if r.Gone {
		return nil, syndicate.ErrNotFound
	}
	out := personalRecord{
		Paper: d.Config().Site.Link("/"), Made: d.opts.Now().UTC().Truncate(time.Second), Subscriber: &r.Subscriber, Feed: r.Feed,
		Consents: []consent{}, Next: []NextEdition{}, Received: []Receipt{},
	}
	if r.Fixed {
		id, _ := mailer.TokenID(d.secret, token)
		out.Unsubscribed, err = d.store.OptOuts(ctx, id)
		out.Subscriber = map[string]any{"email": r.Email, "digests": r.Digests, "named_by": "the operator's configuration"}
		if err != nil {
			return nil, err
		}
		return json.MarshalIndent(&out, "", "  ")
	}
	explained, err := d.ExplainSubscriber(ctx, r.Email)
	if err != nil {
		return nil, err
	}
	out.Next, out.Received = append(out.Next, explained.Next...), append(out.Received, explained.Received...)
	proofs, err := d.store.Proofs(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	for _, p := range proofs {
		out.Consents = append(out.Consents, consentOf(&p))
	}
	return json.MarshalIndent(&out, "", "  ")
}

func consentOf(p *store.Proof) consent {
	return consent{Text: p.Wording, Version: p.Version, Asked: p.Asked, AskedFrom: p.AskedFrom, Confirmed: p.Confirmed, ConfirmedFrom: p.ConfirmedFrom}
}

// Selection implements web.Records.
func (d readerDesk) Selection(s *mailer.Subscriber) (syndicate.Query, error) {
	return d.parts.Load().selection(s)
}
