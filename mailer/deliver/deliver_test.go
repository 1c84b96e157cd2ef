package deliver_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"broadsheet/mailer"
	"broadsheet/mailer/deliver"
)

func TestDeliverGivesEveryoneTheirMessage(t *testing.T) {
	for _, parallel := range []int{0, 8} {
		c := newClock()
		s, tr := newOutbox(c, 230), &transport{}
		d := deliverer(s, tr, c)
		d.Parallel = parallel
		sum, err := d.Deliver(t.Context(), 1)
		if err != nil || sum != (deliver.Summary{Accepted: 230}) {
			t.Fatalf("summary %+v, error %v", sum, err)
		}
		wantStates(t, s, map[mailer.State]int{mailer.Accepted: 230})
		seen := map[string]bool{}
		for _, m := range tr.got {
			seen[m.To+m.ID] = true
		}
		if len(tr.got) != 230 || len(seen) != 230 {
			t.Errorf("%d messages, %d different", len(tr.got), len(seen))
		}
		i := slices.IndexFunc(tr.got, func(m mailer.Message) bool { return m.To == "reader7@example.org" })
		want := mailer.Message{
			ID: s.rows[6].MessageID, From: "江城产经 <digest@news.example.com>", To: "reader7@example.org",
			Body:   &mailer.Body{Subject: "一周产经 11月23日", Language: "zh-Hans", HTML: "<p>你好</p>", Text: "你好\n"},
			Date:   s.edition.Created,
			ListID: "weekly.news.example.com", ListName: "一周产经",
			Headers: []mailer.Header{
				{Name: "List-Unsubscribe", Value: "<mailto:editor@example.com?subject=unsubscribe%20weekly>"},
				{Name: "List-Help", Value: "<mailto:editor@example.com>"},
				{Name: "List-Owner", Value: "<mailto:editor@example.com>"},
				{Name: "List-Post", Value: "NO"},
				{Name: "Feedback-ID", Value: "1:weekly:digest:qa32g5eezw"},
			},
		}
		if diff := cmp.Diff(want, tr.got[i]); diff != "" {
			t.Errorf("message (-want +got):\n%s", diff)
		}
		if dv := s.row(7); dv.Reply != "250 queued" || dv.Attempts != 1 || !dv.Settled.Equal(c.now()) {
			t.Errorf("account %+v", dv)
		}
		if sum, err := d.Deliver(t.Context(), 1); err != nil || sum.Total() != 0 || len(tr.got) != 230 {
			t.Errorf("again: %+v, %v", sum, err)
		}
	}
}

func TestWhatAnAttemptMakesOfADelivery(t *testing.T) {
	for _, tt := range []struct {
		name     string
		err      error
		state    mailer.State
		attempts int
		wait     time.Duration
		text     string
		sum      deliver.Summary
	}{
		{"accepted", nil, mailer.Accepted, 1, 0, "", deliver.Summary{Accepted: 1}},
		{"try later", fault(mailer.TemporaryFault, 451, "busy"), mailer.Deferred, 1, 5 * time.Minute, "451 busy", deliver.Summary{Deferred: 1}},
		{"never", fault(mailer.PermanentFault, 550, "no such user"), mailer.Failed, 1, 0, "550 no such user", deliver.Summary{Failed: 1}},
		{"connection", fault(mailer.ConnectionFault, 0, "reset by peer"), mailer.Deferred, 0, time.Minute, "reset by peer", deliver.Summary{Deferred: 1}},
		{
			"who knows", fault(mailer.UncertainFault, 0, "reply lost"), mailer.Uncertain, 1, 5 * time.Minute,
			"it may have arrived and is sent again under the same Message-ID: reply lost",
			deliver.Summary{Uncertain: 1},
		},
		{
			"a transport that breaks its promise", errors.New("boom"), mailer.Uncertain, 1, 5 * time.Minute,
			"it may have arrived and is sent again under the same Message-ID: boom",
			deliver.Summary{Uncertain: 1},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newClock()
			s := newOutbox(c, 1)
			tr := &transport{send: func(context.Context, mailer.Message, int) error { return tt.err }}
			sum, err := deliverer(s, tr, c).Deliver(t.Context(), 1)
			if err != nil || sum != tt.sum {
				t.Errorf("summary %+v, error %v; want %+v", sum, err, tt.sum)
			}
			dv := s.row(1)
			if dv.State != tt.state || dv.Attempts != tt.attempts || dv.Error != tt.text {
				t.Errorf("%s after %d attempts: %q; want %s, %d, %q", dv.State, dv.Attempts, dv.Error, tt.state, tt.attempts, tt.text)
			}
			if wait := dv.NextAt.Sub(c.now()); wait != tt.wait {
				t.Errorf("waits %v, want %v", wait, tt.wait)
			}
			if dv.State.Final() == dv.Settled.IsZero() {
				t.Errorf("settled %v", dv.Settled)
			}
		})
	}
}

