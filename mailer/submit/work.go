package submit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"broadsheet/mailer"
)

const (
	finishing  = 5 * time.Second  // for a message that may be arriving when Work is told to end
	distrusted = 10 * time.Minute // without pipelining after it went wrong

	// atOnce is how much of a message's end goes out with its dot, after the
	// account was told: what is shorter goes out as a whole.
	atOnce = 64 << 10
)

// A letter is a message on its way.
type letter struct {
	m     mailer.Message
	draft draft
	form  *form
	data  []byte        // complete but for the dot
	ready chan struct{} // closed when data and err are there
	err   error         // why it cannot be sent, a *mailer.SendError
	begun bool          // the account has it as perhaps arriving
}

// mail returns the command that names the sender.
func (l *letter) mail() string {
	command := "MAIL FROM:<" + l.draft.from + ">"
	if l.form.eight {
		command += " BODY=8BITMIME" // RFC 6152
	}
	if l.utf8() {
		command += " SMTPUTF8" // RFC 6531
	}
	return command + "\r\n"
}

// rcpt returns the command that names the recipient.
func (l *letter) rcpt() string { return "RCPT TO:<" + l.draft.to + ">\r\n" }

// utf8 reports whether an address is beyond ASCII.
func (l *letter) utf8() bool { return !ascii(l.draft.from) || !ascii(l.draft.to) }

// newLetter makes a message ready for sending, at once or, when it has to be
// signed, in the background.
//
// What is signed keeps to ASCII whatever the server offers: the next one may
// not, and a message that is encoded anew on its way has lost its signature
// (RFC 6376, section 5.3).
func (r *relay) newLetter(m mailer.Message) *letter {
	l := &letter{m: m, ready: make(chan struct{})}
	v := r.variants.get(m.Body)
	if l.draft, l.err = v.draft(&l.m); l.err != nil {
		l.err = asSendError(l.err)
		close(l.ready)
		return l
	}
	l.form = v.form(r.eight.Load())
	if len(r.keys) == 0 {
		r.finish(l)
		return l
	}
	go func() {
		r.signing <- struct{}{}
		r.finish(l)
		<-r.signing
	}()
	return l
}

// finish writes the whole message.
func (r *relay) finish(l *letter) {
	defer close(l.ready)
	var err error
	buf, ok := r.buffers.Get().(*[]byte)
	if !ok {
		buf = new([]byte)
	}
	l.data, err = r.keys.finish((*buf)[:0], l.draft, l.m.Token, l.form)
	if err != nil {
		l.err = asSendError(err)
	}
}

// recycle lets another letter have the bytes of one that is over.
func (r *relay) recycle(l *letter) {
	select {
	case <-l.ready:
		data := l.data
		r.buffers.Put(&data)
	default: // it is still being signed
	}
}

// A handler gives letters and keeps the account of them.
type handler struct {
	next  func(c *connection) *letter // for c and there at once; nil for none
	begin func(*letter) error         // its end may go out
	end   func(l *letter, reply string, err error) error
	grace time.Duration // for a letter that may be arriving when the context ends
	over  bool          // the way to the other side is broken
	held  *letter       // taken from next when there was no way for it any more
}

// Work gives the relay the messages of q.
func (r *relay) Work(ctx context.Context, q Queue) error {
	until := context.WithoutCancel(ctx)
	feeding, stop := context.WithCancel(ctx)
	defer stop()
	letters := make(chan *letter, r.ahead())
	go func() {
		defer close(letters)
		for feeding.Err() == nil {
			m, ok := q.Next(feeding)
			if !ok {
				return
			}
			l := r.newLetter(m)
			_ = r.pace(feeding)
			letters <- l
		}
	}()
	end := func(l *letter, reply string, err error) error { return q.End(until, &l.m, reply, err) }
	h := &handler{
		begin: func(l *letter) error { return q.Begin(ctx, &l.m) },
		end:   end,
		grace: finishing,
	}
	err := r.work(ctx, letters, h)
	stop()
	if h.held != nil {
		err = errors.Join(err, end(h.held, "", untried(ctx)))
	}
	for l := range letters {
		err = errors.Join(err, end(l, "", untried(ctx)))
	}
	return err
}

