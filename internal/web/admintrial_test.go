package web_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"broadsheet/internal/web"
	"broadsheet/syndicate"
	"broadsheet/syndicate/read"
)

func (o *office) SourceEdit(source string) (web.SourceEdit, error) {
	if source != "park" && source != "harbour" {
		return web.SourceEdit{}, syndicate.ErrNotFound
	}
	return web.SourceEdit{Kind: syndicate.KindPage, Page: syndicate.Selectors{Item: "ul.news > li"}}, nil
}

func (o *office) TrySource(ctx context.Context, source string, edit web.SourceEdit, ask bool) (web.Trial, error) {
	if source == "harbour" {
		return web.Trial{}, nil
	}
	t := web.Trial{At: o.now, URL: "https://park.example/list", Status: 200, Bytes: 2048}
	if ask {
		if err := o.do(ctx, "ask %s as %s", source, edit.Kind); err != nil {
			return t, err
		}
	}
	if strings.Contains(edit.Page.Item, "nothing") {
		t.Fault = `page.item: "` + edit.Page.Item + `" finds nothing on the page`
		return t, nil
	}
	t.Shape = syndicate.Shape{Articles: 2, Dated: 1, Titled: 2, Linked: 2}
	t.Articles = []syndicate.Article{{Title: "A <bold> title", Language: "en", URL: "https://park.example/1"}, {Title: "园区", Language: "zh", Inferred: true}}
	t.Selectors = []read.SelectorHits{{Name: "item", Selector: edit.Page.Item, Found: 2, Of: 2, Sample: "A <bold> title"}}
	t.Shown = []read.Shown{{Link: "https://park.example/1", Stretches: []read.Stretch{
		{Text: "/1", Parts: []string{"link"}, Attr: "data-url"},
		{Text: "A <script>bold</script> title", Parts: []string{"link", "title"}},
		{Text: " and the rest"},
	}}}
	t.Notes = []string{"the page names the feed https://park.example/feed"}
	return t, nil
}

func (o *office) ReplaySource(_ context.Context, source string, edit web.SourceEdit) ([]web.Replayed, error) {
	if source == "harbour" {
		return nil, nil
	}
	return []web.Replayed{
		{At: o.now, Bytes: 1500, Then: 12, ThenNew: 2, Now: 11, NowNew: 1, Shape: syndicate.Shape{Dated: 9, Titled: 10, Language: "zh"}},
		{At: o.now, Then: 0, ThenFault: "no dates", NowFault: "<fault> with " + edit.Page.Item},
	}, nil
}

func (o *office) EditLines(source string, edit web.SourceEdit) string {
	return "- name: " + source + "\n  page:\n    item: " + edit.Page.Item + "\n"
}

func TestTrySelectors(t *testing.T) {
	t.Parallel()
	o := newOffice(t, hashed(t))
	cookie, lang := o.signIn(), "Cookie: lang=en"
	const page = "/admin/sources/park/test"
	shows(t, ask(o.handler, "/admin/sources/park", cookie, lang).Body.String(), []string{`href="/admin/sources/park/test"`}, nil)
	w := ask(o.handler, page, cookie, lang)
	shows(t, w.Body.String(), []string{
		`value="ul.news &gt; li"`, `<option value="page" selected>`, "found 2 of 2, such as A &lt;bold&gt; title",
		`<mark class="theme2" title="Link (link), Title (title)">A &lt;script&gt;bold&lt;/script&gt; title</mark> and the rest`,
		`<mark class="theme1" title="Link (link)">data-url=/1</mark>`, "A &lt;bold&gt; title", "<dd>1/2</dd>", "names the feed", "2.0 KiB, https://park.example/list",
	}, []string{"For the configuration", "<script", "Then"})
	if policy := w.Header().Get("Content-Security-Policy"); strings.Contains(policy, "script") || strings.Contains(policy, "unsafe") || len(o.done) > 0 {
		t.Errorf("policy %s, done %q", policy, o.done)
	}
	form := func(do, item string) url.Values {
		return url.Values{"do": {do}, "kind": {"page"}, "item": {item}, "title": {"b\r\n"}}
	}
	shows(t, o.post(page, form("stored", "li.nothing"), cookie, lang).Body.String(),
		[]string{`page.item: &#34;li.nothing&#34; finds nothing`, `value="li.nothing"`, `value="b"`, "For the configuration", "item: li.nothing"}, []string{"<mark"})
	if len(o.done) > 0 {
		t.Errorf("reading what is stored did %q", o.done)
	}
	shows(t, o.post(page, form("ask", "li"), cookie, lang).Body.String(), []string{"<mark"}, nil)
	if got := strings.Join(o.done, " "); got != "ask park as page" {
		t.Errorf("done %q", got)
	}
	shows(t, o.post(page, form("replay", "li"), cookie, lang).Body.String(),
		[]string{"12, 2 new", "11, 1 new", "0, with a fault", "&lt;fault&gt; with li", "item: li"}, []string{"<mark"})
	// An unknown kind is none; what is not text does no harm.
	shows(t, o.post(page, url.Values{"kind": {"nonsense"}, "item": {"\xff<li>"}}, cookie, lang).Body.String(), []string{`<option value="page" selected>`, `value="` + "\ufffd" + `&lt;li&gt;"`}, nil)
	shows(t, ask(o.handler, "/admin/sources/harbour/test", cookie, lang).Body.String(), []string{"No answer has been kept yet."}, []string{"<mark"})
	shows(t, o.post("/admin/sources/harbour/test", form("replay", "li"), cookie, lang).Body.String(), []string{"No answer has been kept yet."}, nil)
	for _, w := range []interface{ Result() *http.Response }{ask(o.handler, "/admin/sources/none/test", cookie), o.post("/admin/sources/none/test", form("ask", "li"), cookie)} {
		if code := w.Result().StatusCode; code != http.StatusNotFound {
			t.Errorf("no such source: %d", code)
		}
	}
	if w := o.post(page, form("ask", "li"), cookie, "Sec-Fetch-Site: cross-site"); w.Code != http.StatusForbidden {
		t.Errorf("from another site: %d", w.Code)
	}
}
