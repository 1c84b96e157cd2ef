package fetch

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"code.dny.dev/ssrf"
)

// allowed is the private networks and hosts that may be fetched.
type allowed struct {
	prefixes []netip.Prefix
	hosts    []string // host:port, lower case
}

// parseAllowed reads the entries of allow_private.
func parseAllowed(entries []string) (allowed, error) {
	var a allowed
	var errs []error
	for i, e := range entries {
		prefix, prefixErr := netip.ParsePrefix(e)
		addr, addrErr := netip.ParseAddr(e)
		host, port, portErr := net.SplitHostPort(e)
		n, numberErr := strconv.Atoi(port)
		switch {
		case prefixErr == nil:
			a.prefixes = append(a.prefixes, unmapPrefix(prefix).Masked())
		case addrErr == nil:
			addr = addr.Unmap().WithZone("")
			a.prefixes = append(a.prefixes, netip.PrefixFrom(addr, addr.BitLen()))
		case portErr == nil && host != "" && numberErr == nil && n > 0 && n < 1<<16:
			a.hosts = append(a.hosts, net.JoinHostPort(strings.ToLower(host), strconv.Itoa(n)))
		default:
			errs = append(errs, fmt.Errorf("allow_private[%d]: %q is neither a network nor host:port; write it like 10.0.0.0/8 or intranet:8080", i, e))
		}
	}
	return a, errors.Join(errs...)
}

// unmapPrefix turns ::ffff:10.0.0.0/104 into 10.0.0.0/8.
func unmapPrefix(p netip.Prefix) netip.Prefix {
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		return netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p
}

// host reports whether host:port is allowed by name, whatever its address.
func (a allowed) host(hostPort string) bool { return slices.Contains(a.hosts, hostPort) }

func (a allowed) addr(ip netip.Addr) bool {
	return slices.ContainsFunc(a.prefixes, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// A privateError is an address that must not be dialled.
type privateError struct {
	addr netip.Addr // as dialled
	real netip.Addr // as unwrapped
}

func (e *privateError) Error() string {
	if e.addr.Unmap() != e.real {
		return fmt.Sprintf("address %s stands for %s, which is %s", e.addr, e.real, describe(e.real))
	}
	return fmt.Sprintf("address %s is %s", e.real, describe(e.real))
}

// describe says what kind of address a refused one is.
func describe(ip netip.Addr) string {
	switch {
	case ip.IsLoopback():
		return "this machine's own"
	case ip.IsLinkLocalUnicast(), ip.IsLinkLocalMulticast():
		return "link-local"
	case ip.IsMulticast():
		return "multicast"
	case ip.IsPrivate():
		return "private"
	default:
		return "reserved"
	}
}

// dial connects to addr after its name was resolved, if the address found may
// be spoken to. Because the check is of the very address that is dialled, a
// name that resolves differently the second time gains nothing.
func (c *Client) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	d := net.Dialer{Timeout: c.cfg.Connect, Resolver: c.cfg.Resolver}
	if !c.allowed.host(strings.ToLower(addr)) {
		d.Control = c.control
	}
	return d.DialContext(ctx, network, addr)
}

// control is called with each address just before it is connected to.
func (c *Client) control(network, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil || !strings.HasPrefix(network, "tcp") {
		return fmt.Errorf("address %s %s cannot be checked", network, address)
	}
	return c.checkAddr(ap.Addr())
}

// checkAddr returns a *privateError unless ip may be spoken to.
func (c *Client) checkAddr(ip netip.Addr) error {
	ip = ip.WithZone("")
	inner := unwrap(ip)
	if c.allowed.addr(inner) || c.allowed.addr(ip) {
		return nil
	}
	if c.guardian.SafeAddr(inner) != nil {
		return &privateError{addr: ip, real: inner}
	}
	return nil
}

// private reports whether ip is an address that only allow_private lets us
// speak to.
func (c *Client) private(ip netip.Addr) bool { return c.guardian.SafeAddr(unwrap(ip)) != nil }

// free reports whether the host of u need not be spared: the operator allowed
// it by name, or it is an allowed private address. Names of private hosts are
// recognised only when they answer, and spared from two requests at once.
func (c *Client) free(u *url.URL) bool {
	if c.allowed.host(hostPort(u)) {
		return true
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return err == nil && c.private(ip) && c.checkAddr(ip) == nil
}

// hostPort returns host and port of u, the port being that of the scheme when
// none is given.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = "80"
		if u.Scheme == "https" {
			port = "443"
		}
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

// unwrap returns the IPv4 address inside an IPv6 one: IPv4-mapped (RFC 4291),
// NAT64 with the well-known prefix (RFC 6052). 6to4 and Teredo are refused as
// a whole, and so is the local-use NAT64 prefix (RFC 8215).
func unwrap(ip netip.Addr) netip.Addr {
	ip = ip.WithZone("").Unmap()
	if ssrf.IPv6NAT64Prefix.Contains(ip) {
		b := ip.As16()
		return netip.AddrFrom4([4]byte(b[12:16]))
	}
	return ip
}

// tracePeer returns a context that notes the address a request went to.
func tracePeer(ctx context.Context, peer *netip.Addr) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		if ap, err := netip.ParseAddrPort(info.Conn.RemoteAddr().String()); err == nil {
			*peer = ap.Addr()
		}
	}})
}
