package collect_test

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"broadsheet/internal/fetch"
	"broadsheet/internal/store"
	"broadsheet/syndicate"
	"broadsheet/syndicate/collect"
)

// A library is a desk whose articles are kept in a real store, and whose
// origin has their pages.
type library struct {
	*desk
	store *store.Store
	feed  string
	pages map[string]http.HandlerFunc // by path
}

func newLibrary(t *testing.T) *library {
	t.Helper()
	l := &library{desk: newDesk(t), pages: map[string]http.HandlerFunc{}}
	var err error
	l.store, err = store.Open(t.Context(), store.Config{Database: "sqlite:" + filepath.Join(t.TempDir(), "b.db")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.store.Close(); err != nil {
			t.Error(err)
		}
	})
	l.Store = l.store
	l.src.FullText = true
	l.origin.play(func(w http.ResponseWriter, r *http.Request) {
		page := l.pages[r.URL.Path]
		switch {
		case r.URL.Path == "/feed":
			fmt.Fprint(w, l.feed)
		case page != nil:
			page(w, r)
		default:
			http.NotFound(w, r)
		}
	})
	return l
}

// entry writes an item whose page is at a path of the origin.
func (l *library) entry(title, path string) string {
	return fmt.Sprintf(`<item><guid isPermaLink="false">%s</guid><title>%s</title><link>%s</link><description>%s, in short.</description></item>`,
		path, title, l.origin.URL+path, title)
}

// publish polls a feed of these items.
func (l *library) publish(items ...string) {
	l.t.Helper()
	l.feed = rss("", items...)
	if r := l.pollWith(collect.Options{Force: true}); r.Error != "" {
		l.t.Fatal(r.Error)
	}
	l.origin.asked()
}

// visit fetches the pages that are due, and returns the paths that were asked
// for.
func (l *library) visit() (collect.PagesReport, []string) {
	l.t.Helper()
	r, err := l.Pages(l.t.Context(), l.store, l.src)
	if err != nil {
		l.t.Fatal(err)
	}
	paths := []string{}
	for _, r := range l.origin.asked() {
		paths = append(paths, r.URL.Path)
	}
	return r, paths
}

func (l *library) article(title string) syndicate.Article {
	l.t.Helper()
	all, err := l.store.Articles(l.t.Context(), syndicate.Query{}, l.now, 100, 0)
	if err != nil {
		l.t.Fatal(err)
	}
	for _, a := range all {
		if a.Title == title {
			return a
		}
	}
	l.t.Fatalf("no article %q among %d", title, len(all))
	return syndicate.Article{}
}

// webPage answers with the page of an article.
func webPage(title string) http.HandlerFunc {
	var text strings.Builder
	for i := range 12 {
		fmt.Fprintf(&text, "<p>Paragraph %d says at some length what the harbour board of Saltmere made of it, why it did so, and what finance had to do with that.</p>", i)
	}
	return document("<!doctype html><html><head><title>"+title+"</title></head><body><nav><a href=\"/\">Home</a></nav><article><h1>"+
		title+"</h1>"+text.String()+"</article></body></html>", "Content-Type: text/html; charset=utf-8")
}

// The feed has no date, the page does; later corrections of the feed, which
// still has none, do not take it away.
func TestThePageDatesAnArticle(t *testing.T) {
	t.Parallel()
	const body = "<p>The harbour board of Saltmere said at some length what it made of the works.</p>"
	for name, said := range map[string]string{"fuller than the feed": "in short", "shorter than the feed": strings.Repeat("and what the feed has to say of it is more, ", 60)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLibrary(t)
			l.pages["/one"] = document(`<!doctype html><html><head><title>The harbour opens</title><meta property="article:published_time" content="2026-11-20T06:30:00Z">`+
				`</head><body><article><h1>The harbour opens</h1>`+strings.Repeat(body, 12)+`</article></body></html>`, "Content-Type: text/html; charset=utf-8")
			entry := strings.Replace(l.entry("The harbour opens", "/one"), "in short", said, 1)
			l.publish(entry)
			if a := l.article("The harbour opens"); !a.Inferred {
				t.Fatalf("dated %s before its page was fetched", a.Published)
			}
			l.visit()
			want := time.Date(2026, 11, 20, 6, 30, 0, 0, time.UTC)
			if a := l.article("The harbour opens"); a.Inferred || !a.Published.Equal(want) || a.PublishedRaw != "2026-11-20T06:30:00Z" {
				t.Errorf("published %s (%q, inferred %v), want %s", a.Published, a.PublishedRaw, a.Inferred, want)
			}
			l.publish(strings.Replace(entry, said, said+", in other words", 1))
			if a := l.article("The harbour opens"); a.Inferred || !a.Published.Equal(want) {
				t.Errorf("after a correction: published %s, inferred %v", a.Published, a.Inferred)
			}
		})
	}
}

