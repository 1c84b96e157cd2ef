package store

import (
	"context"
	"database/sql"
	"errors"
)

// Setting returns the value that a name has. When it has none it gets the one
// that fresh returns; of several processes that ask at once all get the same.
func (s *Store) Setting(ctx context.Context, name string, fresh func() string) (value string, err error) {
	const read = "SELECT value FROM settings WHERE name = $1"
	err = s.read.QueryRowContext(ctx, read, name).Scan(&value)
	if !errors.Is(err, sql.ErrNoRows) {
		return value, s.failed("read setting "+name, err)
	}
	err = s.write(ctx, "store setting "+name, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING", name, fresh())
		if err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, read, name).Scan(&value)
	})
	return value, err
}
