package web_test

import (
	"context"
	"errors"
	"image/png"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"broadsheet/internal/web"
	"broadsheet/mailer"
	"broadsheet/syndicate"
	"broadsheet/syndicate/publish"
)

// pages are the addresses of all pages of the sample.
func pages(p *paper) []string {
	list := []string{
		"/", "/themes/finance", "/themes/infrastructure", "/search", "/search?q=%E6%B8%AF%E5%8F%A3", "/search?q=title%3A",
		"/search?q=nothing-like-it", "/feeds", "/digests", "/digests/weekly", "/nowhere",
	}
	for _, a := range p.articles {
		list = append(list, "/articles/"+a.Key)
	}
	for _, s := range p.stories {
		list = append(list, "/stories/"+s.ID)
	}
	return list
}

// TestEveryPageIsSound parses each page in both languages, with and without
// articles, and holds it to the rules of all pages.
func TestEveryPageIsSound(t *testing.T) {
	for name, p := range map[string]*paper{"sample": sample(), "empty": {}, "stories": retold()} {
		h := handler(t, p)
		for _, target := range pages(p) {
			for _, lang := range []string{"zh-Hans", "en"} {
				t.Run(name+" "+lang+" "+target, func(t *testing.T) {
					w := ask(h, target, "Cookie: lang="+lang)
					if w.Header().Get("Content-Type") != "text/html; charset=utf-8" {
						t.Fatalf("%d %s", w.Code, w.Header().Get("Content-Type"))
					}
					if w.Body.Len() > 50<<10 {
						t.Errorf("%d bytes", w.Body.Len())
					}
					sound(t, w.Body.String(), lang)
				})
			}
		}
	}
}

var unwritten = regexp.MustCompile(`web\.[a-z_.]+|admin\.[a-z_.]+|date\.[a-z]+|%!|%[dsq]|ZgotmplZ`)

// sound reports what a page must not be.
func sound(t *testing.T, page, lang string) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	count := map[atom.Atom]int{}
	ids := map[string]bool{}
	level := 0
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			if m := unwritten.FindString(n.Data); n.Type == html.TextNode && m != "" {
				t.Errorf("text without wording: %q in %q", m, strings.TrimSpace(n.Data))
			}
			continue
		}
		if ours := n.DataAtom == atom.Script && n.FirstChild == nil && strings.HasPrefix(n.Attr[0].Val, "/static/"); !ours {
			count[n.DataAtom]++
		}
		if len(n.Data) == 2 && n.Data[0] == 'h' && n.Data[1] >= '1' && n.Data[1] <= '6' {
			if now := int(n.Data[1] - '0'); now > level+1 {
				t.Errorf("%s comes after h%d", n.Data, level)
			}
			level = int(n.Data[1] - '0')
		}
		for _, a := range n.Attr {
			switch {
			case strings.HasPrefix(a.Key, "on"), a.Key == "style", strings.HasPrefix(a.Val, "javascript:"):
				t.Errorf("<%s %s=%q>", n.Data, a.Key, a.Val)
			case a.Key == "id" && ids[a.Val]:
				t.Errorf("id %q twice", a.Val)
			case a.Key == "id":
				ids[a.Val] = true
			}
		}
	}
	for _, a := range []atom.Atom{atom.H1, atom.Main, atom.Title} {
		if count[a] != 1 {
			t.Errorf("%d <%s>, want one", count[a], a)
		}
	}
	for _, a := range []atom.Atom{atom.Script, atom.Iframe, atom.Img, atom.Style, atom.Object} {
		if count[a] != 0 {
			t.Errorf("%d <%s>", count[a], a)
		}
	}
	if !strings.Contains(page, `<html lang="`+lang+`">`) || !strings.Contains(page, `class="skip" href="#main"`) {
		t.Errorf("no language %s or no way to skip to the articles", lang)
	}
}

func TestHeadersOfPages(t *testing.T) {
	h := handler(t, sample())
	w := ask(h, "/")
	for name, want := range map[string]string{
		"Cache-Control": "public, max-age=300", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff",
		"Vary": "Accept-Encoding, Cookie", "Set-Cookie": "",
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if policy := w.Header().Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none';") || strings.Contains(policy, "unsafe") {
		t.Errorf("Content-Security-Policy: %s", policy)
	}
	if again := ask(h, "/", "If-None-Match: "+w.Header().Get("ETag")); again.Code != http.StatusNotModified || again.Body.Len() > 0 {
		t.Errorf("asked again: %d with %d bytes", again.Code, again.Body.Len())
	}
	if head := do(h, "HEAD", "/"); head.Code != 200 || head.Body.Len() > 0 || head.Header().Get("Content-Length") != w.Header().Get("Content-Length") {
		t.Errorf("HEAD: %d, %d bytes, %s", head.Code, head.Body.Len(), head.Header().Get("Content-Length"))
	}
}

