package deliver_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"broadsheet/mailer"
	"broadsheet/mailer/deliver"
)

// An attempt is one message on its way, as a provider sees it.
type attempt struct {
	to       string // the domain
	at, done time.Time
	under    int // attempts to the same provider under way, with this one
	refused  bool
}

// A provider takes messages as long as it is not too much for it. Every message
// takes some time.
type provider struct {
	mu       sync.Mutex
	each     time.Duration
	refuse   func(domain string, under, n int) error // n counts the attempts to the domain from 0
	under, n map[string]int
	attempts []attempt
}

func newProvider(each time.Duration, refuse func(domain string, under, n int) error) *provider {
	return &provider{each: each, refuse: refuse, under: map[string]int{}, n: map[string]int{}}
}

func (p *provider) send(_ context.Context, m mailer.Message, _ int) error {
	_, domain, _ := strings.Cut(m.To, "@")
	p.mu.Lock()
	p.under[domain]++
	a := attempt{to: domain, at: time.Now(), under: p.under[domain]}
	err := p.refuse(domain, p.under[domain], p.n[domain])
	p.n[domain]++
	p.mu.Unlock()
	time.Sleep(p.each)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.under[domain]--
	a.done, a.refused = time.Now(), err != nil
	p.attempts = append(p.attempts, a)
	return err
}

// to returns the attempts to a domain, in the order in which they ended.
func (p *provider) to(domain string) []attempt {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []attempt
	for _, a := range p.attempts {
		if a.to == domain {
			out = append(out, a)
		}
	}
	return out
}

// deliverAll delivers as the daemon does, until all is final or so much time
// has passed.
func deliverAll(t *testing.T, d *deliver.Deliverer, s *outbox, within time.Duration) {
	t.Helper()
	for end := time.Now().Add(within); time.Now().Before(end); time.Sleep(15 * time.Second) {
		if _, err := d.Deliver(t.Context(), 1); err != nil && !errors.Is(err, deliver.ErrPaused) {
			t.Fatal(err)
		}
		open := 0
		for state, n := range s.states() {
			if !state.Final() {
				open += n
			}
		}
		if open == 0 {
			return
		}
	}
	t.Errorf("not at the end after %v: %v", within, s.states())
}

var googleSays = refusal(mailer.ConnectionFault, 421, "4.7.28", "Our system has detected an unusual rate of mail from your address")

