package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"broadsheet/syndicate"
)

// A DecisionMailJob tells the sender of a submission what an editor decided.
type DecisionMailJob struct {
	Submission int64 `json:"submission"`
}

// Kind names the work.
func (DecisionMailJob) Kind() string { return "decision_mail" }

// maxDecisions is how many decisions one mail tells of.
const maxDecisions = 20

// promiseDecision has the sender of a submission told what was decided, if that
// is wished.
func (s *Store) promiseDecision(ctx context.Context, tx *sql.Tx, id int64) error {
	tell, err := scanOne[string](tx.QueryRowContext(ctx, "SELECT tell FROM inbox WHERE id = $1", id))
	if err != nil || tell == "" || s.queue == nil {
		return err
	}
	return s.queue.Enqueue(ctx, tx, DecisionMailJob{Submission: id})
}

// turnOf is what the turns of a mailbox to be told are counted under, beside
// those to get receipts.
func turnOf(tell string) string { return "decisions " + tell }

// ClaimDecisions gets the sender of a submission a turn to be told at now, and
// returns what there is to tell: all that was decided of what the same mailbox
// sent, so that it gets one mail an hour at most. When its turn is later, the
// first result says by how much; when there is nothing to tell, both are zero.
// NoteDecisions ends the turn.
func (s *Store) ClaimDecisions(ctx context.Context, id int64, now time.Time) (wait time.Duration, subs []syndicate.Submission, err error) {
	err = s.writeDurably(ctx, "claim what to tell a sender", func(tx *sql.Tx) error {
		wait, subs = 0, nil
		tell, err := scanOne[string](tx.QueryRowContext(ctx, "SELECT tell FROM inbox WHERE id = $1 AND tell <> '' AND told IS NULL AND settled IS NOT NULL", id))
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		ok, err := promiseReceipt(ctx, tx, turnOf(tell), now)
		if err != nil {
			return err
		}
		if !ok {
			var last time.Time
			err := tx.QueryRowContext(ctx, "SELECT at FROM receipts WHERE mailbox = $1", turnOf(tell)).Scan(moment{&last})
			wait = max(last.Add(receiptsApart).Sub(now), time.Second)
			return err
		}
		subs, err = query(ctx, tx, scanSubmission, `
			SELECT `+inboxColumns+`
			FROM inbox
			WHERE tell = $1 AND told IS NULL AND settled IS NOT NULL
			ORDER BY settled, id
			LIMIT $2`, tell, maxDecisions)
		return err
	})
	return wait, subs, err
}

// NoteDecisions stores that a sender was told of submissions at an instant, or,
// for good, why not. With neither the turn is given back, and others may be
// tried.
func (s *Store) NoteDecisions(ctx context.Context, subs []syndicate.Submission, at time.Time, fault string) error {
	if len(subs) == 0 {
		return nil
	}
	return s.writeDurably(ctx, "store that a sender was told", func(tx *sql.Tx) error {
		if at.IsZero() {
			_, err := tx.ExecContext(ctx, "DELETE FROM receipts WHERE mailbox = $1", turnOf(mailbox(subs[0].Address)))
			return err
		}
		args := []any{at.UnixMilli(), text(fault)}
		for i := range subs {
			args = append(args, subs[i].ID)
		}
		_, err := tx.ExecContext(ctx, "UPDATE inbox SET told = $1, tell_fault = $2 WHERE id IN ("+placeholders(3, len(subs))+")", args...)
		return err
	})
}
