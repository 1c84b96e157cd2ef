package app_test

import (
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"broadsheet/internal/app"
	"broadsheet/mailer"
)

// A sign-up is the same work whoever has the address: the tables that tell who
// is known, was mailed or is suppressed are hidden while forms come in, and
// nobody misses them. Who they are is looked up by the job, out of sight.
func TestSignUpsDoTheSameWorkForAll(t *testing.T) {
	file := filepath.Join(t.TempDir(), "paper.db")
	wire, c := newOrigin(t), &clock{now: shanghai(t, "2026-11-20 18:00")}
	wire.Serve("/wire.rss", rss(bridgeItem))
	outbox := filepath.Join(t.TempDir(), "outbox")
	cfg, _ := settings(t, letterPaper, "sqlite:"+file, wire.URL+"/wire.rss", outbox)
	b := &letterbox{daemon: start(t, cfg, c, ""), now: c, outbox: outbox, seen: map[string]bool{}}
	b.join("known@mail.test")
	left := b.join("left@mail.test")
	b.post("/unsubscribe/"+left, url.Values{"do": {"all"}})
	never := b.join("never@mail.test")
	b.post("/preferences/"+never, url.Values{"do": {"erase"}, "sure": {"yes"}, "never": {"yes"}})
	if _, err := b.app.Suppress(t.Context(), "bounced@mail.test", "550"); err != nil {
		t.Fatal(err)
	}
	c.Set(c.Now().Add(25 * time.Hour))
	b.stop()

	b.daemon = start(t, cfg, c, "", func(o *app.Options) { o.Roles = []app.Role{app.RoleWeb} })
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	hide := func(from, to string) {
		for _, table := range []string{"subscribers", "subscriptions", "suppressions", "bounce_scores", "deliveries", "consents", "optouts", "sign_up_turns", "sign_up_tokens", "receipts"} {
			if _, err := db.ExecContext(t.Context(), "ALTER TABLE "+table+from+" RENAME TO "+table+to); err != nil {
				t.Fatal(err)
			}
		}
	}
	hide("", "_hidden")
	pages, times := map[string]bool{}, 0
	addresses := []string{"known@mail.test", "left@mail.test", "never@mail.test", "bounced@mail.test", "stranger@mail.test"}
	for _, email := range addresses {
		code, page := b.subscribe(email, "en", nil)
		pages[fmt.Sprint(code, strings.ReplaceAll(page, email, "ADDRESS"))] = true
		if code == 200 {
			times++
		}
	}
	if len(pages) != 1 || times != len(addresses) {
		t.Errorf("%d different answers, %d of %d good", len(pages), times, len(addresses))
	}
	// The same rows, too, but for what was written.
	var shapes int
	err = db.QueryRowContext(t.Context(), `SELECT count(DISTINCT printf('%s %s %s %s', domain, network, consent, outcome)) FROM sign_ups WHERE at > ?`,
		c.Now().Add(-time.Hour).UnixMilli()).Scan(&shapes)
	if err != nil || shapes != 1 {
		t.Errorf("%d kinds of rows, %v", shapes, err)
	}
	hide("_hidden", "")
	b.stop()

	mails := b.letters()
	b.daemon = start(t, cfg, c, "")
	for email, says := range map[string]string{"known@mail.test": "/preferences/", "left@mail.test": "/confirm/", "stranger@mail.test": "/confirm/"} {
		if _, text, _ := b.letter(email); !strings.Contains(text, says) {
			t.Errorf("to %s:\n%s", email, text)
		}
	}
	b.join("other@mail.test") // queued after them
	if n := b.letters(); n != mails+4 {
		t.Errorf("%d mails, want 4: none to who is suppressed", n-mails)
	}
	if s, err := b.app.ExplainSubscriber(t.Context(), "known@mail.test"); err != nil || s.Status != mailer.Active {
		t.Errorf("%s, %v", s.Status, err)
	}
}
