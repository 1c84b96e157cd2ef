package read

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	readability "codeberg.org/readeck/go-readability/v2"
	"golang.org/x/net/html"

	"broadsheet/syndicate"
)

// maxReadable is how many elements a page may have for its text to be looked
// for; the search takes its time.
const maxReadable = 30_000

// minFullText is how wide an article's text is at least, in columns.
const minFullText = 80

// FullText reads one article from its own page: title, text, date, author. The
// kind of the input does not matter. Page.Body says where the text is; without
// Page.Item, which makes them parts of a list's items, Page.Title and Page.Date
// say where title and date are.
//
// The error names what kept the text from being found, and the remedy. The
// date is that which the page states in its head, its data or beside its
// title, or the day in its address; a page that says nothing has none.
func FullText(ctx context.Context, in Input) (Entry, error) {
	if err := ctx.Err(); err != nil {
		return Entry{}, err
	}
	in = in.withDefaults()
	in.Page = trimmed(in.Page)
	sel := in.Page
	sel.Item = "*" // the selectors of a list's items do not matter here
	if err := CheckSelectors(sel); err != nil {
		return Entry{}, selectorFaults(err)
	}
	p, err := parsePage(in)
	if err != nil {
		return Entry{}, fmt.Errorf("no article: %w", err)
	}
	p.chooseProfile()
	if wall := p.wall(); wall != "" {
		return Entry{}, errors.New("no article: " + wall)
	}
	var e Entry
	p.detail(&e)
	if err := ctx.Err(); err != nil {
		return Entry{}, err
	}
	if err := p.content(&e); err != nil {
		return Entry{}, err
	}
	if p.prof != nil && p.prof.detail != nil {
		p.prof.detail(p, &e)
	}
	return e, nil
}

// detail reads what an article's page says about the article: its data first,
// then its labels, then what stands beside the title.
func (p *page) detail(e *Entry) {
	for _, o := range p.dataObjects() {
		if !o.is(articleTypes) {
			continue
		}
		var found Entry
		if o.entry(p, &found); found.Link == "" || pageAddress(found.Link) == p.self || p.meta("og:type") == "article" && e.Title == "" {
			*e = found
			break
		}
	}
	at := p.titleElement()
	e.Title = p.articleTitle(e.Title, at)
	p.articleDate(e, at)
	if e.Updated.IsZero() {
		if t, ok := machineDate(p.meta("article:modified_time", "og:updated_time", "dcterms.modified", "lastmod"), p.loc); ok {
			e.Updated = t
		}
	}
	if len(e.Authors) == 0 {
		if name := squeeze(plainText(p.meta("author", "article:author", "byl", "parsely-author", "dc.creator", "sailthru.author"))); name != "" && !webAddress(name) && displayWidth(name) < 60 {
			e.Authors = []Person{{Name: name}}
		}
	}
	if e.Summary == "" {
		if s := squeeze(plainText(p.meta("og:description", "description"))); s != "" {
			e.Summary, e.summaryText = cleanText(s)
		}
	}
	if e.Image == nil {
		if src := imageAddress(p.base, p.meta("og:image", "twitter:image")); src != "" {
			e.Image = &Image{URL: src}
		}
	}
	e.Language = firstOf(e.Language, languageTag(p.language()), languageTag(p.in.Header.Get("Content-Language")))
	e.Link = p.canonical()
	e.ID = e.Link
	if e.Link != "" {
		e.Links = []Link{{Rel: "alternate", Href: e.Link}}
	}
}

// canonical returns the address that the page says it has, if it is on the
// same site; else the one it was fetched from.
func (p *page) canonical() string {
	own := p.own
	for _, s := range [...]string{p.linkRel("canonical"), absolute(p.base, p.meta("og:url"))} {
		if u, err := url.Parse(s); err == nil && webAddress(s) && (own == "" || !webAddress(own) || siteOf(s) == siteOf(own) && len(u.Path) > 1) {
			return s
		}
	}
	if webAddress(own) {
		return own
	}
	return ""
}

// titleElement returns the element that shows the article's title: the one the
// operator names, or the heading that says most of what the page says is its
// title; nil when none does. The first heading is often the name of the site.
func (p *page) titleElement() *html.Node {
	if s, err := parseSelector("title", p.in.Page.Title); err == nil && s != nil && s.match != nil && p.in.Page.Item == "" {
		if found := s.find(p.root); len(found) > 0 {
			return found[0]
		}
	}
	about := strings.Join([]string{p.title(), p.meta("articletitle"), p.meta("og:title")}, "\n")
	least := displayWidth(p.namedTitle()) / 2
	var match *html.Node
	most := 0
	walk(p.root, func(n *html.Node) bool {
		heading := n.Data == "h1" || n.Data == "h2" || n.Data == "h3" || titleClass.MatchString(attrOf(n, "class")+" "+attrOf(n, "id"))
		if heading && !unseen(n) {
			text := textOf(n, 1000)
			width := displayWidth(text)
			same := strings.Contains(about, text) || n.Data == "h1" && alike(foldTitle(p.namedTitle()), foldTitle(text))
			if width >= 6 && width >= least && width > most && same {
				match, most = n, width
			}
		}
		return true
	})
	return match
}

