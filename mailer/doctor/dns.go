package doctor

import (
	"bytes"
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/emersion/go-msgauth/dmarc"

	"broadsheet/mailer/submit"
)

// domains is what the DMARC record says, for the check of alignment.
type domains struct {
	at     string // where the record is; "" when there is none or it is not known
	record *dmarc.Record
}

// dmarc checks the record of the From domain, or of the domain above it that
// has one.
func (d *Doctor) dmarc(ctx context.Context, p *Patient, found *domains) []Finding {
	from := p.from()
	labels := strings.Split(from, ".")
	for ; len(labels) > 1; labels = labels[1:] {
		domain := strings.Join(labels, ".")
		records, err := d.txt(ctx, "_dmarc."+domain, "v=DMARC1")
		if err != nil {
			return []Finding{silent("dmarc", "_dmarc."+domain, err)}
		}
		if len(records) == 0 {
			continue
		}
		record, err := dmarc.Parse(records[0])
		if err != nil || len(records) > 1 {
			return []Finding{{
				Check: "dmarc", Level: Fault, Text: fmt.Sprintf("_dmarc.%s has no one good record: %s", domain, strings.Join(records, " | ")), Rejected: everybody,
				Remedy: "publish one TXT record there, such as v=DMARC1; p=none; rua=mailto:YOU@" + domain,
			}}
		}
		found.at, found.record = domain, record
		f := Finding{Check: "dmarc", Level: OK, Text: fmt.Sprintf("_dmarc.%s: %s", domain, records[0])}
		if len(record.ReportURIAggregate) == 0 {
			f.Level, f.Remedy = Note, "add rua=mailto:YOU@"+domain+" to hear who sends in your name, and what fails"
		}
		return []Finding{f}
	}
	return []Finding{{
		Check: "dmarc", Level: Fault, Text: from + " has no DMARC record", Rejected: everybody,
		Remedy: "publish a TXT record at _dmarc." + from + ": v=DMARC1; p=none; rua=mailto:YOU@" + from,
	}}
}

// aligned checks whether the domain that readers see agrees with one that is
// proved, the return path's or a key's.
func aligned(p *Patient, found *domains) []Finding {
	from := p.from()
	agrees := func(domain string, strict bool) bool {
		if strict {
			return domain == from
		}
		return domain == from || within(domain, from) || within(from, domain) ||
			found.at != "" && (domain == found.at || within(domain, found.at))
	}
	strictSPF := found.record != nil && found.record.SPFAlignment == dmarc.AlignmentStrict
	strictDKIM := found.record != nil && found.record.DKIMAlignment == dmarc.AlignmentStrict
	spf := agrees(p.path(), strictSPF)
	key := slices.ContainsFunc(p.Mail.DKIM, func(k submit.DKIM) bool { return agrees(strings.ToLower(k.Domain), strictDKIM) })
	switch {
	case spf && key:
		return []Finding{{Check: "alignment", Level: OK, Text: "the From domain " + from + " agrees with the return path's and with a key's"}}
	case spf || key:
		missing := "no DKIM key's"
		if key {
			missing = "not the return path's, " + p.path()
		}
		return []Finding{{
			Check: "alignment", Level: Note, Text: "the From domain " + from + " agrees with one proof: " + missing,
			Remedy: "Google says that both will be asked for one day",
		}}
	}
	return []Finding{{
		Check: "alignment", Level: Fault, Text: "the From domain " + from + " agrees neither with the return path's, " + p.path() + ", nor with a DKIM key's", Rejected: everybody,
		Remedy: "use one domain and its sub-domains for mail.from, mail.receive.domain and mail.dkim",
	}}
}

// within reports whether a domain lies below another one, which is no
// top-level domain.
func within(domain, above string) bool {
	return strings.Contains(above, ".") && strings.HasSuffix(domain, "."+above)
}

// keys checks the records of the DKIM keys.
func (d *Doctor) keys(ctx context.Context, p *Patient) []Finding {
	if len(p.Mail.DKIM) == 0 {
		return []Finding{{
			Check: "dkim", Level: Fault, Text: "mail is not signed here", Rejected: everybody,
			Remedy: "make a key (openssl genrsa -out dkim.pem 2048) and name it under mail.dkim; where the relay signs with your domain, set mail.unsafe_bulk: true",
		}}
	}
	var out []Finding
	signs := false
	for _, k := range p.Mail.DKIM {
		f := d.key(ctx, k)
		signs = signs || f.Level != Fault
		out = append(out, f)
	}
	for i := range out {
		if signs {
			out[i].Rejected = "" // one good signature is enough
		}
	}
	return out
}

