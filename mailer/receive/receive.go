// Package receive takes in the mail that comes back: bounces, complaints,
// unsubscriptions and newsletters. It is an SMTP server for addresses of its
// own, decides what each message is, and has the store do what follows. It
// sends nothing and hands nothing on.
package receive

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"
)

// A Config is the mail.receive block of the configuration. The zero Config is
// valid and receives nothing.
type Config struct {
	Listen          string // host:port of the SMTP server; "" for none
	Domain          string // what stands after the @ of its addresses
	CertificateFile string // PEM, with the chain; "" for one that is made at each start
	KeyFile         string // PEM
}

// Default returns the configuration of a Broadsheet that receives no mail.
func Default() Config { return Config{} }

// Enabled reports whether mail is received by SMTP.
func (c Config) Enabled() bool { return c.Listen != "" }

// Validate checks what can be checked without the network. Its messages read
// "key: fault; remedy", the key relative to the mail.receive block.
func (c Config) Validate() error {
	var errs []error
	if c.Listen != "" {
		if _, port, err := net.SplitHostPort(c.Listen); err != nil {
			errs = append(errs, fmt.Errorf("listen: %q is not host:port; write it as in :25 or 127.0.0.1:2525", c.Listen))
		} else if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
			errs = append(errs, fmt.Errorf("listen: port %q is not a number from 0 to 65535; mail comes to port 25", port))
		}
		if c.Domain == "" {
			errs = append(errs, errors.New("domain: is empty; name the domain whose mail comes here, such as bounce.example.com"))
		}
	}
	if c.Domain != "" && !domainPattern.MatchString(c.Domain) {
		errs = append(errs, fmt.Errorf("domain: %q is no domain; write it as in bounce.example.com", c.Domain))
	}
	switch {
	case c.CertificateFile != "" && c.KeyFile == "":
		errs = append(errs, errors.New("key_file: is empty, but there is a certificate; name both files or neither"))
	case c.CertificateFile == "" && c.KeyFile != "":
		errs = append(errs, errors.New("certificate_file: is empty, but there is a key; name both files or neither"))
	case c.CertificateFile != "":
		if _, err := tls.LoadX509KeyPair(c.CertificateFile, c.KeyFile); err != nil {
			errs = append(errs, fmt.Errorf("certificate_file: %s; name a certificate and its key, both as PEM", strings.TrimPrefix(err.Error(), "tls: ")))
		}
	}
	return errors.Join(errs...)
}

var domainPattern = regexp.MustCompile(`^(?i)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$`)