func TestLanguage(t *testing.T) {
	h := handler(t, sample())
	const english, chinese = `<html lang="en">`, `<html lang="zh-Hans">`
	for _, tt := range []struct {
		name, target, cookie, want string
		sets                       bool
	}{
		{"the site's", "/", "", chinese, false},
		{"what the browser likes does not count", "/", "", chinese, false},
		{"by cookie", "/", "lang=en", english, false},
		{"by address", "/?lang=en", "", english, true},
		{"address beats cookie", "/?lang=zh-Hans", "lang=en", chinese, true},
		{"a language there is not", "/?lang=fr", "lang=xx", chinese, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := ask(h, tt.target, "Accept-Language: en", "Cookie: "+tt.cookie)
			if !strings.Contains(w.Body.String(), tt.want) {
				t.Errorf("no %s", tt.want)
			}
			cookie := w.Header().Get("Set-Cookie")
			if (cookie != "") != tt.sets {
				t.Fatalf("Set-Cookie: %q", cookie)
			}
			if tt.sets && (!strings.Contains(cookie, "SameSite=Lax") || !strings.Contains(cookie, "HttpOnly") || !strings.Contains(cookie, "Secure")) {
				t.Errorf("Set-Cookie: %q", cookie)
			}
			if tt.sets && w.Header().Get("Cache-Control") != "private, no-cache" {
				t.Errorf("one reader's choice may be kept for others: %s", w.Header().Get("Cache-Control"))
			}
		})
	}
	page := ask(h, "/themes/finance?lang=en").Body.String()
	for _, want := range []string{`href="/themes/industry?lang=en"`, `href="/themes/finance?lang=zh-Hans"`, `name="lang" value="en"`} {
		if !strings.Contains(page, want) {
			t.Errorf("a choice without cookies is lost: no %s", want)
		}
	}
}

// shows reports which texts a page lacks, and which it must not have.
func shows(t *testing.T, page string, want, not []string) {
	t.Helper()
	for _, s := range want {
		if !strings.Contains(page, s) {
			t.Errorf("the page does not show %q", s)
		}
	}
	for _, s := range not {
		if strings.Contains(page, s) {
			t.Errorf("the page shows %q", s)
		}
	}
}

func TestFrontPage(t *testing.T) {
	h := handler(t, sample())
	page := ask(h, "/").Body.String()
	shows(t, page, []string{
		"金融", "产业", "基础设施", "江北新港、武汉", "园区公告", "发布于", "2026年2月27日", "48亿元", "其他", "另见",
		"首次见于", `type="application/rss&#43;xml"`, "2026年3月2日 星期一",
	}, []string{"【园区公告】", "<script", "今日"})
	if strings.Index(page, `id="theme-finance"`) > strings.Index(page, `id="theme-industry"`) {
		t.Error("themes are not in the order of the configuration")
	}
	if n := strings.Count(page, "江北新港三期开工"); n != 1 {
		t.Errorf("an article of two themes is shown %d times", n)
	}
	shows(t, ask(h, "/?lang=en").Body.String(), []string{"Finance", "Published", "27 February 2026", "First seen", "Monday, 2 March 2026", "Also under"}, nil)
	shows(t, ask(handler(t, &paper{}), "/").Body.String(), []string{"还没有文章"}, nil)
}

