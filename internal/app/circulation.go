package app

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"broadsheet/internal/store"
	"broadsheet/internal/web"
	"broadsheet/mailer"
	"broadsheet/syndicate"
)

// FindSubscribers implements web.Circulation.
func (d adminDesk) FindSubscribers(ctx context.Context, text string, after int64, limit int) ([]mailer.Subscriber, error) {
	return d.store.Subscribers(ctx, store.SubscriberFilter{Text: text, After: after, Limit: limit})
}

// History implements web.Circulation.
func (d adminDesk) History(ctx context.Context, id int64) (mailer.Subscriber, []web.Receipt, error) {
	s, err := d.store.SubscriberByID(ctx, id)
	if err != nil {
		return s, nil, err
	}
	got, err := d.store.DeliveriesTo(ctx, id, receipts)
	out := make([]web.Receipt, len(got))
	for i, g := range got {
		out[i] = web.Receipt{Edition: g.Edition, Subject: g.Subject, Delivery: g.Delivery}
	}
	return s, out, err
}

// Proofs implements web.Circulation.
func (d adminDesk) Proofs(ctx context.Context, id int64) ([]web.Proof, error) {
	proofs, err := d.store.Proofs(ctx, id)
	out := make([]web.Proof, len(proofs))
	for i, p := range proofs {
		out[i] = web.Proof{Version: p.Version, Wording: p.Wording, Asked: p.Asked, AskedFrom: p.AskedFrom, Confirmed: p.Confirmed, ConfirmedFrom: p.ConfirmedFrom}
	}
	return out, err
}

// EndSubscription implements web.Circulation.
func (d adminDesk) EndSubscription(ctx context.Context, id int64, erase bool) error {
	s, err := d.store.SubscriberByID(ctx, id)
	if err != nil {
		return err
	}
	action := syndicate.ActionUnsubscribe
	if erase {
		action = syndicate.ActionErase
	}
	// The number, not the address: what is erased must not live on in the log.
	if err := d.note(ctx, action, strconv.FormatInt(id, 10), ""); err != nil {
		return err
	}
	return d.Unsubscribe(ctx, s.Email, erase)
}

// ImportList implements web.Circulation.
func (d adminDesk) ImportList(ctx context.Context, list io.Reader, report func(line int, fault string)) (web.Imported, error) {
	sum, err := d.ImportSubscribers(ctx, list, false, report)
	out := web.Imported{Added: sum.Added, Changed: sum.Changed, Kept: sum.Kept, Bad: sum.Bad}
	if nerr := d.note(ctx, syndicate.ActionImport, "", fmt.Sprintf("%d added, %d changed", sum.Added, sum.Changed)); err == nil {
		err = nerr
	}
	return out, err
}
