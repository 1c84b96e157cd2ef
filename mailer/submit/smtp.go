package submit

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
	"golang.org/x/time/rate"

	"broadsheet/mailer"
)

const (
	perConnection = 100              // messages, then a new connection: relays count
	maxIdle       = 15 * time.Second // a connection unused for longer is closed
)

// A relay is the transport that gives messages to an SMTP server.
//
// go-mail dials, encrypts and signs in; the transaction itself is done here,
// step by step over go-mail's connection, because only so is it known how far
// a failed one had come.
type relay struct {
	cfg     SMTP
	keys    signers
	slots   chan struct{} // one for each connection that may be open
	limiter *rate.Limiter // nil for no limit

	mu     sync.Mutex
	idle   []*connection
	closed bool
}

// A connection is one SMTP session, used by one goroutine at a time.
type connection struct {
	client *smtp.Client
	conn   net.Conn
	sent   int
	since  time.Time // when it became idle
}

func newRelay(cfg SMTP, keys signers) *relay {
	r := &relay{cfg: cfg, keys: keys, slots: make(chan struct{}, cfg.Connections)}
	if cfg.Rate > 0 {
		r.limiter = rate.NewLimiter(rate.Limit(cfg.Rate), 1)
	}
	return r
}

// Send gives m to the relay over an open connection or a new one. A
// connection that the relay has closed meanwhile is replaced once: nothing of
// the message was accepted over it.
func (r *relay) Send(ctx context.Context, m mailer.Message) (string, error) {
	from, to, err := check(m)
	if err != nil {
		return "", err
	}
	data, err := r.keys.message(m)
	if err != nil {
		return "", asSendError(err)
	}
	if r.limiter != nil {
		if err := r.limiter.Wait(ctx); err != nil {
			return "", &mailer.SendError{Fault: mailer.ConnectionFault, Err: err}
		}
	}
	select {
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
	case <-ctx.Done():
		return "", &mailer.SendError{Fault: mailer.ConnectionFault, Err: ctx.Err()}
	}

	tx := transaction{timeout: r.cfg.timeout(), from: from.Address, to: to.Address, data: data}
	if c := r.take(); c != nil {
		reply, err := r.over(ctx, c, tx)
		var se *mailer.SendError
		if !errors.As(err, &se) || se.Fault != mailer.ConnectionFault || ctx.Err() != nil {
			return reply, err
		}
	}
	c, err := r.dial(ctx)
	if err != nil {
		return "", r.dialFault(err)
	}
	return r.over(ctx, c, tx)
}

// Work gives the relay the messages of q.
func (r *relay) Work(ctx context.Context, q Queue) error { return work(ctx, q, r.Send) }

// over works a transaction on a connection and keeps or closes it.
func (r *relay) over(ctx context.Context, c *connection, tx transaction) (string, error) {
	stop := context.AfterFunc(ctx, func() { _ = c.conn.Close() })
	reply, reusable, err := tx.run(c.client)
	if !stop() { // the connection is cut
		reusable = false
	}
	c.sent++
	if err != nil {
		err = fmt.Errorf("smtp %s: %w", r.cfg.Host, err)
		var se *mailer.SendError
		if errors.As(err, &se) {
			err = &mailer.SendError{Fault: se.Fault, Code: se.Code, Enhanced: se.Enhanced, Err: err}
		}
	}
	if !reusable || c.sent >= perConnection || !r.put(c) {
		c.close(reusable)
	}
	return reply, err
}

// take returns a connection that may still be good, or nil.
func (r *relay) take() *connection {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.idle) > 0 {
		c := r.idle[len(r.idle)-1]
		r.idle = r.idle[:len(r.idle)-1]
		if time.Since(c.since) < maxIdle {
			return c
		}
		c.close(false)
	}
	return nil
}

// put keeps a connection for the next message. It reports false once the
// transport is closed.
func (r *relay) put(c *connection) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return false
	}
	c.since = time.Now()
	r.idle = append(r.idle, c)
	return true
}

// Close says goodbye on every idle connection.
func (r *relay) Close() error {
	r.mu.Lock()
	idle := r.idle
	r.idle, r.closed = nil, true
	r.mu.Unlock()
	for _, c := range idle {
		c.close(true)
	}
	return nil
}

// close ends the session, politely if the other side still listens. There is
// nothing to do about an error.
func (c *connection) close(polite bool) {
	if polite && c.client.UpdateDeadline(time.Second) == nil && c.client.Quit() == nil {
		return
	}
	_ = c.conn.Close()
}

// dial opens a session. Every session has a client of its own: go-mail's is
// not safe for concurrent dials.
func (r *relay) dial(ctx context.Context) (*connection, error) {
	var conn net.Conn
	client, err := gomail.NewClient(r.cfg.Host, r.options(&conn)...)
	if err != nil {
		return nil, err
	}
	session, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		if conn != nil {
			_ = conn.Close() // go-mail leaves it open
		}
		return nil, err
	}
	return &connection{client: session, conn: conn}, nil
}

// options returns go-mail's options for one session, whose network connection
// is stored in conn.
func (r *relay) options(conn *net.Conn) []gomail.Option {
	config := &tls.Config{ServerName: r.cfg.Host, RootCAs: r.cfg.Roots, MinVersion: tls.VersionTLS12}
	opts := []gomail.Option{
		gomail.WithPort(r.cfg.Port),
		gomail.WithTimeout(r.cfg.timeout()),
		gomail.WithTLSConfig(config),
		gomail.WithDialContextFunc(func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := (&net.Dialer{}).DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			*conn = c
			if r.cfg.TLS == ImplicitTLS {
				t := tls.Client(c, config)
				return t, t.HandshakeContext(ctx)
			}
			return c, nil
		}),
	}
	switch r.cfg.TLS {
	case StartTLS:
		opts = append(opts, gomail.WithTLSPolicy(gomail.TLSMandatory))
	case ImplicitTLS:
		opts = append(opts, gomail.WithSSL())
	default:
		opts = append(opts, gomail.WithTLSPolicy(gomail.NoTLS))
	}
	if r.cfg.Username != "" {
		opts = append(opts, gomail.WithUsername(r.cfg.Username), gomail.WithPassword(r.cfg.Password),
			gomail.WithOpportunisticSMTPAuth(r.mechanisms()...))
	}
	return opts
}

// mechanisms returns the ways to sign in, best first. Without encryption,
// which Validate allows on this machine only, the password may travel plainly.
func (r *relay) mechanisms() []gomail.SMTPAuthType {
	plain, login := gomail.SMTPAuthPlain, gomail.SMTPAuthLogin
	if r.cfg.TLS == NoTLS {
		plain, login = gomail.SMTPAuthPlainNoEnc, gomail.SMTPAuthLoginNoEnc
	}
	return []gomail.SMTPAuthType{gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthSCRAMSHA1, plain, login, gomail.SMTPAuthCramMD5}
}
