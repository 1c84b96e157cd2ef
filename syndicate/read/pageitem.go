package read

import (
	"regexp"
	"slices"
	"sort"
	"strings"
	"time"

	"golang.org/x/net/html"
)

// A pageItem is an entry on its way from a page, with where its parts stand.
type pageItem struct {
	Entry
	node, anchor *html.Node // the element around it; its link
	titleAt      *html.Node // its title, where that is marked
	dateAt       shownDate
	summaryAt    *html.Node
	ambiguous    bool // shows several dates
}

// fill completes an item from its element: what it has already stays.
func (p *page) fill(it *pageItem) {
	if it.Title == "" {
		it.Title = p.titleOf(it.node, it.anchor)
	}
	if it.Published.IsZero() && it.PublishedRaw == "" {
		p.fillDate(it, p.datesIn(it.node))
	}
	if it.Summary == "" && it.Content == "" {
		it.summaryAt = p.summaryOf(it)
		if it.summaryAt != nil {
			it.Summary, it.summaryText = p.markup(it.summaryAt)
		}
	}
}

// fillDate gives an item the date of publication among those it shows.
func (p *page) fillDate(it *pageItem, dates []shownDate) {
	it.dateAt, it.ambiguous = p.chooseDate(dates, it.Link)
	it.Published, it.PublishedRaw = it.dateAt.time, it.dateAt.raw
	if it.ambiguous || !it.Published.IsZero() {
		return
	}
	at := it.anchor
	if at == nil {
		at = it.node
	}
	if at == nil {
		return
	}
	if m := edgeDate.FindStringSubmatch(toHalfWidth(textOf(at, 400))); m != nil {
		raw := firstOf(m[1], m[2])
		if t, ok := parseDate(raw, p.loc); ok {
			it.Published, it.PublishedRaw = t, raw
		}
	}
}

// markup returns what an element holds as sanitised HTML and as text.
func (p *page) markup(n *html.Node) (clean, text string) { return cleanHTML(markupInside(n), p.base) }

// titleClass names elements that hold an item's title.
var titleClass = regexp.MustCompile(`(?i)(?:^|[^a-z])(?:title|tit|headline|subject|bt|biaoti)(?:[^a-z]|$)|[a-z]Title(?:[^a-z]|$)`)

// bullet is what stands before the title in lists.
var bullet = regexp.MustCompile(`^(?:[·•●■▪◆►▶»>☆★◇○]\s*)+`)

// titleOf returns an item's title: that of the heading in its link, or around
// it, or of the link itself. A title that was cut to fit its column is taken
// from the attribute that has it whole.
func (p *page) titleOf(item, anchor *html.Node) string {
	n := anchor
	if n == nil {
		n = item
	}
	part := n
	if h := headingIn(n); h != nil {
		part = h
	} else if t := firstClass(n, titleClass); t != nil {
		part = t
	} else if anchor == nil || firstElementNamed(n, "p") != nil || firstElementNamed(n, "div") != nil {
		if t := p.firstTextBlock(n); t != nil {
			part = t
		}
	}
	title, _ := gather(part, 2000, p.dateNodes(part), false)
	title = tidyTitle(title)
	for _, full := range [...]string{attrOf(n, "title"), attrOf(part, "title")} {
		if full = squeeze(full); full != "" && longerForm(title, full) {
			title = tidyTitle(full)
		}
	}
	if title == "" {
		if img := firstElementNamed(n, "img"); img != nil {
			title = squeeze(attrOf(img, "alt"))
		}
	}
	return title
}

// tidyTitle takes off a title what belongs to the list around it.
func tidyTitle(s string) string {
	s = bullet.ReplaceAllString(squeeze(s), "")
	if half := toHalfWidth(s); len(half) == len(s) || edgeDate.MatchString(s) {
		s = strings.TrimSpace(edgeDate.ReplaceAllString(s, ""))
	}
	return s
}

// longerForm reports whether full is the whole of what title is the beginning
// of.
func longerForm(title, full string) bool {
	if title == "" {
		return true
	}
	cut := strings.TrimRight(title, "….·⋯ ")
	return full != title && len(full) > len(cut) && len(cut) >= 6 && strings.HasPrefix(full, cut)
}

// headingIn returns the first heading below n.
func headingIn(n *html.Node) *html.Node {
	var found *html.Node
	walk(n, func(c *html.Node) bool {
		if found == nil && len(c.Data) == 2 && c.Data[0] == 'h' && c.Data[1] >= '1' && c.Data[1] <= '6' {
			found = c
		}
		return found == nil
	})
	return found
}

// firstClass returns the first element below n whose class matches.
func firstClass(n *html.Node, re *regexp.Regexp) *html.Node {
	var found *html.Node
	walk(n, func(c *html.Node) bool {
		if found == nil && re.MatchString(attrOf(c, "class")+" "+attrOf(c, "itemprop")) && textOf(c, 8) != "" {
			found = c
		}
		return found == nil
	})
	return found
}

