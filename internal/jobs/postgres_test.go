package jobs_test

import (
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"

	"broadsheet/internal/store/pgtest"
)

// openPostgres opens a pool on a database of the test's own.
func openPostgres(tb testing.TB) backend {
	tb.Helper()
	pool, err := pgxpool.New(tb.Context(), pgtest.URL(tb))
	if err != nil {
		tb.Fatal(err)
	}
	db := stdlib.OpenDBFromPool(pool)
	tb.Cleanup(func() {
		if err := db.Close(); err != nil {
			tb.Error(err)
		}
		pool.Close()
	})
	return backend{db: db, pool: pool}
}
