package read

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"

	"broadsheet/syndicate"
)

// A reading is one way to read a page's list of articles.
type reading struct {
	tier     string // how the list is marked, for people
	items    []pageItem
	proposed syndicate.Selectors
	score    float64
	dated    int
	region   region // where on the page the list stands
	follow   bool   // dates stand after the items, not in them
}

// readAutomatically reads the page without selectors.
func (p *page) readAutomatically(ctx context.Context) error {
	if wall := p.wall(); wall != "" {
		return errors.New("no article found: " + wall)
	}
	list, passed := p.readings()
	if err := ctx.Err(); err != nil {
		return err
	}
	best, why := choose(list)
	if best == nil {
		return errors.New("no article found: " + p.whyNothing(passed))
	}
	if title := p.markedArticle(); title != "" && (best.dated*2 < len(best.items) || len(best.items) < 5) {
		return fmt.Errorf("no list of articles found: the page is a single article, %q; use the address of a list of articles, or name its items with page.item", shorten(title, 40))
	}
	p.res.notef("read by %s: %s", best.tier, why)
	switch p.res.Proposed = best.proposed; {
	case best.follow:
		p.res.Proposed = syndicate.Selectors{}
		p.res.notef("no selectors are proposed: the dates stand in elements after the items, where only the automatic reading finds them")
	case p.prof != nil:
		p.res.Proposed.Profile = p.prof.name
	}
	p.inOrder(best.items)
	p.finish(best.items)
	return nil
}

// readings returns what each tier found, the surest tier first, and the
// blocks of links that were passed over.
func (p *page) readings() (list, passed []reading) {
	anchors := p.anchors()
	for _, tier := range []func([]link) reading{p.fromJSONLD, p.fromMicrodata, p.fromMicroformats, p.fromArticles} {
		c := tier(anchors)
		if len(c.items) == 0 {
			continue
		}
		p.rate(&c)
		if len(c.items) >= 2 && c.score > 0 {
			list = append(list, c)
		} else {
			passed = append(passed, c)
		}
	}
	blocks, poor := p.fromBlocks(anchors)
	return append(list, blocks...), append(passed, poor...)
}

// enough is the share of the best score that makes a tier win over a less sure
// one with that score.
const enough = 0.4

// choose returns the first reading that is about as good as the best.
func choose(list []reading) (best *reading, why string) {
	most := 0.0
	for i := range list {
		most = max(most, list[i].score)
	}
	for i := range list {
		c := &list[i]
		if c.score < most*enough {
			continue
		}
		widths := make([]int, 0, len(c.items))
		for j := range c.items {
			widths = append(widths, displayWidth(c.items[j].Title))
		}
		why = fmt.Sprintf("%s, %s, titles of %d columns", countOf(len(c.items), "item"), withDates(c.dated), median(widths))
		var others []string
		for j := range list {
			if o := &list[j]; j != i && len(others) < 3 {
				others = append(others, fmt.Sprintf("%s of %s with dates on %d", o.tier, countOf(len(o.items), "item"), o.dated))
			}
		}
		if len(others) > 0 {
			why += "; passed over: " + strings.Join(others, ", ")
		}
		return c, why
	}
	return nil, ""
}

func withDates(n int) string {
	if n == 0 {
		return "none with a date"
	}
	return fmt.Sprintf("%d with dates", n)
}

