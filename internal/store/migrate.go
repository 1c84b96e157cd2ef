package store

import (
	"context"
	"fmt"

	"github.com/pressly/goose/v3"
)

// migrate brings the tables up to date.
func (s *Store) migrate(ctx context.Context) error {
	kind, opts, err := s.dialect.goose()
	if err != nil {
		return fmt.Errorf("database %s: %w", s.place, err)
	}
	files, err := s.dialect.migrationFiles()
	if err != nil {
		return fmt.Errorf("database %s: %w", s.place, err)
	}
	provider, err := goose.NewProvider(kind, s.db, files, opts...)
	if err != nil {
		return fmt.Errorf("database %s: %w", s.place, err)
	}
	have, known, err := provider.GetVersions(ctx)
	if err != nil {
		return s.failed("read the version of the tables", err)
	}
	if have > known {
		return fmt.Errorf("database %s: its tables are of version %d and this Broadsheet knows them up to %d; "+
			"run the newer Broadsheet again, or name another database", s.place, have, known)
	}
	s.version = known
	if have == known {
		return nil // and no need to wait for whoever writes
	}
	if _, err := provider.Up(ctx); err != nil {
		return s.failed("bring the tables up to date", err)
	}
	if have > 0 {
		s.log.InfoContext(ctx, "tables brought up to date", "from", have, "to", known)
	}
	return nil
}
