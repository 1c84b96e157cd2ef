package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"broadsheet/mailer"
)

// SaveEdition stores an edition with its items, variants and deliveries, one
// delivery for each active subscriber of its digest among them, and the
// digest's next time (zero leaves it), and gives the edition its ID and, unless
// it is skipped, its Number. If there is a queue, a DeliverJob is added. All
// of it happens or nothing, and it is on the disk when SaveEdition returns.
//
// For an edition that is there already (same digest, same At) the error is
// mailer.ErrExists; of the rest only the next time is stored, so that a digest
// cannot stay due for an edition that it has.
func (s *Store) SaveEdition(ctx context.Context, e *mailer.Edition, deliveries []mailer.Delivery, next time.Time) error {
	saved, exists := *e, false
	err := s.writeDurably(ctx, "store an edition of "+e.Digest, func(tx *sql.Tx) error {
		saved, exists = *e, false
		if !next.IsZero() {
			// It also makes two editions of one digest wait for each other.
			_, err := tx.ExecContext(ctx, "UPDATE digests SET next_at = $2, held = '', held_at = NULL, retry_at = NULL WHERE name = $1", e.Digest, next.UnixMilli())
			if err != nil {
				return err
			}
		}
		inserted, err := insertEdition(ctx, tx, &saved)
		if err != nil || !inserted {
			exists = !inserted
			return err
		}
		if err := s.insertItems(ctx, tx, &saved); err != nil {
			return err
		}
		if err := s.insertVariants(ctx, tx, &saved); err != nil {
			return err
		}
		planned, err := s.insertDeliveries(ctx, tx, &saved, deliveries)
		if err != nil {
			return err
		}
		if s.queue == nil || planned == 0 {
			return nil
		}
		return s.queue.Enqueue(ctx, tx, DeliverJob{Edition: saved.ID})
	})
	switch {
	case err != nil:
		return err
	case exists:
		return fmt.Errorf("edition of %s due at %s: %w", e.Digest, e.At.UTC().Format(time.RFC3339), mailer.ErrExists)
	}
	*e = saved
	return nil
}

// insertEdition reports false if the edition is there already.
func insertEdition(ctx context.Context, tx *sql.Tx, e *mailer.Edition) (bool, error) {
	e.Number = 0
	if e.Skipped == "" {
		err := tx.QueryRowContext(ctx, "SELECT COALESCE(max(number), 0) + 1 FROM editions WHERE digest = $1", e.Digest).Scan(&e.Number)
		if err != nil {
			return false, err
		}
		e.SetNumber(e.Number)
	}
	ids, err := query(ctx, tx, scanOne[int64], `
		INSERT INTO editions (digest, number, at, since, until, created, title, subject, language, skipped, private, sections, text, html)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
		ON CONFLICT (digest, at) DO NOTHING
		RETURNING id`,
		e.Digest, e.Number, e.At.UnixMilli(), ms(e.Since), ms(e.Until), ms(e.Created), text(e.Title), text(e.Subject),
		e.Language, text(e.Skipped), e.Private, list[mailer.Section]{&e.Sections}, text(e.Text), text(e.HTML))
	if err != nil || len(ids) == 0 {
		return false, err
	}
	e.ID = ids[0]
	return true, nil
}

