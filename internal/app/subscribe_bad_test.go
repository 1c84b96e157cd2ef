package app_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"broadsheet/internal/app"
	"broadsheet/mailer"
)

// join subscribes and confirms, and returns the token for the preferences.
func (b *letterbox) join(email string) string {
	b.t.Helper()
	b.subscribe(email, "en", nil)
	_, text, _ := b.letter(email)
	_, page := b.post(find(b.t, "link", confirmPattern, text), nil)
	return find(b.t, "token", tokenPattern, page)
}

func TestNothingTellsWhoIsASubscriber(t *testing.T) {
	b := newLetterbox(t, "sqlite:"+filepath.Join(t.TempDir(), "paper.db"))
	known, left := b.join("known@mail.test"), b.join("left@mail.test")
	b.send("/unsubscribe/"+left, "application/x-www-form-urlencoded", "List-Unsubscribe=One-Click")
	b.now.Set(b.now.Now().Add(25 * time.Hour))
	pages := map[string]bool{}
	for _, email := range []string{"known@mail.test", "left@mail.test", "stranger@mail.test"} {
		code, page := b.subscribe(email, "en", nil)
		pages[fmt.Sprint(code, strings.ReplaceAll(page, email, "ADDRESS"))] = true
	}
	if len(pages) != 1 {
		t.Errorf("%d different answers", len(pages))
	}
	// Only the mailbox is told, and nothing changes by itself.
	_, text, html := b.letter("known@mail.test")
	if !strings.Contains(text, "subscribed already") || !strings.Contains(text, "/preferences/"+known) || strings.Contains(text+html, "/confirm/") {
		t.Errorf("to a subscriber:\n%s", text)
	}
	for _, email := range []string{"left@mail.test", "stranger@mail.test"} {
		if _, text, _ := b.letter(email); !strings.Contains(text, "/confirm/") || strings.Contains(text, "/preferences/") {
			t.Errorf("to %s:\n%s", email, text)
		}
	}
	if s, err := b.app.ExplainSubscriber(t.Context(), "left@mail.test"); err != nil || s.Status != mailer.Unsubscribed {
		t.Errorf("who had left is %s, %v", s.Status, err)
	}
}

func TestListBombingFillsNoMailbox(t *testing.T) {
	b := newLetterbox(t, "sqlite:"+filepath.Join(t.TempDir(), "paper.db"))
	for i := range 4 {
		email := strings.Map(func(r rune) rune { // Victim, vIctim, …: one mailbox
			if r == rune("victim"[i]) {
				return r - 32
			}
			return r
		}, "victim") + "@mail.test"
		if code, page := b.subscribe(email, "en", nil); code != 200 {
			t.Fatalf("%s: %d\n%s", email, code, page)
		}
	}
	b.letter("Victim@mail.test")
	// From one network twenty an hour come through, and without work three.
	codes := map[int]int{}
	for i := range 20 {
		code, page := b.subscribe(fmt.Sprintf("reader%d@mail.test", i), "en", url.Values{"theme": {"finance"}})
		codes[code]++
		if code == 429 && (!strings.Contains(page, "in an hour") || !strings.Contains(page, fmt.Sprintf(`value="reader%d@mail.test"`, i))) {
			t.Errorf("the refusal loses what was filled in:\n%s", page)
		}
	}
	if codes[200] != 16 || codes[429] != 4 {
		t.Errorf("answers %v, want 16 taken and 4 refused", codes)
	}
	await(t, "the mails", func() bool { return b.letters() == 17 })
	b.now.Set(b.now.Now().Add(time.Hour))
	_, _, page := b.get("/subscribe")
	ticket := find(t, "ticket", ticketPattern, page)
	b.now.Set(b.now.Now().Add(10 * time.Second))
	for i, want := range []int{200, 422} { // a form is good for one address
		form := url.Values{"ticket": {ticket}, "email": {fmt.Sprintf("slow%d@mail.test", i)}, "digest": {"weekly"}}
		if code, page := b.post("/subscribe", form); code != want {
			t.Errorf("form %d: %d, want %d\n%s", i, code, want, page)
		}
	}
	if code, _ := b.subscribe("victim@mail.test", "en", nil); code != 200 {
		t.Errorf("an hour later: %d", code)
	}
	await(t, "one more mail", func() bool { return b.letters() == 18 })
	b.join("quick@mail.test") // queued after them: so nothing else is on its way
	if n := b.letters(); n != 19 {
		t.Errorf("%d mails, want 19", n)
	}
}

