package store

import (
	"context"
	"time"

	"broadsheet/syndicate"
)

// Week returns what a theme had of the articles first seen from one instant on
// and before another.
func (s *Store) Week(ctx context.Context, theme string, from, before time.Time) (w syndicate.Week, err error) {
	args := []any{theme, from.UnixMilli(), before.UnixMilli()}
	const filed = " FROM filings f WHERE f.theme = $1 AND f.first_seen >= $2 AND f.first_seen < $3"
	what := "add up a week of " + theme
	if err := s.read.QueryRowContext(ctx, "SELECT count(*)"+filed, args...).Scan(&w.Articles); err != nil {
		return w, s.failed(what, err)
	}
	currencies := syndicate.Currencies()
	type row struct {
		unit string
		sum  float64
	}
	rows, err := query(ctx, s.read, func(r scanner) (v row, err error) {
		err = r.Scan(&v.unit, &v.sum)
		return v, err
	}, `
		SELECT unit, sum(largest)
		FROM (
			SELECT g.base_unit AS unit, max(g.value) AS largest
			FROM filings f JOIN figures g ON g.article_id = f.article_id LEFT JOIN tellings t ON t.article_id = f.article_id
			WHERE f.theme = $1 AND f.first_seen >= $2 AND f.first_seen < $3
				AND g.base_unit IN (`+placeholders(4, len(currencies))+`)
			GROUP BY COALESCE(t.story, -f.article_id), g.base_unit
		) told
		GROUP BY unit`, append(args, anys(currencies)...)...)
	w.Amounts = make(map[string]float64, len(rows))
	for _, r := range rows {
		w.Amounts[r.unit] = r.sum
	}
	return w, s.failed(what, err)
}
