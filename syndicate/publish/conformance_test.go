package publish_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

// TestGoldenFeedsConform holds what is in testdata to the rules of the W3C's
// feed validator, RFC 4287, RFC 5005, RFC 6721, RSS 2.0 and JSON Feed 1.1 that
// matter to readers. docs/feeds.md tells how to ask the validator itself.
func TestGoldenFeedsConform(t *testing.T) {
	for _, format := range formats {
		files, err := filepath.Glob("testdata/*." + format)
		if err != nil || len(files) < 8 {
			t.Fatalf("%d files in %s (%v)", len(files), format, err)
		}
		for _, file := range files {
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, fault := range conforms(format, body) {
				t.Errorf("%s: %s", file, fault)
			}
		}
	}
}

// TestTheRulesBite breaks each rule once.
func TestTheRulesBite(t *testing.T) {
	for _, tt := range []struct{ file, old, new, want string }{
		{"full.atom", "<id>tag:harbour.example,2026:e9", "<id>tag:harbour.example,2026-1:e9", "no tag"},
		{"full.atom", "<published>2026-02-26T16:00:00Z", "<published>2026-02-26 16:00", "RFC 3339"},
		{"full.atom", "https://paper.example/feeds/all.atom", "/feeds/all.atom", "relative"},
		{"full.atom", ` rel="self" type="application/atom+xml"`, ` rel="alternate" type="x/y"`, "self"},
		{"full.atom", `<summary type="text">东`, `<summary type="text">&lt;b&gt;东&lt;/b&gt;`, ""},
		{"full.atom", `<title type="text">智能`, `<title>&lt;b&gt;智能`, "undeclared HTML"},
		{"full.atom", `xml:lang="en"`, `xml:lang="en_US"`, "language"},
		{"full.atom", `    <updated>2026-03-02T08:30:00.910624Z</updated>`, ``, "updated"},
		{"full.atom", `    <updated>2026-03-02T08:30:00.910624Z</updated>`, `    <updated>2026-03-02T08:30:00.8757Z</updated>`, "same updated"},
		{"full.atom", `<author>`, `<contributor>`, "ill-formed"},
		{"full.atom", `xmlns:broadsheet=`, `xmlns:other=`, "namespace"},
		{"archive.atom", ` rel="current"`, ` rel="related"`, "current"},
		{"archive.atom", `<fh:archive></fh:archive>`, ``, "archive"},
		{"withdrawn.atom", ` when="2026-03-02T10:00:00Z"`, ` when="yesterday"`, "RFC 3339"},
		{"full.rss", `tag:harbour.example,2026:e3421fa578f501c4228ef8add55845ab`, `tag:harbour.example,2026:e91ec7e47207242678e80057c05d737b`, "twice"},
		{"full.rss", `Sun, 01 Mar`, `Mon, 01 Mar`, "day of the week"},
		{"full.rss", `<guid isPermaLink="false">`, `<guid>`, "isPermaLink"},
		{"full.rss", `length="2048" `, ``, "enclosure"},
		{"full.rss", `<link>https://harbour.example/2</link>`, `<link>https://harbour.example/二</link>`, "not a URI"},
		{"full.rss", `<title>Lock`, `<title>&lt;b&gt;Lock`, "undeclared HTML"},
		{"full.rss", `rel="self"`, `rel="via"`, "self"},
		{"full.rss", `<title>Lock gates reopen after repairs</title>`, ``, "title"},
		{"full.rss", "智能车间二期投产</title>", "智能车间\u0085二期投产</title>", "control"},
		{"full.json", `"date_published":"2026-02-26T16:00:00Z"`, `"date_published":"2026-02-26"`, "RFC 3339"},
		{"full.json", `"url":"https://paper.example/articles/e9`, `"url":"/articles/e9`, "relative"},
		{"full.json", `"id":"tag:harbour.example,2026:e02dfbdb74b9f09488f0636ceab660ec",`, `"id":"",`, "no tag"},
		{"full.json", `"mime_type":"audio/mpeg"`, `"type":"x"`, "attachment"},
		{"empty.json", `,"items":[]`, ``, "items"},
	} {
		t.Run(tt.want+" "+tt.file, func(t *testing.T) {
			body, err := os.ReadFile(filepath.Join("testdata", tt.file))
			if err != nil {
				t.Fatal(err)
			}
			broken := bytes.Replace(body, []byte(tt.old), []byte(tt.new), 1)
			if bytes.Equal(body, broken) {
				t.Fatalf("%q is not in %s", tt.old, tt.file)
			}
			faults := conforms(strings.TrimPrefix(filepath.Ext(tt.file), "."), broken)
			if got := strings.Join(faults, "\n"); tt.want != "" && !strings.Contains(got, tt.want) || tt.want == "" && got != "" {
				t.Errorf("faults %q, want one with %q", got, tt.want)
			}
		})
	}
}

