package syndicate_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"broadsheet/syndicate"
)

func TestSentences(t *testing.T) {
	for _, c := range []struct {
		why, in string
		want    []string // heads begin with "# "
	}{
		{"Chinese stops", "码头竣工。船来了!真的？真的。", []string{"码头竣工。", "船来了!", "真的？", "真的。"}},
		{"quotes close with their sentence", "他说：“来了。”说完走了。", []string{"他说：“来了。”", "说完走了。"}},
		{"numbers have dots", "增长3.5%。其余1.2。", []string{"增长3.5%。", "其余1.2。"}},
		{"a semicolon ends none", "一是快;二是稳；三是省。", []string{"一是快;二是稳；三是省。"}},
		{"heads inside a paragraph", "项目开工。 一、建设背景,意义 码头老旧。 二、下一步 明年完工。", []string{"项目开工。", "# 建设背景,意义", "码头老旧。", "# 下一步", "明年完工。"}},
		{"heads in brackets", "(一)资金来源 银行出七成。（二）进度 已过半。", []string{"# 资金来源", "银行出七成。", "# 进度", "已过半。"}},
		{"a head on a line of its own", "一、总体要求\n稳中求进。", []string{"# 总体要求", "稳中求进。"}},
		{"a sentence that only counts", "一、码头已竣工。", []string{"一、码头已竣工。"}},
		{"lines end sentences", "标题\n正文", []string{"标题", "正文"}},
		{"English", "The bank lent more. Rates fell to 3.5 pct. \"Good,\" he said.", []string{"The bank lent more.", "Rates fell to 3.5 pct.", "\"Good,\" he said."}},
		{"abbreviations", "Mr. Lee met the U.S. envoy at St. John. They talked.", []string{"Mr. Lee met the U.S. envoy at St. John.", "They talked."}},
		{"a question in quotes", "\"Why?\" she asked. Nobody knew.", []string{"\"Why?\"", "she asked.", "Nobody knew."}},
		{"no stop at the end", "One. Two", []string{"One.", "Two"}},
		{"nothing", " \n\t\n", nil},
	} {
		var got []string
		for _, s := range syndicate.Sentences(c.in) {
			text := s.Text
			if c.in[s.Start:s.End()] != text {
				t.Errorf("%s: %q does not stand at %d", c.why, text, s.Start)
			}
			if s.Head {
				text = "# " + text
			}
			got = append(got, text)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", c.why, diff)
		}
	}
}

func TestTruncate(t *testing.T) {
	for _, c := range []struct {
		why, in string
		limit   int
		want    string
	}{
		{"short enough", "码头竣工。", 5, "码头竣工。"},
		{"whole sentences", "码头竣工。船来了。人散了。", 10, "码头竣工。船来了。"},
		{"at the end of a clause", "码头竣工以后，第一艘船三天后就到了岸边", 10, "码头竣工以后……"},
		{"not inside a number and its unit", "总投资额达2386.7亿元之多", 9, "总投资额达……"},
		{"not inside a title", "全文刊于《江城港航年鉴》第三卷", 8, "全文刊于……"},
		{"not inside a word", "Shipping rates increased considerably", 20, "Shipping rates …"},
		{"not inside an emoji", "点赞👩‍🚀很好很好", 3, "点赞……"},
		{"all of it in quotes", "“码头竣工以后第一艘船三天后就到了”", 8, "“码头竣工以后第……"},
		{"nothing", "", 8, ""},
	} {
		if got := syndicate.Truncate(c.in, c.limit); got != c.want {
			t.Errorf("%s: Truncate(%q, %d) = %q, want %q", c.why, c.in, c.limit, got, c.want)
		}
	}
}

func FuzzSentences(f *testing.F) {
	f.Add("开工。 一、背景 完。 The U.N. envoy left.", 12)
	f.Fuzz(func(t *testing.T, s string, limit int) {
		at := 0
		for _, x := range syndicate.Sentences(s) {
			if x.Start < at || s[x.Start:x.End()] != x.Text || strings.TrimSpace(x.Text) == "" {
				t.Fatalf("%q at %d after %d in %q", x.Text, x.Start, at, s)
			}
			at = x.End()
		}
		if cut := syndicate.Truncate(s, limit%1000); utf8.ValidString(s) && !utf8.ValidString(cut) {
			t.Fatalf("Truncate(%q, %d) = %q is not UTF-8", s, limit, cut)
		}
	})
}
