package publish_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"broadsheet/internal/fetch"
	"broadsheet/syndicate"
	"broadsheet/syndicate/publish"
)

// followers is a store of followers in memory.
type followers struct {
	mu   sync.Mutex
	list []syndicate.Follower
	all  int // there are besides
}

func (s *followers) AskFollower(_ context.Context, f syndicate.Follower, now time.Time, apart time.Duration,
	allow func(syndicate.FollowerCounts, bool) error,
) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := syndicate.FollowerCounts{All: s.all + len(s.list)}
	known := -1
	for i, other := range s.list {
		if other.Host == f.Host {
			c.Host++
			if !other.AskAt.IsZero() {
				c.Waiting++
			}
		}
		if other.Callback == f.Callback {
			c.Callback++
			if other.Topic == f.Topic {
				known = i
			}
		}
	}
	if err := allow(c, known >= 0); err != nil {
		return err
	}
	f.AskAt = now
	if known < 0 {
		f.ID = int64(len(s.list) + 1)
		s.list = append(s.list, f)
		return nil
	}
	old := &s.list[known]
	old.Asked = f.Asked
	if old.AskAt = now; old.AskedBack.Add(apart).After(now) {
		old.AskAt = old.AskedBack.Add(apart)
	}
	return nil
}

func (s *followers) DueFollowers(_ context.Context, host string, now time.Time, limit int) ([]syndicate.Follower, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var due []syndicate.Follower
	for _, f := range s.list {
		ask, push := !f.AskAt.IsZero() && !f.AskAt.After(now), !f.NextAt.IsZero() && !f.NextAt.After(now)
		if f.Host == host && (ask || push) && len(due) < limit {
			due = append(due, f)
		}
	}
	return due, nil
}

func (s *followers) ChangeFollower(_ context.Context, id int64, change func(*syndicate.Follower)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.list {
		if s.list[i].ID == id {
			change(&s.list[i])
			if s.list[i].LeaseUntil.IsZero() && s.list[i].Asked.Mode == "" {
				s.list = slices.Delete(s.list, i, i+1)
			}
			return nil
		}
	}
	return nil
}

func (s *followers) Followed(_ context.Context, now time.Time) ([]syndicate.Followed, error) {
	var all []syndicate.Followed
	for _, f := range s.list {
		if f.Follows(now) {
			all = append(all, syndicate.Followed{Topic: f.Topic, ETag: f.ETag})
		}
	}
	slices.SortFunc(all, func(a, b syndicate.Followed) int { return strings.Compare(a.Topic+a.ETag, b.Topic+b.ETag) })
	return slices.Compact(all), nil
}

func (s *followers) Push(_ context.Context, topic, etag string, now time.Time, _ time.Duration) error {
	for i := range s.list {
		if f := &s.list[i]; f.Topic == topic && f.ETag != etag && f.Follows(now) {
			f.Round++
			if f.Failures == 0 || f.NextAt.IsZero() {
				f.NextAt = now
			}
		}
	}
	return nil
}

// A hubTest is a hub, a paper that it pushes, and a server that follows.
type hubTest struct {
	*publish.Hub
	followers *followers
	articles  *store
	now       time.Time
	server    *httptest.Server
	host      string
	calls     []*http.Request // that the server got
	bodies    []string
	answer    http.HandlerFunc
}

const topic = "https://paper.example/feeds/all.atom"

