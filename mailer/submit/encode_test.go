package submit_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"broadsheet/mailer"
	"broadsheet/mailer/submit"
)

// ownToken is no recipient's, but has all that a token may have.
const ownToken = "ZYXWVUTSRQPONMLKJIHGFEDCBA9876-_"

// checkEncoding checks that a text and an HTML come back as they were, with the
// token in the place of its marks.
func checkEncoding(t *testing.T, text, html string) {
	t.Helper()
	m := chinese()
	m.Body = &mailer.Body{Subject: m.Subject, Language: m.Language, Text: text, HTML: html}
	m.Token = ownToken
	data, err := submit.Build(m)
	if err != nil {
		t.Fatal(err)
	}
	checkForm(t, data)
	for i, line := range bytes.Split(data, []byte("\r\n")) {
		if bytes.HasPrefix(line, []byte(".")) {
			t.Errorf("line %d begins with a dot: %q", i+1, line)
		}
		if bytes.ContainsFunc(line, func(r rune) bool { return r > '~' || r < ' ' && r != '\t' }) {
			t.Errorf("line %d is not plain: %q", i+1, line)
		}
	}
	p := parse(t, data)
	for name, s := range map[string]struct{ was, is string }{"text": {text, p.Text}, "HTML": {html, p.HTML}} {
		want := strings.NewReplacer("\r\n", "\n", "\r", "\n", mailer.TokenMark, ownToken).Replace(strings.ToValidUTF8(s.was, "\ufffd"))
		if want != s.is {
			t.Errorf("%s came back otherwise (-want +got):\n%s", name, cmp.Diff(want, s.is))
		}
	}
}

// TestTokensStandAnywhere has tokens at every distance from the beginnings of
// lines and groups of three octets.
func TestTokensStandAnywhere(t *testing.T) {
	mark := mailer.TokenMark
	for _, around := range []struct{ name, letter string }{{"ASCII", "x"}, {"Latin", "é"}, {"Chinese", "汉"}} {
		t.Run(around.name, func(t *testing.T) {
			for n := range 80 {
				text := strings.Repeat(around.letter, 40) + strings.Repeat("x", n) + mark + around.letter + "\n"
				checkEncoding(t, text, strings.Repeat("字", 60)+strings.Repeat("y", n)+mark+"!"+mark+strings.Repeat("字", n%5))
			}
		})
	}
	for name, text := range map[string]string{
		"alone": mark, "two in a row": mark + mark, "three in a row": mark + mark + mark + "汉",
		"one apart": mark + "." + mark, "at the end": "汉字汉字" + mark, "on a line of its own": "汉字\n" + mark + "\n汉字",
		"after a long word": strings.Repeat("x", 1200) + mark, "half a mark": mark[:31] + "汉", "a mark in a mark": mark[:16] + mark + mark[16:],
	} {
		t.Run(name, func(t *testing.T) {
			checkEncoding(t, text, text)
			checkEncoding(t, text+" – é", strings.Repeat("字", 30)+text)
		})
	}
}

func TestOddTexts(t *testing.T) {
	for name, text := range map[string]string{
		"empty": "", "one line break": "\n", "no line break at the end": "abc", "many at the end": "abc\n\n\n\n",
		"dots": ".\n..\n.a\na.\n", "dots beyond ASCII": ".\n..é\n.a\na.\n", "From at the beginning": "From here\nto there\n>From there\n",
		"blanks at the end": "a \nb\t\nc \t \n", "blanks beyond ASCII": "é \n é\t\n", "only blanks": " \n\t\n", "equals signs": "a=b=20\n=\n",
		"a line of 998": strings.Repeat("x", 998) + "\n", "a line of 999": strings.Repeat("x", 999) + "\n",
		"a line of 76 with more": strings.Repeat("x", 75) + "é" + strings.Repeat("y", 200) + "\n", "a long line of dots": strings.Repeat(".", 400),
		"bare CR": "a\rb\r\nc\n", "control characters": "a\x00b\x07c\x1b[0m\x7f\n", "not UTF-8": "a\xff\xfeb\xc3\n", "a boundary": "--part-0\n--\n--part--\n",
	} {
		t.Run(name, func(t *testing.T) {
			checkEncoding(t, text, "<p>"+text)
			checkEncoding(t, text+"汉字汉字汉字汉字汉字汉字汉字汉字", text+"x")
		})
	}
}

func FuzzEncoding(f *testing.F) {
	f.Add("码头\n.\n"+mailer.TokenMark, "<p>"+mailer.TokenMark+mailer.TokenMark)
	f.Add("From é \r\n\r.", " ")
	f.Fuzz(func(t *testing.T, text, html string) { checkEncoding(t, text, html+"x") })
}

// The token of the wrong length, or with anything in it that an encoding would
// change, is refused instead of spoiling the message.
func TestTokensThatAreNone(t *testing.T) {
	for _, token := range []string{"short", ownToken + "x", strings.Repeat("=", 32), strings.Repeat(" ", 32), strings.Repeat("汉", 10) + "ab", "\r\nBcc: everybody@example.org, x "} {
		m := chinese()
		m.Token = token
		if _, err := submit.Build(m); err == nil || !strings.HasPrefix(err.Error(), "the recipient's token is not 32 letters") {
			t.Errorf("%q: error %v", token, err)
		}
	}
}
