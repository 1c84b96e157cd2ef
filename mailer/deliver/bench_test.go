package deliver_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"broadsheet/internal/store"
	"broadsheet/mailer"
	"broadsheet/mailer/deliver"
	"broadsheet/mailer/submit"
)

// null is a transport that takes every message at once.
type null struct{}

func (null) Send(context.Context, mailer.Message) (string, error) {
	return "250 2.0.0 Ok: queued as 4cZ9XJ0wRBz1h", nil
}

func (n null) Work(ctx context.Context, q submit.Queue) error { return oneByOne(ctx, q, n.Send) }

// BenchmarkAccount measures what the account of deliveries costs: an edition to
// RECIPIENTS (100,000) is planned and delivered through a transport that does
// nothing. account-µs is what the account takes of a core for each message.
func BenchmarkAccount(b *testing.B) {
	n := 100_000
	if v, err := strconv.Atoi(os.Getenv("RECIPIENTS")); err == nil {
		n = v
	}
	b.ReportAllocs()
	for b.Loop() {
		dir := b.TempDir()
		s, err := store.Open(b.Context(), store.Config{Database: "sqlite:" + filepath.Join(dir, "b.db")}, nil)
		if err != nil {
			b.Fatal(err)
		}
		plan(b, s, n)
		d := &deliver.Deliverer{
			Store: s, Transport: null{}, Sender: mailer.Sender{From: "desk@paper.example", Contact: "editor@paper.example", Secret: []byte("secret")},
			Journal: &deliver.Journal{Path: filepath.Join(dir, "journal"), Database: "b"},
			Pace:    &deliver.Pacer{Connections: 8},
		}
		runtime.GC()
		before, begun := cpu(), time.Now()
		sum, err := d.Deliver(b.Context(), 1)
		if err != nil || sum.Accepted != n {
			b.Fatalf("%+v, %v", sum, err)
		}
		elapsed, used := time.Since(begun), cpu()-before
		b.ReportMetric(float64(n)/elapsed.Seconds(), "delivered/s")
		b.ReportMetric(float64(used.Microseconds())/float64(n), "account-µs")
		b.ReportMetric(peak(b), "MiB-peak")
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// plan stores n subscribers and an edition to them.
func plan(b *testing.B, s *store.Store, n int) {
	planEdition(b, s, n, benchEdition())
}

func benchEdition() *mailer.Edition {
	now := time.Now()
	return &mailer.Edition{Digest: "d", At: now, Created: now, Title: "T", Subject: "S", Text: strings.Repeat("text ", 6000), Sender: "desk@paper.example", Shares: []mailer.Share{{Variant: -1}}}
}

func planEdition(b *testing.B, s *store.Store, n int, e *mailer.Edition) {
	var batch []mailer.Subscriber
	for i := range n {
		batch = append(batch, mailer.Subscriber{
			Email: fmt.Sprintf("reader%d@mail%d.example.com", i, i%500), Digests: []string{"d"}, Status: mailer.Active,
		})
		if len(batch) == 2000 || i == n-1 {
			if _, err := s.SaveSubscribers(b.Context(), batch, false); err != nil {
				b.Fatal(err)
			}
			batch = batch[:0]
		}
	}
	begun := time.Now()
	if err := s.SaveEdition(b.Context(), e, nil, time.Time{}); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(n)/time.Since(begun).Seconds(), "planned/s")
}

// peak returns the most memory that this process had so far, in MiB.
func peak(b *testing.B) float64 {
	b.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if v, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, _ := strconv.Atoi(strings.Fields(v)[0])
			return float64(kb) / 1024
		}
	}
	return 0
}

// cpu returns the time that this process has had of all cores.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
