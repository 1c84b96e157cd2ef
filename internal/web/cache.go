package web

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"broadsheet/syndicate"
)

// cacheBudget is how many bytes of feeds are kept ready, compressed form
// included.
const cacheBudget = 64 << 20

// A feedCache keeps feeds ready to be sent. A feed is asked for again when it
// is older than fresh, by one request at a time: the others wait for that one.
// Its clock is the machine's, whatever time articles are shown at.
type feedCache struct {
	feeds  Feeds
	zip    *zipper
	fresh  time.Duration
	logger *slog.Logger

	mu      sync.Mutex
	entries map[feedKey]*feedEntry
	bytes   int
}

type feedKey struct{ name, format string }

// A feedEntry is one feed. Its fields are guarded by feedCache.mu.
type feedEntry struct {
	asking chan struct{} // of capacity 1: holding its element is the right to ask
	rep    *representation
	etag   string // of the document
	size   int
	asked  time.Time
	used   time.Time
}

func newFeedCache(feeds Feeds, zip *zipper, fresh time.Duration, logger *slog.Logger) *feedCache {
	if fresh == 0 {
		fresh = time.Second
	}
	return &feedCache{feeds: feeds, zip: zip, fresh: fresh, logger: logger, entries: make(map[feedKey]*feedEntry)}
}

// get returns a feed ready to be sent, or syndicate.ErrNotFound.
func (c *feedCache) get(ctx context.Context, key feedKey) (*representation, error) {
	asked := time.Now()
	entry, rep := c.lookup(key, asked)
	if rep != nil {
		return rep, nil
	}
	select {
	case entry.asking <- struct{}{}:
		defer func() { <-entry.asking }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if rep := c.answered(entry, asked); rep != nil {
		return rep, nil
	}
	doc, err := c.feeds.Feed(ctx, key.name, key.format)
	if err != nil {
		return c.failed(key, entry, err)
	}
	return c.keep(key, entry, doc), nil
}

// lookup returns the entry of key, and what to send when that is fresh.
func (c *feedCache) lookup(key feedKey, now time.Time) (*feedEntry, *representation) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.entries[key]
	if e == nil {
		e = &feedEntry{asking: make(chan struct{}, 1)}
		c.entries[key] = e
	}
	e.used = now
	if e.rep != nil && now.Sub(e.asked) < c.fresh {
		return e, e.rep
	}
	return e, nil
}

// answered returns what another request has got since asked.
func (c *feedCache) answered(e *feedEntry, asked time.Time) *representation {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fresh > 0 && e.rep != nil && e.asked.After(asked) {
		return e.rep
	}
	return nil
}

// failed gives the feed as it was, when there is one, and forgets the entry of
// a feed that there is not.
func (c *feedCache) failed(key feedKey, e *feedEntry, err error) (*representation, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e.rep != nil && !errors.Is(err, syndicate.ErrNotFound) && !errors.Is(err, context.Canceled) {
		c.logger.Warn("feed served as it was", "feed", key.name, "format", key.format, "error", err)
		return e.rep, nil
	}
	c.drop(key, e)
	return nil, err
}

func (c *feedCache) keep(key feedKey, e *feedEntry, doc syndicate.Document) *representation {
	c.mu.Lock()
	defer c.mu.Unlock()
	e.asked = time.Now()
	if e.rep != nil && e.etag == doc.ETag {
		return e.rep
	}
	e.rep = newRepresentation(&response{
		body: doc.Body, contentType: doc.ContentType, etag: doc.ETag, modified: doc.Modified,
		cache: feedCaching, policy: feedPolicy, anywhere: true,
	}, c.zip)
	e.etag = doc.ETag
	if old := c.entries[key]; old != nil { // e, or what came when e was dropped
		c.bytes -= old.size
	}
	c.entries[key] = e
	e.size = len(doc.Body) + len(doc.Body)/3
	c.bytes += e.size
	c.shrink(e)
	return e.rep
}

// shrink drops the feeds that were asked for least recently until the rest
// fits the budget. It leaves latest, which is about to be sent.
func (c *feedCache) shrink(latest *feedEntry) {
	for c.bytes > cacheBudget {
		var oldest feedKey
		var entry *feedEntry
		for k, e := range c.entries {
			if e != latest && e.rep != nil && (entry == nil || e.used.Before(entry.used)) {
				oldest, entry = k, e
			}
		}
		if entry == nil {
			return
		}
		c.drop(oldest, entry)
	}
}

func (c *feedCache) drop(key feedKey, e *feedEntry) {
	if c.entries[key] == e {
		delete(c.entries, key)
		c.bytes -= e.size
	}
	e.rep, e.size = nil, 0
}
