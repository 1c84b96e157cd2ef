package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"broadsheet/internal/web"
	"broadsheet/mailer"
	"broadsheet/syndicate"
	"broadsheet/syndicate/publish"
)

// now is the time of all tests: a Monday morning in Wuhan.
var now = time.Date(2026, 3, 2, 1, 30, 0, 0, time.UTC)

// A paper is what a test serves.
type paper struct {
	articles []syndicate.Article // newest first
	editions []mailer.Edition    // newest first
	err      error               // of every call, when set
	asked    int                 // calls of Articles
	weeks    int                 // calls of Week
	stories  []*syndicate.Story
	readyErr error
}

func (p *paper) Article(_ context.Context, key string) (syndicate.Article, error) {
	for _, a := range p.articles {
		if a.Key == key && p.err == nil {
			return a, nil
		}
	}
	if p.err != nil {
		return syndicate.Article{}, p.err
	}
	return syndicate.Article{}, fmt.Errorf("article %s: %w", key, syndicate.ErrNotFound)
}

func (p *paper) Articles(_ context.Context, q syndicate.Query, at time.Time, limit, offset int) ([]syndicate.Article, error) {
	p.asked++
	var found []syndicate.Article
	for _, a := range p.articles {
		if q.Match(&a, at) {
			found = append(found, a)
		}
	}
	found = found[min(offset, len(found)):]
	return found[:min(limit, len(found))], p.err
}

func (p *paper) Told(ctx context.Context, q syndicate.Query, at time.Time, limit, offset int) ([]syndicate.Told, bool, error) {
	articles, err := p.Articles(ctx, q, at, limit+1, offset)
	if err != nil {
		return nil, false, err
	}
	told, err := p.Once(ctx, q, at, articles[:min(limit, len(articles))])
	return told, len(articles) > limit, err
}

func (p *paper) Once(_ context.Context, q syndicate.Query, at time.Time, articles []syndicate.Article) (told []syndicate.Told, err error) {
	for _, a := range articles {
		story := p.storyOf(a.Key)
		if story != nil && story.Tellings[0].Key != a.Key && slices.ContainsFunc(p.articles, func(lead syndicate.Article) bool {
			return lead.Key == story.Tellings[0].Key && q.Match(&lead, at)
		}) {
			continue
		}
		told = append(told, syndicate.Told{Article: a, Story: story})
	}
	return told, p.err
}

func (p *paper) storyOf(key string) *syndicate.Story {
	for _, s := range p.stories {
		if slices.ContainsFunc(s.Tellings, func(t syndicate.Telling) bool { return t.Key == key }) {
			return s
		}
	}
	return nil
}

func (p *paper) Story(_ context.Context, id string) (syndicate.Story, error) {
	for _, s := range p.stories {
		if s.ID == id {
			return *s, p.err
		}
	}
	return syndicate.Story{}, syndicate.ErrNotFound
}

func (p *paper) Withdrawn(context.Context, int) ([]syndicate.Withdrawal, error) { return nil, p.err }

func (p *paper) Count(ctx context.Context, q syndicate.Query, at time.Time) (int, error) {
	found, err := p.Articles(ctx, q, at, len(p.articles), 0)
	return len(found), err
}

func (p *paper) Week(_ context.Context, theme string, from, before time.Time) (syndicate.Week, error) {
	w := syndicate.Week{Amounts: map[string]float64{}}
	p.weeks++
	for i := range p.articles {
		a := &p.articles[i]
		if a.FirstSeen.Before(from) || !a.FirstSeen.Before(before) || !slices.ContainsFunc(a.Filings, func(f syndicate.Filing) bool { return f.Theme == theme }) {
			continue
		}
		w.Articles++
		for _, f := range a.Figures {
			if slices.Contains(syndicate.Currencies(), f.BaseUnit) {
				w.Amounts[f.BaseUnit] += f.Normalised
			}
		}
	}
	return w, p.err
}

