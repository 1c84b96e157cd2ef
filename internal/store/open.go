package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite" // registers the driver "sqlite"
)

// openTimeout bounds how long a server may take to answer at the start.
const openTimeout = 15 * time.Second

// readIdle is how long a connection that reads SQLite is kept without use: each
// has up to cacheKiB of pages in memory.
const (
	readIdle = 30 * time.Second
	cacheKiB = 8_000
)

func (s *Store) openSQLite(ctx context.Context, database string) error {
	path := strings.TrimPrefix(database, "sqlite:")
	s.place = "sqlite:" + path
	path, err := filepath.Abs(path)
	if err != nil {
		return fmt.Errorf("database %s: %w", s.place, err)
	}
	s.file = path
	if err := prepareFile(path); err != nil {
		return fmt.Errorf("database %s: %w", s.place, err)
	}
	if s.db, err = sql.Open("sqlite", sqliteDSN(path, false, cacheKiB)); err != nil {
		return s.failed("open", err)
	}
	s.db.SetMaxOpenConns(1)
	if err := s.db.PingContext(ctx); err != nil {
		return s.failed("open", err)
	}
	if s.read, err = sql.Open("sqlite", sqliteDSN(path, true, cacheKiB)); err != nil {
		return s.failed("open for reading", err)
	}
	s.read.SetMaxOpenConns(max(4, runtime.GOMAXPROCS(0)))
	s.read.SetMaxIdleConns(max(4, runtime.GOMAXPROCS(0)))
	s.read.SetConnMaxIdleTime(readIdle)
	// A connection that is in use all day and reads one page needs no cache.
	if s.watch, err = sql.Open("sqlite", sqliteDSN(path, true, 64)); err != nil {
		return s.failed("open for watching", err)
	}
	s.watch.SetMaxOpenConns(1)
	return nil
}

func sqliteDSN(path string, readOnly bool, cache int) string {
	params := url.Values{"_pragma": {
		"busy_timeout(10000)",
		"foreign_keys(1)",
		"cache_size(-" + strconv.Itoa(cache) + ")",
		"temp_store(memory)",
		"wal_autocheckpoint(4000)", // pages: what many transactions change is copied into the file once
	}}
	if readOnly {
		params.Set("mode", "ro")
		params.Add("_pragma", "query_only(1)")
	} else {
		params.Set("_txlock", "immediate")
		params.Add("_pragma", "journal_mode(WAL)")
		params.Add("_pragma", "synchronous(NORMAL)")
	}
	return "file:" + (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath() + "?" + params.Encode()
}

// prepareFile makes the file if there is none, for nobody else to read, and
// refuses what SQLite would only complain about later or in riddles.
func prepareFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		name := path
		if _, statErr := os.Stat(filepath.Dir(path)); errors.Is(statErr, os.ErrNotExist) {
			name = filepath.Dir(path)
		}
		if info, statErr := os.Stat(path); statErr == nil && info.IsDir() {
			return fmt.Errorf("%s is a folder; name a file in it", path)
		}
		return errors.New(fileRemedy(err, name))
	}
	head := make([]byte, 16)
	n, err := io.ReadFull(f, head)
	if err := f.Close(); err != nil {
		return err
	}
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New(fileRemedy(err, path))
	}
	if n > 0 && !bytes.Equal(head, []byte("SQLite format 3\x00")) {
		return errors.New("the file is no SQLite database; name another file, it was left as it is")
	}
	return nil
}

func (s *Store) openPostgres(ctx context.Context, database string) error {
	place, err := postgresPlace(database)
	if err != nil {
		return fmt.Errorf("database: %w", err)
	}
	s.place, s.dialect = place, dialect{postgres: true}
	cfg, err := pgxpool.ParseConfig(database)
	if err != nil {
		return fmt.Errorf("database %s: a parameter of the address is wrong; see the ones PostgreSQL knows (sslmode, pool_max_conns, …)", place)
	}
	if !strings.Contains(database, "pool_max_conns=") {
		cfg.MaxConns = int32(max(10, runtime.GOMAXPROCS(0)))
	}
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	if s.pool, err = pgxpool.NewWithConfig(ctx, cfg); err != nil {
		return s.failed("open", err)
	}
	s.db = stdlib.OpenDBFromPool(s.pool)
	s.read, s.watch = s.db, s.db
	return s.failed("connect", s.pool.Ping(ctx))
}
