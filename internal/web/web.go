// Package web serves feeds and pages over HTTP. It writes no feed, keeps no
// article and listens nowhere: those are the parts it is given, and the
// server it is put into.
//
// Every address answers GET and HEAD only, changes nothing and needs no
// script, but for some: those under /websub/ are for hubs and take what they
// push, /hub is a hub itself, those of [Readers] take the forms on which people
// choose what they are mailed, those of [Visitors] what they send, and those
// under /admin the operators'. A feed's address always answers with the feed, or with a short
// explanation as problem+json (RFC 9457); every other address with a page.
package web

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"broadsheet/mailer"
	"broadsheet/syndicate"
)

// A Config is what the pages are about. It comes from other parts of the
// configuration; web has no block of its own.
type Config struct {
	Site    syndicate.Site
	Themes  []syndicate.Theme  // in the order of the front page
	Sources []syndicate.Source // for their titles
	Digests []mailer.Digest    // in the order of /digests
}

// Articles is what pages need from storage.
type Articles interface {
	// Article returns the article with a key, or syndicate.ErrNotFound.
	Article(ctx context.Context, key string) (syndicate.Article, error)
	// Articles returns the articles that q selects at now, newest FirstSeen
	// first, at most limit of them, after the first offset ones.
	Articles(ctx context.Context, q syndicate.Query, now time.Time, limit, offset int) ([]syndicate.Article, error)
	// Once returns articles that q selects at now with the stories they tell,
	// and leaves those out that tell a story whose lead q selects as well.
	Once(ctx context.Context, q syndicate.Query, now time.Time, articles []syndicate.Article) ([]syndicate.Told, error)
	// Story returns the story with an id, or syndicate.ErrNotFound.
	Story(ctx context.Context, id string) (syndicate.Story, error)
	// Week returns what a theme had of the articles first seen from one instant
	// on and before another.
	Week(ctx context.Context, theme string, from, before time.Time) (syndicate.Week, error)
	// Search returns a page of what q selects at now: the newest first or, if
	// best, those that suit it best. It need not count all that it selects.
	Search(ctx context.Context, q syndicate.Query, now time.Time, best bool, limit, offset int) (syndicate.Found, error)
}

// Feeds is what feeds are served from.
type Feeds interface {
	// Feed returns a feed as "rss", "atom" or "json", or syndicate.ErrNotFound.
	Feed(ctx context.Context, name, format string) (syndicate.Document, error)
	// SearchFeed returns what a query finds, or a *syndicate.QueryError.
	SearchFeed(ctx context.Context, query, format string) (syndicate.Document, error)
	// Listed returns all feeds with their titles in a language.
	Listed(lang string) []syndicate.Listed
	// OPML returns the list of all feeds as OPML.
	OPML() (syndicate.Document, error)
}

// Served remembers as what feeds were sent, so that Last-Modified does not go
// back at a restart, nor when a feed was not asked for in a long time.
type Served interface {
	// LastServed returns as what a feed was sent last; zero if it is not known.
	LastServed(ctx context.Context, feed string) (syndicate.Served, error)
	// NoteServed notes as what a feed is sent. It must not wait for anything.
	NoteServed(f syndicate.Served)
}

// Editions is what the pages of past digests need from storage.
type Editions interface {
	// Editions returns the newest editions of a digest, newest first, at most
	// limit of them. They need no sections and bodies.
	Editions(ctx context.Context, digest string, limit int) ([]mailer.Edition, error)
	// NumberedEdition returns the whole edition of a digest that has a number,
	// or syndicate.ErrNotFound.
	NumberedEdition(ctx context.Context, digest string, number int) (mailer.Edition, error)
}

// Health tells whether the program can do its work.
type Health interface {
	// Ready returns nil, or why requests should go to another node.
	Ready(ctx context.Context) error
}

// Parts are what a handler works with.
type Parts struct {
	Articles Articles
	Feeds    Feeds
	Served   Served // nil remembers nothing
	Editions Editions
	Places   Places           // nil knows none
	Health   Health           // nil is always ready
	Ops      Ops              // nil has no feed for the operator
	Gauges   Gauges           // nil has no figures
	Traffic  *Traffic         // counts feeds that Quick answers; nil counts none
	Hubs     Hubs             // nil has none call
	Hub      Hub              // nil is no hub
	Admin    *Admin           // nil has no pages for operators
	Readers  *Readers         // nil has nobody subscribe
	Visitors Visitors         // nil takes nothing from visitors
	Tries    *Tries           // nil counts for this handler alone
	Logger   *slog.Logger     // nil discards
	Now      func() time.Time // for dates and ages in queries; nil is time.Now
	// Version returns a number that grows when articles change. It is called
	// at every request for a feed and must ask nobody. While it stays the same,
	// Feeds are not asked again; nil asks at every request.
	Version func() int64
}

