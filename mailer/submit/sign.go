package submit

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// signedFields returns the header fields that a signature covers, whether the
// message has them or not. From stands twice, so that nobody can add a second
// one. RFC 8058, section 4 wants List-Unsubscribe and List-Unsubscribe-Post.
func signedFields() []string {
	return []string{
		"From", "From", "To", "Subject", "Date", "Message-ID", "Reply-To",
		"MIME-Version", "Content-Type", "Content-Transfer-Encoding", "Content-Language",
		"List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Help", "List-Archive", "List-Owner", "List-Post",
		"Feedback-ID", "Precedence", "Auto-Submitted",
	}
}

// sign appends a DKIM-Signature field of every key to buf: over a header, whose
// fields end with CRLF, and the hash of a body. Both are in relaxed form
// (RFC 6376, section 3.4), which survives what relays do to blanks.
//
// go-mail's own signer folds a long list of fields in the middle of a name,
// which makes the signature invalid; go-msgauth's hashes the body anew for
// every message.
func (ss signers) sign(buf, head []byte, body [sha256.Size]byte) ([]byte, error) {
	common := pick(head, signedFields())
	for _, s := range ss {
		start := len(buf)
		buf = s.field(buf, body)
		sum := sha256.New()
		_, _ = sum.Write(common)
		_, _ = sum.Write(relaxedField(nil, buf[start:]))
		hashed, hash := sum.Sum(nil), crypto.SHA256
		if _, ok := s.key.(ed25519.PrivateKey); ok {
			hash = 0 // RFC 8463, section 3: the hash is what is signed
		}
		sig, err := s.key.Sign(rand.Reader, hashed, hash)
		if err != nil {
			return nil, fmt.Errorf("sign for %s: %w", s.domain, err)
		}
		column := len("\tb=")
		for text := base64.StdEncoding.EncodeToString(sig); text != ""; column = 1 {
			n := min(len(text), wordsLine-column)
			buf = append(buf, text[:n]...)
			if text = text[n:]; text != "" {
				buf = append(buf, "\r\n\t"...)
			}
		}
		buf = append(buf, "\r\n"...)
	}
	return buf, nil
}

// field appends the field without the signature itself.
func (s signer) field(buf []byte, body [sha256.Size]byte) []byte {
	algorithm := "rsa-sha256"
	if _, ok := s.key.(ed25519.PrivateKey); ok {
		algorithm = "ed25519-sha256"
	}
	buf = append(buf, "DKIM-Signature: v=1; a="+algorithm+"; c=relaxed/relaxed;\r\n\td="+s.domain+";\r\n\ts="+s.selector+"; t="...)
	buf = strconv.AppendInt(buf, time.Now().Unix(), 10)
	buf = append(buf, ";\r\n\th="...)
	column := len("\th=")
	for i, name := range signedFields() {
		if i > 0 {
			buf, column = append(buf, ':'), column+1
		}
		if column+len(name)+1 > wordsLine {
			buf, column = append(buf, "\r\n\t "...), 2 // never within a name
		}
		buf, column = append(buf, name...), column+len(name)
	}
	buf = append(buf, ";\r\n\tbh="...)
	buf = base64.StdEncoding.AppendEncode(buf, body[:])
	return append(buf, ";\r\n\tb="...)
}

// pick returns the fields of a header with given names in relaxed form, the
// lowest of a name first (RFC 6376, section 5.4.2). A name that stands more
// often than the field means that there is no further one.
func pick(head []byte, names []string) []byte {
	var fields [][]byte
	for len(head) > 0 {
		end := bytes.Index(head, []byte("\r\n")) + 2
		for end < len(head) && (head[end] == ' ' || head[end] == '\t') {
			end += bytes.Index(head[end:], []byte("\r\n")) + 2
		}
		fields, head = append(fields, head[:end]), head[end:]
	}
	var out []byte
	for _, name := range names {
		for i := len(fields) - 1; i >= 0; i-- {
			f := fields[i]
			if len(f) > len(name) && f[len(name)] == ':' && strings.EqualFold(string(f[:len(name)]), name) {
				out = append(relaxedField(out, f), "\r\n"...)
				fields[i] = nil
				break
			}
		}
	}
	return out
}

// relaxedField appends a header field in relaxed form, without its end
// (RFC 6376, section 3.4.2).
func relaxedField(out, field []byte) []byte {
	name, value, _ := bytes.Cut(field, []byte(":"))
	out = append(append(out, bytes.ToLower(name)...), ':')
	for i, word := range bytes.FieldsFunc(value, func(r rune) bool { return r == ' ' || r == '\t' || r == '\r' || r == '\n' }) {
		if i > 0 {
			out = append(out, ' ')
		}
		out = append(out, word...)
	}
	return out
}

// A bodyDigest hashes a body in relaxed form with any token in it. What stands
// before the first token is hashed once.
type bodyDigest struct {
	before  []byte // the state of the hash after that
	tail    []byte // the rest
	patches []patch
}

func newBodyDigest(data []byte, patches []patch) *bodyDigest {
	body := relaxedBody(data, patches)
	start := len(body.data)
	if len(body.patches) > 0 {
		start = body.patches[0].at
	}
	sum := sha256.New()
	_, _ = sum.Write(body.data[:start])
	d := &bodyDigest{tail: slices.Clone(body.data[start:]), patches: body.patches}
	if m, ok := sum.(encoding.BinaryAppender); ok {
		d.before, _ = m.AppendBinary(nil)
	}
	for i := range d.patches {
		d.patches[i].at -= start
	}
	return d
}

// sum returns the hash of the body with a token, or with its marks if that is
// empty.
func (d *bodyDigest) sum(token string) (sum [sha256.Size]byte, err error) {
	h := sha256.New()
	if m, ok := h.(encoding.BinaryUnmarshaler); ok {
		if err := m.UnmarshalBinary(d.before); err != nil {
			return sum, fmt.Errorf("take up the hash of the body: %w", err)
		}
	}
	var space [80]byte
	done := 0
	if token != "" {
		for i := range d.patches {
			p := &d.patches[i]
			_, _ = h.Write(d.tail[done:p.at])
			there := p.append(space[:0], token)
			_, _ = h.Write(there)
			done = p.at + len(there)
		}
	}
	_, _ = h.Write(d.tail[done:])
	h.Sum(sum[:0])
	return sum, nil
}

// relaxedBody returns a body that ends with CRLF in relaxed form (RFC 6376,
// section 3.4.4), and its patches where they stand in it: tokens have no blanks
// and stay as they are.
func relaxedBody(data []byte, patches []patch) part {
	out := part{data: make([]byte, 0, len(data))}
	read, end := 0, 0 // end is that of the last line that is not empty
	for line := range bytes.SplitAfterSeq(data, []byte("\r\n")) {
		start, blank := len(out.data), false
		for i, c := range bytes.TrimSuffix(line, []byte("\r\n")) {
			if c == ' ' || c == '\t' {
				blank = true
				continue
			}
			if blank {
				out.data, blank = append(out.data, ' '), false
			}
			if n := len(out.patches); n < len(patches) && patches[n].at == read+i {
				p := patches[n]
				p.at = len(out.data)
				out.patches = append(out.patches, p)
			}
			out.data = append(out.data, c)
		}
		read += len(line)
		filled := len(out.data) > start
		out.data = append(out.data, "\r\n"...)
		if filled {
			end = len(out.data)
		}
	}
	out.data = out.data[:end]
	return out
}
