package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"broadsheet/internal/jobs"
	"broadsheet/syndicate"
)

// A HubJob asks a hub to begin, to go on or to stop pushing.
type HubJob struct {
	Token string `json:"token"` // of the subscription
}

// Kind names the work.
func (HubJob) Kind() string { return "websub" }

// pushApart is how long after a poll a hub's push makes a source due again.
const pushApart = time.Minute

const subscriptionColumns = `w.token, w.source, w.topic, w.hub, w.secret, w.state, w.lease_until, w.next_at, w.last_push,
	w.failures, w.error`

func scanSubscription(r scanner) (sub syndicate.Subscription, err error) {
	err = r.Scan(&sub.Token, &sub.Source, &sub.Topic, &sub.Hub, &sub.Secret, &sub.State, moment{&sub.LeaseUntil},
		moment{&sub.NextAt}, moment{&sub.LastPush}, &sub.Failures, &sub.Error)
	return sub, err
}

// hubJobs returns a job for each subscription whose hub is to be asked at now,
// and for those of sources that left the configuration.
func (s *Store) hubJobs(ctx context.Context, now time.Time) ([]jobs.Args, error) {
	tokens, err := query(ctx, s.read, scanOne[string], `
		SELECT w.token
		FROM websub w
		WHERE w.next_at <= $1 AND w.state <> $3
			OR w.state <> $2 AND NOT EXISTS (SELECT 1 FROM sources s WHERE s.name = w.source AND s.active)
		ORDER BY w.next_at, w.token`, now.UnixMilli(), string(syndicate.SubscriptionLeaving), string(syndicate.SubscriptionIdle))
	due := make([]jobs.Args, len(tokens))
	for i, token := range tokens {
		due[i] = HubJob{Token: token}
	}
	return due, s.failed("look for hubs to ask", err)
}

// Subscription returns the subscription of a token. The error is
// syndicate.ErrNotFound if there is none.
func (s *Store) Subscription(ctx context.Context, token string) (syndicate.Subscription, error) {
	sub, err := scanSubscription(s.read.QueryRowContext(ctx,
		"SELECT "+subscriptionColumns+" FROM websub w WHERE w.token = $1", text(token)))
	if errors.Is(err, sql.ErrNoRows) {
		err = syndicate.ErrNotFound
	}
	return sub, s.failed("read a subscription", err)
}

// Subscriptions returns the subscriptions of a source, or of all for "".
func (s *Store) Subscriptions(ctx context.Context, source string) ([]syndicate.Subscription, error) {
	subs, err := query(ctx, s.read, scanSubscription, `
		SELECT `+subscriptionColumns+`
		FROM websub w
		WHERE $1 = '' OR w.source = $1
		ORDER BY w.source, w.token`, source)
	return subs, s.failed("read the subscriptions of "+source, err)
}

// SaveSubscription stores a new subscription, or changes one as change says,
// which gets what is stored now. No other change comes between. The error is
// syndicate.ErrNotFound for a subscription that is not stored and has no
// source; one without a source after the change is deleted.
func (s *Store) SaveSubscription(ctx context.Context, token string, change func(*syndicate.Subscription)) error {
	return s.write(ctx, "store a subscription", func(tx *sql.Tx) error {
		sub, err := scanSubscription(tx.QueryRowContext(ctx,
			"SELECT "+subscriptionColumns+" FROM websub w WHERE w.token = $1 "+s.dialect.lockSubscription(), text(token)))
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		sub.Token = token
		known := sub.Source != ""
		change(&sub)
		if sub.Source == "" {
			if !known {
				return syndicate.ErrNotFound
			}
			_, err := tx.ExecContext(ctx, "DELETE FROM websub WHERE token = $1", token)
			return err
		}
		_, err = tx.ExecContext(ctx, `
			INSERT INTO websub (token, source, topic, hub, secret, state, lease_until, next_at, last_push, failures, error)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
			ON CONFLICT (token) DO UPDATE
			SET state = excluded.state, lease_until = excluded.lease_until, next_at = excluded.next_at,
				last_push = excluded.last_push, failures = excluded.failures, error = excluded.error`,
			token, sub.Source, text(sub.Topic), text(sub.Hub), sub.Secret, string(sub.State), ms(sub.LeaseUntil),
			sub.NextAt.UnixMilli(), ms(sub.LastPush), sub.Failures, text(sub.Error))
		return err
	})
}

// lockSubscription ends a SELECT of a subscription w that is about to be
// changed.
func (d dialect) lockSubscription() string {
	if d.postgres {
		return "FOR UPDATE OF w"
	}
	return ""
}
