package read

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
)

// attrOf returns the value of an attribute, or "".
func attrOf(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key && a.Namespace == "" {
			return a.Val
		}
	}
	return ""
}

func hasAttr(n *html.Node, key string) bool {
	for _, a := range n.Attr {
		if a.Key == key {
			return true
		}
	}
	return false
}

// walk visits the elements below n, in the order of the page, until visit
// returns false for one, which keeps it from going inside.
func walk(n *html.Node, visit func(*html.Node) bool) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type == html.ElementNode && visit(c) {
			walk(c, visit)
		}
	}
}

// firstElementNamed returns the first element of a name below n, or nil.
func firstElementNamed(n *html.Node, name string) *html.Node {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type != html.ElementNode {
			continue
		}
		if c.Data == name {
			return c
		}
		if found := firstElementNamed(c, name); found != nil {
			return found
		}
	}
	return nil
}

func (p *page) firstNamed(name string) *html.Node { return firstElementNamed(p.root, name) }

// unseen reports whether a reader sees nothing of an element.
func unseen(n *html.Node) bool {
	switch n.Data {
	case "script", "style", "template", "noscript", "head", "iframe", "object", "select", "textarea", "svg", "math", "canvas", "audio", "video":
		return true
	}
	return hasAttr(n, "hidden") || strings.Contains(strings.ReplaceAll(strings.ToLower(attrOf(n, "style")), " ", ""), "display:none")
}

// textOf returns the text of a node as one line, the beginning of it that
// fits into limit bytes. Text of different elements is kept apart where blocks
// and cells are.
func textOf(n *html.Node, limit int) string {
	text, _ := gather(n, limit, nil, false)
	return text
}

// shortText returns the text of an element, that of each element apart from
// the next; "" when it has more than limit bytes.
func (p *page) shortText(n *html.Node, limit int) string {
	text, whole := gather(n, limit, nil, true)
	if !whole {
		return ""
	}
	return text
}

// gather collects the text of a node, without that of the nodes left out, and
// reports whether all of it fits. It looks at no more nodes than such a text
// can need.
func gather(n *html.Node, limit int, leave map[*html.Node]bool, apart bool) (text string, whole bool) {
	var w textWriter
	left, nodes := limit, 64+limit
	var visit func(n *html.Node) bool
	visit = func(n *html.Node) bool {
		if nodes--; nodes < 0 || left < 0 {
			return false
		}
		if leave[n] {
			return true
		}
		gap := false
		switch n.Type {
		case html.TextNode:
			left -= len(strings.TrimSpace(n.Data))
			w.write(cutText(n.Data, limit))
			return left >= 0
		case html.ElementNode:
			if unseen(n) {
				return true
			}
			gap = apart || elements[n.Data].block || n.Data == "br" || n.Data == "td" || n.Data == "th"
		}
		if gap {
			w.write(" ")
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			if !visit(c) {
				return false
			}
		}
		if gap {
			w.write(" ")
		}
		return true
	}
	whole = visit(n)
	return cutText(w.String(), limit), whole
}

// cutText returns the beginning of s that fits into n bytes.
func cutText(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// displayWidth returns the width of a text in columns: Han characters have two.
func displayWidth(s string) int {
	n := 0
	for _, r := range s {
		n++
		if wide(r) {
			n++
		}
	}
	return n
}

// markupInside returns the HTML inside an element, as it was parsed.
func markupInside(n *html.Node) string {
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if err := html.Render(&b, c); err != nil {
			return "" // a tree no HTML can be written for
		}
	}
	return b.String()
}

// meta returns the content of the first meta element that has one of the
// names, given in lower case and in the order of preference.
func (p *page) meta(names ...string) string {
	if p.metas == nil {
		p.metas = map[string]string{}
		walk(p.root, func(n *html.Node) bool {
			if n.Data == "meta" {
				content := strings.TrimSpace(attrOf(n, "content"))
				for _, key := range [...]string{"name", "property", "http-equiv", "itemprop"} {
					name := strings.ToLower(strings.TrimSpace(attrOf(n, key)))
					if _, known := p.metas[name]; !known && name != "" && content != "" {
						p.metas[name] = content
					}
				}
			}
			return true
		})
	}
	for _, n := range names {
		if v := p.metas[n]; v != "" {
			return v
		}
	}
	return ""
}

// linkRel returns the address of the page's first link element with a relation.
func (p *page) linkRel(rel string) string {
	href := ""
	walk(p.root, func(n *html.Node) bool {
		if n.Data == "link" && href == "" && strings.EqualFold(strings.TrimSpace(attrOf(n, "rel")), rel) {
			href = absolute(p.base, attrOf(n, "href"))
		}
		return href == ""
	})
	return href
}

// tokens returns the words of an element's classes, id and role, in lower case.
func tokens(n *html.Node) []string {
	s := attrOf(n, "class") + " " + attrOf(n, "id") + " " + attrOf(n, "role")
	var out []string
	start := -1
	for i := 0; i <= len(s); i++ {
		letter := i < len(s) && (s[i]|0x20 >= 'a' && s[i]|0x20 <= 'z')
		upper := letter && s[i] < 'a' && start >= 0 && i > 0 && s[i-1] >= 'a' && s[i-1] <= 'z'
		if start >= 0 && (!letter || upper) {
			out = append(out, strings.ToLower(s[start:i]))
			start = -1
		}
		if letter && start < 0 {
			start = i
		}
	}
	return out
}
