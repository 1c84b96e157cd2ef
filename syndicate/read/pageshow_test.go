package read_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"broadsheet/syndicate"
	"broadsheet/syndicate/read"
)

func TestShow(t *testing.T) {
	t.Parallel()
	show := func(sel syndicate.Selectors, n int) []read.Shown {
		t.Helper()
		shown, err := read.Show(t.Context(), selectInput(sel), n)
		if err != nil {
			t.Fatal(err)
		}
		return shown
	}
	got := show(syndicate.Selectors{Item: "ul.news > li", Link: "@data-url", Title: "b", Date: "i@data-day", Summary: "p"}, 2)
	want := []read.Shown{
		{Link: "https://yard.example/a/1", Stretches: []read.Stretch{
			{Text: "/a/1", Parts: []string{"link"}, Attr: "data-url"},
			{Text: "The long name…", Parts: []string{"title"}},
			{Text: "2025-07-23T08:00:00Z", Parts: []string{"date"}, Attr: "data-day"},
			{Text: "today "},
			{Text: "One two.", Parts: []string{"summary"}},
		}},
		{Link: "https://yard.example/a/2", Stretches: []read.Stretch{
			{Text: "/a/2", Parts: []string{"link"}, Attr: "data-url"},
			{Text: "The second story", Parts: []string{"title"}},
			{Text: "soon", Parts: []string{"date"}, Attr: "data-day"},
			{Text: "soon"},
		}},
	}
	if diff := cmp.Diff(want, got, cmp.Transformer("spaces", strings.TrimSpace)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	// What a script, a style or a hidden element says is not shown, and what
	// is long is cut.
	in := selectInput(syndicate.Selectors{Item: "li"})
	in.Body = []byte(`<ul><li><script>steal()</script><style>a{}</style><b hidden>unseen</b><a href="/1">A <b>bold</b>
		title</a> <span>` + strings.Repeat("words ", 2000) + `</span></li></ul>`)
	shown, err := read.Show(t.Context(), in, 10)
	if err != nil || len(shown) != 1 || len(shown[0].Stretches) != 2 {
		t.Fatalf("%+v, %v", shown, err)
	}
	first, second := shown[0].Stretches[0], shown[0].Stretches[1]
	if first.Text != "A bold title" || !cmp.Equal(first.Parts, []string{"link"}) {
		t.Errorf("the link: %+v", first)
	}
	if len(second.Text) > 3000 || second.Parts != nil || strings.Contains(first.Text+second.Text, "unseen") || strings.Contains(second.Text, "steal") {
		t.Errorf("the rest: %d bytes, %v", len(second.Text), second.Parts)
	}
	if got := show(syndicate.Selectors{Item: "li"}, 0); len(got) != 0 {
		t.Errorf("none wanted: %+v", got)
	}
}

// A page that is read without selectors is shown by those that find the same.
func TestShowWithoutSelectors(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, title := range []string{"The bridge over the river is open", "A loan for the ferry company", "The harbour takes larger ships", "Prices of steel go down again", "A new line to the airport", "Chips from the eastern park"} {
		b.WriteString(`<li><a href="/2025/` + strings.ToLower(strings.Fields(title)[1]) + `.html">` + title + `</a><span>2025-07-23</span></li>`)
	}
	in := read.Input{Body: []byte(`<!doctype html><html><body><ul class="list">` + b.String() + `</ul></body></html>`), URL: "https://yard.example/", Kind: syndicate.KindPage}
	shown, err := read.Show(t.Context(), in, 3)
	if err != nil || len(shown) != 3 || !strings.HasSuffix(shown[0].Link, "/2025/bridge.html") {
		t.Fatalf("%+v, %v", shown, err)
	}
	if s := shown[0].Stretches[0]; s.Text != "The bridge over the river is open" || s.Parts == nil {
		t.Errorf("%+v", shown[0].Stretches)
	}
}

func TestShowFaults(t *testing.T) {
	t.Parallel()
	for want, in := range map[string]read.Input{
		"is no CSS selector":        selectInput(syndicate.Selectors{Item: "ul >> li"}),
		"item: is empty":            selectInput(syndicate.Selectors{Title: "b"}),
		`"div.story" finds nothing`: selectInput(syndicate.Selectors{Item: "div.story"}),
		"not a page with a list of articles: this is a feed;": {Body: []byte(`<rss version="2.0"><channel></channel></rss>`), Kind: syndicate.KindPage, Page: syndicate.Selectors{Item: "li"}},
	} {
		if shown, err := read.Show(t.Context(), in, 5); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v with %v, want an error with %s", shown, err, want)
		}
	}
}