// Google: stop for ten minutes, try with one connection, add one at a time.
func TestAProviderThatFindsItTooFast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newOutbox(time.Now(), 1200, "gmail.com", "googlemail.com", "other.example")
		p := newProvider(time.Second, func(domain string, _, n int) error {
			if domain == "gmail.com" && n == 40 {
				return googleSays
			}
			return nil
		})
		d := deliverer(t, s, &transport{send: p.send}, nil)
		d.Pace.Connections = 6
		deliverAll(t, d, s, 3*time.Hour)
		wantStates(t, s, map[mailer.State]int{mailer.Accepted: 1200})

		var stopped, last time.Time
		all := append(p.to("gmail.com"), p.to("googlemail.com")...)
		for _, a := range all {
			if a.refused {
				stopped = a.done
			}
		}
		most := map[int]int{} // connections by minute since it went on
		begun := time.Time{}
		for _, a := range all {
			if a.at.After(stopped) && (begun.IsZero() || a.at.Before(begun)) {
				begun = a.at
			}
		}
		if pause := begun.Sub(stopped); pause < 10*time.Minute || pause > 11*time.Minute {
			t.Errorf("it was left alone for %v, want 10 minutes", pause)
		}
		for _, a := range all {
			if a.at.After(stopped) {
				minute := int(a.at.Sub(begun) / time.Minute)
				busy := 0
				for _, b := range all {
					if !b.at.After(a.at) && b.done.After(a.at) {
						busy++
					}
				}
				most[minute] = max(most[minute], busy)
			}
			last = maxTime(last, a.at)
		}
		if most[0] > 2 || most[0] < 1 { // a message of a second may end as the next connection is added
			t.Errorf("it went on with %d connections", most[0])
		}
		for m := 1; m <= int(last.Sub(begun)/time.Minute); m++ {
			if most[m] > most[m-1]+1 {
				t.Errorf("minute %d: %d connections after %d", m, most[m], most[m-1])
			}
		}
		others := p.to("other.example")
		if end := others[len(others)-1].done; end.Sub(others[0].at) > 10*time.Minute {
			t.Errorf("the others waited for it: %v", end.Sub(others[0].at))
		}
		for i := range s.rows {
			if dv := s.row(int64(i + 1)); dv.Attempts != 1 {
				t.Fatalf("%s is blamed: %+v", dv.To, dv)
			}
		}
	})
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Whatever a provider can take, all arrives in the end, it is never hammered,
// and it is told less and less often that it is too much.
func TestAnyProvider(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		capacity := rapid.IntRange(1, 8).Draw(rt, "capacity")
		connections := rapid.IntRange(1, 12).Draw(rt, "connections")
		each := time.Duration(rapid.IntRange(50, 3000).Draw(rt, "ms")) * time.Millisecond
		recipients := rapid.IntRange(1, 400).Draw(rt, "recipients")
		says := rapid.SampledFrom([]error{
			googleSays,
			refusal(mailer.TemporaryFault, 451, "4.7.0", "try again later"),
			refusal(mailer.TemporaryFault, 450, "4.3.2", "system not accepting network messages"),
			refusal(mailer.ConnectionFault, 421, "4.7.0", "[TSS04] temporarily deferred, wait 7 minutes"),
			refusal(mailer.TemporaryFault, 454, "", "Throttling failure: Maximum sending rate exceeded."),
		}).Draw(rt, "says")
		synctest.Test(t, func(t *testing.T) {
			s := newOutbox(time.Now(), recipients, "yahoo.com")
			s.edition.Created = time.Now()
			p := newProvider(each, func(_ string, under, _ int) error {
				if under > capacity {
					return says
				}
				return nil
			})
			d := deliverer(t, s, &transport{send: p.send}, nil)
			d.Pace.Connections = connections
			deliverAll(t, d, s, 40*time.Hour)
			wantStates(t, s, map[mailer.State]int{mailer.Accepted: recipients})
			var refusals []attempt
			for _, a := range p.to("yahoo.com") {
				if a.under > connections {
					t.Errorf("%d connections of %d", a.under, connections)
				}
				if a.refused {
					refusals = append(refusals, a)
				}
			}
			for i := 1; i < len(refusals); i++ {
				// Those that were under way with the first one are one event.
				if a, b := refusals[i-1], refusals[i]; b.at.After(a.done) && b.at.Sub(a.done) < 5*time.Second {
					t.Errorf("refused at %v and tried again %v later", a.done, b.at.Sub(a.done))
				}
			}
		})
	})
}

func TestReplies(t *testing.T) {
	const none = time.Duration(0)
	for _, tt := range []struct {
		name   string
		err    error
		others time.Duration // how long other recipients there wait
		relay  bool          // all others wait, not only those there
	}{
		{"a mailbox that is full", refusal(mailer.TemporaryFault, 452, "4.2.2", "mailbox full"), none, false},
		{"a mailbox that gets too much", refusal(mailer.TemporaryFault, 450, "4.2.1", "the user is receiving mail too quickly"), none, false},
		{"greylisted", refusal(mailer.TemporaryFault, 450, "4.2.0", "greylisted, try again in 300 seconds"), none, false},
		{"enough for a connection", refusal(mailer.ConnectionFault, 421, "4.7.0", "too many messages on this connection"), none, false},
		{"a connection that idled", refusal(mailer.ConnectionFault, 421, "4.4.2", "timeout exceeded"), none, false},
		{"no such user", refusal(mailer.PermanentFault, 550, "5.1.1", "no such user"), none, false},
		{"the rate", googleSays, 10 * time.Minute, false},
		{"policy", refusal(mailer.TemporaryFault, 451, "4.7.1", "service unavailable"), time.Minute, false},
		{"load", refusal(mailer.TemporaryFault, 451, "4.3.2", "overloaded"), time.Minute, false},
		{"a time", refusal(mailer.TemporaryFault, 451, "4.7.1", "please try again in 25 minutes"), 25 * time.Minute, false},
		{"a time in seconds", refusal(mailer.TemporaryFault, 451, "4.7.650", "rate limited; retry after 1200 s"), 20 * time.Minute, false},
		{"the relay's account", refusal(mailer.TemporaryFault, 454, "", "Throttling failure: Daily message quota exceeded."), 5 * time.Second, true},
		{"the relay's connections", refusal(mailer.ConnectionFault, 421, "4.4.5", "Too many connections from your host"), 5 * time.Second, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begun := time.Now()
				s := newOutbox(begun, 2, "there.example")
				s.rows = append(s.rows, newOutbox(begun, 3, "elsewhere.example").rows[2])
				tr := &transport{send: func(_ context.Context, m mailer.Message, n int) error {
					if n == 0 {
						return tt.err
					}
					return nil
				}}
				d := deliverer(t, s, tr, nil)
				for range 3600 {
					if _, err := d.Deliver(t.Context(), 1); err != nil && !errors.Is(err, deliver.ErrPaused) {
						t.Fatal(err)
					}
					if s.row(2).State == mailer.Accepted && s.row(3).State == mailer.Accepted {
						break
					}
					time.Sleep(time.Second)
				}
				for id, want := range map[int64]time.Duration{2: tt.others, 3: none} {
					if tt.relay {
						want = tt.others
					}
					if waited := s.row(id).Settled.Sub(begun); waited < want || waited > want+10*time.Second {
						t.Errorf("%s waited %v, want %v", s.row(id).To, waited, want)
					}
				}
			})
		})
	}
}