// namedTitle returns the title that the page's head gives, without the name of
// the site.
func (p *page) namedTitle() string {
	title := firstOf(p.meta("articletitle", "og:title", "twitter:title"), p.title())
	return withoutSite(squeeze(plainText(title)), squeeze(p.meta("og:site_name", "sitename", "application-name")))
}

// articleTitle returns the title of the article: what its page shows as that,
// or what it says in its head, without the name of the site.
func (p *page) articleTitle(data string, at *html.Node) string {
	shown := ""
	if at != nil {
		shown = tidyTitle(textOf(at, 1000))
	}
	named := squeeze(plainText(p.meta("articletitle")))
	switch {
	case p.in.Page.Title != "" && shown != "":
		return shown
	case named != "":
		return named
	case shown != "" && (data == "" || longerForm(data, shown) || strings.Contains(p.title(), shown)):
		return shown
	case data != "":
		return data
	}
	return p.namedTitle()
}

// siteJoint separates the title of an article from the name of its site.
var siteJoint = regexp.MustCompile(`\s*[_|｜]\s*|\s+[-–—»·]\s+|——|--`)

// withoutSite takes the site's name off a title: what stands after the last
// joint, when it is the name, or short beside the rest.
func withoutSite(title, site string) string {
	for range 3 {
		all := siteJoint.FindAllStringIndex(title, -1)
		if len(all) == 0 {
			break
		}
		cut := all[len(all)-1]
		tail := strings.TrimSpace(title[cut[1]:])
		if tail != site && displayWidth(tail)*2 > displayWidth(title[:cut[0]]) || cut[0] == 0 {
			break
		}
		title = strings.TrimSpace(title[:cut[0]])
	}
	return title
}

// dateMetas are the meta elements that hold the date of publication.
var dateMetas = [...]string{
	"pubdate", "publishdate", "publish-date", "publish_date", "publishtime", "publish_time", "article:published_time", "og:published_time", "og:article:published_time", "article.published", "published_time",
	"datepublished", "dc.date.issued", "dcterms.issued", "dcterms.created", "dc.date", "dcterms.date", "date.issued", "parsely-pub-date", "sailthru.date", "citation_publication_date", "weibo:article:create_at", "apub:time", "date",
}

// articleDate finds the date of publication: that which the operator's
// selector names, that of the data, of the head, beside the title, of the
// address.
func (p *page) articleDate(e *Entry, title *html.Node) {
	if s, err := parseSelector("date", p.in.Page.Date); err == nil && s != nil && s.match != nil && p.in.Page.Item == "" {
		for _, n := range s.find(p.root) {
			if d, ok := p.namedDate(n, s.attr, s.value(n)); ok && !d.noYear {
				e.Published, e.PublishedRaw = d.time, d.raw
				return
			}
		}
	}
	if !e.Published.IsZero() {
		return
	}
	for _, name := range dateMetas {
		raw := p.meta(name)
		t, ok := machineDate(raw, p.loc)
		if !ok {
			if d, shown := shownText(raw, p.loc); shown && !d.noYear {
				t, ok = d.time, true
			}
		}
		if ok {
			e.Published, e.PublishedRaw = t, raw
			return
		}
	}
	d, _ := p.chooseDate(p.datesBeside(title), firstOf(p.canonical(), p.self))
	e.Published, e.PublishedRaw = d.time, d.raw
}

// maxByline is how much text may stand between a title and its date, in bytes.
const maxByline = 600

// datesBeside returns the dates of the lines below an article's title, up to
// its first paragraph; if they have none, that of the line above the title.
func (p *page) datesBeside(title *html.Node) []shownDate {
	if title == nil {
		return nil
	}
	b := byline{page: p, left: maxByline}
	for at := title; at != nil && at.Data != "body"; at = at.Parent {
		for n := at.NextSibling; n != nil; n = n.NextSibling {
			if b.read(n); b.over {
				return b.dates
			}
		}
	}
	for prev := title.PrevSibling; prev != nil && len(b.dates) == 0; prev = prev.PrevSibling {
		if prev.Type != html.ElementNode {
			continue
		}
		if d, ok := p.dateOf(prev); ok {
			b.dates = append(b.dates, d)
		}
		break
	}
	return b.dates
}

// A byline reads what stands between a title and the text.
type byline struct {
	page  *page
	dates []shownDate
	left  int // bytes until the text must have begun
	over  bool
}

