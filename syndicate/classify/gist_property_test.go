package classify_test

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"broadsheet/syndicate"
)

// gistPieces are what the texts of the property test are made of.
var gistPieces = []string{
	"南岸码头昨天竣工。", "项目总投资26.4亿元，占地1,250亩。", "“谢谢大家。我们很高兴。”", "他说：“年底完工。", "”", "（含二期", "）", "《江城年鉴》。", "增长7.5%！", "真的？", "新船载客👨‍👩‍👧‍👦。",
	"\n", " ", "。", "一、背景 ", "（二）进度 ", "\n责任编辑：王五。", "\n来源：江城日报。", "\n扫描二维码关注我们。", "\n点击查看更多。", "\n（记者 张三）", "\n本报讯（记者 张三）", "\n新华社江城11月3日电 ", "\n【快讯】",
	"The yard opened. ", "It cost $3.4 million. ", "\"Yes. We can,\" he said. ", "\nLONDON, Nov 3 (Reuters) - ", "\nSign up for our newsletter. ", "\nPhoto: Ann Lee. ", "مرحبا. ",
	"码头工人起得很早，货轮一艘接一艘，岸边站满了看船的人，孩子们数着桥上开过的列车，",
}

// asides finds what no summary may say.
var aside = regexp.MustCompile(`责任编辑|来源：|二维码|点击查看|记者 张三|新华社江城|本报讯|【快讯】|Reuters|newsletter|Photo:`)

func TestGistIsWholeSentences(t *testing.T) {
	c := newClassifier(t, nil)
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(gistPieces), 0, 30).Draw(t, "pieces"), "")
		got := c.Classify(&syndicate.Article{Text: text}, nil).Gist
		if !syndicate.Balanced(got) {
			t.Fatalf("a quotation stays open in %q of %q", got, text)
		}
		if said := aside.FindString(got); said != "" {
			t.Fatalf("%q says %q, of %q", got, said, text)
		}
		if n := utf8.RuneCountInString(got); n > 730 {
			t.Fatalf("%q has %d characters", got, n)
		}
		if !saidIn(text, strings.TrimSuffix(strings.TrimSuffix(got, "……"), " …")) {
			t.Fatalf("%q does not stand in %q", got, text)
		}
	})
}

// saidIn reports whether a summary is one stretch of the text, or two in
// order.
func saidIn(text, gist string) bool {
	if strings.Contains(text, gist) {
		return true
	}
	for i := range gist {
		at := strings.Index(text, gist[:i])
		if at < 0 {
			return false
		}
		if strings.Contains(text[at+i:], strings.TrimPrefix(gist[i:], " ")) {
			return true
		}
	}
	return false
}
