package read

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"golang.org/x/net/html"

	"broadsheet/syndicate"
)

// Limits of a page. Real ones stay far below; the rest of a larger one is left
// out, and Repairs says so.
const (
	maxPage      = 4 << 20 // bytes of text
	maxElements  = 100_000 // elements
	maxSiblings  = 5_000   // children of one element
	maxLevels    = 100     // levels of hollow elements on a page that nests deeper than the parser goes; see flatten
	maxItemNodes = 400     // nodes looked at for an item's date
	maxAnchors   = 5_000   // links looked at
)

// A SelectorHits says what a selector found on a page.
type SelectorHits struct {
	Name     string `json:"name"` // item, link, title, date, summary or body
	Selector string `json:"selector"`
	Found    int    `json:"found"`            // items; for the others, items in which it found something
	Of       int    `json:"of"`               // items; 1 for the body
	Sample   string `json:"sample,omitempty"` // the first thing it found, shortened
}

// A page is a web page, parsed.
type page struct {
	in   Input
	res  *Result
	root *html.Node
	base *url.URL       // nil when the page's address is not known
	loc  *time.Location // of dates that name no zone
	sent time.Time      // when the server sent it; zero when it does not say
	own  string         // the page's own address; "" when it is not known
	self string         // the same as pageAddress has it, to compare with
	prof *profile       // nil when none fits

	seen  *string           // what readers see, the beginning; see visible
	metas map[string]string // content of meta elements by name, in lower case
}

// readPage reads the list of articles of a web page.
func readPage(ctx context.Context, in Input) (*Result, error) {
	in.Page = trimmed(in.Page)
	if err := CheckSelectors(in.Page); err != nil {
		return nil, selectorFaults(err)
	}
	p, err := parsePage(in)
	if err != nil {
		return nil, fmt.Errorf("not a page with a list of articles: %w", err)
	}
	p.describe()
	p.chooseProfile()
	if in.Page.Item != "" {
		err = p.readSelected(ctx)
	} else {
		err = p.readAutomatically(ctx)
	}
	if err != nil {
		return nil, err
	}
	if feeds := discover(p.root, p.base); len(feeds) > 0 && feeds[0].Rel == "alternate" {
		p.res.notef("the page names the feed %s; kind: feed with that address says more and changes less", feeds[0].Href)
	}
	return p.res, nil
}

// notef adds a note to the result.
func (r *Result) notef(format string, args ...any) {
	r.Notes = append(r.Notes, fmt.Sprintf(format, args...))
}

// parsePage parses a page. The error is for what is no HTML.
func parsePage(in Input) (*page, error) {
	if len(bytes.TrimSpace(in.Body)) == 0 {
		return nil, errEmpty
	}
	if binary(in.Body) {
		return nil, errors.New("this is binary data; use the address of a web page")
	}
	text, res := in.decode(syndicate.KindPage, pageCharset(in.Body))
	if err := checkHTML(text); err != nil {
		return nil, err
	}
	p := &page{in: in, loc: in.Location, res: res}
	if len(text) > maxPage {
		p.res.repairf("the page has more than %d MiB; the rest was left out", maxPage>>20)
		text = bytes.ToValidUTF8(text[:maxPage], nil)
	}
	root, flattened := parseHTML(text)
	if flattened {
		p.res.repairf("the page nests deeper than %d elements; what is deeper was taken one level up", maxLevels)
	}
	p.root = root
	if prune(root) {
		p.res.repairf("the page has more than %d elements, or one with more than %d children; the rest was left out", maxElements, maxSiblings)
	}
	p.sent, _ = http.ParseTime(in.Header.Get("Date"))
	p.findBase()
	return p, nil
}

// metaCharset is how a page declares its charset.
var metaCharset = regexp.MustCompile(`(?i)<meta[^>]{0,200}charset\s*=\s*["']?\s*([a-z0-9_:\-]{2,30})`)

// pageCharset returns the charset that a page declares, in lower case.
func pageCharset(body []byte) string {
	if m := metaCharset.FindSubmatch(body[:min(len(body), 4096)]); m != nil {
		return strings.ToLower(string(m[1]))
	}
	return declaredCharset(body)
}

// htmlTag is a tag that only HTML has.
var htmlTag = regexp.MustCompile(`(?i)<(?:!doctype\s+html|html|head|body|div|ul|ol|table|article|section|main|p|a|h[1-6]|span|script|meta|form)[\s>/]`)

// checkHTML returns the error for a text that is no HTML.
func checkHTML(text []byte) error {
	trimmed := bytes.TrimSpace(text)
	if len(trimmed) == 0 {
		return errEmpty
	}
	head := trimmed[:min(len(trimmed), 4096)]
	if at := findRoot(head); at >= 0 && trimmed[0] == '<' {
		return errors.New("this is a feed; read it with kind: feed")
	}
	switch {
	case trimmed[0] == '{' || trimmed[0] == '[':
		return errors.New("this is JSON; use the address of the page that people see, or kind: feed for a JSON Feed")
	case htmlTag.Match(head):
		return nil
	case trimmed[0] == '<':
		return fmt.Errorf("this is XML whose first element is %q; use the address of a web page", firstElement(trimmed))
	}
	return fmt.Errorf("this is plain text that begins %q; use the address of a web page, or kind: listing", opening(trimmed))
}

