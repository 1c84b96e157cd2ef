package app_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/http/httptest"
	netmail "net/mail"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"broadsheet/internal/app"
	"broadsheet/internal/config"
	"broadsheet/internal/store/pgtest"
	"broadsheet/internal/web"
	"broadsheet/mailer/doctor"
)

// A frontDoor is a paper that visitors come to, with an SMTP relay.
type frontDoor struct {
	*daemon
	now      *clock
	wire     *origin
	relay    *relay
	visitor  *operator // a browser that is not signed in
	operator *operator
	file     string
	passed   []mail // that came while another one was waited for

	mu      sync.Mutex
	records map[string][]string // TXT, by name
}

const visitorPaper = `
site: { title: 江城测试报, url: http://localhost:8080, language: zh-Hans, timezone: Asia/Shanghai, contact: editor@paper.test }
listen: 127.0.0.1:0
database: %[1]q
polling: { every: 1h, allow_private: [127.0.0.0/8] }
model: none
themes:
  finance: { title: { zh-Hans: 金融, en: Finance }, terms: [贷款, 银行, loan] }
  infrastructure: { title: { zh-Hans: 基础设施, en: Infrastructure }, terms: [大桥, 港口, bridge] }
sources:
  - { name: wire, title: 测试电讯, url: %[2]q, kind: feed, every: 1h }
mail:
  from: 江城测试报 <digest@paper.test>
  transport: smtp
  smtp: { host: %[3]s, port: %[4]s, tls: none }
`

// newFrontDoor starts a paper whose configuration ends with more.
func newFrontDoor(t *testing.T, database string, more ...string) *frontDoor {
	t.Helper()
	wire := newOrigin(t)
	wire.Serve("/wire.rss", rss(loanItem))
	f := &frontDoor{now: &clock{now: shanghai(t, "2026-11-20 18:00")}, wire: wire, relay: newRelay(t), records: map[string][]string{}}
	host, port := hostPort(t, f.relay.address)
	cfg, file := settings(t, visitorPaper+strings.Join(more, ""), database, wire.URL+"/wire.rss", host, port)
	f.file = file
	f.open(t, cfg)
	return f
}

// open starts the paper, for the first time or again.
func (f *frontDoor) open(t *testing.T, cfg *config.Config) {
	t.Helper()
	f.daemon = start(t, cfg, f.now, f.file, func(o *app.Options) {
		o.Reach = []string{"127.0.0.0/8"}
		o.Resolver = txtRecords{net.DefaultResolver, f}
	})
	f.visitor, f.operator = newOperator(t, f.daemon), newOperator(t, f.daemon)
	link, err := f.app.SignInLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, token, _ := strings.Cut(link, "token=")
	f.operator.send("/admin/sign-in", url.Values{"token": {token}})
}

// txtRecords answers for TXT records what the test says.
type txtRecords struct {
	doctor.Resolver
	f *frontDoor
}

func (r txtRecords) LookupTXT(_ context.Context, name string) ([]string, error) {
	r.f.mu.Lock()
	defer r.f.mu.Unlock()
	if records, ok := r.f.records[name]; ok {
		return records, nil
	}
	return nil, errors.New("no such name")
}

func sqlite(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "paper.db") }

// send fills in and sends a visitor's form, as one who has no script and takes
// a minute.
func (f *frontDoor) send(path string, form url.Values) (at, page string) {
	f.t.Helper()
	_, page = f.visitor.open(path)
	form.Set("ticket", find(f.t, "ticket", ticketPattern, page))
	f.now.Set(f.now.Now().Add(time.Minute))
	return f.visitor.send(path, form)
}

func (f *frontDoor) mail() *netmail.Message {
	f.t.Helper()
	m := f.relay.Next(f.t)
	msg, err := netmail.ReadMessage(strings.NewReader(string(m.data)))
	if err != nil {
		f.t.Fatal(err)
	}
	return msg
}

// plain returns what a mail of text alone says.
func plain(t *testing.T, msg *netmail.Message) string {
	t.Helper()
	body := msg.Body
	switch msg.Header.Get("Content-Transfer-Encoding") {
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, msg.Body)
	case "quoted-printable":
		body = quotedprintable.NewReader(msg.Body)
	}
	text, err := io.ReadAll(body)
	if kind := msg.Header.Get("Content-Type"); err != nil || !strings.HasPrefix(kind, "text/plain") {
		t.Fatalf("a mail of type %s: %v", kind, err)
	}
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}

