// Package jobs runs queued work on the database that holds everything else,
// and reads cron schedules. It does not know what the work is, and it keeps no
// schedules: when a source or digest is due stands in the tables of the store.
//
// The queue is River (https://riverqueue.com). A job that was enqueued in a
// transaction exists exactly if the transaction was committed, is worked at
// least once, and is tried again when it fails. The same code serves SQLite and
// PostgreSQL.
//
// The package owns the tables that begin with river_.
package jobs

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"
)

// Args says what a job is to do. It is stored as JSON; two jobs of one kind
// whose JSON is equal are the same job.
type Args interface {
	// Kind names the work. It must not depend on the value and must not change
	// while jobs of it are stored: lower-case letters, digits, "_" and "-".
	Kind() string
}

// A Config says where a Queue keeps its jobs and how it works them.
type Config struct {
	// DB is the pool that the application writes with. On SQLite it must have
	// a single connection (SetMaxOpenConns(1)): SQLite's own waiting for locks
	// is unfair and would starve the queue, a pool of one serves in order.
	DB *sql.DB

	// Postgres is the pool behind DB, or nil when DB is SQLite.
	Postgres *pgxpool.Pool

	// Only names the queues this process works; nil works all that are
	// registered. Jobs of the others can still be enqueued.
	Only []string

	// StopWithin is how long Run lets running jobs finish after its context is
	// done, before it cancels theirs. 15 s when 0.
	StopWithin time.Duration

	// RescueAfter is how long a job may be "running" before it is taken for
	// lost with a crashed process and tried again; never sooner than the
	// longest timeout of a kind allows. 5 min when 0. On SQLite, where only one
	// process may work the jobs, lost jobs are also found at once at each start.
	RescueAfter time.Duration

	Logger *slog.Logger // nil discards

	// Explain puts the text of a database's error into plain words, for the
	// log; a text it does not know it returns as it is. May be nil.
	Explain func(text string) string
}

// Options say how the jobs of a kind are worked. The zero value is usable.
type Options struct {
	Queue       string        // kinds of one queue share its workers; the kind when ""
	Workers     int           // of the queue, in this process; 1 when 0. The highest of its kinds counts
	Timeout     time.Duration // for one attempt; 1 min when 0
	MaxAttempts int           // before a job is given up; 10, about 4 h, when 0
}

// A Queue enqueues and works jobs. Register and Every come first, then Run
// and Enqueue, which may be called by several goroutines at once.
type Queue struct {
	cfg      Config
	log      *slog.Logger
	workers  *river.Workers
	kinds    map[string]Options
	periodic []periodic
	mistakes []error
	inserter *river.Client[*sql.Tx]
	started  atomic.Bool
}

type periodic struct {
	every time.Duration
	args  Args
}

// New returns a Queue. It does not touch the database.
func New(cfg Config) (*Queue, error) {
	if cfg.DB == nil {
		return nil, errors.New("queue: no database")
	}
	cfg.StopWithin = cmp.Or(cfg.StopWithin, 15*time.Second)
	cfg.RescueAfter = cmp.Or(cfg.RescueAfter, 5*time.Minute)
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	q := &Queue{cfg: cfg, log: cfg.Logger, workers: river.NewWorkers(), kinds: map[string]Options{}}
	client, err := river.NewClient(q.driver(nil), &river.Config{
		// River does not announce a job within this time of the last one,
		// trusting that workers will look. They may have looked before this
		// one's transaction was committed, so every job is announced.
		FetchCooldown:       river.FetchCooldownMin,
		Logger:              quiet(q.log, q.cfg.Explain),
		SkipUnknownJobCheck: true,
	})
	if err != nil {
		return nil, fmt.Errorf("queue: %w", err)
	}
	q.inserter = client
	return q, nil
}

