package classify_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"broadsheet/syndicate"
	"broadsheet/syndicate/classify"
)

// money and making are two themes that the tests below share.
func themes() []syndicate.Theme {
	return []syndicate.Theme{
		{
			ID: "money", Threshold: 1, Not: []string{"金融街", "river bank", "题库"},
			Terms: []syndicate.Term{{Text: "银行", Weight: 1}, {Text: "金融", Weight: 1}, {Text: "贷款", Weight: 2}, {Text: "再贷款", Weight: 3}, {Text: "bank", Weight: 1}, {Text: "take-over", Weight: 1}, {Text: "subsidy", Weight: 1}},
		},
		{
			ID: "making", Threshold: 1, Not: []string{"plant a tree"},
			Terms: []syndicate.Term{{Text: "工厂", Weight: 1}, {Text: "芯片", Weight: 1.5}, {Text: "plant", Weight: 1}, {Text: "ＡＩ芯片", Weight: 2}},
		},
	}
}

// hits returns what an article is filed or nearly filed under, with the hits:
// "money 1.0: 银行".
func hits(a syndicate.Analysis) []string {
	var out []string
	for _, f := range a.Filings {
		out = append(out, f.Reason())
	}
	for _, f := range a.NearMisses {
		out = append(out, f.Reason())
	}
	return out
}

func TestFiling(t *testing.T) {
	c := newClassifier(t, themes())
	for _, x := range []struct {
		why, title, text string
		want             []string
	}{
		{"a term in the title", "城里新开一家银行", "", []string{"money 1.0 ≥ 1.0: 银行 (title)"}},
		{"the lead counts less", "城里的新闻", "城里新开一家银行。", []string{"money 0.6 < 1.0: 银行 (lead)"}},
		{"title and lead add up", "新银行开门", "新银行昨天开门,这家银行有三个柜台。", []string{"money 1.8 ≥ 1.0: 银行 ×3 (title, lead)"}},
		{"the longest term wins", "再贷款增加", "", []string{"money 3.0 ≥ 1.0: 再贷款 (title)"}},
		{"a phrase takes its words out", "金融街灯会开幕", "", nil},
		{"but not the same word elsewhere", "金融街上谈金融", "", []string{"money 1.0 ≥ 1.0: 金融 (title)"}},
		{"traditional script", "銀行貸款增加", "", []string{"money 3.0 ≥ 1.0: 贷款 (title), 银行 (title)"}},
		{"width", "ＡＩ芯片问世", "", []string{"making 2.0 ≥ 1.0: ＡＩ芯片 (title)"}},
		{"a series prefix does not count", "【银行】天气转凉", "", nil},
		{"whole words only", "Bankrupt plantation", "", nil},
		{"plurals", "Banks and their subsidies", "", []string{"money 2.0 ≥ 1.0: bank (title), subsidy (title)"}},
		{"hyphens are spaces", "A take over and a takeover and a TAKE-OVER", "", []string{"money 1.3 ≥ 1.0: take-over ×2 (title)"}},
		{"English phrases take out too", "Walk on the river bank", "", nil},
		{"across a line end", "Walk on the river\nbank", "", nil},
		{"two themes", "银行出钱 芯片上线", "", []string{"making 1.5 ≥ 1.0: 芯片 (title)", "money 1.0 ≥ 1.0: 银行 (title)"}},
		{"a theme far behind the best", "再贷款支持芯片 银行与工厂签约", "", []string{"money 4.0 ≥ 1.0: 再贷款 (title), 银行 (title)", "making 2.5 ≥ 1.5: 芯片 (title), 工厂 (title)"}},
		{"outshone", "再贷款支持工厂 银行跟进", "", []string{"money 4.0 ≥ 1.0: 再贷款 (title), 银行 (title)", "making 1.0 < 1.5: 工厂 (title)"}},
		{"nothing", "天气转凉", "明天有雨。", nil},
		{"empty", "", "", nil},
	} {
		got := c.Classify(&syndicate.Article{Title: x.title, Text: x.text}, nil)
		if diff := cmp.Diff(x.want, hits(got)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", x.why, diff)
		}
	}
}

// filler is text of the given number of sentences that no term stands in.
func filler(sentences int) string {
	return strings.Repeat("那天的天气一直很好,路上人来人往。", sentences)
}

