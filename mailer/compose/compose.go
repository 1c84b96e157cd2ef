// Package compose chooses what an edition of a digest tells, groups it by
// theme and renders it as HTML and text. It stores the edition with one
// delivery for each recipient, and sends nothing.
package compose

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/mail"
	"strings"
	"time"

	"broadsheet/mailer"
	"broadsheet/syndicate"
	"broadsheet/templates"
)

// A Past is what composing needs to know of what was told before.
type Past interface {
	// LastEdition returns the digest's latest edition, skipped ones included,
	// without bodies, or an error that wraps syndicate.ErrNotFound.
	LastEdition(ctx context.Context, digest string) (mailer.Edition, error)

	// LastSent is LastEdition for those that were not skipped.
	LastSent(ctx context.Context, digest string) (mailer.Edition, error)

	// Fresh returns the articles that match q, were first seen after since
	// and not after until, and whose story was told everybody by no edition
	// of the digest up to the one with an ID: what one source told is no news
	// when another one tells it. It may look back a little before since, for
	// articles that were being stored when the last edition was composed.
	Fresh(ctx context.Context, digest string, q syndicate.Query, upTo int64, since, until time.Time) ([]syndicate.Article, error)

	// LastEditions returns the latest editions of a digest that were not skipped, the
	// latest first, at most limit, with sections and without bodies.
	LastEditions(ctx context.Context, digest string, limit int) ([]mailer.Edition, error)

	// StoriesOf returns the stories that the articles of the keys tell, by the
	// articles' keys; none for what only one article tells.
	StoriesOf(ctx context.Context, keys []string) (map[string]*syndicate.Story, error)

	// Mailed returns which editions of the digest told the articles of the keys.
	Mailed(ctx context.Context, digest string, keys []string) (mailer.Told, error)
}

// A Store is what composing needs from storage: it knows the past, and keeps
// editions. The full store has more.
type Store interface {
	Past

	// SaveEdition stores an edition, its items, its deliveries and the
	// digest's next time in one transaction, and gives the edition its ID and
	// Number. For an edition that is there already (same digest, same At) it
	// stores nothing and returns an error that wraps mailer.ErrExists. Each
	// subscriber of an audience that a share of e is for gets a delivery.
	SaveEdition(ctx context.Context, e *mailer.Edition, ds []mailer.Delivery, next time.Time) error

	// Audiences returns the active subscribers of a digest by what they want.
	Audiences(ctx context.Context, digest string) ([]mailer.Audience, error)
}

// A Composer makes editions. Its fields are set before the first use.
type Composer struct {
	Site      syndicate.Site
	Themes    []syndicate.Theme  // all that are configured, in their order
	Sources   []syndicate.Source // for their titles
	From      string             // mail.from; its domain stands in every Message-ID
	Store     Store
	Next      func(d mailer.Digest, after time.Time) time.Time // the digest's next time
	Notices   func(context.Context) ([]mailer.Notice, error)   // what needs the operator now; nil for nothing
	Postal    string                                           // mail.postal; "" for none
	Templates fs.FS                                            // nil for templates.Mail()
	Now       func() time.Time
	Logger    *slog.Logger
}

// Opts change what Compose does.
type Opts struct {
	// DryRun renders the edition as it would be now and stores nothing.
	DryRun bool

	// Plan makes of a dry run one for every audience, as the edition would go
	// out when it is due.
	Plan bool

	// To makes a test for these addresses alone. Nothing is stored, so that
	// the articles are not used up, the cut-off does not advance and the real
	// edition is the same as without the test; deliver.SendTest sends it.
	To []string

	// Held makes an edition that could not be rendered when it was due. It is
	// never too late.
	Held bool
}

func (o Opts) trial() bool { return o.DryRun || len(o.To) > 0 }

// A RenderError says that an edition cannot be rendered: a template has a
// fault. Nothing is stored then; the articles wait.
type RenderError struct{ Err error }

