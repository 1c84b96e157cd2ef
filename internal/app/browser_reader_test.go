package app_test

import (
	"encoding/json"
	"fmt"
	netmail "net/mail"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"broadsheet/mailer"
)

// mailed is what the papers of the browser's tests have besides.
const mailed = `
digests:
  - { name: weekly, title: 一周测试, schedule: "0 8 * * MON", timezone: Asia/Shanghai, to: [desk@paper.test] }
  - { name: monthly, title: 每月测试, schedule: "0 8 1 * *", timezone: Asia/Shanghai, to: [desk@paper.test] }
`

// mailTo returns the text of the next mail to an address. Others wait until
// they are asked for: several connections bring them in no order.
func (f *frontDoor) mailTo(address string) string {
	f.t.Helper()
	ours := func(m mail) bool { return strings.EqualFold(m.to, address) }
	at := slices.IndexFunc(f.passed, ours)
	for ; at < 0; at = slices.IndexFunc(f.passed, ours) {
		f.passed = append(f.passed, f.relay.Next(f.t))
	}
	m := f.passed[at]
	f.passed = slices.Delete(f.passed, at, at+1)
	msg, err := netmail.ReadMessage(strings.NewReader(string(m.data)))
	if err != nil {
		f.t.Fatal(err)
	}
	if kind := msg.Header.Get("Content-Type"); strings.HasPrefix(kind, "text/plain") {
		return plain(f.t, msg)
	}
	return parts(f.t, msg)["text/plain"]
}

// filledIn lets the time pass that a person without scripts takes for a form.
func (f *frontDoor) filledIn(b *tab) {
	if !b.script {
		f.now.Set(f.now.Now().Add(time.Minute))
	}
}

// reader returns what is stored of a subscriber.
func (f *frontDoor) reader(address string) (mailer.Subscriber, error) {
	r, err := f.app.ExplainSubscriber(f.t.Context(), address)
	return r.Subscriber, err
}

func theme(id string) string { return fmt.Sprintf(`main input[name=theme][value=%s]`, id) }

func readerSubscribes(t *testing.T, open opener) {
	f := newFrontDoor(t, sqlite(t), mailed)
	b := open(t, f.base)

	// The form, with a look at the last week.
	b.open("/?lang=en")
	b.follow(".bymail a")
	b.fill("#email", "Ann@example.com")
	b.press(theme("finance"))
	b.follow("button[value=preview]")
	b.sees("Nothing: no article fits these choices.")
	b.press(theme("infrastructure"))
	b.press(theme("finance"))
	b.fill("#words", "贷款 OR (")
	b.follow("button[value=preview]")
	if !b.finds("#words-fault mark") {
		t.Errorf("the fault is not marked: %s", b.source())
	}
	b.fill("#words", "贷款 OR loan")
	if b.script { // and while writing
		await(t, "the count", func() bool {
			return eval[string](b, `document.querySelector("output").textContent`) == "1 article in seven days"
		})
	}
	b.follow("button[value=preview]")
	b.sees("What the last week would have brought", "1 article in seven days", "临江银行推出小店贷款")
	b.choose("#frequency", "daily")
	b.press("details summary")
	b.fill("#zone", "Europe/Oslo")
	f.filledIn(b)
	b.follow("form.wishes button.main")
	b.sees("Look into your mailbox", "Ann@example.com")

	// The link alone changes nothing, the button does.
	b.open(find(t, "link", confirmPattern, f.mailTo("Ann@example.com")))
	b.sees("Confirm the subscription", "A…n@example.com", "贷款 OR loan")
	if _, err := f.reader("ann@example.com"); err == nil {
		t.Error("subscribed by a link that was only opened")
	}
	b.follow("main button.main")
	b.sees("Subscribed")
	s, err := f.reader("ann@example.com")
	if err != nil || s.Status != mailer.Active || s.Query != "贷款 OR loan" || strings.Join(s.Themes, " ") != "finance" {
		t.Fatalf("subscribed as %+v, %v", s, err)
	}

	b.follow(`main a[href*="/preferences/"]`)
	preferences := b.at()
	readerChooses(t, f, b)
	readerHasAFeed(t, b)
	data := b.download("a[download]", "subscription.json")
	var record struct{ Subscriber struct{ Email string } }
	if err := json.Unmarshal([]byte(data), &record); err != nil || record.Subscriber.Email != "Ann@example.com" {
		t.Errorf("the data that was downloaded, error %v:\n%s", err, data)
	}
	readerLeaves(t, f, b)

	// Erasing takes two decisions.
	b.open(preferences)
	b.press("section[aria-labelledby=data] summary")
	b.follow("button[value=erase]")
	b.sees("Nothing was erased.")
	b.press("input[name=sure]")
	b.follow("button[value=erase]")
	b.sees("Everything stored about this address is erased.")
	if s, err := f.reader("ann@example.com"); err == nil {
		t.Errorf("still stored: %+v", s)
	}
	b.open(preferences)
	b.sees("Nothing is stored about the reader this link was made for")
}

