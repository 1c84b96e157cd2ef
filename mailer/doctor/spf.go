package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"broadsheet/mailer"
)

// The results of checking an address by SPF (RFC 7208, section 2.6).
const (
	spfPass     = "pass"
	spfFail     = "fail"
	spfSoftfail = "softfail"
	spfNeutral  = "neutral"
)

// spf checks the record of the return path's domain.
func (d *Doctor) spf(ctx context.Context, p *Patient) []Finding {
	domain := p.path()
	records, err := d.txt(ctx, domain, "v=spf1")
	switch {
	case err != nil:
		return []Finding{silent("spf", domain, err)}
	case len(records) == 0:
		return []Finding{{
			Check: "spf", Level: Fault, Text: domain + " has no SPF record", Rejected: everybody,
			Remedy: "publish a TXT record at " + domain + ": v=spf1 include:YOUR-RELAY -all (your relay's documentation names it), or v=spf1 a mx -all",
		}}
	case len(records) > 1:
		return []Finding{{
			Check: "spf", Level: Fault, Text: fmt.Sprintf("%s has %d SPF records, and receivers take that for a mistake", domain, len(records)), Rejected: everybody,
			Remedy: "make one of them: v=spf1, what each allows, and one -all",
		}}
	}
	ips, err := d.leaving(ctx, p)
	if err != nil {
		return []Finding{silent("spf", p.Mail.SMTP.Host, err)}
	}
	return d.judge(ctx, p.sender(), records[0], ips)
}

// judge checks addresses by the record of a sender's domain.
func (d *Doctor) judge(ctx context.Context, sender, record string, ips []netip.Addr) []Finding {
	local, domain := sender[:strings.LastIndexByte(sender, '@')], mailer.Domain(sender)
	if len(ips) == 0 {
		ips = []netip.Addr{{}} // the record is walked all the same
	}
	var passed, others []string
	for _, ip := range ips {
		w := &spfWalk{Doctor: d, ip: ip, local: local, sender: domain}
		result, err := w.check(ctx, domain, record, 0)
		var bad spfMistake
		switch {
		case errors.As(err, &bad):
			return []Finding{{
				Check: "spf", Level: Fault, Text: domain + ": " + bad.Error(), Rejected: everybody,
				Remedy: "mend the record: " + record,
			}}
		case err != nil:
			return []Finding{silent("spf", domain, err)}
		case w.all:
			return []Finding{{
				Check: "spf", Level: Warning, Text: domain + " allows every machine of the world to send for it (+all)",
				Remedy: "name those that do, and end the record with -all or ~all",
			}}
		case result == spfPass:
			passed = append(passed, ip.String())
		case ip.IsValid():
			others = append(others, ip.String()+" ("+result+")")
		}
	}
	switch {
	case len(passed)+len(others) == 0:
		return []Finding{{Check: "spf", Level: Note, Text: domain + " has an SPF record: " + record +
			"; whether it allows the relay cannot be seen from here, because this machine has no public address of its own"}}
	case len(passed) > 0 && len(others) == 0:
		return []Finding{{Check: "spf", Level: OK, Text: fmt.Sprintf("%s allows %s to send for it", domain, strings.Join(passed, ", "))}}
	}
	return []Finding{{
		Check: "spf", Level: Warning,
		Text:   fmt.Sprintf("%s does not allow %s to send for it: %s", domain, strings.Join(others, ", "), record),
		Remedy: "if mail leaves from there, add it (ip4:, ip6:, a:, or the relay's include:); if the relay sends from other addresses, see that they are in the record",
	}}
}

// An spfMistake is what makes a record void for every receiver.
type spfMistake string

// Error returns the mistake.
func (e spfMistake) Error() string { return string(e) }

// What a record, with those it includes, may ask of the DNS (RFC 7208, section
// 4.6.4).
const (
	maxSPFLookups = 10 // terms that ask; also the names of one mx
	maxSPFVoid    = 2  // questions without an answer
)

// An spfWalk checks an address by a record.
type spfWalk struct {
	*Doctor
	ip            netip.Addr // not valid when it is not known
	local, sender string     // the two parts of the return path
	lookups, void int
	all           bool // it allows everybody
}

// count counts a term that asks the DNS.
func (w *spfWalk) count(term string) error {
	if w.lookups++; w.lookups > maxSPFLookups {
		return spfMistake(fmt.Sprintf("its SPF record asks the DNS more than %d times (at %s), and receivers give up", maxSPFLookups, term))
	}
	return nil
}

func (w *spfWalk) check(ctx context.Context, domain, record string, depth int) (string, error) {
	redirect := ""
	terms := strings.Fields(record)[1:]
	for _, term := range terms {
		if name, value, ok := strings.Cut(term, "="); ok && !strings.ContainsAny(name, ":/") {
			if strings.EqualFold(name, "redirect") {
				redirect = value
			}
			continue
		}
		result, mechanism := qualifier(term)
		match, err := w.match(ctx, domain, mechanism, depth)
		if err != nil {
			return "", err
		}
		if match {
			if strings.EqualFold(mechanism, "all") && result == spfPass {
				w.all = true
			}
			return result, nil
		}
	}
	if redirect == "" {
		return spfNeutral, nil
	}
	if err := w.count("redirect=" + redirect); err != nil {
		return "", err
	}
	redirect, known, err := w.expand(redirect, domain)
	if err != nil || !known {
		return spfNeutral, err
	}
	return w.other(ctx, redirect, depth)
}

