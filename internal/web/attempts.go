package web

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"
)

const (
	// maxAttempts is how often an address may try to sign in within
	// attemptWindow.
	maxAttempts   = 5
	attemptWindow = 15 * time.Minute
	// maxAddresses bounds how many addresses are remembered.
	maxAddresses = 10_000
)

// Tries counts how often clients have tried to sign in and sent forms lately.
// Handed on to the next handler, a reload of the configuration lets nobody
// begin anew. The zero Tries is ready to use, and safe for concurrent use.
type Tries struct{ signIn, contribute, contact, apply, prove attempts }

// An attempts counts who tries to sign in how often. The zero attempts is
// ready to use.
type attempts struct {
	mu sync.Mutex
	by map[string]*attempt
}

// An attempt is what one address has tried within a window.
type attempt struct {
	since time.Time
	n     int
}

// begin counts an attempt. When there were too many it returns how long to
// wait, and whether this is the first one that has to.
func (t *attempts) begin(address string, now time.Time) (wait time.Duration, first bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.by == nil {
		t.by = map[string]*attempt{}
	}
	a := t.by[address]
	if a == nil || !now.Before(a.since.Add(attemptWindow)) {
		if len(t.by) >= maxAddresses {
			t.drop(now)
		}
		a = &attempt{since: now}
		t.by[address] = a
	}
	a.n++
	if a.n <= maxAttempts {
		return 0, false
	}
	return a.since.Add(attemptWindow).Sub(now), a.n == maxAttempts+1
}

// drop forgets the addresses whose window is over, and all when that are none.
func (t *attempts) drop(now time.Time) {
	for address, a := range t.by {
		if !now.Before(a.since.Add(attemptWindow)) {
			delete(t.by, address)
		}
	}
	if len(t.by) >= maxAddresses {
		clear(t.by)
	}
}

// forgive forgets the attempts of an address that has signed in.
func (t *attempts) forgive(address string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.by, address)
}

// clientAddress returns the address that a request comes from: of IPv6 the
// network, since one client has all of it. A proxy on this machine is believed
// whom it speaks for; what a client itself put into the header comes before
// that.
func clientAddress(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	if ip.IsLoopback() {
		lines := r.Header.Values("X-Forwarded-For")
		list := strings.Split(strings.Join(lines, ","), ",")
		if named, err := netip.ParseAddr(strings.TrimSpace(list[len(list)-1])); err == nil {
			ip = named
		}
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is6() {
		network, err := ip.Prefix(64)
		if err == nil {
			return network.String()
		}
	}
	return ip.String()
}
