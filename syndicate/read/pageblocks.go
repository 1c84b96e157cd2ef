package read

import (
	"hash/fnv"
	"math"
	"regexp"
	"slices"
	"sort"
	"strings"

	"golang.org/x/net/html"
)

// A link is a link of the page, with the path of element names and classes
// from the root to it. Links of one list have one path.
type link struct {
	node   *html.Node
	href   string
	region region
	path   uint64 // with ids
	shape  uint64 // without
}

// stateWords are classes that say which of its siblings an element is, and not
// what it is.
var stateWords = nameSet("", "odd", "even", "first", "last", "active", "cur", "current", "on", "selected", "top", "new", "hot", "clearfix", "clear", "cf", "fl", "fr", "nobg", "noborder", "alt", "sticky", "visited", "hover", "line", "mt", "mb", "ml", "mr", "no")

// plainItems are elements whose classes vary within a list.
var plainItems = nameSet("", "li", "tr", "td", "th", "a", "span", "dd", "dt", "p", "b", "strong", "em", "font", "tbody")

// anchors lists the links of the page that lead to other pages.
func (p *page) anchors() []link {
	var out []link
	var visit func(n *html.Node, r region, path, shape uint64)
	visit = func(n *html.Node, r region, path, shape uint64) {
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			if c.Type != html.ElementNode || len(out) >= maxAnchors {
				continue
			}
			if unseen(c) && c.Data != "noscript" {
				continue
			}
			r := regionOf(c, r)
			classes := stableClasses(c)
			shape := step(shape, c.Data, classes, "")
			path := step(path, c.Data, classes, stableID(c))
			if c.Data == "a" {
				if href := p.href(attrOf(c, "href")); href != "" && pageAddress(href) != p.self {
					out = append(out, link{c, href, r, path, shape})
				}
			}
			visit(c, r, path, shape)
		}
	}
	visit(p.root, mainText, 0, 0)
	if len(out) == maxAnchors {
		p.res.repairf("the page has more than %d links; the rest was not looked at", maxAnchors)
	}
	return out
}

// step extends the hash of a path by an element.
func step(path uint64, name, classes, id string) uint64 {
	h := fnv.New64a()
	var b [8]byte
	for i := range b {
		b[i] = byte(path >> (8 * i))
	}
	_, _ = h.Write(b[:]) // a hash never fails
	_, _ = h.Write([]byte(name + "." + classes + "#" + id))
	return h.Sum64()
}

// stableClasses returns the classes of an element that its siblings have too,
// sorted.
func stableClasses(n *html.Node) string {
	if inSet(plainItems, n.Data) {
		return ""
	}
	class := attrOf(n, "class")
	if class == "" {
		return ""
	}
	var keep []string
	for _, c := range strings.Fields(cutText(class, 200)) {
		c = strings.ToLower(c)
		if !hasDigit(c) && !inSet(stateWords, c) {
			keep = append(keep, c)
		}
	}
	slices.Sort(keep)
	return strings.Join(keep, " ")
}

// stableID returns the id of an element that is a part of the page and no item.
func stableID(n *html.Node) string {
	id := attrOf(n, "id")
	if inSet(plainItems, n.Data) || hasDigit(id) || len(id) > 60 {
		return ""
	}
	return id
}

// A block is the links of a page that have one path.
type block struct {
	links []link
	early float64 // how promising it is before dates are looked for
}

// maxBlocks is how many blocks of links are looked at closely.
const maxBlocks = 24

// smallTalk is the text of links that are no titles.
var smallTalk = regexp.MustCompile(`(?i)^(?:[\d\s.,]+|更多|更多>*|more|more\s*[>»…]*|详细|详情|查看(?:详情|全文|更多)|阅读(?:全文|更多)|全文|read more|continue reading|details|首页|上一页|下一页|尾页|末页|next|prev(?:ious)?|back|下载|打印|分享|收藏|评论.{0,8}|\d* ?comments?|\[?\s*(?:详细|more)\s*\]?|[>»«<…·|]+|(?:share|tweet|pin|follow|subscribe|sign (?:up|in)|log ?in|register)\b.{0,30})$`)