// Refusals for good that blame us, not the recipient, are no end for anybody:
// the destination is left alone.
func TestUnwelcome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newOutbox(time.Now(), 40, "outlook.com", "hotmail.co.uk")
		unwelcome := true
		tr := &transport{send: func(context.Context, mailer.Message, int) error {
			if unwelcome {
				return refusal(mailer.TemporaryFault, 550, "5.7.1", "messages from your network are on our block list")
			}
			return nil
		}}
		d := deliverer(t, s, tr, nil)
		if _, err := d.Deliver(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		if tr.count() != 3 {
			t.Errorf("%d attempts, want 3", tr.count())
		}
		wantStates(t, s, map[mailer.State]int{mailer.Deferred: 40})
		if dv := s.row(30); dv.Attempts != 0 || !strings.Contains(dv.Error, "outlook.com has asked to slow down: 550 5.7.1") {
			t.Errorf("not tried: %+v", dv)
		}
		unwelcome = false
		deliverAll(t, d, s, time.Hour)
		wantStates(t, s, map[mailer.State]int{mailer.Accepted: 40})
	})
}

func TestRates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		s := newOutbox(begun, 900, "gmail.com", "googlemail.com", "free.example")
		p := newProvider(10*time.Millisecond, func(string, int, int) error { return nil })
		d := deliverer(t, s, &transport{send: p.send}, nil)
		d.Pace = &deliver.Pacer{Connections: 8, Rates: map[string]float64{"googlemail.com": 2}}
		deliverAll(t, d, s, time.Hour)
		wantStates(t, s, map[mailer.State]int{mailer.Accepted: 900})
		free, limited := p.to("free.example"), append(p.to("gmail.com"), p.to("googlemail.com")...)
		if took := free[len(free)-1].done.Sub(begun); took > 30*time.Second {
			t.Errorf("those without a rate waited %v", took)
		}
		perSecond := map[int64]int{}
		last := begun
		for _, a := range limited {
			perSecond[a.at.Unix()]++
			last = maxTime(last, a.done)
		}
		for second, n := range perSecond {
			if n > 3 { // two, and one on the border
				t.Errorf("second %d: %d messages at 2 a second", second, n)
			}
		}
		if took := last.Sub(begun); took < 299*time.Second || took > 8*time.Minute {
			t.Errorf("600 messages at 2 a second took %v", took)
		}
	})
}

func TestSpread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		s := newOutbox(begun, 120)
		p := newProvider(10*time.Millisecond, func(string, int, int) error { return nil })
		d := deliverer(t, s, &transport{send: p.send}, nil)
		d.Pace.Connections = 4
		d.Spread = time.Hour
		deliverAll(t, d, s, 2*time.Hour)
		wantStates(t, s, map[mailer.State]int{mailer.Accepted: 120})
		for quarter := range 4 {
			n := 0
			for _, a := range p.to("example.org") {
				if int(a.at.Sub(begun)/(15*time.Minute)) == quarter {
					n++
				}
			}
			if n < 29 || n > 31 {
				t.Errorf("quarter %d: %d messages, want 30", quarter, n)
			}
		}
	})
}