// answered counts a question that had no answer.
func (w *spfWalk) answered(name string, n int, err error) error {
	switch {
	case err != nil && !missing(err):
		return err
	case n > 0:
		return nil
	}
	if w.void++; w.void > maxSPFVoid {
		return spfMistake(fmt.Sprintf("its SPF record asks the DNS more than %d times for what there is not (at %s), and receivers give up", maxSPFVoid, name))
	}
	return nil
}

func qualifier(term string) (result, mechanism string) {
	switch term[0] {
	case '-':
		return spfFail, term[1:]
	case '~':
		return spfSoftfail, term[1:]
	case '?':
		return spfNeutral, term[1:]
	case '+':
		return spfPass, term[1:]
	}
	return spfPass, term
}

// other checks by the record of another domain.
func (w *spfWalk) other(ctx context.Context, domain string, depth int) (string, error) {
	if depth > maxSPFLookups {
		return "", spfMistake("its SPF record leads in a circle")
	}
	records, err := w.txt(ctx, domain, "v=spf1")
	if err != nil {
		return "", err
	}
	if len(records) != 1 {
		return "", spfMistake(fmt.Sprintf("its SPF record refers to %s, which has %d SPF records and must have one", domain, len(records)))
	}
	return w.check(ctx, domain, records[0], depth+1)
}

// match reports whether a mechanism is about the address.
func (w *spfWalk) match(ctx context.Context, domain, mechanism string, depth int) (bool, error) {
	name, argument, _ := strings.Cut(mechanism, ":")
	name, lengths, _ := strings.Cut(name, "/")
	switch name = strings.ToLower(name); name {
	case "all":
		return true, nil
	case "ip4", "ip6":
		return w.inNetwork(mechanism, argument)
	case "include", "a", "mx", "ptr", "exists":
		if err := w.count(mechanism); err != nil {
			return false, err
		}
	default:
		return false, spfMistake(fmt.Sprintf("its SPF record has the term %q, which there is not", mechanism))
	}
	plain := strings.LastIndexByte(argument, '}') + 1 // a macro may have a slash
	if target, bits, ok := strings.Cut(argument[plain:], "/"); ok {
		argument, lengths = argument[:plain]+target, bits
	}
	if argument == "" {
		argument = domain
	}
	argument, known, err := w.expand(argument, domain)
	if err != nil || !known {
		return false, err
	}
	switch name {
	case "include":
		result, err := w.other(ctx, argument, depth)
		return result == spfPass, err
	case "a":
		return w.hasAddress(ctx, argument, lengths)
	case "mx":
		servers, err := w.Resolver.LookupMX(ctx, fqdn(argument))
		if err := w.answered(argument, len(servers), err); err != nil {
			return false, err
		}
		if len(servers) > maxSPFLookups {
			return false, spfMistake(fmt.Sprintf("its SPF record has %s with more than %d servers, and receivers give up", mechanism, maxSPFLookups))
		}
		for _, mx := range servers {
			if ok, err := w.hasAddress(ctx, mx.Host, lengths); ok || err != nil {
				return ok, err
			}
		}
	case "exists":
		ips, err := w.Resolver.LookupNetIP(ctx, "ip4", fqdn(argument))
		return len(ips) > 0, w.answered(argument, len(ips), err)
	}
	return false, nil // ptr is not to be used (section 5.5)
}

func (w *spfWalk) inNetwork(mechanism, argument string) (bool, error) {
	if !strings.Contains(argument, "/") {
		ip, err := netip.ParseAddr(argument)
		if err != nil {
			return false, spfMistake(fmt.Sprintf("its SPF record has %q, which is no address", mechanism))
		}
		return ip == w.ip, nil
	}
	network, err := netip.ParsePrefix(argument)
	if err != nil {
		return false, spfMistake(fmt.Sprintf("its SPF record has %q, which is no network", mechanism))
	}
	return network.Contains(w.ip), nil
}

// hasAddress reports whether a host has the address, or one in its network of
// so many bits: "24", "24//64" or "/64".
func (w *spfWalk) hasAddress(ctx context.Context, host, lengths string) (bool, error) {
	ips, err := w.Resolver.LookupNetIP(ctx, "ip", fqdn(host))
	if err := w.answered(host, len(ips), err); err != nil {
		return false, err
	}
	four, six, _ := strings.Cut(lengths, "/")
	six = strings.TrimPrefix(six, "/")
	for _, ip := range ips {
		ip = ip.Unmap()
		length, bits := four, 32
		if ip.Is6() {
			length, bits = six, 128
		}
		if n, err := strconv.Atoi(length); err == nil && n >= 0 && n <= bits {
			bits = n
		}
		if network, err := ip.Prefix(bits); err == nil && network.Contains(w.ip) {
			return true, nil
		}
	}
	return false, nil
}
