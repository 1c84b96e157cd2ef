package fetch

import (
	"context"
	"fmt"
	"net/url"
	"strings"
)

// answerSize is how much of the answer to a form is read: a hub's words.
const answerSize = 4 << 10

// Post sends a form to an address, under the same guards as [Client.Get]: the
// address is checked when dialling, the host is spared, time and bytes are
// limited. Redirects are not followed: the answer is theirs. Errors are those
// of Get.
func (c *Client) Post(ctx context.Context, address string, form url.Values) (*Response, error) {
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
	done, err := c.hosts.wait(ctx, strings.ToLower(u.Hostname()), c.cfg.Apart, c.free(u))
	if err != nil {
		return nil, err
	}
	h, err := c.hop(ctx, u, Request{URL: address, Accept: "*/*", prefix: answerSize, form: form}, c.cfg.Whole)
	done(h.public)
	if err != nil && ctx.Err() != nil {
		return h.res, fmt.Errorf("%s: %w", u.Redacted(), context.Cause(ctx))
	}
	return h.res, err
}
