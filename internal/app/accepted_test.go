package app_test

import (
	"fmt"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"broadsheet/internal/store/pgtest"
)

// applied has an organisation apply with a feed, and returns where the
// application lies in the inbox and what is said there.
func (f *frontDoor) applied(title string) (item, page string) {
	f.t.Helper()
	s := newSite(f.t)
	s.serve("/feed.xml", strings.Replace(harbourFeed(), "Harbour &amp; Co.", title, 1))
	at, page := f.send("/publishers/apply", url.Values{"organisation": {"Harbour"}, "site": {s.local() + "/feed.xml"}, "address": {"desk@harbour.test"}})
	if !strings.HasPrefix(at, "/publishers/") {
		f.t.Fatalf("applied: at %s\n%s", at, page)
	}
	return f.item("publishers")
}

var markPattern = regexp.MustCompile(`name="mark" value="([0-9a-f]{64})"`)

func TestPublisherGoesIntoTheConfiguration(t *testing.T) {
	t.Setenv("GATES_SECRET", "swordfish")
	f := newFrontDoor(t, sqlite(t))
	item, page := f.applied("${GATES_SECRET} &amp; Co.")
	wants(t, "the patch", page, "@@ -", "&#43;  - name: localhost", "$${GATES_SECRET} &amp; Co.", " mail:")
	if strings.Contains(page, "swordfish") {
		t.Error("the page has the variable's value")
	}
	accept := url.Values{"state": {"accepted"}, "keep": {"config"}, "name": {"harbour"}, "mark": {find(t, "mark", markPattern, page)}}
	_, page = f.operator.send(item, accept)
	wants(t, "renamed", page, "not the one that was shown before", "&#43;  - name: harbour\n")

	// Somebody edits the file between look and press: nothing is lost.
	before := string(mustRead(t, f.file))
	if err := os.WriteFile(f.file, []byte("# edited by hand\n"+before), 0o600); err != nil {
		t.Fatal(err)
	}
	accept.Set("mark", find(t, "mark", markPattern, page))
	_, page = f.operator.send(item, accept)
	wants(t, "edited meanwhile", page, "not the one that was shown before")
	accept.Set("mark", find(t, "mark", markPattern, page))
	if at, page := f.operator.send(item, accept); at != item+"?done=admit" || !strings.Contains(page, "The source harbour is in config.yaml") {
		t.Fatalf("accepted: at %s\n%s", at, page)
	}
	text := string(mustRead(t, f.file))
	if !strings.HasPrefix(text, "# edited by hand\n") || strings.Replace(text, text[strings.Index(text, "  - name: harbour"):strings.Index(text, "mail:\n")], "", 1) != "# edited by hand\n"+before {
		t.Errorf("the file became\n%s", text)
	}
	cfg := load(t, f.file)
	if n := len(cfg.Sources); n != 2 || cfg.Sources[1].Title != "${GATES_SECRET} & Co." {
		t.Errorf("sources %+v", cfg.Sources)
	}
	await(t, "the articles of the new source", func() bool {
		found, err := f.app.Search(t.Context(), "source:harbour", false, 5)
		return err == nil && len(found.Articles) == 2
	})
	_, log := f.operator.open("/admin/log")
	wants(t, "the log", log, "application 1", "harbour, put into the configuration")
}

// Who has put the lines into the file already accepts what is there.
func TestPublisherThatIsInTheConfigurationAlready(t *testing.T) {
	f := newFrontDoor(t, sqlite(t))
	item, page := f.applied("Harbour")
	address := find(t, "address", regexp.MustCompile(`(?m)url: &#34;(http://localhost:\d+/feed.xml)&#34;`), page)
	text := strings.Replace(string(mustRead(t, f.file)), "\nmail:", fmt.Sprintf("\n  - { name: harbour, url: %q }\nmail:", address), 1)
	if err := os.WriteFile(f.file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := f.app.Reload(t.Context(), load(t, f.file)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"other", "wire"} {
		if at, _ := f.operator.send(item, url.Values{"state": {"accepted"}, "keep": {"file"}, "name": {name}}); at != item {
			t.Errorf("accepted as %s: at %s", name, at)
		}
	}
	if at, page := f.operator.send(item, url.Values{"state": {"accepted"}, "keep": {"file"}, "name": {"harbour"}}); at != item+"?done=admit" {
		t.Errorf("accepted: at %s\n%s", at, page)
	}
	if got := string(mustRead(t, f.file)); got != text {
		t.Errorf("the file became\n%s", got)
	}
}

// What one process accepts into the database, the others know, and what it
// drops they forget, though nothing is polled.
func TestSourcesOfTheDatabaseReachEveryProcess(t *testing.T) {
	for name, database := range map[string]func(*testing.T) string{"SQLite": sqlite, "PostgreSQL": func(t *testing.T) string { return pgtest.URL(t) }} {
		t.Run(name, func(t *testing.T) {
			f := newFrontDoor(t, database(t))
			other := start(t, load(t, f.file), f.now, f.file)
			item, _ := f.applied("Harbour")
			if at, page := f.operator.send(item, url.Values{"state": {"accepted"}, "keep": {"database"}, "name": {"harbour"}}); at != item+"?done=admit" {
				t.Fatalf("accepted: at %s\n%s", at, page)
			}
			sources := func(d *daemon) int { return len(d.app.Config().Sources) }
			if sources(f.daemon) != 2 {
				t.Errorf("%d sources where it was accepted", sources(f.daemon))
			}
			await(t, "the source in the other process", func() bool { return sources(other) == 2 })
			code, _, _ := other.get("/feeds/source-harbour.atom")
			if code != 200 {
				t.Errorf("its feed in the other process: %d", code)
			}
			f.operator.send(item+"/drop", nil)
			await(t, "that it is forgotten in the other process", func() bool { return sources(other) == 1 })
		})
	}
}

// Of many sources those that need attention stand on the first page.
func TestSourcesThatNeedAttentionComeFirst(t *testing.T) {
	o := newOrigin(t)
	o.Serve("/wire.rss", wireFeed)
	var sources strings.Builder
	for i := range 45 {
		path := "/wire.rss?" + fmt.Sprint(i)
		if i == 44 {
			path = "/missing"
		}
		fmt.Fprintf(&sources, "  - { name: s-%d, url: %q }\n", i, o.URL+path)
	}
	cfg, file := settings(t, "listen: 127.0.0.1:0\nsite: { url: http://localhost:8080 }\npolling: { every: 1h, allow_private: [127.0.0.0/8] }\ndatabase: %q\nsources:\n%s", sqlite(t), sources.String())
	d := start(t, cfg, &clock{now: shanghai(t, "2026-11-20 18:00")}, file)
	link, err := d.app.SignInLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, token, _ := strings.Cut(link, "token=")
	op := newOperator(t, d)
	op.send("/admin/sign-in", url.Values{"token": {token}})
	await(t, "the poll that fails", func() bool {
		_, page := op.open("/admin/sources")
		first := strings.Index(page, `id="source-`)
		return first >= 0 && strings.HasPrefix(page[first:], `id="source-s-44"`) && strings.Contains(page, `id="source-s-38"`) && !strings.Contains(page, `id="source-s-39"`)
	})
	if _, page := op.open("/admin/sources?page=2"); !strings.Contains(page, `id="source-s-43"`) || strings.Contains(page, `id="source-s-44"`) {
		t.Errorf("the second page:\n%s", page)
	}
}