// Error gives the place and the fault.
func (e *RenderError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *RenderError) Unwrap() error { return e.Err }

// firstWindow is how far a digest's first edition looks back, widest how far
// any does.
const (
	firstWindow = 31 * 24 * time.Hour
	widest      = 2 * firstWindow
)

// Compose makes the edition of a digest that is due at an instant and stores
// it with its deliveries. Called again for the same instant, it returns the
// edition that is stored: without bodies, as LastEdition gives it.
//
// When there is nothing to tell anybody, or when the edition is later than the
// digest allows, the edition is stored with the reason in Skipped and without
// deliveries. Of a late edition the articles go into the next one. Tests and
// dry runs are never too late. What cannot be rendered is a *RenderError.
func (c *Composer) Compose(ctx context.Context, d mailer.Digest, at time.Time, o Opts) (*mailer.Edition, error) {
	e, err := c.compose(ctx, d, at, o)
	if err != nil {
		return nil, fmt.Errorf("compose digest %s: %w", d.Name, err)
	}
	return e, nil
}

func (c *Composer) compose(ctx context.Context, d mailer.Digest, at time.Time, o Opts) (*mailer.Edition, error) {
	since, sent, err := c.last(ctx, d, at)
	if err != nil {
		return nil, err
	}
	now := c.now()
	e := &mailer.Edition{
		Digest: d.Name, At: at, Since: since, Until: now, Created: now, Private: d.Operator,
		Title: cmp.Or(d.Title, c.Site.Title, d.Name), Sender: c.From,
		Language: cmp.Or(d.Language, c.Site.Language, "en"),
	}
	if at.After(now) {
		e.Until, e.Created = at, at
	}
	if late := now.Sub(at); !o.trial() && !o.Held && d.Within > 0 && late > d.Within {
		e.Until = since
		e.Skipped = fmt.Sprintf("missed by %s, and if_missed.within is %s; its articles go into the next edition", span(late), span(d.Within))
		return e, c.save(ctx, d, e)
	}
	marks := map[int64]mailer.Mark{0: sent}
	if !o.trial() || o.Plan {
		audiences, err := c.Store.Audiences(ctx, d.Name)
		if err != nil {
			return nil, fmt.Errorf("look up the subscribers: %w", err)
		}
		e.Shares, marks = c.shares(d, e, sent, audiences)
	}
	p, err := c.pool(ctx, d, e, marks)
	if err != nil {
		return nil, err
	}
	e.Sections = c.window(d, e, p, 0).sections(e.Language)
	if e.Past, err = c.Store.LastEditions(ctx, d.Name, pastEditions); err != nil {
		return nil, fmt.Errorf("look up earlier editions: %w", err)
	}
	if d.Operator && c.Notices != nil {
		if e.Notices, err = c.Notices(ctx); err != nil {
			return nil, fmt.Errorf("look up what needs the operator: %w", err)
		}
	}
	return e, c.finish(ctx, d, e, p, o)
}

// finish renders an edition whose sections are chosen, and its variants, and
// stores them unless it is a trial.
func (c *Composer) finish(ctx context.Context, d mailer.Digest, e *mailer.Edition, p *pool, o Opts) error {
	if len(e.Sections)+len(e.Notices) == 0 && !d.SendEmpty {
		e.Skipped = "no new articles since " + e.Since.In(c.location(d)).Format("2006-01-02 15:04 MST")
	}
	if e.Skipped == "" || o.trial() {
		if err := c.render(d, e); err != nil {
			return &RenderError{err}
		}
	}
	if err := c.vary(d, e, p); err != nil {
		return err
	}
	if o.trial() {
		e.SetNumber(nextNumber(e.Past))
		return nil
	}
	return c.save(ctx, d, e)
}

