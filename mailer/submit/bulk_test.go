package submit_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"broadsheet/mailer"
	"broadsheet/mailer/submit"
)

func TestWorkKeepsToItsConnections(t *testing.T) {
	for _, tt := range []struct {
		name     string
		answer   func(verb string, n int) string
		sessions int
	}{
		{"a hundred messages each", nil, 3},
		{"the server closes after every 40", func(verb string, n int) string {
			if verb == "DOT" && n%40 == 39 {
				return "250 taken, and enough!drop"
			}
			return ""
		}, 7},
		{"the server closes with a word after every 40", func(verb string, n int) string {
			if verb == "MAIL" && n%41 == 40 {
				return "421 4.7.0 enough"
			}
			return ""
		}, 7},
	} {
		t.Run(tt.name, func(t *testing.T) {
			q := newLedger(t, thirty(), 250)
			s := (&talker{offers: "PIPELINING 8BITMIME", answer: tt.answer, arriving: q.arriving}).start(t)
			if err := open(t, s.config()).Work(t.Context(), q); err != nil {
				t.Fatal(err)
			}
			if got := slices.Compact(q.outcomes()); len(got) != 1 || got[0] != "ok" {
				t.Errorf("outcomes %q", got)
			}
			q.reconcile(s)
			if accepted, _, sessions := s.seen(); len(accepted) != 250 || sessions != tt.sessions {
				t.Errorf("%d accepted in %d sessions, want %d", len(accepted), sessions, tt.sessions)
			}
		})
	}
}

