package deliver_test

import (
	"bytes"
	"context"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"broadsheet/mailer"
	"broadsheet/mailer/deliver"
	"broadsheet/mailer/submit"
)

// A moment is all that is left when a process is killed at an instant: the
// database, the journal, and what had arrived.
type moment struct {
	at      string
	outbox  *outbox
	journal []byte
	arrived map[string]int // by Message-ID
}

// A camera keeps the moments of a delivery. While it looks, nothing arrives.
type camera struct {
	mu      sync.Mutex
	s       *outbox
	journal string
	arrived map[string]int
	moments []moment
}

func (c *camera) look(at string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.take(at)
}

// take keeps this moment. The journal is read before the outbox: what the
// outbox has, the journal may still have, but not the other way round.
func (c *camera) take(at string) {
	journal, _ := os.ReadFile(c.journal)
	c.moments = append(c.moments, moment{at, c.s.copied(), journal, maps.Clone(c.arrived)})
}

// Send takes a message and keeps the moments before and after.
func (c *camera) Send(_ context.Context, m mailer.Message) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.take("before it arrives")
	c.arrived[m.ID]++
	c.take("after it has arrived")
	return "250 queued", nil
}

// Work implements deliver.Transport.
func (c *camera) Work(ctx context.Context, q submit.Queue) error { return oneByOne(ctx, q, c.Send) }

// moments delivers to n recipients and returns every moment on the way.
func moments(t *testing.T, n int) []moment {
	t.Helper()
	s := newOutbox(time.Now(), n)
	c := &camera{s: s, arrived: map[string]int{}}
	d := deliverer(t, s, c, nil)
	c.journal = d.Journal.Path
	s.step = c.look
	if _, err := d.Deliver(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	wantStates(t, s, map[mailer.State]int{mailer.Accepted: n})
	if len(c.moments) < 2*n+4 {
		t.Fatalf("only %d moments", len(c.moments))
	}
	return c.moments
}

// goOn has another process go on after a moment.
func goOn(t *testing.T, m moment, hold bool) (*outbox, map[string]int) {
	t.Helper()
	s := m.outbox.copied()
	tr := &transport{}
	d := deliverer(t, s, tr, nil)
	d.Hold = hold
	if len(m.journal) > 0 {
		if err := os.WriteFile(d.Journal.Path, m.journal, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.Deliver(t.Context(), 1); err != nil {
		t.Fatalf("killed %s: %v", m.at, err)
	}
	arrived := maps.Clone(m.arrived)
	for id, n := range tr.ids() {
		arrived[id] += n
	}
	return s, arrived
}

func repeated(arrived map[string]int) int {
	n := 0
	for _, k := range arrived {
		n += k - 1
	}
	return n
}

func TestCrashAtAnyMoment(t *testing.T) {
	const recipients = 5
	for _, m := range moments(t, recipients) {
		s, arrived := goOn(t, m, false)
		wantStates(t, s, map[mailer.State]int{mailer.Accepted: recipients})
		most := 0
		if m.at == "after it has arrived" { // accepted, and nobody could note it
			most = 1
		}
		// Whoever sends may have been interrupted while others were looked at.
		if m.at != "before it arrives" && m.at != "after it has arrived" {
			most = 1
		}
		if len(arrived) != recipients || repeated(arrived) > most {
			t.Errorf("killed %s: %d messages arrived, %d twice; want %d and at most %d", m.at, len(arrived), repeated(arrived), recipients, most)
		}
	}
}

func TestCrashAtAnyMomentWhenUncertainIsHeld(t *testing.T) {
	const recipients = 5
	uncertain := 0
	for _, m := range moments(t, recipients) {
		s, arrived := goOn(t, m, true)
		got := s.states()
		if got[mailer.Accepted]+got[mailer.Uncertain] != recipients || got[mailer.Uncertain] > 1 {
			t.Errorf("killed %s: %v", m.at, got)
		}
		if repeated(arrived) > 0 {
			t.Errorf("killed %s: %d messages arrived twice", m.at, repeated(arrived))
		}
		uncertain += got[mailer.Uncertain]
		for i := range s.rows {
			dv := s.row(int64(i + 1))
			if dv.State == mailer.Uncertain && (dv.Attempts != 1 || !dv.NextAt.IsZero() || !strings.Contains(dv.Error, "digest resend")) {
				t.Errorf("held: %+v", dv)
			}
		}
	}
	if uncertain == 0 {
		t.Error("nothing was uncertain; the test shows nothing")
	}
}

// A line that is only half there is a write that was cut off.
func TestATornJournal(t *testing.T) {
	const recipients = 3
	ms := moments(t, recipients)
	var m moment
	for _, x := range ms {
		if x.journal = bytes.TrimRight(x.journal, "\x00"); len(x.journal) > len(m.journal) { // without the room for more
			m = x
		}
	}
	if lines := bytes.Count(m.journal, []byte("\n")); lines < 4 {
		t.Fatalf("a journal of %d lines shows nothing", lines)
	}
	for at := range 2 * len(m.journal) {
		torn, cut := m, at/2
		torn.journal = bytes.Clone(m.journal[:cut])
		if at%2 == 1 {
			torn.journal = append(torn.journal, make([]byte, 9000)...)
		}
		s, arrived := goOn(t, torn, false)
		got := s.states()
		// Without its first line it is nobody's journal, and the leases end by
		// themselves.
		if got[mailer.Accepted]+got[mailer.Leased] != recipients || got[mailer.Leased] > 0 && bytes.ContainsRune(torn.journal, '\n') {
			t.Fatalf("cut at %d: %v", cut, got)
		}
		for i := range s.rows {
			if dv := s.row(int64(i + 1)); dv.State == mailer.Accepted && arrived[dv.MessageID] == 0 {
				t.Errorf("cut at %d: %s never arrived", cut, dv.To)
			}
		}
	}
	for i := range m.journal { // and a damaged one is no catastrophe either
		if i <= bytes.IndexByte(m.journal, '\n') {
			continue
		}
		torn := m
		torn.journal = bytes.Clone(m.journal)
		torn.journal[i] ^= 0x15
		s, arrived := goOn(t, torn, false)
		if got := s.states(); got[mailer.Accepted]+got[mailer.Leased] != recipients {
			t.Fatalf("damaged at %d: %v", i, got)
		}
		if len(arrived) < s.states()[mailer.Accepted] {
			t.Errorf("damaged at %d: %d arrived", i, len(arrived))
		}
	}
}

func TestAForeignJournalIsRefused(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "journal")
	for _, tt := range []struct{ name, text, want string }{
		{"another database", "broadsheet-mail-journal 1 other owner\n", "is the journal of another database"},
		{"not a journal", "subscriber,email\n1,a@example.org\n", "is no journal of deliveries"},
		{"a line without end", strings.Repeat("x", 50), "is no journal of deliveries"},
		{"a later form", "broadsheet-mail-journal 2 test owner\n", "is no journal of deliveries"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := os.WriteFile(name, []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
			s := newOutbox(time.Now(), 1)
			tr := &transport{}
			d := deliverer(t, s, tr, nil)
			d.Journal.Path = name
			_, err := d.Deliver(t.Context(), 1)
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), name) {
				t.Errorf("error %v", err)
			}
			if data, err := os.ReadFile(name); err != nil || string(data) != tt.text {
				t.Errorf("it was changed: %q, %v", data, err)
			}
			if tr.count() != 0 {
				t.Error("a message was sent")
			}
		})
	}
}

