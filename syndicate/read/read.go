// Package read turns the bytes of a document into articles: feeds (RSS, Atom,
// RDF, JSON Feed), web pages, plain-text listings and mail. It also reads lists
// of feeds (OPML). It fetches nothing and stores nothing, and it files nothing
// under themes.
//
// Reading a document has two halves. [Read] says what the document says, as
// far as it can be read, and names every repair it took. [Articles] makes
// articles of that: identities, dates that can be trusted, plain text.
package read

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"broadsheet/syndicate"
)

// DefaultMaxEntries is how many entries of a document are read at most when
// the input does not say otherwise.
const DefaultMaxEntries = 1000

// An Input is a document and what is known about it. Only Body is needed; its
// bytes are not changed.
type Input struct {
	Body        []byte
	URL         string         // the document's address, base of its relative links
	ContentType string         // Content-Type of the response, when Header does not have it
	Header      http.Header    // of the response: Content-Type, Content-Location, Content-Language
	Kind        syndicate.Kind // KindFeed when empty
	Location    *time.Location // zone of dates that name none; nil is UTC
	Language    string         // BCP 47, what the source is known to be written in; "" is unknown
	MaxEntries  int            // entries read at most; 0 is DefaultMaxEntries

	// Page says where a page of kind page, or an article's page, carries what.
	// Without it the page itself must tell.
	Page syndicate.Selectors
}

// A Result is what a document says.
type Result struct {
	Kind    syndicate.Kind
	Feed    Feed
	Entries []Entry
	Repairs []string // what was wrong and what was done about it, a sentence each

	// Charset is what the document was read as, by its name in the Encoding
	// Standard; "" for mail, which has one for each part. Guessed tells that
	// neither the document nor the server said so.
	Charset string
	Guessed bool

	// Of a page: how it was read and what else it offers, which calls for no
	// repair; what each of the operator's selectors found; and, when it was
	// read without, the selectors that find the same.
	Notes     []string
	Selectors []SelectorHits
	Proposed  syndicate.Selectors

	// Identity is the first rung of the identity ladder that [Articles] may
	// use, and afterwards the one it did use. A caller that remembers it from
	// poll to poll keeps a source from changing its mind. The zero value is
	// the top of the ladder.
	Identity Rung
}

// Read says what a document says.
//
// The error is for a document of which nothing could be read; it names the
// fault and the remedy. What could be read in part is no error: Repairs says
// what was missing or mended. Read is safe for concurrent use.
func Read(ctx context.Context, in Input) (*Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	in = in.withDefaults()
	switch in.Kind {
	case syndicate.KindFeed:
		return readFeed(in)
	case syndicate.KindListing:
		return readListing(in)
	case syndicate.KindPage:
		return readPage(ctx, in)
	case syndicate.KindNewsletter:
		return readNewsletter(ctx, in)
	}
	return nil, fmt.Errorf("there is no kind of document %q; use %q, %q, %q or %q",
		in.Kind, syndicate.KindFeed, syndicate.KindPage, syndicate.KindListing, syndicate.KindNewsletter)
}

// withDefaults fills in what the caller left out.
func (in Input) withDefaults() Input {
	if in.Kind == "" {
		in.Kind = syndicate.KindFeed
	}
	if in.Location == nil {
		in.Location = time.UTC
	}
	if in.MaxEntries <= 0 {
		in.MaxEntries = DefaultMaxEntries
	}
	if v := in.Header.Get("Content-Type"); v != "" {
		in.ContentType = v
	}
	return in
}

// errEmpty is the error for a document without a byte that says something.
var errEmpty = errors.New("the document is empty; check the address in a browser")

// repairf adds a repair to the result, once.
func (r *Result) repairf(format string, args ...any) {
	s := fmt.Sprintf(format, args...)
	for _, old := range r.Repairs {
		if old == s {
			return
		}
	}
	r.Repairs = append(r.Repairs, s)
}
