package read

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// A vocabulary says how a page marks the parts of its articles with
// attributes: schema.org's microdata, or classes of microformats.
type vocabulary struct {
	item  func(n *html.Node) bool           // an article begins here
	scope func(n *html.Node) bool           // another thing begins here
	names func(n *html.Node, w string) bool // the element is the part w

	title, link, published, updated, summary, content, author, category []string
}

var microdata = vocabulary{
	item: func(n *html.Node) bool {
		for _, t := range strings.Fields(attrOf(n, "itemtype")) {
			if inSet(articleTypes, t[strings.LastIndexAny(t, "/#")+1:]) {
				return true
			}
		}
		return false
	},
	scope: func(n *html.Node) bool { return hasAttr(n, "itemscope") },
	names: func(n *html.Node, w string) bool { return slices.Contains(strings.Fields(attrOf(n, "itemprop")), w) },
	title: []string{"headline", "name"}, link: []string{"url", "mainEntityOfPage"}, published: []string{"datePublished", "dateCreated"}, updated: []string{"dateModified"},
	summary: []string{"description", "abstract"}, content: []string{"articleBody"}, author: []string{"author"}, category: []string{"articleSection", "keywords"},
}

var microformats = vocabulary{
	item:  func(n *html.Node) bool { return hasClass(n, "h-entry") || hasClass(n, "hentry") },
	scope: func(n *html.Node) bool { return hasClass(n, "h-card") || hasClass(n, "h-cite") },
	names: hasClass,
	title: []string{"p-name", "entry-title"}, link: []string{"u-url", "entry-title"}, published: []string{"dt-published", "published", "entry-date"}, updated: []string{"dt-updated", "updated"},
	summary: []string{"p-summary", "entry-summary"}, content: []string{"e-content", "entry-content"}, author: []string{"p-author", "author"}, category: []string{"p-category"},
}

func hasClass(n *html.Node, class string) bool {
	v := attrOf(n, "class")
	return strings.Contains(v, class) && slices.Contains(strings.Fields(v), class)
}

// fromMicrodata reads the articles that the page marks with microdata.
func (p *page) fromMicrodata(anchors []link) reading {
	return p.fromVocabulary("microdata", &microdata, anchors)
}

// fromMicroformats reads the articles that the page marks as h-entry.
func (p *page) fromMicroformats(anchors []link) reading {
	return p.fromVocabulary("microformats (h-entry)", &microformats, anchors)
}

func (p *page) fromVocabulary(tier string, v *vocabulary, anchors []link) reading {
	c := reading{tier: tier}
	var nodes []*html.Node
	walk(p.root, func(n *html.Node) bool {
		if len(nodes) < maxAnchors && v.item(n) {
			nodes = append(nodes, n)
			return false
		}
		return true
	})
	if len(nodes) < 2 {
		return c
	}
	regions := linkRegions(anchors)
	for _, n := range nodes {
		it := pageItem{node: n}
		v.read(p, &it)
		if it.Link == "" {
			it.anchor, it.Link = p.mainLink(n)
		}
		if it.Link == "" || pageAddress(it.Link) == p.self || regions[it.anchor] >= sideColumn {
			continue
		}
		p.fill(&it)
		c.items = append(c.items, it)
	}
	p.propose(&c)
	return c
}

// linkRegions returns the region of each link.
func linkRegions(anchors []link) map[*html.Node]region {
	out := make(map[*html.Node]region, len(anchors))
	for _, a := range anchors {
		out[a.node] = a.region
	}
	return out
}

// parts returns the elements of an article that are one of the parts named,
// those of things within it left out.
func (v *vocabulary) parts(item *html.Node, names []string) []*html.Node {
	var out []*html.Node
	budget := 4 * maxItemNodes
	walk(item, func(n *html.Node) bool {
		if budget--; budget < 0 {
			return false
		}
		for _, w := range names {
			if v.names(n, w) {
				out = append(out, n)
				break
			}
		}
		return !v.scope(n)
	})
	return out
}

