package app_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// nothingFromElsewhere opens the pages there are; a tab notes what they load
// from another host and what their policy forbids.
func nothingFromElsewhere(t *testing.T, open opener) {
	f := newFrontDoor(t, sqlite(t), mailed)
	b := open(t, f.base)
	f.signIn(b)
	found, err := f.app.Search(t.Context(), "", false, 1)
	if err != nil || len(found.Articles) != 1 {
		t.Fatalf("%d articles, %v", len(found.Articles), err)
	}
	key := found.Articles[0].Key
	for _, path := range []string{
		"/", "/themes/finance", "/articles/" + key, "/search?q=贷款", "/search?q=title:", "/feeds", "/feeds/all.rss", "/feeds/all.atom", "/digests", "/digests/weekly",
		"/subscribe", "/contribute", "/contact", "/publishers/apply", "/no-such-page", "/confirm/none", "/preferences/none", "/unsubscribe/none",
		"/admin", "/admin/sources", "/admin/sources/wire", "/admin/articles", "/admin/articles/" + key, "/admin/themes", "/admin/digests", "/admin/digests/weekly",
		"/admin/digests/weekly/preview?format=html", "/admin/subscribers", "/admin/inbox", "/admin/config", "/admin/log",
	} {
		b.open(path)
		for _, fault := range b.noted() {
			t.Errorf("%s: %s", path, fault)
		}
		if strings.HasPrefix(path, "/feeds/") || strings.Contains(path, "/preview") {
			continue // no pages of ours
		}
		if n := eval[int](b, `document.querySelectorAll("script:not([src]), style, [style], [onclick], [onsubmit]").length`); n != 0 {
			t.Errorf("%s: %d scripts or styles within the page", path, n)
		}
	}
}

// A focus is what has the keyboard.
type focus struct {
	Name, Kind, Value, Text string
	Seen                    bool // it is drawn around
}

const focused = `(() => {
	const e = document.activeElement, s = getComputedStyle(e);
	return {
		name: e.name || e.id || "", kind: e.type || e.localName, value: e.value || "", text: e.textContent.trim(),
		seen: s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2 && e.matches(":focus-visible"),
	};
})()`

// keysAlone fills in and sends the form of subscribing with the keyboard.
func keysAlone(t *testing.T, open opener) {
	f := newFrontDoor(t, sqlite(t), mailed)
	b := open(t, f.base)
	b.open("/subscribe?lang=en")

	// The first stop leads past the masthead.
	b.do(chromedp.KeyEvent(kb.Tab))
	if at := eval[focus](b, focused); at.Text != "Skip to the articles" || !at.Seen || !eval[bool](b, `document.activeElement.getBoundingClientRect().left >= 0`) {
		t.Errorf("first comes %+v", at)
	}
	b.do(chromedp.KeyEvent(kb.Enter))
	await(t, "the skip", func() bool { return eval[string](b, `document.activeElement.id`) == "main" })

	// Every stop after it is drawn around; each field is filled in as it comes.
	var stops []string
	for range 40 {
		b.do(chromedp.KeyEvent(kb.Tab))
		at := eval[focus](b, focused)
		stops = append(stops, at.Kind+" "+at.Name+" "+at.Value)
		if !at.Seen {
			t.Errorf("nothing is drawn around %+v", at)
		}
		switch {
		case at.Name == "email":
			b.do(chromedp.KeyEvent("kim@example.com"))
		case at.Name == "theme" && at.Value == "infrastructure", at.Name == "digest" && at.Value == "monthly":
			b.do(chromedp.KeyEvent(" "))
		case at.Kind == "summary":
			b.do(chromedp.KeyEvent(kb.Enter))
		case at.Name == "zone":
			b.do(chromedp.KeyEvent("Europe/Oslo"))
		case at.Kind == "submit" && at.Text == "Subscribe":
			b.load(chromedp.KeyEvent(kb.Enter))
			b.sees("Look into your mailbox", "kim@example.com")
			letter := f.mailTo("kim@example.com")
			if !strings.Contains(letter, "Finance") || strings.Contains(letter, "每月测试") || !strings.Contains(letter, "一周测试") {
				t.Errorf("what was chosen by keys:\n%s", letter)
			}
			if all := strings.Join(stops, "\n"); strings.Contains(all, "website") {
				t.Errorf("the trap for programs is a stop:\n%s", all)
			}
			return
		}
	}
	t.Errorf("no way to the button:\n%s", strings.Join(stops, "\n"))
}

// onPaper looks at what a printed page shows.
func onPaper(t *testing.T, open opener) {
	f := newFrontDoor(t, sqlite(t), mailed)
	b := open(t, f.base)
	found, err := f.app.Search(t.Context(), "", false, 1)
	if err != nil || len(found.Articles) != 1 {
		t.Fatalf("%d articles, %v", len(found.Articles), err)
	}
	media := func(name string) {
		b.do(chromedp.Func(func(ctx context.Context, tg *chromedp.Target) error {
			_, err := cdp.Call(ctx, tg, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Media: name, Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}},
			})
			return err
		}))
	}
	shown := func(selector string) bool {
		return eval[bool](b, fmt.Sprintf(`[...document.querySelectorAll(%q)].some(e => e.checkVisibility())`, selector))
	}
	for _, path := range []string{"/articles/" + found.Articles[0].Key, "/themes/finance", "/"} {
		b.open(path)
		for _, selector := range []string{"nav", "form", "body > footer"} {
			media("")
			if !shown(selector) {
				t.Errorf("%s: no %s on the screen", path, selector)
			}
			media("print")
			if shown(selector) {
				t.Errorf("%s: %s on paper", path, selector)
			}
		}
		if !shown("main h1, main h2, main h3") {
			t.Errorf("%s: no headline on paper", path)
		}
		if ink, paper := eval[string](b, `getComputedStyle(document.body).color`), eval[string](b, `getComputedStyle(document.body).backgroundColor`); ink != "rgb(0, 0, 0)" || paper != "rgb(255, 255, 255)" {
			t.Errorf("%s: %s on %s", path, ink, paper)
		}
		media("")
	}
}
