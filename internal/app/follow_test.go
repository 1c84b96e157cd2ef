package app_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"broadsheet/internal/store/pgtest"
)

// A follower confirms what it is asked back, and takes what is pushed.
type follower struct {
	*httptest.Server
	asked  chan url.Values
	pushed chan pushed
}

type pushed struct {
	header http.Header
	body   string
}

func newFollower(t *testing.T) *follower {
	t.Helper()
	f := &follower{asked: make(chan url.Values, 10), pushed: make(chan pushed, 10)}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			io.WriteString(w, r.URL.Query().Get("hub.challenge"))
			f.asked <- r.URL.Query()
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		f.pushed <- pushed{r.Header, string(body)}
	}))
	t.Cleanup(f.Close)
	return f
}

func receive[T any](t *testing.T, what string, from chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(bound):
		t.Fatalf("%s did not come", what)
		panic("unreachable")
	}
}

// Somebody who follows a feed is asked back, gets the whole feed when an
// article comes, signed, and nothing more once they have left.
func TestFollowersArePushedTo(t *testing.T) {
	for name, database := range map[string]func(t *testing.T) string{
		"sqlite":   func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "paper.db") },
		"postgres": func(t *testing.T) string { return pgtest.URL(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			followAndLeave(t, database(t))
		})
	}
}

func followAndLeave(t *testing.T, database string) {
	now := &clock{now: time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC)}
	wire := newOrigin(t)
	serve := func(titles ...string) {
		doc := `<rss version="2.0"><channel><title>W</title>`
		for _, title := range titles {
			doc += "<item><guid>" + title + "</guid><title>" + title + "</title></item>"
		}
		wire.Serve("/wire.rss", doc+"</channel></rss>")
	}
	serve("The first story")
	cfg, file := settings(t, pushedPaper, database, wire.URL+"/wire.rss")
	d := start(t, cfg, now, file)
	follower := newFollower(t)

	status, header, _ := d.get("/feeds/all.json")
	const topic = "https://news.paper.test/feeds/all.json"
	if want := `<https://news.paper.test/hub>; rel="hub", <` + topic + `>; rel="self"`; status != 200 || header.Get("Link") != want {
		t.Fatalf("status %d, Link %s, want %s", status, header.Get("Link"), want)
	}
	request := func(mode string) int {
		res, err := http.PostForm(d.base+"/hub", url.Values{
			"hub.mode": {mode}, "hub.topic": {topic}, "hub.callback": {follower.URL + "/?for=wire"}, "hub.secret": {"a secret"},
		})
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		return res.StatusCode
	}
	if got := request("subscribe"); got != http.StatusAccepted {
		t.Fatalf("status %d, want 202", got)
	}
	q := receive(t, "the question", follower.asked)
	if q.Get("hub.mode") != "subscribe" || q.Get("hub.topic") != topic || q.Get("hub.lease_seconds") != "864000" || q.Get("for") != "wire" {
		t.Fatalf("asked back %v", q)
	}

	now.Set(now.Now().Add(2 * time.Hour)) // the source is due
	serve("The second story", "The first story")
	push := receive(t, "the push", follower.pushed)
	mac := hmac.New(sha256.New, []byte("a secret"))
	io.WriteString(mac, push.body)
	_, _, body := d.get("/feeds/all.json")
	if push.body != body || !strings.Contains(push.body, "The second story") {
		t.Errorf("pushed %s, the feed is %s", push.body, body)
	}
	for name, want := range map[string]string{
		"X-Hub-Signature": "sha256=" + hex.EncodeToString(mac.Sum(nil)), "Content-Type": "application/feed+json; charset=utf-8",
		"Link": header.Get("Link"), "Cookie": "",
	} {
		if got := push.header.Get(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}

	if got := request("unsubscribe"); got != http.StatusAccepted {
		t.Fatalf("status %d, want 202", got)
	}
	if q := receive(t, "the question", follower.asked); q.Get("hub.mode") != "unsubscribe" {
		t.Fatalf("asked back %v", q)
	}
	await(t, "the follower's leave", func() bool {
		st, err := d.app.Status(t.Context())
		return err == nil && st.Followers == 0
	})
	now.Set(now.Now().Add(2 * time.Hour))
	serve("The third story", "The second story")
	await(t, "the third story", func() bool {
		_, _, body := d.get("/feeds/all.json")
		return strings.Contains(body, "The third story")
	})
	d.stop()
	if n := len(follower.pushed); n != 0 {
		t.Errorf("%d pushes came after leaving", n)
	}
}

// An article that one process stores is in the feeds of another, which asks
// the database for nothing in between.
func TestOtherProcessesSeeChanges(t *testing.T) {
	database := pgtest.URL(t)
	now := &clock{now: time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC)}
	wire := newOrigin(t)
	serve := func(title string) {
		wire.Serve("/wire.rss", "<rss version=\"2.0\"><channel><title>W</title><item><guid>"+title+"</guid><title>"+title+"</title></item></channel></rss>")
	}
	serve("The first story")
	cfg, file := settings(t, pushedPaper, database, wire.URL+"/wire.rss")
	first, second := start(t, cfg, now, file), start(t, cfg, now, file)
	shown := func(d *daemon, format, title string) func() bool {
		return func() bool {
			_, _, body := d.get("/feeds/all." + format)
			return strings.Contains(body, title)
		}
	}
	for _, d := range []*daemon{first, second} {
		await(t, "the first story", shown(d, "atom", "The first story"))
	}
	now.Set(now.Now().Add(2 * time.Hour))
	serve("The second story")
	for _, d := range []*daemon{first, second} {
		await(t, "the second story", shown(d, "atom", "The second story"))
		await(t, "the second story", shown(d, "rss", "The second story"))
	}
}