// New returns the handler of all addresses. It keeps a copy of what cfg and
// parts say: for another configuration, make another handler.
func New(cfg Config, parts Parts) (http.Handler, error) {
	if parts.Logger == nil {
		parts.Logger = slog.New(slog.DiscardHandler)
	}
	if parts.Traffic == nil {
		parts.Traffic = &Traffic{}
	}
	if parts.Now == nil {
		parts.Now = time.Now
	}
	if parts.Tries == nil {
		parts.Tries = &Tries{}
	}
	if cfg.Site.Location == nil {
		cfg.Site.Location = time.UTC
	}
	s := &server{cfg: cfg, Parts: parts}
	if u, err := url.Parse(cfg.Site.URL); err == nil {
		s.base = strings.TrimSuffix(u.EscapedPath(), "/")
		s.secure = u.Scheme == "https"
	}
	var err error
	if s.texts, err = catalogues(); err != nil {
		return nil, fmt.Errorf("wording of pages: %w", err)
	}
	if s.static, err = staticFiles(&s.zip); err != nil {
		return nil, fmt.Errorf("files of pages: %w", err)
	}
	if s.pages, err = parsePages(); err != nil {
		return nil, fmt.Errorf("templates of pages: %w", err)
	}
	s.weeks.now, s.weeks.known = parts.Now, map[weekKey]knownWeek{}
	s.deltas = newDeltaFeeds(parts.Feeds)
	s.feeds = &feedCache{
		load: s.loadFeed, version: parts.Version, now: parts.Now, zip: &s.zip, served: parts.Served,
		budget: cacheBudget, logger: parts.Logger,
		entries: make(map[string]*feedEntry),
	}
	s.mux = s.routes()
	s.readerMux, s.ticketKey = s.readerRoutes(), make([]byte, 32)
	_, _ = rand.Read(s.ticketKey) // never fails
	if s.Readers != nil {
		s.ticketKey = s.Readers.Secret
	}
	s.adminMux, s.protection, s.hashing = s.adminRoutes(), s.crossOrigin(), make(chan struct{}, 1)
	return s, nil
}

// Server returns a server for handler whose limits keep slow and greedy
// clients from holding connections for good. It has no address: give it a
// listener.
func Server(handler http.Handler) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    32 << 10,
	}
}

// A server answers all requests.
type server struct {
	cfg Config
	Parts
	base   string // path of the site's address, without a slash at the end
	secure bool   // the site's address is https
	texts  map[string]wording
	static static
	pages  pages
	feeds  *feedCache
	deltas *deltaFeeds
	weeks  weekCache
	zip    zipper
	dated  atomic.Pointer[dateLine]
	mux    *http.ServeMux

	readerMux  *http.ServeMux
	ticketKey  []byte // tickets of forms are signed with it
	adminMux   *http.ServeMux
	protection *http.CrossOriginProtection
	hashing    chan struct{} // holds one token while a password is hashed
	comparing  sync.Mutex    // held while themes are compared
	planning   sync.Mutex    // held while an edition is planned
}

func (s *server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	page := func(pattern string, f pageFunc) { mux.Handle(pattern, s.page(f)) }
	page("/{$}", s.front)
	page("/themes/{id}", s.theme)
	page("/articles/{key}", s.article)
	mux.HandleFunc("/places/{name}", s.place)
	page("/stories/{id}", s.story)
	page("/search", s.search)
	page("/feeds", s.listFeeds)
	page("/digests", s.listDigests)
	page("/digests/{name}", s.listDigest)
	page("/digests/{name}/{number}", s.edition)
	mux.HandleFunc("/feeds.opml", s.opml)
	mux.HandleFunc("/static/{file}", s.file)
	mux.HandleFunc("/icon.png", s.icon)
	mux.HandleFunc("/healthz", s.healthz)
	mux.HandleFunc("/readyz", s.readyz)
	mux.HandleFunc("/metrics", s.metrics)
	s.visitorRoutes(page)
	page("/", func(*http.Request, *view) (*response, error) { return nil, syndicate.ErrNotFound })
	return mux
}

// ServeHTTP answers one request.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer func() {
		if p := recover(); p != nil && p != http.ErrAbortHandler { //nolint:errorlint // net/http compares the very value
			s.Logger.Error("page panicked", "path", withoutToken(r.URL.Path), "panic", p, "stack", string(debug.Stack()))
			s.fail(w, r, http.StatusInternalServerError)
		} else if p != nil {
			panic(p)
		}
	}()
	if s.base != "" && strings.HasPrefix(r.URL.Path, s.base+"/") {
		http.StripPrefix(s.base, http.HandlerFunc(s.answer)).ServeHTTP(w, r)
		return
	}
	s.answer(w, r)
}

func (s *server) answer(w http.ResponseWriter, r *http.Request) {
	if token, ok := strings.CutPrefix(r.URL.Path, "/websub/"); ok && s.Hubs != nil {
		s.hub(w, r, token)
		return
	}
	if r.URL.Path == hubPath {
		s.follow(w, r)
		return
	}
	if s.Admin != nil && isAdmin(r.URL.Path) {
		s.admin(w, r)
		return
	}
	if s.Readers != nil && isReaders(r.URL.Path) {
		s.readers(w, r)
		return
	}
	if r.Method == http.MethodPost && s.takesForms(r.URL.Path) {
		s.visitorForm(w, r)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		if r.Method == http.MethodOptions && forPrograms(r.URL.Path) {
			preflight(w)
			return
		}
		w.Header().Set("Allow", "GET, HEAD")
		s.fail(w, r, http.StatusMethodNotAllowed)
		return
	}
	if strings.HasPrefix(r.URL.Path, "/feeds/") {
		s.feed(w, r) // most requests are for these, and the mux knows many paths
		return
	}
	s.mux.ServeHTTP(w, r)
}

func (s *server) healthz(w http.ResponseWriter, r *http.Request) {
	s.plain(w, r, http.StatusOK, "ok\n")
}

func (s *server) readyz(w http.ResponseWriter, r *http.Request) {
	if s.Health != nil {
		if err := s.Health.Ready(r.Context()); err != nil {
			s.Logger.Warn("not ready", "error", err)
			s.plain(w, r, http.StatusServiceUnavailable, "not ready; the log says why\n")
			return
		}
	}
	s.plain(w, r, http.StatusOK, "ready\n")
}

func (s *server) plain(w http.ResponseWriter, r *http.Request, status int, text string) {
	s.send(w, r, &response{
		status: status, body: []byte(text), contentType: "text/plain; charset=utf-8", cache: "no-store",
	})
}
