package read

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/net/html"
)

// A Shown is an item of a page as its selectors see it.
type Shown struct {
	Link      string // absolute; "" for none
	Stretches []Stretch
}

// A Stretch is a piece of the text of an item, and what it is taken for.
type Stretch struct {
	Text  string
	Parts []string // of link, title, date and summary, in this order; none for what no selector means
	Attr  string   // the attribute that has the text; "" for what readers see
}

// maxShownText bounds the text that is shown of an item, in bytes.
const maxShownText = 3000

// Show returns the first items of a page, at most n, with what the selectors
// take each piece of their text for. A page that is read without selectors is
// shown by those that find the same; where there are none, nothing is shown.
// The error is that of Read for a page that cannot be read at all, and one
// whose selectors are none or find no item.
func Show(ctx context.Context, in Input, n int) ([]Shown, error) {
	in = in.withDefaults()
	in.Page = trimmed(in.Page)
	if in.Page.Item == "" {
		res, err := readPage(ctx, in)
		if err != nil || res.Proposed.Item == "" {
			return nil, err
		}
		in.Page = res.Proposed
	}
	if err := CheckSelectors(in.Page); err != nil {
		return nil, selectorFaults(err)
	}
	p, err := parsePage(in)
	if err != nil {
		return nil, fmt.Errorf("not a page with a list of articles: %w", err)
	}
	s, err := compileSelection(in.Page)
	if err != nil {
		return nil, selectorFaults(err)
	}
	items := outermost(s.item.find(p.root))
	if len(items) == 0 {
		return nil, p.noItem()
	}
	var shown []Shown
	for _, node := range items[:min(len(items), max(n, 0))] {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		shown = append(shown, p.show(s, node))
	}
	return shown, nil
}

// A role is what a selector takes an element for.
type role struct{ part, attr string }

// show marks what the selectors mean in an item.
func (p *page) show(s *selection, node *html.Node) Shown {
	it := p.selectItem(s, node)
	roles := map[*html.Node][]role{}
	mark := func(n *html.Node, part, attr string) {
		if n != nil {
			roles[n] = append(roles[n], role{part, attr})
		}
	}
	attr := ""
	if s.link != nil {
		attr = s.link.attr
	}
	mark(it.anchor, "link", attr)
	for _, x := range []struct {
		part string
		sel  *selector
	}{{"title", s.title}, {"date", s.date}, {"summary", s.summary}} {
		if x.sel == nil {
			continue
		}
		if x.part == "date" && it.dateAt.node != nil {
			mark(it.dateAt.node, x.part, x.sel.attr)
			continue
		}
		for _, n := range x.sel.nodes(node) {
			if squeeze(x.sel.value(n)) != "" {
				mark(n, x.part, x.sel.attr)
				break
			}
		}
	}
	w := &showWriter{roles: roles, left: maxShownText}
	w.visit(node, nil)
	return Shown{Link: it.Link, Stretches: w.done()}
}

// A showWriter collects the text of an item with what it is taken for.
type showWriter struct {
	roles map[*html.Node][]role
	left  int // bytes
	list  []Stretch
}

func (w *showWriter) visit(n *html.Node, parts []string) {
	if w.left <= 0 {
		return
	}
	if n.Type == html.TextNode {
		w.write(n.Data, parts, "")
		return
	}
	if n.Type != html.ElementNode {
		return
	}
	own := slices.Clone(parts)
	for _, r := range w.roles[n] {
		if r.attr != "" {
			w.write(attrOf(n, r.attr), []string{r.part}, r.attr)
		} else if !slices.Contains(own, r.part) {
			own = append(own, r.part)
		}
	}
	if unseen(n) {
		return
	}
	gap := elements[n.Data].block || n.Data == "br" || n.Data == "td" || n.Data == "th"
	if gap {
		w.write(" ", parts, "")
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		w.visit(c, own)
	}
	if gap {
		w.write(" ", parts, "")
	}
}

// write adds a text, its white space as single spaces and none where one stands
// already.
func (w *showWriter) write(text string, parts []string, attr string) {
	var b strings.Builder
	spaced := len(w.list) == 0 || attr != ""
	if !spaced {
		last := w.list[len(w.list)-1]
		spaced = last.Attr != "" || strings.HasSuffix(last.Text, " ")
	}
	for _, c := range cutText(text, w.left) {
		if space := unicode.IsSpace(c); space && spaced {
			continue
		} else if spaced = space; space {
			c = ' '
		}
		b.WriteRune(c)
	}
	if b.Len() == 0 {
		return
	}
	w.left -= b.Len()
	if n := len(w.list); n > 0 && attr == "" && w.list[n-1].Attr == "" && slices.Equal(w.list[n-1].Parts, parts) {
		w.list[n-1].Text += b.String()
		return
	}
	w.list = append(w.list, Stretch{Text: b.String(), Parts: slices.Clone(parts), Attr: attr})
}

// done returns the stretches without empty ones at the end, each with its parts
// in their order.
func (w *showWriter) done() []Stretch {
	order := []string{"link", "title", "date", "summary"}
	for i := range w.list {
		slices.SortFunc(w.list[i].Parts, func(a, b string) int { return slices.Index(order, a) - slices.Index(order, b) })
	}
	for n := len(w.list); n > 0 && strings.TrimSpace(w.list[n-1].Text) == ""; n-- {
		w.list = w.list[:n-1]
	}
	return w.list
}
