package app_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

const trialPaper = `
site: { title: Paper, language: en, url: "http://paper.test", timezone: UTC, contact: desk@paper.test }
listen: "127.0.0.1:0"
database: "sqlite:%s"
themes: { finance: { title: Finance, terms: [loan] } }
sources:
  - { name: yard, url: "%s/list", kind: page, page: { item: "ul.news > li", title: "a" } }
polling: { allow_private: [127.0.0.0/8] }
`

const trialList = `<!doctype html><html><head><title>Yard</title><script src="http://elsewhere.test/x.js"></script></head><body><ul class="news">
<li><a href="/a/1">A loan for the ferry</a> <b class="day">2026-11-20</b></li><li><a href="/a/2">The bridge is open</a> <b class="day">2026-11-21</b></li></ul></body></html>`

// The page of a source shows what selectors take, of the answer that is kept
// or of what the server says now; nothing of it is stored.
func TestSelectorsAreTried(t *testing.T) {
	t.Parallel()
	o := newOrigin(t)
	o.Serve("/list", trialList)
	cfg, _ := settings(t, trialPaper, t.TempDir()+"/p.db", o.URL)
	d := start(t, cfg, &clock{now: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)}, "")
	op := newOperator(t, d)
	token := regexp.MustCompile(`sign-in\?token=(\S+)`).FindStringSubmatch(d.out.String())
	op.send("/admin/sign-in", url.Values{"token": {token[1]}})
	const page = "/admin/sources/yard/test"
	holds := func(got string, want ...string) {
		t.Helper()
		for _, w := range want {
			if !strings.Contains(got, w) {
				t.Errorf("the page lacks %q:\n%s", w, got)
			}
		}
	}
	_, kept := op.open(page)
	holds(kept, `title="Link (link), Title (title)">A loan for the ferry</mark>`, "found 2 of 2", "The bridge is open")
	if strings.Contains(kept, "elsewhere.test") || strings.Contains(kept, "<script") {
		t.Errorf("the source's script is on the page:\n%s", kept)
	}
	form := func(do, item, date string) url.Values {
		return url.Values{"do": {do}, "kind": {"page"}, "item": {item}, "date": {date}}
	}
	_, edited := op.send(page, form("stored", "ul.news > li", "b.day"))
	holds(edited, `title="Date (date)">2026-11-20</mark>`, "<dd>2/2</dd>", "date: &#34;b.day&#34;")
	_, faulty := op.send(page, form("stored", "div.story", ""))
	holds(faulty, `page.item: &#34;div.story&#34; finds nothing`)
	before := len(o.requests)
	o.Serve("/list", strings.Replace(trialList, "The bridge", "The tunnel", 1))
	_, anew := op.send(page, form("ask", "ul.news > li", ""))
	if holds(anew, "The tunnel is open"); len(o.requests) == before {
		t.Error("the server was not asked")
	}
	_, again := op.send(page, form("replay", "ul.news > li", ""))
	holds(again, "2, 2 new", "2, 0 new")
	o.Serve("/list", "")
	_, gone := op.send(page, form("ask", "li", ""))
	holds(gone, `class="fault"`)
	if found, err := d.app.Search(t.Context(), "tunnel", false, 1); err != nil || len(found.Articles) != 0 {
		t.Errorf("what was tried is stored: %v, %v", found.Articles, err)
	}
	_, log := op.open("/admin/log")
	holds(log, "tried a source")
}
