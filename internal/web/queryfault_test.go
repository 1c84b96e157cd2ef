package web_test

import (
	"html"
	"net/url"
	"strings"
	"testing"
	"unicode"

	"broadsheet/syndicate"
	"broadsheet/templates"
)

// badQueries have every fault that a query can have.
var badQueries = map[string]string{
	"age": "after:999999w", "amount": "amount:much", "between": "港口 AND ()", "date": "after:soon", "deep": strings.Repeat("(", 200) + "x",
	"empty": "!!", "end": "港口 AND", "field": "colour:red", "large": "amount:" + strings.Repeat("9", 320), "long": strings.Repeat("x", 2001),
	"many": strings.Repeat("x ", 900), "missing": "港口 AND OR x", "quote": `"港口`, "unclosed": "(港口", "unit": "amount:5furlongs",
	"unopened": "港口)", "value": "title:",
}

// What is wrong with a query is said in the reader's language.
func TestQueryFaultsInBothLanguages(t *testing.T) {
	t.Parallel()
	h := handler(t, sample())
	en, err := templates.Locale("en")
	if err != nil {
		t.Fatal(err)
	}
	for name, english := range syndicate.QueryFaults() {
		if got := en.T("web.query." + name); got != english {
			t.Errorf("%s: the catalogue has %q, the parser %q", name, got, english)
		}
		text, ok := badQueries[name]
		if !ok && name != "utf8" { // addresses are made UTF-8 before
			t.Errorf("no query has the fault %s", name)
			continue
		}
		_, err := syndicate.ParseQuery(text, nil)
		if name == "utf8" {
			continue
		}
		bad, ok := err.(*syndicate.QueryError) //nolint:errorlint // it is one
		if !ok || bad.Fault != name {
			t.Errorf("%s: %.40q has %v", name, text, err)
			continue
		}
		target := "/search?q=" + url.QueryEscape(text)
		if body := html.UnescapeString(ask(h, target, "Cookie: lang=en").Body.String()); !strings.Contains(body, bad.Msg) {
			t.Errorf("%s: the English page does not say %q", name, bad.Msg)
		}
		body := html.UnescapeString(ask(h, target, "Cookie: lang=zh-Hans").Body.String())
		_, said, _ := strings.Cut(body, "查询无法理解：")
		said, _, _ = strings.Cut(said, "<br>")
		han := 0
		for _, r := range said {
			if unicode.Is(unicode.Han, r) {
				han++
			}
		}
		if han < 6 || strings.Contains(said, "%!") || strings.Contains(said, "word") {
			t.Errorf("%s: the Chinese page says %q", name, said)
		}
	}
}
