package submit_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"broadsheet/mailer"
	"broadsheet/mailer/submit"
)

func open(t testing.TB, c submit.Config) submit.Transport {
	t.Helper()
	tr, err := submit.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tr.Close() })
	return tr
}

func TestRelayGetsTheMessage(t *testing.T) {
	r := (&relay{}).start(t)
	m := english() // has a line with a dot alone
	reply, err := open(t, r.config()).Send(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(reply, "OK") {
		t.Errorf("reply %q", reply)
	}
	mails, rcpts, _ := r.seen()
	if len(mails) != 1 || rcpts[0] != m.To {
		t.Fatalf("%d mails to %v", len(mails), rcpts)
	}
	want, err := submit.Build(m)
	if err != nil || mails[0] != string(want) {
		t.Errorf("the relay got other bytes (error %v)", err)
	}
}

func TestRelayRefusesAtEachPhase(t *testing.T) {
	for _, tt := range []struct {
		name, phase string
		answer      error
		fault       mailer.Fault
		code        int
		enhanced    string
		want        string
	}{
		{"greeting: too busy", "greeting", reply(421, smtp.EnhancedCode{4, 3, 2}, "busy"), mailer.ConnectionFault, 421, "4.3.2", "busy"},
		{"greeting: never", "greeting", reply(554, smtp.EnhancedCode{5, 3, 2}, "go away"), mailer.ConnectionFault, 554, "5.3.2", "go away"},
		{"mail: drop", "mail", errDrop, mailer.ConnectionFault, 0, "", "the connection broke"},
		{"mail: closing", "mail", reply(421, smtp.EnhancedCode{4, 7, 0}, "try later"), mailer.ConnectionFault, 421, "4.7.0", "try later"},
		{"mail: later", "mail", reply(451, smtp.EnhancedCode{4, 3, 0}, "disk"), mailer.TemporaryFault, 451, "4.3.0", "disk"},
		{"mail: sender refused", "mail", reply(550, smtp.EnhancedCode{5, 7, 1}, "who are you"), mailer.ConnectionFault, 550, "5.7.1", "check mail.from"},
		{"rcpt: drop", "rcpt", errDrop, mailer.ConnectionFault, 0, "", "the connection broke"},
		{"rcpt: greylisted", "rcpt", reply(450, smtp.EnhancedCode{4, 7, 1}, "greylisted"), mailer.TemporaryFault, 450, "4.7.1", "greylisted"},
		{"rcpt: no such user", "rcpt", reply(550, smtp.EnhancedCode{5, 1, 1}, "no such user"), mailer.PermanentFault, 550, "5.1.1", "no such user"},
		{"rcpt: mailbox full", "rcpt", reply(552, smtp.EnhancedCode{5, 2, 2}, "full"), mailer.TemporaryFault, 552, "5.2.2", "full"},
		{"rcpt: policy", "rcpt", reply(550, smtp.EnhancedCode{5, 7, 25}, "no PTR record"), mailer.TemporaryFault, 550, "5.7.25", "no PTR"},
		{"rcpt: never, without a status", "rcpt", reply(550, smtp.NoEnhancedCode, "no"), mailer.PermanentFault, 550, "", "no"},
		{"dot: drop before", "data", errDrop, mailer.ConnectionFault, 0, "", "the connection broke"},
		{"dot: later", "dot", reply(452, smtp.EnhancedCode{4, 2, 2}, "full for now"), mailer.TemporaryFault, 452, "4.2.2", "full for now"},
		{"dot: never", "dot", reply(554, smtp.EnhancedCode{5, 6, 0}, "bad content"), mailer.PermanentFault, 554, "5.6.0", "bad content"},
		{"dot: closing", "dot", reply(421, smtp.EnhancedCode{4, 7, 28}, "rate"), mailer.ConnectionFault, 421, "4.7.28", "rate"},
		{"dot: drop after", "accepted", errDrop, mailer.UncertainFault, 0, "", "the reply to the finished message was lost"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := (&relay{script: func(phase string, n int) error {
				if phase == tt.phase && (n == 0 || n == 1 && phase == "greeting") { // EHLO, then HELO
					return tt.answer
				}
				return nil
			}}).start(t)
			tr := open(t, r.config())
			_, err := tr.Send(t.Context(), chinese())
			var se *mailer.SendError
			if !errors.As(err, &se) {
				t.Fatalf("error %v, want a SendError", err)
			}
			// go-smtp reads on after Data has returned an error, so that a
			// connection dropped there may be noticed before or after the dot.
			if tt.name == "dot: drop before" && se.Fault == mailer.UncertainFault {
				tt.fault, tt.want = mailer.UncertainFault, "was lost"
			}
			if se.Fault != tt.fault || se.Code != tt.code || se.Enhanced != tt.enhanced || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("fault %d code %d status %q: %v\nwant %d %d %q %q", se.Fault, se.Code, se.Enhanced, err, tt.fault, tt.code, tt.enhanced, tt.want)
			}
			if _, err := tr.Send(t.Context(), chinese()); err != nil {
				t.Errorf("the next message: %v", err)
			}
		})
	}
}

