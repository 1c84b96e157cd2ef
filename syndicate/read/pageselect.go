package read

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/andybalholm/cascadia"
	"golang.org/x/net/html"

	"broadsheet/syndicate"
)

// maxSelector bounds the length of a selector, in bytes.
const maxSelector = 1000

// A selector is one of the operator's, compiled. Behind an "@" it may name the
// attribute that holds the value: img@alt. Before the "@" nothing is the item
// itself: @data-url.
type selector struct {
	name, text string
	match      cascadia.SelectorGroup // nil is the item itself
	attr       string                 // "" is the text
}

// parseSelector compiles a selector. An empty one is nil.
func parseSelector(name, text string) (*selector, error) {
	s := &selector{name: name, text: strings.TrimSpace(text)}
	if s.text == "" {
		return nil, nil
	}
	fault := func(why string) error {
		return fmt.Errorf(`%s: %q is no CSS selector: %s; write it as in "ul.news > li" or "a@title"`, name, shorten(text, 80), why)
	}
	if len(s.text) > maxSelector {
		return nil, fault(fmt.Sprintf("it is longer than %d bytes", maxSelector))
	}
	css := s.text
	if at := attributeSign(css); at >= 0 {
		s.attr = strings.ToLower(strings.TrimSpace(css[at+1:]))
		css = strings.TrimSpace(css[:at])
		if !attributeName(s.attr) {
			return nil, fault("no name of an attribute follows the @")
		}
		if css == "" {
			return s, nil
		}
	}
	match, err := cascadia.ParseGroup(css)
	if err != nil {
		return nil, fault(strings.TrimPrefix(err.Error(), "parsing "))
	}
	s.match = match
	return s, nil
}

// attributeSign returns where the "@" of a selector stands, outside brackets
// and quotation marks, or -1.
func attributeSign(s string) int {
	depth, quote, at := 0, byte(0), -1
	for i := range len(s) {
		switch c := s[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '[' || c == '(':
			depth++
		case c == ']' || c == ')':
			depth--
		case c == '@' && depth == 0:
			at = i
		}
	}
	return at
}

func attributeName(s string) bool {
	for _, c := range []byte(s) {
		if !nameByte(c) {
			return false
		}
	}
	return s != ""
}

// CheckSelectors reports every mistake in the selectors of a source, joined:
// those that are no CSS, those that need another one, and a profile that does
// not exist. Each text begins with the selector's key: `item: fault; remedy`.
func CheckSelectors(sel syndicate.Selectors) error {
	var errs []error
	sel = trimmed(sel)
	for _, f := range named(&sel) {
		if _, err := parseSelector(f.Key, *f.Value); err != nil {
			errs = append(errs, err)
		}
	}
	if sel.Profile != "" && profileNamed(sel.Profile) == nil {
		errs = append(errs, fmt.Errorf("profile: there is no profile %q; use %s, or leave it empty to have it found", shorten(sel.Profile, 40), strings.Join(Profiles(), " or ")))
	}
	if sel.Item == "" {
		for _, f := range named(&sel) {
			if f.Key != "body" && *f.Value != "" {
				errs = append(errs, fmt.Errorf("item: is empty, but %s is looked for in each item; write the selector of one item, or take %s out", f.Key, f.Key))
				break
			}
		}
	}
	return errors.Join(errs...)
}

// trimmed returns selectors without white space around them.
func trimmed(sel syndicate.Selectors) syndicate.Selectors {
	for _, f := range sel.Fields() {
		*f.Value = strings.TrimSpace(*f.Value)
	}
	return sel
}

// selectorFaults writes what CheckSelectors found on one line.
func selectorFaults(err error) error {
	return errors.New("page." + strings.ReplaceAll(err.Error(), "\n", "; page."))
}

// named lists the selectors that are CSS: all but the profile.
func named(sel *syndicate.Selectors) []syndicate.SelectorField { return sel.Fields()[1:] }

// selection is the operator's selectors, compiled; nil is one left empty.
type selection struct {
	item, link, title, date, summary *selector
	hits                             map[string]*SelectorHits
	badDates                         int
	badDate                          string
}

func compileSelection(sel syndicate.Selectors) (*selection, error) {
	s := &selection{hits: map[string]*SelectorHits{}}
	var errs []error
	for _, x := range []struct {
		name, text string
		to         **selector
	}{{"item", sel.Item, &s.item}, {"link", sel.Link, &s.link}, {"title", sel.Title, &s.title}, {"date", sel.Date, &s.date}, {"summary", sel.Summary, &s.summary}} {
		c, err := parseSelector(x.name, x.text)
		errs = append(errs, err)
		if *x.to = c; c != nil {
			s.hits[x.name] = &SelectorHits{Name: x.name, Selector: c.text}
		}
	}
	return s, errors.Join(errs...)
}

// hit counts what a selector found in an item.
func (s *selection) hit(name, sample string) {
	h := s.hits[name]
	h.Found++
	if h.Sample == "" {
		h.Sample = shorten(squeeze(sample), 80)
	}
}

