package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"broadsheet/syndicate"
)

// servedFor is how long it is remembered as what a feed was sent. Who comes
// back later has been given the whole feed for a long time by every cache.
const servedFor = 90 * 24 * time.Hour

// LastServed returns as what a feed was sent last; the zero Served if that is
// not known.
func (s *Store) LastServed(ctx context.Context, feed string) (syndicate.Served, error) {
	f := syndicate.Served{Feed: feed}
	err := s.read.QueryRowContext(ctx, "SELECT etag, modified FROM served WHERE feed = $1", feed).Scan(&f.ETag, moment{&f.Modified})
	if errors.Is(err, sql.ErrNoRows) {
		return syndicate.Served{}, nil
	}
	return f, s.failed("read as what a feed was sent", err)
}

// SaveServed notes as what feeds were sent, and forgets what is too old. A
// feed that another process sent as something later stays so.
func (s *Store) SaveServed(ctx context.Context, feeds []syndicate.Served) error {
	return s.write(ctx, "note as what feeds were sent", func(tx *sql.Tx) error {
		now := s.now()
		values := make([][]any, len(feeds))
		for i, f := range feeds {
			values[i] = []any{text(f.Feed), text(f.ETag), f.Modified.UnixMilli(), now.UnixMilli()}
		}
		in := into("INSERT INTO served (feed, etag, modified, saved)", 4)
		in.tail = `ON CONFLICT (feed) DO UPDATE
			SET etag = excluded.etag, modified = excluded.modified, saved = excluded.saved
			WHERE served.modified <= excluded.modified`
		if err := s.insert(ctx, tx, in, values, nil); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "DELETE FROM served WHERE saved < $1", now.Add(-servedFor).UnixMilli())
		return err
	})
}