var itemPattern = regexp.MustCompile(`href="(/admin/inbox/\d+)"`)

// item opens the only thing that waits in a part of the inbox.
func (f *frontDoor) item(box string) (at, page string) {
	f.t.Helper()
	_, page = f.operator.open("/admin/inbox/" + box)
	return f.operator.open(find(f.t, "item in the inbox", itemPattern, page))
}

func wants(t *testing.T, what, page string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(page, w) {
			t.Errorf("%s does not say %q:\n%.6000s", what, w, page)
		}
	}
}

func TestContributionBecomesAnArticle(t *testing.T) {
	for name, database := range map[string]func(*testing.T) string{"SQLite": sqlite, "PostgreSQL": func(t *testing.T) string { return pgtest.URL(t) }} {
		t.Run(name, func(t *testing.T) { contributionBecomesArticle(t, database(t)) })
	}
}

func contributionBecomesArticle(t *testing.T, database string) {
	f := newFrontDoor(t, database)
	at, page := f.send("/contribute", url.Values{
		"title": {"江城大桥 <b>合龙</b>"}, "text": {"大桥今晨合龙。\r\n<script>alert(1)</script>通车在即。"},
		"link": {"https://origin.test/bridge"}, "address": {"Sender@example.com"}, "theme": {"finance"},
	})
	if !strings.HasPrefix(at, "/contributions/1-") {
		t.Fatalf("sent: at %s\n%s", at, page)
	}
	wants(t, "the sender's page", page, "It waits for an editor", "江城大桥 &lt;b&gt;合龙&lt;/b&gt;")
	for _, forged := range []string{"/contributions/1-" + strings.Repeat("a", 26), "/contributions/1", "/contributions/2" + strings.TrimPrefix(at, "/contributions/1"), "/contributions/x", "/publishers" + strings.TrimPrefix(at, "/contributions")} {
		if code, _, _ := f.get(forged); code != http.StatusNotFound {
			t.Errorf("%s: %d", forged, code)
		}
	}
	receipt := f.mail()
	if to := receipt.Header.Get("To"); to != "<Sender@example.com>" {
		t.Errorf("the receipt goes to %q", to)
	}
	wants(t, "the receipt", plain(t, receipt), "http://localhost:8080"+at, "江城大桥")

	// Nobody reads it before an editor has accepted it.
	for _, path := range []string{"/", "/feeds/all.rss", "/feeds/source-contributions.rss", "/search?q=合龙"} {
		if code, _, body := f.get(path); code != 200 || strings.Contains(body, "合龙</b>") || strings.Contains(body, "大桥今晨") {
			t.Errorf("%s: %d, and tells of it", path, code)
		}
	}
	if _, home := f.operator.open("/admin"); !strings.Contains(home, "1 contributions, 0 letters") {
		t.Errorf("the overview does not tell of it:\n%s", home)
	}
	notices, err := f.app.Notices(t.Context())
	if err != nil || len(notices) != 1 || notices[0].Kind != web.NoticeWaiting || notices[0].Count != 1 {
		t.Errorf("notices %+v, %v", notices, err)
	}
	await(t, "the account of the receipt", func() bool {
		_, page := f.item("contributions")
		return strings.Contains(page, "Mail sent: 20 November 2026")
	})
	item, page := f.item("contributions")
	wants(t, "the inbox", page, "Infrastructure 1.6 ≥ 1.0: 大桥 ×2", "&lt;script&gt;", `value="infrastructure" checked`, "Finance", "Sender@example.com")
	if strings.Contains(page, "<script>alert") {
		t.Error("the preview has the visitor's script")
	}

	at2, page := f.operator.send(item, url.Values{"state": {"accepted"}, "theme": {"infrastructure"}, "word": {"谢谢\n再来"}})
	if at2 != item+"?done=admit" {
		t.Fatalf("accepted: at %s\n%s", at2, page)
	}
	again, _ := f.operator.send(item, url.Values{"state": {"declined"}})
	if again != item+"?done=settled" {
		t.Errorf("declined after that: at %s", again)
	}
	_, page = f.visitor.open(at)
	wants(t, "the sender's page", page, "Accepted and published", "谢谢\n再来")
	key := find(t, "article", regexp.MustCompile(`href="/articles/([0-9a-f]{32})"`), page)
	_, page = f.visitor.open("/articles/" + key)
	wants(t, "the article", page, "读者投稿", "<p>大桥今晨合龙。</p>", "Infrastructure", "https://origin.test/bridge", "&lt;script&gt;")
	for _, feed := range []string{"/feeds/source-contributions.atom", "/feeds/infrastructure.json", "/feeds/all.rss"} {
		await(t, feed, func() bool {
			code, _, body := f.get(feed)
			return code == 200 && strings.Contains(body, key)
		})
	}
	_, log := f.operator.open("/admin/log")
	wants(t, "the log", log, "accepted", "contribution 1")

	// What an editor files otherwise stays so, and what is declined tells why.
	f.send("/contribute", url.Values{"title": {"大桥限行"}, "text": {"大桥限行。"}})
	item, _ = f.item("contributions")
	f.operator.send(item, url.Values{"state": {"accepted"}, "theme": {"finance"}})
	found, err := f.app.Search(t.Context(), "source:contributions theme:finance", false, 5)
	if err != nil || len(found.Articles) != 1 || found.Articles[0].Corrected.IsZero() {
		t.Errorf("filed by the editor: %+v, %v", found.Articles, err)
	}
	at, _ = f.send("/contribute", url.Values{"title": {"Buy now"}, "link": {"https://origin.test/shop"}})
	item, _ = f.item("contributions")
	f.operator.send(item, url.Values{"state": {"declined"}, "word": {"This is an <advertisement>."}})
	_, page = f.visitor.open(at)
	wants(t, "the sender's page", page, "Declined", "This is an &lt;advertisement&gt;.")
	if _, page := f.operator.open("/admin/inbox/contributions/settled"); strings.Count(page, `class="state"`) != 3 {
		t.Errorf("settled:\n%s", page)
	}
}