// report writes what the selectors found to the result.
func (s *selection) report(res *Result, items int) {
	for _, name := range []string{"item", "link", "title", "date", "summary"} {
		if h := s.hits[name]; h != nil {
			h.Of = items
			res.Selectors = append(res.Selectors, *h)
		}
	}
}

// nodes returns the elements of an item that a selector stands for.
func (s *selector) nodes(item *html.Node) []*html.Node {
	if s.match == nil {
		return []*html.Node{item}
	}
	return s.find(item)
}

// value returns what a selector means by an element.
func (s *selector) value(n *html.Node) string {
	if s.attr != "" {
		return strings.TrimSpace(attrOf(n, s.attr))
	}
	return textOf(n, 20_000)
}

// readSelected reads the page by the operator's selectors.
func (p *page) readSelected(ctx context.Context) error {
	s, err := compileSelection(p.in.Page)
	if err != nil {
		return selectorFaults(err)
	}
	nodes := s.item.find(p.root)
	outer := outermost(nodes)
	s.hits["item"].Found = len(outer)
	if len(outer) == 0 {
		s.report(p.res, 0)
		return p.noItem()
	}
	s.hits["item"].Sample = shorten(textOf(outer[0], 400), 80)
	if n := len(nodes) - len(outer); n > 0 {
		p.res.repairf("page.item: %d of %d elements stand inside others and were read as part of these; make %q narrower if they are items", n, len(nodes), s.item.text)
	}
	var items []pageItem
	for _, n := range outer {
		if err := ctx.Err(); err != nil {
			return err
		}
		if len(items) > p.in.MaxEntries {
			break
		}
		items = append(items, p.selectItem(s, n))
	}
	items = p.linked(s, items)
	s.report(p.res, len(items))
	if err := p.checkHits(s, len(items)); err != nil {
		return err
	}
	p.finish(items)
	if len(p.res.Entries) == 0 {
		return fmt.Errorf("page.item: %q finds %d elements, but none has a link or a title; name these with page.link and page.title", s.item.text, len(outer))
	}
	return nil
}

// linked leaves out what has no link on a page where most items have one:
// the head of a table, a line between items, an advertisement.
func (p *page) linked(s *selection, items []pageItem) []pageItem {
	var with []pageItem
	heads := 0
	for i := range items {
		switch {
		case items[i].Link != "":
			with = append(with, items[i])
		case items[i].node.Data == "tr" && firstElementNamed(items[i].node, "td") == nil:
			heads++
		}
	}
	if len(with)*2 <= len(items) {
		return items
	}
	if n := len(items) - len(with) - heads; n > 0 {
		p.res.repairf("page.item: %d of %d elements that %q finds have no link and were left out; make it narrower", n, len(items), s.item.text)
	}
	return with
}

// outermost returns the nodes that stand in none of the others. They are in
// the order of the page.
func outermost(nodes []*html.Node) []*html.Node {
	in := make(map[*html.Node]bool, len(nodes))
	var out []*html.Node
	for _, n := range nodes {
		inside := false
		for up := n.Parent; up != nil && !inside; up = up.Parent {
			inside = in[up]
		}
		if !inside {
			in[n] = true
			out = append(out, n)
		}
	}
	return out
}

// selectItem reads one item.
func (p *page) selectItem(s *selection, n *html.Node) pageItem {
	it := pageItem{node: n}
	p.selectLink(s, &it)
	if s.title != nil {
		for _, t := range s.title.nodes(n) {
			if v := squeeze(s.title.value(t)); v != "" {
				it.Title = v
				s.hit("title", v)
				break
			}
		}
	}
	if s.date != nil {
		p.selectDate(s, &it)
	}
	if s.summary != nil {
		for _, t := range s.summary.nodes(n) {
			if v := s.summary.value(t); v != "" {
				s.hit("summary", v)
				if it.Summary, it.summaryText = cleanText(v); s.summary.attr == "" {
					it.Summary, it.summaryText = p.markup(t)
				}
				break
			}
		}
	}
	auto := it
	p.fill(&auto)
	if it.Title == "" {
		it.Title = auto.Title
	}
	if s.date == nil {
		it.Published, it.PublishedRaw, it.dateAt, it.ambiguous = auto.Published, auto.PublishedRaw, auto.dateAt, auto.ambiguous
	}
	if s.summary == nil {
		it.Summary, it.summaryText = auto.Summary, auto.summaryText
	}
	return it
}

// selectLink finds the link of an item: what the selector names, or else the
// item itself, or the link in it with the widest text.
func (p *page) selectLink(s *selection, it *pageItem) {
	if s.link == nil {
		it.anchor, it.Link = p.mainLink(it.node)
		return
	}
	for _, a := range s.link.nodes(it.node) {
		key := s.link.attr
		if key == "" {
			key = "href"
			if attrOf(a, key) == "" {
				if inner := firstElementNamed(a, "a"); inner != nil {
					a = inner
				}
			}
		}
		if href := p.href(attrOf(a, key)); href != "" {
			it.anchor, it.Link = a, href
			s.hit("link", href)
			return
		}
	}
}

