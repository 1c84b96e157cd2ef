package read_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"broadsheet/syndicate"
	"broadsheet/syndicate/read"
)

// tooLong is what no input may cost, on a machine that is busy with other
// things too: a hundred times what these take. What grows with the square of the
// input takes longer still.
const tooLong = time.Minute

// Pages made to cost time. Each is read by both readers.
func TestPageLimits(t *testing.T) {
	t.Parallel()
	many := func(s string) string { return strings.Repeat(s, (256<<10)/len(s)) }
	for name, body := range map[string]string{
		"nested elements":       many("<div>"),
		"nested links":          many(`<a href="/n/1.html">`),
		"nested lists":          many("<ul><li>"),
		"nested tables":         many("<table><tr><td>"),
		"formatting, unclosed":  many("<b><p>"),
		"formatting, distinct":  strings.Repeat("<font size=1><font size=2><font size=3><i><p>", 4000),
		"siblings":              "<ul>" + many(`<li><a href="/n/1.html">x</a>`),
		"siblings without text": "<ul>" + many("<li>"),
		"dates":                 "<ul>" + many("<li><a href=/n/1>2025-07-23</a>2025-07-24"),
		"an endless title":      "<title>" + many("t"),
		"an endless attribute":  `<a href="` + many("/n"),
		"entities":              "<p>" + many("&lt;"),
		"data":                  `<script type="application/ld+json">` + many(`[{"a":`),
		"wide data":             `<script type="application/ld+json">[` + many(`{"@type":"NewsArticle","url":"/n/1.html","headline":"x"},`) + "{}]</script>",
		"select options":        "<select>" + many("<option>"),
		"ends of nothing":       "<div>" + many("</p></div>"),
		"deep list of articles": many("<article><h2><a href=/n/1.html>Some words in a title</a></h2>"),
	} {
		t.Run(name, func(t *testing.T) {
			for _, sel := range []syndicate.Selectors{{}, {Item: "li:nth-child(odd)"}} {
				in := read.Input{Body: []byte("<!doctype html>" + body), URL: "https://s.example/", Kind: syndicate.KindPage, Page: sel}
				start := time.Now()
				res, err := read.Read(context.Background(), in)
				if took := time.Since(start); took > tooLong {
					t.Errorf("%+v took %v", sel, took)
				}
				if err == nil && len(res.Entries) > read.DefaultMaxEntries {
					t.Errorf("%d entries", len(res.Entries))
				}
			}
			start := time.Now()
			_, err := read.FullText(context.Background(), read.Input{Body: []byte("<!doctype html>" + body), URL: "https://s.example/"})
			if took := time.Since(start); took > tooLong {
				t.Errorf("full text took %v: %v", took, err)
			}
		})
	}
}

func TestDeepPageIsReadAllTheSame(t *testing.T) {
	t.Parallel()
	body := strings.Repeat("<div>", 700) + `<ul>` + rows(5, `<li><a href="/n/%[1]d.html">The yard has launched ferry number %[1]d</a><span>2025-07-%[2]d</span></li>`) + `</ul>`
	res := mustRead(t, read.Input{Body: []byte("<html><body>" + body), URL: "https://s.example/", Kind: syndicate.KindPage})
	if len(res.Entries) != 5 || !repaired(res, "nests deeper than") {
		t.Errorf("%d entries, repairs %q", len(res.Entries), res.Repairs)
	}
}

func TestNotAPage(t *testing.T) {
	t.Parallel()
	for name, c := range map[string][2]string{
		"a feed":        {`<?xml version="1.0"?><rss version="2.0"><channel/></rss>`, "this is a feed; read it with kind: feed"},
		"JSON":          {`{"items":[]}`, "this is JSON"},
		"text":          {"Quay news of the day", "this is plain text that begins"},
		"a site map":    {`<?xml version="1.0"?><urlset xmlns="x"><url/></urlset>`, `first element is "urlset"`},
		"nothing":       {" \n ", "the document is empty"},
		"binary":        {"%PDF-1.7 x", "this is binary data"},
		"a frame":       {`<html><frameset><frame src="/main.html"></frameset></html>`, "only a frame around https://s.example/main.html"},
		"a 404 page":    {`<html><head><title>404 Not Found</title></head><body><h1>Not Found</h1></body></html>`, "says that there is nothing here"},
		"a challenge":   {`<html><body><script>document.cookie="a=1";location.reload()</script></body></html>`, "check for robots"},
		"one article":   {`<html><head><title>Quay opens at last - Post</title></head><body><h1>Quay opens at last</h1><p>` + strings.Repeat("The works began years ago and were late. ", 12) + `</p><a href="/">Home</a></body></html>`, `a single article, "Quay opens at last"`},
		"a signed page": {`<html><head><title>新闻</title></head><body><p>请先登录后查看全部内容</p><a href="/login">登录</a></body></html>`, "sign in"},
	} {
		_, err := read.Read(context.Background(), read.Input{Body: []byte(c[0]), URL: "https://s.example/", Kind: syndicate.KindPage})
		if err == nil || !strings.Contains(err.Error(), c[1]) {
			t.Errorf("%s: %v, want …%s…", name, err, c[1])
		}
	}
}

func FuzzPage(f *testing.F) {
	f.Add([]byte(selectPage), "ul.news > li", "@data-url", "i@data-day")
	f.Add(listOf(rows(4, plainRow), `<script type="application/ld+json">{"@graph":[{"@type":"NewsArticle","url":"/x","headline":"y"}]}</script>`), "", "", "")
	f.Add([]byte(`<base href="javascript:x"><article><h2><a href="data:,x">a</a></h2></article><div class="h-entry"><a class="u-url p-name" href="//h/1">z</a><time class="dt-published" datetime="2025-07-23">`), "", "", "")
	f.Add([]byte(`<meta name="ArticleTitle" content="x"><meta name="PubDate" content="2025-07-23"><h1>x</h1><p>`+strings.Repeat("word ", 60)), "", "", "")
	f.Fuzz(func(t *testing.T, body []byte, item, link, date string) {
		in := read.Input{Body: body, URL: "https://s.example/a/b?c", Kind: syndicate.KindPage, Page: syndicate.Selectors{Item: item, Link: link, Date: date}}
		fuzzOne(t, in)
		if res, err := read.Read(context.Background(), in); err == nil {
			for _, e := range res.Entries {
				if e.Link != "" && !strings.HasPrefix(e.Link, "http://") && !strings.HasPrefix(e.Link, "https://") {
					t.Fatalf("link %q", e.Link)
				}
			}
		}
		in.Page = syndicate.Selectors{}
		if e, err := read.FullText(context.Background(), in); err == nil {
			safe(t, string(body), e.Content)
			safe(t, string(body), e.Summary)
		}
		read.Discover(body, "text/html", in.URL)
	})
}
