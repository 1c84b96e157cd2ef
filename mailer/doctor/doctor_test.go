package doctor_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"broadsheet/mailer"
	"broadsheet/mailer/doctor"
	"broadsheet/mailer/doctor/dnstest"
	"broadsheet/mailer/submit"
)

var now = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// longKey is the key of all sites: making one takes a while.
var longKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// keyFile returns the file of a key.
func keyFile(t *testing.T, bits int) string {
	t.Helper()
	key, err := longKey()
	if bits != 2048 {
		key, err = rsa.GenerateKey(rand.Reader, bits)
	}
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "dkim.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	if err := os.WriteFile(name, block, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// A site is a healthy one, with its DNS.
type site struct {
	dns     *dnstest.Server
	doctor  *doctor.Doctor
	patient doctor.Patient
}

// healthy returns a site that every provider likes.
func healthy(t *testing.T) *site {
	t.Helper()
	host, port := relay(t)
	k := submit.DKIM{Domain: "paper.test", Selector: "a", KeyFile: keyFile(t, 2048)}
	record, err := submit.DNSRecord(k)
	if err != nil {
		t.Fatal(err)
	}
	s := &site{dns: dnstest.Serve(t, dnstest.Zone{
		"a._domainkey.paper.test": {"TXT " + record.Text},
		"_dmarc.paper.test":       {"TXT v=DMARC1; p=none; rua=mailto:dmarc@paper.test"},
		"bounce.paper.test":       {"TXT v=spf1 ip4:192.0.2.0/28 -all", "MX mail.paper.test"},
		"mail.paper.test":         {"A 192.0.2.1"},
		"1.2.0.192.in-addr.arpa":  {"PTR mail.paper.test"},
		"paper.test":              {"TXT google-site-verification=x"},
		"include.relay.test":      {"TXT v=spf1 ip4:192.0.2.1 ~all"},
		"other.test":              {"TXT v=spf1 -all"},
		"2.2.0.192.in-addr.arpa":  {"PTR liar.paper.test"},
		"liar.paper.test":         {"A 192.0.2.9"},
		"broken.relay.test":       {"FAIL"},
		"circle.relay.test":       {"TXT v=spf1 include:circle.relay.test -all"},
	})}
	s.doctor = &doctor.Doctor{
		Resolver: s.dns.Resolver(), Now: func() time.Time { return now },
		Own: func() []netip.Addr { return []netip.Addr{netip.MustParseAddr("192.0.2.1")} },
	}
	s.patient = doctor.Patient{
		Mail: submit.Config{
			From: "Paper <digest@paper.test>", Transport: submit.SMTPTransport, DKIM: []submit.DKIM{k},
			SMTP: submit.SMTP{Host: host, Port: port, TLS: submit.NoTLS, Connections: 1, PerConnection: 100},
		},
		Site: "https://paper.test", Domain: "bounce.paper.test",
	}
	s.write(t)
	return s
}

// write makes the message anew, by what the site is now.
func (s *site) write(t *testing.T, change ...func(*mailer.Message)) {
	t.Helper()
	sender := mailer.Sender{From: s.patient.Mail.From, Contact: "desk@paper.test", SiteURL: s.patient.Site, Domain: s.patient.Domain, Secret: []byte("secret")}
	e := mailer.Edition{ID: 1, Number: 1, Digest: "weekly", Title: "Weekly", Subject: "News", Language: "en", HTML: "<p>Hello</p>", Text: "Hello", Created: now}
	m := sender.Message(&e, e.Body(0), mailer.Delivery{ID: 1, To: "a@b.test", Recipient: 1, MessageID: "1@paper.test"})
	for _, c := range change {
		c(&m)
	}
	data, err := submit.Sign(s.patient.Mail, m)
	if err != nil {
		t.Fatal(err)
	}
	s.patient.Message = data
}

// relay runs an SMTP server that takes connections and no mail.
func relay(t *testing.T) (host string, port int) {
	t.Helper()
	srv := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return noSession{}, nil }))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); srv.Serve(l) }()
	t.Cleanup(func() { srv.Close(); <-done })
	host, p, _ := net.SplitHostPort(l.Addr().String())
	port, _ = strconv.Atoi(p)
	return host, port
}

type noSession struct{ smtp.Session }

func (noSession) Logout() error { return nil }
func (noSession) Reset()        {}

