package web

import (
	lru "container/list"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"sync"
	"time"

	"broadsheet/syndicate"
)

const (
	// cacheBudget is how many bytes of feeds are kept ready, all codings
	// together: packed, 10,000 feeds of 60 KB each. What else the cache needs
	// keeps it below 256 MiB.
	cacheBudget = 240 << 20
	// entryBytes is about what an entry takes beside its bodies.
	entryBytes = 2 << 10
	// timedFor is how long a feed that changes as time passes, such as that of
	// after:7d, is taken for unchanged.
	timedFor = time.Minute
)

// A feedCache keeps feeds ready to be sent. A feed is asked for again when
// articles have changed since, by one request at a time: the others wait for
// that one. Otherwise nobody is asked for anything.
//
// When the budget is used up, the feeds that were sent least recently are
// packed: they keep one compressed form, from which the others can be made
// again. When all are packed, those sent least recently are dropped.
type feedCache struct {
	load    func(ctx context.Context, key string) (*response, bool, error)
	version func() int64 // nil asks at every request
	now     func() time.Time
	zip     *zipper
	served  Served // nil remembers nothing
	budget  int
	logger  *slog.Logger

	mu            sync.Mutex
	entries       map[string]*feedEntry
	loose, packed lru.List // of *feedEntry, last sent first
	bytes         int
}

// A feedEntry is one feed. Its fields are guarded by feedCache.mu.
type feedEntry struct {
	key     string
	asking  chan struct{} // of capacity 1: holding its element is the right to ask
	rep     *representation
	etag    string    // of the document
	version int64     // of the articles, at the least
	until   time.Time // for how long that counts; zero is for ever
	size    int
	in      *lru.List // nil for an entry without rep
	place   *lru.Element
}

// get returns a feed ready to be sent, or syndicate.ErrNotFound.
func (c *feedCache) get(ctx context.Context, key string) (*representation, error) {
	var version int64
	if c.version != nil {
		version = c.version()
	}
	entry, rep := c.lookup(key, version)
	if rep != nil {
		return rep, nil
	}
	select {
	case entry.asking <- struct{}{}:
		defer func() { <-entry.asking }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if rep := c.answered(entry, version); rep != nil {
		return rep, nil
	}
	if c.version != nil {
		version = c.version() // before asking: what is asked for is at least that new
	}
	res, timed, err := c.load(ctx, key)
	if err != nil {
		return c.failed(entry, err)
	}
	before := c.before(ctx, entry)
	rep = c.keep(entry, res, version, timed, before)
	if now := (syndicate.Served{Feed: servedName(key), ETag: res.etag, Modified: rep.modified}); c.served != nil && now != before && !rep.modified.IsZero() {
		c.served.NoteServed(now)
	}
	return rep, nil
}

// servedName is what a feed is remembered by: its key may be a secret, and may
// be as long as a query.
func servedName(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:16])
}

// before returns as what a feed was sent last.
func (c *feedCache) before(ctx context.Context, e *feedEntry) syndicate.Served {
	c.mu.Lock()
	rep, etag := e.rep, e.etag
	c.mu.Unlock()
	switch {
	case rep != nil:
		return syndicate.Served{Feed: servedName(e.key), ETag: etag, Modified: rep.modified}
	case c.served == nil:
		return syndicate.Served{}
	}
	s, err := c.served.LastServed(ctx, servedName(e.key))
	if err != nil {
		c.logger.Warn("as what a feed was sent is not known; its Last-Modified may go back", "error", err)
	}
	return s
}

// has reports whether get would answer at once.
func (c *feedCache) has(key string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.entries[key]
	return e != nil && c.version != nil && c.fresh(e, c.version())
}

// lookup returns the entry of key, and what to send when that is fresh.
func (c *feedCache) lookup(key string, version int64) (*feedEntry, *representation) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.entries[key]
	if e == nil {
		e = &feedEntry{key: key, asking: make(chan struct{}, 1)}
		c.entries[key] = e
		return e, nil
	}
	if !c.fresh(e, version) {
		return e, nil
	}
	e.in.MoveToFront(e.place)
	return e, e.rep
}