func TestRetriesForTwoDays(t *testing.T) {
	c := newClock()
	s := newOutbox(c, 1)
	start := c.now()
	var gaps []time.Duration
	last := start
	tr := &transport{send: func(context.Context, mailer.Message, int) error {
		gaps = append(gaps, c.now().Sub(last))
		last = c.now()
		return fault(mailer.TemporaryFault, 450, "greylisted")
	}}
	d := deliverer(s, tr, c)
	for range 100 {
		if _, err := d.Deliver(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		if s.row(1).State.Final() {
			break
		}
		c.set(s.row(1).NextAt)
	}
	want := []time.Duration{0, 300 * time.Second, 450 * time.Second, 675 * time.Second}
	if diff := cmp.Diff(want, gaps[:4]); diff != "" {
		t.Errorf("first waits (-want +got):\n%s", diff)
	}
	if longest := slices.Max(gaps); longest != 4*time.Hour {
		t.Errorf("longest wait %v, want 4h", longest)
	}
	dv := s.row(1)
	if dv.State != mailer.Failed || last.Sub(start) != 48*time.Hour || dv.Attempts != len(gaps) {
		t.Errorf("%s after %v and %d attempts", dv.State, last.Sub(start), dv.Attempts)
	}
	if want := "given up two days after the edition was composed; the last attempt: 450 greylisted"; dv.Error != want {
		t.Errorf("error %q, want %q", dv.Error, want)
	}
}

func TestUncertainIsSentAgainAsTheSameMessage(t *testing.T) {
	c := newClock()
	s := newOutbox(c, 1)
	tr := &transport{send: func(_ context.Context, _ mailer.Message, n int) error {
		if n == 0 {
			return fault(mailer.UncertainFault, 0, "reply lost")
		}
		return nil
	}}
	d := deliverer(s, tr, c)
	if _, err := d.Deliver(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	c.set(s.row(1).NextAt)
	if _, err := d.Deliver(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	wantStates(t, s, map[mailer.State]int{mailer.Accepted: 1})
	if len(tr.got) != 2 {
		t.Fatalf("%d messages", len(tr.got))
	}
	if diff := cmp.Diff(tr.got[0], tr.got[1]); diff != "" {
		t.Errorf("the second differs (-first +second):\n%s", diff)
	}
}

func TestADeadRelayIsGivenTime(t *testing.T) {
	c := newClock()
	s := newOutbox(c, 120)
	dead := true
	tr := &transport{send: func(context.Context, mailer.Message, int) error {
		if dead {
			return fault(mailer.ConnectionFault, 0, "connection refused")
		}
		return nil
	}}
	d := deliverer(s, tr, c)
	sum, err := d.Deliver(t.Context(), 1)
	if !errors.Is(err, deliver.ErrPaused) || sum != (deliver.Summary{Deferred: 3}) || tr.count() != 3 {
		t.Fatalf("summary %+v, error %v, %d attempts; want a pause after 3", sum, err, tr.count())
	}
	wantStates(t, s, map[mailer.State]int{mailer.Deferred: 3, mailer.Planned: 117})
	if _, err := d.Deliver(t.Context(), 1); !errors.Is(err, deliver.ErrPaused) || tr.count() != 3 {
		t.Errorf("error %v and %d attempts during the pause", err, tr.count())
	}
	var pauses []int
	for range 7 { // one attempt ends each pause and begins the next
		before, attempts := c.now(), tr.count()
		for tr.count() == attempts {
			c.add(time.Minute)
			_, _ = d.Deliver(t.Context(), 1)
		}
		pauses = append(pauses, int(c.now().Sub(before)/time.Minute))
	}
	if diff := cmp.Diff([]int{1, 2, 4, 8, 15, 15, 15}, pauses); diff != "" {
		t.Errorf("minutes of pause (-want +got):\n%s", diff)
	}
	dead = false
	c.add(15 * time.Minute)
	if _, err := d.Deliver(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	wantStates(t, s, map[mailer.State]int{mailer.Accepted: 120})
	if n := s.row(1).Attempts; n != 1 {
		t.Errorf("reader 1 is blamed for %d attempts, want 1", n)
	}
}

func TestOneRecipientDoesNotHoldUpTheOthers(t *testing.T) {
	c := newClock()
	s := newOutbox(c, 60)
	tr := &transport{send: func(_ context.Context, m mailer.Message, n int) error {
		switch {
		case m.To == "reader3@example.org":
			return fault(mailer.PermanentFault, 550, "no such user")
		case n%10 == 5:
			return fault(mailer.ConnectionFault, 421, "enough for one connection")
		}
		return nil
	}}
	d := deliverer(s, tr, c)
	sum, err := d.Deliver(t.Context(), 1)
	if err != nil || sum != (deliver.Summary{Accepted: 53, Deferred: 6, Failed: 1}) {
		t.Errorf("summary %+v, error %v", sum, err)
	}
}

func TestCancelStopsAfterTheMessageUnderWay(t *testing.T) {
	c := newClock()
	s := newOutbox(c, 60)
	s.rows[40].State, s.rows[40].Error, s.rows[40].Attempts = mailer.Deferred, "450 later", 2
	ctx, cancel := context.WithCancel(t.Context())
	tr := &transport{send: func(ctx context.Context, _ mailer.Message, n int) error {
		if n == 1 {
			cancel()
		}
		return ctx.Err() // the message under way may be finished
	}}
	sum, err := deliverer(s, tr, c).Deliver(ctx, 1)
	if !errors.Is(err, context.Canceled) || sum != (deliver.Summary{Accepted: 2}) {
		t.Errorf("summary %+v, error %v", sum, err)
	}
	wantStates(t, s, map[mailer.State]int{mailer.Accepted: 2, mailer.Planned: 57, mailer.Deferred: 1})
	if dv := s.row(41); dv.Attempts != 2 || dv.Error != "450 later" {
		t.Errorf("given back as %+v", dv)
	}
}

func TestCancelCutsAStalledMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClock()
		s := newOutbox(c, 2)
		ctx, cancel := context.WithCancel(t.Context())
		tr := &transport{send: func(ctx context.Context, _ mailer.Message, _ int) error {
			cancel()
			<-ctx.Done()
			return fault(mailer.ConnectionFault, 0, "cut")
		}}
		start := time.Now()
		sum, err := deliverer(s, tr, c).Deliver(ctx, 1)
		if !errors.Is(err, context.Canceled) || sum.Deferred != 1 {
			t.Errorf("summary %+v, error %v", sum, err)
		}
		if waited := time.Since(start); waited != 10*time.Second {
			t.Errorf("a stalled message was given %v, want 10s", waited)
		}
		wantStates(t, s, map[mailer.State]int{mailer.Deferred: 1, mailer.Planned: 1})
	})
}

func TestAnAccountThatCannotBeWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClock()
		s := newOutbox(c, 3)
		failures := 2
		s.settle = func() error {
			if failures--; failures >= 0 {
				return errors.New("database is locked")
			}
			return nil
		}
		tr := &transport{}
		d := deliverer(s, tr, c)
		if sum, err := d.Deliver(t.Context(), 1); err != nil || sum.Accepted != 3 {
			t.Errorf("a passing fault: summary %+v, error %v", sum, err)
		}

		s = newOutbox(c, 3)
		s.settle = func() error { return errors.New("disk I/O error") }
		d = deliverer(s, &transport{}, c)
		_, err := d.Deliver(t.Context(), 1)
		if err == nil || !strings.Contains(err.Error(), "record delivery 1 (accepted): disk I/O error") {
			t.Errorf("error %v", err)
		}
		wantStates(t, s, map[mailer.State]int{mailer.Sending: 1, mailer.Leased: 2})
		s.settle = nil
		if err := d.Recover(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantStates(t, s, map[mailer.State]int{mailer.Uncertain: 1, mailer.Planned: 2})
		if _, err := d.Deliver(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		wantStates(t, s, map[mailer.State]int{mailer.Accepted: 3})
	})
}

