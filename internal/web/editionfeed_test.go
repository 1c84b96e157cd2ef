package web_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mmcdole/gofeed"

	"broadsheet/internal/web"
	"broadsheet/mailer"
)

// many is a digest of thirty editions, of which one was skipped, one is private
// and one is for Arabic readers.
func many() *paper {
	p := sample()
	p.editions = nil
	for n := 30; n > 0; n-- {
		at := time.Date(2026, 1, n, 8, 0, 0, 0, time.UTC)
		e := mailer.Edition{
			ID: int64(n), Digest: "weekly", Number: n, At: at, Created: at.Add(time.Minute), Language: "zh-Hans",
			Subject: fmt.Sprintf("一周产经 1月%d日：<金融>&1", n), HTML: "<body></body>",
			Sections: []mailer.Section{{Title: "金融", URL: "https://paper.example/themes/finance", More: 3, Items: []mailer.Item{
				{Title: "贷款 & <b>粗体</b>\x01", URL: "https://paper.example/articles/k", Source: "江城金融观察", Language: "ar"},
			}}},
		}
		switch n {
		case 29:
			e.Skipped, e.Number = "no new articles", 0
		case 28:
			e.Private = true
		}
		p.editions = append(p.editions, e)
	}
	return p
}

func TestEditionsAsAFeed(t *testing.T) {
	p := many()
	h := handler(t, p)
	w := ask(h, "/digests/weekly.atom")
	if w.Code != 200 || w.Header().Get("Content-Type") != "application/atom+xml; charset=utf-8" || w.Header().Get("Access-Control-Allow-Origin") != "*" {
		t.Fatalf("%d %v", w.Code, w.Header())
	}
	feed, err := gofeed.NewParser().ParseString(w.Body.String())
	if err != nil {
		t.Fatal(err)
	}
	if len(feed.Items) != 20 || feed.Title != "一周产经" || feed.Link != "https://paper.example/digests/weekly" || feed.Updated != "2026-01-30T08:01:00Z" {
		t.Errorf("%d entries of %q at %s, %s", len(feed.Items), feed.Title, feed.Link, feed.Updated)
	}
	if first, second := feed.Items[0], feed.Items[1]; first.GUID != "tag:paper.example,2026:digests/weekly/30" || first.Link != "https://paper.example/digests/weekly/30" ||
		first.Title != "一周产经 1月30日：<金融>&1" || first.Published != "2026-01-30T08:00:00Z" || second.GUID != "tag:paper.example,2026:digests/weekly/27" {
		t.Errorf("first %+v\nsecond %s", first, second.GUID)
	}
	shows(t, feed.Items[0].Content, []string{
		`<h2><a href="https://paper.example/themes/finance">金融</a></h2>`, `<li lang="ar"><a href="https://paper.example/articles/k">贷款 &amp; &lt;b&gt;粗体&lt;/b&gt;`, "江城金融观察", ">+3<",
	}, []string{"\x01"})
	again := do(h, "GET", "/digests/weekly.atom", "If-None-Match: "+w.Header().Get("ETag"))
	if again.Code != 304 {
		t.Errorf("asked again: %d, want 304", again.Code)
	}
}

func TestTheFeedOfEditionsIsAnnounced(t *testing.T) {
	h := handler(t, many())
	shows(t, ask(h, "/digests/weekly").Body.String(), []string{
		`<link rel="alternate" type="application/atom&#43;xml" title="一周产经" href="/digests/weekly.atom">`, `<a href="/digests/weekly.atom" type="application/atom+xml">`,
	}, nil)
	shows(t, ask(h, "/digests?lang=en").Body.String(), []string{`>Editions as an Atom feed<`}, nil)
}

func TestFeedsOfNoEditions(t *testing.T) {
	p := sample()
	p.editions = nil
	h := handler(t, p)
	for _, target := range []string{"/digests/nobody.atom", "/digests/operators.atom", "/digests/.atom", "/digests/weekly.rss"} {
		if w := ask(h, target); w.Code != 404 {
			t.Errorf("%s: %d, want 404", target, w.Code)
		}
	}
	w := ask(h, "/digests/weekly.atom")
	if feed, err := gofeed.NewParser().ParseString(w.Body.String()); err != nil || len(feed.Items) != 0 || !strings.Contains(w.Body.String(), "<updated>") {
		t.Errorf("no edition yet: %d, %v", w.Code, err)
	}
	p.err = fmt.Errorf("disk is gone")
	if w := ask(handlerOf(t, site(), web.Parts{Articles: p, Feeds: publisher(p), Editions: p}), "/digests/weekly.atom"); w.Code != 500 {
		t.Errorf("a store that fails: %d, want 500", w.Code)
	}
}
