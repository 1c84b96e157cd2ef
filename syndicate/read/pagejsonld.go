package read

import (
	"encoding/json"
	"strings"

	"golang.org/x/net/html"
)

// Limits of the structured data of a page.
const (
	maxDataDepth   = 32
	maxDataObjects = 20_000
)

// articleTypes are the types of schema.org that an article may have.
var articleTypes = nameSet("", "Article", "NewsArticle", "AnalysisNewsArticle", "AskPublicNewsArticle", "BackgroundNewsArticle", "OpinionNewsArticle", "ReportageNewsArticle", "ReviewNewsArticle",
	"Report", "TechArticle", "ScholarlyArticle", "SatiricalArticle", "AdvertiserContentArticle", "SocialMediaPosting", "BlogPosting", "LiveBlogPosting", "DiscussionForumPosting", "PressRelease")

// listTypes are the types whose parts are not articles.
var notNews = nameSet("", "BreadcrumbList", "SiteNavigationElement", "WPHeader", "WPFooter", "WPSideBar", "Organization", "Person", "Product", "Offer", "ImageObject", "VideoObject", "FAQPage", "Question", "SearchAction", "WebSite", "Place", "Comment", "Menu", "Recipe", "Brand", "AggregateRating")

// A dataObject is an object of JSON-LD.
type dataObject map[string]any

// dataObjects returns the objects of the page's JSON-LD, each before those in
// it.
func (p *page) dataObjects() []dataObject {
	var out []dataObject
	var collect func(v any, depth int)
	collect = func(v any, depth int) {
		if depth > maxDataDepth || len(out) >= maxDataObjects {
			return
		}
		switch v := v.(type) {
		case []any:
			for _, x := range v {
				collect(x, depth+1)
			}
		case map[string]any:
			o := dataObject(v)
			if o.is(notNews) {
				return
			}
			out = append(out, o)
			for _, key := range [...]string{"@graph", "mainEntity", "itemListElement", "item", "hasPart", "blogPost", "blogPosts", "mainEntityOfPage", "about"} {
				if inner, ok := v[key]; ok && key != "about" {
					collect(inner, depth+1)
				}
			}
		}
	}
	walk(p.root, func(n *html.Node) bool {
		if n.Data == "script" && strings.HasPrefix(strings.ToLower(strings.TrimSpace(attrOf(n, "type"))), "application/ld+json") && n.FirstChild != nil {
			if v, ok := parseData(n.FirstChild.Data); ok {
				collect(v, 0)
			}
		}
		return true
	})
	return out
}

// parseData reads JSON as pages carry it: in a comment or CDATA section, with
// line breaks inside strings.
func parseData(s string) (v any, ok bool) {
	s = strings.TrimSpace(s)
	for _, cut := range [...]string{"<!--", "//<![CDATA[", "<![CDATA[", "/*<![CDATA[*/"} {
		s = strings.TrimSpace(strings.TrimPrefix(s, cut))
	}
	for _, cut := range [...]string{"-->", "//]]>", "]]>", "/*]]>*/", ";"} {
		s = strings.TrimSpace(strings.TrimSuffix(s, cut))
	}
	if json.Unmarshal([]byte(s), &v) == nil {
		return v, true
	}
	s = strings.Map(func(r rune) rune {
		if r < 0x20 {
			return ' '
		}
		return r
	}, s)
	return v, json.Unmarshal([]byte(s), &v) == nil
}

// is reports whether an object has one of the types.
func (o dataObject) is(types map[string]string) bool {
	for _, t := range values(o["@type"]) {
		if s, ok := t.(string); ok {
			s = s[strings.LastIndexAny(s, "/#:")+1:]
			if inSet(types, s) {
				return true
			}
		}
	}
	return false
}

// values returns a value as a list.
func values(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{v}
}

// text returns the first of the named properties that has a text, as plain
// text on one line.
func (o dataObject) text(keys ...string) string {
	for _, k := range keys {
		for _, v := range values(o[k]) {
			switch v := v.(type) {
			case string:
				if s := plainText(v); s != "" {
					return squeeze(s)
				}
			case map[string]any: // {"@value": …}, and names of things
				if s := dataObject(v).text("@value", "name"); s != "" {
					return s
				}
			}
		}
	}
	return ""
}

// address returns the first of the named properties that is a web address.
func (o dataObject) address(p *page, keys ...string) string {
	for _, k := range keys {
		for _, v := range values(o[k]) {
			switch v := v.(type) {
			case string:
				if href := p.href(strings.TrimSpace(v)); href != "" {
					return href
				}
			case map[string]any:
				if href := dataObject(v).address(p, "@id", "url"); href != "" {
					return href
				}
			}
		}
	}
	return ""
}

