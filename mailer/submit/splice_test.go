package submit

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"strings"
	"testing"
	"time"

	"broadsheet/mailer"
)

// BenchmarkSplice tells what a message of a variant costs once the variant is
// ready: its header, its token and its signatures. It looks inside, because
// outside the wire would be measured with it.
func BenchmarkSplice(b *testing.B) {
	link := "https://news.example.com/unsubscribe/" + mailer.TokenMark + "?digest=weekly\n"
	body := &mailer.Body{
		Subject: "一周产经 11月23日", Language: "zh-Hans",
		Text: strings.Repeat("码头二期投产，年吞吐能力达到八十万标箱。\n", 100) + link,
		HTML: strings.Repeat("<p style=\"margin:0\">码头二期投产。 The second berth is open.</p>\n", 260) + link,
	}
	edition := &mailer.Edition{Number: 1, Digest: "weekly", Title: "一周产经", Created: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)}
	sender := mailer.Sender{
		From: "江城产经 <digest@news.example.com>", Contact: "editor@example.com", SiteURL: "https://news.example.com",
		Domain: "bounce.news.example.com", Secret: []byte("a secret of the site"),
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		b.Fatal(err)
	}
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	for _, bb := range []struct {
		name  string
		keys  signers
		eight bool
	}{
		{"8bit", nil, true},
		{"base64", nil, false},
		{"Ed25519", signers{{"news.example.com", "e", edKey}}, false},
		{"RSA-2048", signers{{"news.example.com", "r", rsaKey}}, false},
	} {
		b.Run(bb.name, func(b *testing.B) {
			v := newVariant(body)
			f := v.form(bb.eight)
			b.SetBytes(int64(len(f.data)))
			b.ReportAllocs()
			var buf []byte
			for i := 0; b.Loop(); i++ {
				m := sender.Message(edition, body, mailer.Delivery{
					ID: int64(i), To: fmt.Sprintf("reader%d@example.org", i), Recipient: int64(i), MessageID: fmt.Sprintf("a.%d@news.example.com", i),
				})
				d, err := v.draft(&m)
				if err != nil {
					b.Fatal(err)
				}
				if buf, err = bb.keys.finish(buf[:0], d, m.Token, f); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
