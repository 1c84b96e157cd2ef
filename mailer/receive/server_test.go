package receive_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"broadsheet/mailer"
	"broadsheet/mailer/receive"
)

// start serves a desk and returns the address.
func start(t *testing.T, d *receive.Desk, cfg receive.Config) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cfg.Domain = domain
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	server := &receive.Server{Config: cfg, Desk: func() *receive.Desk { return d }}
	go func() { done <- server.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("Serve: %v", err)
			}
		case <-time.After(time.Minute):
			t.Error("Serve does not end")
		}
	})
	return l.Addr().String()
}

// A client speaks SMTP, line by line.
type client struct {
	t    *testing.T
	conn net.Conn
	text *textproto.Conn
}

func dial(t *testing.T, address string) *client {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	conn.SetDeadline(time.Now().Add(time.Minute))
	c := &client{t, conn, textproto.NewConn(conn)}
	t.Cleanup(func() { c.text.Close() })
	return c
}

// read returns a reply, all lines of it.
func (c *client) read() string {
	c.t.Helper()
	code, text, err := c.text.ReadResponse(0)
	var proto *textproto.Error
	if err != nil && !errors.As(err, &proto) {
		return "the end: " + err.Error()
	}
	return fmt.Sprintf("%d %s", code, text)
}

// say sends a line and returns the reply.
func (c *client) say(line string) string {
	c.t.Helper()
	if _, err := fmt.Fprintf(c.conn, "%s\r\n", line); err != nil {
		return "the end: " + err.Error()
	}
	return c.read()
}

func (c *client) want(reply, prefix string) {
	c.t.Helper()
	if !strings.HasPrefix(reply, prefix) {
		c.t.Fatalf("reply %q, want %s…", reply, prefix)
	}
}

// greeted returns a connection that has said hello.
func greeted(t *testing.T, address string) *client {
	t.Helper()
	c := dial(t, address)
	c.want(c.read(), "220")
	c.want(c.say("EHLO mx.example.net"), "250")
	return c
}

// data sends a message and returns the reply.
func (c *client) data(message string) string {
	c.t.Helper()
	c.want(c.say("DATA"), "354")
	if _, err := c.conn.Write(append(crlf(message), ".\r\n"...)); err != nil {
		return "the end: " + err.Error()
	}
	return c.read()
}

func TestServerTakesMail(t *testing.T) {
	d, l, _ := newDesk()
	c := greeted(t, start(t, d, receive.Config{}))
	c.want(c.say("MAIL FROM:<> BODY=8BITMIME"), "250")
	c.want(c.say("RCPT TO:<"+bounceAddress(7)+"> "), "250")
	c.want(c.data(report("Action: failed\nStatus: 5.1.1\n")), "250")
	if got, want := l.Deeds(), "bounced 7 hard 5.1.1: 5.1.1"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	c.want(c.say("MAIL FROM:<a@x.example>"), "250")
	c.want(c.say("RCPT TO:<postmaster@"+domain+">"), "250")
	c.want(c.data("From: a@x.example\n\nHello?\n"), "550 5.7.1 this address takes complaints")
	l.fail = errors.New("the disk is full")
	c.want(c.say("MAIL FROM:<>"), "250")
	c.want(c.say("RCPT TO:<"+bounceAddress(8)+">"), "250")
	c.want(c.data(report("Action: failed\nStatus: 5.1.1\n")), "451")
	c.want(c.say("QUIT"), "221")
}

// TestNoRelaying tries what open relays fall for.
func TestNoRelaying(t *testing.T) {
	d, l, _ := newDesk()
	address := start(t, d, receive.Config{})
	victims := []string{
		"<victim@example.net>",
		"<victim@example.net@" + domain + ">",
		"<victim%example.net@" + domain + ">",
		"<unsubscribe%example.net@" + domain + ">",
		"<\"victim@example.net\"@" + domain + ">",
		"<\"victim%example.net\"@" + domain + ">",
		"<example.net!victim@" + domain + ">",
		"<example.net!victim>",
		"<@" + domain + ":victim@example.net>",
		"<@" + domain + ",@example.net:victim@example.org>",
		"<unsubscribe@" + domain + "@example.net>",
		"<unsubscribe@[127.0.0.1]>",
		"<unsubscribe@localhost>",
		"<unsubscribe@sub." + domain + ">",
		"<unsubscribe@" + domain + ".example.net>",
		"<victim>",
		"<>",
		"<bounce+" + strings.Repeat("a", 32) + "@" + domain + ">",
		"<bounce@" + domain + ">",
		"<newsletter-../../etc/passwd@" + domain + ">",
		"victim@example.net",
	}
	for _, from := range []string{"<>", "<unsubscribe@" + domain + ">", "<a@example.org>"} {
		for _, to := range victims {
			c := greeted(t, address)
			c.want(c.say("MAIL FROM:"+from), "250")
			if got := c.say("RCPT TO:" + to); !strings.HasPrefix(got, "55") && !strings.HasPrefix(got, "501") {
				t.Errorf("from %s to %s: %s", from, to, got)
			}
			if got := c.say("DATA"); strings.HasPrefix(got, "354") {
				t.Errorf("from %s to %s: DATA is taken: %s", from, to, got)
			}
			c.text.Close()
		}
	}
	c := greeted(t, address)
	for line, want := range map[string]string{"VRFY root": "252", "EXPN list": "502", "TURN": "502", "AUTH PLAIN AGEAYg==": "5"} {
		c.want(c.say(line), want)
	}
	// A route that ends with us is what RFC 5321, appendix F.2 wants taken, or
	// refused: it goes nowhere else.
	c.want(c.say("MAIL FROM:<a@example.org>"), "250")
	c.say("RCPT TO:<@example.net:unsubscribe@" + domain + ">")
	if got := l.Deeds(); got != "" {
		t.Errorf("it was done: %s", got)
	}
}

