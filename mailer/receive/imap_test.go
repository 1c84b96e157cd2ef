package receive_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"

	"broadsheet/mailer"
	"broadsheet/mailer/receive"
)

// A host is an IMAP server with one mailbox.
type host struct {
	t    *testing.T
	user *imapmemserver.User
	cfg  receive.IMAP
}

// newHost runs a server that speaks as the configuration says: implicit,
// starttls or none.
func newHost(t *testing.T, how string) *host {
	t.Helper()
	h := &host{t: t, user: imapmemserver.NewUser("paper", "secret")}
	if err := h.user.Create("INBOX", nil); err != nil {
		t.Fatal(err)
	}
	mem := imapmemserver.New()
	mem.AddUser(h.user)
	secure, roots := authority(t)
	srv := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return mem.NewSession(), nil, nil
		},
		Caps:      imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapUIDPlus: {}},
		TLSConfig: secure, InsecureAuth: true, Logger: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	if how == "implicit" {
		l = tls.NewListener(l, secure)
	}
	done := make(chan struct{})
	go func() { defer close(done); srv.Serve(l) }()
	t.Cleanup(func() { srv.Close(); <-done })
	h.cfg = receive.DefaultIMAP()
	h.cfg.Host, h.cfg.Port, h.cfg.TLS, h.cfg.Username, h.cfg.Password, h.cfg.Roots = "127.0.0.1", port, how, "paper", "secret", roots
	return h
}

// authority makes a certificate for this machine, and those who trust it.
func authority(t *testing.T) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(certificate)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, roots
}

// put stores a message in the mailbox.
func (h *host) put(message string) {
	h.t.Helper()
	if _, err := h.user.Append("INBOX", literal{strings.NewReader(string(crlf(message)))}, &imap.AppendOptions{}); err != nil {
		h.t.Fatal(err)
	}
}

type literal struct{ *strings.Reader }

func (l literal) Size() int64 { return l.Reader.Size() }

// flags returns the flags of what is in the mailbox, a message each.
func (h *host) flags() []string {
	h.t.Helper()
	conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", fmt.Sprint(h.cfg.Port)))
	if err != nil {
		h.t.Fatal(err)
	}
	if h.cfg.TLS == "implicit" {
		conn = tls.Client(conn, &tls.Config{RootCAs: h.cfg.Roots, ServerName: "127.0.0.1"})
	}
	c := imapclient.New(conn, nil)
	defer c.Close()
	if err := c.Login("paper", "secret").Wait(); err != nil {
		h.t.Fatal(err)
	}
	box, err := c.Select("INBOX", nil).Wait()
	if err != nil {
		h.t.Fatal(err)
	}
	if box.NumMessages == 0 {
		return nil
	}
	var all imap.SeqSet
	all.AddRange(1, 0)
	messages, err := c.Fetch(all, &imap.FetchOptions{Flags: true}).Collect()
	if err != nil {
		h.t.Fatal(err)
	}
	var out []string
	for _, m := range messages {
		var flags []string
		for _, f := range m.Flags {
			flags = append(flags, string(f))
		}
		slices.Sort(flags)
		out = append(out, strings.Join(flags, " "))
	}
	return out
}

func collect(t *testing.T, h *host, d *receive.Desk) (receive.Round, error) {
	t.Helper()
	return receive.Collect(t.Context(), h.cfg, d, slog.New(slog.DiscardHandler))
}

