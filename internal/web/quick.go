package web

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// How long clients may take; see Server.
const (
	headerTimeout = 10 * time.Second
	readTimeout   = 30 * time.Second
	writeTimeout  = 2 * time.Minute
	idleTimeout   = 2 * time.Minute
)

// Quick returns l with a short way for what is asked most: a feed, by a plain
// GET. Such a request is answered from the cache before net/http sees it, with
// one write of the bytes that net/http would have written; half of the time
// that net/http takes goes into maps of headers. handler returns what New made.
//
// Nothing but a whole request that is understood to the last byte goes the
// short way. The first one on a connection that does not is handed to net/http
// with all that follows: until then net/http has read nothing, and knows where
// a request begins; from then on only it does.
func Quick(l net.Listener, handler func() http.Handler) net.Listener {
	return &quickListener{Listener: l, handler: handler}
}

type quickListener struct {
	net.Listener
	handler func() http.Handler
}

// Accept implements net.Listener.
func (l *quickListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &quickConn{Conn: conn, handler: l.handler, opened: time.Now()}, nil
}

// A quickConn is a connection of a client.
type quickConn struct {
	net.Conn
	handler func() http.Handler
	opened  time.Time
	handed  atomic.Bool  // to net/http
	limited atomic.Int64 // Unix seconds when quick set deadlines last; 0 for never
	writing sync.Mutex   // so that Close lets an answer finish
	head    []byte
}

// Read implements net.Conn. It answers requests itself as long as it can.
func (c *quickConn) Read(p []byte) (int, error) {
	for {
		n, err := c.Conn.Read(p)
		if err != nil || n == 0 || c.handed.Load() {
			return n, err
		}
		if !c.answer(p[:n]) {
			c.handed.Store(true)
			if c.limited.Load() > 0 {
				err = c.Conn.SetReadDeadline(time.Now().Add(headerTimeout))
			}
			return n, err
		}
	}
}

// SetReadDeadline implements net.Conn. net/http counts from when it began to
// read, which may have been long before the request came.
func (c *quickConn) SetReadDeadline(t time.Time) error {
	if c.limited.Load() > 0 && t.After(c.opened) {
		if least := time.Now().Add(readTimeout); t.Before(least) {
			t = least
		}
	}
	return c.Conn.SetReadDeadline(t)
}

// Close implements net.Conn. An answer under way has a moment to get out.
func (c *quickConn) Close() error {
	if !c.writing.TryLock() {
		if c.Conn.SetWriteDeadline(time.Now().Add(time.Second)) != nil {
			return c.Conn.Close()
		}
		c.writing.Lock()
	}
	defer c.writing.Unlock()
	return c.Conn.Close()
}

// answer answers a request, and reports whether it did.
func (c *quickConn) answer(data []byte) bool {
	s, ok := c.handler().(*server)
	if !ok {
		return false
	}
	q, ok := parseQuick(data, s.base)
	if !ok {
		return false
	}
	rep := s.ready(q.file)
	if rep == nil {
		return false
	}
	now := time.Now()
	if sec := now.Unix(); sec != c.limited.Load() { // to the second is enough, and saves two calls a request
		c.limited.Store(sec)
		if c.Conn.SetReadDeadline(now.Add(idleTimeout)) != nil || c.Conn.SetWriteDeadline(now.Add(writeTimeout)) != nil {
			return false
		}
	}
	s.Traffic.quick.Add(1)
	coding := identity
	if rep.best > identity {
		coding = accepted(q.header["Accept-Encoding"], rep.best)
	}
	c.writing.Lock()
	defer c.writing.Unlock()
	if notModified(q.header, rep.etags[coding][0], rep.modified) {
		c.head = append(c.head[:0], rep.heads(coding).unmodified...)
		c.head = append(c.head, s.date(now)...)
		_, _ = c.Conn.Write(c.head) // the client is gone: the next Read says so
		return true
	}
	f := rep.form(coding)
	c.head = append(c.head[:0], rep.heads(coding).whole...)
	c.head = append(c.head, "Content-Length: "...)
	c.head = append(c.head, f.length[0]...)
	c.head = append(c.head, "\r\n"...)
	c.head = append(c.head, s.date(now)...)
	both := net.Buffers{c.head, f.body}
	_, _ = both.WriteTo(c.Conn)
	return true
}

// ready returns a feed to be sent, or nil where net/http is to say why not.
func (s *server) ready(file string) *representation {
	name, _, ok := cutFile(file)
	if !ok || name == searchName || file == opsFile {
		return nil
	}
	ctx, cancel := context.Background(), func() {}
	if !s.feeds.has(file) { // somebody may have to make it
		ctx, cancel = context.WithTimeout(ctx, readTimeout)
	}
	defer cancel()
	rep, err := s.feeds.get(ctx, file)
	if err != nil || rep.etags[identity] == nil {
		return nil
	}
	return rep
}

// heads are the lines of an answer up to Content-Length and Date.
type heads struct{ whole, unmodified []byte }

