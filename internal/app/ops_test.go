package app_test

import (
	"context"
	"encoding/xml"
	"net/http"
	"strings"
	"testing"
	"time"

	"broadsheet/internal/app"
)

func TestTheOperatorsFeedSaysWhatIsWrong(t *testing.T) {
	o := newOrigin(t)
	file, _ := smallPaper(t, "127.0.0.1:0", "贷款", o.URL+"/wire.rss")
	c := &clock{now: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)}
	d := start(t, load(t, file), c, "")
	await(t, "the first poll", func() bool {
		sources, err := d.app.Sources(context.Background())
		return err == nil && sources[0].Poll.Error != ""
	})
	status, err := d.app.Status(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	path, ok := strings.CutPrefix(status.OpsFeed, "http://localhost:8080")
	if !ok || len(path) != len("/feeds/ops.atom?key=")+32 {
		t.Fatalf("address %q, want one with a key of 128 bits", status.OpsFeed)
	}
	code, header, body := d.get(path)
	var feed struct {
		Entry []struct {
			Title   string `xml:"title"`
			Updated string `xml:"updated"`
			Content string `xml:"content"`
		} `xml:"entry"`
	}
	if err := xml.Unmarshal([]byte(body), &feed); err != nil || code != http.StatusOK || header.Get("Cache-Control") != "private, no-store" {
		t.Fatalf("status %d, %v, %v:\n%s", code, header, err, body)
	}
	if len(feed.Entry) != 1 || feed.Entry[0].Title != "wire: failed" || feed.Entry[0].Updated != "2026-11-23T08:00:00Z" ||
		!strings.Contains(feed.Entry[0].Content, "status 404") {
		t.Errorf("entries %+v", feed.Entry)
	}
	for _, wrong := range []string{"/feeds/ops.atom", "/feeds/ops.atom?key=", path[:len(path)-1], path + "0"} {
		if code, _, body := d.get(wrong); code != http.StatusNotFound || strings.Contains(body, "wire") {
			t.Errorf("%s: status %d:\n%s", wrong, code, body)
		}
	}
	again, err := d.app.Status(context.Background())
	if err != nil || again.OpsFeed != status.OpsFeed {
		t.Errorf("the key changes: %q, %v", again.OpsFeed, err)
	}
}

func TestForgottenArticlesStayForgotten(t *testing.T) {
	o := newOrigin(t)
	o.Serve("/wire.rss", `<rss version="2.0"><channel><title>W</title><item><guid>1</guid><title>One</title></item></channel></rss>`)
	file, _ := smallPaper(t, "127.0.0.1:0", "贷款", o.URL+"/wire.rss")
	a, err := app.New(t.Context(), load(t, file), app.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	collect := func() []string {
		t.Helper()
		if _, err := a.Collect(t.Context(), nil, true, func(app.PollReport) {}); err != nil {
			t.Fatal(err)
		}
		found, err := a.Search(t.Context(), "", false, 10)
		if err != nil {
			t.Fatal(err)
		}
		var keys []string
		for _, x := range found.Articles {
			keys = append(keys, x.Key)
		}
		return keys
	}
	keys := collect()
	if n, err := a.Forget(t.Context(), keys); n != 1 || err != nil {
		t.Fatalf("%d forgotten, %v", n, err)
	}
	o.Serve("/wire.rss", `<rss version="2.0"><channel><title>W</title><item><guid>1</guid><title>One, corrected</title></item>`+
		`<item><guid>2</guid><title>Two</title></item></channel></rss>`)
	if left := collect(); len(left) != 1 || left[0] == keys[0] {
		t.Errorf("articles %q, want the new one alone", left)
	}
}
