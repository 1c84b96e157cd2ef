package submit_test

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"

	"broadsheet/mailer"
	"broadsheet/mailer/submit"
)

// An upgrader is an SMTP server that offers much before it encrypts and nothing
// after that, and adds something to its agreement to STARTTLS.
type upgrader struct {
	extra    string // sent in the same piece
	commands []string
	done     chan struct{} // closed when the first session is over
}

func (u *upgrader) start(t *testing.T, config *tls.Config) (port int) {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	u.done = make(chan struct{})
	go func() {
		defer close(u.done)
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		u.serve(c, config)
	}()
	t.Cleanup(func() { _ = l.Close(); <-u.done })
	return l.Addr().(*net.TCPAddr).Port
}

func (u *upgrader) serve(c net.Conn, config *tls.Config) {
	say := func(text string) { _, _ = io.WriteString(c, text) }
	r := bufio.NewReader(c)
	say("220 relay.example ESMTP\r\n")
	encrypted := false
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		if encrypted {
			u.commands = append(u.commands, line)
		}
		switch verb, _, _ := strings.Cut(line, " "); verb {
		case "EHLO":
			if encrypted {
				say("250 relay.example\r\n")
			} else {
				say("250-relay.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 STARTTLS\r\n")
			}
		case "STARTTLS":
			say("220 go ahead\r\n" + u.extra)
			secure := tls.Server(c, config)
			if secure.Handshake() != nil {
				return
			}
			c, r, encrypted = secure, bufio.NewReader(secure), true
		case "DATA":
			say("354 go on\r\n")
			for line != ".\r\n" && err == nil {
				line, err = r.ReadString('\n')
			}
			say("250 2.0.0 the true reply\r\n")
		case "QUIT":
			say("221 bye\r\n")
			return
		default:
			say("250 fine\r\n")
		}
	}
}

// TestNothingFromBeforeTheHandshakeCounts holds that neither what a server
// offered in the clear nor what somebody on the way added to its agreement to
// STARTTLS is taken for something it says when encrypted.
func TestNothingFromBeforeTheHandshakeCounts(t *testing.T) {
	config, roots := certificate(t)
	for name, extra := range map[string]string{
		"nothing":             "",
		"a reply":             "250 fine\r\n",
		"offers":              "250-relay.example\r\n250-PIPELINING\r\n250-AUTH PLAIN\r\n250 8BITMIME\r\n",
		"a whole transaction": "250 hello\r\n250 fine\r\n250 fine\r\n354 go on\r\n250 a false reply\r\n",
		"a piece of a reply":  "250-",
	} {
		t.Run(name, func(t *testing.T) {
			u := &upgrader{extra: extra}
			c := submit.Default()
			c.Transport = submit.SMTPTransport
			c.SMTP.Host, c.SMTP.Port, c.SMTP.TLS, c.SMTP.Roots = "127.0.0.1", u.start(t, config), submit.StartTLS, roots
			tr := open(t, c)
			reply, err := tr.Send(t.Context(), chinese())
			var fault *mailer.SendError
			if err != nil && (!errors.As(err, &fault) || fault.Fault != mailer.ConnectionFault) {
				t.Fatalf("error %v, want none or a connection fault", err)
			}
			if err := tr.Close(); err != nil {
				t.Error(err)
			}
			<-u.done
			if err != nil {
				if extra == "" {
					t.Errorf("refused without a reason: %v", err)
				}
				if len(u.commands) > 0 {
					t.Errorf("it went on with %q", u.commands)
				}
				return
			}
			if reply != "2.0.0 the true reply" {
				t.Errorf("taken for the reply: %q", reply)
			}
			if i := slices.IndexFunc(u.commands, func(s string) bool { return strings.HasPrefix(s, "MAIL") }); i < 0 || strings.Contains(u.commands[i], "BODY=") {
				t.Errorf("what was offered in the clear counts: %q", u.commands)
			}
			if slices.ContainsFunc(u.commands, func(s string) bool { return strings.HasPrefix(s, "AUTH") }) {
				t.Errorf("it signs in: %q", u.commands)
			}
		})
	}
}
