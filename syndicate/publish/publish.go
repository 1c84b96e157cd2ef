// Package publish writes the articles of a feed as RSS 2.0, Atom 1.0 and JSON
// Feed 1.1, and the list of all feeds as OPML 2.0. It neither serves what it
// writes nor keeps it.
//
// The three formats hold the same articles in the same order under the same
// ids. A document depends on its articles and the configuration alone, never
// on the time it is written, so that its ETag changes when, and only when, a
// reader would see a difference.
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
}

// A Publisher writes feeds. It may be used by many goroutines at once; its
// fields must not change after the first call.
type Publisher struct {
	Site    syndicate.Site
	Themes  []syndicate.Theme
	Sources []syndicate.Source
	Feeds   []syndicate.Feed // those named by the operator
	Store   Store
	Now     func() time.Time // for the ages in queries; nil is time.Now
}

// Feed returns the feed of a name ("all", a theme's id, "source-" and a
// source's name, or a name of Feeds) in a format: "rss", "atom" or "json".
// For what there is no feed of, the error is [syndicate.ErrNotFound].
func (p *Publisher) Feed(ctx context.Context, name, format string) (syndicate.Document, error) {
	write, _ := writer(format)
	sel, ok := p.selection(name, p.Site.Language)
	if write == nil || !ok {
		return syndicate.Document{}, fmt.Errorf("feed %q as %q: %w", name, format, syndicate.ErrNotFound)
	}
	return p.write(ctx, sel, format)
}

// Search returns the feed of what a query finds in a format. The error is a
// *[syndicate.QueryError] for a query that cannot be understood.
func (p *Publisher) Search(ctx context.Context, query, format string) (syndicate.Document, error) {
	query = strings.Join(strings.Fields(query), " ")
	q, err := syndicate.ParseQuery(query, p.Site.Location)
	if err != nil {
		return syndicate.Document{}, err
	}
	if write, _ := writer(format); write == nil {
		return syndicate.Document{}, fmt.Errorf("search as %q: %w", format, syndicate.ErrNotFound)
	}
	return p.write(ctx, p.named(p.Site.Language, "search", searchFeed, query, searchPage(query), q, 0), format)
}

func (p *Publisher) write(ctx context.Context, sel selection, format string) (syndicate.Document, error) {
	write, contentType := writer(format)
	name := sel.Name
	articles, err := p.Store.Articles(ctx, sel.query, p.now(), sel.limit, 0)
	if err != nil {
		return syndicate.Document{}, fmt.Errorf("feed %q: %w", name, err)
	}
	ch := p.channel(sel, articles)
	body, err := write(ch)
	if err != nil {
		return syndicate.Document{}, fmt.Errorf("feed %q as %s: %w", name, format, err)
	}
	return document(body, contentType, ch.changed), nil
}

func writer(format string) (write func(*channel) ([]byte, error), contentType string) {
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