func TestArticlePage(t *testing.T) {
	p := sample()
	h := handler(t, p)
	page := ask(h, "/articles/"+p.articles[0].Key).Body.String()
	shows(t, page, []string{
		`<h2 id="part-1">一、为什么现在建</h2>`, `<a href="#part-1">一、为什么现在建</a>`, "江北新港三期开工，概算投资48亿元", "基础设施 4.2 ≥ 1.0：新港 ×2（标题、导语），码头（正文）", "<details>", "差一点归入", "不超过", "约",
		p.articles[0].ID, "江北港口公司", "“再不扩就要丢货”", `岸线长<span class="n">1,250米</span>，`,
	}, []string{"阅读原文", "web.", "【园区公告】"})

	page = ask(h, "/articles/"+p.articles[1].Key+"?lang=en").Body.String()
	shows(t, page, []string{
		`href="https://harbour.example/2"`, "By R. Quay, S. Dock", "[Image: The lock at dusk]", `href="https://harbour.example/costs"`,
		"report.pdf", "down", "Inland waterways", `<article class="story" lang="en">`, "Updated by the source",
	}, []string{"<img"})

	page = ask(h, "/articles/"+p.articles[2].Key).Body.String()
	shows(t, page, []string{`<h2 id="part-1">一、产能</h2>`, "此来源的文章一律归入"}, nil)

	page = ask(h, "/articles/"+p.articles[3].Key).Body.String()
	shows(t, page, []string{"&lt;script&gt;alert(1)&lt;/script&gt;", "首次见于", "Text"}, []string{
		"<script", "alert(3)", "alert(4)", "alert(5)", "alert(2)", "onerror", "evil.example", "display:none", "发布于",
	})

	page = ask(h, "/articles/"+p.articles[4].Key).Body.String()
	shows(t, page, []string{"【快讯】", "来源只提供了标题。", "本报的主题都不够贴切"}, nil)

	for _, key := range []string{"x", strings.Repeat("0", 32), strings.Repeat("g", 32), strings.ToUpper(p.articles[0].Key)} {
		if w := ask(h, "/articles/"+key); w.Code != 404 {
			t.Errorf("article %s: %d, want 404", key, w.Code)
		}
	}
}

func TestSearch(t *testing.T) {
	h := handler(t, sample())
	for _, tt := range []struct {
		name, query string
		status      int
		want        []string
	}{
		{"no query", "", 200, []string{"title: theme:", "amount:&gt;1亿"}},
		{"a word", "贷款", 200, []string{"共 1 篇", "江城农商行", `value="贷款"`}},
		{"nothing fits", "火星", 200, []string{"共 0 篇", "没有符合的文章"}},
		{"bad at the end", "港口 AND", 400, []string{"无法理解", "<mark>"}},
		{"bad in the middle", "港口 (贷款", 400, []string{"港口 <mark>"}},
		{"markup", `"><script>alert(1)</script>`, 400, []string{"&lt;script&gt;"}},
		{"not UTF-8", "港\xff口", 200, []string{"共 0 篇"}},
		{"huge", strings.Repeat("港 ", 20000), 400, []string{"<mark>"}},
		{"blank", "   ", 200, []string{"title: theme:"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := ask(h, "/search?q="+escaped(tt.query))
			if w.Code != tt.status {
				t.Errorf("status %d, want %d", w.Code, tt.status)
			}
			if w.Body.Len() > 30<<10 {
				t.Errorf("%d bytes of page", w.Body.Len())
			}
			shows(t, w.Body.String(), tt.want, []string{"<script"})
		})
	}
}

func escaped(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteString("%" + string("0123456789ABCDEF"[s[i]>>4]) + string("0123456789ABCDEF"[s[i]&15]))
	}
	return b.String()
}

// FuzzSearch looks for anything: the page is sound.
func FuzzSearch(f *testing.F) {
	for _, q := range []string{"港口", `"`, "title:", "amount:>1亿", "a\x00b", "((((", "-", "NOT"} {
		f.Add(q)
	}
	h := handler(f, sample())
	f.Fuzz(func(t *testing.T, q string) {
		w := ask(h, "/search?q="+escaped(q))
		if w.Code != 200 && w.Code != 400 {
			t.Fatalf("status %d", w.Code)
		}
		if strings.Contains(w.Body.String(), "<script") {
			t.Error("the query became markup")
		}
	})
}

