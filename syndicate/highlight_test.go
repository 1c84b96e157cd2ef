package syndicate_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"broadsheet/syndicate"
)

func TestWanted(t *testing.T) {
	for _, tt := range []struct {
		query string
		want  []string
	}{
		{"", nil},
		{"港口 OR 航运", []string{"港口", "航运"}},
		{"港口 -航运", []string{"港口"}},
		{"-(港口 -航运)", []string{"航运"}},
		{`title:"New Port" place:武漢 author:Li theme:x`, []string{"new port", "武汉"}},
		{"ＡＩ ai", []string{"ai"}},
		{"after:7d amount:>1亿", nil},
	} {
		q, err := syndicate.ParseQuery(tt.query, nil)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(tt.want, q.Wanted()); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.query, d)
		}
	}
}

func TestSpans(t *testing.T) {
	for _, tt := range []struct{ name, text, words, want string }{
		{"a word", "新港口开工", "港口", "新[港口]开工"},
		{"twice", "港口与港口", "港口", "[港口]与[港口]"},
		{"traditional script", "銀行貸款利率", "贷款", "銀行[貸款]利率"},
		{"full width", "买ＡＩ芯片", "ai", "买[ＡＩ]芯片"},
		{"case", "New PORT opens", "port", "New [PORT] opens"},
		{"whole words only", "airports and ports", "ports", "airports and [ports]"},
		{"a phrase over punctuation", "增长，经济向好", "增长 经济", "[增长，经济]向好"},
		{"a phrase over a line", "the New\n Port", "new port", "the [New\n Port]"},
		{"mixed scripts", "5G网络覆盖", "5g 网络", "[5G网络]覆盖"},
		{"overlapping", "一二一二一", "一二一", "[一二一二一]"},
		{"touching words", "港口贷款", "贷款|港口", "[港口贷款]"},
		{"a combining mark", "un cafe\u0301 noir", "cafe\u0301", "un [cafe\u0301] noir"},
		{"a joiner within a word", "港\u200d口", "港口", "[港\u200d口]"},
		{"none", "新港口", "航运", "新港口"},
		{"no words", "新港口", "", "新港口"},
		{"not UTF-8", "a\xff港口\xfe", "港口", "a\xff[港口]\xfe"},
	} {
		var words []string
		if tt.words != "" {
			words = strings.Split(tt.words, "|")
		}
		if got := bracketed(tt.text, syndicate.Spans(tt.text, words)); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func bracketed(text string, spans []syndicate.Span) string {
	var b strings.Builder
	at := 0
	for _, s := range spans {
		b.WriteString(text[at:s.Start] + "[" + text[s.Start:s.End] + "]")
		at = s.End
	}
	return b.String() + text[at:]
}

// TestSpansAreWhatMatches: what a query finds is marked, and what it does not
// find is not.
func TestSpansAreWhatMatches(t *testing.T) {
	pieces := rapid.SampledFrom([]string{"武汉", "港", "汉", "經濟", "Port", "ports", "５Ｇ", "a", "，", " ", "\n", "ー", "é", "\u0301", "\u200d", "\xff", "😀", strings.Repeat("x", 70)})
	text := rapid.Map(rapid.SliceOfN(pieces, 0, 12), func(s []string) string { return strings.Join(s, "") })
	rapid.Check(t, func(t *rapid.T) {
		a := syndicate.Article{Text: text.Draw(t, "text")}
		phrase := syndicate.Words(text.Draw(t, "phrase"))
		q := syndicate.Query{Root: syndicate.Phrase{Text: phrase}}
		spans := syndicate.Spans(a.Text, q.Wanted())
		if matches := q.Match(&a, time.Time{}); matches != (len(spans) > 0) {
			t.Fatalf("%q in %q: matches %v, spans %v", phrase, a.Text, matches, spans)
		}
		at := 0
		for _, s := range spans {
			if s.Start < at || s.End <= s.Start || s.End > len(a.Text) || !utf8.RuneStart(a.Text[s.Start]) {
				t.Fatalf("%q in %q: spans %v", phrase, a.Text, spans)
			}
			at = s.End
		}
		excerpt := syndicate.Excerpt(a.Text, q.Wanted(), 20)
		if (excerpt == "") != (len(spans) == 0) {
			t.Fatalf("%q in %q: excerpt %q", phrase, a.Text, excerpt)
		}
	})
}

func TestExcerpt(t *testing.T) {
	long := strings.Repeat("前面说的是别的事情，", 20)
	for _, tt := range []struct{ name, text, words, want string }{
		{"from the beginning of the sentence", "第一句话。江北的港口今年扩建。第三句话。", "港口", "江北的港口今年扩建。第三句话。"},
		{"of its paragraph", "第一段。\n第二段说港口。\n第三段。", "港口", "第二段说港口。"},
		{"deep in a long sentence", long + "然后才说到港口，又说别的。", "港口", "……然后才说到港口，又说别的。"},
		{"English", "Nothing here. The new port opened on Monday. More follows.", "port", "The new port opened on Monday."},
		{"no hit", "第一句话。", "港口", ""},
	} {
		if got := syndicate.Excerpt(tt.text, []string{tt.words}, 40); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
