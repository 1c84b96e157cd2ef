package store_test

import (
	"path/filepath"
	"testing"

	"broadsheet/internal/store"
	"broadsheet/internal/store/pgtest"
	"broadsheet/internal/store/storetest"
)

func TestSQLite(t *testing.T) {
	storetest.Run(t, func(t *testing.T) *store.Store {
		return open(t, "sqlite:"+filepath.Join(t.TempDir(), "broadsheet.db"))
	})
}

// TestSQLiteWalks runs the suite with limits that make searches walk every way.
func TestSQLiteWalks(t *testing.T) {
	storetest.Run(t, func(t *testing.T) *store.Store {
		s := open(t, "sqlite:"+filepath.Join(t.TempDir(), "broadsheet.db"))
		store.Hurry(s)
		return s
	})
}

func TestPostgres(t *testing.T) {
	pgtest.URL(t) // skips all of it where there is no server
	storetest.Run(t, func(t *testing.T) *store.Store { return open(t, pgtest.URL(t)) })
}

func open(t testing.TB, database string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Config{Database: database}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}
