package read

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	jsonfeed "github.com/mmcdole/gofeed/json"
)

// readJSONFeed reads a JSON Feed of version 1.0 or 1.1 into res.
func readJSONFeed(res *Result, text []byte, in Input) error {
	feed, err := parseJSONFeed(res, text)
	if err != nil {
		return err
	}
	if n := len(feed.Items); n > in.MaxEntries {
		res.repairf("the document has %d entries; the first %d were read", n, in.MaxEntries)
		feed.Items = feed.Items[:in.MaxEntries]
	}
	c := jsonConverter{res: res, loc: in.Location, base: documentBase(in)}
	c.feed(feed)
	res.Feed.Links = append(res.Feed.Links, c.hubs(text)...)
	if res.Feed.Language == "" {
		res.Feed.Language = languageTag(in.Header.Get("Content-Language"))
	}
	for _, item := range feed.Items {
		if item != nil {
			c.entry(item)
		}
	}
	return nil
}

// parseJSONFeed lets gofeed read the document: as it is, then mended, then cut
// after its last whole item.
func parseJSONFeed(res *Result, text []byte) (*jsonfeed.Feed, error) {
	feed, err := (&jsonfeed.Parser{}).Parse(bytes.NewReader(text))
	if err == nil && strings.Contains(feed.Version, "jsonfeed") {
		return feed, nil
	}
	doc, err := decodeJSON(text)
	if err != nil {
		whole, ok := wholeItems(text)
		if !ok {
			return nil, fmt.Errorf("not readable as JSON Feed: %w; tell the publisher, or use another address of the source", err)
		}
		if doc, err = decodeJSON(whole); err != nil {
			return nil, fmt.Errorf("not readable as JSON Feed: %w; tell the publisher, or use another address of the source", err)
		}
		res.repairf("the document is cut off before its end; the whole entries before that were read")
	}
	items, isList := doc["items"].([]any)
	version, _ := doc["version"].(string)
	if !isList && !strings.Contains(version, "jsonfeed") {
		return nil, errors.New("not a feed: this is JSON, but no JSON Feed (it has no items); use the address of an RSS, Atom or JSON feed")
	}
	mended, err := json.Marshal(mendJSON(doc, items))
	if err != nil {
		return nil, fmt.Errorf("not readable as JSON Feed: %w; tell the publisher", err)
	}
	feed, err = (&jsonfeed.Parser{}).Parse(bytes.NewReader(mended))
	if err != nil {
		return nil, fmt.Errorf("not readable as JSON Feed: %w; tell the publisher", err)
	}
	if strings.Contains(version, "jsonfeed") {
		res.repairf("members of types that JSON Feed does not have were mended")
	} else {
		res.repairf("the document does not say that it is a JSON Feed")
	}
	return feed, nil
}

// decodeJSON decodes an object; numbers keep their digits.
func decodeJSON(text []byte) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var doc map[string]any
	if err := d.Decode(&doc); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) {
			return nil, errors.New("it is a list, not an object")
		}
		return nil, err
	}
	return doc, nil
}

// wholeItems cuts a JSON document that breaks off after the last whole object
// of a list of the outermost object, and closes it.
func wholeItems(text []byte) (whole []byte, ok bool) {
	var stack []byte
	end, quoted, escaped := -1, false, false
	for i, c := range text {
		switch {
		case escaped:
			escaped = false
		case quoted:
			escaped = c == '\\'
			quoted = c != '"'
		case c == '"':
			quoted = true
		case c == '{' || c == '[':
			stack = append(stack, c)
		case (c == '}' || c == ']') && len(stack) > 0:
			stack = stack[:len(stack)-1]
			if c == '}' && string(stack) == "{[" {
				end = i + 1
			}
		}
	}
	if end < 0 {
		return nil, false
	}
	return append(text[:end:end], "]}"...), true
}

