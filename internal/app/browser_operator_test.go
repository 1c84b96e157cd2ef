package app_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"
	"golang.org/x/crypto/bcrypt"
)

func operatorFiles(t *testing.T, open opener) {
	f := newFrontDoor(t, sqlite(t))
	b := open(t, f.base)
	b.open("/admin/sources?lang=en")
	if at := b.at(); !strings.HasPrefix(at, "/admin/sign-in?") {
		t.Fatalf("without signing in: at %s", at)
	}
	f.signIn(b)

	// Sources: how they are, and a poll.
	b.follow(`.sections a[href^="/admin/sources"]`)
	b.sees("测试电讯", "1 stored")
	b.follow("main h2 a")
	b.sees("1 articles in it, 1 new")
	b.follow(`form[action*="/poll"] button`)
	b.sees("Not polled: it was polled a moment ago")

	// A text is tried: the terms that count are marked.
	b.open("/admin/themes")
	b.fill("main #title", "Two loans for a bridge")
	b.fill("main #text", "The loan is for the bridge across the river.")
	b.follow(`form[action^="/admin/themes"] button`)
	if marked := eval[string](b, `[...document.querySelectorAll(".passage mark")].map(m => m.textContent).join(" ")`); !strings.Contains(marked, "loan") || !strings.Contains(marked, "bridge") {
		t.Errorf("marked: %q %s", marked, b.source())
	}
	b.sees("Finance", "Infrastructure")
	b.open("/admin/themes")
	b.follow(`form[method=get] button, form:not([method]) button`)
	b.sees("Of 1 articles of the last 30 days, 0 would be filed otherwise.")

	// A correction by click is on the theme's page; so is the end of it.
	b.open("/admin/articles")
	b.follow(".rows a")
	article := b.at()
	b.press(theme("finance"))
	b.press(theme("infrastructure"))
	b.follow(`form[action*="/refile"] button`)
	b.sees("Refiled.")
	b.until("/themes/infrastructure", "临江银行推出小店贷款")
	b.open(article)
	b.follow(`form[action*="/undo"] button`)
	b.sees("Taken back.")
	b.until("/themes/finance", "临江银行推出小店贷款")
	b.open("/admin/log")
	b.sees("signed in", "refiled an article", "took a refiling back")
	b.follow(`form[action^="/admin/sign-out"] button`)
	b.open("/admin/log")
	if at := b.at(); !strings.HasPrefix(at, "/admin/sign-in?") {
		t.Errorf("signed out: at %s", at)
	}
}

func operatorSends(t *testing.T, open opener) {
	f := newFrontDoor(t, sqlite(t), mailed)
	b := open(t, f.base)
	f.signIn(b)
	b.follow(`.sections a[href^="/admin/digests"]`)
	b.follow("main h2 a")
	digest := b.at()
	b.follow(`main a[href*="/preview"]`)
	b.sees("临江银行推出小店贷款")
	b.open(digest)
	b.fill("#to", "me@example.com")
	b.follow(`form[action*="/test"] button`)
	b.sees("The test has been handed over.")
	if letter := f.mailTo("me@example.com"); !strings.Contains(letter, "临江银行推出小店贷款") {
		t.Errorf("the test:\n%s", letter)
	}

	// The relay refuses it, and takes it when it is sent to who lacks it.
	send := func(name string) {
		b.open("/admin/digests/" + name)
		b.press("input[name=sure]")
		b.follow(`form[action*="/send"] button`)
		b.sees("The edition is being made.")
	}
	f.relay.Refuse(&smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: "not today"})
	send("weekly")
	b.until("/admin/digests/weekly/1", "not today")
	b.sees("desk@paper.test", "failed")
	f.relay.Refuse(nil)
	b.follow(`form[action*="/resend"] button`)
	b.sees("Being sent to those who lack it.")
	if letter := f.mailTo("desk@paper.test"); !strings.Contains(letter, "临江银行推出小店贷款") {
		t.Errorf("the edition:\n%s", letter)
	}
	await(t, "the account", func() bool {
		b.open("/admin/digests/weekly/1")
		return eval[bool](b, `[...document.querySelectorAll("td")].some(c => c.textContent === "accepted")`)
	})

	// Another is put off by the relay, and then cancelled.
	f.relay.Refuse(&smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "come again"})
	send("monthly")
	b.until("/admin/digests/monthly/1", "come again")
	b.sees("put off")
	b.press("input[name=sure]")
	b.follow(`form[action*="/cancel"] button`)
	b.sees("Cancelled: what has not gone out is not sent.", "left out")

	b.open("/digests/weekly")
	b.follow("main li a")
	b.sees("临江银行推出小店贷款")
}

