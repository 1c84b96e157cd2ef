package app_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"math/bits"
	"mime/multipart"
	"net/http"
	netmail "net/mail"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"broadsheet/internal/app"
	"broadsheet/internal/store/pgtest"
	"broadsheet/mailer"
)

const letterPaper = `
site: { title: 江城测试报, url: http://localhost:8080, language: zh-Hans, timezone: Asia/Shanghai, contact: editor@paper.test }
listen: 127.0.0.1:0
database: %[1]q
polling: { every: 1h, allow_private: [127.0.0.0/8] }
model: none
themes:
  finance:
    title: { zh-Hans: 金融, en: Finance }
    terms: [贷款, 银行, loan, bank]
  infrastructure:
    title: { zh-Hans: 基础设施, en: Infrastructure }
    terms: [大桥, 港口, bridge, port]
sources:
  - { name: wire, title: 测试电讯, url: %[2]q, kind: feed, every: 1h }
digests:
  - { name: weekly, title: 一周测试, schedule: "0 8 * * MON", timezone: Asia/Shanghai, to: [desk@paper.test] }
  - { name: monthly, title: 每月测试, schedule: "0 8 1 * *", timezone: Asia/Shanghai, to: [desk@paper.test] }
mail:
  from: 江城测试报 <digest@paper.test>
  transport: directory
  directory: %[3]q
`

// A letterbox is a running paper with an outbox in a folder.
type letterbox struct {
	*daemon
	now    *clock
	wire   *origin
	outbox string
	seen   map[string]bool // files that were opened
}

func newLetterbox(t *testing.T, database string) *letterbox {
	t.Helper()
	wire := newOrigin(t)
	wire.Serve("/wire.rss", rss(bridgeItem, loanItem, fairItem))
	b := &letterbox{wire: wire, now: &clock{now: shanghai(t, "2026-11-20 18:00")}, outbox: filepath.Join(t.TempDir(), "outbox"), seen: map[string]bool{}}
	cfg, _ := settings(t, letterPaper, database, wire.URL+"/wire.rss", b.outbox)
	b.daemon = start(t, cfg, b.now, "")
	return b
}

// letter waits for a new mail to an address and returns its text and HTML.
func (b *letterbox) letter(to string) (subject, text, page string) {
	b.t.Helper()
	await(b.t, "mail to "+to, func() bool {
		files, err := filepath.Glob(filepath.Join(b.outbox, "*.eml"))
		if err != nil {
			b.t.Fatal(err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				b.t.Fatal(err)
			}
			msg, err := netmail.ReadMessage(bytes.NewReader(data))
			if err != nil {
				b.t.Fatal(err)
			}
			if b.seen[file] || msg.Header.Get("To") != "<"+to+">" {
				continue
			}
			b.seen[file] = true
			bodies := parts(b.t, msg)
			subject, text, page = msg.Header.Get("Subject"), bodies["text/plain"], bodies["text/html"]
			return true
		}
		return false
	})
	return subject, text, page
}

// letters returns how many mails there are.
func (b *letterbox) letters() int {
	files, err := filepath.Glob(filepath.Join(b.outbox, "*.eml"))
	if err != nil {
		b.t.Fatal(err)
	}
	return len(files)
}

// post sends a form as a browser on the page would.
func (b *letterbox) post(path string, form url.Values) (int, string) {
	b.t.Helper()
	return b.send(path, "application/x-www-form-urlencoded", form.Encode(), "Sec-Fetch-Site", "same-origin")
}

func (b *letterbox) send(path, kind, body string, header ...string) (int, string) {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.base+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	page, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return res.StatusCode, string(page)
}

var (
	ticketPattern  = regexp.MustCompile(`name="ticket" value="([^"]+)"`)
	confirmPattern = regexp.MustCompile(`http://localhost:8080(/confirm/[A-Za-z0-9_-]{22})`)
	tokenPattern   = regexp.MustCompile(`/preferences/([A-Za-z0-9_-]{32})`)
)

// find returns what the first group of a pattern finds.
func find(t *testing.T, what string, pattern *regexp.Regexp, text string) string {
	t.Helper()
	m := pattern.FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("no %s in:\n%s", what, text)
	}
	return m[1]
}

