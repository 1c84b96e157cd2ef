package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"broadsheet/mailer"
)

// Tallies returns how many deliveries of each of some editions are in each
// state. Those of editions that are finished are not counted anew; see
// KeepTally.
func (s *Store) Tallies(ctx context.Context, editions []int64) (map[int64]map[mailer.State]int, error) {
	tallies := make(map[int64]map[mailer.State]int, len(editions))
	var open []int64
	err := inBatches(editions, 500, func(ids []int64) error {
		_, err := query(ctx, s.read, func(r scanner) (struct{}, error) {
			var id int64
			var kept string
			err := r.Scan(&id, &kept)
			if err == nil {
				tallies[id], err = readTally(kept)
			}
			return struct{}{}, err
		}, "SELECT edition, counts FROM tallies WHERE counts <> '' AND edition IN ("+placeholders(1, len(ids))+")", anys(ids)...)
		return err
	})
	for _, id := range editions {
		if tallies[id] == nil {
			tallies[id] = map[mailer.State]int{}
			open = append(open, id)
		}
	}
	if err == nil {
		err = inBatches(open, 500, func(ids []int64) error { return countOpen(ctx, s.read, ids, tallies) })
	}
	return tallies, s.failed("count deliveries", err)
}

// countOpen counts the deliveries of editions one by one.
func countOpen(ctx context.Context, q querier, editions []int64, to map[int64]map[mailer.State]int) error {
	_, err := query(ctx, q, func(r scanner) (struct{}, error) {
		var id int64
		var state mailer.State
		var n int
		err := r.Scan(&id, &state, &n)
		to[id][state] = n
		return struct{}{}, err
	}, "SELECT edition, state, count(*) FROM deliveries WHERE edition IN ("+placeholders(1, len(editions))+") GROUP BY edition, state", anys(editions)...)
	return err
}

func readTally(kept string) (map[mailer.State]int, error) {
	counts := map[mailer.State]int{}
	err := json.Unmarshal([]byte(kept), &counts)
	return counts, err
}

// Untallied returns the editions of whose deliveries none waits and whose
// final account is not kept, the oldest first.
func (s *Store) Untallied(ctx context.Context) ([]int64, error) {
	ids, err := query(ctx, s.read, scanOne[int64], `
		SELECT e.id
		FROM editions e
		WHERE NOT EXISTS (SELECT 1 FROM tallies t WHERE t.edition = e.id AND t.counts <> '')
			AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.edition = e.id AND d.next_at IS NOT NULL)
		ORDER BY e.id`)
	return ids, s.failed("look for editions that are finished", err)
}

// KeepTally counts the deliveries of an edition and keeps the counts if each
// of them is final, which it reports: then nobody need count them again until
// Resend. It counts without holding up those who write.
func (s *Store) KeepTally(ctx context.Context, edition int64) (bool, error) {
	kept, err := s.keepTally(ctx, edition)
	return kept, s.failed(fmt.Sprintf("keep the account of edition %d", edition), err)
}

func (s *Store) keepTally(ctx context.Context, edition int64) (kept bool, err error) {
	var resent int
	var known string
	err = s.read.QueryRowContext(ctx, "SELECT resent, counts FROM tallies WHERE edition = $1", edition).Scan(&resent, &known)
	switch {
	case known != "":
		return true, nil
	case err != nil && !errors.Is(err, sql.ErrNoRows):
		return false, err
	}
	counts := map[mailer.State]int{}
	// After resent was read: what is sent after all from now on changes it.
	if err := countOpen(ctx, s.read, []int64{edition}, map[int64]map[mailer.State]int{edition: counts}); err != nil {
		return false, err
	}
	for state := range counts {
		if !state.Final() {
			return false, nil
		}
	}
	text, err := json.Marshal(counts)
	if err != nil {
		return false, err
	}
	err = s.write(ctx, fmt.Sprintf("keep the account of edition %d", edition), func(tx *sql.Tx) error {
		n, err := change(ctx, tx, `
			INSERT INTO tallies (edition, resent, counts)
			SELECT id, $2, $3 FROM editions WHERE id = $1
			ON CONFLICT (edition) DO UPDATE
			SET counts = excluded.counts
			WHERE tallies.resent = excluded.resent`, edition, resent, string(text))
		kept = n > 0
		return err
	})
	return kept, err
}

// reopenTally has the deliveries of an edition counted anew.
func reopenTally(ctx context.Context, tx *sql.Tx, edition int64) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO tallies (edition, resent, counts)
		SELECT id, 1, '' FROM editions WHERE id = $1
		ON CONFLICT (edition) DO UPDATE
		SET resent = tallies.resent + 1, counts = ''`, edition)
	return err
}

// AllDeliveries returns how many deliveries there are in each state.
func (s *Store) AllDeliveries(ctx context.Context) (map[mailer.State]int, error) {
	sum := map[mailer.State]int{}
	_, err := query(ctx, s.read, func(r scanner) (struct{}, error) {
		var kept string
		err := r.Scan(&kept)
		if err != nil {
			return struct{}{}, err
		}
		counts, err := readTally(kept)
		for state, n := range counts {
			sum[state] += n
		}
		return struct{}{}, err
	}, "SELECT counts FROM tallies WHERE counts <> ''")
	if err != nil {
		return nil, s.failed("count all deliveries", err)
	}
	_, err = query(ctx, s.read, func(r scanner) (struct{}, error) {
		var state mailer.State
		var n int
		err := r.Scan(&state, &n)
		sum[state] += n
		return struct{}{}, err
	}, `
		SELECT d.state, count(*)
		FROM deliveries d
		WHERE d.edition IN (
			SELECT e.id
			FROM editions e
			WHERE NOT EXISTS (SELECT 1 FROM tallies t WHERE t.edition = e.id AND t.counts <> ''))
		GROUP BY d.state`)
	return sum, s.failed("count all deliveries", err)
}
