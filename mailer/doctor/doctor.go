// Package doctor checks what mailbox providers check before they take mail:
// the records in the DNS, the relay, and the bytes of a message. It changes
// nothing and sends nothing.
package doctor

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"strings"
	"time"

	"broadsheet/mailer"
	"broadsheet/mailer/submit"
)

// A Level is how a finding is to be taken.
type Level string

// The levels.
const (
	OK      Level = "ok"
	Note    Level = "note"    // to know; nothing to do
	Warning Level = "warning" // should be mended
	Fault   Level = "fault"   // must be mended
)

// A Finding is what a check has found.
type Finding struct {
	Check    string `json:"check"` // spf, dkim, dmarc, ptr, mx, relay, signature, header, …
	Level    Level  `json:"level"`
	Text     string `json:"text"`               // what was found, and where
	Remedy   string `json:"remedy,omitempty"`   // what to do
	Rejected string `json:"rejected,omitempty"` // who refuses bulk mail for it; "" for nobody
}

// A Resolver asks the DNS; *net.Resolver does.
type Resolver interface {
	LookupTXT(ctx context.Context, name string) ([]string, error)
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
	LookupAddr(ctx context.Context, addr string) ([]string, error)
	LookupMX(ctx context.Context, name string) ([]*net.MX, error)
}

// A Doctor examines a site's mail. Set the fields before use.
type Doctor struct {
	Resolver Resolver
	Roots    *x509.CertPool // authorities to trust; nil for the system's
	Now      func() time.Time

	// Own returns the public addresses of this machine, from which mail leaves
	// when the relay runs here.
	Own func() []netip.Addr
}

// A Patient is what is examined.
type Patient struct {
	Mail    submit.Config
	Site    string // address of the site
	Domain  string // whose mail comes back to us; "" for none
	Message []byte // of the next edition; nil for none
}

// from is the domain of the From address.
func (p *Patient) from() string { return mailer.Domain(p.Mail.From) }

// path is the domain of the return path.
func (p *Patient) path() string {
	if p.Domain != "" {
		return strings.ToLower(p.Domain)
	}
	return p.from()
}

// sender is a return path, as each mail has one of its own.
func (p *Patient) sender() string {
	if p.Domain != "" {
		return mailer.VERP(nil, 1) + "@" + p.path()
	}
	a, err := mail.ParseAddress(p.Mail.From)
	if err != nil {
		return "postmaster@" + p.path()
	}
	return a.Address
}

// perCheck bounds how long one check waits for the network.
const perCheck = 20 * time.Second

// Examine makes every check and returns what they found. Mail that goes into a
// folder is examined as far as that makes sense.
func (d *Doctor) Examine(ctx context.Context, p Patient) []Finding {
	all := d.Rules(ctx, p)
	if p.Mail.Transport != submit.SMTPTransport {
		return append(all, Finding{
			Check: "relay", Level: Note, Text: "mail is written into the folder " + p.Mail.Directory + "; nothing is sent",
			Remedy: "set mail.transport: smtp and mail.smtp to send it",
		})
	}
	for _, check := range []check{d.relay, d.reverse, d.returns} {
		all = append(all, bounded(ctx, &p, check)...)
	}
	return all
}

// Rules makes the checks whose faults large providers refuse bulk mail for. It
// connects to nothing but the DNS.
func (d *Doctor) Rules(ctx context.Context, p Patient) []Finding {
	all := bounded(ctx, &p, d.message)
	if p.Mail.Transport != submit.SMTPTransport {
		return all
	}
	found := &domains{}
	for _, check := range []check{
		d.spf, d.keys,
		func(ctx context.Context, p *Patient) []Finding { return d.dmarc(ctx, p, found) },
	} {
		all = append(all, bounded(ctx, &p, check)...)
	}
	return append(all, aligned(&p, found)...)
}

type check = func(context.Context, *Patient) []Finding

func bounded(ctx context.Context, p *Patient, c check) []Finding {
	ctx, cancel := context.WithTimeout(ctx, perCheck)
	defer cancel()
	return c(ctx, p)
}

// Refusals returns the findings for which large providers refuse bulk mail.
func Refusals(fs []Finding) []Finding {
	var out []Finding
	for _, f := range fs {
		if f.Level == Fault && f.Rejected != "" {
			out = append(out, f)
		}
	}
	return out
}

// Loopback reports whether a relay runs on this machine.
func Loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// fqdn ends a name with a dot, so that no search list of this machine counts.
func fqdn(name string) string { return strings.TrimSuffix(name, ".") + "." }

// missing reports whether the DNS said that there is no such record.
func missing(err error) bool {
	var e *net.DNSError
	return errors.As(err, &e) && e.IsNotFound
}

// silent is the finding for a DNS that does not answer.
func silent(check, what string, err error) Finding {
	return Finding{Check: check, Level: Warning, Text: fmt.Sprintf("%s: the DNS gives no answer: %v", what, err), Remedy: "is the network up? Try again"}
}

// txt returns the TXT records of a name that begin with a version, such as
// v=spf1. None is no error.
func (d *Doctor) txt(ctx context.Context, name, version string) ([]string, error) {
	all, err := d.Resolver.LookupTXT(ctx, fqdn(name))
	if missing(err) {
		err = nil
	}
	var out []string
	for _, t := range all {
		first, _, _ := strings.Cut(strings.TrimSpace(t), ";")
		first, _, _ = strings.Cut(first, " ")
		if strings.EqualFold(strings.ReplaceAll(first, " ", ""), version) {
			out = append(out, strings.TrimSpace(t))
		}
	}
	return out, err
}

// leaving returns the addresses that mail leaves from, as far as that can be
// known: the relay's, or this machine's when the relay runs here.
func (d *Doctor) leaving(ctx context.Context, p *Patient) ([]netip.Addr, error) {
	host := p.Mail.SMTP.Host
	if Loopback(host) {
		return d.Own(), nil
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{ip.Unmap()}, nil
	}
	ips, err := d.Resolver.LookupNetIP(ctx, "ip", fqdn(host))
	for i := range ips {
		ips[i] = ips[i].Unmap()
	}
	return ips, err
}

// All large providers.
const everybody = "Gmail, Yahoo, Outlook"
