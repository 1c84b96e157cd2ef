package jobs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// A State is where a job stands.
type State string

// The states of jobs that are not done.
const (
	Waiting   State = "waiting"  // for a worker
	Scheduled State = "later"    // for its time
	Running   State = "running"  //
	Retrying  State = "retrying" // it failed, and waits to be tried again
	GivenUp   State = "given up" // it failed for good, or was cancelled
)

// A Job is one piece of work as an operator sees it.
type Job struct {
	ID          int64
	Kind, Args  string // Args is JSON
	State       State
	Attempt     int
	MaxAttempts int
	At          time.Time // when it is, or was, to be worked
	Ended       time.Time // when it was given up; zero before
	Error       string    // of its last attempt
}

// ErrNoJob is returned for an order that a job does not take: there is none,
// it is done, or its state has changed.
var ErrNoJob = errors.New("no job in a state that takes the order")

var statesOf = map[State][]rivertype.JobState{
	Waiting:   {rivertype.JobStateAvailable, rivertype.JobStatePending},
	Scheduled: {rivertype.JobStateScheduled},
	Running:   {rivertype.JobStateRunning},
	Retrying:  {rivertype.JobStateRetryable},
	GivenUp:   {rivertype.JobStateDiscarded, rivertype.JobStateCancelled},
}

// Jobs returns the jobs in a state, at most limit: those given up the last one
// first, the others the longest waiting first.
func (q *Queue) Jobs(ctx context.Context, state State, limit int) ([]Job, error) {
	params := river.NewJobListParams().States(statesOf[state]...).First(limit)
	if state == GivenUp {
		params = params.OrderBy(river.JobListOrderByFinalizedAt, river.SortOrderDesc)
	} else {
		params = params.OrderBy(river.JobListOrderByScheduledAt, river.SortOrderAsc)
	}
	res, err := q.inserter.JobList(ctx, params)
	if err != nil {
		return nil, fmt.Errorf("list jobs that are %s: %w", state, err)
	}
	list := make([]Job, len(res.Jobs))
	for i, row := range res.Jobs {
		j := Job{
			ID: row.ID, Kind: row.Kind, Args: string(row.EncodedArgs), State: state, Attempt: row.Attempt, MaxAttempts: row.MaxAttempts, At: row.ScheduledAt,
		}
		if row.FinalizedAt != nil {
			j.Ended = *row.FinalizedAt
		}
		if n := len(row.Errors); n > 0 {
			j.Error = row.Errors[n-1].Error
		}
		if explain := q.cfg.Explain; explain != nil && j.Error != "" {
			j.Error = explain(j.Error)
		}
		list[i] = j
	}
	return list, nil
}

// Counts returns how many jobs are in each state, without zeros.
func (q *Queue) Counts(ctx context.Context) (counts map[State]int, err error) {
	rows, err := q.cfg.DB.QueryContext(ctx, "SELECT state, count(*) FROM river_job GROUP BY state")
	if err != nil {
		return nil, fmt.Errorf("count jobs: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	counts = map[State]int{}
	for rows.Next() {
		var state string
		var n int
		if err := rows.Scan(&state, &n); err != nil {
			return nil, fmt.Errorf("count jobs: %w", err)
		}
		for s, those := range statesOf {
			for _, x := range those {
				if string(x) == state {
					counts[s] += n
				}
			}
		}
	}
	return counts, rows.Err()
}

// Retry has a job tried again at once that waits for its time, failed or was
// given up. The error is ErrNoJob for any other.
func (q *Queue) Retry(ctx context.Context, id int64) error {
	return q.order(ctx, id, q.inserter.JobRetryTx, Scheduled, Retrying, GivenUp)
}

// Cancel gives a job up that is not done: one that runs is told to stop, and
// is not tried again. The error is ErrNoJob for any other.
func (q *Queue) Cancel(ctx context.Context, id int64) error {
	return q.order(ctx, id, q.inserter.JobCancelTx, Waiting, Scheduled, Running, Retrying)
}

// order does something with a job if it is in one of the states.
func (q *Queue) order(ctx context.Context, id int64, do func(context.Context, *sql.Tx, int64) (*rivertype.JobRow, error), in ...State) error {
	tx, err := q.cfg.DB.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("job %d: %w", id, err)
	}
	defer func() { _ = tx.Rollback() }() // nothing after a commit
	row, err := q.inserter.JobGetTx(ctx, tx, id)
	if errors.Is(err, river.ErrNotFound) {
		return fmt.Errorf("job %d: %w", id, ErrNoJob)
	}
	if err != nil {
		return fmt.Errorf("job %d: %w", id, err)
	}
	for _, state := range in {
		for _, s := range statesOf[state] {
			if row.State != s {
				continue
			}
			if _, err := do(ctx, tx, id); err != nil {
				return fmt.Errorf("job %d: %w", id, err)
			}
			if err := tx.Commit(); err != nil {
				return fmt.Errorf("job %d: %w", id, err)
			}
			return nil
		}
	}
	return fmt.Errorf("job %d is %s: %w", id, row.State, ErrNoJob)
}
