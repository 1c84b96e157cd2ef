package read

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/mmcdole/gofeed/atom"
	"github.com/mmcdole/gofeed/rss"

	"broadsheet/syndicate"
)

// readFeed reads RSS, Atom, RDF and JSON Feed.
func readFeed(in Input) (*Result, error) {
	text, res := in.decode(syndicate.KindFeed, declaredCharset(in.Body))
	start := skipSpace(text, 0)
	if start == len(text) {
		return nil, errEmpty
	}
	if text[start] == '{' || text[start] == '[' {
		return okResult(res, readJSONFeed(res, text[start:], in))
	}
	at := findRoot(text)
	if at < 0 {
		return nil, notFeed(text[start:], in)
	}
	return okResult(res, readXMLFeed(res, text, at, in))
}

// okResult returns the result, or the error without one.
func okResult(res *Result, err error) (*Result, error) {
	if err != nil {
		return nil, err
	}
	return res, nil
}

// readXMLFeed reads a feed whose root tag is at text[at].
func readXMLFeed(res *Result, text []byte, at int, in Input) error {
	o := newOutline(text, at, documentBase(in), languageTag(in.Header.Get("Content-Language")), in.MaxEntries)
	if len(bytes.TrimSpace(withoutProlog(text[:at]))) > 0 {
		res.repairf("text before the feed was left out")
	}
	o.report(res)
	c := converter{outline: o, res: res, loc: in.Location}
	if o.root == "feed" {
		f, err := (&atom.Parser{}).Parse(bytes.NewReader(o.skeleton))
		if err != nil {
			return fmt.Errorf("not readable as an Atom feed: %w; tell the publisher, or use another address of the source", err)
		}
		c.atom(f)
	} else {
		f, err := (&rss.Parser{}).Parse(bytes.NewReader(o.skeleton))
		if err != nil {
			return fmt.Errorf("not readable as an RSS feed: %w; tell the publisher, or use another address of the source", err)
		}
		c.rss(f)
	}
	return nil
}

