package store

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"broadsheet/syndicate"
)

func scanTrace(r scanner) (t syndicate.Trace, err error) {
	var alternate sql.NullInt64
	err = r.Scan(&t.Key, &alternate, &t.Hash, &t.Title, &t.URL, moment{&t.Published}, &t.Inferred, moment{&t.Changed}, &t.Aside)
	t.Alternate = alternate.Int64
	return t, err
}

// Recall returns the articles of a source that have one of the alternate ids,
// and those set aside that have one of them or one of the keys. Traces of what
// is set aside have no more than key, alternate id and Aside.
func (s *Store) Recall(ctx context.Context, source string, keys []string, alternates []int64) ([]syndicate.Trace, error) {
	var traces []syndicate.Trace
	collect := func(text string, args []any) error {
		found, err := query(ctx, s.read, scanTrace, text, args...)
		traces = append(traces, found...)
		return err
	}
	const aside = `SELECT key, alternate, '', '', '', 0, FALSE, NULL, why FROM set_aside WHERE source = $1 AND `
	err := inBatches(alternates, 500, func(alternates []int64) error {
		args := append([]any{source}, anys(alternates)...)
		among := "alternate IN (" + placeholders(2, len(alternates)) + ")"
		if err := collect(`SELECT key, alternate, hash, title, url, published, inferred, changed, ''
			FROM articles WHERE source = $1 AND `+among, args); err != nil {
			return err
		}
		return collect(aside+among, args)
	})
	if err == nil {
		err = inBatches(keys, 500, func(keys []string) error {
			return collect(aside+"key IN ("+placeholders(2, len(keys))+")", append([]any{source}, anys(keys)...))
		})
	}
	return traces, s.failed("recall articles of "+source, err)
}

// Latest returns the n articles of a source that were first seen last, the
// last one first.
func (s *Store) Latest(ctx context.Context, source string, n int) ([]syndicate.Trace, error) {
	traces, err := query(ctx, s.read, scanTrace, `
		SELECT key, alternate, hash, title, url, published, inferred, changed, ''
		FROM articles
		WHERE source = $1
		ORDER BY first_seen DESC, published DESC
		LIMIT $2`, source, max(n, 0))
	return traces, s.failed("read the last articles of "+source, err)
}

// SetAside keeps articles of a source from coming in, which need have no more
// than a key and an alternate id. Doing it twice is no error.
func (s *Store) SetAside(ctx context.Context, source, why string, articles []syndicate.Article, now time.Time) error {
	rows := make([][]any, len(articles))
	for i := range articles {
		rows[i] = []any{articles[i].Key, source, alternate(articles[i].Alternate), why, now.UnixMilli()}
	}
	in := into("INSERT INTO set_aside (key, source, alternate, why, at)", 5)
	in.tail = "ON CONFLICT (key) DO NOTHING"
	return s.write(ctx, "set articles of "+source+" aside", func(tx *sql.Tx) error {
		return s.insert(ctx, tx, in, rows, nil)
	})
}

// alternate is how an alternate id is stored: none as NULL.
func alternate(id int64) any {
	if id == 0 {
		return nil
	}
	return id
}

// Forget deletes articles for good, and remembers their keys so that they do
// not come back with the next poll. Editions that carried them stay as they
// were sent, and feeds say that they were withdrawn. It returns how many there
// were.
func (s *Store) Forget(ctx context.Context, keys []string, now time.Time) (n int, err error) {
	err = s.write(ctx, "forget articles", func(tx *sql.Tx) error {
		n, err = remove(ctx, tx, keys, syndicate.Deleted, now)
		return err
	})
	return n, err
}

// Expire deletes at most limit of the articles that were first seen before an
// instant, the oldest first, and returns how many there were. They do not come
// back, though their source should still tell them.
func (s *Store) Expire(ctx context.Context, before, now time.Time, limit int) (n int, err error) {
	err = s.write(ctx, "delete articles that were kept long enough", func(tx *sql.Tx) error {
		keys, err := query(ctx, tx, scanOne[string],
			"SELECT key FROM articles WHERE first_seen < $1 ORDER BY first_seen LIMIT $2", before.UnixMilli(), limit)
		if err != nil {
			return err
		}
		n, err = remove(ctx, tx, keys, syndicate.Expired, now)
		return err
	})
	return n, err
}

