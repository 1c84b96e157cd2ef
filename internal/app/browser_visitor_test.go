package app_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func visitorSendsNews(t *testing.T, open opener) {
	f := newFrontDoor(t, sqlite(t))
	b := open(t, f.base)
	b.open("/?lang=en")
	b.follow(`body > footer a[href^="/contribute"]`)

	// What is missing or wrong is said at its place, and nothing is lost.
	b.fill("#text", "大桥今晨合龙。\n通车在即。")
	b.fill("#address", "sender at example")
	f.filledIn(b)
	b.follow("form.visitor button")
	b.sees("This must be filled in", "This is no mail address")
	if text := eval[string](b, `document.querySelector("#text").value`); text != "大桥今晨合龙。\n通车在即。" {
		t.Errorf("the text has become %q", text)
	}
	b.follow(`[role=alert] a[href="#title"]`)
	b.fill("#title", "江城大桥合龙")
	b.fill("#link", "https://origin.test/bridge")
	b.choose("#theme", "finance")
	b.fill("#address", "sender@example.com")
	f.filledIn(b)
	b.follow("form.visitor button")
	b.sees("Received. It waits for an editor.", "江城大桥合龙")
	state := b.at()
	if receipt := f.mailTo("sender@example.com"); !strings.Contains(receipt, "http://localhost:8080"+strings.TrimSuffix(state, "?lang=en")) {
		t.Errorf("the receipt does not lead to %s:\n%s", state, receipt)
	}

	// An editor reads, files and accepts it; then everybody reads it.
	desk := open(t, f.base)
	f.signIn(desk)
	desk.follow(`.sections a[href^="/admin/inbox"]`)
	desk.follow(`.rows a`)
	desk.sees("江城大桥合龙", "通车在即。", "sender@example.com")
	if desk.finds(theme("infrastructure") + ":checked") {
		desk.press(theme("infrastructure"))
	}
	desk.press(theme("finance"))
	desk.fill("#accept-word", "Thank you, it is in.")
	desk.follow(`section[aria-labelledby=accept] button`)
	desk.sees("Accepted.")
	b.open(state)
	b.sees("Accepted and published.", "Thank you, it is in.")
	b.follow(".original a")
	b.sees("江城大桥合龙", "通车在即。")
	b.until("/themes/finance", "江城大桥合龙")
}

func visitorWrites(t *testing.T, open opener) {
	f := newFrontDoor(t, sqlite(t))
	b := open(t, f.base)
	b.open("/contact?lang=en")
	b.fill("#subject", "关于大桥")
	b.fill("#text", "第一行\n第二行")
	b.fill("#name", "老李")
	b.fill("#address", "li@example.com")
	f.filledIn(b)
	b.follow("form.visitor button")
	b.sees("Sent. The editor will see it.")
	if letter := f.mailTo("editor@paper.test"); !strings.Contains(letter, "第一行\n第二行") || !strings.Contains(letter, "li@example.com") {
		t.Errorf("the editor's mail:\n%s", letter)
	}
	desk := open(t, f.base)
	f.signIn(desk)
	desk.open("/admin/inbox/letters")
	desk.follow(".rows a")
	desk.sees("关于大桥", "老李")
	desk.follow("main button[value=closed]")
	desk.sees("Marked as done.")
}

func visitorBecomesSource(t *testing.T, open opener) {
	f := newFrontDoor(t, sqlite(t))
	s := newSite(t)
	s.serve("/", fmt.Sprintf(frontPage, "", ""))
	s.serve("/feed.xml", harbourFeed())
	b := open(t, f.base)
	b.open("/publishers/apply?lang=en")
	b.fill("#organisation", "Harbour Gazette")
	b.fill("#site", s.local()+"/nowhere")
	b.fill("#address", "desk@harbour.test")
	b.fill("#note", "We print.")
	f.filledIn(b)
	b.follow("form.visitor button")
	b.sees("status 404")
	b.fill("#site", s.local())
	f.filledIn(b)
	b.follow("form.visitor button")
	b.sees("Read as a feed, with 2 articles", "Lock gates reopen", "20 November 2026", "Prove that the site is yours")
	state := b.at()
	f.mailTo("desk@harbour.test")

	// The site is looked at once the button says so, and not too often.
	prove := func() {
		f.now.Set(f.now.Now().Add(20 * time.Minute))
		b.follow("form.visitor button")
	}
	prove()
	b.sees("No proof was found.")
	token := find(t, "token", tokenLine, eval[string](b, `document.documentElement.outerHTML`))
	s.serve("/.well-known/broadsheet-"+token+".txt", token+"\n")
	prove()
	b.sees("by a file on the site")

	// The operator refuses a name that is taken, and has the site read.
	desk := open(t, f.base)
	f.signIn(desk)
	desk.open("/admin/inbox/publishers")
	desk.follow(".rows a")
	desk.sees("Harbour Gazette", "We print.", "Lock gates reopen", "- name: localhost")
	accept := func(name string) {
		desk.fill("#name", name)
		desk.press("input[name=keep][value=database]")
		desk.follow("section[aria-labelledby=accept] button")
	}
	accept("wire")
	desk.sees("There is a source named wire already")
	accept("harbour")
	desk.sees("Accepted.", "The source harbour is kept in the database.")
	b.open(state)
	b.sees("Accepted. It is read regularly from now on.")
	b.until("/search?q=source:harbour", "Lock gates reopen")
	desk.open("/admin/sources/harbour")
	desk.sees("Harbour & Co.", "/feed.xml", "2 stored")
}
