package read_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"broadsheet/syndicate"
	"broadsheet/syndicate/read"
)

const selectPage = `<!doctype html><html><head><title>Yard</title></head><body>
<ul class="news"><li data-url="/a/1"><b title="The long name of the first story">The long name…</b><i data-day="2025-07-23T08:00:00Z">today</i><p>One <em>two</em>.</p></li>
<li data-url="/a/2"><b title="The second story">The second story</b><i data-day="soon">soon</i></li>
<li class="ad">Buy rope</li></ul><ul class="side"><li><a href="/x">x</a></li></ul></body></html>`

func selectInput(sel syndicate.Selectors) read.Input {
	return read.Input{Body: []byte(selectPage), URL: "https://yard.example/", Kind: syndicate.KindPage, Page: sel}
}

func TestSelectors(t *testing.T) {
	t.Parallel()
	res := mustRead(t, selectInput(syndicate.Selectors{Item: "ul.news > li", Link: "@data-url", Title: "b@title", Date: "i@data-day", Summary: "p"}))
	var got []string
	for _, e := range res.Entries {
		got = append(got, fmt.Sprintf("%s | %s | %s | %s", e.Title, e.Link, e.PublishedRaw, e.Summary))
	}
	want := []string{
		"The long name of the first story | https://yard.example/a/1 | 2025-07-23T08:00:00Z | One <em>two</em>.",
		"The second story | https://yard.example/a/2 | soon | ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	hits := []read.SelectorHits{
		{Name: "item", Selector: "ul.news > li", Found: 3, Of: 2, Sample: "The long name…today One two."},
		{Name: "link", Selector: "@data-url", Found: 2, Of: 2, Sample: "https://yard.example/a/1"},
		{Name: "title", Selector: "b@title", Found: 2, Of: 2, Sample: "The long name of the first story"},
		{Name: "date", Selector: "i@data-day", Found: 1, Of: 2, Sample: "2025-07-23T08:00:00Z"},
		{Name: "summary", Selector: "p", Found: 1, Of: 2, Sample: "One two."},
	}
	if diff := cmp.Diff(hits, res.Selectors); diff != "" {
		t.Errorf("hits (-want +got):\n%s", diff)
	}
	for _, says := range []string{`1 of 3 elements that "ul.news > li" finds have no link`, `in 1 of 2 items, such as "soon"`} {
		if !repaired(res, says) {
			t.Errorf("no repair says %q: %q", says, res.Repairs)
		}
	}
}

func TestSelectorFaults(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		sel  syndicate.Selectors
		want string
	}{
		"no CSS":               {syndicate.Selectors{Item: "ul >> li", Link: "a["}, `page.item: "ul >> li" is no CSS selector: `},
		"both are named":       {syndicate.Selectors{Item: "ul >", Link: "a["}, `; page.link: "a[" is no CSS selector: `},
		"without an item":      {syndicate.Selectors{Link: "a"}, "page.item: is empty, but link is looked for in each item; write"},
		"unknown profile":      {syndicate.Selectors{Profile: "gov-us"}, `page.profile: there is no profile "gov-us"; use gov-cn or portal-cn`},
		"item finds nothing":   {syndicate.Selectors{Item: "ul.news > div.story"}, `page.item: "ul.news > div.story" finds nothing on the page ("ul.news" finds 1)`},
		"link finds nothing":   {syndicate.Selectors{Item: "ul.news > li", Link: "a.more"}, `page.link: "a.more" finds no link in any of 3 items; correct it, or leave it empty`},
		"link is no address":   {syndicate.Selectors{Item: "ul.news > li", Link: "b@title"}, ""},
		"an attribute's name":  {syndicate.Selectors{Item: "li@"}, "no name of an attribute follows the @"},
		"longer than any":      {syndicate.Selectors{Item: strings.Repeat("a ", 600)}, "it is longer than 1000 bytes"},
		"an @ within brackets": {syndicate.Selectors{Item: `a[href*="@x"]`}, `finds nothing`},
	} {
		res, err := read.Read(context.Background(), selectInput(c.sel))
		switch {
		case c.want == "":
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		case err == nil || !strings.Contains(err.Error(), c.want):
			t.Errorf("%s: %v with %v, want an error with %s", name, err, res, c.want)
		}
	}
}

func TestSelectorsThatFindNothingAreReported(t *testing.T) {
	t.Parallel()
	res := mustRead(t, selectInput(syndicate.Selectors{Item: "ul.news > li", Link: "@data-url", Title: "h9", Date: ".when", Summary: ".text"}))
	for _, says := range []string{`page.title: "h9" finds nothing in any of 2 items`, `page.date: ".when" finds nothing`, `page.summary: ".text" finds nothing`} {
		if !repaired(res, says) {
			t.Errorf("no repair says %q: %q", says, res.Repairs)
		}
	}
	if e := res.Entries[0]; !e.Published.IsZero() || e.Title != "The long name…" && e.Title != "The long name of the first story" {
		t.Errorf("entry %+v", e.Feed)
	}
}

// listOf returns a page with a list of links and dates, and something beside it.
func listOf(items, beside string) []byte {
	return []byte("<!doctype html><html><head><title>Yard news</title></head><body>" + beside + "<div class=box><ul>" + items + "</ul></div></body></html>")
}

// rows returns n items of a list.
func rows(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, 100+i, 10+i)
	}
	return b.String()
}

const plainRow = `<li><a href="/n/%d.html">The yard has launched another ferry</a> <span>2025-07-%d</span></li>`

