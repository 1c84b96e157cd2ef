package compose_test

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"broadsheet/mailer"
	"broadsheet/mailer/compose"
	"broadsheet/syndicate"
)

// composed returns the edition that a store's articles make.
func composed(t *testing.T, s *store, d mailer.Digest) *mailer.Edition {
	t.Helper()
	e, err := composer(s).Compose(t.Context(), d, monday(), compose.Opts{})
	if err != nil {
		t.Fatal(err)
	}
	checkHTML(t, e)
	checkText(t, e)
	return e
}

// bars returns the heights of all bars, those of this edition with a mark.
func bars(t *testing.T, page string) []string {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for n := range doc.Descendants() {
		if class := attr(n, "class"); n.DataAtom == atom.Div && (class == "bar" || class == "now") {
			_, height, _ := strings.Cut(attr(n, "style"), ";height:")
			height, _, _ = strings.Cut(height, "px")
			out = append(out, strings.TrimPrefix(class, "bar")+height)
		}
	}
	return out
}

func TestChart(t *testing.T) {
	about := func(key, theme string, value float64, unit string) syndicate.Article {
		a := article("port", key, key+"共X", "摘要。", 5*3600e9, filing(theme, 2))
		a.Figures = []syndicate.Figure{{Text: "X", Normalised: value, BaseUnit: unit}}
		return a
	}
	s := &store{
		articles: []syndicate.Article{
			about("a", "finance", 3e8, "元"), about("b", "finance", 1e8, "元"), about("c", "finance", 7e12, "JPY"), about("d", "industry", 0.3, "ratio"),
		},
	}
	for i, n := range []int{2, 6, 4} { // the oldest first
		e := mailer.Edition{Digest: "weekly", Number: i + 1, At: monday().AddDate(0, 0, i-7), Until: monday().AddDate(0, 0, i-7)}
		e.Sections = []mailer.Section{{Theme: "finance", More: n, Sums: map[string]float64{"元": float64(n) * 1e8}}, {Theme: "sport", More: 9}}
		if i == 0 {
			e.Sections = append(e.Sections, mailer.Section{Theme: "infrastructure", More: 3})
		}
		s.editions = append(s.editions, e)
	}
	e := composed(t, s, weekly())
	want := []string{
		"8", "24", "16", "now12", // articles on finance: 2 6 4 and 3
		"8", "24", "16", "now16", // 2亿 6亿 4亿 and 4亿: yen do not count
		"1", "1", "1", "now24", // industry: the first one, and it is about no money
		"24", "1", "1", "now1", // infrastructure: none now
	}
	if diff := cmp.Diff(want, bars(t, e.HTML)); diff != "" {
		t.Errorf("bars (-want +got):\n%s", diff)
	}
	for _, line := range []string{
		"本期内容 · 与前3期相比\n", "  * 金融：3篇（平均4；此前各期：2、6、4）\n    4亿元（平均4亿元，最多6亿元）\n",
		"  * 产业：1篇（平均0；此前各期：0、0、0）\n  * 基础设施：0篇（平均1；此前各期：3、0、0）\n",
	} {
		if !strings.Contains(e.Text, line) {
			t.Errorf("the text lacks %q:\n%s", line, e.Text)
		}
	}
	if strings.Contains(e.HTML, `href="#theme-infrastructure"`) || !strings.Contains(e.HTML, `href="#theme-industry"`) {
		t.Error("the chart must lead to the sections that there are")
	}
	if diff := cmp.Diff(map[string]float64{"元": 4e8, "JPY": 7e12}, e.Sections[0].Sums); diff != "" {
		t.Errorf("sums (-want +got):\n%s", diff)
	}
}

func TestChartLooksAtEightEditions(t *testing.T) {
	for n, want := range map[int]int{0: 0, 2: 0, 3: 4, 8: 9, 9: 9} {
		s := &store{articles: sample(), editions: past("weekly", "元", 1e8, n)}
		e := composed(t, s, weekly())
		got := len(bars(t, e.HTML))
		if want == 0 && got != 0 || want > 0 && got != 6*want { // 3 themes, articles and amounts
			t.Errorf("after %d editions: %d bars, want 6 times %d", n, got, want)
		}
		if has := strings.Contains(e.Text, "期相比"); has != (want > 0) {
			t.Errorf("after %d editions: the text compares: %v", n, has)
		}
		if inline := strings.Contains(e.Text, "本期内容：金融 3 · 产业 2"); inline == (want > 0) {
			t.Errorf("after %d editions: the text has plain contents: %v", n, inline)
		}
	}
}

