package app_test

import (
	"strings"
	"testing"
	"time"

	"broadsheet/mailer"
)

// A subscriber's feed holds what the subscriber's digest tells, opens to whoever
// knows its address, and ends with another key or with the subscription.
func TestPrivateFeed(t *testing.T) {
	o := newOrigin(t)
	o.Serve("/wire.rss", rss(bridgeItem, loanItem))
	file, write := smallPaper(t, "127.0.0.1:0", "贷款", o.URL+"/wire.rss")
	write("贷款", "model: none\ndigests:\n  - { name: weekly, schedule: \"0 8 * * MON\", to: [] }\n  - { name: ops, operator: true, schedule: \"0 8 * * MON\", to: [] }\n")
	c := &clock{now: time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC)}
	d := start(t, load(t, file), c, "")
	await(t, "the first poll", func() bool {
		_, _, body := d.get("/feeds/finance.json")
		return strings.Contains(body, "贷款")
	})
	for _, s := range []mailer.Subscriber{
		{Email: "ann@example.com"},
		{Email: "bob@example.com", Selection: mailer.Selection{Query: "nothing-like-it"}},
	} {
		if _, err := d.app.Subscribe(t.Context(), s, false); err != nil {
			t.Fatal(err)
		}
	}
	path := func(email string, renew bool) string {
		t.Helper()
		address, err := d.app.FeedAddress(t.Context(), email, renew)
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimPrefix(address, "http://localhost:8080")
	}
	ann, bob := path("ann@example.com", false), path("bob@example.com", false)
	if again := path("ANN@example.com", false); again != ann || ann == bob || len(ann) < len("/feeds/my-1-")+26 {
		t.Errorf("addresses %q, %q and %q", ann, again, bob)
	}
	for _, format := range []string{".rss", ".atom", ".json"} {
		code, header, body := d.get(ann + format)
		if code != 200 || !strings.Contains(body, "贷款") || header.Get("Cache-Control") != "private, max-age=900" ||
			strings.Contains(header.Get("Link"), "hub") || strings.Contains(body, "/hub") || header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: status %d, %v:\n%s", format, code, header, body)
		}
	}
	if code, _, body := d.get(bob + ".json"); code != 200 || strings.Contains(body, "贷款") {
		t.Errorf("a selection that fits nothing: status %d\n%s", code, body)
	}
	for _, wrong := range []string{ann[:len(ann)-1] + ".rss", "/feeds/my-1-.rss", "/feeds/my-x.rss", "/feeds/my-99-" + ann[len(ann)-26:] + ".rss", ann + "/archive/2026-11.atom"} {
		if code, _, _ := d.get(wrong); code != 404 {
			t.Errorf("%s: status %d, want 404", wrong, code)
		}
	}
	renewed := path("ann@example.com", true)
	await(t, "the old address ended", func() bool { code, _, _ := d.get(ann + ".rss"); return code == 404 })
	if code, _, _ := d.get(renewed + ".rss"); code != 200 {
		t.Errorf("the new address: status %d", code)
	}
	if err := d.app.Unsubscribe(t.Context(), "ann@example.com", false); err != nil {
		t.Fatal(err)
	}
	await(t, "the feed ended with the subscription", func() bool { code, _, _ := d.get(renewed + ".rss"); return code == 404 })
	if _, _, body := d.get("/feeds.opml"); strings.Contains(body, "/my-") {
		t.Error("the list of feeds names private ones")
	}
}