func operatorKeepsList(t *testing.T, open opener) {
	f := newFrontDoor(t, sqlite(t), mailed)
	b := open(t, f.base)
	f.signIn(b)
	b.follow(`.sections a[href^="/admin/subscribers"]`)
	list := filepath.Join(t.TempDir(), "list.csv")
	if err := os.WriteFile(list, []byte("email,name\nann@example.com,Ann\nnot an address,X\nben@example.com,Ben\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	b.upload("#list", list)
	if code := b.follow(`form[action*="/import"] button`); code != http.StatusUnprocessableEntity {
		t.Errorf("status %d", code)
	}
	b.sees("Added: 2", "lines left out: 1", "line 3:", "not an address")
	b.open("/admin/subscribers")
	b.fill("#who", "ANN")
	b.follow("form[role=search] button")
	b.seesNot("ben@example.com")
	b.follow(".rows a")
	b.sees("ann@example.com", "Ann", "active", "Nothing has been sent to them yet.")
	b.follow("main form:not(:has(input)) button")
	b.sees("Unsubscribed.", "unsubscribed")
	b.open("/admin/subscribers")
	if csv := b.download(`a[href*="format=csv"]`, "subscribers.csv"); !strings.Contains(csv, "ben@example.com,Ben") || !strings.Contains(csv, "unsubscribed") {
		t.Errorf("the export:\n%s", csv)
	}
	b.open("/admin/log")
	b.sees("imported subscribers", "unsubscribed somebody")
}

func operatorEdits(t *testing.T, open opener) {
	f := newFrontDoor(t, sqlite(t))
	b := open(t, f.base)
	f.signIn(b)
	b.follow(`.sections a[href^="/admin/config"]`)
	before := string(mustRead(t, f.file))

	// A mistake is named with its place and a remedy, and is not saved.
	b.fill("textarea.code", before+"sites: {}\n")
	b.follow("button[value=save]")
	b.sees("config.yaml:", "did you mean site")
	if now := string(mustRead(t, f.file)); now != before {
		t.Fatalf("a mistake was saved:\n%s", now)
	}

	// What is good is saved and put in force: here, a password.
	hash, err := bcrypt.GenerateFromPassword([]byte("eleven herons on a barge"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	after := strings.Replace(before, "江城测试报", "江城晚报", 1) + "# 夜里改的\nadmin: { password_hash: '" + string(hash) + "' }\n"
	b.fill("textarea.code", after)
	b.follow("button[value=check]")
	b.sees("No mistakes.")
	b.follow("button[value=save]")
	if now := string(mustRead(t, f.file)); now != after {
		t.Fatalf("saved:\n%s", now)
	}
	b.until("/", "江城晚报")
	await(t, "the password", func() bool { b.open("/admin"); return b.finds("#password") })
	b.fill("#password", "eleven herons")
	b.follow("main button")
	b.sees("That does not sign in.")
	b.fill("#password", "eleven herons on a barge")
	b.follow("main button")
	if at := b.at(); at != "/admin" {
		t.Errorf("with the password: %s", b.source())
	}
}