// conforms returns what is wrong with a document.
func conforms(format string, body []byte) []string {
	c := &checker{}
	if !utf8.Valid(body) {
		c.fault("not UTF-8")
	}
	for _, r := range string(body) {
		if r == unicode.ReplacementChar || unicode.Is(unicode.Noncharacter_Code_Point, r) || unicode.IsControl(r) && r != '\n' && r != '\t' {
			c.fault("holds the control or non-character %U", r)
			break
		}
	}
	if format == "json" {
		c.json(body)
		return c.faults
	}
	root, err := parse(body)
	if err != nil {
		c.fault("ill-formed: %v", err)
		return c.faults
	}
	if format == "atom" {
		c.atom(root)
	} else {
		c.rss(root)
		_, items, _ := bytes.Cut(body, []byte("<item>"))
		if title := bareTitle.Find(items); title != nil {
			c.fault("undeclared HTML in %s", title)
		}
	}
	return c.faults
}

// An element is an XML element with its namespace's prefix as written.
type element struct {
	name     string
	attrs    map[string]string
	text     string
	children []*element
}

// parse reads a document with the prefixes left as they are, and refuses those
// that are not declared.
func parse(body []byte) (*element, error) {
	d := xml.NewDecoder(bytes.NewReader(body))
	root := &element{}
	stack := []*element{root}
	known := map[string]bool{"xml": true, "xmlns": true, "": true}
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) && len(stack) == 1 && len(root.children) == 1 {
			return root.children[0], nil
		}
		if err != nil {
			return nil, err
		}
		top := stack[len(stack)-1]
		switch token := token.(type) {
		case xml.StartElement:
			e := &element{name: qualified(token.Name), attrs: map[string]string{}}
			for _, a := range token.Attr {
				e.attrs[qualified(a.Name)] = a.Value
				if a.Name.Space == "xmlns" {
					known[a.Name.Local] = true
				}
			}
			if !known[token.Name.Space] {
				return nil, fmt.Errorf("the namespace of %s is not declared", e.name)
			}
			top.children = append(top.children, e)
			stack = append(stack, e)
		case xml.EndElement:
			if qualified(token.Name) != top.name {
				return nil, fmt.Errorf("</%s> ends <%s>", qualified(token.Name), top.name)
			}
			stack = stack[:len(stack)-1]
		case xml.CharData:
			top.text += string(token)
		}
	}
}

func qualified(n xml.Name) string {
	if n.Space == "" {
		return n.Local
	}
	return n.Space + ":" + n.Local
}

func (e *element) all(name string) (list []*element) {
	for _, c := range e.children {
		if c.name == name {
			list = append(list, c)
		}
	}
	return list
}

func (e *element) first(name string) *element {
	if list := e.all(name); len(list) > 0 {
		return list[0]
	}
	return &element{}
}

type checker struct{ faults []string }

func (c *checker) fault(format string, args ...any) {
	c.faults = append(c.faults, fmt.Sprintf(format, args...))
}

var (
	uriForm  = regexp.MustCompile(`^([A-Za-z0-9;/?:@&=+$,.!~*'()_#\[\]-]|%[0-9A-Fa-f]{2})*$`)
	tagForm  = regexp.MustCompile(`^tag:[a-z0-9.-]+,\d{4}(-\d{2}-\d{2})?:[0-9a-zA-Z;/?:@&=+$._!~*'()%,-]+$`)
	langForm = regexp.MustCompile(`^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$`)
	mimeForm = regexp.MustCompile(`^[a-z0-9.+-]+/[a-zA-Z0-9.+-]+$`)
	// bareTitle is a title of RSS not written as its Profile has it.
	bareTitle = regexp.MustCompile(`<title>[^<]*&(lt|gt|amp);[^<]*</title>`)
	htmlForm  = regexp.MustCompile(`</?[a-zA-Z][^>]*>|&#?[a-zA-Z0-9]+;`)
)

// once wants a child exactly once, and returns its text.
func (c *checker) once(e *element, name string) string {
	if n := len(e.all(name)); n != 1 {
		c.fault("%s has %d × %s, want one", e.name, n, name)
	}
	return e.first(name).text
}