// last returns up to when the articles of a digest were told already, and the
// edition that told them last; none is the zero Mark.
func (c *Composer) last(ctx context.Context, d mailer.Digest, at time.Time) (since time.Time, sent mailer.Mark, err error) {
	const what = "look up the last edition: %w"
	last, err := c.Store.LastEdition(ctx, d.Name)
	switch {
	case errors.Is(err, syndicate.ErrNotFound):
		return at.Add(-firstWindow), sent, nil
	case err != nil:
		return since, sent, fmt.Errorf(what, err)
	}
	told, err := c.Store.LastSent(ctx, d.Name)
	switch {
	case errors.Is(err, syndicate.ErrNotFound):
		return last.Until, sent, nil
	case err != nil:
		return since, sent, fmt.Errorf(what, err)
	}
	return last.Until, told.Mark(), nil
}

// save stores e with its deliveries. If somebody else was faster, e becomes
// the edition that is stored.
func (c *Composer) save(ctx context.Context, d mailer.Digest, e *mailer.Edition) error {
	var ds []mailer.Delivery
	if e.Skipped == "" {
		ds = c.deliveries(d, e)
	}
	after := e.At
	if now := c.now(); now.After(after) {
		after = now // one late edition makes up for all that were missed
	}
	err := c.Store.SaveEdition(ctx, e, ds, c.Next(d, after))
	if errors.Is(err, mailer.ErrExists) {
		last, lerr := c.Store.LastEdition(ctx, d.Name)
		if lerr != nil || !last.At.Equal(e.At) {
			return errors.Join(err, lerr)
		}
		*e = last
		return nil
	}
	if err != nil {
		return fmt.Errorf("store the edition: %w", err)
	}
	log := c.log().With("digest", d.Name, "edition", e.ID, "at", e.At)
	if e.Skipped != "" {
		log.InfoContext(ctx, "edition skipped", "reason", e.Skipped)
		return nil
	}
	log.InfoContext(ctx, "edition composed", "number", e.Number, "articles", len(e.Items()), "deliveries", len(ds), "html_bytes", len(e.HTML))
	return nil
}

// deliveries returns one delivery for each recipient. Addresses that differ in
// case alone are the same.
func (c *Composer) deliveries(d mailer.Digest, e *mailer.Edition) []mailer.Delivery {
	var ds []mailer.Delivery
	seen := map[string]bool{}
	for _, to := range d.To {
		address := strings.TrimSpace(to)
		if a, err := mail.ParseAddress(to); err == nil {
			address = a.Address
		}
		key := strings.ToLower(address)
		if key == "" || seen[key] {
			continue
		}
		seen[key] = true
		delivery := mailer.Delivery{
			Digest: d.Name, To: address, State: mailer.Planned, NextAt: e.Created,
			MessageID: mailer.MessageID(d.Name, e.At, address, c.From),
		}
		if e.Nothing != "" {
			delivery.State, delivery.Error = mailer.Suppressed, e.Nothing
		}
		ds = append(ds, delivery)
	}
	return ds
}

func (c *Composer) location(d mailer.Digest) *time.Location {
	switch {
	case d.Location != nil:
		return d.Location
	case c.Site.Location != nil:
		return c.Site.Location
	}
	return time.UTC
}

func (c *Composer) templates() fs.FS {
	if c.Templates != nil {
		return c.Templates
	}
	return templates.Mail()
}

func (c *Composer) now() time.Time {
	if c.Now != nil {
		return c.Now()
	}
	return time.Now()
}

func (c *Composer) log() *slog.Logger {
	if c.Logger != nil {
		return c.Logger
	}
	return slog.New(slog.DiscardHandler)
}

// span returns a duration as people say it: 5h12m, 3h, 2d4h.
func span(d time.Duration) string {
	d = d.Round(time.Minute)
	days, hours, minutes := d/(24*time.Hour), d/time.Hour%24, d/time.Minute%60
	var b strings.Builder
	for _, p := range []struct {
		n    time.Duration
		unit string
	}{{days, "d"}, {hours, "h"}, {minutes, "m"}} {
		if p.n > 0 {
			fmt.Fprintf(&b, "%d%s", p.n, p.unit)
		}
	}
	return cmp.Or(b.String(), "0m")
}
