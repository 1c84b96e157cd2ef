package publish_test

import (
	"fmt"
	"testing"
	"time"

	"broadsheet/syndicate"
	"broadsheet/syndicate/publish"
)

// A goldenFeed is a feed whose documents are kept in testdata, in all formats.
type goldenFeed struct {
	file, name string
	publisher  *publish.Publisher
}

func goldenFeeds() []goldenFeed {
	summaries := publisher(articles()...)
	summaries.Content, summaries.Hub = syndicate.Summary, "https://paper.example/hub"

	withdrawn := publisher(articles()...)
	withdrawn.Store.(*store).withdrawn = []syndicate.Withdrawal{
		{ID: "tag:harbour.example,2026:0123456789abcdef0123456789abcdef", Source: "harbour", Themes: []string{"finance"}, At: at("2026-03-02T10:00:00.25Z")},
		{ID: "tag:harbour.example,2026-01-31:fedcba9876543210fedcba9876543210", Source: "harbour", Themes: []string{"finance"}, At: at("2026-02-10T10:00:00Z")},
		{ID: "tag:harbour.example,2026:00000000000000000000000000000001", Source: "harbour", Themes: []string{"industry"}, At: at("2026-02-10T10:00:00Z")},
		{ID: "tag:harbour.example,2026:00000000000000000000000000000002", Source: "harbour", Themes: []string{"finance"}, At: at("2026-01-10T10:00:00Z")},
	}
	return []goldenFeed{
		{"full", "all", publisher(articles()...)},
		{"empty", "finance", publisher()},
		{"summary", "all", summaries},
		{"withdrawn", "finance", withdrawn},
		{"english", "all", english()},
		{"feed", "ports", history()},
		{"archive", "ports/archive/2026-02-2", history()},
		{"oldest", "ports/archive/2026-01", history()},
	}
}

func TestGoldenFeeds(t *testing.T) {
	for _, g := range goldenFeeds() {
		for _, format := range formats {
			t.Run(g.file+"."+format, func(t *testing.T) {
				doc, err := g.publisher.Feed(t.Context(), g.name, format)
				if err != nil {
					t.Fatal(err)
				}
				golden(t, g.file+"."+format, doc.Body)
			})
		}
	}
	for file, p := range map[string]*publish.Publisher{"feeds.opml": publisher(), "english.opml": english()} {
		doc, err := p.OPML()
		if err != nil {
			t.Fatal(err)
		}
		golden(t, file, doc.Body)
	}
}

// english is a paper in English with news of the same kinds.
func english() *publish.Publisher {
	seen := at("2026-05-04T06:00:00Z")
	list := []syndicate.Article{
		{
			Source: "harbour", GUID: "https://harbour.example/?p=12&lang=en", Title: "Old lock to get new gates for £48m — \"by spring\", says Lee & Sons",
			URL: "https://harbour.example/2026/lock?a=1&b=2", Language: "en-GB",
			Content: "<p>The port will replace all four gates of the old lock. Work costs <b>£48m</b> &amp; takes 14 months.</p><pre>a &lt; b</pre>",
			Text:    "The port will replace all four gates of the old lock. Work costs £48m & takes 14 months.",
			Authors: []string{"Ann Lee", "Bo Chen"}, Categories: []string{"Ports", "Engineering"},
			Published: at("2026-05-03T23:30:00-05:00"), Updated: at("2026-05-04T05:00:00Z"),
			Enclosures: []syndicate.Enclosure{{URL: "https://harbour.example/gates.webp"}, {URL: "https://harbour.example/plan.pdf", Type: "application/pdf", Length: 90210}, {URL: "https://harbour.example/gates.jpg", Length: 4096}},
			Analysis: syndicate.Analysis{
				Gist: "The port will replace all four gates of the old lock.", Places: []string{"Riverside", "Old Lock"},
				Figures: []syndicate.Figure{{Text: "£48m", Value: 48, Unit: "m GBP", Normalised: 4.8e7, BaseUnit: "GBP", Bound: "~", Direction: "up"}},
				Filings: []syndicate.Filing{{Theme: "infrastructure", Score: 2.5, Threshold: 1, Hits: []syndicate.Hit{{Term: "lock", Weight: 1, Count: 2, Where: []string{"title", "lead"}, Score: 2.5}}}},
			},
		},
		{
			Source: "park", Title: "Riverside bank opens <branch> in the park", Language: "en", Published: seen, Inferred: true,
			Text:     "The bank opened a branch.\nIt lends to small firms.",
			Analysis: syndicate.Analysis{Filings: []syndicate.Filing{{Theme: "finance", Score: 1, Threshold: 1, Source: true}}},
		},
		{
			Source: "harbour", GUID: "rtl", Title: "مرفأ جديد \u202eport\u202c 🚢", Language: "ar", Published: at("2026-05-02T10:00:00Z"),
			Content: "<p dir=\"rtl\">مرفأ جديد</p>", Text: "مرفأ جديد", URL: "https://harbour.example/مرفأ",
		},
	}
	p := publisher(stamp(seen, list)...)
	p.Site = syndicate.Site{Title: "The Riverside & Port Paper", URL: "https://riverside.example", Language: "en"}
	p.Sources[1] = syndicate.Source{Name: "park", Title: "Park notices", URL: "https://park.example/notices", Kind: syndicate.KindPage}
	return p
}

// history is a paper whose feed "ports", of two articles a page, goes back for
// months: one article in January, five in February, three in March, of which
// the last came just now.
func history() *publish.Publisher {
	var list []syndicate.Article
	for i, seen := range []string{
		"2026-03-09T08:00:00Z", "2026-03-02T09:00:00Z", "2026-03-01T00:00:00Z",
		"2026-02-28T23:59:59Z", "2026-02-20T08:00:00Z", "2026-02-11T08:00:00Z", "2026-02-11T08:00:00Z", "2026-02-01T00:00:00Z",
		"2026-01-15T08:00:00Z",
	} {
		n := 9 - i
		list = append(list, stamp(at(seen), []syndicate.Article{{
			Source: "harbour", GUID: fmt.Sprint("urn:x:", n), URL: fmt.Sprint("https://harbour.example/", n), Language: "zh-Hans",
			Title: fmt.Sprintf("港口第%d号公告", n), Text: fmt.Sprintf("港口第%d号公告的正文。", n), Published: at(seen).Add(-time.Duration(n) * time.Minute),
			Analysis: syndicate.Analysis{Gist: fmt.Sprintf("港口第%d号公告。", n)},
		}})...)
	}
	p := publisher(list...)
	p.Feeds[0].Limit, p.Hub = 2, "https://paper.example/hub"
	return p
}

// stamp fills in what collecting does.
func stamp(seen time.Time, list []syndicate.Article) []syndicate.Article {
	for i := range list {
		a := &list[i]
		a.Key = syndicate.NewKey(a.Source, a.GUID+a.Title)
		a.FirstSeen, a.Changed = seen, seen
		a.ID = syndicate.NewID("https://harbour.example/", a.Key)
	}
	return list
}