// fresh reports whether e may be sent for this version of the articles.
func (c *feedCache) fresh(e *feedEntry, version int64) bool {
	return c.version != nil && e.rep != nil && e.version >= version && (e.until.IsZero() || c.now().Before(e.until))
}

// answered returns what another request has got meanwhile.
func (c *feedCache) answered(e *feedEntry, version int64) *representation {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fresh(e, version) {
		return e.rep
	}
	return nil
}

// failed gives the feed as it was, when there is one, and forgets the entry of
// a feed that there is not.
func (c *feedCache) failed(e *feedEntry, err error) (*representation, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var bad *syndicate.QueryError
	if e.rep != nil && !errors.Is(err, syndicate.ErrNotFound) && !errors.As(err, &bad) && !errors.Is(err, context.Canceled) {
		c.logger.Warn("feed served as it was", "feed", e.key, "error", err)
		return e.rep, nil
	}
	c.drop(e)
	return nil, err
}

// keep takes what e's feed has come to be.
func (c *feedCache) keep(e *feedEntry, res *response, version int64, timed bool, before syndicate.Served) *representation {
	c.mu.Lock()
	e.version, e.until = version, time.Time{}
	if timed {
		e.until = c.now().Add(timedFor)
	}
	if e.rep != nil && e.etag == res.etag {
		e.in.MoveToFront(e.place)
		defer c.mu.Unlock()
		return e.rep
	}
	if !before.Modified.IsZero() && !res.modified.After(before.Modified) {
		// An article has gone, or an older one has come: what has changed is
		// newer all the same. No second has not come yet.
		res.modified = before.Modified
		if next := res.modified.Add(time.Second); before.ETag != res.etag && !next.After(c.now()) {
			res.modified = next
		}
	}
	rep := newRepresentation(res, c.zip)
	rep.grown = func() { c.grown(e, rep) }
	e.rep, e.etag = rep, res.etag
	c.entries[e.key] = e // it may have been dropped meanwhile
	c.put(e, &c.loose)
	c.weigh(e)
	c.mu.Unlock()
	c.shrink(e)
	return rep
}

// grown notes that rep, which may be that of e, has another form.
func (c *feedCache) grown(e *feedEntry, rep *representation) {
	c.mu.Lock()
	if e.rep == rep {
		c.put(e, &c.loose)
		c.weigh(e)
	}
	c.mu.Unlock()
	c.shrink(e)
}

// shrink packs and drops feeds until the rest fits the budget. It leaves
// latest, which is about to be sent.
func (c *feedCache) shrink(latest *feedEntry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.bytes > c.budget {
		if e := oldest(&c.loose, latest); e != nil {
			rep := e.rep
			c.put(e, &c.packed)
			c.mu.Unlock()
			rep.pack() // takes its time
			c.mu.Lock()
			if e.rep == rep {
				c.weigh(e)
			}
			continue
		}
		e := oldest(&c.packed, latest)
		if e == nil {
			return
		}
		c.drop(e)
	}
}

// oldest returns the entry of l that was sent least recently, but for one; nil
// when there is none.
func oldest(l *lru.List, but *feedEntry) *feedEntry {
	for at := l.Back(); at != nil; at = at.Prev() { // two steps at most
		if e, ok := at.Value.(*feedEntry); ok && e != but {
			return e
		}
	}
	return nil
}

// put moves e to the front of l.
func (c *feedCache) put(e *feedEntry, l *lru.List) {
	if e.in != nil {
		e.in.Remove(e.place)
	}
	e.in, e.place = l, l.PushFront(e)
}

// weigh counts e's bytes anew.
func (c *feedCache) weigh(e *feedEntry) {
	size := entryBytes + e.rep.size()
	c.bytes += size - e.size
	e.size = size
}

func (c *feedCache) drop(e *feedEntry) {
	if c.entries[e.key] == e {
		delete(c.entries, e.key)
	}
	if e.in != nil {
		e.in.Remove(e.place)
	}
	c.bytes -= e.size
	e.rep, e.in, e.place, e.size = nil, nil, nil, 0
}