// insertDeliveries plans the given deliveries, and one for each active
// subscriber of the edition's digest who is not among the given ones. It
// returns how many are to be sent.
func (s *Store) insertDeliveries(ctx context.Context, tx *sql.Tx, e *mailer.Edition, deliveries []mailer.Delivery) (planned int, err error) {
	seen := make(map[string]bool, len(deliveries))
	out, err := optedOut(ctx, tx, e.Digest)
	if err != nil {
		return 0, err
	}
	var values [][]any
	for _, d := range deliveries {
		if seen[mailbox(d.To)] {
			continue
		}
		seen[mailbox(d.To)] = true
		if out[mailer.FixedID(d.To)] {
			d.State, d.Error, d.Settled = mailer.Suppressed, "not sent: the recipient has unsubscribed", e.Created
		} else {
			planned++
		}
		d.State = cmp.Or(d.State, mailer.Planned)
		values = append(values, []any{
			e.ID, text(d.To), d.MessageID, string(d.State), d.Attempts, dueAt(d),
			"", text(d.Reply), text(d.Error), ms(d.Settled),
		})
	}
	err = s.insert(ctx, tx, into("INSERT INTO deliveries (edition, recipient, message_id, state, attempts, next_at, owner, reply, error, settled)", 10), values, nil)
	if err != nil || e.Skipped != "" {
		return planned, err
	}
	n, err := s.planSubscribers(ctx, tx, e, seen)
	return planned + n, err
}

// dueAt is when something is to be done for a delivery: never again, at its
// time, or at once.
func dueAt(d mailer.Delivery) any {
	switch {
	case d.State.Final():
		return nil
	case d.NextAt.IsZero():
		return 0
	}
	return d.NextAt.UnixMilli()
}

const deliveryColumns = `d.id, d.edition, e.digest, COALESCE(d.variant, 0), COALESCE(d.subscriber, 0), d.recipient, d.message_id, d.state, d.attempts, d.next_at, d.reply, d.error, d.settled`

func scanDelivery(r scanner) (d mailer.Delivery, err error) {
	var next sql.NullInt64
	err = r.Scan(&d.ID, &d.Edition, &d.Digest, &d.Variant, &d.Recipient, &d.To, &d.MessageID, &d.State, &d.Attempts, &next, &d.Reply, &d.Error, moment{&d.Settled})
	if next.Int64 != 0 {
		d.NextAt = time.UnixMilli(next.Int64).UTC()
	}
	if d.Recipient == 0 {
		d.Recipient = mailer.FixedID(d.To)
	}
	return d, err
}

// Deliveries returns all deliveries of an edition, in the order in which they
// were planned. Final ones have no NextAt.
func (s *Store) Deliveries(ctx context.Context, edition int64) ([]mailer.Delivery, error) {
	ds, err := query(ctx, s.read, scanDelivery, `
		SELECT `+deliveryColumns+`
		FROM deliveries d JOIN editions e ON e.id = d.edition
		WHERE d.edition = $1
		ORDER BY d.id`, edition)
	return ds, s.failed(fmt.Sprintf("read the deliveries of edition %d", edition), err)
}

// Account returns how many deliveries of an edition are in each state, and at
// most n of them in the order in which they were planned: when there are more,
// first those that did not arrive.
func (s *Store) Account(ctx context.Context, edition int64, n int) (map[mailer.State]int, []mailer.Delivery, error) {
	counts := map[mailer.State]int{}
	_, err := query(ctx, s.read, func(r scanner) (struct{}, error) {
		var state mailer.State
		var n int
		err := r.Scan(&state, &n)
		counts[state] = n
		return struct{}{}, err
	}, "SELECT state, count(*) FROM deliveries WHERE edition = $1 GROUP BY state", edition)
	var ds []mailer.Delivery
	if err == nil {
		ds, err = query(ctx, s.read, scanDelivery, `
			SELECT `+deliveryColumns+`
			FROM deliveries d JOIN editions e ON e.id = d.edition
			WHERE d.edition = $1
			ORDER BY CASE WHEN d.state = 'accepted' AND $2 THEN 1 ELSE 0 END, d.id
			LIMIT $3`, edition, total(counts) > n, max(n, 0))
	}
	return counts, ds, s.failed(fmt.Sprintf("read the account of edition %d", edition), err)
}

func total(counts map[mailer.State]int) int {
	sum := 0
	for _, n := range counts {
		sum += n
	}
	return sum
}