// driver returns River's driver for the database. With a listener, a pool of
// PostgreSQL connections, workers hear of new jobs without asking for them.
func (q *Queue) driver(listener *pgxpool.Pool) riverdriver.Driver[*sql.Tx] {
	switch {
	case q.cfg.Postgres == nil:
		return riversqlite.New(q.cfg.DB)
	case listener == nil:
		return riverdatabasesql.New(q.cfg.DB)
	default:
		return riverdatabasesql.NewWithPgxListener(q.cfg.DB, listener)
	}
}

// Migrate creates or updates the queue's tables. Calling it again does nothing.
func (q *Queue) Migrate(ctx context.Context) error {
	m, err := rivermigrate.New(q.driver(nil), &rivermigrate.Config{Logger: quiet(q.log, q.cfg.Explain)})
	if err != nil {
		return fmt.Errorf("queue: %w", err)
	}
	if _, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("queue: migrate: %w", err)
	}
	return nil
}

// Register says who works the jobs of T's kind, and how. A kind that is
// registered twice makes Run fail.
//
// The context of work ends with the timeout, and some time after Run's context
// (see Config.StopWithin). An error means that the job is tried again later,
// unless it is made by [Never] or [Later]; a panic is an error too.
func Register[T Args](q *Queue, opts Options, work func(context.Context, T) error) {
	var zero T
	kind := zero.Kind()
	opts.Queue = cmp.Or(opts.Queue, kind)
	opts.Workers = cmp.Or(opts.Workers, 1)
	opts.Timeout = cmp.Or(opts.Timeout, time.Minute)
	opts.MaxAttempts = cmp.Or(opts.MaxAttempts, 10)
	if err := river.AddWorkerSafely(q.workers, &worker[T]{opts: opts, work: work, log: q.log}); err != nil {
		q.mistakes = append(q.mistakes, fmt.Errorf("queue: %w", err))
		return
	}
	q.kinds[kind] = opts
}

// Every enqueues args when Run starts and then once every d, in one process of
// all that work the queue, unless the job before is still unfinished. It is for
// the few jobs that are built in; there is no catching up.
func (q *Queue) Every(d time.Duration, args Args) {
	q.periodic = append(q.periodic, periodic{every: d, args: args})
}

// Enqueue adds jobs, as part of tx: they exist when tx is committed. A job
// whose like is not finished yet is left out. With a nil tx the jobs are added
// in a transaction of their own; on SQLite that must not happen inside another
// one, since it would wait for the only connection.
func (q *Queue) Enqueue(ctx context.Context, tx *sql.Tx, args ...Args) error {
	if len(args) == 0 {
		return nil
	}
	params := make([]river.InsertManyParams, len(args))
	for i, a := range args {
		opts, ok := q.kinds[a.Kind()]
		if !ok {
			return fmt.Errorf("enqueue %s: no worker is registered for this kind of job", a.Kind())
		}
		params[i] = river.InsertManyParams{Args: a, InsertOpts: insertOpts(opts)}
	}
	var err error
	if tx == nil {
		_, err = q.inserter.InsertManyFast(ctx, params)
	} else {
		_, err = q.inserter.InsertManyFastTx(ctx, tx, params)
	}
	if err != nil {
		return fmt.Errorf("enqueue %d jobs: %w", len(args), err)
	}
	return nil
}

// insertOpts makes jobs unique among the unfinished ones. River's own default
// includes the completed, so that a source could not be polled a second time.
func insertOpts(o Options) *river.InsertOpts {
	return &river.InsertOpts{
		Queue:       o.Queue,
		MaxAttempts: o.MaxAttempts,
		UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
			rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning,
			rivertype.JobStateRetryable, rivertype.JobStateScheduled,
		}},
	}
}

// queues returns the queues that this process works, with their limits.
func (q *Queue) queues() map[string]river.QueueConfig {
	queues := map[string]river.QueueConfig{}
	for _, o := range q.kinds {
		if q.cfg.Only != nil && !slices.Contains(q.cfg.Only, o.Queue) {
			continue
		}
		queues[o.Queue] = river.QueueConfig{MaxWorkers: max(o.Workers, queues[o.Queue].MaxWorkers)}
	}
	return queues
}
