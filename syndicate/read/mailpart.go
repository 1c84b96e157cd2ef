package read

import (
	"bytes"
	"encoding/hex"
	"io"
	"mime/quotedprintable"
	"strings"
)

const (
	maxMailDepth = 12  // parts within parts
	maxMailParts = 500 // parts of a message
)

// A mailBody is what is worth reading of a message's parts.
type mailBody struct {
	html, text string
	inner      *mailMessage // a message within this one
	files      []string     // names of what comes with it
	sealed     string       // why nothing can be read: "encrypted"
	cut        bool         // the message ends before its last part does
	many       bool         // parts were left out

	language string
	parts    int
}

// A mailMessage is a message taken apart.
type mailMessage struct {
	head mailHeader
	body mailBody
}

// parseMail takes a message apart.
func parseMail(b []byte, language string) *mailMessage {
	return parseMailWithin(b, language, 0)
}

func parseMailWithin(b []byte, language string, depth int) *mailMessage {
	m := &mailMessage{}
	var body []byte
	m.head, body = splitMail(b)
	m.body.language = firstOf(language, languageTag(m.head.get("Content-Language")))
	m.body.part(m.head, body, depth)
	return m
}

// part reads a part of a message, or all of it.
func (b *mailBody) part(h mailHeader, raw []byte, depth int) {
	if b.parts++; b.parts > maxMailParts || depth > maxMailDepth {
		b.many = true
		return
	}
	media, params := h.contentType()
	switch {
	case strings.HasPrefix(media, "multipart/") && params["boundary"] != "":
		b.multipart(media, params["boundary"], raw, depth)
	case media == "application/pkcs7-mime", media == "application/x-pkcs7-mime":
		b.sealed = "encrypted or signed as one file (S/MIME)"
	case media == "message/rfc822", media == "message/global":
		if b.inner == nil {
			b.inner = parseMailWithin(h.decode(raw), b.language, depth+1)
		}
	case attached(h, media):
		b.file(h, media, params)
	case media == "text/html", media == "application/xhtml+xml":
		b.html = joined(b.html, mailText(h.decode(raw), params["charset"], true, b.language))
	default:
		b.text = joined(b.text, mailText(h.decode(raw), params["charset"], false, b.language))
	}
}

// joined adds a text to those of the parts before it.
func joined(old, more string) string {
	if strings.TrimSpace(old) == "" {
		return more
	}
	return old + "\n\n" + more
}

// attached reports whether a part is a file and not text to be read.
func attached(h mailHeader, media string) bool {
	disposition, _, _ := strings.Cut(strings.ToLower(h.get("Content-Disposition")), ";")
	return strings.TrimSpace(disposition) == "attachment" || !strings.HasPrefix(media, "text/") && media != "application/xhtml+xml" ||
		media == "text/calendar" || media == "text/x-amp-html" || media == "text/x-vcard" || media == "text/vcard"
}

// file notes a file that is not read. Images within the text, other forms of
// the text and signatures are none.
func (b *mailBody) file(h mailHeader, media string, params map[string]string) {
	switch {
	case h.get("Content-Id") != "" && strings.HasPrefix(media, "image/"), media == "text/x-amp-html",
		strings.HasSuffix(media, "-signature"), strings.HasPrefix(media, "message/"):
		return
	}
	name := params["name"]
	if _, after, ok := strings.Cut(h.get("Content-Disposition"), "filename="); ok {
		after, _, _ = strings.Cut(after, ";")
		name = strings.Trim(after, `" `)
	}
	b.files = append(b.files, shorten(firstOf(squeeze(decodeWords(name, b.language)), media), 60))
}

