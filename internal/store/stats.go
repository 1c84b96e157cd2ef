package store

import (
	"context"

	"broadsheet/mailer"
)

// Stats are the sizes of things.
type Stats struct {
	Articles      int
	Sources       int // configured
	Editions      int // not skipped
	Followers     int // of feeds, through our hub; those that were not asked back yet included
	Deliveries    map[mailer.State]int
	Themes        map[string]int // articles filed under each
	SchemaVersion int64
}

// Stats counts what is stored.
func (s *Store) Stats(ctx context.Context) (Stats, error) {
	const what = "count what is stored"
	st := Stats{SchemaVersion: s.version}
	err := s.read.QueryRowContext(ctx, `
		SELECT
			(SELECT count(*) FROM articles),
			(SELECT count(*) FROM sources WHERE active),
			(SELECT count(*) FROM editions WHERE skipped = ''),
			(SELECT count(*) FROM followers)`).
		Scan(&st.Articles, &st.Sources, &st.Editions, &st.Followers)
	if err != nil {
		return Stats{}, s.failed(what, err)
	}
	if st.Themes, err = s.counts(ctx, "SELECT theme, count(*) FROM filings GROUP BY theme"); err != nil {
		return Stats{}, s.failed(what, err)
	}
	if st.Deliveries, err = s.AllDeliveries(ctx); err != nil {
		return Stats{}, s.failed(what, err)
	}
	return st, nil
}

// counts returns the rows of a query of a name and a number.
func (s *Store) counts(ctx context.Context, text string, args ...any) (map[string]int, error) {
	type row struct {
		name string
		n    int
	}
	rows, err := query(ctx, s.read, func(r scanner) (v row, err error) {
		err = r.Scan(&v.name, &v.n)
		return v, err
	}, text, args...)
	counts := make(map[string]int, len(rows))
	for _, r := range rows {
		counts[r.name] = r.n
	}
	return counts, err
}

// Ready returns nil when the database answers.
func (s *Store) Ready(ctx context.Context) error {
	return s.failed("ask whether it answers", s.read.PingContext(ctx))
}
