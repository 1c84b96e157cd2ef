package store_test

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"broadsheet/internal/store"
	"broadsheet/internal/store/pgtest"
	"broadsheet/syndicate"
)

// searchArticles is how many articles BenchmarkSearch looks among: 20,000, or
// what the environment says. Figures to compare with others are those of
// 1,000,000.
func searchArticles(b *testing.B) int {
	b.Helper()
	text := os.Getenv("SEARCH_ARTICLES")
	if text == "" {
		return 20_000
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		b.Fatalf("SEARCH_ARTICLES=%s: this is no number of articles; use 1000000", text)
	}
	return n
}

// searched are the queries of BenchmarkSearch.
var searched = []struct{ name, query string }{
	{"all", ""},
	{"theme", "theme:finance"},
	{"rare theme", "theme:ecology"},
	{"no theme", "-theme:finance -theme:industry -theme:infrastructure"},
	{"source", "source:s0"},
	{"rare word", "罕见词"},
	{"word in 30%", "港口"},
	{"word in 5%", "贷款"},
	{"word in 1%", "芯片"},
	{"word in none", "没有这词"},
	{"English word in 30%", "market"},
	{"English word in 0.1%", "reservoir"},
	{"phrase", `"港口 market"`},
	{"one character in 30%", "港"},
	{"one character in most", string(rune(0x4E00))},
	{"AND", "港口 market"},
	{"OR", "港口 OR market"},
	{"NOT", "港口 -market"},
	{"rare AND frequent", "罕见词 港口"},
	{"rare OR frequent", "罕见词 OR 港口"},
	{"mixed", "(芯片 OR 贷款) market -reservoir"},
	{"theme and word", "theme:finance 港口"},
	{"rare theme and word", "theme:ecology 港口"},
	{"theme and 1%", "theme:finance 芯片"},
	{"rare theme and 1%", "theme:ecology 芯片"},
	{"source and word", "source:s0 港口"},
	{"word in title", "title:港口"},
	{"place", "place:武汉"},
	{"place and word", "place:武汉 贷款"},
	{"language and word", "lang:en 港口"},
	{"amount", "amount:>3亿"},
	{"large amount", "amount:>13亿"},
	{"amount and word", "amount:>3亿 港口"},
	{"age and word", "after:1d 港口"},
	{"old and word", "before:5d 港口"},
	{"theme OR word", "theme:ecology OR 罕见词"},
	{"not a word", "-港口"},
}

// searchStore returns a store with articles of the press. SEARCH_DATABASE names
// a file of SQLite that is to remain, and is used again.
func searchStore(b *testing.B, database string, n int) *store.Store {
	b.Helper()
	s := open(b, database)
	st, err := s.Stats(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	if st.Articles == n {
		return s
	}
	p := newPress()
	p.print(b, s, n, 50)
	b.Logf("%d articles stored, %.0f a second, %.0f a CPU second", n, float64(n)/b.Elapsed().Seconds(), float64(n)/p.cpu.Seconds())
	return s
}

// BenchmarkSearch asks for first pages of 20 articles and how many there are.
func BenchmarkSearch(b *testing.B) {
	n := searchArticles(b)
	b.Run("SQLite", func(b *testing.B) {
		path := os.Getenv("SEARCH_DATABASE")
		if path == "" {
			path = filepath.Join(b.TempDir(), "b.db")
		}
		benchmarkSearch(b, searchStore(b, "sqlite:"+path, n), n)
		if info, err := os.Stat(path); err == nil {
			b.Logf("%d bytes an article on the disk", info.Size()/int64(n))
		}
	})
	b.Run("PostgreSQL", func(b *testing.B) { benchmarkSearch(b, searchStore(b, pgtest.URL(b), n), n) })
}

func benchmarkSearch(b *testing.B, s *store.Store, n int) {
	b.Helper()
	now := noon.Add(time.Duration(n) * time.Second)
	for _, c := range searched {
		q, err := syndicate.ParseQuery(c.query, nil)
		if err != nil {
			b.Fatal(err)
		}
		for _, best := range []bool{false, true} {
			if best && len(q.Wanted()) == 0 {
				continue
			}
			b.Run(c.name+map[bool]string{true: ", best"}[best], func(b *testing.B) { benchmarkQuery(b, s, q, now, best) })
		}
	}
}

// benchmarkQuery asks for the first page of a query.
func benchmarkQuery(b *testing.B, s *store.Store, q syndicate.Query, now time.Time, best bool) {
	b.Helper()
	var took []time.Duration
	var found syndicate.Found
	var err error
	for range b.N {
		began := time.Now()
		if found, err = s.Search(b.Context(), q, now, best, 20, 0); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(found.Total), "found")
}
