package web_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"runtime"
	"sync/atomic"
	"testing"

	"broadsheet/internal/web"
	"broadsheet/syndicate"
)

// manyFeeds has a feed for every query, of some size.
type manyFeeds struct {
	slowFeeds
	size  int
	dense bool // cannot be compressed
	asked atomic.Int64
}

func (f *manyFeeds) SearchFeed(_ context.Context, query, _ string) (syndicate.Document, error) {
	f.asked.Add(1)
	var seed [32]byte
	copy(seed[:], query)
	random := rand.NewChaCha8(seed)
	body := make([]byte, 0, f.size+32)
	if f.dense {
		body = body[:f.size]
		_, _ = random.Read(body)
	}
	var words [57]byte // about as dense as news between its markup is
	for len(body) < f.size {
		_, _ = random.Read(words[:])
		body = append(body, "<item><title>"...)
		body = base64.StdEncoding.AppendEncode(body, words[:])
		body = append(body, "</title><category domain=\"https://paper.example/themes/\">金融</category></item>\n"...)
	}
	return syndicate.Document{Body: body, ContentType: "application/rss+xml; charset=utf-8", ETag: fmt.Sprintf("%q", query), Modified: now}, nil
}

func search(h http.Handler, i int, headers ...string) int {
	return ask(h, "/feeds/search.rss?q="+url.QueryEscape(fmt.Sprint("number ", i)), headers...).Code
}

func heap() int {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// Ten thousand feeds, more than fit, are kept packed; whatever was asked for
// last is there without asking again.
func TestTenThousandFeedsFitTheBudget(t *testing.T) {
	f := &manyFeeds{size: 28 << 10}
	h := handlerOf(t, site(), web.Parts{Feeds: f, Version: f.version.Load})
	before := heap()
	for i := range 10_000 {
		if code := search(h, i); code != 200 {
			t.Fatalf("status %d", code)
		}
	}
	used := heap() - before
	if limit := 256 << 20; used > limit {
		t.Errorf("%d MiB are used, want at most %d", used>>20, limit>>20)
	}
	f.asked.Store(0)
	for i := range 10_000 {
		search(h, i, "Accept-Encoding: zstd") // as it is packed
	}
	if n := f.asked.Load(); n > 0 {
		t.Errorf("%d of 10,000 feeds of 28 KiB had to be made again", n)
	}
	t.Logf("%d MiB for 10,000 feeds of 28 KiB", used>>20)
}

// What cannot be packed goes when it was not sent for the longest time.
func TestFeedsSentLeastRecentlyGo(t *testing.T) {
	f := &manyFeeds{size: 1 << 20, dense: true}
	h := handlerOf(t, site(), web.Parts{Feeds: f, Version: f.version.Load})
	before := heap()
	for i := range 300 {
		search(h, i)
		search(h, 0) // is asked for all the time
	}
	if n := f.asked.Load(); n != 300 {
		t.Errorf("made %d times, want 300: the one in use was dropped", n)
	}
	if used := (heap() - before) >> 20; used > 256 || used < 200 {
		t.Errorf("%d MiB are used, want about 240", used)
	}
	for i := 299; i > 200; i-- {
		search(h, i)
	}
	if n := f.asked.Load(); n != 300 {
		t.Errorf("%d of the last 99 had to be made again", n-300)
	}
	if search(h, 1); f.asked.Load() != 301 {
		t.Error("the first one is still there")
	}
	runtime.KeepAlive(h)
}

// BenchmarkTenThousandFeeds measures what 10,000 feeds of 60 KB take, first
// asked for with gzip.
func BenchmarkTenThousandFeeds(b *testing.B) {
	for b.Loop() {
		f := &manyFeeds{size: 60_000}
		h := handlerOf(b, site(), web.Parts{Feeds: f, Version: f.version.Load})
		before := heap()
		for i := range 10_000 {
			search(h, i, "Accept-Encoding: gzip")
		}
		b.ReportMetric(float64(ask(h, "/feeds/search.rss?q=x", "Accept-Encoding: gzip").Body.Len()), "gzip-bytes")
		b.ReportMetric(float64(heap()-before)/(1<<20), "MiB")
		f.asked.Store(0)
		for i := range 10_000 {
			search(h, i, "Accept-Encoding: gzip")
		}
		b.ReportMetric(float64(f.asked.Load()), "made-again")
	}
}
