package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"broadsheet/internal/jobs"
)

// A PollJob asks a source again.
type PollJob struct {
	Source string `json:"source"`
}

// Kind names the work.
func (PollJob) Kind() string { return "poll" }

// A ComposeJob composes the edition of a digest that is due at an instant.
type ComposeJob struct {
	Digest string    `json:"digest"`
	At     time.Time `json:"at"`
	Held   bool      `json:"held,omitempty"` // it was due before and could not be made
}

// Kind names the work.
func (ComposeJob) Kind() string { return "compose" }

// A DeliverJob delivers what is due of an edition.
type DeliverJob struct {
	Edition int64 `json:"edition"`
}

// Kind names the work.
func (DeliverJob) Kind() string { return "deliver" }

// maxDueSources bounds how many polls one call of EnqueueDue adds. What is
// left over is due at the next call, before all others.
const maxDueSources = 1000

// EnqueueDue adds jobs for the sources, digests and deliveries that are due at
// now, and for articles that wait to be compared with others, all in one transaction. A job that is queued already is not added again.
// It needs a queue; see UseQueue.
func (s *Store) EnqueueDue(ctx context.Context, now time.Time) error {
	if s.queue == nil {
		return errors.New("enqueue what is due: the store has no queue")
	}
	due, err := s.due(ctx, now)
	if err != nil || len(due) == 0 {
		return err
	}
	return s.write(ctx, "enqueue what is due", func(tx *sql.Tx) error {
		return s.queue.Enqueue(ctx, tx, due...)
	})
}

func (s *Store) due(ctx context.Context, now time.Time) ([]jobs.Args, error) {
	var due []jobs.Args
	digests, err := s.DueDigests(ctx, now)
	if err != nil {
		return nil, err
	}
	for _, d := range digests {
		due = append(due, ComposeJob(d))
	}
	editions, err := s.DueEditions(ctx, now)
	if err != nil {
		return nil, err
	}
	for _, id := range editions {
		due = append(due, DeliverJob{Edition: id})
	}
	sources, err := s.DueSources(ctx, now, maxDueSources)
	if err != nil {
		return nil, err
	}
	for _, name := range sources {
		due = append(due, PollJob{Source: name})
	}
	pages, err := s.pageJobs(ctx, now)
	if err != nil {
		return nil, err
	}
	hubs, err := s.hubJobs(ctx, now)
	if err != nil {
		return nil, err
	}
	followers, err := s.followerJobs(ctx, now)
	if err != nil {
		return nil, err
	}
	untold, err := s.Untold(ctx)
	if err != nil {
		return nil, err
	}
	if untold {
		due = append(due, StoryJob{})
	}
	return slices.Concat(due, pages, hubs, followers), nil
}
