package deliver_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"broadsheet/mailer"
	"broadsheet/mailer/deliver"
	"broadsheet/syndicate"
)

// A clock stands still until it is moved.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func newClock() *clock { return &clock{t: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = t
}

func (c *clock) add(d time.Duration) { c.set(c.now().Add(d)) }

// An outbox keeps the account in memory, by the contract of deliver.Store.
type outbox struct {
	mu      sync.Mutex
	edition mailer.Edition
	rows    []mailer.Delivery // in order of ID, from 1
	leased  map[int64]time.Time
	step    func(string) // runs before and after every change
	settle  func() error // nil works
}

// newOutbox plans an edition for n recipients.
func newOutbox(c *clock, n int) *outbox {
	s := &outbox{leased: map[int64]time.Time{}}
	s.edition = mailer.Edition{
		ID: 1, Digest: "weekly", Number: 1, At: c.now(), Created: c.now(), Title: "一周产经", Subject: "一周产经 11月23日",
		Language: "zh-Hans", HTML: "<p>你好</p>", Text: "你好\n",
	}
	for i := range n {
		to := fmt.Sprintf("reader%d@example.org", i+1)
		s.rows = append(s.rows, mailer.Delivery{
			ID: int64(i + 1), Edition: 1, Digest: "weekly", To: to, State: mailer.Planned, NextAt: c.now(),
			MessageID: mailer.MessageID("weekly", c.now(), to, "digest@news.example.com"),
		})
	}
	return s
}

func (s *outbox) at(what string) {
	if s.step != nil {
		s.step(what)
	}
}

func (s *outbox) Edition(_ context.Context, id int64) (mailer.Edition, error) {
	if id != s.edition.ID {
		return mailer.Edition{}, syndicate.ErrNotFound
	}
	return s.edition, nil
}

func (s *outbox) Lease(ctx context.Context, edition int64, now, until time.Time, _ string, limit int) ([]mailer.Delivery, error) {
	s.at("before lease")
	defer s.at("after lease")
	s.mu.Lock()
	defer s.mu.Unlock()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	var out []mailer.Delivery
	for i := range s.rows {
		d := &s.rows[i]
		waiting := d.State == mailer.Planned || d.State == mailer.Deferred || d.State == mailer.Uncertain
		if d.Edition == edition && waiting && !d.NextAt.After(now) && len(out) < limit {
			out = append(out, *d)
			d.State = mailer.Leased
			s.leased[d.ID] = until
		}
	}
	return out, nil
}

func (s *outbox) Begin(_ context.Context, id int64) error {
	s.at("before begin")
	defer s.at("after begin")
	s.mu.Lock()
	defer s.mu.Unlock()
	if d := &s.rows[id-1]; d.State == mailer.Leased {
		d.State = mailer.Sending
		return nil
	}
	return fmt.Errorf("delivery %d is %s", id, s.rows[id-1].State)
}

func (s *outbox) Settle(ctx context.Context, d mailer.Delivery) error {
	s.at("before settle")
	defer s.at("after settle")
	s.mu.Lock()
	defer s.mu.Unlock()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if s.settle != nil {
		if err := s.settle(); err != nil {
			return err
		}
	}
	if d.State == mailer.Leased || d.State == mailer.Sending || s.rows[d.ID-1].State.Final() {
		return fmt.Errorf("settle %d: %s after %s", d.ID, d.State, s.rows[d.ID-1].State)
	}
	s.rows[d.ID-1] = d
	delete(s.leased, d.ID)
	return nil
}

func (s *outbox) Recover(context.Context, string) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for i := range s.rows {
		switch d := &s.rows[i]; d.State {
		case mailer.Leased:
			d.State = mailer.Planned
			n++
		case mailer.Sending:
			d.State, d.Attempts, d.Error = mailer.Uncertain, d.Attempts+1, "interrupted"
			n++
		}
	}
	return n, nil
}

// states counts the deliveries by state.
func (s *outbox) states() map[mailer.State]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[mailer.State]int{}
	for _, d := range s.rows {
		out[d.State]++
	}
	return out
}

func (s *outbox) row(id int64) mailer.Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rows[id-1]
}

// A transport does what it is told and remembers what it was given.
type transport struct {
	mu   sync.Mutex
	send func(ctx context.Context, m mailer.Message, n int) error // n counts from 0
	got  []mailer.Message
}

func (tr *transport) Send(ctx context.Context, m mailer.Message) (string, error) {
	tr.mu.Lock()
	n := len(tr.got)
	tr.got = append(tr.got, m)
	tr.mu.Unlock()
	if tr.send != nil {
		if err := tr.send(ctx, m, n); err != nil {
			return "", err
		}
	}
	return "250 queued", nil
}

func (tr *transport) count() int {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return len(tr.got)
}

func fault(f mailer.Fault, code int, text string) error {
	return &mailer.SendError{Fault: f, Code: code, Err: errors.New(text)}
}

func deliverer(s *outbox, tr deliver.Transport, c *clock) *deliver.Deliverer {
	return &deliver.Deliverer{
		Store: s, Transport: tr, Sender: mailer.Sender{From: "江城产经 <digest@news.example.com>", Contact: "editor@example.com"}, Owner: "test", Now: c.now,
	}
}

// wantStates checks the whole account.
func wantStates(t *testing.T, s *outbox, want map[mailer.State]int) {
	t.Helper()
	got := s.states()
	for state, n := range want {
		if got[state] != n {
			t.Errorf("%d deliveries %s, want %d (all: %v)", got[state], state, n, got)
		}
		delete(got, state)
	}
	if len(got) > 0 {
		t.Errorf("also %v", got)
	}
}
