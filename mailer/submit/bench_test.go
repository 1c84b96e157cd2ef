package submit_test

import (
	"strings"
	"testing"

	"broadsheet/mailer"
	"broadsheet/mailer/submit"
)

// digestSized is a message as large as a full digest, 30 KB of HTML.
func digestSized() mailer.Message {
	m := chinese()
	m.HTML = strings.Repeat("<p style=\"margin:0\">码头二期投产，年吞吐能力达到八十万标箱。</p>\n", 350)
	m.Text = strings.Repeat("码头二期投产，年吞吐能力达到八十万标箱。\n", 150)
	return m
}

func BenchmarkBuild(b *testing.B) {
	m := digestSized()
	b.SetBytes(int64(len(m.HTML) + len(m.Text)))
	for b.Loop() {
		if _, err := submit.Build(m); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRelay sends over one connection to a server in the same process.
func BenchmarkRelay(b *testing.B) {
	r := (&relay{}).start(b)
	tr := open(b, r.config())
	m := digestSized()
	for b.Loop() {
		if _, err := tr.Send(b.Context(), m); err != nil {
			b.Fatal(err)
		}
	}
}
