package web_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"broadsheet/internal/web"
	"broadsheet/syndicate"
)

// hub notes what it is asked, and answers with err.
type hub struct {
	form url.Values
	err  error
}

func (h *hub) Request(_ context.Context, form url.Values) error {
	h.form = form
	return h.err
}

func TestOurHubIsAsked(t *testing.T) {
	t.Parallel()
	const form = "application/x-www-form-urlencoded"
	full := &syndicate.Refusal{Status: 429, Text: "too many", Wait: time.Minute}
	for _, c := range []struct {
		name, method, contentType, body string
		err                             error
		status                          int
		answer                          string
		asked                           bool
	}{
		{"well", "POST", form + "; charset=utf-8", "hub.mode=subscribe", nil, 202, "will be asked", true},
		{"too often", "POST", form, "hub.mode=subscribe", full, 429, "too many", true},
		{"at a bad time", "POST", form, "hub.mode=subscribe", errors.New("disk is full"), 500, "Not now", true},
		{"by GET", "GET", "", "", nil, 405, "WebSub hub", false},
		{"by PUT", "PUT", form, "hub.mode=subscribe", nil, 405, "WebSub hub", false},
		{"in JSON", "POST", "application/json", "{}", nil, 415, "urlencoded", false},
		{"in nothing", "POST", "", "hub.mode=subscribe", nil, 415, "urlencoded", false},
		{"with a broken form", "POST", form, "hub.mode=%zz", nil, 400, "cannot be read", false},
		{"with a huge form", "POST", form, "x=" + strings.Repeat("x", 16<<10), nil, 413, "16 KiB", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			part := &hub{err: c.err}
			h := handlerOf(t, site(), web.Parts{Hub: part, Feeds: &slowFeeds{}})
			r := httptest.NewRequest(c.method, "/hub?hub.mode=unsubscribe", strings.NewReader(c.body))
			r.Header.Set("Content-Type", c.contentType)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.answer) || strings.Contains(w.Body.String(), "disk") {
				t.Errorf("%d %q, want %d %q", w.Code, w.Body, c.status, c.answer)
			}
			if got := w.Header().Get("Content-Type"); got != "text/plain; charset=utf-8" || w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("header %v", w.Header())
			}
			if asked := part.form != nil; asked != c.asked || asked && len(part.form["hub.mode"]) != 1 {
				t.Errorf("the hub got %v", part.form)
			}
			if allow := w.Header().Get("Allow"); (c.status == 405) != (allow == "POST") {
				t.Errorf("Allow: %q", allow)
			}
			if after := w.Header().Get("Retry-After"); (c.status == 429) != (after == "60") {
				t.Errorf("Retry-After: %q", after)
			}
		})
	}
	if w := do(handlerOf(t, site(), web.Parts{}), "POST", "/hub"); w.Code != 404 {
		t.Errorf("without a hub: %d, want 404", w.Code)
	}
}

func TestFeedsNameTheHub(t *testing.T) {
	t.Parallel()
	p := sample()
	h := handlerOf(t, site(), web.Parts{Articles: p, Feeds: publisher(p), Editions: p, Hub: &hub{}})
	for target, self := range map[string]string{
		"/feeds/all.rss":                 "https://paper.example/feeds/all.rss",
		"/feeds/finance.json?lang=en":    "https://paper.example/feeds/finance.json",
		"/feeds/search.atom?q=港+OR+lock": "https://paper.example/feeds/search.atom?q=%E6%B8%AF+OR+lock",
	} {
		want := `<https://paper.example/hub>; rel="hub", <` + self + `>; rel="self"`
		if got := do(h, http.MethodHead, target).Header().Get("Link"); got != want {
			t.Errorf("%s: Link %s, want %s", target, got, want)
		}
	}
	if got := ask(handler(t, p), "/feeds/all.rss").Header().Get("Link"); strings.Contains(got, "hub") {
		t.Errorf("without a hub: %s", got)
	}
}

func TestSearchFeedErrors(t *testing.T) {
	t.Parallel()
	p := sample()
	h := handler(t, p)
	for query, want := range map[string]int{
		"": 404, "?q=": 404, "?q=%20": 404, "?q=(": 400, "?q=title:": 400, "?q=" + strings.Repeat("x", 2001): 400, "?q=%ff": 400, "?q=lock": 200,
	} {
		p.asked = 0
		w := ask(h, "/feeds/search.rss"+query)
		if w.Code != want {
			t.Errorf("%.20q: status %d, want %d", query, w.Code, want)
		}
		if want != 200 && (p.asked > 0 || w.Header().Get("Content-Type") != "application/problem+json") {
			t.Errorf("%.20q: %d questions, header %v", query, p.asked, w.Header())
		}
	}
	if page := ask(h, "/search?q=港口").Body.String(); !strings.Contains(page, `href="/feeds/search.atom?q=%E6%B8%AF%E5%8F%A3"`) {
		t.Errorf("a search does not announce its feed:\n%.2000s", page)
	}
	if page := ask(h, "/search?q=title:").Body.String(); strings.Contains(page, "/feeds/search.") {
		t.Error("a bad query has a feed")
	}
	if w := ask(h, "/feeds/search.style.css?q=a%22%3Cb"); w.Code != 200 || !strings.Contains(w.Body.String(), "https://paper.example/search?q=a%22%3Cb") {
		t.Errorf("style: %d %s", w.Code, w.Body)
	}
}

// Scripts of other sites may read feeds and ask whether they have changed.
func TestOtherSitesMayRead(t *testing.T) {
	t.Parallel()
	h := handler(t, sample())
	w := do(h, http.MethodOptions, "/feeds/all.rss", "Origin: https://reader.example", "Access-Control-Request-Method: GET",
		"Access-Control-Request-Headers: if-none-match")
	if w.Code != 204 || w.Header().Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(w.Header().Get("Access-Control-Allow-Headers"), "If-None-Match") {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	w = ask(h, "/feeds/all.rss", "Origin: https://reader.example")
	if w.Header().Get("Access-Control-Allow-Origin") != "*" || w.Header().Get("Access-Control-Expose-Headers") != "ETag, Link" {
		t.Errorf("header %v", w.Header())
	}
	for _, target := range []string{"/", "/hub", "/feeds/ops.atom?key=x"} {
		if w := ask(h, target); w.Header().Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s may be read by other sites", target)
		}
	}
	if w := do(h, http.MethodOptions, "/"); w.Code != 405 {
		t.Errorf("a page takes OPTIONS: %d", w.Code)
	}
}
