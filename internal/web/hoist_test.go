package web_test

import (
	"fmt"
	"strings"
	"testing"

	"broadsheet/mailer"
)

// A page of an edition says each style once, and shows what the mail showed.
func TestStylesOfAnEditionStandOnce(t *testing.T) {
	p := sample()
	show := func(document string) string {
		p.editions = []mailer.Edition{{ID: 7, Digest: "weekly", Number: 2, HTML: document}}
		return ask(handler(t, p), "/digests/weekly/2").Body.String()
	}
	const color, once, odd = "color:#59616b", "margin:0 1px", "background:url(x{y})"
	page := show(`<!doctype html><html><head><title>一周</title><style>.soft { color: red !important }</style></head><body>` +
		`<p class="soft" title="a &amp; b" style="` + color + `">1</p><p style="` + color + `">2<br style="` + color + `"/></p>` +
		`<p style="` + once + `">3</p><p style="` + odd + `">4</p><p style="` + odd + `">5</p></body></html>`)
	shows(t, page, []string{
		"<style>\n.s-0:not(#_) { " + color + " }\n</style>\n</head>", `<p class="soft s-0" title="a &amp; b">1</p><p class="s-0">2<br class="s-0"/></p>`,
		`<p style="` + once + `">3</p>`, `<p style="` + odd + `">4</p><p style="` + odd + `">5</p>`,
	}, nil)
	if n := strings.Count(page, color); n != 1 {
		t.Errorf("the style stands %d times", n)
	}
	headless := `<p style="color:red">1</p><p style="color:red">2</p>`
	if page := show(headless); !strings.HasSuffix(page, headless) {
		t.Errorf("without a head: %s", page)
	}
	var many strings.Builder
	for i := range 600 {
		fmt.Fprintf(&many, `<p style="margin:4px 0 0;color:#59616b;font-size:14px;line-height:1.6">%d</p>`, i)
	}
	if page := show("<html><head></head><body>" + many.String() + "</body></html>"); len(page) > many.Len()/3 {
		t.Errorf("%d bytes of %d are left", len(page), many.Len())
	}
}
