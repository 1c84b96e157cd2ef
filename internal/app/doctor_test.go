package app_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"broadsheet/internal/app"
	"broadsheet/mailer"
	"broadsheet/mailer/deliver"
	"broadsheet/mailer/doctor"
	"broadsheet/mailer/doctor/dnstest"
	"broadsheet/mailer/submit"
)

const examinedPaper = `
site: { title: 江城测试报, url: "https://news.paper.test", language: zh-Hans, timezone: Asia/Shanghai, contact: editor@paper.test }
listen: 127.0.0.1:0
database: %[1]q
themes:
  finance: { title: { zh-Hans: 金融, en: Finance }, terms: [银行, loan] }
digests:
  - { name: weekly, title: 一周产经, schedule: "0 8 * * MON", send_empty: true, to: [board@paper.test] }
mail:
  from: 江城测试报 <digest@paper.test>
  transport: smtp
  smtp: { host: %[2]q, port: %[3]s, tls: %[5]s, connections: 1 }
  dkim: [{ domain: paper.test, selector: a, key_file: %[4]q }]
  receive: { domain: bounce.paper.test }
`

// examined returns a paper, with what the DNS knows of it.
func examined(t *testing.T, host, port, tls string) (*app.App, *dnstest.Server) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "dkim.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}), 0o600); err != nil {
		t.Fatal(err)
	}
	record, err := submit.DNSRecord(submit.DKIM{Domain: "paper.test", Selector: "a", KeyFile: file})
	if err != nil {
		t.Fatal(err)
	}
	dns := dnstest.Serve(t, dnstest.Zone{
		record.Name:              {"TXT " + record.Text},
		"_dmarc.paper.test":      {"TXT v=DMARC1; p=none; rua=mailto:dmarc@paper.test"},
		"bounce.paper.test":      {"TXT v=spf1 ip4:192.0.2.0/28 -all", "MX mail.paper.test"},
		"mail.paper.test":        {"A 192.0.2.1"},
		"1.2.0.192.in-addr.arpa": {"PTR mail.paper.test"},
	})
	cfg, _ := settings(t, examinedPaper, "sqlite:"+filepath.Join(t.TempDir(), "broadsheet.db"), host, port, file, tls)
	a, err := app.New(t.Context(), cfg, app.Options{
		Out: io.Discard, Resolver: dns.Resolver(), Now: func() time.Time { return time.Date(2026, 11, 25, 4, 0, 0, 0, time.UTC) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a, dns
}

func TestDoctor(t *testing.T) {
	r := newRelay(t)
	host, port := hostPort(t, r.address)
	a, dns := examined(t, host, port, "none")
	fs, err := a.Doctor(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	levels := map[string]doctor.Level{}
	for _, f := range fs {
		levels[f.Check] = f.Level
	}
	for check, want := range map[string]doctor.Level{
		"signature": "ok", "header": "ok", "unsubscribe": "ok", "dkim": "ok", "dmarc": "ok", "alignment": "ok", "relay": "ok", "mx": "ok", "clock": "note",
	} {
		if levels[check] != want {
			t.Errorf("%s is %q, want %q: %+v", check, levels[check], want, fs)
		}
	}
	if levels["disk"] == "" || app.Worst(nil) != doctor.OK {
		t.Errorf("no word on the disk: %+v", fs)
	}
	dns.Set("_dmarc.paper.test")
	fs, err = a.Doctor(t.Context())
	if err != nil || app.Worst(fs) != doctor.Fault {
		t.Errorf("without DMARC: %+v, %v", fs, err)
	}
}

// TestBulkIsHeldBack composes an edition for more than 5,000 recipients that
// large providers would refuse.
func TestBulkIsHeldBack(t *testing.T) {
	// Nothing listens there: what is not held back fails to connect.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port := hostPort(t, l.Addr().String())
	l.Close()
	a, dns := examined(t, "relay.invalid", port, "starttls")
	var list strings.Builder
	list.WriteString("email\n")
	for i := range 5001 {
		fmt.Fprintf(&list, "reader%d@example.com\n", i)
	}
	if _, err := a.ImportSubscribers(t.Context(), strings.NewReader(list.String()), false, func(line int, fault string) { t.Error(line, fault) }); err != nil {
		t.Fatal(err)
	}
	dns.Set("_dmarc.paper.test")
	sent, err := a.Send(t.Context(), "weekly", "")
	want := "to 5002 recipients is held back: large providers would refuse this mailing: dmarc: paper.test has no DMARC record (Gmail, Yahoo, Outlook); " +
		"broadsheet doctor says what to do; mail.unsafe_bulk: true, or digest resend --unsafe-bulk, sends all the same"
	if !errors.Is(err, app.ErrRefusable) || !strings.HasSuffix(err.Error(), want) {
		t.Fatalf("Send: %v, want …%s", err, want)
	}
	if sent.Counts[mailer.Planned] != 5002 {
		t.Errorf("the deliveries are %v", sent.Counts)
	}
	// Every process says so, and goes on saying so.
	other, err := app.New(t.Context(), a.Config(), app.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	for _, a := range []*app.App{a, other} {
		notices, err := a.Notices(t.Context())
		if err != nil || len(notices) != 1 || notices[0].Subject != "weekly/1" || !strings.HasPrefix(notices[0].Text, "dmarc: paper.test has no DMARC record") {
			t.Errorf("the operator is told %+v, %v", notices, err)
		}
		s, err := a.Status(t.Context())
		if err != nil || !strings.HasPrefix(strings.Join(s.Attention, "\n"), "edition 1 of weekly is held back, large providers would refuse it: dmarc: paper.test has no DMARC record") {
			t.Errorf("the status tells %q, %v", s.Attention, err)
		}
	}
	// The examination counts for some minutes.
	dns.Set("_dmarc.paper.test", "TXT v=DMARC1; p=none")
	if _, err := a.Send(t.Context(), "weekly", ""); !errors.Is(err, app.ErrRefusable) {
		t.Errorf("at once: %v", err)
	}
	// On somebody's word it goes out, as far as there is a relay, in every
	// process.
	dns.Set("_dmarc.paper.test")
	if _, _, err := a.ResendAnyway(t.Context(), "weekly", 1); errors.Is(err, app.ErrRefusable) || !errors.Is(err, deliver.ErrPaused) {
		t.Errorf("all the same: %v", err)
	}
	if _, _, err := other.ResendEdition(t.Context(), "weekly", 1); errors.Is(err, app.ErrRefusable) || !errors.Is(err, deliver.ErrPaused) {
		t.Errorf("all the same, another process: %v", err)
	}
	if notices, err := other.Notices(t.Context()); err != nil || len(notices) != 0 {
		t.Errorf("still held back: %+v, %v", notices, err)
	}
}