// mainLink returns the link of an item with the widest text; the item itself,
// when it is one.
func (p *page) mainLink(item *html.Node) (anchor *html.Node, href string) {
	if item.Data == "a" {
		if href = p.href(attrOf(item, "href")); href != "" {
			return item, href
		}
	}
	most := -1
	walk(item, func(n *html.Node) bool {
		if n.Data != "a" {
			return true
		}
		if h := p.href(attrOf(n, "href")); h != "" {
			w := displayWidth(textOf(n, 300))
			if len(n.Parent.Data) == 2 && n.Parent.Data[0] == 'h' {
				w += 200
			}
			if w > most {
				anchor, href, most = n, h, w
			}
		}
		return false
	})
	return anchor, href
}

// selectDate reads the date of an item that a selector names: the first text
// it finds that is one.
func (p *page) selectDate(s *selection, it *pageItem) {
	var dates []shownDate
	for _, n := range s.date.nodes(it.node) {
		raw := s.date.value(n)
		if raw == "" {
			continue
		}
		if d, ok := p.namedDate(n, s.date.attr, raw); ok {
			dates = append(dates, d)
			break
		}
		if it.PublishedRaw == "" {
			it.PublishedRaw = shorten(raw, 60)
		}
	}
	if len(dates) == 0 {
		if it.PublishedRaw != "" {
			s.badDates++
			s.badDate = it.PublishedRaw
		}
		return
	}
	d, _ := p.chooseDate(dates, it.Link)
	if it.PublishedRaw = dates[0].raw; d.time.IsZero() {
		s.badDates++
		s.badDate = it.PublishedRaw
		return
	}
	it.Published, it.dateAt = d.time, dates[0]
	s.hit("date", dates[0].raw)
}

// namedDate reads a text that the operator says is a date.
func (p *page) namedDate(n *html.Node, attr, raw string) (shownDate, bool) {
	if attr == "" {
		if v := attrOf(n, "datetime"); v != "" {
			if t, ok := machineDate(v, p.loc); ok {
				return shownDate{time: t, raw: v, node: n, attr: "datetime"}, true
			}
		}
		raw = cutText(squeeze(raw), 400)
	}
	if d, ok := shownText(raw, p.loc); ok {
		d.node, d.attr, d.role = n, attr, publishedDate
		return d, true
	}
	if t, ok := machineDate(raw, p.loc); ok {
		return shownDate{time: t, raw: raw, node: n, attr: attr}, true
	}
	if m := looseDate.FindAllStringSubmatch(toHalfWidth(raw), 2); len(m) == 1 {
		t, ok := parseDate(m[0][1], p.loc)
		return shownDate{time: t, raw: m[0][1], node: n, attr: attr}, ok
	}
	return shownDate{}, false
}

// noItem is the error for an item selector that finds nothing: it names the
// longest beginning of the selector that finds something, and what the page
// would be read by without one.
func (p *page) noItem() error {
	text := strings.TrimSpace(p.in.Page.Item)
	what := fmt.Sprintf("page.item: %q finds nothing on the page", text)
	words := strings.Fields(text)
	for i := len(words) - 1; i > 0; i-- {
		part := strings.TrimRight(strings.Join(words[:i], " "), " >+~,")
		s, err := parseSelector("item", part)
		if err != nil || s == nil || s.match == nil {
			continue
		}
		if n := len(s.find(p.root)); n > 0 {
			what += fmt.Sprintf(" (%q finds %d)", part, n)
			break
		}
	}
	if c, _ := p.readings(); len(c) > 0 {
		if best, _ := choose(c); best != nil && best.proposed.Item != "" {
			return fmt.Errorf("%s; the page has %d items that %q finds", what, len(best.items), best.proposed.Item)
		}
	}
	if why := p.whyNothing(nil); why != "" {
		return fmt.Errorf("%s; %s", what, why)
	}
	return errors.New(what + "; look at the page's source for what its items have in common")
}

// checkHits reports the selectors that found nothing. A link selector that
// finds nothing is an error: without their addresses the articles would be
// taken for new ones.
func (p *page) checkHits(s *selection, items int) error {
	if h := s.hits["link"]; h != nil && h.Found == 0 {
		return fmt.Errorf("page.link: %q finds no link in any of %d items; correct it, or leave it empty to have the link found", h.Selector, items)
	}
	for _, name := range []string{"title", "date", "summary"} {
		h := s.hits[name]
		if h == nil || h.Found > 0 || name == "date" && s.badDates > 0 {
			continue
		}
		p.res.repairf("page.%s: %q finds nothing in any of %d items; correct it, or leave it empty to have the %s found", name, h.Selector, items, name)
	}
	if s.badDates > 0 {
		p.res.repairf("page.date: what %q finds is no date with a day, a month and a year in %d of %d items, such as %q; use an element or attribute that has one", s.date.text, s.badDates, items, s.badDate)
	}
	return nil
}

// Profiles returns the names of the built-in profiles, sorted.
func Profiles() []string {
	var names []string
	for i := range profiles {
		names = append(names, profiles[i].name)
	}
	slices.Sort(names)
	return names
}