// report tells the result what the outline had to mend.
func (o *outline) report(res *Result) {
	n := len(o.items)
	if o.mended > 0 {
		res.repairf("markup that is not well-formed was mended in %d %s", o.mended, plural(o.mended, "place", "places"))
	}
	if o.flattened > 0 {
		res.repairf("elements nested more than %d deep were left out (%d tags)", maxDepth, o.flattened)
	}
	switch {
	case o.lostTail:
		res.repairf("the document is cut off in the middle of entry %d; %d whole %s read", n+1, n, plural(n, "entry was", "entries were"))
	case o.cut:
		res.repairf("the document is cut off before its end; %d %s read", n, plural(n, "entry was", "entries were"))
	}
	if o.skipped > 0 {
		res.repairf("the document has %d entries; the first %d were read", n+o.skipped, n)
	}
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// findRoot returns the offset of the root tag of a feed, or -1. It looks past
// whatever a broken server put before it, but not into a web page.
func findRoot(text []byte) int {
	window := text[:min(len(text), junkWindow)]
	var ends endFinder
	for i := 0; i < len(window); {
		n := bytes.IndexByte(window[i:], '<')
		if n < 0 {
			return -1
		}
		i += n
		rest := window[i:]
		switch {
		case bytes.HasPrefix(rest, []byte("<!--")):
			i += ends.past(rest, "-->")
		case bytes.HasPrefix(rest, []byte("<?")):
			i += ends.past(rest, "?>")
		case bytes.HasPrefix(rest, []byte("<!")):
			i += doctypeLength(rest, &ends)
		default:
			var t xmlTag
			if scanTag(window, i, &t) && !t.closing {
				if rootName(&t) {
					return i
				}
				if bytes.EqualFold(t.name, []byte("html")) || bytes.EqualFold(t.name, []byte("body")) {
					return -1
				}
			}
			i++
		}
	}
	return -1
}

// rootName reports whether a tag may be the root of a feed.
func rootName(t *xmlTag) bool {
	switch string(bytes.ToLower(t.local())) {
	case "rss", "rdf", "feed":
		return true
	case "channel":
		return bytes.IndexByte(t.name, ':') < 0
	case "entry":
		return bytes.Contains(t.attr("xmlns"), []byte("Atom")) || bytes.Contains(t.attr("xmlns"), []byte("atom"))
	}
	return false
}

// doctypeLength returns the length of the document type declaration at the
// start of b, with its internal subset.
func doctypeLength(b []byte, ends *endFinder) int {
	end := ends.index(b, ">")
	if end < 0 {
		return 1
	}
	if open := bytes.IndexByte(b[:end], '['); open >= 0 {
		if i := ends.index(b, "]>"); i >= 0 {
			return i + 2
		}
		if i := ends.index(b[open:], "]"); i >= 0 {
			return open + i + ends.past(b[open+i:], ">")
		}
	}
	return end + 1
}

// withoutProlog returns what stands before a root and should not.
func withoutProlog(b []byte) []byte {
	var out []byte
	var ends endFinder
	for len(b) > 0 {
		i := bytes.IndexByte(b, '<')
		if i < 0 {
			return append(out, b...)
		}
		out = append(out, b[:i]...)
		b = b[i:]
		switch {
		case bytes.HasPrefix(b, []byte("<!--")):
			b = b[ends.past(b, "-->"):]
		case bytes.HasPrefix(b, []byte("<?")):
			b = b[ends.past(b, "?>"):]
		case bytes.HasPrefix(b, []byte("<!")):
			b = b[doctypeLength(b, &ends):]
		default:
			return append(out, b...)
		}
	}
	return out
}

// A converter makes a result of what gofeed read of the skeleton and of what
// the outline kept aside.
type converter struct {
	*outline
	res *Result
	loc *time.Location
}

// common fills in what feeds and entries have in common, from the fields kept
// aside.
func (c *converter) common(f *Feed, h *holding) {
	f.Title, f.titleHTML = c.titleOf(h.field("title", "dc:title", "itunes:title", "atom:title"))
	if r := h.field("rights", "copyright", "dc:rights"); r != nil {
		f.Rights, _ = cleanHTML(c.htmlOf(r), r.base)
	}
	f.Published, f.PublishedRaw = c.date(h, "pubdate", "published", "atom:published", "issued", "dcterms:issued", "dc:date", "created", "dcterms:created")
	f.Updated, f.UpdatedRaw = c.date(h, "updated", "atom:updated", "modified", "atom:modified", "dcterms:modified", "lastbuilddate")
	f.Language = languageTag(h.lang)
}

// date reads the first of the named fields that is a date. The raw text is
// that of the date read, or of the first field when none could be.
func (c *converter) date(h *holding, names ...string) (t time.Time, raw string) {
	for _, n := range names {
		f := h.field(n)
		if f == nil {
			continue
		}
		s := c.rawOf(f)
		if t, ok := parseDate(s, c.loc); ok {
			return t, s
		}
		if raw == "" {
			raw = s
		}
	}
	return time.Time{}, raw
}

// holdings pairs an entry that gofeed read with what was kept aside of it:
// both are in the order of the document.
func (c *converter) holding(i int) *holding {
	if i < len(c.items) {
		return &c.items[i]
	}
	return &holding{scope: c.feed.scope}
}

// adoptBase makes the site's address the base of all that has none, when the
// document's own address is not known.
func (c *converter) adoptBase(site string) {
	if c.feed.base != nil || !webAddress(site) {
		return
	}
	base := resolveBase(nil, site)
	c.feed.base = base
	for i := range c.items {
		h := &c.items[i]
		if h.base == nil {
			h.base = base
		}
		for j := range h.fields {
			if h.fields[j].base == nil {
				h.fields[j].base = base
			}
		}
	}
}

// finishEntry does what all formats need once an entry is read.
func (c *converter) finishEntry(e *Entry) {
	if e.Language == "" {
		e.Language = c.res.Feed.Language
	}
	if len(e.Authors) == 0 && e.Source == nil {
		e.Authors = c.res.Feed.Authors
	}
	e.guid = e.ID
	if e.ID == "" {
		e.ID = e.Link
	}
}

// notFeed says what a document is that is no feed, and what to do.
func notFeed(text []byte, in Input) error {
	head := string(bytes.ToLower(text[:min(len(text), 4096)]))
	switch {
	case strings.Contains(head, "<opml"):
		return errors.New("not a feed: this is a list of feeds (OPML); import it with `broadsheet sources import`")
	case strings.Contains(head, "<urlset"), strings.Contains(head, "<sitemapindex"):
		return errors.New("not a feed: this is a site map; use the address of the site's feed, or kind: page")
	case strings.Contains(head, "<html"), strings.Contains(head, "<!doctype html"), strings.Contains(head, "<head"), strings.Contains(head, "<body"):
		return notFeedButPage(text, in)
	case head[0] != '<' && binary(in.Body):
		return errors.New("not a feed: this is binary data; use the address of an RSS, Atom or JSON feed")
	case head[0] != '<':
		return fmt.Errorf("not a feed: this is plain text that begins %q; use the address of an RSS, Atom or JSON feed, or kind: listing", opening(text))
	}
	return fmt.Errorf("not a feed: this is XML whose first element is %q; use the address of an RSS, Atom or JSON feed", firstElement(text))
}

// opening returns the first words of a text, for error messages.
func opening(text []byte) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(text[:min(len(text), 400)])), "\n")
	r := []rune(strings.ToValidUTF8(line, ""))
	if len(r) > 30 {
		return string(r[:30]) + "…"
	}
	return string(r)
}

// firstElement returns the name of the first element of an XML document.
func firstElement(text []byte) string {
	for i := range min(len(text), junkWindow) {
		var t xmlTag
		if text[i] == '<' && scanTag(text, i, &t) {
			return string(t.name)
		}
	}
	return ""
}

// binary reports whether a document is no text in any charset: it begins as
// known kinds of files do, or one byte in twenty of its beginning is a control
// character that no text has.
func binary(body []byte) bool {
	head := body[:min(len(body), 4096)]
	for _, magic := range []string{"%PDF", "PK\x03\x04", "GIF8", "\x89PNG", "\xff\xd8\xff", "\x1f\x8b", "\x7fELF", "RIFF", "\xd0\xcf\x11\xe0"} {
		if bytes.HasPrefix(head, []byte(magic)) {
			return true
		}
	}
	if enc, _ := byteOrder(head); enc != nil {
		return false
	}
	n := 0
	for _, c := range head {
		if c < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != 0x1b {
			n++
		}
	}
	return n*20 > len(head)
}
