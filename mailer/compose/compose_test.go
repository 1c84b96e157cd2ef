package compose_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"broadsheet/mailer"
	"broadsheet/mailer/compose"
	"broadsheet/mailer/submit"
	"broadsheet/syndicate"
)

func TestComposeGolden(t *testing.T) {
	english := weekly()
	english.Language, english.Title = "en", "The Week"
	for name, d := range map[string]mailer.Digest{"zh-Hans": weekly(), "en": english} {
		t.Run(name, func(t *testing.T) {
			s := &store{articles: sample()}
			if name == "zh-Hans" {
				s.editions = past(d.Name, "元", 6e8, 8)
			}
			e, err := composer(s).Compose(t.Context(), d, monday(), compose.Opts{})
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name+".html", e.HTML)
			golden(t, name+".txt", e.Text)
			data, err := submit.Build(message(e, s.saved[0], "江城产经 <digest@news.example.com>", "editor@example.com"))
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name+".eml", string(data))
			checkMail(t, data, e)
			checkHTML(t, e)
			checkText(t, e)
		})
	}
}

// told returns the keys by theme.
func told(e *mailer.Edition) map[string][]string {
	out := map[string][]string{}
	for _, s := range e.Sections {
		for _, it := range s.Items {
			out[s.Theme] = append(out[s.Theme], it.Key)
		}
	}
	return out
}

func TestComposeChoosesAndGroups(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*mailer.Digest)
		order  string
		want   map[string][]string
		more   int
	}{
		{
			"everything, newest first, then best", func(*mailer.Digest) {}, "finance industry infrastructure",
			map[string][]string{"finance": {"a1", "a2", "a3"}, "industry": {"a4", "a5"}, "infrastructure": {"a6", "a7"}},
			0,
		},
		{
			"in the digest's order", func(d *mailer.Digest) { d.Themes = []string{"infrastructure", "finance", "industry"} }, "infrastructure finance industry",
			map[string][]string{"finance": {"a1", "a2", "a3"}, "industry": {"a4", "a5"}, "infrastructure": {"a6", "a7"}},
			0,
		},
		{
			"the primary theme among the digest's", func(d *mailer.Digest) { d.Themes = []string{"industry"} }, "industry",
			map[string][]string{"industry": {"a4", "a1", "a6", "a5"}},
			0,
		},
		{
			"no themes named means all", func(d *mailer.Digest) { d.Themes = nil }, "finance industry infrastructure",
			map[string][]string{"finance": {"a1", "a2", "a3"}, "industry": {"a4", "a5"}, "infrastructure": {"a6", "a7"}},
			0,
		},
		{
			"a theme that is not configured", func(d *mailer.Digest) { d.Themes = []string{"sport", "finance"} }, "finance",
			map[string][]string{"finance": {"a1", "a2", "a3"}},
			0,
		},
		{
			"a query", func(d *mailer.Digest) { d.Query = "二期" }, "finance industry infrastructure",
			map[string][]string{"finance": {"a2"}, "industry": {"a4"}, "infrastructure": {"a6"}},
			0,
		},
		{
			"at most one a theme", func(d *mailer.Digest) { d.MaxPerTheme = 1 }, "finance industry infrastructure",
			map[string][]string{"finance": {"a1"}, "industry": {"a4"}, "infrastructure": {"a6"}},
			4,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			articles := sample()
			for i := range articles { // queries look at the text
				articles[i].Text = articles[i].Gist
			}
			s := &store{articles: articles}
			d := weekly()
			tt.change(&d)
			e, err := composer(s).Compose(t.Context(), d, monday(), compose.Opts{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, told(e)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			var order []string
			more := 0
			for _, sec := range e.Sections {
				order = append(order, sec.Theme)
				more += sec.More
			}
			if got := strings.Join(order, " "); got != tt.order || more != tt.more {
				t.Errorf("order %q, %d more; want %q, %d", got, more, tt.order, tt.more)
			}
		})
	}
}

