package receive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/emersion/go-smtp"
)

const (
	maxMessage    = 10 << 20 // bytes
	maxRecipients = 10       // of a message
	maxMemory     = 64 << 20 // bytes of all messages that are being received
	maxLine       = 2000     // bytes
	idle          = 2 * time.Minute
	longest       = 10 * time.Minute // of a connection
	perMinute     = 600              // messages from one network: a relay brings back what all servers refuse
	maxWrong      = 10               // addresses in a connection that are none of ours
	handling      = time.Minute      // of one message
)

// A Server is an SMTP server that takes mail for a Desk, and for nobody else:
// it has no way to hand mail on. Set its fields before Serve.
type Server struct {
	Config Config
	Desk   func() *Desk // the one in force
	Logger *slog.Logger // nil discards

	memory atomic.Int64 // bytes of messages being received
	gate   *gate
}

// Serve takes mail from a listener until ctx is done, then finishes the
// messages under way and returns nil.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	certificate, err := newCertificate(s.Config)
	if err != nil {
		return err
	}
	s.gate = newGate(l)
	srv := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &session{server: s, ctx: ctx, from: c.Conn().RemoteAddr()}, nil
	}))
	srv.Domain = s.Config.Domain
	srv.MaxRecipients = maxRecipients
	srv.MaxMessageBytes = maxMessage
	srv.MaxLineLength = maxLine
	srv.ReadTimeout, srv.WriteTimeout = idle, idle
	srv.EnableSMTPUTF8 = true
	srv.TLSConfig = certificate.config()
	srv.ErrorLog = errorLog{s.log()}
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		s.gate.quiet() // clients that idle are not waited for
		err := srv.Shutdown(grace)
		if errors.Is(err, context.DeadlineExceeded) {
			err = srv.Close()
		}
		if errors.Is(err, net.ErrClosed) || errors.Is(err, smtp.ErrServerClosed) {
			err = nil
		}
		stopped <- err
	})
	err = srv.Serve(s.gate)
	if stop() { // it broke by itself
		return err
	}
	return <-stopped
}

func (s *Server) log() *slog.Logger {
	if s.Logger != nil {
		return s.Logger
	}
	return slog.New(slog.DiscardHandler)
}

// errorLog is how go-smtp tells of connections that break.
type errorLog struct{ *slog.Logger }

// Printf implements smtp.Logger.
func (l errorLog) Printf(format string, v ...any) {
	l.Debug("smtp connection failed", "detail", strings.TrimSpace(fmt.Sprintf(format, v...)))
}

// Println implements smtp.Logger.
func (l errorLog) Println(v ...any) {
	l.Debug("smtp connection failed", "detail", strings.TrimSpace(fmt.Sprintln(v...)))
}

// A session is one SMTP connection. It does not implement smtp.AuthSession:
// nobody signs in here.
type session struct {
	server *Server
	ctx    context.Context // that of Serve: go-smtp hands none over
	from   net.Addr
	path   string // the return path of the message
	to     []string
	wrong  int
}

func reply(code int, enhanced smtp.EnhancedCode, text string) *smtp.SMTPError {
	return &smtp.SMTPError{Code: code, EnhancedCode: enhanced, Message: text}
}

// Reset implements smtp.Session.
func (c *session) Reset() { c.path, c.to = "", nil }

// Logout implements smtp.Session.
func (c *session) Logout() error { return nil }

// Mail implements smtp.Session.
func (c *session) Mail(from string, _ *smtp.MailOptions) error {
	if !c.server.gate.allow(c.from) {
		return reply(451, smtp.EnhancedCode{4, 7, 1}, "too many messages from your network; try again in a minute")
	}
	c.path, c.to = from, nil
	return nil
}

// Rcpt implements smtp.Session.
func (c *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if !c.server.Desk().Accepts(to) {
		if c.wrong++; c.wrong > maxWrong {
			return reply(421, smtp.EnhancedCode{4, 7, 1}, "too many addresses that are none of ours")
		}
		at := strings.LastIndexByte(to, '@')
		if at >= 0 && !strings.EqualFold(to[at+1:], c.server.Config.Domain) {
			return reply(550, smtp.EnhancedCode{5, 7, 1}, "no mail is relayed here")
		}
		return reply(550, smtp.EnhancedCode{5, 1, 1}, "there is no such mailbox here")
	}
	c.to = append(c.to, to)
	return nil
}

// Data implements smtp.Session.
func (c *session) Data(r io.Reader) error {
	message, err := c.server.read(r)
	defer c.server.memory.Add(-int64(cap(message)))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.ctx), handling)
	defer cancel()
	desk := c.server.Desk()
	var refused *Refused
	taken := 0
	for _, to := range c.to {
		err := desk.Take(ctx, Envelope{From: c.path, To: to, By: c.from.String()}, message)
		switch {
		case errors.As(err, &refused):
		case err != nil:
			return reply(451, smtp.EnhancedCode{4, 3, 0}, "the message could not be stored; try again later")
		default:
			taken++
		}
	}
	if taken == 0 && refused != nil {
		return reply(550, smtp.EnhancedCode{5, 7, 1}, asciiOnly(refused.Why))
	}
	return nil
}

// asciiOnly makes a text fit for a reply.
func asciiOnly(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s)
}

// read returns a message, as long as there is room for all that are being
// received. Whatever it returns has been taken from that room.
func (s *Server) read(r io.Reader) ([]byte, error) {
	var message []byte
	for {
		if len(message) == cap(message) {
			grown := max(16<<10, 2*cap(message))
			if s.memory.Add(int64(grown-cap(message))) > maxMemory {
				s.memory.Add(int64(cap(message) - grown))
				return message, reply(452, smtp.EnhancedCode{4, 3, 1}, "too much mail at once; try again later")
			}
			message = append(make([]byte, 0, grown), message...)
		}
		n, err := r.Read(message[len(message):cap(message)])
		message = message[:len(message)+n]
		if errors.Is(err, io.EOF) {
			return message, nil
		}
		if err != nil {
			return message, err
		}
	}
}
