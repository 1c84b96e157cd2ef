package submit_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"broadsheet/mailer"
	"broadsheet/mailer/submit"
)

func TestBuildGolden(t *testing.T) {
	for name, m := range map[string]mailer.Message{"chinese.eml": chinese(), "english.eml": english()} {
		t.Run(name, func(t *testing.T) {
			got, err := submit.Build(m)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name, got)
			again, err := submit.Build(m)
			if err != nil || !bytes.Equal(got, again) {
				t.Errorf("the same message gave other bytes (error %v)", err)
			}
			checkForm(t, got)
			checkBack(t, m, got)
		})
	}
}

// checkForm checks what RFC 5322 and 5321 ask of the bytes.
func checkForm(t *testing.T, data []byte) {
	t.Helper()
	for i, line := range strings.SplitAfter(string(data), "\r\n") {
		body := strings.TrimSuffix(line, "\r\n")
		if strings.ContainsAny(body, "\r\n") {
			t.Errorf("line %d has a bare CR or LF: %q", i+1, line)
		}
		if len(body) > 998 {
			t.Errorf("line %d has %d octets", i+1, len(body))
		}
	}
	head, _, _ := bytes.Cut(data, []byte("\r\n\r\n"))
	for _, c := range head {
		if c >= 0x80 {
			t.Error("the header has 8-bit characters")
			break
		}
	}
	if regexp.MustCompile(`(?mi)^(X-Mailer|User-Agent):`).Match(head) {
		t.Error("the header names the software")
	}
}

// parsed is a message as a mail program sees it.
type parsed struct {
	Header     mail.Header
	Subject    string
	From, To   mail.Address
	Text, HTML string
	Encodings  []string
}

// parse reads a message back with the standard library alone.
func parse(t *testing.T, data []byte) parsed {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	p := parsed{Header: m.Header}
	if p.Subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil {
		t.Fatal(err)
	}
	for field, a := range map[string]*mail.Address{"From": &p.From, "To": &p.To} {
		list, err := m.Header.AddressList(field)
		if err != nil || len(list) != 1 {
			t.Fatalf("%s: %v, error %v", field, list, err)
		}
		*a = *list[0]
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("content type %q, error %v", kind, err)
	}
	r := multipart.NewReader(m.Body, params["boundary"])
	for _, want := range []struct {
		kind string
		into *string
	}{{"text/plain", &p.Text}, {"text/html", &p.HTML}} {
		part, err := r.NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		kind, params, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
		if err != nil || kind != want.kind || !strings.EqualFold(params["charset"], "utf-8") {
			t.Errorf("part %q %v, want %q in UTF-8 (error %v)", kind, params, want.kind, err)
		}
		encoding := part.Header.Get("Content-Transfer-Encoding")
		p.Encodings = append(p.Encodings, encoding)
		var body io.Reader = part
		switch encoding {
		case "base64":
			body = base64.NewDecoder(base64.StdEncoding, part)
		case "quoted-printable":
			body = quotedprintable.NewReader(part)
		}
		b, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		*want.into = strings.ReplaceAll(string(b), "\r\n", "\n")
	}
	if _, err := r.NextRawPart(); !errors.Is(err, io.EOF) {
		t.Errorf("more than two parts, or no end: %v", err)
	}
	return p
}

