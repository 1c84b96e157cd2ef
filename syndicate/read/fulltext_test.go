package read_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"broadsheet/syndicate"
	"broadsheet/syndicate/read"
)

// facts are what a test looks at of an article's page.
type facts struct {
	Title, Link, Published, Author string
	Terms, Heads                   []string
}

func factsOf(e read.Entry) facts {
	f := facts{Title: e.Title, Link: e.Link}
	if !e.Published.IsZero() {
		f.Published = e.Published.Format(time.RFC3339)
	}
	for _, a := range e.Authors {
		f.Author += a.Name
	}
	for _, c := range e.Categories {
		f.Terms = append(f.Terms, c.Term)
	}
	for _, s := range e.Sections {
		f.Heads = append(f.Heads, s.Head)
	}
	return f
}

func TestFullText(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		want            facts
		holds, lacks    []string
		url, bodySelect string
	}{
		"portal-detail.html": {
			want: facts{
				Title: "临江海缆制造基地首批产品下线", Link: "https://hb.010b.com/info/detail/9.html", Published: "2025-08-05T16:00:00Z",
				Terms: []string{"湖北", "临江", "滨港区", "招商项目", "制造业", "高质量发展"},
				Heads: []string{"一、项目建设提速增效", "二、产业链条加快延伸", "三、港口优势持续释放"},
			},
			holds: []string{"<p>设备国产化率超过九成。</p>"}, lacks: []string{"script", "二期泊位", "所属地区"}, url: "https://hb.010b.com/info/detail/9.html",
		},
		"gov-detail.html": { // the labels say 09:05 in Beijing, whatever the zone of the source
			want: facts{
				Title: "临江新区两条货运专线试运行", Link: "http://www.linjiang.gov.cn/yw/202507/t20250723_4411.html", Published: "2025-07-23T01:05:00Z",
				Terms: []string{"要闻动态", "货运专线", "滨江港"},
			},
			holds: []string{`<img src="http://www.linjiang.gov.cn/yw/202507/W02.jpg">`}, lacks: []string{"onerror", "字号", "主办"}, url: "http://www.linjiang.gov.cn/yw/202507/t20250723_4411.html",
		},
		"english-detail.html": {
			want:  facts{Title: "Tidal lease goes to tender", Link: "https://news.example/energy/tidal-lease", Published: "2025-07-21T10:30:00Z", Author: "E. Moor", Terms: []string{"Energy"}},
			holds: []string{"nine square miles", `href="https://news.example/docs/terms.pdf"`}, lacks: []string{"javascript", "Home"}, url: "https://news.example/energy/tidal-lease?utm_source=x",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := samplePage(t, name)
			in.URL, in.Location = c.url, time.UTC
			e, err := read.FullText(context.Background(), in)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, factsOf(e)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			for _, s := range c.holds {
				if !strings.Contains(e.Content, s) {
					t.Errorf("the text lacks %q: %s", s, e.Content)
				}
			}
			for _, s := range c.lacks {
				if strings.Contains(e.Content, s) {
					t.Errorf("the text has %q: %s", s, e.Content)
				}
			}
		})
	}
}

func TestFullTextBySelectors(t *testing.T) {
	t.Parallel()
	in := samplePage(t, "english-detail.html")
	in.Page = syndicate.Selectors{Body: "article p:first-of-type"}
	e, err := read.FullText(context.Background(), in)
	if err != nil || strings.Contains(e.Content, "nine square miles") || !strings.Contains(e.Content, "eleven years") {
		t.Errorf("%v: %s", err, e.Content)
	}
	in.Page = syndicate.Selectors{Body: "#nothing"}
	if _, err := read.FullText(context.Background(), in); err == nil || !strings.Contains(err.Error(), `page.body: "#nothing" finds no text on the page; correct it`) {
		t.Errorf("a body that is not there: %v", err)
	}
}

func TestFullTextRefuses(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"shell.html":       "empty shell",
		"login.html":       "sign in",
		"robot-check.html": "check for robots",
		"signpost.html":    "https://news.example/news/index.html",
		"navigation.html":  "no article",
	} {
		e, err := read.FullText(context.Background(), samplePage(t, name))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, %q; want an error with %q", name, err, e.Content, want)
		}
	}
}

