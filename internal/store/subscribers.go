package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"strings"

	"broadsheet/mailer"
	"broadsheet/syndicate"
)

// Saved counts what became of subscribers that were to be stored.
type Saved struct {
	Added   int `json:"added"`
	Changed int `json:"changed"`
	Kept    int `json:"kept"` // as they are: they have unsubscribed
}

// SaveSubscribers stores subscribers by their mailboxes, all of them or none;
// of two with the same one the last counts. They must be valid and tidy. An empty
// Name leaves the one that is stored. Who
// has unsubscribed stays so unless resubscribe is set. A subscriber that is
// stored keeps its FeedKey, and what it was told: who wants another rhythm has
// the news of each digest from where the old one left off.
func (s *Store) SaveSubscribers(ctx context.Context, subscribers []mailer.Subscriber, resubscribe bool) (saved Saved, err error) {
	return s.saveSubscribers(ctx, subscribers, resubscribe, nil, nil)
}

// ChangeSubscriber stores what the subscriber with an ID chose. The error is
// syndicate.ErrNotFound for one who is not there, or was erased meanwhile: what
// somebody chose a moment before must not bring them back.
func (s *Store) ChangeSubscriber(ctx context.Context, id int64, sub *mailer.Subscriber) error {
	_, err := s.saveSubscribers(ctx, []mailer.Subscriber{*sub}, true, func(tx *sql.Tx) error {
		n, err := change(ctx, tx, "UPDATE subscribers SET mailbox = mailbox WHERE id = $1 AND mailbox = $2", id, text(mailbox(sub.Email)))
		if err == nil && n == 0 {
			err = syndicate.ErrNotFound
		}
		return err
	}, nil)
	return err
}

// saveSubscribers is SaveSubscribers. If they are not nil, first and also are
// called in the same transaction, also with the IDs of those that were added
// or changed.
func (s *Store) saveSubscribers(ctx context.Context, subscribers []mailer.Subscriber, resubscribe bool,
	first func(*sql.Tx) error, also func(*sql.Tx, []int64) error,
) (saved Saved, err error) {
	last := make(map[string]int, len(subscribers))
	for i := range subscribers {
		last[mailbox(subscribers[i].Email)] = i
	}
	var mailboxes []string
	var chosen []*mailer.Subscriber
	for i := range subscribers {
		if m := mailbox(subscribers[i].Email); last[m] == i {
			mailboxes, chosen = append(mailboxes, m), append(chosen, &subscribers[i])
		}
	}
	err = s.write(ctx, "store subscribers", func(tx *sql.Tx) error {
		saved = Saved{}
		if first != nil {
			if err := first(tx); err != nil {
				return err
			}
		}
		known, err := knownTo(ctx, tx, mailboxes)
		if err != nil {
			return err
		}
		var rows [][]any
		var stored []*mailer.Subscriber
		for i, sub := range chosen {
			old, there := known[mailboxes[i]]
			switch {
			case there && old.Status == mailer.Unsubscribed && sub.Status != mailer.Unsubscribed && !resubscribe:
				saved.Kept++
				continue
			case there:
				saved.Changed++
			default:
				saved.Added++
			}
			rows = append(rows, []any{
				mailboxes[i], sub.Email, text(sub.Name), string(sub.Status), sub.FeedKey, selected{&sub.Selection}, wanted{&sub.Rhythm}, text(sub.PausedUntil),
			})
			stored = append(stored, sub)
		}
		in := into("INSERT INTO subscribers (mailbox, email, name, status, feed_key, selection, rhythm, paused_until)", 8)
		in.tail = `ON CONFLICT (mailbox) DO UPDATE
			SET email = excluded.email, name = CASE excluded.name WHEN '' THEN subscribers.name ELSE excluded.name END, status = excluded.status,
				selection = excluded.selection, rhythm = excluded.rhythm, paused_until = excluded.paused_until
			RETURNING id, mailbox`
		ids := make(map[string]int64, len(rows))
		err = s.insert(ctx, tx, in, rows, func(r scanner) error {
			var id int64
			var m string
			err := r.Scan(&id, &m)
			ids[m] = id
			return err
		})
		if err != nil {
			return err
		}
		all := make([]int64, len(stored))
		for i, sub := range stored {
			m := mailbox(sub.Email)
			k := known[m]
			k.id, k.now = ids[m], sub
			known[m], all[i] = k, k.id
		}
		err = s.subscribe(ctx, tx, stored, known)
		if err == nil && also != nil {
			err = also(tx, all)
		}
		if err != nil || saved.Changed == 0 {
			return err
		}
		return touch(ctx, tx) // of private feeds
	})
	return saved, err
}