func TestPaging(t *testing.T) {
	p := &paper{}
	for i := range 45 {
		a := syndicate.Article{Title: "第" + string(rune('一'+i)) + "条", Source: "park", FirstSeen: now, Published: now, Language: "zh-Hans"}
		a.Key = syndicate.NewKey("park", a.Title)
		a.Filings = []syndicate.Filing{filed("finance", 2)}
		p.articles = append(p.articles, a)
	}
	h := handler(t, p)
	for _, tt := range []struct {
		target        string
		cards         int
		newer, older  string
		notThereAtAll bool
	}{
		{"/themes/finance", 20, "", "/themes/finance?page=2", false},
		{"/themes/finance?page=2", 20, `"/themes/finance"`, "/themes/finance?page=3", false},
		{"/themes/finance?page=3", 5, "/themes/finance?page=2", "", false},
		{"/themes/finance?page=4", 0, "", "", false},
		{"/search?q=theme%3Afinance&page=2", 20, `"/search?q=theme%3Afinance"`, "page=3", false},
		{"/themes/finance?page=0", 0, "", "", true},
		{"/themes/finance?page=x", 0, "", "", true},
		{"/themes/finance?page=99999999999999999999", 0, "", "", true},
		{"/search?q=a&page=-1", 0, "", "", true},
	} {
		t.Run(tt.target, func(t *testing.T) {
			w := ask(h, tt.target)
			if got := w.Code == 404; got != tt.notThereAtAll {
				t.Fatalf("status %d", w.Code)
			}
			page := w.Body.String()
			if n := strings.Count(page, `class="card"`); n != tt.cards {
				t.Errorf("%d articles, want %d", n, tt.cards)
			}
			newer, older := strings.Contains(page, `rel="prev"`), strings.Contains(page, `rel="next"`)
			if !strings.Contains(page, tt.newer) || !strings.Contains(page, tt.older) || tt.cards > 0 && (newer != (tt.newer != "") || older != (tt.older != "")) {
				t.Errorf("newer %v, older %v", newer, older)
			}
		})
	}
}

