package submit_test

import (
	"errors"
	"strings"
	"testing"

	"broadsheet/mailer"
	"broadsheet/mailer/submit"
)

// TestOddAddressesOnTheWire holds that addresses in odd but legal forms reach
// the server in the form that SMTP has for them (RFC 5321, section 4.1.2), by
// Send and in bulk, and stand in the header so that they can be read back.
func TestOddAddressesOnTheWire(t *testing.T) {
	for _, tt := range []struct{ name, to, want string }{
		{"plain", "reader@example.org", "<reader@example.org>"},
		{"capitals", "Reader@Example.ORG", "<Reader@example.org>"},
		{"with a name", `"Reader, The" <reader@example.org>`, "<reader@example.org>"},
		{"with a name in another script", "读者 <reader@example.org>", "<reader@example.org>"},
		{"a tag", "reader+weekly=a@example.org", "<reader+weekly=a@example.org>"},
		{"an apostrophe", "o'hara@example.org", "<o'hara@example.org>"},
		{"all that atoms may have", "!#$%&'*+-/=?^_`{|}~@example.org", "<!#$%&'*+-/=?^_`{|}~@example.org>"},
		{"a quoted blank", `"first last"@example.org`, `<"first last"@example.org>`},
		{"a quoted quote and backslash", `"a\"b\\c"@example.org`, `<"a\"b\\c"@example.org>`},
		{"quoted brackets and at sign", `"a>b<c@d"@example.org`, `<"a>b<c@d"@example.org>`},
		{"quoted without need", `"reader"@example.org`, "<reader@example.org>"},
		{"two dots, quoted", `"a..b"@example.org`, `<"a..b"@example.org>`},
		{"a domain beyond ASCII", "reader@例子.测试", "<reader@xn--fsqu00a.xn--0zwm56d>"},
		{"a domain in its ASCII form", "reader@xn--fsqu00a.xn--0zwm56d", "<reader@xn--fsqu00a.xn--0zwm56d>"},
		{"an address literal", "reader@[127.0.0.1]", "<reader@[127.0.0.1]>"},
		{"beyond ASCII", "读者@例子.测试", "<读者@xn--fsqu00a.xn--0zwm56d>"},
		{"beyond ASCII and quoted", `"读 者"@example.org`, `<"读 者"@example.org>`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := (&talker{offers: "PIPELINING SMTPUTF8"}).start(t)
			tr := open(t, s.config())
			q := newLedger(t, english().Body, 1)
			q.messages[0].To = tt.to
			if _, err := tr.Send(t.Context(), q.messages[0]); err != nil {
				t.Fatal(err)
			}
			if err := tr.Work(t.Context(), q); err != nil || q.outcomes()[0] != "ok" {
				t.Fatalf("in bulk: %q, error %v", q.outcomes(), err)
			}
			accepted, _, _ := s.seen()
			for i, m := range accepted {
				if m.rcpt != tt.want {
					t.Errorf("message %d: to %s, want %s", i, m.rcpt, tt.want)
				}
				if beyond := strings.ContainsFunc(tt.want, func(r rune) bool { return r > '~' }); beyond != strings.HasSuffix(m.mail, " SMTPUTF8") {
					t.Errorf("message %d: MAIL %s", i, m.mail)
				}
				if to := parse(t, []byte(m.data)).To.Address; !sameMailbox(to, tt.want) {
					t.Errorf("message %d: the header is to %q, want %s", i, to, tt.want)
				}
			}
		})
	}
}

// sameMailbox compares a parsed address with one as SMTP writes it.
func sameMailbox(parsed, written string) bool {
	at := strings.LastIndexByte(written, '@')
	local := written[1:at]
	if strings.HasPrefix(local, `"`) {
		local = strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(local[1 : len(local)-1])
	}
	return parsed == local+strings.TrimSuffix(written[at:], ">")
}

