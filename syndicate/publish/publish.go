// Package publish writes the articles of a feed as RSS 2.0, Atom 1.0 and JSON
// Feed 1.1, its history as archive pages (RFC 5005), and the list of all feeds
// as OPML 2.0. It neither serves what it writes nor keeps it.
//
// The three formats hold the same articles in the same order under the same
// ids. A document depends on its articles and the configuration alone, never
// on the time it is written, so that its ETag changes when, and only when, a
// reader would see a difference. docs/feeds.md describes all of it for readers.
package publish

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"broadsheet/syndicate"
)

// DefaultLimit is the number of articles in a feed that names no limit.
const DefaultLimit = 50

// generator is what feeds say they were made by. It holds no version: a new
// one does not change what a feed tells.
const generator = "Broadsheet"

// A Store is what publishing needs from storage.
type Store interface {
	// Articles returns the articles that q selects at now, newest FirstSeen
	// first, at most limit of them, after the first offset ones.
	Articles(ctx context.Context, q syndicate.Query, now time.Time, limit, offset int) ([]syndicate.Article, error)
	// Told returns the articles that q selects at now, newest FirstSeen first,
	// at most limit of them, after the first offset ones, but of those that
	// tell one story only its lead; and whether there are articles after these.
	Told(ctx context.Context, q syndicate.Query, now time.Time, limit, offset int) (told []syndicate.Told, more bool, err error)
	// Count returns how many articles q selects at now.
	Count(ctx context.Context, q syndicate.Query, now time.Time) (int, error)
	// Withdrawn returns the articles that the operator took back last, the
	// last one first, at most limit of them.
	Withdrawn(ctx context.Context, limit int) ([]syndicate.Withdrawal, error)
}

// Places tells what places there are.
type Places interface {
	// Place returns the place with a name, in either language, and whether
	// there is one. near names places that tell which of several is meant.
	Place(name string, near []string) (syndicate.Place, bool)
}

// A Publisher writes feeds. It may be used by many goroutines at once; its
// fields must not change after the first call.
type Publisher struct {
	Site    syndicate.Site
	Themes  []syndicate.Theme
	Sources []syndicate.Source
	Feeds   []syndicate.Feed // those named by the operator
	Places  Places           // nil knows none
	Readers Readers          // nil has no private feeds
	Hub     string           // address of our hub, which pushes all feeds; "" for none
	Content syndicate.Extent // of feeds that name none; "" is Whole
	Keep    time.Duration    // how long articles are stored; 0 is for ever
	Store   Store
	Now     func() time.Time // for the ages in queries; nil is time.Now
}

// Feed returns the feed of a name ("all", a theme's id, "source-" and a
// source's name, "place-" and any name of a place, a name of Feeds, or that of
// a reader's private feed) in a format: "rss", "atom" or "json". The name of an archive page is that of its
// feed, "/archive/" and the page's.
// For what there is no feed of, the error is [syndicate.ErrNotFound].
func (p *Publisher) Feed(ctx context.Context, name, format string) (syndicate.Document, error) {
	if strings.HasPrefix(name, syndicate.PrivatePrefix) {
		return p.private(ctx, name, format)
	}
	feed, page, archived := cutArchive(name)
	sel, ok := p.selection(feed, p.Site.Language)
	if !ok {
		return syndicate.Document{}, fmt.Errorf("feed %q as %q: %w", name, format, syndicate.ErrNotFound)
	}
	if archived {
		return p.archive(ctx, sel, page, format)
	}
	return p.document(ctx, sel, format)
}

// document writes a selection in a format.
func (p *Publisher) document(ctx context.Context, sel selection, format string) (syndicate.Document, error) {
	name := sel.Name
	if _, contentType := writer(format); contentType == "" {
		return syndicate.Document{}, fmt.Errorf("feed %q as %q: %w", name, format, syndicate.ErrNotFound)
	}
	articles, err := p.told(ctx, sel)
	if err != nil {
		return syndicate.Document{}, fmt.Errorf("feed %q: %w", name, err)
	}
	ch := p.channel(sel, articles)
	if ch.previous, err = p.latestPage(ctx, sel, articles); err != nil {
		return syndicate.Document{}, fmt.Errorf("archive of feed %q: %w", name, err)
	}
	if format == "atom" {
		if err := p.withdraw(ctx, ch, sel, articles); err != nil {
			return syndicate.Document{}, fmt.Errorf("feed %q: %w", name, err)
		}
	}
	doc, err := write(ch, format)
	doc.Timed = sel.Query.Timed()
	return doc, err
}

// write writes a channel in a format that there is.
func write(ch *channel, format string) (syndicate.Document, error) {
	w, contentType := writer(format)
	body, entries, err := w(ch)
	if err != nil {
		return syndicate.Document{}, fmt.Errorf("feed %q as %s: %w", ch.name, format, err)
	}
	doc := document(body, contentType, ch.changed)
	doc.Entries = entries
	return doc, nil
}

// maxPages is how many pages of articles are looked through for a feed whose
// stories are told many times.
const maxPages = 5

// told returns what a feed tells, each story once.
func (p *Publisher) told(ctx context.Context, sel selection) ([]syndicate.Told, error) {
	var all []syndicate.Told
	for page := range maxPages {
		told, more, err := p.Store.Told(ctx, sel.Query, p.now(), sel.limit, page*sel.limit)
		if err != nil {
			return nil, err
		}
		all = append(all, told...)
		if !more || len(all) >= sel.limit {
			break
		}
	}
	return all[:min(len(all), sel.limit)], nil
}

func writer(format string) (w func(*channel) ([]byte, []syndicate.DocumentEntry, error), contentType string) {
	switch format {
	case "rss":
		return writeRSS, "application/rss+xml; charset=utf-8"
	case "atom":
		return writeAtom, "application/atom+xml; charset=utf-8"
	case "json":
		return writeJSON, "application/feed+json; charset=utf-8"
	}
	return nil, ""
}

// document gives body its validators.
func document(body []byte, contentType string, modified time.Time) syndicate.Document {
	sum := sha256.Sum256(body)
	return syndicate.Document{
		Body:        body,
		ContentType: contentType,
		ETag:        `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`,
		Modified:    modified,
	}
}

func (p *Publisher) now() time.Time {
	if p.Now != nil {
		return p.Now()
	}
	return time.Now()
}