// proof does the work that a browser's script does.
func proof(ticket string) string {
	for i := 0; ; i++ {
		sum := sha256.Sum256(fmt.Appendf(nil, "%s:%d", ticket, i))
		if sum[0] == 0 && sum[1] == 0 && bits.LeadingZeros8(sum[2]) >= 2 {
			return fmt.Sprint(i)
		}
	}
}

// subscribe fills in and sends the form.
func (b *letterbox) subscribe(email, lang string, form url.Values) (int, string) {
	b.t.Helper()
	_, _, page := b.get("/subscribe?lang=" + lang)
	ticket := find(b.t, "ticket", ticketPattern, page)
	all := url.Values{"email": {email}, "ticket": {ticket}, "proof": {proof(ticket)}, "language": {lang}, "format": {"html"}, "digest": {"weekly", "monthly"}}
	for k, v := range form {
		all[k] = v
	}
	return b.post("/subscribe?lang="+lang, all)
}

func TestFromTheFormToTheMailboxAndAway(t *testing.T) {
	databases := map[string]func(t *testing.T) string{
		"SQLite":     func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "paper.db") },
		"PostgreSQL": func(t *testing.T) string { return pgtest.URL(t) },
	}
	for name, database := range databases {
		t.Run(name, func(t *testing.T) { fromFormToMailbox(t, database(t)) })
	}
}

