package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"broadsheet/mailer"
)

// SuppressionFilter chooses suppressions. The zero filter chooses all.
type SuppressionFilter struct {
	Reason mailer.SuppressionReason // "" for any
	Since  time.Time                // not older
	After  string                   // only those with a larger hash, for the next page
	Limit  int                      // at most; 0 for 1000
}

const suppressionColumns = `x.hash, x.reason, x.detail, x.at, COALESCE(x.delivery, 0), COALESCE(d.recipient, '')`

func scanSuppression(r scanner) (x mailer.Suppression, err error) {
	err = r.Scan(&x.Hash, &x.Reason, &x.Detail, moment{&x.At}, &x.Delivery, &x.To)
	return x, err
}

// Suppressions returns the suppressions that a filter chooses, by hash.
func (s *Store) Suppressions(ctx context.Context, f SuppressionFilter) ([]mailer.Suppression, error) {
	if f.Limit == 0 {
		f.Limit = 1000
	}
	since := int64(-1 << 62)
	if !f.Since.IsZero() {
		since = f.Since.UnixMilli()
	}
	xs, err := query(ctx, s.read, scanSuppression, `
		SELECT `+suppressionColumns+`
		FROM suppressions x LEFT JOIN deliveries d ON d.id = x.delivery
		WHERE x.hash > $1 AND ($2 = '' OR x.reason = $2) AND x.at >= $3
		ORDER BY x.hash
		LIMIT $4`, f.After, string(f.Reason), since, f.Limit)
	return xs, s.failed("read the suppressions", err)
}

// SuppressionsOf returns the suppressions of those of the addresses that are
// suppressed, by hash.
func (s *Store) SuppressionsOf(ctx context.Context, addresses []string) (map[string]mailer.Suppression, error) {
	hashes := make([]string, len(addresses))
	for i, a := range addresses {
		hashes[i] = mailer.MailboxHash(a)
	}
	found, err := s.suppressed(ctx, s.read, hashes)
	return found, s.failed("look for suppressions", err)
}

// suppressed returns the suppressions among hashes.
func (s *Store) suppressed(ctx context.Context, q querier, hashes []string) (map[string]mailer.Suppression, error) {
	found := map[string]mailer.Suppression{}
	list, err := json.Marshal(hashes)
	if err != nil {
		return nil, err
	}
	xs, err := query(ctx, q, scanSuppression, `
		SELECT `+suppressionColumns+`
		FROM (`+s.dialect.texts()+`) v JOIN suppressions x ON x.hash = v.value LEFT JOIN deliveries d ON d.id = x.delivery`, string(list))
	for _, x := range xs {
		found[x.Hash] = x
	}
	return found, err
}

// Suppress stores suppressions and returns how many are new. One that is there
// already stays as it is.
func (s *Store) Suppress(ctx context.Context, xs []mailer.Suppression) (added int, err error) {
	err = s.write(ctx, "suppress mailboxes", func(tx *sql.Tx) error {
		added = 0
		for i := range xs {
			n, err := addSuppression(ctx, tx, &xs[i])
			if err != nil {
				return err
			}
			added += n
		}
		return nil
	})
	return added, err
}

func addSuppression(ctx context.Context, tx *sql.Tx, x *mailer.Suppression) (int, error) {
	delivery := any(nil)
	if x.Delivery != 0 {
		delivery = x.Delivery
	}
	return change(ctx, tx, `
		INSERT INTO suppressions (hash, reason, detail, at, delivery)
		VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (hash) DO NOTHING`, text(x.Hash), string(x.Reason), text(x.Detail), x.At.UnixMilli(), delivery)
}

// Unsuppress lets a mailbox be sent to again, its bounces forgotten, and
// reports whether it was suppressed.
func (s *Store) Unsuppress(ctx context.Context, hash string) (was bool, err error) {
	err = s.write(ctx, "lift a suppression", func(tx *sql.Tx) error {
		n, err := change(ctx, tx, "DELETE FROM suppressions WHERE hash = $1", hash)
		was = n > 0
		if err == nil {
			_, err = tx.ExecContext(ctx, "DELETE FROM bounce_scores WHERE hash = $1", hash)
		}
		return err
	})
	return was, err
}
