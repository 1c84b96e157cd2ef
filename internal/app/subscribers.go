package app

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"broadsheet/internal/config"
	"broadsheet/internal/store"
	"broadsheet/mailer"
	"broadsheet/syndicate"
	"broadsheet/templates"
)

// importBatch is how many subscribers are stored in one transaction.
const importBatch = 2000

// Subscribe stores one subscriber; see [store.Store.SaveSubscribers].
func (a *App) Subscribe(ctx context.Context, s mailer.Subscriber, resubscribe bool) (store.Saved, error) {
	s.Tidy()
	if len(s.Digests) == 0 {
		s.Digests = publicDigests(a.Config())
	}
	if err := checkSubscriber(a.Config(), &s); err != nil {
		return store.Saved{}, err
	}
	s.FeedKey = drawFeedKey()
	return a.store.SaveSubscribers(ctx, []mailer.Subscriber{s}, resubscribe)
}

// drawFeedKey draws the number that the address of a private feed depends on.
func drawFeedKey() int64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return int64(binary.BigEndian.Uint64(b[:]) >> 1)
}

// publicDigests returns the names of the digests that readers may subscribe to.
func publicDigests(cfg *config.Config) []string {
	var names []string
	for _, d := range cfg.Digests {
		if !d.Operator {
			names = append(names, d.Name)
		}
	}
	slices.Sort(names)
	return names
}

// checkSubscriber checks a subscriber by the configuration. The error joins
// every fault, "fault; remedy" each.
func checkSubscriber(cfg *config.Config, s *mailer.Subscriber) error {
	errs := []error{s.Validate()}
	public := publicDigests(cfg)
	for _, d := range s.Digests {
		if !slices.Contains(public, d) {
			errs = append(errs, fmt.Errorf("there is no digest %q to subscribe to; use %s", d, oneOfNames(public)))
		}
	}
	for _, id := range s.Themes {
		if !slices.ContainsFunc(cfg.Themes, func(t syndicate.Theme) bool { return t.ID == id }) {
			errs = append(errs, fmt.Errorf("there is no theme %q; use %s", id, oneOfNames(themeIDs(cfg))))
		}
	}
	if s.Query != "" {
		if _, err := syndicate.ParseQuery(s.Query, cfg.Site.Location); err != nil {
			errs = append(errs, err)
		}
	}
	if s.Language != "" {
		c, err := templates.Locale(s.Language)
		if err != nil || !strings.EqualFold(c.Language, s.Language) {
			errs = append(errs, fmt.Errorf("there is no mail in %q; use zh-Hans or en", s.Language))
		}
		s.Language = c.Language
	}
	return errors.Join(errs...)
}

func themeIDs(cfg *config.Config) []string {
	var ids []string
	for _, t := range cfg.Themes {
		ids = append(ids, t.ID)
	}
	return ids
}

// oneOfNames lists names for a message.
func oneOfNames(names []string) string {
	if len(names) == 0 {
		return "none: the configuration has none"
	}
	return strings.Join(names, ", ")
}

// Imported counts what became of a list of subscribers.
type Imported struct {
	store.Saved
	Bad int `json:"bad"` // lines left out
}

// ImportSubscribers reads a list of subscribers, CSV or JSON Lines, and stores
// those that are good, a batch a transaction. Who names no digest gets every
// public one. Each line that is left out is reported with its number and every
// fault. The error ends the import; what was stored before it stays.
func (a *App) ImportSubscribers(ctx context.Context, r io.Reader, resubscribe bool, report func(line int, fault string)) (Imported, error) {
	var sum Imported
	list, err := newRoster(r)
	if err != nil {
		return sum, err
	}
	cfg := a.Config()
	everyDigest := publicDigests(cfg)
	var batch []mailer.Subscriber
	flush := func() error {
		saved, err := a.store.SaveSubscribers(ctx, batch, resubscribe)
		sum.Added, sum.Changed, sum.Kept = sum.Added+saved.Added, sum.Changed+saved.Changed, sum.Kept+saved.Kept
		batch = batch[:0]
		return err
	}
	add := func(row rosterRow) error {
		s, err := row.subscriber()
		if len(s.Digests) == 0 {
			s.Digests = everyDigest
		}
		if err := errors.Join(err, checkSubscriber(cfg, &s)); err != nil {
			return err
		}
		s.FeedKey = drawFeedKey()
		batch = append(batch, s)
		return nil
	}
	sum.Bad, err = list.each(add, flush, report)
	return sum, err
}

// EachSubscriber calls do with every subscriber of a digest ("" for any) and
// status ("" for any), in the order in which they came.
func (a *App) EachSubscriber(ctx context.Context, digest string, status mailer.Status, do func(mailer.Subscriber) error) error {
	f := store.SubscriberFilter{Digest: digest, Status: status}
	for {
		page, err := a.store.Subscribers(ctx, f)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, s := range page {
			if err := do(s); err != nil {
				return err
			}
			f.After = s.ID
		}
	}
}

// ExportSubscribers writes all subscribers as "csv" or "jsonl", in the form
// that ImportSubscribers reads.
func (a *App) ExportSubscribers(ctx context.Context, w io.Writer, format string) error {
	write := writeJSONLines(w)
	if format == "csv" {
		var err error
		if write, err = writeCSV(w); err != nil {
			return err
		}
	}
	return a.EachSubscriber(ctx, "", "", write)
}

// Unsubscribe stops everything to an address, or with erase forgets whose it
// was. The error is syndicate.ErrNotFound for an address that is no
// subscriber's.
func (a *App) Unsubscribe(ctx context.Context, email string, erase bool) error {
	if erase {
		return a.store.EraseSubscriber(ctx, email)
	}
	s, err := a.store.Subscriber(ctx, email)
	if err != nil {
		return err
	}
	s.Status = mailer.Unsubscribed
	_, err = a.store.SaveSubscribers(ctx, []mailer.Subscriber{s}, false)
	return err
}