func (p *paper) Search(ctx context.Context, q syndicate.Query, at time.Time, best bool, limit, offset int) (syndicate.Found, error) {
	found, err := p.Articles(ctx, q, at, len(p.articles), 0)
	if best {
		slices.Reverse(found)
	}
	total := len(found)
	found = found[min(offset, len(found)):]
	return syndicate.Found{Articles: found[:min(limit, len(found))], Total: min(total, 1000), More: total > 1000}, err
}

func (p *paper) Editions(_ context.Context, digest string, limit int) ([]mailer.Edition, error) {
	var found []mailer.Edition
	for _, e := range p.editions {
		if e.Digest == digest && len(found) < limit {
			found = append(found, e)
		}
	}
	return found, p.err
}

func (p *paper) NumberedEdition(_ context.Context, digest string, number int) (mailer.Edition, error) {
	for _, e := range p.editions {
		if e.Digest == digest && e.Number == number && p.err == nil {
			return e, nil
		}
	}
	if p.err != nil {
		return mailer.Edition{}, p.err
	}
	return mailer.Edition{}, syndicate.ErrNotFound
}

func (p *paper) Ready(context.Context) error { return p.readyErr }

// site is the configuration of all tests.
func site() web.Config {
	return web.Config{
		Site: syndicate.Site{
			Title: "江城产经", URL: "https://paper.example", Language: "zh-Hans",
			Location: time.FixedZone("CST", 8*3600), Contact: "editor@paper.example",
		},
		Themes: []syndicate.Theme{
			{ID: "finance", Title: map[string]string{"zh-Hans": "金融", "en": "Finance"}},
			{ID: "industry", Title: map[string]string{"zh-Hans": "产业", "en": "Industry"}},
			{ID: "infrastructure", Title: map[string]string{"zh-Hans": "基础设施", "en": "Infrastructure"}},
		},
		Sources: []syndicate.Source{
			{Name: "park", Title: "园区公告", URL: "file:///srv/list.txt", Kind: syndicate.KindListing},
			{Name: "harbour", Title: "Harbour Gazette", URL: "https://harbour.example/feed", Kind: syndicate.KindFeed},
		},
		Digests: []mailer.Digest{{Name: "weekly", Title: "一周产经"}, {Name: "daily"}},
	}
}

// publisher publishes what p holds.
func publisher(p *paper) *publish.Publisher {
	cfg := site()
	return &publish.Publisher{
		Site: cfg.Site, Themes: cfg.Themes, Sources: cfg.Sources, Store: p,
		Feeds: []syndicate.Feed{{
			Name: "ports", Title: map[string]string{"zh-Hans": "港口与航运"}, Limit: 50,
			Query: syndicate.Query{Text: "港口", Root: syndicate.Phrase{Text: "港口"}},
		}},
		Now: func() time.Time { return now },
	}
}

// handler serves p, its feeds asked for at every request.
func handler(t testing.TB, p *paper) http.Handler {
	t.Helper()
	return handlerOf(t, site(), web.Parts{
		Articles: p, Feeds: publisher(p), Editions: p, Health: p, Now: func() time.Time { return now },
	})
}