// lineWidth is how wide a line is at most that says when, where and by whom.
const lineWidth = 160

// read reads a node, and what is in it when it is more than a line.
func (b *byline) read(n *html.Node) {
	if n.Type == html.ElementNode && (unseen(n) || regionOf(n, mainText) != mainText) || n.Type != html.ElementNode && n.Type != html.TextNode {
		return
	}
	text := textOf(n, maxByline)
	switch {
	case text == "":
	case displayWidth(text) <= lineWidth:
		b.dates = append(b.dates, b.page.datesWithin(n)...)
		b.left -= len(text)
		b.over = b.left < 0
	case n.Type == html.TextNode || n.Data == "p" || n.FirstChild == n.LastChild && n.FirstChild.Type == html.TextNode:
		b.over = true
	default:
		for c := n.FirstChild; c != nil && !b.over; c = c.NextSibling {
			b.read(c)
		}
	}
}

// datesWithin is datesIn for a node that may be text.
func (p *page) datesWithin(n *html.Node) []shownDate {
	if n.Type == html.TextNode {
		if d, ok := shownText(squeeze(cutText(n.Data, 400)), p.loc); ok {
			d.node, d.rank = n, 2
			return []shownDate{d}
		}
	} else if d, ok := p.dateOf(n); ok {
		return []shownDate{d}
	}
	return p.datesIn(n)
}

// content finds the text of the article: where the operator says, where the
// profile says, where it is densest, or in the page's data.
func (p *page) content(e *Entry) error {
	if s, err := parseSelector("body", p.in.Page.Body); err == nil && s != nil {
		if p.bodyFrom(e, s) {
			return nil
		}
		return fmt.Errorf("page.body: %q finds no text on the page; correct it, or leave it empty to have the text found", s.text)
	}
	if p.prof != nil {
		for _, css := range p.prof.body {
			if s, err := parseSelector("body", css); err == nil && p.bodyFrom(e, s) && displayWidth(e.text) >= minFullText {
				return nil
			}
		}
	}
	e.Content, e.text = "", ""
	byline := p.readable(e)
	for _, o := range p.dataObjects() {
		if body, ok := o["articleBody"].(string); ok && o.is(articleTypes) {
			clean, text := lineParagraphs(body)
			if displayWidth(text) > 2*displayWidth(e.text) {
				e.Content, e.text = clean, text
			}
		}
	}
	if displayWidth(e.text) < minFullText {
		if len(e.text) == 0 || displayWidth(p.visible()) < minFullText {
			return errors.New("no article: " + p.whyNothing(nil))
		}
		return fmt.Errorf("no article: the longest text on the page has %d characters; name the element that holds the article with page.body", len([]rune(e.text)))
	}
	if linkShare(e.Content, e.text) > maxLinks {
		return errors.New("no article: the page's text is mostly links; use the address of an article, or name the element that holds it with page.body")
	}
	if len(e.Authors) == 0 && byline != "" && displayWidth(byline) < 40 {
		e.Authors = []Person{{Name: byline}}
	}
	return nil
}

// bodyFrom takes the text from what a selector finds.
func (p *page) bodyFrom(e *Entry, s *selector) bool {
	if s.match == nil {
		return false
	}
	var clean, lines []string
	for _, n := range outermost(s.find(p.root)) {
		c, text := p.markup(n)
		if s.attr != "" {
			c, text = cleanText(attrOf(n, s.attr))
		}
		if text != "" {
			clean, lines = append(clean, c), append(lines, text)
		}
	}
	e.Content, e.text = strings.Join(clean, "\n"), strings.Join(lines, "\n")
	return e.text != ""
}

// lineParagraphs is cleanText for a text whose lines are paragraphs.
func lineParagraphs(s string) (clean, text string) {
	if strings.Contains(s, "</") {
		return cleanHTML(s, nil)
	}
	var out []byte
	var lines []string
	for line := range strings.Lines(s) {
		if line = squeeze(line); line != "" {
			out = append(append(appendText(append(out, "<p>"...), line), "</p>"...), '\n')
			lines = append(lines, line)
		}
	}
	return strings.TrimSpace(string(out)), strings.Join(lines, "\n")
}

// readable finds the text of the article where the page is densest, and
// returns the author that the search came upon.
func (p *page) readable(e *Entry) (byline string) {
	if countElements(p.root) > maxReadable {
		return ""
	}
	// The library is written for pages as they are, and pages are what anybody
	// makes them: a fault of it is a page whose text is not found.
	defer func() {
		if recover() != nil {
			e.Content, e.text, byline = "", "", ""
		}
	}()
	parser := readability.NewParser()
	parser.CharThresholds = 120 // of Chinese, which says more in a character
	base := p.base
	if base == nil {
		base = &url.URL{}
	}
	a, err := parser.ParseDocument(p.root, base)
	if err != nil || a.Node == nil {
		return ""
	}
	e.Content, e.text = cleanHTML(markupInside(a.Node), p.base)
	e.Content, e.text = withoutTitle(e.Content, e.text, e.Title)
	return squeeze(a.Byline())
}

