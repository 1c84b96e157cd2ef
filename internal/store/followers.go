package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"broadsheet/internal/jobs"
	"broadsheet/syndicate"
)

// A FollowerJob asks the followers of a host back and pushes to them.
type FollowerJob struct {
	Host string `json:"host"`
}

// Kind names the work.
func (FollowerJob) Kind() string { return "followers" }

const followerColumns = `w.id, w.topic, w.callback, w.host, w.secret, w.lease_until, w.etag, w.round, w.next_at, w.pushed_at, w.failures,
	w.error, w.asked_mode, w.asked_secret, w.asked_lease, w.asked_tries, w.ask_at, w.asked_back`

func scanFollower(r scanner) (f syndicate.Follower, err error) {
	var lease int64
	err = r.Scan(&f.ID, &f.Topic, &f.Callback, &f.Host, &f.Secret, moment{&f.LeaseUntil}, &f.ETag, &f.Round, moment{&f.NextAt}, moment{&f.PushedAt},
		&f.Failures, &f.Error, &f.Asked.Mode, &f.Asked.Secret, &lease, &f.Asked.Tries, moment{&f.AskAt}, moment{&f.AskedBack})
	f.Asked.Lease = time.Duration(lease) * time.Millisecond
	return f, err
}

// AskFollower keeps what somebody wants in the name of a follower, which is
// to be asked back at once, or not before apart after it was asked back last.
// allow is asked first whether it may be kept, with the counts of the others
// and whether the follower is known, and its error is returned.
func (s *Store) AskFollower(ctx context.Context, f syndicate.Follower, now time.Time, apart time.Duration, allow func(counts syndicate.FollowerCounts, known bool) error) error {
	return s.write(ctx, "keep what a follower wants", func(tx *sql.Tx) error {
		var c syndicate.FollowerCounts
		var same int
		err := tx.QueryRowContext(ctx, `
			SELECT
				(SELECT count(*) FROM followers),
				(SELECT count(*) FROM followers WHERE host = $1),
				(SELECT count(*) FROM followers WHERE callback = $2),
				(SELECT count(*) FROM followers WHERE host = $1 AND ask_at IS NOT NULL),
				(SELECT count(*) FROM followers WHERE callback = $2 AND topic = $3)`,
			text(f.Host), text(f.Callback), text(f.Topic)).Scan(&c.All, &c.Host, &c.Callback, &c.Waiting, &same)
		if err != nil {
			return err
		}
		if err := allow(c, same > 0); err != nil {
			return &refusal{err}
		}
		_, err = tx.ExecContext(ctx, `
			INSERT INTO followers AS w (topic, callback, host, secret, lease_until, etag, round, next_at, pushed_at, failures, error,
				asked_mode, asked_secret, asked_lease, asked_tries, ask_at, asked_back)
			VALUES ($1, $2, $3, '', NULL, '', 0, NULL, NULL, 0, '', $4, $5, $6, 0, $7, NULL)
			ON CONFLICT (callback, topic) DO UPDATE
			SET asked_mode = excluded.asked_mode, asked_secret = excluded.asked_secret, asked_lease = excluded.asked_lease, asked_tries = 0,
				ask_at = CASE WHEN w.asked_back + $8 > excluded.ask_at THEN w.asked_back + $8 ELSE excluded.ask_at END`,
			text(f.Topic), text(f.Callback), text(f.Host), f.Asked.Mode, text(f.Asked.Secret), f.Asked.Lease.Milliseconds(),
			now.UnixMilli(), apart.Milliseconds())
		if err != nil || s.queue == nil {
			return err
		}
		return s.queue.Enqueue(ctx, tx, FollowerJob{Host: f.Host})
	})
}

// A refusal is an error that comes from outside and is not the database's.
type refusal struct{ error }

func (r *refusal) Unwrap() error        { return r.error }
func (r *refusal) Is(target error) bool { return target == errExplained }

// DueFollowers returns the followers of a host that are to be asked back or
// pushed to at now, those to be asked first, at most limit of them.
func (s *Store) DueFollowers(ctx context.Context, host string, now time.Time, limit int) ([]syndicate.Follower, error) {
	fs, err := query(ctx, s.read, scanFollower, `
		SELECT `+followerColumns+`
		FROM followers w
		WHERE w.host = $1 AND (w.ask_at <= $2 OR w.next_at <= $2)
		ORDER BY CASE WHEN w.ask_at <= $2 THEN 0 ELSE 1 END, w.next_at, w.id
		LIMIT $3`, text(host), now.UnixMilli(), limit)
	return fs, s.failed("look for followers", err)
}

