package app_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"broadsheet/internal/store/pgtest"
)

const paper = `
site: { title: 江城测试报, url: http://localhost:8080, language: zh-Hans, timezone: Asia/Shanghai, contact: editor@paper.test }
listen: 127.0.0.1:0
database: %[1]q
polling: { every: 1h, allow_private: [127.0.0.0/8] }
themes:
  finance:
    title: { zh-Hans: 金融, en: Finance }
    terms: [贷款, 银行, loan, bank]
    not: [金融街]
  infrastructure:
    title: { zh-Hans: 基础设施, en: Infrastructure }
    terms: [大桥, 港口, bridge, port]
sources:
  - { name: wire, title: 测试电讯, url: %[2]q, kind: feed, every: 1h }
digests:
  - name: weekly
    title: 一周测试
    schedule: "0 8 * * MON"
    timezone: Asia/Shanghai
    themes: [finance, infrastructure]
    to: [reader@paper.test, second@paper.test]
mail:
  from: 江城测试报 <digest@paper.test>
  transport: smtp
  smtp: { host: %[3]q, port: %[4]s, tls: none }
`

const (
	bridgeItem = `<item><guid>b-1</guid><title>江口大桥今晨合龙</title><link>http://origin.test/b-1</link>
<pubDate>Thu, 19 Nov 2026 09:00:00 +0800</pubDate><description>历时三年的江口大桥今晨完成合龙，大桥预计明年春天通车。</description></item>`
	loanItem = `<item><guid>l-1</guid><title>临江银行推出小店贷款</title><link>http://origin.test/l-1</link>
<pubDate>Fri, 20 Nov 2026 10:00:00 +0800</pubDate><description>临江银行本周推出面向街边小店的贷款，单户最高50万元。</description></item>`
	fairItem = `<item><guid>f-1</guid><title>城南花市周末开张</title><link>http://origin.test/f-1</link>
<pubDate>Fri, 20 Nov 2026 12:00:00 +0800</pubDate><description>硚口区的城南花市周末开张，门票免费。</description></item>`
	portItem = `<item><guid>p-1</guid><title>东港新港口开工</title><link>http://origin.test/p-1</link>
<pubDate>Tue, 24 Nov 2026 08:30:00 +0800</pubDate><description>东港新港口昨日开工，港口建成后可停靠五万吨货船。</description></item>`
)

func rss(items ...string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>测试电讯</title><link>http://origin.test/</link><description>自编的新闻</description>` +
		strings.Join(items, "\n") + `</channel></rss>`
}

func shanghai(t *testing.T, s string) time.Time {
	t.Helper()
	loc, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	at, err := time.ParseInLocation("2006-01-02 15:04", s, loc)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestFromSourceToMailbox(t *testing.T) {
	databases := map[string]func(t *testing.T) string{
		"SQLite":     func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "paper.db") },
		"PostgreSQL": func(t *testing.T) string { return pgtest.URL(t) },
	}
	for name, database := range databases {
		t.Run(name, func(t *testing.T) { fromSourceToMailbox(t, database(t)) })
	}
}

func fromSourceToMailbox(t *testing.T, database string) {
	now := &clock{now: shanghai(t, "2026-11-20 18:00")}
	wire := newOrigin(t)
	wire.Serve("/wire.rss", rss(bridgeItem, loanItem, fairItem))
	mails := newRelay(t)
	host, port := hostPort(t, mails.address)
	cfg, file := settings(t, paper, database, wire.URL+"/wire.rss", host, port)

	// The first start polls at once and says so.
	d := start(t, cfg, now, file)
	for _, want := range []string{"wire", "3 articles, 3 new", "金融", "http://localhost:8080/"} {
		if !strings.Contains(d.out.String(), want) {
			t.Errorf("the terminal does not say %q:\n%s", want, d.out)
		}
	}
	ids := checkFeeds(t, d)

	// The schedule comes: both recipients get the edition, once.
	now.Set(shanghai(t, "2026-11-23 08:00"))
	first := checkEdition(t, mails, "江口大桥今晨合龙", "临江银行推出小店贷款")
	if strings.Contains(first, "城南花市") {
		t.Error("the edition has an article of no theme")
	}

	// A second start goes on where the first stopped: same ids, nothing anew.
	d.stop()
	d = start(t, cfg, now, file)
	if again := checkFeeds(t, d); again != ids {
		t.Errorf("ids changed over a restart:\n%s\n%s", ids, again)
	}

	// A week later only what is new is mailed, although the relay refuses at
	// first and the source repeats the old.
	wire.Serve("/wire.rss", rss(portItem, bridgeItem, loanItem, fairItem))
	now.Set(shanghai(t, "2026-11-24 12:00"))
	await(t, "the new article", func() bool {
		now.Set(now.Now().Add(time.Second)) // feeds are rendered once a second
		_, _, body := d.get("/feeds/infrastructure.json")
		return strings.Contains(body, "东港新港口开工")
	})
	mails.Refuse(&smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "come again"})
	now.Set(shanghai(t, "2026-11-30 08:00"))
	await(t, "the refusals", func() bool { return strings.Count(d.log.String(), "come again") >= 1 })
	mails.Refuse(nil)
	now.Set(shanghai(t, "2026-11-30 09:00"))
	second := checkEdition(t, mails, "东港新港口开工")
	for _, old := range []string{"江口大桥", "临江银行"} {
		if strings.Contains(second, old) {
			t.Errorf("the second edition repeats %s", old)
		}
	}

	// The week after there is nothing new: no mail, and the reason is kept.
	now.Set(shanghai(t, "2026-12-07 08:00"))
	await(t, "the empty edition", func() bool { return strings.Contains(d.log.String(), "edition skipped") })
	select {
	case m := <-mails.got:
		t.Errorf("a mail too many, to %s", m.to)
	default:
	}
}

