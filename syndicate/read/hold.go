package read

import (
	"bytes"
	"html"
	"strings"
)

// hold keeps the element at hand aside instead of writing it to the skeleton.
func (o *outliner) hold(name string, sc scope) {
	t := &o.tag
	f := field{name: name, scope: sc}
	if len(t.attrs) > 0 {
		f.typ = strings.ToLower(strings.TrimSpace(string(t.attr("type"))))
		f.mode = strings.ToLower(strings.TrimSpace(string(t.attr("mode"))))
		f.src = decodeReferences(string(t.attr("src")), nil)
	}
	if !t.empty {
		f.raw = o.inner(t.name)
	}
	if o.mute {
		return
	}
	h := &o.feed
	if o.top().kind == itemFrame {
		h = &o.items[len(o.items)-1]
	}
	if len(h.fields) < maxHeldNames {
		h.fields = append(h.fields, f)
	}
}

// inner returns what stands between the start tag of name, just read, and its
// end tag, and moves behind that. An element that is never closed ends where
// the entry around it does, or with the document.
func (o *outliner) inner(name []byte) []byte {
	start, open := o.pos, 1
	container := o.top().name
	for i := o.pos; ; {
		n := bytes.IndexByte(o.src[i:], '<')
		if n < 0 {
			o.pos = len(o.src)
			return o.src[start:]
		}
		i += n
		rest := o.src[i:]
		switch {
		case len(rest) > 1 && rest[1] == '/':
			switch {
			case tagNamed(rest[2:], name):
				if open--; open == 0 {
					o.pos = i + endOfTag(rest)
					return o.src[start:i]
				}
			case tagNamed(rest[2:], container):
				o.mended++
				o.pos = i
				return o.src[start:i]
			}
			i += 2
		case bytes.HasPrefix(rest, []byte("<![CDATA[")):
			i += o.skipCDATA(rest)
		case tagNamed(rest[1:], name) && !selfClosing(rest):
			open++
			i++
		default:
			i++
		}
	}
}

// skipCDATA returns the length of the CDATA section at the start of rest, or
// of its opening when it has no end.
func (o *outliner) skipCDATA(rest []byte) int {
	if n := o.ends.index(rest, "]]>"); n >= 0 {
		return n + 3
	}
	o.mended++
	return len("<![CDATA[")
}

// tagNamed reports whether b begins with the rest of a tag of that name.
func tagNamed(b, name []byte) bool {
	return len(b) > len(name) && bytes.EqualFold(b[:len(name)], name) && !nameByte(b[len(name)])
}

// endOfTag returns the length of the end tag at the start of b.
func endOfTag(b []byte) int {
	if i := bytes.IndexByte(b, '>'); i >= 0 {
		return i + 1
	}
	return len(b)
}

// selfClosing reports whether the tag at the start of b is empty.
func selfClosing(b []byte) bool {
	i := bytes.IndexByte(b, '>')
	return i > 0 && b[i-1] == '/'
}

// hasMarkup reports whether raw has tags outside CDATA sections.
func hasMarkup(raw []byte) bool {
	for {
		i := bytes.IndexByte(raw, '<')
		if i < 0 {
			return false
		}
		if raw = raw[i:]; !bytes.HasPrefix(raw, []byte("<![CDATA[")) {
			return len(raw) > 1 && (nameByte(raw[1]) || raw[1] == '/' || raw[1] == '!')
		}
		j := bytes.Index(raw, []byte("]]>"))
		if j < 0 {
			return false
		}
		raw = raw[j+3:]
	}
}

// decodeField returns the character data of raw, white space around it cut
// off: CDATA sections as they are, references decoded everywhere else.
func decodeField(raw []byte, ent *entities) string {
	raw = bytes.TrimSpace(raw)
	if bytes.IndexByte(raw, '<') < 0 {
		return decodeReferences(string(raw), ent)
	}
	var b strings.Builder
	b.Grow(len(raw))
	for len(raw) > 0 {
		i := bytes.Index(raw, []byte("<![CDATA["))
		if i < 0 {
			i = len(raw)
		}
		b.WriteString(decodeReferences(string(raw[:i]), ent))
		if i == len(raw) {
			break
		}
		raw = raw[i+len("<![CDATA["):]
		j := bytes.Index(raw, []byte("]]>"))
		if j < 0 {
			b.Write(raw)
			break
		}
		b.Write(raw[:j])
		raw = raw[j+3:]
	}
	return strings.TrimSpace(b.String())
}

// markupOf returns raw, which has tags of its own, as HTML: what CDATA
// sections hold is text there, and is escaped.
func markupOf(raw []byte) string {
	raw = bytes.TrimSpace(raw)
	if !bytes.Contains(raw, []byte("<![CDATA[")) {
		return string(raw)
	}
	var b strings.Builder
	for len(raw) > 0 {
		before, rest, ok := bytes.Cut(raw, []byte("<![CDATA["))
		b.Write(before)
		if !ok {
			break
		}
		text, rest, _ := bytes.Cut(rest, []byte("]]>"))
		b.WriteString(html.EscapeString(string(text)))
		raw = rest
	}
	return b.String()
}
