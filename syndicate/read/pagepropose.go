package read

import (
	"fmt"
	"regexp"
	"strings"

	"golang.org/x/net/html"

	"broadsheet/syndicate"
)

// plainName is a class or id that a selector can have without escapes.
var plainName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]{0,40}$`)

// propose writes down the selectors that find what a reading found. One that
// finds anything else is not proposed.
func (p *page) propose(c *reading) {
	roots := make([]*html.Node, 0, len(c.items))
	want := make(map[*html.Node]bool, len(c.items))
	for i := range c.items {
		if n := c.items[i].node; n != nil && !want[n] {
			want[n] = true
			roots = append(roots, n)
		}
	}
	if len(roots) == 0 {
		return
	}
	item := p.itemSelector(roots)
	if item == "" {
		item = p.selectorOfLists(roots)
	}
	if item == "" {
		return
	}
	c.proposed = syndicate.Selectors{Item: item}
	link := proposePart(c.items, func(it *pageItem) (*html.Node, string) { return it.anchor, "" })
	if link != "" && !selfLink(c.items) {
		c.proposed.Link = link
	}
	c.proposed.Title = p.proposeTitle(c.items, c.proposed)
	c.proposed.Date = proposePart(c.items, func(it *pageItem) (*html.Node, string) { return it.dateAt.node, it.dateAt.attr })
	c.proposed.Summary = proposePart(c.items, func(it *pageItem) (*html.Node, string) { return it.summaryAt, "" })
}

func selfLink(items []pageItem) bool { return items[0].anchor == items[0].node }

// maxLists is how many lists a proposed selector joins.
const maxLists = 8

// selectorOfLists is itemSelector for items that stand in several lists: it
// joins a selector for each.
func (p *page) selectorOfLists(roots []*html.Node) string {
	lists := map[*html.Node][]*html.Node{}
	var order []*html.Node
	for _, r := range roots {
		if lists[r.Parent] == nil {
			order = append(order, r.Parent)
		}
		lists[r.Parent] = append(lists[r.Parent], r)
	}
	if len(order) < 2 || len(order) > maxLists {
		return ""
	}
	var parts []string
	for _, parent := range order {
		one := p.itemSelector(lists[parent])
		if one == "" {
			return ""
		}
		parts = append(parts, one)
	}
	return strings.Join(parts, ", ")
}

// itemSelector returns a selector that finds the roots and nothing else that
// has a link, built from the list upwards; "" when there is none.
func (p *page) itemSelector(roots []*html.Node) string {
	want := rootSet(roots)
	last := commonStep(roots)
	for n, text, depth := commonAncestor(roots), last, 0; depth < 8; depth++ {
		s, err := parseSelector("item", text)
		if err != nil || s == nil {
			return ""
		}
		found, right, wrong := s.find(p.root), 0, 0
		for _, f := range found {
			if want[f] {
				right++
			} else if _, href := p.mainLink(f); href != "" {
				wrong++
			}
		}
		if right == len(want) && wrong == 0 && len(outermost(found)) == len(found) {
			return text
		}
		if n == nil || n.Type != html.ElementNode || n.Data == "body" || n.Data == "html" {
			break
		}
		joint := " > "
		if depth == 0 {
			for _, r := range roots {
				if r.Parent != n {
					joint = " "
				}
			}
		}
		text = cssStep(n) + joint + text
		n = n.Parent
	}
	return ""
}

// proposeTitle returns a selector of the title where the text of the link is
// something else; "" where it is not, or none can be found.
func (p *page) proposeTitle(items []pageItem, sel syndicate.Selectors) string {
	s, err := compileSelection(sel)
	if err != nil {
		return ""
	}
	same := true
	for i := range items {
		same = same && p.selectItem(s, items[i].node).Title == items[i].Title
	}
	if same {
		return ""
	}
	return proposePart(items, func(it *pageItem) (*html.Node, string) { return it.titleAt, "" })
}

// commonStep returns the name of the roots' elements with the classes that all
// of them have.
func commonStep(roots []*html.Node) string {
	name := roots[0].Data
	classes := strings.Fields(attrOf(roots[0], "class"))
	for _, r := range roots[1:] {
		if r.Data != name {
			return "*"
		}
		has := map[string]bool{}
		for _, c := range strings.Fields(attrOf(r, "class")) {
			has[c] = true
		}
		kept := classes[:0:0]
		for _, c := range classes {
			if has[c] {
				kept = append(kept, c)
			}
		}
		classes = kept
	}
	return name + classSuffix(classes)
}

// cssStep names an element in a selector.
func cssStep(n *html.Node) string {
	if id := attrOf(n, "id"); plainName.MatchString(id) && !hasDigit(id) {
		return n.Data + "#" + id
	}
	return n.Data + classSuffix(strings.Fields(attrOf(n, "class")))
}

// classSuffix writes at most two classes for a selector.
func classSuffix(classes []string) string {
	out, n := "", 0
	for _, c := range classes {
		if plainName.MatchString(c) && !inSet(stateWords, strings.ToLower(c)) && n < 2 {
			out += "." + c
			n++
		}
	}
	return out
}

// proposePart returns a selector that, in every item that has such a part,
// finds that part first; "" when there is none.
func proposePart(items []pageItem, part func(*pageItem) (*html.Node, string)) string {
	var tries []string
	has := 0
	for i := range items {
		n, attr := part(&items[i])
		if n == nil {
			continue
		}
		if has++; has == 1 {
			tries = partSteps(items[i].node, n, attr)
		}
	}
	if has*10 < len(items)*9 || has == 0 {
		return ""
	}
	for _, text := range tries {
		if findsFirst(items, text, part) {
			return text
		}
	}
	return ""
}

// findsFirst reports whether a selector finds the part first in every item.
func findsFirst(items []pageItem, text string, part func(*pageItem) (*html.Node, string)) bool {
	s, err := parseSelector("part", text)
	if err != nil || s == nil {
		return false
	}
	for i := range items {
		n, _ := part(&items[i])
		if n == nil {
			continue
		}
		found := s.nodes(items[i].node)
		if len(found) == 0 || !partOf(found[0], n) {
			return false
		}
	}
	return true
}

// partOf reports whether a found element is the part, or holds nothing else.
func partOf(found, part *html.Node) bool {
	for n := part; n != nil; n = n.Parent {
		if n == found {
			return n == part || textOf(found, 400) == textOf(part, 400) || part.Type == html.TextNode
		}
	}
	return false
}

// partSteps lists selectors of a part within its item, the plainest first.
func partSteps(item, n *html.Node, attr string) []string {
	suffix := ""
	if attr != "" {
		suffix = "@" + attr
	}
	if n.Type == html.TextNode {
		n = n.Parent
	}
	if n == item || n == nil {
		if suffix != "" {
			return []string{suffix}
		}
		return nil
	}
	own := n.Data + classSuffix(strings.Fields(attrOf(n, "class")))
	tries := []string{own + suffix}
	for _, c := range strings.Fields(attrOf(n, "class")) {
		if plainName.MatchString(c) && len(tries) < 6 {
			tries = append(tries, "."+c+suffix)
		}
	}
	if n.Parent != nil && n.Parent != item {
		tries = append(tries, cssStep(n.Parent)+" > "+own+suffix)
	}
	return append(tries, fmt.Sprintf("%s:nth-child(%d)%s", n.Data, childIndex(n), suffix), n.Data+":last-child"+suffix)
}

// childIndex returns which child of its parent an element is, from one.
func childIndex(n *html.Node) int {
	i := 1
	for s := n.PrevSibling; s != nil; s = s.PrevSibling {
		if s.Type == html.ElementNode {
			i++
		}
	}
	return i
}
