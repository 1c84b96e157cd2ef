package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
)

// ErrNoBackup is returned where the database is none that Backup copies.
var ErrNoBackup = errors.New("only SQLite is copied by Broadsheet itself; use the database's own tools")

// Size returns how many bytes a copy of the database takes at most; 0 where it
// cannot be copied.
func (s *Store) Size(ctx context.Context) (int64, error) {
	if s.dialect.postgres {
		return 0, nil
	}
	var pages, size int64
	err := s.read.QueryRowContext(ctx, "SELECT p.page_count, z.page_size FROM pragma_page_count() p, pragma_page_size() z").Scan(&pages, &size)
	return pages * size, s.failed("ask for the size of the database", err)
}

// Backup writes a copy of the whole database as it is at one moment into a
// file that must not exist, for nobody else to read. Others read and write
// meanwhile. What ctx or a fault interrupts leaves no file. The error is
// ErrNoBackup for PostgreSQL.
func (s *Store) Backup(ctx context.Context, file string) (err error) {
	if s.dialect.postgres {
		return ErrNoBackup
	}
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("back up: %s exists; name a file that does not", file)
	}
	if err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(file))
		}
	}()
	if err := f.Close(); err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	// A connection of its own: the copy takes a while, and those that read and
	// write the database have other things to do.
	db, err := sql.Open("sqlite", sqliteDSN(s.file, false, cacheKiB))
	if err != nil {
		return s.failed("back up", err)
	}
	_, err = db.ExecContext(ctx, "VACUUM INTO $1", file)
	if err = errors.Join(err, db.Close()); err != nil {
		return s.failed("back up", err)
	}
	if f, err = os.OpenFile(file, os.O_RDWR, 0); err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	return nil
}
