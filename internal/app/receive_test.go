package app_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"github.com/emersion/go-smtp"

	"broadsheet/internal/app"
	"broadsheet/internal/config"
	"broadsheet/mailer"
	"broadsheet/mailer/doctor"
	"broadsheet/mailer/doctor/dnstest"
)

const receivingPaper = `
site: { title: 江城测试报, url: "https://news.paper.test", language: zh-Hans, timezone: Asia/Shanghai, contact: editor@paper.test }
listen: 127.0.0.1:0
database: %[1]q
themes:
  finance: { title: { zh-Hans: 金融, en: Finance }, terms: [银行, loan] }
sources:
  - { name: harbour, title: 港口通讯, url: "file:mail/harbour", kind: newsletter }
digests:
  - { name: weekly, title: 一周产经, schedule: "0 8 * * MON", send_empty: true, to: [board@paper.test] }
mail:
  from: 江城测试报 <digest@paper.test>
  transport: smtp
  smtp: { host: %[2]q, port: %[3]s, tls: none }
  receive: { listen: 127.0.0.1:0, domain: bounce.paper.test }
`

// receiving runs a daemon that takes mail, and returns the address it does so
// at.
func receiving(t *testing.T, cfg *config.Config, c *clock) (*daemon, string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	d := &daemon{t: t, out: &buffer{}, log: &buffer{}, cancel: cancel, done: make(chan error, 1)}
	post := make(chan string, 1)
	var err error
	d.app, err = app.New(ctx, cfg, app.Options{
		Logger: slog.New(slog.NewTextHandler(d.log, nil)), Out: d.out, Version: "test",
		Now: c.Now, Tick: 50 * time.Millisecond, Receiving: post,
	})
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	go func() { d.done <- d.app.Run(ctx) }()
	t.Cleanup(d.stop)
	select {
	case address := <-post:
		return d, address
	case err := <-d.done:
		d.done <- nil
		t.Fatalf("the daemon ended: %v\n%s", err, d.log)
	case <-time.After(bound):
		t.Fatalf("the daemon takes no mail:\n%s", d.log)
	}
	return nil, ""
}

// bring brings a message by SMTP.
func bring(t *testing.T, address, from, to, message string) error {
	t.Helper()
	c, err := smtp.Dial(address)
	if err != nil {
		return err
	}
	defer c.Close()
	return c.SendMail(from, []string{to}, strings.NewReader(strings.ReplaceAll(strings.TrimPrefix(message, "\n"), "\n", "\r\n")))
}

const undeliverable = `
From: mailer-daemon@relay.test
Subject: Undelivered
Message-ID: <%s@relay.test>
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.test

Final-Recipient: rfc822; ann@example.com
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <ann@example.com> unknown

--b--
`

