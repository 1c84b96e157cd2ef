package fetch

import (
	"context"
	"net/url"
)

// answerSize is how much of the answer to a form is read: a hub's words.
const answerSize = 4 << 10

// Post sends a form to an address, under the same guards as [Client.Get]: the
// address is checked when dialling, the host is spared, time and bytes are
// limited. Redirects are not followed: the answer is theirs. Errors are those
// of Get.
func (c *Client) Post(ctx context.Context, address string, form url.Values) (*Response, error) {
	return c.call(ctx, address, Request{
		Accept: "*/*", prefix: answerSize,
		message: &Message{Body: []byte(form.Encode()), ContentType: "application/x-www-form-urlencoded"},
	})
}