// TestIllegalAddressesSendNothing holds that what is no address never comes
// near a server.
func TestIllegalAddressesSendNothing(t *testing.T) {
	const smuggled = "x@example.org>\r\nRCPT TO:<everybody@example.org"
	s := (&talker{offers: "PIPELINING SMTPUTF8"}).start(t)
	tr := open(t, s.config())
	for name, change := range map[string]func(*mailer.Message){
		"nothing":                       func(m *mailer.Message) { m.To = "" },
		"no at sign":                    func(m *mailer.Message) { m.To = "reader" },
		"no local part":                 func(m *mailer.Message) { m.To = "@example.org" },
		"no domain":                     func(m *mailer.Message) { m.To = "reader@" },
		"two at signs":                  func(m *mailer.Message) { m.To = "a@b@example.org" },
		"a blank":                       func(m *mailer.Message) { m.To = "first last@example.org" },
		"a blank in the domain":         func(m *mailer.Message) { m.To = "reader@example .org" },
		"two dots":                      func(m *mailer.Message) { m.To = "a..b@example.org" },
		"two dots in the domain":        func(m *mailer.Message) { m.To = "reader@example..org" },
		"a bracket left open":           func(m *mailer.Message) { m.To = "<reader@example.org" },
		"a bracket closed":              func(m *mailer.Message) { m.To = "reader@example.org>" },
		"a quote left open":             func(m *mailer.Message) { m.To = `"reader@example.org` },
		"nobody":                        func(m *mailer.Message) { m.To = "<>" },
		"two":                           func(m *mailer.Message) { m.To = "a@example.org, b@example.org" },
		"a group":                       func(m *mailer.Message) { m.To = "all: a@example.org, b@example.org;" },
		"a label of 64":                 func(m *mailer.Message) { m.To = "a@" + strings.Repeat("x", 64) + ".org" },
		"too long":                      func(m *mailer.Message) { m.To = strings.Repeat("x", 243) + "@example.org" },
		"a command in the recipient":    func(m *mailer.Message) { m.To = smuggled },
		"a command in quotes":           func(m *mailer.Message) { m.To = "\"a\r\nDATA\r\n\"@example.org" },
		"a NUL":                         func(m *mailer.Message) { m.To = "a\x00@example.org" },
		"a command in the sender":       func(m *mailer.Message) { m.From = smuggled },
		"a command in the envelope":     func(m *mailer.Message) { m.Envelope = smuggled },
		"no address in the envelope":    func(m *mailer.Message) { m.Envelope = "bounce" },
		"a field in the subject":        func(m *mailer.Message) { b := *m.Body; b.Subject = "a\r\nBcc: b@example.org"; m.Body = &b },
		"a field in the language":       func(m *mailer.Message) { b := *m.Body; b.Language = "en\nBcc: b@example.org"; m.Body = &b },
		"a field in the id":             func(m *mailer.Message) { m.ID = "a@b>\r\nBcc: <b@example.org" },
		"a field in the list's id":      func(m *mailer.Message) { m.ListID = "a>\r\nBcc: <b@example.org" },
		"a field in the list's name":    func(m *mailer.Message) { m.ListName = "a\rBcc: b@example.org" },
		"a field in another":            func(m *mailer.Message) { m.Headers[0].Value = "a\nBcc: b@example.org" },
		"a body in another":             func(m *mailer.Message) { m.Headers[0].Value = "a\r\n\r\n<script>" },
		"a dot for a name":              func(m *mailer.Message) { m.Headers[0].Name = ".a" },
		"a signature of somebody else":  func(m *mailer.Message) { m.Headers[0].Name = "DKIM-Signature" },
		"a command in the token":        func(m *mailer.Message) { m.Token = "\r\n.\r\nRSET\r\nMAIL FROM:<a@b>\r\n" },
		"an encoded break in the name":  func(m *mailer.Message) { m.To = "=?utf-8?q?A=0D=0ABcc:_x?= <a@example.org>" },
		"a break after the sender":      func(m *mailer.Message) { m.From = "a@example.org\n" },
		"a domain that cannot be":       func(m *mailer.Message) { m.To = "a@xn--zzzzzz.example.org" },
		"a domain with a soft hyphen":   func(m *mailer.Message) { m.To = "a@-example-.org" },
		"a list's id in another script": func(m *mailer.Message) { m.ListID = "周报.example.org" },
	} {
		t.Run(name, func(t *testing.T) {
			q := newLedger(t, english().Body, 1)
			change(&q.messages[0])
			_, err := tr.Send(t.Context(), q.messages[0])
			var se *mailer.SendError
			if !errors.As(err, &se) || se.Fault != mailer.PermanentFault || strings.ContainsAny(err.Error(), "\r\n") {
				t.Errorf("error %v, want a permanent fault in one line", err)
			}
			if err := tr.Work(t.Context(), q); err != nil || q.outcomes()[0] != "permanent 0" {
				t.Errorf("in bulk: %q, error %v", q.outcomes(), err)
			}
			if _, err := submit.Build(q.messages[0]); err == nil && !strings.Contains(name, "envelope") {
				t.Error("Build takes it")
			}
		})
	}
	if accepted, commands, sessions := s.seen(); sessions != 0 {
		t.Errorf("%d sessions with %q, %d accepted", sessions, commands, len(accepted))
	}
}
