package read_test

import (
	"fmt"
	"testing"
	"time"

	"broadsheet/syndicate"
	"broadsheet/syndicate/read"
)

// told returns the article that a feed of one item makes.
func told(t *testing.T, source, guid, link, title string) syndicate.Article {
	t.Helper()
	if guid != "" {
		guid = "<guid>" + guid + "</guid>"
	}
	body := fmt.Sprintf(`<rss version="2.0"><channel><title>P</title><item>%s<title>%s</title><link>%s</link></item></channel></rss>`,
		guid, title, link)
	res, err := read.Read(t.Context(), read.Input{Body: []byte(body), URL: "https://paper.example/feed"})
	if err != nil {
		t.Fatal(err)
	}
	as := read.Articles(&syndicate.Source{Name: source}, res, time.Now())
	if len(as) != 1 {
		t.Fatalf("%d articles of %s", len(as), body)
	}
	return as[0]
}

func TestAlternateIdentity(t *testing.T) {
	t.Parallel()
	type item struct{ guid, link, title string }
	first := item{"http://paper.example/news/1", "http://paper.example/news/1", "Port opens"}
	for name, c := range map[string]struct {
		a, b item
		same bool
	}{
		"https instead of http":         {first, item{"https://paper.example/news/1", "https://paper.example/news/1", "Port opens"}, true},
		"another host":                  {first, item{"https://www.new.example:8443/news/1", "", "Port opens"}, true},
		"a title with other spaces":     {first, item{"https://paper.example/news/1", "", "PORT  opens"}, true},
		"another path":                  {first, item{"https://paper.example/news/2", "", "Port opens"}, false},
		"another title":                 {first, item{"https://b.example/news/1", "", "Bank opens"}, false},
		"no guid, and a tracked link":   {item{"", "http://a.example/n?id=1", "T"}, item{"", "https://b.example/n?id=1&amp;spm=a1", "T"}, true},
		"a tag: URI of another host":    {item{"tag:a.example,2020:post-1", "", "T"}, item{"tag:b.example,2026-01-02:post-1", "", "T"}, true},
		"a query that tells them apart": {item{"http://a.example/?p=1", "", "T"}, item{"https://a.example/?p=2", "", "T"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b := told(t, "s", c.a.guid, c.a.link, c.a.title), told(t, "s", c.b.guid, c.b.link, c.b.title)
			if a.Alternate == 0 || (a.Alternate == b.Alternate) != c.same {
				t.Errorf("alternate ids %d and %d, want them the same: %v", a.Alternate, b.Alternate, c.same)
			}
			if other := told(t, "other", c.a.guid, c.a.link, c.a.title); other.Alternate == a.Alternate {
				t.Error("another source has the same alternate id")
			}
		})
	}
	for name, i := range map[string]item{
		"the front page":        {"https://paper.example/", "", "Port opens"},
		"a host alone":          {"https://paper.example", "", "Port opens"},
		"an opaque guid":        {"af8c-11", "https://paper.example/news/1", "Port opens"},
		"neither guid nor link": {"", "", "Port opens"},
	} {
		if a := told(t, "s", i.guid, i.link, i.title); a.Alternate != 0 {
			t.Errorf("%s: alternate id %d, want none", name, a.Alternate)
		}
	}
}
