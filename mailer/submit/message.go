package submit

import (
	"encoding/base64"
	"net/mail"
	"slices"
	"strings"

	"golang.org/x/net/idna"

	"broadsheet/mailer"
)

// maxLine is the longest line of a message in octets, without its end
// (RFC 5322, section 2.1.1).
const maxLine = 998

// Build returns the bytes of m, unsigned: RFC 5322 with CRLF line ends, a
// plain-text and an HTML form as multipart/alternative, nothing in it beyond
// ASCII but an address that is. Equal messages give equal bytes. A message that
// cannot be written correctly, such as one with a line break in its subject, is
// refused; the error is a *mailer.SendError with a permanent fault.
func Build(m mailer.Message) ([]byte, error) {
	return signers(nil).message(newVariant(m.Body), &m, false)
}

// message returns the bytes of a message of a variant with a signature of
// every key before it.
func (ss signers) message(v *variant, m *mailer.Message, eight bool) ([]byte, error) {
	d, err := v.draft(m)
	if err != nil {
		return nil, err
	}
	return ss.finish(nil, d, m.Token, v.form(eight))
}

// A draft is a message that is found to be correct, but for its body.
type draft struct {
	fields   []byte // of the header, but for those of the body
	from, to string // of the envelope
}

// draft checks m and writes its header.
func (v *variant) draft(m *mailer.Message) (draft, error) {
	l, err := v.letterhead(m)
	if err != nil {
		return draft{}, err
	}
	to, err := checkOwn(m)
	if err != nil {
		return draft{}, err
	}
	d := draft{from: l.envelope, to: spec(to.Address)}
	if m.Envelope != "" {
		from, err := address("Return-Path", m.Envelope)
		if err != nil {
			return draft{}, err
		}
		d.from = spec(from.Address)
	}
	b := make([]byte, 0, 2048)
	b = append(b, l.top...)
	b = append(append(append(b, "To: "...), named(len("To: "), to.Name, d.to)...), "\r\n"...)
	b = append(append(append(b, "Message-ID: <"...), m.ID...), ">\r\n"...)
	for _, h := range m.Headers {
		b = append(append(append(append(b, h.Name...), ": "...), h.Value...), "\r\n"...)
	}
	b = append(b, l.bottom...)
	d.fields = b
	return d, nil
}

// finish appends the signatures, the header and the body with a token to buf.
func (ss signers) finish(buf []byte, d draft, token string, f *form) ([]byte, error) {
	head := d.fields
	head = append(head, f.fields...)
	buf = slices.Grow(buf, len(f.data)+len(head)+1024*len(ss)+512) // with room for the next one's announcement
	if len(ss) > 0 {
		sum, err := f.digest().sum(token)
		if err != nil {
			return nil, err
		}
		if buf, err = ss.sign(buf, head, sum); err != nil {
			return nil, err
		}
	}
	buf = append(append(buf, head...), "\r\n"...)
	start := len(buf)
	buf = append(buf, f.data...)
	if token != "" {
		for i := range f.patches {
			f.patches[i].put(buf[start:], token)
		}
	}
	return buf, nil
}

// checkCommon refuses what would break all messages with a body apart, and
// returns the parsed address of the sender.
func checkCommon(b *mailer.Body, m *mailer.Message, listName string) (from *mail.Address, err error) {
	for _, f := range []mailer.Header{
		{Name: "From", Value: m.From},
		{Name: "Subject", Value: b.Subject},
		{Name: "Content-Language", Value: b.Language},
		{Name: "List-Id", Value: m.ListID},
		{Name: "List-Id", Value: listName},
	} {
		if err := clean(f); err != nil {
			return nil, err
		}
	}
	if m.ListID != "" && (!token(m.ListID) || len(m.ListID) > 255) {
		return nil, refused("header List-Id: %q is not of the form name.domain", m.ListID)
	}
	if !ascii(b.Language) {
		return nil, refused("header Content-Language: %q is not a language tag", b.Language)
	}
	return address("From", m.From)
}

