package submit

import (
	"encoding/base64"
	"slices"
	"strings"

	"broadsheet/mailer"
)

// A part is a text in a form that travels: lines end with CRLF (the last one
// with nothing, if the text does), none is longer than a line may be and none
// begins with a dot, so that SMTP need not double any (RFC 5321, section 4.5.2).
type part struct {
	encoding string // Content-Transfer-Encoding
	data     []byte
	patches  []patch
}

// A patch is a place where a recipient's token goes. It fills as many octets
// as the mark did.
type patch struct {
	at int // where it begins in the data

	// In base64 a token begins and ends within groups of three octets.
	group  []byte // the octets of its groups, marks and all; nil when it stands as it is
	tokens []int  // where in group tokens go
	line   int    // how many characters of the groups fit on their first line
}

// base64Line is the length of a line of base64 (RFC 2045, section 6.8).
const base64Line = 76

// append appends what stands there with a token, as long as the mark.
func (p *patch) append(buf []byte, token string) []byte {
	if p.group == nil {
		return append(buf, token...)
	}
	var groupSpace, charSpace [64]byte
	group := append(groupSpace[:0], p.group...)
	for _, i := range p.tokens {
		copy(group[i:], token)
	}
	chars := base64.StdEncoding.AppendEncode(charSpace[:0], group)
	for room := p.line; len(chars) > room; room = base64Line {
		buf = append(append(buf, chars[:room]...), "\r\n"...)
		chars = chars[room:]
	}
	return append(buf, chars...)
}

// put writes a token where the patch belongs.
func (p *patch) put(data []byte, token string) {
	var space [80]byte
	copy(data[p.at:], p.append(space[:0], token))
}

// encode returns the form of a text in which it is shortest: as it is where
// that can travel (octets beyond ASCII only if eight says so), and else
// quoted-printable for Latin script, base64 for Chinese.
func encode(text string, eight bool) part {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	qp, b64 := encodedSizes(text)
	text = strings.ReplaceAll(text, "\n", "\r\n") // base64 or not: RFC 2046, section 4.1.1
	switch plain, beyond := asItIs(text); {
	case plain && !beyond:
		return raw(text, "7bit")
	case plain && eight:
		return raw(text, "8bit")
	}
	if b64 < qp {
		return inBase64(text)
	}
	return quotedPrintable(text)
}

// asItIs reports whether a text with CRLF line ends can travel without being
// encoded, and whether it has octets beyond ASCII. Lines that begin with a dot,
// or with "From " (mailboxes put a > before it), and blanks at the end of a
// line are not sure to survive.
func asItIs(text string) (ok, beyond bool) {
	for line := range strings.SplitSeq(text, "\r\n") {
		if len(line) > maxLine || strings.HasPrefix(line, ".") || strings.HasPrefix(line, "From ") ||
			strings.HasSuffix(line, " ") || strings.HasSuffix(line, "\t") {
			return false, false
		}
		for i := range len(line) {
			c := line[i]
			if c < ' ' && c != '\t' || c == 0x7f {
				return false, false
			}
			beyond = beyond || c > 0x7f
		}
	}
	return true, beyond
}

// raw returns a text as it is.
func raw(text, encoding string) part {
	p := part{encoding: encoding, data: []byte(text)}
	for _, i := range marks(text) {
		p.patches = append(p.patches, patch{at: i})
	}
	return p
}

// marks returns where mailer.TokenMark begins in a text.
func marks(text string) []int {
	var at []int
	for from := 0; ; {
		i := strings.Index(text[from:], mailer.TokenMark)
		if i < 0 {
			return at
		}
		at = append(at, from+i)
		from += i + len(mailer.TokenMark)
	}
}

// inBase64 returns a text in base64.
func inBase64(text string) part {
	chars := base64.StdEncoding.AppendEncode(nil, []byte(text))
	p := part{encoding: "base64", data: make([]byte, 0, len(chars)+2*(len(chars)/base64Line+1))}
	for line := range slices.Chunk(chars, base64Line) {
		if len(p.data) > 0 {
			p.data = append(p.data, "\r\n"...)
		}
		p.data = append(p.data, line...)
	}
	end := 0 // of the groups of the patch before
	for _, i := range marks(text) {
		first, last := i/3*3, min((i+len(mailer.TokenMark)+2)/3*3, len(text))
		if n := len(p.patches); n > 0 && first < end { // they share a group
			q := &p.patches[n-1]
			begin := end - len(q.group)
			q.group, q.tokens = []byte(text[begin:last]), append(q.tokens, i-begin)
			end = last
			continue
		}
		char := first / 3 * 4
		p.patches = append(p.patches, patch{
			at:     char + 2*(char/base64Line),
			group:  []byte(text[first:last]),
			tokens: []int{i - first},
			line:   base64Line - char%base64Line,
		})
		end = last
	}
	return p
}

// quotedPrintable returns a text in quoted-printable (RFC 2045, section 6.7).
// No soft line break falls into a mark, and what a line must not begin or end
// with is encoded.
func quotedPrintable(text string) part {
	w := quoter{p: part{encoding: "quoted-printable", data: make([]byte, 0, len(text)*5/4)}}
	next := marks(text)
	for line := range strings.SplitSeq(text, "\r\n") {
		if w.started {
			w.p.data, w.column = append(w.p.data, "\r\n"...), 0
			w.read += 2
		}
		w.started = true
		next = w.line(line, next)
	}
	return w.p
}

// A quoter writes quoted-printable.
type quoter struct {
	p       part
	column  int
	read    int // octets of the text
	started bool
}

// line writes a line and returns the marks that are left.
func (w *quoter) line(line string, marks []int) []int {
	for i := 0; i < len(line); {
		if len(marks) > 0 && marks[0] == w.read+i {
			w.room(len(mailer.TokenMark))
			w.p.patches = append(w.p.patches, patch{at: len(w.p.data)})
			w.p.data = append(w.p.data, mailer.TokenMark...)
			w.column += len(mailer.TokenMark)
			i += len(mailer.TokenMark)
			marks = marks[1:]
			continue
		}
		const hex = "0123456789ABCDEF"
		switch c := line[i]; {
		case plainly(line, i, w.column):
			w.room(1)
			if plainly(line, i, w.column) { // the line may have begun anew
				w.p.data, w.column = append(w.p.data, c), w.column+1
				break
			}
			fallthrough
		default:
			w.room(3)
			w.p.data, w.column = append(w.p.data, '=', hex[c>>4], hex[c&15]), w.column+3
		}
		i++
	}
	w.read += len(line)
	return marks
}

// plainly reports whether octet i of a line may stand as it is in a column.
func plainly(line string, i, column int) bool {
	switch c := line[i]; {
	case c == '=' || c > '~' || c < ' ' && c != '\t':
		return false
	case c == ' ' || c == '\t':
		return i < len(line)-1
	case c == '.':
		return column > 0
	case c == 'F':
		return column > 0 || !strings.HasPrefix(line[i:], "From ")
	}
	return true
}

// room begins another line where n octets more would make this one longer than
// 76, the soft line break counted.
func (w *quoter) room(n int) {
	if w.column+n > 75 {
		w.p.data, w.column = append(w.p.data, "=\r\n"...), 0
	}
}