func (c *checker) address(what, s string) {
	u, err := url.Parse(s)
	switch {
	case err != nil || !uriForm.MatchString(s):
		c.fault("%s: %q is not a URI", what, s)
	case !u.IsAbs() || u.Host == "":
		c.fault("%s: %q is relative", what, s)
	}
}

func (c *checker) id(s string, seen map[string]bool) {
	if !tagForm.MatchString(s) {
		c.fault("%q is no tag", s)
	}
	if seen[s] {
		c.fault("%q stands there twice", s)
	}
	seen[s] = true
}

func (c *checker) time(what, s string) {
	if t, err := time.Parse(time.RFC3339Nano, s); err != nil || t.Year() < 1990 {
		c.fault("%s: %q is no plausible time of RFC 3339", what, s)
	}
}

func (c *checker) language(s string) {
	if s != "" && !langForm.MatchString(s) {
		c.fault("%q is no language", s)
	}
}

// history checks the links of RFC 5005 and those every feed has.
func (c *checker) history(feed *element, linkName string) {
	rels := map[string]int{}
	for _, l := range feed.all(linkName) {
		rels[l.attrs["rel"]]++
		c.address(linkName, l.attrs["href"])
		if mt := l.attrs["type"]; mt != "" && !mimeForm.MatchString(mt) {
			c.fault("%q is no media type", mt)
		}
	}
	if rels["self"] != 1 {
		c.fault("%d links to self", rels["self"])
	}
	archive := len(feed.all("fh:archive")) == 1
	if archive != (rels["current"] == 1) {
		c.fault("an archive page links to the current feed, and nothing else does")
	}
	if !archive && rels["next-archive"] > 0 || max(rels["prev-archive"], rels["next-archive"], rels["current"]) > 1 {
		c.fault("links along the archive: %v", rels)
	}
}

func (c *checker) atom(feed *element) {
	c.once(feed, "title")
	c.id(c.once(feed, "id"), map[string]bool{})
	c.time("updated of the feed", c.once(feed, "updated"))
	c.language(feed.attrs["xml:lang"])
	c.history(feed, "link")
	withAuthor := len(feed.all("author")) > 0
	ids, changes := map[string]bool{}, map[string]bool{}
	entered := false
	for _, e := range feed.children {
		if e.name == "entry" {
			entered = true
			c.entry(e, ids, changes, withAuthor)
		} else if entered {
			c.fault("%s stands behind an entry", e.name)
		}
	}
	for _, d := range feed.all("at:deleted-entry") {
		c.id(d.attrs["ref"], ids) // nothing is there and deleted at once
		c.time("when", d.attrs["when"])
	}
}

func (c *checker) entry(e *element, ids, changes map[string]bool, withAuthor bool) {
	title := c.once(e, "title")
	if e.first("title").attrs["type"] == "" && htmlForm.MatchString(title) {
		c.fault("undeclared HTML in the title %q", title)
	}
	if strings.TrimSpace(title) == "" {
		c.fault("an entry without title")
	}
	c.id(c.once(e, "id"), ids)
	updated := c.once(e, "updated")
	c.time("updated", updated)
	if changes[updated] {
		c.fault("two entries have the same updated, %s", updated)
	}
	changes[updated] = true
	c.time("published", c.once(e, "published"))
	c.language(e.attrs["xml:lang"])
	if len(e.all("content"))+len(e.all("summary")) == 0 {
		c.fault("an entry without content and summary")
	}
	alternates := 0
	for _, l := range e.all("link") {
		c.address("link", l.attrs["href"])
		if l.attrs["rel"] == "alternate" {
			alternates++
		}
	}
	if alternates != 1 {
		c.fault("an entry has %d alternates", alternates)
	}
	for _, cat := range e.all("category") {
		if cat.attrs["term"] == "" {
			c.fault("a category without term")
		}
	}
	if !withAuthor && len(e.all("author")) == 0 {
		c.fault("an entry without author")
	}
	for _, s := range e.all("source") {
		c.once(s, "title")
		c.time("updated of the source", c.once(s, "updated"))
		if u := c.once(s, "id"); u == "" {
			c.fault("a source without id")
		}
	}
}

