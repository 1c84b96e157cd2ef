package web

import (
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
	// hour, and for a day when we cannot be reached (RFC 5861).
	feedCaching = "public, max-age=900, stale-if-error=86400"
	// maxFeedName bounds what is looked for, in bytes.
	maxFeedName = 200
)

// formats of feeds, in the order people are shown them.
var formats = []struct{ name, title, contentType string }{
	{"rss", "RSS", "application/rss+xml"},
	{"atom", "Atom", "application/atom+xml"},
	{"json", "JSON", "application/feed+json"},
}

// feed serves /feeds/{name}.{format}, and the style sheet of that name.
func (s *server) feed(w http.ResponseWriter, r *http.Request) {
	file := strings.TrimPrefix(r.URL.Path, "/feeds/")
	if name, ok := strings.CutSuffix(file, ".style.css"); ok {
		s.feedStyle(w, r, name)
		return
	}
	if file == opsFile {
		s.ops(w, r)
		return
	}
	dot := strings.LastIndexByte(file, '.')
	if dot <= 0 || strings.Contains(file, "/") || len(file) > maxFeedName || !isFormat(file[dot+1:]) {
		s.fail(w, r, http.StatusNotFound)
		return
	}
	if file[:dot] == "search" {
		s.searchFeed(w, r, file[dot+1:])
		return
	}
	rep, err := s.feeds.get(r.Context(), feedKey{file[:dot], file[dot+1:]})
	switch {
	case err == nil:
		rep.serve(w, r)
	case errors.Is(err, syndicate.ErrNotFound):
		s.fail(w, r, http.StatusNotFound)
	case r.Context().Err() != nil:
		// The client is gone.
	default:
		s.Logger.Error("feed cannot be served", "feed", file, "error", err)
		s.fail(w, r, http.StatusInternalServerError)
	}
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
	listed := s.Feeds.Listed(s.cfg.Site.Language)
	if name == "search" {
		listed = []syndicate.Listed{{Name: name, Page: "/search?" + url.Values{"q": {searchText(r.URL.Query())}}.Encode()}}
	}
	for _, l := range listed {
		if l.Name != name {
			continue
		}
		text := s.wording(s.cfg.Site.Language).T("web.feed.style", s.cfg.Site.Link(l.Page))
		body := s.static.feedStyle + ":root::before{content:" + cssString(text) + "}\n"
		s.send(w, r, &response{body: []byte(body), contentType: "text/css; charset=utf-8", cache: "public, max-age=86400"})
		return
	}
	s.fail(w, r, http.StatusNotFound)
}

// cssString quotes s for a style sheet (CSS Syntax 3, section 4.3.5).
func cssString(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\A `, "\r", "", "\f", "", "<", `\3C `).Replace(s) + `"`
}

func (s *server) opml(w http.ResponseWriter, r *http.Request) {
	doc, err := s.Feeds.OPML()
	if err != nil {
		s.Logger.Error("list of feeds cannot be served", "error", err)
		s.fail(w, r, http.StatusInternalServerError)
		return
	}
	s.send(w, r, &response{
		body: doc.Body, contentType: doc.ContentType, etag: doc.ETag, modified: doc.Modified,
		cache: feedCaching, policy: feedPolicy, anywhere: true,
	})
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