func newHubTest(t *testing.T) *hubTest {
	h := &hubTest{followers: &followers{}, articles: &store{articles: articles()}, now: at("2026-03-02T09:30:00Z")}
	h.answer = confirm
	h.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var b strings.Builder
		_ = r.Write(&b)
		h.calls, h.bodies = append(h.calls, r), append(h.bodies, b.String()[strings.Index(b.String(), "\r\n\r\n")+4:])
		h.answer(w, r)
	}))
	t.Cleanup(h.server.Close)
	h.host = h.server.Listener.Addr().String()
	client, err := fetch.New(fetch.Config{AllowPrivate: []string{h.host}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	p := publisher()
	p.Store = h.articles
	h.Hub = &publish.Hub{Topics: p, Store: h.followers, Caller: client, Site: p.Site, Now: func() time.Time { return h.now }}
	return h
}

func confirm(w http.ResponseWriter, r *http.Request) {
	fmt.Fprint(w, r.URL.Query().Get("hub.challenge"))
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func (h *hubTest) form(pairs ...string) url.Values {
	form := url.Values{"hub.mode": {"subscribe"}, "hub.topic": {topic}, "hub.callback": {h.server.URL + "/?x=1"}}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return form
}

// ask sends a request and works.
func (h *hubTest) ask(t *testing.T, pairs ...string) {
	t.Helper()
	if err := h.Request(t.Context(), h.form(pairs...)); err != nil {
		t.Fatal(err)
	}
	h.work(t)
}

func (h *hubTest) work(t *testing.T) {
	t.Helper()
	if err := h.Work(t.Context(), h.host); err != nil {
		t.Fatal(err)
	}
}

// change has an article come, and pushes.
func (h *hubTest) change(t *testing.T, title string) {
	t.Helper()
	a := articles()[0]
	a.Title, a.Key = title, syndicate.NewKey("harbour", title)
	h.articles.articles = append([]syndicate.Article{a}, h.articles.articles...)
	if err := h.Distribute(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.work(t)
}

func (h *hubTest) take() (calls []*http.Request, bodies []string) {
	calls, bodies = h.calls, h.bodies
	h.calls, h.bodies = nil, nil
	return calls, bodies
}

func TestHubRefusesBadRequests(t *testing.T) {
	for _, tt := range []struct {
		name, field, value string
		status             int
	}{
		{"no mode", "hub.mode", "", 400},
		{"wrong mode", "hub.mode", "denied", 400},
		{"publishing", "hub.mode", "publish", 400},
		{"unknown topic", "hub.topic", "https://paper.example/feeds/nobody.rss", 404},
		{"topic of another site", "hub.topic", "https://elsewhere.example/feeds/all.atom", 404},
		{"topic below another", "hub.topic", topic + "/x", 404},
		{"topic with a query of its own", "hub.topic", topic + "?x", 404},
		{"a page", "hub.topic", "https://paper.example/", 404},
		{"no topic", "hub.topic", "", 404},
		{"the operator's feed", "hub.topic", "https://paper.example/feeds/ops.atom", 404},
		{"search for nothing", "hub.topic", "https://paper.example/feeds/search.rss?q=", 404},
		{"bad query", "hub.topic", "https://paper.example/feeds/search.rss?q=%28", 400},
		{"huge query", "hub.topic", "https://paper.example/feeds/search.rss?q=" + strings.Repeat("x", 2010), 400},
		{"huge topic", "hub.topic", strings.Repeat("x", 5000), 400},
		{"no callback", "hub.callback", "", 400},
		{"callback of another kind", "hub.callback", "ftp://reader.example/", 400},
		{"callback without a host", "hub.callback", "http:///x", 400},
		{"callback with a password", "hub.callback", "http://me:secret@reader.example/", 400},
		{"callback with a fragment", "hub.callback", "http://reader.example/#x", 400},
		{"private callback", "hub.callback", "http://10.0.0.1/", 403},
		{"callback to us", "hub.callback", "http://127.0.0.1:1/", 403},
		{"callback to us by name", "hub.callback", "http://LocalHost./", 403},
		{"callback to us in IPv6", "hub.callback", "http://[::1]/", 403},
		{"callback to us in disguise", "hub.callback", "http://[::ffff:127.0.0.1]/", 403},
		{"callback to the cloud's secrets", "hub.callback", "http://169.254.169.254/latest", 403},
		{"secret of 200 bytes", "hub.secret", strings.Repeat("s", 200), 400},
		{"lease that is none", "hub.lease_seconds", "ten days", 400},
		{"negative lease", "hub.lease_seconds", "-1", 400},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := newHubTest(t)
			err := h.Request(t.Context(), h.form(tt.field, tt.value))
			var refusal *syndicate.Refusal
			if !errors.As(err, &refusal) || refusal.Status != tt.status || refusal.Text == "" || strings.ContainsAny(refusal.Text, "\n") {
				t.Errorf("%v, want a refusal with %d", err, tt.status)
			}
			if h.work(t); len(h.followers.list) > 0 || len(h.calls) > 0 || len(h.articles.queries) > 0 {
				t.Errorf("work was done: %+v, %d calls, %d questions to the store", h.followers.list, len(h.calls), len(h.articles.queries))
			}
		})
	}
}

func TestHubHasLimits(t *testing.T) {
	h := newHubTest(t)
	refused := func(want int) {
		t.Helper()
		var refusal *syndicate.Refusal
		if err := h.Request(t.Context(), h.form()); !errors.As(err, &refusal) || refusal.Status != want || refusal.Wait == 0 {
			t.Errorf("%v, want a refusal with %d for some time", err, want)
		}
	}
	h.followers.all = 10_000
	refused(503)
	h.followers.all = 0
	for i := range 100 {
		h.followers.list = append(h.followers.list, syndicate.Follower{Host: "elsewhere", Callback: h.form().Get("hub.callback"), Topic: fmt.Sprint(i)})
	}
	refused(429)
	for i := range h.followers.list {
		h.followers.list[i] = syndicate.Follower{Host: h.host, AskAt: h.now, Topic: fmt.Sprint(i)}
	}
	refused(429)
	h.followers.list = nil
	for range 1000 {
		h.followers.list = append(h.followers.list, syndicate.Follower{Host: h.host})
	}
	refused(429)
	for i := range h.followers.list {
		h.followers.list[i].Host = "elsewhere"
	}
	if err := h.Request(t.Context(), h.form()); err != nil {
		t.Errorf("others' followers are counted: %v", err)
	}
}

func TestHubAsksBack(t *testing.T) {
	for _, tt := range []struct {
		name    string
		answer  http.HandlerFunc
		follows bool
		calls   int
	}{
		{"confirmed", confirm, true, 1},
		{"not what was asked for", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "yes") }, false, 1},
		{"the challenge and more", func(w http.ResponseWriter, r *http.Request) { confirm(w, r); fmt.Fprint(w, " ") }, false, 1},
		{"no such thing", status(404), false, 1},
		{"elsewhere", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere?"+r.URL.RawQuery, http.StatusTemporaryRedirect)
		}, false, 1},
		{"in trouble for good", status(500), false, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := newHubTest(t)
			h.answer = tt.answer
			h.ask(t, "hub.lease_seconds", "7200")
			for range 5 {
				h.now = h.now.Add(11 * time.Minute)
				h.work(t)
			}
			if follows := len(h.followers.list) == 1 && h.followers.list[0].Follows(h.now); follows != tt.follows {
				t.Errorf("follows: %v, want %v: %+v", follows, tt.follows, h.followers.list)
			}
			if !tt.follows && len(h.followers.list) > 0 {
				t.Errorf("left over: %+v", h.followers.list)
			}
			if len(h.calls) != tt.calls {
				t.Fatalf("%d calls, want %d", len(h.calls), tt.calls)
			}
			q := h.calls[0].URL.Query()
			if h.calls[0].Method != "GET" || q.Get("x") != "1" || q.Get("hub.mode") != "subscribe" || q.Get("hub.topic") != topic ||
				q.Get("hub.lease_seconds") != "7200" || len(q.Get("hub.challenge")) < 20 {
				t.Errorf("asked %v", h.calls[0].URL)
			}
		})
	}
}

