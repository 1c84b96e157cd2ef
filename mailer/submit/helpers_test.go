package submit_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"flag"
	"io"
	"log"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"broadsheet/mailer"
	"broadsheet/mailer/submit"
)

var update = flag.Bool("update", false, "write the golden files")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	name = filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// chinese is a message as a digest makes it.
func chinese() mailer.Message {
	return mailer.Message{
		ID:   "edition.reader@news.example.com",
		From: "江城产经 <digest@news.example.com>",
		To:   "reader@example.org",
		Date: time.Date(2026, 11, 23, 8, 0, 0, 0, time.FixedZone("CST", 8*3600)),
		Body: &mailer.Body{
			Subject:  "一周产经 11月23日：金融3 产业5 基础设施2",
			Language: "zh-Hans",
			HTML:     "<!DOCTYPE html>\n<html lang=\"zh-Hans\"><head><meta charset=\"utf-8\"><title>一周产经</title></head><body><p>码头二期投产，年吞吐能力达到八十万标箱。</p></body></html>\n",
			Text:     "一周产经\n\n码头二期投产，年吞吐能力达到八十万标箱。\n",
		},
		ListID:   "weekly.news.example.com",
		ListName: "一周产经",
		Headers: []mailer.Header{
			{Name: "List-Unsubscribe", Value: "<mailto:editor@example.com?subject=unsubscribe%20weekly>"},
			{Name: "List-Help", Value: "<mailto:editor@example.com>"},
		},
	}
}

// english is one in Latin script.
func english() mailer.Message {
	m := chinese()
	m.From, m.Subject, m.Language, m.ListName = "River City Business <digest@news.example.com>", "Weekly, 23 November: Finance 3", "en", `The "Weekly"`
	m.HTML = "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Weekly</title></head><body><p>The second berth is open – capacity: 800,000 boxes a year.</p></body></html>\n"
	m.Text = "Weekly\n\nThe second berth is open – capacity: 800,000 boxes a year.\n.\nA line with a dot alone stands above.\n"
	return m
}

// A relay is an SMTP server that does as it is told.
type relay struct {
	port     int
	roots    *x509.CertPool
	script   func(phase string, n int) error // n counts messages from 0
	auth     bool
	tls      *tls.Config
	implicit bool
	utf8     bool

	mu       sync.Mutex
	sessions int
	begun    int      // MAIL commands
	mails    []string // accepted, as they came
	rcpts    []string
}

// errDrop makes a session end without a word.
var errDrop = errors.New("drop")

func (r *relay) start(t testing.TB) *relay {
	t.Helper()
	s := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		r.mu.Lock()
		n := r.sessions
		r.sessions++
		r.mu.Unlock()
		return &session{relay: r, conn: c}, r.play("greeting", n, c)
	}))
	s.Domain, s.AllowInsecureAuth, s.EnableSMTPUTF8 = "relay.example", true, r.utf8
	s.MaxMessageBytes, s.MaxLineLength = 10<<20, 2000
	s.ErrorLog = log.New(io.Discard, "", 0)
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.port = l.Addr().(*net.TCPAddr).Port
	if r.implicit {
		l = tls.NewListener(l, r.tls)
	} else {
		s.TLSConfig = r.tls
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.Serve(l)
	}()
	t.Cleanup(func() {
		_ = s.Close()
		<-done
	})
	return r
}

func (r *relay) play(phase string, n int, c *smtp.Conn) error {
	if r.script == nil {
		return nil
	}
	err := r.script(phase, n)
	if errors.Is(err, errDrop) {
		_ = c.Conn().Close()
	}
	return err
}

// seen returns the mails accepted, their recipients and the number of sessions.
func (r *relay) seen() (mails, rcpts []string, sessions int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.mails), slices.Clone(r.rcpts), r.sessions
}

// config returns the configuration that reaches the relay.
func (r *relay) config() submit.Config {
	c := submit.Default()
	c.Transport = submit.SMTPTransport
	c.SMTP.Host, c.SMTP.Port, c.SMTP.TLS, c.SMTP.Roots = "127.0.0.1", r.port, submit.NoTLS, r.roots
	c.SMTP.Timeout = 5 * time.Second
	return c
}

type session struct {
	*relay
	conn *smtp.Conn
	n    int
	rcpt string
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

func (s *session) Mail(string, *smtp.MailOptions) error {
	s.mu.Lock()
	s.n = s.begun
	s.begun++
	s.mu.Unlock()
	return s.play("mail", s.n, s.conn)
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.rcpt = to
	return s.play("rcpt", s.n, s.conn)
}

func (s *session) Data(r io.Reader) error {
	if err := s.play("data", s.n, s.conn); err != nil {
		return err
	}
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if err := s.play("dot", s.n, s.conn); err != nil {
		return err
	}
	s.mu.Lock()
	s.mails, s.rcpts = append(s.mails, string(b)), append(s.rcpts, s.rcpt)
	s.mu.Unlock()
	return s.play("accepted", s.n, s.conn)
}

func (s *session) AuthMechanisms() []string {
	if s.auth {
		return []string{sasl.Plain}
	}
	return nil
}

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, username, password string) error {
		if username != "user" || password != "secret" {
			return smtp.ErrAuthFailed
		}
		return nil
	}), nil
}

// certificate makes one for this machine.
func certificate(t *testing.T) (*tls.Config, *x509.CertPool) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "relay.example"},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA:         true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: private}}}, pool
}

func reply(code int, enhanced smtp.EnhancedCode, text string) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: enhanced, Message: text}
}