// TestMailComesBack sends an edition, has one copy of it come back, another
// one's reader unsubscribe by the address in its header, and a newsletter
// arrive, all by SMTP.
func TestMailComesBack(t *testing.T) {
	r := newRelay(t)
	host, port := hostPort(t, r.address)
	cfg, file := settings(t, receivingPaper, "sqlite:"+filepath.Join(t.TempDir(), "broadsheet.db"), host, port)
	c := &clock{now: time.Date(2026, 11, 25, 4, 0, 0, 0, time.UTC)}
	d, address := receiving(t, cfg, c)
	for _, email := range []string{"ann@example.com", "bob@example.com"} {
		if _, err := d.app.Subscribe(t.Context(), mailer.Subscriber{Email: email}, false); err != nil {
			t.Fatal(err)
		}
	}
	sent, err := d.app.Send(t.Context(), "weekly", "")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for range sent.Deliveries {
		m := r.Next(t)
		got[m.to] = string(m.data)
	}

	// The address is only in the envelope, so the report goes where the
	// delivery's says.
	var ann int64
	for _, dv := range sent.Deliveries {
		if dv.To == "ann@example.com" {
			ann = dv.ID
		}
	}
	back := r.envelope("ann@example.com")
	if !strings.HasSuffix(back, "@bounce.paper.test") || ann == 0 {
		t.Fatalf("the return path of delivery %d is %q", ann, back)
	}
	for i := range 2 {
		if err := bring(t, address, "", back, fmt.Sprintf(undeliverable, "1")); err != nil {
			t.Fatalf("report %d: %v", i, err)
		}
	}
	s, err := d.app.ExplainSubscriber(t.Context(), "ann@example.com")
	if err != nil {
		t.Fatal(err)
	}
	if s.Suppressed != "bounced: 550 5.1.1 <…> unknown" || !strings.HasPrefix(s.Received[0].Why, "came back: 550 5.1.1 <…> unknown (there is no such mailbox: ") {
		t.Errorf("ann is explained as %+v", s)
	}
	notices, err := d.app.Notices(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(notices) != 1 || notices[0].Count != 1 || !strings.Contains(notices[0].Text, "ann@example.com: 550 5.1.1") {
		t.Errorf("the operator is told %+v", notices)
	}

	way := regexp.MustCompile(`<mailto:(\S+?)\?subject=(\S+?)>`).FindStringSubmatch(got["bob@example.com"])
	if way == nil {
		t.Fatalf("no way to unsubscribe by mail in\n%s", got["bob@example.com"])
	}
	subject := strings.ReplaceAll(way[2], "%20", " ")
	if err := bring(t, address, "bob@elsewhere.test", way[1], "From: Bob <bob@elsewhere.test>\nSubject: "+subject+"\n\n"); err != nil {
		t.Fatal(err)
	}
	if s, err = d.app.ExplainSubscriber(t.Context(), "bob@example.com"); err != nil || s.Status != mailer.Unsubscribed {
		t.Errorf("bob is %s, %v", s.Status, err)
	}
	c.Set(c.Now().Add(time.Minute))
	sent, err = d.app.Send(t.Context(), "weekly", "")
	if err != nil || sent.Counts[mailer.Accepted] != 1 || sent.Counts[mailer.Suppressed] != 1 {
		t.Errorf("the next edition: %v, %v", sent.Counts, err)
	}

	letter := "From: Harbour <news@harbour.test>\nSubject: The bank gave a loan\nMessage-ID: <7@harbour.test>\nDate: Wed, 25 Nov 2026 03:00:00 +0000\nContent-Type: text/plain\n\nThe bank gave the harbour a loan for two cranes, and the first of them is to be delivered in spring.\n"
	for range 2 {
		if err := bring(t, address, "news@harbour.test", "newsletter-harbour@bounce.paper.test", letter); err != nil {
			t.Fatal(err)
		}
	}
	if found, err := filepath.Glob(filepath.Join(filepath.Dir(file), "mail/harbour/new/*")); err != nil || len(found) != 1 {
		t.Errorf("the Maildir holds %v, %v", found, err)
	}
	await(t, "the newsletter to be an article", func() bool {
		status, err := d.app.Status(t.Context())
		return err == nil && status.Articles == 1
	})
	if err := bring(t, address, "a@b.test", "victim@elsewhere.test", letter); err == nil {
		t.Error("mail to others is taken")
	}
}

// TestRefusedAtOnce has the relay refuse a mailbox: that counts as a bounce.
func TestRefusedAtOnce(t *testing.T) {
	r := newRelay(t)
	host, port := hostPort(t, r.address)
	cfg, _ := settings(t, receivingPaper, "sqlite:"+filepath.Join(t.TempDir(), "broadsheet.db"), host, port)
	a, err := app.New(t.Context(), cfg, app.Options{Out: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	r.Refuse(&smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"})
	if sent, err := a.Send(t.Context(), "weekly", ""); err != nil || sent.Counts[mailer.Failed] != 1 {
		t.Fatalf("%v, %v", sent.Counts, err)
	}
	var got []string
	err = a.EachSuppression(t.Context(), mailer.Bounced, func(x mailer.Suppression) error {
		got = append(got, x.To+" "+strings.ReplaceAll(x.Detail, `"`, ""))
		return nil
	})
	if want := "board@paper.test 550 5.1.1 no such user"; err != nil || strings.Join(got, ", ") != want {
		t.Errorf("suppressed: %q, %v, want %q", got, err, want)
	}
	notices, err := a.Notices(t.Context())
	if err != nil || len(notices) != 2 || !strings.Contains(notices[0].Text, "(there is no such mailbox: ") {
		t.Errorf("the operator is told %+v, %v", notices, err)
	}
}

// TestMailFromAMailbox has a mailbox elsewhere asked by IMAP.
func TestMailFromAMailbox(t *testing.T) {
	user := imapmemserver.NewUser("paper", "secret")
	if err := user.Create("INBOX", nil); err != nil {
		t.Fatal(err)
	}
	mem := imapmemserver.New()
	mem.AddUser(user)
	srv := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return mem.NewSession(), nil, nil
		},
		InsecureAuth: true,
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); srv.Serve(l) }()
	t.Cleanup(func() { srv.Close(); <-done })

	password := filepath.Join(t.TempDir(), "imap.password")
	if err := os.WriteFile(password, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := newRelay(t)
	host, port := hostPort(t, r.address)
	_, imapPort := hostPort(t, l.Addr().String())
	text := strings.Replace(receivingPaper, "receive: { listen: 127.0.0.1:0, domain", "imap: { host: 127.0.0.1, port: %[4]s, tls: none, username: paper, password_file: %[5]q }\n  receive: { domain", 1)
	cfg, _ := settings(t, text, "sqlite:"+filepath.Join(t.TempDir(), "broadsheet.db"), host, port, imapPort, password)
	dns := dnstest.Serve(t, dnstest.Zone{})
	a, err := app.New(t.Context(), cfg, app.Options{Out: io.Discard, Resolver: dns.Resolver()})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if _, err := a.Subscribe(t.Context(), mailer.Subscriber{Email: "ann@example.com"}, false); err != nil {
		t.Fatal(err)
	}
	letter := "Return-Path: <ann@example.com>\r\nFrom: ann@example.com\r\nTo: unsubscribe@bounce.paper.test\r\nSubject: unsubscribe weekly\r\n\r\n"
	if _, err := user.Append("INBOX", literal{strings.NewReader(letter)}, &imap.AppendOptions{}); err != nil {
		t.Fatal(err)
	}
	fs, err := a.Doctor(t.Context())
	if err != nil || !slices.ContainsFunc(fs, func(f doctor.Finding) bool { return f.Check == "imap" && f.Level == doctor.OK }) {
		t.Errorf("the doctor says %+v, %v", fs, err)
	}
	round, err := a.CollectMail(t.Context())
	if err != nil || round.Taken != 1 {
		t.Errorf("%+v, %v", round, err)
	}
	if s, err := a.ExplainSubscriber(t.Context(), "ann@example.com"); err != nil || s.Status != mailer.Unsubscribed {
		t.Errorf("ann is %s, %v", s.Status, err)
	}
}

type literal struct{ *strings.Reader }

func (l literal) Size() int64 { return l.Reader.Size() }

// TestReceivingNeedsItsPort tells who has it.
func TestReceivingNeedsItsPort(t *testing.T) {
	r := newRelay(t)
	host, port := hostPort(t, r.address)
	cfg, _ := settings(t, strings.Replace(receivingPaper, "receive: { listen: 127.0.0.1:0", "receive: { listen: \"127.0.0.1:%[3]s\"", 1), "sqlite:"+filepath.Join(t.TempDir(), "broadsheet.db"), host, port)
	a, err := app.New(t.Context(), cfg, app.Options{Out: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	want := "listen 127.0.0.1:" + port + ": the port is in use; stop the program that has it, perhaps another broadsheet, or change mail.receive.listen: in the configuration"
	if err := a.Run(t.Context()); err == nil || err.Error() != want {
		t.Errorf("Run: %v, want %s", err, want)
	}
}
