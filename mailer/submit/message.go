package submit

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"mime"
	"net/mail"
	"strings"

	gomail "github.com/wneessen/go-mail"
	"golang.org/x/net/idna"

	"broadsheet/mailer"
)

// maxLine is the longest line of a message in octets, without its end
// (RFC 5322, section 2.1.1).
const maxLine = 998

// Build returns the bytes of m, unsigned: RFC 5322 with CRLF line ends, a
// plain-text and an HTML form as multipart/alternative. Equal messages give
// equal bytes. A message that cannot be written correctly, such as one with a
// line break in its subject, is refused; the error is a *mailer.SendError with
// a permanent fault.
func Build(m mailer.Message) ([]byte, error) {
	body := *m.Body
	m.Body = &body
	for _, s := range []*string{&m.Subject, &m.ListName, &m.Text, &m.HTML} {
		*s = strings.ToValidUTF8(*s, "\ufffd")
	}
	if m.Token != "" {
		m.Text = strings.ReplaceAll(m.Text, mailer.TokenMark, m.Token)
		m.HTML = strings.ReplaceAll(m.HTML, mailer.TokenMark, m.Token)
	}
	from, to, err := check(m)
	if err != nil {
		return nil, err
	}
	msg := gomail.NewMsg(
		gomail.WithCharset(gomail.CharsetUTF8),
		gomail.WithEncoding(gomail.EncodingB64), // of the header's encoded words
		gomail.WithNoDefaultUserAgent(),
		gomail.WithBoundary(boundary(m.ID)),
	)
	msg.FromMailAddress(from)
	msg.ToMailAddress(to)
	msg.Subject(m.Subject)
	msg.SetDateWithValue(m.Date)
	msg.SetMessageIDWithValue(m.ID)
	msg.SetBodyString(gomail.TypeTextPlain, crlf(m.Text), gomail.WithPartEncoding(transferEncoding(m.Text)))
	if m.HTML != "" {
		msg.AddAlternativeString(gomail.TypeTextHTML, crlf(m.HTML), gomail.WithPartEncoding(transferEncoding(m.HTML)))
	}

	// What go-mail does not know or would fold and encode wrongly (it encodes
	// a List-Id with its brackets) goes first, one line a field. go-mail's own
	// way for such fields writes them in random order.
	var b bytes.Buffer
	for _, h := range fields(m) {
		b.WriteString(h.Name + ": " + h.Value + "\r\n")
	}
	if _, err := msg.WriteTo(&b); err != nil {
		return nil, refused("build the message: %w", err)
	}
	return b.Bytes(), nil
}

// fields returns the header fields of m beside those of RFC 5322.
func fields(m mailer.Message) []mailer.Header {
	var hs []mailer.Header
	if m.ListID != "" {
		v := "<" + m.ListID + ">" // RFC 2919, section 2
		if m.ListName != "" {
			v = phrase(m.ListName) + " " + v
		}
		hs = append(hs, mailer.Header{Name: "List-Id", Value: v})
	}
	hs = append(hs, m.Headers...)
	hs = append(hs,
		mailer.Header{Name: "Precedence", Value: "bulk"},
		mailer.Header{Name: "Auto-Submitted", Value: "auto-generated"}, // RFC 3834, section 5
		mailer.Header{Name: "X-Auto-Response-Suppress", Value: "All"},
	)
	if m.Language != "" {
		hs = append(hs, mailer.Header{Name: "Content-Language", Value: m.Language}) // RFC 3282
	}
	return hs
}

// phrase returns a name as an RFC 5322 phrase: quoted, or encoded (RFC 2047).
// Encoded words are folded one a line.
func phrase(name string) string {
	if ascii(name) {
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`
	}
	return strings.ReplaceAll(mime.BEncoding.Encode("utf-8", name), "?= =?", "?=\r\n =?")
}

// check refuses what would break the message apart and returns its parsed
// addresses.
func check(m mailer.Message) (from, to *mail.Address, err error) {
	for _, f := range []mailer.Header{
		{Name: "From", Value: m.From},
		{Name: "To", Value: m.To},
		{Name: "Subject", Value: m.Subject},
		{Name: "Message-ID", Value: m.ID},
		{Name: "Content-Language", Value: m.Language},
		{Name: "List-Id", Value: m.ListID},
		{Name: "List-Id", Value: m.ListName},
	} {
		if err := clean(f); err != nil {
			return nil, nil, err
		}
	}
	for _, f := range m.Headers {
		if err := further(f); err != nil {
			return nil, nil, err
		}
	}
	if err := identifiers(m); err != nil {
		return nil, nil, err
	}
	if from, err = address("From", m.From); err != nil {
		return nil, nil, err
	}
	to, err = address("To", m.To)
	return from, to, err
}

// identifiers checks what stands between angle brackets.
func identifiers(m mailer.Message) error {
	if local, domain, ok := strings.Cut(m.ID, "@"); !ok || local == "" || domain == "" || !token(m.ID) {
		return refused("header Message-ID: %q is not of the form id@domain", m.ID)
	}
	if m.ListID != "" && (!token(m.ListID) || len(m.ListID) > 255) {
		return refused("header List-Id: %q is not of the form name.domain", m.ListID)
	}
	if !ascii(m.Language) {
		return refused("header Content-Language: %q is not a language tag", m.Language)
	}
	return nil
}

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
		if r <= ' ' || r > '~' || r == ':' {
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

// boundary returns a separator of parts that depends on the message alone.
func boundary(id string) string {
	sum := sha256.Sum256([]byte(id))
	return "part-" + hex.EncodeToString(sum[:16])
}

// crlf returns s with CRLF line ends, as text travels (RFC 2046, section
// 4.1.1), base64 or not.
func crlf(s string) string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s)
	return strings.ReplaceAll(s, "\n", "\r\n")
}

// transferEncoding returns the shorter encoding: quoted-printable for Latin
// script, base64 for Chinese.
func transferEncoding(s string) gomail.Encoding {
	if qp, b64 := encodedSizes(s); b64 < qp {
		return gomail.EncodingB64
	}
	return gomail.EncodingQP
}

// EncodedLen returns about how many octets a body takes in a message. It is
// right within two per cent, and never too low.
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
		case c == '=' || c >= 0x7f || c < ' ' && c != '\t':
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