func TestReceiptsAreFewAndHarmless(t *testing.T) {
	f := newFrontDoor(t, sqlite(t))
	for i := range 3 {
		title := fmt.Sprintf("Win at www.evil.com https://evil.example/%d mail me@evil.example %s", i, strings.Repeat("long ", 30))
		if at, page := f.send("/contribute", url.Values{"title": {title[:190]}, "text": {"x"}, "address": {"victim@example.com"}}); !strings.HasPrefix(at, "/contributions/") {
			t.Fatalf("at %s:\n%s", at, page)
		}
	}
	f.send("/contact", url.Values{"subject": {"the end"}, "text": {"x"}})
	receipt, next := f.mail(), f.mail()
	text := plain(t, receipt)
	for _, bad := range []string{"evil.com", "evil.example", "https://evil", "@evil", strings.Repeat("long ", 25)} {
		if strings.Contains(text, bad) {
			t.Errorf("the receipt repeats %q:\n%s", bad, text)
		}
	}
	if to := next.Header.Get("To"); to != "<editor@paper.test>" {
		t.Errorf("a second receipt came within the hour, to %s", to)
	}
}

func TestLettersReachTheEditor(t *testing.T) {
	f := newFrontDoor(t, sqlite(t))
	f.relay.Refuse(&smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "later"})
	at, page := f.send("/contact", url.Values{
		"subject": {"关于大桥\r\nBcc: all@evil.example"}, "text": {"第一行\n第二行"}, "name": {"老李\r\nX-Bad: 1"}, "address": {"li@example.com"},
	})
	if at != "/contact?sent=1" || !strings.Contains(page, "The editor will see it") {
		t.Fatalf("at %s:\n%s", at, page)
	}
	// The relay's refusal loses nothing: the letter waits, in the inbox too.
	await(t, "the refusal", func() bool {
		_, page := f.item("letters")
		return strings.Contains(page, "Mail not sent: ") && strings.Contains(page, "451")
	})
	f.relay.Refuse(nil)
	msg := f.mail()
	for name, want := range map[string]string{"To": "<editor@paper.test>", "Reply-To": "<li@example.com>", "Bcc": "", "X-Bad": ""} {
		if got := msg.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	wants(t, "the mail", plain(t, msg), "老李 X-Bad: 1 <li@example.com>", "第一行\n第二行", "/admin/inbox/1")
	item, page := f.item("letters")
	wants(t, "the inbox", page, "关于大桥 Bcc: all@evil.example", "第一行\n第二行", "mailto:li@example.com?subject=Re")
	if at, _ := f.operator.send(item, url.Values{"state": {"accepted"}}); at != item {
		t.Errorf("a letter was accepted: at %s", at)
	}
	if at, _ := f.operator.send(item, url.Values{"state": {"closed"}}); at != item+"?done=close" {
		t.Errorf("closed: at %s", at)
	}
	// Nobody's word gets into a header, and no address that is none.
	for _, bad := range []string{"li@example.com\r\nBcc: x@evil.example", "li@example.com, x@evil.example", "Li <li@example.com>", "li@例子.中国"} {
		at, page := f.send("/contact", url.Values{"subject": {"x"}, "text": {"x"}, "address": {bad}})
		if at != "/contact" || !strings.Contains(page, "This is no mail address") || !strings.Contains(page, `aria-invalid="true"`) {
			t.Errorf("%q: at %s", bad, at)
		}
	}
}

