package compose_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"broadsheet/mailer"
	"broadsheet/mailer/compose"
)

// BenchmarkCompose makes an edition of 5,000 articles, each with 600
// characters, for 200 selections by query.
func BenchmarkCompose(b *testing.B) {
	s := &store{}
	for i := range 5000 {
		a := article([]string{"port", "bank", "gazette"}[i%3], fmt.Sprintf("k%05d", i), fmt.Sprintf("第 %d 条：港口新闻", i), "摘要。", time.Duration(i)*time.Minute, filing([]string{"finance", "industry", "infrastructure"}[i%3], 2))
		a.Text = strings.Repeat("码头二期新增三个泊位和一条铁路专用线，集装箱由此可以直接换装中欧班列。", 17)
		s.articles = append(s.articles, a)
	}
	for i := range 200 {
		s.audiences = append(s.audiences, mailer.Audience{Subscribers: 1, Selection: mailer.Selection{Query: fmt.Sprintf("%d OR 泊位 theme:industry", i)}})
	}
	c := composer(s)
	for b.Loop() {
		s.editions = nil
		if _, err := c.Compose(b.Context(), weekly(), monday(), compose.Opts{}); err != nil {
			b.Fatal(err)
		}
	}
}