// A server that takes a message, says so and breaks the connection may make it
// uncertain, but neither lost nor wrongly accounted for.
func TestResetAfterEveryMessage(t *testing.T) {
	q := newLedger(t, chinese().Body, 40)
	s := (&talker{offers: "PIPELINING", answer: at("DOT", -1, "250 taken!reset"), arriving: q.arriving}).start(t)
	tr := open(t, s.config())
	for range 40 {
		if err := tr.Work(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	for i, got := range q.outcomes() {
		if got != "ok" && got != "untried" && got != "uncertain 0" {
			t.Errorf("message %d: %s", i, got)
		}
	}
	q.reconcile(s)
}

// A server that says it can be pipelined to and forgets what it was sent ahead
// must not stop the mailing.
func TestAServerDeafToPipelining(t *testing.T) {
	q := newLedger(t, chinese().Body, 20)
	s := (&talker{offers: "PIPELINING", answer: at("DOT", -1, "250 taken!deaf"), arriving: q.arriving}).start(t)
	c := s.config()
	c.SMTP.Timeout = 200 * time.Millisecond
	if err := open(t, c).Work(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	if got := slices.Compact(q.outcomes()); len(got) != 1 || got[0] != "ok" {
		t.Errorf("outcomes %q", got)
	}
	q.reconcile(s)
	if _, _, sessions := s.seen(); sessions != 2 {
		t.Errorf("%d sessions, want one with and one without pipelining", sessions)
	}
}

// Replies that nobody asked for must not be taken for those to other commands.
func TestAServerThatSaysTooMuch(t *testing.T) {
	for _, verb := range []string{"MAIL", "RCPT", "DATA", "DOT"} {
		for _, answer := range []string{"250 fine\r\n250 fine", "550 5.1.1 no\r\n250 fine", "354 go\r\n354 go\r\n250 taken"} {
			for _, offers := range []string{"PIPELINING", "HELP"} {
				t.Run(verb+"/"+answer[:3]+"/"+offers, func(t *testing.T) {
					q := newLedger(t, chinese().Body, 6)
					s := (&talker{offers: offers, answer: at(verb, 2, answer), arriving: q.arriving}).start(t)
					if err := open(t, s.config()).Work(t.Context(), q); err != nil {
						t.Fatal(err)
					}
					got := map[string]bool{}
					accepted, _, _ := s.seen()
					for _, m := range accepted {
						got[m.rcpt] = true
					}
					for i, said := range q.outcomes() {
						if to := "<" + q.messages[i].To + ">"; said == "ok" && !got[to] {
							t.Errorf("message %d is taken for accepted", i)
						}
					}
				})
			}
		}
	}
}

func TestCancelEndsWorkBetweenMessages(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	q := newLedger(t, chinese().Body, 50)
	q.begin = func(i int) error {
		if i == 4 {
			cancel()
		}
		return nil
	}
	s := (&talker{offers: "PIPELINING", arriving: q.arriving}).start(t)
	if err := open(t, s.config()).Work(ctx, q); err != nil {
		t.Fatal(err)
	}
	got := q.outcomes()
	if len(got) < 5 || got[4] != "ok" {
		t.Errorf("the message under way was not finished: %q", got)
	}
	for i, said := range got[min(5, len(got)):] {
		if said != "untried" {
			t.Errorf("message %d after the end: %s", i+5, said)
		}
	}
	q.reconcile(s)
}

func TestCancelCutsAStalledQueue(t *testing.T) {
	for _, verb := range []string{"MAIL", "RCPT", "DATA"} {
		t.Run(verb, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			q := newLedger(t, chinese().Body, 9)
			s := (&talker{offers: "PIPELINING", answer: at(verb, 2, "!stall")}).start(t)
			go func() {
				<-s.waiting
				cancel()
			}()
			if err := open(t, s.config()).Work(ctx, q); err != nil {
				t.Fatal(err)
			}
			got := q.outcomes()
			// The server stalls on what was announced to it; whether that was
			// the message's turn yet is chance.
			want := append([]string{"ok", "ok"}, slices.Repeat([]string{"untried"}, max(0, len(got)-2))...)
			if got[2] == "connection 0" {
				want[2] = got[2]
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("outcomes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheAccountStopsWork(t *testing.T) {
	broken := errors.New("the disk is full")
	for _, tt := range []struct {
		name     string
		change   func(*ledger)
		want     []string
		accepted int
	}{
		{"a message that cannot be begun", func(q *ledger) {
			q.begin = func(i int) error {
				if i == 2 {
					return broken
				}
				return nil
			}
		}, []string{"ok", "ok", "connection 0", "untried"}, 2},
		{"a message that cannot be ended", func(q *ledger) {
			q.end = func(i int) error {
				if i == 2 {
					return broken
				}
				return nil
			}
		}, []string{"ok", "ok", "ok", "untried"}, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			q := newLedger(t, chinese().Body, 9)
			tt.change(q)
			s := (&talker{offers: "PIPELINING"}).start(t)
			if err := open(t, s.config()).Work(t.Context(), q); !errors.Is(err, broken) {
				t.Errorf("error %v, want %v", err, broken)
			}
			got := q.outcomes()
			want := tt.want[:min(len(got), len(tt.want))]
			for len(want) < len(got) {
				want = append(want, "untried")
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("outcomes (-want +got):\n%s", diff)
			}
			if accepted, _, _ := s.seen(); len(accepted) != tt.accepted {
				t.Errorf("%d accepted, want %d", len(accepted), tt.accepted)
			}
		})
	}
}

// A message does not wait for the next one to be there.
func TestNextMayWait(t *testing.T) {
	q := newLedger(t, chinese().Body, 5)
	ended := make(chan struct{}, 5)
	q.end = func(int) error {
		ended <- struct{}{}
		return nil
	}
	q.wait = func(i int) bool {
		if i > 0 {
			<-ended // the one before
		}
		return true
	}
	s := (&talker{offers: "PIPELINING"}).start(t)
	if err := open(t, s.config()).Work(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	accepted, _, sessions := s.seen()
	if len(accepted) != 5 || sessions != 1 {
		t.Errorf("%d accepted in %d sessions, want 5 in 1", len(accepted), sessions)
	}
}

func TestRefusedMessagesDoNotStopTheOthers(t *testing.T) {
	q := newLedger(t, chinese().Body, 6)
	q.messages[0].To = "nobody"
	q.messages[2].To = "reader\r\nRCPT TO:<everybody@example.org>"
	q.messages[4].To = "读者@example.org"
	s := (&talker{offers: "PIPELINING"}).start(t)
	if err := open(t, s.config()).Work(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	want := []string{"permanent 0", "ok", "permanent 0", "ok", "permanent 0", "ok"}
	if diff := cmp.Diff(want, q.outcomes()); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
	q.reconcile(s)
}

// What beyond ASCII a server does not take it is not sent, whatever another
// one took before.
func TestEightBitsWhereOffered(t *testing.T) {
	k := writeKey(t, "ed25519")
	for _, tt := range []struct {
		name, offers string
		signed       bool
		eight        bool
	}{
		{"offered", "PIPELINING 8BITMIME", false, true},
		{"not offered", "PIPELINING", false, false},
		{"offered, but signed", "PIPELINING 8BITMIME", true, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := (&talker{offers: tt.offers}).start(t)
			c := s.config()
			if tt.signed {
				c.DKIM = []submit.DKIM{{Domain: "news.example.com", Selector: "s", KeyFile: k.file}}
			}
			tr := open(t, c)
			body := thirty()
			for range 2 { // what is offered is known from the second on
				q := newLedger(t, body, 3)
				if err := tr.Work(t.Context(), q); err != nil {
					t.Fatal(err)
				}
			}
			accepted, _, _ := s.seen()
			if len(accepted) != 6 {
				t.Fatalf("%d accepted, want 6", len(accepted))
			}
			for i, m := range accepted {
				eight := strings.ContainsFunc(m.data, func(r rune) bool { return r > 0x7e })
				said := strings.HasSuffix(m.mail, "> BODY=8BITMIME")
				if eight != said || eight && !tt.eight || !eight && tt.eight && i >= 3 {
					t.Errorf("message %d: 8-bit %v, said so %v, want %v", i, eight, said, tt.eight)
				}
				p := parse(t, []byte(m.data))
				token := tokenIn(p.Header["List-Unsubscribe"][0])
				if want := strings.ReplaceAll(body.HTML, mailer.TokenMark, token); p.HTML != want {
					t.Errorf("message %d: other HTML (-want +got):\n%s", i, cmp.Diff(want, p.HTML))
				}
				if want := strings.ReplaceAll(body.Text, mailer.TokenMark, token); p.Text != want {
					t.Errorf("message %d: other text (-want +got):\n%s", i, cmp.Diff(want, p.Text))
				}
			}
		})
	}
}

// tokenIn returns the token in a List-Unsubscribe field.
func tokenIn(field string) string {
	_, rest, _ := strings.Cut(field, "/unsubscribe/")
	token, _, _ := strings.Cut(rest, "?")
	return token
}

func TestServersThatDiffer(t *testing.T) {
	s := (&talker{offers: "PIPELINING 8BITMIME"}).start(t)
	tr := open(t, s.config())
	body := thirty()
	q := newLedger(t, body, 120) // the first connection ends after 100
	q.end = func(i int) error {
		if i == 10 {
			s.mu.Lock()
			s.offers = "HELP"
			s.mu.Unlock()
		}
		return nil
	}
	for range 2 {
		if err := tr.Work(t.Context(), q); err != nil {
			t.Fatal(err)
		}
		q = newLedger(t, body, 120)
	}
	accepted, _, _ := s.seen()
	if len(accepted) != 240 {
		t.Fatalf("%d accepted, want 240", len(accepted))
	}
	for i, m := range accepted {
		if eight := strings.ContainsFunc(m.data, func(r rune) bool { return r > 0x7e }); eight != strings.Contains(m.mail, "8BITMIME") {
			t.Errorf("message %d: 8-bit %v, but %s", i, eight, m.mail)
		}
	}
}

func TestEveryBulkMessageIsSigned(t *testing.T) {
	c := submit.Default()
	records := map[string]string{}
	for i, kind := range []string{"rsa-pkcs8", "ed25519", "rsa-pkcs1"} {
		k, selector := writeKey(t, kind), fmt.Sprintf("s%d", i)
		records[selector+"._domainkey.news.example.com"] = k.record
		c.DKIM = append(c.DKIM, submit.DKIM{Domain: "news.example.com", Selector: selector, KeyFile: k.file})
	}
	for name, body := range map[string]*mailer.Body{"Chinese": thirty(), "English": english().Body, "no token": chinese().Body} {
		t.Run(name, func(t *testing.T) {
			s := (&talker{offers: "PIPELINING 8BITMIME"}).start(t)
			c, at := c, s.config()
			c.Transport, c.SMTP = at.Transport, at.SMTP
			tr := open(t, c)
			q := newLedger(t, body, 30)
			if err := tr.Work(t.Context(), q); err != nil {
				t.Fatal(err)
			}
			q.reconcile(s)
			accepted, _, _ := s.seen()
			if len(accepted) != 30 {
				t.Fatalf("%d accepted", len(accepted))
			}
			for _, m := range accepted {
				checkForm(t, []byte(m.data))
				vs := verify(t, []byte(m.data), records)
				if len(vs) != 3 {
					t.Fatalf("%d signatures, want 3", len(vs))
				}
				for i, v := range vs {
					if v.Err != nil {
						t.Errorf("%s: signature %d: %v", m.rcpt, i, v.Err)
					}
				}
			}
		})
	}
}

// A message of several pieces arrives whole, and one that a server does not
// want to hear to its end is not taken for accepted.
func TestLongMessages(t *testing.T) {
	body := thirty()
	long := *body
	long.HTML = strings.Repeat(body.HTML, 40) // a megabyte
	t.Run("whole", func(t *testing.T) {
		q := newLedger(t, &long, 3)
		s := (&talker{offers: "PIPELINING 8BITMIME", arriving: q.arriving}).start(t)
		if err := open(t, s.config()).Work(t.Context(), q); err != nil {
			t.Fatal(err)
		}
		accepted, _, _ := s.seen()
		if len(accepted) != 3 {
			t.Fatalf("%d accepted: %q", len(accepted), q.outcomes())
		}
		for i, m := range accepted {
			if want := strings.ReplaceAll(long.HTML, mailer.TokenMark, q.messages[i].Token); parse(t, []byte(m.data)).HTML != want {
				t.Errorf("message %d has another HTML", i)
			}
		}
	})
	t.Run("cut short", func(t *testing.T) {
		q := newLedger(t, &long, 3)
		s := (&talker{offers: "PIPELINING", answer: at("DATA", 1, "354 go!enough 1000")}).start(t)
		if err := open(t, s.config()).Work(t.Context(), q); err != nil {
			t.Fatal(err)
		}
		// The server's last words may have been lost when it broke the
		// connection; then the message is tried once more, over another.
		if got := q.outcomes(); got[0] != "ok" || got[1] != "permanent 552" && got[1] != "ok" || got[2] != "ok" {
			t.Errorf("outcomes %q", got)
		}
		q.reconcile(s)
	})
}

func TestWorkersShareTheConnections(t *testing.T) {
	server, roots := certificate(t)
	r := (&relay{tls: server, roots: roots, implicit: true}).start(t)
	c := r.config()
	c.SMTP.TLS, c.SMTP.Connections = submit.ImplicitTLS, 3
	tr := open(t, c)
	q := &countdown{left: 60}
	body := thirty()
	sender, edition := editionOf(body)
	q.make = func(i int) mailer.Message { return sender.Message(edition, body, delivery(i)) }
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := tr.Work(t.Context(), q); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	mails, rcpts, sessions := r.seen()
	slices.Sort(rcpts)
	if len(mails) != 60 || len(slices.Compact(rcpts)) != 60 || sessions > 3 || q.failed != nil {
		t.Errorf("%d mails to %d in %d sessions, error %v", len(mails), len(slices.Compact(rcpts)), sessions, q.failed)
	}
}
