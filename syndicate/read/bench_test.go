package read_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mmcdole/gofeed"

	"broadsheet/syndicate"
	"broadsheet/syndicate/read"
)

// generatedRSS returns an RSS feed of about n bytes, with HTML in Chinese and
// English as feeds have it.
func generatedRSS(n int) []byte {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>` +
		`<title>Harbour news</title><link>https://news.example/</link><description>Ships and cranes</description>`)
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, `<item><title>Berth %d takes its first ship</title><link>https://news.example/a/%d</link><guid isPermaLink="false">berth-%d</guid>`+
			`<dc:creator>Li Wei</dc:creator><category>ports</category><category>trade</category><pubDate>Wed, 23 Jul 2025 09:%02d:00 GMT</pubDate><description>`, i, i, i, i%60)
		for range 6 {
			b.WriteString(`&lt;p&gt;The new cranes lifted their first boxes on Monday, &lt;a href="https://news.example/more?x=1&amp;amp;y=2"&gt;the harbour office said&lt;/a&gt;.` +
				` 新泊位当天靠泊三艘货轮，码头作业平稳，预计月底前完成全部设备调试。&lt;/p&gt;`)
		}
		b.WriteString(`</description></item>`)
	}
	b.WriteString(`</channel></rss>`)
	return []byte(b.String())
}

// generatedListing returns a listing of about n bytes.
func generatedListing(n int) []byte {
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "-\n【港城招商】第%d号泊位投用\n泊位今日启用,作业平稳。 一、设备调试 %s 二、后续安排 %s\n2025-07-%02d\n", i,
			strings.Repeat("岸桥已完成联调,首批货轮顺利靠泊。", 12), strings.Repeat("下一阶段将接入铁路专线。", 12), i%28+1)
	}
	return []byte(b.String())
}

func BenchmarkReadRSS(b *testing.B) {
	body := generatedRSS(1 << 20)
	src := &syndicate.Source{Name: "bench", URL: "https://news.example/feed", Kind: syndicate.KindFeed}
	b.Run("gofeed alone", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := gofeed.NewParser().Parse(bytes.NewReader(body)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("read", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := read.Read(context.Background(), read.Input{Body: body, URL: src.URL}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("read and clean", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		b.ReportAllocs()
		for b.Loop() {
			res, err := read.Read(context.Background(), read.Input{Body: body, URL: src.URL})
			if err != nil {
				b.Fatal(err)
			}
			if n := len(read.Articles(src, res, time.Unix(1753300000, 0))); n < 100 {
				b.Fatalf("%d articles", n)
			}
		}
	})
}

func BenchmarkReadListing(b *testing.B) {
	body := generatedListing(1 << 20)
	src := &syndicate.Source{Name: "bench", Kind: syndicate.KindListing}
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		res, err := read.Read(context.Background(), read.Input{Body: body, Kind: syndicate.KindListing})
		if err != nil {
			b.Fatal(err)
		}
		if n := len(read.Articles(src, res, time.Unix(1753300000, 0))); n < 100 {
			b.Fatalf("%d articles", n)
		}
	}
}