// A known is a subscriber as it was stored before, and as it is to be.
type known struct {
	id int64
	mailer.Status
	mailer.Rhythm
	now *mailer.Subscriber // nil for one that stays as it is
}

// knownTo returns those of the mailboxes that are stored.
func knownTo(ctx context.Context, q querier, mailboxes []string) (map[string]known, error) {
	all := map[string]known{}
	err := inBatches(mailboxes, 500, func(mailboxes []string) error {
		_, err := query(ctx, q, func(r scanner) (struct{}, error) {
			var m string
			var k known
			err := r.Scan(&m, &k.Status, wanted{&k.Rhythm})
			all[m] = k
			return struct{}{}, err
		}, "SELECT mailbox, status, rhythm FROM subscribers WHERE mailbox IN ("+placeholders(1, len(mailboxes))+")", anys(mailboxes)...)
		return err
	})
	return all, err
}

// subscribe stores which digests subscribers get, and for those who were
// subscribed already which edition was their last: none is kept for those who
// get every one, so that of who changes from that it is the latest.
func (s *Store) subscribe(ctx context.Context, tx *sql.Tx, subscribers []*mailer.Subscriber, all map[string]known) error {
	type subscription struct {
		digest     string
		subscriber int64
	}
	changed := map[int64]known{}
	for _, k := range all {
		if k.now != nil && k.Status != "" {
			changed[k.id] = k
		}
	}
	since := map[subscription]any{}
	ids := make([]int64, 0, len(changed))
	for id := range changed {
		ids = append(ids, id)
	}
	var latest map[string]int64
	err := inBatches(ids, 500, func(ids []int64) error {
		type row struct {
			subscription
			last sql.NullInt64
		}
		rows, err := query(ctx, tx, func(r scanner) (x row, err error) {
			err = r.Scan(&x.digest, &x.subscriber, &x.last)
			return x, err
		}, "SELECT digest, subscriber, since FROM subscriptions WHERE subscriber IN ("+placeholders(1, len(ids))+")", anys(ids)...)
		for _, x := range rows {
			k := changed[x.subscriber]
			switch {
			case x.last.Valid:
				since[x.subscription] = x.last.Int64
			case k.now.Kept() && !k.Kept():
				if latest == nil && err == nil {
					latest, err = latestEditions(ctx, tx)
				}
				if id, ok := latest[x.digest]; ok {
					since[x.subscription] = id
				}
			}
		}
		return err
	})
	if err == nil {
		err = deleteWhere(ctx, tx, "subscriptions", "subscriber", ids)
	}
	if err != nil {
		return err
	}
	var rows [][]any
	for _, sub := range subscribers {
		id := all[mailbox(sub.Email)].id
		for _, d := range sub.Digests {
			rows = append(rows, []any{d, id, since[subscription{d, id}]})
		}
	}
	return s.insert(ctx, tx, into("INSERT INTO subscriptions (digest, subscriber, since)", 3), rows, nil)
}

