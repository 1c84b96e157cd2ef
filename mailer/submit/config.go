package submit

import (
	"cmp"
	"crypto/x509"
	"errors"
	"fmt"
	"math"
	"net"
	"net/mail"
	"regexp"
	"strings"
	"time"

	"broadsheet/mailer"
)

// The transports.
const (
	DirectoryTransport = "directory" // one .eml file a message
	SMTPTransport      = "smtp"      // a relay
)

// The ways to encrypt the connection to a relay.
const (
	StartTLS    = "starttls" // plain at first, then encrypted or not at all
	ImplicitTLS = "implicit" // encrypted from the first byte
	NoTLS       = "none"     // never; only on this machine
	Insecure    = "insecure" // never, and the operator says that nobody listens on the way
)

// Config is the mail block of config.yaml, but for receiving.
type Config struct {
	From      string // RFC 5322 address, with or without a name
	Transport string // DirectoryTransport or SMTPTransport
	Directory string // where DirectoryTransport writes; created when missing
	SMTP      SMTP
	DKIM      []DKIM // every message is signed with each of these
}

// SMTP says how to reach a relay.
type SMTP struct {
	Host        string
	Port        int
	TLS         string // StartTLS, ImplicitTLS, NoTLS or Insecure
	Username    string // "" when the relay asks for none
	Password    string
	Connections int     // at most so many at a time
	Rate        float64 // messages a second; 0 for no limit

	// PerConnection is how many messages go over a connection before another
	// one takes its place: many relays count.
	PerConnection int

	// Timeout bounds each step of a transmission; the reply to the finished
	// message may take ten times as long (RFC 5321, section 4.5.3.2). One
	// minute when 0. It is no setting of config.yaml.
	Timeout time.Duration

	// Roots are the authorities to trust, nil for the system's. It is no
	// setting of config.yaml.
	Roots *x509.CertPool
}

// String tells the relay without its password.
func (s SMTP) String() string { return fmt.Sprintf("%s:%d (%s)", s.Host, s.Port, s.TLS) }

// GoString is String, so that no way of printing shows the password.
func (s SMTP) GoString() string { return s.String() }

// DKIM names a key to sign with (RFC 6376).
type DKIM struct {
	Domain   string
	Selector string
	KeyFile  string // PEM: RSA (PKCS #1 or #8) of 1024 bits or more, or Ed25519 (PKCS #8)
}

// Default returns the configuration that applies where config.yaml is silent:
// mail goes into the folder "outbox".
func Default() Config {
	return Config{
		From:      "江城产经 <digest@example.com>",
		Transport: DirectoryTransport,
		Directory: "outbox",
		SMTP:      SMTP{Port: 587, TLS: StartTLS, Connections: 8, PerConnection: 100},
	}
}

// Validate reports every mistake, joined. The text of each is
// "key: fault; remedy".
func (c Config) Validate() error {
	errs := []error{c.validateFrom()}
	switch c.Transport {
	case DirectoryTransport:
		if c.Directory == "" {
			errs = append(errs, errors.New("directory: is empty; name the folder that mail is written to, such as outbox"))
		}
	case SMTPTransport:
		if c.SMTP.Host == "" {
			errs = append(errs, errors.New("smtp.host: is empty; name the relay, or write mail into a folder with transport: directory"))
		}
	default:
		errs = append(errs, fmt.Errorf("transport: %q is not known; use directory or smtp", c.Transport))
	}
	errs = append(errs, c.SMTP.validate()...)
	seen := map[DKIM]int{}
	for i, d := range c.DKIM {
		errs = append(errs, d.validate(fmt.Sprintf("dkim[%d]", i))...)
		id := DKIM{Domain: strings.ToLower(d.Domain), Selector: strings.ToLower(d.Selector)}
		if j, ok := seen[id]; ok {
			errs = append(errs, fmt.Errorf("dkim[%d].selector: %q of %s is also that of dkim[%d]; every key has its own", i, d.Selector, d.Domain, j))
		}
		seen[id] = i
	}
	return errors.Join(errs...)
}