// parseHTML parses HTML. What nests deeper than the parser goes is flattened.
func parseHTML(text []byte) (root *html.Node, flattened bool) {
	noScripts := html.ParseOptionEnableScripting(false)
	root, err := html.ParseWithOptions(bytes.NewReader(text), noScripts)
	if err == nil {
		return root, false
	}
	if root, err = html.ParseWithOptions(bytes.NewReader(flatten(text)), noScripts); err == nil {
		return root, true
	}
	return &html.Node{Type: html.DocumentNode}, true
}

// Elements that flatten treats in their own way: those that say nothing by
// themselves, which go first, and those that the next of their name ends.
var (
	hollow  = nameSet("", "div", "span", "section", "font", "b", "i", "em", "strong", "u", "center", "small", "big", "table", "tbody", "article", "blockquote", "form")
	endless = nameSet("", "li", "p", "tr", "td", "th", "dt", "dd", "option")
)

// flatten takes the tags out of HTML that would nest deeper than the parser
// goes: from maxLevels on those of elements that say nothing by themselves,
// and from twice that on all.
func flatten(text []byte) []byte {
	out := make([]byte, 0, len(text))
	z := html.NewTokenizer(bytes.NewReader(text))
	var open []string
	for {
		switch z.Next() {
		case html.ErrorToken:
			return out
		case html.StartTagToken:
			name := tagName(z)
			if n := len(open); n > 0 && n < 2*maxLevels && open[n-1] == string(name) && inSet(endless, string(name)) {
				open = open[:n-1]
			}
			if n := len(open); n >= 2*maxLevels || n >= maxLevels && inSet(hollow, string(name)) {
				continue
			}
			if el, known := elements[string(name)]; !known || !el.void {
				open = append(open, string(name))
			}
			out = append(out, z.Raw()...)
		case html.EndTagToken:
			name := tagName(z)
			for i := len(open) - 1; i >= 0; i-- {
				if open[i] == string(name) {
					open = open[:i]
					out = append(out, z.Raw()...)
					break
				}
			}
		default:
			out = append(out, z.Raw()...)
		}
	}
}

// prune cuts off what a page has too much of. Selectors that count siblings
// cost as much as the longest list squared.
func prune(root *html.Node) (cut bool) {
	elements := 0
	var visit func(n *html.Node)
	visit = func(n *html.Node) {
		children := 0
		for c := n.FirstChild; c != nil; {
			next := c.NextSibling
			if c.Type == html.ElementNode {
				elements++
			}
			if children++; children > maxSiblings || elements > maxElements {
				n.RemoveChild(c)
				cut = true
			} else {
				visit(c)
			}
			c = next
		}
	}
	visit(root)
	return cut
}

// findBase finds the base of the page's links: its base element, its address,
// or, for a page read from a file, the address it says it has.
func (p *page) findBase() {
	p.base = documentBase(p.in)
	if p.base != nil && p.base.Scheme == "file" {
		p.base = nil
	}
	if p.base == nil {
		if u := firstOf(p.linkRel("canonical"), p.meta("og:url")); webAddress(u) {
			p.base = resolveBase(nil, u)
		}
	}
	if p.base != nil {
		p.own, _, _ = strings.Cut(p.base.String(), "#")
		p.self = pageAddress(p.own)
	}
	if n := p.firstNamed("base"); n != nil && attrOf(n, "href") != "" {
		if b := resolveBase(p.base, attrOf(n, "href")); b != nil && (b.Scheme == "http" || b.Scheme == "https") && b.Host != "" {
			p.base = b
		}
	}
}

// pageAddress returns an address without its fragment and its last slash.
func pageAddress(s string) string {
	s, _, _ = strings.Cut(s, "#")
	return strings.TrimSuffix(s, "/")
}

// href returns the absolute address of a link on the page, or "" when it is no
// link to another document of the web.
func (p *page) href(ref string) string {
	ref = strings.TrimSpace(ref)
	if ref == "" || ref[0] == '#' {
		return ""
	}
	s := absolute(p.base, ref)
	if webAddress(s) {
		return s
	}
	if u, err := url.Parse(s); p.base == nil && err == nil && u.Scheme == "" && u.Path != "" {
		return s
	}
	return ""
}

// describe reads what the page says about itself.
func (p *page) describe() {
	f := &p.res.Feed
	f.Title = firstOf(p.meta("og:site_name", "sitename", "columnname"), p.title())
	if t := p.title(); t != "" {
		f.Title = t
	}
	if d := p.meta("description", "og:description", "columndescription"); d != "" {
		f.Subtitle, _ = cleanText(squeeze(d))
	}
	f.Language = languageTag(firstOf(p.language(), p.in.Header.Get("Content-Language")))
	f.Generator = squeeze(p.meta("generator"))
	f.Link = p.own
	if n := p.firstNamed("html"); n != nil && f.Language == "" {
		f.Language = languageTag(p.in.Language)
	}
}

// language returns the language the page declares.
func (p *page) language() string {
	if n := p.firstNamed("html"); n != nil {
		if l := firstOf(attrOf(n, "lang"), attrOf(n, "xml:lang")); l != "" {
			return l
		}
	}
	return p.meta("content-language", "og:locale", "dc.language")
}

// title returns the title of the page, as one line.
func (p *page) title() string {
	head := p.firstNamed("head")
	if head == nil {
		return ""
	}
	if n := firstElementNamed(head, "title"); n != nil {
		return textOf(n, 1000)
	}
	return ""
}
