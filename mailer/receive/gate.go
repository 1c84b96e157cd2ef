package receive

import (
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	maxConnections = 100
	perNetwork     = 10   // connections from one network
	maxNetworks    = 4096 // whose rate is remembered
)

// A gate lets only so many connections in, in all and from one network: an
// IPv4 address or an IPv6 /64. The others hear why.
type gate struct {
	net.Listener

	mu       sync.Mutex
	open     map[*gated]struct{}
	networks map[netip.Prefix]int
	rates    map[netip.Prefix]*rate.Limiter
}

func newGate(l net.Listener) *gate {
	return &gate{Listener: l, open: map[*gated]struct{}{}, networks: map[netip.Prefix]int{}, rates: map[netip.Prefix]*rate.Limiter{}}
}

// A gated is a connection that was let in.
type gated struct {
	net.Conn
	gate    *gate
	network netip.Prefix
	limit   *time.Timer
	once    sync.Once
}

// Accept implements net.Listener.
func (g *gate) Accept() (net.Conn, error) {
	for {
		c, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if in := g.admit(c); in != nil {
			return in, nil
		}
		_ = c.SetWriteDeadline(time.Now().Add(time.Second))
		_, _ = c.Write([]byte("421 4.7.0 too many connections; try again later\r\n")) // to whom does not listen, nothing is lost
		_ = c.Close()
	}
}

// admit returns the connection as one that is counted, or nil when it is one
// too many.
func (g *gate) admit(c net.Conn) *gated {
	g.mu.Lock()
	defer g.mu.Unlock()
	network := networkOf(c.RemoteAddr())
	if len(g.open) >= maxConnections || g.networks[network] >= perNetwork {
		return nil
	}
	in := &gated{Conn: c, gate: g, network: network}
	in.limit = time.AfterFunc(longest, func() { _ = in.Close() })
	g.open[in] = struct{}{}
	g.networks[network]++
	return in
}

// Close implements net.Conn.
func (c *gated) Close() error {
	c.once.Do(func() {
		c.limit.Stop()
		c.gate.mu.Lock()
		defer c.gate.mu.Unlock()
		delete(c.gate.open, c)
		if c.gate.networks[c.network]--; c.gate.networks[c.network] == 0 {
			delete(c.gate.networks, c.network)
		}
	})
	return c.Conn.Close()
}

// quiet gives clients no more time to begin another command.
func (g *gate) quiet() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for c := range g.open {
		_ = c.SetReadDeadline(time.Now().Add(time.Second))
	}
}

// allow reports whether one more message may come from an address now.
func (g *gate) allow(from net.Addr) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	network := networkOf(from)
	l := g.rates[network]
	if l == nil {
		if len(g.rates) >= maxNetworks {
			clear(g.rates) // that many networks are no flood of one
		}
		l = rate.NewLimiter(rate.Every(time.Minute/perMinute), perMinute)
		g.rates[network] = l
	}
	return l.Allow()
}

func networkOf(a net.Addr) netip.Prefix {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.Prefix{}
	}
	ip := tcp.AddrPort().Addr().Unmap().WithZone("")
	bits := ip.BitLen()
	if ip.Is6() {
		bits = 64
	}
	p, err := ip.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}
