package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"broadsheet/mailer"
	"broadsheet/syndicate"
)

// A SignUp is somebody's wish to subscribe.
type SignUp struct {
	ID        int64             // given by the store
	Ticket    string            // of the form it came with; each is used once
	Wishes    mailer.Subscriber // as it will be once confirmed
	Language  string            // of the form, and so of the mail that asks to confirm
	Network   string            // where it came from, as a hash
	Consent   Consent
	At        time.Time
	Sent      time.Time // when the mail was handed over; zero before
	Confirmed time.Time // zero before
	Outcome   string    // why there was no mail; "" when there was or will be
	Expires   time.Time // of the token that it was found by
}

// A Consent is what people agree to when they subscribe.
type Consent struct {
	Version string // names the wording: its language and a hash of it
	Wording string
}

// A ConfirmJob sends the mail that asks whether a sign-up was meant.
type ConfirmJob struct {
	SignUp int64 `json:"sign_up"`
}

// Kind names the work.
func (ConfirmJob) Kind() string { return "confirm" }

// SignUpLimits bound how many sign-ups are taken within a time.
type SignUpLimits struct {
	Within  time.Duration
	Network int // from one network
	Domain  int // of addresses in one domain
	Site    int // in all
}

// Errors of AddSignUp.
var (
	ErrTooMany    = errors.New("too many sign-ups; try again later")
	ErrTicketUsed = errors.New("the form was used for another address")
)

// AddSignUp stores a sign-up and adds its ConfirmJob, whoever has the address:
// nothing about it differs for one that is known. The same ticket with the same
// mailbox again is no error and changes nothing; with another one the error is
// ErrTicketUsed. Over the limits it is ErrTooMany. It needs a queue; see
// UseQueue.
func (s *Store) AddSignUp(ctx context.Context, x *SignUp, limits SignUpLimits) error {
	if s.queue == nil {
		return errors.New("store a sign-up: the store has no queue")
	}
	wishes, err := json.Marshal(&x.Wishes)
	if err != nil {
		return err
	}
	return s.write(ctx, "store a sign-up", func(tx *sql.Tx) error {
		box, domain := mailbox(x.Wishes.Email), mailer.Domain(x.Wishes.Email)
		var used string
		err := tx.QueryRowContext(ctx, "SELECT mailbox FROM sign_ups WHERE ticket = $1", text(x.Ticket)).Scan(&used)
		switch {
		case err == nil && used == box:
			return nil
		case err == nil:
			return ErrTicketUsed
		case !errors.Is(err, sql.ErrNoRows):
			return err
		}
		var site, inDomain, fromNetwork int
		err = tx.QueryRowContext(ctx, `
			SELECT count(*), COALESCE(sum(CASE WHEN domain = $2 THEN 1 ELSE 0 END), 0), COALESCE(sum(CASE WHEN network = $3 THEN 1 ELSE 0 END), 0)
			FROM sign_ups
			WHERE at > $1`, x.At.Add(-limits.Within).UnixMilli(), text(domain), x.Network).Scan(&site, &inDomain, &fromNetwork)
		if err != nil {
			return err
		}
		if site >= limits.Site || inDomain >= limits.Domain || fromNetwork >= limits.Network {
			return ErrTooMany
		}
		_, err = tx.ExecContext(ctx, "INSERT INTO consent_texts (version, wording) VALUES ($1, $2) ON CONFLICT (version) DO NOTHING",
			x.Consent.Version, text(x.Consent.Wording))
		if err != nil {
			return err
		}
		ids, err := query(ctx, tx, scanOne[int64], `
			INSERT INTO sign_ups (ticket, mailbox, domain, network, at, consent, language, wishes, outcome)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '')
			ON CONFLICT (ticket) DO NOTHING
			RETURNING id`,
			text(x.Ticket), text(box), text(domain), x.Network, x.At.UnixMilli(), x.Consent.Version, x.Language, text(string(wishes)))
		if err != nil || len(ids) == 0 {
			return err // the form was sent twice at once
		}
		x.ID = ids[0]
		return s.queue.Enqueue(ctx, tx, ConfirmJob{SignUp: x.ID})
	})
}

const signUpColumns = `u.id, u.ticket, u.network, u.at, u.consent, u.language, u.wishes, u.sent_at, u.confirmed_at, u.outcome, COALESCE(c.wording, '')`

func scanSignUp(r scanner) (x SignUp, err error) {
	var wishes string
	err = r.Scan(&x.ID, &x.Ticket, &x.Network, moment{&x.At}, &x.Consent.Version, &x.Language, &wishes, moment{&x.Sent}, moment{&x.Confirmed}, &x.Outcome, &x.Consent.Wording)
	if err == nil {
		err = json.Unmarshal([]byte(wishes), &x.Wishes)
	}
	return x, err
}

