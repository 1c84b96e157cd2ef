package read

import (
	"bytes"
	"html"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	maxEntities  = 256     // declared by a document
	maxExpansion = 1 << 20 // bytes that a document's own entities may become in all
)

// entities are those a document type declares. Only text counts: an entity
// that names another, or a file, is not followed, and what all of them become
// is bounded, so a document cannot grow. Nil has none.
type entities struct {
	values map[string]string
	left   int // bytes they may still become
}

// expand returns what a reference stands for.
func (e *entities) expand(name string) (string, bool) {
	if e == nil {
		return "", false
	}
	v, ok := e.values[name]
	if !ok || len(v) > e.left {
		return "", false
	}
	e.left -= len(v)
	return v, true
}

// declaredEntities returns the entities that the document type in the prolog
// declares, or nil.
func declaredEntities(prolog []byte) *entities {
	e := &entities{values: make(map[string]string), left: maxExpansion}
	for len(e.values) < maxEntities {
		i := bytes.Index(prolog, []byte("<!ENTITY"))
		if i < 0 {
			break
		}
		prolog = prolog[i+len("<!ENTITY"):]
		decl, _, _ := bytes.Cut(prolog, []byte(">"))
		name, value, ok := strings.Cut(strings.TrimSpace(string(decl)), " ")
		value = strings.TrimSpace(value)
		if !ok || len(value) < 2 || len(value) > 1024 || value[0] != '"' && value[0] != '\'' || value[len(value)-1] != value[0] {
			continue
		}
		if _, known := e.values[name]; !known {
			e.values[name] = decodeReferences(value[1:len(value)-1], nil)
		}
	}
	if len(e.values) == 0 {
		return nil
	}
	return e
}

// expandEntities writes the document's own entities out in the skeleton, for
// gofeed does not know them.
func (o *outline) expandEntities(b []byte) []byte {
	if o.entities == nil {
		return b
	}
	out := make([]byte, 0, len(b))
	for {
		i := bytes.IndexByte(b, '&')
		if i < 0 {
			return append(out, b...)
		}
		out = append(out, b[:i]...)
		b = b[i:]
		if end := bytes.IndexByte(b[:min(len(b), maxReference)], ';'); end > 1 {
			if v, ok := o.entities.expand(string(b[1:end])); ok {
				out = append(out, html.EscapeString(v)...)
				b = b[end+1:]
				continue
			}
		}
		out = append(out, '&')
		b = b[1:]
	}
}

// maxReference is the length of the longest named reference, with a margin.
const maxReference = 40

// decodeReferences decodes character references, once: those of XML and HTML
// and the entities the document declares. An ampersand that begins none is
// itself. References to characters that XML forbids vanish.
func decodeReferences(s string, ent *entities) string {
	i := strings.IndexByte(s, '&')
	if i < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for i >= 0 {
		b.WriteString(s[:i])
		s = s[i:]
		text, n := decodeReference(s, ent)
		b.WriteString(text)
		s = s[n:]
		i = strings.IndexByte(s, '&')
	}
	b.WriteString(s)
	return b.String()
}

// decodeReference decodes the reference that s, which begins with an
// ampersand, begins with, and returns its length.
func decodeReference(s string, ent *entities) (text string, n int) {
	end := strings.IndexByte(s[:min(len(s), maxReference)], ';')
	if end < 2 {
		return "&", 1
	}
	name := s[1:end]
	if !referenceName(name) {
		return "&", 1
	}
	switch name {
	case "lt":
		return "<", 4
	case "gt":
		return ">", 4
	case "amp":
		return "&", 5
	case "quot":
		return `"`, 6
	case "apos":
		return "'", 6
	}
	if v, ok := ent.expand(name); ok {
		return v, end + 1
	}
	if name[0] == '#' {
		return decodeNumber(s[:end+1], name[1:])
	}
	span := s[:end+1]
	if dec := html.UnescapeString(span); dec != span && !strings.HasSuffix(dec, ";") {
		return dec, end + 1
	}
	return "&", 1
}

// referenceName reports whether what stands between "&" and ";" may be the
// name or number of a reference.
func referenceName(s string) bool {
	for i, c := range []byte(s) {
		if !nameByte(c) && (c != '#' || i > 0) {
			return false
		}
	}
	return true
}

// decodeNumber decodes a numeric reference.
func decodeNumber(span, digits string) (text string, n int) {
	base := 10
	if digits != "" && (digits[0] == 'x' || digits[0] == 'X') {
		base, digits = 16, digits[1:]
	}
	v, err := strconv.ParseUint(digits, base, 32)
	switch {
	case err != nil:
		return "&", 1
	case v < 0x20 && v != '\t' && v != '\n' && v != '\r', v == 0xfffe, v == 0xffff, v > utf8.MaxRune, v >= 0xd800 && v < 0xe000:
		return "", len(span)
	case v >= 0x80 && v < 0xa0: // windows-1252, as every browser reads it
		return html.UnescapeString(span), len(span)
	}
	return string(rune(v)), len(span)
}

// dropReferences takes out the references to characters that XML forbids,
// which encoding/xml refuses.
func dropReferences(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for {
		i := bytes.Index(b, []byte("&#"))
		if i < 0 {
			return append(out, b...)
		}
		out = append(out, b[:i]...)
		b = b[i:]
		end := bytes.IndexByte(b[:min(len(b), maxReference)], ';')
		if end < 0 {
			out = append(out, "&amp;"...)
			b = b[1:]
			continue
		}
		if text, n := decodeReference(string(b[:end+1]), nil); text != "" && n > 1 {
			out = append(out, b[:end+1]...)
		}
		b = b[end+1:]
	}
}