// firstTextBlock returns the first element below n without blocks in it that
// has a text of some length which is no date.
func (p *page) firstTextBlock(n *html.Node) *html.Node {
	var found *html.Node
	walk(n, func(c *html.Node) bool {
		if found != nil || unseen(c) {
			return false
		}
		text := textOf(c, 400)
		if displayWidth(text) < 4 {
			return false
		}
		if _, ok := shownText(text, p.loc); ok {
			return false
		}
		if hasBlockChild(c) {
			return true
		}
		found = c
		return false
	})
	return found
}

// hasBlockChild reports whether an element has more than one element in it, or
// one that is a block.
func hasBlockChild(n *html.Node) bool {
	children := 0
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type != html.ElementNode {
			continue
		}
		if children++; children > 1 || elements[c.Data].block {
			return true
		}
	}
	return false
}

// dateNodes returns the elements below n that are dates, which are no part of
// a title.
func (p *page) dateNodes(n *html.Node) map[*html.Node]bool {
	leave := map[*html.Node]bool{}
	budget := maxItemNodes
	walk(n, func(c *html.Node) bool {
		if budget--; budget < 0 {
			return false
		}
		if d, ok := shownText(p.shortText(c, maxShownDate), p.loc); ok && (!d.noYear || c.Data == "span" || c.Data == "time" || c.Data == "em" || c.Data == "i") {
			leave[c] = true
			return false
		}
		return true
	})
	return leave
}

// minSummary is how wide a text is at least that is a summary, in columns.
const minSummary = 36

// summaryOf returns the element of an item that holds its summary: the widest
// text in it that is neither its title nor a link.
func (p *page) summaryOf(it *pageItem) *html.Node {
	if it.node == nil {
		return nil
	}
	var best *html.Node
	most := 0
	budget := maxItemNodes
	walk(it.node, func(c *html.Node) bool {
		if budget--; budget < 0 || unseen(c) {
			return false
		}
		if len(c.Data) == 2 && c.Data[0] == 'h' && c.Data != "hr" || c == it.anchor && !hasBlockChild(c) {
			return false
		}
		text := textOf(c, 20_000)
		if displayWidth(text) < minSummary || text == it.Title {
			return false
		}
		if holdsTitle(c, text, it) || c.Data == "ul" || c.Data == "ol" {
			return true
		}
		if w := displayWidth(text); w > most {
			best, most = c, w
		}
		return false
	})
	return best
}

// holdsTitle reports whether an element holds the title of its item, and so is
// more than the summary.
func holdsTitle(n *html.Node, text string, it *pageItem) bool {
	for up := it.anchor; up != nil; up = up.Parent {
		if up == n {
			return n != it.anchor || strings.HasPrefix(text, it.Title)
		}
		if up == it.node {
			break
		}
	}
	return it.Title != "" && strings.HasPrefix(text, it.Title)
}

// finish turns items into entries: in the order of the page, each address
// once, with what was passed over reported.
func (p *page) finish(items []pageItem) {
	seen := map[string]bool{}
	undated, ambiguous := 0, 0
	for i := range items {
		it := &items[i]
		id := it.Link
		if id == "" {
			id = "\x00" + it.Title + "\x00" + it.PublishedRaw
		}
		if it.Title == "" && it.Link == "" || seen[id] {
			continue
		}
		seen[id] = true
		if len(p.res.Entries) == p.in.MaxEntries {
			p.res.repairf("the page has more than %d items; the first %d were read", p.in.MaxEntries, p.in.MaxEntries)
			break
		}
		if it.Published.IsZero() {
			undated++
		}
		if it.ambiguous {
			ambiguous++
		}
		p.res.Entries = append(p.res.Entries, p.entry(it))
	}
	if ambiguous > 0 {
		p.res.repairf("%d of %d items show several dates and do not say which is that of publication; name it with page.date", ambiguous, len(p.res.Entries))
	}
	if n := undated - ambiguous; n > 0 {
		p.res.repairf("%d of %d items have no date with a day, a month and a year; they take the time they are first seen", n, len(p.res.Entries))
	}
}

// entry makes an entry of an item.
func (p *page) entry(it *pageItem) Entry {
	e := it.Entry
	e.Title = squeeze(e.Title)
	e.Published = e.Published.UTC()
	if e.Published.IsZero() {
		e.Published = time.Time{}
	}
	if e.Link != "" {
		e.Links = []Link{{Rel: "alternate", Href: e.Link}}
	}
	if e.Language == "" {
		e.Language = p.res.Feed.Language
	}
	if e.ID == "" {
		e.ID = e.Link
	}
	if p.prof != nil && p.prof.finish != nil {
		p.prof.finish(p, &e)
	}
	return e
}

// inOrder sorts items as they stand on the page.
func (p *page) inOrder(items []pageItem) {
	if slices.ContainsFunc(items, func(it pageItem) bool { return it.node == nil }) {
		return // the order of the data is the only one
	}
	at := map[*html.Node]int{}
	walk(p.root, func(n *html.Node) bool {
		at[n] = len(at)
		return true
	})
	sort.SliceStable(items, func(i, j int) bool { return at[items[i].node] < at[items[j].node] })
}

// find returns the elements below n that a selector matches.
func (s *selector) find(n *html.Node) []*html.Node {
	var out []*html.Node
	walk(n, func(c *html.Node) bool {
		if s.match.Match(c) {
			out = append(out, c)
		}
		return true
	})
	return out
}