// remove deletes articles, and remembers why their keys stay away.
func remove(ctx context.Context, tx *sql.Tx, keys []string, why string, now time.Time) (n int, err error) {
	err = inBatches(keys, 500, func(keys []string) error {
		among := " IN (" + placeholders(1, len(keys)) + ")"
		ids, err := query(ctx, tx, scanOne[int64], "SELECT id FROM articles WHERE key"+among, anys(keys)...)
		if err != nil {
			return err
		}
		n += len(ids)
		_, err = tx.ExecContext(ctx, `
			INSERT INTO set_aside (key, source, alternate, why, at)
			SELECT key, source, alternate, '`+why+`', $`+number(len(keys)+1)+`
			FROM articles
			WHERE key`+among+`
			ON CONFLICT (key) DO UPDATE SET why = excluded.why, at = excluded.at`, append(anys(keys), now.UnixMilli())...)
		if err == nil && why == syndicate.Deleted {
			err = withdraw(ctx, tx, keys)
		}
		if err != nil {
			return err
		}
		for _, t := range [][2]string{{"article_words", "rowid"}, {"articles", "id"}} {
			if err := deleteWhere(ctx, tx, t[0], t[1], ids); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || n == 0 {
		return n, err
	}
	return n, touch(ctx, tx)
}

// Accept makes a source's next document count as good whatever it is like: it
// is asked for at once and in full, its held articles come in, and the
// contract is learnt anew from it. The error is syndicate.ErrNotFound for a
// source that was never polled.
func (s *Store) Accept(ctx context.Context, source string, now time.Time) error {
	return s.write(ctx, "accept what "+source+" has become", func(tx *sql.Tx) error {
		n, err := change(ctx, tx, `
			UPDATE polls
			SET accepted = TRUE, drift = '', held = 0, shapes = '', error = '', fault_since = NULL, etag = NULL, last_modified = NULL,
				date = NULL, body_hash = '', next_at = CASE WHEN busy_until > $2 THEN next_at ELSE $2 END,
				next_reason = CASE WHEN busy_until > $2 THEN next_reason ELSE 'accepted by the operator' END
			WHERE source = $1`, source, now.UnixMilli())
		if err == nil && n == 0 {
			err = syndicate.ErrNotFound
		}
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "DELETE FROM set_aside WHERE source = $1 AND why = $2", source, syndicate.Held)
		return err
	})
}

// keepDates returns the articles with the dates as they are stored of those
// that have changed and come without one: that they were read again is no
// news.
func (s *Store) keepDates(ctx context.Context, known map[string]string, articles []syndicate.Article) ([]syndicate.Article, error) {
	var keys []string
	for i := range articles {
		a := &articles[i]
		if hash, ok := known[a.Key]; ok && hash != a.Hash && (a.Inferred || a.Published.IsZero()) {
			keys = append(keys, a.Key)
		}
	}
	if len(keys) == 0 {
		return articles, nil
	}
	type date struct {
		key, raw  string
		published time.Time
		inferred  bool
	}
	dates := map[string]date{}
	err := inBatches(keys, 500, func(keys []string) error {
		found, err := query(ctx, s.read, func(r scanner) (d date, err error) {
			err = r.Scan(&d.key, &d.raw, moment{&d.published}, &d.inferred)
			return d, err
		}, "SELECT key, published_raw, published, inferred FROM articles WHERE key IN ("+placeholders(1, len(keys))+")", anys(keys)...)
		for _, d := range found {
			dates[d.key] = d
		}
		return err
	})
	articles = slices.Clone(articles)
	for i := range articles {
		if d, ok := dates[articles[i].Key]; ok && articles[i].Inferred || ok && articles[i].Published.IsZero() {
			articles[i].Published, articles[i].Inferred, articles[i].PublishedRaw = d.published, d.inferred, d.raw
		}
	}
	return articles, err
}
