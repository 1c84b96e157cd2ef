package publish

import (
	"context"
	"fmt"

	"broadsheet/syndicate"
)

// Readers tells what readers chose to follow.
type Readers interface {
	// PrivateFeed returns what the feed of a name holds, or
	// syndicate.ErrNotFound. The name begins with syndicate.PrivatePrefix, and
	// knowing it is what opens the feed.
	PrivateFeed(ctx context.Context, name string) (syndicate.Feed, error)
}

// private writes the feed of a reader: like any other, but without a hub and
// without history, whose addresses others would come to see.
func (p *Publisher) private(ctx context.Context, name, format string) (syndicate.Document, error) {
	if p.Readers == nil {
		return syndicate.Document{}, fmt.Errorf("private feed: %w", syndicate.ErrNotFound)
	}
	f, err := p.Readers.PrivateFeed(ctx, name)
	if err != nil {
		return syndicate.Document{}, fmt.Errorf("private feed: %w", err) // the name is a secret
	}
	sel := p.named(p.Site.Language, "private", name, f.DisplayTitle(p.Site.Language), "/", f.Query, f.Limit)
	sel.private = true
	return p.document(ctx, sel, format)
}