// signedAhead is how many letters more than there are cores all connections
// together have signed before their turn: while they all sign, nobody sends.
const signedAhead = 32

// ahead returns how many letters a connection has made ready before their turn.
func (r *relay) ahead() int {
	if len(r.keys) == 0 {
		return 1
	}
	return cap(r.signing) + signedAhead/r.cfg.Connections
}

// untried returns the error for a letter that is given back.
func untried(ctx context.Context) error {
	if ctx.Err() != nil {
		return &mailer.SendError{Fault: mailer.ConnectionFault, Err: fmt.Errorf("%w: %w", ErrUntried, ctx.Err())}
	}
	return &mailer.SendError{Fault: mailer.ConnectionFault, Err: ErrUntried}
}

// work carries letters until there are none.
func (r *relay) work(ctx context.Context, letters <-chan *letter, h *handler) error {
	var account error
	h.next = func(c *connection) *letter {
		for ctx.Err() == nil && account == nil {
			l := h.held
			if h.held = nil; l == nil {
				select {
				case l = <-letters:
				default:
				}
			}
			if l == nil {
				return nil
			}
			err := r.suit(l, c)
			if err == nil {
				return l
			}
			account = h.end(l, "", err)
		}
		return nil
	}
	for l := range letters {
		if ctx.Err() != nil {
			return h.end(l, "", untried(ctx))
		}
		for ; l != nil; l, h.held = h.held, nil {
			if err := errors.Join(r.carry(ctx, l, h), account); err != nil || h.over {
				return err
			}
		}
	}
	return nil
}

// suit sees to it that a letter can go over a connection.
func (r *relay) suit(l *letter, c *connection) error {
	switch {
	case l.form == nil: // refused
		return l.err
	case l.utf8() && !c.utf8:
		return r.blame(refused("the relay takes no addresses beyond ASCII (SMTPUTF8), such as %s", l.draft.to))
	case l.form.eight && !c.eight:
		l.form = r.variants.get(l.m.Body).form(false)
		l.ready = make(chan struct{})
		r.finish(l)
	}
	return nil
}