func TestConnectionsAreReused(t *testing.T) {
	for per, want := range map[int]int{1: 250, 7: 36, 100: 3, 250: 1, 1000: 1} {
		t.Run(strconv.Itoa(per), func(t *testing.T) { connectionsAreReused(t, per, want) })
	}
}

// connectionsAreReused sends 250 messages, so many over a connection.
func connectionsAreReused(t *testing.T, per, want int) {
	t.Helper()
	r := (&relay{script: func(phase string, n int) error {
		if phase == "rcpt" && n%50 == 7 {
			return reply(550, smtp.EnhancedCode{5, 1, 1}, "no such user")
		}
		return nil
	}}).start(t)
	c := r.config()
	c.SMTP.PerConnection = per
	tr := open(t, c)
	refused := 0
	for range 250 {
		if _, err := tr.Send(t.Context(), chinese()); err != nil {
			refused++
		}
	}
	mails, _, sessions := r.seen()
	if refused != 5 || len(mails) != 245 {
		t.Errorf("%d refused, %d accepted", refused, len(mails))
	}
	if sessions != want {
		t.Errorf("%d sessions for 250 messages, want %d of at most %d", sessions, want, per)
	}
}

func TestAConnectionClosedMeanwhileIsReplaced(t *testing.T) {
	r := (&relay{script: func(phase string, n int) error {
		switch {
		case phase == "mail" && n%4 == 1:
			return errDrop
		case phase == "mail" && n%4 == 3:
			return reply(421, smtp.EnhancedCode{4, 7, 0}, "enough for one connection")
		}
		return nil
	}}).start(t)
	tr := open(t, r.config())
	for i := range 10 {
		if _, err := tr.Send(t.Context(), chinese()); err != nil {
			t.Fatalf("message %d: %v", i, err)
		}
	}
	if mails, _, _ := r.seen(); len(mails) != 10 {
		t.Errorf("%d accepted, want 10", len(mails))
	}
}

func TestNoMoreConnectionsThanAllowed(t *testing.T) {
	var mu sync.Mutex
	var once sync.Once
	var now, most int
	release := make(chan struct{})
	r := &relay{}
	r.script = func(phase string, _ int) error {
		mu.Lock()
		switch phase {
		case "mail":
			if now++; now > most {
				most = now
			}
			if now == 3 {
				once.Do(func() { close(release) })
			}
		case "accepted":
			now--
		}
		mu.Unlock()
		if phase == "mail" {
			<-release
		}
		return nil
	}
	r.start(t)
	c := r.config()
	c.SMTP.Connections = 3
	tr := open(t, c)
	var wg sync.WaitGroup
	for range 12 {
		wg.Go(func() {
			if _, err := tr.Send(t.Context(), chinese()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	mails, _, sessions := r.seen()
	if most != 3 || sessions != 3 || len(mails) != 12 {
		t.Errorf("%d at a time, %d sessions, %d accepted", most, sessions, len(mails))
	}
}

func TestEncryptionAndSigningIn(t *testing.T) {
	server, roots := certificate(t)
	for _, tt := range []struct {
		name   string
		relay  *relay
		change func(*submit.Config)
		want   string // "" when it works
	}{
		{"starttls", &relay{tls: server, roots: roots}, func(c *submit.Config) { c.SMTP.TLS = submit.StartTLS }, ""},
		{"starttls and sign in", &relay{tls: server, roots: roots, auth: true}, func(c *submit.Config) {
			c.SMTP.TLS, c.SMTP.Username, c.SMTP.Password = submit.StartTLS, "user", "secret"
		}, ""},
		{"implicit and sign in", &relay{tls: server, roots: roots, implicit: true, auth: true}, func(c *submit.Config) {
			c.SMTP.TLS, c.SMTP.Username, c.SMTP.Password = submit.ImplicitTLS, "user", "secret"
		}, ""},
		{"sign in on this machine", &relay{auth: true}, func(c *submit.Config) { c.SMTP.Username, c.SMTP.Password = "user", "secret" }, ""},
		{"insecure, on the operator's word", &relay{auth: true}, func(c *submit.Config) {
			c.SMTP.TLS, c.SMTP.Username, c.SMTP.Password = submit.Insecure, "user", "secret"
		}, ""},
		{
			"wrong password", &relay{auth: true}, func(c *submit.Config) { c.SMTP.Username, c.SMTP.Password = "user", "wrong" },
			"check mail.smtp.username and password_file",
		},
		{
			"no sign-in offered", &relay{}, func(c *submit.Config) { c.SMTP.Username, c.SMTP.Password = "user", "secret" },
			"check mail.smtp.username and password_file",
		},
		{"no starttls offered", &relay{}, func(c *submit.Config) { c.SMTP.TLS = submit.StartTLS }, "use mail.smtp.tls: implicit"},
		{"a certificate nobody vouches for", &relay{tls: server}, func(c *submit.Config) { c.SMTP.TLS = submit.StartTLS }, "not to be trusted"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := tt.relay.start(t)
			c := r.config()
			tt.change(&c)
			_, err := open(t, c).Send(t.Context(), chinese())
			if tt.want == "" {
				if mails, _, _ := r.seen(); err != nil || len(mails) != 1 {
					t.Errorf("%d accepted, error %v", len(mails), err)
				}
				return
			}
			var se *mailer.SendError
			if !errors.As(err, &se) || se.Fault != mailer.ConnectionFault || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want a connection fault %q", err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), c.SMTP.Password) && c.SMTP.Password != "" {
				t.Errorf("the error shows the password: %v", err)
			}
		})
	}
}

func TestNoRelay(t *testing.T) {
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := (&relay{port: l.Addr().(*net.TCPAddr).Port}).config()
	_ = l.Close()
	_, err = open(t, c).Send(t.Context(), chinese())
	var se *mailer.SendError
	want := fmt.Sprintf("smtp 127.0.0.1:%d: is the relay running", c.SMTP.Port)
	if !errors.As(err, &se) || se.Fault != mailer.ConnectionFault || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("error %v, want a connection fault %q", err, want)
	}
}

func TestAStalledRelayIsLeft(t *testing.T) {
	for phase, fault := range map[string]mailer.Fault{
		"greeting": mailer.ConnectionFault, "mail": mailer.ConnectionFault,
		"rcpt": mailer.ConnectionFault, "dot": mailer.UncertainFault,
	} {
		t.Run(phase, func(t *testing.T) {
			release := make(chan struct{})
			r := &relay{script: func(p string, _ int) error {
				if p == phase {
					<-release
				}
				return nil
			}}
			r.start(t)
			t.Cleanup(func() { close(release) })
			c := r.config()
			c.SMTP.Timeout = 40 * time.Millisecond
			_, err := open(t, c).Send(t.Context(), chinese())
			var se *mailer.SendError
			if !errors.As(err, &se) || se.Fault != fault {
				t.Errorf("error %v, want fault %d", err, fault)
			}
		})
	}
}

func TestCancelCutsAStalledMessage(t *testing.T) {
	stalled, release := make(chan struct{}), make(chan struct{})
	r := &relay{script: func(p string, _ int) error {
		if p == "rcpt" {
			close(stalled)
			<-release
		}
		return nil
	}}
	r.start(t)
	t.Cleanup(func() { close(release) })
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-stalled
		cancel()
	}()
	_, err := open(t, r.config()).Send(ctx, chinese())
	var se *mailer.SendError
	if !errors.As(err, &se) || se.Fault != mailer.ConnectionFault {
		t.Errorf("error %v, want a connection fault", err)
	}
}