func TestHubBoundsLeases(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"": 240 * time.Hour, "0": 240 * time.Hour, "1": time.Hour, "7200": 2 * time.Hour, "4000000000": 720 * time.Hour,
	} {
		h := newHubTest(t)
		h.ask(t, "hub.lease_seconds", text)
		if got := h.followers.list[0].LeaseUntil.Sub(h.now); got != want {
			t.Errorf("lease %q is %s, want %s", text, got, want)
		}
	}
}

func TestReplaysAreHarmless(t *testing.T) {
	h := newHubTest(t)
	h.ask(t, "hub.secret", "first")
	for range 100 {
		h.ask(t, "hub.secret", "first")
	}
	h.ask(t, "hub.secret", "second") // of somebody else, perhaps
	if calls, _ := h.take(); len(calls) != 1 || len(h.followers.list) != 1 || h.followers.list[0].Secret != "first" {
		t.Fatalf("%d calls, followers %+v", len(calls), h.followers.list)
	}
	h.answer = status(404) // it was somebody else
	h.now = h.now.Add(time.Minute)
	h.work(t)
	if calls, _ := h.take(); len(calls) != 1 || len(h.followers.list) != 1 || h.followers.list[0].Secret != "first" || !h.followers.list[0].Follows(h.now) {
		t.Errorf("%d calls, followers %+v: a request that was not confirmed counts", len(calls), h.followers.list)
	}
	h.ask(t, "hub.mode", "unsubscribe")
	h.now = h.now.Add(time.Minute)
	h.work(t)
	if len(h.followers.list) != 1 {
		t.Error("somebody else ended it")
	}
	h.answer = confirm
	h.now = h.now.Add(time.Minute)
	h.ask(t, "hub.mode", "unsubscribe")
	if len(h.followers.list) != 0 {
		t.Errorf("still follows: %+v", h.followers.list)
	}
	h.take()
	h.ask(t, "hub.mode", "unsubscribe") // there is nothing any more
	if calls, _ := h.take(); len(calls) != 0 || len(h.followers.list) != 0 {
		t.Errorf("%d calls, followers %+v", len(calls), h.followers.list)
	}
}