// latestEditions returns the ID of the latest edition of each digest that was
// not skipped.
func latestEditions(ctx context.Context, q querier) (map[string]int64, error) {
	latest := map[string]int64{}
	_, err := query(ctx, q, func(r scanner) (struct{}, error) {
		var digest string
		var id int64
		err := r.Scan(&digest, &id)
		latest[digest] = id
		return struct{}{}, err
	}, "SELECT digest, max(id) FROM editions WHERE number > 0 GROUP BY digest")
	return latest, err
}

// mailbox is what an address is known by. The part before the @ is in truth
// the receiving host's to interpret (RFC 5321, section 2.4); no host of weight
// tells capitals apart there, and people do not either.
func mailbox(email string) string { return strings.ToLower(email) }

// A selected is a selection as JSON, "" for that of a digest as it is: both
// Value and Scan of a column of selections go through it.
type selected struct{ s *mailer.Selection }

// Value implements driver.Valuer.
func (x selected) Value() (driver.Value, error) {
	if x.s.Plain() {
		return "", nil
	}
	b, err := json.Marshal(x.s)
	return text(string(b)), err
}

// Scan implements sql.Scanner.
func (x selected) Scan(v any) error {
	var s sql.NullString
	if err := s.Scan(v); err != nil {
		return err
	}
	*x.s = mailer.Selection{}
	if s.String == "" {
		return nil
	}
	return json.Unmarshal([]byte(s.String), x.s)
}

// A wanted is a rhythm as JSON, "" for every edition at once: both Value and
// Scan of a column of rhythms go through it.
type wanted struct{ r *mailer.Rhythm }

// Value implements driver.Valuer.
func (x wanted) Value() (driver.Value, error) {
	if *x.r == (mailer.Rhythm{}) {
		return "", nil
	}
	b, err := json.Marshal(x.r)
	return text(string(b)), err
}

// Scan implements sql.Scanner.
func (x wanted) Scan(v any) error {
	var s sql.NullString
	if err := s.Scan(v); err != nil {
		return err
	}
	*x.r = mailer.Rhythm{}
	if s.String == "" {
		return nil
	}
	return json.Unmarshal([]byte(s.String), x.r)
}

const subscriberColumns = `s.id, s.email, s.name, s.status, s.feed_key, s.selection, s.rhythm, s.paused_until`

func scanSubscriber(r scanner) (s mailer.Subscriber, err error) {
	err = r.Scan(&s.ID, &s.Email, &s.Name, &s.Status, &s.FeedKey, selected{&s.Selection}, wanted{&s.Rhythm}, &s.PausedUntil)
	return s, err
}

// A SubscriberFilter chooses subscribers. The zero filter chooses all.
type SubscriberFilter struct {
	Digest string        // only of this digest; "" for any
	Status mailer.Status // "" for any
	Text   string        // in the address, whatever its case; "" for any
	After  int64         // only those with a larger ID, for the next page
	Limit  int           // at most; 0 for 1000
}

// Subscribers returns the subscribers that a filter chooses, by ID.
func (s *Store) Subscribers(ctx context.Context, f SubscriberFilter) ([]mailer.Subscriber, error) {
	if f.Limit == 0 {
		f.Limit = 1000
	}
	subs, err := query(ctx, s.read, scanSubscriber, `
		SELECT `+subscriberColumns+`
		FROM subscribers s
		WHERE s.id > $1 AND ($2 = '' OR s.status = $2)
			AND ($3 = '' OR EXISTS (SELECT 1 FROM subscriptions d WHERE d.subscriber = s.id AND d.digest = $3))
			AND ($5 = '' OR s.mailbox LIKE $5 ESCAPE '\')
		ORDER BY s.id
		LIMIT $4`, f.After, string(f.Status), text(f.Digest), f.Limit, containing(f.Text))
	if err == nil {
		err = s.addDigests(ctx, subs)
	}
	return subs, s.failed("read the subscribers", err)
}

// containing returns the pattern of LIKE for mailboxes that have a text in
// them, "" for any.
func containing(s string) string {
	if s == "" {
		return ""
	}
	return "%" + strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(text(mailbox(s))) + "%"
}

