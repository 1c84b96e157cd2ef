package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"broadsheet/syndicate"
)

const (
	pageCaching = "public, max-age=300"
	// feedCaching lets readers and caches keep a feed for a quarter of an
	// hour, for an hour more while they ask whether it has changed, and for a
	// day when we cannot be reached (RFC 5861).
	feedCaching = "public, max-age=900, stale-while-revalidate=3600, stale-if-error=86400"
	// privateCaching keeps the feed of one reader out of shared caches.
	privateCaching = "private, max-age=900"
	// maxFeedName bounds what is looked for, in bytes.
	maxFeedName = 200
	// searchName is the name of the feeds of queries, which stand in ?q=.
	searchName = "search"
	// opmlFile stands in the cache for the list of all feeds.
	opmlFile = "feeds.opml"
)

// formats of feeds, in the order people are shown them.
var formats = []struct{ name, title, contentType string }{
	{"rss", "RSS", "application/rss+xml"},
	{"atom", "Atom", "application/atom+xml"},
	{"json", "JSON", "application/feed+json"},
}

// feed serves /feeds/{name}.{format}, the pages of its archive, and the style sheet of that name.
func (s *server) feed(w http.ResponseWriter, r *http.Request) {
	file := r.URL.Path[len("/feeds/"):]
	if name, ok := strings.CutSuffix(file, ".style.css"); ok {
		s.feedStyle(w, r, name)
		return
	}
	if file == opsFile {
		s.ops(w, r)
		return
	}
	name, _, ok := cutFile(file)
	if !ok {
		s.fail(w, r, http.StatusNotFound)
		return
	}
	if name == searchName {
		file += "?" + strings.TrimSpace(r.URL.Query().Get("q"))
	}
	rep, err := s.feeds.get(r.Context(), file)
	var bad *syndicate.QueryError
	switch {
	case err == nil:
		if !s.delta(w, r, file, rep) {
			rep.serve(w, r)
		}
	case errors.As(err, &bad):
		v := s.view(r)
		s.problem(w, r, http.StatusBadRequest, v.T("web.error.query"), bad.Error())
	case errors.Is(err, syndicate.ErrNotFound):
		s.fail(w, r, http.StatusNotFound)
	case r.Context().Err() != nil:
		// The client is gone.
	default:
		s.Logger.Error("feed cannot be served", "feed", file, "error", err)
		s.fail(w, r, http.StatusInternalServerError)
	}
}

// cutFile cuts the name of a file below /feeds/ into the feed's name and its
// format.
func cutFile(file string) (name, format string, ok bool) {
	dot := strings.LastIndexByte(file, '.')
	if dot <= 0 || len(file) > maxFeedName || strings.Contains(file, "/") && !archived(file) || !isFormat(file[dot+1:]) {
		return "", "", false
	}
	return file[:dot], file[dot+1:], true
}

// loadFeed makes the answer for a file below /feeds/, which is followed by "?"
// and the query if it is that of a search, or for opmlFile.
func (s *server) loadFeed(ctx context.Context, key string) (*response, bool, error) {
	file, query, search := strings.Cut(key, "?")
	name, format, _ := cutFile(file)
	self := s.cfg.Site.FeedURL(name, format)
	var doc syndicate.Document
	var err error
	switch {
	case key == opmlFile:
		self = s.cfg.Site.Link("/feeds.opml")
		doc, err = s.Feeds.OPML()
	case search:
		self += "?q=" + url.QueryEscape(query)
		doc, err = s.Feeds.SearchFeed(ctx, query, format)
	default:
		doc, err = s.deltas.Feed(ctx, name, format)
	}
	if err != nil {
		return nil, false, err
	}
	links := "<" + self + `>; rel="self"`
	if s.Hub != nil && key != opmlFile && !archived(file) && !strings.HasPrefix(name, syndicate.PrivatePrefix) {
		links = "<" + s.cfg.Site.Link(hubPath) + `>; rel="hub", ` + links
	}
	cache, private := feedCaching, strings.HasPrefix(name, syndicate.PrivatePrefix)
	switch {
	case archived(file):
		cache = archiveCaching
	case private:
		cache = privateCaching
	}
	return &response{
		body: doc.Body, contentType: doc.ContentType, etag: doc.ETag, modified: doc.Modified,
		cache: cache, policy: feedPolicy, anywhere: !private, kept: true, links: links,
	}, doc.Timed, nil
}

// preflight lets scripts of other sites ask for feeds with the validators of
// the copies they have.
func preflight(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Allow-Methods", "GET, HEAD")
	h.Set("Access-Control-Allow-Headers", "If-None-Match, If-Modified-Since, A-IM")
	h.Set("Access-Control-Max-Age", "86400")
	h.Set("Allow", "GET, HEAD, OPTIONS")
	w.WriteHeader(http.StatusNoContent)
}

func isFormat(name string) bool {
	for _, f := range formats {
		if f.name == name {
			return true
		}
	}
	return false
}

// feedStyle serves the style sheet with which browsers show a feed: what it
// is, and where a page with the same articles is.
func (s *server) feedStyle(w http.ResponseWriter, r *http.Request, name string) {
	page, ok := s.feedPage(name)
	if name == searchName {
		page, ok = "/search?"+url.Values{"q": {cut(r.URL.Query().Get("q"), syndicate.MaxQueryBytes)}}.Encode(), true
	}
	if !ok {
		s.fail(w, r, http.StatusNotFound)
		return
	}
	text := s.wording(s.cfg.Site.Language).T("web.feed.style", s.cfg.Site.Link(page))
	body := s.static.feedStyle + ":root::before{content:" + cssString(text) + "}\n"
	s.send(w, r, &response{body: []byte(body), contentType: "text/css; charset=utf-8", cache: "public, max-age=86400"})
}

// feedPage returns the path of the page with the same articles as a feed.
func (s *server) feedPage(name string) (string, bool) {
	if place, ok := strings.CutPrefix(name, syndicate.PlacePrefix); ok {
		if s.Places == nil {
			return "", false
		}
		p, ok := s.Places.Place(place, nil)
		return p.Path(), ok
	}
	for _, l := range s.Feeds.Listed(s.cfg.Site.Language) {
		if l.Name == name {
			return l.Page, true
		}
	}
	return "", false
}

// cssString quotes s for a style sheet (CSS Syntax 3, section 4.3.5).
func cssString(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\A `, "\r", "", "\f", "", "<", `\3C `).Replace(s) + `"`
}

func (s *server) opml(w http.ResponseWriter, r *http.Request) {
	rep, err := s.feeds.get(r.Context(), opmlFile)
	switch {
	case err == nil:
		rep.serve(w, r)
	case r.Context().Err() != nil:
		// The client is gone.
	default:
		s.Logger.Error("list of feeds cannot be served", "error", err)
		s.fail(w, r, http.StatusInternalServerError)
	}
}

// A problem is an error for programs (RFC 9457).
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
}

func (s *server) problem(w http.ResponseWriter, r *http.Request, status int, title, detail string) {
	body, err := json.Marshal(problem{Type: "about:blank", Title: title, Status: status, Detail: detail})
	if err != nil {
		panic(err) // strings and a number
	}
	s.send(w, r, &response{status: status, body: body, contentType: "application/problem+json", cache: "no-store"})
}

// forPrograms reports whether the address is one that programs ask for.
func forPrograms(path string) bool {
	return strings.HasPrefix(path, "/feeds/") || path == "/feeds.opml"
}
