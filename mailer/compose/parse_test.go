package compose_test

import (
	"bytes"
	"errors"
	"io"
	stdmail "net/mail"
	"regexp"
	"strings"
	"testing"

	gomessage "github.com/emersion/go-message"
	"github.com/google/go-cmp/cmp"

	"broadsheet/mailer"
	"broadsheet/mailer/compose"
	"broadsheet/mailer/submit"
)

// parsed is what a parser makes of a message.
type parsed struct {
	Subject, From, To, ID, ListID string
	Types, Bodies                 []string
}

// readAgain reads a message with a parser that has its own code, not net/mail
// and mime/multipart.
func readAgain(t *testing.T, data []byte) parsed {
	t.Helper()
	m, err := gomessage.Read(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	var p parsed
	field := func(name string) string {
		s, err := m.Header.Text(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		return s
	}
	p.Subject, p.From, p.To, p.ID, p.ListID = field("Subject"), field("From"), field("To"), field("Message-Id"), field("List-Id")
	if v := m.Header.Get("Mime-Version"); v != "1.0" {
		t.Errorf("MIME-Version %q", v)
	}
	if typ, _, err := m.Header.ContentType(); err != nil || typ != "multipart/alternative" {
		t.Errorf("type %q, %v", typ, err)
	}
	parts := m.MultipartReader()
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return p
		}
		if err != nil {
			t.Fatal(err)
		}
		typ, params, err := part.Header.ContentType()
		if err != nil || !strings.EqualFold(params["charset"], "utf-8") {
			t.Errorf("type %q %v, %v", typ, params, err)
		}
		body, err := io.ReadAll(part.Body)
		if err != nil {
			t.Fatal(err)
		}
		p.Types, p.Bodies = append(p.Types, typ), append(p.Bodies, strings.ReplaceAll(string(body), "\r\n", "\n"))
	}
}

// What is mailed is RFC 5322 and RFC 2045, by two parsers and by its octets.
func TestMessagesAreReadAsTheyWereMeant(t *testing.T) {
	for name, sample := range samples() {
		t.Run(name, func(t *testing.T) {
			d, s := sample()
			c := composer(s)
			c.Notices = notices(3)
			e, err := c.Compose(t.Context(), d, monday(), compose.Opts{})
			if err != nil {
				t.Fatal(err)
			}
			m := messageWithToken(e, s.saved[0])
			data, err := submit.Build(m)
			if err != nil {
				t.Fatal(err)
			}
			checkOctets(t, data)

			filled := *e
			filled.HTML, filled.Text = strings.ReplaceAll(e.HTML, mailer.TokenMark, m.Token), strings.ReplaceAll(e.Text, mailer.TokenMark, m.Token)
			checkMail(t, data, &filled) // by net/mail and mime/multipart
			got := readAgain(t, data)
			from, err := stdmail.ParseAddress(got.From)
			if err != nil || from.Address != "digest@news.example.com" || from.Name != "江城产经" {
				t.Errorf("from %v, %v", from, err)
			}
			got.From = ""
			want := parsed{
				Subject: e.Subject, To: "<reader@example.org>", ID: "<" + m.ID + ">", ListID: e.Title + " <weekly.news.example.com>",
				Types: []string{"text/plain", "text/html"}, Bodies: []string{filled.Text, filled.HTML},
			}
			if name == "rtl" || name == "en" || name == "empty" {
				got.ListID = strings.ReplaceAll(got.ListID, `"`, "") // ASCII titles are quoted
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// messageWithToken returns the mail as the daemon sends it.
func messageWithToken(e *mailer.Edition, d mailer.Delivery) mailer.Message {
	d.Recipient = mailer.FixedID(d.To)
	s := mailer.Sender{From: "江城产经 <digest@news.example.com>", Contact: "editor@example.com", Secret: []byte("secret")}
	return s.Message(e, e.Body(d.Variant), d)
}

// checkOctets checks what RFC 5322 and RFC 2045 say of lines and octets.
func checkOctets(t *testing.T, data []byte) {
	t.Helper()
	head, _, ok := bytes.Cut(data, []byte("\r\n\r\n"))
	if !ok {
		t.Fatal("no empty line ends the header")
	}
	for line := range bytes.SplitSeq(data, []byte("\r\n")) {
		if len(line) > 998 {
			t.Errorf("a line of %d octets: %.60q", len(line), line)
		}
		if bytes.ContainsAny(line, "\r\n\x00") {
			t.Errorf("a bare CR, LF or NUL in %.60q", line)
		}
		for _, c := range line {
			if c >= 0x7f || c < ' ' && c != '\t' {
				t.Fatalf("octet %#x in %.60q", c, line)
			}
		}
	}
	seen := map[string]bool{}
	for line := range bytes.SplitSeq(head, []byte("\r\n")) {
		if len(line) > 78 && !bytes.HasPrefix(line, []byte("List-")) { // RFC 5322, section 2.1.1; addresses are not folded
			t.Errorf("a line of the header has %d characters: %q", len(line), line)
		}
		name, _, field := bytes.Cut(line, []byte(":"))
		if line[0] != ' ' && line[0] != '\t' {
			if !field || seen[strings.ToLower(string(name))] {
				t.Errorf("no field, or twice: %q", line)
			}
			seen[strings.ToLower(string(name))] = true
		}
		for _, word := range regexp.MustCompile(`=\?[^?]*\?[bqBQ]\?[^?]*\?=`).FindAll(line, -1) {
			if len(word) > 75 { // RFC 2047, section 2
				t.Errorf("an encoded word of %d characters: %q", len(word), word)
			}
		}
	}
	for _, name := range []string{"date", "from", "to", "message-id", "subject", "mime-version", "content-type", "list-id", "list-unsubscribe"} {
		if !seen[name] {
			t.Errorf("there is no %s", name)
		}
	}
}
