package fetch

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// A Message is a document on its way to a server that wants it.
type Message struct {
	Body        []byte
	ContentType string
	Header      http.Header // beside Content-Type; may be nil
}

// Push sends a document to an address by POST. Guards and errors are those of
// [Client.Post]: redirects are not followed, the answer is theirs.
func (c *Client) Push(ctx context.Context, address string, m Message) (*Response, error) {
	return c.call(ctx, address, Request{Accept: "*/*", prefix: answerSize, message: &m})
}

// Ask asks an address by GET and returns the beginning of its answer. Guards
// and errors are those of [Client.Post]: redirects are not followed, the
// answer is theirs.
func (c *Client) Ask(ctx context.Context, address string) (*Response, error) {
	return c.call(ctx, address, Request{Accept: "*/*", prefix: answerSize})
}

// call makes one request when the host's turn comes.
func (c *Client) call(ctx context.Context, address string, r Request) (*Response, error) {
	u, err := c.callable(address)
	if err != nil {
		return nil, err
	}
	done, err := c.hosts.wait(ctx, strings.ToLower(u.Hostname()), c.cfg.Apart, c.free(u))
	if err != nil {
		return nil, err
	}
	r.URL = address
	h, err := c.hop(ctx, u, r, c.cfg.Whole)
	done(h.public)
	if err != nil && ctx.Err() != nil {
		return h.res, fmt.Errorf("%s: %w", u.Redacted(), context.Cause(ctx))
	}
	return h.res, err
}

// callable returns an address that strangers may have given us, unless it is
// none or has a user name.
func (c *Client) callable(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fault(address, "this is no address", "tell the publisher", err)
	}
	if err := checkURL(u, true); err != nil {
		return nil, err
	}
	if u.User != nil {
		return nil, fault(address, "this address has a user name", "tell the publisher", nil)
	}
	return u, nil
}

// Check returns an error for an address that can be seen to be refused without
// looking its name up: one that is none, has a user name, or names a private
// host that the operator has not allowed. What it lets pass may be refused yet
// when it is dialled.
func (c *Client) Check(address string) error {
	u, err := c.callable(address)
	if err != nil {
		return err
	}
	if c.allowed.host(hostPort(u)) {
		return nil
	}
	name := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	if ip, err := netip.ParseAddr(name); err == nil {
		if err := c.checkAddr(ip); err != nil {
			return fault(address, err.Error(), "use a public address", err)
		}
		return nil
	}
	local := name == "localhost" || strings.HasSuffix(name, ".localhost")
	if local && c.checkAddr(netip.AddrFrom4([4]byte{127, 0, 0, 1})) != nil {
		return fault(address, "this is a name for this machine", "use a public address", nil)
	}
	return nil
}