// What is meant for one reader's mail is on nobody's page.
func TestAnEditionsPageIsNobodysMail(t *testing.T) {
	link := `<a href="https://paper.example/unsubscribe/` + mailer.TokenMark + `?digest=weekly">退订</a>`
	page := site().Site.Link("/digests/weekly/2")
	for _, tt := range []struct{ name, html, want string }{
		{"a paragraph with a token", `<p>一</p><p>二 ` + link + ` 三</p><p>四</p>`, `<p>一</p><p>四</p>`},
		{"a link outside of a paragraph", `<div>一 ` + link + ` 二</div>`, `<div>一  二</div>`},
		{"the way to this page", `<p><a href="` + page + `">x</a></p><p><a href="` + page + `0">y</a></p>`, `<p><a href="` + page + `0">y</a></p>`},
		{"a token in the text", `<p>` + mailer.TokenMark + `!</p>`, `<p>!</p>`},
		{"paragraphs that do not end", `<p>一<p>` + link + `<p>二`, `<p>一<p>二`},
		{"nothing personal", `<p class="a">一 <b>&amp;</b><br/>`, `<p class="a">一 <b>&amp;</b><br/>`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := sample()
			p.editions[1].HTML = "<body>" + tt.html
			got := ask(handler(t, p), "/digests/weekly/2").Body.String()
			if !strings.HasSuffix(got, "</nav>"+tt.want) || strings.Contains(got, mailer.TokenMark) {
				t.Errorf("%s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestDigests(t *testing.T) {
	h := handler(t, sample())
	shows(t, ask(h, "/digests").Body.String(), []string{"一周产经 2月23日", "第 2 期", "/digests/weekly/2", "未寄出：no new articles", "daily", "还没有寄出过简报"}, nil)
	w := ask(h, "/digests/weekly/2?lang=en")
	shows(t, w.Body.String(), []string{
		`<body style="margin:0"><nav `, "<p>第二期</p>", `href="/digests/weekly?lang=en"`, "<title>一周产经</title><style>p{color:#333}</style>",
	}, nil)
	if policy := w.Header().Get("Content-Security-Policy"); !strings.Contains(policy, "style-src 'unsafe-inline'") || strings.Contains(policy, "script-src") {
		t.Errorf("Content-Security-Policy: %s", policy)
	}
	for _, target := range []string{"/digests/weekly/3", "/digests/weekly/0", "/digests/weekly/02", "/digests/weekly/x", "/digests/weekly/1", "/digests/nobody", "/digests/nobody/1", "/digests/operators/1"} {
		if w := ask(h, target); w.Code != 404 {
			t.Errorf("%s: %d, want 404", target, w.Code)
		}
	}
	empty := handlerOf(t, web.Config{Site: site().Site}, web.Parts{Articles: &paper{}, Feeds: publisher(&paper{}), Editions: &paper{}})
	shows(t, ask(empty, "/digests").Body.String(), []string{"尚未设置简报"}, nil)
}

func TestErrorsInBothLanguages(t *testing.T) {
	p := sample()
	h := handler(t, p)
	for _, tt := range []struct {
		method, target string
		status         int
		want           []string
	}{
		{"GET", "/nowhere", 404, []string{"页面不存在", "Page not found"}},
		{"GET", "/themes/nobody", 404, []string{"页面不存在", "Page not found"}},
		{"GET", "/themes/finance/", 404, []string{"页面不存在"}},
		{"GET", "/static/style.css", 404, []string{"页面不存在"}},
		{"POST", "/", 405, []string{"不支持的请求方法", "Method not allowed"}},
		{"OPTIONS", "/search", 405, []string{"不支持的请求方法"}},
	} {
		w := do(h, tt.method, tt.target)
		if w.Code != tt.status || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s %s: %d %s", tt.method, tt.target, w.Code, w.Header().Get("Cache-Control"))
		}
		shows(t, w.Body.String(), tt.want, nil)
	}
	p.err = errors.New("disk is gone")
	for _, target := range []string{"/", "/themes/finance", "/articles/" + p.articles[0].Key, "/search?q=a", "/digests", "/digests/weekly/2"} {
		w := ask(h, target)
		if w.Code != 500 {
			t.Errorf("%s: %d, want 500", target, w.Code)
		}
		shows(t, w.Body.String(), []string{"内部错误", "Internal error"}, []string{"disk"})
	}
}

// panicking is a store with a mistake in it.
type panicking struct{ *paper }

func (panicking) Articles(context.Context, syndicate.Query, time.Time, int, int) ([]syndicate.Article, error) {
	panic("out of range")
}

func TestPanicIsA500(t *testing.T) {
	p := sample()
	h := handlerOf(t, site(), web.Parts{Articles: panicking{p}, Feeds: publisher(p), Editions: p})
	if w := ask(h, "/"); w.Code != 500 || !strings.Contains(w.Body.String(), "Internal error") {
		t.Errorf("%d", w.Code)
	}
}

func TestHealth(t *testing.T) {
	p := sample()
	h := handler(t, p)
	if w := ask(h, "/healthz"); w.Code != 200 || w.Body.String() != "ok\n" || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("healthz: %d %q", w.Code, w.Body)
	}
	if w := ask(h, "/readyz"); w.Code != 200 {
		t.Errorf("readyz: %d", w.Code)
	}
	p.readyErr = errors.New("password is wrong")
	if w := ask(h, "/readyz"); w.Code != 503 || strings.Contains(w.Body.String(), "password") {
		t.Errorf("readyz: %d %q, want 503 without the cause", w.Code, w.Body)
	}
	if w := ask(h, "/healthz"); w.Code != 200 {
		t.Errorf("healthz: %d while not ready", w.Code)
	}
}

func TestStaticFilesAreKeptForGood(t *testing.T) {
	h := handler(t, sample())
	page := ask(h, "/").Body.String()
	found := regexp.MustCompile(`/static/[^"]+`).FindAllString(page, -1)
	if len(found) != 2 {
		t.Fatalf("the page loads %q, want a style and an icon", found)
	}
	for _, target := range found {
		w := ask(h, target, "Accept-Encoding: gzip")
		if w.Code != 200 || w.Header().Get("Cache-Control") != "public, max-age=31536000, immutable" || w.Header().Get("ETag") == "" {
			t.Errorf("%s: %d %v", target, w.Code, w.Header())
		}
	}
}

// Feeds name the icon by an address that stays, and readers show it at 144
// pixels a side, of a screen that may have three for each.
func TestIconOfFeeds(t *testing.T) {
	h := handler(t, sample())
	w := ask(h, publish.IconPath)
	img, err := png.DecodeConfig(w.Body)
	if err != nil || img.Width != 512 || img.Height != 512 {
		t.Errorf("the icon: %v, %d × %d pixels", err, img.Width, img.Height)
	}
	if w.Header().Get("Content-Type") != "image/png" || w.Header().Get("ETag") == "" {
		t.Errorf("header %v", w.Header())
	}
	for _, format := range []string{"rss", "atom", "json"} {
		if feed := ask(h, "/feeds/all."+format).Body.String(); !strings.Contains(feed, site().Site.Link(publish.IconPath)) {
			t.Errorf("the %s feed does not name the icon", format)
		}
	}
}

func TestSiteBelowAPath(t *testing.T) {
	cfg := site()
	cfg.Site.URL = "http://example.com/paper"
	p := sample()
	h := handlerOf(t, cfg, web.Parts{Articles: p, Feeds: publisher(p), Editions: p})
	for _, target := range []string{"/paper/themes/finance", "/themes/finance"} { // with a proxy that keeps the path, and one that cuts it
		w := ask(h, target)
		if w.Code != 200 {
			t.Fatalf("%s: %d", target, w.Code)
		}
		shows(t, w.Body.String(), []string{`href="/paper/themes/industry"`, `href="/paper/static/`, `aria-current="page"`}, []string{`href="/themes`, `href="/static`})
	}
}

func TestDigestWithoutATitleIsCalledByItsName(t *testing.T) {
	cfg := site()
	cfg.Digests = []mailer.Digest{{Name: "evening"}}
	p := sample()
	h := handlerOf(t, cfg, web.Parts{Articles: p, Feeds: publisher(p), Editions: p})
	shows(t, ask(h, "/digests").Body.String(), []string{">evening<"}, nil)
}

// The list of feeds can be used without its script, and no other page may
// have one.
func TestListOfFeeds(t *testing.T) {
	h := handler(t, sample())
	w := ask(h, "/feeds?lang=en")
	page := w.Body.String()
	for _, want := range []string{
		`value="https://paper.example/feeds/finance.rss"`, `href="feed:https://paper.example/feeds/finance.rss"`, `href="/feeds/finance.atom"`,
		"江城农商行下调小微企业贷款利率", `<script src="/static/copy.`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the list of feeds lacks %s", want)
		}
	}
	if policy := w.Header().Get("Content-Security-Policy"); !strings.Contains(policy, "script-src 'self'") || strings.Contains(policy, "unsafe") {
		t.Errorf("Content-Security-Policy: %s", policy)
	}
	script := regexp.MustCompile(`/static/copy\.[^"]+`).FindString(page)
	if js := ask(h, script); js.Code != 200 || js.Header().Get("Content-Type") != "text/javascript; charset=utf-8" {
		t.Errorf("%s: %d %v", script, js.Code, js.Header())
	}
	if policy := ask(h, "/").Header().Get("Content-Security-Policy"); strings.Contains(policy, "script-src") {
		t.Errorf("the front page may have scripts: %s", policy)
	}
}

func TestThemesHaveDaysAndWeeks(t *testing.T) {
	p := sample()
	p.articles[5].FirstSeen = now.AddDate(0, 0, -8)
	p.articles[5].Figures = []syndicate.Figure{{BaseUnit: "USD", Normalised: 2e6}, {BaseUnit: "元", Normalised: 1.2e9}, {BaseUnit: "t", Normalised: 9e12}}
	page := ask(handler(t, p), "/themes/finance?lang=en").Body.String()
	for _, want := range []string{
		`<h2 class="day">2 March 2026</h2>`, `<h2 class="day">22 February 2026</h2>`, "<summary>Articles a week</summary>",
		"week of 16 February 2026: 1 article", "week of 2 March 2026: 4 articles", `height="48"></rect>`,
		"<summary>Amounts stated a week, the largest of each story</summary>", "week of 9 February 2026: 0 yuan",
		"week of 16 February 2026: 1.2\u00a0billion yuan", "week of 2 March 2026: 4.8\u00a0billion yuan",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s:\n%s", want, page)
		}
	}
	if page := ask(handler(t, p), "/themes/finance?lang=zh-Hans").Body.String(); !strings.Contains(page, "2026年3月2日当周：48亿元") {
		t.Errorf("the Chinese page lacks the amounts:\n%s", page)
	}
	if page := ask(handler(t, p), "/themes/industry?lang=en").Body.String(); strings.Contains(page, "Amounts stated") || !strings.Contains(page, "Articles a week") {
		t.Error("industry has articles and no amounts, and its page should show that")
	}
}

func TestWeeksAreRemembered(t *testing.T) {
	p, at := sample(), now
	h := handlerOf(t, site(), web.Parts{Articles: p, Feeds: publisher(p), Now: func() time.Time { return at }})
	for _, tt := range []struct {
		later time.Duration
		asked int
	}{
		{0, 12},
		{59 * time.Second, 0},
		{time.Second, 1}, // the running week
		{time.Hour, 2},   // and one of those that are over
		{0, 1},
		{0, 1},
		{7 * 24 * time.Hour, 3}, // the one that is over now, too
		{0, 1},
	} {
		at, p.weeks = at.Add(tt.later), 0
		if ask(h, "/themes/finance"); p.weeks != tt.asked {
			t.Errorf("%s later %d weeks are added up, want %d", tt.later, p.weeks, tt.asked)
		}
	}
}