// people returns the persons of a property.
func (o dataObject) people(key string) []Person {
	var out []Person
	for _, v := range values(o[key]) {
		var name string
		switch v := v.(type) {
		case string:
			name = squeeze(plainText(v))
		case map[string]any:
			name = dataObject(v).text("name")
		}
		if name != "" && !webAddress(name) && len(out) < 20 {
			out = append(out, Person{Name: name})
		}
	}
	return out
}

// entry fills an entry from an object.
func (o dataObject) entry(p *page, e *Entry) {
	e.Title = o.text("headline", "name", "title")
	e.Link = o.address(p, "url", "mainEntityOfPage", "@id")
	for _, key := range [...]string{"datePublished", "dateCreated"} {
		if raw, ok := o[key].(string); ok && e.Published.IsZero() {
			if t, ok := machineDate(raw, p.loc); ok {
				e.Published, e.PublishedRaw = t, strings.TrimSpace(raw)
			}
		}
	}
	if raw, ok := o["dateModified"].(string); ok {
		if t, ok := machineDate(raw, p.loc); ok {
			e.Updated, e.UpdatedRaw = t, strings.TrimSpace(raw)
		}
	}
	e.Authors = o.people("author")
	e.Language = languageTag(o.text("inLanguage"))
	if s := o.text("description", "abstract"); s != "" {
		e.Summary, e.summaryText = cleanText(s)
	}
	for _, key := range [...]string{"articleSection", "keywords"} {
		for _, v := range values(o[key]) {
			s, _ := v.(string)
			for _, word := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == '，' || r == ';' }) {
				addCategory(e, plainText(word), "")
			}
		}
	}
	if src := o.address(p, "image", "thumbnailUrl"); webAddress(src) {
		e.Image = &Image{URL: src}
	}
}

// addCategory adds a category to an entry, once.
func addCategory(e *Entry, term, scheme string) {
	term = squeeze(term)
	if term == "" || displayWidth(term) > 60 || len(e.Categories) >= 40 {
		return
	}
	for _, c := range e.Categories {
		if c.Term == term {
			return
		}
	}
	e.Categories = append(e.Categories, Category{Term: term, Scheme: scheme})
}

// fromJSONLD reads the lists of articles of the page's JSON-LD. What the data
// leave out is taken from the links to the same addresses.
func (p *page) fromJSONLD(anchors []link) reading {
	c := reading{tier: "JSON-LD"}
	shown := p.linksByAddress(anchors)
	seen := map[string]bool{}
	for _, o := range p.dataObjects() {
		var it pageItem
		switch {
		case o.is(articleTypes):
			o.entry(p, &it.Entry)
		case o["@type"] == "ListItem" || o["position"] != nil:
			if _, nested := o["item"].(map[string]any); nested {
				continue // it comes by itself
			}
			it.Title, it.Link = o.text("name"), o.address(p, "url", "item", "@id")
		default:
			continue
		}
		if it.Link == "" || pageAddress(it.Link) == p.self || seen[pageAddress(it.Link)] {
			continue
		}
		seen[pageAddress(it.Link)] = true
		p.complete(&it, shown)
		if it.Title != "" {
			c.items = append(c.items, it)
		}
	}
	return c
}

// A shownLink is a link with the element around it.
type shownLink struct {
	link
	root *html.Node
}

// linksByAddress returns, for each address, its link with the widest text.
func (p *page) linksByAddress(anchors []link) map[string]shownLink {
	roots := itemRoots(anchors)
	out := make(map[string]shownLink, len(anchors))
	width := make(map[string]int, len(anchors))
	for i, a := range anchors {
		key := pageAddress(a.href)
		w := displayWidth(textOf(a.node, 300)) + 1
		if a.region != mainText {
			w = 1
		}
		if w > width[key] {
			width[key] = w
			out[key] = shownLink{a, roots[i]}
		}
	}
	return out
}

// complete takes from the page what structured data leave out of an item.
func (p *page) complete(it *pageItem, shown map[string]shownLink) {
	l, ok := shown[pageAddress(it.Link)]
	if !ok {
		if it.Published.IsZero() {
			p.fillDate(it, nil)
		}
		return
	}
	it.anchor = l.node
	root := l.node
	if it.node == nil {
		root, it.node = l.root, l.root
	}
	at := *it
	at.node = root
	p.fill(&at)
	at.node = it.node
	*it = at
}
