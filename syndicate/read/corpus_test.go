package read_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"html"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mmcdole/gofeed"

	"broadsheet/syndicate/read"
)

// corpus is where feeds and cases of other projects are, beside the
// repository; they are no part of it.
const corpus = "../../../shared/corpus/feeds"

// A tally counts cases and those that passed, by category.
type tally map[string]*[2]int

func (c tally) count(category string, passed bool) {
	if c[category] == nil {
		c[category] = new([2]int)
	}
	c[category][0]++
	if passed {
		c[category][1]++
	}
}

func (c tally) String() string {
	var b strings.Builder
	for _, name := range slices.Sorted(func(yield func(string) bool) {
		for name := range c {
			if !yield(name) {
				return
			}
		}
	}) {
		fmt.Fprintf(&b, "\n%-24s %5d of %5d", name, c[name][1], c[name][0])
	}
	return b.String()
}

// corpusFile returns the path of a file of the corpus, or skips.
func corpusFile(t *testing.T, name string) string {
	t.Helper()
	file := filepath.Join(corpus, name)
	if _, err := os.Stat(file); err != nil {
		t.Skipf("the corpus is not beside the repository: %v", err)
	}
	return file
}

// Of every feed of the corpus at least as much is read as gofeed reads alone,
// nothing dangerous comes out, and nothing is cut without a word: neither the
// feed itself nor one whose end is missing.
func TestCorpusFeeds(t *testing.T) {
	t.Parallel()
	archive, err := filepath.Abs(corpusFile(t, "feedparser-half.tar.xz"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "tar", "-xJf", archive, "-C", dir).CombinedOutput(); err != nil {
		t.Skipf("tar and xz are needed to unpack the corpus: %v: %s", err, out)
	}
	counts := make(tally)
	err = filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(file) != ".xml" && filepath.Ext(file) != ".json" {
			return err
		}
		body, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, file)
		if err != nil {
			return err
		}
		category := filepath.Base(filepath.Dir(name))
		faults := corpusFaults(t, body)
		for _, fault := range faults {
			t.Errorf("%s: %s", name, fault)
		}
		counts.count(category, len(faults) == 0)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(counts) < 10 {
		t.Errorf("only %d categories were found", len(counts))
	}
	t.Logf("feeds read as they should be, by category:%s", counts)
}

// corpusFaults says what is wrong with how a feed is read.
func corpusFaults(t *testing.T, body []byte) (faults []string) {
	t.Helper()
	in := read.Input{Body: body, URL: "https://corpus.example/feed"}
	res, err := read.Read(context.Background(), in)
	alone, gofeedErr := gofeed.NewParser().Parse(bytes.NewReader(body))
	if err != nil {
		if gofeedErr == nil && len(alone.Items) > 0 {
			return []string{fmt.Sprintf("lost: %v; gofeed alone reads %d entries", err, len(alone.Items))}
		}
		return nil
	}
	if gofeedErr == nil && len(alone.Items) > len(res.Entries) && len(res.Repairs) == 0 {
		faults = append(faults, fmt.Sprintf("%d entries, and no word of the %d that gofeed reads alone", len(res.Entries), len(alone.Items)))
	}
	out := read.NewOutput(in, res, nil)
	for _, s := range outputHTML(out) {
		safe(t, string(body), s)
	}
	in.Body = body[:len(body)*2/3]
	if short, err := read.Read(context.Background(), in); err == nil && len(short.Entries) < len(res.Entries) && len(short.Repairs) == 0 {
		faults = append(faults, fmt.Sprintf("two thirds of it have %d of %d entries, and no word of that", len(short.Entries), len(res.Entries)))
	}
	return faults
}

// outputHTML returns what may be HTML of an output.
func outputHTML(out read.Output) []string {
	var all []string
	feed := func(f *read.Feed) {
		all = append(all, f.Subtitle, f.Rights)
		if f.TitleType == "html" {
			all = append(all, f.Title)
		}
	}
	feed(&out.Feed)
	for i := range out.Entries {
		e := &out.Entries[i]
		feed(&e.Feed)
		if e.Source != nil {
			feed(e.Source)
		}
		all = append(all, e.Summary, e.Content)
	}
	return all
}

// minifluxCases are Miniflux's tests as data.
type minifluxCases struct {
	Feeds []struct {
		Suite, Name, Base, Input string
		WantError                bool `json:"want_error"`
		Asserts                  []minifluxAssert
	}
	Dates []struct {
		Input string
		Unix  *int64
	}
}

type minifluxAssert struct {
	Path, Op string
	Value    any
}

// What passes of Miniflux's cases, by suite, and the floor. The rest are its
// conventions: a title made of the text or the address where there is none,
// the site's address for entries without one, tags and authors sorted, the
// site as the base of relative addresses.
var minifluxFloors = map[string]int{"rss": 68, "atom10": 52, "atom03": 5, "rdf": 16, "json": 25, "dates": 54}

