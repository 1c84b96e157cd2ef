package deliver_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"regexp"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"

	"broadsheet/mailer"
	"broadsheet/mailer/deliver"
	"broadsheet/mailer/submit"
)

// killed is what a process dies of in these tests.
type killed struct{ at string }

// A killer ends the process at its n-th step.
type killer struct{ left int }

func (k *killer) step(what string) {
	if k.left--; k.left == 0 {
		panic(killed{what})
	}
}

// mortal is a transport whose process may die before or after it has sent.
type mortal struct {
	deliver.Transport
	k *killer
}

func (m mortal) Send(ctx context.Context, msg mailer.Message) (string, error) {
	m.k.step("before send")
	reply, err := m.Transport.Send(ctx, msg)
	m.k.step("after send")
	return reply, err
}

// untilDeath runs f and returns the step it died at, "" if it lived.
func untilDeath(f func()) (at string) {
	defer func() {
		if k, ok := recover().(killed); ok {
			at = k.at
		}
	}()
	f()
	return ""
}

// crashEverywhere delivers to n recipients again and again, each time killed
// one step later, goes on with a new Deliverer, and lets check look at the
// result. It returns the number of places it died at.
func crashEverywhere(t *testing.T, n int, open func(t *testing.T) (deliver.Transport, func(diedAt string))) int {
	t.Helper()
	for k := 1; ; k++ {
		c := newClock()
		s := newOutbox(c, n)
		tr, check := open(t)
		death := &killer{left: k}
		s.step = death.step
		at := untilDeath(func() {
			if _, err := deliverer(s, mortal{tr, death}, c).Deliver(t.Context(), 1); err != nil {
				t.Error(err)
			}
		})
		s.step = nil
		next := deliverer(s, tr, c)
		if err := next.Recover(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := next.Deliver(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		if got := s.states(); got[mailer.Accepted] != n || len(got) != 1 {
			t.Errorf("killed %s (step %d): %v, want %d accepted", at, k, got, n)
		}
		check(at)
		if at == "" {
			return k - 1
		}
	}
}

func TestCrashAnywhereIntoADirectory(t *testing.T) {
	const recipients = 4
	steps := crashEverywhere(t, recipients, func(t *testing.T) (deliver.Transport, func(string)) {
		c := submit.Default()
		c.Directory = t.TempDir()
		tr, err := submit.New(c)
		if err != nil {
			t.Fatal(err)
		}
		return tr, func(at string) {
			files, err := os.ReadDir(c.Directory)
			if err != nil || len(files) != recipients {
				t.Errorf("killed %s: %d files, want %d: one for each recipient (error %v)", at, len(files), recipients, err)
			}
		}
	})
	if steps < 6*recipients {
		t.Errorf("only %d places to die at", steps)
	}
}

func TestCrashAnywhereOverSMTP(t *testing.T) {
	const recipients = 4
	steps := crashEverywhere(t, recipients, func(t *testing.T) (deliver.Transport, func(string)) {
		sink := newSink(t)
		tr, err := submit.New(sink.config())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = tr.Close() })
		return tr, func(at string) {
			repeated := 0
			ids := sink.ids()
			for _, n := range ids {
				repeated += n - 1
			}
			want := 0
			if at == "after send" || at == "before settle" { // accepted, and nobody could write it down
				want = 1
			}
			if len(ids) != recipients || repeated != want {
				t.Errorf("killed %s: %d messages arrived, %d twice; want %d and %d", at, len(ids), repeated, recipients, want)
			}
		}
	})
	if steps < 6*recipients {
		t.Errorf("only %d places to die at", steps)
	}
}

// A sink is an SMTP server that counts messages by Message-ID.
type sink struct {
	port int
	mu   sync.Mutex
	seen map[string]int
}

func newSink(t *testing.T) *sink {
	t.Helper()
	k := &sink{seen: map[string]int{}}
	s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return session{k}, nil }))
	s.Domain, s.ErrorLog = "sink.example", log.New(io.Discard, "", 0)
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	k.port = l.Addr().(*net.TCPAddr).Port
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.Serve(l)
	}()
	t.Cleanup(func() {
		_ = s.Close()
		<-done
	})
	return k
}

func (k *sink) config() submit.Config {
	c := submit.Default()
	c.Transport = submit.SMTPTransport
	c.SMTP.Host, c.SMTP.Port, c.SMTP.TLS = "127.0.0.1", k.port, submit.NoTLS
	return c
}

func (k *sink) ids() map[string]int {
	k.mu.Lock()
	defer k.mu.Unlock()
	out := map[string]int{}
	for id, n := range k.seen {
		out[id] = n
	}
	return out
}

var messageID = regexp.MustCompile(`(?mi)^Message-ID:\s*<([^>]+)>`)

type session struct{ k *sink }

func (session) Reset()                               {}
func (session) Logout() error                        { return nil }
func (session) Mail(string, *smtp.MailOptions) error { return nil }
func (session) Rcpt(string, *smtp.RcptOptions) error { return nil }

func (s session) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m := messageID.FindSubmatch(b)
	if m == nil {
		return fmt.Errorf("no Message-ID")
	}
	s.k.mu.Lock()
	defer s.k.mu.Unlock()
	s.k.seen[string(m[1])]++
	return nil
}