func TestBodyNeedsDensity(t *testing.T) {
	c := newClassifier(t, themes())
	score := func(text string) float64 {
		a := c.Classify(&syndicate.Article{Title: "城里的新闻", Text: text}, nil)
		for _, f := range append(a.Filings, a.NearMisses...) {
			if f.Theme == "money" {
				return f.Score
			}
		}
		return 0
	}
	lead, deep := score("银行开门了。"+filler(9)), score(filler(5)+"银行开门了,再贷款放出去了。"+filler(4))
	if lead <= 0.5 || deep <= 0.5 {
		t.Errorf("scores %v and %v, want near misses at least", lead, deep)
	}
	if long := score(filler(5) + "银行开门了,再贷款放出去了。" + filler(400)); long != 0 {
		t.Errorf("two hits in a long text score %v, want less than a near miss", long)
	}
	if many := score(filler(5) + strings.Repeat("银行的贷款,金融的再贷款。", 200)); many >= 1 {
		t.Errorf("the body alone scores %v, want less than the threshold", many)
	}
}

func TestHeadsCountAsHeads(t *testing.T) {
	c := newClassifier(t, themes())
	inline := &syndicate.Article{Title: "城里的新闻", Text: "城里有新事。 一、银行与再贷款 路修好了。 二、工厂 树种下了。"}
	sections := &syndicate.Article{
		Title: "城里的新闻", Text: "城里有新事。\n银行与再贷款\n路修好了。\n工厂\n树种下了。",
		Sections: []syndicate.Section{{Head: "银行与再贷款", Text: "路修好了。"}, {Head: "工厂", Text: "树种下了。"}},
	}
	apart := &syndicate.Article{Title: "城里的新闻", Text: "城里有新事。", Sections: sections.Sections}
	want := hits(c.Classify(inline, nil))
	if len(want) != 1 || !strings.Contains(want[0], "再贷款 (head)") {
		t.Fatalf("reasons %q, want a near miss by heads", want)
	}
	for name, a := range map[string]*syndicate.Article{"sections in the text": sections, "sections beside the text": apart} {
		if diff := cmp.Diff(want, hits(c.Classify(a, nil))); diff != "" {
			t.Errorf("%s: (-inline +got)\n%s", name, diff)
		}
	}
}

func TestSummaryOfTheSourceIsLead(t *testing.T) {
	c := newClassifier(t, themes())
	for _, x := range []struct{ why, summary, text, want string }{
		{"a teaser of its own", "银行开门。", "城里有新事。", "money 0.6 < 1.0: 银行 (lead)"},
		{"the beginning of the text again", "银行开门。", "银行开门。城里有新事。", "money 0.6 < 1.0: 银行 (lead)"},
		{"no text", "银行开门。", "", "money 0.6 < 1.0: 银行 (lead)"},
	} {
		got := hits(c.Classify(&syndicate.Article{Title: "新闻", Summary: x.summary, Text: x.text}, nil))
		if diff := cmp.Diff([]string{x.want}, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", x.why, diff)
		}
	}
}

