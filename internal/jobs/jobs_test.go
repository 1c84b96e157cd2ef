package jobs_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgxpool"
	_ "modernc.org/sqlite"

	"broadsheet/internal/jobs"
)

// A backend is a database to run a test on.
type backend struct {
	db   *sql.DB
	pool *pgxpool.Pool // nil on SQLite
}

// onBoth runs a test on both databases.
func onBoth(t *testing.T, test func(t *testing.T, b backend)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, openSQLite(t))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, openPostgres(t))
	})
}

func openSQLite(tb testing.TB) backend {
	tb.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(tb.TempDir(), "jobs.db")+
		"?_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)&_pragma=busy_timeout(10000)"+
		"&_pragma=foreign_keys(1)&_pragma=cache_size(-20000)&_txlock=immediate")
	if err != nil {
		tb.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	tb.Cleanup(func() {
		if err := db.Close(); err != nil {
			tb.Error(err)
		}
	})
	return backend{db: db}
}

// A mill is a queue that is being run.
type mill struct {
	*jobs.Queue
	b    backend
	log  *syncBuffer
	stop func() // stops Run and checks that it ended well; may be called twice
}

// newMill returns a queue that register has had a chance to fill, and that
// runs until the test is over.
func newMill(t *testing.T, b backend, register func(q *jobs.Queue)) *mill {
	t.Helper()
	m := &mill{b: b, log: &syncBuffer{}}
	q, err := jobs.New(jobs.Config{
		DB: b.db, Postgres: b.pool, StopWithin: time.Second,
		Logger: slog.New(slog.NewTextHandler(m.log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	m.Queue = q
	if err := q.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	register(q)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- q.Run(ctx) }()
	m.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(m.stop)
	return m
}

// enqueue adds jobs in a transaction that is committed.
func (m *mill) enqueue(t *testing.T, args ...jobs.Args) {
	t.Helper()
	tx, err := m.b.db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Enqueue(t.Context(), tx, args...); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
}

// states counts the stored jobs by kind and state.
func (m *mill) states(t *testing.T) map[string]int {
	t.Helper()
	rows, err := m.b.db.QueryContext(t.Context(), "SELECT kind, state FROM river_job")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	states := map[string]int{}
	for rows.Next() {
		var kind, state string
		if err := rows.Scan(&kind, &state); err != nil {
			t.Fatal(err)
		}
		states[kind+" "+state]++
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return states
}

// settled waits until the stored jobs are in the states wanted.
func (m *mill) settled(t *testing.T, want map[string]int) {
	t.Helper()
	eventually(t, func() string { return cmp.Diff(want, m.states(t)) })
}

// eventually waits until check finds nothing to complain about.
func eventually(t *testing.T, check func() string) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		complaint := check()
		if complaint == "" {
			return
		}
		select {
		case <-deadline:
			t.Fatal(complaint)
		case <-tick.C:
		}
	}
}

func receive[T any](t *testing.T, ch <-chan T) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(30 * time.Second):
		t.Fatal("nothing came within 30 s")
		panic("unreachable")
	}
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

type pollArgs struct {
	Source string `json:"source"`
}

func (pollArgs) Kind() string { return "poll" }

type tickArgs struct{}

func (tickArgs) Kind() string { return "tick" }

func TestJobsOfACommittedTransactionAreWorkedOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b backend) {
		var mu sync.Mutex
		worked := map[string]int{}
		m := newMill(t, b, func(q *jobs.Queue) {
			jobs.Register(q, jobs.Options{Workers: 4}, func(_ context.Context, a pollArgs) error {
				mu.Lock()
				defer mu.Unlock()
				worked[a.Source]++
				return nil
			})
		})
		tx, err := b.db.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Enqueue(t.Context(), tx, pollArgs{"rolled-back"}); err != nil {
			t.Fatal(err)
		}
		if err := tx.Rollback(); err != nil {
			t.Fatal(err)
		}
		m.enqueue(t, pollArgs{"a"}, pollArgs{"b"}, pollArgs{"a"})
		m.settled(t, map[string]int{"poll completed": 2})
		mu.Lock()
		defer mu.Unlock()
		if diff := cmp.Diff(map[string]int{"a": 1, "b": 1}, worked); diff != "" {
			t.Error(diff)
		}
	})
}