// mendJSON gives the members of a JSON Feed the types they should have.
func mendJSON(doc map[string]any, items []any) map[string]any {
	out := mendStrings(doc, "version", "title", "home_page_url", "feed_url", "description", "next_url", "icon", "favicon", "language")
	if authors := mendAuthors(doc); len(authors) > 0 {
		out["authors"] = authors
	}
	list := make([]any, 0, len(items))
	for _, it := range items {
		item, ok := it.(map[string]any)
		if !ok {
			continue
		}
		m := mendStrings(item, "id", "url", "external_url", "title", "content_html", "content_text", "summary", "image", "banner_image",
			"date_published", "date_modified", "language")
		if authors := mendAuthors(item); len(authors) > 0 {
			m["authors"] = authors
		}
		if tags := mendTags(item["tags"]); len(tags) > 0 {
			m["tags"] = tags
		}
		if files := mendFiles(item["attachments"]); len(files) > 0 {
			m["attachments"] = files
		}
		list = append(list, m)
	}
	out["items"] = list
	return out
}

// mendStrings returns the named members that can be taken as strings.
func mendStrings(m map[string]any, names ...string) map[string]any {
	out := make(map[string]any, len(names))
	for _, n := range names {
		switch v := m[n].(type) {
		case string:
			out[n] = v
		case json.Number:
			out[n] = v.String()
		case bool:
			out[n] = strconv.FormatBool(v)
		case map[string]any: // an address given as an object
			if u, ok := v["url"].(string); ok {
				out[n] = u
			}
		}
	}
	return out
}

// mendAuthors returns the authors, whichever way they are given.
func mendAuthors(m map[string]any) []any {
	var out []any
	for _, n := range []string{"authors", "author"} {
		list, ok := m[n].([]any)
		if !ok {
			list = []any{m[n]}
		}
		for _, a := range list {
			switch v := a.(type) {
			case string:
				out = append(out, map[string]any{"name": v})
			case map[string]any:
				out = append(out, mendStrings(v, "name", "url", "avatar"))
			}
		}
		if len(out) > 0 {
			break
		}
	}
	return out
}

// mendTags returns the tags of a list or of a text with commas.
func mendTags(v any) []any {
	var out []any
	switch v := v.(type) {
	case string:
		for _, s := range strings.Split(v, ",") {
			out = append(out, s)
		}
	case []any:
		for _, t := range v {
			switch t := t.(type) {
			case string:
				out = append(out, t)
			case json.Number:
				out = append(out, t.String())
			case map[string]any:
				if s, ok := t["name"].(string); ok {
					out = append(out, s)
				}
			}
		}
	}
	return out
}

// mendFiles returns the attachments of a list or of one object.
func mendFiles(v any) []any {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	var out []any
	for _, a := range list {
		file, ok := a.(map[string]any)
		if !ok {
			continue
		}
		m := mendStrings(file, "url", "mime_type", "title")
		for _, n := range []string{"size_in_bytes", "duration_in_seconds"} {
			switch v := file[n].(type) {
			case string, json.Number:
				m[n] = v
			}
		}
		out = append(out, m)
	}
	return out
}

// A jsonConverter makes a result of what gofeed read.
type jsonConverter struct {
	res  *Result
	loc  *time.Location
	base *url.URL
}

func (c *jsonConverter) feed(in *jsonfeed.Feed) {
	f := &c.res.Feed
	f.Title, f.Language = squeeze(in.Title), languageTag(in.Language)
	f.Subtitle, _ = cleanText(in.Description)
	f.Link = fieldAddress(c.base, in.HomePageURL)
	if f.Link != "" {
		f.Links = append(f.Links, Link{Rel: "alternate", Href: f.Link})
	}
	if self := fieldAddress(c.base, in.FeedURL); self != "" {
		f.ID = self
		f.Links = append(f.Links, Link{Rel: "self", Href: self, Type: "application/feed+json"})
	}
	f.Logo, f.Icon = fieldAddress(c.base, in.Icon), fieldAddress(c.base, in.Favicon)
	if u := firstOf(f.Logo, f.Icon); u != "" {
		f.Image = &Image{URL: u}
	}
	f.Authors = c.persons(in.Authors, in.Author)
	if c.base == nil && webAddress(f.Link) {
		c.base = resolveBase(nil, f.Link)
	}
}

