package read

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	maxMailHeader = 256 << 10 // bytes of one header block
	maxMailFields = 1000      // fields of one header block
)

// A mailHeader is the header of a message or of a part of one; values are as
// sent, unfolded.
type mailHeader map[string][]string

// get returns the first value of a field, whose name is in canonical form.
func (h mailHeader) get(name string) string {
	if v := h[name]; len(v) > 0 {
		return strings.TrimSpace(v[0])
	}
	return ""
}

// splitMail cuts a message into header and body at the first empty line (RFC
// 5322, section 2.1). A line that is no field is passed over: relays add such.
func splitMail(b []byte) (h mailHeader, body []byte) {
	h = make(mailHeader)
	var name string
	var value []byte
	store := func() {
		if name != "" {
			h[name] = append(h[name], string(value))
		}
		name, value = "", value[:0]
	}
	for n := 0; len(b) > 0; {
		line, rest, _ := bytes.Cut(b, []byte("\n"))
		b = rest
		line = bytes.TrimSuffix(line, []byte("\r"))
		if len(line) == 0 {
			break
		}
		if n += len(line); n > maxMailHeader || len(h) > maxMailFields {
			continue
		}
		if line[0] == ' ' || line[0] == '\t' {
			value = append(append(value, ' '), bytes.TrimSpace(line)...)
			continue
		}
		store()
		if key, v, ok := bytes.Cut(line, []byte(":")); ok && mailFieldName(key) {
			name = textproto.CanonicalMIMEHeaderKey(string(bytes.TrimSpace(key)))
			value = append(value, bytes.TrimSpace(v)...)
		}
	}
	store()
	return h, b
}

// mailFieldName reports whether b may be the name of a header field.
func mailFieldName(b []byte) bool {
	b = bytes.TrimRight(b, " \t")
	for _, c := range b {
		if c <= ' ' || c >= 0x7f || c == ':' {
			return false
		}
	}
	return len(b) > 0
}

// text returns the text of a field: encoded words decoded, and bytes that are
// no UTF-8 read in the charset they look like.
func (h mailHeader) text(name, language string) string {
	return squeeze(decodeWords(h.get(name), language))
}

// decodeWords decodes the encoded words of a field (RFC 2047). Words of one
// charset that follow each other are put together first: many a program cuts
// Chinese text in the middle of a character.
func decodeWords(s, language string) string {
	if !utf8.ValidString(s) {
		text, _ := decodeText([]byte(s), "", language)
		s = string(text)
	}
	if !strings.Contains(s, "=?") {
		return s
	}
	var out strings.Builder
	var pending []byte
	label := ""
	flush := func() {
		if pending != nil {
			text, _ := decodeText(pending, "text/plain; charset="+label, language)
			out.Write(text)
			pending = nil
		}
	}
	for s != "" {
		i := strings.Index(s, "=?")
		if i < 0 {
			break
		}
		charset, raw, n := encodedWord(s[i:])
		if n == 0 {
			flush()
			out.WriteString(s[:i+2])
			s = s[i+2:]
			continue
		}
		if strings.TrimSpace(s[:i]) != "" || pending != nil && charset != label {
			flush()
		}
		if pending == nil { // white space between encoded words is none
			out.WriteString(s[:i])
		}
		label, pending = charset, append(pending, raw...)
		if pending == nil {
			pending = []byte{}
		}
		s = s[i+n:]
	}
	flush()
	out.WriteString(s)
	return out.String()
}

// encodedWord reads the encoded word that s begins with, and returns its
// length; 0 when there is none.
func encodedWord(s string) (charset string, raw []byte, n int) {
	end := strings.IndexByte(s[2:], '?')
	if end <= 0 || end > 40 || len(s) < end+5 || s[2+end+2] != '?' {
		return "", nil, 0
	}
	charset, _, _ = strings.Cut(strings.ToLower(s[2:2+end]), "*") // a language may follow
	encoding, rest := s[2+end+1]|0x20, s[2+end+3:]
	stop := strings.Index(rest[:min(len(rest), 4096)], "?=")
	if stop < 0 || strings.ContainsAny(charset, " <>@\"") {
		return "", nil, 0
	}
	text := rest[:stop]
	switch encoding {
	case 'b':
		raw = lenientBase64([]byte(text))
	case 'q':
		raw, _ = io.ReadAll(quotedprintable.NewReader(strings.NewReader(strings.ReplaceAll(text, "_", " "))))
	default:
		return "", nil, 0
	}
	return charset, raw, 2 + end + 3 + stop + 2
}

