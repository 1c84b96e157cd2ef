package deliver_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"broadsheet/mailer"
	"broadsheet/mailer/deliver"
)

// A zone answers who takes the mail of domains, after a moment.
type zone struct {
	mu      sync.Mutex
	records map[string][]*net.MX // by name with its dot
	asked   map[string]int
}

func (z *zone) LookupMX(_ context.Context, name string) ([]*net.MX, error) {
	time.Sleep(50 * time.Millisecond)
	z.mu.Lock()
	defer z.mu.Unlock()
	if z.asked == nil {
		z.asked = map[string]int{}
	}
	z.asked[name]++
	if mx, ok := z.records[name]; ok {
		return mx, nil
	}
	return nil, errors.New("no such host")
}

// hosted is a DNS in which two firms have their mail with Google.
func hosted() *zone {
	return &zone{records: map[string][]*net.MX{
		"firm.com.": {{Host: "backup.firm.com.", Pref: 20}, {Host: "ASPMX.L.GOOGLE.com.", Pref: 1}},
		"shop.net.": {{Host: "alt1.aspmx.l.google.com.", Pref: 5}},
		"mill.com.": {{Host: "mx.hoster.co.uk.", Pref: 10}},
		"none.com.": {{Host: ".", Pref: 0}},
	}}
}

var hostedDomains = []string{"gmail.com", "firm.com", "shop.net", "mill.com", "none.com", "lost.com", "free.example"}

// A rate holds for a provider, whoever's domain it takes the mail of; everybody
// is asked for once, and nobody waits for the answer.
func TestRatesCountDomainsOfOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		s := newOutbox(begun, 700, hostedDomains...)
		p := newProvider(10*time.Millisecond, func(string, int, int) error { return nil })
		z := hosted()
		d := deliverer(t, s, &transport{send: p.send}, nil)
		d.Pace = &deliver.Pacer{Connections: 8, Rates: map[string]float64{"gmail.com": 2}, Resolver: z}
		deliverAll(t, d, s, time.Hour)
		wantStates(t, s, map[mailer.State]int{mailer.Accepted: 700})
		perSecond := map[int64]int{}
		for _, domain := range []string{"gmail.com", "firm.com", "shop.net"} {
			for _, a := range p.to(domain) {
				perSecond[int64(a.at.Sub(begun)/time.Second)]++
			}
		}
		for second, n := range perSecond {
			if second > 0 && n > 3 { // in the first one nobody knows yet
				t.Errorf("second %d: %d messages at 2 a second", second, n)
			}
		}
		for _, domain := range []string{"mill.com", "none.com", "lost.com", "free.example"} {
			if as := p.to(domain); as[len(as)-1].done.Sub(begun) > 30*time.Second {
				t.Errorf("%s waited %v", domain, as[len(as)-1].done.Sub(begun))
			}
		}
		for _, name := range []string{"firm.com.", "shop.net.", "mill.com.", "none.com.", "lost.com."} {
			if z.asked[name] != 1 {
				t.Errorf("%s was asked for %d times", name, z.asked[name])
			}
		}
		if len(z.asked) != 5 {
			t.Errorf("asked for %v; a large provider and a reserved name need no question", z.asked)
		}
	})
}

// What a domain is told holds for all whose mail the same servers take.
func TestAStopHoldsForTheWholeProvider(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		s := newOutbox(begun, 280, hostedDomains...)
		p := newProvider(100*time.Millisecond, func(domain string, _, n int) error {
			if domain == "firm.com" && n == 0 {
				return googleSays
			}
			return nil
		})
		d := deliverer(t, s, &transport{send: p.send}, nil)
		d.Pace = &deliver.Pacer{Connections: 2, Resolver: hosted()}
		deliverAll(t, d, s, 2*time.Hour)
		wantStates(t, s, map[mailer.State]int{mailer.Accepted: 280})
		for _, domain := range []string{"gmail.com", "firm.com", "shop.net"} {
			early := 0
			for _, a := range p.to(domain) {
				if at := a.at.Sub(begun); at > 2*time.Second && at < 10*time.Minute {
					early++
				}
			}
			if early > 0 {
				t.Errorf("%s: %d messages in the ten minutes after the stop", domain, early)
			}
		}
		if as := p.to("mill.com"); as[len(as)-1].done.Sub(begun) > time.Minute {
			t.Errorf("others waited %v", as[len(as)-1].done.Sub(begun))
		}
	})
}
