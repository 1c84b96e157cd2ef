package doctor

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"slices"
	"strings"

	"github.com/emersion/go-msgauth/dkim"

	"broadsheet/mailer/submit"
)

// clipped is how large HTML may be before Gmail cuts it off, in bytes.
const clipped = 102_000

// message checks the bytes of the next edition.
func (d *Doctor) message(ctx context.Context, p *Patient) []Finding {
	if p.Message == nil {
		return []Finding{{Check: "header", Level: Note, Text: "no digest has a recipient and something to tell, so that there is no message to look at"}}
	}
	m, err := mail.ReadMessage(bytes.NewReader(p.Message))
	if err != nil {
		return []Finding{{Check: "header", Level: Fault, Text: "the next edition is no message: " + err.Error(), Rejected: everybody}}
	}
	verified, out := d.signatures(ctx, p)
	out = append(out, singles(m.Header)...)
	out = append(out, d.unsubscribing(p, m.Header, verified)...)
	if size := htmlSize(m.Header.Get, m.Body, 0); size > clipped {
		out = append(out, Finding{
			Check: "size", Level: Warning, Text: fmt.Sprintf("the HTML has %d KB; Gmail shows %d", size/1000, clipped/1000),
			Remedy: "lower max_per_theme of the digest",
		})
	}
	if long := longestLine(p.Message); long > 998 { // RFC 5322, section 2.1.1
		out = append(out, Finding{Check: "header", Level: Fault, Text: fmt.Sprintf("a line has %d octets, and 998 are the most", long), Rejected: everybody})
	}
	return out
}

// signatures verifies the signatures as receivers do, with the keys in the
// DNS, and returns those that are good.
func (d *Doctor) signatures(ctx context.Context, p *Patient) (good []*dkim.Verification, out []Finding) {
	if len(p.Mail.DKIM) == 0 {
		return nil, nil
	}
	records := map[string]string{}
	for _, k := range p.Mail.DKIM {
		if r, err := submit.DNSRecord(k); err == nil {
			records[r.Name] = r.Text
		}
	}
	check := func(lookup func(string) ([]string, error)) ([]*dkim.Verification, error) {
		return dkim.VerifyWithOptions(bytes.NewReader(p.Message), &dkim.VerifyOptions{LookupTXT: lookup, MaxVerifications: 10})
	}
	// Once with the keys of the files, so that a fault of ours is told apart
	// from one of the DNS, which has its own check.
	own, err := check(func(name string) ([]string, error) {
		if r, ok := records[strings.ToLower(strings.TrimSuffix(name, "."))]; ok {
			return []string{r}, nil
		}
		return nil, errors.New("no such key is configured")
	})
	if err != nil || len(own) == 0 {
		return nil, []Finding{{Check: "signature", Level: Fault, Text: fmt.Sprintf("the next edition has no signature that can be read: %v", err), Rejected: everybody}}
	}
	public, err := check(func(name string) ([]string, error) { return d.Resolver.LookupTXT(ctx, fqdn(name)) })
	if err != nil {
		return nil, []Finding{{Check: "signature", Level: Fault, Text: err.Error(), Rejected: everybody}}
	}
	for i, v := range own {
		f := Finding{Check: "signature", Level: OK, Text: "the next edition's signature of " + v.Domain + " verifies"}
		switch {
		case v.Err != nil:
			f = Finding{
				Check: "signature", Level: Fault, Text: "the next edition's signature of " + v.Domain + " does not verify: " + v.Err.Error(), Rejected: everybody,
				Remedy: "this is a fault of Broadsheet's; please report it",
			}
		case public[i].Err != nil:
			f.Level, f.Text = Warning, "the next edition's signature of "+v.Domain+" is good, but receivers cannot verify it: "+public[i].Err.Error()
			f.Remedy = "see dkim"
		default:
			good = append(good, v)
		}
		out = append(out, f)
	}
	return good, out
}

