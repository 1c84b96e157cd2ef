// Package fetch gets documents over HTTP from hosts we do not trust, and from
// files the operator names. It knows nothing of feeds, and it keeps nothing
// but the time it last spoke to each host and what robots.txt said there.
//
// Addresses are checked when dialling, so that no name can lead to a private
// network; time, bytes, redirects and compression have limits; cookies and
// referrers are not sent.
package fetch

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"code.dny.dev/ssrf"
)

// Accept is what is asked for when a Request says nothing: feeds first, since
// some servers choose by it, and pages last.
const Accept = "application/atom+xml, application/rss+xml, application/feed+json, " +
	"application/rdf+xml;q=0.9, application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, " +
	"text/plain;q=0.6, text/html;q=0.5, */*;q=0.1"

// A Config holds the limits of a Client. Zero fields take the value of [Default].
type Config struct {
	UserAgent    string        // with a way to reach the operator; see [UserAgent]
	AllowPrivate []string      // CIDR or host:port that may be fetched although private
	MaxWire      int64         // bytes of a body on the wire, or of a file
	MaxBody      int64         // bytes of a body, decompressed
	MaxRatio     int64         // decompressed to compressed
	MaxRedirects int           // followed
	Connect      time.Duration // for TCP, and again for TLS
	Headers      time.Duration // from the request to the last response header
	Whole        time.Duration // for all of it, redirects included, waiting for the host's turn not
	Apart        time.Duration // from the end of one request to a public host to the start of the next; negative for none

	Resolver *net.Resolver    // looks up names; nil is this machine's
	Now      func() time.Time // tells the age of a robots.txt; time.Now when nil
}

// Default returns the limits that Broadsheet ships with.
func Default() Config {
	return Config{
		UserAgent:    UserAgent("", ""),
		MaxWire:      5 << 20,
		MaxBody:      15 << 20,
		MaxRatio:     100,
		MaxRedirects: 5,
		Connect:      5 * time.Second,
		Headers:      10 * time.Second,
		Whole:        30 * time.Second,
		Apart:        2 * time.Second,
	}
}

// UserAgent returns how Broadsheet names itself to servers, with an address
// under which its operator can be found. An empty version is that of the build.
func UserAgent(version, contact string) string {
	if version == "" {
		version = "dev"
		if info, ok := debug.ReadBuildInfo(); ok && strings.HasPrefix(info.Main.Version, "v") {
			version = strings.TrimPrefix(info.Main.Version, "v")
		}
	}
	contact = strings.Map(func(r rune) rune {
		if r < ' ' || r == '(' || r == ')' || r == '\\' || r > '~' {
			return -1
		}
		return r
	}, contact)
	if contact == "" {
		return "Broadsheet/" + version + " (feed fetcher)"
	}
	return "Broadsheet/" + version + " (+" + contact + "; feed fetcher)"
}

// Validate reports every mistake in c.
func (c Config) Validate() error {
	_, err := parseAllowed(c.AllowPrivate)
	errs := []error{err}
	for name, n := range map[string]int64{
		"max_wire": c.MaxWire, "max_body": c.MaxBody, "max_ratio": c.MaxRatio, "max_redirects": int64(c.MaxRedirects),
		"connect": int64(c.Connect), "headers": int64(c.Headers), "whole": int64(c.Whole),
	} {
		if n < 0 {
			errs = append(errs, fmt.Errorf("%s: %d is negative; use 0 for the default", name, n))
		}
	}
	return errors.Join(errs...)
}

// ValidateAllowPrivate reports every entry that is neither a CIDR, an address
// nor host:port, as "allow_private[i]: fault; remedy".
func ValidateAllowPrivate(entries []string) error {
	_, err := parseAllowed(entries)
	return err
}

// A Client fetches documents. It may be used by several goroutines at once;
// requests to one host then wait for each other.
type Client struct {
	cfg      Config
	allowed  allowed
	guardian *ssrf.Guardian // knows the addresses that are not of the public Internet
	http     *http.Client
	hosts    hosts
	rules    rulebook
}

