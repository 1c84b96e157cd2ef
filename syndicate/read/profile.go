package read

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/html"

	"broadsheet/syndicate"
)

// A profile is what is known of the pages of many sites that are built alike.
type profile struct {
	name      string
	fits      func(p *page) bool
	zone      *time.Location // of dates that name none, whatever the source says
	datedOnly bool           // lists of news have dates; those without are something else
	body      []string       // selectors of the text on an article's page, the best first

	finish func(p *page, e *Entry) // completes an entry of a list; nil does nothing
	detail func(p *page, e *Entry) // completes an entry of an article's page; nil does nothing
}

// The names of the built-in profiles.
const (
	profileGov    = "gov-cn"
	profilePortal = "portal-cn"
)

// beijing is the zone of China, which has had no summer time since 1991. It is
// a fixed one: the profiles must work where no zone data are installed.
var beijing = time.FixedZone("Asia/Shanghai", 8*3600)

var profiles = [...]profile{
	{
		name: profilePortal, fits: fitsPortal, zone: beijing, finish: finishPortal, detail: detailPortal,
		body: []string{".article-content", ".detail-content", ".info-content", ".news-content", ".rich-text"},
	},
	{
		name: profileGov, fits: fitsGov, zone: beijing, datedOnly: true, detail: detailGov,
		body: []string{".TRS_Editor", "#UCAP-CONTENT", "#zoom", "#Zoom", ".trs_editor_view", ".pages_content", "#zoomcon", ".view.TRS_UEDITOR", ".article-content", ".xxgk_content", "#vsb_content", ".v_news_content", ".wp_articlecontent"},
	},
}

func profileNamed(name string) *profile {
	for i := range profiles {
		if profiles[i].name == name {
			return &profiles[i]
		}
	}
	return nil
}

// chooseProfile picks the profile that the operator names, or that fits.
func (p *page) chooseProfile() {
	p.prof = profileNamed(p.in.Page.Profile)
	for i := range profiles {
		if p.prof == nil && profiles[i].fits(p) {
			p.prof = &profiles[i]
		}
	}
	if p.prof == nil {
		return
	}
	p.loc = p.prof.zone
	if p.in.Page.Profile == "" {
		p.res.notef("the page is one of those that the profile %s describes", p.prof.name)
	}
}

// govMetas are the meta elements that the standard for Chinese government
// sites asks for (政府网站发展指引, the appendix on labels of pages).
var govMetas = [...]string{"sitename", "sitedomain", "siteidcode", "columnname", "columntype", "columnkeywords", "articletitle", "pubdate", "contentsource"}

// fitsGov reports whether a page is one of a Chinese government site, or has
// its labels.
func fitsGov(p *page) bool {
	labels := 0
	for _, m := range govMetas {
		if p.meta(m) != "" {
			labels++
		}
	}
	host := strings.ToLower(hostOf(p.self))
	return labels >= 2 || strings.HasSuffix(host, ".gov.cn") || host == "gov.cn"
}

// portalHost is the portal whose listing the first sample is of.
const portalHost = "010b.com"

// fitsPortal reports whether a page is one of the investment portals.
func fitsPortal(p *page) bool {
	host := strings.ToLower(hostOf(p.self))
	if host == portalHost || strings.HasSuffix(host, "."+portalHost) {
		return true
	}
	body := p.firstNamed("body")
	if body == nil {
		return false
	}
	head := cutText(p.visible(), 3000)
	return portalRegion.MatchString(head) && portalDate.MatchString(head)
}

var (
	portalRegion = regexp.MustCompile(`所属地区\s*[:：]\s*([\p{Han}A-Za-z·]+(?:\s*[-—–/>]\s*[\p{Han}A-Za-z·]+)*)`)
	portalDate   = regexp.MustCompile(`发布日期\s*[:：]\s*(\d{4}\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,2}\s*日?)`)
)

// RegionScheme is the scheme of the categories that name the region an article
// is filed under at its source, from the largest to the smallest.
const RegionScheme = "urn:broadsheet:region"

