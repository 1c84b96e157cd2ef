package web_test

import (
	"strings"
	"testing"
	"time"

	"broadsheet/syndicate"
)

// retold returns a paper in which two sources tell one story, with two figures
// of which one is the same.
func retold() *paper {
	tell := func(source, title, figure string, value float64, seen time.Time) syndicate.Article {
		a := syndicate.Article{
			Source: source, Title: title, URL: "https://" + source + ".example/1", Language: "zh-Hans", Text: title + "。",
			Published: seen, FirstSeen: seen, Changed: seen, Key: syndicate.NewKey(source, title),
			Analysis: syndicate.Analysis{
				Filings: []syndicate.Filing{{Theme: "infrastructure", Score: 2, Threshold: 1}},
				Figures: []syndicate.Figure{{Text: "26亿元", Normalised: 26e8, BaseUnit: "元"}, {Text: figure, Normalised: value, BaseUnit: "m"}},
			},
		}
		a.ID = syndicate.NewID("https://"+source+".example/", a.Key)
		return a
	}
	first := tell("harbour", "南岸码头开港", "3公里", 3000, now.Add(-2*time.Hour))
	second := tell("park", "26亿元码头启用", "4公里", 4000, now.Add(-time.Hour))
	story := &syndicate.Story{ID: first.Key, Changed: now}
	for _, a := range []syndicate.Article{first, second} {
		story.Tellings = append(story.Tellings, syndicate.Telling{Key: a.Key, Source: a.Source, Title: a.Title, URL: a.URL, Published: a.Published, FirstSeen: a.FirstSeen})
	}
	story.Tellings[1].Agree, story.Tellings[1].Reason = 1, "like the one of harbour, 0.90: 60% of the words"
	return &paper{articles: []syndicate.Article{second, first}, stories: []*syndicate.Story{story}}
}

func TestListsTellAStoryOnce(t *testing.T) {
	p := retold()
	h := handler(t, p)
	for _, target := range []string{"/", "/themes/infrastructure", "/search?q=%E7%A0%81%E5%A4%B4"} {
		page := ask(h, target).Body.String()
		shows(t, page, []string{"开港</a>", "亦见于：", `<a href="/articles/` + p.articles[0].Key + `">园区公告</a>`, "1 个数字一致", "/stories/" + p.stories[0].ID}, []string{"26亿元码头启用"})
	}
	shows(t, ask(h, "/articles/"+p.articles[0].Key).Body.String(), []string{"26亿元码头启用", "亦见于：", "Harbour Gazette"}, nil)
	shows(t, ask(h, "/", "Cookie: lang=en").Body.String(), []string{"Also reported by", "1 figure agrees"}, nil)
}

func TestStoryPage(t *testing.T) {
	p := retold()
	h := handler(t, p)
	w := ask(h, "/stories/"+p.stories[0].ID)
	if w.Code != 200 {
		t.Fatalf("%d", w.Code)
	}
	page := w.Body.String()
	shows(t, page, []string{
		"2 篇报道", "南岸码头开港", "26亿元码头启用", "Harbour Gazette、园区公告", "like the one of harbour", "最先见到",
		"3公里", "4公里", "2026-03-02T",
	}, nil)
	if strings.Index(page, ">26亿元<") > strings.Index(page, ">3公里<") {
		t.Error("figures that agree do not come first")
	}
	for _, bad := range []string{"/stories/" + p.articles[0].Key, "/stories/x", "/stories/"} {
		if w := ask(h, bad); w.Code != 404 {
			t.Errorf("%s: %d, want 404", bad, w.Code)
		}
	}
	p.articles = nil // deleted between two questions to the store
	if w := ask(h, "/stories/"+p.stories[0].ID); w.Code != 404 {
		t.Errorf("a story whose articles are gone: %d, want 404", w.Code)
	}
}
