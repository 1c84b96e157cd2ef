package classify_test

import (
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"broadsheet/syndicate"
)

func TestWhatKeepsStoriesApart(t *testing.T) {
	s := tellings(t)
	for _, x := range []struct {
		why, titleA, leadA, titleB, leadB string
		want                              string // the reason; "" for the same
	}{
		{"word for word", "渡口新桥开工", "渡口新桥昨日开工，全长2公里。", "渡口新桥开工！", "渡口新桥昨日开工,全长２公里", ""},
		{"traditional script", "渡口新橋開工", "渡口新橋昨日開工，全長2公里。", "渡口新桥开工", "渡口新桥昨日开工，全长2公里。", ""},
		{"a byline", "渡口新桥开工", "渡口新桥昨日开工，全长2公里。", "渡口新桥开工", "江城日报讯（记者 王一）渡口新桥昨日开工，全长2公里。", ""},
		{"a correction", "更正：渡口新桥全长3公里", "昨日报道的渡口新桥开工一文，全长误为2公里，应为3公里。", "渡口新桥开工", "渡口新桥昨日开工，全长2公里。", ""},
		{"another month under the same headline", "全市用电量再创新高", "6月全市用电量为52亿千瓦时，创下新高。", "全市用电量再创新高", "7月全市用电量为58亿千瓦时，创下新高。", "other periods"},
		{"a quarter and half a year", "一季度全市用电量增长5%", "一季度全市用电量增长5%。", "上半年全市用电量增长5%", "上半年全市用电量增长5%。", "other periods in the headlines"},
		{"a month and its range", "前两月用电量增长5%", "前两月全市用电量增长5%。", "1至2月用电量增长5%", "今年1至2月全市用电量增长5%。", ""},
		{"another issue", "第3期纺织指数发布", "第3期纺织指数昨日发布，面料价格平稳。", "第4期纺织指数发布", "第4期纺织指数昨日发布，面料价格平稳。", "another 期 of a series"},
		{"days far apart", "渡口大雾轮渡停航", "3月2日，渡口大雾，轮渡全部停航。", "渡口大雾轮渡停航", "3月12日，渡口大雾，轮渡全部停航。", "days that are far apart"},
		{"another city", "宜昌发放消费券", "宜昌昨日发放消费券，可在商场使用。", "荆州发放消费券", "荆州昨日发放消费券，可在商场使用。", "another place: 宜昌 and 荆州"},
		{"another plant", "古田水厂扩建完工", "古田水厂扩建昨日完工。", "金口水厂扩建完工", "金口水厂扩建昨日完工。", "another one: 古田水厂 and 金口水厂"},
		{"the next stage", "渡口新桥合龙", "渡口新桥昨日合龙。", "渡口新桥通车", "渡口新桥昨日通车。", "other stages of the same"},
		{"a stage to come is none", "渡口新桥合龙", "渡口新桥昨日合龙，预计明年通车。", "渡口新桥主桥合龙", "渡口新桥昨日合龙，明年有望通车。", ""},
		{"up and down", "猪肉价格上涨两成", "本周猪肉价格上涨两成。", "猪肉价格下跌两成", "本周猪肉价格下跌两成。", "one goes up, the other down"},
		{"a round-up", "一周回顾：渡口新桥开工", "渡口新桥昨日开工，全长2公里。", "渡口新桥开工", "渡口新桥昨日开工，全长2公里。", "a round-up is no telling of one story"},
		{"another quarter", "Rivet profit rises", "Rivet said first-quarter profit rose to $3 million.", "Rivet profit rises", "Rivet said second-quarter profit rose to $3 million.", "other periods"},
		{"another model", "Rivet shows R20 lorry", "Rivet showed its R20 lorry on Monday.", "Rivet shows R30 lorry", "Rivet showed its R30 lorry on Monday.", "another model: r20 and r30"},
		{"approved and rejected", "Council approves Rivet depot", "The council approved a depot for Rivet on Monday.", "Council rejects Rivet depot", "The council rejected a depot for Rivet on Monday.", "other stages of the same"},
		{"two languages", "渡口新桥开工", "渡口新桥昨日开工。", "Bridge work begins", "Work on the bridge began.", "in two languages"},
		{"nothing in common", "渡口新桥开工", "渡口新桥昨日开工。", "城南花市开张", "花市今年摊位更多。", "too little in common"},
	} {
		t.Run(x.why, func(t *testing.T) {
			a, b := syndicate.Telling{Title: x.titleA, Lead: x.leadA}, syndicate.Telling{Title: x.titleB, Lead: x.leadB}
			v := s.Same(a, b)
			if v.Same != (x.want == "") || !strings.HasPrefix(v.Reason, x.want) {
				t.Errorf("same %v: %s; want %q", v.Same, v.Reason, x.want)
			}
			if w := s.Same(b, a); w.Same != v.Same {
				t.Errorf("same %v, and the other way round %v", v.Same, w.Same)
			}
		})
	}
}