// first returns the first part with one of the names, by the order of these.
func (v *vocabulary) first(item *html.Node, names []string) *html.Node {
	parts := v.parts(item, names)
	for _, w := range names {
		for _, n := range parts {
			if v.names(n, w) {
				return n
			}
		}
	}
	return nil
}

// read fills an item from its marked parts.
func (v *vocabulary) read(p *page, it *pageItem) {
	if n := v.first(it.node, v.title); n != nil {
		it.Title = tidyTitle(firstOf(squeeze(attrOf(n, "content")), textOf(n, 2000)))
		it.titleAt = n
	}
	for _, n := range v.parts(it.node, v.link) {
		a := n
		if attrOf(a, "href") == "" {
			if inner := firstElementNamed(n, "a"); inner != nil {
				a = inner
			}
		}
		if href := p.href(firstOf(attrOf(a, "href"), attrOf(n, "content"))); href != "" {
			it.anchor, it.Link = a, href
			break
		}
	}
	if d, ok := v.date(p, it.node, v.published); ok {
		it.Published, it.PublishedRaw, it.dateAt = d.time, d.raw, d
	}
	if d, ok := v.date(p, it.node, v.updated); ok {
		it.Updated, it.UpdatedRaw = d.time, d.raw
	}
	if n := v.first(it.node, v.summary); n != nil {
		if s := attrOf(n, "content"); s != "" {
			it.Summary, it.summaryText = cleanText(squeeze(s))
		} else {
			it.Summary, it.summaryText = p.markup(n)
			it.summaryAt = n
		}
	}
	if n := v.first(it.node, v.content); n != nil {
		it.Content, it.text = p.markup(n)
	}
	for _, n := range v.parts(it.node, v.author) {
		name := squeeze(firstOf(attrOf(n, "content"), textOf(n, 200)))
		if inner := v.first(n, []string{"name", "p-name", "fn"}); inner != nil {
			name = squeeze(firstOf(attrOf(inner, "content"), textOf(inner, 200)))
		}
		if name != "" && len(it.Authors) < 20 {
			it.Authors = append(it.Authors, Person{Name: name})
		}
	}
	for _, n := range v.parts(it.node, v.category) {
		addCategory(&it.Entry, firstOf(attrOf(n, "content"), textOf(n, 100)), "")
	}
}

// date reads a marked date.
func (v *vocabulary) date(p *page, item *html.Node, names []string) (d shownDate, ok bool) {
	n := v.first(item, names)
	if n == nil {
		return d, false
	}
	if inner := firstElementNamed(n, "time"); inner != nil {
		n = inner
	}
	for _, key := range [...]string{"datetime", "content", "title", "value"} {
		if raw := attrOf(n, key); raw != "" {
			if t, ok := machineDate(raw, p.loc); ok {
				return shownDate{time: t, raw: raw, node: n, attr: key}, true
			}
		}
	}
	d, ok = p.namedDate(n, "", textOf(n, 200))
	return d, ok && !d.noYear
}

// fromArticles reads the article elements of the page: those of one parent's
// kind that look most like a list of news.
func (p *page) fromArticles(anchors []link) reading {
	groups := map[string][]*html.Node{}
	var order []string
	n := 0
	walk(p.root, func(e *html.Node) bool {
		if e.Data != "article" || n >= maxAnchors {
			return true
		}
		n++
		key := ""
		if e.Parent != nil {
			key = e.Parent.Data + "." + stableClasses(e.Parent) + "#" + stableID(e.Parent)
		}
		if groups[key] == nil {
			order = append(order, key)
		}
		groups[key] = append(groups[key], e)
		return false
	})
	regions := linkRegions(anchors)
	var best reading
	for _, key := range order {
		c := reading{tier: "article elements"}
		for _, e := range groups[key] {
			it := pageItem{node: e}
			it.anchor, it.Link = p.mainLink(e)
			if it.Link == "" || pageAddress(it.Link) == p.self {
				continue
			}
			c.region = max(c.region, regions[it.anchor])
			p.fill(&it)
			c.items = append(c.items, it)
		}
		if p.rate(&c); c.score > best.score && len(c.items) >= 2 {
			best = c
		}
	}
	p.propose(&best)
	return best
}