// addRegions adds the parts of a region such as 湖北-武汉-硚口区.
func addRegions(e *Entry, region string) {
	for _, part := range strings.FieldsFunc(region, func(r rune) bool { return strings.ContainsRune("-—–/> \u3000", r) }) {
		addCategory(e, part, RegionScheme)
	}
}

// finishPortal cuts the text of a listing's item, which is a whole article in
// one paragraph, into its sections.
func finishPortal(p *page, e *Entry) {
	text := firstOf(e.text, e.summaryText)
	if text == "" {
		return
	}
	if m := portalRegion.FindStringSubmatch(text); m != nil {
		addRegions(e, m[1])
	}
	made := listingEntry{title: e.Title, body: joinLines(strings.Split(text, "\n"))}.entry(p.loc)
	if len(made.Sections) == 0 {
		return
	}
	e.Lead, e.Sections, e.Content, e.text = made.Lead, made.Sections, made.Content, made.text
	e.Summary, e.summaryText = "", ""
}

// lineSections cuts a text whose section heads stand on lines of their own
// into the lines before the first head, and the sections. Heads count up from
// one, and at least two make a list.
func lineSections(text string) (lead string, sections []syndicate.Section) {
	lines := strings.Split(text, "\n")
	for form := range headForms {
		lead, sections = sectionsOfForm(lines, form)
		if len(sections) >= 2 {
			return lead, sections
		}
	}
	return text, nil
}

func sectionsOfForm(lines []string, form int) (lead string, sections []syndicate.Section) {
	var before []string
	for _, line := range lines {
		line = strings.TrimSpace(line)
		n := numberAt(line, form, len(sections)+1)
		if n > 0 && len(line) > n && len(line) <= maxHead && !endsSentence(line) {
			sections = append(sections, syndicate.Section{Head: line})
			continue
		}
		if k := len(sections); k > 0 {
			s := &sections[k-1]
			s.Text = strings.TrimPrefix(s.Text+"\n"+line, "\n")
			continue
		}
		before = append(before, line)
	}
	return strings.Join(before, "\n"), sections
}

// detailPortal reads the head of an article's page: its tags and its region;
// and the section heads in its text.
func detailPortal(p *page, e *Entry) {
	if m := portalRegion.FindStringSubmatch(cutText(p.visible(), 4000)); m != nil {
		addRegions(e, m[1])
	}
	for _, tag := range p.portalTags() {
		addCategory(e, tag, "")
	}
	if lead, sections := lineSections(e.text); len(sections) > 0 {
		e.Lead, e.Sections = lead, sections
	}
}

// portalTags returns the tags between a page's title and its region: links or
// labels of a few characters each.
func (p *page) portalTags() []string {
	var out []string
	holder := firstClass(p.root, tagClass)
	if holder == nil {
		return nil
	}
	for n := range holder.Descendants() {
		if n.Type != html.TextNode {
			continue
		}
		for _, word := range strings.FieldsFunc(n.Data, func(r rune) bool { return isSpace(r) || strings.ContainsRune("/|,，、;；", r) }) {
			if w := displayWidth(word); w >= 4 && w <= 24 && !strings.ContainsAny(word, ":：") && !slices.Contains(out, word) && len(out) < 12 {
				out = append(out, word)
			}
		}
	}
	return out
}

// tagClass names elements that hold an article's tags.
var tagClass = regexp.MustCompile(`(?i)(?:^|[^a-z])(?:tags?|labels?|biaoqian|keywords)(?:[^a-z]|$)|[a-z](?:Tags?|Labels?)(?:[^a-z]|$)`)

// detailGov reads the labels of a government site's article page.
func detailGov(p *page, e *Entry) {
	if src := squeeze(plainText(p.meta("contentsource"))); src != "" {
		e.Source = &Feed{Title: src}
	}
	if c := squeeze(plainText(p.meta("columnname"))); c != "" {
		addCategory(e, c, "")
	}
	for _, word := range strings.FieldsFunc(plainText(p.meta("keywords")), func(r rune) bool { return strings.ContainsRune(",，;；、 ", r) }) {
		addCategory(e, word, "")
	}
}
