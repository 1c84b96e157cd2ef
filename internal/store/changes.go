package store

import (
	"context"
	"database/sql"
	"math/rand/v2"
)

// changeSlots is how many rows of changes are counted up.
const changeSlots = 16

// touch notes, as the last act of a transaction, that what articles say or
// where they are filed has changed.
func touch(ctx context.Context, tx *sql.Tx) error {
	slot := rand.IntN(changeSlots) //nolint:gosec // only so that writers seldom meet
	_, err := tx.ExecContext(ctx, "UPDATE changes SET n = n + 1 WHERE slot = $1", slot)
	return err
}

// Version returns a number that grows whenever a transaction that changes
// articles is committed, by whichever process. followed is false if there are
// followers who have not been looked at since; see Looked.
func (s *Store) Version(ctx context.Context) (version int64, followed bool, err error) {
	var looked, followers int64
	err = s.watch.QueryRowContext(ctx, `
		SELECT CAST(sum(CASE WHEN slot >= 0 THEN n ELSE 0 END) AS BIGINT), max(CASE WHEN slot < 0 THEN n ELSE 0 END),
			(SELECT count(*) FROM (SELECT 1 FROM followers LIMIT 1) one)
		FROM changes`).Scan(&version, &looked, &followers)
	return version, followers == 0 || looked >= version, s.failed("look for changes", err)
}

// Looked notes that followers were looked at for all changes up to a version.
func (s *Store) Looked(ctx context.Context, version int64) error {
	return s.write(ctx, "note what the hub has seen", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE changes SET n = $1 WHERE slot = -1 AND n < $1", version)
		return err
	})
}