func TestThemesOfTheSource(t *testing.T) {
	c := newClassifier(t, themes())
	src := &syndicate.Source{Name: "bureau", Themes: []string{"making"}}
	got := hits(c.Classify(&syndicate.Article{Title: "银行开门"}, src))
	want := []string{"money 1.0 ≥ 1.0: 银行 (title)", "making 0.0 < 1.0: every article of this source"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	a := c.Classify(&syndicate.Article{Title: "天气"}, src)
	if len(a.Filings) != 1 || !a.Filings[0].Source {
		t.Errorf("filings %+v, want one because of the source", a.Filings)
	}
}

func TestValidateNamesEveryMistake(t *testing.T) {
	err := classify.Config{Themes: []syndicate.Theme{
		{ID: "money", Threshold: 0, Terms: []syndicate.Term{{Text: "银行", Weight: 1}, {Text: "銀行", Weight: 1}, {Text: " ", Weight: 1}, {Text: "钱", Weight: -1}}, Not: []string{"银行", ""}},
		{ID: "Money!", Threshold: 1},
		{ID: "money", Threshold: 1},
	}}.Validate()
	if err == nil {
		t.Fatal("nothing is wrong")
	}
	want := []string{
		"money.threshold: 0 is not above 0; use 1.0",
		"money.terms[1]: \"銀行\" stands for the same as terms[0]; remove one",
		"money.terms[2]: the term is empty; remove it",
		"money.terms[3].weight: -1 is not above 0; use 1, or put the phrase under not",
		"money.not[0]: \"银行\" stands for the same as terms[0]; remove one",
		"money.not[1]: the phrase is empty; remove it",
		"Money!: a theme's id is of a-z, 0-9 and hyphens; use such a one",
		"money: this theme is there twice; join the two",
	}
	if diff := cmp.Diff(want, strings.Split(err.Error(), "\n")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if _, err := classify.New(classify.Config{Themes: []syndicate.Theme{{ID: "x"}}}); err == nil {
		t.Error("New took what Validate does not")
	}
}

func TestFingerprint(t *testing.T) {
	same, again := newClassifier(t, themes()).Fingerprint(), newClassifier(t, themes()).Fingerprint()
	if same != again || same == "" {
		t.Errorf("fingerprints %q and %q, want the same", same, again)
	}
	changed := themes()
	changed[1].Terms[0].Weight = 1.1
	if other := newClassifier(t, changed).Fingerprint(); other == same {
		t.Error("another weight left the fingerprint as it was")
	}
}

func TestOneClassifierForAll(t *testing.T) {
	c := newClassifier(t, themes())
	a := &syndicate.Article{Title: "银行给工厂贷款2亿元", Text: "武汉市财政局说,银行给芯片工厂贷款2亿元,增长三成。" + filler(20)}
	want := c.Classify(a, nil)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				if diff := cmp.Diff(want, c.Classify(a, nil)); diff != "" {
					t.Errorf("(-first +again)\n%s", diff)
				}
			}
		})
	}
	wg.Wait()
}

// The worst kinds of texts: nothing but one of these, again and again.
var worst = []string{
	"银行", "1", "一", "1,", "亿", "5亿元", "百", "(", "“", "。", ". ", "A. ", "a", "Bank of ", "武汉", "武汉市政", "不到", "和5", "💶", "مصرف ", "\n", "一、", "1-",
	"8亿—", " vs 3", "Two-", "\x00\xff", "5万，", "观众5万，", "《", "《5亿", "“三", "【", "（记者", "本报讯", "责任编辑：。", "LONDON - ", "$1 to ", "1 of the ", "a third of ",
	"half ", "5-a-", "5 a b c ", "1/3", "翻", "半", "15条", "来5", "$", "5 215 ", "👨‍👩‍👧‍👦", "\u202e5亿元", "\u0301", "\"", "‘", "!?…—", "Five twenty-",
	"2 hours and ", "from 5 mln to ",
}

// TestEnormousTexts holds that 5 MB of the worst kinds get an answer of a
// sensible size; how long it takes is measured by BenchmarkWorst.
func TestEnormousTexts(t *testing.T) {
	c := shipped(t)
	for _, unit := range worst[:7] {
		text := strings.Repeat(unit, 5<<20/len(unit))
		if a := c.Classify(&syndicate.Article{Title: unit, Text: text}, nil); len(a.Gist) > 2000 {
			t.Errorf("%q: a summary of %d bytes", unit, len(a.Gist))
		}
	}
	for _, unit := range worst {
		text := strings.Repeat(unit, 256<<10/len(unit))
		if a := c.Classify(&syndicate.Article{Title: text, Text: text, Summary: text}, nil); len(a.Gist) > 2000 {
			t.Errorf("%q: a summary of %d bytes", unit, len(a.Gist))
		}
	}
}

func FuzzClassify(f *testing.F) {
	f.Add("【江城】银行贷款2亿元", "武汉市财政局说,增长7.3%。 一、背景 (一)来源 约3至5成。")
	f.Add("Bank lends $2.4bn", "Output rose 3 pct, up from two. Two-thirds of 4,000 workers between 6% and 6.75%.")
	f.Add("\xff", "9999999999999999999999999999万亿亿元十十百百亿亿")
	c := shipped(f)
	f.Fuzz(func(t *testing.T, title, text string) {
		a := c.Classify(&syndicate.Article{Title: title, Text: text}, nil)
		for _, x := range a.Figures {
			if !strings.Contains(x.Sentence, x.Text) || x.Text == "" || x.BaseUnit == "" || x.Bound == "" {
				t.Fatalf("figure %+v", x)
			}
		}
		for _, p := range a.Places {
			if !strings.Contains(title+"\n"+text, p) {
				t.Fatalf("place %q is not in the text", p)
			}
		}
	})
}
