package submit

import (
	"errors"
	"net"
	"net/textproto"
	"sync"
	"time"

	"github.com/wneessen/go-mail/smtp"

	"broadsheet/mailer"
)

// A connection is one SMTP session, used by one goroutine at a time.
type connection struct {
	client *smtp.Client
	conn   net.Conn
	since  time.Time // when it became idle
	sent   int       // messages that the server has judged
	open   bool      // a transaction that came to nothing has to be reset
	broken bool      // of no more use

	pipelining, eight, utf8 bool // what the server offers

	mu    sync.Mutex
	begun bool      // a message may be arriving
	last  time.Time // nothing may take longer than until then; zero for no such time
}

func newConnection(client *smtp.Client, conn net.Conn) *connection {
	c := &connection{client: client, conn: conn}
	c.pipelining, _ = client.Extension("PIPELINING")
	c.eight, _ = client.Extension("8BITMIME")
	c.utf8, _ = client.Extension("SMTPUTF8")
	return c
}

// close ends the session, politely if the other side still listens. There is
// nothing to do about an error.
func (c *connection) close() {
	if !c.broken && c.client.UpdateDeadline(time.Second) == nil && c.client.Quit() == nil {
		return
	}
	_ = c.conn.Close()
}

// within bounds the next step.
func (c *connection) within(d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := time.Now().Add(d)
	if !c.last.IsZero() && c.last.Before(at) {
		at = c.last
	}
	return c.conn.SetDeadline(at)
}

// interrupt cuts the connection: at once, or a while later when a message may
// be arriving, whose reply is worth waiting for.
func (c *connection) interrupt(grace time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = time.Now()
	if c.begun {
		c.last = c.last.Add(grace)
	}
	_ = c.conn.SetDeadline(c.last)
}

// begin notes that a message may arrive from now on, unless the connection was
// interrupted before.
func (c *connection) begin() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.begun = c.last.IsZero()
	return c.begun
}

// ended notes that what became of the message is known or never will be.
func (c *connection) ended() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.begun = false
	if !c.last.IsZero() {
		c.last = time.Now()
	}
}

// write sends data, each piece of it within the timeout, and returns how much
// of it may have gone out.
func (c *connection) write(data []byte, timeout time.Duration) (n int, err error) {
	const chunk = 128 << 10
	w := c.client.Text.W
	for n < len(data) {
		if err := c.within(timeout); err != nil {
			return n, err
		}
		k, err := w.Write(data[n:min(n+chunk, len(data))])
		if err == nil {
			err = w.Flush()
		}
		if n += k; err != nil {
			return n - w.Buffered(), err
		}
	}
	return n, nil
}

// reply waits for a reply whose code begins with want. Without one that can be
// made sense of, and after a 421, the connection is of no more use.
func (c *connection) reply(want string, timeout time.Duration) (string, error) {
	if err := c.within(timeout); err != nil {
		c.broken = true
		return "", err
	}
	text, err := readReply(c.client.Text.R, want)
	var negative *textproto.Error
	if err != nil && (!errors.As(err, &negative) || negative.Code == 421) {
		c.broken = true
	}
	return text, err
}

// announcement appends the commands that come before a message, all in one
// where the server allows it (RFC 2920); else they are sent by introduce.
func (c *connection) announcement(buf []byte, l *letter) []byte {
	if !c.pipelining {
		return buf
	}
	if c.open {
		buf = append(buf, "RSET\r\n"...)
	}
	return append(append(append(buf, l.mail()...), l.rcpt()...), "DATA\r\n"...)
}

// announce sends the announcement by itself. What came of it the replies tell.
func (c *connection) announce(l *letter, timeout time.Duration) {
	if buf := c.announcement(nil, l); len(buf) > 0 {
		_, _ = c.write(buf, timeout)
	}
}

// introduce sends the commands that come before a message, as far as they were
// not announced, and reads the replies. Only when it returns nil does the
// server wait for the message.
func (c *connection) introduce(l *letter, timeout time.Duration) *mailer.SendError {
	var fault *mailer.SendError
	var refused bool // the recipient, not the sender
	for _, s := range []struct {
		command, want string
		at            step
	}{{"RSET\r\n", "250", stepMail}, {l.mail(), "250", stepMail}, {l.rcpt(), "25", stepRcpt}, {"DATA\r\n", "354", stepData}} {
		if s.command == "RSET\r\n" && !c.open {
			continue
		}
		if !c.pipelining {
			_, _ = c.write([]byte(s.command), timeout) // what came of it the reply tells
		}
		_, err := c.reply(s.want, timeout)
		if err == nil && s.at == stepData && fault != nil {
			c.takeBack(refused, timeout)
		}
		if err != nil && fault == nil {
			fault = classify(s.at, err)
			refused = s.at == stepRcpt && fault.Code >= 400
		}
		if c.broken || fault != nil && !c.pipelining {
			break
		}
	}
	c.open = fault != nil
	if fault == nil && c.client.Text.R.Buffered() > 0 {
		c.broken = true
		return classify(stepData, errors.New("it answers what it was not asked"))
	}
	return fault
}

// takeBack ends a message that the server waits for though it refused
// something before. If that was the recipient, an empty message goes to nobody
// (RFC 2920, section 3.1); otherwise the recipient might get one.
func (c *connection) takeBack(recipient bool, timeout time.Duration) {
	if !recipient {
		c.broken = true
		return
	}
	_, _ = c.write([]byte(".\r\n"), timeout)
	_, _ = c.reply("", timeout)
}

// lastWords returns the reply that the server gave before it stopped to
// listen, if it did, in the place of the error of writing to it.
func (c *connection) lastWords(err error, timeout time.Duration) *mailer.SendError {
	c.broken = true
	var reply *textproto.Error
	if _, rerr := c.reply("2", timeout); errors.As(rerr, &reply) && reply.Code >= 400 {
		err = rerr
	}
	return classify(stepData, err)
}
