package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"broadsheet/syndicate"
)

// keptDeeds is how long it is remembered what operators did.
const keptDeeds = 400 * 24 * time.Hour

// AddDeed stores what an operator does. Deeds of more than 400 days ago are
// dropped.
func (s *Store) AddDeed(ctx context.Context, d syndicate.Deed) error {
	return s.write(ctx, "store what an operator does", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO deeds (at, who, action, object, detail) VALUES ($1, $2, $3, $4, $5)",
			d.At.UnixMilli(), text(d.Who), text(d.Action), text(d.Object), text(d.Detail))
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "DELETE FROM deeds WHERE at < $1", d.At.Add(-keptDeeds).UnixMilli())
		return err
	})
}

// Deeds returns what operators did, the last deed first, at most limit after
// the first offset ones.
func (s *Store) Deeds(ctx context.Context, limit, offset int) ([]syndicate.Deed, error) {
	deeds, err := query(ctx, s.read, func(r scanner) (d syndicate.Deed, err error) {
		err = r.Scan(moment{&d.At}, &d.Who, &d.Action, &d.Object, &d.Detail)
		return d, err
	}, "SELECT at, who, action, object, detail FROM deeds ORDER BY id DESC LIMIT $1 OFFSET $2", max(limit, 0), max(offset, 0))
	return deeds, s.failed("read what operators did", err)
}

// The kinds of sessions.
const (
	kindSession = "session"
	kindLink    = "link"
)

// AddSession remembers, by the hash of what a browser shows, that it is signed
// in until expires under the credential that is in force. Sessions that have
// expired at now are dropped.
func (s *Store) AddSession(ctx context.Context, hash, credential string, now, expires time.Time) error {
	return s.write(ctx, "sign in", func(tx *sql.Tx) error {
		return addSession(ctx, tx, hash, kindSession, credential, now, expires)
	})
}

func addSession(ctx context.Context, tx *sql.Tx, hash, kind, credential string, now, expires time.Time) error {
	if _, err := tx.ExecContext(ctx, "DELETE FROM sessions WHERE expires <= $1", now.UnixMilli()); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, "INSERT INTO sessions (hash, kind, credential, used, expires) VALUES ($1, $2, $3, $4, $5)",
		hash, kind, credential, now.UnixMilli(), expires.UnixMilli())
	return err
}

// usedApart is how exactly it is remembered when a session was used last.
const usedApart = time.Minute

// UseSession reports whether a session of a credential stands at now: it has
// not expired and was used less than idle ago. It counts as used then.
func (s *Store) UseSession(ctx context.Context, hash, credential string, now time.Time, idle time.Duration) (bool, error) {
	var used time.Time
	err := s.read.QueryRowContext(ctx, `
		SELECT used
		FROM sessions
		WHERE hash = $1 AND kind = $2 AND credential = $3 AND expires > $4 AND used > $5`,
		hash, kindSession, credential, now.UnixMilli(), now.Add(-idle).UnixMilli()).Scan(moment{&used})
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, s.failed("look for a session", err)
	}
	if now.Sub(used) < usedApart {
		return true, nil
	}
	err = s.write(ctx, "use a session", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE sessions SET used = $2 WHERE hash = $1", hash, now.UnixMilli())
		return err
	})
	return err == nil, err
}

// EndSession forgets a session. That there is none is no error.
func (s *Store) EndSession(ctx context.Context, hash string) error {
	return s.write(ctx, "sign out", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM sessions WHERE hash = $1", hash)
		return err
	})
}

// AddLink remembers a link, by its hash, that signs one browser in once, until
// expires.
func (s *Store) AddLink(ctx context.Context, hash string, now, expires time.Time) error {
	return s.write(ctx, "store a sign-in link", func(tx *sql.Tx) error {
		return addSession(ctx, tx, hash, kindLink, "", now, expires)
	})
}

// UseLink uses a link up and reports whether it was good at now. Of several
// that use it at once, one hears that it was.
func (s *Store) UseLink(ctx context.Context, hash string, now time.Time) (good bool, err error) {
	err = s.write(ctx, "use a sign-in link", func(tx *sql.Tx) error {
		n, err := change(ctx, tx, "DELETE FROM sessions WHERE hash = $1 AND kind = $2 AND expires > $3", hash, kindLink, now.UnixMilli())
		good = n > 0
		return err
	})
	return good, err
}

// PollSoon makes a source due at now for a reason, unless its server has asked
// to be left alone until later. It returns when the source is
// polled next. The error is syndicate.ErrNotFound for a source that is not
// configured.
func (s *Store) PollSoon(ctx context.Context, source, why string, now time.Time) (next time.Time, err error) {
	err = s.write(ctx, "poll "+source+" soon", func(tx *sql.Tx) error {
		err := tx.QueryRowContext(ctx, `
			UPDATE polls
			SET next_at = CASE WHEN busy_until > $2 OR next_at < $2 THEN next_at ELSE $2 END,
				next_reason = CASE WHEN busy_until > $2 OR next_at < $2 THEN next_reason ELSE $3 END
			WHERE source = $1 AND source IN (SELECT name FROM sources WHERE active)
			RETURNING next_at`, source, now.UnixMilli(), why).Scan(moment{&next})
		if errors.Is(err, sql.ErrNoRows) {
			err = syndicate.ErrNotFound
		}
		return err
	})
	return next, err
}

// DailyCounts returns how many articles of each source, or of each of the
// names, were first seen on each of so many days, the first of which begins at
// from.
func (s *Store) DailyCounts(ctx context.Context, from time.Time, days int, names ...string) (map[string][]int, error) {
	const day = 24 * time.Hour
	type row struct {
		source string
		day, n int
	}
	where, args := "", []any{from.UnixMilli(), from.Add(time.Duration(days) * day).UnixMilli()}
	if len(names) > 0 {
		where = " AND source IN (" + placeholders(len(args)+1, len(names)) + ")"
		for _, name := range names {
			args = append(args, text(name))
		}
	}
	rows, err := query(ctx, s.read, func(r scanner) (v row, err error) {
		err = r.Scan(&v.source, &v.day, &v.n)
		return v, err
	}, `
		SELECT d.source, d.day, count(*)
		FROM (SELECT source, (first_seen - $1) / 86400000 AS day FROM articles WHERE first_seen >= $1 AND first_seen < $2`+where+`) d
		GROUP BY d.source, d.day`, args...)
	counts := map[string][]int{}
	for _, r := range rows {
		if counts[r.source] == nil {
			counts[r.source] = make([]int, days)
		}
		if r.day >= 0 && r.day < days {
			counts[r.source][r.day] += r.n
		}
	}
	return counts, s.failed("count articles by day", err)
}
