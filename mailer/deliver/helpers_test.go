package deliver_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"broadsheet/mailer"
	"broadsheet/mailer/deliver"
	"broadsheet/mailer/submit"
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

// A row is a delivery as the outbox keeps it.
type row struct {
	mailer.Delivery
	owner string
	until time.Time
}

// An outbox keeps the account in memory, by the contract of deliver.Store.
type outbox struct {
	mu       sync.Mutex
	edition  mailer.Edition
	standing mailer.Standing
	rows     []row // in order of ID, from 1
	sent     []time.Time
	settles  int
	renewals int
	step     func(what string) // runs before and after every change, and by itself
	settle   func() error      // nil works
}

// newOutbox plans an edition for n recipients.
func newOutbox(now time.Time, n int, address ...string) *outbox {
	s := &outbox{}
	s.edition = mailer.Edition{
		ID: 1, Digest: "weekly", Number: 1, At: now, Created: now, Title: "一周产经", Subject: "一周产经 11月23日",
		Language: "zh-Hans", HTML: "<p>你好</p>", Text: "你好\n",
	}
	for i := range n {
		to := fmt.Sprintf("reader%d@example.org", i+1)
		if len(address) > 0 {
			to = fmt.Sprintf("reader%d@%s", i+1, address[i%len(address)])
		}
		s.rows = append(s.rows, row{Delivery: mailer.Delivery{
			ID: int64(i + 1), Edition: 1, Digest: "weekly", To: to, State: mailer.Planned, NextAt: now,
			MessageID: mailer.MessageID("weekly", now, to, "digest@news.example.com"),
		}})
	}
	return s
}

// at runs the step if there is one, one at a time.
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

func (s *outbox) Standing(context.Context, int64) (mailer.Standing, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.standing
	for i := range s.rows {
		if !s.rows[i].State.Final() {
			st.Open++
		}
	}
	return st, nil
}

func (s *outbox) Halted(context.Context, int64) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.standing.Halted, nil
}

func (s *outbox) Halt(_ context.Context, _ int64, why string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.standing.Halted = why
	return nil
}

func (s *outbox) Sent(_ context.Context, since time.Time) (n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, at := range s.sent {
		if !at.Before(since) {
			n++
		}
	}
	return n, nil
}

func (s *outbox) Lease(ctx context.Context, edition int64, now, until time.Time, owner string, limit int) ([]mailer.Delivery, error) {
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
		waits := d.State == mailer.Planned || d.State == mailer.Deferred || d.State == mailer.Uncertain && !d.NextAt.IsZero()
		free := waits && !d.NextAt.After(now) || d.State == mailer.Leased && !d.until.After(now)
		if d.Edition == edition && free && len(out) < limit && s.standing.Halted == "" {
			out = append(out, d.Delivery)
			d.State, d.owner, d.until = mailer.Leased, owner, until
		}
	}
	return out, nil
}

func (s *outbox) Renew(_ context.Context, owner string, until time.Time, ids []int64) (kept []int64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.renewals++
	for _, id := range ids {
		if d := &s.rows[id-1]; d.State == mailer.Leased && d.owner == owner {
			d.until = until
			kept = append(kept, id)
		}
	}
	return kept, nil
}

func (s *outbox) Settle(ctx context.Context, owner string, ds []mailer.Delivery) error {
	s.at("before settle")
	defer s.at("after settle")
	s.mu.Lock()
	defer s.mu.Unlock()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	s.settles++
	if s.settle != nil {
		if err := s.settle(); err != nil {
			return err
		}
	}
	for _, d := range ds {
		r := &s.rows[d.ID-1]
		if d.State == mailer.Leased {
			return fmt.Errorf("settle %d: %s after %s", d.ID, d.State, r.State)
		}
		owned := r.State == mailer.Leased && r.owner == owner
		if r.MessageID != d.MessageID || !owned && (d.State != mailer.Accepted || r.State.Final()) {
			continue
		}
		if d.State == mailer.Accepted {
			s.sent = append(s.sent, d.Settled)
		}
		// What the outbox knows by itself no journal keeps.
		r.State, r.Attempts, r.NextAt, r.Reply, r.Error, r.Settled, r.owner = d.State, d.Attempts, d.NextAt, d.Reply, d.Error, d.Settled, ""
	}
	return nil
}

func (s *outbox) Recover(_ context.Context, dead []string) (n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.rows {
		if d := &s.rows[i]; d.State == mailer.Leased && slices.Contains(dead, d.owner) {
			d.State, d.owner = mailer.Planned, ""
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
	for i := range s.rows {
		out[s.rows[i].State]++
	}
	return out
}

func (s *outbox) row(id int64) mailer.Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rows[id-1].Delivery
}

// copied returns the outbox as it is now, as a process finds it that comes
// after a crash.
func (s *outbox) copied() *outbox {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &outbox{edition: s.edition, standing: s.standing, rows: slices.Clone(s.rows), sent: slices.Clone(s.sent)}
}

// A transport does what it is told and remembers what it was given.
type transport struct {
	mu   sync.Mutex
	send func(ctx context.Context, m mailer.Message, n int) error // n counts from 0
	work func() (ended func())                                    // nil, or runs around every connection
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

func (tr *transport) Work(ctx context.Context, q submit.Queue) error {
	if tr.work != nil {
		defer tr.work()()
	}
	return oneByOne(ctx, q, tr.Send)
}

// oneByOne is the plainest way to work a queue.
func oneByOne(ctx context.Context, q submit.Queue, send func(context.Context, mailer.Message) (string, error)) error {
	for {
		m, ok := q.Next(ctx)
		if !ok {
			return nil
		}
		if err := q.Begin(ctx, &m); err != nil {
			return errors.Join(err, q.End(ctx, &m, "", err))
		}
		reply, err := send(ctx, m)
		if err := q.End(ctx, &m, reply, err); err != nil {
			return err
		}
	}
}

func (tr *transport) count() int {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return len(tr.got)
}

// ids counts the messages by Message-ID.
func (tr *transport) ids() map[string]int {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	out := map[string]int{}
	for i := range tr.got {
		out[tr.got[i].ID]++
	}
	return out
}

func fault(f mailer.Fault, code int, text string) error {
	return &mailer.SendError{Fault: f, Code: code, Err: errors.New(text)}
}

func refusal(f mailer.Fault, code int, enhanced, text string) error {
	return &mailer.SendError{Fault: f, Code: code, Enhanced: enhanced, Err: fmt.Errorf("%d %s %s", code, enhanced, text)}
}

// deliverer returns a Deliverer with one connection and a journal of its own,
// by the clock of now.
func deliverer(t *testing.T, s deliver.Store, tr deliver.Transport, now func() time.Time) *deliver.Deliverer {
	t.Helper()
	j := &deliver.Journal{Path: filepath.Join(t.TempDir(), "journal"), Database: "test"}
	t.Cleanup(func() {
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	})
	return &deliver.Deliverer{
		Store: s, Transport: tr, Sender: mailer.Sender{From: "江城产经 <digest@news.example.com>", Contact: "editor@example.com"},
		Journal: j, Pace: &deliver.Pacer{Connections: 1}, Now: now,
	}
}

// wantStates checks the whole account.
func wantStates(t *testing.T, s *outbox, want map[mailer.State]int) {
	t.Helper()
	got := s.states()
	if !maps.Equal(got, want) {
		t.Errorf("deliveries %v, want %v", got, want)
	}
}
