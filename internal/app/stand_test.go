package app_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"broadsheet/internal/app"
	"broadsheet/mailer"
)

// standFile is where `make judge` and `make screenshots` want to be told of the
// stand.
var standFile = flag.String("stand", "", "write the pages of TestStand into this file, and keep them up until it is gone")

// A stand is a paper with every page that takes more to see than its address.
type stand struct {
	*frontDoor
	Base  string      `json:"base"`
	Token string      `json:"token"` // signs an operator in, once
	Pages []standPage `json:"pages"`
}

// A standPage is a page, or the answer to a form of it.
type standPage struct {
	Name   string            `json:"name"`
	Path   string            `json:"path"`
	Lang   string            `json:"lang,omitempty"` // "" is both
	Fill   map[string]string `json:"fill,omitempty"` // by selector
	Click  string            `json:"click,omitempty"`
	Status int               `json:"status"` // of the page, or of the answer
}

var (
	storyPattern   = regexp.MustCompile(`href="(/stories/[^"?]+)`)
	editionPattern = regexp.MustCompile(`http://localhost:8080(/digests/weekly/\d+)`)
)

const (
	dockTitle = "武汉银行为五号码头贷款12亿元"
	dockText  = "武汉银行昨日与港务公司签约，为五号码头贷款12亿元，期限15年，码头建成后可停靠五万吨货船，首批材料由硚口区运来。"
	dockItem  = `<item><guid>d-1</guid><title>` + dockTitle + `</title><link>http://origin.test/d-1</link>
<pubDate>Sat, 28 Nov 2026 15:00:00 +0800</pubDate><description>` + dockText + `</description></item>`
)

// TestStand sets up a paper with readers, contributions and applications in
// every state, and holds that each of its pages is there.
func TestStand(t *testing.T) {
	s := &stand{frontDoor: newFrontDoor(t, sqlite(t), mailed)}
	s.Base = s.base
	s.readers()
	s.signInAgain()
	s.visitors()
	s.forms()
	for _, p := range s.Pages {
		if p.Click != "" {
			continue
		}
		ask := s.visitor
		if strings.HasPrefix(p.Path, "/admin/") && p.Name != "admin-sign-in" {
			ask = s.operator
		}
		if res, err := ask.http.Get(s.base + p.Path); err != nil || res.StatusCode != p.Status {
			t.Errorf("%s: %s: %v, want %d", p.Name, p.Path, err, p.Status)
		} else {
			res.Body.Close()
		}
	}
	if *standFile == "" || t.Failed() {
		return
	}
	link, err := s.app.SignInLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, s.Token, _ = strings.Cut(link, "token=")
	text, err := json.Marshal(s)
	if err == nil {
		err = os.WriteFile(*standFile+".new", text, 0o600)
	}
	if err == nil {
		err = os.Rename(*standFile+".new", *standFile)
	}
	if err != nil {
		t.Fatal(err)
	}
	for tick := time.NewTicker(100 * time.Millisecond); ; <-tick.C {
		if _, err := os.Stat(*standFile); errors.Is(err, fs.ErrNotExist) {
			return
		}
	}
}

func (s *stand) page(name, path string, status int) {
	s.Pages = append(s.Pages, standPage{Name: name, Path: path, Status: status})
}

// signUp fills in the form of subscribing and returns the path of the link that
// is mailed.
func (s *stand) signUp(address string, wishes url.Values) string {
	s.t.Helper()
	_, page := s.visitor.open("/subscribe?lang=en")
	ticket := find(s.t, "ticket", ticketPattern, page)
	form := url.Values{"email": {address}, "ticket": {ticket}, "proof": {proof(ticket)}, "language": {"en"}, "format": {"html"}, "digest": {"weekly", "monthly"}}
	for k, v := range wishes {
		form[k] = v
	}
	if _, page := s.visitor.send("/subscribe", form); !strings.Contains(page, "Look into your mailbox") {
		s.t.Fatalf("signing up %s:\n%s", address, page)
	}
	return find(s.t, "link", confirmPattern, s.mailTo(address))
}

// subscribed returns the token of a subscriber.
func (s *stand) subscribed(address string, wishes url.Values) string {
	s.t.Helper()
	_, page := s.visitor.send(s.signUp(address, wishes), nil)
	return find(s.t, "token", tokenPattern, page)
}

