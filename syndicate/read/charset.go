package read

import (
	"bytes"
	"mime"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"

	"broadsheet/syndicate"
)

// A decoder finds out in which charset a document is written and turns it into
// UTF-8. Its order is that of RFC 7303, section 3, with one difference that
// every large reader makes: bytes that are valid UTF-8 are UTF-8, whatever the
// document or the server say. By rank: byte order mark, validity, the header,
// the document's own declaration, a guess.
type decoder struct {
	body     []byte
	header   string // charset parameter of Content-Type, lower case
	declared string // of the XML declaration, lower case
	language string // what the source is written in, for the guess
	repairs  []string
	charset  string // found
	guessed  bool   // … by looking at the bytes alone
}

// decode begins the result of reading a document of a kind: its text as
// decodeText returns it, its charset and the repairs this took. declared is
// the charset that the document itself names.
func (in *Input) decode(kind syndicate.Kind, declared string) ([]byte, *Result) {
	d := &decoder{body: in.Body, header: charsetParam(in.ContentType), declared: declared, language: in.Language}
	text := dropControls(d.decode())
	return text, &Result{Kind: kind, Repairs: d.repairs, Charset: d.charset, Guessed: d.guessed}
}

// decodeText returns the body as UTF-8 without a byte order mark and without
// control characters, and the repairs this took. A clean body is returned as
// it is, not copied.
func decodeText(body []byte, contentType, language string) (text []byte, repairs []string) {
	d := &decoder{body: body, header: charsetParam(contentType), declared: declaredCharset(body), language: language}
	text = d.decode()
	return dropControls(text), d.repairs
}

// decode returns the body as UTF-8.
func (d *decoder) decode() []byte {
	if enc, skip := byteOrder(d.body); enc != nil {
		d.charset = "utf-16"
		return convert(d.body[skip:], enc)
	}
	d.charset = "utf-8"
	d.body = bytes.TrimPrefix(d.body, []byte("\xef\xbb\xbf"))
	if utf8.Valid(d.body) {
		if enc := d.escaped(); enc != nil {
			d.charset = "iso-2022-jp"
			return convert(d.body, enc)
		}
		d.note()
		return d.body
	}
	if mostlyUTF8(d.body) {
		d.repairs = append(d.repairs, "bytes that are no UTF-8 were replaced by U+FFFD")
		return bytes.ToValidUTF8(d.body, []byte("\uFFFD"))
	}
	label, why := d.choose()
	d.charset, d.guessed = label, why != ""
	enc := encodingOf(label)
	if enc == nil {
		return bytes.ToValidUTF8(d.body, []byte("\uFFFD"))
	}
	if why != "" {
		d.repairs = append(d.repairs, "read as "+label+": "+why)
	}
	return convert(d.body, enc)
}

// note adds a repair when the document is valid UTF-8 but says it is not.
func (d *decoder) note() {
	label := d.header
	if label == "" {
		label = d.declared
	}
	if label == "" || label == "utf-8" || label == "utf8" || label == "us-ascii" || encodingOf(label) == nil || isASCII(d.body) {
		return
	}
	d.repairs = append(d.repairs, "read as UTF-8, which it is, and not as "+label+", which it says it is")
}

// escaped returns the encoding of a document in seven-bit bytes that switches
// charsets by escape sequences (ISO-2022-JP), or nil.
func (d *decoder) escaped() encoding.Encoding {
	if !bytes.Contains(d.body, []byte("\x1b$")) {
		return nil
	}
	for _, label := range []string{d.header, d.declared, "iso-2022-jp"} {
		if strings.HasPrefix(label, "iso-2022-jp") || label == "csiso2022jp" {
			return encodingOf(label)
		}
	}
	return nil
}