func (c Config) validateFrom() error {
	if c.From == "" {
		return errors.New("from: is empty; give an address such as News <digest@example.com>")
	}
	a, err := mail.ParseAddress(c.From)
	if err != nil || strings.ContainsAny(c.From, "\r\n\x00") {
		return fmt.Errorf("from: %q is not a mail address; write it like News <digest@example.com>", c.From)
	}
	if !ascii(a.Address) {
		return fmt.Errorf("from: the address %q has letters beyond ASCII; use an ASCII address (a domain in its xn-- form), the name before it may be in any script", a.Address)
	}
	if mailer.Domain(c.From) == "localhost" || domainPattern.MatchString(mailer.Domain(c.From)) {
		return nil
	}
	return fmt.Errorf("from: %q is no domain; write the address like digest@example.com", mailer.Domain(c.From))
}

var (
	domainPattern = regexp.MustCompile(`^(?i)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*\.?$`)
	hostPattern   = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)
)

func (s SMTP) validate() []error {
	var errs []error
	if s.Host != "" && !hostPattern.MatchString(s.Host) && net.ParseIP(s.Host) == nil {
		errs = append(errs, fmt.Errorf("smtp.host: %q is no host name; write it like mail.example.com, the port goes under smtp.port", s.Host))
	}
	switch {
	case s.Port > 65535:
		errs = append(errs, fmt.Errorf("smtp.port: %d is past 65535; use 587 or 465", s.Port))
	case s.Port < 1:
		errs = append(errs, fmt.Errorf("smtp.port: %d is below 1; use 587 or 465", s.Port))
	}
	switch s.TLS {
	case StartTLS, ImplicitTLS, Insecure:
	case NoTLS:
		if s.Host != "" && !loopback(s.Host) {
			errs = append(errs, fmt.Errorf("smtp.tls: none would send mail and password in the clear to %s; use starttls or implicit, or insecure if nobody can listen on the way (none is for a relay on this machine)", s.Host))
		}
	default:
		errs = append(errs, fmt.Errorf("smtp.tls: %q is not known; use starttls, implicit, or none for a relay on this machine", s.TLS))
	}
	switch {
	case s.Username == "" && s.Password != "":
		errs = append(errs, errors.New("smtp.username: is empty, but there is a password; give both or neither"))
	case s.Username != "" && s.Password == "":
		errs = append(errs, errors.New("smtp.password_file: there is a username, but no password; name a file that holds it"))
	}
	if s.Connections < 1 || s.Connections > 100 {
		errs = append(errs, fmt.Errorf("smtp.connections: %d is out of range; use 1 to 100", s.Connections))
	}
	if s.PerConnection < 1 || s.PerConnection > 1e6 {
		errs = append(errs, fmt.Errorf("smtp.per_connection: %d is out of range; use 1 to 1000000, 100 is usual", s.PerConnection))
	}
	if math.IsNaN(s.Rate) || s.Rate < 0 || s.Rate > 1e6 {
		errs = append(errs, fmt.Errorf("smtp.rate: %v is out of range; give messages a second, 0 for no limit", s.Rate))
	}
	return errs
}

// timeout returns the bound for a step.
func (s SMTP) timeout() time.Duration { return cmp.Or(s.Timeout, time.Minute) }

func (d DKIM) validate(path string) []error {
	var errs []error
	if !domainPattern.MatchString(d.Domain) {
		errs = append(errs, fmt.Errorf("%s.domain: %q is no domain; give the one whose DNS holds the public key", path, d.Domain))
	}
	if !domainPattern.MatchString(d.Selector) {
		errs = append(errs, fmt.Errorf("%s.selector: %q is no selector; give the name before ._domainkey in the DNS", path, d.Selector))
	}
	if d.KeyFile == "" {
		errs = append(errs, fmt.Errorf("%s.key_file: is empty; name the file with the private key", path))
	}
	return errs
}

// loopback reports whether a host is this machine.
func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
