package classify_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"broadsheet/syndicate"
	"broadsheet/syndicate/classify"
)

// chineseArticle is an article of about a thousand characters.
func chineseArticle() *syndicate.Article {
	const paragraph = "江城南岸的新码头上周完成交工验收,首艘货轮靠泊卸下三百余个集装箱,码头年通过能力约80万标箱。" +
		"项目总投资26.4亿元,其中银行贷款15亿元,利率比同期下降0.35个百分点。" +
		"岸线背后的产业园已有12家企业入驻,一家做减速器的工厂说,产能将在两年内翻一番。" +
		"武汉市交通运输局和湖北省国资委的负责人出席了仪式。天气晴好,岸边站满了看船的人,孩子们数着桥上开过的列车。"
	var b strings.Builder
	for i := range 6 {
		fmt.Fprintf(&b, "第%d天的记录：%s\n", i+1, paragraph)
	}
	return &syndicate.Article{Title: "【江城】南岸码头通过验收 首艘货轮靠泊", Text: b.String()}
}

// BenchmarkClassify does everything for one article of 1,000 characters.
func BenchmarkClassify(b *testing.B) {
	c, a := shipped(b), chineseArticle()
	b.SetBytes(int64(len(a.Text)))
	b.ReportAllocs()
	for b.Loop() {
		c.Classify(a, nil)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "articles/s")
}

// BenchmarkGrowth does everything for texts of 100 KB, 1 MB and 5 MB: the rate
// must not fall with the length. Of more than 4 MB the rest is not read.
func BenchmarkGrowth(b *testing.B) {
	c, paragraph := shipped(b), chineseArticle().Text+"The yard cost $2.4bn (£1.3bn), up 12% from two years ago; half of it was lent. مرحبا 👩‍💻 !?…\n"
	for _, kb := range []int{100, 1000, 5000} {
		b.Run(fmt.Sprintf("%dKB", kb), func(b *testing.B) {
			a := &syndicate.Article{Title: "码头", Text: strings.Repeat(paragraph, kb<<10/len(paragraph))}
			b.SetBytes(int64(len(a.Text)))
			for b.Loop() {
				c.Classify(a, nil)
			}
		})
	}
}

// BenchmarkRulesAlone is BenchmarkClassify without a model.
func BenchmarkRulesAlone(b *testing.B) {
	c, a := newClassifier(b, shippedThemes(b)), chineseArticle()
	b.SetBytes(int64(len(a.Text)))
	b.ReportAllocs()
	for b.Loop() {
		c.Classify(a, nil)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "articles/s")
}

// BenchmarkWorst classifies 1 MB of each of the worst kinds of text; the goal
// is 100 ms for every 100 KB.
func BenchmarkWorst(b *testing.B) {
	c := shipped(b)
	for _, unit := range append([]string{"", "。，！"}, worst...) {
		text := strings.Repeat(unit, 1<<20/max(1, len(unit)))
		b.Run(fmt.Sprintf("%q", unit), func(b *testing.B) {
			for b.Loop() {
				c.Classify(&syndicate.Article{Title: unit, Text: text}, nil)
			}
			b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N)/10, "ms/100KB")
		})
	}
}

// BenchmarkTerms finds 2,000 terms and nothing else.
func BenchmarkTerms(b *testing.B) {
	theme := syndicate.Theme{ID: "all", Threshold: 1}
	for i := range 2000 {
		theme.Terms = append(theme.Terms, syndicate.Term{Text: fmt.Sprintf("%c%c%c", 0x4E00+i*7%3000, 0x5E00+i*13%3000, 0x6E00+i%2000), Weight: 1})
	}
	find, err := classify.NewFinder([]syndicate.Theme{theme})
	if err != nil {
		b.Fatal(err)
	}
	text := strings.Repeat(chineseArticle().Text, 20)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		find(text)
	}
}

// BenchmarkNames reads texts that give names most work, short and long ones:
// MB/s must not fall with the length.
func BenchmarkNames(b *testing.B) {
	c, err := classify.New(classify.Config{})
	if err != nil {
		b.Fatal(err)
	}
	for _, unit := range []string{"武汉市鼓楼区、", "中国(湖北)自由贸易试验区", "江石精密有限公司", "Bank of England Ltd "} {
		for _, size := range []int{10_000, 1_000_000} {
			a := &syndicate.Article{Text: strings.Repeat(unit, size/len(unit))}
			b.Run(fmt.Sprintf("%.12s/%d", unit, size), func(b *testing.B) {
				b.SetBytes(int64(len(a.Text)))
				for b.Loop() {
					c.Classify(a, nil)
				}
			})
		}
	}
}

// BenchmarkGazetteer builds the gazetteer, as the first classifier of a
// process does, and tells what it keeps of the heap.
func BenchmarkGazetteer(b *testing.B) {
	b.ReportAllocs()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	kept := make([]any, 0, 1<<16)
	for b.Loop() {
		kept = append(kept, classify.BuildGazetteer())
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(len(kept))/1024, "KiB-kept")
	runtime.KeepAlive(kept)
}