// choose returns the label of the encoding to use for a body that is not
// UTF-8, and a reason when it is not the one declared first.
func (d *decoder) choose() (label, why string) {
	header, declared := usable(d.header), usable(d.declared)
	switch {
	case header != "" && declared != "" && header != declared:
		// Servers announce ISO-8859-1 for everything; a document that knows
		// better, and is right, is believed.
		if weak(header) && !weak(declared) && faults(d.body, declared) == 0 {
			return declared, "the server says " + d.header + ", the document is right"
		}
		if faults(d.body, header) > 4*faults(d.body, declared) {
			return declared, "the server says " + d.header + ", which does not fit"
		}
		return header, ""
	case header != "" && !weak(header):
		return header, ""
	case declared != "":
		if g := guessCharset(d.body, d.language); g != "" && faults(d.body, declared) > 4+4*faults(d.body, g) {
			return g, "it says " + d.declared + ", which does not fit"
		}
		return declared, ""
	case header != "":
		return header, ""
	}
	if g := guessCharset(d.body, d.language); g != "" {
		if d.header != "" || d.declared != "" {
			return g, "the charset it declares does not fit"
		}
		return g, "it declares no charset"
	}
	return "windows-1252", "no charset fits"
}

// usable returns the canonical name of a declared charset, or "" when it is
// unknown or cannot be right for bytes that are not UTF-8.
func usable(label string) string {
	if label == "" || strings.HasPrefix(label, "utf-") || strings.HasPrefix(label, "utf8") || encodingOf(label) == nil {
		return ""
	}
	return canonicalLabel(label)
}

// weak reports whether a charset fits any bytes, so that naming it says little.
func weak(label string) bool { return label == "windows-1252" }

// canonicalLabel maps the many names of a charset to one.
func canonicalLabel(label string) string {
	label = strings.ToLower(strings.Trim(label, " \t\"'"))
	switch label {
	case "gb2312", "gbk", "cp936", "ms936", "windows-936", "x-gbk", "gb_2312-80", "csgb2312", "chinese", "gb18030", "hz-gb-2312", "euc-cn":
		return "gb18030"
	case "x-x-big5", "big5-hkscs", "cp950", "windows-950":
		return "big5"
	case "cp932", "windows-932", "ms932":
		return "shift_jis"
	case "cp949", "ms949", "uhc", "windows-949":
		return "euc-kr"
	}
	if _, name := charset.Lookup(label); name != "" {
		return name
	}
	return label
}

// encodingOf returns the encoding of a label, or nil. GB2312 and GBK are read
// as GB18030, which holds both: names with rare characters need it.
func encodingOf(label string) encoding.Encoding {
	label = canonicalLabel(label)
	if label == "gb18030" {
		return simplifiedchinese.GB18030
	}
	enc, name := charset.Lookup(label)
	if name == "" || name == "replacement" {
		return nil
	}
	return enc
}

// convert decodes b; what has no meaning becomes U+FFFD.
func convert(b []byte, enc encoding.Encoding) []byte {
	out, err := enc.NewDecoder().Bytes(b)
	if err != nil {
		return bytes.ToValidUTF8(b, []byte("\uFFFD"))
	}
	return bytes.TrimPrefix(out, []byte("\xef\xbb\xbf"))
}

// faults counts what has no meaning in the first 64 KiB of b read as label.
func faults(b []byte, label string) int {
	enc := encodingOf(label)
	if enc == nil {
		return len(b)
	}
	b = b[:min(len(b), 64<<10)]
	return bytes.Count(convert(b, enc), []byte("\uFFFD"))
}

// byteOrder returns the encoding that a byte order mark of UTF-16 or UTF-32
// announces, or that the zero bytes around the first "<" or "{" give away, and
// the length of the mark.
func byteOrder(b []byte) (enc encoding.Encoding, skip int) {
	be16, le16 := unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	be32, le32 := utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM), utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM)
	for _, m := range []struct {
		prefix string
		enc    encoding.Encoding
		skip   int
	}{
		{"\x00\x00\xfe\xff", be32, 4},
		{"\xff\xfe\x00\x00", le32, 4},
		{"\x00\x00\x00<", be32, 0},
		{"<\x00\x00\x00", le32, 0},
		{"\xfe\xff", be16, 2},
		{"\xff\xfe", le16, 2},
		{"\x00<\x00", be16, 0},
		{"\x00{\x00", be16, 0},
	} {
		if bytes.HasPrefix(b, []byte(m.prefix)) {
			return m.enc, m.skip
		}
	}
	if len(b) > 3 && (b[0] == '<' || b[0] == '{') && b[1] == 0 && b[2] != 0 && b[3] == 0 {
		return le16, 0
	}
	return nil, 0
}