// leasable says which deliveries may be leased at $2.
const leasable = `d.next_at <= $2
	AND (d.state IN ('planned', 'deferred', 'uncertain') OR d.state IN ('leased', 'sending') AND d.leased_until <= $2)`

// leaseStatus is the status that the subscriber of a delivery has in its
// digest: who left the digest has unsubscribed.
const leaseStatus = `CASE
	WHEN d.subscriber IS NULL THEN 'active'
	WHEN EXISTS (SELECT 1 FROM subscriptions b WHERE b.subscriber = d.subscriber AND b.digest = e.digest) THEN s.status
	ELSE 'unsubscribed' END`

const interrupted = "interrupted while it was being sent; it may have arrived"

// Lease reserves up to limit deliveries of an edition for owner until an
// instant: those planned, deferred or uncertain whose time has come at now,
// and those that another leased and whose lease is over at now. It returns
// them as they were before, the longest waiting first; what another had begun
// to send comes as uncertain, one attempt more. None left is no error.
func (s *Store) Lease(ctx context.Context, edition int64, now, until time.Time, owner string, limit int) ([]mailer.Delivery, error) {
	var leased []mailer.Delivery
	err := s.write(ctx, fmt.Sprintf("lease deliveries of edition %d", edition), func(tx *sql.Tx) error {
		for { // until a batch has some that may be sent
			found, err := query(ctx, tx, scanLease, `
				SELECT `+deliveryColumns+`, `+leaseStatus+`
				FROM deliveries d JOIN editions e ON e.id = d.edition
					LEFT JOIN subscribers s ON s.id = d.subscriber
				WHERE d.edition = $1 AND `+leasable+`
				ORDER BY d.next_at, d.id
				LIMIT $3 `+s.dialect.lockRows(), edition, now.UnixMilli(), max(limit, 0))
			if err != nil {
				return err
			}
			if err := markOptedOut(ctx, tx, found); err != nil {
				return err
			}
			if leased, err = suppress(ctx, tx, found, now); err != nil {
				return err
			}
			if len(leased) > 0 || len(found) == 0 {
				break
			}
		}
		return inBatches(leased, 1000, func(ds []mailer.Delivery) error {
			args := []any{owner, until.UnixMilli()}
			for _, d := range ds {
				args = append(args, d.ID)
			}
			_, err := tx.ExecContext(ctx, "UPDATE deliveries SET state = 'leased', owner = $1, leased_until = $2 WHERE id IN ("+
				placeholders(3, len(ds))+")", args...)
			return err
		})
	})
	for i := range leased {
		if d := &leased[i]; d.State == mailer.Sending {
			d.State, d.Error = mailer.Uncertain, interrupted
			d.Attempts++
		}
	}
	return leased, err
}

// A lease is a delivery about to be leased, with the status that its
// subscriber has by now.
type lease struct {
	mailer.Delivery
	status mailer.Status
}

func scanLease(r scanner) (l lease, err error) {
	l.Delivery, err = scanDelivery(also{r, []any{&l.status}})
	return l, err
}

// An also is a row with more columns than its reader knows.
type also struct {
	scanner
	dest []any
}

// Scan implements scanner.
func (a also) Scan(dest ...any) error { return a.scanner.Scan(append(dest, a.dest...)...) }

// suppress settles the deliveries to subscribers who do not want them any more
// and returns the others.
func suppress(ctx context.Context, tx *sql.Tx, found []lease, now time.Time) ([]mailer.Delivery, error) {
	barred, err := suppressed(ctx, tx, addresses(found))
	if err != nil {
		return nil, err
	}
	var wanted []mailer.Delivery
	for i := range found {
		l := &found[i]
		why := "the subscriber is " + string(l.status) + " now"
		if x, is := barred[mailer.MailboxHash(l.To)]; is {
			why = "the mailbox is suppressed, " + x.Why()
		} else if l.status == mailer.Active {
			wanted = append(wanted, l.Delivery)
			continue
		}
		_, err := tx.ExecContext(ctx, `
			UPDATE deliveries
			SET state = 'suppressed', next_at = NULL, error = $2, settled = $3, owner = '', leased_until = NULL
			WHERE id = $1`, l.ID, text("not sent: "+why), now.UnixMilli())
		if err != nil {
			return nil, err
		}
	}
	return wanted, nil
}