func TestMailboxElsewhere(t *testing.T) {
	for _, how := range []string{"implicit", "starttls", "none"} {
		t.Run(how, func(t *testing.T) {
			h := newHost(t, how)
			d, l, s := newDesk()
			bounced := "Return-Path: <>\nDelivered-To: " + strings.ToUpper(bounceAddress(7)) + "\nTo: " + bounceAddress(7) + report("Action: failed\nStatus: 5.1.1\n")
			h.put(bounced)
			h.put("Return-Path: <a@x>\nFrom: a@x\nTo: \"B\" <board@example.org>, <unsubscribe+" + mailer.Token(secret, 42) + "@" + domain + ">\nSubject: unsubscribe weekly\n\n")
			h.put("Return-Path: <a@x>\nFrom: a@x\nTo: unsubscribe@" + domain + "\nSubject: a question\n\n")
			h.put("Return-Path: <a@x>\nTo: somebody@else.example\n\n")
			h.put("From: list@example.net\nTo: newsletter-harbour@" + domain + "\nSubject: news\n\nThe port is open.\n")
			h.put("Return-Path: <a@x>\nTo: newsletter-harbour@" + domain + "\nSubject: huge\n\n" + strings.Repeat(strings.Repeat("x", 999)+"\n", 10_600))
			round, err := collect(t, h, d)
			if err != nil || round.Taken != 3 || round.Left != 3 {
				t.Errorf("%+v, %v", round, err)
			}
			want := "bounced 7 hard 5.1.1: 5.1.1\nunsubscribed subscriber 42 from \"weekly\" fixed false\nnoted newsletter: source harbour"
			if got := l.Deeds(); got != want || len(s.got) != 1 {
				t.Errorf("done:\n%s\nwant:\n%s", got, want)
			}
			if got := h.flags(); strings.Join(got, ",") != `\Seen,\Seen,\Flagged,\Flagged,\Seen,\Flagged` {
				t.Errorf("flags: %q", got)
			}
			if round, err := collect(t, h, d); err != nil || round != (receive.Round{}) || l.Deeds() != "" {
				t.Errorf("asked again: %+v, %v", round, err)
			}
			h.cfg.Remove = true
			h.put(strings.Replace(bounced, "Undelivered", "Again", 1))
			if round, err := collect(t, h, d); err != nil || round.Taken != 1 {
				t.Errorf("with remove: %+v, %v", round, err)
			}
			if got := h.flags(); len(got) != 6 {
				t.Errorf("it is not removed: %q", got)
			}
		})
	}
}

// TestMailboxThatFails has whatever is between the mailbox and the desk fail.
// Nothing is lost: what was not taken is new in the next round.
func TestMailboxThatFails(t *testing.T) {
	h := newHost(t, "none")
	d, l, _ := newDesk()
	h.put("Return-Path: <>\nTo: " + bounceAddress(7) + report("Action: failed\nStatus: 5.1.1\n"))
	l.fail = errors.New("the disk is full")
	if _, err := collect(t, h, d); !errors.Is(err, l.fail) {
		t.Errorf("the store fails: %v", err)
	}
	if got := h.flags(); len(got) != 1 || got[0] != "" {
		t.Errorf("flags after that: %q", got)
	}
	l.fail = nil
	for name, tt := range map[string]struct {
		change func(*receive.IMAP)
		want   string
	}{
		"password":    {func(c *receive.IMAP) { c.Password = "wrong" }, "it refuses to sign in; check mail.imap.username and password_file"},
		"mailbox":     {func(c *receive.IMAP) { c.Mailbox = "Post" }, "mailbox Post: "},
		"certificate": {func(c *receive.IMAP) { c.TLS, c.Roots = "starttls", x509.NewCertPool() }, "no encrypted connection; check mail.imap.tls and port"},
		"encryption":  {func(c *receive.IMAP) { c.TLS = "implicit" }, "no encrypted connection; check mail.imap.tls and port"},
		"port":        {func(c *receive.IMAP) { c.Port = closedPort(t) }, "is the server running, and are mail.imap.host and port right?"},
	} {
		broken := *h
		tt.change(&broken.cfg)
		if _, err := collect(t, &broken, d); err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v, want …%s…", name, err, tt.want)
		}
	}
	if round, err := collect(t, h, d); err != nil || round.Taken != 1 {
		t.Errorf("in the end: %+v, %v", round, err)
	}
}

// TestMailboxThatStalls ends with its context.
func TestMailboxThatStalls(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	cfg := receive.DefaultIMAP()
	cfg.Host, cfg.Port, cfg.TLS, cfg.Username, cfg.Password = "127.0.0.1", l.Addr().(*net.TCPAddr).Port, "none", "a", "b"
	d, _, _ := newDesk()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := receive.Collect(ctx, cfg, d, slog.New(slog.DiscardHandler))
		done <- err
	}()
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "* OK ready\r\n")
	line := make([]byte, 100)
	if _, err := conn.Read(line); err != nil {
		t.Fatal(err)
	}
	cancel()
	select {
	case err := <-done:
		if err == nil {
			t.Error("no error")
		}
	case <-time.After(time.Minute):
		t.Error("it does not end")
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
