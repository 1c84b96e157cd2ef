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

// A Store is what composing needs from storage. The full store has more.
type Store interface {
	// LastEdition returns the digest's latest edition, skipped ones included,
	// without bodies, or an error that wraps syndicate.ErrNotFound.
	LastEdition(ctx context.Context, digest string) (mailer.Edition, error)

	// Fresh returns the articles that match q, were first seen after since
	// and not after until, and whose story was in no earlier edition of the
	// digest: what one source told is no news when another one tells it. It
	// may look back a little before since, for articles that were being
	// stored when the last edition was composed.
	Fresh(ctx context.Context, digest string, q syndicate.Query, since, until time.Time) ([]syndicate.Article, error)

	// LastEditions returns the latest editions of a digest that were not skipped, the
	// latest first, at most limit, with sections and without bodies.
	LastEditions(ctx context.Context, digest string, limit int) ([]mailer.Edition, error)

	// StoriesOf returns the stories that the articles of the keys tell, by the
	// articles' keys; none for what only one article tells.
	StoriesOf(ctx context.Context, keys []string) (map[string]*syndicate.Story, error)

	// SaveEdition stores an edition, its items, its deliveries and the
	// digest's next time in one transaction, and gives the edition its ID and
	// Number. For an edition that is there already (same digest, same At) it
	// stores nothing and returns an error that wraps mailer.ErrExists.
	SaveEdition(ctx context.Context, e *mailer.Edition, ds []mailer.Delivery, next time.Time) error

	// Audiences returns the selections that the active subscribers of a
	// digest have. SaveEdition gives each of these subscribers a delivery of
	// the variant of e with the same selection.
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

	// To makes a test for these addresses alone. Nothing is stored, so that
	// the articles are not used up, the cut-off does not advance and the real
	// edition is the same as without the test; deliver.SendTest sends it.
	To []string
}

// firstWindow is how far a digest's first edition looks back.
const firstWindow = 31 * 24 * time.Hour

// Compose makes the edition of a digest that is due at an instant and stores
// it with its deliveries. Called again for the same instant, it returns the
// edition that is stored: without bodies, as LastEdition gives it.
//
// When there is nothing to tell, or when the edition is later than the digest
// allows, the edition is stored with the reason in Skipped and without
// deliveries. Of a late edition the articles go into the next one. Tests and
// dry runs are never too late.
func (c *Composer) Compose(ctx context.Context, d mailer.Digest, at time.Time, o Opts) (*mailer.Edition, error) {
	e, err := c.compose(ctx, d, at, o)
	if err != nil {
		return nil, fmt.Errorf("compose digest %s: %w", d.Name, err)
	}
	return e, nil
}

func (c *Composer) compose(ctx context.Context, d mailer.Digest, at time.Time, o Opts) (*mailer.Edition, error) {
	trial := o.DryRun || len(o.To) > 0
	since, err := c.cutOff(ctx, d, at)
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
		e.Until = at
	}
	if late := now.Sub(at); !trial && d.Within > 0 && late > d.Within {
		e.Until = since
		e.Skipped = fmt.Sprintf("missed by %s, and if_missed.within is %s; its articles go into the next edition", span(late), span(d.Within))
		return e, c.save(ctx, d, e)
	}
	articles, err := c.fresh(ctx, d, e)
	if err != nil {
		return nil, err
	}
	e.Sections = c.sections(d, e.Language, articles)
	if e.Past, err = c.Store.LastEditions(ctx, d.Name, pastEditions); err != nil {
		return nil, fmt.Errorf("look up earlier editions: %w", err)
	}
	if d.Operator && c.Notices != nil {
		if e.Notices, err = c.Notices(ctx); err != nil {
			return nil, fmt.Errorf("look up what needs the operator: %w", err)
		}
	}
	if len(e.Sections)+len(e.Notices) == 0 && !d.SendEmpty {
		e.Skipped = "no new articles since " + since.In(c.location(d)).Format("2006-01-02 15:04 MST")
	}
	if e.Skipped == "" || trial {
		if err := c.render(d, e); err != nil {
			return nil, err
		}
	}
	if trial {
		e.SetNumber(nextNumber(e.Past))
		return e, nil
	}
	if e.Skipped == "" {
		if err := c.vary(ctx, d, e, articles); err != nil {
			return nil, err
		}
	}
	return e, c.save(ctx, d, e)
}

// cutOff returns the instant up to which articles were told already.
func (c *Composer) cutOff(ctx context.Context, d mailer.Digest, at time.Time) (time.Time, error) {
	last, err := c.Store.LastEdition(ctx, d.Name)
	switch {
	case errors.Is(err, syndicate.ErrNotFound):
		return at.Add(-firstWindow), nil
	case err != nil:
		return time.Time{}, fmt.Errorf("look up the last edition: %w", err)
	}
	return last.Until, nil
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
		ds = append(ds, mailer.Delivery{
			Digest: d.Name, To: address, State: mailer.Planned, NextAt: e.Created,
			MessageID: mailer.MessageID(d.Name, e.At, address, c.From),
		})
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
