package read_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"

	"broadsheet/syndicate"
	"broadsheet/syndicate/read"
)

// nested returns documents of a million tags that never end, in every place
// that takes markup.
func nested() map[string]read.Input {
	const n = 1_000_000
	const rss, atom = "<rss><channel><item>", `<feed xmlns="http://www.w3.org/2005/Atom"><entry>`
	docs := map[string]read.Input{}
	for name, body := range map[string]string{
		"channel":       "<rss><channel>" + strings.Repeat("<a>", n),
		"title":         rss + "<title>" + strings.Repeat("<a>", n),
		"title, closed": rss + "<title>" + strings.Repeat("<a>", n/2) + strings.Repeat("</a>", n/2) + "</title></item></channel></rss>",
		"description":   rss + "<description><![CDATA[" + strings.Repeat("<div>", n) + "]]></description></item></channel></rss>",
		"unknown":       rss + "<description><![CDATA[" + strings.Repeat("<foo>", n) + "]]></description></item></channel></rss>",
		"paragraphs":    atom + `<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">` + strings.Repeat("<p>", n),
		"JSON":          `{"version":"https://jsonfeed.org/version/1.1","title":"t","items":[{"id":"1","content_html":"` + strings.Repeat("<b>", n) + `"}]}`,
	} {
		docs[name] = read.Input{Body: []byte(body)}
	}
	docs["page"] = read.Input{Body: []byte("<!doctype html>" + strings.Repeat("<b>", n)), URL: "https://s.example/", Kind: syndicate.KindPage}
	docs["newsletter"] = read.Input{Body: []byte("From: a@b.example\nContent-Type: text/html\n\n" + strings.Repeat("<b>", n)), Kind: syndicate.KindNewsletter}
	return docs
}

// A document of a million nested tags must cost less than 32 MiB. Its time is
// measured by BenchmarkNested. The race detector counts otherwise, so this is
// the memory of the program as it is shipped and some room.
func TestNestedMemory(t *testing.T) {
	for name, in := range nested() {
		t.Run(name, func(t *testing.T) {
			got := testing.Benchmark(func(b *testing.B) {
				b.ReportAllocs()
				for range b.N {
					_, _ = read.Read(context.Background(), in)
				}
			}).AllocedBytesPerOp()
			if got > 32<<20 {
				t.Errorf("allocates %d MiB", got>>20)
			}
		})
	}
}

func BenchmarkNested(b *testing.B) {
	docs := nested()
	for _, name := range slices.Sorted(maps.Keys(docs)) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = read.Read(context.Background(), docs[name])
			}
		})
	}
}