func countElements(root *html.Node) int {
	n := 0
	for range root.Descendants() {
		n++
	}
	return n
}

// headAtStart is a heading that begins a text.
var headAtStart = regexp.MustCompile(`^(?:<(?:div|section|article|header|main)(?: [^>]*)?>\s*)*(<h[1-3](?: [^>]*)?>.*?</h[1-3]>)`)

// withoutTitle takes the title off the beginning of a text that repeats it.
func withoutTitle(clean, text, title string) (string, string) {
	line, rest, _ := strings.Cut(text, "\n")
	if title == "" || line != title {
		return clean, text
	}
	if m := headAtStart.FindStringSubmatchIndex(clean); m != nil {
		return strings.TrimSpace(clean[:m[2]] + clean[m[3]:]), rest
	}
	return clean, text
}

// Better reports whether the text extracted from an article's own page should
// take the place of what its feed or list said, and why or why not.
func Better(old, extracted Entry) (better bool, reason string) {
	was := firstOf(textOr(old.text, old.Content), textOr(old.summaryText, old.Summary))
	is := textOr(extracted.text, extracted.Content)
	wasWidth, isWidth := displayWidth(was), displayWidth(is)
	switch {
	case isWidth == 0:
		return false, "the page gave no text"
	case isWidth < minFullText && isWidth <= wasWidth:
		return false, "the page's text is too short to be the article"
	case isWidth*10 < wasWidth*9:
		return false, fmt.Sprintf("the page's text is shorter: %d characters, the source gave %d", len([]rune(is)), len([]rune(was)))
	case paywalled(is) && isWidth < 2*wasWidth+400:
		return false, "the page shows the article to subscribers or members only"
	case linkShare(extracted.Content, is) > maxLinks:
		return false, "the page's text is mostly links"
	case !sameStory(old, was, extracted.Title, is):
		return false, "the page tells something else: neither the title nor the beginning of the source's text is on it"
	case wasWidth > 0 && isWidth*10 < wasWidth*12 && strings.Contains(old.Content, "<p"):
		return false, "the source gave the whole text already"
	case wasWidth == 0:
		return true, fmt.Sprintf("the source gave no text, the page %d characters", len([]rune(is)))
	}
	return true, fmt.Sprintf("the page's text has %d characters, the source's %d", len([]rune(is)), len([]rune(was)))
}

// textOr returns a text, or that of the HTML it belongs to.
func textOr(text, clean string) string {
	if text != "" || clean == "" {
		return text
	}
	_, text = cleanHTML(clean, nil)
	return text
}

var paywall = regexp.MustCompile(`(?i)subscribe (?:now )?to (?:continue|read|keep)|already a subscriber|for subscribers only|to continue reading|sign in to (?:read|continue)|登[录陆]后(?:查看|阅读|继续)|订阅后(?:阅读|继续)|付费(?:阅读|内容)|开通会员|剩余\s*\d+\s*%`)

func paywalled(text string) bool { return paywall.MatchString(text) }

// maxLinks is the share of links from which a text is none.
const maxLinks = 0.4

// anchorText is the text of links in sanitised HTML.
var anchorText = regexp.MustCompile(`(?s)<a [^>]*>(.*?)</a>`)

// linkShare returns the share of a text that is links.
func linkShare(clean, text string) float64 {
	n := 0
	for _, m := range anchorText.FindAllStringSubmatch(clean, -1) {
		n += len(plainText(m[1]))
	}
	return float64(n) / float64(max(len(text), 1))
}

// sameStory reports whether an extracted text can be that of the entry.
func sameStory(old Entry, was, title, is string) bool {
	fold := foldTitle
	page := fold(title + "\n" + is)
	if t := fold((&syndicate.Article{Title: old.Title}).DisplayTitle()); t == "" || strings.Contains(page, t) || alike(t, fold(title)) {
		return true
	}
	start := []rune(fold(was))
	return len(start) >= 12 && strings.Contains(page, string(start[:12]))
}

// alike reports whether two folded titles share most of their pairs of
// characters.
func alike(a, b string) bool {
	pairs := func(s string) map[string]bool {
		r := []rune(s)
		m := make(map[string]bool, len(r))
		for i := 0; i+1 < len(r); i++ {
			m[string(r[i:i+2])] = true
		}
		return m
	}
	x, y := pairs(a), pairs(b)
	shared := 0
	for k := range x {
		if y[k] {
			shared++
		}
	}
	return shared > 0 && shared*2 >= min(len(x), len(y))
}
