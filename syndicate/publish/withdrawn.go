package publish

import (
	"context"
	"slices"
	"strings"
	"time"

	"broadsheet/syndicate"
)

// Feeds say for withdrawnFor that an article was withdrawn, and of no more
// articles than maxWithdrawn.
const (
	withdrawnFor = 30 * 24 * time.Hour
	maxWithdrawn = 100
)

// withdraw adds to a channel what the operator took back of it. How long ago
// that was is told by the newest thing known of the feed, not by the clock, so
// that feeds go on to depend on their articles alone.
func (p *Publisher) withdraw(ctx context.Context, ch *channel, sel selection, articles []syndicate.Told) error {
	list, err := p.Store.Withdrawn(ctx, maxWithdrawn)
	if err != nil {
		return err
	}
	list = slices.DeleteFunc(list, func(w syndicate.Withdrawal) bool { return maybe(sel.Query.Root, &w) == never })
	if len(list) == 0 {
		return nil
	}
	newest := list[0].At
	if len(articles) > 0 && articles[0].FirstSeen.After(newest) {
		newest = articles[0].FirstSeen
	}
	ch.withdrawn = slices.DeleteFunc(list, func(w syndicate.Withdrawal) bool { return newest.Sub(w.At) > withdrawnFor })
	for _, w := range ch.withdrawn {
		if w.At.After(ch.Updated) {
			ch.Updated = w.At
			ch.changed = w.At.Truncate(time.Second)
		}
	}
	return nil
}

// A chance says whether a feed can have had an article of which little is left.
type chance int

const (
	never chance = iota
	perhaps
	surely
)

// maybe returns the chance that an expression selected an article that was
// withdrawn. A reader who never had it overlooks that it is gone.
func maybe(e syndicate.Expr, w *syndicate.Withdrawal) chance {
	switch e := e.(type) {
	case nil:
		return surely
	case syndicate.And:
		c := surely
		for _, part := range e {
			c = min(c, maybe(part, w))
		}
		return c
	case syndicate.Or:
		c := never
		for _, part := range e {
			c = max(c, maybe(part, w))
		}
		return c
	case syndicate.Not:
		return surely - maybe(e.Expr, w)
	case syndicate.Field:
		return chanceOf(e, w)
	}
	return perhaps
}

func chanceOf(f syndicate.Field, w *syndicate.Withdrawal) chance {
	var is bool
	switch f.Name {
	case "theme":
		is = slices.Contains(w.Themes, f.Value)
	case "source":
		is = w.Source == f.Value
	case "lang":
		is = w.Language == f.Value || strings.HasPrefix(w.Language, f.Value+"-")
	default:
		return perhaps
	}
	if is {
		return surely
	}
	return never
}
