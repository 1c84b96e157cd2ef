package app_test

import (
	"mime"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// decide settles what waits first in a part of the inbox.
func (f *frontDoor) decide(box string, verdict url.Values) string {
	f.t.Helper()
	item, _ := f.item(box)
	if at, page := f.operator.send(item, verdict); !strings.HasPrefix(at, item+"?done=") {
		f.t.Fatalf("settled: at %s\n%s", at, page)
	}
	return item
}

func TestSendersAreToldOfDecisions(t *testing.T) {
	f := newFrontDoor(t, sqlite(t))
	send := func(title, tell string) (at string) {
		f.now.Set(f.now.Now().Add(16 * time.Minute))
		at, _ = f.send("/contribute", url.Values{"title": {title}, "text": {"大桥。"}, "address": {"ann@example.com"}, "tell": {tell}})
		return at
	}
	first := send("Bridge at www.evil.com", "yes")
	wants(t, "the receipt", plain(t, f.mail()), first)
	f.decide("contributions", url.Values{"state": {"accepted"}})
	told := f.mail()
	subject, err := new(mime.WordDecoder).DecodeHeader(told.Header.Get("Subject"))
	if to := told.Header.Get("To"); err != nil || to != "<ann@example.com>" || subject != "江城测试报: what you sent has been decided" {
		t.Errorf("to %s: %s, %v", to, subject, err)
	}
	text := plain(t, told)
	wants(t, "the mail", text, "Accepted: Bridge at www. evil. com\nhttp://localhost:8080"+first)
	if strings.Contains(text, "evil.com") {
		t.Errorf("it repeats an address:\n%s", text)
	}
	await(t, "the account of it", func() bool {
		_, page := f.operator.open("/admin/inbox/1")
		return strings.Contains(page, "decision mailed: 20 November 2026")
	})

	// Two more within the hour come together when it is over; who did not ask
	// is not told.
	f.now.Set(f.now.Now().Add(-30 * time.Minute))
	second, third := send("The second", "yes"), send("The third", "on")
	f.decide("contributions", url.Values{"state": {"declined"}})
	f.decide("contributions", url.Values{"state": {"declined"}})
	f.send("/contact", url.Values{"subject": {"queued after them"}, "text": {"x"}})
	if to := f.mail().Header.Get("To"); to != "<editor@paper.test>" {
		t.Errorf("a second decision was mailed within the hour, to %s", to)
	}
	f.now.Set(f.now.Now().Add(2 * time.Hour))
	fourth := send("The fourth", "yes")
	wants(t, "the receipt", plain(t, f.mail()), fourth)
	f.decide("contributions", url.Values{"state": {"declined"}, "word": {"no"}})
	text = plain(t, f.mail())
	wants(t, "the mail", text, "Declined: The second\nhttp://localhost:8080"+second, "Declined: The fourth\nhttp://localhost:8080"+fourth)
	if strings.Contains(text, "third") || strings.Contains(text, third) || strings.Contains(text, "Bridge") {
		t.Errorf("the mail tells too much:\n%s", text)
	}

	// A relay that refuses for now loses nothing.
	f.now.Set(f.now.Now().Add(2 * time.Hour))
	send("The fifth", "yes")
	f.mail()
	f.relay.Refuse(&smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "later"})
	item := f.decide("contributions", url.Values{"state": {"declined"}})
	await(t, "the refusal", func() bool { return strings.Contains(f.log.String(), "451") })
	f.relay.Refuse(nil)
	wants(t, "the mail", plain(t, f.mail()), "Declined: The fifth")
	await(t, "the account of it", func() bool {
		_, page := f.operator.open(item)
		return strings.Contains(page, "decision mailed")
	})
}

func TestApplicantsAreToldInTheirLanguage(t *testing.T) {
	f := newFrontDoor(t, sqlite(t))
	s := newSite(t)
	s.serve("/feed.xml", harbourFeed())
	_, page := f.visitor.open("/publishers/apply?lang=zh-Hans")
	form := url.Values{
		"organisation": {"港报"}, "site": {s.local() + "/feed.xml"}, "address": {"desk@harbour.test"}, "tell": {"yes"},
		"ticket": {find(t, "ticket", ticketPattern, page)},
	}
	f.now.Set(f.now.Now().Add(time.Minute))
	f.visitor.send("/publishers/apply?lang=zh-Hans", form)
	f.mail()
	f.decide("publishers", url.Values{"state": {"accepted"}, "keep": {"database"}})
	wants(t, "the mail", plain(t, f.mail()), "已同意入驻：港报\nhttp://localhost:8080/publishers/1-")
}

// Who is suppressed gets no mail about what they send, and nothing on the
// pages of visitors tells that.
func TestSuppressedSendersGetNoMail(t *testing.T) {
	f := newFrontDoor(t, sqlite(t))
	if _, err := f.app.Suppress(t.Context(), "gone@example.com", "asked by telephone"); err != nil {
		t.Fatal(err)
	}
	pages := map[string]string{}
	for _, address := range []string{"gone@example.com", "here@example.com"} {
		at, page := f.send("/contribute", url.Values{"title": {"Bridge of " + address}, "text": {"x"}, "address": {address}, "tell": {"yes"}})
		page = strings.ReplaceAll(strings.ReplaceAll(page, at, ""), address, "")
		_, page, _ = strings.Cut(page, "<main")
		pages[page] = at
		f.now.Set(f.now.Now().Add(-time.Minute))
	}
	if len(pages) != 1 {
		t.Errorf("%d different answers", len(pages))
	}
	f.decide("contributions", url.Values{"state": {"declined"}})
	f.decide("contributions", url.Values{"state": {"declined"}})
	for range 2 { // the receipt and the decision
		if to := f.mail().Header.Get("To"); to != "<here@example.com>" {
			t.Errorf("mail to %s", to)
		}
	}
	await(t, "the account", func() bool {
		_, page := f.operator.open("/admin/inbox/1")
		return strings.Contains(page, "Mail not sent: the mailbox is suppressed") && strings.Contains(page, "decision not mailed: the mailbox is suppressed")
	})
	if code, _, page := f.get("/contribute"); code != http.StatusOK || !strings.Contains(page, `name="tell"`) {
		t.Errorf("the form: %d", code)
	}
	select {
	case m := <-f.relay.got:
		t.Errorf("one more mail, to %s", m.to)
	default:
	}
}
