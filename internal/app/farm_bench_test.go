package app_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/mmcdole/gofeed"
	"golang.org/x/sync/errgroup"

	"broadsheet/internal/app"
	"broadsheet/internal/store/pgtest"
	"broadsheet/syndicate"
)

// farmSize is how many feeds the benchmarks poll: 100, or what the environment
// says. Figures to compare with others are those of 1,000.
func farmSize(b *testing.B) int {
	b.Helper()
	text := os.Getenv("FARM_FEEDS")
	if text == "" {
		return 100
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		b.Fatalf("FARM_FEEDS=%s: this is no number of feeds; use 1000", text)
	}
	return n
}

// pollers is how many sources the daemon polls at a time.
const pollers = 8

func newPaper(b *testing.B, f *farm, database string) *app.App {
	b.Helper()
	a, err := app.New(b.Context(), f.Config(b, database), app.Options{Now: f.Now, Version: "bench"})
	if err != nil {
		b.Fatal(err)
	}
	return a
}

// collect polls every source of the farm once, and checks what came.
func collectFarm(b *testing.B, a *app.App, f *farm, want syndicate.Outcome) (added int) {
	b.Helper()
	reports, err := a.Collect(b.Context(), nil, true, func(app.PollReport) {})
	if err != nil {
		b.Fatal(err)
	}
	for _, r := range reports {
		if want != "" && r.Outcome != want || r.Error != "" {
			b.Fatalf("%s: %s %s", r.Source, r.Outcome, r.Error)
		}
		added += r.New
	}
	return added
}

func onBothDatabases(b *testing.B, bench func(b *testing.B, database func() string)) {
	b.Run("SQLite", func(b *testing.B) {
		n := 0
		dir := b.TempDir()
		bench(b, func() string { n++; return "sqlite:" + filepath.Join(dir, fmt.Sprintf("%d.db", n)) })
	})
	b.Run("PostgreSQL", func(b *testing.B) { bench(b, func() string { return pgtest.URL(b) }) })
}

// BenchmarkFarmCold collects the whole farm into an empty store: fetched, read,
// cleaned, classified, indexed, stored. An operation is the farm.
func BenchmarkFarmCold(b *testing.B) {
	f := newFarm(b, farmSize(b), false)
	b.Logf("%d feeds, %d entries, %d bytes", f.feeds, f.entries, f.bytes)
	b.Run("floor", func(b *testing.B) {
		m := measure(b)
		for range b.N {
			f.floor(b, nil)
		}
		m.report(b.N*f.entries, "entries")
	})
	onBothDatabases(b, func(b *testing.B, database func() string) {
		m := measure(b)
		for range b.N {
			m.pause()
			a := newPaper(b, f, database())
			m.resume()
			if n := collectFarm(b, a, f, syndicate.Fetched); n != f.entries {
				b.Fatalf("%d articles of %d entries", n, f.entries)
			}
			m.pause()
			closePaper(b, a)
			m.resume()
		}
		m.report(b.N*f.entries, "entries")
	})
}

// BenchmarkFarmUnchanged polls the farm when no feed has changed. An operation
// is the farm.
func BenchmarkFarmUnchanged(b *testing.B) {
	benchmarkUnchanged(b, newFarm(b, farmSize(b), false))
}

// BenchmarkFarmTenfold is BenchmarkFarmUnchanged with ten times the feeds, of two
// entries each.
func BenchmarkFarmTenfold(b *testing.B) {
	benchmarkUnchanged(b, newFarm(b, 10*farmSize(b), true))
}

func benchmarkUnchanged(b *testing.B, f *farm) {
	b.Helper()
	b.Run("floor", func(b *testing.B) {
		tags := make([]string, f.feeds)
		f.floor(b, tags)
		m := measure(b)
		for range b.N {
			f.floor(b, tags)
		}
		m.report(b.N*f.feeds, "feeds")
	})
	onBothDatabases(b, func(b *testing.B, database func() string) {
		a := newPaper(b, f, database())
		collectFarm(b, a, f, syndicate.Fetched)
		m := measure(b)
		for range b.N {
			collectFarm(b, a, f, syndicate.NotModified)
		}
		m.report(b.N*f.feeds, "feeds")
		closePaper(b, a)
	})
}

// BenchmarkFarmChanged polls the farm when every ninth feed has two new
// entries. An operation is the farm.
func BenchmarkFarmChanged(b *testing.B) {
	onBothDatabases(b, func(b *testing.B, database func() string) {
		f := newFarm(b, farmSize(b), false)
		a := newPaper(b, f, database())
		collectFarm(b, a, f, syndicate.Fetched)
		m := measure(b)
		total := 0
		for range b.N {
			m.pause()
			changed := f.Advance(b)
			m.resume()
			added := collectFarm(b, a, f, "")
			if added != changed*fresh {
				b.Fatalf("%d new articles of %d changed feeds", added, changed)
			}
			total += added
		}
		m.report(b.N*f.feeds, "feeds")
		b.ReportMetric(float64(total)/float64(b.N), "new/op")
		closePaper(b, a)
	})
}

func closePaper(b *testing.B, a *app.App) {
	b.Helper()
	if err := a.Close(); err != nil {
		b.Fatal(err)
	}
}

// floor fetches every feed and parses it with gofeed, and stores nothing. It
// keeps the validators in tags, if there are any, and sends them.
func (f *farm) floor(b *testing.B, tags []string) {
	b.Helper()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: pollers, DisableCompression: true}}
	defer client.CloseIdleConnections()
	var group errgroup.Group
	group.SetLimit(pollers)
	for i := range f.feeds {
		group.Go(func() error {
			req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, fmt.Sprintf("%s/feed/%d", f.URL, i), nil)
			if err != nil {
				return err
			}
			if tags != nil && tags[i] != "" {
				req.Header.Set("If-None-Match", tags[i])
			}
			res, err := client.Do(req)
			if err != nil {
				return err
			}
			defer res.Body.Close()
			if tags != nil {
				tags[i] = res.Header.Get("ETag")
				_, err = io.Copy(io.Discard, res.Body)
				return err
			}
			_, err = gofeed.NewParser().Parse(res.Body)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		b.Fatal(err)
	}
}
