package store

import (
	"context"

	"broadsheet/mailer"
)

// A Received is an edition with its delivery to one subscriber.
type Received struct {
	Edition  mailer.Edition // without sections and bodies
	Subject  string         // as the subscriber got it
	Delivery mailer.Delivery
}

// DeliveriesTo returns the latest deliveries to a subscriber, the latest
// first.
func (s *Store) DeliveriesTo(ctx context.Context, subscriber int64, limit int) ([]Received, error) {
	got, err := query(ctx, s.read, func(r scanner) (g Received, err error) {
		g.Delivery, err = scanDelivery(also{r, append(editionFields(&g.Edition), &g.Subject)})
		return g, err
	}, `
		SELECT `+deliveryColumns+`, `+editionColumns+`, COALESCE(v.subject, e.subject)
		FROM deliveries d JOIN editions e ON e.id = d.edition
			LEFT JOIN variants v ON v.id = d.variant
		WHERE d.subscriber = $1
		ORDER BY e.at DESC, d.id DESC
		LIMIT $2`, subscriber, limit)
	return got, s.failed("read the deliveries to a subscriber", err)
}

// DeliveryTo returns the delivery of an edition to a subscriber (0 for none),
// or else to an address, whatever its case. The error is syndicate.ErrNotFound
// if there is none.
func (s *Store) DeliveryTo(ctx context.Context, edition, subscriber int64, email string) (mailer.Delivery, error) {
	d, err := scanDelivery(s.read.QueryRowContext(ctx, `
		SELECT `+deliveryColumns+`
		FROM deliveries d JOIN editions e ON e.id = d.edition
		WHERE d.edition = $1 AND (d.subscriber = $2 OR lower(d.recipient) = $3)
		ORDER BY CASE WHEN d.subscriber = $2 THEN 0 ELSE 1 END
		LIMIT 1`, edition, subscriber, text(mailbox(email))))
	return d, s.failed("look for a delivery", notFound(err))
}

// Marks returns the last edition of each digest that was for a subscriber, of
// those digests for which it is kept.
func (s *Store) Marks(ctx context.Context, subscriber int64) (map[string]mailer.Mark, error) {
	marks := map[string]mailer.Mark{}
	_, err := query(ctx, s.read, func(r scanner) (struct{}, error) {
		var digest string
		var m mailer.Mark
		err := r.Scan(&digest, &m.Edition, moment{&m.Since}, moment{&m.Until}, moment{&m.Made})
		marks[digest] = m
		return struct{}{}, err
	}, `
		SELECT d.digest, e.id, e.since, e.until, e.created
		FROM subscriptions d JOIN editions e ON e.id = d.since
		WHERE d.subscriber = $1`, subscriber)
	return marks, s.failed("look for the last editions of a subscriber", err)
}

// Statuses counts the subscribers of a digest by their status.
func (s *Store) Statuses(ctx context.Context, digest string) (map[mailer.Status]int, error) {
	counts := map[mailer.Status]int{}
	_, err := query(ctx, s.read, func(r scanner) (struct{}, error) {
		var status mailer.Status
		var n int
		err := r.Scan(&status, &n)
		counts[status] = n
		return struct{}{}, err
	}, `
		SELECT s.status, count(*)
		FROM subscriptions d JOIN subscribers s ON s.id = d.subscriber
		WHERE d.digest = $1
		GROUP BY s.status`, text(digest))
	return counts, s.failed("count the subscribers of "+digest, err)
}
