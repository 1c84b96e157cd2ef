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

const pushedPaper = `
site: { title: 江城测试报, url: "https://news.paper.test", language: zh-Hans, timezone: Asia/Shanghai, contact: editor@paper.test }
listen: 127.0.0.1:0
database: %[1]q
polling: { every: 1h, allow_private: [127.0.0.0/8] }
sources:
  - { name: wire, title: 测试电讯, url: %[2]q, kind: feed, every: 1h, full_text: true }
`

// A pushingHub notes what it is asked.
type pushingHub struct {
	*httptest.Server
	asked chan url.Values
}

func newHub(t *testing.T) *pushingHub {
	t.Helper()
	h := &pushingHub{asked: make(chan url.Values, 10)}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err == nil {
			h.asked <- r.PostForm
		}
		w.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(h.Close)
	return h
}

func (h *pushingHub) next(t *testing.T) url.Values {
	t.Helper()
	select {
	case form := <-h.asked:
		return form
	case <-time.After(bound):
		t.Fatal("the hub was not asked")
		return nil
	}
}

// A daemon fetches the pages of articles, subscribes to the hub that a feed
// names, and polls when it pushes.
func TestPagesAndPushes(t *testing.T) {
	databases := map[string]func(t *testing.T) string{
		"SQLite":     func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "paper.db") },
		"PostgreSQL": func(t *testing.T) string { return pgtest.URL(t) },
	}
	for name, database := range databases {
		t.Run(name, func(t *testing.T) { pagesAndPushes(t, database(t)) })
	}
}

func pagesAndPushes(t *testing.T, database string) {
	now := &clock{now: shanghai(t, "2026-11-20 18:00")}
	wire, hub := newOrigin(t), newHub(t)
	serve := func(items ...string) {
		doc := strings.ReplaceAll(rss(items...), "http://origin.test", wire.URL)
		link := `<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="hub" href="` + hub.URL + `"/>`
		wire.Serve("/wire.rss", strings.Replace(doc, "<channel>", "<channel>"+link, 1))
	}
	serve(bridgeItem)
	wire.Serve("/b-1", "<html><head><title>江口大桥今晨合龙</title></head><body><article><h1>江口大桥今晨合龙</h1>"+
		strings.Repeat("<p>大桥由本市三家企业承建，最后一段钢梁今晨六时吊装就位，建设者在桥面合影，随后开始铺装路面。</p>", 6)+"</article></body></html>")
	cfg, file := settings(t, pushedPaper, database, wire.URL+"/wire.rss")
	d := start(t, cfg, now, file)

	await(t, "the page's text", func() bool {
		_, _, feed := d.get("/feeds/all.json")
		return strings.Contains(feed, "最后一段钢梁")
	})
	form := hub.next(t)
	callback, err := url.Parse(form.Get("hub.callback"))
	if err != nil || callback.Host != "news.paper.test" || form.Get("hub.mode") != "subscribe" || form.Get("hub.topic") != wire.URL+"/wire.rss" {
		t.Fatalf("the hub was asked %v", form)
	}
	q := url.Values{"hub.mode": {"subscribe"}, "hub.topic": {form.Get("hub.topic")}, "hub.challenge": {"7c9f"}, "hub.lease_seconds": {"864000"}}
	if status, _, body := d.get(callback.Path + "?" + q.Encode()); status != http.StatusOK || body != "7c9f" {
		t.Fatalf("the hub that asks back is answered by %d %q", status, body)
	}

	now.Set(now.Now().Add(10 * time.Minute)) // the source is not due for 50 minutes
	serve(portItem, bridgeItem)
	if status := d.push(callback.Path, form.Get("hub.secret"), "news"); status != http.StatusAccepted {
		t.Fatalf("the push is answered by %d", status)
	}
	await(t, "the pushed article", func() bool {
		_, _, feed := d.get("/feeds/all.json")
		return strings.Contains(feed, "东港新港口开工") && strings.Contains(feed, "最后一段钢梁")
	})
	sources, err := d.app.Sources(t.Context())
	if err != nil || sources[0].Poll.NextReason != "hub pushes; checked daily" {
		t.Errorf("sources %+v, %v", sources, err)
	}
}

// push delivers a document as a hub does.
func (d *daemon) push(path, secret, document string) int {
	d.t.Helper()
	req, err := http.NewRequestWithContext(d.t.Context(), http.MethodPost, d.base+path, strings.NewReader(document))
	if err != nil {
		d.t.Fatal(err)
	}
	mac := hmac.New(sha256.New, []byte(secret))
	io.WriteString(mac, document)
	req.Header.Set("X-Hub-Signature", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		d.t.Fatal(err)
	}
	defer res.Body.Close()
	return res.StatusCode
}