// checkBack checks that the bytes say what the message said.
func checkBack(t *testing.T, m mailer.Message, data []byte) {
	t.Helper()
	p := parse(t, data)
	from, err := mail.ParseAddress(m.From)
	if err != nil {
		t.Fatal(err)
	}
	want := parsed{Subject: m.Subject, From: *from, To: mail.Address{Address: m.To}, Text: m.Text, HTML: m.HTML}
	got := p
	got.Header, got.Encodings = nil, nil
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
	for name, want := range map[string]string{
		"Message-ID":               "<" + m.ID + ">",
		"Date":                     m.Date.Format("Mon, 02 Jan 2006 15:04:05 -0700"),
		"Mime-Version":             "1.0",
		"List-Unsubscribe":         "<mailto:editor@example.com?subject=unsubscribe%20weekly>",
		"Precedence":               "bulk",
		"Auto-Submitted":           "auto-generated",
		"X-Auto-Response-Suppress": "All",
		"Content-Language":         m.Language,
	} {
		if got := p.Header[name]; name != "Message-ID" && (len(got) != 1 || got[0] != want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
		if got := p.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	list := p.Header.Get("List-Id")
	name, id, _ := strings.Cut(list, "<")
	if id != m.ListID+">" {
		t.Errorf("List-Id: %q does not end with <%s>", list, m.ListID)
	}
	decoded, err := new(mime.WordDecoder).DecodeHeader(strings.TrimSpace(name))
	if err != nil || strings.Trim(strings.ReplaceAll(decoded, `\`, ""), `"`) != strings.Trim(m.ListName, `"`) && decoded != `"`+strings.ReplaceAll(m.ListName, `"`, `\"`)+`"` {
		t.Errorf("List-Id: name %q, want %q (error %v)", decoded, m.ListName, err)
	}
}

func TestTransferEncodingFitsTheScript(t *testing.T) {
	for _, tt := range []struct {
		name string
		m    mailer.Message
		want []string
	}{
		{"Chinese", chinese(), []string{"base64", "base64"}},
		{"English", english(), []string{"quoted-printable", "quoted-printable"}},
		{"Chinese text and English markup", func() mailer.Message {
			m := chinese()
			m.HTML = english().HTML
			return m
		}(), []string{"base64", "quoted-printable"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			data, err := submit.Build(tt.m)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, parse(t, data).Encodings); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			size := len(data)
			if est := submit.EncodedLen(tt.m.HTML) + submit.EncodedLen(tt.m.Text); est > size || est < size-2000 {
				t.Errorf("EncodedLen says %d for a message of %d octets", est, size)
			}
		})
	}
}

func TestBuildRefuses(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*mailer.Message)
		want   string
	}{
		{"a line break in the subject", func(m *mailer.Message) { m.Subject = "News\r\nBcc: all@example.com" }, `header Subject: "News\r\nBcc: all@example.com" has a line break`},
		{"a bare LF in the sender", func(m *mailer.Message) { m.From = "A\n <a@example.com>" }, "header From: "},
		{"a line break in an encoded name", func(m *mailer.Message) { m.From = "=?utf-8?q?A=0D=0ABcc:_x?= <a@example.com>" }, "header From: "},
		{"a line break in the recipient", func(m *mailer.Message) { m.To = "a@example.com\r\nRCPT TO:<b@example.com>" }, "header To: "},
		{"no address", func(m *mailer.Message) { m.To = "nobody" }, `header To: "nobody" is not a mail address`},
		{"two addresses", func(m *mailer.Message) { m.To = "a@example.com, b@example.com" }, "header To: "},
		{"an endless address", func(m *mailer.Message) { m.To = strings.Repeat("a", 300) + "@example.com" }, "header To: the address is longer"},
		{"a line break in the id", func(m *mailer.Message) { m.ID = "a\r\n@b" }, "header Message-ID: "},
		{"an id without a domain", func(m *mailer.Message) { m.ID = "abc" }, `header Message-ID: "abc" is not of the form id@domain`},
		{"an id that closes its bracket", func(m *mailer.Message) { m.ID = "a>@b" }, "header Message-ID: "},
		{"a list id with a space", func(m *mailer.Message) { m.ListID = "weekly news" }, "header List-Id: "},
		{"a line break in the list's name", func(m *mailer.Message) { m.ListName = "a\nb" }, "header List-Id: "},
		{"a line break in the language", func(m *mailer.Message) { m.Language = "en\r\nX: y" }, "header Content-Language: "},
		{"a line break in a further field", func(m *mailer.Message) { m.Headers[0].Value += "\r\n\r\nbody" }, "header List-Unsubscribe: "},
		{"a second field in a name", func(m *mailer.Message) { m.Headers[0].Name = "A: b\r\nC" }, `header "A: b\r\nC": not a field name`},
		{"a field without a name", func(m *mailer.Message) { m.Headers[0].Name = "" }, "a header field has no name"},
		{"a second From", func(m *mailer.Message) { m.Headers[0].Name = "from" }, "header from: is not for the caller to set"},
		{"a further field beyond ASCII", func(m *mailer.Message) { m.Headers[0].Value = "退订" }, "header List-Unsubscribe: "},
		{"a further field longer than a line", func(m *mailer.Message) { m.Headers[0].Value = strings.Repeat("x", 1000) }, "header List-Unsubscribe: is longer"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := chinese()
			tt.change(&m)
			_, err := submit.Build(m)
			var se *mailer.SendError
			if !errors.As(err, &se) || se.Fault != mailer.PermanentFault || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("error %v, want a permanent fault %q", err, tt.want)
			}
		})
	}
}

func TestBuildTakesOddAddresses(t *testing.T) {
	for _, tt := range []struct{ name, to, want string }{
		{"quoted", `"first last"@example.com`, `first last@example.com`},
		{"tagged", "a+b=c@example.com", "a+b=c@example.com"},
		{"domain beyond ASCII", "a@例子.测试", "a@xn--fsqu00a.xn--0zwm56d"},
		{"with a name", "某人 <a@example.com>", "a@example.com"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := chinese()
			m.To = tt.to
			data, err := submit.Build(m)
			if err != nil {
				t.Fatal(err)
			}
			if got := parse(t, data).To.Address; got != tt.want {
				t.Errorf("to %q, want %q", got, tt.want)
			}
		})
	}
}

// FuzzBuild holds that whatever is accepted comes back as it was, with no
// field more than there should be.
func FuzzBuild(f *testing.F) {
	f.Add("一周产经", "News <a@example.com>", "b@example.com", "id@example.com", "名单", "text\r\n.\r\n", "<p>\x00</p>")
	f.Add("a\rb", "\"a\\\" b\" <a@example.com>", "x@[127.0.0.1]", "@", "", "", "")
	f.Fuzz(func(t *testing.T, subject, from, to, id, list, text, html string) {
		m := chinese()
		m.Subject, m.From, m.To, m.ID, m.ListName, m.Text, m.HTML = subject, from, to, id, list, text, html
		data, err := submit.Build(m)
		if err != nil {
			var se *mailer.SendError
			if !errors.As(err, &se) {
				t.Fatalf("not a SendError: %v", err)
			}
			return
		}
		back, err := mail.ReadMessage(bytes.NewReader(data))
		if err != nil {
			t.Fatalf("cannot be read back: %v\n%s", err, data)
		}
		for name, values := range back.Header {
			if len(values) != 1 {
				t.Errorf("%s stands %d times", name, len(values))
			}
		}
		want := 14
		if html == "" {
			want++ // the only part's transfer encoding
		}
		if n := len(back.Header); n != want {
			t.Errorf("%d header fields, want %d: %v", n, want, back.Header)
		}
	})
}