// readerChooses changes what the mails bring, and pauses them.
func readerChooses(t *testing.T, f *frontDoor, b *tab) {
	t.Helper()
	if zone := eval[string](b, `document.querySelector("#zone").value`); zone != "Europe/Oslo" {
		t.Errorf("the time zone has become %q", zone)
	}
	b.press(theme("infrastructure"))
	b.fill("#words", "")
	b.choose("#frequency", "each")
	b.choose("#pause", "2026-12-24")
	b.follow("button[value=save]")
	b.sees("Saved.", "paused until 24 December 2026")
	if s, err := f.reader("ann@example.com"); err != nil || len(s.Themes) != 0 || s.Query != "" || s.PausedUntil != "2026-12-24" {
		t.Errorf("saved as %+v, %v", s, err)
	}
	b.choose("#pause", "")
	b.follow("button[value=save]")
	b.seesNot("paused until")
}

// readerHasAFeed reads the private feed, and changes its address.
func readerHasAFeed(t *testing.T, b *tab) {
	t.Helper()
	preferences, feed := b.at(), b.href(`.feeds a[type="application/atom+xml"]`)
	status := b.open(feed)
	if text := eval[string](b, `document.documentElement.textContent`); status != 200 || !strings.Contains(text, "临江银行推出小店贷款") {
		t.Errorf("%s: status %d, %s", feed, status, text)
	}
	b.open(preferences)
	b.follow("button[value=renew]")
	b.sees("The feed has a new address")
	if now := b.href(`.feeds a[type="application/atom+xml"]`); now == feed {
		t.Errorf("the feed is still at %s", now)
	}
	b.open(feed)
	await(t, "the end of the old feed", func() bool { return b.reload() == 404 })
	b.open(preferences)
}

var leavePattern = regexp.MustCompile(`http://localhost:8080(/unsubscribe/[^\s>]+)`)

// readerLeaves takes the edition of the week and unsubscribes from it.
func readerLeaves(t *testing.T, f *frontDoor, b *tab) {
	t.Helper()
	f.now.Set(shanghai(t, "2026-11-23 08:00"))
	letter := f.mailTo("Ann@example.com")
	if !strings.Contains(letter, "临江银行推出小店贷款") {
		t.Errorf("the edition:\n%s", letter)
	}
	leave := find(t, "link", leavePattern, letter)
	digests := func() string {
		t.Helper()
		s, err := f.reader("ann@example.com")
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(s.Digests, " ")
	}
	before := digests()
	b.open(leave)
	b.sees("Shall “一周测试” stop?", "Or rather less?")
	if now := digests(); now != before {
		t.Errorf("a link that was only opened left %q", now)
	}
	b.follow(`button[value=monthly]`)
	b.sees("Less from now on")
	if s, err := f.reader("ann@example.com"); err != nil || s.Frequency.Word() != "monthly" {
		t.Errorf("less often: %+v, %v", s, err)
	}
	b.open(leave)
	b.follow("button[value=leave]")
	b.sees("Unsubscribed", "“一周测试” will not come any more.")
	if now := digests(); now != "monthly" {
		t.Errorf("after one press: %q", now)
	}
	b.follow("button[value=back]")
	b.sees("Welcome back")
	if now := digests(); now != before {
		t.Errorf("back to %q, not %q", now, before)
	}
}

func readerLooksAround(t *testing.T, open opener) {
	f := newFrontDoor(t, sqlite(t), mailed)
	b := open(t, f.base)
	b.open("/")
	b.sees("金融")
	b.follow(`.dateline a[hreflang=en]`)
	b.sees("Finance")
	b.fill("#q", "贷款 title:小店")
	b.follow("[role=search] button")
	b.sees("1 article", "临江银行推出小店贷款")
	if code := b.follow(".card h3 a"); code != 200 {
		t.Errorf("the article: status %d", code)
	}

	// Why the article is filed there is one press away.
	const reasons = `document.querySelector("details .reasons").checkVisibility()`
	if eval[bool](b, reasons) {
		t.Error("the reason is open before anybody asks")
	}
	b.press("details summary")
	b.sees("Finance", "贷款")
	if !eval[bool](b, reasons) {
		t.Error("the reason does not open")
	}
	b.follow(".kicker a")
	if at := b.at(); !strings.HasPrefix(at, "/themes/finance") {
		t.Errorf("the theme: at %s", at)
	}
	b.follow(`.dateline a[hreflang=zh-Hans]`)
	b.sees("金融")
	b.open("/")
	if lang := eval[string](b, `document.documentElement.lang`); lang != "zh-Hans" {
		t.Errorf("the language that was chosen is forgotten: %s", lang)
	}
	if code := b.open("/no-such-page"); code != 404 {
		t.Errorf("a page that is none: status %d", code)
	}
	b.sees("Page not found", "首页")
}
