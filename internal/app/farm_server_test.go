package app_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"broadsheet/internal/config"
	"broadsheet/syndicate"
)

// A farm serves feeds on loopback, with validators, and changes some of them
// from round to round. The documents lie in files, so that what they weigh is
// not counted as memory of the reader.
type farm struct {
	*httptest.Server
	feeds, entries, bytes int // of round 0

	dir   string
	crop  crop
	round atomic.Int64
}

func newFarm(tb testing.TB, feeds int, few bool) *farm {
	tb.Helper()
	f := &farm{feeds: feeds, dir: tb.TempDir()}
	f.Server = httptest.NewServer(f)
	tb.Cleanup(f.Close)
	f.crop = crop{base: f.URL, few: few}
	for i := range feeds {
		doc, entries := f.crop.feed(i, 0)
		f.write(tb, i, 0, doc)
		f.entries, f.bytes = f.entries+entries, f.bytes+len(doc)
	}
	return f
}

func (f *farm) write(tb testing.TB, i, last int, doc []byte) {
	tb.Helper()
	if err := os.WriteFile(f.file(i, last), doc, 0o600); err != nil {
		tb.Fatal(err)
	}
}

func (f *farm) file(i, last int) string {
	return filepath.Join(f.dir, fmt.Sprintf("%d-%d.xml", i, last))
}

// Advance begins the next round, and returns how many feeds it changed.
func (f *farm) Advance(tb testing.TB) (changed int) {
	tb.Helper()
	round := int(f.round.Load()) + 1
	for i := range f.feeds {
		if _, last := grown(i, round); last == round {
			doc, _ := f.crop.feed(i, round)
			f.write(tb, i, round, doc)
			changed++
		}
	}
	f.round.Store(int64(round))
	return changed
}

// Now is the time of the round.
func (f *farm) Now() time.Time { return farmNow.Add(time.Duration(f.round.Load()) * time.Hour) }

func (f *farm) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/feed/"))
	if err != nil || i < 0 || i >= f.feeds {
		http.NotFound(w, r)
		return
	}
	_, last := grown(i, int(f.round.Load()))
	tag := fmt.Sprintf(`"%d-%d"`, i, last)
	w.Header().Set("ETag", tag)
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Header().Set("Content-Type", []string{"application/rss+xml", "application/atom+xml"}[i%2]+"; charset=utf-8")
	http.ServeFile(w, r, f.file(i, last))
}

// Config returns the shipped configuration with the farm's feeds for sources.
func (f *farm) Config(tb testing.TB, database string) *config.Config {
	tb.Helper()
	cfg, err := config.Load(filepath.Join("..", "..", "config.yaml"))
	if err != nil {
		tb.Fatal(err)
	}
	cfg.Store.Database, cfg.Listen = database, "127.0.0.1:0"
	cfg.Polling.AllowPrivate = []string{"127.0.0.0/8"}
	cfg.Sources = nil
	for i := range f.feeds {
		cfg.Sources = append(cfg.Sources, syndicate.Source{
			Name: fmt.Sprintf("farm-%d", i), URL: fmt.Sprintf("%s/feed/%d", f.URL, i),
			Kind: syndicate.KindFeed, Every: time.Hour, Location: time.UTC,
		})
	}
	return cfg
}