// ClaimSignUp gets a sign-up its turn to be mailed at now, and remembers the
// hash of the token that will stand in the mail until expires. It reports false
// when there is nothing to send: the mail went out, or the mailbox got one for
// another sign-up less than apart ago. Claiming again before SettleSignUp, as
// after a crash, works and remembers one more token.
func (s *Store) ClaimSignUp(ctx context.Context, id int64, hash string, now, expires time.Time, apart time.Duration) (x SignUp, ok bool, err error) {
	err = s.write(ctx, fmt.Sprintf("claim sign-up %d", id), func(tx *sql.Tx) error {
		ok = false
		var err error
		x, err = signUpBy(ctx, tx, "u.id = $1", id)
		if err != nil || !x.Sent.IsZero() || x.Outcome != "" {
			return err
		}
		n, err := change(ctx, tx, `
			INSERT INTO sign_up_turns (mailbox, sign_up, at)
			VALUES ($1, $2, $3)
			ON CONFLICT (mailbox) DO UPDATE
			SET sign_up = excluded.sign_up, at = excluded.at
			WHERE sign_up_turns.sign_up = excluded.sign_up OR sign_up_turns.at <= $4`,
			text(mailbox(x.Wishes.Email)), id, now.UnixMilli(), now.Add(-apart).UnixMilli())
		if err != nil {
			return err
		}
		if n == 0 {
			_, err := tx.ExecContext(ctx, "UPDATE sign_ups SET outcome = 'the mailbox got a mail for another sign-up less than a day before' WHERE id = $1", id)
			return err
		}
		ok = true
		_, err = tx.ExecContext(ctx, "INSERT INTO sign_up_tokens (hash, sign_up, expires) VALUES ($1, $2, $3)", hash, id, expires.UnixMilli())
		return err
	})
	return x, ok, err
}

func signUpBy(ctx context.Context, q querier, where string, arg any) (SignUp, error) {
	x, err := scanSignUp(q.QueryRowContext(ctx, `
		SELECT `+signUpColumns+`
		FROM sign_ups u LEFT JOIN consent_texts c ON c.version = u.consent
		WHERE `+where, arg))
	return x, notFound(err)
}

// SettleSignUp stores what became of the mail for a sign-up: when it was handed
// over, or with a zero time why it was not.
func (s *Store) SettleSignUp(ctx context.Context, id int64, sent time.Time, outcome string) error {
	return s.write(ctx, fmt.Sprintf("settle sign-up %d", id), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE sign_ups SET sent_at = $2, outcome = $3 WHERE id = $1", id, ms(sent), text(outcome))
		return err
	})
}

// SignUpByToken returns the sign-up that a token, by its hash, was sent for,
// whether or not it has expired, or syndicate.ErrNotFound.
func (s *Store) SignUpByToken(ctx context.Context, hash string) (SignUp, error) {
	var x SignUp
	var id int64
	var expires time.Time
	err := s.read.QueryRowContext(ctx, "SELECT sign_up, expires FROM sign_up_tokens WHERE hash = $1", hash).Scan(&id, moment{&expires})
	if err == nil {
		x, err = signUpBy(ctx, s.read, "u.id = $1", id)
	}
	x.Expires = expires
	return x, s.failed("look for a sign-up", notFound(err))
}

// ForgetSignUps deletes the sign-ups from before an instant, with their tokens,
// and the turns from before another.
func (s *Store) ForgetSignUps(ctx context.Context, before, turns time.Time) error {
	return s.write(ctx, "forget old sign-ups", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM sign_ups WHERE at < $1", before.UnixMilli()); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "DELETE FROM sign_up_turns WHERE at < $1", turns.UnixMilli())
		return err
	})
}

// ConfirmSignUp makes the sign-up that a token, by its hash, was sent for a
// subscriber who is active, keeps the proof, and returns the sign-up as it is
// then. A sign-up is confirmed once: the second time nothing changes, and fresh
// is false. The error is syndicate.ErrNotFound for a token that does not stand
// at now.
func (s *Store) ConfirmSignUp(ctx context.Context, hash string, now time.Time, network string, feedKey int64) (x SignUp, fresh bool, err error) {
	x, err = s.SignUpByToken(ctx, hash)
	switch {
	case err != nil:
		return x, false, err
	case !x.Confirmed.IsZero():
		return x, false, nil
	case !now.Before(x.Expires):
		return x, false, s.failed("confirm a sign-up", syndicate.ErrNotFound)
	}
	sub := x.Wishes
	sub.Status, sub.FeedKey = mailer.Active, feedKey
	first := func(tx *sql.Tx) error {
		n, err := change(ctx, tx, "UPDATE sign_ups SET confirmed_at = $2 WHERE id = $1 AND confirmed_at IS NULL", x.ID, now.UnixMilli())
		if err == nil && n == 0 {
			err = errConfirmed
		}
		return err
	}
	_, err = s.saveSubscribers(ctx, []mailer.Subscriber{sub}, true, first, func(tx *sql.Tx, ids []int64) error {
		for _, d := range sub.Digests {
			if err := optIn(ctx, tx, mailer.FixedID(sub.Email), d); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, `
			INSERT INTO consents (subscriber, consent, asked_at, asked_from, confirmed_at, confirmed_from)
			VALUES ($1, $2, $3, $4, $5, $6)`, ids[0], x.Consent.Version, x.At.UnixMilli(), x.Network, now.UnixMilli(), network)
		return err
	})
	if errors.Is(err, errConfirmed) {
		x.Confirmed = now
		return x, false, nil
	}
	x.Confirmed = now
	return x, err == nil, err
}

var errConfirmed = errors.New("the sign-up was confirmed already")
