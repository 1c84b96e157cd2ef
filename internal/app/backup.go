package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"broadsheet/internal/store"
	"broadsheet/internal/web"
	"broadsheet/syndicate"
)

// Backup writes a copy of the database as it is at one moment into a file that
// must not exist yet, while the paper goes on. For PostgreSQL the error names
// the command that does it.
func (a *App) Backup(ctx context.Context, file string) error {
	if how := a.BackupCommand(); how != "" {
		return fmt.Errorf("%w: %s", store.ErrNoBackup, how)
	}
	if err := a.note(ctx, syndicate.ActionBackup, filepath.Base(file), ""); err != nil {
		return err
	}
	part := file + ".part"
	if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
		if err == nil {
			err = errors.New("it exists; name a file that does not")
		}
		return fmt.Errorf("back up to %s: %w", file, err)
	}
	if err := a.store.Backup(ctx, part); err != nil {
		return err
	}
	return os.Rename(part, file)
}

// BackupCommand returns the command that backs a PostgreSQL database up,
// without its password; "" for SQLite, which Backup copies.
func (a *App) BackupCommand() string {
	place := a.Config().Store.Redacted()
	if strings.HasPrefix(place, "sqlite:") {
		return ""
	}
	return "pg_dump --format=custom --file=broadsheet.dump --dbname='" + strings.ReplaceAll(place, "'", "%27") + "'"
}

// spare is how much room on the disk a copy must leave.
const spare = 64 << 20

// TakeBackup implements web.Vault.
func (d adminDesk) TakeBackup(ctx context.Context) (io.ReadCloser, int64, error) {
	if !d.copying.TryLock() {
		return nil, 0, web.ErrBusy
	}
	defer d.copying.Unlock()
	size, err := d.store.Size(ctx)
	if err != nil {
		return nil, 0, err
	}
	folder := filepath.Dir(strings.TrimPrefix(d.Config().Store.Database, "sqlite:"))
	if free, ok := freeBytes(folder); ok && free < size+spare {
		return nil, 0, web.ErrNoRoom
	}
	if err := d.sweep(folder); err != nil {
		return nil, 0, err
	}
	dir, err := os.MkdirTemp(folder, copyPrefix)
	if err != nil {
		return nil, 0, err
	}
	name := filepath.Join(dir, "broadsheet.db")
	f, err := d.copyTo(ctx, name)
	if err != nil {
		return nil, 0, errors.Join(err, os.RemoveAll(dir))
	}
	info, err := f.Stat()
	if err != nil {
		return nil, 0, errors.Join(err, f.Close(), os.RemoveAll(dir))
	}
	// Where a file that is open may go, nothing is left of it after a crash.
	_ = os.RemoveAll(dir)
	return &leftover{File: f, dir: dir}, info.Size(), nil
}

// copyPrefix is what the folders of copies begin with, copyKept how long one
// may be in use.
const (
	copyPrefix = ".backup-"
	copyKept   = 2 * time.Hour
)

// sweep deletes the copies that a crash has left.
func (d adminDesk) sweep(folder string) error {
	left, err := filepath.Glob(filepath.Join(folder, copyPrefix+"*"))
	if err != nil {
		return err
	}
	for _, dir := range left {
		info, err := os.Stat(dir)
		if err != nil || time.Since(info.ModTime()) < copyKept {
			continue
		}
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	return nil
}

func (d adminDesk) copyTo(ctx context.Context, name string) (*os.File, error) {
	if err := d.Backup(ctx, name); err != nil {
		return nil, err
	}
	return os.Open(name)
}

// A leftover is a file whose folder goes when it is closed.
type leftover struct {
	*os.File
	dir string
}

// Close closes the file and deletes the folder.
func (f *leftover) Close() error { return errors.Join(f.File.Close(), os.RemoveAll(f.dir)) }
