package submit

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"weak"

	"broadsheet/mailer"
)

// A variant is a mailer.Body made ready for sending, once for all its
// recipients.
type variant struct {
	body   mailer.Body // with valid UTF-8 only
	forms  [2]func() *form
	letter atomic.Pointer[letterhead]
}

// A form is the body of a mail as it travels, but for the recipient's token.
type form struct {
	fields  string // of the header: what it is
	data    []byte
	patches []patch
	eight   bool // has octets beyond ASCII
	digest  func() *bodyDigest
}

// A letterhead is what the header of a variant's mails has in common.
type letterhead struct {
	from, listID, listName string
	date                   time.Time

	top, bottom string // before and after what is each recipient's own
	envelope    string // the bare address of from
}

// variants holds those whose body is still in use.
type variants struct {
	mu sync.Mutex
	of map[weak.Pointer[mailer.Body]]*variant
}

// get returns the variant of a body, always the same one.
func (vs *variants) get(b *mailer.Body) *variant {
	key := weak.Make(b)
	vs.mu.Lock()
	defer vs.mu.Unlock()
	v, ok := vs.of[key]
	if !ok {
		v = newVariant(b)
		if vs.of == nil {
			vs.of = map[weak.Pointer[mailer.Body]]*variant{}
		}
		vs.of[key] = v
		runtime.AddCleanup(b, vs.forget, key)
	}
	return v
}

func (vs *variants) forget(key weak.Pointer[mailer.Body]) {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	delete(vs.of, key)
}

func newVariant(b *mailer.Body) *variant {
	v := &variant{body: *b}
	for _, s := range []*string{&v.body.Subject, &v.body.Text, &v.body.HTML} {
		*s = strings.ToValidUTF8(*s, "\ufffd")
	}
	for i := range v.forms {
		v.forms[i] = sync.OnceValue(func() *form { return newForm(&v.body, i == 1) })
	}
	return v
}

// form returns the body as it travels: with octets beyond ASCII only if eight
// says that it may.
func (v *variant) form(eight bool) *form {
	if eight {
		if f := v.forms[1](); f.eight {
			return f
		}
	}
	return v.forms[0]()
}

// newForm writes the text alone, or text and HTML as multipart/alternative
// with a boundary that depends on them alone.
func newForm(b *mailer.Body, eight bool) *form {
	text := encode(b.Text, eight)
	f := &form{eight: text.encoding == "8bit"}
	f.digest = sync.OnceValue(func() *bodyDigest { return newBodyDigest(f.data, f.patches) })
	if b.HTML == "" {
		f.fields = "Content-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: " + text.encoding + "\r\n"
		f.add(text)
		if !strings.HasSuffix(string(f.data), "\r\n") {
			f.data = append(f.data, "\r\n"...)
		}
		return f
	}
	html := encode(b.HTML, eight)
	f.eight = f.eight || html.encoding == "8bit"
	sum := sha256.New()
	_, _ = fmt.Fprintf(sum, "%d\n%s%s", len(b.Text), b.Text, b.HTML)
	boundary := "part-" + hex.EncodeToString(sum.Sum(nil)[:16])
	f.fields = "Content-Type: multipart/alternative;\r\n boundary=" + boundary + "\r\n"
	if f.eight {
		f.fields += "Content-Transfer-Encoding: 8bit\r\n" // RFC 2045, section 6.4
	}
	for _, p := range []struct {
		kind string
		part
	}{{"plain", text}, {"html", html}} {
		f.data = fmt.Appendf(f.data, "--%s\r\nContent-Type: text/%s; charset=UTF-8\r\nContent-Transfer-Encoding: %s\r\n\r\n", boundary, p.kind, p.encoding)
		f.add(p.part)
		f.data = append(f.data, "\r\n"...)
	}
	f.data = append(f.data, "--"+boundary+"--\r\n"...)
	return f
}

// add appends a part.
func (f *form) add(p part) {
	for _, q := range p.patches {
		q.at += len(f.data)
		f.patches = append(f.patches, q)
	}
	f.data = append(f.data, p.data...)
}

// letterhead returns what m's header has in common with those before it.
func (v *variant) letterhead(m *mailer.Message) (*letterhead, error) {
	l := v.letter.Load()
	if l != nil && l.from == m.From && l.listID == m.ListID && l.listName == m.ListName && l.date.Equal(m.Date) && sameZone(l.date, m.Date) {
		return l, nil
	}
	l, err := newLetterhead(&v.body, m)
	if err != nil {
		return nil, err
	}
	v.letter.Store(l)
	return l, nil
}

func sameZone(a, b time.Time) bool {
	_, x := a.Zone()
	_, y := b.Zone()
	return x == y
}

func newLetterhead(b *mailer.Body, m *mailer.Message) (*letterhead, error) {
	listName := strings.ToValidUTF8(m.ListName, "\ufffd")
	from, err := checkCommon(b, m, listName)
	if err != nil {
		return nil, err
	}
	l := &letterhead{from: m.From, listID: m.ListID, listName: m.ListName, date: m.Date, envelope: spec(from.Address)}
	l.top = "Date: " + m.Date.Format("Mon, 02 Jan 2006 15:04:05 -0700") + "\r\n" +
		"From: " + named(len("From: "), from.Name, spec(from.Address)) + "\r\n" +
		"Subject: " + unstructured(len("Subject: "), b.Subject) + "\r\n"
	if m.ListID != "" { // RFC 2919, section 2
		l.bottom = "List-Id: " + named(len("List-Id: "), listName, m.ListID) + "\r\n"
	}
	l.bottom += "Precedence: bulk\r\n" +
		"Auto-Submitted: auto-generated\r\n" + // RFC 3834, section 5
		"X-Auto-Response-Suppress: All\r\n"
	if b.Language != "" {
		l.bottom += "Content-Language: " + b.Language + "\r\n" // RFC 3282
	}
	l.bottom += "MIME-Version: 1.0\r\n"
	return l, nil
}