// Jobs enqueued shortly after one another used to wait for the next time that
// the workers looked by themselves, two seconds for every other one.
func TestJobsAreNoticedWithoutWaiting(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b backend) {
		worked := make(chan string, 1)
		m := newMill(t, b, func(q *jobs.Queue) {
			jobs.Register(q, jobs.Options{Workers: 8}, func(_ context.Context, a pollArgs) error {
				worked <- a.Source
				return nil
			})
		})
		late := 0
		for i := range 30 {
			start := time.Now()
			m.enqueue(t, pollArgs{fmt.Sprint(i)})
			receive(t, worked)
			if time.Since(start) > 1500*time.Millisecond {
				late++
			}
		}
		if late > 12 { // a busy machine is late now and then
			t.Errorf("%d of 30 jobs waited until the workers looked", late)
		}
	})
}

func TestAJobIsUniqueOnlyWhileUnfinished(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b backend) {
		begun, end := make(chan string), make(chan struct{})
		m := newMill(t, b, func(q *jobs.Queue) {
			jobs.Register(q, jobs.Options{}, func(_ context.Context, a pollArgs) error {
				begun <- a.Source
				<-end
				return nil
			})
		})
		m.enqueue(t, pollArgs{"a"})
		receive(t, begun)
		m.enqueue(t, pollArgs{"a"}) // its like is running
		end <- struct{}{}
		m.settled(t, map[string]int{"poll completed": 1})
		m.enqueue(t, pollArgs{"a"}) // its like is completed
		receive(t, begun)
		end <- struct{}{}
		m.settled(t, map[string]int{"poll completed": 2})
	})
}

func TestFailuresAreTriedAgainUnlessSaidOtherwise(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b backend) {
		var failing, later atomic.Int32
		m := newMill(t, b, func(q *jobs.Queue) {
			jobs.Register(q, jobs.Options{Workers: 4}, func(_ context.Context, a pollArgs) error {
				switch a.Source {
				case "fails once":
					if failing.Add(1) == 1 {
						return errors.New("no luck")
					}
				case "never":
					return fmt.Errorf("wrapped: %w", jobs.Never(errors.New("hopeless")))
				case "later":
					if later.Add(1) == 1 {
						return jobs.Later(0, errors.New("host is busy"))
					}
				case "panics":
					panic("out of ink")
				}
				return nil
			})
			jobs.Register(q, jobs.Options{MaxAttempts: 1}, func(context.Context, tickArgs) error {
				return errors.New("only chance missed")
			})
		})
		m.enqueue(t, pollArgs{"fails once"}, pollArgs{"never"}, pollArgs{"later"}, pollArgs{"panics"}, tickArgs{})
		eventually(t, func() string {
			s := m.states(t)
			// The panic is tried again for hours: available or retryable.
			delete(s, "poll available")
			delete(s, "poll retryable")
			delete(s, "poll running")
			delete(s, "poll scheduled")
			return cmp.Diff(map[string]int{"poll completed": 2, "poll cancelled": 1, "tick discarded": 1}, s)
		})
		if failing.Load() != 2 || later.Load() != 2 {
			t.Errorf("failed job worked %d times, postponed one %d times, want 2 and 2", failing.Load(), later.Load())
		}
		for _, want := range []string{
			`msg="job failed, will be tried again" kind=poll args="{\"source\": \"fails once\"}" attempt=1 max_attempts=10 error="no luck"`,
			`msg="job given up" kind=poll args="{\"source\": \"never\"}" attempt=1 max_attempts=10 error="wrapped: hopeless"`,
			`msg="job given up" kind=tick args={} attempt=1 max_attempts=1 error="only chance missed"`,
			`job poll {Source:panics}: panic: out of ink`,
		} {
			log := strings.ReplaceAll(m.log.String(), `{\"source\":\"`, `{\"source\": \"`)
			if !strings.Contains(log, want) {
				t.Errorf("the log lacks %s\n%s", want, log)
			}
		}
		if strings.Contains(m.log.String(), "host is busy") {
			t.Error("a postponed job is no news, but it is in the log")
		}
	})
}