func fromFormToMailbox(t *testing.T, database string) {
	b := newLetterbox(t, database)

	// The form, what the last week would have brought, and the mail that asks.
	if _, _, page := b.get("/subscribe?lang=en"); !strings.Contains(page, "江口大桥今晨合龙") || !strings.Contains(page, "2 articles in seven days") {
		t.Errorf("no sample of the last week:\n%s", page)
	}
	code, page := b.subscribe("Ann@example.com", "en", url.Values{"theme": {"finance"}, "q": {"贷款"}})
	if code != 200 || !strings.Contains(page, "Look into your mailbox") || !strings.Contains(page, "Ann@example.com") {
		t.Fatalf("the form answers %d:\n%s", code, page)
	}
	if _, err := b.app.ExplainSubscriber(t.Context(), "ann@example.com"); err == nil {
		t.Error("there is a subscriber before anything was confirmed")
	}
	subject, text, html := b.letter("Ann@example.com")
	for _, want := range []string{"一周测试", "Finance", "贷款", "seven days", "By subscribing you ask"} {
		if !strings.Contains(text, want) || !strings.Contains(html, want) {
			t.Errorf("%q does not say %q:\n%s", subject, want, text)
		}
	}
	confirm := find(t, "link", confirmPattern, text)
	if !strings.Contains(html, confirm) || strings.Contains(text+html, "<img") {
		t.Errorf("HTML without the link, or with an image:\n%s", html)
	}

	// Following the link changes nothing, pressing the button does, once.
	for range 2 {
		if code, _, page := b.get(confirm); code != 200 || !strings.Contains(page, "A…n@example.com") || !strings.Contains(page, "Confirm the subscription") {
			t.Fatalf("%s answers %d:\n%s", confirm, code, page)
		}
	}
	code, page = b.post(confirm, nil)
	if code != 200 || !strings.Contains(page, "Subscribed") {
		t.Fatalf("confirming answers %d:\n%s", code, page)
	}
	token := find(t, "token", tokenPattern, page)
	if code, page := b.post(confirm, nil); code != 200 || !strings.Contains(page, "used before") || strings.Contains(page, token) {
		t.Errorf("confirmed again: %d:\n%s", code, page)
	}
	checkRecord(t, b, token)

	// The edition comes to her, as she chose it, and one click ends it.
	b.now.Set(shanghai(t, "2026-11-23 08:00"))
	_, text, html = b.letter("Ann@example.com")
	for kind, link := range map[string]string{"preferences": "/preferences/" + token, "unsubscribing": "/unsubscribe/" + token + "?digest=weekly"} {
		if !strings.Contains(text, "http://localhost:8080"+link) || !strings.Contains(html, link) {
			t.Errorf("the edition has no link for %s:\n%s", kind, text)
		}
	}
	if !strings.Contains(text, "临江银行推出小店贷款") || strings.Contains(text, "江口大桥") {
		t.Errorf("not what she chose:\n%s", text)
	}
	b.letter("desk@paper.test")
	if code, _ := b.send("/unsubscribe/"+token+"?digest=weekly", "application/x-www-form-urlencoded", "List-Unsubscribe=One-Click"); code != 200 {
		t.Errorf("one click: %d", code)
	}
	s, err := b.app.ExplainSubscriber(t.Context(), "ann@example.com")
	if err != nil || s.Status != mailer.Active || strings.Join(s.Digests, " ") != "monthly" {
		t.Errorf("after one click: %v, %v, %v", s.Status, s.Digests, err)
	}
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	w.WriteField("List-Unsubscribe", "One-Click")
	w.Close()
	for range 2 { // again is no error
		if code, _ := b.send("/unsubscribe/"+token+"?digest=monthly", w.FormDataContentType(), form.String(), "Origin", "https://mail.example"); code != 200 {
			t.Errorf("one click as multipart: %d", code)
		}
	}
	s, err = b.app.ExplainSubscriber(t.Context(), "ann@example.com")
	if err != nil || s.Status != mailer.Unsubscribed {
		t.Errorf("after the second: %v, %v", s.Status, err)
	}

	// The desk leaves, too; the next edition goes to nobody, and says why.
	desk := app.TokenOf(b.app, mailer.FixedID("desk@paper.test"))
	if code, page := b.post("/unsubscribe/"+desk+"?digest=weekly", url.Values{"do": {"leave"}}); code != 200 || !strings.Contains(page, "已退订") {
		t.Errorf("the desk leaves: %d\n%s", code, page)
	}
	b.news(portItem, "东港新港口开工")
	before := b.letters()
	sent, err := b.app.Send(t.Context(), "weekly", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, dv := range sent.Deliveries {
		if dv.State != mailer.Suppressed || !strings.Contains(dv.Error, "unsubscribed") {
			t.Errorf("%s: %s, %q", dv.To, dv.State, dv.Error)
		}
	}
	if b.letters() != before {
		t.Errorf("%d mails, want %d", b.letters(), before)
	}
}

// news has an article polled, a day later.
func (b *letterbox) news(item, title string) {
	b.t.Helper()
	b.wire.Serve("/wire.rss", rss(item))
	b.now.Set(b.now.Now().Add(25 * time.Hour))
	await(b.t, title, func() bool {
		b.now.Set(b.now.Now().Add(time.Second)) // feeds are rendered once a second
		_, _, body := b.get("/feeds/all.json")
		return strings.Contains(body, title)
	})
}

// checkRecord looks at what a subscriber can download: everything, and the
// proof with it.
func checkRecord(t *testing.T, b *letterbox, token string) {
	t.Helper()
	code, header, body := b.get("/preferences/" + token + "/data.json")
	if code != 200 || !strings.HasPrefix(header.Get("Content-Disposition"), "attachment") || header.Get("Cache-Control") != "no-store" {
		t.Fatalf("data: %d, %v", code, header)
	}
	var record struct {
		Subscriber struct {
			Email, Query string
			Themes       []string
		}
		Feed     string
		Consents []struct {
			Text, Version    string
			Asked, Confirmed time.Time
			Network          string `json:"asked_from_hash"`
		}
	}
	if err := json.Unmarshal([]byte(body), &record); err != nil {
		t.Fatal(err)
	}
	if record.Subscriber.Email != "Ann@example.com" || record.Subscriber.Query != "贷款" || len(record.Consents) != 1 || !strings.Contains(record.Feed, "/feeds/my-") {
		t.Fatalf("data:\n%s", body)
	}
	proof := record.Consents[0]
	if !strings.Contains(proof.Text, "until you unsubscribe") || !strings.HasPrefix(proof.Version, "en-") || proof.Asked.IsZero() ||
		proof.Confirmed.Before(proof.Asked) || len(proof.Network) != 32 || strings.Contains(body, "127.0.0.1") {
		t.Errorf("proof:\n%s", body)
	}
}
