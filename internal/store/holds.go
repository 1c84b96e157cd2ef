package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"broadsheet/syndicate"
)

// HeldByOperator is why an edition is halted that an operator holds. Unlike
// any other reason, ReleaseEdition takes it back.
const HeldByOperator = "held by an operator"

// HoldDigest keeps the editions of a digest from being made, whatever is due,
// until ReleaseDigest. A digest that is on hold already stays so since then.
// The error is syndicate.ErrNotFound for a digest that is not configured.
func (s *Store) HoldDigest(ctx context.Context, name string, now time.Time) error {
	return s.write(ctx, "hold digest "+name, func(tx *sql.Tx) error {
		n, err := change(ctx, tx, "UPDATE digests SET on_hold = COALESCE(on_hold, $2) WHERE name = $1 AND active", text(name), now.UnixMilli())
		if err == nil && n == 0 {
			err = syndicate.ErrNotFound
		}
		return err
	})
}

// ReleaseDigest ends the hold of a digest, and reports whether there was one.
// An edition that came due meanwhile is due at now: it was held, it is not
// late. The error is syndicate.ErrNotFound for a digest that is not configured.
func (s *Store) ReleaseDigest(ctx context.Context, name string, now time.Time) (released bool, err error) {
	err = s.write(ctx, "release digest "+name, func(tx *sql.Tx) error {
		n, err := change(ctx, tx, `
			UPDATE digests
			SET on_hold = NULL, next_at = CASE WHEN next_at < $2 THEN $2 ELSE next_at END
			WHERE name = $1 AND active AND on_hold IS NOT NULL`, text(name), now.UnixMilli())
		if err != nil || n > 0 {
			released = n > 0
			return err
		}
		found, err := query(ctx, tx, scanOne[int64], "SELECT count(*) FROM digests WHERE name = $1 AND active", text(name))
		if err == nil && found[0] == 0 {
			err = syndicate.ErrNotFound
		}
		return err
	})
	return released, err
}

// ReleaseEdition lets an edition go on that an operator holds, see
// HeldByOperator, and reports whether one did. If there is a queue, a
// DeliverJob is added.
func (s *Store) ReleaseEdition(ctx context.Context, edition int64) (released bool, err error) {
	err = s.write(ctx, fmt.Sprintf("release edition %d", edition), func(tx *sql.Tx) error {
		n, err := change(ctx, tx, "DELETE FROM halts WHERE edition = $1 AND reason = $2", edition, HeldByOperator)
		released = n > 0
		if err != nil || n == 0 || s.queue == nil {
			return err
		}
		return s.queue.Enqueue(ctx, tx, DeliverJob{Edition: edition})
	})
	return released, err
}