func TestEveryRunsAtStartAndAgain(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b backend) {
		ticks := make(chan time.Time, 100)
		started := time.Now()
		newMill(t, b, func(q *jobs.Queue) {
			jobs.Register(q, jobs.Options{}, func(context.Context, tickArgs) error {
				ticks <- time.Now()
				return nil
			})
			q.Every(time.Second, tickArgs{})
		})
		if first := receive(t, ticks); first.Sub(started) > 5*time.Second {
			t.Errorf("the first tick came %s after the start", first.Sub(started))
		}
		receive(t, ticks)
		receive(t, ticks)
	})
}

func TestQueuesHaveLimitsOfTheirOwn(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b backend) {
		var now, most atomic.Int32
		begun, end := make(chan struct{}, 10), make(chan struct{})
		ticked := make(chan struct{}, 1)
		m := newMill(t, b, func(q *jobs.Queue) {
			jobs.Register(q, jobs.Options{Workers: 2}, func(context.Context, pollArgs) error {
				n := now.Add(1)
				defer now.Add(-1)
				for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
				}
				begun <- struct{}{}
				<-end
				return nil
			})
			jobs.Register(q, jobs.Options{}, func(context.Context, tickArgs) error {
				ticked <- struct{}{}
				return nil
			})
		})
		m.enqueue(t, pollArgs{"a"}, pollArgs{"b"}, pollArgs{"c"}, pollArgs{"d"})
		receive(t, begun)
		receive(t, begun)
		m.enqueue(t, tickArgs{})
		receive(t, ticked) // though all workers of the other queue are taken
		close(end)
		m.settled(t, map[string]int{"poll completed": 4, "tick completed": 1})
		if most.Load() != 2 {
			t.Errorf("%d jobs ran at once, want 2", most.Load())
		}
	})
}

func TestStoppingLetsJobsFinishThenCancelsThem(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b backend) {
		begun := make(chan string, 2)
		soon := make(chan struct{})
		m := newMill(t, b, func(q *jobs.Queue) {
			jobs.Register(q, jobs.Options{Workers: 2}, func(ctx context.Context, a pollArgs) error {
				begun <- a.Source
				if a.Source == "quick" {
					<-soon
					return ctx.Err()
				}
				<-ctx.Done()
				return fmt.Errorf("interrupted: %w", ctx.Err())
			})
		})
		m.enqueue(t, pollArgs{"quick"}, pollArgs{"endless"})
		receive(t, begun)
		receive(t, begun)
		time.AfterFunc(100*time.Millisecond, func() { close(soon) })
		m.stop()
		m.settled(t, map[string]int{"poll completed": 1, "poll available": 1})
		if strings.Contains(m.log.String(), "job failed") {
			t.Errorf("an interrupted job counts as failed:\n%s", m.log)
		}
	})
}

func TestTimeoutEndsTheContext(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b backend) {
		m := newMill(t, b, func(q *jobs.Queue) {
			jobs.Register(q, jobs.Options{Timeout: 50 * time.Millisecond, MaxAttempts: 1}, func(ctx context.Context, _ tickArgs) error {
				<-ctx.Done()
				return ctx.Err()
			})
		})
		m.enqueue(t, tickArgs{})
		m.settled(t, map[string]int{"tick discarded": 1})
	})
}

