package jobs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
)

// How the database is asked for work. A new job is noticed through the
// listener; asking without a reason is the safety net.
const (
	fetchCooldown     = 25 * time.Millisecond
	fetchPollInterval = 2 * time.Second
	keepCompleted     = time.Hour
	// stopGrace is what a job gets to return in after its context was cancelled.
	stopGrace = 5 * time.Second
)

// Run works jobs until ctx is done. Then it takes no more, lets those that run
// finish within Config.StopWithin, cancels the rest, which will be tried again
// without having lost an attempt, and returns nil. It returns an error if the
// queue cannot start, and if a job does not even end when it is cancelled.
//
// Run may be called once. With no queue to work it waits for ctx and returns.
func (q *Queue) Run(ctx context.Context) error {
	if len(q.mistakes) > 0 {
		return errors.Join(q.mistakes...)
	}
	if q.started.Swap(true) {
		return errors.New("queue: Run was called twice")
	}
	if len(q.queues()) == 0 {
		<-ctx.Done()
		return nil
	}
	listener, err := q.listenerPool(ctx)
	if err != nil {
		return err
	}
	if listener != nil {
		defer listener.Close()
	}
	client, err := q.client(listener)
	if err != nil {
		return err
	}
	if err := q.start(ctx, client); err != nil {
		if ctx.Err() != nil {
			err = nil // told to stop before it had begun
		}
		stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), q.cfg.StopWithin+stopGrace)
		defer cancel()
		return errors.Join(err, client.StopAndCancel(stopCtx))
	}
	stopped := client.Stopped()
	<-ctx.Done()
	select {
	case <-stopped:
		return nil
	case <-time.After(q.cfg.StopWithin + stopGrace):
		return fmt.Errorf("queue: jobs still run %s after they were told to stop", q.cfg.StopWithin+stopGrace)
	}
}

func (q *Queue) start(ctx context.Context, client *river.Client[*sql.Tx]) error {
	if err := q.takeUp(ctx); err != nil {
		return err
	}
	if err := client.Start(ctx); err != nil {
		return fmt.Errorf("queue: start: %w", err)
	}
	return q.enqueuePeriodic(ctx)
}

// client returns the River client that works the jobs.
func (q *Queue) client(listener *pgxpool.Pool) (*river.Client[*sql.Tx], error) {
	rescueAfter := q.cfg.RescueAfter
	for _, o := range q.kinds {
		rescueAfter = max(rescueAfter, o.Timeout+time.Minute)
	}
	cfg := &river.Config{
		CompletedJobRetentionPeriod: keepCompleted,
		ErrorHandler:                &errorHandler{log: q.log},
		FetchCooldown:               fetchCooldown,
		FetchOnlyKnownKinds:         true,
		FetchPollInterval:           fetchPollInterval,
		Logger:                      quiet(q.log, q.cfg.Explain),
		Queues:                      q.queues(),
		RescueStuckJobsAfter:        rescueAfter,
		SkipUnknownJobCheck:         true,
		SoftStopTimeout:             q.cfg.StopWithin,
		Workers:                     q.workers,
	}
	for _, p := range q.periodic {
		opts, ok := q.kinds[p.args.Kind()]
		if !ok {
			return nil, fmt.Errorf("queue: %s is to run every %s, but no worker is registered for it", p.args.Kind(), p.every)
		}
		cfg.PeriodicJobs = append(cfg.PeriodicJobs, river.NewPeriodicJob(
			river.PeriodicInterval(p.every),
			func() (river.JobArgs, *river.InsertOpts) { return p.args, insertOpts(opts) },
			nil,
		))
	}
	client, err := river.NewClient(q.driver(listener), cfg)
	if err != nil {
		return nil, fmt.Errorf("queue: %w", err)
	}
	return client, nil
}

// listenerPool returns a pool for the one connection that listens for new jobs,
// nil on SQLite. River takes the connection out of the pool for good, so it
// cannot be one of the application's.
func (q *Queue) listenerPool(ctx context.Context) (*pgxpool.Pool, error) {
	if q.cfg.Postgres == nil {
		return nil, nil
	}
	cfg := q.cfg.Postgres.Config()
	cfg.MaxConns, cfg.MinConns, cfg.MinIdleConns = 1, 0, 0
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("queue: listen: %w", err)
	}
	return pool, nil
}

// takeUp makes jobs that a crashed process left running available again. Only
// on SQLite can nobody else be working them.
func (q *Queue) takeUp(ctx context.Context) error {
	if q.cfg.Postgres != nil {
		return nil
	}
	res, err := q.cfg.DB.ExecContext(ctx, `UPDATE river_job
		SET state = 'available', max_attempts = max(max_attempts, attempt + 1)
		WHERE state = 'running'`)
	if err != nil {
		return fmt.Errorf("queue: take up unfinished jobs: %w", err)
	}
	if n, err := res.RowsAffected(); err == nil && n > 0 {
		q.log.InfoContext(ctx, "unfinished jobs taken up again", "jobs", n)
	}
	return nil
}

func (q *Queue) enqueuePeriodic(ctx context.Context) error {
	args := make([]Args, len(q.periodic))
	for i, p := range q.periodic {
		args[i] = p.args
	}
	return q.Enqueue(ctx, nil, args...)
}