// TestStoriesReadTheBeginningAlone holds that a text of 5 MB costs no more than
// its beginning.
func TestStoriesReadTheBeginningAlone(t *testing.T) {
	s := tellings(t)
	long := strings.Repeat("渡口新桥昨日开工，全长2公里。Rivet showed its R20 lorry in June 2031 第3期 ", 60_000)
	a := syndicate.Telling{Title: "渡口新桥开工", Lead: "渡口新桥昨日开工，全长2公里。"}
	whole, begin := s.Same(a, syndicate.Telling{Title: long, Lead: long}), s.Same(a, syndicate.Telling{Title: long[:4000], Lead: long[:4000]})
	if whole != begin {
		t.Errorf("of 5 MB %+v, of its beginning %+v", whole, begin)
	}
	if x, y := s.Keys(syndicate.Telling{Title: long, Lead: long}), s.Keys(syndicate.Telling{Title: long[:4000], Lead: long[:4000]}); len(x) > 14 || len(x) != len(y) {
		t.Errorf("%d keys, and %d of the beginning", len(x), len(y))
	}
}

// TestKeysStay holds that the keys of an article are the ones they were: those
// of millions of articles are stored.
func TestKeysStay(t *testing.T) {
	s := tellings(t)
	one := syndicate.Telling{Title: "【江城】渡口新桥开工", Lead: "总投资26.4亿元。", URL: "https://www.Wire.example/news/1/?utm_source=x&id=7"}
	two := syndicate.Telling{Title: "渡口新橋開工", Lead: "总投资26.4亿元。", URL: "http://wire.example/news/1?id=7&spm=a.b"}
	x, y := s.Keys(one), s.Keys(two)
	if len(x) < 4 || len(x) != len(y) {
		t.Fatalf("keys %x and %x", x, y)
	}
	for i := range x {
		if x[i] != y[i] {
			t.Errorf("key %d: %x and %x", i, x[i], y[i])
		}
	}
	if x[0] != 0x2d0f54e256e7ded {
		t.Errorf("the key of the title is %#x, and was another one", x[0])
	}
	if none := s.Keys(syndicate.Telling{URL: "https://wire.example/"}); len(none) != 0 {
		t.Errorf("keys of nothing: %x", none)
	}
}

func FuzzStories(f *testing.F) {
	s := tellings(f)
	f.Add("渡口新桥开工", "渡口新桥昨日开工，全长2公里。", "Rivet shows R20", "Rivet showed its R20 on 3 June.")
	f.Add("", "", "\xff\xfe", "第第第期期月月日日年年")
	f.Add("“”“", "q1 q2 first half of may 31 31 may 2031", "a-1-b-2 1234x", "1,234,567.8.9 ٣ ½ ⅷ 🚢🚢")
	f.Fuzz(func(t *testing.T, titleA, leadA, titleB, leadB string) {
		a, b := syndicate.Telling{Title: titleA, Lead: leadA}, syndicate.Telling{Title: titleB, Lead: leadB}
		v := s.Same(a, b)
		if w := s.Same(b, a); w.Same != v.Same {
			t.Errorf("same %v (%s), and the other way round %v (%s)", v.Same, v.Reason, w.Same, w.Reason)
		}
		if v.Reason == "" || v.Same && v.Conflict || v.Score < 0 || v.Score > 1 {
			t.Errorf("verdict %+v", v)
		}
		if keys := s.Keys(a); len(keys) > 14 {
			t.Errorf("%d keys", len(keys))
		}
		lead := syndicate.Lead(&syndicate.Article{Text: leadA, Summary: titleA})
		if len(lead) > 600 || utf8.ValidString(leadA) && utf8.ValidString(titleA) && !utf8.ValidString(lead) {
			t.Errorf("lead %q", lead)
		}
	})
}

// BenchmarkSameStory compares pairs that have much in common, most of them to
// the end: an operation is one pair, both articles read anew.
func BenchmarkSameStory(b *testing.B) {
	s := tellings(b)
	for _, lang := range []string{"zh", "en"} {
		b.Run(lang, func(b *testing.B) {
			pairs := readPairs(b, "stories", lang)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				p := pairs[i%len(pairs)]
				space := strings.NewReplacer("0", " ", "1", "\t").Replace(strconv.FormatInt(int64(i), 2))
				p.A.Lead, p.B.Lead = p.A.Lead+space, p.B.Lead+space // another text to whatever keeps what was read
				p.judge(s)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "pairs/s")
		})
	}
}

// BenchmarkStoryKeys makes the keys of one article.
func BenchmarkStoryKeys(b *testing.B) {
	s := tellings(b)
	a := chineseArticle()
	t := syndicate.Telling{Title: a.Title, Lead: syndicate.Lead(a), URL: "https://wire.example/news/2026/1.html?utm_source=rss"}
	for b.Loop() {
		s.Keys(t)
	}
}