func (s *stand) readers() {
	s.page("confirm-expired", s.signUp("eve@example.com", nil), http.StatusOK)
	s.wire.Serve("/wire.rss", rss(loanItem, dockItem))
	s.now.Set(s.now.Now().Add(8 * 24 * time.Hour))
	s.page("confirm", s.signUp("ask@example.com", url.Values{"theme": {"finance"}, "q": {"贷款 OR loan"}}), http.StatusOK)
	for _, lang := range []string{"zh-Hans", "en"} {
		s.Pages = append(s.Pages, standPage{
			Name: "confirm-done", Path: s.signUp("done-"+lang+"@example.com", nil), Lang: lang, Click: "main button.main", Status: http.StatusOK,
		})
	}
	before := s.signUp("kim@example.com", url.Values{"theme": {"finance"}})
	_, page := s.visitor.send(before, nil)
	kim := find(s.t, "token", tokenPattern, page)
	s.page("confirm-before", before, http.StatusOK)
	s.page("confirm-unknown", "/confirm/AAAAAAAAAAAAAAAAAAAAAA", http.StatusNotFound)
	s.page("preferences", "/preferences/"+kim, http.StatusOK)
	s.page("preferences-fixed", "/preferences/"+app.TokenOf(s.app, mailer.FixedID("desk@paper.test")), http.StatusOK)
	s.page("preferences-forged", "/preferences/"+kim[:30]+"AA", http.StatusNotFound)
	s.Pages = append(s.Pages,
		standPage{Name: "preferences-saved", Path: "/preferences/" + kim, Click: "button[value=save]", Status: http.StatusOK},
		standPage{Name: "preferences-fault", Path: "/preferences/" + kim, Fill: map[string]string{"#words": "贷款 OR ("}, Click: "button[value=save]", Status: http.StatusUnprocessableEntity},
		standPage{Name: "preferences-erase", Path: "/preferences/" + kim, Click: "button[value=erase]", Status: http.StatusUnprocessableEntity},
	)
	s.page("unsubscribe", "/unsubscribe/"+kim+"?digest=weekly", http.StatusOK)
	for _, lang := range []string{"zh-Hans", "en"} { // both can be pressed once
		less, back := s.subscribed("less-"+lang+"@example.com", nil), s.left("back-"+lang+"@example.com", "all")
		s.Pages = append(s.Pages,
			standPage{Name: "unsubscribe-less", Path: "/unsubscribe/" + less + "?digest=weekly", Lang: lang, Click: "button[value=monthly]", Status: http.StatusOK},
			standPage{Name: "unsubscribe-back", Path: "/unsubscribe/" + back, Lang: lang, Click: "button[value=back]", Status: http.StatusOK},
		)
	}
	s.page("unsubscribe-left", "/unsubscribe/"+s.left("leo@example.com", "leave")+"?digest=weekly", http.StatusOK)
	s.page("unsubscribe-all", "/unsubscribe/"+s.left("lea@example.com", "all"), http.StatusOK)
	gone := s.subscribed("gus@example.com", nil)
	s.visitor.send("/preferences/"+gone, url.Values{"do": {"erase"}, "sure": {"yes"}})
	s.page("preferences-gone", "/preferences/"+gone, http.StatusOK)
	s.page("unsubscribe-gone", "/unsubscribe/"+gone, http.StatusOK)
}

// left returns the token of somebody who has left the weekly digest, or all.
func (s *stand) left(address, do string) string {
	s.t.Helper()
	token := s.subscribed(address, nil)
	s.visitor.send("/unsubscribe/"+token+"?digest=weekly", url.Values{"do": {do}})
	return token
}

