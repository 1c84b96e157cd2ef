package collect_test

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // one of WebSub's
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"broadsheet/internal/fetch"
	"broadsheet/internal/store"
	"broadsheet/internal/web"
	"broadsheet/syndicate"
	"broadsheet/syndicate/collect"
)

const site = "https://news.paper.example"

// A hubDesk is a desk with a real store, the pages that hubs call, and a hub
// that asks back before it answers.
type hubDesk struct {
	*desk
	store *store.Store
	pages http.Handler
	hub   *httptest.Server

	mu    sync.Mutex
	asked []url.Values
	reply int    // status of the hub's answers
	lease string // that the hub grants
	mode  string // that the hub asks back with; that of the request when ""
	calls []int  // statuses of the answers that the hub got
}

func newHubDesk(t *testing.T) *hubDesk {
	t.Helper()
	d := &hubDesk{desk: newDesk(t), reply: http.StatusAccepted, lease: "864000"}
	var err error
	d.store, err = store.Open(t.Context(), store.Config{Database: "sqlite:" + filepath.Join(t.TempDir(), "b.db")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.store.Close(); err != nil {
			t.Error(err)
		}
	})
	client, err := fetch.New(fetch.Config{AllowPrivate: []string{"127.0.0.0/8"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	d.Store = d.store
	d.useSite(client, site)
	d.hub = httptest.NewServer(http.HandlerFunc(d.answer))
	t.Cleanup(d.hub.Close)
	if err := d.store.SyncSources(t.Context(), []syndicate.Source{d.src}, d.now); err != nil {
		t.Fatal(err)
	}
	d.publish("one")
	return d
}

func (d *hubDesk) useSite(poster collect.Poster, address string) {
	d.t.Helper()
	d.Hubs = &collect.Hubs{
		Store: d.store, Poster: poster, Site: syndicate.Site{URL: address},
		Now: func() time.Time { return d.now }, Rand: func() float64 { return 0 },
	}
	var err error
	d.pages, err = web.New(web.Config{Site: d.Hubs.Site}, web.Parts{Hubs: d.Hubs})
	if err != nil {
		d.t.Fatal(err)
	}
}

// publish makes the origin serve a feed with these items, and the hub's address.
func (d *hubDesk) publish(titles ...string) {
	var items []string
	for _, title := range titles {
		items = append(items, item(title, title, d.now))
	}
	d.origin.play(document(rss(`<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="hub" href="`+d.hub.URL+`"/>`, items...)))
}

// answer is what the hub does when it is asked.
func (d *hubDesk) answer(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm() // a bad form has no values, and the test misses them
	d.mu.Lock()
	d.asked = append(d.asked, r.PostForm)
	reply, lease, mode := d.reply, d.lease, d.mode
	d.mu.Unlock()
	if reply < 300 {
		if mode == "" {
			mode = r.PostForm.Get("hub.mode")
		}
		status, body := d.verify(r.PostForm.Get("hub.callback"), mode, r.PostForm.Get("hub.topic"), lease)
		d.mu.Lock()
		d.calls = append(d.calls, status)
		d.mu.Unlock()
		if status == http.StatusOK && mode != "denied" && body != "challenge & co" {
			reply = http.StatusBadRequest
		}
	}
	w.WriteHeader(reply)
	fmt.Fprint(w, "said the hub")
}

// verify asks back, and returns the answer.
func (d *hubDesk) verify(callback, mode, topic, lease string) (int, string) {
	q := url.Values{"hub.mode": {mode}, "hub.topic": {topic}, "hub.challenge": {"challenge & co"}, "hub.reason": {"too many"}}
	if lease != "" {
		q.Set("hub.lease_seconds", lease)
	}
	return d.call(http.MethodGet, callback+"?"+q.Encode(), "", "")
}

func (d *hubDesk) call(method, address, signature, body string) (int, string) {
	path, ok := strings.CutPrefix(address, site)
	if !ok {
		return 0, ""
	}
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if signature != "" {
		r.Header.Set("X-Hub-Signature", signature)
	}
	w := httptest.NewRecorder()
	d.pages.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// work does what the daemon does at a tick: it asks the hubs that are to be
// asked, and polls the source if it is due. It returns the report of the poll.
func (d *hubDesk) work() collect.Report {
	d.t.Helper()
	d.askHubs(true)
	due, err := d.store.DueSources(d.t.Context(), d.now, 10)
	if err != nil {
		d.t.Fatal(err)
	}
	if len(due) == 0 {
		return collect.Report{}
	}
	pushed, err := d.Hubs.Pushed(d.t.Context(), "paper")
	if err != nil {
		d.t.Fatal(err)
	}
	r := d.pollWith(collect.Options{Force: len(pushed) > 0})
	if err := d.Hubs.Settle(d.t.Context(), pushed); err != nil {
		d.t.Fatal(err)
	}
	return r
}

func (d *hubDesk) askHubs(configured bool) {
	d.t.Helper()
	for _, sub := range d.subscriptions() {
		if configured && sub.NextAt.After(d.now) {
			continue
		}
		if err := d.Hubs.Ask(d.t.Context(), sub.Token, configured); err != nil {
			d.t.Fatal(err)
		}
	}
}

func (d *hubDesk) subscriptions() []syndicate.Subscription {
	d.t.Helper()
	subs, err := d.store.Subscriptions(d.t.Context(), "")
	if err != nil {
		d.t.Fatal(err)
	}
	return subs
}

// subscribed polls once and has the hub say yes.
func (d *hubDesk) subscribed() syndicate.Subscription {
	d.t.Helper()
	d.work()
	d.work()
	subs := d.subscriptions()
	if len(subs) != 1 || subs[0].State != syndicate.SubscriptionActive {
		d.t.Fatalf("subscriptions %+v", subs)
	}
	return subs[0]
}

// requests returns what the hub was asked since the last call.
func (d *hubDesk) requests() []url.Values {
	d.mu.Lock()
	defer d.mu.Unlock()
	asked := d.asked
	d.asked = nil
	return asked
}

func sign(method string, with func() hash.Hash, secret, body string) string {
	mac := hmac.New(with, []byte(secret))
	mac.Write([]byte(body))
	return method + "=" + hex.EncodeToString(mac.Sum(nil))
}

func TestHubFromSubscribingToLeaving(t *testing.T) {
	t.Parallel()
	d := newHubDesk(t)
	if r := d.work(); r.New != 1 || r.Reason != "every 1h" {
		t.Errorf("first poll %+v", r)
	}
	if asked := d.requests(); len(asked) != 0 {
		t.Errorf("the hub was asked during a poll: %v", asked)
	}
	d.work()
	asked := d.requests()
	sub := d.subscriptions()[0]
	callback := site + "/websub/" + sub.Token
	want := []url.Values{{
		"hub.mode": {"subscribe"}, "hub.topic": {d.src.URL}, "hub.callback": {callback},
		"hub.lease_seconds": {"864000"}, "hub.secret": {sub.Secret},
	}}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Error(diff)
	}
	if len(sub.Token) != 32 || len(sub.Secret) != 64 {
		t.Errorf("token %q, secret %q", sub.Token, sub.Secret)
	}
	begun := d.now
	if !sub.LeaseUntil.Equal(begun.Add(10*day)) || !sub.NextAt.Equal(begun.Add(160*time.Hour)) || sub.Error != "" {
		t.Errorf("subscription %+v", sub)
	}

	d.now = d.now.Add(time.Hour)
	if r := d.work(); r.Reason != "hub pushes; checked daily" || !r.Next.Equal(d.now.Add(day)) {
		t.Errorf("poll while the hub pushes: %+v", r)
	}
	d.now = d.now.Add(2 * time.Hour)
	d.publish("one", "two")
	if r := d.work(); r.Source != "" {
		t.Errorf("polled before a push: %+v", r)
	}
	if status, _ := d.call(http.MethodPost, callback, sign("sha256", sha256.New, sub.Secret, "news"), "news"); status != http.StatusAccepted {
		t.Errorf("push answered by %d", status)
	}
	if r := d.work(); r.New != 1 || r.Reason != "hub pushes; checked daily" {
		t.Errorf("poll after a push: %+v", r)
	}
	d.now = d.now.Add(2 * time.Minute)
	if r := d.work(); r.Source != "" {
		t.Errorf("polled again after one push: %+v", r)
	}

	d.now = begun.Add(160 * time.Hour)
	d.requests()
	d.work()
	if asked := d.requests(); len(asked) != 1 || asked[0].Get("hub.callback") != callback || asked[0].Get("hub.mode") != "subscribe" {
		t.Errorf("renewal: %v", asked)
	}
	if sub := d.subscriptions()[0]; !sub.LeaseUntil.Equal(d.now.Add(10 * day)) {
		t.Errorf("renewed subscription %+v", sub)
	}

	d.askHubs(false)
	if asked := d.requests(); len(asked) != 1 || asked[0].Get("hub.mode") != "unsubscribe" || asked[0].Get("hub.topic") != d.src.URL {
		t.Errorf("leaving: %v", asked)
	}
	if subs := d.subscriptions(); len(subs) != 0 {
		t.Errorf("left over: %+v", subs)
	}
	if status, _ := d.call(http.MethodPost, callback, "", "news"); status != http.StatusGone {
		t.Errorf("a push after that is answered by %d, want 410", status)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if diff := cmp.Diff([]int{200, 200, 200}, d.calls); diff != "" {
		t.Errorf("answers to the hub: %s", diff)
	}
}

func TestPushesMustBeSigned(t *testing.T) {
	t.Parallel()
	d := newHubDesk(t)
	sub := d.subscribed()
	callback := site + "/websub/" + sub.Token
	good := sign("sha256", sha256.New, sub.Secret, "news")
	for _, c := range []struct {
		name, signature string
		taken           bool
	}{
		{"no signature", "", false},
		{"signed by another", sign("sha256", sha256.New, "secret", "news"), false},
		{"of another document", sign("sha256", sha256.New, sub.Secret, "old news"), false},
		{"cut off", good[:len(good)-2], false},
		{"no hash known", "md5=" + good[7:], false},
		{"named wrongly", "sha512=" + good[7:], false},
		{"no digits", "sha256=zz", false},
		{"nothing after the name", "sha256=", false},
		{"sha1", sign("sha1", sha1.New, sub.Secret, "news"), true},
		{"sha256", good, true},
		{"sha384", sign("sha384", sha512.New384, sub.Secret, "news"), true},
		{"sha512", sign("SHA512", sha512.New, sub.Secret, "news"), true},
	} {
		if status, _ := d.call(http.MethodPost, callback, c.signature, "news"); status != http.StatusAccepted {
			t.Errorf("%s: answered by %d, want 202 whatever it is", c.name, status)
		}
		pushed, err := d.Hubs.Pushed(t.Context(), "paper")
		if err != nil || (len(pushed) > 0) != c.taken {
			t.Errorf("%s: taken for %v, %v", c.name, pushed, err)
		}
		if err := d.Hubs.Settle(t.Context(), pushed); err != nil {
			t.Fatal(err)
		}
	}
	huge := strings.Repeat("x", 5<<20+1)
	if status, _ := d.call(http.MethodPost, callback, sign("sha256", sha256.New, sub.Secret, huge), huge); status != http.StatusRequestEntityTooLarge {
		t.Errorf("a huge push is answered by %d, want 413", status)
	}
	if status, _ := d.call(http.MethodPut, callback, good, "news"); status != http.StatusMethodNotAllowed {
		t.Errorf("PUT is answered by %d, want 405", status)
	}
}

func TestOnlyWhatWasAskedForIsConfirmed(t *testing.T) {
	t.Parallel()
	d := newHubDesk(t)
	sub := d.subscribed()
	callback := site + "/websub/" + sub.Token
	for _, c := range []struct {
		name, callback, mode, topic string
		want                        int
	}{
		{"again", callback, "subscribe", sub.Topic, 200},
		{"another topic", callback, "subscribe", "https://other.example/", 404},
		{"no topic", callback, "subscribe", "", 404},
		{"nobody's token", site + "/websub/0123456789abcdef0123456789abcdef", "subscribe", sub.Topic, 404},
		{"no token", site + "/websub/", "subscribe", sub.Topic, 404},
		{"leaving, which nobody wants", callback, "unsubscribe", sub.Topic, 404},
		{"no mode", callback, "", sub.Topic, 404},
	} {
		if status, body := d.verify(c.callback, c.mode, c.topic, "60"); status != c.want || status != 200 && strings.Contains(body, "challenge") {
			t.Errorf("%s: answered by %d %q, want %d", c.name, status, body, c.want)
		}
	}
}

func TestAnExpiredLeaseEndsPushing(t *testing.T) {
	t.Parallel()
	d := newHubDesk(t)
	d.lease = "7200"
	sub := d.subscribed()
	d.reply = http.StatusInternalServerError
	d.now = sub.LeaseUntil
	if status, _ := d.call(http.MethodPost, site+"/websub/"+sub.Token, sign("sha256", sha256.New, sub.Secret, "news"), "news"); status != http.StatusGone {
		t.Errorf("a push after the lease is answered by %d, want 410", status)
	}
	if r := d.work(); r.Reason != "every 1h" {
		t.Errorf("poll after the lease: %+v", r)
	}
	if sub := d.subscriptions()[0]; !strings.Contains(sub.Error, "status 500") || !strings.Contains(sub.Error, "said the hub") {
		t.Errorf("subscription %+v", sub)
	}
}

func TestAHubThatFailsIsLeftAloneForLonger(t *testing.T) {
	t.Parallel()
	d := newHubDesk(t)
	d.reply = http.StatusServiceUnavailable
	d.work()
	var waits []time.Duration
	for range 9 {
		d.askHubs(true)
		next := d.subscriptions()[0].NextAt
		waits = append(waits, next.Sub(d.now))
		d.now = next
	}
	want := []time.Duration{
		15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 8 * time.Hour, 16 * time.Hour, day, day,
	}
	if diff := cmp.Diff(want, waits); diff != "" {
		t.Error(diff)
	}
	d.now = d.now.Add(time.Hour)
	if r := d.work(); r.Reason != "every 1h" {
		t.Errorf("poll meanwhile: %+v", r)
	}
	d.reply = http.StatusAccepted
	d.now = d.now.Add(2 * day)
	d.work()
	if sub := d.subscriptions()[0]; sub.State != syndicate.SubscriptionActive || sub.Failures != 0 || sub.Error != "" {
		t.Errorf("subscription %+v", sub)
	}
}

func TestAHubMayRefuse(t *testing.T) {
	t.Parallel()
	d := newHubDesk(t)
	d.mode = "denied"
	d.work()
	d.work()
	sub := d.subscriptions()[0]
	if sub.State != syndicate.SubscriptionWanted || sub.Error != d.hub.URL+": the hub refuses: too many" || sub.NextAt.Before(d.now.Add(day)) {
		t.Errorf("subscription %+v", sub)
	}
}

func TestAnotherHubTakesThePlaceOfTheFirst(t *testing.T) {
	t.Parallel()
	d := newHubDesk(t)
	first := d.subscribed()
	topic := "<" + d.origin.URL + `/topic>; rel="self"`
	d.origin.play(document(rss("", item("two", "two", d.now)), `Link: <`+d.hub.URL+`/b,c>; title="a; b, c"; rel="hub other", `+topic))
	d.now = d.now.Add(time.Hour)
	d.work()
	subs := d.subscriptions()
	if len(subs) != 2 {
		t.Fatalf("subscriptions %+v", subs)
	}
	for _, sub := range subs {
		want := syndicate.Subscription{Hub: d.hub.URL + "/b,c", Topic: d.origin.URL + "/topic", State: syndicate.SubscriptionWanted}
		if sub.Token == first.Token {
			want = syndicate.Subscription{Hub: d.hub.URL, Topic: d.src.URL, State: syndicate.SubscriptionLeaving}
		}
		if sub.Hub != want.Hub || sub.Topic != want.Topic || sub.State != want.State {
			t.Errorf("%+v, want %+v", sub, want)
		}
	}
	d.work()
	if subs := d.subscriptions(); len(subs) != 1 || subs[0].State != syndicate.SubscriptionActive {
		t.Errorf("after that: %+v", subs)
	}
	d.origin.play(document(rss("", item("three", "three", d.now))))
	d.now = d.now.Add(2 * day)
	d.work()
	d.work()
	if subs := d.subscriptions(); len(subs) != 0 {
		t.Errorf("the feed names no hub any more, and there is %+v", subs)
	}
}

func TestAHubThatDoesNotAskBackIsForgottenWhenLeaving(t *testing.T) {
	t.Parallel()
	d := newHubDesk(t)
	d.subscribed()
	d.mode = "subscribe" // to whatever it is asked: not confirmed
	for range 4 {
		d.askHubs(false)
	}
	if subs := d.subscriptions(); len(subs) != 0 {
		t.Errorf("left over: %+v", subs)
	}
}

func TestHubsMustReachTheSite(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		url string
		ok  bool
	}{
		{"https://news.paper.example", true},
		{"http://news.paper.example:8080/paper", true},
		{"http://203.0.113.9", true},
		{"http://[2001:db9::1]", true},
		{"http://localhost:8080", false},
		{"http://paper", false},
		{"http://paper.local", false},
		{"http://127.0.0.1:8080", false},
		{"http://10.1.2.3", false},
		{"http://100.64.1.1", false},
		{"http://192.168.0.1", false},
		{"http://[::1]:8080", false},
		{"http://[fd00::1]", false},
		{"http://[::ffff:10.0.0.1]", false},
		{"", false},
	} {
		d := newHubDesk(t)
		d.useSite(nil, c.url)
		if r := d.poll(); r.Error != "" {
			t.Fatal(r.Error)
		}
		subs := d.subscriptions()
		if len(subs) != 1 || (subs[0].State == syndicate.SubscriptionWanted) != c.ok || (subs[0].Error == "") != c.ok {
			t.Errorf("%q: subscriptions %+v", c.url, subs)
		}
	}
}

func TestAHubIsAskedWhenTheSiteBecomesPublic(t *testing.T) {
	t.Parallel()
	d := newHubDesk(t)
	poster := d.Hubs.Poster
	d.useSite(nil, "http://localhost:8080") // nil would panic
	d.work()
	d.work()
	want := d.hub.URL + ": the hub cannot push: the Internet cannot reach localhost; set site.url to the public address"
	idle := d.subscriptions()
	if len(idle) != 1 || idle[0].Describe(d.now) != want {
		t.Fatalf("subscriptions %+v", idle)
	}
	if status, _ := d.verify(site+"/websub/"+idle[0].Token, "subscribe", idle[0].Topic, "60"); status != http.StatusNotFound {
		t.Errorf("a hub that nobody asked is answered by %d, want 404", status)
	}
	d.publish("one", "two")
	d.now = d.now.Add(time.Hour)
	d.work()
	if subs := d.subscriptions(); len(subs) != 1 || subs[0].Token != idle[0].Token {
		t.Errorf("after another poll: %+v", subs)
	}
	d.useSite(poster, site)
	d.publish("one", "two", "three")
	d.now = d.now.Add(time.Hour)
	d.work()
	d.work()
	subs := d.subscriptions()
	if len(subs) != 1 || !subs[0].Pushes(d.now) || subs[0].Describe(d.now) != d.hub.URL+" pushes until 2026-12-03 10:00 UTC" {
		t.Errorf("subscriptions %+v", subs)
	}
	d.useSite(nil, "http://localhost:8080")
	d.publish("four")
	d.now = d.now.Add(2 * day)
	d.poll()
	d.useSite(poster, site)
	d.askHubs(false)
	d.askHubs(false)
	if subs := d.subscriptions(); len(subs) != 0 {
		t.Errorf("of a source that left: %+v", subs)
	}
}
