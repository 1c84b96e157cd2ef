package web_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"broadsheet/internal/web"
	"broadsheet/mailer"
	"broadsheet/syndicate"
	"broadsheet/syndicate/publish"
)

// pageLimit is how many bytes a page may have, but for one that is a document
// of its own: an article, an edition as it was mailed, config.yaml.
const pageLimit = 50_000

// fullOffice opens a paper that has much of everything, with long words.
func fullOffice(t *testing.T) *office {
	t.Helper()
	o := newOffice(t, hashed(t))
	o.fields = 1000
	long := "江北新港三期工程今日开工，岸线长1,250米，概算投资48亿元，银团贷款占七成"
	story := syndicate.Story{ID: strings.Repeat("a", 32)}
	for i := range 900 {
		a := o.paper.articles[i%3]
		a.GUID, a.Title, a.Source = fmt.Sprint(i), fmt.Sprintf("%s（%d）", long, i), fmt.Sprint("field-", i%o.fields)
		a.Key = syndicate.NewKey("full", a.GUID)
		a.FirstSeen = now.Add(-time.Duration(i) * time.Hour)
		a.Analysis.Gist = strings.Repeat(long, 4) + "。"
		a.Analysis.Filings = []syndicate.Filing{filed("finance", 2.5, hit("银行", 2, "lead")), filed("industry", 2, hit("工程", 1, "title")), filed("infrastructure", 2, hit("新港", 1, "title"))}
		if i < 60 {
			story.Tellings = append(story.Tellings, syndicate.Telling{Key: a.Key, Source: a.Source, Reason: strings.Repeat("same figures, same place; ", 4)})
		}
		o.paper.articles = append(o.paper.articles, a)
	}
	o.paper.stories = []*syndicate.Story{&story}
	for i := range 600 {
		o.paper.editions = append(o.paper.editions, mailer.Edition{
			ID: int64(100 + i), Digest: "weekly", Number: 600 - i, At: now.AddDate(0, 0, -7*i-21), Since: now.AddDate(0, 0, -7*i-28), Subject: "一周产经：" + long, Language: "zh-Hans", HTML: "<p>x",
		})
		o.deeds = append(o.deeds, syndicate.Deed{At: now, Who: "admin page, 203.0.113.7", Action: syndicate.ActionForget, Object: o.paper.articles[i].Key, Detail: long})
		o.inbox = append(o.inbox, syndicate.Submission{
			ID: int64(1000 - i), Kind: syndicate.KindLetter, At: now, Address: fmt.Sprintf("somebody.with.a.long.name.%d@mail.example", i), State: syndicate.Received,
			Letter: &syndicate.Letter{Name: "老李", Subject: long, Text: strings.Repeat(long, 50)},
		})
	}
	cfg := site()
	cfg.Digests[0].Schedule = "0 8 * * MON"
	for i := range o.fields {
		cfg.Sources = append(cfg.Sources, syndicate.Source{Name: fmt.Sprint("field-", i), Title: fmt.Sprintf("江城田野日报第%d分社 The Field Gazette", i), URL: "https://field.example/", Kind: syndicate.KindFeed})
	}
	feeds := &publish.Publisher{Site: cfg.Site, Themes: cfg.Themes, Sources: cfg.Sources, Store: o.paper, Now: func() time.Time { return now }}
	for i := range 20 {
		feeds.Feeds = append(feeds.Feeds, syndicate.Feed{Name: fmt.Sprint("feed-", i), Query: syndicate.Query{Text: "港", Root: syndicate.Phrase{Text: "新港"}}, Limit: 50})
	}
	counter := newCounter(t)
	o.handler = handlerOf(t, cfg, web.Parts{
		Articles: o.paper, Feeds: feeds, Editions: o.paper, Now: func() time.Time { return o.now }, Visitors: newLobby(t),
		Readers: &web.Readers{Choices: counter, Records: counter, SignUps: counter, Secret: []byte("secret")},
		Admin:   o.admin(hashed(t)),
	})
	return o
}

func TestFullPagesAreShort(t *testing.T) {
	t.Parallel()
	o := fullOffice(t)
	cookie := o.signIn()
	q := "?q=" + url.QueryEscape("新港")
	for target, shown := range map[string]string{
		"/": "江北新港", "/themes/finance": "page=2", "/themes/finance?page=40": "page=41", "/search" + q: "page=2", "/search" + q + "&sort=best": "page=2",
		"/articles/" + o.paper.articles[20].Key: "江北新港", "/stories/" + strings.Repeat("a", 32): "same figures",
		"/feeds": "page=2", "/feeds?page=2": "page=3", "/feeds?page=42": "page=41", "/digests": "/digests/weekly/600", "/digests/weekly": "page=2", "/digests/weekly?page=7": "page=6",
		"/subscribe" + q: "新港", "/preferences/" + annToken: "ann@reader.example", "/contribute": "<form", "/contact": "<form", "/publishers/apply": "<form",
		"/admin": "<main", "/admin/sources": "page=2", "/admin/sources?page=26": "page=25", "/admin/sources/harbour": "gone", "/admin/articles": "page=2", "/admin/articles" + q: "page=2",
		"/admin/inbox/letters": "page=2", "/admin/log": "page=2", "/admin/digests": "weekly", "/admin/digests/weekly": "江北新港", "/admin/digests/weekly/600": "reader9@",
		"/admin/subscribers": "after=", "/admin/themes?diff=30": "江北新港",
	} {
		for _, lang := range []string{"zh-Hans", "en"} {
			w := ask(o.handler, target, cookie, "Cookie: lang="+lang)
			if w.Code != 200 || !strings.Contains(w.Body.String(), shown) {
				t.Errorf("%s: %d, and does not show %s", target, w.Code, shown)
			}
			if w.Body.Len() > pageLimit {
				t.Errorf("%s in %s has %d bytes", target, lang, w.Body.Len())
			}
		}
	}
	for _, target := range []string{"/feeds?page=43", "/feeds?page=x", "/digests/weekly?page=8", "/digests/weekly?page=0", "/admin/sources?page=27"} {
		if w := ask(o.handler, target, cookie); w.Code != 404 {
			t.Errorf("%s: %d", target, w.Code)
		}
	}
	// All are there, each once.
	var all strings.Builder
	for page := 1; page <= 26; page++ {
		all.WriteString(ask(o.handler, fmt.Sprintf("/admin/sources?page=%d", page), cookie).Body.String())
	}
	for i := range o.fields {
		if n := strings.Count(all.String(), fmt.Sprintf(`id="source-field-%d"`, i)); n != 1 {
			t.Errorf("field-%d is listed %d times", i, n)
		}
	}
}