// heads returns those of a coding. They are made once.
func (rep *representation) heads(c coding) *heads {
	if h := rep.lines[c].Load(); h != nil {
		return h
	}
	h := &heads{
		whole:      []byte("HTTP/1.1 " + strconv.Itoa(rep.status) + " " + http.StatusText(rep.status) + "\r\n"),
		unmodified: []byte("HTTP/1.1 304 Not Modified\r\n"),
	}
	line := func(b []byte, name, value string) []byte {
		return append(b, name+": "+value+"\r\n"...)
	}
	for _, f := range rep.about {
		h.whole = line(h.whole, f.name, f.values[0])
		h.unmodified = line(h.unmodified, f.name, f.values[0])
	}
	h.whole = line(h.whole, "Etag", rep.etags[c][0])
	h.unmodified = line(h.unmodified, "Etag", rep.etags[c][0])
	for _, f := range rep.header {
		h.whole = line(h.whole, f.name, f.values[0])
	}
	if c != identity {
		h.whole = line(h.whole, "Content-Encoding", codingNames[c][0])
	}
	rep.lines[c].Store(h)
	return h
}

// A dateLine is the Date header of a second, and the end of the head.
type dateLine struct {
	second int64
	text   []byte
}

// date returns the Date header of now, and the end of the head.
func (s *server) date(now time.Time) []byte {
	if d := s.dated.Load(); d != nil && d.second == now.Unix() {
		return d.text
	}
	d := &dateLine{second: now.Unix(), text: []byte("Date: " + now.UTC().Format(http.TimeFormat) + "\r\n\r\n")}
	s.dated.Store(d)
	return d.text
}

// A quickRequest is what is understood of a request.
type quickRequest struct {
	file   string      // below /feeds/
	header http.Header // that choose the answer
}

// parseQuick reads a request that is nothing but a GET of HTTP/1.1 for a file
// below /feeds/ without a query. It refuses whatever it has a doubt about.
func parseQuick(data []byte, base string) (q quickRequest, ok bool) {
	rest, ok := bytes.CutPrefix(data, []byte("GET "))
	if !ok || !bytes.HasSuffix(rest, []byte("\r\n\r\n")) {
		return q, false
	}
	if rest, ok = bytes.CutPrefix(rest, []byte(base)); !ok {
		return q, false
	}
	if rest, ok = bytes.CutPrefix(rest, []byte("/feeds/")); !ok {
		return q, false
	}
	n := 0
	for n < len(rest) && isPlain(rest[n]) {
		n++
	}
	q.file = string(rest[:n])
	if rest, ok = bytes.CutPrefix(rest[n:], []byte(" HTTP/1.1\r\n")); !ok {
		return q, false
	}
	hosts := 0
	for len(rest) > 2 {
		var line []byte
		if line, rest, ok = bytes.Cut(rest, []byte("\r\n")); !ok {
			return q, false
		}
		colon := bytes.IndexByte(line, ':')
		if colon <= 0 || !isClean(line) {
			return q, false
		}
		value := bytes.Trim(line[colon+1:], " ")
		switch kindOf(line[:colon]) {
		case headerHost:
			if hosts++; !isHost(value) {
				return q, false
			}
		case headerChooses:
			if q.header == nil {
				q.header = make(http.Header, 2)
			}
			name := http.CanonicalHeaderKey(string(line[:colon]))
			q.header[name] = append(q.header[name], string(value))
		case headerConnection:
			if !bytes.EqualFold(value, []byte("keep-alive")) {
				return q, false
			}
		case headerOther:
		default:
			return q, false
		}
	}
	return q, hosts == 1 && string(rest) == "\r\n"
}

// A headerKind says what a header means to the short way.
type headerKind int

const (
	headerRefused headerKind = iota // net/http must see it
	headerOther                     // changes nothing
	headerHost
	headerChooses // what is sent
	headerConnection
)

// kindOf returns the kind of a header. Only those that are known to change
// nothing are passed over.
func kindOf(name []byte) headerKind {
	var lower [32]byte
	if len(name) > len(lower) {
		return headerRefused
	}
	for i, c := range name {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		lower[i] = c
	}
	switch string(lower[:len(name)]) {
	case "host":
		return headerHost
	case "accept-encoding", "if-none-match", "if-modified-since":
		return headerChooses
	case "connection":
		return headerConnection
	case "accept", "accept-language", "accept-charset", "user-agent", "from", "referer", "dnt", "cookie", "cache-control", "pragma",
		"origin", "range", "if-range", "priority", "via", "forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-real-ip",
		"x-request-id", "traceparent", "sec-fetch-dest", "sec-fetch-mode", "sec-fetch-site", "sec-fetch-user", "sec-ch-ua", "sec-ch-ua-mobile",
		"sec-ch-ua-platform", "sec-gpc", "upgrade-insecure-requests", "save-data", "x-moz", "x-purpose":
		return headerOther
	}
	return headerRefused
}

// isPlain reports whether c may stand in the name of a file and means itself.
func isPlain(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.'
}

// isHost reports whether the value of Host is one that nobody objects to.
func isHost(value []byte) bool {
	for _, c := range value {
		if !isPlain(c) && c != ':' && c != '[' && c != ']' {
			return false
		}
	}
	return len(value) > 0
}

// isClean reports whether a line holds nothing but visible ASCII and blanks,
// and does not begin with one.
func isClean(line []byte) bool {
	for _, c := range line {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return line[0] != ' '
}