func (c *checker) rss(root *element) {
	if root.name != "rss" || root.attrs["version"] != "2.0" || len(root.children) != 1 {
		c.fault("no RSS 2.0")
		return
	}
	channel := root.children[0]
	for _, name := range []string{"title", "link", "description", "language", "generator", "ttl"} {
		if c.once(channel, name) == "" {
			c.fault("the channel has an empty %s", name)
		}
	}
	c.address("link of the channel", channel.first("link").text)
	c.language(channel.first("language").text)
	c.history(channel, "atom:link")
	ids := map[string]bool{}
	for _, item := range channel.all("item") {
		c.item(item, ids)
	}
}

func (c *checker) item(item *element, ids map[string]bool) {
	title := c.once(item, "title")
	if strings.TrimSpace(title) == "" {
		c.fault("an item without title")
	}
	c.address("link", c.once(item, "link"))
	c.id(c.once(item, "guid"), ids)
	if item.first("guid").attrs["isPermaLink"] != "false" {
		c.fault("guid: a tag is no link, but isPermaLink says so")
	}
	date := c.once(item, "pubDate")
	if t, err := time.Parse(time.RFC1123Z, date); err != nil {
		c.fault("pubDate: %q is no time of RFC 822", date)
	} else if t.Format(time.RFC1123Z) != date {
		c.fault("pubDate: %q has the wrong day of the week", date)
	}
	c.time("atom:updated", c.once(item, "atom:updated"))
	if item.first("description").text == "" && item.first("content:encoded").text == "" {
		c.fault("an item without description and content")
	}
	names := []string{}
	for _, e := range item.children {
		names = append(names, e.name)
	}
	if i := slices.Index(names, "content:encoded"); i >= 0 && slices.Index(names, "description") > i {
		c.fault("description stands behind content:encoded")
	}
	for _, e := range append(item.all("enclosure"), item.all("media:content")...) {
		if e.name == "enclosure" && e.attrs["length"] == "" || !mimeForm.MatchString(e.attrs["type"]) {
			c.fault("an enclosure has %v", e.attrs)
		}
		c.address(e.name, e.attrs["url"])
	}
	for _, s := range item.all("source") {
		c.address("source", s.attrs["url"])
	}
	if slices.Contains(names, "author") {
		c.fault("author wants a mail address; dc:creator does not")
	}
	c.language(item.first("dc:language").text)
}

func (c *checker) json(body []byte) {
	var doc struct {
		Version, Title, Language string
		Home                     string  `json:"home_page_url"`
		Feed                     string  `json:"feed_url"`
		Next                     *string `json:"next_url"`
		Author                   any
		Items                    *[]struct {
			ID, URL, Title, Language string
			External                 *string `json:"external_url"`
			Image                    *string
			HTML                     string `json:"content_html"`
			Text                     string `json:"content_text"`
			Published                string `json:"date_published"`
			Modified                 string `json:"date_modified"`
			Author                   any
			Attachments              []struct {
				URL  string
				Type string `json:"mime_type"`
				Size *int64 `json:"size_in_bytes"`
			}
		}
	}
	d := json.NewDecoder(bytes.NewReader(body))
	if err := d.Decode(&doc); err != nil {
		c.fault("%v", err)
		return
	}
	if doc.Version != "https://jsonfeed.org/version/1.1" || doc.Title == "" || doc.Author != nil {
		c.fault("no JSON Feed 1.1: version %q, title %q, author %v", doc.Version, doc.Title, doc.Author)
	}
	c.language(doc.Language)
	c.address("home_page_url", doc.Home)
	c.address("feed_url", doc.Feed)
	if doc.Next != nil {
		c.address("next_url", *doc.Next)
		if *doc.Next == doc.Feed {
			c.fault("next_url is the feed's own")
		}
	}
	if doc.Items == nil {
		c.fault("no items")
		return
	}
	ids := map[string]bool{}
	for _, it := range *doc.Items {
		c.id(it.ID, ids)
		c.address("url", it.URL)
		c.language(it.Language)
		for _, u := range []*string{it.External, it.Image} {
			if u != nil {
				c.address("address", *u)
			}
		}
		c.time("date_published", it.Published)
		c.time("date_modified", it.Modified)
		if it.HTML == "" && it.Text == "" || it.Title == "" || it.Author != nil {
			c.fault("an item without content or title, or with author")
		}
		for _, a := range it.Attachments {
			c.address("attachment", a.URL)
			if !mimeForm.MatchString(a.Type) || a.Size != nil && *a.Size <= 0 {
				c.fault("attachment of type %q and size %v", a.Type, a.Size)
			}
		}
	}
}