// TestNoSmuggling ends a message as only some servers understand it (a dot
// between bare line feeds), with another message behind it.
func TestNoSmuggling(t *testing.T) {
	for _, end := range []string{"\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r"} {
		d, l, s := newDesk()
		c := greeted(t, start(t, d, receive.Config{}))
		c.want(c.say("MAIL FROM:<list@example.net>"), "250")
		c.want(c.say("RCPT TO:<newsletter-harbour@"+domain+">"), "250")
		c.want(c.say("DATA"), "354")
		inner := "MAIL FROM:<>\r\nRCPT TO:<" + bounceAddress(7) + ">\r\nDATA\r\nSubject: x\r\n\r\n550 5.1.1\r\n.\r\n"
		if _, err := c.conn.Write([]byte("Subject: news\r\n\r\nHello." + end + inner)); err != nil {
			t.Fatal(err)
		}
		c.want(c.read(), "250")
		if got := l.Deeds(); got != "noted newsletter: source harbour" || len(s.got) != 1 {
			t.Errorf("after %q: %s", end, got)
		}
	}
}

func TestServerSpeaksTLS(t *testing.T) {
	d, l, _ := newDesk()
	c := greeted(t, start(t, d, receive.Config{}))
	if got := c.say("EHLO mx.example.net"); !strings.Contains(got, "STARTTLS") || strings.Contains(got, "AUTH") {
		t.Errorf("it offers %q", got)
	}
	plain := dial(t, c.conn.RemoteAddr().String())
	plain.want(plain.read(), "220")
	plain.want(plain.say("EHLO mx.example.net"), "250")
	plain.want(plain.say("STARTTLS"), "220")
	secure := tls.Client(plain.conn, &tls.Config{InsecureSkipVerify: true, ServerName: domain})
	if err := secure.Handshake(); err != nil {
		t.Fatal(err)
	}
	if names := secure.ConnectionState().PeerCertificates[0].DNSNames; len(names) != 1 || names[0] != domain {
		t.Errorf("the certificate is for %v", names)
	}
	c = &client{t, secure, textproto.NewConn(secure)}
	c.want(c.say("EHLO mx.example.net"), "250")
	c.want(c.say("RCPT TO:<"+bounceAddress(7)+">"), "502")
	c.want(c.say("MAIL FROM:<>"), "250")
	c.want(c.say("RCPT TO:<"+bounceAddress(7)+">"), "250")
	c.want(c.data(report("Action: failed\nStatus: 5.1.1\n")), "250")
	if got := l.Deeds(); !strings.HasPrefix(got, "bounced 7") {
		t.Errorf("done: %s", got)
	}
}

// TestServerForgetsWhatWasSentInTheClear sends commands in one piece with
// STARTTLS: whoever can write into the connection before the handshake must not
// have them carried out in the name of the client after it.
func TestServerForgetsWhatWasSentInTheClear(t *testing.T) {
	for _, smuggled := range []string{
		"MAIL FROM:<smuggled@example.net>\r\n",
		"EHLO evil.example\r\nMAIL FROM:<>\r\nRCPT TO:<" + bounceAddress(7) + ">\r\nDATA\r\n",
		"EHLO evil.example\r\nMAIL FROM:<>\r\nRCPT TO:<" + bounceAddress(7) + ">\r\nDATA\r\nSubject: x\r\n\r\n550 5.1.1\r\n.\r\n",
	} {
		d, l, _ := newDesk()
		plain := greeted(t, start(t, d, receive.Config{}))
		if _, err := plain.conn.Write([]byte("STARTTLS\r\n" + smuggled)); err != nil {
			t.Fatal(err)
		}
		plain.want(plain.read(), "220")
		secure := tls.Client(plain.conn, &tls.Config{InsecureSkipVerify: true, ServerName: domain})
		if err := secure.Handshake(); err != nil {
			t.Fatalf("after %q: %v", smuggled, err)
		}
		c := &client{t, secure, textproto.NewConn(secure)}
		c.want(c.say("RCPT TO:<"+bounceAddress(7)+">"), "502")
		c.want(c.say("EHLO mx.example.net"), "250")
		c.want(c.say("RCPT TO:<"+bounceAddress(7)+">"), "502")
		c.want(c.say("MAIL FROM:<>"), "250")
		c.want(c.say("QUIT"), "221")
		if got := l.Deeds(); got != "" {
			t.Errorf("after %q: %s", smuggled, got)
		}
	}
}

