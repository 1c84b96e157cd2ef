package store_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"broadsheet/internal/jobs"
	"broadsheet/internal/store"
	"broadsheet/mailer"
	"broadsheet/syndicate"
)

// crashing is a queue in whose hands the process ends.
type crashing struct{ crash context.CancelFunc }

// Enqueue implements store.Enqueuer.
func (c crashing) Enqueue(context.Context, *sql.Tx, ...jobs.Args) error {
	c.crash()
	return errors.New("crashed")
}

// The real queue works what the store enqueues, in the same database.
func TestRealQueue(t *testing.T) {
	databases(t, func(t *testing.T, database string) {
		s := open(t, database)
		q, err := jobs.New(jobs.Config{DB: s.DB(), Postgres: s.Postgres()})
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan string, 10)
		jobs.Register(q, jobs.Options{}, func(_ context.Context, j store.PollJob) error {
			done <- "poll " + j.Source
			_, _, err := s.Record(t.Context(), syndicate.Poll{Source: j.Source, NextAt: noon.AddDate(1, 0, 0)}, "f", nil)
			return err
		})
		jobs.Register(q, jobs.Options{}, func(_ context.Context, j store.ComposeJob) error {
			e := mailer.Edition{Digest: j.Digest, At: j.At}
			done <- "compose " + j.Digest + " " + j.At.UTC().Format(time.DateTime)
			return s.SaveEdition(t.Context(), &e, []mailer.Delivery{{To: "a@example.com"}}, noon.AddDate(1, 0, 0))
		})
		jobs.Register(q, jobs.Options{}, func(_ context.Context, j store.DeliverJob) error {
			ds, err := s.Lease(t.Context(), j.Edition, noon, noon.Add(time.Minute), "me", 10)
			if err == nil && len(ds) == 1 {
				done <- "deliver to " + ds[0].To
			}
			return err
		})
		if err := q.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.UseQueue(q)
		if err := s.SyncSources(t.Context(), []syndicate.Source{{Name: "s"}}, noon); err != nil {
			t.Fatal(err)
		}
		err = s.SyncDigests(t.Context(), []mailer.Digest{{Name: "d"}}, func(mailer.Digest) time.Time { return noon })
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second time all is queued already
			if err := s.EnqueueDue(t.Context(), noon); err != nil {
				t.Fatal(err)
			}
		}
		ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
		defer stop()
		ended := make(chan error, 1)
		go func() { ended <- q.Run(ctx) }()
		got := map[string]int{}
		for len(got) < 3 {
			select {
			case what := <-done:
				got[what]++
			case <-ctx.Done():
				t.Fatalf("only %v were done", got)
			}
		}
		stop()
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		for _, want := range []string{"poll s", "compose d 2026-11-23 04:00:00", "deliver to a@example.com"} {
			if got[want] != 1 {
				t.Errorf("%s was done %d times", want, got[want])
			}
		}
	})
}