func TestChartOfManyThemes(t *testing.T) {
	s := &store{editions: past("weekly", "元", 1e8, 8)}
	c := composer(s)
	c.Themes = nil
	d := weekly()
	d.Themes = nil
	for i, n := range []int{1, 3, 2, 2, 5, 2, 1, 4} {
		id := string(rune('a' + i))
		c.Themes = append(c.Themes, syndicate.Theme{ID: id, Title: map[string]string{"": "T" + id}})
		for range n {
			s.articles = append(s.articles, article("port", id+strings.Repeat("x", len(s.articles)), "标题"+id, "摘要。", 3600e9, filing(id, 2)))
		}
	}
	e, err := c.Compose(t.Context(), d, monday(), compose.Opts{})
	if err != nil {
		t.Fatal(err)
	}
	checkHTML(t, e)
	var rows []string
	for line := range strings.Lines(e.Text) {
		if name, ok := strings.CutPrefix(line, "  * T"); ok {
			rows = append(rows, name[:1])
		}
	}
	if got := strings.Join(rows, ""); got != "bcdefh" {
		t.Errorf("the chart shows %q, want the six themes with most articles in their order", got)
	}
}

// A subscriber's own selection is compared with itself or not at all.
func TestChartOfASelection(t *testing.T) {
	articles := sample()
	for i := range articles {
		articles[i].Text = articles[i].Gist
	}
	s := &store{articles: articles, editions: past("weekly", "元", 1e8, 8), audiences: []mailer.Audience{
		{Selection: mailer.Selection{Themes: []string{"industry"}}, Subscribers: 1},
		{Selection: mailer.Selection{Query: "二期"}, Subscribers: 1},
	}}
	e := composed(t, s, weekly())
	if n := len(bars(t, e.Variants[0].HTML)); n != 18 {
		t.Errorf("%d bars for one theme, want 18", n)
	}
	if n := len(bars(t, e.Variants[1].HTML)); n != 0 {
		t.Errorf("%d bars against editions that were chosen otherwise", n)
	}
}

func TestHeadlines(t *testing.T) {
	fig := func(text, base string, value float64) syndicate.Figure {
		return syndicate.Figure{Text: text, BaseUnit: base, Normalised: value}
	}
	a := func(key, theme, title, gist string, figures ...syndicate.Figure) syndicate.Article {
		art := article("port", key, title, gist, 3600e9, filing(theme, 2))
		art.Figures = figures
		return art
	}
	one := a("1", "finance", "授信24亿元", "其中3亿元。", fig("24亿元", "元", 24e8), fig("3亿元", "元", 3e8))
	two := a("2", "finance", "Bond of $900m", "", fig("$900m", "USD", 9e8), fig("$5bn", "USD", 5e9))
	three := a("3", "industry", "年产12吉瓦时", "", fig("12吉瓦时", "吉瓦时", 12))
	four := a("4", "finance", "第三", "共8亿元。", fig("8亿元", "元", 8e8))
	passing := a("5", "infrastructure", "开工", "今天。", fig("9,999亿元", "元", 9999e8))
	none := a("6", "infrastructure", "竣工", "昨天。")
	mad := a("7", "industry", "误读1e99元", "", fig("1e99元", "元", 1e99), fig("无穷元", "元", math.Inf(1)), fig("5万元", "元", 5e4))
	for _, tt := range []struct {
		name     string
		articles []syndicate.Article
		want     []string // the lines of the text form
	}{
		{"by size, two of a theme first, money before the rest", []syndicate.Article{one, two, three, four, none}, []string{"$900m Bond of $900m", "24亿元 授信24亿元", "12吉瓦时 年产12吉瓦时", "8亿元 第三"}},
		{"what is said in passing is no headline", []syndicate.Article{one, two, passing, none}, []string{"$900m Bond of $900m", "24亿元 授信24亿元"}},
		{"one is too few", []syndicate.Article{one, passing, none, a("8", "finance", "又一条", "")}, nil},
		{"of a short edition they stand below anyway", []syndicate.Article{one, two, three}, nil},
		{"numbers nobody can have meant", []syndicate.Article{one, two, mad, none}, []string{"$900m Bond of $900m", "24亿元 授信24亿元"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := composed(t, &store{articles: tt.articles}, weekly())
			var got []string
			for line := range strings.Lines(e.Text) {
				if text, ok := strings.CutPrefix(line, "  * "); ok {
					got = append(got, strings.TrimSuffix(text, "\n"))
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if has := strings.Contains(e.HTML, "本期数字"); has != (tt.want != nil) {
				t.Errorf("the HTML has headlines: %v", has)
			}
			for _, sec := range e.Sections {
				for unit, sum := range sec.Sums {
					if math.IsInf(sum, 0) || sum > 1e17 {
						t.Errorf("%s is about %g %s", sec.Theme, sum, unit)
					}
				}
			}
		})
	}
}