// lenientBase64 decodes base64 with whatever else stands between; what is cut
// off is decoded as far as it goes.
func lenientBase64(b []byte) []byte {
	clean := make([]byte, 0, len(b))
	for _, c := range b {
		if c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '+' || c == '/' {
			clean = append(clean, c)
		}
	}
	if len(clean)%4 == 1 {
		clean = clean[:len(clean)-1]
	}
	out := make([]byte, base64.RawStdEncoding.DecodedLen(len(clean)))
	n, _ := base64.RawStdEncoding.Decode(out, clean) // only the alphabet is left
	return out[:n]
}

// persons returns the people of an address field.
func (h mailHeader) persons(name, language string) []Person {
	v := h.get(name)
	if v == "" {
		return nil
	}
	var ps []Person
	if list, err := mail.ParseAddressList(v); err == nil {
		for _, a := range list {
			ps = appendPerson(ps, Person{Name: personName(decodeWords(a.Name, language), a.Address), Email: a.Address})
		}
		if len(ps) > 0 && !strings.Contains(v, "=?") {
			return ps
		}
	}
	if p := parsePerson(decodeWords(v, language)); p != (Person{}) && len(ps) <= 1 {
		p.Name = personName(p.Name, p.Email)
		return []Person{p}
	}
	return ps
}

// personName returns a name without quotation marks; one that only repeats
// the address is none.
func personName(name, address string) string {
	if name = strings.Trim(squeeze(name), `"' `); strings.EqualFold(name, address) {
		return ""
	}
	return name
}

// date returns when a message was written, or, when it does not say so, when
// the first relay took it.
func (h mailHeader) date(loc *time.Location) (t time.Time, raw string) {
	raw = h.get("Date")
	if t, ok := mailDate(raw, loc); ok {
		return t, raw
	}
	if received := h["Received"]; len(received) > 0 {
		last := received[len(received)-1]
		if i := strings.LastIndexByte(last, ';'); i >= 0 {
			if t, ok := mailDate(last[i+1:], loc); ok {
				return t, firstOf(raw, strings.TrimSpace(last[i+1:]))
			}
		}
	}
	return time.Time{}, raw
}

// mailDate reads the date of a message (RFC 5322, section 3.3), or one in any
// other form that feeds have.
func mailDate(s string, loc *time.Location) (time.Time, bool) {
	if s == "" {
		return time.Time{}, false
	}
	if t, ok := parseDate(s, loc); ok {
		return t, true
	}
	t, err := mail.ParseDate(s)
	if err != nil || t.Year() < 1970 || t.Year() > 2200 {
		return time.Time{}, false
	}
	return t.UTC(), true
}

// messageID returns an id without its angle brackets, or "".
func (h mailHeader) messageID() string {
	id := h.get("Message-Id")
	if i := strings.IndexByte(id, '<'); i >= 0 {
		if j := strings.IndexByte(id[i:], '>'); j > 0 {
			id = id[i+1 : i+j]
		}
	}
	return strings.TrimSpace(id)
}

// list returns the name and the id of the mailing list (RFC 2919), or "".
func (h mailHeader) list(language string) (name, id string) {
	v := h.text("List-Id", language)
	name, rest, ok := strings.Cut(v, "<")
	if !ok {
		return "", v
	}
	id, _, _ = strings.Cut(rest, ">")
	return strings.Trim(strings.TrimSpace(name), `"' `), strings.TrimSpace(id)
}

// address returns the first web address in angle brackets of a field.
func (h mailHeader) address(name string) string {
	for _, part := range strings.Split(h.get(name), "<") {
		if u, _, ok := strings.Cut(part, ">"); ok && webAddress(strings.TrimSpace(u)) {
			return fieldAddress(nil, u)
		}
	}
	return ""
}

// contentType returns the media type of a part and its parameters. One that
// cannot be read is plain text.
func (h mailHeader) contentType() (media string, params map[string]string) {
	v := h.get("Content-Type")
	if v == "" {
		return "text/plain", nil
	}
	media, params, err := mime.ParseMediaType(v)
	if err == nil {
		return media, params
	}
	media, _, _ = strings.Cut(v, ";")
	params = map[string]string{"charset": charsetParam(v)}
	if _, rest, ok := strings.Cut(strings.ToLower(v), "boundary="); ok {
		rest = v[len(v)-len(rest):]
		rest, _, _ = strings.Cut(rest, ";")
		params["boundary"] = strings.Trim(strings.TrimSpace(rest), `"`)
	}
	if media = strings.ToLower(strings.TrimSpace(media)); !strings.Contains(media, "/") {
		return "text/plain", params
	}
	return media, params
}
