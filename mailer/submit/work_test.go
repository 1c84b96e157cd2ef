package submit_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"broadsheet/mailer"
	"broadsheet/mailer/submit"
)

// A ledger is a queue that checks its contract: what is begun is ended, once,
// and no two messages are begun at a time on one connection.
type ledger struct {
	t        testing.TB
	messages []mailer.Message
	wait     func(i int) bool // before the i-th message is given; false gives none
	begin    func(i int) error
	end      func(i int) error

	mu    sync.Mutex
	next  int
	open  int // begun and not ended; -1 for none
	begun map[string]bool
	ended map[int]string
}

// newLedger has n messages with one body, to reader0 and so on.
func newLedger(t testing.TB, body *mailer.Body, n int) *ledger {
	q := &ledger{t: t, open: -1, begun: map[string]bool{}, ended: map[int]string{}}
	sender, edition := editionOf(body)
	for i := range n {
		q.messages = append(q.messages, sender.Message(edition, body, delivery(i)))
	}
	return q
}

func (q *ledger) Next(ctx context.Context) (mailer.Message, bool) {
	q.mu.Lock()
	i := q.next
	q.mu.Unlock()
	if q.wait != nil && !q.wait(i) || i >= len(q.messages) || ctx.Err() != nil {
		return mailer.Message{}, false
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.next++
	return q.messages[i], true
}

func (q *ledger) index(m *mailer.Message) int {
	return slices.IndexFunc(q.messages, func(o mailer.Message) bool { return o.ID == m.ID })
}

func (q *ledger) Begin(_ context.Context, m *mailer.Message) error {
	i := q.index(m)
	q.mu.Lock()
	if q.open >= 0 {
		q.t.Errorf("message %d is begun before %d is ended", i, q.open)
	}
	q.open = i
	q.begun["<"+m.To+">"] = true
	q.mu.Unlock()
	if q.begin != nil {
		return q.begin(i)
	}
	return nil
}

func (q *ledger) End(ctx context.Context, m *mailer.Message, reply string, err error) error {
	i := q.index(m)
	if ctx.Err() != nil {
		q.t.Errorf("message %d is ended when nothing can be written any more", i)
	}
	q.mu.Lock()
	if said, ok := q.ended[i]; ok {
		q.t.Errorf("message %d is ended twice: %s and %v", i, said, err)
	}
	if q.open == i {
		q.open = -1
	}
	q.ended[i] = outcome(reply, err)
	q.mu.Unlock()
	if q.end != nil {
		return q.end(i)
	}
	return nil
}

// outcome tells in two words what became of a message.
func outcome(reply string, err error) string {
	var se *mailer.SendError
	switch {
	case err == nil && reply == "":
		return "accepted without a word"
	case err == nil:
		return "ok"
	case errors.Is(err, submit.ErrUntried):
		return "untried"
	case !errors.As(err, &se):
		return "no SendError: " + err.Error()
	}
	return []string{"temporary", "permanent", "connection", "uncertain"}[se.Fault] + " " + strconv.Itoa(se.Code)
}

// arriving notices messages that arrive before they are begun.
func (q *ledger) arriving(to string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.begun[to] {
		q.t.Errorf("%s gets a message that was not begun", to)
	}
}

// outcomes returns what became of the messages taken, in order.
func (q *ledger) outcomes() []string {
	q.mu.Lock()
	defer q.mu.Unlock()
	var out []string
	for i := range q.next {
		said, ok := q.ended[i]
		if !ok {
			said = "never ended"
		}
		out = append(out, said)
	}
	return out
}

// at answers one step of one message.
func at(verb string, n int, text string) func(string, int) string {
	return func(v string, m int) string {
		if v == verb && (m == n || n < 0) {
			return text
		}
		return ""
	}
}

// both joins answers.
func both(answers ...func(string, int) string) func(string, int) string {
	return func(verb string, n int) string {
		for _, a := range answers {
			if s := a(verb, n); s != "" {
				return s
			}
		}
		return ""
	}
}

// TestEveryFaultMeetsItsMessage has a server go wrong in every way on the
// third of six messages (its number 2), once with pipelining and once without.
func TestEveryFaultMeetsItsMessage(t *testing.T) {
	const ok = "ok"
	one := func(s string) []string { return []string{ok, ok, s, ok, ok, ok} }
	all := one(ok)
	end := func(s string) []string { return []string{ok, ok, s, "untried"} }
	for _, tt := range []struct {
		name     string
		answer   func(verb string, n int) string
		want     []string // its last is also that of further messages
		sessions int
	}{
		{"none", nil, all, 1},
		{"sender refused for now", at("MAIL", 2, "451 4.3.0 disk"), one("temporary 451"), 1},
		{"sender refused", at("MAIL", 2, "550 5.7.1 who are you"), end("connection 550"), 1},
		{"sender refused, the rest taken", both(at("MAIL", 2, "451 4.3.0 disk"), at("RCPT", 2, "250 fine"), at("DATA", 2, "354 go")), one("temporary 451"), 0},
		{"no such user", at("RCPT", 2, "550 5.1.1 no such user"), one("permanent 550"), 1},
		{"no such user, and the message is asked for", both(at("RCPT", 2, "550 5.1.1 no such user"), at("DATA", 2, "354 go"), at("DOT", 2, "554 5.5.1 no valid recipients")), one("permanent 550"), 1},
		{"greylisted", both(at("RCPT", 2, "450 4.7.1 greylisted"), at("DATA", 2, "503 5.5.1 RCPT first")), one("temporary 450"), 1},
		{"a mailbox full", at("RCPT", 2, "552 5.2.2 full"), one("temporary 552"), 1},
		{"message refused before it is sent", at("DATA", 2, "554 5.7.0 not from you"), one("temporary 554"), 1},
		{"message refused for good before it is sent", at("DATA", 2, "552 5.3.4 too big"), one("permanent 552"), 1},
		{"message refused", at("DOT", 2, "554 5.6.0 bad content"), one("permanent 554"), 1},
		{"message refused for now", at("DOT", 2, "452 4.2.2 full for now"), one("temporary 452"), 1},
		{"a reply of many lines", at("DOT", 2, "554-5.6.0 bad\r\n554-5.6.0 bad\r\n554 5.6.0 bad"), one("permanent 554"), 1},
		{"no reset after a refusal", both(at("RCPT", 2, "550 5.1.1 who"), at("RSET", 2, "!drop")), one("permanent 550"), 2},
		{"closing before the sender", at("MAIL", 2, "421 4.7.0 enough for one connection"), all, 2},
		{"closing before the recipient", at("RCPT", 2, "421 4.3.2 going down"), all, 2},
		{"closing before the message", at("DATA", 2, "421 4.3.2 going down"), all, 2},
		{"closing instead of taking it", at("DOT", 2, "421 4.7.28 too fast"), end("connection 421"), 1},
		{"gone before the sender", at("MAIL", 2, "!drop"), all, 2},
		{"gone before the recipient", at("RCPT", 2, "!drop"), all, 2},
		{"gone before the message", at("DATA", 2, "!reset"), all, 2},
		{"gone after asking for the message", at("DATA", 2, "354 go!drop"), nil, 0},
		{"gone after the message", at("DOT", 2, "!drop"), end("uncertain 0"), 1},
		{"nonsense after the message", at("DOT", 2, "thanks"), end("uncertain 0"), 1},
		{"an odd yes to the message", at("DOT", 2, "251 well"), end("uncertain 251"), 1},
		{"an odd yes to DATA", at("DATA", 2, "250 ok"), end("connection 250"), 1},
		{"gone right after taking it", at("DOT", 2, "250 taken!drop"), all, 2},
		{"nonsense to the recipient", at("RCPT", 2, "Hello!"), all, 2},
		{"an endless reply", at("RCPT", 2, strings.Repeat("250-x\r\n", 200)), all, 2},
		{"an endless line", at("RCPT", 2, "250 "+strings.Repeat("x", 10000)), all, 2},
		{"stalled at the sender", at("MAIL", 2, "!stall"), all, 2},
		{"stalled at the recipient", at("RCPT", 2, "!stall"), all, 2},
		{"stalled at DATA", at("DATA", 2, "!stall"), all, 2},
		{"stalled at the message", at("DOT", 2, "!stall"), end("uncertain 0"), 1},
	} {
		for _, offers := range []string{"PIPELINING", "8BITMIME", "-"} {
			t.Run(tt.name+"/"+offers, func(t *testing.T) {
				t.Parallel()
				q := newLedger(t, chinese().Body, 6)
				s := (&talker{offers: offers, answer: tt.answer, arriving: q.arriving}).start(t)
				c := s.config()
				if strings.Contains(tt.name, "stalled") {
					c.SMTP.Timeout = 200 * time.Millisecond
				}
				if err := open(t, c).Work(t.Context(), q); err != nil {
					t.Fatal(err)
				}
				want, got := tt.want, q.outcomes()
				for len(want) > 0 && len(want) < len(got) {
					want = append(want, want[len(want)-1])
				}
				if tt.want == nil { // whether it was sent before the other side had gone is chance
					want = all
					if got[2] != ok {
						want = append(slices.Clip(end("uncertain 0")), slices.Repeat([]string{"untried"}, len(got))...)
						want = want[:max(len(got), 3)]
					}
				} else if len(want) > len(got) {
					want = want[:max(len(got), 3)]
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("outcomes (-want +got):\n%s", diff)
				}
				q.reconcile(s)
				if _, _, sessions := s.seen(); tt.sessions != 0 && sessions != tt.sessions {
					t.Errorf("%d sessions, want %d", sessions, tt.sessions)
				}
			})
		}
	}
}

// reconcile checks the account against what the server has: what is accepted
// is there once, what failed is not there, and each message has its own
// recipient's token.
func (q *ledger) reconcile(s *talker) {
	q.t.Helper()
	accepted, _, _ := s.seen()
	got := map[string]int{}
	for _, m := range accepted {
		got[m.rcpt]++
		i := slices.IndexFunc(q.messages, func(o mailer.Message) bool { return "<"+o.To+">" == m.rcpt })
		if i < 0 || m.data == "" {
			q.t.Errorf("%s got %q", m.rcpt, m.data)
			continue
		}
		want := q.messages[i]
		if !strings.Contains(m.data, "Message-ID: <"+want.ID+">\r\n") || !strings.Contains(m.data, want.Token) {
			q.t.Errorf("%s got another one's message:\n%s", m.rcpt, m.data)
		}
		if !strings.HasPrefix(m.mail, "<"+want.Envelope+">") {
			q.t.Errorf("%s: sender %s, want %s", m.rcpt, m.mail, want.Envelope)
		}
	}
	for i, said := range q.outcomes() {
		n := got["<"+q.messages[i].To+">"]
		if said == "ok" && n != 1 || n > 1 || n == 1 && said != "ok" && !strings.HasPrefix(said, "uncertain") {
			q.t.Errorf("message %d is %q in the account and arrived %d times", i, said, n)
		}
	}
}