// charsetParam returns the charset parameter of a media type.
func charsetParam(contentType string) string {
	if contentType == "" {
		return ""
	}
	if _, params, err := mime.ParseMediaType(contentType); err == nil {
		return strings.ToLower(strings.TrimSpace(params["charset"]))
	}
	_, rest, ok := strings.Cut(strings.ToLower(contentType), "charset=")
	if !ok {
		return ""
	}
	rest, _, _ = strings.Cut(strings.Trim(rest, " \"'"), ";")
	return strings.Trim(rest, " \"'")
}

// declaredCharset returns the encoding named by the XML declaration, which may
// have white space or other matter before it.
func declaredCharset(b []byte) string {
	b = b[:min(len(b), 1024)]
	i := bytes.Index(b, []byte("<?xml"))
	if i < 0 {
		return ""
	}
	b = b[i:]
	if j := bytes.Index(b, []byte("?>")); j >= 0 {
		b = b[:j]
	}
	i = bytes.Index(b, []byte("encoding"))
	if i < 0 {
		return ""
	}
	v := bytes.TrimLeft(b[i+len("encoding"):], " \t\r\n=")
	if len(v) == 0 || v[0] != '"' && v[0] != '\'' {
		return ""
	}
	name, _, ok := bytes.Cut(v[1:], v[:1])
	if !ok {
		return ""
	}
	return strings.ToLower(strings.TrimSpace(string(name)))
}

// mostlyUTF8 reports whether b is UTF-8 with a few broken places, such as a
// title cut inside a character: at least two whole characters for each byte
// that is none.
func mostlyUTF8(b []byte) bool {
	good, bad := 0, 0
	for i := 0; i < len(b); {
		if b[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			bad++
		} else {
			good++
		}
		i += n
	}
	return good >= 2*bad
}

// isASCII reports whether b has no byte above 0x7f.
func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// dropControls takes out the characters that XML 1.0 forbids (section 2.2):
// control characters but tab, line feed and carriage return, and U+FFFE and
// U+FFFF. The controls U+0080 to U+009F are what windows-1252 has there: text
// that was called ISO-8859-1. Without any, b itself is returned.
func dropControls(b []byte) []byte {
	i := firstControl(b)
	if i < 0 {
		return b
	}
	out := append(make([]byte, 0, len(b)), b[:i]...)
	for i < len(b) {
		if n := controlAt(b, i); n > 0 {
			if b[i] == 0xc2 {
				out = utf8.AppendRune(out, charmap.Windows1252.DecodeByte(b[i+1]))
			}
			i += n
			continue
		}
		out = append(out, b[i])
		i++
	}
	return out
}

// firstControl returns the offset of the first forbidden character, or -1.
func firstControl(b []byte) int {
	for i, c := range b {
		if (c < 0x20 || c == 0xef || c == 0xc2) && controlAt(b, i) > 0 {
			return i
		}
	}
	return -1
}

// controlAt returns the length of the forbidden character at b[i], or 0.
func controlAt(b []byte, i int) int {
	switch c := b[i]; {
	case c == '\t' || c == '\n' || c == '\r':
		return 0
	case c < 0x20:
		return 1
	case c == 0xc2 && i+1 < len(b) && b[i+1] < 0xa0:
		return 2
	case c == 0xef && i+2 < len(b) && b[i+1] == 0xbf && b[i+2] >= 0xbe:
		return 3
	}
	return 0
}