func TestFullTextTakesThePlaceOfTheFeeds(t *testing.T) {
	t.Parallel()
	l := newLibrary(t)
	l.pages["/one"] = webPage("The harbour opens")
	l.publish(l.entry("The harbour opens", "/one"))
	r, paths := l.visit()
	if diff := cmp.Diff(collect.PagesReport{Fetched: 1, Fuller: 1}, r); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"/robots.txt", "/one"}, paths); diff != "" {
		t.Error(diff)
	}
	a := l.article("The harbour opens")
	if a.Summary != "The harbour opens, in short." || !strings.Contains(a.Text, "Paragraph 11") || !strings.Contains(a.Content, "<p>Paragraph 0") ||
		strings.Contains(a.Text, "Home") {
		t.Errorf("article %+v", a)
	}
	if l.filer.calls != 2 {
		t.Errorf("filed %d times, want once without and once with the page", l.filer.calls)
	}
	for range 3 { // and never again
		l.now = l.now.Add(day)
		l.publish(l.entry("The harbour opens", "/one"))
		if r, paths := l.visit(); r != (collect.PagesReport{}) || len(paths) > 0 {
			t.Errorf("later: %+v, asked for %v", r, paths)
		}
	}
}

func TestFullTextSurvivesACorrection(t *testing.T) {
	t.Parallel()
	l := newLibrary(t)
	l.pages["/one"] = webPage("The harbour opens")
	l.publish(l.entry("The harbour opens", "/one"))
	l.visit()
	l.now = l.now.Add(2 * time.Hour)
	l.publish(l.entry("The harbour opens late", "/one"))
	r, paths := l.visit()
	if r.Put != 1 || len(paths) > 0 {
		t.Errorf("after a correction: %+v, asked for %v", r, paths)
	}
	if a := l.article("The harbour opens late"); !strings.Contains(a.Text, "Paragraph 11") || a.Summary != "The harbour opens late, in short." {
		t.Errorf("article %+v", a)
	}
}

func TestFullTextThatIsWorseIsLeft(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		page http.HandlerFunc
	}{
		{"nothing on it", document("<html><body></body></html>", "Content-Type: text/html")},
		{"another story", webPage("Cheese rolling")},
		{"no page at all", document("%PDF-1.7 \x00\x01", "Content-Type: application/pdf")},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := newLibrary(t)
			l.pages["/one"] = c.page
			l.publish(l.entry("The harbour opens", "/one"))
			if r, _ := l.visit(); r.Fetched != 1 || r.Fuller != 0 {
				t.Errorf("report %+v", r)
			}
			if a := l.article("The harbour opens"); a.Text != "The harbour opens, in short." {
				t.Errorf("article %+v", a)
			}
			page, err := l.store.PageAt(t.Context(), l.origin.URL+"/one")
			if err != nil || page.Error == "" {
				t.Errorf("remembered: %+v, %v", page, err)
			}
			l.now = l.now.Add(day)
			if _, paths := l.visit(); len(paths) > 0 {
				t.Errorf("asked again for %v", paths)
			}
		})
	}
}