func TestServerLimits(t *testing.T) {
	d, l, _ := newDesk()
	address := start(t, d, receive.Config{})
	t.Run("recipients", func(t *testing.T) {
		c := greeted(t, address)
		c.want(c.say("MAIL FROM:<>"), "250")
		for i := range int64(10) {
			c.want(c.say("RCPT TO:<"+bounceAddress(i+1)+">"), "250")
		}
		c.want(c.say("RCPT TO:<"+bounceAddress(11)+">"), "452")
	})
	t.Run("a size that is announced", func(t *testing.T) {
		c := greeted(t, address)
		c.want(c.say("MAIL FROM:<> SIZE=20000000"), "552")
	})
	t.Run("a size that is not", func(t *testing.T) {
		c := greeted(t, address)
		c.want(c.say("MAIL FROM:<a@example.org>"), "250")
		c.want(c.say("RCPT TO:<newsletter-harbour@"+domain+">"), "250")
		c.want(c.data("Subject: x\n\n"+strings.Repeat(strings.Repeat("x", 900)+"\n", 12_000)), "552")
	})
	t.Run("chunks", func(t *testing.T) {
		c := greeted(t, address)
		c.want(c.say("MAIL FROM:<a@example.org>"), "250")
		c.want(c.say("RCPT TO:<newsletter-harbour@"+domain+">"), "250")
		c.want(c.say("BDAT 99999999"), "552")
	})
	t.Run("a line", func(t *testing.T) {
		c := greeted(t, address)
		c.want(c.say("MAIL FROM:<"+strings.Repeat("x", 5000)+"@example.org>"), "500")
	})
	t.Run("addresses that are none", func(t *testing.T) {
		c := greeted(t, address)
		c.want(c.say("MAIL FROM:<>"), "250")
		for i := range 10 {
			c.want(c.say(fmt.Sprintf("RCPT TO:<user%d@%s>", i, domain)), "550")
		}
		c.want(c.say("RCPT TO:<another@"+domain+">"), "421")
	})
	if got := l.Deeds(); got != "" {
		t.Errorf("it was done: %s", got)
	}
}

func TestServerLimitsConnections(t *testing.T) {
	d, _, _ := newDesk()
	address := start(t, d, receive.Config{})
	var open []*client
	for range 10 {
		open = append(open, greeted(t, address))
	}
	c := dial(t, address)
	c.want(c.read(), "421 4.7.0 too many connections")
	open[0].want(open[0].say("QUIT"), "221")
	if got := open[0].read(); !strings.HasPrefix(got, "the end") {
		t.Errorf("after QUIT: %s", got)
	}
	greeted(t, address) // there is room again
}

func TestServerLimitsMessages(t *testing.T) {
	d, _, _ := newDesk()
	c := greeted(t, start(t, d, receive.Config{}))
	n, refused := 0, ""
	for ; n < 2000 && refused == ""; n++ {
		if got := c.say("MAIL FROM:<>"); !strings.HasPrefix(got, "250") {
			refused = got
		}
		c.say("RSET")
	}
	if !strings.HasPrefix(refused, "451") || n < 600 {
		t.Errorf("after %d messages: %q", n, refused)
	}
}

func TestAddresses(t *testing.T) {
	d, _, _ := newDesk()
	for address, want := range map[string]bool{
		bounceAddress(7):                                        true,
		strings.ToUpper(bounceAddress(7)):                       true,
		mailer.VERP(secret, 7) + "@" + domain + ".":             true,
		mailer.VERP(secret, 7) + "@example.com":                 false,
		mailer.VERP([]byte("other"), 7) + "@" + domain:          false,
		"Unsubscribe@Bounce.Example.COM":                        true,
		"unsubscribe+" + mailer.Token(secret, 1) + "@" + domain: true,
		"unsubscribe+@" + domain:                                false,
		"abuse@" + domain:                                       true,
		"feedback@" + domain:                                    true,
		"POSTMASTER@" + domain:                                  true,
		"newsletter-harbour@" + domain:                          true,
		"newsletter-nobody@" + domain:                           false,
		"root@" + domain:                                        false,
		"":                                                      false,
		"@" + domain:                                            false,
	} {
		if got := d.Accepts(address); got != want {
			t.Errorf("%s: %v, want %v", address, got, want)
		}
	}
}