func TestItemTellsTheArticle(t *testing.T) {
	s := &store{articles: sample()}
	e, err := composer(s).Compose(t.Context(), weekly(), monday(), compose.Opts{})
	if err != nil {
		t.Fatal(err)
	}
	items := map[string]mailer.Item{}
	for _, it := range e.Items() {
		items[it.Key] = it
	}
	want := mailer.Item{
		Key: "a1", ID: "tag:example.com,2026-11-20:a1", Title: "城商行新设科创支行，首批授信二十四亿元",
		URL: "https://news.example.com/articles/a1", Link: "https://bank.example.com/a1", Source: "江城金融观察",
		Gist:   "支行专为初创企业办理信用贷款，单户最高五百万元。首批六十家企业签约，授信合计24亿元，其中三成用于购置设备。",
		Places: []string{"滨江区"}, Figures: []string{"24亿元", "五百万元", "三成"}, Published: monday().Add(-34 * time.Hour),
		Stated: &mailer.Stated{Text: "24亿元", Value: 24e8, Unit: "元", Where: mailer.InGist},
		Also:   []string{"产业"}, Reason: "finance 3.2 ≥ 1.0: x (title)", Score: 4.6, Why: "4.6: 24亿元 2.0, fits finance 1.6, fresh 1.0", Language: "zh-Hans",
	}
	if diff := cmp.Diff(want, items["a1"]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := items["a2"].Title; got != "地铁公司发行绿色债券8亿元" {
		t.Errorf("the series prefix is shown: %q", got)
	}
	if it := items["a5"]; !it.Inferred || !it.Published.Equal(monday().Add(-4*24*time.Hour)) {
		t.Errorf("undated: %+v", it)
	}
	if got := items["a6"].Link; got != "" {
		t.Errorf("a link that no reader can follow: %q", got)
	}
}

func TestFiguresThatSayMost(t *testing.T) {
	fig := func(text, base string, normalised float64) syndicate.Figure {
		return syndicate.Figure{Text: text, BaseUnit: base, Normalised: normalised}
	}
	for _, tt := range []struct {
		name string
		all  []syndicate.Figure
		want []string
	}{
		{"none", nil, nil},
		{"times and small numbers are said in passing", []syndicate.Figure{
			fig("三年", "year", 3), fig("六家", "count", 6), fig("6.3个", "pp", 6.3), fig("两名", "person", 2),
		}, nil},
		{
			"in the order of the text",
			[]syndicate.Figure{fig("1.2万户", "count", 12000), fig("11.6%", "ratio", 0.116), fig("5亿元", "元", 5e8)},
			[]string{"1.2万户", "11.6%", "5亿元"},
		},
		{"money before shares before counts", []syndicate.Figure{
			fig("1.2万户", "count", 12000), fig("11.6%", "ratio", 0.116), fig("8%", "ratio", 0.08), fig("5亿元", "元", 5e8), fig("$3m", "USD", 3e6),
		}, []string{"11.6%", "5亿元", "$3m"}},
		{"the first of equals", []syndicate.Figure{
			fig("1%", "ratio", .01), fig("2%", "ratio", .02), fig("3%", "ratio", .03), fig("4%", "ratio", .04),
		}, []string{"1%", "2%", "3%"}},
		{"an amount written in two ways", []syndicate.Figure{fig("24亿元", "元", 24e8), fig("二十四亿元", "元", 24e8)}, []string{"24亿元"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := article("port", "k", "标题", "摘要。", time.Hour, filing("finance", 2))
			a.Figures = tt.all
			e, err := composer(&store{articles: []syndicate.Article{a}}).Compose(t.Context(), weekly(), monday(), compose.Opts{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, e.Items()[0].Figures); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestEachRecipientOnce(t *testing.T) {
	s := &store{articles: sample()}
	e, err := composer(s).Compose(t.Context(), weekly(), monday(), compose.Opts{})
	if err != nil {
		t.Fatal(err)
	}
	if len(s.saved) != 2 || s.saved[0].To != "reader@example.org" || s.saved[1].To != "second@example.org" {
		t.Fatalf("deliveries %+v", s.saved)
	}
	ids := map[string]bool{}
	for _, d := range s.saved {
		if !strings.HasSuffix(d.MessageID, "@news.example.com") || d.State != mailer.Planned || d.MessageID != mailer.MessageID("weekly", monday(), d.To, "x@news.example.com") {
			t.Errorf("delivery %+v", d)
		}
		ids[d.MessageID] = true
	}
	if len(ids) != 2 {
		t.Errorf("two recipients share a Message-ID: %v", ids)
	}
	if e.ID != 1 || e.Number != 1 || !s.next.Equal(monday().Add(7*24*time.Hour)) {
		t.Errorf("edition %d number %d, next %v", e.ID, e.Number, s.next)
	}
}

func TestNothingIsToldTwice(t *testing.T) {
	s := &store{articles: sample()}
	c := composer(s)
	if _, err := c.Compose(t.Context(), weekly(), monday(), compose.Opts{}); err != nil {
		t.Fatal(err)
	}
	second, err := c.Compose(t.Context(), weekly(), monday().Add(time.Second), compose.Opts{})
	if err != nil {
		t.Fatal(err)
	}
	if want := "no new articles since 2026-11-23 08:01 CST"; second.Skipped != want || second.HTML != "" || len(s.saved) != 2 {
		t.Errorf("skipped %q, want %q; %d deliveries", second.Skipped, want, len(s.saved))
	}
	if !s.since[0].Equal(monday().Add(-31*24*time.Hour)) || !s.since[1].Equal(s.since[0]) { // for what the first had left out
		t.Errorf("looked since %v", s.since)
	}
}

func TestEmptyEditionOnRequest(t *testing.T) {
	d := weekly()
	d.SendEmpty = true
	s := &store{}
	e, err := composer(s).Compose(t.Context(), d, monday(), compose.Opts{})
	if err != nil {
		t.Fatal(err)
	}
	if e.Skipped != "" || e.Subject != "一周产经 11月23日：没有新文章" || !strings.Contains(e.HTML, "没有新文章") || len(s.saved) != 2 {
		t.Errorf("skipped %q, subject %q, %d deliveries", e.Skipped, e.Subject, len(s.saved))
	}
	checkHTML(t, e)
	checkText(t, e)
}

func TestLateEdition(t *testing.T) {
	d := weekly()
	d.Within = 3 * time.Hour
	s := &store{articles: sample()}
	c := composer(s)
	due := monday().Add(-5*time.Hour - 11*time.Minute) // and the clock is a minute past
	e, err := c.Compose(t.Context(), d, due, compose.Opts{})
	if err != nil {
		t.Fatal(err)
	}
	if want := "missed by 5h12m, and if_missed.within is 3h; its articles go into the next edition"; e.Skipped != want || len(s.saved) != 0 {
		t.Errorf("skipped %q, want %q", e.Skipped, want)
	}
	if !s.next.After(monday()) {
		t.Errorf("next %v is past already", s.next)
	}
	e, err = c.Compose(t.Context(), d, monday(), compose.Opts{})
	if err != nil || len(e.Items()) != 7 {
		t.Errorf("the next edition has %d articles, want all 7 (error %v)", len(e.Items()), err)
	}
}

func TestTrialsStoreNothing(t *testing.T) {
	for name, o := range map[string]compose.Opts{"dry run": {DryRun: true}, "test": {To: []string{"me@example.org"}}} {
		t.Run(name, func(t *testing.T) {
			s := &store{articles: sample()}
			d := weekly()
			d.Within = time.Minute
			e, err := composer(s).Compose(t.Context(), d, monday().Add(-24*time.Hour), o)
			if err != nil {
				t.Fatal(err)
			}
			if len(s.editions) != 0 || len(s.saved) != 0 || e.Skipped != "" || len(e.Items()) != 7 || e.HTML == "" {
				t.Errorf("%d editions stored, skipped %q, %d items", len(s.editions), e.Skipped, len(e.Items()))
			}
		})
	}
}

func TestAnotherWasFaster(t *testing.T) {
	s := &store{articles: sample()}
	s.rival = func() {
		s.editions = append(s.editions, mailer.Edition{ID: 77, Number: 3, Digest: "weekly", At: monday(), Until: monday(), Subject: "theirs"})
	}
	e, err := composer(s).Compose(t.Context(), weekly(), monday(), compose.Opts{})
	if err != nil || e.ID != 77 || e.Subject != "theirs" {
		t.Errorf("edition %d %q, error %v", e.ID, e.Subject, err)
	}
}

func TestComposeErrors(t *testing.T) {
	broken := errors.New("disk on fire")
	for _, tt := range []struct {
		name string
		s    *store
		d    func(*mailer.Digest)
		want string
	}{
		{"the store broke", &store{broken: broken}, func(*mailer.Digest) {}, "compose digest weekly: look up the last edition: disk on fire"},
		{"a query that cannot be read", &store{}, func(d *mailer.Digest) { d.Query = "(港口" }, "compose digest weekly: query: at character"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := weekly()
			tt.d(&d)
			_, err := composer(tt.s).Compose(t.Context(), d, monday(), compose.Opts{})
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

func TestSubject(t *testing.T) {
	long := func(n int) []syndicate.Article {
		var out []syndicate.Article
		for i, th := range []string{"finance", "industry", "infrastructure"} {
			for j := range n {
				out = append(out, article("port", string(rune('a'+i))+strings.Repeat("x", j), "标题", "摘要。", time.Hour, filing(th, 2)))
			}
		}
		return out
	}
	for _, tt := range []struct {
		name, lang, title string
		articles          []syndicate.Article
		want              string
	}{
		{"Chinese", "zh-Hans", "一周产经", sample(), "一周产经 11月23日：金融3 产业2 基础设施2"},
		{"English", "en", "The Week", sample(), "The Week, 23 Nov: Finance 3, Industry 2, Infrastructure 2"},
		{"articles left out count", "zh-Hans", "一周产经", long(12), "一周产经 11月23日：金融12 产业12 基础设施12"},
		{"a long title", "zh-Hans", strings.Repeat("很长的名字", 10), long(2), "很长的名字很长的名字很长的名字…… 11月23日：金融2 产业2 等"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := weekly()
			d.Language, d.Title = tt.lang, tt.title
			e, err := composer(&store{articles: tt.articles}).Compose(t.Context(), d, monday(), compose.Opts{})
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(e.Subject, tt.want) || compose.Columns(e.Subject) > 60 {
				t.Errorf("subject %q (%d columns), want %q", e.Subject, compose.Columns(e.Subject), tt.want)
			}
		})
	}
}
