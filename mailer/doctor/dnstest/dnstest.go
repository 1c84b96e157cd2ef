// Package dnstest is a DNS server for tests, in the process and on loopback
// alone. It knows what it is told and nothing else.
package dnstest

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// A Zone is what the server knows: by name, lines that each hold a type and a
// value, such as "A 192.0.2.1", "MX mail.example.com", "TXT v=spf1 -all",
// "PTR mail.example.com" and "FAIL", which is no answer at all.
type Zone map[string][]string

// A Server answers from a zone that tests may change.
type Server struct {
	conn net.PacketConn
	mu   sync.Mutex
	zone Zone
}

// Serve starts a server that ends with the test.
func Serve(t *testing.T, zone Zone) *Server {
	t.Helper()
	conn, err := (&net.ListenConfig{}).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{conn: conn, zone: zone}
	done := make(chan struct{})
	go func() { defer close(done); s.run() }()
	t.Cleanup(func() { _ = conn.Close(); <-done })
	return s
}

// Set changes what the server knows of a name.
func (s *Server) Set(name string, lines ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.zone[name] = lines
}

// Resolver returns a resolver that asks this server alone.
func (s *Server) Resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", s.conn.LocalAddr().String())
	}}
}

func (s *Server) run() {
	buf := make([]byte, 4096)
	for {
		n, from, err := s.conn.ReadFrom(buf)
		if err != nil {
			return
		}
		var m dnsmessage.Message
		if m.Unpack(buf[:n]) != nil || len(m.Questions) != 1 {
			continue
		}
		s.answer(&m)
		if packed, err := m.Pack(); err == nil {
			_, _ = s.conn.WriteTo(packed, from)
		}
	}
}

// answer makes an answer of a question.
func (s *Server) answer(m *dnsmessage.Message) {
	q := m.Questions[0]
	m.Response, m.RecursionAvailable, m.Authoritative, m.Additionals = true, true, true, nil
	s.mu.Lock()
	lines, known := s.zone[strings.ToLower(strings.TrimSuffix(q.Name.String(), "."))]
	s.mu.Unlock()
	if !known {
		m.RCode = dnsmessage.RCodeNameError
		return
	}
	for _, line := range lines {
		kind, value, _ := strings.Cut(line, " ")
		if kind == "FAIL" {
			m.RCode = dnsmessage.RCodeServerFailure
			return
		}
		r := dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, TTL: 60}, Body: body(kind, value)}
		if r.Body != nil && typeOf(kind) == q.Type {
			r.Header.Type = q.Type
			m.Answers = append(m.Answers, r)
		}
	}
}

func typeOf(kind string) dnsmessage.Type {
	return map[string]dnsmessage.Type{
		"A": dnsmessage.TypeA, "AAAA": dnsmessage.TypeAAAA, "MX": dnsmessage.TypeMX, "TXT": dnsmessage.TypeTXT, "PTR": dnsmessage.TypePTR,
	}[kind]
}

func body(kind, value string) dnsmessage.ResourceBody {
	switch kind {
	case "A":
		return &dnsmessage.AResource{A: netip.MustParseAddr(value).As4()}
	case "AAAA":
		return &dnsmessage.AAAAResource{AAAA: netip.MustParseAddr(value).As16()}
	case "MX":
		return &dnsmessage.MXResource{Pref: 10, MX: dnsmessage.MustNewName(value + ".")}
	case "PTR":
		return &dnsmessage.PTRResource{PTR: dnsmessage.MustNewName(value + ".")}
	case "TXT":
		var parts []string
		for len(value) > 255 {
			parts, value = append(parts, value[:255]), value[255:]
		}
		return &dnsmessage.TXTResource{TXT: append(parts, value)}
	}
	return nil
}
