package app_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"broadsheet/internal/app"
)

// Last-Modified does not go back when an article is forgotten while nobody
// looks: over a restart the program remembers as what it sent the feed.
func TestLastModifiedOutlivesARestart(t *testing.T) {
	o := newOrigin(t)
	o.Serve("/wire.rss", `<rss version="2.0"><channel><title>W</title><item><guid>1</guid><title>An early story</title></item></channel></rss>`)
	file, _ := smallPaper(t, "127.0.0.1:0", "贷款", o.URL+"/wire.rss")
	c := &clock{now: time.Date(2026, 8, 1, 8, 0, 0, 0, time.UTC)}
	d := start(t, load(t, file), c, "")
	body := func() string {
		_, _, body := d.get("/feeds/all.json")
		return body
	}
	await(t, "the first poll", func() bool { return strings.Contains(body(), "An early story") })
	c.Set(c.Now().Add(time.Hour))
	o.Serve("/wire.rss", `<rss version="2.0"><channel><title>W</title><item><guid>1</guid><title>An early story</title></item>`+
		`<item><guid>2</guid><title>A late story</title></item></channel></rss>`)
	if _, err := d.app.Collect(t.Context(), nil, true, func(app.PollReport) {}); err != nil {
		t.Fatal(err)
	}
	await(t, "the late story", func() bool { return strings.Contains(body(), "A late story") })
	modified := func() time.Time {
		_, header, _ := d.get("/feeds/all.json")
		at, err := http.ParseTime(header.Get("Last-Modified"))
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	before := modified()
	d.stop()
	c.Set(c.Now().Add(time.Hour))
	editor, err := app.New(t.Context(), load(t, file), app.Options{Now: c.Now})
	if err != nil {
		t.Fatal(err)
	}
	found, err := editor.Search(t.Context(), "late", false, 1)
	if err != nil || len(found.Articles) != 1 {
		t.Fatalf("%+v, %v", found, err)
	}
	if _, err := editor.Forget(t.Context(), []string{found.Articles[0].Key}); err != nil {
		t.Fatal(err)
	}
	if err := editor.Close(); err != nil {
		t.Fatal(err)
	}
	d = start(t, load(t, file), c, "")
	if after := modified(); !after.After(before) || strings.Contains(body(), "A late story") {
		t.Errorf("with an article less Last-Modified is %v, was %v", after, before)
	}
}
