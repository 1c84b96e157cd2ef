package web_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"broadsheet/syndicate"
)

func TestSearchMarksWhatItFound(t *testing.T) {
	h := handler(t, sample())
	for _, tt := range []struct {
		name, query string
		want        []string
	}{
		{"in the title", "贷款利率", []string{"江城农商行下调小微企业<mark>贷款利率</mark></a>"}},
		{"folded", "LOWER 貸款 OR ＬＯＣＫ", []string{"<mark>Lock</mark> gates at <mark>Lower</mark> Reach", "the <mark>Lower</mark> Reach <mark>lock</mark> on Monday"}},
		{"in the text, past the gist", "泊位", []string{"老码头的<mark>泊位</mark>已用到九成以上。"}},
		{"markup in the title", "quoted", []string{"A &lt;script&gt;alert(1)&lt;/script&gt; &amp; &#34;<mark>quoted</mark>&#34; title"}},
		{"not what is ruled out", "银行 -贷款", []string{"九家<mark>银行</mark></a>"}},
		{"no words", "theme:finance", []string{"江城农商行下调小微企业贷款利率</a>"}},
	} {
		body := ask(h, "/search?q="+url.QueryEscape(tt.query)).Body.String()
		shows(t, body, tt.want, []string{"<script"})
		if tt.name == "no words" && strings.Contains(body, "<mark>") {
			t.Errorf("%s: something is marked", tt.name)
		}
	}
}

func TestSearchLeadsToItsFeed(t *testing.T) {
	h := handler(t, sample())
	body := ask(h, "/search?q="+url.QueryEscape("银行 OR 'x'")).Body.String()
	feed := "/feeds/search.atom?q=" + strings.ReplaceAll(url.QueryEscape("银行 OR 'x'"), "+", "&#43;")
	shows(t, body, []string{
		`<link rel="alternate" type="application/atom&#43;xml" title="银行 OR &#39;x&#39; · 江城产经 (Atom)" href="` + feed + `">`,
		`<a href="` + feed + `" type="application/atom&#43;xml">Atom</a>`,
		"feeds:\n  - name: or-x\n    title: &#39;银行 OR &#39;&#39;x&#39;&#39;&#39;\n    query: &#39;银行 OR &#39;&#39;x&#39;&#39;&#39;\n",
		"订阅此搜索", "把此搜索保存为固定订阅源",
	}, nil)
	for _, query := range []string{"", "title:"} {
		if body := ask(h, "/search?q="+url.QueryEscape(query)).Body.String(); strings.Contains(body, "/feeds/search.") {
			t.Errorf("the search for %q leads to a feed", query)
		}
	}
}

func TestFeedOfASearch(t *testing.T) {
	h := handler(t, sample())
	for _, tt := range []struct {
		format, query string
		status        int
		want          []string
	}{
		{"rss", "贷款利率", 200, []string{"<title>贷款利率 · 江城产经</title>", "江城农商行下调小微企业贷款利率", `href="https://paper.example/feeds/search.rss?q=` + url.QueryEscape("贷款利率") + `"`, "<link>https://paper.example/search?q=" + url.QueryEscape("贷款利率") + "</link>"}},
		{"atom", "theme:finance -贷款", 200, []string{`href="https://paper.example/feeds/search.atom?q=theme%3Afinance+-` + url.QueryEscape("贷款") + `"`, "<id>tag:paper.example,2026:feeds/search"}},
		{"json", "  银行\n ", 200, []string{`"https://paper.example/feeds/search.json?q=` + url.QueryEscape("银行") + `"`, "跨境结算试点扩至九家银行"}},
		{"json", "", 404, nil},
		{"rss", "火星", 200, []string{"<title>火星 · 江城产经</title>"}},
		{"rss", "港口 (贷款", 400, []string{"query: at character 4: this parenthesis is never closed; close it"}},
		{"rss", "amount:>x", 400, []string{"at character 8:"}},
		{"xml", "银行", 404, nil},
		{"style.css", "银行", 200, []string{"https://paper.example/search?q=" + url.QueryEscape("银行")}},
	} {
		w := ask(h, "/feeds/search."+tt.format+"?q="+url.QueryEscape(tt.query))
		if w.Code != tt.status {
			t.Errorf("%s of %q: status %d, want %d", tt.format, tt.query, w.Code, tt.status)
		}
		shows(t, w.Body.String(), tt.want, nil)
		if tag := w.Header().Get("ETag"); tt.status == 200 && ask(h, "/feeds/search."+tt.format+"?q="+url.QueryEscape(tt.query), "If-None-Match: "+tag).Code != 304 {
			t.Errorf("%s of %q does not stay as it is", tt.format, tt.query)
		}
	}
}

func TestSearchOrders(t *testing.T) {
	p := &paper{}
	for i := range 1045 {
		a := syndicate.Article{Title: fmt.Sprintf("港口消息%d", i), Source: "park", FirstSeen: now, Published: now, Language: "zh-Hans"}
		a.Key = syndicate.NewKey("park", a.Title)
		p.articles = append(p.articles, a)
	}
	h := handler(t, p)
	query := "/search?q=" + url.QueryEscape("港口")
	body := ask(h, query).Body.String()
	shows(t, body, []string{"至少 1000 篇", `aria-current="true">最新在前</a>`, "消息0<", "较早"}, []string{"消息1044<"})
	body = ask(h, query+"&sort=best&page=2&lang=en").Body.String()
	shows(t, body, []string{
		"At least 1000 articles", `aria-current="true">best match first</a>`, "消息1024<", "Next page", "Previous page",
		`<input type="hidden" name="sort" value="best">`, "page=3&amp;q=" + url.QueryEscape("港口") + "&amp;sort=best",
	}, nil)
	if body := ask(h, "/search?q="+url.QueryEscape("source:park")).Body.String(); strings.Contains(body, "sort=best") {
		t.Error("a search without words offers the best match")
	}
}
