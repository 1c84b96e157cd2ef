// Package store keeps sources, articles, digests, editions and deliveries in
// SQLite or PostgreSQL: it owns their tables and every query on them. It
// decides nothing about what they mean, and no transaction leaves it.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"broadsheet/internal/jobs"
)

// A Config says which database keeps everything.
type Config struct {
	// Database is "sqlite:PATH", the path relative to the working directory
	// unless absolute, or "postgres://user:password@host/name".
	Database string

	// Keep is how long articles stay after they were first seen; 0 is for ever.
	Keep time.Duration
}

// leastKeep is the shortest time articles may be kept: the next edition of a
// monthly digest must still find them.
const leastKeep = 60 * 24 * time.Hour

// Default returns the configuration for a database file in the working
// directory.
func Default() Config { return Config{Database: "sqlite:broadsheet.db"} }

// Validate reports what is wrong with c, without opening anything and without
// repeating a password.
func (c Config) Validate() error {
	return errors.Join(c.validateDatabase(), c.validateKeep())
}

func (c Config) validateKeep() error {
	if c.Keep != 0 && c.Keep < leastKeep {
		return fmt.Errorf("keep: %s is shorter than 60d, and digests need their articles that long; use 60d or more, or 0s to keep all", c.Keep)
	}
	return nil
}

func (c Config) validateDatabase() error {
	if path, ok := strings.CutPrefix(c.Database, "sqlite:"); ok {
		if strings.TrimSpace(path) == "" || strings.ContainsRune(path, 0) {
			return errors.New("database: names no file; write sqlite:broadsheet.db")
		}
		return nil
	}
	if isPostgres(c.Database) {
		if _, err := postgresPlace(c.Database); err != nil {
			return fmt.Errorf("database: %w", err)
		}
		return nil
	}
	if c.Database == "" {
		return errors.New("database: is empty; write sqlite:broadsheet.db")
	}
	return errors.New("database: is neither sqlite:PATH nor postgres://user:password@host/name; write sqlite:broadsheet.db")
}

// Redacted returns the database as messages and pages may show it.
func (c Config) Redacted() string {
	if !isPostgres(c.Database) {
		return c.Database
	}
	place, err := postgresPlace(c.Database)
	if err != nil {
		return "postgres://…"
	}
	return place
}

func isPostgres(database string) bool {
	return strings.HasPrefix(database, "postgres://") || strings.HasPrefix(database, "postgresql://")
}

// postgresPlace returns the address as messages may show it. An address that
// does not parse is not repeated: its parts may be pieces of the password.
func postgresPlace(database string) (string, error) {
	u, err := url.Parse(database)
	if err != nil || strings.Contains(u.Path, "@") || u.Fragment != "" {
		return "", errors.New("is no address; write postgres://user:password@host/name " +
			"with /, @, #, ? and % of the password as %2F, %40, %23, %3F and %25")
	}
	place := u.Scheme + "://"
	if name := u.User.Username(); name != "" {
		place += url.User(name).String() + "@"
	}
	return place + u.Host + u.Path, nil
}

// An Enqueuer adds jobs within a transaction.
type Enqueuer interface {
	// Enqueue adds jobs as part of tx. A job whose like is not finished yet is
	// left out without an error.
	Enqueue(ctx context.Context, tx *sql.Tx, args ...jobs.Args) error
}

// A Store keeps everything. It may be used by many goroutines at once.
type Store struct {
	// Now is the clock that leases are measured by; nil is time.Now.
	Now func() time.Time

	db      *sql.DB // writes; a single connection on SQLite
	read    *sql.DB // reads; the same as db on PostgreSQL
	watch   *sql.DB // looks for changes; the same as db on PostgreSQL
	pool    *pgxpool.Pool
	dialect dialect
	place   string // for messages
	file    string // of SQLite, absolute
	version int64
	queue   Enqueuer
	line    line
	limits  walkLimits
	log     *slog.Logger
	zip     zipper
	kept    sync.Map // see keeping
}

// Open opens the database, makes it if it is a file that does not exist, and
// brings its tables up to date. It refuses a database of a newer version.
// Errors name the database, never its password.
func Open(ctx context.Context, cfg Config, log *slog.Logger) (*Store, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	s := &Store{log: log, limits: defaultLimits, line: line{turn: make(chan struct{}, 1)}}
	open := s.openSQLite
	if isPostgres(cfg.Database) {
		open = s.openPostgres
	}
	if err := open(ctx, cfg.Database); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if err := s.migrate(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Close lets go of the database. It may be called twice.
func (s *Store) Close() error {
	var errs []error
	for _, pool := range []*sql.DB{s.read, s.watch} {
		if pool != nil && pool != s.db {
			errs = append(errs, pool.Close())
		}
	}
	if s.db != nil {
		errs = append(errs, s.db.Close())
	}
	if s.pool != nil {
		s.pool.Close()
	}
	if err := errors.Join(errs...); err != nil {
		return s.explain(fmt.Errorf("close: %w", err))
	}
	return nil
}

// DB returns the pool that writes. On SQLite it has a single connection, which
// whoever writes shares: never ask it for anything from inside one of its own
// transactions.
func (s *Store) DB() *sql.DB { return s.db }

// Postgres returns the pool behind DB, or nil on SQLite.
func (s *Store) Postgres() *pgxpool.Pool { return s.pool }

// UseQueue makes the store add jobs to q. Without a queue, what is due waits
// for a process that has one. UseQueue must not be called while the store is
// in use.
func (s *Store) UseQueue(q Enqueuer) { s.queue = q }

func (s *Store) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}