// Begin marks a leased delivery as sending. When it returns nil that is on the
// disk, and the message may be handed over. A delivery that is not leased is an
// error.
func (s *Store) Begin(ctx context.Context, id int64) error {
	what := fmt.Sprintf("begin delivery %d", id)
	return s.writeDurably(ctx, what, func(tx *sql.Tx) error {
		n, err := change(ctx, tx, "UPDATE deliveries SET state = 'sending' WHERE id = $1 AND state = 'leased'", id)
		if err == nil && n == 0 {
			err = fmt.Errorf("it is not leased, or not any more; lease it first")
		}
		return err
	})
}

// Settle stores what became of a delivery: state, attempts, next time, reply,
// error and when it was settled. It ends the lease. What is final stays as it
// is: settling it as something else is an error, and so is settling anything
// as leased or sending.
func (s *Store) Settle(ctx context.Context, d mailer.Delivery) error {
	what := fmt.Sprintf("settle delivery %d as %s", d.ID, d.State)
	if d.State == mailer.Leased || d.State == mailer.Sending {
		return fmt.Errorf("%s: that is no outcome; see Lease and Begin", what)
	}
	return s.write(ctx, what, func(tx *sql.Tx) error {
		n, err := change(ctx, tx, `
			UPDATE deliveries
			SET state = $2, attempts = $3, next_at = $4, reply = $5, error = $6, settled = $7, owner = '', leased_until = NULL
			WHERE id = $1 AND (state = $2 OR state NOT IN ('accepted', 'failed', 'suppressed'))`,
			d.ID, string(d.State), d.Attempts, dueAt(d), text(d.Reply), text(d.Error), ms(d.Settled))
		if err == nil && n == 0 {
			err = fmt.Errorf("there is no such delivery, or it is settled already")
		}
		return err
	})
}

// Recover takes back what owner had leased before it was started again, and
// what others had whose lease is over; on SQLite, where one process delivers,
// everything. What was merely leased is planned again (deferred, if it was
// tried before), what was being sent becomes uncertain and counts as tried. It
// returns how many these were.
func (s *Store) Recover(ctx context.Context, owner string) (int, error) {
	lost := "(owner = $2 OR leased_until <= $3)"
	if !s.dialect.postgres {
		lost = "(owner = $2 OR leased_until <= $3 OR TRUE)"
	}
	n := 0
	err := s.write(ctx, "take up interrupted deliveries", func(tx *sql.Tx) (err error) {
		n, err = change(ctx, tx, `
			UPDATE deliveries
			SET attempts = CASE state WHEN 'sending' THEN attempts + 1 ELSE attempts END,
				error = CASE state WHEN 'sending' THEN $1 ELSE error END,
				state = CASE WHEN state = 'sending' THEN 'uncertain' WHEN attempts > 0 THEN 'deferred' ELSE 'planned' END,
				owner = '', leased_until = NULL
			WHERE state IN ('leased', 'sending') AND `+lost, interrupted, owner, s.now().UnixMilli())
		return err
	})
	return n, err
}

// DueEditions returns the editions with deliveries that may be leased at now,
// the oldest first.
func (s *Store) DueEditions(ctx context.Context, now time.Time) ([]int64, error) {
	ids, err := query(ctx, s.read, scanOne[int64], `
		SELECT DISTINCT d.edition
		FROM deliveries d
		WHERE d.edition > $1 AND `+leasable, 0, now.UnixMilli())
	slices.Sort(ids)
	return ids, s.failed("look for deliveries that are due", err)
}