// of returns the findings of a check, a line each.
func of(fs []doctor.Finding, check string) string {
	var lines []string
	for _, f := range fs {
		if f.Check != check {
			continue
		}
		line := string(f.Level) + ": " + f.Text
		if f.Rejected != "" {
			line += " [" + f.Rejected + "]"
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func TestHealthy(t *testing.T) {
	s := healthy(t)
	fs := s.doctor.Examine(t.Context(), s.patient)
	var got []string
	for _, f := range fs {
		got = append(got, f.Check+" "+string(f.Level))
		if f.Level != doctor.OK {
			t.Errorf("%+v", f)
		}
	}
	want := []string{"signature ok", "header ok", "unsubscribe ok", "spf ok", "dkim ok", "dmarc ok", "alignment ok", "relay ok", "ptr ok", "mx ok"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("checks (-want +got):\n%s", d)
	}
	if r := doctor.Refusals(fs); len(r) != 0 {
		t.Errorf("refused: %+v", r)
	}
}

func TestDNS(t *testing.T) {
	const all = " [Gmail, Yahoo, Outlook]"
	weak := keyFile(t, 1024)
	tests := []struct {
		name, check string
		change      func(*site)
		want        string
		refused     bool
	}{
		{"no SPF", "spf", set("bounce.paper.test", "MX mail.paper.test"), "fault: bounce.paper.test has no SPF record" + all, true},
		{"two SPF records", "spf", set("bounce.paper.test", "TXT v=spf1 -all", "TXT v=spf1 a -all"), "fault: bounce.paper.test has 2 SPF records, and receivers take that for a mistake" + all, true},
		{"an unknown term", "spf", set("bounce.paper.test", "TXT v=spf1 ipv4:1.2.3.4 -all"), `fault: bounce.paper.test: its SPF record has the term "ipv4:1.2.3.4", which there is not` + all, true},
		{"a bad network", "spf", set("bounce.paper.test", "TXT v=spf1 ip4:1.2.3 -all"), `fault: bounce.paper.test: its SPF record has "ip4:1.2.3", which is no address` + all, true},
		{"another address", "spf", set("bounce.paper.test", "TXT v=spf1 ip4:198.51.100.1 ~all"), "warning: bounce.paper.test does not allow 192.0.2.1 (softfail) to send for it: v=spf1 ip4:198.51.100.1 ~all", false},
		{"everybody", "spf", set("bounce.paper.test", "TXT v=spf1 +all"), "warning: bounce.paper.test allows every machine of the world to send for it (+all)", false},
		{"by include", "spf", set("bounce.paper.test", "TXT v=spf1 include:other.test include:include.relay.test -all"), "ok: bounce.paper.test allows 192.0.2.1 to send for it", false},
		{"by include of nothing", "spf", set("bounce.paper.test", "TXT v=spf1 include:nothing.test -all"), "fault: bounce.paper.test: its SPF record refers to nothing.test, which has 0 SPF records and must have one" + all, true},
		{"by redirect", "spf", set("bounce.paper.test", "TXT v=spf1 redirect=include.relay.test"), "ok: bounce.paper.test allows 192.0.2.1 to send for it", false},
		{"by mx", "spf", set("bounce.paper.test", "TXT v=spf1 mx -all", "MX mail.paper.test"), "ok: bounce.paper.test allows 192.0.2.1 to send for it", false},
		{"by a with a network", "spf", set("bounce.paper.test", "TXT v=spf1 a:liar.paper.test/28 -all"), "ok: bounce.paper.test allows 192.0.2.1 to send for it", false},
		{"in a circle", "spf", set("bounce.paper.test", "TXT v=spf1 include:circle.relay.test -all"), "fault: bounce.paper.test: its SPF record asks the DNS more than 10 times (at include:circle.relay.test), and receivers give up" + all, true},
		{"a DNS that fails", "spf", set("bounce.paper.test", "TXT v=spf1 include:broken.relay.test -all"), "warning: bounce.paper.test: the DNS gives no answer: ", false},
		{"an address that cannot be known", "spf", func(s *site) { s.doctor.Own = func() []netip.Addr { return nil } }, "note: bounce.paper.test has an SPF record: v=spf1 ip4:192.0.2.0/28 -all; ", false},

		{"no DMARC", "dmarc", set("_dmarc.paper.test"), "fault: paper.test has no DMARC record" + all, true},
		{"a broken DMARC", "dmarc", set("_dmarc.paper.test", "TXT v=DMARC1; p=nothing"), "fault: _dmarc.paper.test has no one good record: v=DMARC1; p=nothing" + all, true},
		{"the DMARC of the domain above", "dmarc", func(s *site) { s.patient.Mail.From = "digest@news.paper.test" }, "ok: _dmarc.paper.test: v=DMARC1; p=none; rua=mailto:dmarc@paper.test", false},
		{"no reports", "dmarc", set("_dmarc.paper.test", "TXT v=DMARC1; p=reject"), "note: _dmarc.paper.test: v=DMARC1; p=reject", false},

		{"no key here", "dkim", func(s *site) { s.patient.Mail.DKIM = nil }, "fault: mail is not signed here" + all, true},
		{"no key there", "dkim", set("a._domainkey.paper.test"), "fault: a._domainkey.paper.test has no record" + all, true},
		{"a revoked key", "dkim", set("a._domainkey.paper.test", "TXT v=DKIM1; p="), "fault: a._domainkey.paper.test: the key is revoked (p= is empty)" + all, true},
		{"another key", "dkim", set("a._domainkey.paper.test", "TXT v=DKIM1; p=AAAA"), "fault: a._domainkey.paper.test: the record has another key than KEY" + all, true},
		{"two records", "dkim", set("a._domainkey.paper.test", "TXT v=DKIM1; p=AAAA", "TXT v=DKIM1; p=BBBB"), "fault: a._domainkey.paper.test has 2 records, and must have one" + all, true},
		{"a key that is tried out", "dkim", func(s *site) { s.publish("t=y; ") }, "warning: a._domainkey.paper.test: the record says that it is being tried out (t=y)", false},
		{"a short key", "dkim", func(s *site) { s.patient.Mail.DKIM[0].KeyFile = weak; s.publish("") }, "warning: a._domainkey.paper.test: the key has 1024 bits", false},
		{"one good key of two", "dkim", func(s *site) {
			s.patient.Mail.DKIM = append(s.patient.Mail.DKIM, submit.DKIM{Domain: "paper.test", Selector: "b", KeyFile: weak})
		}, "ok: a._domainkey.paper.test has the key of KEY\nfault: b._domainkey.paper.test has no record", false},

		{"no name", "ptr", set("1.2.0.192.in-addr.arpa"), "warning: 192.0.2.1 has no name in the DNS", false},
		{"a name that leads elsewhere", "ptr", func(s *site) {
			s.doctor.Own = func() []netip.Addr { return []netip.Addr{netip.MustParseAddr("192.0.2.2")} }
		}, "warning: 192.0.2.2 is called liar.paper.test, and that name does not lead back to it", false},
		{"no public address", "ptr", func(s *site) { s.doctor.Own = func() []netip.Addr { return nil } }, "note: this machine has no public address of its own, ", false},

		{"one proof", "alignment", func(s *site) { s.patient.Domain = "other.test" }, "note: the From domain paper.test agrees with one proof: not the return path's, other.test", false},
		{"no proof", "alignment", func(s *site) {
			s.patient.Domain, s.patient.Mail.DKIM[0].Domain = "other.test", "relay.test"
		}, "fault: the From domain paper.test agrees neither with the return path's, other.test, nor with a DKIM key's" + all, true},
		{"strictly", "alignment", set("_dmarc.paper.test", "TXT v=DMARC1; p=none; aspf=s; rua=mailto:a@paper.test"), "note: the From domain paper.test agrees with one proof: not the return path's, bounce.paper.test", false},
		{"below a common domain", "alignment", func(s *site) { s.patient.Mail.From = "a@news.paper.test" }, "ok: the From domain news.paper.test agrees with the return path's and with a key's", false},

		{"no way back", "mx", set("mail.paper.test"), "fault: mail for bounce.paper.test has no way: neither an MX record that leads to an address, nor an address of its own", false},
		{"an address for MX", "mx", set("bounce.paper.test", "A 192.0.2.1"), "ok: mail for bounce.paper.test goes to bounce.paper.test", false},
		{"bounces to nobody", "mx", func(s *site) { s.patient.Domain = "" }, "note: bounces go to Paper <digest@paper.test>: nobody counts them here", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := healthy(t)
			key := s.patient.Mail.DKIM[0].KeyFile
			tt.change(s)
			fs := s.doctor.Examine(t.Context(), s.patient)
			got := strings.ReplaceAll(of(fs, tt.check), key, "KEY")
			if got != tt.want && !(strings.HasSuffix(tt.want, " ") && strings.HasPrefix(got, tt.want)) {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			refused := false
			for _, f := range doctor.Refusals(fs) {
				refused = refused || f.Check == tt.check
			}
			if refused != tt.refused {
				t.Errorf("refused: %v, want %v", refused, tt.refused)
			}
			for _, f := range fs {
				if (f.Level == doctor.Fault || f.Level == doctor.Warning) && f.Remedy == "" {
					t.Errorf("no remedy: %+v", f)
				}
			}
		})
	}
}

func set(name string, lines ...string) func(*site) {
	return func(s *site) { s.dns.Set(name, lines...) }
}

// publish puts the record of the first key into the DNS, with something more.
func (s *site) publish(more string) {
	r, err := submit.DNSRecord(s.patient.Mail.DKIM[0])
	if err != nil {
		panic(err)
	}
	s.dns.Set(r.Name, "TXT "+strings.Replace(r.Text, "k=rsa; ", "k=rsa; "+more, 1))
}

func TestMessages(t *testing.T) {
	tests := []struct {
		name, check string
		change      func(*testing.T, *site)
		want        string
	}{
		{"a site without https", "unsubscribe", func(t *testing.T, s *site) { s.patient.Site = "http://paper.test"; s.write(t) }, "fault: there is no one-click way to unsubscribe (RFC 8058) [Gmail, Yahoo]"},
		{"no mailto", "unsubscribe", func(t *testing.T, s *site) {
			s.patient.Message = []byte(strings.Replace(string(s.patient.Message), "<mailto:unsubscribe", "<xmpp:unsubscribe", 1))
		}, "ok: one click unsubscribes (RFC 8058)\nwarning: there is no address to unsubscribe by mail, and Outlook takes nothing else"},
		{"two subjects", "header", func(_ *testing.T, s *site) {
			s.patient.Message = append([]byte("Subject: another\r\n"), s.patient.Message...)
		}, "fault: Subject stands 2 times [Gmail, Yahoo, Outlook]"},
		{"two From addresses", "header", func(_ *testing.T, s *site) {
			s.patient.Message = []byte(strings.Replace(string(s.patient.Message), "digest@paper.test>", "digest@paper.test>, b@c.test", 1))
		}, "fault: From is not one address [Gmail, Yahoo, Outlook]"},
		{"changed on the way", "signature", func(_ *testing.T, s *site) {
			s.patient.Message = []byte(strings.Replace(string(s.patient.Message), "Hello", "Hullo", 1))
		}, "fault: the next edition's signature of paper.test does not verify: dkim: body hash did not verify [Gmail, Yahoo, Outlook]"},
		{"a key that is not published", "signature", func(_ *testing.T, s *site) { s.dns.Set("a._domainkey.paper.test") }, "warning: the next edition's signature of paper.test is good, but receivers cannot verify it: "},
		{"too large for Gmail", "size", func(t *testing.T, s *site) {
			s.write(t, func(m *mailer.Message) { m.HTML = strings.Repeat("<p>新闻</p>\n", 20_000) })
		}, "warning: the HTML has 300 KB; Gmail shows 102"},
		{"no message", "header", func(_ *testing.T, s *site) { s.patient.Message = nil }, "note: no digest has a recipient and something to tell, so that there is no message to look at"},
		{"not a message", "header", func(_ *testing.T, s *site) { s.patient.Message = []byte("hello") }, "fault: the next edition is no message: "},
		{"a line too long", "header", func(_ *testing.T, s *site) {
			s.patient.Message = []byte(strings.Replace(string(s.patient.Message), "Hello", strings.Repeat("x", 1200), 1))
		}, "ok: the fields that must stand once do\nfault: a line has 12"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := healthy(t)
			tt.change(t, s)
			got := of(s.doctor.Examine(t.Context(), s.patient), tt.check)
			if !strings.HasPrefix(got, tt.want) {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestRelay(t *testing.T) {
	s := healthy(t)
	s.patient.Mail.SMTP.Port = closedPort(t)
	got := of(s.doctor.Examine(t.Context(), s.patient), "relay")
	if want := fmt.Sprintf("fault: smtp 127.0.0.1:%d: is the relay running, and are mail.smtp.host and port right?: ", s.patient.Mail.SMTP.Port); !strings.HasPrefix(got, want) {
		t.Errorf("got %s, want %s…", got, want)
	}
	s.patient.Mail.Transport = submit.DirectoryTransport
	if got := of(s.doctor.Examine(t.Context(), s.patient), "relay"); !strings.HasPrefix(got, "note: mail is written into the folder") {
		t.Errorf("a folder: %s", got)
	}
}

func closedPort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
