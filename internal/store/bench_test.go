package store_test

import (
	"fmt"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"broadsheet/internal/store"
	"broadsheet/internal/store/pgtest"
	"broadsheet/syndicate"
)

// processCPU is the CPU time of this process: on a shared machine it says more
// than the clock on the wall.
func processCPU() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// print stores n articles in polls of size articles.
func (p *press) print(b *testing.B, s *store.Store, n, size int) {
	b.Helper()
	for at := 0; at < n; at += size {
		source := fmt.Sprintf("s%d", p.n/size%1000)
		seen := noon.Add(time.Duration(p.n) * time.Second)
		var as []syndicate.Article
		for range min(size, n-at) {
			as = append(as, p.article(source, seen))
		}
		before := processCPU()
		b.StartTimer()
		added, _, err := s.Record(b.Context(), syndicate.Poll{Source: source, NextAt: seen, LastAt: seen}, "f", as)
		b.StopTimer()
		p.cpu += processCPU() - before
		if err != nil || added != len(as) {
			b.Fatalf("%d added of %d: %v", added, len(as), err)
		}
	}
}

func benchmarkBoth(b *testing.B, bench func(b *testing.B, s *store.Store)) {
	b.Run("SQLite", func(b *testing.B) { bench(b, open(b, "sqlite:"+filepath.Join(b.TempDir(), "b.db"))) })
	b.Run("PostgreSQL", func(b *testing.B) { bench(b, open(b, pgtest.URL(b))) })
}

// BenchmarkRecord stores new articles: an operation is one article.
func BenchmarkRecord(b *testing.B) {
	for _, size := range []int{35, 1000} {
		b.Run(fmt.Sprintf("polls of %d", size), func(b *testing.B) {
			benchmarkBoth(b, func(b *testing.B, s *store.Store) {
				b.StopTimer()
				p := newPress()
				p.print(b, s, b.N, size)
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "articles/s")
				b.ReportMetric(float64(b.N)/p.cpu.Seconds(), "articles/cpu-s")
			})
		})
	}
}

// BenchmarkKnown asks for 100 articles that are stored.
func BenchmarkKnown(b *testing.B) {
	benchmarkBoth(b, func(b *testing.B, s *store.Store) {
		b.StopTimer()
		newPress().print(b, s, 2000, 1000)
		var keys []string
		for i := range 100 {
			keys = append(keys, syndicate.NewKey("s0", fmt.Sprint(i+1)))
		}
		b.ResetTimer()
		b.StartTimer()
		for range b.N {
			known, err := s.Known(b.Context(), "s0", keys)
			if err != nil || len(known) != 100 {
				b.Fatal(len(known), err)
			}
		}
	})
}