func TestHubPushes(t *testing.T) {
	h := newHubTest(t)
	h.ask(t, "hub.secret", "secret")
	h.ask(t, "hub.callback", h.server.URL+"/unsigned")
	h.take()
	h.answer = status(204)
	if h.work(t); len(h.calls) > 0 {
		t.Fatal("what was there before is pushed")
	}
	h.change(t, "News")
	doc, err := h.Topics.At(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	calls, bodies := h.take()
	if len(calls) != 2 || bodies[0] != string(doc.Body) || bodies[1] != bodies[0] {
		t.Fatalf("%d calls, bodies %v", len(calls), bodies)
	}
	link := `<https://paper.example/hub>; rel="hub", <` + topic + `>; rel="self"`
	for _, r := range calls {
		signed := strings.HasPrefix(r.Header.Get("X-Hub-Signature"), "sha256=")
		if r.Method != "POST" || r.Header.Get("Content-Type") != doc.ContentType || r.Header.Get("Link") != link || signed != (r.URL.Path == "/") {
			t.Errorf("pushed %s %v", r.URL, r.Header)
		}
	}
	if err := h.Distribute(t.Context()); err != nil {
		t.Fatal(err)
	}
	if h.work(t); len(h.calls) > 0 {
		t.Error("what has not changed is pushed")
	}
	h.now = h.now.Add(241 * time.Hour)
	if h.change(t, "Later news"); len(h.calls) > 0 {
		t.Error("pushed after the lease")
	}
}

// A follower gets its topic back as it wrote it, and a header that holds.
func TestHubPushesSearches(t *testing.T) {
	h := newHubTest(t)
	const topic = "https://paper.example/feeds/search.rss?q=amount:>1亿 OR source:harbour"
	h.ask(t, "hub.topic", topic)
	calls, _ := h.take()
	if len(calls) != 1 || calls[0].URL.Query().Get("hub.topic") != topic {
		t.Fatalf("asked back %v", calls)
	}
	h.answer = status(200)
	h.change(t, "News")
	calls, bodies := h.take()
	want := `<https://paper.example/hub>; rel="hub", <https://paper.example/feeds/search.rss?q=amount:%3E1亿%20OR%20source:harbour>; rel="self"`
	if len(calls) != 1 || calls[0].Header.Get("Link") != want || !strings.Contains(bodies[0], "News") {
		t.Errorf("pushed %d times, Link %s", len(calls), calls[0].Header.Get("Link"))
	}
}

func TestHubTriesAgain(t *testing.T) {
	h := newHubTest(t)
	h.ask(t)
	h.take()
	start := h.now
	h.answer = status(500)
	h.change(t, "News")
	var waits []time.Duration
	for len(h.followers.list) > 0 && len(waits) < 50 {
		waits = append(waits, h.followers.list[0].NextAt.Sub(h.now))
		h.now = h.followers.list[0].NextAt
		h.followers.list[0].LeaseUntil = h.now.Add(time.Hour)
		h.work(t)
	}
	for i, want := range []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute} {
		if waits[i] != want {
			t.Errorf("wait %d is %s, want %s", i, waits[i], want)
		}
	}
	if took := h.now.Sub(start); len(waits) != 13 || took < 24*time.Hour || took > 48*time.Hour {
		t.Errorf("given up after %d waits and %s", len(waits), took)
	}

	h = newHubTest(t)
	h.ask(t)
	h.answer = func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/elsewhere", http.StatusPermanentRedirect)
	}
	h.take()
	h.change(t, "News")
	if calls, _ := h.take(); len(calls) != 1 || h.followers.list[0].Failures != 1 {
		t.Errorf("%d calls: a redirect is followed, or taken for an answer", len(calls))
	}
	h.answer = status(200)
	h.now = h.now.Add(time.Minute)
	h.change(t, "More news")
	if _, bodies := h.take(); len(bodies) != 1 || !strings.Contains(bodies[0], "More news") || h.followers.list[0].Failures != 0 {
		t.Errorf("pushed %v, want once, as it is now", bodies)
	}
}

