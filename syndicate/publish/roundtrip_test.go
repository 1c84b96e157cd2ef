package publish_test

import (
	"bytes"
	"encoding/json"
	"html"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/mmcdole/gofeed"
	"pgregory.net/rapid"

	"broadsheet/syndicate"
)

// A told is what a reader gets to know of an article in every format.
type told struct {
	ID, Title, Link, Description, Content string
	Published, Updated                    time.Time
	Authors, Categories, Files            []string
	Original, FirstSeen                   string
	Reasons, Places, Figures              []string
}

// TestReadersGetWhatWasWritten publishes articles of any text and reads them
// back with gofeed.
func TestReadersGetWhatWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfNDistinct(rapid.Custom(article), 0, 4, func(a syndicate.Article) string { return a.Key }).Draw(t, "articles")
		slices.SortStableFunc(list, func(a, b syndicate.Article) int { return b.FirstSeen.Compare(a.FirstSeen) })
		p := publisher(list...)
		p.Content = rapid.SampledFrom([]syndicate.Extent{"", syndicate.Whole, syndicate.Summary}).Draw(t, "content")
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
				want, got := expected(&list[i], format, p.Content), received(it)
				if format == "json" {
					got = own(t, got, doc.Body, i)
				}
				if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
					t.Fatalf("%s, item %d (-want +got):\n%s\n%s", format, i, diff, doc.Body)
				}
			}
			if faults := conforms(format, doc.Body); len(faults) > 0 {
				t.Fatalf("%s: %s\n%s", format, strings.Join(faults, "\n"), doc.Body)
			}
		}
	})
}

func received(it *gofeed.Item) told {
	got := told{
		ID: it.GUID, Title: it.Title, Link: it.Link, Description: it.Description, Content: it.Content,
		Published: it.PublishedParsed.UTC(), Updated: it.UpdatedParsed.UTC(), Categories: it.Categories,
	}
	for _, a := range it.Authors {
		got.Authors = append(got.Authors, a.Name)
	}
	if it.DublinCoreExt != nil && it.DublinCoreExt.Creator != nil {
		got.Authors = it.DublinCoreExt.Creator // of several, gofeed makes the first the author
	}
	for _, e := range it.Enclosures {
		got.Files = append(got.Files, e.URL)
	}
	for _, e := range it.Extensions["media"]["content"] {
		if !slices.Contains(got.Files, e.Attrs["url"]) {
			got.Files = append(got.Files, e.Attrs["url"])
		}
	}
	ours := func(name string) (texts []string) {
		for _, e := range it.Extensions["broadsheet"][name] {
			texts = append(texts, e.Value)
		}
		return texts
	}
	got.Original, got.FirstSeen = strings.Join(ours("original"), "|"), strings.Join(ours("first-seen"), "|")
	got.Reasons, got.Places, got.Figures = ours("filing"), ours("place"), ours("figure")
	return got
}

// own adds what gofeed does not read of JSON Feed, or reads otherwise.
func own(t *rapid.T, got told, body []byte, i int) told {
	var doc struct {
		Items []struct {
			Authors    []struct{ Name string }
			Broadsheet struct {
				Original  string
				FirstSeen string `json:"first_seen"`
				Themes    []struct{ Reason string }
				Places    []string
				Figures   []struct{ Text string }
			} `json:"_broadsheet"`
		}
	}
	if err := json.Unmarshal(body, &doc); err != nil {
		t.Fatal(err)
	}
	got.Authors = nil // gofeed takes what stands in brackets for a mail address
	for _, a := range doc.Items[i].Authors {
		got.Authors = append(got.Authors, a.Name)
	}
	x := doc.Items[i].Broadsheet
	got.Original, got.FirstSeen, got.Places = x.Original, x.FirstSeen, x.Places
	for _, theme := range x.Themes {
		got.Reasons = append(got.Reasons, theme.Reason)
	}
	for _, f := range x.Figures {
		got.Figures = append(got.Figures, f.Text)
	}
	return got
}

// expected says what each format makes of a: RSS and Atom link to the source,
// JSON Feed to our page; an RSS description is HTML.
func expected(a *syndicate.Article, format string, extent syndicate.Extent) told {
	page := "https://paper.example/articles/" + a.Key
	link := firstOf(a.URL, page)
	want := told{
		ID: a.ID, Title: line(a.Title), Link: link, Description: line(a.Gist), Content: a.Content,
		Published: a.Published.UTC().Truncate(time.Second), Updated: a.Changed.UTC().Truncate(time.Second).Add(fraction(a.Key)),
		Original: strings.TrimSpace(legal(a.GUID)), FirstSeen: a.FirstSeen.UTC().Format("2006-01-02T15:04:05Z"),
	}
	if format == "json" {
		want.Link = page
	}
	if extent == syndicate.Summary {
		want.Content = ""
	}
	for _, s := range a.Authors {
		want.Authors = add(want.Authors, s)
	}
	for _, f := range a.Filings {
		want.Categories = add(want.Categories, map[string]string{"finance": "金融", "industry": "产业"}[f.Theme])
		want.Reasons = append(want.Reasons, f.Reason())
	}
	for _, c := range a.Categories {
		want.Categories = add(want.Categories, c)
	}
	for _, s := range a.Places {
		want.Places = add(want.Places, s)
	}
	for _, f := range a.Figures {
		want.Figures = append(want.Figures, line(f.Text))
	}
	for _, e := range a.Enclosures {
		want.Files = append(want.Files, e.URL)
	}
	want.Title = firstOf(want.Title, want.Description)
	if runes := []rune(want.Title); len(runes) > 60 && line(a.Title) == "" {
		want.Title = string(runes[:60]) + "…"
	}
	want.Title = firstOf(want.Title, link)
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

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// legal is s without what XML 1.0, section 2.2, forbids or discourages; the
// line break among these stays one.
func legal(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\u0085' {
			return '\n'
		}
		if r == '\r' || r == utf8.RuneError || unicode.Is(unicode.Noncharacter_Code_Point, r) || unicode.IsControl(r) && !strings.ContainsRune("\t\n", r) {
			return -1
		}
		return r
	}, s)
}

