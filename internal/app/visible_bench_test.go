package app_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"broadsheet/internal/config"
	"broadsheet/internal/store"
	"broadsheet/syndicate"
)

// BenchmarkVisible stores an article beside a running daemon and asks for every
// feed that it belongs in until it is there: it gives the time from the end of
// the transaction, over all feeds. The store is that of BenchmarkStart; figures
// to compare with others are those of 1,000,000 articles and -benchtime 20x.
func BenchmarkVisible(b *testing.B) {
	cfg := fullPaper(b)
	cfg.Sources = []syndicate.Source{{Name: "late", Title: "Late", URL: "file:///nowhere", Kind: syndicate.KindFeed, Every: 240 * time.Hour}}
	a, stop := run(b, cfg)
	defer closePaper(b, a)
	defer stop()
	base := "http://" + cfg.Listen
	awaitFeed(b, base+"/feeds/all.atom")

	s, err := store.Open(b.Context(), cfg.Store, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	var all []time.Duration
	b.ResetTimer()
	for range b.N {
		b.StopTimer()
		newest, err := s.Articles(b.Context(), syndicate.Query{}, time.Now(), 1, 0)
		if err != nil || len(newest) == 0 {
			b.Fatalf("the newest of no articles, error %v", err)
		}
		x, feeds := recent(b, cfg, newest[0].FirstSeen)
		poll := syndicate.Poll{Source: x.Source, NextAt: x.FirstSeen.Add(time.Hour), LastAt: x.FirstSeen}
		classifier, err := cfg.Classifier()
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		if _, _, err := s.Record(b.Context(), poll, classifier.Fingerprint(), []syndicate.Article{x}); err != nil {
			b.Fatal(err)
		}
		stored := time.Now()
		took := make([]time.Duration, len(feeds))
		ctx, cancel := context.WithTimeout(b.Context(), bound)
		g, ctx := errgroup.WithContext(ctx)
		for i, feed := range feeds {
			g.Go(func() error {
				err := awaitIn(ctx, base+feed, x.Title)
				took[i] = time.Since(stored)
				return err
			})
		}
		err = g.Wait()
		cancel()
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, took...)
	}
	slices.Sort(all)
	b.ReportMetric(float64(all[len(all)/2].Milliseconds()), "p50-ms")
	b.ReportMetric(float64(all[len(all)-1].Milliseconds()), "worst-ms")
	b.ReportMetric(float64(len(all)), "feeds")
}

// recent returns an article that came after an instant and is like no other, and
// the paths of the feeds it belongs in.
func recent(b *testing.B, cfg *config.Config, after time.Time) (x syndicate.Article, feeds []string) {
	b.Helper()
	classifier, err := cfg.Classifier()
	if err != nil {
		b.Fatal(err)
	}
	name := make([]rune, 4)
	for i := range name {
		name[i] = '\u4e00' + rune(rand.IntN(0x5000))
	}
	seen := after.Add(time.Second)
	x = syndicate.Article{
		Source: "late", Title: fmt.Sprintf("%s大桥获银团贷款%d万元", string(name), 1000+rand.IntN(90_000)), Language: "zh-Hans",
		Text: "贷款用于桥梁与高速公路建设，银行按季度发放。", FirstSeen: seen, Published: seen,
	}
	x.Key = syndicate.NewKey(x.Source, x.Title)
	x.ID, x.Hash = syndicate.NewID("https://late.example/", x.Key), x.Key
	x.Analysis = classifier.Classify(&x, &syndicate.Source{Name: x.Source})
	names := []string{"all", "source-late", "search"}
	for _, f := range x.Filings {
		names = append(names, f.Theme)
	}
	if len(names) < 5 {
		b.Fatalf("%s is filed under %v, and should be under two themes", x.Title, x.Filings)
	}
	for _, n := range names {
		for _, format := range []string{"rss", "atom", "json"} {
			feed := "/feeds/" + n + "." + format
			if n == "search" {
				feed += "?q=" + url.QueryEscape(string(name)+" OR 银团贷款")
			}
			feeds = append(feeds, feed)
		}
	}
	return x, feeds
}

// awaitIn asks for a document until it has a text.
func awaitIn(ctx context.Context, address, text string) error {
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return err
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || strings.Contains(string(body), text) {
			return err
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return fmt.Errorf("%s (%s) never had %s: %w", address, res.Status, text, ctx.Err())
		}
	}
}
