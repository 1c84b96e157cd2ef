package store_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"broadsheet/internal/store"
	"broadsheet/internal/store/pgtest"
	"broadsheet/syndicate"
)

// A press writes articles of about 1,200 bytes, three quarters of them in
// Chinese, with words as unequally frequent as those of a language.
type press struct {
	rnd   *rand.Rand
	words *rand.Zipf
	n     int
	cpu   time.Duration // of this process, in Record
}

// processCPU is the CPU time of this process: on a shared machine it says more
// than the clock on the wall.
func processCPU() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func newPress() *press {
	rnd := rand.New(rand.NewPCG(1, 2))
	return &press{rnd: rnd, words: rand.NewZipf(rnd, 1.05, 20, 6000)}
}

func (p *press) text(bytes int) string {
	var b strings.Builder
	chinese := p.rnd.IntN(4) > 0
	for b.Len() < bytes {
		w := int(p.words.Uint64())
		switch {
		case chinese && p.rnd.IntN(12) == 0:
			b.WriteString("，")
		case chinese:
			b.WriteRune(rune(0x4E00 + w*7%6000))
			b.WriteRune(rune(0x4E00 + w*13%6000))
		default:
			fmt.Fprintf(&b, "w%x ", w)
		}
	}
	return b.String()
}

func (p *press) article(source string, seen time.Time) syndicate.Article {
	p.n++
	key := syndicate.NewKey(source, fmt.Sprint(p.n))
	a := syndicate.Article{
		Key: key, ID: syndicate.NewID("https://example.com", key), Source: source, Hash: key,
		GUID: fmt.Sprint(p.n), URL: "https://example.com/" + key, Language: "zh-Hans", Authors: []string{"李娜"},
		Title: p.text(60), Text: p.text(1200), Published: seen.Add(-time.Hour), FirstSeen: seen, Changed: seen,
	}
	a.Content, a.Gist = "<p>"+a.Text+"</p>", a.Text[:180]
	for i, theme := range []string{"finance", "industry", "infrastructure"} {
		if p.rnd.IntN(3) == i {
			a.Filings = append(a.Filings, syndicate.Filing{Theme: theme, Score: 2, Threshold: 1, Hits: []syndicate.Hit{{Term: "贷款", Weight: 1, Count: 2, Where: []string{"title"}, Score: 2}}})
		}
	}
	a.Places = []string{"武汉"}
	a.Figures = []syndicate.Figure{{Text: "1亿元", Value: 1, Unit: "亿元", Normalised: 1e8 * p.rnd.Float64(), BaseUnit: "元", Bound: "="}}
	return a
}

// print stores n articles in polls of size articles.
func (p *press) print(b *testing.B, s *store.Store, n, size int) {
	b.Helper()
	for at := 0; at < n; at += size {
		source := fmt.Sprintf("s%d", p.n%1000)
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

// BenchmarkSearch asks for first pages of 20 of 20,000 articles.
func BenchmarkSearch(b *testing.B) {
	frequent, rare := string([]rune{0x4E00, 0x4E00}), string([]rune{0x4E00 + 3000*7%6000, 0x4E00 + 3000*13%6000})
	benchmarkBoth(b, func(b *testing.B, s *store.Store) {
		b.StopTimer()
		newPress().print(b, s, 20000, 1000)
		for _, c := range []struct{ name, query string }{
			{"all", ""},
			{"theme", "theme:finance"},
			{"source", "source:s0"},
			{"frequent", frequent},
			{"rare", rare},
			{"one character", "一"},
			{"theme and word", "theme:finance " + frequent},
			{"word and not", frequent + " -" + rare},
			{"phrase", frequent + rare},
			{"amount", "amount:>9000万元"},
			{"place", "place:武汉"},
		} {
			q, err := syndicate.ParseQuery(c.query, nil)
			if err != nil {
				b.Fatal(err)
			}
			b.Run(c.name, func(b *testing.B) {
				for range b.N {
					if _, err := s.Articles(b.Context(), q, noon, 20, 0); err != nil {
						b.Fatal(err)
					}
				}
				n, err := s.Count(b.Context(), q, noon)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(n), "found")
			})
		}
	})
}
