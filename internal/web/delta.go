package web

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"broadsheet/syndicate"
)

// Deltas (RFC 3229 with the instance manipulation "feed"): who asks with A-IM:
// feed and the entity tag of what it has is told, with 226 IM Used, only the
// entries that are new or changed since.
//
// An entity tag stands for the entries that were in the feed. Which these
// were is remembered for the last pastStates states of a feed, as 64 bits an
// entry, within deltaBudget for all feeds; whoever has an older state, or one
// of before a restart, gets the whole feed, as the RFC has it. The tag itself
// could hold a time, but articles also come into a feed by being filed anew
// and leave it without having changed.
const (
	pastStates  = 128
	deltaBudget = 1 << 20 // entries remembered, of 8 bytes and little more
)

// A deltaFeeds hands feeds on and remembers what was in them.
type deltaFeeds struct {
	Feeds

	mu      sync.Mutex
	feeds   map[string]*feedPast // by file below /feeds/
	entries int                  // in all of feeds
}

// A feedPast is what a feed is like and was like before.
type feedPast struct {
	etag    string                    // of what it is like now
	entries []syndicate.DocumentEntry // of the same
	states  []feedState               // oldest first, that of now among them
	size    int                       // entries in states
	used    time.Time
}

type feedState struct {
	etag string
	sums []uint64 // of its entries
}

func newDeltaFeeds(feeds Feeds) *deltaFeeds {
	return &deltaFeeds{Feeds: feeds, feeds: make(map[string]*feedPast)}
}

// Feed implements Feeds.
func (d *deltaFeeds) Feed(ctx context.Context, name, format string) (syndicate.Document, error) {
	doc, err := d.Feeds.Feed(ctx, name, format)
	if err == nil && len(doc.Entries) > 0 && !strings.Contains(name, "/") {
		d.remember(name+"."+format, &doc)
	}
	return doc, err
}

func (d *deltaFeeds) remember(key string, doc *syndicate.Document) {
	d.mu.Lock()
	defer d.mu.Unlock()
	p := d.feeds[key]
	if p == nil {
		p = &feedPast{}
		d.feeds[key] = p
	}
	p.used = time.Now()
	if p.etag == doc.ETag {
		return
	}
	p.etag, p.entries = doc.ETag, doc.Entries
	state := feedState{etag: doc.ETag, sums: make([]uint64, len(doc.Entries))}
	for i, e := range doc.Entries {
		state.sums[i] = e.Sum
	}
	p.states = append(p.states, state)
	d.grow(p, len(state.sums))
	for len(p.states) > pastStates {
		d.grow(p, -len(p.states[0].sums))
		p.states = append(p.states[:0], p.states[1:]...)
	}
	for d.entries > deltaBudget && len(d.feeds) > 1 {
		d.forget(p)
	}
}

func (d *deltaFeeds) grow(p *feedPast, n int) {
	p.size += n
	d.entries += n
}

// forget forgets the feed that was asked for least recently, other than keep.
func (d *deltaFeeds) forget(keep *feedPast) {
	var oldest string
	var past *feedPast
	for k, p := range d.feeds {
		if p != keep && (past == nil || p.used.Before(past.used)) {
			oldest, past = k, p
		}
	}
	d.grow(past, -past.size)
	delete(d.feeds, oldest)
}

// since returns body, the document of etag, with those entries alone that the
// document of one of the tags had not; nil if that cannot be told.
func (d *deltaFeeds) since(key string, etag string, body []byte, tags []string) []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	p := d.feeds[key]
	if p == nil || !sameDocument(etag, p.etag) {
		return nil
	}
	p.used = time.Now()
	for i := len(p.states) - 1; i >= 0; i-- {
		for _, tag := range tags {
			if sameDocument(tag, p.states[i].etag) {
				return without(body, p.entries, p.states[i].sums)
			}
		}
	}
	return nil
}

