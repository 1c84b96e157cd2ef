package publish_test

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"broadsheet/syndicate"
	"broadsheet/syndicate/publish"
)

// A page is a document of an archived feed as a reader of RFC 5005 sees it.
type page struct {
	IDs   []string `xml:"entry>id"`
	Links []struct {
		Rel  string `xml:"rel,attr"`
		Href string `xml:"href,attr"`
	} `xml:"link"`
}

// link returns the name of the document that a link leads to, "" without one.
func (p page) link(rel string) string {
	for _, l := range p.Links {
		if l.Rel == rel {
			return strings.TrimSuffix(strings.TrimPrefix(l.Href, "https://paper.example/feeds/"), ".atom")
		}
	}
	return ""
}

// A fataler is a *testing.T or a *rapid.T.
type fataler interface {
	Context() context.Context
	Helper()
	Fatal(args ...any)
}

func sums(entries []syndicate.DocumentEntry) (list []uint64) {
	for _, e := range entries {
		list = append(list, e.Sum)
	}
	return list
}

func fetchPage(t fataler, p *publish.Publisher, name string) page {
	t.Helper()
	doc, err := p.Feed(t.Context(), name, "atom")
	if err != nil {
		t.Fatal(err)
	}
	var got page
	if err := xml.NewDecoder(bytes.NewReader(doc.Body)).Decode(&got); err != nil {
		t.Fatal(err)
	}
	return got
}

// TestHistoryIsCompleteAndStays lets a feed grow and has a reader follow it:
// the feed and its archive hold every article, no page once seen changes its
// articles, and the links lead both ways.
func TestHistoryIsCompleteAndStays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(1, 4).Draw(t, "limit")
		p := publisher()
		p.Feeds[0].Limit = limit
		s := &store{}
		p.Store = s
		known := map[string][]string{} // the articles of pages seen
		now := at("2026-01-30T22:00:00Z")
		for i := range rapid.IntRange(1, 25).Draw(t, "articles") {
			now = now.Add(time.Duration(rapid.SampledFrom([]int{11, 60, 24 * 60, 40 * 24 * 60}).Draw(t, "minutes")) * time.Minute)
			a := syndicate.Article{Source: "harbour", GUID: fmt.Sprint(i), Title: "港口", Published: now}
			s.articles = append(stamp(now, []syndicate.Article{a}), s.articles...)

			feed := fetchPage(t, p, "ports")
			got := map[string]bool{}
			for _, id := range feed.IDs {
				got[id] = true
			}
			following := ""
			for name := feed.link("prev-archive"); name != ""; {
				archived := fetchPage(t, p, name)
				if len(archived.IDs) == 0 || len(archived.IDs) > limit {
					t.Fatalf("%s has %d articles", name, len(archived.IDs))
				}
				if before, seen := known[name]; seen && !slices.Equal(before, archived.IDs) {
					t.Fatalf("%s had %q and has %q", name, before, archived.IDs)
				}
				known[name] = archived.IDs
				for _, id := range archived.IDs {
					got[id] = true
				}
				if archived.link("self") != name || archived.link("current") != "ports" || archived.link("next-archive") != following {
					t.Fatalf("links of %s: %v", name, archived.Links)
				}
				name, following = archived.link("prev-archive"), name
			}
			if len(got) != len(s.articles) {
				t.Fatalf("%d articles in the feed and its archive, want %d", len(got), len(s.articles))
			}
		}
	})
}

func TestPagesThatAreNotThere(t *testing.T) {
	p := history()
	p.Feeds = append(p.Feeds, syndicate.Feed{Name: "recent", Query: syndicate.Query{Root: syndicate.Date{After: true, Age: 1e18}}, Limit: 2})
	for _, name := range []string{
		"ports/archive/2026-02-4", "ports/archive/2026-03-2", "ports/archive/2025-12", "ports/archive/2026-04", "ports/archive/2026-01-1",
		"ports/archive/2026-02-02", "ports/archive/2026-2", "ports/archive/", "ports/archive/2026", "ports/archive/2026-13", "ports/archive/2026-02-",
		"ports/archive/2026-02--1", "ports/archive/2026-02-0", "ports/archive/2026-02+2", "ports/archive/2026-02-99999999999999999999",
		"ports/archive/2026-02-2/", "nobody/archive/2026-02", "/archive/2026-02", "recent/archive/2026-02", "industry/archive/2026-02",
	} {
		for _, format := range []string{"atom", "json", "rdf"} {
			if _, err := p.Feed(t.Context(), name, format); !errors.Is(err, syndicate.ErrNotFound) {
				t.Errorf("%s.%s: %v, want ErrNotFound", name, format, err)
			}
		}
	}
	if doc, err := p.Feed(t.Context(), "recent", "atom"); err != nil || bytes.Contains(doc.Body, []byte("prev-archive")) {
		t.Errorf("a feed of an age has an archive (%v)", err)
	}
	if _, err := p.Feed(t.Context(), "ports/archive/2026-02", "rdf"); !errors.Is(err, syndicate.ErrNotFound) {
		t.Errorf("format rdf: %v", err)
	}
}

