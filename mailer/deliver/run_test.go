package deliver_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"broadsheet/mailer"
	"broadsheet/mailer/deliver"
	"broadsheet/mailer/submit"
)

// Outcomes are written down many at a time.
func TestOutcomesAreCommittedTogether(t *testing.T) {
	s := newOutbox(time.Now(), 5000)
	d := deliverer(t, s, &transport{}, nil)
	d.Pace.Connections = 4
	if sum, err := d.Deliver(t.Context(), 1); err != nil || sum.Accepted != 5000 {
		t.Fatalf("%+v, %v", sum, err)
	}
	if s.settles > 500 {
		t.Errorf("%d transactions for 5,000 outcomes", s.settles)
	}
}

// A slow server does not cost the lease: it is renewed while the work goes on.
func TestLeasesAreRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newOutbox(time.Now(), 10)
		tr := &transport{send: func(context.Context, mailer.Message, int) error {
			time.Sleep(45 * time.Second)
			s.mu.Lock()
			defer s.mu.Unlock()
			for i := range s.rows {
				if r := &s.rows[i]; r.State == mailer.Leased && !time.Now().Before(r.until) {
					t.Errorf("the lease of %s is over", r.To)
				}
				if r := &s.rows[i]; r.State == mailer.Leased && time.Until(r.until) > time.Minute {
					t.Errorf("the lease of %s lasts for %v", r.To, time.Until(r.until))
				}
			}
			return nil
		}}
		d := deliverer(t, s, tr, nil)
		if _, err := d.Deliver(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		wantStates(t, s, map[mailer.State]int{mailer.Accepted: 10})
		if s.renewals < 10 {
			t.Errorf("%d renewals", s.renewals)
		}
	})
}

// A process that was stopped longer than its leases last sends nothing that
// another may be sending.
func TestAProcessThatWasAsleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newOutbox(time.Now(), 60)
		asleep := time.Duration(0)
		var mu sync.Mutex
		now := func() time.Time {
			mu.Lock()
			defer mu.Unlock()
			return time.Now().Add(asleep)
		}
		other := &transport{}
		tr := &transport{}
		tr.send = func(ctx context.Context, _ mailer.Message, n int) error {
			if n != 20 {
				return nil
			}
			mu.Lock()
			asleep = 5 * time.Minute // all of it, in the middle of a message
			mu.Unlock()
			d := deliverer(t, s, other, now)
			_, err := d.Deliver(ctx, 1)
			return err
		}
		d := deliverer(t, s, tr, now)
		if _, err := d.Deliver(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		wantStates(t, s, map[mailer.State]int{mailer.Accepted: 60})
		if tr.count()+other.count() > 61+20 { // what is not committed within the blink, and the one under way
			t.Errorf("%d and %d messages for 60", tr.count(), other.count())
		}
		if tr.count() != 21 {
			t.Errorf("the sleeper went on: %d messages", tr.count())
		}
	})
}

// haltAt delivers until a message, where stop runs, and returns the number of
// messages begun after that.
func haltAt(t *testing.T, connections int, stop func(*outbox, *deliver.Deliverer)) (after int, s *outbox) {
	t.Helper()
	s = newOutbox(time.Now(), 500)
	var mu sync.Mutex
	stopped := false
	tr := &transport{}
	var d *deliver.Deliverer
	tr.send = func(_ context.Context, _ mailer.Message, n int) error {
		mu.Lock()
		if stopped {
			after++
		}
		if n == 100 {
			stop(s, d)
			stopped = true
		}
		mu.Unlock()
		time.Sleep(time.Second)
		return nil
	}
	d = deliverer(t, s, tr, nil)
	d.Pace.Connections = connections
	if _, err := d.Deliver(t.Context(), 1); err != nil {
		t.Error(err)
	}
	got := s.states()
	if got[mailer.Accepted] != tr.count() || got[mailer.Planned] != 500-tr.count() {
		t.Errorf("%v after %d messages", got, tr.count())
	}
	return after, s
}