func TestExpiredConfirmationsAreSentAgain(t *testing.T) {
	b := newLetterbox(t, "sqlite:"+filepath.Join(t.TempDir(), "paper.db"))
	b.subscribe("ann@mail.test", "en", url.Values{"theme": {"finance"}})
	_, text, _ := b.letter("ann@mail.test")
	old := find(t, "link", confirmPattern, text)
	b.now.Set(b.now.Now().Add(7 * 24 * time.Hour))
	if code, page := b.post(old, nil); code != 410 || !strings.Contains(page, "has expired") {
		t.Errorf("after a week: %d\n%s", code, page)
	}
	for range 2 { // pressed twice
		if code, page := b.post(old, url.Values{"do": {"again"}}); code != 200 || !strings.Contains(page, "on its way") {
			t.Errorf("asked again: %d\n%s", code, page)
		}
	}
	_, text, _ = b.letter("ann@mail.test")
	fresh := find(t, "link", confirmPattern, text)
	if code, page := b.post(fresh, nil); code != 200 || !strings.Contains(page, "Subscribed") {
		t.Errorf("the new link: %d\n%s", code, page)
	}
	s, err := b.app.ExplainSubscriber(t.Context(), "ann@mail.test")
	if err != nil || s.Status != mailer.Active || strings.Join(s.Themes, " ") != "finance" {
		t.Errorf("subscriber %+v, %v", s.Subscriber, err)
	}
	if code, _ := b.post("/confirm/"+strings.Repeat("A", 22), nil); code != 404 {
		t.Errorf("a forged link: %d", code)
	}
}

// A sign-up that was taken is mailed, whatever stops on the way.
func TestSignUpsSurviveACrashAndARelayThatRefuses(t *testing.T) {
	wire := newOrigin(t)
	wire.Serve("/wire.rss", rss(loanItem))
	mails := newRelay(t)
	host, port := hostPort(t, mails.address)
	cfg, _ := settings(t, paper, "sqlite:"+filepath.Join(t.TempDir(), "paper.db"), wire.URL+"/wire.rss", host, port)
	c := &clock{now: shanghai(t, "2026-11-24 18:00")}
	// A process that serves pages, mails nothing and stops.
	ctx, cancel := context.WithCancel(t.Context())
	started, done := make(chan string, 1), make(chan error, 1)
	a, err := app.New(ctx, cfg, app.Options{Roles: []app.Role{app.RoleWeb}, Now: c.Now, Tick: 50 * time.Millisecond, Started: started})
	if err != nil {
		t.Fatal(err)
	}
	go func() { done <- a.Run(ctx) }()
	web := &letterbox{daemon: &daemon{t: t, app: a, base: "http://" + <-started}, now: c, seen: map[string]bool{}}
	if code, page := web.subscribe("ann@mail.test", "en", url.Values{"digest": {"weekly"}}); code != 200 {
		t.Fatalf("%d\n%s", code, page)
	}
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	mails.Refuse(&smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "come again"})
	d := start(t, cfg, c, "")
	await(t, "the refusal", func() bool { return strings.Contains(d.log.String(), "come again") })
	mails.Refuse(nil)
	m := mails.Next(t)
	if m.to != "ann@mail.test" {
		t.Errorf("mail to %s", m.to)
	}
	// A refusal for good is not tried again, and written down.
	mails.Refuse(&smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such mailbox"})
	b := &letterbox{daemon: d, now: c}
	b.subscribe("nobody@mail.test", "en", url.Values{"digest": {"weekly"}})
	await(t, "the refusal for good", func() bool { return strings.Contains(d.log.String(), "confirmation refused") })
	if strings.Contains(d.log.String(), "nobody@mail.test") {
		t.Error("the log has the address of who did not subscribe")
	}
}