// fromBlocks finds the repeated blocks of links. It returns those that look
// like news, the best first, and those that were passed over.
func (p *page) fromBlocks(anchors []link) (list, passed []reading) {
	blocks := groupLinks(anchors)
	for _, b := range blocks {
		c := p.blockCandidate(b)
		if p.prof != nil && p.prof.datedOnly {
			c.onlyDated()
			c.tier = "the profile " + p.prof.name
		}
		p.rate(&c)
		if c.score > 0 && len(c.items) >= 3 {
			list = append(list, c)
		} else {
			passed = append(passed, c)
		}
	}
	sort.SliceStable(list, func(i, j int) bool { return list[i].score > list[j].score })
	if len(list) > 1 {
		list = p.mergeAlike(list)
	}
	if len(list) > 0 && list[0].proposed.Item == "" {
		p.propose(&list[0])
	}
	return list, passed
}

// inProse reports whether a link stands within a paragraph, after some of its
// words, and so is no title.
func inProse(a *html.Node) bool {
	n := a
	for n.Parent != nil && n.Data != "p" && !elements[n.Data].block {
		n = n.Parent
	}
	if n.Data != "p" {
		return false
	}
	width := 0
	for c := range n.Descendants() {
		if c == a {
			return false
		}
		if c.Type == html.TextNode {
			if width += displayWidth(squeeze(c.Data)); width > 24 {
				return true
			}
		}
	}
	return false
}

// groupLinks puts links of one path together and returns the groups that may
// be lists, the most promising first.
func groupLinks(anchors []link) []block {
	at := map[uint64]int{}
	var blocks []block
	for _, l := range anchors {
		text := textOf(l.node, 300)
		if smallTalk.MatchString(text) || inProse(l.node) {
			continue
		}
		i, known := at[l.path]
		if !known {
			i = len(blocks)
			at[l.path] = i
			blocks = append(blocks, block{})
		}
		blocks[i].links = append(blocks[i].links, l)
	}
	blocks = slices.DeleteFunc(blocks, func(b block) bool { return len(b.links) < 3 })
	for i := range blocks {
		widths := make([]int, 0, len(blocks[i].links))
		hrefs := map[string]bool{}
		for _, l := range blocks[i].links {
			w := displayWidth(textOf(l.node, 300))
			if w == 0 {
				w = displayWidth(attrOf(l.node, "title"))
			}
			widths = append(widths, w)
			hrefs[l.href] = true
		}
		blocks[i].early = math.Log(1+float64(len(hrefs))) * min(1, float64(median(widths))/28) * blocks[i].links[0].region.weight()
	}
	sort.SliceStable(blocks, func(i, j int) bool { return blocks[i].early > blocks[j].early })
	return blocks[:min(len(blocks), maxBlocks)]
}

// blockCandidate reads the items of a block.
func (p *page) blockCandidate(b block) reading {
	c := reading{tier: "repeated links", region: b.links[0].region}
	roots := itemRoots(b.links)
	c.follow = p.followed(roots)
	seen := map[string]bool{}
	for i, l := range b.links {
		if seen[l.href] {
			continue
		}
		seen[l.href] = true
		if l.region < c.region {
			c.region = l.region
		}
		it := pageItem{node: roots[i], anchor: l.node}
		it.Link = l.href
		p.fill(&it)
		if c.follow {
			p.fillFollowing(&it, roots)
		}
		c.items = append(c.items, it)
	}
	c.underHeads()
	return c
}

// underHeads leaves out the items of lists whose headings say that they are
// what others read or where else to go, and keeps them when all are.
func (c *reading) underHeads() {
	if c.region != mainText {
		return
	}
	regions := map[*html.Node]region{}
	var news []pageItem
	for i := range c.items {
		list := c.items[i].node.Parent
		r, known := regions[list]
		if !known {
			r = underHead(list, mainText)
			regions[list] = r
		}
		if r == mainText {
			news = append(news, c.items[i])
		} else if len(news) == 0 {
			c.region = r
		}
	}
	if len(news) >= 3 {
		c.items, c.region = news, mainText
	}
}

// itemRoots returns the element around each link of a block that holds no
// other link of it: as much of the page as belongs to that item alone.
func itemRoots(links []link) []*html.Node {
	type count struct {
		href string
		n    int
	}
	counts := map[*html.Node]*count{}
	for _, l := range links {
		for n := l.node; n != nil; n = n.Parent {
			switch c := counts[n]; {
			case c == nil:
				counts[n] = &count{l.href, 1}
			case c.href != l.href:
				c.href = l.href
				c.n++
			}
		}
	}
	roots := make([]*html.Node, len(links))
	for i, l := range links {
		n := l.node
		for n.Parent != nil && counts[n.Parent].n == 1 && n.Parent.Data != "body" {
			n = n.Parent
		}
		roots[i] = n
	}
	return roots
}