// hubs returns the WebSub hubs that a JSON Feed names, as links; gofeed leaves
// them out (jsonfeed.org/version/1.1, "Subscribing to Real-time Notifications").
func (c *jsonConverter) hubs(text []byte) []Link {
	if !bytes.Contains(text, []byte(`"hubs"`)) {
		return nil
	}
	var doc struct {
		Hubs []struct{ Type, URL string } `json:"hubs"`
	}
	if json.Unmarshal(text, &doc) != nil {
		return nil // cut off, or hubs of another form; the entries are read all the same
	}
	var links []Link
	for _, h := range doc.Hubs {
		if u := fieldAddress(c.base, h.URL); u != "" && strings.EqualFold(h.Type, "WebSub") {
			links = append(links, Link{Rel: "hub", Href: u})
		}
	}
	return links
}

func (c *jsonConverter) persons(many []*jsonfeed.Author, one *jsonfeed.Author) []Person {
	if one != nil {
		many = append(many[:len(many):len(many)], one)
	}
	var ps []Person
	for _, a := range many {
		if a == nil {
			continue
		}
		p := parsePerson(a.Name)
		p.URI = fieldAddress(c.base, a.URL)
		if p.Name == "" && p.Email == "" && p.URI != "" {
			p.Name = hostOf(p.URI)
		}
		ps = appendPerson(ps, p)
	}
	return ps
}

func (c *jsonConverter) entry(in *jsonfeed.Item) {
	var e Entry
	e.ID, e.Title = strings.TrimSpace(in.ID), squeeze(in.Title)
	e.Link = fieldAddress(c.base, firstOf(in.URL, in.ExternalURL))
	if e.Link != "" {
		e.Links = append(e.Links, Link{Rel: "alternate", Href: e.Link})
	}
	if u := fieldAddress(c.base, in.ExternalURL); u != "" && u != e.Link {
		e.Links = append(e.Links, Link{Rel: "related", Href: u})
	}
	if e.Link == "" && webAddress(e.ID) {
		e.Link = fieldAddress(c.base, e.ID)
	}
	switch {
	case in.ContentHTML != "":
		e.Content, e.text = cleanHTML(in.ContentHTML, c.base)
	case in.ContentText != "":
		e.Content, e.text = paragraphs(in.ContentText)
	}
	e.Summary, e.summaryText = cleanText(in.Summary)
	e.PublishedRaw, e.UpdatedRaw = in.DatePublished, in.DateModified
	e.Published, _ = parseDate(in.DatePublished, c.loc)
	e.Updated, _ = parseDate(in.DateModified, c.loc)
	e.Language = firstOf(languageTag(in.Language), c.res.Feed.Language)
	if e.Authors = c.persons(in.Authors, in.Author); len(e.Authors) == 0 {
		e.Authors = c.res.Feed.Authors
	}
	var cs categories
	for _, t := range in.Tags {
		cs.add(Category{Term: t})
	}
	e.Categories = cs.list
	if u := fieldAddress(c.base, firstOf(in.Image, in.BannerImage)); u != "" {
		e.Image = &Image{URL: u}
	}
	if in.Attachments != nil {
		var es enclosures
		for _, a := range *in.Attachments {
			x := Enclosure{URL: a.URL, Type: a.MimeType}
			if a.SizeInBytes > 0 {
				x.Length = strconv.FormatInt(a.SizeInBytes, 10)
			}
			es.add(c.base, x)
		}
		e.Enclosures = es.list
	}
	e.guid = e.ID
	if e.ID == "" {
		e.ID = e.Link
	}
	c.res.Entries = append(c.res.Entries, e)
}

// paragraphs turns plain text into HTML, a paragraph for each line that says
// something, and into our form of plain text.
func paragraphs(s string) (clean, text string) {
	var out []byte
	var lines []string
	for line := range strings.Lines(s) {
		if line = squeeze(line); line == "" {
			continue
		}
		out = append(appendText(append(out, "<p>"...), line), "</p>"...)
		lines = append(lines, line)
	}
	return string(out), strings.Join(lines, "\n")
}