// checkFeeds holds the feeds against what the source told and returns the ids
// of their entries.
func checkFeeds(t *testing.T, d *daemon) string {
	t.Helper()
	for path, want := range map[string][2]string{
		"/feeds/finance.rss":         {"临江银行推出小店贷款", "江口大桥"},
		"/feeds/infrastructure.atom": {"江口大桥今晨合龙", "临江银行"},
		"/feeds/source-wire.json":    {"城南花市周末开张", "东港"},
		"/themes/finance":            {"临江银行推出小店贷款", "江口大桥"},
		"/feeds/place-Wuhan.atom":    {"城南花市周末开张", "江口大桥"},
		"/places/%E6%B9%96%E5%8C%97": {"城南花市周末开张", "临江银行"}, // 湖北
	} {
		status, header, body := d.get(path)
		if status != 200 || !strings.Contains(body, want[0]) || strings.Contains(body, want[1]) {
			t.Errorf("%s: status %d, wants %s and not %s:\n%s", path, status, want[0], want[1], body)
		}
		if strings.HasPrefix(path, "/feeds/") {
			if status, _, body := d.get(path, "If-None-Match", header.Get("ETag")); status != 304 || body != "" {
				t.Errorf("%s: asked again with its ETag: status %d and %d bytes, want 304 and none", path, status, len(body))
			}
		}
	}
	_, _, atom := d.get("/feeds/all.atom")
	ids := regexp.MustCompile(`<id>tag:[^<]+</id>`).FindAllString(atom, -1)
	if len(ids) < 4 {
		t.Errorf("all.atom has the ids %v, want the feed's and three entries'", ids)
	}
	return strings.Join(ids, "\n")
}

// checkEdition waits for the two copies of an edition, holds them against each
// other, and returns the text of one.
func checkEdition(t *testing.T, r *relay, titles ...string) string {
	t.Helper()
	to := map[string]bool{}
	messageIDs := map[string]bool{}
	var text string
	for range 2 {
		m := r.Next(t)
		to[m.to] = true
		msg, err := netmail.ReadMessage(bytes.NewReader(m.data))
		if err != nil {
			t.Fatalf("not a message: %v\n%s", err, m.data)
		}
		messageIDs[msg.Header.Get("Message-Id")] = true
		subject, err := new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject"))
		if err != nil || !strings.Contains(subject, "江城测试报") && !strings.Contains(subject, "一周测试") {
			t.Errorf("subject %q, %v", subject, err)
		}
		bodies := parts(t, msg)
		for _, kind := range []string{"text/plain", "text/html"} {
			for _, title := range titles {
				if !strings.Contains(bodies[kind], title) {
					t.Errorf("the %s part lacks %s:\n%s", kind, title, bodies[kind])
				}
			}
		}
		text = bodies["text/plain"]
	}
	if len(to) != 2 || len(messageIDs) != 2 {
		t.Errorf("mails to %v with ids %v, want one of its own for each recipient", to, messageIDs)
	}
	return text
}

// parts returns the decoded bodies of a multipart/alternative message.
func parts(t *testing.T, msg *netmail.Message) map[string]string {
	t.Helper()
	kind, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("content type %q, %v", kind, err)
	}
	bodies := map[string]string{}
	for r := multipart.NewReader(msg.Body, params["boundary"]); ; {
		p, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return bodies
		}
		if err != nil {
			t.Fatal(err)
		}
		kind, _, err := mime.ParseMediaType(p.Header.Get("Content-Type"))
		if err != nil {
			t.Fatal(err)
		}
		var body io.Reader = p
		switch p.Header.Get("Content-Transfer-Encoding") {
		case "base64":
			body = base64.NewDecoder(base64.StdEncoding, p)
		case "quoted-printable":
			body = quotedprintable.NewReader(p)
		}
		data, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		bodies[kind] = string(data)
	}
}