func (d *Doctor) key(ctx context.Context, k submit.DKIM) Finding {
	f := Finding{Check: "dkim", Level: Fault, Rejected: everybody}
	want, err := submit.DNSRecord(k)
	if err != nil {
		f.Text, f.Remedy = err.Error(), "name a private key in mail.dkim"
		return f
	}
	f.Remedy = "publish a TXT record at " + want.Name + ": " + want.Text
	all, err := d.Resolver.LookupTXT(ctx, fqdn(want.Name))
	switch {
	case missing(err), err == nil && len(all) == 0:
		f.Text = want.Name + " has no record"
		return f
	case err != nil:
		return silent("dkim", want.Name, err)
	case len(all) > 1:
		f.Text = fmt.Sprintf("%s has %d records, and must have one", want.Name, len(all))
		return f
	}
	got, published := tags(all[0]), tags(want.Text)["p"]
	switch {
	case got["p"] == "":
		f.Text = want.Name + ": the key is revoked (p= is empty)"
	case got["v"] != "" && got["v"] != "DKIM1":
		f.Text = want.Name + ": it begins with v=" + got["v"] + ", and must with v=DKIM1"
	case !sameKey(got["p"], published):
		f.Text = want.Name + ": the record has another key than " + k.KeyFile
	case strings.Contains(strings.ToLower(got["t"]), "y"):
		f.Level, f.Text, f.Remedy, f.Rejected = Warning, want.Name+": the record says that it is being tried out (t=y)", "take t=y out: receivers may ignore the signature", ""
	case want.Bits < 2048 && strings.Contains(want.Text, "k=rsa"):
		f.Level, f.Text, f.Remedy, f.Rejected = Warning, fmt.Sprintf("%s: the key has %d bits", want.Name, want.Bits), "2048 are advised; make another one under another selector", ""
	default:
		f = Finding{Check: "dkim", Level: OK, Text: want.Name + " has the key of " + k.KeyFile}
	}
	return f
}

// tags reads a tag list (RFC 6376, section 3.2).
func tags(s string) map[string]string {
	out := map[string]string{}
	for _, t := range strings.Split(s, ";") {
		name, value, _ := strings.Cut(t, "=")
		out[strings.TrimSpace(name)] = strings.Join(strings.Fields(value), "")
	}
	return out
}

// sameKey reports whether two keys in base64 are one. RSA keys are published
// in two forms.
func sameKey(a, b string) bool {
	x, err := base64.StdEncoding.DecodeString(a)
	if err != nil {
		return false
	}
	y, err := base64.StdEncoding.DecodeString(b)
	if err != nil {
		return false
	}
	if bytes.Equal(x, y) {
		return true
	}
	short, err := x509.ParsePKCS1PublicKey(x)
	if err != nil {
		return false
	}
	long, err := x509.ParsePKIXPublicKey(y)
	if err != nil {
		return false
	}
	key, ok := long.(*rsa.PublicKey)
	return ok && short.Equal(key)
}

// reverse checks that the addresses mail leaves from have names that lead back
// to them.
func (d *Doctor) reverse(ctx context.Context, p *Patient) []Finding {
	ips, err := d.leaving(ctx, p)
	if err != nil {
		return []Finding{silent("ptr", p.Mail.SMTP.Host, err)}
	}
	if len(ips) == 0 {
		return []Finding{{Check: "ptr", Level: Note, Text: "this machine has no public address of its own, so that the name of the one that mail leaves from cannot be checked"}}
	}
	var out []Finding
	for _, ip := range ips {
		out = append(out, d.reverseOf(ctx, ip))
	}
	return out
}

func (d *Doctor) reverseOf(ctx context.Context, ip netip.Addr) Finding {
	names, err := d.Resolver.LookupAddr(ctx, ip.String())
	if err != nil && !missing(err) {
		return silent("ptr", ip.String(), err)
	}
	for _, name := range names {
		back, err := d.Resolver.LookupNetIP(ctx, "ip", fqdn(name))
		if err == nil && slices.ContainsFunc(back, func(b netip.Addr) bool { return b.Unmap() == ip }) {
			return Finding{Check: "ptr", Level: OK, Text: fmt.Sprintf("%s is %s, and back", ip, strings.TrimSuffix(name, "."))}
		}
	}
	f := Finding{Check: "ptr", Level: Warning, Text: ip.String() + " has no name in the DNS", Remedy: "if mail leaves from there, have its PTR record set where you rent the address; Gmail and Yahoo refuse mail without"}
	if len(names) > 0 {
		f.Text = fmt.Sprintf("%s is called %s, and that name does not lead back to it", ip, strings.TrimSuffix(names[0], "."))
	}
	return f
}

// returns checks whether bounces find their way back.
func (d *Doctor) returns(ctx context.Context, p *Patient) []Finding {
	if p.Domain == "" {
		return []Finding{{
			Check: "mx", Level: Note, Text: "bounces go to " + p.Mail.From + ": nobody counts them here",
			Remedy: "set mail.receive, so that addresses that are gone and readers who complain get no more mail",
		}}
	}
	servers, err := d.Resolver.LookupMX(ctx, fqdn(p.Domain))
	if err != nil && !missing(err) {
		return []Finding{silent("mx", p.Domain, err)}
	}
	hosts := []string{p.Domain} // without MX, the domain itself (RFC 5321, section 5.1)
	if len(servers) > 0 {
		hosts = nil
		for _, mx := range servers {
			hosts = append(hosts, strings.TrimSuffix(mx.Host, "."))
		}
	}
	for _, host := range hosts {
		if ips, err := d.Resolver.LookupNetIP(ctx, "ip", fqdn(host)); err == nil && len(ips) > 0 {
			return []Finding{{Check: "mx", Level: OK, Text: fmt.Sprintf("mail for %s goes to %s", p.Domain, host)}}
		}
	}
	return []Finding{{
		Check: "mx", Level: Fault, Text: "mail for " + p.Domain + " has no way: neither an MX record that leads to an address, nor an address of its own",
		Remedy: "publish an MX record at " + p.Domain + " with the name of the machine that runs Broadsheet",
	}}
}
