package app_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"broadsheet/internal/app"
	"broadsheet/internal/config"
	"broadsheet/internal/store"
	"broadsheet/syndicate"
)

// BenchmarkStart starts the daemon on a store that is full, and asks for the
// feed of everything until it is served. START_ARTICLES says how many articles
// are stored (2,000; figures to compare with others are those of 100,000), and
// START_DATABASE names a file that is to remain.
func BenchmarkStart(b *testing.B) {
	cfg := fullPaper(b)
	b.ResetTimer()
	for range b.N {
		a, stop := run(b, cfg)
		awaitFeed(b, "http://"+cfg.Listen+"/feeds/all.atom")
		b.StopTimer()
		stop()
		closePaper(b, a)
		b.StartTimer()
	}
}

// startArticles returns how many articles a benchmark is to have: START_ARTICLES,
// or 2,000.
func startArticles(b *testing.B) int {
	b.Helper()
	text := os.Getenv("START_ARTICLES")
	if text == "" {
		return 2000
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		b.Fatalf("START_ARTICLES=%s: this is no number of articles; use 100000", text)
	}
	return n
}

// fullPaper returns the configuration of a paper whose store is full.
func fullPaper(b *testing.B) *config.Config {
	b.Helper()
	articles := startArticles(b)
	path := os.Getenv("START_DATABASE")
	if path == "" {
		path = filepath.Join(b.TempDir(), "start.db")
	}
	cfg, err := config.Load(filepath.Join("..", "..", "config.yaml"))
	if err != nil {
		b.Fatal(err)
	}
	cfg.Sources, cfg.Store.Database = nil, "sqlite:"+path
	fill(b, cfg, articles)
	cfg.Listen = freePort(b)
	return cfg
}

// holds reports whether a store has so many articles already.
func holds(b *testing.B, s *store.Store, articles int) bool {
	b.Helper()
	st, err := s.Stats(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	return st.Articles >= articles
}

// fill stores articles as if they had been collected and filed, in polls of
// 50, unless there are as many already.
func fill(b *testing.B, cfg *config.Config, articles int) {
	b.Helper()
	s, err := store.Open(b.Context(), cfg.Store, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	if holds(b, s, articles) {
		return
	}
	classifier, err := cfg.Classifier()
	if err != nil {
		b.Fatal(err)
	}
	c := crop{base: "https://farm.example"}
	for at := 0; at < articles; at += 50 {
		source := fmt.Sprintf("farm-%d", at/50%1000)
		seen := farmNow.Add(time.Duration(at) * time.Second)
		as := make([]syndicate.Article, min(50, articles-at))
		for i := range as {
			e := c.entry(at, i, len(as), at%100 == 0)
			key := syndicate.NewKey(source, e.id)
			as[i] = syndicate.Article{
				Key: key, ID: syndicate.NewID(c.base, key), Source: source, Hash: key, GUID: e.id, URL: e.link,
				Title: e.title, Summary: e.summary, Text: e.html, Content: e.html, Published: e.when, FirstSeen: seen, Changed: seen,
				Analysis: syndicate.Analysis{Filings: []syndicate.Filing{{Theme: "finance", Score: 2, Threshold: 1}}},
			}
		}
		poll := syndicate.Poll{Source: source, NextAt: seen, LastAt: seen}
		if _, _, err := s.Record(b.Context(), poll, classifier.Fingerprint(), as); err != nil {
			b.Fatal(err)
		}
	}
}

// freePort returns an address that nobody listens on.
func freePort(b *testing.B) string {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func run(b *testing.B, cfg *config.Config) (a *app.App, stop func()) {
	b.Helper()
	a, err := app.New(b.Context(), cfg, app.Options{Version: "bench"})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	return a, func() {
		cancel()
		if err := <-done; err != nil {
			b.Error(err)
		}
	}
}

// awaitFeed asks until a feed is served.
func awaitFeed(b *testing.B, address string) {
	b.Helper()
	again := time.NewTicker(2 * time.Millisecond)
	defer again.Stop()
	for range again.C {
		req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, address, nil)
		if err != nil {
			b.Fatal(err)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			continue // nobody listens yet
		}
		res.Body.Close()
		if res.StatusCode == http.StatusOK {
			return
		}
		b.Fatalf("%s: %s", address, res.Status)
	}
}