// checkOwn refuses what would break one message apart, and returns the parsed
// address of the recipient.
func checkOwn(m *mailer.Message) (to *mail.Address, err error) {
	for _, f := range []mailer.Header{{Name: "To", Value: m.To}, {Name: "Message-ID", Value: m.ID}, {Name: "Return-Path", Value: m.Envelope}} {
		if err := clean(f); err != nil {
			return nil, err
		}
	}
	for _, f := range m.Headers {
		if err := further(f); err != nil {
			return nil, err
		}
	}
	if local, domain, ok := strings.Cut(m.ID, "@"); !ok || local == "" || domain == "" || !token(m.ID) {
		return nil, refused("header Message-ID: %q is not of the form id@domain", m.ID)
	}
	if m.Token != "" && (len(m.Token) != len(mailer.TokenMark) || strings.Trim(m.Token, tokenDigits) != "") {
		return nil, refused("the recipient's token is not %d letters, digits, - and _", len(mailer.TokenMark))
	}
	return address("To", m.To)
}

// tokenDigits are what a recipient's token may be made of: nothing that any
// encoding or SMTP would change.
const tokenDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// clean refuses control characters, above all line breaks, which would start
// another header field.
func clean(f mailer.Header) error {
	for _, r := range f.Value {
		if r < ' ' && r != '\t' || r == 0x7f {
			return refused("header %s: %q has a line break or control character in it", f.Name, f.Value)
		}
	}
	return nil
}

// further checks a header field that the caller added.
func further(f mailer.Header) error {
	if err := clean(f); err != nil {
		return err
	}
	for _, r := range f.Name {
		if r <= ' ' || r > '~' || r == ':' || f.Name[0] == '.' {
			return refused("header %q: not a field name", f.Name)
		}
	}
	switch strings.ToLower(f.Name) {
	case "":
		return refused("a header field has no name")
	case "from", "to", "cc", "bcc", "subject", "date", "message-id", "mime-version", "content-type",
		"content-transfer-encoding", "sender", "dkim-signature", "return-path", "list-id", "content-language",
		"precedence", "auto-submitted", "x-auto-response-suppress":
		return refused("header %s: is not for the caller to set", f.Name)
	}
	if !ascii(f.Value) {
		return refused("header %s: %q has characters beyond ASCII", f.Name, f.Value)
	}
	if len(f.Name)+2+len(f.Value) > maxLine {
		return refused("header %s: is longer than a line may be (%d octets)", f.Name, maxLine)
	}
	return nil
}

// address parses an address and gives its domain the form that travels.
func address(field, s string) (*mail.Address, error) {
	a, err := mail.ParseAddress(s)
	if err != nil {
		return nil, refused("header %s: %q is not a mail address", field, s)
	}
	if err := clean(mailer.Header{Name: field, Value: a.Name + a.Address}); err != nil {
		return nil, err // an encoded word can hide a line break
	}
	at := strings.LastIndexByte(a.Address, '@')
	domain, err := idna.Lookup.ToASCII(a.Address[at+1:])
	if err != nil && !strings.HasPrefix(a.Address[at+1:], "[") {
		return nil, refused("header %s: %q has an impossible domain: %v", field, s, err)
	}
	if err == nil {
		for label := range strings.SplitSeq(domain, ".") {
			if len(label) > 63 { // RFC 1035, section 2.3.4
				return nil, refused("header %s: %q has a domain with a part longer than 63 octets", field, s)
			}
		}
		a.Address = a.Address[:at+1] + domain
	}
	if len(a.Address) > 254 { // RFC 5321, section 4.5.3.1.3, without the brackets
		return nil, refused("header %s: the address is longer than 254 octets", field)
	}
	return a, nil
}

// token reports whether s may stand between angle brackets as it is.
func token(s string) bool {
	for _, r := range s {
		if r <= ' ' || r > '~' || strings.ContainsRune(`<>()[]\,;:"`, r) {
			return false
		}
	}
	return len(s) <= 250
}

// EncodedLen returns about how many octets a body takes in a message that keeps
// to ASCII, within two per cent; what is ASCII from the start may take less.
func EncodedLen(s string) int {
	qp, b64 := encodedSizes(s)
	return min(qp, b64)
}

func encodedSizes(s string) (qp, b64 int) {
	line, lines := 0, 0
	for i := range len(s) {
		n := 1
		switch c := s[i]; {
		case c == '\n':
			lines++
			line = 0
			qp += 2
			continue
		case c == '=' || c >= 0x7f || c < ' ' && c != '\t' || c == '.' && line == 0:
			n = 3
		}
		if line+n > 75 {
			qp += 3 // soft line break
			line = 0
		}
		line += n
		qp += n
	}
	b64 = base64.StdEncoding.EncodedLen(len(s) + lines)
	return qp + lines, b64 + 2*(b64/76+1)
}
