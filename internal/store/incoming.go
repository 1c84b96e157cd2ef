package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"broadsheet/mailer"
	"broadsheet/syndicate"
)

// keptReceived is how long it is remembered which messages were received: mail
// servers try again for some days.
const keptReceived = 60 * 24 * time.Hour

// receive runs work for a message that was not received before, and notes the
// outcome that it returns, all in one transaction. For one that was, it does
// nothing, and the error is mailer.ErrExists.
func (s *Store) receive(ctx context.Context, what string, in mailer.Incoming, work func(tx *sql.Tx) (outcome string, err error)) error {
	return s.write(ctx, what, func(tx *sql.Tx) error {
		n, err := change(ctx, tx, "INSERT INTO received (hash, at, kind, outcome) VALUES ($1, $2, $3, '') ON CONFLICT (hash) DO NOTHING",
			in.Hash, in.At.UnixMilli(), text(in.Kind))
		if err == nil && n == 0 {
			err = mailer.ErrExists
		}
		if err != nil {
			return err
		}
		outcome, err := work(tx)
		if err != nil {
			return err
		}
		if _, err = tx.ExecContext(ctx, "UPDATE received SET outcome = $2 WHERE hash = $1", in.Hash, text(outcome)); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "DELETE FROM received WHERE at < $1", in.At.Add(-keptReceived).UnixMilli())
		return err
	})
}

// Noted remembers a message that changed nothing else. The error is
// mailer.ErrExists for one that was received before.
func (s *Store) Noted(ctx context.Context, in mailer.Incoming, outcome string) error {
	return s.receive(ctx, "note a message", in, func(*sql.Tx) (string, error) { return outcome, nil })
}

// Bounced counts a bounce of a delivery and suppresses the mailbox when it is
// one too many. It returns what it did, in words. A delivery that is not in
// the account any more, or whose subscriber was erased, is no error. The error
// is mailer.ErrExists for a message that was received before.
func (s *Store) Bounced(ctx context.Context, in mailer.Incoming, delivery int64, b mailer.Bounce) (outcome string, err error) {
	err = s.receive(ctx, "count a bounce", in, func(tx *sql.Tx) (string, error) {
		outcome, err = bounced(ctx, tx, delivery, b, in.At)
		return outcome, err
	})
	return outcome, err
}

