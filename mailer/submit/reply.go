package submit

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/textproto"
	"regexp"
	"strings"

	"broadsheet/mailer"
)

// readReply reads a reply (RFC 5321, section 4.2) and returns its text without
// codes. A code that does not begin with want is a *textproto.Error; what is no
// reply at all, or an endless one, is another error.
func readReply(r *bufio.Reader, want string) (text string, err error) {
	const most = 100 // lines
	var code string
	for n := 0; ; n++ {
		b, err := r.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull) || n == most:
			return "", errors.New("an endless reply")
		case errors.Is(err, io.EOF):
			return "", io.ErrUnexpectedEOF
		case err != nil:
			return "", err
		}
		line := strings.TrimRight(string(b), "\r\n")
		if len(line) < 3 || line[0] < '2' || line[0] > '5' || strings.Trim(line[:3], "0123456789") != "" ||
			code != "" && line[:3] != code || len(line) > 3 && line[3] != ' ' && line[3] != '-' {
			return "", fmt.Errorf("%.80q is no reply", line)
		}
		code = line[:3]
		if n > 0 {
			text += "\n"
		}
		text += line[min(4, len(line)):]
		if len(line) == 3 || line[3] == ' ' {
			break
		}
	}
	if !strings.HasPrefix(code, want) {
		number := int(code[0]-'0')*100 + int(code[1]-'0')*10 + int(code[2]-'0')
		return "", &textproto.Error{Code: number, Msg: text}
	}
	return text, nil
}

// A step is how far a transaction has come.
type step int

const (
	stepMail step = iota // the sender is named
	stepRcpt             // the recipient is named
	stepData             // the message is announced or on its way
	stepDone             // the message is complete and its reply awaited
)

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
