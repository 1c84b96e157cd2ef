package store

import (
	"context"
	"database/sql"
	"time"

	"broadsheet/mailer"
	"broadsheet/syndicate"
)

// Leave takes a subscriber off a digest, or with "" off all of them. Whoever
// is left without one has unsubscribed: the last digest stays in the record,
// so that the subscriber can come back. Leaving again changes nothing. The
// error is syndicate.ErrNotFound for an ID that no subscriber has.
func (s *Store) Leave(ctx context.Context, subscriber int64, digest string) error {
	return s.write(ctx, "take a subscriber off a digest", func(tx *sql.Tx) error {
		// The row is locked, so that two who leave two digests at once see each other.
		n, err := change(ctx, tx, "UPDATE subscribers SET status = status WHERE id = $1", subscriber)
		if err == nil && n == 0 {
			err = syndicate.ErrNotFound
		}
		if err != nil {
			return err
		}
		others := 0
		if digest != "" {
			err := tx.QueryRowContext(ctx, "SELECT count(*) FROM subscriptions WHERE subscriber = $1 AND digest <> $2", subscriber, text(digest)).Scan(&others)
			if err != nil {
				return err
			}
		}
		if others > 0 {
			_, err = tx.ExecContext(ctx, "DELETE FROM subscriptions WHERE subscriber = $1 AND digest = $2", subscriber, text(digest))
		} else {
			_, err = tx.ExecContext(ctx, "UPDATE subscribers SET status = 'unsubscribed' WHERE id = $1", subscriber)
		}
		if err != nil {
			return err
		}
		return touch(ctx, tx)
	})
}

// OptOut takes a fixed recipient, by its mailer.FixedID, off a digest, or with
// "" off every one. Doing it again changes nothing.
func (s *Store) OptOut(ctx context.Context, recipient int64, digest string, at time.Time) error {
	return s.write(ctx, "take a fixed recipient off a digest", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO optouts (recipient, digest, at) VALUES ($1, $2, $3) ON CONFLICT (recipient, digest) DO NOTHING",
			recipient, text(digest), at.UnixMilli())
		return err
	})
}

// OptIn takes back that a fixed recipient wants no digest or, with a name,
// that one.
func (s *Store) OptIn(ctx context.Context, recipient int64, digest string) error {
	return s.write(ctx, "put a fixed recipient back on a digest", func(tx *sql.Tx) error {
		return optIn(ctx, tx, recipient, digest)
	})
}

func optIn(ctx context.Context, tx *sql.Tx, recipient int64, digest string) error {
	_, err := tx.ExecContext(ctx, "DELETE FROM optouts WHERE recipient = $1 AND digest IN ('', $2)", recipient, text(digest))
	return err
}

// OptOuts returns the digests that a fixed recipient took itself off, sorted;
// "" among them stands for every one.
func (s *Store) OptOuts(ctx context.Context, recipient int64) ([]string, error) {
	names, err := query(ctx, s.read, scanOne[string], "SELECT digest FROM optouts WHERE recipient = $1 ORDER BY digest", recipient)
	return names, s.failed("read what a fixed recipient does not want", err)
}

// optedOut returns which fixed recipients took themselves off a digest.
func optedOut(ctx context.Context, q querier, digest string) (map[int64]bool, error) {
	out := map[int64]bool{}
	_, err := query(ctx, q, func(r scanner) (struct{}, error) {
		var id int64
		err := r.Scan(&id)
		out[id] = true
		return struct{}{}, err
	}, "SELECT recipient FROM optouts WHERE digest IN ('', $1)", text(digest))
	return out, err
}

// markOptedOut gives the leases of fixed recipients who took themselves off the
// digest the status of those who unsubscribed.
func markOptedOut(ctx context.Context, tx querier, found *lease) error {
	if len(found.ds) == 0 {
		return nil
	}
	out, err := optedOut(ctx, tx, found.ds[0].Digest)
	for i := range found.ds {
		if d := &found.ds[i]; d.Recipient < 0 && out[d.Recipient] {
			found.status[i] = mailer.Unsubscribed
		}
	}
	return err
}