// What was promised to a visitor outlives the process that promised it.
func TestLetterOutlivesAStop(t *testing.T) {
	f := newFrontDoor(t, sqlite(t))
	f.relay.Refuse(&smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 3, 2}, Message: "closed"})
	f.send("/contact", url.Values{"subject": {"the first"}, "text": {"x"}})
	f.send("/contribute", url.Values{"title": {"大桥合龙"}, "text": {"x"}, "address": {"a@example.com"}})
	f.stop()
	f.relay.Refuse(nil)
	f.open(t, load(t, f.file))
	got := map[string]bool{}
	for range 2 {
		got[f.mail().Header.Get("To")] = true
	}
	if !got["<editor@paper.test>"] || !got["<a@example.com>"] {
		t.Errorf("mail came to %v", got)
	}
	if at, page := f.item("contributions"); at != "/admin/inbox/2" {
		t.Errorf("the contribution: at %s\n%s", at, page)
	}
}

// A site is a web site of a publisher. What it serves may be changed.
type site struct {
	*httptest.Server
	mu    sync.Mutex
	files map[string]string
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{files: map[string]string{}}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		body, ok := s.files[r.URL.Path]
		s.mu.Unlock()
		if to, moved := strings.CutPrefix(body, "to "); moved {
			http.Redirect(w, r, to, http.StatusFound)
			return
		}
		if !ok {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *site) serve(path, body string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[path] = body
}

func (s *site) drop(path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.files, path)
}

// local is the site under a name instead of an address.
func (s *site) local() string { return strings.Replace(s.URL, "127.0.0.1", "localhost", 1) }

const frontPage = `<!doctype html><html><head><title>Harbour Gazette</title><link rel="alternate" type="application/rss+xml" href="/feed.xml">%s</head><body>%s<p>Welcome.</p></body></html>`

func harbourFeed() string {
	return `<rss version="2.0"><channel><title>Harbour &amp; Co.</title>` +
		`<item><guid>1</guid><title>Lock gates reopen</title><link>https://harbour.test/1</link><pubDate>Fri, 20 Nov 2026 01:00:00 GMT</pubDate></item>` +
		`<item><guid>2</guid><title>A loan for the quay</title><link>javascript:alert(1)</link></item></channel></rss>`
}

var (
	provePattern = regexp.MustCompile(`action="(/publishers/[^"]+/prove)"`)
	tokenLine    = regexp.MustCompile(`<code>([a-z2-7]{26})</code>`)
)

