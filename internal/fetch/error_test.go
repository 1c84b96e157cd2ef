package fetch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
)

// What cannot be had on loopback without a name server and certificates.

func TestErrorsInPlainWords(t *testing.T) {
	t.Parallel()
	c, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	u := &url.URL{Scheme: "https", Host: "news.example", Path: "/feed", User: url.UserPassword("me", "secret")}
	tests := map[string]struct {
		err  error
		want string
	}{
		"no such name":         {&net.DNSError{IsNotFound: true}, "the server's name cannot be found; check the address"},
		"name server silent":   {&net.DNSError{IsTimeout: true}, "the name server does not answer; check this machine's network"},
		"name server in pain":  {&net.DNSError{Err: "server misbehaving"}, "the server's name cannot be looked up: server misbehaving; check this machine's network"},
		"no way there":         {&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ENETUNREACH)}, "the server cannot be reached from here; check this machine's network"},
		"no host there":        {&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.EHOSTUNREACH)}, "the server cannot be reached from here; check this machine's network"},
		"reset":                {&net.OpError{Op: "read", Err: os.NewSyscallError("read", syscall.ECONNRESET)}, "the server closed the connection before the answer was complete"},
		"cut off":              {io.ErrUnexpectedEOF, "the server closed the connection before the answer was complete"},
		"no connection":        {&net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded}, "no connection within 5s; check the address and the port"},
		"certificate, name":    {&tls.CertificateVerificationError{Err: x509.HostnameError{Certificate: &x509.Certificate{}, Host: "news.example"}}, "the server's certificate is not for news.example; check the address"},
		"certificate, expired": {&tls.CertificateVerificationError{Err: x509.CertificateInvalidError{Reason: x509.Expired}}, "the server's certificate has expired or is not valid yet; check this machine's clock, or tell the publisher"},
		"old protocol":         {tls.AlertError(70), "no secure connection: tls: protocol version not supported; tell the publisher"},
		"anything":             {&url.Error{Op: "Get", URL: "https://me:secret@news.example/feed", Err: errors.New("malformed")}, "the answer cannot be read: malformed; check that news.example is a web server"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := c.explain(context.Background(), u, tt.err)
			want := "https://me:xxxxx@news.example/feed: " + tt.want
			if got.Error() != want {
				t.Errorf("error %q\nwant  %q", got, want)
			}
			if !errors.Is(got, tt.err) {
				t.Error("the cause is lost")
			}
			if strings.Contains(got.Error(), "secret") {
				t.Error("the password is shown")
			}
		})
	}
}
