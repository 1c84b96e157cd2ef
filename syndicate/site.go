package syndicate

import (
	"errors"
	"net/url"
	"strings"
	"time"
)

// ErrNotFound is returned by stores and publishers for what they do not have.
var ErrNotFound = errors.New("not found")

// A Site is the paper itself: what it is called and where it is found.
type Site struct {
	Title    string
	URL      string // public address, no trailing slash
	Language string // BCP 47; where a reader has chosen none
	Location *time.Location
	Contact  string // the editor's mail address
}

// Link returns the public address of a path that begins with a slash.
func (s Site) Link(path string) string { return strings.TrimSuffix(s.URL, "/") + path }

// ArticleURL returns the address of an article's own page.
func (s Site) ArticleURL(key string) string { return s.Link("/articles/" + key) }

// StoryURL returns the address of a story's page.
func (s Site) StoryURL(id string) string { return s.Link("/stories/" + id) }

// ThemeURL returns the address of a theme's page.
func (s Site) ThemeURL(id string) string { return s.Link("/themes/" + url.PathEscape(id)) }

// FeedURL returns the address of a feed in a format: "rss", "atom" or "json".
func (s Site) FeedURL(name, format string) string {
	return s.Link("/feeds/" + url.PathEscape(name) + "." + format)
}

// ArchiveURL returns the address of an archive page of a feed in a format; see
// package publish for what page is.
func (s Site) ArchiveURL(name, page, format string) string {
	return s.Link("/feeds/" + url.PathEscape(name) + "/archive/" + url.PathEscape(page) + "." + format)
}

// A Listed is a published feed in a list of feeds.
type Listed struct {
	Name  string // in addresses: FeedURL(Name, format)
	Title string // in the language asked for, without the site's
	Kind  string // "all", "theme", "feed" (named by the operator) or "source"
	Page  string // path of the page that shows the same articles
	Query Query  // what it selects
}

// A Document is a feed ready to be served.
type Document struct {
	Body        []byte
	Entries     []DocumentEntry // in Body; nil where they cannot be told apart
	ContentType string
	ETag        string    // strong, quoted; depends on Body alone
	Modified    time.Time // of the newest change in it, whole seconds
	Timed       bool      // may change by the mere passing of time
}

// A Served is as what a feed was sent last.
type Served struct {
	Feed     string // which one: a name of its own, see web
	ETag     string
	Modified time.Time // Last-Modified, whole seconds
}

// A DocumentEntry is where an entry stands in a document, Body[Start:End] of
// it, without which Body would be the same document with an entry less.
type DocumentEntry struct {
	Start, End int
	Sum        uint64 // of these bytes, so that equal entries have equal sums
}