// without returns body without the entries whose sums are among known.
func without(body []byte, entries []syndicate.DocumentEntry, known []uint64) []byte {
	had := make(map[uint64]bool, len(known))
	for _, sum := range known {
		had[sum] = true
	}
	var b bytes.Buffer
	from := 0
	for _, e := range entries {
		if had[e.Sum] {
			b.Write(body[from:e.Start])
			from = e.End
		}
	}
	b.Write(body[from:])
	return b.Bytes()
}

// sameDocument reports whether an entity tag is that of a document in any
// encoding: ours have the name of the encoding behind a hyphen.
func sameDocument(tag, document string) bool {
	rest, ok := strings.CutPrefix(opaque(tag), opaque(document))
	return ok && (rest == "" || rest[0] == '-')
}

// opaque returns an entity tag without quotes and W/.
func opaque(tag string) string { return strings.Trim(strings.TrimPrefix(tag, "W/"), `"`) }

// delta answers r with what is new in the feed of key, which rep is, if that
// is asked for and can be told.
func (s *server) delta(w http.ResponseWriter, r *http.Request, key string, rep *representation) bool {
	if r.Method != http.MethodGet || strings.HasSuffix(key, ".json") || !wantsDelta(r.Header["A-Im"]) {
		return false
	}
	tags := entityTags(r.Header["If-None-Match"])
	if len(tags) == 0 {
		return false
	}
	whole := sent(rep, http.MethodGet, r.URL, nil)
	etag := whole.header.Get("Etag")
	for _, tag := range tags {
		if sameDocument(tag, etag) {
			return false // 304, or the whole in another encoding
		}
	}
	body := s.deltas.since(key, etag, whole.body.Bytes(), tags)
	if body == nil {
		return false
	}
	h := w.Header()
	for name, values := range sent(rep, http.MethodHead, r.URL, r.Header["Accept-Encoding"]).header {
		h[name] = values // the entity tag too: it is that of the whole (RFC 3229, section 10.4.1)
	}
	h.Del("Content-Encoding")
	h.Set("Im", "feed")
	// Only a cache that knows instance manipulations may keep it (section
	// 10.8.1).
	h.Set("Cache-Control", "no-store, im")
	h["Vary"] = []string{strings.Join(append(h["Vary"], "A-IM", "If-None-Match"), ", ")}
	if len(body) >= minZip && accepted(r.Header["Accept-Encoding"], gzipped) == gzipped {
		body = s.zip.encode(gzipped, body)
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusIMUsed)
	_, _ = w.Write(body) // the client is gone: nobody to tell
	return true
}

// wantsDelta reports whether A-IM allows the manipulation "feed".
func wantsDelta(values []string) bool {
	for _, v := range values {
		for part := range strings.SplitSeq(v, ",") {
			name, params, _ := strings.Cut(part, ";")
			if strings.EqualFold(strings.TrimSpace(name), "feed") {
				return quality(params) > 0
			}
		}
	}
	return false
}

// entityTags returns the tags of If-None-Match, without a "*".
func entityTags(values []string) []string {
	var tags []string
	for _, list := range values {
		for tag := range strings.SplitSeq(list, ",") {
			if tag = strings.TrimSpace(tag); len(opaque(tag)) > 1 && len(tags) < pastStates {
				tags = append(tags, tag)
			}
		}
	}
	return tags
}

// An answer is what would be sent.
type answer struct {
	header http.Header
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader implements http.ResponseWriter.
func (a *answer) WriteHeader(int) {}

// Write implements http.ResponseWriter.
func (a *answer) Write(b []byte) (int, error) { return a.body.Write(b) }

// sent returns what rep sends to one who has nothing and takes encodings.
func sent(rep *representation, method string, u *url.URL, encodings []string) *answer {
	a := &answer{header: make(http.Header)}
	rep.serve(a, &http.Request{Method: method, URL: u, Header: http.Header{"Accept-Encoding": encodings}})
	return a
}