// line is legal text on one line.
func line(s string) string { return strings.Join(strings.Fields(legal(s)), " ") }

// add adds a line that is not empty and not in the list yet.
func add(list []string, s string) []string {
	if s = line(s); s == "" || slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

// fraction is what is added to the second of a change to tell the articles of
// one poll apart.
func fraction(key string) time.Duration {
	n, err := strconv.ParseInt(key[:5], 16, 64)
	if err != nil {
		panic(err)
	}
	return time.Duration(n*999_999/(1<<20)) * time.Microsecond
}

// text draws text with everything that markup, encodings and readers could
// trip over, now and then at length.
func text() *rapid.Generator[string] {
	pieces := rapid.Custom(func(t *rapid.T) string {
		piece := rapid.SampledFrom([]string{
			"港口", "银行", "a", "AT&T", "<b>", "</item>", "]]>", "&amp;", "&lt;script&gt;", "\"", "'", "“", "𠮷", "🚢", "é", "1,250", "%", "{}", "\\", "--", "，", "<!--", "e\u0301",
			"مرفأ", "\u202eport\u202c", "נמל", "👩‍🚒", "🇨🇳", "\x00", "\x0b", "\x1b[0m", "\u0085", "\u2028", "\ufeff", "\ufffe", "\ufdd0", "\xff", "\r\n", "\t", " ", "\u3000", "\u00a0", "&#8;", "<?x", "<![CDATA[",
		})
		return strings.Join(rapid.SliceOfN(piece, 0, 8).Draw(t, "pieces"), rapid.SampledFrom([]string{"", " "}).Draw(t, "gap"))
	})
	huge := rapid.Custom(func(t *rapid.T) string {
		return strings.Repeat(pieces.Draw(t, "piece")+"长", rapid.IntRange(1, 500).Draw(t, "times"))
	})
	return rapid.OneOf(pieces, pieces, pieces, rapid.String(), huge)
}

// one draws a word that is its own line.
func one() *rapid.Generator[string] {
	return rapid.Map(text(), func(s string) string { return line(s) + "x" })
}

func article(t *rapid.T) syndicate.Article {
	a := syndicate.Article{
		Source: "harbour", GUID: text().Draw(t, "guid"), Title: text().Draw(t, "title"),
		URL: rapid.SampledFrom([]string{"", "https://harbour.example/1", "http://x.example/a?b=c&d=%20#e"}).Draw(t, "url"),
		Analysis: syndicate.Analysis{
			Gist: text().Draw(t, "gist"), Places: draw(t, "places", text()),
		},
		Language:  rapid.SampledFrom([]string{"", "en", "zh-Hans", "zh-Hant", "ar"}).Draw(t, "language"),
		Published: time.UnixMilli(rapid.Int64Range(9e11, 4e12).Draw(t, "published")),
		FirstSeen: time.UnixMilli(rapid.Int64Range(9e11, 4e12).Draw(t, "seen")),
	}
	if strings.HasPrefix(strings.TrimSpace(a.Title), "【") {
		a.Title = "x" + a.Title // DisplayTitle has its own tests
	}
	if body := line(text().Draw(t, "content")); body != "" {
		a.Content = "<p>" + html.EscapeString(body) + "</p>"
	}
	a.Changed = a.FirstSeen.Add(time.Duration(rapid.Int64Range(0, 1e6).Draw(t, "later")) * time.Second)
	a.Authors = draw(t, "authors", text())
	a.Categories = draw(t, "categories", text())
	for _, theme := range draw(t, "themes", rapid.SampledFrom([]string{"finance", "industry"})) {
		a.Filings = append(a.Filings, syndicate.Filing{Theme: theme, Score: 2, Threshold: 1, Hits: []syndicate.Hit{{Term: one().Draw(t, "term"), Count: 2}}})
	}
	for _, s := range draw(t, "figures", one()) {
		a.Figures = append(a.Figures, syndicate.Figure{
			Text: s, Value: rapid.Float64().Draw(t, "value"), Normalised: rapid.Float64().Draw(t, "normalised"), Unit: "亿元", BaseUnit: "元", Bound: ">=", Direction: "up",
		})
	}
	for _, s := range draw(t, "files", rapid.SampledFrom([]string{"https://harbour.example/a.jpg", "https://harbour.example/b.pdf", "http://harbour.example/c"})) {
		a.Enclosures = append(a.Enclosures, syndicate.Enclosure{URL: s, Length: rapid.SampledFrom([]int64{0, 1, 1 << 40}).Draw(t, "length")})
	}
	a.Key = syndicate.NewKey(a.Source, a.GUID)
	a.ID = syndicate.NewID("https://harbour.example/", a.Key)
	return a
}

// draw draws a list without repetitions, nil when it is empty.
func draw(t *rapid.T, label string, of *rapid.Generator[string]) []string {
	list := rapid.SliceOfNDistinct(of, 0, 3, rapid.ID[string]).Draw(t, label)
	if len(list) == 0 {
		return nil
	}
	return list
}
