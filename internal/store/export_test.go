package store

import (
	"context"
	"database/sql"
)

// Hurry makes s try another way after looking at so few rows that tests with
// few articles walk every way.
func Hurry(s *Store) { s.limits = walkLimits{probe: 2, window: 3, checks: 1, span: 2} }

// MakeSearchable does to s what migration 7 does.
func MakeSearchable(ctx context.Context, s *Store) error {
	return s.write(ctx, "cut words again", func(tx *sql.Tx) error { return makeSearchable(ctx, tx) })
}