func handlerOf(t testing.TB, cfg web.Config, parts web.Parts) http.Handler {
	t.Helper()
	h, err := web.New(cfg, parts)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// ask sends a GET request with headers ("Name: value").
func ask(h http.Handler, target string, headers ...string) *httptest.ResponseRecorder {
	return do(h, http.MethodGet, target, headers...)
}

func do(h http.Handler, method, target string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func filed(theme string, score float64, hits ...syndicate.Hit) syndicate.Filing {
	return syndicate.Filing{Theme: theme, Score: score, Threshold: 1, Hits: hits}
}

func hit(term string, count int, where ...string) syndicate.Hit {
	return syndicate.Hit{Term: term, Weight: 1, Count: count, Where: where, Score: float64(count)}
}

// sample is a paper with articles of every kind: of a listing, with figures,
// in English, without a date, without a link, without a text, unfiled.
func sample() *paper {
	day := func(d int) time.Time { return time.Date(2026, 2, d, 0, 0, 0, 0, time.FixedZone("CST", 8*3600)) }
	list := []syndicate.Article{
		{
			Source: "park", Title: "【园区公告】江北新港三期开工,概算投资48亿元", Language: "zh-Hans", Published: day(27),
			Content: "<p>江北新港三期工程2月26日开工,岸线长1,250米,建成后年吞吐量可达900万吨。</p>" +
				"<h3>一、为什么现在建</h3><p>老码头的泊位已用到九成以上,驳船排队超过两天。港口方面说,\"再不扩就要丢货\"。</p>" +
				"<h3>二、钱从哪里来</h3><p>市级基金出资三成,银团贷款占七成,其余由港口公司自筹。</p>" +
				"<h3>三、工期与岗位</h3><p>计划28个月完工,施工高峰期用工约1,600人。</p>",
			Text: "江北新港三期工程2月26日开工。\n一、为什么现在建\n老码头的泊位已用到九成以上。",
			Analysis: syndicate.Analysis{
				Gist:   "江北新港三期工程2月26日开工，岸线长1,250米，建成后年吞吐量可达900万吨。市级基金出资三成，银团贷款占七成。",
				Places: []string{"江北新港", "武汉", "阳逻"},
				Figures: []syndicate.Figure{
					{Text: "48亿元", Value: 48, Unit: "亿元", Normalised: 4.8e9, BaseUnit: "元", Bound: "=", Sentence: "江北新港三期开工,概算投资48亿元"},
					{Text: "900万吨", Value: 900, Unit: "万吨", Normalised: 9e6, BaseUnit: "t", Bound: "<=", Sentence: "建成后年吞吐量可达900万吨。"},
					{Text: "1,600人", Value: 1600, Unit: "人", Normalised: 1600, BaseUnit: "人", Bound: "~", Sentence: "施工高峰期用工约1,600人。"},
				},
				Organisations: []string{"江北港口公司"},
				Filings: []syndicate.Filing{
					filed("infrastructure", 4.2, hit("新港", 2, "title", "lead"), hit("码头", 1, "body")),
					filed("finance", 1.3, hit("银团贷款", 1, "body")),
				},
				NearMisses: []syndicate.Filing{{Theme: "industry", Score: 0.6, Threshold: 1, Hits: []syndicate.Hit{hit("施工", 1, "body")}}},
			},
		},
		{
			Source: "harbour", Title: "Lock gates at Lower Reach reopen after eleven-week repair", Language: "en", URL: "https://harbour.example/2",
			Content: `<p>Barges moved through the Lower Reach lock on Monday for the first time since December.</p>
<p><img src="https://harbour.example/lock.jpg" alt="The lock at dusk"></p><p>The repair cost <a href="https://harbour.example/costs">$31 million</a>, some 12% below the estimate.</p>`,
			Text: "Barges moved through the Lower Reach lock on Monday.", Authors: []string{"R. Quay", "S. Dock"}, Categories: []string{"Inland waterways"},
			Published: now.Add(-5 * time.Hour), Updated: now.Add(-2 * time.Hour),
			Enclosures: []syndicate.Enclosure{{URL: "https://harbour.example/report.pdf", Type: "application/pdf"}},
			Analysis: syndicate.Analysis{
				Gist:   "Barges moved through the Lower Reach lock on Monday for the first time since December. The repair cost $31 million, some 12% below the estimate.",
				Places: []string{"Lower Reach"},
				Figures: []syndicate.Figure{
					{Text: "$31 million", Unit: "USD", Bound: "=", Sentence: "The repair cost $31 million."},
					{Text: "12%", Unit: "%", Bound: "~", Direction: "down", Sentence: "some 12% below the estimate."},
				},
				Filings: []syndicate.Filing{filed("infrastructure", 3.3, hit("lock", 3, "title", "lead"))},
			},
		},
		{
			Source: "park", Title: "东湖机械智能车间二期投产", Language: "zh-Hans", Published: day(26),
			Text:     "东湖机械的智能车间二期投产。\n一、产能\n每年可造机械臂9,000台。",
			Sections: []syndicate.Section{{Head: "一、产能", Text: "每年可造机械臂9,000台。"}},
			Analysis: syndicate.Analysis{
				Gist: "东湖机械的智能车间二期投产，每年可造机械臂9,000台，比一期多一倍。", Places: []string{"东湖"},
				Figures: []syndicate.Figure{{Text: "9,000台", Bound: "=", Sentence: "每年可造机械臂9,000台。"}},
				Filings: []syndicate.Filing{{Theme: "industry", Score: 2, Threshold: 1, Source: true}},
			},
		},
		{
			Source: "harbour", Title: "A <script>alert(1)</script> & \"quoted\" title", Language: "en", URL: "javascript:alert(2)",
			Content: `<p onclick="alert(3)">Text<script>alert(4)</script> <a href="javascript:alert(5)">here</a> <img src=x onerror=alert(6)></p><iframe src="https://evil.example/"></iframe><style>body{display:none}</style>`,
			Summary: "<b>bold</b> summary", Inferred: true, Published: now,
			Analysis: syndicate.Analysis{Filings: []syndicate.Filing{filed("finance", 1.2, hit("<i>", 1, "title"))}},
		},
		{Source: "gone", Title: "【快讯】", GUID: "only-a-title", Published: day(20)},
	}
	finance := []string{"江城农商行下调小微企业贷款利率", "科创板新股江芯股份首日收涨三成", "跨境结算试点扩至九家银行"}
	for i, title := range finance {
		list = append(list, syndicate.Article{
			Source: "park", Title: title, Language: "zh-Hans", Published: day(24 - i),
			Content: "<p>" + title + "。</p>",
			Analysis: syndicate.Analysis{
				Gist:    title + "，市金融局在周二的例会上说明了背景，细则将于下月公布。",
				Filings: []syndicate.Filing{filed("finance", 2.5, hit("银行", 2, "lead", "body"))},
			},
		})
	}
	for i := range list {
		a := &list[i]
		a.Key = syndicate.NewKey(a.Source, a.GUID+a.Title)
		a.FirstSeen = now.Add(-time.Duration(i) * time.Minute)
		a.Changed = a.FirstSeen
		a.ID = syndicate.NewID("https://harbour.example/", a.Key)
	}
	return &paper{articles: list, editions: []mailer.Edition{
		{ID: 9, Digest: "weekly", Number: 0, At: now.Add(-time.Hour), Skipped: "no new articles", Language: "zh-Hans"},
		{
			ID: 7, Digest: "weekly", Number: 2, At: now.AddDate(0, 0, -7), Subject: "一周产经 2月23日：金融3 产业1", Language: "zh-Hans",
			HTML: "<!doctype html><html lang=\"zh-Hans\"><head><title>一周产经</title><style>p{color:#333}</style></head><body style=\"margin:0\"><p>第二期</p></body></html>",
		},
		{ID: 5, Digest: "weekly", Number: 1, At: now.AddDate(0, 0, -14), Subject: "一周产经 2月16日：产业5", Language: "zh-Hans", Text: "第一期"},
		{ID: 3, Digest: "operators", Number: 1, At: now.AddDate(0, 0, -1), Subject: "待处理", Language: "zh-Hans", HTML: "<p>本期</p>", Private: true},
	}}
}

// askUntil asks until ctx is done.
func askUntil(ctx context.Context, h http.Handler, target string) {
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, http.MethodGet, target, nil))
}
