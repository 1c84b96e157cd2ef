package receive

import (
	"bytes"
	"strings"
)

// A complaint is a report of a feedback loop (RFC 5965): a reader called a
// message spam.
type complaint struct {
	kind     string   // abuse, fraud, opt-out, not-spam, …
	agent    string   // who reports
	returns  []string // addresses that the message would have bounced to
	original header   // of the message; nil when it is not there
}

// feedbackReport returns the complaint that a message is, and false when it is
// none.
func feedbackReport(ps []part) (*complaint, bool) {
	var c *complaint
	for i := range ps {
		p := &ps[i]
		switch p.kind {
		case "message/feedback-report":
			h, _ := splitHeader(bytes.TrimLeft(p.text(), "\r\n"))
			c = &complaint{kind: strings.ToLower(h.get("Feedback-Type")), agent: h.get("User-Agent")}
			for _, f := range h {
				if strings.EqualFold(f.name, "Original-Mail-From") {
					c.returns = append(c.returns, f.value)
				}
			}
		case "message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers":
			if c == nil || c.original != nil {
				continue
			}
			c.original, _ = splitHeader(bytes.TrimLeft(p.text(), "\r\n"))
			for _, f := range c.original {
				if strings.EqualFold(f.name, "Return-Path") {
					c.returns = append(c.returns, f.value)
				}
			}
		}
	}
	return c, c != nil
}

// counts reports whether the reader wants no more of this. Other reports tell
// that a message was no spam after all, carried a virus, or that its
// authentication failed.
func (c *complaint) counts() bool {
	switch c.kind {
	case "abuse", "fraud", "opt-out", "opt-out-list", "complaint", "unsubscribe", "":
		return true
	}
	return false
}
