package web_test

import (
	"net/url"
	"strings"
	"testing"
)

// What a script asks while somebody writes is the line that the preview has.
func TestCountWhileWriting(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	for query, want := range map[string]string{"": "in seven days", "nothingofthekind": "Nothing: no article", "(港": "never closed"} {
		target := "/subscribe/count?lang=en&digest=weekly&q=" + url.QueryEscape(query)
		w := ask(c.handler, target)
		if w.Code != 200 || !strings.Contains(w.Body.String(), want) || strings.Contains(w.Body.String(), "<") {
			t.Errorf("%q: %d %q, want %q", query, w.Code, w.Body, want)
		}
		if got := w.Header().Get("Content-Type"); got != "text/plain; charset=utf-8" {
			t.Errorf("%q: %s", query, got)
		}
		if page := ask(c.handler, strings.Replace(target, "/count", "", 1)).Body.String(); !strings.Contains(page, w.Body.String()) {
			t.Errorf("%q: the page does not say %q", query, w.Body)
		}
	}
}
