package app

import (
	"context"
	"errors"
	"strconv"

	"broadsheet/internal/jobs"
	"broadsheet/internal/web"
	"broadsheet/syndicate"
)

// jobStates are the states of jobs in the order in which they are shown.
var jobStates = []jobs.State{jobs.Running, jobs.Retrying, jobs.GivenUp, jobs.Waiting, jobs.Scheduled}

// Queue implements web.Works.
func (d adminDesk) Queue(ctx context.Context, limit int) ([]web.JobGroup, error) {
	q := d.queue.Load()
	if q == nil {
		return nil, nil
	}
	counts, err := q.Counts(ctx)
	if err != nil {
		return nil, d.store.Explain(err)
	}
	groups := make([]web.JobGroup, 0, len(jobStates))
	for _, state := range jobStates {
		list, err := q.Jobs(ctx, state, limit)
		if err != nil {
			return nil, d.store.Explain(err)
		}
		g := web.JobGroup{State: string(state), All: counts[state]}
		for i := range list {
			j := &list[i]
			g.Jobs = append(g.Jobs, web.Job{
				ID: j.ID, Kind: j.Kind, Args: j.Args, Attempt: j.Attempt, MaxAttempts: j.MaxAttempts, At: j.At, Ended: j.Ended, Error: j.Error,
				CanRetry:  state == jobs.Retrying || state == jobs.GivenUp || state == jobs.Scheduled,
				CanCancel: state != jobs.GivenUp,
			})
		}
		groups = append(groups, g)
	}
	return groups, nil
}

// RetryJob implements web.Works.
func (d adminDesk) RetryJob(ctx context.Context, id int64) (bool, error) {
	return d.order(ctx, id, syndicate.ActionRetry, (*jobs.Queue).Retry)
}

// CancelJob implements web.Works.
func (d adminDesk) CancelJob(ctx context.Context, id int64) (bool, error) {
	return d.order(ctx, id, syndicate.ActionDiscard, (*jobs.Queue).Cancel)
}

func (d adminDesk) order(ctx context.Context, id int64, action string, do func(*jobs.Queue, context.Context, int64) error) (bool, error) {
	q := d.queue.Load()
	if q == nil {
		return false, nil
	}
	if err := d.note(ctx, action, strconv.FormatInt(id, 10), ""); err != nil {
		return false, err
	}
	err := do(q, ctx, id)
	if errors.Is(err, jobs.ErrNoJob) {
		return false, nil
	}
	return err == nil, d.store.Explain(err)
}
