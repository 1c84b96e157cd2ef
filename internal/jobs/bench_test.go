package jobs_test

import (
	"context"
	"syscall"
	"testing"
	"time"

	"broadsheet/internal/jobs"
)

type composeArgs struct{}

func (composeArgs) Kind() string { return "compose" }

type deliverArgs struct{}

func (deliverArgs) Kind() string { return "deliver" }

// BenchmarkIdle measures what a queue that has nothing to do costs, in percent
// of a core, with the queues and the tick that Broadsheet has.
func BenchmarkIdle(b *testing.B) {
	be := openSQLite(b)
	q, err := jobs.New(jobs.Config{DB: be.db})
	if err != nil {
		b.Fatal(err)
	}
	if err := q.Migrate(b.Context()); err != nil {
		b.Fatal(err)
	}
	jobs.Register(q, jobs.Options{}, func(context.Context, tickArgs) error { return nil })
	jobs.Register(q, jobs.Options{Workers: 8}, func(context.Context, pollArgs) error { return nil })
	jobs.Register(q, jobs.Options{}, func(context.Context, composeArgs) error { return nil })
	jobs.Register(q, jobs.Options{Workers: 4}, func(context.Context, deliverArgs) error { return nil })
	q.Every(15*time.Second, tickArgs{})
	const span = 20 * time.Second
	for range b.N {
		ctx, cancel := context.WithTimeout(b.Context(), span)
		before := cpuTime(b)
		if err := q.Run(ctx); err != nil {
			b.Fatal(err)
		}
		used := cpuTime(b) - before
		cancel()
		b.ReportMetric(used.Seconds(), "cpu-s")
		b.ReportMetric(100*used.Seconds()/span.Seconds(), "cpu-%")
	}
}

func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