func bounced(ctx context.Context, tx *sql.Tx, delivery int64, b mailer.Bounce, at time.Time) (string, error) {
	to, err := recipientOf(ctx, tx, delivery)
	if errors.Is(err, syndicate.ErrNotFound) {
		return "nothing: the delivery is not in the account any more", nil
	}
	if err != nil {
		return "", err
	}
	_, err = tx.ExecContext(ctx, "UPDATE deliveries SET error = $2 WHERE id = $1 AND state = 'accepted'", delivery, text("came back: "+b.Detail))
	if err != nil {
		return "", err
	}
	hash := mailer.MailboxHash(to)
	var score mailer.BounceScore
	err = tx.QueryRowContext(ctx, "SELECT score, counted FROM bounce_scores WHERE hash = $1", hash).Scan(&score.Score, moment{&score.Counted})
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", err
	}
	after, suppress := score.Add(b.Kind, at)
	if after == score && !suppress {
		return fmt.Sprintf("%s bounce, not counted: score %.2f", b.Kind, score.At(at)), nil
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO bounce_scores (hash, score, counted)
		VALUES ($1, $2, $3)
		ON CONFLICT (hash) DO UPDATE SET score = excluded.score, counted = excluded.counted`, hash, after.Score, after.Counted.UnixMilli())
	if err != nil || !suppress {
		return fmt.Sprintf("%s bounce: score %.2f", b.Kind, after.Score), err
	}
	_, err = addSuppression(ctx, tx, &mailer.Suppression{Hash: hash, Reason: mailer.Bounced, Detail: b.Detail, At: at, Delivery: delivery})
	return fmt.Sprintf("%s bounce: suppressed", b.Kind), err
}

// recipientOf returns the address of a delivery, or syndicate.ErrNotFound when
// there is no such delivery or the address was erased.
func recipientOf(ctx context.Context, q querier, delivery int64) (string, error) {
	var to string
	err := q.QueryRowContext(ctx, "SELECT recipient FROM deliveries WHERE id = $1 AND recipient LIKE '%@%'", delivery).Scan(&to)
	return to, notFound(err)
}

// Complained unsubscribes and suppresses whom a complaint came from, and
// returns what it did, in words. Somebody who is not known any more is no
// error. The error is mailer.ErrExists for a message that was received before.
func (s *Store) Complained(ctx context.Context, in mailer.Incoming, who mailer.Party, detail string) (outcome string, err error) {
	err = s.receive(ctx, "take a complaint", in, func(tx *sql.Tx) (string, error) {
		address, err := addressOf(ctx, tx, who)
		if errors.Is(err, syndicate.ErrNotFound) {
			outcome = "nothing: whoever complains is not known any more"
			return outcome, nil
		}
		if err != nil {
			return "", err
		}
		if _, err := leave(ctx, tx, address, ""); err != nil {
			return "", err
		}
		x := mailer.Suppression{Hash: mailer.MailboxHash(address), Reason: mailer.Complained, Detail: detail, At: in.At, Delivery: who.Delivery}
		_, err = addSuppression(ctx, tx, &x)
		outcome = "unsubscribed and suppressed"
		return outcome, err
	})
	return outcome, err
}

// Unsubscribed takes somebody off a digest, or off all when it is "", and
// returns what it did, in words. An address that is no subscriber's is
// suppressed if fixed says that the configuration names it; otherwise nothing
// happens, and that is no error. The error is mailer.ErrExists for a message
// that was received before.
func (s *Store) Unsubscribed(ctx context.Context, in mailer.Incoming, who mailer.Party, digest string, fixed bool) (outcome string, err error) {
	err = s.receive(ctx, "unsubscribe by mail", in, func(tx *sql.Tx) (string, error) {
		outcome = "nothing: no subscriber"
		address, err := addressOf(ctx, tx, who)
		if errors.Is(err, syndicate.ErrNotFound) {
			return outcome, nil
		}
		if err != nil {
			return "", err
		}
		n, err := leave(ctx, tx, address, digest)
		if err != nil {
			return "", err
		}
		if n > 0 {
			outcome = "unsubscribed from everything"
			if digest != "" {
				outcome = "unsubscribed from " + digest
			}
		}
		if fixed {
			x := mailer.Suppression{Hash: mailer.MailboxHash(address), Reason: mailer.LeftByMail, Detail: "asked by mail", At: in.At, Delivery: who.Delivery}
			_, err = addSuppression(ctx, tx, &x)
			outcome = "a fixed recipient: suppressed"
		}
		return outcome, err
	})
	return outcome, err
}

// addressOf returns the address of a party, or syndicate.ErrNotFound.
func addressOf(ctx context.Context, q querier, who mailer.Party) (address string, err error) {
	switch {
	case who.Delivery != 0:
		return recipientOf(ctx, q, who.Delivery)
	case who.Recipient != 0:
		err = q.QueryRowContext(ctx, "SELECT email FROM subscribers WHERE id = $1", who.Recipient).Scan(&address)
		return address, notFound(err)
	}
	return who.Address, nil
}

// leave takes the subscriber with an address off a digest, or off all when it
// is "", and returns 0 when there was nothing to do. Who has no digest left is
// unsubscribed, and keeps the list of them for when he comes back.
func leave(ctx context.Context, tx *sql.Tx, address, digest string) (int, error) {
	const all = "UPDATE subscribers SET status = 'unsubscribed' WHERE mailbox = $1 AND status <> 'unsubscribed'"
	box := text(mailbox(address))
	var n int
	var err error
	if digest == "" {
		n, err = change(ctx, tx, all, box)
	} else {
		others := 0
		err = tx.QueryRowContext(ctx, `
			SELECT count(*)
			FROM subscriptions d JOIN subscribers s ON s.id = d.subscriber
			WHERE s.mailbox = $1 AND d.digest <> $2`, box, digest).Scan(&others)
		switch {
		case err != nil:
		case others == 0:
			n, err = change(ctx, tx, all+" AND id IN (SELECT subscriber FROM subscriptions WHERE digest = $2)", box, digest)
		default:
			n, err = leaveOne(ctx, tx, box, digest)
		}
	}
	if err != nil || n == 0 {
		return n, err
	}
	return n, touch(ctx, tx) // of private feeds
}

// leaveOne takes a subscriber off one of several digests, and settles what was
// planned of it.
func leaveOne(ctx context.Context, tx *sql.Tx, box, digest string) (int, error) {
	n, err := change(ctx, tx, "DELETE FROM subscriptions WHERE digest = $2 AND subscriber IN (SELECT id FROM subscribers WHERE mailbox = $1)", box, digest)
	if err != nil || n == 0 {
		return n, err
	}
	_, err = tx.ExecContext(ctx, `
		UPDATE deliveries
		SET state = 'suppressed', next_at = NULL, error = 'not sent: unsubscribed by mail', owner = '', leased_until = NULL
		WHERE state IN ('planned', 'deferred', 'uncertain')
			AND subscriber IN (SELECT id FROM subscribers WHERE mailbox = $1)
			AND edition IN (SELECT id FROM editions WHERE digest = $2)`, box, digest)
	return n, err
}

// refusedWithin is how long after it failed a delivery is counted as a bounce.
const refusedWithin = 7 * 24 * time.Hour

// CountRefusals counts the deliveries of an edition that failed because a
// server refused them as bounces of their mailboxes, each once, and returns
// how many mailboxes were suppressed for it.
func (s *Store) CountRefusals(ctx context.Context, edition int64, now time.Time) (suppressions int, err error) {
	const atOnce = 500
	for {
		found, n := 0, 0
		err = s.write(ctx, "count refused deliveries", func(tx *sql.Tx) error {
			type refused struct {
				id     int64
				reason string
			}
			n = 0
			rows, err := query(ctx, tx, func(r scanner) (x refused, err error) {
				err = r.Scan(&x.id, &x.reason)
				return x, err
			}, `
				SELECT d.id, d.error
				FROM deliveries d
				WHERE d.edition = $1 AND d.state = 'failed' AND d.settled > $2
					AND NOT EXISTS (SELECT 1 FROM received r WHERE r.hash = 'delivery ' || d.id)
				ORDER BY d.id
				LIMIT $3`, edition, now.Add(-refusedWithin).UnixMilli(), atOnce)
			found = len(rows)
			for _, x := range rows {
				outcome := "nothing: no server refused it"
				if b, ok := mailer.Refusal(x.reason); err == nil && ok {
					outcome, err = bounced(ctx, tx, x.id, b, now)
				}
				if err == nil {
					_, err = tx.ExecContext(ctx, "INSERT INTO received (hash, at, kind, outcome) VALUES ($1, $2, 'refused', $3)",
						fmt.Sprintf("delivery %d", x.id), now.UnixMilli(), text(outcome))
				}
				if strings.HasSuffix(outcome, ": suppressed") {
					n++
				}
			}
			return err
		})
		suppressions += n
		if err != nil || found < atOnce {
			return suppressions, err
		}
	}
}