// Followed returns what somebody follows at now, in all the states in which
// they have it.
func (s *Store) Followed(ctx context.Context, now time.Time) ([]syndicate.Followed, error) {
	all, err := query(ctx, s.read, func(r scanner) (f syndicate.Followed, err error) {
		err = r.Scan(&f.Topic, &f.ETag)
		return f, err
	}, "SELECT DISTINCT topic, etag FROM followers WHERE lease_until > $1 ORDER BY topic, etag", now.UnixMilli())
	return all, s.failed("look for what is followed", err)
}

// Push makes those followers of a topic due who have another state of it than
// the one of an ETag, and adds the jobs that push to them: at now, or apart
// after the last push, or when one that failed is to be tried again.
func (s *Store) Push(ctx context.Context, topic, etag string, now time.Time, apart time.Duration) error {
	return s.write(ctx, "push to followers", func(tx *sql.Tx) error {
		hosts, err := query(ctx, tx, scanOne[string], `
			UPDATE followers
			SET round = round + 1, next_at = CASE
				WHEN failures > 0 AND next_at > $3 THEN next_at
				WHEN pushed_at + $4 > $3 THEN pushed_at + $4
				ELSE $3 END
			WHERE topic = $1 AND etag <> $2 AND lease_until > $3
			RETURNING host`, text(topic), etag, now.UnixMilli(), apart.Milliseconds())
		if err != nil || s.queue == nil {
			return err
		}
		slices.Sort(hosts)
		var due []jobs.Args
		for _, host := range slices.Compact(hosts) {
			due = append(due, FollowerJob{Host: host})
		}
		return s.queue.Enqueue(ctx, tx, due...)
	})
}

// ChangeFollower changes a follower as change says, which gets what is stored
// now. No other change comes between. If change leaves neither a lease nor
// something to ask, the follower is deleted. Of a follower that is not stored
// any more nothing is changed.
func (s *Store) ChangeFollower(ctx context.Context, id int64, change func(*syndicate.Follower)) error {
	return s.write(ctx, "change a follower", func(tx *sql.Tx) error {
		f, err := scanFollower(tx.QueryRowContext(ctx,
			"SELECT "+followerColumns+" FROM followers w WHERE w.id = $1 "+s.dialect.lockSubscription(), id))
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		change(&f)
		if f.LeaseUntil.IsZero() && f.Asked.Mode == "" {
			_, err := tx.ExecContext(ctx, "DELETE FROM followers WHERE id = $1", id)
			return err
		}
		_, err = tx.ExecContext(ctx, `
			UPDATE followers
			SET secret = $2, lease_until = $3, etag = $4, round = $5, next_at = $6, pushed_at = $7, failures = $8, error = $9,
				asked_mode = $10, asked_secret = $11, asked_lease = $12, asked_tries = $13, ask_at = $14, asked_back = $15
			WHERE id = $1`,
			id, text(f.Secret), ms(f.LeaseUntil), f.ETag, f.Round, ms(f.NextAt), ms(f.PushedAt), f.Failures, text(f.Error),
			f.Asked.Mode, text(f.Asked.Secret), f.Asked.Lease.Milliseconds(), f.Asked.Tries, ms(f.AskAt), ms(f.AskedBack))
		return err
	})
}

// ForgetFollowers deletes those whose lease is over and who do not ask for
// another one.
func (s *Store) ForgetFollowers(ctx context.Context, now time.Time) error {
	return s.write(ctx, "forget followers", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `
			DELETE FROM followers
			WHERE (lease_until IS NULL OR lease_until <= $1) AND asked_mode = ''`, now.UnixMilli())
		return err
	})
}

// followerJobs returns a job for each host with followers that are due.
func (s *Store) followerJobs(ctx context.Context, now time.Time) ([]jobs.Args, error) {
	hosts, err := query(ctx, s.read, scanOne[string],
		"SELECT DISTINCT host FROM followers WHERE next_at <= $1 OR ask_at <= $1 ORDER BY host", now.UnixMilli())
	due := make([]jobs.Args, len(hosts))
	for i, host := range hosts {
		due[i] = FollowerJob{Host: host}
	}
	return due, s.failed("look for followers to push to", err)
}