// TestMonthsBeingDeletedAreNotOffered: their pages would change every day.
func TestMonthsBeingDeletedAreNotOffered(t *testing.T) {
	p := history()
	p.Keep = 60 * 24 * time.Hour // back to 8 January
	var months []string
	for doc := fetchPage(t, p, "ports"); doc.link("prev-archive") != ""; doc = fetchPage(t, p, doc.link("prev-archive")) {
		months = append(months, path.Base(doc.link("prev-archive")))
	}
	if diff := cmp.Diff([]string{"2026-03", "2026-02-3", "2026-02-2", "2026-02"}, months); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := p.Feed(t.Context(), "ports/archive/2026-01", "atom"); !errors.Is(err, syndicate.ErrNotFound) {
		t.Errorf("January: %v", err)
	}
}

// TestWithdrawnFromQueries: what is left of an article tells whether a feed can
// have had it; in doubt the feed says that it is gone.
func TestWithdrawnFromQueries(t *testing.T) {
	w := syndicate.Withdrawal{ID: "tag:harbour.example,2026:0123", Source: "harbour", Language: "zh-hans", Themes: []string{"finance"}, At: at("2026-03-01T00:00:00Z")}
	for query, want := range map[string]bool{
		"theme:finance": true, "theme:industry": false, "source:harbour": true, "source:park": false, "lang:zh": true, "lang:zh-hans": true, "lang:en": false,
		"港口": true, "港口 theme:industry": false, "港口 OR theme:industry": true, "theme:industry OR source:park": false,
		"-theme:finance": false, "-theme:industry": true, "-港口": true, "-(港口 theme:industry)": true, "place:武汉 -source:harbour": false,
		"after:2026-01-01": true, "amount:>1亿": true,
	} {
		q, err := syndicate.ParseQuery(query, time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		p := publisher()
		p.Store.(*store).withdrawn = []syndicate.Withdrawal{w}
		p.Feeds[0].Query = q
		doc, err := p.Feed(t.Context(), "ports", "atom")
		if err != nil {
			t.Fatal(err)
		}
		if got := bytes.Contains(doc.Body, []byte(`<at:deleted-entry ref="tag:harbour.example,2026:0123" when="2026-03-01T00:00:00Z">`)); got != want {
			t.Errorf("%s: told %v, want %v", query, got, want)
		}
	}
}

// TestEntriesStandWhereTheyAreSaidTo: without some of its entries a document
// is the one of the other articles.
func TestEntriesStandWhereTheyAreSaidTo(t *testing.T) {
	for _, format := range []string{"rss", "atom"} {
		all, err := publisher(articles()...).Feed(t.Context(), "all", format)
		if err != nil {
			t.Fatal(err)
		}
		if len(all.Entries) != 4 {
			t.Fatalf("%s: %d entries", format, len(all.Entries))
		}
		for drop := range all.Entries {
			e := all.Entries[drop]
			got := slices.Concat(all.Body[:e.Start], all.Body[e.End:])
			rest := slices.Delete(articles(), drop, drop+1)
			want, err := publisher(rest...).Feed(t.Context(), "all", format)
			if err != nil {
				t.Fatal(err)
			}
			if drop > 0 && !bytes.Equal(got, want.Body) { // the first tells when the feed changed
				t.Errorf("%s without entry %d:\n%s", format, drop, cmp.Diff(string(want.Body), string(got)))
			}
			if diff := cmp.Diff(sums(slices.Delete(slices.Clone(all.Entries), drop, drop+1)), sums(want.Entries)); diff != "" {
				t.Errorf("%s: the sums of entries depend on others:\n%s", format, diff)
			}
		}
	}
}