func TestGoneEndsIt(t *testing.T) {
	h := newHubTest(t)
	h.ask(t)
	h.answer = status(http.StatusGone)
	h.change(t, "News")
	if len(h.followers.list) != 0 {
		t.Errorf("still follows: %+v", h.followers.list)
	}
}

// A feed that left the configuration ends its subscriptions, and says so.
func TestFollowersOfWhatIsGoneAreTold(t *testing.T) {
	h := newHubTest(t)
	h.ask(t, "hub.topic", "https://paper.example/feeds/ports.json")
	h.take()
	p := publisher()
	p.Store, p.Feeds = h.articles, nil
	h.Topics = p
	h.change(t, "News")
	calls, _ := h.take()
	if len(h.followers.list) != 0 || len(calls) != 1 || calls[0].Method != "GET" || calls[0].URL.Query().Get("hub.mode") != "denied" {
		t.Errorf("calls %v, followers %+v", calls, h.followers.list)
	}
}

func TestChangesWhilePushingArePushedToo(t *testing.T) {
	h := newHubTest(t)
	h.ask(t)
	first := true
	h.answer = func(w http.ResponseWriter, _ *http.Request) {
		if first {
			first = false
			a := articles()[0]
			a.Title, a.Key = "Meanwhile", syndicate.NewKey("harbour", "meanwhile")
			h.articles.articles = append([]syndicate.Article{a}, h.articles.articles...)
			if err := h.Distribute(context.Background()); err != nil {
				t.Error(err)
			}
		}
		w.WriteHeader(200)
	}
	h.take()
	h.change(t, "News")
	h.now = h.now.Add(time.Minute)
	h.work(t)
	if _, bodies := h.take(); len(bodies) != 2 || !strings.Contains(bodies[1], "Meanwhile") {
		t.Errorf("%d pushes, want the second change too", len(bodies))
	}
}

func TestSearchFeeds(t *testing.T) {
	p := publisher(articles()...)
	for _, format := range formats {
		doc, err := p.SearchFeed(t.Context(), " source:harbour after:7d ", format)
		if err != nil {
			t.Fatal(err)
		}
		at, err := p.At(t.Context(), "https://paper.example/feeds/search."+format+"?q=source%3Aharbour+after%3A7d")
		if err != nil || at.ETag != doc.ETag || !doc.Timed {
			t.Errorf("%s: %v, ETags %s and %s, timed %v", format, err, doc.ETag, at.ETag, doc.Timed)
		}
		if !strings.Contains(string(doc.Body), "https://paper.example/feeds/search."+format+"?q=source%3Aharbour+after%3A7d") {
			t.Errorf("%s does not say its own address:\n%s", format, doc.Body)
		}
		if again, err := p.SearchFeed(t.Context(), "source:park", format); err != nil || again.ETag == doc.ETag || again.Timed {
			t.Errorf("%s: another search: %v, timed %v", format, err, again.Timed)
		}
	}
	var bad *syndicate.QueryError
	if _, err := p.SearchFeed(t.Context(), "title:", "rss"); !errors.As(err, &bad) {
		t.Errorf("bad query: %v", err)
	}
	if _, err := p.SearchFeed(t.Context(), " ", "rss"); !errors.Is(err, syndicate.ErrNotFound) {
		t.Errorf("no query: %v", err)
	}
}
