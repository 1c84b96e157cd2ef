package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// A HeldBack is an edition to many that is not delivered because large providers
// would refuse it. Deliveries of it wait.
type HeldBack struct {
	Edition int64
	Digest  string
	Number  int
	Reason  string
	At      time.Time // since when
}

// HoldBack notes why an edition is held back, "" when it is not any more.
// Every process sees that.
func (s *Store) HoldBack(ctx context.Context, edition int64, reason string) error {
	what := fmt.Sprintf("note whether edition %d is held back", edition)
	was, _, err := s.bulk(ctx, edition)
	if err != nil || was == reason {
		return s.failed(what, err)
	}
	return s.write(ctx, what, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO bulk (edition, reason, at)
			VALUES ($1, $2, $3)
			ON CONFLICT (edition) DO UPDATE
			SET at = CASE bulk.reason WHEN '' THEN excluded.at ELSE bulk.at END, reason = excluded.reason`,
			edition, text(reason), s.now().UnixMilli())
		return err
	})
}

// AllowBulk notes that an edition is to be delivered whatever large providers
// may say.
func (s *Store) AllowBulk(ctx context.Context, edition int64) error {
	return s.writeDurably(ctx, fmt.Sprintf("allow edition %d to many", edition), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO bulk (edition, reason, at, allowed)
			VALUES ($1, '', $2, TRUE)
			ON CONFLICT (edition) DO UPDATE SET reason = '', allowed = TRUE`, edition, s.now().UnixMilli())
		return err
	})
}

// BulkAllowed reports whether AllowBulk was called for an edition.
func (s *Store) BulkAllowed(ctx context.Context, edition int64) (bool, error) {
	_, allowed, err := s.bulk(ctx, edition)
	return allowed, s.failed(fmt.Sprintf("look whether edition %d may go to many", edition), err)
}

func (s *Store) bulk(ctx context.Context, edition int64) (reason string, allowed bool, err error) {
	err = s.read.QueryRowContext(ctx, "SELECT reason, allowed FROM bulk WHERE edition = $1", edition).Scan(&reason, &allowed)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	return reason, allowed, err
}

// HeldBack returns the editions that are held back, the oldest first. One that
// is halted, or has no delivery that waits, is none of them.
func (s *Store) HeldBack(ctx context.Context) ([]HeldBack, error) {
	hs, err := query(ctx, s.read, func(r scanner) (h HeldBack, err error) {
		err = r.Scan(&h.Edition, &h.Digest, &h.Number, &h.Reason, moment{&h.At})
		return h, err
	}, `
		SELECT b.edition, e.digest, e.number, b.reason, b.at
		FROM bulk b
			JOIN editions e ON e.id = b.edition
		WHERE b.reason <> ''
			AND EXISTS (SELECT 1 FROM deliveries d WHERE d.edition = b.edition AND d.next_at IS NOT NULL)
			AND NOT EXISTS (SELECT 1 FROM halts h WHERE h.edition = b.edition)
		ORDER BY b.edition`)
	return hs, s.failed("read which editions are held back", err)
}