// Two processes that deliver from one database have a journal each, and do not
// take each other for dead.
func TestTwoProcesses(t *testing.T) {
	now := time.Now()
	s := newOutbox(now, 2000)
	dir := t.TempDir()
	open := func(tr deliver.Transport) *deliver.Deliverer {
		d := deliverer(t, s, tr, func() time.Time { return now })
		d.Journal.Path = filepath.Join(dir, "journal")
		return d
	}
	entered, leave := make(chan struct{}), make(chan struct{})
	first := &transport{send: func(_ context.Context, _ mailer.Message, n int) error {
		if n == 0 {
			close(entered)
			<-leave
		}
		return nil
	}}
	one := open(first)
	done := make(chan error)
	go func() {
		_, err := one.Deliver(t.Context(), 1)
		done <- err
	}()
	<-entered
	second := &transport{}
	two := open(second)
	if _, err := two.Deliver(t.Context(), 1); err != nil {
		t.Error(err)
	}
	if second.count() == 0 {
		t.Error("the second process did nothing")
	}
	close(leave)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if first.count()+second.count() != 2000 {
		t.Errorf("%d and %d messages, want 2000", first.count(), second.count())
	}
	wantStates(t, s, map[mailer.State]int{mailer.Accepted: 2000})
	for _, d := range []*deliver.Deliverer{one, two} {
		if err := d.Journal.Close(); err != nil {
			t.Error(err)
		}
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) > 0 {
		t.Errorf("left behind: %v, %v", files, err)
	}
}

// What a killed process has leased waits for nobody: whoever comes next knows
// that it is dead. What lives is left alone.
func TestLeasesOfTheDead(t *testing.T) {
	now := time.Now()
	s := newOutbox(now, 3)
	for i, owner := range []string{"dead", "alive", "dead"} {
		s.rows[i].State, s.rows[i].owner, s.rows[i].until = mailer.Leased, owner, now.Add(time.Minute)
	}
	tr := &transport{}
	d := deliverer(t, s, tr, func() time.Time { return now })
	if err := os.WriteFile(d.Journal.Path, []byte("broadsheet-mail-journal 1 test dead\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Deliver(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	wantStates(t, s, map[mailer.State]int{mailer.Accepted: 2, mailer.Leased: 1})
}

// A journal does not grow for ever.
func TestTheJournalStaysSmall(t *testing.T) {
	s := newOutbox(time.Now(), 30_000)
	tr := &transport{}
	d := deliverer(t, s, tr, nil)
	d.Pace.Connections = 4
	var mu sync.Mutex
	largest := int64(0)
	s.step = func(string) {
		mu.Lock()
		defer mu.Unlock()
		if info, err := os.Stat(d.Journal.Path); err == nil {
			largest = max(largest, info.Size())
		}
	}
	if _, err := d.Deliver(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	wantStates(t, s, map[mailer.State]int{mailer.Accepted: 30_000})
	if largest > 5<<20 || largest < 1<<10 {
		t.Errorf("the journal had up to %d bytes", largest)
	}
	if err := d.Journal.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(d.Journal.Path); err == nil {
		t.Error("a journal without anything left in it stays behind")
	}
}
