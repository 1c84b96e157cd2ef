package compose_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"broadsheet/mailer/compose"
)

func TestWrap(t *testing.T) {
	for _, tt := range []struct {
		name, text  string
		cols        int
		first, rest string
		want        string
	}{
		{"words", "one two three four", 9, "", "", "one two\nthree\nfour"},
		{"hanging indent", "one two three", 10, "1. ", "   ", "1. one two\n   three"},
		{"Chinese anywhere", "港口铁路联运", 8, "", "", "港口铁路\n联运"},
		{"no stop at the start of a line", "港口铁路，联运", 8, "", "", "港口铁\n路，联运"},
		{"no bracket at the end of a line", "港口铁（联运）", 8, "", "", "港口铁\n（联运）"},
		{"book titles keep their marks", "见《港口》报", 8, "", "", "见《港\n口》报"},
		{"a dash stays whole", "港口铁——联运", 8, "", "", "港口\n铁——联\n运"},
		{"an ellipsis stays whole", "港口铁……", 8, "", "", "港口\n铁……"},
		{"a number stays with its unit", "投资约120亿元", 10, "", "", "投资约\n120亿元"},
		{"a decimal and a per cent sign", "增长了同比11.6%", 12, "", "", "增长了同比\n11.6%"},
		{"Latin between Chinese", "使用ChatGPT技术", 8, "", "", "使用\nChatGPT\n技术"},
		{"a word longer than a line", "abcdefghijkl", 5, "", "", "abcde\nfghij\nkl"},
		{"an address is not cut", "see https://example.com/a/very/long/path now", 12, "", "", "see\nhttps://example.com/a/very/long/path\nnow"},
		{"families stay together", "👩‍👩‍👧‍👦👩‍👩‍👧‍👦", 9, "", "", "👩‍👩‍👧‍👦\n👩‍👩‍👧‍👦"},
		{"white space", " a \n\t b ", 10, "", "", "a b"},
		{"nothing", "", 10, "x", "y", "x"},
		{"a dot between words stays with the first", "港口 · 铁路 · 联运", 8, "", "", "港口 ·\n铁路 ·\n联运"},
		{"a number, a space and its unit", "投资约 120 亿元", 11, "", "", "投资约\n120 亿元"},
		{"a number, a space and per cent", "同比增长 11.6 %，", 14, "", "", "同比增长\n11.6 %，"},
		{"a number before a word that is no unit", "共 120 银行", 8, "", "", "共 120\n银行"},
		{"a mark after a space", "港口铁路 ，联运", 8, "", "", "港口铁\n路 ，联\n运"},
		{"a bracket before a space", "港口 （ 铁路 ）", 9, "", "", "港口\n（ 铁\n路 ）"},
		{"an apostrophe", "we don’t cut words", 7, "", "", "we\ndon’t\ncut\nwords"},
		{"quotation marks around Latin", "见“ABC”DEF报", 10, "", "", "见\n“ABC”DEF\n报"},
		{"a long run of marks", "。 。 。 。 。 。", 8, "", "", "。 。 。\n。 。 。"},
		{"millions", "it costs £96 million, or 3 billion more", 17, "", "", "it costs\n£96 million, or\n3 billion more"},
		{"a number in words", "首批授信二十四亿元已到", 14, "", "", "首批授信\n二十四亿元已到"},
		{"a date", "会议于2026年11月23日举行", 12, "", "", "会议于2026年\n11月23日举行"},
		{"currencies", "融资US$1.2亿", 8, "", "", "融资\nUS$1.2亿"},
		{"keycaps and tones", "👍🏽👍🏽👍🏽1️⃣", 6, "", "", "👍🏽\n👍🏽\n👍🏽1️⃣"},
		{"an address in Chinese", "详见https://example.cn/a?b=1,2。", 12, "", "", "详见\nhttps://example.cn/a?b=1,2。"},
		{"no-break spaces", "a\u00a0b\u3000c", 3, "", "", "a b\nc"},
		{"straight quotes", `他说"好的"然后`, 8, "", "", "他说\"好\n的\"然后"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, compose.Wrap(tt.text, tt.cols, tt.first, tt.rest)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestColumns(t *testing.T) {
	for text, want := range map[string]int{"": 0, "abc": 3, "港口": 4, "（1）": 5, "“好”": 6, "e\u0301": 1, "¥5": 2, "Ж": 1, "🚢": 2} {
		if got := compose.Columns(text); got != want {
			t.Errorf("Columns(%q) = %d, want %d", text, got, want)
		}
	}
}

// squeeze takes out what wrapping may change.
func squeeze(s string) string { return strings.Join(strings.Fields(s), "") }

// newsText draws texts like those of news: words, Chinese with its marks,
// amounts.
func newsText() *rapid.Generator[string] {
	piece := rapid.SampledFrom([]string{
		"港", "口", "铁路", "联运，", "投产。", "（一期）", "《条例》", "“快线”", "——", "……", "、", "120亿元", "11.6%", "8.4万平方米",
		"GDP", "a", "small", "firms,", "$12m", "5G", " ", " ", "：", "；", "2026年11月23日", "第一，", "！", "4+X",
	})
	return rapid.Custom(func(t *rapid.T) string { return strings.Join(rapid.SliceOfN(piece, 0, 120).Draw(t, "pieces"), "") })
}

func TestWrapKeepsTheRules(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := newsText().Draw(t, "text")
		cols := rapid.IntRange(40, 100).Draw(t, "cols")
		out := compose.Wrap(text, cols, "", "")
		if squeeze(out) != squeeze(text) {
			t.Fatalf("text was lost or added:\n%q\n%q", text, out)
		}
		for i, line := range strings.Split(out, "\n") {
			if strings.HasSuffix(line, " ") || strings.HasPrefix(line, " ") {
				t.Fatalf("line %q begins or ends with a space", line)
			}
			if n := compose.Columns(line); n > cols {
				t.Fatalf("line %q has %d columns of %d", line, n, cols)
			}
			if first, _ := utf8.DecodeRuneInString(line); i > 0 && strings.ContainsRune("，。、；：！？）》”%", first) && !hard(text) {
				t.Fatalf("line %q begins with %q", line, first)
			}
			if last, _ := utf8.DecodeLastRuneInString(line); strings.ContainsRune("（《“", last) {
				t.Fatalf("line %q ends with %q", line, last)
			}
			if i > 0 && (strings.HasPrefix(line, "亿元") || strings.HasPrefix(line, "万平方米")) {
				t.Fatalf("line %q begins with a unit", line)
			}
		}
	})
}

// hard reports whether marks follow a space or each other in such a number
// that no line can be had without one at its start.
func hard(text string) bool {
	run := 0
	for _, r := range " " + text {
		if strings.ContainsRune("，。、；：！？）》”%—… ", r) {
			run++
		} else {
			run = 0
		}
		if run > 1 {
			return true
		}
	}
	return false
}

func FuzzWrap(f *testing.F) {
	for _, s := range []string{"港口铁路，联运。", "a b c", "\xff\xfe", "🇨🇳🇨🇳🇨🇳", "e\u0301\u0301\u0301", "https://example.com/" + strings.Repeat("x", 100), "！！！！！！！！"} {
		f.Add(s, 10)
	}
	f.Fuzz(func(t *testing.T, text string, cols int) {
		cols = 8 + (cols&0x7f+0x7f)%0x7f
		out := compose.Wrap(text, cols, "> ", "> ")
		var lines []string
		for line := range strings.SplitSeq(out, "\n") {
			rest, ok := strings.CutPrefix(line, "> ")
			if !ok {
				t.Fatalf("line %q lost its prefix", line)
			}
			if compose.Columns(line) > cols && !strings.Contains(line, "://") && strings.ContainsAny(strings.Trim(rest, " "), " ") {
				t.Fatalf("line %q has %d columns of %d", line, compose.Columns(line), cols)
			}
			lines = append(lines, rest)
		}
		if got, want := squeeze(strings.Join(lines, "\n")), squeeze(text); got != want {
			t.Fatalf("text was lost or added:\n%q\n%q", want, got)
		}
	})
}