// New returns a Client. It returns an error for a bad configuration only.
func New(cfg Config) (*Client, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	def := Default()
	cfg.UserAgent = cmp.Or(cfg.UserAgent, def.UserAgent)
	cfg.MaxWire = cmp.Or(cfg.MaxWire, def.MaxWire)
	cfg.MaxBody = cmp.Or(cfg.MaxBody, def.MaxBody)
	cfg.MaxRatio = cmp.Or(cfg.MaxRatio, def.MaxRatio)
	cfg.MaxRedirects = cmp.Or(cfg.MaxRedirects, def.MaxRedirects)
	cfg.Connect = cmp.Or(cfg.Connect, def.Connect)
	cfg.Headers = cmp.Or(cfg.Headers, def.Headers)
	cfg.Whole = cmp.Or(cfg.Whole, def.Whole)
	cfg.Apart = cmp.Or(cfg.Apart, def.Apart)
	allowed, err := parseAllowed(cfg.AllowPrivate)
	if err != nil {
		return nil, err
	}
	c := &Client{cfg: cfg, allowed: allowed, guardian: ssrf.New(ssrf.WithAnyPort())}
	c.http = &http.Client{
		Transport:     c.transport(),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c, nil
}

// transport has no proxy: a proxy would resolve names where we cannot check
// the addresses.
func (c *Client) transport() *http.Transport {
	return &http.Transport{
		DialContext:            c.dial,
		TLSHandshakeTimeout:    c.cfg.Connect,
		ResponseHeaderTimeout:  c.cfg.Headers,
		MaxResponseHeaderBytes: 256 << 10,
		DisableCompression:     true, // decoded by us, with limits
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           64,
		MaxIdleConnsPerHost:    1,
		IdleConnTimeout:        15 * time.Second,
	}
}

func (c *Client) now() time.Time {
	if c.cfg.Now != nil {
		return c.cfg.Now()
	}
	return time.Now()
}

// Close drops idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// A Request asks for one document.
type Request struct {
	URL          string // http, https or, with AllowFile, file
	ETag         string // of the copy we have; sent back byte for byte
	LastModified string // likewise
	Accept       string // [Accept] when ""
	AllowFile    bool   // URL may be file:; the URL must be the operator's
	Robots       bool   // fetch only what robots.txt lets programs fetch, redirects included (RFC 9309)

	prefix  int64    // bytes of the document that are wanted; 0 is all of it
	message *Message // sent by POST; nil asks by GET
}

// A Response is what came back.
type Response struct {
	Status      int // HTTP status of the last hop; 0 for a file
	NotModified bool
	Body        []byte // decoded; nil when NotModified
	Header      http.Header
	URL         string // final address
	MovedTo     string // final address, when every redirect on the way was permanent
	Wire        int64  // bytes of the body as it came
	Private     bool   // the host that answered is not of the public Internet
}

// Get fetches a document. The error is an [*Error], and there is one only if
// no HTTP answer came or a limit was broken: a status such as 404 is no error.
// If the context ends, the error wraps that of the context. When an error came
// after the response header, there is a Response too, with Status and Header.
func (c *Client) Get(ctx context.Context, r Request) (*Response, error) {
	u, err := url.Parse(r.URL)
	if err != nil {
		return nil, fault(r.URL, "this is no address", "mend the url", err)
	}
	if u.Scheme == "file" {
		if !r.AllowFile {
			return nil, fault(r.URL, "files are read only where the configuration names them", "use http or https", nil)
		}
		return c.file(u, r)
	}
	res, err := c.follow(ctx, u, r)
	if err != nil && ctx.Err() != nil {
		return res, fmt.Errorf("%s: %w", r.URL, context.Cause(ctx))
	}
	return res, err
}

// follow makes the request and those of its redirects.
func (c *Client) follow(ctx context.Context, u *url.URL, r Request) (*Response, error) {
	budget := c.cfg.Whole
	permanent := true
	for hops := 0; ; hops++ {
		if hops > c.cfg.MaxRedirects {
			return nil, fault(r.URL, fmt.Sprintf("it redirects more than %d times", c.cfg.MaxRedirects), "use the address it should lead to", errRedirects)
		}
		if err := checkURL(u, hops == 0); err != nil {
			return nil, err
		}
		if r.Robots {
			if err := c.mayFetch(ctx, u); err != nil {
				return nil, err
			}
		}
		done, err := c.hosts.wait(ctx, strings.ToLower(u.Hostname()), c.cfg.Apart, c.free(u))
		if err != nil {
			return nil, err
		}
		start := time.Now() // waiting for the host's turn is not the server's fault
		h, err := c.hop(ctx, u, r, budget)
		done(h.public)
		if err != nil || h.next == nil {
			if h.res != nil && hops > 0 && permanent {
				h.res.MovedTo = h.res.URL
			}
			return h.res, err
		}
		budget -= time.Since(start)
		permanent = permanent && (h.res.Status == http.StatusMovedPermanently || h.res.Status == http.StatusPermanentRedirect)
		u = h.next
	}
}

// A hop is one request and its answer.
type hop struct {
	res    *Response
	next   *url.URL // where a redirect leads; nil when there is none
	public bool     // the host is not a private one
}

// hop makes one request.
func (c *Client) hop(ctx context.Context, u *url.URL, r Request, budget time.Duration) (hop, error) {
	h := hop{public: true}
	ctx, cancel := context.WithTimeoutCause(ctx, budget, errWhole)
	defer cancel()
	var peer netip.Addr
	req, err := c.request(tracePeer(ctx, &peer), u, r)
	if err != nil {
		return h, fault(u.String(), "this is no address", "mend the url", err)
	}
	answer, err := c.http.Do(req)
	h.public = !peer.IsValid() || !c.private(peer)
	if err != nil {
		e := c.explain(ctx, u, err)
		e.Silent = !e.Private
		return h, e
	}
	defer answer.Body.Close()
	h.res = &Response{Status: answer.StatusCode, Header: answer.Header, URL: u.Redacted(), Private: !h.public}
	if h.next = redirect(answer); h.next != nil {
		return h, nil
	}
	if answer.StatusCode == http.StatusNotModified {
		h.res.NotModified = true
		return h, nil
	}
	h.res.Body, h.res.Wire, err = c.body(answer, r.prefix)
	if err != nil {
		return h, c.explain(ctx, u, err)
	}
	return h, nil
}

func (c *Client) request(ctx context.Context, u *url.URL, r Request) (*http.Request, error) {
	method, content := http.MethodGet, io.Reader(nil)
	if r.message != nil {
		method, content = http.MethodPost, bytes.NewReader(r.message.Body)
	}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), content)
	if err != nil {
		return nil, err
	}
	if r.message != nil {
		for name, values := range r.message.Header {
			req.Header[name] = values
		}
		req.Header.Set("Content-Type", r.message.ContentType)
	}
	req.Header.Set("User-Agent", c.cfg.UserAgent)
	req.Header.Set("Accept", cmp.Or(r.Accept, Accept))
	req.Header.Set("Accept-Encoding", "gzip, br, zstd")
	if sendable(r.ETag) {
		req.Header.Set("If-None-Match", r.ETag)
	}
	if sendable(r.LastModified) {
		req.Header.Set("If-Modified-Since", r.LastModified)
	}
	return req, nil
}

// sendable reports whether a validator can be sent back: net/http refuses a
// whole request for a line break in one header.
func sendable(v string) bool {
	return v != "" && !strings.ContainsFunc(v, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}

// redirect returns where an answer redirects to, or nil.
func redirect(answer *http.Response) *url.URL {
	switch answer.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return nil
	}
	next, err := answer.Location()
	if err != nil {
		return nil
	}
	next.Fragment = ""
	return next
}

// checkURL refuses what must not be requested, at the start and after each
// redirect. Only the operator may write a user name and a password into a URL.
func checkURL(u *url.URL, configured bool) error {
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return fault(u.String(), fmt.Sprintf("%q is not http or https", u.Scheme), "use the address of the document", nil)
	case u.Hostname() == "":
		return fault(u.String(), "this address has no host", "write it in full", nil)
	case u.User != nil && !configured:
		return fault(u.String(), "it redirects to an address with a user name", "use the address it should lead to", nil)
	}
	return nil
}
