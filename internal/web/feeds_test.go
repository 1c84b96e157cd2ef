package web_test

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"broadsheet/internal/web"
	"broadsheet/syndicate"
)

func TestFeeds(t *testing.T) {
	h := handler(t, sample())
	for target, contentType := range map[string]string{
		"/feeds/all.rss": "application/rss+xml; charset=utf-8", "/feeds/all.atom": "application/atom+xml; charset=utf-8",
		"/feeds/all.json": "application/feed+json; charset=utf-8", "/feeds/finance.rss": "application/rss+xml; charset=utf-8",
		"/feeds/source-park.atom": "application/atom+xml; charset=utf-8", "/feeds/ports.json": "application/feed+json; charset=utf-8",
		"/feeds.opml": "text/x-opml; charset=utf-8",
	} {
		t.Run(target, func(t *testing.T) {
			w := ask(h, target, "Accept: text/html", "Cookie: lang=en")
			if w.Code != http.StatusOK || w.Header().Get("Content-Type") != contentType {
				t.Fatalf("%d %s", w.Code, w.Header().Get("Content-Type"))
			}
			want := "public, max-age=900, stale-while-revalidate=3600, stale-if-error=86400"
			if got := w.Header().Get("Cache-Control"); got != want {
				t.Errorf("Cache-Control: %s, want %s", got, want)
			}
			if w.Header().Get("Set-Cookie") != "" {
				t.Error("a feed sets a cookie")
			}
			var err error
			if strings.HasSuffix(target, ".json") {
				err = json.Unmarshal(w.Body.Bytes(), new(any))
			} else {
				err = xml.Unmarshal(w.Body.Bytes(), new(struct{}))
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestFeedErrorsAreProblems(t *testing.T) {
	p := sample()
	h := handler(t, p)
	for _, tt := range []struct {
		name, method, target string
		status               int
	}{
		{"no such feed", "GET", "/feeds/nobody.rss", 404},
		{"no such form", "GET", "/feeds/all.rdf", 404},
		{"no form", "GET", "/feeds/all", 404},
		{"no name", "GET", "/feeds/", 404},
		{"no such style", "GET", "/feeds/nobody.style.css", 404},
		{"a long name", "GET", "/feeds/" + strings.Repeat("x", 5000) + ".rss", 404},
		{"another method", "POST", "/feeds/all.rss", 405},
		{"another method for the list", "DELETE", "/feeds.opml", 405},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := do(h, tt.method, tt.target)
			if w.Code != tt.status || w.Header().Get("Content-Type") != "application/problem+json" {
				t.Fatalf("%d %s", w.Code, w.Header().Get("Content-Type"))
			}
			var got struct {
				Type, Title, Detail string
				Status              int
			}
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
				t.Fatal(err)
			}
			if got.Status != tt.status || got.Title == "" || got.Detail == "" || got.Type != "about:blank" {
				t.Errorf("%+v", got)
			}
			if tt.status == 405 && w.Header().Get("Allow") != "GET, HEAD" {
				t.Errorf("Allow: %q", w.Header().Get("Allow"))
			}
			if w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("ETag") != "" {
				t.Error("an error may be kept")
			}
		})
	}
	p.err = errors.New("disk is gone")
	w := ask(h, "/feeds/finance.rss")
	if w.Code != 500 || strings.Contains(w.Body.String(), "disk") {
		t.Errorf("%d %s, want 500 without the cause", w.Code, w.Body)
	}
}

func TestFeedStyleLeadsToThePage(t *testing.T) {
	w := ask(handler(t, sample()), "/feeds/finance.style.css")
	if w.Code != 200 || w.Header().Get("Content-Type") != "text/css; charset=utf-8" {
		t.Fatalf("%d %s", w.Code, w.Header().Get("Content-Type"))
	}
	if !strings.Contains(w.Body.String(), "https://paper.example/themes/finance") {
		t.Error("the style does not name the page")
	}
}

// slowFeeds counts how often it is asked, and can take its time or fail.
type slowFeeds struct {
	asked   atomic.Int64
	version atomic.Int64
	timed   bool
	took    time.Duration
	mu      sync.Mutex
	err     error
	body    string
}

func (f *slowFeeds) set(body string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.body, f.err = body, err
	f.version.Add(1)
}

func (f *slowFeeds) Feed(ctx context.Context, name, _ string) (syndicate.Document, error) {
	f.asked.Add(1)
	select {
	case <-time.After(f.took):
	case <-ctx.Done():
		return syndicate.Document{}, ctx.Err()
	}
	if name != "all" {
		return syndicate.Document{}, syndicate.ErrNotFound
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return syndicate.Document{
		Body: []byte(f.body), ContentType: "application/rss+xml; charset=utf-8", ETag: fmt.Sprintf("%q", f.body), Modified: now,
		Timed: f.timed,
	}, f.err
}

func (f *slowFeeds) SearchFeed(ctx context.Context, _, format string) (syndicate.Document, error) {
	return f.Feed(ctx, "all", format)
}

func (f *slowFeeds) Listed(string) []syndicate.Listed { return nil }

func (f *slowFeeds) OPML() (syndicate.Document, error) {
	return syndicate.Document{}, errors.New("no list")
}

func cached(t *testing.T, f *slowFeeds) http.Handler {
	p := sample()
	return handlerOf(t, site(), web.Parts{Articles: p, Feeds: f, Editions: p, Version: f.version.Load})
}

func TestBurstRendersOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &slowFeeds{took: 100 * time.Millisecond, body: "one"}
		h := cached(t, f)
		burst := func(want string) {
			var wg sync.WaitGroup
			for range 10_000 {
				wg.Go(func() {
					if w := ask(h, "/feeds/all.rss"); w.Code != 200 || w.Body.String() != want {
						t.Errorf("status %d, %q, want %q", w.Code, w.Body, want)
					}
				})
			}
			wg.Wait()
		}
		burst("one")
		if n := f.asked.Load(); n != 1 {
			t.Errorf("10,000 readers had the feed made %d times, want once", n)
		}
		<-time.After(365 * 24 * time.Hour)
		burst("one")
		if n := f.asked.Load(); n != 1 {
			t.Errorf("the feed was made %d times, though nothing had changed", n)
		}
		f.set("two", nil)
		burst("two")
		if n := f.asked.Load(); n != 2 {
			t.Errorf("after a change 10,000 readers had the feed made %d times, want once", n-1)
		}
	})
}

