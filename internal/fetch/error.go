package fetch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"syscall"
)

// An Error says in plain words why a document could not be fetched.
type Error struct {
	Place  string // address or path
	Fault  string // what is wrong
	Remedy string // what to do; "" when only waiting helps
	Err    error  // the cause; may be nil
	Silent bool   // no answer came, not even a bad one: the server's fault, or this machine's network's

	Private   bool // the address is not of the public Internet
	Forbidden bool // the publisher's robots.txt forbids it
}

// Error returns place, fault and remedy in one line.
func (e *Error) Error() string {
	if e.Remedy == "" {
		return e.Place + ": " + e.Fault
	}
	return e.Place + ": " + e.Fault + "; " + e.Remedy
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

func fault(place, what, remedy string, err error) *Error {
	if u, parseErr := url.Parse(place); parseErr == nil && u.User != nil {
		place = u.Redacted()
	}
	return &Error{Place: place, Fault: what, Remedy: remedy, Err: err}
}

// errWhole is the cause of a request that took too long as a whole.
var errWhole = errors.New("the whole took too long")

// explain puts the error of a request into plain words.
func (c *Client) explain(ctx context.Context, u *url.URL, err error) *Error {
	what, remedy := c.words(ctx, u, err)
	e := fault(u.String(), what, remedy, err)
	var private *privateError
	e.Private = errors.As(err, &private)
	return e
}

func (c *Client) words(ctx context.Context, u *url.URL, err error) (what, remedy string) {
	var private *privateError
	var limit *limitError
	var decode *decodeError
	var dns *net.DNSError
	switch {
	case errors.As(err, &private):
		return private.Error(), "add it to polling.allow_private if it may be fetched"
	case errors.As(err, &limit):
		return limit.Error(), "use a smaller document"
	case errors.As(err, &decode):
		return "the answer cannot be decompressed: " + decode.Error(), "tell the publisher"
	case errors.As(err, &dns):
		return dnsWords(dns)
	case errors.Is(context.Cause(ctx), errWhole):
		return fmt.Sprintf("the answer is not complete after %s", c.cfg.Whole), ""
	case isTLS(err):
		return tlsWords(u, err)
	default:
		return c.networkWords(u, err)
	}
}

func dnsWords(err *net.DNSError) (what, remedy string) {
	switch {
	case err.IsNotFound:
		return "the server's name cannot be found", "check the address"
	case err.IsTimeout:
		return "the name server does not answer", "check this machine's network"
	default:
		return "the server's name cannot be looked up: " + err.Err, "check this machine's network"
	}
}

func (c *Client) networkWords(u *url.URL, err error) (what, remedy string) {
	var op *net.OpError
	timeout := isTimeout(err)
	switch {
	case timeout && strings.Contains(err.Error(), "TLS handshake"):
		return fmt.Sprintf("no secure connection within %s", c.cfg.Connect), ""
	case timeout && errors.As(err, &op) && op.Op == "dial":
		return fmt.Sprintf("no connection within %s", c.cfg.Connect), "check the address and the port"
	case timeout:
		return fmt.Sprintf("no answer within %s", c.cfg.Headers), ""
	case errors.Is(err, syscall.ECONNREFUSED):
		return "the server refuses connections", "check the address and the port"
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return "the server cannot be reached from here", "check this machine's network"
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "the server closed the connection before the answer was complete", ""
	case strings.Contains(err.Error(), "HTTP response to HTTPS client"):
		return "the server answers without TLS", "use http instead of https"
	default:
		var ue *url.Error
		if errors.As(err, &ue) {
			err = ue.Err
		}
		return fmt.Sprintf("the answer cannot be read: %v", err), "check that " + u.Host + " is a web server"
	}
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

func isTLS(err error) bool {
	var verify *tls.CertificateVerificationError
	var alert tls.AlertError
	var record tls.RecordHeaderError
	return errors.As(err, &verify) || errors.As(err, &alert) || errors.As(err, &record) ||
		strings.Contains(err.Error(), "tls: ")
}

func tlsWords(u *url.URL, err error) (what, remedy string) {
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var unknown x509.UnknownAuthorityError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &host):
		return "the server's certificate is not for " + u.Hostname(), "check the address"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "the server's certificate has expired or is not valid yet", "check this machine's clock, or tell the publisher"
	case errors.As(err, &unknown):
		return "nobody this machine trusts vouches for the server's certificate", "add the authority to this machine's certificates"
	case errors.As(err, &record):
		return "the server answers without TLS", "use http instead of https"
	default:
		return fmt.Sprintf("no secure connection: %v", err), "tell the publisher"
	}
}
