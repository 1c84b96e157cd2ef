package jobs_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"broadsheet/internal/jobs"
)

// An odd is a job that does what its test wants.
type odd struct {
	Do string `json:"do"`
}

func (odd) Kind() string { return "odd" }

// Jobs can be looked at by their states, tried again and given up, as far as
// their states allow.
func TestLook(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b backend) {
		started, release := make(chan struct{}), make(chan struct{})
		mended := make(chan struct{})
		m := newMill(t, b, func(q *jobs.Queue) {
			jobs.Register(q, jobs.Options{Workers: 4}, func(ctx context.Context, j odd) error {
				switch j.Do {
				case "wait":
					close(started)
					select {
					case <-release:
					case <-ctx.Done():
					}
					return ctx.Err()
				case "later":
					return jobs.Later(time.Hour, nil)
				case "never":
					select {
					case <-mended:
						return nil
					default:
					}
					return jobs.Never(errors.New("it cannot be done; mend it"))
				}
				return errors.New("not now <" + j.Do + ">")
			})
		})
		m.enqueue(t, odd{"wait"}, odd{"later"}, odd{"never"}, odd{"fail"})
		<-started
		look := func(state jobs.State, want int) []jobs.Job {
			t.Helper()
			var list []jobs.Job
			eventually(t, func() string {
				var err error
				if list, err = m.Jobs(t.Context(), state, 10); err != nil {
					t.Fatal(err)
				}
				if len(list) != want {
					return string(state) + ": not as many as wanted"
				}
				return ""
			})
			return list
		}
		running, later, failed, gone := look(jobs.Running, 1)[0], look(jobs.Scheduled, 1)[0], look(jobs.Retrying, 1)[0], look(jobs.GivenUp, 1)[0]
		if running.Kind != "odd" || !strings.Contains(running.Args, "wait") || running.Attempt != 1 || running.MaxAttempts != 10 || later.State != jobs.Scheduled {
			t.Errorf("running %+v, later %+v", running, later)
		}
		if failed.Error != "not now <fail>" || !strings.Contains(gone.Error, "it cannot be done; mend it") || gone.Ended.IsZero() || !failed.Ended.IsZero() {
			t.Errorf("failed %+v, given up %+v", failed, gone)
		}
		counts, err := m.Counts(t.Context())
		if err != nil || counts[jobs.Running] != 1 || counts[jobs.Scheduled] != 1 || counts[jobs.Retrying] != 1 || counts[jobs.GivenUp] != 1 || counts[jobs.Waiting] != 0 {
			t.Errorf("counts %v, %v", counts, err)
		}
		for what, err := range map[string]error{
			"retry one that runs":     m.Retry(t.Context(), running.ID),
			"cancel one given up":     m.Cancel(t.Context(), gone.ID),
			"retry one there is not":  m.Retry(t.Context(), 9999),
			"cancel one there is not": m.Cancel(t.Context(), 9999),
		} {
			if !errors.Is(err, jobs.ErrNoJob) {
				t.Errorf("%s: %v", what, err)
			}
		}
		for _, id := range []int64{later.ID, failed.ID} {
			if err := m.Cancel(t.Context(), id); err != nil {
				t.Fatal(err)
			}
		}
		look(jobs.GivenUp, 3)
		close(mended)
		if err := m.Retry(t.Context(), gone.ID); err != nil {
			t.Fatal(err)
		}
		look(jobs.GivenUp, 2)
		close(release)
		m.settled(t, map[string]int{"odd completed": 2, "odd cancelled": 2})
	})
}