func TestChangeOfOtherFeedsKeepsWhatReadersHave(t *testing.T) {
	f := &slowFeeds{body: "one"}
	h := cached(t, f)
	first := ask(h, "/feeds/all.rss")
	f.version.Add(1)
	again := ask(h, "/feeds/all.rss", "If-None-Match: "+first.Header().Get("ETag"))
	if again.Code != 304 || f.asked.Load() != 2 || again.Header().Get("Last-Modified") != first.Header().Get("Last-Modified") {
		t.Errorf("status %d after %d calls", again.Code, f.asked.Load())
	}
}

func TestTimePassesInFeedsWithAges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &slowFeeds{body: "one", timed: true}
		h := cached(t, f)
		ask(h, "/feeds/all.rss")
		<-time.After(59 * time.Second)
		if ask(h, "/feeds/all.rss"); f.asked.Load() != 1 {
			t.Errorf("asked %d times within a minute", f.asked.Load())
		}
		<-time.After(time.Second)
		if ask(h, "/feeds/all.rss"); f.asked.Load() != 2 {
			t.Errorf("asked %d times after a minute, want twice", f.asked.Load())
		}
	})
}

// An article that goes makes the newest change an older one; Last-Modified
// must not go back with it.
func TestLastModifiedNeverGoesBack(t *testing.T) {
	for _, restarts := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) { lastModified(t, restarts) })
	}
}

// A served remembers as what feeds were sent.
type served map[string]syndicate.Served

func (s served) LastServed(_ context.Context, feed string) (syndicate.Served, error) {
	return s[feed], nil
}

func (s served) NoteServed(f syndicate.Served) { s[f.Feed] = f }

func lastModified(t *testing.T, restarts bool) {
	f, p, remembered := &slowFeeds{body: "one"}, sample(), served{}
	start := func() http.Handler {
		return handlerOf(t, site(), web.Parts{Articles: p, Feeds: f, Served: remembered, Editions: p, Version: f.version.Load})
	}
	h := start()
	<-time.After(time.Until(now.Add(time.Hour)))
	seen, last := map[string]bool{}, ""
	for _, body := range []string{"one", "two", "three", "two", "one"} {
		f.set(body, nil)
		if restarts {
			h = start()
		}
		got := ask(h, "/feeds/all.rss").Header().Get("Last-Modified")
		at, err := http.ParseTime(got)
		before, _ := http.ParseTime(last)
		if err != nil || at.Before(before) || seen[got] || at.After(time.Now()) {
			t.Errorf("%q: Last-Modified %s after %s", body, got, last)
		}
		seen[got], last = true, got
		if restarts {
			h = start()
		}
		if again := ask(h, "/feeds/all.rss").Header().Get("Last-Modified"); again != got {
			t.Errorf("%q: %s became %s without a change", body, got, again)
		}
	}
	if len(remembered) != 1 || strings.Contains(fmt.Sprint(remembered), "all.rss") {
		t.Errorf("remembered: %v, want one feed whose name tells nothing", remembered)
	}
}

func TestBrokenFeedIsServedAsItWas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &slowFeeds{body: "one"}
		h := cached(t, f)
		ask(h, "/feeds/all.rss")
		f.set("", errors.New("disk is gone"))
		<-time.After(time.Minute)
		if w := ask(h, "/feeds/all.rss"); w.Code != 200 || w.Body.String() != "one" {
			t.Errorf("%d %q, want the feed as it was", w.Code, w.Body)
		}
		f.set("three", nil)
		if w := ask(h, "/feeds/all.rss"); w.Body.String() != "three" {
			t.Errorf("%q, want the feed as it is again", w.Body)
		}
	})
}

func TestClientThatLeavesHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &slowFeeds{took: time.Hour, body: "one"}
		h := cached(t, f)
		ctx, leave := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() { askUntil(ctx, h, "/feeds/all.rss") })
		}
		synctest.Wait()
		leave()
		wg.Wait() // ends although the feed takes an hour
		f.took = 0
		if w := ask(h, "/feeds/all.rss"); w.Code != 200 {
			t.Errorf("status %d after others left", w.Code)
		}
	})
}

func TestListOfFeedsThatFails(t *testing.T) {
	if w := ask(cached(t, &slowFeeds{}), "/feeds.opml"); w.Code != 500 {
		t.Errorf("status %d, want 500", w.Code)
	}
}

func TestFeedsAreTheSameForAllReaders(t *testing.T) {
	h := handler(t, sample())
	zh, en := ask(h, "/feeds/all.json"), ask(h, "/feeds/all.json?lang=en", "Accept-Language: en", "Cookie: lang=en")
	if diff := cmp.Diff(zh.Body.String(), en.Body.String()); diff != "" {
		t.Error(diff)
	}
}
