package receive

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime/quotedprintable"
	"strings"
)

const (
	maxDepth = 8       // of parts within parts
	maxParts = 100     // of a message that are looked at
	maxText  = 1 << 20 // bytes of a decoded part; the rest is cut off
)

// A part is a piece of a message that has no parts of its own.
type part struct {
	header header
	kind   string // media type, in lower case
	params map[string]string
	raw    []byte
}

// parts takes a message apart. What is nested deeper than maxDepth, and what
// comes after maxParts, is not looked at.
func parts(h header, body []byte) []part {
	w := &walker{}
	w.walk(h, body, 0)
	return w.found
}

type walker struct {
	found []part
	seen  int
}

func (w *walker) walk(h header, body []byte, depth int) {
	if w.seen++; w.seen > maxParts {
		return
	}
	kind, params := h.mediaType()
	boundary := params["boundary"]
	if !strings.HasPrefix(kind, "multipart/") || boundary == "" || depth >= maxDepth {
		w.found = append(w.found, part{header: h, kind: kind, params: params, raw: body})
		return
	}
	for _, raw := range cutParts(body, boundary) {
		inner, rest := splitHeader(raw)
		w.walk(inner, rest, depth+1)
	}
}

// cutParts cuts the body of a multipart (RFC 2046, section 5.1.1). A last part
// that is not closed counts: reports are often cut off.
func cutParts(body []byte, boundary string) [][]byte {
	mark := []byte("--" + boundary)
	var cut [][]byte
	start, open := 0, false
	for at := 0; at < len(body); {
		line, rest := cutLine(body[at:])
		next := len(body) - len(rest)
		if bytes.HasPrefix(line, mark) {
			end := bytes.TrimRight(line[len(mark):], " \t")
			if closing := string(end) == "--"; len(end) == 0 || closing {
				if open {
					cut = append(cut, body[start:at])
				}
				if closing || len(cut) > maxParts {
					return cut
				}
				start, open = next, true
			}
		}
		at = next
	}
	if open {
		cut = append(cut, body[start:])
	}
	return cut
}

// text returns what a part says, decoded, at most maxText bytes of it. What is
// not encoded as it says is returned as far as it could be decoded.
func (p *part) text() []byte {
	var r io.Reader = bytes.NewReader(p.raw)
	switch strings.ToLower(p.header.get("Content-Transfer-Encoding")) {
	case "base64":
		r = base64.NewDecoder(base64.StdEncoding, &onlyBase64{r})
	case "quoted-printable":
		r = quotedprintable.NewReader(r)
	}
	b, _ := io.ReadAll(io.LimitReader(r, maxText)) // what could be read counts
	return b
}

// onlyBase64 leaves out what has no meaning in base64 (RFC 2045, section 6.8).
type onlyBase64 struct{ r io.Reader }

// Read implements io.Reader.
func (o *onlyBase64) Read(p []byte) (int, error) {
	for {
		n, err := o.r.Read(p)
		kept := 0
		for _, c := range p[:n] {
			if c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '+' || c == '/' || c == '=' {
				p[kept] = c
				kept++
			}
		}
		if kept > 0 || err != nil {
			return kept, err
		}
	}
}
