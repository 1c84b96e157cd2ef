package submit

import (
	"errors"
	"fmt"
	"net/textproto"
	"regexp"
	"strings"
	"time"

	"github.com/wneessen/go-mail/smtp"

	"broadsheet/mailer"
)

// A transaction is one message on its way through an SMTP session (RFC 5321,
// section 3.3).
type transaction struct {
	timeout  time.Duration
	from, to string // bare addresses
	data     []byte
}

// A step is how far a transaction has come.
type step int

const (
	stepMail step = iota // the sender is named
	stepRcpt             // the recipient is named
	stepData             // the message is announced or on its way
	stepDone             // the message is complete and its reply awaited
)

// run hands the message over. The session may be reused when reusable is
// true. Errors are *mailer.SendError.
func (t transaction) run(c *smtp.Client) (reply string, reusable bool, err error) {
	if utf8, _ := c.Extension("SMTPUTF8"); !ascii(t.from+t.to) && !utf8 {
		return "", true, refused("the relay takes no addresses beyond ASCII (SMTPUTF8), such as %s", t.to)
	}
	c.SkipSMTPUTF8(ascii(t.from + t.to))
	for s, command := range []func() error{
		func() error { return c.Mail("<" + t.from + ">") },
		func() error { return c.Rcpt("<" + t.to + ">") },
	} {
		if err := t.bounded(c, command); err != nil {
			fault := classify(step(s), err)
			return "", fault.Fault != mailer.ConnectionFault && t.bounded(c, c.Reset) == nil, fault
		}
	}
	return t.transmit(c)
}

// transmit sends the message itself. After an error the session is in a state
// that nobody knows.
func (t transaction) transmit(c *smtp.Client) (reply string, reusable bool, err error) {
	if err := c.UpdateDeadline(t.timeout); err != nil {
		return "", false, classify(stepData, err)
	}
	w, err := c.Data()
	if err != nil {
		return "", false, classify(stepData, err)
	}
	const chunk = 32 << 10
	for data := t.data; len(data) > 0; {
		n := min(chunk, len(data))
		if err := c.UpdateDeadline(t.timeout); err != nil {
			return "", false, classify(stepData, err)
		}
		if _, err := w.Write(data[:n]); err != nil {
			return "", false, classify(stepData, err)
		}
		data = data[n:]
	}
	if err := c.UpdateDeadline(10 * t.timeout); err != nil {
		return "", false, classify(stepData, err)
	}
	if err := w.Close(); err != nil {
		fault := classify(stepDone, err)
		return "", fault.Code != 0 && fault.Code != 421, fault
	}
	if d, ok := w.(*smtp.DataCloser); ok {
		reply = strings.Join(strings.Fields(d.ServerResponse()), " ")
	}
	return reply, true, nil
}

func (t transaction) bounded(c *smtp.Client, command func() error) error {
	if err := c.UpdateDeadline(t.timeout); err != nil {
		return err
	}
	return command()
}

var enhancedPattern = regexp.MustCompile(`^[245]\.\d{1,3}\.\d{1,3}\b`)

// classify says whom an error at a step is to blame on.
//
//   - No reply: the connection, and nothing was taken over. But once the
//     message is complete, it may have been: only the reply was lost.
//   - 421: the relay is closing the connection (RFC 5321, section 3.8).
//   - 4xx: try the recipient again later.
//   - 5xx to MAIL: the relay does not want our sender. That is nobody's
//     fault among the recipients.
//   - 5xx otherwise: never again, but for a full mailbox (x.2.2) and for
//     policy (x.7.x), which judge the moment and the sender (RFC 3463).
func classify(at step, err error) *mailer.SendError {
	var reply *textproto.Error
	if !errors.As(err, &reply) {
		if at == stepDone {
			return &mailer.SendError{Fault: mailer.UncertainFault, Err: fmt.Errorf("the reply to the finished message was lost: %w", err)}
		}
		return &mailer.SendError{Fault: mailer.ConnectionFault, Err: fmt.Errorf("the connection broke: %w", err)}
	}
	e := &mailer.SendError{Code: reply.Code, Enhanced: enhancedPattern.FindString(reply.Msg), Err: err}
	_, detail, _ := strings.Cut(e.Enhanced, ".")
	switch {
	case reply.Code < 400 && at == stepDone: // an odd kind of yes
		e.Fault = mailer.UncertainFault
	case reply.Code < 400, reply.Code == 421:
		e.Fault = mailer.ConnectionFault
	case reply.Code < 500:
		e.Fault = mailer.TemporaryFault
	case at == stepMail:
		e.Fault = mailer.ConnectionFault
		e.Err = fmt.Errorf("the relay refuses the sender, check mail.from: %w", err)
	case detail == "2.2", strings.HasPrefix(detail, "7."):
		e.Fault = mailer.TemporaryFault
	default:
		e.Fault = mailer.PermanentFault
	}
	return e
}

// dialFault tells in plain words why there is no session.
func (r *relay) dialFault(err error) error {
	e := &mailer.SendError{Fault: mailer.ConnectionFault}
	var reply *textproto.Error
	if errors.As(err, &reply) {
		e.Code, e.Enhanced = reply.Code, enhancedPattern.FindString(reply.Msg)
	}
	hint := "is the relay running, and are mail.smtp.host and port right?"
	switch {
	case strings.Contains(err.Error(), "does not support STARTTLS"):
		hint = "the relay offers no STARTTLS; use mail.smtp.tls: implicit, or another port"
	case strings.Contains(err.Error(), "AUTH"):
		hint = "the relay refuses to sign in; check mail.smtp.username and password_file"
	case strings.Contains(err.Error(), "certificate"):
		hint = "the relay's certificate is not for mail.smtp.host, or not to be trusted"
	}
	e.Err = fmt.Errorf("smtp %s:%d: %s: %w", r.cfg.Host, r.cfg.Port, hint, err)
	return e
}