func TestCorpusMiniflux(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(corpusFile(t, "miniflux-cases.json"))
	if err != nil {
		t.Fatal(err)
	}
	var cases minifluxCases
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	counts := make(tally)
	for _, c := range cases.Feeds {
		in := read.Input{Body: []byte(strings.TrimSpace(c.Input)), URL: c.Base}
		res, err := read.Read(context.Background(), in)
		out := read.NewOutput(in, res, err)
		judged, passed := 0, true
		if c.WantError {
			judged, passed = 1, err != nil
		}
		for _, a := range c.Asserts {
			if got, known := minifluxField(&out, strings.Split(a.Path, ".")[1:], c.Base); known {
				judged++
				passed = passed && minifluxEqual(a, got)
			}
		}
		if judged > 0 {
			counts.count(c.Suite, passed)
		}
	}
	for _, d := range cases.Dates {
		body := `<rss version="2.0"><channel><item><title>i</title><pubDate>` + html.EscapeString(d.Input) + `</pubDate></item></channel></rss>`
		res, err := read.Read(context.Background(), read.Input{Body: []byte(body)})
		if err != nil {
			t.Fatal(err)
		}
		got := res.Entries[0].Published
		if d.Unix != nil && !got.IsZero() && got.Unix() != *d.Unix {
			t.Errorf("the date %q is read as %v: a wrong instant", d.Input, got)
		}
		counts.count("dates", !got.IsZero())
	}
	t.Logf("cases passed, by suite:%s", counts)
	for suite, floor := range minifluxFloors {
		if counts[suite] == nil || counts[suite][1] < floor {
			t.Errorf("%s: %v passed, the floor is %d", suite, counts[suite], floor)
		}
	}
}

// minifluxField returns the field that a case asks for.
func minifluxField(out *read.Output, path []string, base string) (value any, known bool) {
	if path[0] != "Entries" {
		f := &out.Feed
		switch path[0] {
		case "Title":
			return f.Title, true
		case "Description":
			return f.Subtitle, true
		case "SiteURL":
			return f.Link, true
		case "Language":
			return f.Language, true
		case "FeedURL":
			for _, l := range f.Links {
				if l.Rel == "self" {
					return l.Href, true
				}
			}
			return base, true
		case "IconURL":
			if f.Image != nil {
				return f.Image.URL, true
			}
			return f.Icon, true
		}
		return nil, false
	}
	if len(path) == 1 {
		return out.Entries, true
	}
	i := 0
	if _, err := fmt.Sscan(path[1], &i); err != nil || i >= len(out.Entries) || len(path) < 3 {
		return nil, true
	}
	return minifluxEntry(&out.Entries[i], path[2:])
}

func minifluxEntry(e *read.Entry, path []string) (value any, known bool) {
	switch path[0] {
	case "Title":
		return e.Title, true
	case "URL":
		return e.Link, true
	case "CommentsURL":
		return e.Comments, true
	case "Language":
		return e.Language, true
	case "Content":
		if e.Content != "" {
			return e.Content, true
		}
		return e.Summary, true
	case "Date":
		if e.Published.IsZero() {
			return e.Updated, true
		}
		return e.Published, true
	case "Tags":
		tags := []any{}
		for _, c := range e.Categories {
			tags = append(tags, c.Term)
		}
		return tags, true
	case "Author":
		var names []string
		for _, p := range e.Authors {
			if p.Name == "" {
				p.Name = p.Email
			}
			if p.Name != "" && !slices.Contains(names, p.Name) {
				names = append(names, p.Name)
			}
		}
		return strings.Join(names, ", "), true
	case "Enclosures":
		if len(path) == 1 {
			return e.Enclosures, true
		}
		return minifluxFile(e.Enclosures, path[1:])
	}
	return nil, false
}

func minifluxFile(files []read.Enclosure, path []string) (value any, known bool) {
	i := 0
	if _, err := fmt.Sscan(path[0], &i); err != nil || i >= len(files) || len(path) < 2 {
		return nil, true
	}
	switch path[1] {
	case "URL":
		return files[i].URL, true
	case "MimeType":
		return files[i].Type, true
	case "Size":
		size := 0.0
		_, _ = fmt.Sscan(files[i].Length, &size) // none is 0
		return size, true
	}
	return nil, false
}

var anyTag = regexp.MustCompile(`<[^>]*>`)

// minifluxEqual reports whether a value is what a case wants: the same, or the
// same text where what is wanted has no attributes.
func minifluxEqual(a minifluxAssert, got any) bool {
	switch a.Op {
	case "len":
		n := 0
		switch v := got.(type) {
		case []read.Entry:
			n = len(v)
		case []read.Enclosure:
			n = len(v)
		case []any:
			n = len(v)
		case string:
			n = len(v)
		}
		want, _ := a.Value.(float64)
		return n == int(want)
	case "time":
		s, _ := a.Value.(string)
		want, err := time.Parse(time.RFC3339, s)
		at, ok := got.(time.Time)
		return err == nil && ok && at.Truncate(time.Second).Equal(want.Truncate(time.Second))
	}
	want, isText := a.Value.(string)
	if !isText {
		return fmt.Sprint(got) == fmt.Sprint(a.Value)
	}
	text, _ := got.(string)
	plain := func(s string) string {
		return strings.Join(strings.Fields(html.UnescapeString(anyTag.ReplaceAllString(s, ""))), " ")
	}
	return strings.EqualFold(strings.TrimSpace(text), strings.TrimSpace(want)) || !strings.Contains(want, "=") && plain(text) == plain(want)
}