func TestJobsOfACrashedProcessAreTakenUpAtOnce(t *testing.T) {
	t.Parallel()
	b := openSQLite(t)
	worked := make(chan string, 1)
	register := func(q *jobs.Queue) {
		jobs.Register(q, jobs.Options{MaxAttempts: 1}, func(_ context.Context, a pollArgs) error {
			worked <- a.Source
			return nil
		})
	}
	m := newMill(t, b, register)
	m.stop()
	m.enqueue(t, pollArgs{"a"})
	// What a process leaves that is killed while it works the job.
	if _, err := b.db.ExecContext(t.Context(), `UPDATE river_job SET state = 'running', attempt = 1,
		attempted_at = CURRENT_TIMESTAMP, attempted_by = jsonb('["dead"]')`); err != nil {
		t.Fatal(err)
	}
	m = newMill(t, b, register)
	if got := receive(t, worked); got != "a" {
		t.Errorf("worked %q, want a", got)
	}
	m.settled(t, map[string]int{"poll completed": 1})
}

func TestAProcessCanWorkSomeQueuesOnly(t *testing.T) {
	t.Parallel()
	b := openSQLite(t)
	q, err := jobs.New(jobs.Config{DB: b.db, Only: []string{"tick"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := q.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	ticked := make(chan struct{}, 1)
	jobs.Register(q, jobs.Options{}, func(context.Context, pollArgs) error {
		t.Error("a job of the other queue was worked")
		return nil
	})
	jobs.Register(q, jobs.Options{}, func(context.Context, tickArgs) error {
		ticked <- struct{}{}
		return nil
	})
	if err := q.Enqueue(t.Context(), nil, pollArgs{"a"}, tickArgs{}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- q.Run(ctx) }()
	receive(t, ticked)
	cancel()
	if err := receive(t, ended); err != nil {
		t.Error(err)
	}
	m := &mill{Queue: q, b: b}
	m.settled(t, map[string]int{"poll available": 1, "tick completed": 1})
}

func TestMistakesOfTheProgrammerAreErrors(t *testing.T) {
	t.Parallel()
	if _, err := jobs.New(jobs.Config{}); err == nil {
		t.Error("a queue without a database was accepted")
	}
	work := func(context.Context, tickArgs) error { return nil }
	tests := map[string]struct {
		prepare func(q *jobs.Queue) error
		want    string
	}{
		"a kind registered twice": {
			func(q *jobs.Queue) error {
				jobs.Register(q, jobs.Options{}, work)
				jobs.Register(q, jobs.Options{}, work)
				return q.Run(t.Context())
			}, `worker for kind "tick" is already registered`,
		},
		"a job nobody works": {
			func(q *jobs.Queue) error { return q.Enqueue(t.Context(), nil, pollArgs{}) },
			"enqueue poll: no worker is registered for this kind of job",
		},
		"a periodic job nobody works": {
			func(q *jobs.Queue) error {
				jobs.Register(q, jobs.Options{}, work)
				q.Every(time.Minute, pollArgs{})
				return q.Run(t.Context())
			}, "queue: poll is to run every 1m0s, but no worker is registered for it",
		},
		"tables that do not exist": {
			func(q *jobs.Queue) error {
				jobs.Register(q, jobs.Options{}, work)
				return q.Run(t.Context())
			}, "no such table",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			q, err := jobs.New(jobs.Config{DB: openSQLite(t).db})
			if err != nil {
				t.Fatal(err)
			}
			if err := tt.prepare(q); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

func TestArgsAreStoredAsTheirJSON(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b backend) {
		worked := make(chan pollArgs, 1)
		m := newMill(t, b, func(q *jobs.Queue) {
			jobs.Register(q, jobs.Options{}, func(_ context.Context, a pollArgs) error {
				worked <- a
				return nil
			})
		})
		want := pollArgs{Source: "武汉招商 \"quoted\" <b>"}
		m.enqueue(t, want)
		if got := receive(t, worked); got != want {
			t.Errorf("worked %+v, want %+v", got, want)
		}
	})
}
