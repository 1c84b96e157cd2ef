package read

import (
	"encoding/base64"
	"html"
	"regexp"
	"strings"
)

// htmlOf returns a field as HTML that is not yet sanitised.
//
// Atom says what its text is: plain text is escaped, XHTML loses the element
// that wraps it (RFC 4287, section 3.1.1). RSS never says; its text is taken
// as HTML, which is what nearly all of it is.
func (o *outline) htmlOf(f *field) string {
	if f == nil || len(f.raw) == 0 {
		return ""
	}
	if f.mode == "base64" || binaryType(f.typ) {
		text, ok := decodeBase64(f.raw)
		switch {
		case !ok:
			return ""
		case binaryType(f.typ):
			return o.asHTML("", text)
		}
		return o.asHTML(f.typ, text)
	}
	if hasMarkup(f.raw) {
		return stripDiv(o.withoutPrefixes(markupOf(f.raw)))
	}
	text := decodeField(f.raw, o.entities)
	if o.root != "feed" || strings.Contains(f.name, ":") {
		return o.asHTML("html", text)
	}
	return o.asHTML(f.typ, text)
}

// asHTML returns decoded text of a declared type as HTML.
func (o *outline) asHTML(typ, text string) string {
	switch typ {
	case "html", "text/html", "xhtml", "application/xhtml+xml":
		return text
	case "":
		if looksLikeHTML(text) { // many an Atom feed leaves the type out
			return text
		}
	case "text/plain":
		if o.atom03 && looksLikeHTML(text) {
			return text
		}
	}
	if !strings.ContainsAny(text, "<>&") {
		return text
	}
	return html.EscapeString(text)
}

// textOf returns a field as plain text.
func (o *outline) textOf(f *field) string {
	return plainText(o.htmlOf(f))
}

// titleOf returns a field as plain text, and as sanitised HTML when it has
// markup, or text that HTML would have to escape.
func (o *outline) titleOf(f *field) (title, markup string) {
	fragment := o.htmlOf(f)
	if fragment == "" {
		return "", ""
	}
	clean, text := cleanHTML(fragment, f.base)
	if strings.IndexByte(clean, '<') >= 0 || !f.plain() && strings.Contains(clean, "&lt;") {
		markup = clean
	}
	return strings.ReplaceAll(text, "\n", " "), markup
}

// plain reports whether a field says that it is text without markup, or says
// nothing.
func (f *field) plain() bool {
	return (f.typ == "" || f.typ == "text" || f.typ == "text/plain") && f.mode != "base64"
}

// rawOf returns a field as it stands, references decoded: for dates and ids.
func (o *outline) rawOf(f *field) string {
	if f == nil {
		return ""
	}
	return decodeField(f.raw, o.entities)
}

// withoutPrefixes takes the prefix of XHTML off tags, which HTML does not have.
func (o *outline) withoutPrefixes(markup string) string {
	for _, p := range o.xhtml {
		if p != "" && strings.Contains(markup, "<"+p+":") {
			markup = strings.NewReplacer("<"+p+":", "<", "</"+p+":", "</").Replace(markup)
		}
	}
	return markup
}

// stripDiv returns what is within the div that is all of the markup.
func stripDiv(markup string) string {
	if !strings.HasPrefix(markup, "<div") || !strings.HasSuffix(markup, "</div>") {
		return markup
	}
	open := strings.IndexByte(markup, '>')
	if open < 0 || markup[open-1] == '/' || markup[4] != '>' && markup[4] != ' ' && markup[4] != '\n' && markup[4] != '\t' && markup[4] != '\r' {
		return markup
	}
	depth, rest := 1, markup[open+1:len(markup)-len("</div>")]
	inner := rest
	for {
		i := strings.Index(rest, "div")
		if i < 0 {
			return strings.TrimSpace(inner)
		}
		switch {
		case strings.HasSuffix(rest[:i], "</"):
			depth--
		case strings.HasSuffix(rest[:i], "<"):
			depth++
		}
		if depth == 0 {
			return markup
		}
		rest = rest[i+3:]
	}
}

// binaryType reports whether Atom content of a type is encoded in base64
// (RFC 4287, section 4.1.3.3).
func binaryType(typ string) bool {
	return strings.Contains(typ, "/") && !strings.HasPrefix(typ, "text/") && !strings.Contains(typ, "xml") && !strings.Contains(typ, "html")
}

func decodeBase64(raw []byte) (string, bool) {
	s := strings.Map(func(r rune) rune {
		if r <= ' ' {
			return -1
		}
		return r
	}, string(raw))
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		b, err = base64.RawStdEncoding.DecodeString(strings.TrimRight(s, "="))
	}
	text, _ := decodeText(b, "", "")
	return string(text), err == nil
}

var (
	endTagOrBreak = regexp.MustCompile(`(?i)</[a-z][a-z0-9]*\s*>|<(?:br|hr|img|p)\b[^<>]*>`)
	someReference = regexp.MustCompile(`&(?:#\d+|#x[0-9a-fA-F]+|[a-zA-Z]{2,8});`)
)

// looksLikeHTML reports whether text that calls itself plain is HTML.
func looksLikeHTML(s string) bool {
	if strings.IndexByte(s, '<') >= 0 {
		return endTagOrBreak.MatchString(s)
	}
	return strings.IndexByte(s, '&') >= 0 && someReference.MatchString(s)
}
