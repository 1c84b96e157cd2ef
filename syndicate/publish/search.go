package publish

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"broadsheet/syndicate"
)

// searchName is the name of the feeds of queries: the query stands in the
// address as ?q=.
const searchName = "search"

// SearchFeed returns what a query finds, as a feed in a format. The error is a
// *syndicate.QueryError for a query that cannot be understood, and
// [syndicate.ErrNotFound] for a format that there is not.
func (p *Publisher) SearchFeed(ctx context.Context, query, format string) (syndicate.Document, error) {
	sel, err := p.searchSelection(query)
	if err != nil {
		return syndicate.Document{}, err
	}
	return p.document(ctx, sel, format)
}

func (p *Publisher) searchSelection(text string) (selection, error) {
	text = strings.TrimSpace(text)
	q, err := syndicate.ParseQuery(text, p.Site.Location)
	if err != nil {
		return selection{}, err
	}
	if q.Root == nil { // the feed of everything has a name
		return selection{}, fmt.Errorf("feed of the empty query: %w", syndicate.ErrNotFound)
	}
	sel := p.named(p.Site.Language, searchName, searchName, text, searchPage(text), q, 0)
	sel.search = "?q=" + url.QueryEscape(text)
	return sel, nil
}

// At returns the feed that one of our addresses stands for, which may be that
// of a search. Errors are those of Feed and SearchFeed.
func (p *Publisher) At(ctx context.Context, address string) (syndicate.Document, error) {
	sel, format, err := p.resolve(address)
	if err != nil {
		return syndicate.Document{}, err
	}
	return p.document(ctx, sel, format)
}

// Has returns nil if there is a feed at an address, and otherwise the error
// that At would return. It asks the store for nothing.
func (p *Publisher) Has(address string) error {
	_, _, err := p.resolve(address)
	return err
}

// resolve returns the selection and the format of an address.
func (p *Publisher) resolve(address string) (selection, string, error) {
	none := fmt.Errorf("feed %.200q: %w", address, syndicate.ErrNotFound)
	path, ok := strings.CutPrefix(address, p.Site.Link("/feeds/"))
	if !ok {
		return selection{}, "", none
	}
	u, err := url.Parse(path)
	if err != nil || u.Scheme != "" || u.Host != "" || u.Fragment != "" {
		return selection{}, "", none
	}
	dot := strings.LastIndexByte(u.Path, '.')
	if dot <= 0 {
		return selection{}, "", none
	}
	name, format := u.Path[:dot], u.Path[dot+1:]
	if write, _ := writer(format); write == nil {
		return selection{}, "", none
	}
	if name == searchName {
		sel, err := p.searchSelection(u.Query().Get("q"))
		return sel, format, err
	}
	sel, ok := p.selection(name, p.Site.Language)
	if !ok || u.RawQuery != "" {
		return selection{}, "", none
	}
	return sel, format, nil
}
