package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"broadsheet/mailer"
)

// Renew makes owner's leases of deliveries last until an instant and returns
// the IDs of those that were still owner's.
func (s *Store) Renew(ctx context.Context, owner string, until time.Time, ids []int64) ([]int64, error) {
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	var kept []int64
	err = s.write(ctx, "renew leases of deliveries", func(tx *sql.Tx) (err error) {
		kept, err = query(ctx, tx, scanOne[int64], `
			UPDATE deliveries
			SET leased_until = $2
			WHERE id IN (`+s.dialect.numbers()+`) AND owner = $3 AND state = 'leased'
			RETURNING id`, string(list), until.UnixMilli(), owner)
		return err
	})
	return kept, err
}

// Settle stores what became of deliveries that owner has leased: state,
// attempts, next time, reply, error and when they were settled. It ends their
// leases. A delivery whose ID and MessageID do not belong together, or whose
// lease is not owner's any more, stays as it is; but that something was
// accepted is stored in any case, and what is final stays. An uncertain
// delivery without a next time waits until somebody asks for it; see Resend.
func (s *Store) Settle(ctx context.Context, owner string, ds []mailer.Delivery) error {
	for i := range ds {
		if d := &ds[i]; d.State == mailer.Leased {
			return fmt.Errorf("settle delivery %d as %s: that is no outcome; see Lease", d.ID, d.State)
		}
	}
	settle := settleOneByOne
	if s.dialect.postgres { // to which each statement is a round trip
		settle = settleTogether
	}
	return s.writeOften(ctx, fmt.Sprintf("settle %d deliveries", len(ds)), func(tx querier) error {
		accepted := map[sentKey]int{}
		if err := settle(ctx, tx, owner, ds, accepted); err != nil {
			return err
		}
		for at, n := range accepted {
			_, err := tx.ExecContext(ctx, `
				INSERT INTO sent (minute, edition, messages)
				VALUES ($1, $2, $3)
				ON CONFLICT (minute, edition) DO UPDATE
				SET messages = sent.messages + excluded.messages`, at.minute, at.edition, n)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

type sentKey struct{ minute, edition int64 }

func (k sentKey) at(settled int64) sentKey {
	k.minute = settled / time.Minute.Milliseconds()
	return k
}

// settleOneByOne settles deliveries and counts those accepted.
func settleOneByOne(ctx context.Context, tx querier, owner string, ds []mailer.Delivery, accepted map[sentKey]int) error {
	for i := range ds {
		d := &ds[i]
		if d.State != mailer.Accepted {
			_, err := tx.ExecContext(ctx, `
				UPDATE deliveries
				SET state = ?, attempts = ?, next_at = ?, reply = ?, error = ?, settled = ?, owner = '', leased_until = NULL
				WHERE id = ? AND message_id = ? AND state = 'leased' AND owner = ?`,
				string(d.State), d.Attempts, dueAt(*d), text(d.Reply), text(d.Error), ms(d.Settled), d.ID, d.MessageID, owner)
			if err != nil {
				return err
			}
			continue
		}
		n, err := change(ctx, tx, `
			UPDATE deliveries
			SET state = 'accepted', attempts = ?, next_at = NULL, reply = ?, error = '', settled = ?, owner = '', leased_until = NULL
			WHERE id = ? AND message_id = ? AND state <> 'accepted' AND state <> 'failed' AND state <> 'suppressed'`, // NOT IN would make a table for each
			d.Attempts, text(d.Reply), ms(d.Settled), d.ID, d.MessageID)
		if err != nil {
			return err
		}
		if n == 0 {
			continue
		}
		k := sentKey{edition: d.Edition}
		if k.edition == 0 { // out of a journal
			if err := tx.QueryRowContext(ctx, "SELECT edition FROM deliveries WHERE id = $1", d.ID).Scan(&k.edition); err != nil {
				return err
			}
		}
		accepted[k.at(d.Settled.UnixMilli())]++
	}
	return nil
}

// settleTogether is settleOneByOne by one statement.
func settleTogether(ctx context.Context, tx querier, owner string, ds []mailer.Delivery, accepted map[sentKey]int) error {
	rows := make([][8]any, len(ds))
	for i := range ds {
		d := &ds[i]
		rows[i] = [8]any{d.ID, d.MessageID, d.State, d.Attempts, dueAt(*d), text(d.Reply), text(d.Error), ms(d.Settled)}
	}
	list, err := json.Marshal(rows)
	if err != nil {
		return err
	}
	_, err = query(ctx, tx, func(r scanner) (struct{}, error) {
		var k sentKey
		var settled sql.NullInt64
		var state mailer.State
		err := r.Scan(&k.edition, &state, &settled)
		if state == mailer.Accepted {
			accepted[k.at(settled.Int64)]++
		}
		return struct{}{}, err
	}, `
		UPDATE deliveries AS d
		SET state = v.outcome, attempts = v.tries, next_at = v.again, reply = v.said, error = v.fault, settled = v.done,
			owner = '', leased_until = NULL
		FROM (
			SELECT CAST(value->>0 AS BIGINT) AS number, value->>1 AS mark, value->>2 AS outcome, CAST(value->>3 AS BIGINT) AS tries,
				CAST(value->>4 AS BIGINT) AS again, value->>5 AS said, value->>6 AS fault, CAST(value->>7 AS BIGINT) AS done
			FROM json_array_elements($1::json)
		) AS v
		WHERE d.id = v.number AND d.message_id = v.mark
			AND (d.state = 'leased' AND d.owner = $2 OR v.outcome = 'accepted' AND d.state NOT IN ('accepted', 'failed', 'suppressed'))
		RETURNING d.edition, d.state, d.settled`, string(list), owner)
	return err
}

// Recover makes what dead owners had leased wait for its turn again: planned,
// or deferred if it was tried before. It returns how many deliveries these were.
func (s *Store) Recover(ctx context.Context, dead []string) (int, error) {
	if len(dead) == 0 {
		return 0, nil
	}
	n := 0
	err := s.write(ctx, "take up interrupted deliveries", func(tx *sql.Tx) (err error) {
		n, err = change(ctx, tx, `
			UPDATE deliveries
			SET state = CASE WHEN attempts > 0 OR error <> '' THEN 'deferred' ELSE 'planned' END, owner = '', leased_until = NULL
			WHERE leased_until IS NOT NULL AND state = 'leased' AND owner IN (`+placeholders(1, len(dead))+`)`, anys(dead)...)
		return err
	})
	return n, err
}

// cancelled is why deliveries are suppressed that are not wanted any more. It
// tells them from those that never were.
const cancelled = "not sent: the edition was cancelled"

// Halt has an edition not leased any more, until Resend. An edition that is
// halted already stays so, for its first reason.
func (s *Store) Halt(ctx context.Context, edition int64, why string) error {
	return s.writeDurably(ctx, fmt.Sprintf("halt edition %d", edition), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO halts (edition, reason, at)
			VALUES ($1, $2, $3)
			ON CONFLICT (edition) DO NOTHING`, edition, text(why), s.now().UnixMilli())
		return err
	})
}

// Halted returns why an edition is halted, "" if it is not.
func (s *Store) Halted(ctx context.Context, edition int64) (string, error) {
	why, err := query(ctx, s.read, scanOne[string], "SELECT reason FROM halts WHERE edition = $1", edition)
	if err != nil || len(why) == 0 {
		return "", s.failed(fmt.Sprintf("look whether edition %d is halted", edition), err)
	}
	return why[0], nil
}

// Standing returns whether an edition may be delivered and how much of it
// waits.
func (s *Store) Standing(ctx context.Context, edition int64) (mailer.Standing, error) {
	var st mailer.Standing
	err := s.read.QueryRowContext(ctx, `
		SELECT COALESCE((SELECT reason FROM halts WHERE edition = $1), ''),
			(SELECT count(*) FROM deliveries d WHERE d.edition = $1 AND d.next_at IS NOT NULL),
			EXISTS (SELECT 1 FROM editions e JOIN editions n ON n.digest = e.digest AND n.at > e.at WHERE e.id = $1 AND n.skipped = '')`,
		edition).Scan(&st.Halted, &st.Open, &st.Superseded)
	return st, s.failed(fmt.Sprintf("read the standing of edition %d", edition), err)
}

// Withdraw suppresses up to limit deliveries of a halted edition that wait;
// what may have arrived stays uncertain and is not sent again. It returns how
// many these were and how many are leased, whose owners give them back within
// moments.
func (s *Store) Withdraw(ctx context.Context, edition int64, now time.Time, limit int) (withdrawn, leased int, err error) {
	err = s.write(ctx, fmt.Sprintf("withdraw deliveries of edition %d", edition), func(tx *sql.Tx) (err error) {
		withdrawn, err = change(ctx, tx, `
			UPDATE deliveries
			SET next_at = NULL,
				state = CASE state WHEN 'uncertain' THEN state ELSE 'suppressed' END,
				error = CASE state WHEN 'uncertain' THEN error ELSE $1 END,
				settled = CASE state WHEN 'uncertain' THEN settled ELSE $2 END,
				owner = '', leased_until = NULL
			WHERE id IN (
				SELECT d.id
				FROM deliveries d
				WHERE d.edition = $3 AND d.next_at IS NOT NULL AND (d.state <> 'leased' OR d.leased_until <= $2)
					AND EXISTS (SELECT 1 FROM halts h WHERE h.edition = d.edition)
				LIMIT $4)`, cancelled, now.UnixMilli(), edition, limit)
		if err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, `
			SELECT count(*) FROM deliveries d WHERE d.edition = $1 AND d.next_at IS NOT NULL AND d.leased_until > $2`,
			edition, now.UnixMilli()).Scan(&leased)
	})
	return withdrawn, leased, err
}

// Resend makes what is missing of an edition wait to be sent at now, and lifts
// its halt: deliveries that failed, that may have arrived and were held, and
// that were withdrawn. It returns how many these are. What was accepted, and
// who does not want the edition, is left alone. If there is a queue, a
// DeliverJob is added.
func (s *Store) Resend(ctx context.Context, edition int64, now time.Time) (int, error) {
	n := 0
	err := s.write(ctx, fmt.Sprintf("resend edition %d", edition), func(tx *sql.Tx) (err error) {
		lifted, err := change(ctx, tx, "DELETE FROM halts WHERE edition = $1", edition)
		if err != nil {
			return err
		}
		n, err = change(ctx, tx, `
			UPDATE deliveries
			SET state = CASE state WHEN 'uncertain' THEN state ELSE 'planned' END,
				error = CASE state WHEN 'uncertain' THEN error ELSE '' END,
				attempts = 0, next_at = $2, settled = NULL
			WHERE edition = $1 AND (state = 'failed' OR state = 'uncertain' AND next_at IS NULL OR state = 'suppressed' AND error = $3)`,
			edition, now.UnixMilli(), cancelled)
		if err == nil && n > 0 {
			err = reopenTally(ctx, tx, edition)
		}
		if err != nil || n+lifted == 0 || s.queue == nil {
			return err
		}
		return s.queue.Enqueue(ctx, tx, DeliverJob{Edition: edition})
	})
	return n, err
}

// Sent returns how many messages were accepted since an instant, to the minute.
func (s *Store) Sent(ctx context.Context, since time.Time) (int, error) {
	var n int
	err := s.read.QueryRowContext(ctx, "SELECT COALESCE(sum(messages), 0) FROM sent WHERE minute >= $1",
		since.UnixMilli()/time.Minute.Milliseconds()).Scan(&n)
	return n, s.failed("count what was sent", err)
}

// A Progress is how far an edition is that is not delivered to the end.
type Progress struct {
	Edition   int64
	Digest    string
	Number    int
	Accepted  int
	Waiting   int       // to be sent, or to be tried again
	Due       int       // of these, those whose time has come
	LastAt    time.Time // the latest time that one waits for
	PerMinute float64   // messages accepted lately
	Halted    string    // why nothing more is sent; "" when it goes on
}

// lately is how far back a rate looks.
const lately = 5 * time.Minute

// Progress returns the editions that have deliveries waiting, the oldest
// first.
func (s *Store) Progress(ctx context.Context, now time.Time) ([]Progress, error) {
	ps, err := query(ctx, s.read, func(r scanner) (p Progress, err error) {
		var first sql.NullInt64
		var recent int
		err = r.Scan(&p.Edition, &p.Waiting, &p.Due, moment{&p.LastAt}, &p.Digest, &p.Number, &p.Halted, &p.Accepted, &recent, &first)
		if span := now.Sub(time.UnixMilli(first.Int64 * time.Minute.Milliseconds())); first.Valid && span > 0 {
			p.PerMinute = float64(recent) / max(span.Minutes(), 0.1)
		}
		return p, err
	}, `
		SELECT w.edition, w.waiting, w.due, w.last, e.digest, e.number, COALESCE((SELECT reason FROM halts h WHERE h.edition = w.edition), ''),
			COALESCE((SELECT sum(messages) FROM sent WHERE sent.edition = w.edition), 0),
			COALESCE((SELECT sum(messages) FROM sent WHERE sent.edition = w.edition AND sent.minute > $1), 0),
			(SELECT min(minute) FROM sent WHERE sent.edition = w.edition AND sent.minute > $1)
		FROM (
				SELECT d.edition AS edition, count(*) AS waiting, count(CASE WHEN d.next_at <= $2 THEN 1 END) AS due, max(d.next_at) AS last
				FROM deliveries d
				WHERE d.next_at IS NOT NULL
				GROUP BY d.edition
			) w
			JOIN editions e ON e.id = w.edition
		ORDER BY w.edition`, now.Add(-lately).UnixMilli()/time.Minute.Milliseconds(), now.UnixMilli())
	return ps, s.failed("read how far editions are delivered", err)
}
