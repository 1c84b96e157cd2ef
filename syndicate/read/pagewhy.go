package read

import (
	"fmt"
	"regexp"
	"strings"

	"golang.org/x/net/html"
)

// maxVisible bounds the text that is looked at to say what a page is, in bytes.
const maxVisible = 20_000

// visible returns the beginning of the text that readers see.
func (p *page) visible() string {
	if p.seen == nil {
		text := ""
		if body := p.firstNamed("body"); body != nil {
			text, _ = gather(body, maxVisible, nil, true)
		}
		p.seen = &text
	}
	return *p.seen
}

var (
	botWall   = regexp.MustCompile(`(?i)just a moment\.\.\.|attention required! \| cloudflare|checking your browser|verify(?:ing)? (?:that )?you are (?:a )?human|enable javascript and cookies to continue|pardon our interruption|are you a robot|unusual traffic from your|access (?:to this page has been )?denied|人机验证|安全验证|滑动验证|访问过于频繁|请求过于频繁|请完成验证|异常访问|访问被拦截`)
	loginWall = regexp.MustCompile(`(?i)请(?:先)?登[录陆]|登[录陆]后(?:查看|阅读|可见|继续)|账号登[录陆]|用户登[录陆]|(?:please )?(?:log|sign) ?in to (?:continue|read|view|access)|you must (?:be logged|log|sign) in|members only`)
	gonePage  = regexp.MustCompile(`(?i)^(?:404|403|500|502|503)\b|\b404\b|page not found|not found$|页面不存在|页面未找到|无法访问|页面找不到|您访问的页面|error \d{3}`)
	shellRoot = nameSet("", "app", "root", "__next", "__nuxt", "main-app", "react-root", "app-root", "q-app", "svelte", "gatsby")
	scriptTo  = regexp.MustCompile(`(?:window\.|document\.|self\.|top\.)?location(?:\.href)?\s*=\s*["']([^"']{1,300})["']|location\.(?:replace|assign)\(\s*["']([^"']{1,300})["']`)
	metaTo    = regexp.MustCompile(`(?i)^\s*[\d.]*\s*[;,]?\s*url\s*=\s*["']?\s*([^"']+)`)
)

// A censusOfPage counts what a page is made of.
type censusOfPage struct {
	scripts, scriptBytes, links, inputs, passwords, frames int
	frame, firstScript, root                               string
}

func (p *page) census() censusOfPage {
	var c censusOfPage
	walk(p.root, func(n *html.Node) bool {
		switch n.Data {
		case "script":
			if strings.Contains(attrOf(n, "type"), "json") {
				break
			}
			c.scripts++
			if n.FirstChild != nil {
				c.scriptBytes += len(n.FirstChild.Data)
				if c.firstScript == "" {
					c.firstScript = n.FirstChild.Data
				}
			}
		case "a":
			if p.href(attrOf(n, "href")) != "" {
				c.links++
			}
		case "input":
			c.inputs++
			if strings.EqualFold(attrOf(n, "type"), "password") {
				c.passwords++
			}
		case "frame", "iframe":
			if src := p.href(attrOf(n, "src")); src != "" {
				c.frames++
				c.frame = firstOf(c.frame, src)
			}
		}
		if id := strings.ToLower(attrOf(n, "id")); inSet(shellRoot, id) {
			c.root = id
		}
		return true
	})
	return c
}

// wall returns what keeps a program from the page, and the remedy; "" when
// nothing does. It looks only at pages that have little else to say.
func (p *page) wall() string {
	if strings.EqualFold(p.in.Header.Get("Cf-Mitigated"), "challenge") {
		return "the site asks whether a person is reading (Cloudflare challenge); ask its operator for a feed or to let Broadsheet in"
	}
	text, c := p.visible(), p.census()
	if len(text) > 2000 || c.links > 12 {
		return ""
	}
	about := p.title() + "\n" + text
	switch {
	case botWall.MatchString(about):
		return fmt.Sprintf("the page is a check for robots (%q); ask the site's operator for a feed or to let Broadsheet in", botWall.FindString(about))
	case c.passwords > 0:
		return "the page is a form to sign in; Broadsheet has no account there: use the address of a page that is open to all, or a feed"
	case loginWall.MatchString(about):
		return fmt.Sprintf("the page asks readers to sign in (%q); use the address of a page that is open to all, or a feed", loginWall.FindString(about))
	}
	if to := p.sentOn(c, len(text)); to != "" {
		return fmt.Sprintf("the page only sends readers on to %s; use that address", to)
	}
	if len(text) < 200 && c.links < 3 && c.firstScript != "" && strings.Contains(c.firstScript, "document.cookie") && strings.Contains(c.firstScript, "location") {
		return "the page is a script that sets a cookie and loads itself again, a check for robots; ask the site's operator for a feed or to let Broadsheet in"
	}
	if c.frames > 0 && c.links < 3 && len(text) < 300 {
		return fmt.Sprintf("the page is only a frame around %s; use that address", c.frame)
	}
	return ""
}