// carry hands l over, and what comes after it at once, over as many
// connections as that takes. The error is the account's.
func (r *relay) carry(ctx context.Context, l *letter, h *handler) error {
	if l.form == nil {
		return h.end(l, "", l.err)
	}
	select {
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
	case <-ctx.Done():
		return h.end(l, "", untried(ctx))
	}
	for c := r.take(); l != nil; c = nil {
		var err error
		if c == nil {
			if c, err = r.dial(ctx); err != nil {
				h.over = true
				return h.end(l, "", r.dialFault(err))
			}
		}
		l, err = r.exchange(ctx, c, l, h)
		if c.broken || c.sent >= r.cfg.PerConnection || !r.put(c) {
			c.close()
		}
		if l != nil && (err != nil || h.over || ctx.Err() != nil) {
			err, l = errors.Join(err, h.end(l, "", untried(ctx))), nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// exchange hands letters over a connection. It returns one that needs another:
// it was not its turn yet, or the server had judged others before it broke the
// connection on this one.
func (r *relay) exchange(ctx context.Context, c *connection, l *letter, h *handler) (left *letter, err error) {
	release := context.AfterFunc(ctx, func() { c.interrupt(h.grace) })
	defer func() { c.broken = !release() || c.broken }()
	if err := r.suit(l, c); err != nil {
		return nil, h.end(l, "", err)
	}
	timeout := r.cfg.timeout()
	c.announce(l, timeout)
	for l != nil {
		o := r.transact(ctx, c, l, h)
		if o.elsewhere(c) && ctx.Err() == nil {
			r.distrust(c, o)
			h.held = o.next
			return l, nil
		}
		err := o.account
		if o.fault != nil {
			err = errors.Join(err, h.end(l, "", r.blame(o.fault)))
			h.over = h.over || o.fault.Fault == mailer.ConnectionFault || o.fault.Fault == mailer.UncertainFault
		} else {
			err = errors.Join(err, h.end(l, o.reply, nil))
		}
		c.sent++
		r.recycle(l)
		if err != nil || h.over || c.broken || ctx.Err() != nil {
			return o.next, err
		}
		if l = o.next; l == nil && c.sent < r.cfg.PerConnection {
			if l = h.next(c); l != nil {
				c.announce(l, timeout)
			}
		}
	}
	return nil, nil
}

// An outcome is what became of a letter on a connection.
type outcome struct {
	reply   string
	fault   *mailer.SendError // nil when the letter was accepted
	begun   bool              // its end went out: it may have arrived
	next    *letter           // announced after it
	account error             // of beginning
}

// elsewhere reports whether a letter deserves another connection: this one was
// good before, and ended before the letter could have arrived.
func (o *outcome) elsewhere(c *connection) bool {
	return o.fault != nil && o.fault.Fault == mailer.ConnectionFault && (o.fault.Code == 0 || o.fault.Code == 421) &&
		!o.begun && o.account == nil && c.broken && c.sent > 0
}

// distrust makes the next connections wait for each reply when the server went
// silent on a letter that was announced to it before its time.
func (r *relay) distrust(c *connection, o outcome) {
	if c.pipelining && errors.Is(o.fault, os.ErrDeadlineExceeded) {
		r.stepwise.Store(time.Now().Add(distrusted).UnixNano())
	}
}

// transact hands a letter over that has been announced. With its end goes the
// announcement of the next one, so that one round trip does for a letter. At
// no time more than one letter is begun and not known to have arrived or not.
func (r *relay) transact(ctx context.Context, c *connection, l *letter, h *handler) (o outcome) {
	timeout := r.cfg.timeout()
	if o.fault = c.introduce(l, timeout); o.fault != nil {
		return o
	}
	select {
	case <-l.ready:
	case <-ctx.Done():
		c.broken = true
		o.fault = classify(stepData, ctx.Err())
		return o
	}
	if l.err != nil { // it could not be signed; the server waits for it
		c.broken = true
		errors.As(l.err, &o.fault)
		return o
	}
	last := max(0, len(l.data)-atOnce)
	if _, err := c.write(l.data[:last], timeout); err != nil {
		o.fault = c.lastWords(err, timeout)
		return o
	}
	if !c.begin() {
		c.broken = true
		o.fault = classify(stepData, ctx.Err())
		return o
	}
	defer c.ended()
	if !l.begun {
		if o.account = h.begin(l); o.account != nil {
			c.broken = true
			o.fault = &mailer.SendError{Fault: mailer.ConnectionFault, Err: o.account}
			return o
		}
		l.begun = true
	}
	rest := l.data[last:]
	rest = append(rest, ".\r\n"...)
	end := len(rest)
	if c.pipelining && c.sent+1 < r.cfg.PerConnection {
		if o.next = h.next(c); o.next != nil {
			rest = c.announcement(rest, o.next)
		}
	}
	if n, err := c.write(rest, timeout); n < end {
		o.fault = c.lastWords(err, timeout)
		return o
	}
	o.begun = true
	reply, err := c.reply("250", 10*timeout)
	if err != nil {
		o.fault = classify(stepDone, err)
		return o
	}
	o.reply = strings.Join(strings.Fields(reply), " ")
	return o
}

// blame names the relay in a fault.
func (r *relay) blame(e *mailer.SendError) *mailer.SendError {
	return &mailer.SendError{Fault: e.Fault, Code: e.Code, Enhanced: e.Enhanced, Err: fmt.Errorf("smtp %s: %w", r.cfg.Host, e)}
}
