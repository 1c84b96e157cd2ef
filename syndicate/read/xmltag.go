package read

import (
	"bytes"
	"slices"
)

// An xmlTag is a tag as it stands in a document.
type xmlTag struct {
	start, end int // src[start:end] is the whole tag
	name       []byte
	attrs      []xmlAttr
	closing    bool // </name>
	empty      bool // <name/>
	bent       bool // not well-formed: has to be written anew
}

// An xmlAttr is an attribute of a tag; its value is not decoded.
type xmlAttr struct{ name, value []byte }

// attr returns the undecoded value of an attribute.
func (t *xmlTag) attr(name string) []byte {
	for _, a := range t.attrs {
		if string(a.name) == name {
			return a.value
		}
	}
	return nil
}

// local returns the name without its prefix.
func (t *xmlTag) local() []byte { return localName(t.name) }

func localName(name []byte) []byte { return name[bytes.IndexByte(name, ':')+1:] }

// scanTag reads the tag at src[i], which is "<", into t, whose attribute slice
// it reuses. What looks like a tag but has no name is none: ok is false and
// t.end is i. A tag that never ends has the end of src as its end, and ok is
// false too. It reads every byte at most a few times.
func scanTag(src []byte, i int, t *xmlTag) (ok bool) {
	*t = xmlTag{start: i, end: i, attrs: t.attrs[:0]}
	j := i + 1
	if j < len(src) && src[j] == '/' {
		t.closing = true
		j++
	}
	k := j
	for k < len(src) && nameByte(src[k]) {
		k++
	}
	t.name = src[j:k]
	if !validName(t.name) {
		return false
	}
	return t.scanAttrs(src, k)
}

// scanAttrs reads from the end of the tag's name to the end of the tag.
func (t *xmlTag) scanAttrs(src []byte, i int) (ok bool) {
	for i < len(src) {
		switch c := src[i]; c {
		case ' ', '\t', '\r', '\n':
			i++
		case '>':
			t.end = i + 1
			return true
		case '<': // the tag before was never closed
			t.end, t.bent = i, true
			return true
		case '/':
			if i+1 < len(src) && src[i+1] == '>' {
				t.empty = true
			} else {
				t.bent = true
			}
			i++
		default:
			i = t.scanAttr(src, i)
		}
	}
	t.end = len(src)
	return false
}

// scanAttr reads the attribute at src[i] and returns the offset after it.
func (t *xmlTag) scanAttr(src []byte, i int) int {
	start := i
	for i < len(src) && nameByte(src[i]) {
		i++
	}
	name := src[start:i]
	if i == start { // no name
		t.bent = true
		return i + 1
	}
	j := skipSpace(src, i)
	if j >= len(src) || src[j] != '=' {
		t.bent = true
		return i
	}
	value, next, plain := attrValue(src, skipSpace(src, j+1))
	if !plain || !validName(name) {
		t.bent = true
	}
	if validName(name) {
		t.attrs = append(t.attrs, xmlAttr{name, value})
	}
	return next
}

// attrValue returns the attribute value at src[i] and the offset after it;
// plain is false when it was not quoted as it should be.
func attrValue(src []byte, i int) (value []byte, next int, plain bool) {
	if i < len(src) && (src[i] == '"' || src[i] == '\'') {
		n := bytes.IndexByte(src[i+1:], src[i])
		if n >= 0 && !bytes.Contains(src[i+1:i+1+n], []byte("</")) {
			value = src[i+1 : i+1+n]
			return value, i + n + 2, bytes.IndexByte(value, '<') < 0
		}
		i++ // the closing quote is missing
	}
	j := i
	for j < len(src) && src[j] != '>' && src[j] != '<' && src[j] > ' ' {
		j++
	}
	return src[i:j], j, false
}

// trimAddresses takes white space off the addresses among the attributes,
// which gofeed would encode.
func (t *xmlTag) trimAddresses() {
	for i, a := range t.attrs {
		switch string(a.name) {
		case "href", "url", "src", "uri":
			if v := bytes.TrimSpace(a.value); len(v) < len(a.value) {
				t.attrs[i].value, t.bent = v, true
			}
		}
	}
}

// appendTag writes a start tag that encoding/xml accepts, without the
// attributes that drop says are to go.
func appendTag(out []byte, t *xmlTag, drop func(name []byte) bool) []byte {
	out = append(append(out, '<'), t.name...)
	for _, a := range t.attrs {
		if drop != nil && drop(a.name) {
			continue
		}
		out = append(append(out, ' '), a.name...)
		out = append(append(out, '=', '"'), escapeAttr(a.value)...)
		out = append(out, '"')
	}
	if t.empty {
		out = append(out, '/')
	}
	return append(out, '>')
}

// escapeAttr escapes what may not stand within double quotes.
func escapeAttr(v []byte) []byte {
	if bytes.IndexByte(v, '"') < 0 && bytes.IndexByte(v, '<') < 0 {
		return v
	}
	v = bytes.ReplaceAll(v, []byte(`"`), []byte("&quot;"))
	return bytes.ReplaceAll(v, []byte("<"), []byte("&lt;"))
}

// An endFinder looks for what ends a construct, always further on in the same
// document. What it did not find once it does not look for again, so that a
// document of unclosed constructs is read in linear time.
type endFinder struct{ missing []string }

// index returns the offset of end in b, or -1.
func (e *endFinder) index(b []byte, end string) int {
	if slices.Contains(e.missing, end) {
		return -1
	}
	i := bytes.Index(b, []byte(end))
	if i < 0 {
		e.missing = append(e.missing, end)
	}
	return i
}

// past returns the offset behind end in b, or 1 when there is no end.
func (e *endFinder) past(b []byte, end string) int {
	if i := e.index(b, end); i >= 0 {
		return i + len(end)
	}
	return 1
}

// nameByte reports whether c may stand in a name as feeds write them.
func nameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '.' || c == ':'
}

// validName reports whether encoding/xml takes name as a name.
func validName(name []byte) bool {
	if len(name) == 0 {
		return false
	}
	if c := name[0]; c >= '0' && c <= '9' || c == '-' || c == '.' || c == ':' {
		return false
	}
	i := bytes.IndexByte(name, ':')
	return i < 0 || i < len(name)-1 && bytes.IndexByte(name[i+1:], ':') < 0 && nameStart(name[i+1])
}

func nameStart(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' }

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\r' || b[i] == '\n') {
		i++
	}
	return i
}