// sentOn returns where a page that is only a signpost sends its readers.
func (p *page) sentOn(c censusOfPage, text int) string {
	if m := metaTo.FindStringSubmatch(p.meta("refresh")); m != nil && c.links < 4 {
		if to := p.href(m[1]); to != "" && pageAddress(to) != p.self {
			return to
		}
	}
	if m := scriptTo.FindStringSubmatch(cutText(c.firstScript, 4000)); m != nil && c.links < 2 && text < 200 {
		if to := p.href(firstOf(m[1], m[2])); to != "" && pageAddress(to) != p.self {
			return to
		}
	}
	return ""
}

// whyNothing says what a page without a list of news is, and what to do.
func (p *page) whyNothing(passed []reading) string {
	text, c := p.visible(), p.census()
	switch {
	case gonePage.MatchString(p.title()) && c.links < 40:
		return fmt.Sprintf("the page says that there is nothing here (%q); check the address in a browser", shorten(p.title(), 40))
	case len(text) < 600 && c.scripts > 0 && c.links < 8 && p.singleArticle() == "":
		what := fmt.Sprintf("the page is an empty shell: it has %s and %d characters of text, the rest is drawn by scripts, which Broadsheet does not run", countOf(c.scripts, "script"), len([]rune(text)))
		if c.root != "" {
			what += fmt.Sprintf(" (into #%s)", c.root)
		}
		return what + "; look for the site's feed, or for a page of it that shows its news without scripts"
	case c.links == 0:
		return fmt.Sprintf("the page has no link, only %d characters of text; use the address of a list of articles", len([]rune(text)))
	}
	if article := p.singleArticle(); article != "" {
		return fmt.Sprintf("the page is a single article, %q; use the address of a list of articles", shorten(article, 40))
	}
	if best := mostLinks(passed); best != nil {
		widths := make([]int, 0, len(best.items))
		for i := range best.items {
			widths = append(widths, displayWidth(best.items[i].Title))
		}
		where := ""
		if best.region != mainText {
			where = ", in a navigation, a side column or a footer"
		}
		return fmt.Sprintf("only navigation: of %s the largest block of a kind has %d, with texts of %d columns and %s%s; use the address of a list of articles, or name its items with page.item",
			countOf(c.links, "link"), len(best.items), median(widths), withDates(best.dated), where)
	}
	return fmt.Sprintf("none of %s repeats as the items of a list do; use the address of a list of articles, or name its items with page.item", countOf(c.links, "link"))
}

// mostLinks returns the reading with the most items.
func mostLinks(list []reading) *reading {
	var best *reading
	for i := range list {
		if best == nil || len(list[i].items) > len(best.items) {
			best = &list[i]
		}
	}
	if best == nil || len(best.items) == 0 {
		return nil
	}
	return best
}

// markedArticle returns the title of the article that a page says it is.
func (p *page) markedArticle() string {
	if t := p.meta("articletitle"); t != "" {
		return t
	}
	if p.meta("og:type") == "article" {
		return firstOf(p.meta("og:title"), p.title())
	}
	return ""
}

// singleArticle returns the title of the article that a page is, as it says or
// as it looks: its title above much text.
func (p *page) singleArticle() string {
	if t := p.markedArticle(); t != "" {
		return t
	}
	at := p.titleElement()
	if at == nil || !strings.Contains(p.title(), textOf(at, 1000)) {
		return ""
	}
	width := 0
	walk(p.root, func(n *html.Node) bool {
		if n.Data == "p" && !unseen(n) && firstElementNamed(n, "a") == nil {
			width += displayWidth(textOf(n, 2000))
		}
		return n.Data != "p" && !unseen(n) || n.Data == "head"
	})
	if width < 300 {
		return ""
	}
	return textOf(at, 1000)
}
