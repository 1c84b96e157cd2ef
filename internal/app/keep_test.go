package app_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"broadsheet/internal/app"
)

// What is older than keep: leaves feeds and does not come back, though the
// source still tells it and is polled again.
func TestArticlesAreKeptAsLongAsTheOperatorSays(t *testing.T) {
	o := newOrigin(t)
	o.Serve("/wire.rss", `<rss version="2.0"><channel><title>W</title><item><guid>1</guid><title>An old story</title></item></channel></rss>`)
	file, write := smallPaper(t, "127.0.0.1:0", "贷款", o.URL+"/wire.rss")
	write("贷款", "keep: 60d\n")
	c := &clock{now: time.Date(2026, 8, 1, 8, 0, 0, 0, time.UTC)}
	d := start(t, load(t, file), c, "")
	titles := func() string {
		_, _, body := d.get("/feeds/all.json")
		return body
	}
	await(t, "the first poll", func() bool { return strings.Contains(titles(), "An old story") })
	c.Set(c.Now().Add(61 * 24 * time.Hour))
	o.Serve("/wire.rss", `<rss version="2.0"><channel><title>W</title><item><guid>1</guid><title>An old story</title></item>`+
		`<item><guid>2</guid><title>A new story</title></item></channel></rss>`)
	d.stop()
	d = start(t, load(t, file), c, "") // deletes at once, and then every hour
	await(t, "the old story gone and the new one there", func() bool {
		return strings.Contains(titles(), "A new story") && !strings.Contains(titles(), "An old story")
	})
	if _, err := d.app.Collect(context.Background(), nil, true, func(app.PollReport) {}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(titles(), "An old story") {
		t.Error("the old story is back")
	}
}
