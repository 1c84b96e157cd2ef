// Package submit hands single messages over: it builds their bytes, signs them
// and writes them into a folder or gives them to an SMTP relay. It keeps no
// account of what was sent and never tries again by itself; that is the work
// of mailer/deliver.
package submit

import (
	"context"
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

	// Close ends open connections. Send must not be called any more.
	Close() error
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

// Sign returns the bytes of m as New(cfg)'s transport would hand them over.
func Sign(cfg Config, m mailer.Message) ([]byte, error) {
	keys, err := loadKeys(cfg.DKIM)
	if err != nil {
		return nil, err
	}
	return keys.message(m)
}

// refused returns the error for a message that can never be sent.
func refused(format string, args ...any) *mailer.SendError {
	return &mailer.SendError{Fault: mailer.PermanentFault, Err: fmt.Errorf(format, args...)}
}