// signInAgain signs the operator in, whose session the days have ended.
func (s *stand) signInAgain() {
	s.t.Helper()
	link, err := s.app.SignInLink(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	_, token, _ := strings.Cut(link, "token=")
	s.operator.send("/admin/sign-in", url.Values{"token": {token}})
}

func (s *stand) visitors() {
	contribute := func(title, text string) (state, item string) {
		state, page := s.send("/contribute", url.Values{"title": {title}, "text": {text}, "address": {"sender@example.com"}, "theme": {"finance"}})
		if !strings.HasPrefix(state, "/contributions/") {
			s.t.Fatalf("at %s\n%s", state, page)
		}
		id, _, _ := strings.Cut(strings.TrimPrefix(state, "/contributions/"), "-")
		return state, "/admin/inbox/" + id
	}
	await(s.t, "the article on the dock", func() bool {
		found, err := s.app.Search(s.t.Context(), "五号码头", false, 5)
		return err == nil && len(found.Articles) == 1
	})
	accepted, item := contribute(dockTitle, dockText)
	s.operator.send(item, url.Values{"state": {"accepted"}, "theme": {"finance"}, "word": {"Thank you, it is in."}})
	s.page("contribution-accepted", accepted, http.StatusOK)
	s.page("admin-inbox-accepted", item, http.StatusOK)
	declined, item := contribute("周末打折", "全场八折。")
	s.operator.send(item, url.Values{"state": {"declined"}, "word": {"This is an advertisement."}})
	s.page("contribution-declined", declined, http.StatusOK)
	s.page("admin-inbox-declined", item, http.StatusOK)
	waiting, item := contribute("江城大桥合龙", "大桥今晨合龙。\n通车在即，贷款一亿元。")
	s.page("contribution", waiting, http.StatusOK)
	s.page("admin-inbox-contribution", item, http.StatusOK)
	s.send("/contact", url.Values{"subject": {"关于大桥"}, "text": {"第一行\n第二行"}, "name": {"老李"}, "address": {"li@example.com"}})
	item, _ = s.item("letters")
	s.page("admin-inbox-letter", item, http.StatusOK)

	site := newSite(s.t)
	site.serve("/", fmt.Sprintf(frontPage, "", ""))
	site.serve("/feed.xml", harbourFeed())
	at, _ := s.send("/publishers/apply", url.Values{"organisation": {"Harbour Gazette"}, "site": {site.local()}, "address": {"desk@harbour.test"}, "note": {"We print."}})
	s.page("publisher", at, http.StatusOK)
	s.page("publisher-unproved", at+"?fault=unproved", http.StatusOK)
	item, _ = s.item("publishers")
	s.page("admin-inbox-publisher", item, http.StatusOK)
	other := newSite(s.t)
	other.serve("/", fmt.Sprintf(frontPage, "", ""))
	other.serve("/feed.xml", harbourFeed())
	at, page := s.send("/publishers/apply", url.Values{"organisation": {"江城港务"}, "site": {other.local()}, "address": {"desk@port.test"}})
	other.serve("/.well-known/broadsheet-"+find(s.t, "token", tokenLine, page)+".txt", find(s.t, "token", tokenLine, page))
	if _, page := s.prove(find(s.t, "form", provePattern, page)); !strings.Contains(page, "by a file on the site") {
		s.t.Fatalf("not proved:\n%s", page)
	}
	s.page("publisher-proved", at, http.StatusOK)
	for _, box := range []string{"contributions", "publishers", "letters", "contributions/settled"} {
		s.page("admin-inbox-"+strings.ReplaceAll(box, "/", "-"), "/admin/inbox/"+box, http.StatusOK)
	}

	// The contribution tells what the wire does.
	if err := s.app.TellStories(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	found, err := s.app.Search(s.t.Context(), "五号码头", false, 5)
	if err != nil || len(found.Articles) != 2 {
		s.t.Fatalf("%d articles, %v", len(found.Articles), err)
	}
	_, page = s.visitor.open("/articles/" + found.Articles[0].Key)
	s.page("story", find(s.t, "story", storyPattern, page), http.StatusOK)
	s.page("article-retold", "/articles/"+found.Articles[0].Key, http.StatusOK)
	s.page("place", "/places/"+url.PathEscape("武汉"), http.StatusOK)
}

// forms adds the pages of editions, errors, and answers to forms.
func (s *stand) forms() {
	if _, err := s.app.Send(s.t.Context(), "weekly", ""); err != nil {
		s.t.Fatal(err)
	}
	s.page("edition", find(s.t, "page", editionPattern, s.mailTo("desk@paper.test")), http.StatusOK)
	s.page("edition-variant", find(s.t, "page", editionPattern, s.mailTo("kim@example.com")), http.StatusOK)
	s.page("not-found", "/no-such-page", http.StatusNotFound)
	s.page("contact-sent", "/contact?sent=1", http.StatusOK)
	s.page("place-none", "/places/"+url.PathEscape("青海"), http.StatusOK)
	s.page("admin-sign-in", "/admin/sign-in", http.StatusOK)
	s.page("admin-not-found", "/admin/none", http.StatusNotFound)
	s.page("admin-subscriber", "/admin/subscribers/1", http.StatusOK)
	s.Pages = append(s.Pages,
		standPage{Name: "subscribe-asked", Path: "/subscribe", Fill: map[string]string{"#email": "amy@example.com"}, Click: "form.wishes button.main", Status: http.StatusOK},
		standPage{Name: "subscribe-fault", Path: "/subscribe", Fill: map[string]string{"#email": "amy at example", "#words": "title:"}, Click: "button[value=preview]", Status: http.StatusOK},
		standPage{Name: "contribute-fault", Path: "/contribute", Fill: map[string]string{"#link": "nowhere"}, Click: "form.visitor button", Status: http.StatusUnprocessableEntity},
		standPage{Name: "admin-themes-tried", Path: "/admin/themes", Fill: map[string]string{"main #title": "临江银行推出贷款", "main #text": "大桥也有贷款。"}, Click: `form[method=post][action^="/admin/themes"] button`, Status: http.StatusOK},
		standPage{Name: "admin-themes-diff", Path: "/admin/themes?diff=30", Status: http.StatusOK},
		standPage{Name: "admin-config-fault", Path: "/admin/config", Fill: map[string]string{"textarea.code": "sites: {}\n"}, Click: "button[value=check]", Status: http.StatusUnprocessableEntity},
	)
}
