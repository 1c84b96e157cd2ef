package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
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

// dueAt is when something is to be done for a delivery: never again, not by
// itself, at its time, or at once.
func dueAt(d mailer.Delivery) any {
	switch {
	case d.State.Final(), d.State == mailer.Uncertain && d.NextAt.IsZero():
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
	tallies, err := s.Tallies(ctx, []int64{edition})
	counts := tallies[edition]
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
	AND (d.state = 'planned' OR d.state = 'deferred' OR d.state = 'uncertain' OR d.state = 'leased' AND d.leased_until <= $2)`

// leaseStatus is the status that the subscriber of a delivery has in its
// digest, $4: who left the digest has unsubscribed.
const leaseStatus = `CASE
	WHEN d.subscriber IS NULL THEN 'active'
	WHEN EXISTS (SELECT 1 FROM subscriptions b WHERE b.subscriber = d.subscriber AND b.digest = $4) THEN s.status
	ELSE 'unsubscribed' END`

// Lease reserves up to limit deliveries of an edition for owner until an
// instant: those planned, deferred or uncertain whose time has come at now,
// and those that another leased and whose lease is over at now. It returns
// them as they were before, the longest waiting first. None left is no error;
// an edition that is halted has none.
func (s *Store) Lease(ctx context.Context, edition int64, now, until time.Time, owner string, limit int) ([]mailer.Delivery, error) {
	var leased []mailer.Delivery
	err := s.writeOften(ctx, fmt.Sprintf("lease deliveries of edition %d", edition), func(tx querier) error {
		var digest string
		err := tx.QueryRowContext(ctx, "SELECT digest FROM editions WHERE id = $1", edition).Scan(&digest)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		for { // until a batch has some that may be sent
			found, err := leasableOf(ctx, tx, s.dialect, edition, digest, now, limit)
			if err != nil {
				return err
			}
			if err := markOptedOut(ctx, tx, &found); err != nil {
				return err
			}
			if err := s.suppress(ctx, tx, &found, now); err != nil {
				return err
			}
			if leased = found.ds; len(leased) > 0 || len(found.status) == 0 {
				break
			}
		}
		return s.markLeased(ctx, tx, leased, owner, until)
	})
	return leased, err
}

// A lease is deliveries about to be leased.
type lease struct {
	ds     []mailer.Delivery
	status []mailer.Status // that their subscribers have by now; "" is Active
}

// leasableOf reads what sending needs of deliveries that may be leased, and no
// more: there are millions.
func leasableOf(ctx context.Context, tx querier, dialect dialect, edition int64, digest string, now time.Time, limit int) (lease, error) {
	var found lease
	_, err := query(ctx, tx, func(r scanner) (struct{}, error) {
		d := mailer.Delivery{Edition: edition, Digest: digest}
		var next int64
		var status sql.Null[mailer.Status]
		err := r.Scan(&d.ID, &d.Variant, &d.Recipient, &d.To, &d.MessageID, &d.State, &d.Attempts, &next, &d.Error, &status)
		if next != 0 {
			d.NextAt = time.UnixMilli(next).UTC()
		}
		if d.Recipient == 0 {
			d.Recipient = mailer.FixedID(d.To)
		}
		if found.ds == nil {
			found.ds = make([]mailer.Delivery, 0, min(limit, 4096))
			found.status = make([]mailer.Status, 0, cap(found.ds))
		}
		found.ds, found.status = append(found.ds, d), append(found.status, status.V)
		return struct{}{}, err
	}, `
		SELECT d.id, COALESCE(d.variant, 0), COALESCE(d.subscriber, 0), d.recipient, d.message_id, d.state, d.attempts, d.next_at, d.error,
			NULLIF(`+leaseStatus+`, 'active')
		FROM deliveries d LEFT JOIN subscribers s ON s.id = d.subscriber
		WHERE d.edition = $1 AND `+leasable+` AND NOT EXISTS (SELECT 1 FROM halts h WHERE h.edition = $1)
		ORDER BY d.next_at, d.id
		LIMIT $3 `+dialect.lockRows(), edition, now.UnixMilli(), max(limit, 0), digest)
	return found, err
}

// markLeased makes deliveries owner's. Those of an edition are stored one after
// the other, so that most batches are a few ranges of numbers.
func (s *Store) markLeased(ctx context.Context, tx querier, ds []mailer.Delivery, owner string, until time.Time) error {
	few := 16 // ranges, which cost less than a list
	if s.dialect.postgres {
		few = 1 // each statement is a round trip
	}
	var ranges [][2]int64
	for i := range ds {
		id := ds[i].ID
		if n := len(ranges); n > 0 && ranges[n-1][1] == id-1 {
			ranges[n-1][1] = id
			continue
		}
		ranges = append(ranges, [2]int64{id, id})
	}
	if len(ranges) <= few {
		for _, r := range ranges {
			_, err := tx.ExecContext(ctx, "UPDATE deliveries SET state = 'leased', owner = $3, leased_until = $4 WHERE id BETWEEN $1 AND $2",
				r[0], r[1], owner, until.UnixMilli())
			if err != nil {
				return err
			}
		}
		return nil
	}
	ids := make([]int64, len(ds))
	for i := range ds {
		ids[i] = ds[i].ID
	}
	list, err := json.Marshal(ids)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "UPDATE deliveries SET state = 'leased', owner = $2, leased_until = $3 WHERE id IN ("+s.dialect.numbers()+")",
		string(list), owner, until.UnixMilli())
	return err
}

// An also is a row with more columns than its reader knows.
type also struct {
	scanner
	dest []any
}

// Scan implements scanner.
func (a also) Scan(dest ...any) error { return a.scanner.Scan(append(dest, a.dest...)...) }

// suppress settles the deliveries to subscribers who do not want them any more
// and leaves the others in the lease.
func (s *Store) suppress(ctx context.Context, tx querier, found *lease, now time.Time) error {
	hashes := make([]string, len(found.ds))
	for i := range found.ds {
		hashes[i] = mailer.MailboxHash(found.ds[i].To)
	}
	barred, err := s.suppressed(ctx, tx, hashes)
	if err != nil {
		return err
	}
	wanted := found.ds[:0]
	for i := range found.ds {
		d := &found.ds[i]
		why := "the subscriber is " + string(found.status[i]) + " now"
		if x, is := barred[hashes[i]]; is {
			why = "the mailbox is suppressed, " + x.Why()
		} else if found.status[i] == "" {
			wanted = append(wanted, *d)
			continue
		}
		_, err := tx.ExecContext(ctx, `
			UPDATE deliveries
			SET state = 'suppressed', next_at = NULL, error = $2, settled = $3, owner = '', leased_until = NULL
			WHERE id = $1`, d.ID, text("not sent: "+why), now.UnixMilli())
		if err != nil {
			return err
		}
	}
	found.ds = wanted
	return nil
}

// DueEditions returns the editions with deliveries that may be leased at now,
// the oldest first.
func (s *Store) DueEditions(ctx context.Context, now time.Time) ([]int64, error) {
	ids, err := query(ctx, s.read, scanOne[int64], `
		SELECT e.id
		FROM editions e
		WHERE e.id > $1 AND EXISTS (SELECT 1 FROM deliveries d WHERE d.edition = e.id AND `+leasable+`)
			AND NOT EXISTS (SELECT 1 FROM halts h WHERE h.edition = e.id)`, 0, now.UnixMilli())
	slices.Sort(ids)
	return ids, s.failed("look for deliveries that are due", err)
}