// addDigests fills in which digests the subscribers get.
func (s *Store) addDigests(ctx context.Context, subs []mailer.Subscriber) error {
	return inBatches(subs, 500, func(subs []mailer.Subscriber) error {
		at := make(map[int64]*mailer.Subscriber, len(subs))
		ids := make([]any, len(subs))
		for i := range subs {
			at[subs[i].ID], ids[i] = &subs[i], subs[i].ID
		}
		_, err := query(ctx, s.read, func(r scanner) (struct{}, error) {
			var id int64
			var digest string
			err := r.Scan(&id, &digest)
			if sub := at[id]; sub != nil {
				sub.Digests = append(sub.Digests, digest)
			}
			return struct{}{}, err
		}, "SELECT subscriber, digest FROM subscriptions WHERE subscriber IN ("+placeholders(1, len(ids))+") ORDER BY digest", ids...)
		return err
	})
}

// Subscriber returns the subscriber with an address, whatever its case, or
// syndicate.ErrNotFound.
func (s *Store) Subscriber(ctx context.Context, email string) (mailer.Subscriber, error) {
	sub, err := s.subscriber(ctx, "s.mailbox = $1", text(mailbox(email)))
	return sub, s.failed("look for a subscriber", err)
}

// SubscriberByID returns the subscriber with an ID, or syndicate.ErrNotFound.
func (s *Store) SubscriberByID(ctx context.Context, id int64) (mailer.Subscriber, error) {
	sub, err := s.subscriber(ctx, "s.id = $1", id)
	return sub, s.failed("look for a subscriber", err)
}

func (s *Store) subscriber(ctx context.Context, where string, arg any) (mailer.Subscriber, error) {
	sub, err := scanSubscriber(s.read.QueryRowContext(ctx, "SELECT "+subscriberColumns+" FROM subscribers s WHERE "+where, arg))
	if err != nil {
		return sub, notFound(err)
	}
	one := []mailer.Subscriber{sub}
	err = s.addDigests(ctx, one)
	return one[0], err
}

// EraseSubscriber forgets a subscriber, and takes the address out of the
// account of what was delivered. The error is syndicate.ErrNotFound for an
// address that no subscriber has.
func (s *Store) EraseSubscriber(ctx context.Context, email string) error {
	return s.write(ctx, "erase a subscriber", func(tx *sql.Tx) error {
		ids, err := query(ctx, tx, scanOne[int64], "DELETE FROM subscribers WHERE mailbox = $1 RETURNING id", text(mailbox(email)))
		if err == nil && len(ids) == 0 {
			err = syndicate.ErrNotFound
		}
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `
			UPDATE deliveries
			SET recipient = 'erased-' || id, subscriber = NULL, next_at = NULL, error = 'the subscriber was erased',
				state = CASE WHEN state IN ('accepted', 'failed') THEN state ELSE 'suppressed' END
			WHERE subscriber = $1`, ids[0])
		if err != nil {
			return err
		}
		for _, table := range []string{"sign_ups", "sign_up_turns"} {
			if _, err := tx.ExecContext(ctx, "DELETE FROM "+table+" WHERE mailbox = $1", text(mailbox(email))); err != nil {
				return err
			}
		}
		return touch(ctx, tx)
	})
}

// SetFeedKey gives a subscriber's private feed another key.
func (s *Store) SetFeedKey(ctx context.Context, email string, key int64) error {
	return s.write(ctx, "give a subscriber another feed address", func(tx *sql.Tx) error {
		n, err := change(ctx, tx, "UPDATE subscribers SET feed_key = $2 WHERE mailbox = $1", text(mailbox(email)), key)
		if err == nil && n == 0 {
			err = syndicate.ErrNotFound
		}
		if err != nil {
			return err
		}
		return touch(ctx, tx)
	})
}
