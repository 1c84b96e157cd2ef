package store_test

import (
	"fmt"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"broadsheet/internal/store"
	"broadsheet/syndicate"
)

// keyed knows articles by keys made of their titles, so that the store alone is
// measured: every tenth article shares four keys with one before it.
type keyed struct{}

func (keyed) Keys(t syndicate.Telling) []uint64 {
	n, err := strconv.ParseUint(t.Title, 10, 64)
	if err != nil {
		return nil
	}
	keys := make([]uint64, 11)
	for i := range keys {
		of := n
		if n%10 == 0 && i < 4 {
			of = n - 7
		}
		x := (of*11 + uint64(i) + 1) * 0x9E3779B97F4A7C15
		x ^= x >> 32
		keys[i] = x * 0xD6E8FEB86659FD93
	}
	return keys
}

func (keyed) Compare(_ syndicate.Telling, others []syndicate.Telling) []syndicate.Verdict {
	return make([]syndicate.Verdict, len(others))
}

// BenchmarkStories compares new articles with what is stored, where few and
// where many are: an operation is one article. Ten thousand articles a day have
// been stored, each with eleven keys. What comparing two articles costs is left
// out; package classify measures that.
func BenchmarkStories(b *testing.B) {
	for _, stored := range []int{10_000, 1_000_000} {
		b.Run(fmt.Sprintf("%d stored", stored), func(b *testing.B) {
			s := open(b, "sqlite:"+filepath.Join(b.TempDir(), "b.db"))
			storeKeys(b, s, stored)
			n := 0
			b.Run("SQLite", func(b *testing.B) { n = benchmarkStories(b, s, n) })
		})
	}
}

// storeKeys stores the keys that so many articles before noon had.
func storeKeys(b *testing.B, s *store.Store, articles int) {
	b.Helper()
	const (
		keys   = 11
		perEra = 60_000 // articles in six days
		now    = 3463   // the era of noon
	)
	_, err := s.DB().ExecContext(b.Context(), `
		WITH RECURSIVE i (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM i WHERE n < $1)
		INSERT INTO story_keys (code, slot, article_id)
		SELECT ($2 + n / $3) * 17592186044416 + (n * 791233454021) % 17592186044416, n % 16, 1000000000 + n / 11 FROM i`,
		articles*keys-1, now-articles/perEra, perEra*keys)
	if err != nil {
		b.Fatal(err)
	}
}

func benchmarkStories(b *testing.B, s *store.Store, n int) int {
	b.Helper()
	for at := 0; at < b.N; {
		var as []syndicate.Article
		for ; at < b.N && len(as) < 500; at++ {
			n++
			seen := noon.Add(time.Duration(n) * 24 * time.Hour / 10_000)
			key := syndicate.NewKey("s", strconv.Itoa(n))
			as = append(as, syndicate.Article{Key: key, Source: "s", Hash: key, Title: strconv.Itoa(n), Text: "…", Published: seen, FirstSeen: seen})
		}
		if _, _, err := s.Record(b.Context(), syndicate.Poll{Source: "s", NextAt: noon, LastAt: noon}, "f", as); err != nil {
			b.Fatal(err)
		}
	}
	cpu := processCPU()
	b.ResetTimer()
	for told := 1; told > 0; {
		var err error
		if told, err = s.Tell(b.Context(), keyed{}, noon, 200); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/(processCPU()-cpu).Seconds(), "articles/cpu-s")
	return n
}