func TestPublisherBecomesASource(t *testing.T) {
	f := newFrontDoor(t, sqlite(t))
	s := newSite(t)
	s.serve("/", fmt.Sprintf(frontPage, "", ""))
	s.serve("/feed.xml", harbourFeed())
	apply := url.Values{"organisation": {"Harbour <i>Gazette</i>"}, "site": {s.local()}, "address": {"desk@harbour.test"}, "note": {"We print."}}
	at, page := f.send("/publishers/apply", apply)
	if !strings.HasPrefix(at, "/publishers/1-") {
		t.Fatalf("applied: at %s\n%s", at, page)
	}
	wants(t, "the applicant's page", page, "Read as a feed, with 2 articles", "Lock gates reopen", "https://harbour.test/1", "A loan for the quay",
		s.local()+"/feed.xml", "20 November 2026", "Harbour &lt;i&gt;Gazette", "&lt;meta name=&#34;broadsheet-verification&#34;", "/.well-known/broadsheet-")
	if strings.Contains(page, "javascript:alert") {
		t.Error("the page links to a script")
	}
	wants(t, "the receipt", plain(t, f.mail()), "http://localhost:8080"+at)

	// Unproved, then proved by each of the three, and by nothing else.
	prove, token := find(t, "form", provePattern, page), find(t, "token", tokenLine, page)
	path := "/.well-known/broadsheet-" + token + ".txt"
	meta := `<meta name="broadsheet-verification" content="` + token + `">`
	other := newSite(t)
	other.serve("/", fmt.Sprintf(frontPage, meta, ""))
	other.serve("/proof", token)
	setUp := map[string]func(){
		"nothing":                  func() {},
		"an echo of the address":   func() { s.serve(path, "There is no "+path) },
		"a redirect elsewhere":     func() { s.serve(path, "to "+other.URL+"/proof"); s.serve("/", "to "+other.URL+"/") },
		"a meta element in a body": func() { s.serve("/", fmt.Sprintf(frontPage, "", meta)) },
		"another record":           func() { f.record("localhost", "broadsheet-verification=x", token) },
	}
	for name, set := range setUp {
		set()
		if at, page := f.prove(prove); !strings.HasSuffix(at, "?fault=unproved") || !strings.Contains(page, "No proof was found") {
			t.Errorf("%s: at %s", name, at)
		}
		s.drop(path)
		s.serve("/", fmt.Sprintf(frontPage, "", ""))
	}
	item, page := f.item("publishers")
	wants(t, "the inbox", page, "Not proved.", "We print.", `value="localhost"`, "- name: localhost", "Lock gates reopen")
	s.serve(path, token+"\n")
	if at2, page := f.prove(prove); at2 != at || !strings.Contains(page, "by a file on the site") {
		t.Fatalf("proved: at %s\n%s", at2, page)
	}

	// A name that is taken or is none is refused; a good one is read at once.
	for name, fault := range map[string]string{"wire": "There is a source named wire already", "contributions": "named contributions already", "Bad Name": "cannot be a name"} {
		if _, page := f.operator.send(item, url.Values{"state": {"accepted"}, "keep": {"database"}, "name": {name}}); !strings.Contains(page, fault) {
			t.Errorf("name %q:\n%s", name, page)
		}
	}
	if at, page := f.operator.send(item, url.Values{"state": {"accepted"}, "keep": {"database"}, "name": {"harbour"}}); at != item+"?done=admit" {
		t.Fatalf("accepted: at %s\n%s", at, page)
	}
	await(t, "the articles of the new source", func() bool {
		found, err := f.app.Search(t.Context(), "source:harbour", false, 5)
		return err == nil && len(found.Articles) == 2
	})
	_, page = f.visitor.open(at)
	wants(t, "the applicant's page", page, "Accepted. It is read regularly")
	if code, _, body := f.get("/feeds/source-harbour.rss"); code != 200 || !strings.Contains(body, "Harbour &amp; Co.") {
		t.Errorf("its feed: %d\n%s", code, body)
	}

	// It is a source of the commands too, survives a reload, and can be dropped.
	if err := os.WriteFile(f.file, append(mustRead(t, f.file), "\n# edited\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := f.app.Reload(t.Context(), load(t, f.file)); err != nil {
		t.Fatal(err)
	}
	if list, err := f.app.Sources(t.Context()); err != nil || len(list) != 2 || list[1].Name != "harbour" {
		t.Errorf("sources %+v, %v", list, err)
	}
	_, page = f.send("/publishers/apply", url.Values{"organisation": {"Another"}, "site": {s.local()}, "address": {"a@harbour.test"}})
	wants(t, "applied again", page, "The paper reads this address already")
	if at, _ := f.operator.send(item+"/drop", nil); at != item+"?done=drop" {
		t.Errorf("dropped: at %s", at)
	}
	if list, err := f.app.Sources(t.Context()); err != nil || len(list) != 1 {
		t.Errorf("after dropping it: %+v, %v", list, err)
	}
	if at, _ := f.operator.send(item+"/drop", nil); at != item+"/drop" {
		t.Errorf("dropped twice: at %s", at)
	}
}

func mustRead(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (f *frontDoor) record(name string, values ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.records[name] = values
}

// prove has the site looked at, later than the last time.
func (f *frontDoor) prove(form string) (at, page string) {
	f.t.Helper()
	f.now.Set(f.now.Now().Add(20 * time.Minute))
	return f.visitor.send(form, nil)
}

func TestControlIsProvedInThreeWays(t *testing.T) {
	f := newFrontDoor(t, sqlite(t))
	for i, way := range []string{"a file on the site", "a meta element", "a DNS record"} {
		s := newSite(t)
		s.serve("/news", "to /feed.xml")
		s.serve("/feed.xml", harbourFeed())
		_, page := f.send("/publishers/apply", url.Values{
			"organisation": {fmt.Sprint("Nr. ", i)}, "site": {s.local()}, "url": {s.local() + "/news"}, "address": {fmt.Sprintf("%d@harbour.test", i)},
		})
		prove, token := find(t, "form", provePattern, page), find(t, "token", tokenLine, page)
		switch i {
		case 0:
			s.serve("/.well-known/broadsheet-"+token+".txt", token)
		case 1:
			s.serve("/", `<meta content=" `+token+` " name=Broadsheet-Verification><p>Welcome`)
		case 2:
			f.record("localhost", "v=spf1 -all", "broadsheet-verification="+token)
		}
		if _, page := f.prove(prove); !strings.Contains(page, way) {
			t.Errorf("%s:\n%s", way, page)
		}
		// Once proved, the site is not asked again.
		s.Close()
		if at, page := f.prove(prove); strings.Contains(at, "fault") || !strings.Contains(page, way) {
			t.Errorf("%s, again: at %s", way, at)
		}
	}
}

func TestApplicantsAreToldWhatIsWrong(t *testing.T) {
	f := newFrontDoor(t, sqlite(t))
	s := newSite(t)
	s.serve("/empty.xml", rss())
	s.serve("/page", "<p>Nothing to see.</p>")
	s.serve("/forbidden/", pageOfNews)
	s.serve("/robots.txt", "User-agent: *\nDisallow: /forbidden/\n")
	closed := newSite(t)
	closed.Close()
	for address, fault := range map[string]string{
		s.URL + "/missing":                  "status 404",
		s.URL + "/empty.xml":                "no articles in it",
		s.URL + "/page":                     "No news can be read there",
		s.URL + "/forbidden/":               "robots.txt forbids",
		closed.URL:                          "Nothing answers",
		"http://10.0.0.1/feed":              "not on the public Internet",
		"http://[::1]:1/feed":               "not on the public Internet",
		"http://169.254.169.254/latest":     "not on the public Internet",
		"file:///etc/passwd":                "no web address",
		"https://user:secret@harbour.test/": "no web address",
		"javascript:alert(1)":               "no web address",
		"gopher://harbour.test/":            "no web address",
	} {
		f.now.Set(f.now.Now().Add(16 * time.Minute))
		at, page := f.send("/publishers/apply", url.Values{"organisation": {"X"}, "site": {"https://harbour.test"}, "url": {address}, "address": {"a@harbour.test"}})
		if at != "/publishers/apply" || !strings.Contains(page, fault) || !strings.Contains(page, `value="`+address+`"`) {
			t.Errorf("%s: at %s, want %q:\n%s", address, at, fault, page)
		}
	}
	if _, page := f.operator.open("/admin/inbox/publishers"); !strings.Contains(page, "Nothing.") {
		t.Errorf("something was stored:\n%s", page)
	}
}

const pageOfNews = `<!doctype html><html><head><title>News</title></head><body><main>
<article><h2><a href="/forbidden/1">Ferry timetable for the winter months is out</a></h2><time datetime="2026-11-18">18 November 2026</time><p>It holds from December on, with one boat less.</p></article>
<article><h2><a href="/forbidden/2">New crane arrives at the east quay of the port</a></h2><time datetime="2026-11-17">17 November 2026</time><p>It lifts forty tonnes and came by river.</p></article>
<article><h2><a href="/forbidden/3">The fish market moves to the old customs house</a></h2><time datetime="2026-11-16">16 November 2026</time><p>Stalls open at five in the morning as before.</p></article>
</main></body></html>`

// What the operator lets sources be read from is not for visitors.
func TestVisitorsDoNotReachWhatSourcesMay(t *testing.T) {
	wire := newOrigin(t)
	wire.Serve("/wire.rss", rss(loanItem))
	cfg, file := settings(t, letterPaper, sqlite(t), wire.URL+"/wire.rss", filepath.Join(t.TempDir(), "outbox"))
	c := &clock{now: shanghai(t, "2026-11-20 18:00")}
	f := &frontDoor{now: c, daemon: start(t, cfg, c, file)}
	f.visitor = newOperator(t, f.daemon)
	wire.Serve("/secret.rss", rss(bridgeItem))
	_, page := f.send("/publishers/apply", url.Values{"organisation": {"X"}, "site": {wire.URL + "/secret.rss"}, "address": {"a@example.com"}})
	if !strings.Contains(page, "not on the public Internet") || strings.Contains(page, "合龙") {
		t.Errorf("a visitor reads a private address:\n%s", page)
	}
}