// commonAncestor returns the innermost element around all nodes.
func commonAncestor(nodes []*html.Node) *html.Node {
	if len(nodes) == 0 {
		return nil
	}
	in := map[*html.Node]int{}
	for _, n := range nodes {
		for up := n.Parent; up != nil; up = up.Parent {
			in[up]++
		}
	}
	for up := nodes[0].Parent; up != nil; up = up.Parent {
		if in[up] == len(nodes) {
			return up
		}
	}
	return nil
}

// followed reports whether the dates of a list stand not in its items but in
// elements between them, as in rows of two or in a list of terms.
func (p *page) followed(roots []*html.Node) bool {
	within, between := 0, 0
	isRoot := rootSet(roots)
	for i, r := range roots {
		if i == 40 {
			break
		}
		if hasDay(p.datesIn(r)) {
			within++
		}
		for _, n := range following(r, isRoot) {
			if hasDay(p.datesIn(n)) {
				between++
				break
			}
		}
	}
	return within*5 < min(len(roots), 40) && between*2 >= min(len(roots), 40)
}

func rootSet(roots []*html.Node) map[*html.Node]bool {
	m := make(map[*html.Node]bool, len(roots))
	for _, r := range roots {
		m[r] = true
	}
	return m
}

func hasDay(dates []shownDate) bool {
	return slices.ContainsFunc(dates, func(d shownDate) bool { return !d.noYear && d.role != otherDate })
}

// following returns the elements after an item, up to the next one; at most
// three.
func following(root *html.Node, isRoot map[*html.Node]bool) []*html.Node {
	var out []*html.Node
	for n := root.NextSibling; n != nil && len(out) < 3; n = n.NextSibling {
		if isRoot[n] {
			break
		}
		if n.Type == html.ElementNode {
			out = append(out, n)
		}
	}
	return out
}

// fillFollowing completes an item from the elements that follow it.
func (p *page) fillFollowing(it *pageItem, roots []*html.Node) {
	for _, n := range following(it.node, rootSet(roots)) {
		if it.Published.IsZero() {
			p.fillDate(it, p.datesIn(n))
			it.dateAt.node = nil // no selector within the item reaches it
		}
		if it.Summary == "" && n.Data != "tr" && displayWidth(textOf(n, 400)) >= minSummary && firstElementNamed(n, "a") == nil {
			it.Summary, it.summaryText = p.markup(n)
		}
	}
}

// mergeAlike joins to the best block those that are marked as it is but stand
// in another part of the page: the columns of a front page.
func (p *page) mergeAlike(list []reading) []reading {
	best := &list[0]
	shape := shapeOf(best)
	seen := map[string]bool{}
	for i := range best.items {
		seen[best.items[i].Link] = true
	}
	rest := list[:1]
	for i := 1; i < len(list); i++ {
		c := &list[i]
		alike := c.region == mainText && shapeOf(c) == shape && (c.dated*2 >= len(c.items)) == (best.dated*2 >= len(best.items))
		if p.prof != nil && p.prof.datedOnly {
			alike = c.region == mainText
		}
		if !alike {
			rest = append(rest, *c)
			continue
		}
		for _, it := range c.items {
			if !seen[it.Link] {
				seen[it.Link] = true
				best.items = append(best.items, it)
			}
		}
	}
	list = rest
	p.rate(&list[0])
	return list
}

// shapeOf returns the path of a reading's items, without ids.
func shapeOf(c *reading) uint64 {
	var names []string
	for n := c.items[0].anchor; n != nil; n = n.Parent {
		names = append(names, n.Data+"."+stableClasses(n))
	}
	return step(0, strings.Join(names, "<"), "", "")
}

// onlyDated leaves out the items without a date, when three with one are left.
func (c *reading) onlyDated() {
	undated := func(it pageItem) bool { return it.Published.IsZero() }
	dated := slices.DeleteFunc(slices.Clone(c.items), undated)
	if len(dated) >= 3 {
		c.items = dated
	}
}

func inSet(set map[string]string, word string) bool {
	_, ok := set[word]
	return ok
}
