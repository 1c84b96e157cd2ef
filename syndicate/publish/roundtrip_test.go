package publish_test

import (
	"bytes"
	"html"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mmcdole/gofeed"
	"pgregory.net/rapid"

	"broadsheet/syndicate"
)

// A told is what a reader gets to know of an article in every format.
type told struct {
	ID, Title, Link, Description, Content string
	Published                             time.Time
	Authors, Categories                   []string
}

// TestReadersGetWhatWasWritten publishes articles of any text and reads them
// back with gofeed.
func TestReadersGetWhatWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(rapid.Custom(article), 0, 4).Draw(t, "articles")
		p := publisher(list...)
		for _, format := range formats {
			doc, err := p.Feed(t.Context(), "all", format)
			if err != nil {
				t.Fatal(err)
			}
			feed, err := gofeed.NewParser().Parse(bytes.NewReader(doc.Body))
			if err != nil {
				t.Fatalf("%s: %v\n%s", format, err, doc.Body)
			}
			if feed.Title != "江城产经" || len(feed.Items) != len(list) {
				t.Fatalf("%s: title %q, %d items, want %d", format, feed.Title, len(feed.Items), len(list))
			}
			for i, it := range feed.Items {
				want := expected(&list[i], format)
				if diff := cmp.Diff(want, received(it)); diff != "" {
					t.Fatalf("%s, item %d (-want +got):\n%s\n%s", format, i, diff, doc.Body)
				}
			}
		}
	})
}

func received(it *gofeed.Item) told {
	got := told{
		ID: it.GUID, Title: it.Title, Link: it.Link, Description: it.Description, Content: it.Content,
		Published: it.PublishedParsed.UTC(), Categories: it.Categories,
	}
	if it.DublinCoreExt != nil {
		got.Authors = it.DublinCoreExt.Creator // of several, gofeed makes the first the author
		return got
	}
	for _, a := range it.Authors {
		got.Authors = append(got.Authors, a.Name)
	}
	return got
}

// expected says what each format makes of a: RSS and Atom link to the source,
// JSON Feed to our page; an RSS description is HTML.
func expected(a *syndicate.Article, format string) told {
	page := "https://paper.example/articles/" + a.Key
	want := told{
		ID: a.ID, Title: a.Title, Link: page, Description: a.Gist, Content: a.Content,
		Published: a.Published.UTC().Truncate(time.Second), Authors: a.Authors,
	}
	if format != "json" && a.URL != "" {
		want.Link = a.URL
	}
	for _, f := range a.Filings {
		want.Categories = append(want.Categories, map[string]string{"finance": "金融", "industry": "产业"}[f.Theme])
	}
	for _, c := range a.Categories {
		if !slices.Contains(want.Categories, c) {
			want.Categories = append(want.Categories, c)
		}
	}
	if want.Description == "" && want.Content == "" {
		want.Description = want.Title
	}
	switch {
	case format == "rss":
		want.Description = html.EscapeString(want.Description)
	case format == "json" && want.Content == "":
		want.Content = want.Description // content_text
	}
	return want
}

// text draws one line of text with everything that markup could trip over.
func text(least int) *rapid.Generator[string] {
	piece := rapid.SampledFrom([]string{
		"港口", "银行", "a", "AT&T", "<b>", "</item>", "]]>", "&amp;", "&lt;script&gt;", "\"", "'", "“", "𠮷", "🚢", "é", "1,250", "%", "{}", "\\", "--", "，", "<!--", "é",
	})
	return rapid.Custom(func(t *rapid.T) string {
		s := strings.Join(rapid.SliceOfN(piece, least, 6).Draw(t, "pieces"), rapid.SampledFrom([]string{"", " "}).Draw(t, "gap"))
		return strings.Join(strings.Fields(s), " ")
	})
}

func article(t *rapid.T) syndicate.Article {
	a := syndicate.Article{
		Source: "harbour", GUID: rapid.String().Draw(t, "guid"), Title: text(1).Draw(t, "title"),
		URL: rapid.SampledFrom([]string{"", "https://harbour.example/1", "http://x.example/a?b=c&d=%20#e"}).Draw(t, "url"),
		Analysis: syndicate.Analysis{
			Gist: text(0).Draw(t, "gist"),
		},
		Language:  rapid.SampledFrom([]string{"", "en", "zh-Hans", "zh-Hant"}).Draw(t, "language"),
		Published: time.UnixMilli(rapid.Int64Range(0, 4e12).Draw(t, "published")),
		FirstSeen: time.UnixMilli(rapid.Int64Range(0, 4e12).Draw(t, "seen")),
	}
	if body := text(0).Draw(t, "content"); body != "" {
		a.Content = "<p>" + html.EscapeString(body) + "</p>"
	}
	a.Changed = a.FirstSeen
	a.Authors = draw(t, "authors", text(1))
	a.Categories = draw(t, "categories", text(1))
	for _, theme := range draw(t, "themes", rapid.SampledFrom([]string{"finance", "industry"})) {
		a.Filings = append(a.Filings, syndicate.Filing{Theme: theme, Score: 2, Threshold: 1})
	}
	a.Key = syndicate.NewKey(a.Source, a.GUID)
	a.ID = syndicate.NewID("https://harbour.example/", a.Key)
	return a
}

// draw draws a list without repetitions, nil when it is empty.
func draw(t *rapid.T, label string, of *rapid.Generator[string]) []string {
	list := rapid.SliceOfNDistinct(of, 0, 2, rapid.ID[string]).Draw(t, label)
	if len(list) == 0 {
		return nil
	}
	return list
}
