package receive

import (
	"bytes"
	"mime"
	"net/mail"
	"strings"

	"golang.org/x/net/html/charset"
)

const (
	maxFields = 1000      // of a header; the rest is not looked at
	maxField  = 100 << 10 // bytes of one field's value; the rest is cut off
)

// A header is the fields of a message or a part, in order. It is read whatever
// it is like: what has no form is passed over.
type header []field

type field struct{ name, value string } // unfolded

// get returns the first value of a name, "" when there is none.
func (h header) get(name string) string {
	for _, f := range h {
		if strings.EqualFold(f.name, name) {
			return f.value
		}
	}
	return ""
}

// has reports whether there is a field of a name.
func (h header) has(name string) bool {
	for _, f := range h {
		if strings.EqualFold(f.name, name) {
			return true
		}
	}
	return false
}

// splitHeader reads the header of a message and returns what comes after it.
// The body shares the memory of b.
func splitHeader(b []byte) (h header, body []byte) {
	var open []byte // the field that may go on in the next line
	end := func() {
		name, value, ok := bytes.Cut(open, []byte(":"))
		if ok && len(h) < maxFields {
			h = append(h, field{string(bytes.TrimSpace(name)), string(bytes.TrimSpace(value))})
		}
		open = nil
	}
	for len(b) > 0 {
		line, rest := cutLine(b)
		if len(bytes.TrimSpace(line)) == 0 {
			end()
			return h, rest
		}
		b = rest
		if line[0] != ' ' && line[0] != '\t' {
			end()
			open = append(open, line[:min(len(line), maxField)]...)
		} else if len(open) > 0 && len(open)+len(line) < maxField {
			open = append(append(open, ' '), bytes.TrimSpace(line)...)
		}
	}
	end()
	return h, nil
}

// cutLine returns the first line of b, without its end, and what follows.
func cutLine(b []byte) (line, rest []byte) {
	i := bytes.IndexByte(b, '\n')
	if i < 0 {
		return b, nil
	}
	return bytes.TrimSuffix(b[:i], []byte("\r")), b[i+1:]
}

// text returns a value with its encoded words (RFC 2047) decoded.
func (h header) text(name string) string {
	v := h.get(name)
	words := mime.WordDecoder{CharsetReader: charset.NewReaderLabel}
	if s, err := words.DecodeHeader(v); err == nil {
		v = s
	}
	return strings.ToValidUTF8(v, "\uFFFD")
}

// address returns the first address of a field in lower case, "" when it has
// none.
func (h header) address(name string) string {
	v := h.get(name)
	if v == "" {
		return ""
	}
	if list, err := mail.ParseAddressList(v); err == nil && len(list) > 0 {
		return strings.ToLower(list[0].Address)
	}
	// A name in quotes that are not closed, a charset that is not known: the
	// address is still what stands in the brackets.
	if i, j := strings.LastIndexByte(v, '<'), strings.LastIndexByte(v, '>'); i >= 0 && i < j {
		v = v[i+1 : j]
	}
	if v = strings.TrimSpace(v); strings.Count(v, "@") == 1 && !strings.ContainsAny(v, " \t,;<>") {
		return strings.ToLower(v)
	}
	return ""
}

// mediaType returns the type of a part and its parameters; text/plain when it
// does not say or what it says has no form (RFC 2045, section 5.2).
func (h header) mediaType() (kind string, params map[string]string) {
	kind, params, err := mime.ParseMediaType(h.get("Content-Type"))
	if err != nil && kind == "" {
		return "text/plain", nil
	}
	return kind, params
}
