package config_test

import (
	"fmt"
	"strings"
	"testing"

	"broadsheet/internal/config"
)

// BenchmarkParse reads a configuration of 5,000 sources, 456 KB.
func BenchmarkParse(b *testing.B) {
	var text strings.Builder
	text.WriteString("themes: { finance: { terms: [bank] } }\nsources:\n")
	for i := range 5000 {
		fmt.Fprintf(&text, "  - name: source-of-news-%d\n    url: https://news-%d.example.com/feed.xml\n    themes: [finance]\n", i, i)
	}
	data := []byte(text.String())
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := config.Parse("config.yaml", data, variables); err != nil {
			b.Fatal(err)
		}
	}
}
