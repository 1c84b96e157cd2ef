package collect_test

import (
	"net/http"
	"net/url"
	"testing"

	"broadsheet/internal/fetch"
	"broadsheet/syndicate/collect"
	"broadsheet/syndicate/read"
)

func TestHubOf(t *testing.T) {
	t.Parallel()
	const base = "https://paper.example/feed"
	for _, c := range []struct {
		name, header string
		links        []read.Link
		hub, topic   string
	}{
		{"nothing", "", nil, "", base},
		{"in the document", "", []read.Link{{Rel: "self", Href: "/self"}, {Rel: "hub", Href: "https://hub.example"}}, "https://hub.example", "https://paper.example/self"},
		{"headers first", `<https://a.example/>; rel=hub`, []read.Link{{Rel: "hub", Href: "https://b.example/"}}, "https://a.example/", base},
		{"the first that will do", `<ftp://a.example/>; rel=hub, <https://b.example/>; rel="HUB"`, nil, "https://b.example/", base},
		{"a user name", `<https://me@a.example/>; rel=hub`, nil, "", base},
		{"no relation", `<https://a.example/>; title="rel=hub"`, nil, "", base},
		{"marks in quotes", `<https://a.example/>; title="<x>; rel=self, y"; rel=hub`, nil, "https://a.example/", base},
		{"not closed", `<https://a.example/; rel=hub`, nil, "", base},
	} {
		hub, topic := collect.HubOf(&fetch.Response{URL: base, Header: http.Header{"Link": {c.header}}}, &read.Feed{Links: c.links})
		if hub != c.hub || topic != c.topic {
			t.Errorf("%s: %q, %q, want %q, %q", c.name, hub, topic, c.hub, c.topic)
		}
	}
}

func FuzzHubOf(f *testing.F) {
	f.Add(`<https://a.example/>; rel="hub other"; title="a, b", <x>; rel=self`, "/hub")
	f.Add(`<<>>;;,,"=rel="`, "https://[::1")
	f.Fuzz(func(t *testing.T, header, href string) {
		hub, topic := collect.HubOf(&fetch.Response{URL: "https://paper.example/", Header: http.Header{"Link": {header}}},
			&read.Feed{Links: []read.Link{{Rel: "hub", Href: href}}})
		for _, s := range []string{hub, topic} {
			if u, err := url.Parse(s); s != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil) {
				t.Errorf("%q is no address", s)
			}
		}
	})
}