func TestPageTraps(t *testing.T) {
	t.Parallel()
	row := strings.Replace(plainRow, "another ferry", "ferry number %[1]d", 1)
	row = strings.Replace(strings.Replace(row, "/n/%d", "/n/%[1]d", 1), "07-%d", "07-%[2]d", 1)
	news := rows(6, row)
	related := func(class, head string) string {
		return `<div class="` + class + `"><h3>` + head + `</h3><ul>` + rows(20, `<li><a href="/old/%[1]d.html">An old story that many people still read %[1]d</a><span>2024-01-%[2]d</span></li>`) + `</ul></div>`
	}
	for name, c := range map[string]struct {
		body  []byte
		n     int
		first string
	}{
		"a larger navigation of long names":  {listOf(news, `<nav><ul>`+rows(60, `<li><a href="/department/%[1]d/">The department of ropes, sails and tackle %[2]d</a></li>`)+`</ul></nav>`), 6, "ferry number 100"},
		"a larger list of what others read":  {listOf(news, related("box", "Most read")), 6, "ferry number 100"},
		"a larger list in the side column":   {listOf(news, related("sidebar", "More")), 6, "ferry number 100"},
		"a Chinese list of the most clicked": {listOf(news, related("box", "点击排行")), 6, "ferry number 100"},
		"links of friends in the footer":     {listOf(news, `<footer><ul>`+rows(40, `<li><a href="https://f%[1]d.example/">The website of our good friend number %[2]d</a></li>`)+`</ul></footer>`), 6, "ferry number 100"},
		"every link twice, image and title":  {listOf(rows(5, `<li><a href="/n/%[1]d.html"><img src="/i.jpg"></a><h3><a href="/n/%[1]d.html">The yard has launched ferry number %[1]d</a></h3><time datetime="2025-07-%[2]dT08:00:00Z"></time></li>`), ""), 5, "ferry number 100"},
		"a card that is all link":            {listOf(rows(5, `<li><a href="/n/%[1]d.html"><span class="cat">Ferries</span><div class="title">The yard has launched ferry number %[1]d</div><p>It is the largest that was ever built here, with room for sixty cars.</p><span class="date">%[2]d July 2025</span></a></li>`), ""), 5, "The yard has launched ferry number 100"},
		"a list of terms":                    {[]byte(`<html><body><dl>` + rows(5, `<dt><a href="/n/%[1]d.html">The yard has launched ferry number %[1]d</a></dt><dd>2025-07-%[2]d</dd>`) + `</dl></body></html>`), 5, "ferry number 100"},
		"unclosed items":                     {listOf(rows(5, `<li><a href=/n/%[1]d.html>The yard has launched ferry number %[1]d</a> (2025-07-%[2]d)`), ""), 5, "ferry number 100"},
		"read more in each item":             {listOf(rows(5, `<li><h4><a href="/n/%[1]d.html">The yard has launched ferry number %[1]d</a></h4><em>2025-07-%[2]d</em><a href="/n/%[1]d.html">Read more</a></li>`), ""), 5, "ferry number 100"},
		"the date in the title":              {listOf(rows(5, `<li><a href="/n/%[1]d.html">The yard has launched ferry number %[1]d [2025-07-%[2]d]</a></li>`), ""), 5, "The yard has launched ferry number 100"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			res := mustRead(t, read.Input{Body: c.body, URL: "https://yard.example/news/", Kind: syndicate.KindPage, Location: shanghaiZone})
			if len(res.Entries) != c.n || !strings.HasSuffix(c.first, strings.TrimPrefix(res.Entries[0].Title, "The yard has launched ")) && res.Entries[0].Title != c.first {
				t.Fatalf("%d entries, first %q; notes %q", len(res.Entries), res.Entries[0].Title, res.Notes)
			}
			for i, e := range res.Entries {
				if got := e.Published.In(shanghaiZone).Format(time.DateOnly); got != fmt.Sprintf("2025-07-%d", 10+i) {
					t.Errorf("entry %d, %q: published %s (%q)", i, e.Title, got, e.PublishedRaw)
				}
			}
		})
	}
}

func TestDatesWithoutYear(t *testing.T) {
	t.Parallel()
	in := read.Input{
		Body: listOf(rows(4, `<li><a href="/n/%[1]d.html">The yard has launched ferry number %[1]d</a><span>07-%[2]d</span></li>`), ""),
		URL:  "https://yard.example/", Kind: syndicate.KindPage, Location: shanghaiZone, Header: map[string][]string{"Date": {sentAt}},
	}
	if got := mustRead(t, in).Entries[0].Published.In(shanghaiZone).Format(time.DateOnly); got != "2025-07-10" {
		t.Errorf("two weeks before the page was sent: %s", got)
	}
	in.Header = map[string][]string{"Date": {"Mon, 05 Jan 2026 03:00:00 GMT"}}
	if e := mustRead(t, in).Entries[0]; !e.Published.IsZero() || e.PublishedRaw != "07-10" {
		t.Errorf("half a year before the page was sent the year is not known: %s, %q", e.Published, e.PublishedRaw)
	}
	in.Header = nil
	if res := mustRead(t, in); !res.Entries[0].Published.IsZero() || !repaired(res, "4 of 4 items have no date with a day, a month and a year") {
		t.Errorf("not known when the page was sent: %s, %q", res.Entries[0].Published, res.Repairs)
	}
}

func TestSeveralDates(t *testing.T) {
	t.Parallel()
	res := mustRead(t, read.Input{
		Body: listOf(rows(4, `<li><a href="/n/%[1]d.html">The yard has launched ferry number %[1]d</a><span>2025-07-%[2]d</span><span>2025-06-%[2]d</span></li>`), ""),
		URL:  "https://yard.example/", Kind: syndicate.KindPage,
	})
	if !res.Entries[0].Published.IsZero() || !repaired(res, "4 of 4 items show several dates") {
		t.Errorf("published %s, repairs %q", res.Entries[0].Published, res.Repairs)
	}
}