// singles checks the fields that a message must have once.
func singles(h mail.Header) []Finding {
	var bad []string
	for _, name := range []string{"From", "To", "Subject", "Date", "Message-Id"} {
		if n := len(h[name]); n != 1 {
			bad = append(bad, fmt.Sprintf("%s stands %d times", name, n))
		}
	}
	for _, name := range []string{"Sender", "Reply-To", "Cc", "Mime-Version", "Content-Type", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post"} {
		if n := len(h[name]); n > 1 {
			bad = append(bad, fmt.Sprintf("%s stands %d times", name, n))
		}
	}
	if from, err := h.AddressList("From"); err != nil || len(from) != 1 {
		bad = append(bad, "From is not one address")
	}
	if len(bad) > 0 {
		return []Finding{{Check: "header", Level: Fault, Text: strings.Join(bad, "; "), Rejected: everybody, Remedy: "this is a fault of Broadsheet's; please report it"}}
	}
	return []Finding{{Check: "header", Level: OK, Text: "the fields that must stand once do"}}
}

// unsubscribing checks the ways to leave the list: RFC 8058 for Gmail and
// Yahoo, mailto for Outlook.
func (d *Doctor) unsubscribing(p *Patient, h mail.Header, verified []*dkim.Verification) []Finding {
	ways := h.Get("List-Unsubscribe")
	https, mailto := strings.Contains(ways, "<https://"), strings.Contains(ways, "<mailto:")
	oneClick := h.Get("List-Unsubscribe-Post") == "List-Unsubscribe=One-Click"
	var out []Finding
	switch {
	case !https || !oneClick:
		f := Finding{
			Check: "unsubscribe", Level: Fault, Text: "there is no one-click way to unsubscribe (RFC 8058)", Rejected: "Gmail, Yahoo",
			Remedy: "this is a fault of Broadsheet's; please report it",
		}
		if !strings.HasPrefix(p.Site, "https://") {
			f.Remedy = "serve the site over https, and let site.url begin with https://"
		}
		out = append(out, f)
	default:
		out = append(out, Finding{Check: "unsubscribe", Level: OK, Text: "one click unsubscribes (RFC 8058)"})
	}
	if !mailto {
		out = append(out, Finding{Check: "unsubscribe", Level: Warning, Text: "there is no address to unsubscribe by mail, and Outlook takes nothing else", Remedy: "set mail.receive or site.contact"})
	}
	if h.Get("List-Id") == "" {
		out = append(out, Finding{Check: "header", Level: Warning, Text: "there is no List-Id", Remedy: "this is a fault of Broadsheet's; please report it"})
	}
	for _, v := range verified {
		for _, name := range []string{"List-Unsubscribe", "List-Unsubscribe-Post"} {
			if h.Get(name) != "" && !slices.ContainsFunc(v.HeaderKeys, func(k string) bool { return strings.EqualFold(k, name) }) {
				out = append(out, Finding{
					Check: "unsubscribe", Level: Fault, Text: "the signature of " + v.Domain + " does not cover " + name, Rejected: "Gmail, Yahoo",
					Remedy: "this is a fault of Broadsheet's; please report it",
				})
			}
		}
	}
	return out
}

// htmlSize returns how large the HTML of a message is when it is decoded.
func htmlSize(get func(string) string, body io.Reader, depth int) int {
	kind, params, err := mime.ParseMediaType(get("Content-Type"))
	if err != nil || depth > 4 {
		return 0
	}
	if strings.HasPrefix(kind, "multipart/") {
		size := 0
		for r := multipart.NewReader(body, params["boundary"]); ; {
			part, err := r.NextRawPart()
			if err != nil {
				return size
			}
			size += htmlSize(part.Header.Get, part, depth+1)
		}
	}
	if kind != "text/html" {
		return 0
	}
	switch strings.ToLower(get("Content-Transfer-Encoding")) {
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	}
	n, _ := io.Copy(io.Discard, body) // what can be decoded counts
	return int(n)
}

func longestLine(b []byte) int {
	longest := 0
	for line := range bytes.Lines(b) {
		longest = max(longest, len(bytes.TrimRight(line, "\r\n")))
	}
	return longest
}
