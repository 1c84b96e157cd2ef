// Package syndicate is the vocabulary of collecting and publishing: sources,
// articles, themes, filings, feeds and queries. It does no input or output and
// imports nothing but the standard library.
package syndicate

import (
	"slices"
	"strings"
	"time"
)

// A Kind says in which form a source carries its articles.
type Kind string

// The kinds of sources.
const (
	KindFeed       Kind = "feed"       // RSS, Atom, RDF or JSON Feed
	KindPage       Kind = "page"       // a web page without a feed
	KindListing    Kind = "listing"    // plain text, items between lines that hold only "-"
	KindNewsletter Kind = "newsletter" // mail
)

// A Source is where articles come from, as the operator configured it.
type Source struct {
	Name     string // unique, [a-z0-9-]; part of every article's identity
	Title    string // for people; Name when empty
	URL      string // http, https or file, absolute
	Kind     Kind
	Every    time.Duration // shortest time between two polls
	Language string        // BCP 47; "" when the articles themselves tell
	Themes   []string      // every article is filed under these too
	Match    *Query        // keep only what matches; nil keeps all
	FullText bool          // fetch each article's page as well
	Page     Selectors
	Location *time.Location // zone of dates that name none; nil is UTC
}

// DisplayTitle returns the title for people.
func (s *Source) DisplayTitle() string {
	if s.Title != "" {
		return s.Title
	}
	return s.Name
}

// Selectors say where a page of kind "page" carries what: CSS selectors, or
// the name of a built-in profile.
type Selectors struct {
	Profile, Item, Link, Title, Date, Summary, Body string
}

// A SelectorField is one of the Selectors under its key in the configuration.
type SelectorField struct {
	Key   string
	Value *string
}

// Fields returns all of the selectors, in the order of the configuration.
func (s *Selectors) Fields() []SelectorField {
	return []SelectorField{
		{"profile", &s.Profile},
		{"item", &s.Item},
		{"link", &s.Link},
		{"title", &s.Title},
		{"date", &s.Date},
		{"summary", &s.Summary},
		{"body", &s.Body},
	}
}

// A Theme is a subject that articles are filed under.
type Theme struct {
	ID        string            // [a-z0-9-]; in URLs, labels and queries
	Title     map[string]string // by language, for people
	Terms     []Term
	Not       []string // phrases whose words do not count
	Threshold float64  // the score from which an article is filed
}

// DisplayTitle returns the title in a language, in any other if it has none
// in that one, and the id if it has none at all.
func (t *Theme) DisplayTitle(lang string) string {
	if s := t.Title[lang]; s != "" {
		return s
	}
	base, _, _ := strings.Cut(lang, "-")
	langs := make([]string, 0, len(t.Title))
	for l := range t.Title {
		langs = append(langs, l)
	}
	slices.Sort(langs)
	for _, l := range langs {
		if b, _, _ := strings.Cut(l, "-"); b == base && t.Title[l] != "" {
			return t.Title[l]
		}
	}
	for _, l := range langs {
		if t.Title[l] != "" {
			return t.Title[l]
		}
	}
	return t.ID
}

// A Term is a word or phrase that speaks for a theme.
type Term struct {
	Text   string
	Weight float64 // 1 unless the operator says otherwise; above 0
}

// A Feed is a published selection of articles.
type Feed struct {
	Name  string // [a-z0-9-]; in the URL
	Title map[string]string
	Query Query
	Limit int // articles; at least 1

	Content Extent // of its articles; "" is that of the publisher
}

// PrivatePrefix begins the name of every private feed of a subscriber.
const PrivatePrefix = "my-"

// An Extent says how much of its articles a feed gives away.
type Extent string

// The extents of articles in feeds.
const (
	Whole   Extent = "full"    // the whole text
	Summary Extent = "summary" // summary, link and all but the text
)

// DisplayTitle is [Theme.DisplayTitle] for feeds.
func (f *Feed) DisplayTitle(lang string) string {
	return (&Theme{ID: f.Name, Title: f.Title}).DisplayTitle(lang)
}