// multipart reads the parts within a part (RFC 2046, section 5.1).
func (b *mailBody) multipart(media, boundary string, raw []byte, depth int) {
	if media == "multipart/encrypted" {
		b.sealed = "encrypted"
		return
	}
	parts, whole := splitParts(raw, boundary)
	b.cut = b.cut || !whole
	if media != "multipart/alternative" {
		for _, p := range parts {
			h, body := splitMail(p)
			b.part(h, body, depth+1)
		}
		return
	}
	// Forms of the same: the last one of each kind counts, and none is added
	// to another.
	best := mailBody{}
	for _, p := range parts {
		one := mailBody{language: b.language, parts: b.parts}
		h, body := splitMail(p)
		one.part(h, body, depth+1)
		b.parts, b.many, b.cut = one.parts, b.many || one.many, b.cut || one.cut
		best.html, best.text = firstOf(one.html, best.html), firstOf(one.text, best.text)
		best.sealed = firstOf(best.sealed, one.sealed)
		best.files = append(best.files, one.files...)
		if best.inner == nil {
			best.inner = one.inner
		}
	}
	if best.html != "" && b.html == "" && b.text != "" { // both are to be seen
		b.html, b.text = textAsHTML(b.text), ""
	}
	if best.html != "" {
		b.html = joined(b.html, best.html)
	} else if best.text != "" {
		b.text = joined(b.text, best.text)
	}
	b.sealed, b.files = firstOf(b.sealed, best.sealed), append(b.files, best.files...)
	if b.inner == nil {
		b.inner = best.inner
	}
}

// splitParts cuts the body of a multipart at its boundary lines. A body
// without its last boundary is cut off: whole is false.
func splitParts(raw []byte, boundary string) (parts [][]byte, whole bool) {
	mark := []byte("--" + boundary)
	start := -1
	for at := 0; at <= len(raw); {
		i := bytes.Index(raw[at:], mark)
		if i < 0 {
			break
		}
		i += at
		at = i + len(mark)
		if i > 0 && raw[i-1] != '\n' {
			continue
		}
		line, _, _ := bytes.Cut(raw[at:min(len(raw), at+256)], []byte("\n"))
		last := bytes.HasPrefix(line, []byte("--"))
		if len(bytes.TrimSpace(bytes.TrimPrefix(line, []byte("--")))) > 0 {
			continue // the boundary of another begins like this one
		}
		if start >= 0 {
			parts = append(parts, bytes.TrimSuffix(bytes.TrimSuffix(raw[start:i], []byte("\n")), []byte("\r")))
		}
		if last {
			return parts, true
		}
		start = min(len(raw), at+len(line)+1)
	}
	if start >= 0 && start < len(raw) {
		parts = append(parts, raw[start:])
	}
	return parts, false
}

// decode undoes the transfer encoding of a part (RFC 2045, section 6). What is
// broken is decoded as far as it goes.
func (h mailHeader) decode(raw []byte) []byte {
	switch strings.ToLower(h.get("Content-Transfer-Encoding")) {
	case "base64":
		return lenientBase64(raw)
	case "quoted-printable":
		return lenientQuoted(raw)
	}
	return raw
}

// lenientQuoted decodes quoted-printable; a line that is none stays as it is.
func lenientQuoted(raw []byte) []byte {
	out, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(raw)))
	if err == nil {
		return out
	}
	out = make([]byte, 0, len(raw))
	for len(raw) > 0 {
		line, rest, found := bytes.Cut(raw, []byte("\n"))
		raw = rest
		line = bytes.TrimRight(line, " \t\r")
		soft := bytes.HasSuffix(line, []byte("="))
		line = bytes.TrimSuffix(line, []byte("="))
		for i := 0; i < len(line); i++ {
			if c, ok := hexPair(line[i:]); ok {
				out = append(out, c)
				i += 2
				continue
			}
			out = append(out, line[i])
		}
		if found && !soft {
			out = append(out, '\n')
		}
	}
	return out
}

// hexPair reads "=XX" at the start of b.
func hexPair(b []byte) (c byte, ok bool) {
	if len(b) < 3 || b[0] != '=' {
		return 0, false
	}
	var out [1]byte
	_, err := hex.Decode(out[:], b[1:3])
	return out[0], err == nil
}

// mailText returns the text of a part as UTF-8. The charset is the part's, or
// that of the HTML in it, or what the bytes look like.
func mailText(b []byte, label string, markup bool, language string) string {
	d := &decoder{body: b, header: strings.ToLower(strings.TrimSpace(label)), language: language}
	if markup {
		d.declared = pageCharset(b)
	}
	return string(dropControls(d.decode()))
}