// The dates that a page states beside others that are not its own.
func TestFullTextDates(t *testing.T) {
	t.Parallel()
	body := "<p>" + strings.Repeat("The works at the north quay began on 3 March 2019 and were late. ", 8) + "</p>"
	for name, c := range map[string]struct{ html, url, want string }{
		"a label below the title":            {`<h1>Quay opens at last</h1><div>Published: 23 July 2025 | Updated: 25 July 2025</div>` + body, "", "2025-07-22T16:00:00Z"},
		"spans below the title":              {`<h1>Quay opens at last</h1><div><span>更新时间：2025-07-25</span><span>发布时间：2025-07-23</span></div>` + body, "", "2025-07-22T16:00:00Z"},
		"a time element":                     {`<h1>Quay opens at last</h1><time datetime="2025-07-23T08:00:00Z">today</time>` + body, "", "2025-07-23T08:00:00Z"},
		"two dates, neither said to be it":   {`<h1>Quay opens at last</h1><div><i>2025-07-23</i><i>2025-07-20</i></div>` + body, "", ""},
		"the day of the address":             {`<h1>Quay opens at last</h1>` + body, "https://s.example/2025/07/23/quay.html", "2025-07-22T16:00:00Z"},
		"a deadline only":                    {`<h1>Quay opens at last</h1><div>截止日期：2025-08-12</div>` + body, "", ""},
		"a date in the text only":            {`<h1>Quay opens at last</h1>` + body, "", ""},
		"a date in a side column only":       {`<h1>Quay opens at last</h1>` + body + `<aside><time datetime="2025-07-01">1 July</time></aside>`, "", ""},
		"a meta element with a year alone":   {`<meta name="date" content="2025"><h1>Quay opens at last</h1>` + body, "", ""},
		"a meta element with zone":           {`<meta property="article:published_time" content="2025-07-23T09:00:00+02:00"><h1>Quay opens at last</h1>` + body, "", "2025-07-23T07:00:00Z"},
		"today's date above the title":       {`<div class="top">今天是2025年7月24日 星期四</div><h1>Quay opens at last</h1>` + body, "", ""},
		"a date in another article's teaser": {`<h1>Quay opens at last</h1>` + body + body + `<ul><li><a href="/1">Other news of the week</a> 2025-07-01</li></ul>`, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := read.Input{Body: []byte("<!doctype html><html><head><title>Quay opens at last</title></head><body><article>" + c.html + "</article></body></html>"), URL: c.url, Location: shanghaiZone}
			e, err := read.FullText(context.Background(), in)
			if err != nil {
				t.Fatal(err)
			}
			if got := factsOf(e).Published; got != c.want {
				t.Errorf("published %q (%s), want %q", got, e.PublishedRaw, c.want)
			}
		})
	}
}

func TestBetter(t *testing.T) {
	t.Parallel()
	long := "<p>" + strings.Repeat("The quay was dredged to nine metres this week. ", 20) + "</p>"
	entry := func(title, summary, content string) read.Entry {
		return read.Entry{Feed: read.Feed{Title: title}, Summary: summary, Content: content}
	}
	for name, c := range map[string]struct {
		old, page read.Entry
		want      bool
		why       string
	}{
		"a teaser":                {entry("Quay dredged", "The quay was dredged.", ""), entry("Quay dredged", "", long), true, "characters"},
		"nothing before":          {entry("Quay dredged", "", ""), entry("Quay dredged", "", long), true, "gave no text"},
		"nothing extracted":       {entry("Quay dredged", "x", ""), entry("Quay dredged", "", ""), false, "no text"},
		"shorter":                 {entry("Quay dredged", "", long+long), entry("Quay dredged", "", long), false, "shorter"},
		"the same":                {entry("Quay dredged", "", long), entry("Quay dredged", "", long), false, "whole text already"},
		"another page":            {entry("Loan for boatyards", "The savings bank lends again to yards.", ""), entry("Quay dredged", "", long), false, "something else"},
		"for subscribers":         {entry("Quay dredged", "The quay was dredged.", ""), entry("Quay dredged", "", "<p>The quay was dredged to nine metres. This is the first time in years that it was. Subscribe to continue reading.</p>"), false, "subscribers"},
		"links":                   {entry("Quay dredged", "The quay was dredged.", ""), entry("Quay dredged", "", strings.Repeat(`<p><a href="https://s.example/">The quay was dredged and more</a></p>`, 9)), false, "links"},
		"a prefix on the title":   {entry("【临江】海缆基地首批产品下线", "海缆", ""), entry("海缆基地首批产品下线", "", "<p>"+strings.Repeat("首批二百二十千伏海底电缆近日下线。", 9)+"</p>"), true, "characters"},
		"a title that was edited": {entry("Quay is dredged to nine metres", "x", ""), entry("Quay dredged to nine metres", "", long), true, "characters"},
	} {
		if got, why := read.Better(c.old, c.page); got != c.want || !strings.Contains(why, c.why) {
			t.Errorf("%s: %v, %q; want %v, …%s…", name, got, why, c.want, c.why)
		}
	}
}

func TestDiscover(t *testing.T) {
	t.Parallel()
	page := `<html><head><base href="/blog/">
<link rel="alternate" type="application/rss+xml" title="Comments" href="/comments/feed/">
<link rel="alternate" type="application/atom+xml" title="News" href="atom.xml"><link rel="alternate" hreflang="de" href="/de/">
<link rel="alternate" type="application/json" href="/wp-json/wp/v2/pages/1"><link rel="alternate" type="application/feed+json" href="feed.json">
<link rel="alternate" type="application/rss+xml" href="javascript:alert(1)"></head>
<body><a href="/rss.xml">RSS</a><a href="/feedback">Feedback</a><a href="/news/atom">all</a><a href="atom.xml">again</a></body></html>`
	var got []string
	for _, l := range read.Discover([]byte(page), "text/html; charset=utf-8", "https://s.example/index.html") {
		got = append(got, fmt.Sprintf("%s %s", l.Rel, l.Href))
	}
	want := []string{"alternate https://s.example/blog/atom.xml", "alternate https://s.example/blog/feed.json", "alternate https://s.example/comments/feed/", " https://s.example/rss.xml", " https://s.example/news/atom"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if l := read.Discover([]byte(`%PDF-1.7`), "application/pdf", ""); l != nil {
		t.Errorf("a PDF names %v", l)
	}
}