func TestAddressesBeyondASCII(t *testing.T) {
	m := chinese()
	m.To = "读者@example.org"
	t.Run("the relay takes them", func(t *testing.T) {
		r := (&relay{utf8: true}).start(t)
		_, err := open(t, r.config()).Send(t.Context(), m)
		if _, rcpts, _ := r.seen(); err != nil || len(rcpts) != 1 || rcpts[0] != m.To {
			t.Errorf("recipients %q, error %v", rcpts, err)
		}
	})
	t.Run("the relay does not", func(t *testing.T) {
		r := (&relay{}).start(t)
		_, err := open(t, r.config()).Send(t.Context(), m)
		var se *mailer.SendError
		if !errors.As(err, &se) || se.Fault != mailer.PermanentFault || !strings.Contains(err.Error(), "SMTPUTF8") {
			t.Errorf("error %v, want a permanent fault", err)
		}
	})
}

// rawRelay answers each line it gets with the next of the given replies, byte
// for byte, and then closes.
func rawRelay(t *testing.T, replies ...string) submit.Config {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		buf := make([]byte, 64<<10)
		for _, s := range replies {
			if _, err := c.Write([]byte(s)); err != nil {
				return
			}
			if _, err := c.Read(buf); err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-done
	})
	return (&relay{port: l.Addr().(*net.TCPAddr).Port}).config()
}

func TestARelayThatTalksNonsense(t *testing.T) {
	for _, tt := range []struct {
		name    string
		replies []string
		fault   mailer.Fault
	}{
		{"not SMTP at all", []string{"HTTP/1.1 400 Bad Request\r\n\r\n"}, mailer.ConnectionFault},
		{"nonsense after MAIL", []string{"220 hi\r\n", "250 hi\r\n", "what?\r\n"}, mailer.ConnectionFault},
		{"a strange yes to DATA", []string{"220 hi\r\n", "250 hi\r\n", "250 ok\r\n", "250 ok\r\n", "250 ok\r\n"}, mailer.ConnectionFault},
		{"a strange yes to the message", []string{"220 hi\r\n", "250 hi\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n", "251 well\r\n"}, mailer.UncertainFault},
		{"nonsense after the message", []string{"220 hi\r\n", "250 hi\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n", "thanks\r\n"}, mailer.UncertainFault},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := open(t, rawRelay(t, tt.replies...)).Send(t.Context(), chinese())
			var se *mailer.SendError
			if !errors.As(err, &se) || se.Fault != tt.fault {
				t.Errorf("error %v, want fault %d", err, tt.fault)
			}
		})
	}
}
