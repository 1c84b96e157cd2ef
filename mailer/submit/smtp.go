package submit

import (
	"cmp"
	"context"
	"crypto/tls"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	gomail "github.com/wneessen/go-mail"
	"golang.org/x/time/rate"

	"broadsheet/mailer"
)

const maxIdle = 15 * time.Second // a connection unused for longer is closed

// A relay is the transport that gives messages to an SMTP server.
//
// go-mail dials, encrypts and signs in; the transactions themselves are done
// here, over go-mail's connection: pipelined where the server lets us, and so
// that it is known how far a failed one had come.
type relay struct {
	cfg      SMTP
	keys     signers
	slots    chan struct{} // one for each connection that may be open
	signing  chan struct{} // one for each signature that is being made
	limiter  *rate.Limiter // nil for no limit
	eight    atomic.Bool   // the server has taken 8BITMIME, and we do not sign
	stepwise atomic.Int64  // until then (Unix nanoseconds) nothing is pipelined
	variants variants
	buffers  sync.Pool // of *[]byte

	mu     sync.Mutex
	idle   []*connection
	closed bool
}

func newRelay(cfg SMTP, keys signers) *relay {
	r := &relay{cfg: cfg, keys: keys, slots: make(chan struct{}, cfg.Connections), signing: make(chan struct{}, runtime.GOMAXPROCS(0))}
	if cfg.Rate > 0 {
		r.limiter = rate.NewLimiter(rate.Limit(cfg.Rate), 1)
	}
	return r
}

// Send gives m to the relay over an open connection or a new one. A
// connection that the relay has closed meanwhile is replaced once: nothing of
// the message was accepted over it.
func (r *relay) Send(ctx context.Context, m mailer.Message) (reply string, err error) {
	l := r.newLetter(m)
	<-l.ready
	if l.err != nil {
		return "", l.err
	}
	if err := r.pace(ctx); err != nil {
		return "", err
	}
	h := &handler{
		next:  func(*connection) *letter { return nil },
		begin: func(*letter) error { return nil },
		end: func(_ *letter, r string, e error) error {
			reply, err = r, e
			return nil
		},
	}
	return reply, cmp.Or(r.carry(ctx, l, h), err)
}

// pace waits until the next message may be sent.
func (r *relay) pace(ctx context.Context) error {
	if r.limiter != nil {
		if err := r.limiter.Wait(ctx); err != nil {
			return &mailer.SendError{Fault: mailer.ConnectionFault, Err: err}
		}
	}
	return nil
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
		c.broken = true
		c.close()
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
		c.close()
	}
	return nil
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
	c := newConnection(session, conn)
	r.eight.Store(c.eight && len(r.keys) == 0)
	c.pipelining = c.pipelining && time.Now().UnixNano() >= r.stepwise.Load()
	return c, nil
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
// which Validate allows on this machine or by an explicit word, the password
// may travel plainly.
func (r *relay) mechanisms() []gomail.SMTPAuthType {
	plain, login := gomail.SMTPAuthPlain, gomail.SMTPAuthLogin
	if r.cfg.TLS == NoTLS || r.cfg.TLS == Insecure {
		plain, login = gomail.SMTPAuthPlainNoEnc, gomail.SMTPAuthLoginNoEnc
	}
	return []gomail.SMTPAuthType{gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthSCRAMSHA1, plain, login, gomail.SMTPAuthCramMD5}
}