func TestAFailingPageIsTriedThreeTimes(t *testing.T) {
	t.Parallel()
	l := newLibrary(t)
	l.pages["/one"] = status(http.StatusInternalServerError)
	l.publish(l.entry("The harbour opens", "/one"))
	tries := 0
	for range 4 * 24 * 4 { // a quarter of an hour each
		r, paths := l.visit()
		tries += r.Failed
		for _, p := range paths {
			if p == "/one" && r.Failed != 1 {
				t.Errorf("asked for %v: %+v", paths, r)
			}
		}
		l.now = l.now.Add(15 * time.Minute)
	}
	if tries != 3 {
		t.Errorf("tried %d times, want 3", tries)
	}
	if a := l.article("The harbour opens"); a.Text != "The harbour opens, in short." {
		t.Errorf("article %+v", a)
	}
}

func TestPagesComeTwentyAtATimeAndOncePerAddress(t *testing.T) {
	t.Parallel()
	l := newLibrary(t)
	var items []string
	for i := range 25 {
		path := fmt.Sprintf("/p%d", i)
		l.pages[path] = webPage("Story " + path)
		items = append(items, l.entry("Story "+path, path))
	}
	again := strings.ReplaceAll(l.entry("Story /p0", "/p0"), ">/p0<", ">another-guid<")
	l.publish(append(items, again)...)
	first, _ := l.visit()
	second, _ := l.visit()
	third, paths := l.visit()
	if first.Fetched != 20 || first.Fetched+second.Fetched != 25 || first.Put+second.Put != 1 || third != (collect.PagesReport{}) || len(paths) > 0 {
		t.Errorf("reports %+v, %+v, %+v", first, second, third)
	}
}

func TestPagesKeepToRobots(t *testing.T) {
	t.Parallel()
	l := newLibrary(t)
	l.pages["/one"] = webPage("The harbour opens")
	l.pages["/robots.txt"] = document("User-agent: *\nDisallow: /one\n")
	l.publish(l.entry("The harbour opens", "/one"))
	r, paths := l.visit()
	if r.Failed != 1 || len(paths) != 1 || paths[0] != "/robots.txt" {
		t.Errorf("asked for %v: %+v", paths, r)
	}
}

func TestPagesWaitWhenAskedTo(t *testing.T) {
	t.Parallel()
	l := newLibrary(t)
	l.pages["/one"] = status(http.StatusServiceUnavailable, "Retry-After: 7200")
	l.publish(l.entry("The harbour opens", "/one"))
	if r, _ := l.visit(); r.Failed != 1 {
		t.Errorf("report %+v", r)
	}
	l.pages["/one"] = webPage("The harbour opens")
	l.now = l.now.Add(119 * time.Minute)
	if _, paths := l.visit(); len(paths) > 0 {
		t.Errorf("asked too early for %v", paths)
	}
	l.now = l.now.Add(time.Minute)
	if r, _ := l.visit(); r.Fuller != 1 {
		t.Errorf("report %+v", r)
	}
}

// A publicHost answers every request alike, as a host of the public Internet.
type publicHost struct {
	asked  []string
	status int
	header http.Header
}

func (h *publicHost) Get(_ context.Context, r fetch.Request) (*fetch.Response, error) {
	h.asked = append(h.asked, r.URL)
	return &fetch.Response{Status: h.status, Header: h.header, URL: r.URL}, nil
}

func TestOnePageThatAsksToWaitSpeaksForItsHost(t *testing.T) {
	t.Parallel()
	l := newLibrary(t)
	l.publish(l.entry("The harbour opens", "/one"), l.entry("The harbour closes", "/two"))
	host := &publicHost{status: http.StatusTooManyRequests, header: http.Header{"Retry-After": {"7200"}}}
	l.Fetcher = host
	if r, _ := l.visit(); r.Failed != 1 || r.Waiting != 1 || len(host.asked) != 1 {
		t.Errorf("report %+v, asked for %v", r, host.asked)
	}
	l.now = l.now.Add(2 * time.Hour)
	if r, _ := l.visit(); r.Failed != 1 || r.Waiting != 1 || len(host.asked) != 2 {
		t.Errorf("after the wait: %+v, asked for %v", r, host.asked)
	}
}