func TestHaltStopsWithinOneMessageAConnection(t *testing.T) {
	for _, connections := range []int{1, 5} {
		synctest.Test(t, func(t *testing.T) {
			after, _ := haltAt(t, connections, func(_ *outbox, d *deliver.Deliverer) { d.Halt(1) })
			if after > connections {
				t.Errorf("here: %d messages over %d connections after it", after, connections)
			}
		})
		synctest.Test(t, func(t *testing.T) {
			after, s := haltAt(t, connections, func(s *outbox, _ *deliver.Deliverer) { s.setHalt("cancelled") })
			if after > connections {
				t.Errorf("by another process: %d messages over %d connections after it", after, connections)
			}
			tr := &transport{}
			if sum, err := deliverer(t, s, tr, nil).Deliver(t.Context(), 1); err != nil || sum.Total() != 0 || tr.count() != 0 {
				t.Errorf("a halted edition: %+v, %v", sum, err)
			}
		})
	}
}

func (s *outbox) setHalt(why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.standing.Halted = why
}

// What is wrong with one message is wrong with all.
func TestAMessageThatNobodyTakes(t *testing.T) {
	s := newOutbox(time.Now(), 100)
	tr := &transport{send: func(context.Context, mailer.Message, int) error {
		return refusal(mailer.PermanentFault, 554, "5.6.0", "message content is malformed")
	}}
	d := deliverer(t, s, tr, nil)
	if _, err := d.Deliver(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if tr.count() != 10 {
		t.Errorf("%d messages, want 10 and then none", tr.count())
	}
	wantStates(t, s, map[mailer.State]int{mailer.Failed: 10, mailer.Planned: 90})
	if !strings.Contains(s.standing.Halted, "554 5.6.0 message content is malformed") || !strings.Contains(s.standing.Halted, "digest resend") {
		t.Errorf("halted: %q", s.standing.Halted)
	}

	// Recipients who do not exist are another matter, however many.
	s = newOutbox(time.Now(), 100)
	tr = &transport{send: func(context.Context, mailer.Message, int) error {
		return refusal(mailer.PermanentFault, 550, "5.1.1", "no such user")
	}}
	if _, err := deliverer(t, s, tr, nil).Deliver(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	wantStates(t, s, map[mailer.State]int{mailer.Failed: 100})
}

func TestTheNextEditionIsThere(t *testing.T) {
	c := newClock()
	s := newOutbox(c.now(), 3)
	s.rows[0].State, s.rows[0].Attempts, s.rows[0].Error = mailer.Deferred, 2, "451 later"
	s.rows[1].State, s.rows[1].Attempts, s.rows[1].Error = mailer.Uncertain, 1, "lost"
	s.standing.Superseded = true
	tr := &transport{}
	if _, err := deliverer(t, s, tr, c.now).Deliver(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	wantStates(t, s, map[mailer.State]int{mailer.Failed: 2, mailer.Accepted: 1}) // who never had a chance gets it
	if dv := s.row(1); dv.Error != "given up: the next edition of the digest is there; the last attempt: 451 later" || dv.Settled.IsZero() || dv.Attempts != 2 {
		t.Errorf("%+v", dv)
	}
}

func TestUncertainIsHeld(t *testing.T) {
	c := newClock()
	s := newOutbox(c.now(), 3)
	// Another machine had this one, and its lease is over.
	s.rows[2].State, s.rows[2].owner, s.rows[2].until = mailer.Leased, "another", c.now().Add(-time.Second)
	tr := &transport{send: func(_ context.Context, _ mailer.Message, n int) error {
		if n == 0 {
			return fault(mailer.UncertainFault, 0, "reply lost")
		}
		return nil
	}}
	d := deliverer(t, s, tr, c.now)
	d.Hold = true
	for range 2 {
		if _, err := d.Deliver(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		c.add(47 * time.Hour)
	}
	wantStates(t, s, map[mailer.State]int{mailer.Uncertain: 2, mailer.Accepted: 1})
	for id, want := range map[int64]string{1: "reply lost", 3: "another process had it"} {
		if dv := s.row(id); !strings.Contains(dv.Error, want) || !dv.NextAt.IsZero() {
			t.Errorf("%+v", dv)
		}
	}
	if tr.count() != 2 {
		t.Errorf("%d messages", tr.count())
	}
}

// Two editions share the connections.
func TestEditionsShareTheConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newOutbox(time.Now(), 3000)
		var mu sync.Mutex
		open, most, sessions := 0, 0, 0
		tr := &transport{send: func(context.Context, mailer.Message, int) error {
			time.Sleep(10 * time.Millisecond)
			return nil
		}}
		tr.work = func() func() {
			mu.Lock()
			defer mu.Unlock()
			open++
			sessions++
			most = max(most, open)
			return func() {
				mu.Lock()
				defer mu.Unlock()
				open--
			}
		}
		d := deliverer(t, s, tr, nil)
		d.Pace.Connections = 3
		var running sync.WaitGroup
		for range 4 {
			running.Go(func() {
				if _, err := d.Deliver(t.Context(), 1); err != nil {
					t.Error(err)
				}
			})
		}
		running.Wait()
		wantStates(t, s, map[mailer.State]int{mailer.Accepted: 3000})
		if most != 3 {
			t.Errorf("%d connections, want 3", most)
		}
		if tr.count() != 3000 || len(tr.ids()) != 3000 {
			t.Errorf("%d messages, %d different", tr.count(), len(tr.ids()))
		}
	})
}

// ahead is a transport that takes messages ahead of their turn, as one does
// that signs them meanwhile, and may give them back.
type ahead struct {
	transport
	giveUp int // gives up after so many; 0 never
}

func (a *ahead) Work(ctx context.Context, q submit.Queue) error {
	letters := make(chan mailer.Message, 3)
	stop := make(chan struct{})
	var feeding sync.WaitGroup
	feeding.Go(func() {
		defer close(letters)
		for {
			select {
			case <-stop:
				return
			default:
			}
			m, ok := q.Next(ctx)
			if !ok {
				return
			}
			letters <- m
		}
	})
	var errs []error
	n := 0
	for m := range letters {
		if n++; a.giveUp > 0 && n > a.giveUp {
			if n == a.giveUp+1 {
				close(stop)
			}
			errs = append(errs, q.End(ctx, &m, "", &mailer.SendError{Fault: mailer.ConnectionFault, Err: submit.ErrUntried}))
			continue
		}
		if err := q.Begin(ctx, &m); err != nil {
			errs = append(errs, err, q.End(ctx, &m, "", &mailer.SendError{Fault: mailer.ConnectionFault, Err: err}))
			continue
		}
		reply, err := a.Send(ctx, m)
		errs = append(errs, q.End(ctx, &m, reply, err))
	}
	feeding.Wait()
	return errors.Join(errs...)
}

func TestMessagesAreTakenAhead(t *testing.T) {
	for _, giveUp := range []int{0, 7} {
		c := newClock()
		s := newOutbox(c.now(), 400)
		tr := &ahead{giveUp: giveUp}
		d := deliverer(t, s, tr, c.now)
		d.Pace.Connections = 4
		sum, err := d.Deliver(t.Context(), 1)
		if err != nil || sum.Deferred+sum.Failed+sum.Uncertain != 0 {
			t.Fatalf("%+v, %v", sum, err)
		}
		for range 100 { // what was given back is due at once
			if _, err := d.Deliver(t.Context(), 1); err != nil {
				t.Fatal(err)
			}
		}
		wantStates(t, s, map[mailer.State]int{mailer.Accepted: 400})
		if tr.count() != 400 {
			t.Errorf("%d messages", tr.count())
		}
		for i := range s.rows {
			if dv := s.row(int64(i + 1)); dv.Attempts != 1 {
				t.Fatalf("%+v", dv)
			}
		}
	}
}

// A transport that forgets its duty leaves nothing open.
type forgetful struct{ transport }

func (f *forgetful) Work(ctx context.Context, q submit.Queue) error {
	for n := 0; ; n++ {
		m, ok := q.Next(ctx)
		if !ok || n == 2 {
			return nil
		}
		if err := q.Begin(ctx, &m); err != nil {
			return err
		}
		if n == 0 {
			if err := q.End(ctx, &m, "250 fine", nil); err != nil {
				return err
			}
		}
	}
}

func TestATransportThatForgets(t *testing.T) {
	c := newClock()
	s := newOutbox(c.now(), 3)
	if _, err := deliverer(t, s, &forgetful{}, c.now).Deliver(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	wantStates(t, s, map[mailer.State]int{mailer.Accepted: 1, mailer.Uncertain: 1, mailer.Planned: 1})
}

// Nothing is sent that the journal cannot note.
func TestAJournalThatCannotBeWritten(t *testing.T) {
	s := newOutbox(time.Now(), 3)
	tr := &transport{}
	d := deliverer(t, s, tr, nil)
	d.Journal.Path = filepath.Join(t.TempDir(), "no", "such", "folder")
	_, err := d.Deliver(t.Context(), 1)
	if err == nil || !strings.Contains(err.Error(), d.Journal.Path) || !strings.Contains(err.Error(), "may write to") {
		t.Errorf("error %v", err)
	}
	if err := os.MkdirAll(filepath.Dir(d.Journal.Path), 0o700); err != nil {
		t.Fatal(err)
	}
	tr.send = func(_ context.Context, _ mailer.Message, n int) error {
		if n == 0 {
			return d.Journal.Close() // as good as a full disk: it takes nothing any more
		}
		return nil
	}
	_, err = d.Deliver(t.Context(), 1)
	if err == nil || !strings.Contains(err.Error(), "journal of deliveries") || tr.count() != 1 {
		t.Errorf("error %v after %d messages", err, tr.count())
	}
	wantStates(t, s, map[mailer.State]int{mailer.Accepted: 1, mailer.Planned: 2})
}

// A journal whose disk is gone stops the delivery, not the program.
func TestAJournalThatIsCutShort(t *testing.T) {
	s := newOutbox(time.Now(), 3)
	tr := &transport{}
	d := deliverer(t, s, tr, nil)
	tr.send = func(_ context.Context, _ mailer.Message, n int) error {
		if n == 0 {
			return os.Truncate(d.Journal.Path, 0)
		}
		return nil
	}
	_, err := d.Deliver(t.Context(), 1)
	if err == nil || !strings.Contains(err.Error(), d.Journal.Path) || !strings.Contains(err.Error(), "cut short") || tr.count() != 1 {
		t.Errorf("error %v after %d messages", err, tr.count())
	}
	wantStates(t, s, map[mailer.State]int{mailer.Accepted: 1, mailer.Planned: 2})
}

func TestConfigMistakes(t *testing.T) {
	for _, tt := range []struct {
		config deliver.Config
		want   []string
	}{
		{deliver.Config{}, nil},
		{deliver.Config{Spread: time.Hour, Rates: map[string]float64{"gmail.com": 0.5, "qq.com": 100}}, nil},
		{deliver.Config{Spread: -time.Second}, []string{"spread: -1s is out of range; use 0s to 24h"}},
		{deliver.Config{Spread: 25 * time.Hour}, []string{"spread: 25h0m0s is out of range; use 0s to 24h"}},
		{
			deliver.Config{Rates: map[string]float64{"a@gmail.com": 1, "qq.com": 0}},
			[]string{
				"rates.qq.com: 0 is out of range; give messages a second, more than 0",
				`rates: "a@gmail.com" is no domain; write it as in { gmail.com: 10 }`,
			},
		},
		{
			deliver.Config{Rates: map[string]float64{"gmail.com": 1, "googlemail.com": 2}},
			[]string{"rates.googlemail.com: is counted with gmail.com, which has a rate too; keep one of the two"},
		},
	} {
		var got []string
		if err := tt.config.Validate(); err != nil {
			got = strings.Split(err.Error(), "\n")
		}
		slices.Sort(got)
		if !slices.Equal(got, tt.want) {
			t.Errorf("%+v: %q, want %q", tt.config, got, tt.want)
		}
	}
}