func countOf(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func median(list []int) int {
	if len(list) == 0 {
		return 0
	}
	s := slices.Clone(list)
	slices.Sort(s)
	return s[len(s)/2]
}

// articlePath is the address of a page that is one of many: it has a number,
// a date, a long name, or the ending of a file.
var articlePath = regexp.MustCompile(`\d{3,}|/[\pL\d%]+(?:[-_][\pL\d%]+){3,}|[?&](?:id|aid|p|article|newsid|contentid)=\w+`)

// rate gives a reading its score: how much it looks like a list of news.
// Many titles of the length of headlines, dates, summaries and addresses of
// single pages speak for it; standing in a navigation or a list of what others
// read speaks against it.
func (p *page) rate(c *reading) {
	n := len(c.items)
	if n == 0 {
		return
	}
	widths := make([]int, 0, n)
	distinct := map[string]bool{}
	foreign, pages, summaries := 0, 0, 0
	c.dated = 0
	for i := range c.items {
		it := &c.items[i]
		widths = append(widths, displayWidth(it.Title))
		distinct[it.Title] = true
		if !it.Published.IsZero() {
			c.dated++
		}
		if it.Summary != "" || it.Content != "" {
			summaries++
		}
		if p.base != nil && siteOf(it.Link) != siteOf(p.base.String()) {
			foreign++
		}
		if articlePath.MatchString(strings.TrimPrefix(it.Link, p.self)) {
			pages++
		}
	}
	share := func(k int) float64 { return float64(k) / float64(n) }
	length := min(1, float64(median(widths))/28)
	score := math.Log(1+float64(n)) * length * length
	score *= 1 + 2*share(c.dated) + 0.5*share(summaries)
	score *= 1 - 0.5*share(foreign)
	score *= 0.4 + 0.6*share(pages)
	score *= share(len(distinct))
	c.score = score * c.region.weight()
	if !c.newsLike(median(widths), share(c.dated), share(pages), share(summaries)) {
		c.score = 0
	}
}

// newsLike reports whether a list may be one of news at all.
func (c *reading) newsLike(width int, dated, pages, summaries float64) bool {
	switch {
	case c.region == navigation || c.region == pageFoot:
		return false
	case dated >= 0.5:
		return width >= 7
	case c.region == sideColumn:
		return false
	}
	return width >= 14 && (pages >= 0.5 || summaries >= 0.5)
}

// siteOf returns the part of an address's host that the pages of a site share:
// its last two labels, three where the last two are those of a registry.
func siteOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" {
		return ""
	}
	labels := strings.Split(strings.ToLower(u.Hostname()), ".")
	n := 2
	if len(labels) > 2 && len(labels[len(labels)-1]) == 2 && len(labels[len(labels)-2]) <= 3 {
		n = 3
	}
	return strings.Join(labels[max(0, len(labels)-n):], ".")
}

// A region is a part of a page by its use.
type region int

const (
	mainText region = iota
	sideColumn
	pageFoot
	navigation
)

// weight is what standing in a region does to a score.
func (r region) weight() float64 {
	if r == mainText {
		return 1
	}
	return 0.3
}

var (
	navWords  = nameSet("", "nav", "navbar", "navigation", "menu", "menus", "menubar", "submenu", "breadcrumb", "breadcrumbs", "crumb", "crumbs", "topbar", "dropdown", "pagination", "pager", "paging", "sitemap", "banner")
	footWords = nameSet("", "footer", "foot", "copyright", "friendlink", "friendlinks", "friendlylink", "flink", "flinks", "contentinfo", "yqlj")
	sideWords = nameSet("", "sidebar", "side", "aside", "hot", "hots", "hotlist", "rank", "ranking", "related", "relate", "recommend", "recommended", "recommends", "popular", "mostread", "trending", "widget", "tagcloud", "ads", "advert", "comments", "complementary")
	sideHead  = regexp.MustCompile(`(?i)热门|热点排行|热榜|排行|点击榜|推荐阅读|相关|猜你喜欢|编辑推荐|为您推荐|大家都在看|最多|\b(?:related|most (?:read|popular|viewed|shared)|popular|trending|recommended|you may|also on|editors?.? picks?)\b`)
	footHead  = regexp.MustCompile(`(?i)友情链接|相关链接|快速导航|网站导航|网站地图|\b(?:quick links|useful links|site ?map|follow us)\b`)
)

// regionOf returns the region that an element begins, or that of what it
// stands in.
func regionOf(n *html.Node, around region) region {
	switch n.Data {
	case "html", "body", "main", "article":
		return around
	case "nav", "menu":
		return navigation
	case "footer":
		return max(around, pageFoot)
	case "aside":
		return max(around, sideColumn)
	case "a", "span", "time", "h1", "h2", "h3", "h4", "h5", "h6", "p", "em", "b", "strong":
		return around
	}
	words := tokens(n)
	for i, w := range words {
		if i > 0 && (words[i-1] == "with" || words[i-1] == "has" || words[i-1] == "no" || words[i-1] == "without") {
			continue
		}
		switch {
		case inSet(navWords, w):
			return navigation
		case inSet(footWords, w):
			return max(around, pageFoot)
		case inSet(sideWords, w):
			around = max(around, sideColumn)
		}
	}
	return around
}

// underHead returns the region of a list by the heading above it.
func underHead(list *html.Node, around region) region {
	n := list
	for range 3 {
		if n == nil || n.Data == "body" {
			return around
		}
		steps := 0
		for s := n.PrevSibling; s != nil && steps < 4; s = s.PrevSibling {
			if s.Type != html.ElementNode {
				continue
			}
			steps++
			text := textOf(s, 120)
			if text == "" || displayWidth(text) > 40 {
				continue
			}
			switch {
			case footHead.MatchString(text):
				return max(around, pageFoot)
			case sideHead.MatchString(text):
				return max(around, sideColumn)
			}
			return around
		}
		n = n.Parent
	}
	return around
}
