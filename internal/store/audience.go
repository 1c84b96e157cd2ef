package store

import (
	"context"
	"database/sql"

	"broadsheet/mailer"
)

// audienceBatch is how many subscribers are planned at a time.
const audienceBatch = 2000

// insertVariants stores the variants of an edition and gives them their IDs.
func (s *Store) insertVariants(ctx context.Context, tx *sql.Tx, e *mailer.Edition) error {
	e.Variants = append([]mailer.Variant(nil), e.Variants...)
	for i := range e.Variants {
		v := &e.Variants[i]
		err := tx.QueryRowContext(ctx, `
			INSERT INTO variants (edition, selection, subject, language, sections, text, html, empty)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
			RETURNING id`, e.ID, selected{&v.Selection}, text(v.Subject), v.Language, list[mailer.Section]{&v.Sections},
			text(v.Text), text(v.HTML), text(v.Empty)).Scan(&v.ID)
		if err != nil {
			return err
		}
	}
	return nil
}

// variantsOf returns the variants of an edition.
func variantsOf(ctx context.Context, q querier, edition int64) ([]mailer.Variant, error) {
	return query(ctx, q, func(r scanner) (v mailer.Variant, err error) {
		err = r.Scan(&v.ID, selected{&v.Selection}, &v.Subject, &v.Language, list[mailer.Section]{&v.Sections}, &v.Text, &v.HTML, &v.Empty)
		return v, err
	}, `
		SELECT id, selection, subject, language, sections, text, html, empty
		FROM variants
		WHERE edition = $1
		ORDER BY id`, edition)
}

// planSubscribers plans a delivery for each active subscriber of the edition's
// digest whose mailbox is not in seen, and returns how many are to be sent: for
// whom a variant is empty the account says so. Subscribers with a selection
// that the edition has no variant of came while it was composed; theirs is the
// next one.
func (s *Store) planSubscribers(ctx context.Context, tx *sql.Tx, e *mailer.Edition, seen map[string]bool) (planned int, err error) {
	variants := make(map[any]*mailer.Variant, len(e.Variants))
	for i := range e.Variants {
		v := &e.Variants[i]
		key, err := selected{&v.Selection}.Value()
		if err != nil {
			return 0, err
		}
		variants[key] = v
	}
	in := into("INSERT INTO deliveries (edition, recipient, message_id, state, attempts, next_at, owner, reply, error, settled, subscriber, variant)", 12)
	for after := int64(0); ; {
		type row struct {
			id               int64
			email, selection string
		}
		rows, err := query(ctx, tx, func(r scanner) (x row, err error) {
			err = r.Scan(&x.id, &x.email, &x.selection)
			return x, err
		}, `
			SELECT s.id, s.email, s.selection
			FROM subscriptions d JOIN subscribers s ON s.id = d.subscriber
			WHERE d.digest = $1 AND d.subscriber > $2 AND s.status = 'active'
			ORDER BY d.subscriber
			LIMIT $3`, e.Digest, after, audienceBatch)
		if err != nil || len(rows) == 0 {
			return planned, err
		}
		after = rows[len(rows)-1].id
		var values [][]any
		for _, x := range rows {
			state, why, variant, next := mailer.Planned, "", any(nil), any(e.Created.UnixMilli())
			if x.selection != "" {
				v, ok := variants[x.selection]
				if !ok {
					continue
				}
				variant = v.ID
				if v.Empty != "" {
					state, why, next = mailer.Suppressed, v.Empty, nil
				}
			}
			if seen[mailbox(x.email)] {
				continue
			}
			if state == mailer.Planned {
				planned++
			}
			values = append(values, []any{
				e.ID, x.email, mailer.MessageID(e.Digest, e.At, x.email, e.Sender), string(state), 0, next, "", "", text(why), nil, x.id, variant,
			})
		}
		if err := s.insert(ctx, tx, in, values, nil); err != nil {
			return planned, err
		}
	}
}

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