func TestWarmUp(t *testing.T) {
	sum, before := 0, 0
	for day := range 42 {
		n, limited := deliver.WarmUp(day)
		if !limited || n < before || day > 0 && float64(n) > 1.25*float64(before) {
			t.Errorf("day %d: %d after %d", day, n, before)
		}
		before = n
		sum += n
	}
	if first, _ := deliver.WarmUp(0); first != 200 || before != 200_000 {
		t.Errorf("from %d to %d", first, before)
	}
	for _, day := range []int{-1, 42} {
		if _, limited := deliver.WarmUp(day); limited {
			t.Errorf("day %d is limited", day)
		}
	}

	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		s := newOutbox(begun, 700)
		failed := 0
		tr := &transport{send: func(_ context.Context, _ mailer.Message, n int) error {
			if n%10 == 0 {
				failed++
				return refusal(mailer.PermanentFault, 550, "5.1.1", "no such user")
			}
			return nil
		}}
		d := deliverer(t, s, tr, nil)
		d.WarmUp = begun
		var days []int
		for range 3 {
			before := len(s.sent)
			for range 3 {
				_, err := d.Deliver(t.Context(), 1)
				if err != nil && !errors.Is(err, deliver.ErrPaused) {
					t.Fatal(err)
				}
				if err != nil && !strings.Contains(err.Error(), "mail.warm_up") {
					t.Errorf("error %v", err)
				}
			}
			days = append(days, len(s.sent)-before)
			time.Sleep(24 * time.Hour)
		}
		second, _ := deliver.WarmUp(1)
		if days[0] != 200 || days[1] != second || days[2] != 700-200-second-failed {
			t.Errorf("sent by day: %v, %d failed", days, failed)
		}
		// What others have sent counts too.
		s = newOutbox(time.Now(), 10)
		s.sent = slices.Repeat([]time.Time{time.Now()}, 200)
		d = deliverer(t, s, &transport{}, nil)
		d.WarmUp = time.Now().Add(-time.Hour)
		if _, err := d.Deliver(t.Context(), 1); !errors.Is(err, deliver.ErrPaused) {
			t.Errorf("error %v", err)
		}
	})
}

func TestDestinations(t *testing.T) {
	for _, tt := range []struct{ address, want string }{
		{"a@gmail.com", "gmail.com"},
		{"a@GoogleMail.com", "gmail.com"},
		{"b@hotmail.co.uk", "outlook.com"},
		{"b@live.com.au", "outlook.com"},
		{"b@outlook.de", "outlook.com"},
		{"msn.com", "outlook.com"},
		{"c@yahoo.co.jp", "yahoo.com"},
		{"c@yahoo.com.hk", "yahoo.com"},
		{"d@foxmail.com", "qq.com"},
		{"e@126.com", "163.com"},
		{"e@vip.163.com", "163.com"},
		{"f@example.org.", "example.org"},
		{"g@live.example.com", "live.example.com"},
		{"g@outlook.example", "outlook.example"},
		{"例@例子.测试", "例子.测试"},
	} {
		if got := deliver.Destination(tt.address); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.address, got, tt.want)
		}
	}
}

func TestRelayPresets(t *testing.T) {
	for host, want := range map[string]deliver.Preset{
		"smtp.office365.com":                   {Connections: 3, Rate: 0.5},
		"email-smtp.eu-west-1.amazonaws.com":   {Connections: 20},
		"SMTP.SendGrid.net.":                   {Connections: 20},
		"mail.example.com":                     {},
		"notsendgrid.net":                      {},
		"127.0.0.1":                            {},
		"":                                     {},
		"smtp-broadcasts.postmarkapp.com":      {Connections: 10},
		fmt.Sprintf("%s.socketlabs.com", "us"): {Connections: 10},
	} {
		got, ok := deliver.RelayPreset(host)
		if got != want || ok != (want != deliver.Preset{}) {
			t.Errorf("%s: %+v, %t", host, got, ok)
		}
	}
}