func TestNothingBeginsWhenTheLeaseIsNearlyOver(t *testing.T) {
	c := newClock()
	s := newOutbox(c, 50)
	tr := &transport{send: func(context.Context, mailer.Message, int) error {
		c.add(2 * time.Minute) // a slow relay
		return nil
	}}
	s.step = func(what string) {
		if what != "before begin" {
			return
		}
		for _, until := range s.leased {
			if left := until.Sub(c.now()); left < 10*time.Minute {
				t.Errorf("a message begins %v before the lease ends", left)
			}
		}
	}
	sum, err := deliverer(s, tr, c).Deliver(t.Context(), 1)
	if err != nil || sum.Accepted != 50 || tr.count() != 50 {
		t.Errorf("summary %+v, %d messages, error %v", sum, tr.count(), err)
	}
}

func TestEditionThatIsNotThere(t *testing.T) {
	c := newClock()
	_, err := deliverer(newOutbox(c, 1), &transport{}, c).Deliver(t.Context(), 9)
	if err == nil || err.Error() != "edition 9: not found" {
		t.Errorf("error %v", err)
	}
}

func TestSendTestTouchesNothing(t *testing.T) {
	c := newClock()
	s := newOutbox(c, 2)
	tr := &transport{send: func(_ context.Context, m mailer.Message, _ int) error {
		if strings.HasPrefix(m.To, "bad") {
			return fault(mailer.PermanentFault, 550, "no such user")
		}
		return nil
	}}
	sum, err := deliverer(s, tr, c).SendTest(t.Context(), &s.edition, []string{"me@example.org", "bad@example.org", "reader1@example.org"})
	if sum != (deliver.Summary{Accepted: 2, Failed: 1}) || err == nil || err.Error() != "test to bad@example.org: 550 no such user" {
		t.Errorf("summary %+v, error %v", sum, err)
	}
	wantStates(t, s, map[mailer.State]int{mailer.Planned: 2})
	if tr.got[2].ID == s.row(1).MessageID {
		t.Error("the test has the Message-ID of the real edition, which would then be taken for a copy")
	}
}