func TestPreferencesOfASubscriber(t *testing.T) {
	b := newLetterbox(t, "sqlite:"+filepath.Join(t.TempDir(), "paper.db"))
	token := b.join("ann@mail.test")
	at := "/preferences/" + token
	code, page := b.post(at, url.Values{"do": {"save"}, "digest": {"weekly"}, "theme": {"finance"}, "frequency": {"weekly"}, "hour": {"7"}, "zone": {"Europe/Lisbon"}, "pause": {"2026-12-24"}, "format": {"text"}, "language": {"en"}})
	s, err := b.app.ExplainSubscriber(t.Context(), "ann@mail.test")
	if err != nil || code != 200 {
		t.Fatalf("%d, %v\n%s", code, err, page)
	}
	got := fmt.Sprint(s.Digests, s.Themes, s.Frequency, s.Hour.Word(), s.Timezone, s.PausedUntil, s.Format, s.Status)
	if want := "[weekly] [finance] weekly 7 Europe/Lisbon 2026-12-24 text active"; strings.ReplaceAll(got, " ", "") != strings.ReplaceAll(want, " ", "") {
		t.Errorf("saved %s, want %s", got, want)
	}
	feed := func() string {
		_, _, page := b.get(at)
		i := strings.Index(page, "http://localhost:8080/feeds/my-")
		return page[i : i+strings.IndexByte(page[i:], '"')]
	}
	before := feed()
	if code, _, body := b.get(strings.TrimPrefix(before, "http://localhost:8080")); code != 200 || !strings.Contains(body, "临江银行") || strings.Contains(body, "江口大桥") {
		t.Errorf("the feed: %d\n%s", code, body)
	}
	b.post(at, url.Values{"do": {"renew"}})
	if after := feed(); after == before {
		t.Error("the feed has its old address")
	}
	b.post("/unsubscribe/"+token+"?digest=weekly", url.Values{"do": {"leave"}})
	if code, page := b.post("/unsubscribe/"+token+"?digest=weekly", url.Values{"do": {"back"}}); code != 200 || !strings.Contains(page, "Welcome back") {
		t.Errorf("back: %d\n%s", code, page)
	}
	if s, err = b.app.ExplainSubscriber(t.Context(), "ann@mail.test"); err != nil || s.Status != mailer.Active || s.Timezone != "Europe/Lisbon" {
		t.Errorf("back again: %+v, %v", s.Subscriber, err)
	}

	// The desk is named in the configuration: it chooses among its digests.
	desk := "/preferences/" + app.TokenOf(b.app, mailer.FixedID("desk@paper.test"))
	b.post(desk, url.Values{"do": {"save"}, "digest": {"monthly"}})
	_, _, page = b.get(desk + "?lang=en")
	if !strings.Contains(page, `value="monthly" checked`) || strings.Contains(page, `value="weekly" checked`) {
		t.Errorf("the desk's choice:\n%s", page)
	}
	if _, _, data := b.get(desk + "/data.json"); !strings.Contains(data, `"unsubscribed": [`) || !strings.Contains(data, "desk@paper.test") {
		t.Errorf("the desk's data:\n%s", data)
	}

	// Erased is erased, and the links in old mails say so.
	b.post(at, url.Values{"do": {"erase"}, "sure": {"yes"}, "never": {"yes"}})
	if _, err := b.app.ExplainSubscriber(t.Context(), "ann@mail.test"); err == nil {
		t.Error("the subscriber is still there")
	}
	if code, _, page := b.get(at + "?lang=en"); code != 200 || !strings.Contains(page, "Nothing is stored") || strings.Contains(page, "ann@") {
		t.Errorf("preferences after that: %d\n%s", code, page)
	}
	if code, _, _ := b.get(at + "/data.json"); code != 404 {
		t.Errorf("data after that: %d", code)
	}
	if code, _ := b.send("/unsubscribe/"+token+"?digest=weekly", "application/x-www-form-urlencoded", "List-Unsubscribe=One-Click"); code != 200 {
		t.Errorf("one click after that: %d", code)
	}

	// She wanted no mail ever: not even that which asks to confirm.
	b.now.Set(b.now.Now().Add(25 * time.Hour))
	mails := b.letters()
	if code, page := b.subscribe("Ann@mail.test", "en", nil); code != 200 || !strings.Contains(page, "Look into your mailbox") {
		t.Errorf("subscribing after that: %d\n%s", code, page)
	}
	b.join("other@mail.test") // queued after hers
	if n := b.letters(); n != mails+1 {
		t.Errorf("%d mails more, want that to the other one", n-mails)
	}
}

func TestManyClicksAtOnce(t *testing.T) {
	b := newLetterbox(t, "sqlite:"+filepath.Join(t.TempDir(), "paper.db"))
	token := b.join("ann@mail.test")
	var wait sync.WaitGroup
	for i := range 12 {
		wait.Go(func() {
			path := b.base + "/unsubscribe/" + token + "?digest=" + []string{"weekly", "monthly"}[i%2]
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader("List-Unsubscribe=One-Click"))
			if err != nil {
				t.Error(err)
				return
			}
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Error(err)
				return
			}
			defer res.Body.Close()
			if _, err := io.Copy(io.Discard, res.Body); err != nil || res.StatusCode != 200 {
				t.Errorf("status %d, %v", res.StatusCode, err)
			}
		})
	}
	wait.Wait()
	if s, err := b.app.ExplainSubscriber(t.Context(), "ann@mail.test"); err != nil || s.Status != mailer.Unsubscribed {
		t.Errorf("%s, %v", s.Status, err)
	}
}
