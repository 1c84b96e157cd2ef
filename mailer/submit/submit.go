// Package submit hands single messages over: it builds their bytes, signs them
// and writes them into a folder or gives them to an SMTP relay. It keeps no
// account of what was sent and never tries again by itself; that is the work
// of mailer/deliver.
package submit

import (
	"context"
	"errors"
	"fmt"

	"broadsheet/mailer"
)

// A Transport takes messages over, one per call.
type Transport interface {
	// Send hands m over and returns what the other side said: the server's
	// last reply, or the file written. A message is taken over as a whole or
	// not at all. Every error is a *mailer.SendError. Send may be called from
	// several goroutines; when ctx ends, it gives up within moments.
	Send(ctx context.Context, m mailer.Message) (reply string, err error)

	// Work hands over the messages of a queue, one after another, until it has
	// none, ctx ends or the way to the other side breaks. It uses one
	// connection at a time; call it from several goroutines for more. A message
	// that was begun is always ended, and at any moment at most one is begun
	// and not ended. When ctx ends, a message that is begun gets a few seconds
	// to be finished. The error is the queue's.
	Work(ctx context.Context, q Queue) error

	// Close ends open connections. Send must not be called any more.
	Close() error
}

// ErrUntried is wrapped by the error, a connection fault, of a message that was
// taken from a queue and given back without an attempt.
var ErrUntried = errors.New("it was not its turn yet")

// A Queue gives a connection its messages and keeps the account of them. One
// call of Work calls Next from one goroutine, and Begin and End from another.
type Queue interface {
	// Next returns the message to hand over next, and false when there is none.
	// It may wait; meanwhile the messages before are handed over. A few
	// messages are taken ahead of their turn, to be signed.
	Next(ctx context.Context) (mailer.Message, bool)

	// Begin is called when a message is about to go out, or of a large one the
	// end. Only after Begin has returned nil may it arrive.
	Begin(ctx context.Context, m *mailer.Message) error

	// End tells what became of a message that Next gave, begun or not: reply
	// and err are as Send returns them, or err wraps ErrUntried. Each message
	// is ended once. The end of Work's ctx does not end ctx.
	End(ctx context.Context, m *mailer.Message, reply string, err error) error
}

// New returns the transport that cfg asks for. It reads the DKIM keys, but
// opens no connection and creates no folder yet.
func New(cfg Config) (Transport, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	keys, err := loadKeys(cfg.DKIM)
	if err != nil {
		return nil, err
	}
	if cfg.Transport == SMTPTransport {
		return newRelay(cfg.SMTP, keys), nil
	}
	return &directory{path: cfg.Directory, keys: keys}, nil
}

// work hands over the messages of q by send.
func work(ctx context.Context, q Queue, send func(context.Context, mailer.Message) (string, error)) error {
	for ctx.Err() == nil {
		m, ok := q.Next(ctx)
		if !ok {
			return nil
		}
		end := context.WithoutCancel(ctx)
		if err := q.Begin(ctx, &m); err != nil {
			return errors.Join(err, q.End(end, &m, "", &mailer.SendError{Fault: mailer.ConnectionFault, Err: err}))
		}
		reply, err := send(ctx, m)
		if err := q.End(end, &m, reply, err); err != nil {
			return err
		}
	}
	return nil
}

// Sign returns the bytes of m as New(cfg)'s transport would hand them over.
func Sign(cfg Config, m mailer.Message) ([]byte, error) {
	keys, err := loadKeys(cfg.DKIM)
	if err != nil {
		return nil, err
	}
	return keys.message(newVariant(m.Body), &m, false)
}

// refused returns the error for a message that can never be sent.
func refused(format string, args ...any) *mailer.SendError {
	return &mailer.SendError{Fault: mailer.PermanentFault, Err: fmt.Errorf(format, args...)}
}
