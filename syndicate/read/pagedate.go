package read

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/html"
)

// maxShownDate bounds the text of an element that may be a date, in bytes.
const maxShownDate = 96

// A dateRole says what a date on a page is the date of, as far as the words
// before it tell.
type dateRole int

const (
	plainDate dateRole = iota
	publishedDate
	updatedDate
	otherDate // a deadline, an event: not of the article
)

// A shownDate is a date as a page shows it.
type shownDate struct {
	time   time.Time
	raw    string
	role   dateRole
	noYear bool       // time has a wrong year
	rank   int        // how sure it is the article's; higher is surer
	node   *html.Node // where it stands; nil for an address
	attr   string     // the attribute it was read from; "" is the text
}

const (
	yearFirst = `\d{4}\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,2}\s*[日号]?`
	dayFirst  = `(?:\pL{2,10}\.?,?\s+)?\d{1,2}(?:st|nd|rd|th)?[\s.\-]*(?:of\s+|de\s+)?\pL{3,12}[\s.,\-]*(?:de\s+)?\d{4}`
	wordFirst = `(?:\pL{2,10}\.?,?\s+)?\pL{3,12}\.?\s+\d{1,2}(?:st|nd|rd|th)?,?\s+\d{4}`
	slashed   = `\d{1,2}([/.])\d{1,2}[/.]\d{4}`
	clockTail = `(?:\s*(?:星期|周)[一二三四五六日天])?(?:[T,\s|·\-]*(?:at\s+)?(?:上午|下午|凌晨|早上|中午|晚上)?\s*\d{1,2}[:时点]\d{1,2}(?:[:分]\d{1,2}(?:\.\d+)?秒?)?分?(?:\s*[aApP]\.?[mM]\.?)?(?:\s*(?:Z|[A-Z]{2,5}|[+-]\d{2}:?\d{2}))?)?`
)

var (
	wholeDatePattern = regexp.MustCompile(`(?i)^(?:` + yearFirst + `|` + dayFirst + `|` + wordFirst + `|` + slashed + `)` + clockTail + `$`)
	splitDayFirst    = regexp.MustCompile(`^(\d{1,2})[日号]?\s*[/|]?\s*(\d{4})\s*[-/.年]\s*(\d{1,2})月?$`)
	splitDayLast     = regexp.MustCompile(`^(\d{4})\s*[-/.年]\s*(\d{1,2})月?\s+(\d{1,2})[日号]?$`)
	noYearPattern    = regexp.MustCompile(`^(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*[日号]?(?:\s+\d{1,2}:\d{2}(?::\d{2})?)?$`)
	labelPattern     = regexp.MustCompile(`(?i)^(?:((?:信息|文章)?(?:发布|发文|发表|公开|公布|刊发|印发)(?:日期|时间|于)?|日期|时间|(?:first\s+)?(?:published|posted)(?:\s+(?:on|at))?|(?:publication|release)\s+date|date)|((?:最后|最近)?(?:更新|修改)(?:日期|时间|于)?|(?:last\s+)?(?:updated|modified)(?:\s+(?:on|at))?)|((?:报名|投标|申报|征集)?(?:截止|截至|结束|到期|开标|活动|会议|开始|生效|施行|有效期)\pL{0,4}|(?:application\s+)?(?:deadline|closing(?:\s+date)?|closes|due|expires|expiry|ends|until|event(?:\s+date)?|starts|when)))\s*[:：]?\s*`)
	labelledDate     = regexp.MustCompile(`(?i)(?:发布|发文|发表|公开|公布|刊发)(?:日期|时间|于)\s*[:：]?\s*(` + yearFirst + clockTail + `)|(?:published|posted)(?:\s+on|\s+at)?\s*:?\s*(` + yearFirst + clockTail + `|` + wordFirst + clockTail + `|` + dayFirst + clockTail + `)`)
	looseDate        = regexp.MustCompile(`(?:^|[^\d\-/.])(\d{4}(?:-\d{1,2}-\d{1,2}|/\d{1,2}/\d{1,2}|\.\d{1,2}\.\d{1,2}|年\d{1,2}月\d{1,2}日)(?:\s+\d{1,2}:\d{2}(?::\d{2})?)?)(?:$|[^\d\-/.:])`)
	edgeDate         = regexp.MustCompile(`^[\[(（【\s]*(\d{4}(?:-\d{1,2}-\d{1,2}|/\d{1,2}/\d{1,2}|\.\d{1,2}\.\d{1,2}))[\])）】\s]+|[\s\[(（【]+(\d{4}(?:-\d{1,2}-\d{1,2}|/\d{1,2}/\d{1,2}|\.\d{1,2}\.\d{1,2}))[\])）】\s]*$`)
	endWords         = regexp.MustCompile(`(?i)截止|截至|结束|到期|有效期|开标|生效|施行|deadline|closing|expir|until|\bdue\b|\bends?\b`)
	todayWords       = regexp.MustCompile(`(?i)今天|今日|现在|\b(?:today|now)\b`)
	pubWords         = regexp.MustCompile(`(?i)发布|发文|公布|公开|日期|时间|publi|posted|date`)
	dateClass        = regexp.MustCompile(`(?i)(?:^|[^a-z])(?:date|time|pub|pubdate|publish|published|posted|datetime|pubtime|addtime|riqi|shijian|rq|sj)(?:[^a-z]|$)|[a-z](?:Date|Time)(?:[^a-z]|$)`)
)

// shownText reads a text that is a date and nothing else, but for brackets
// around it and a word before it that says what happened then.
func shownText(s string, loc *time.Location) (d shownDate, ok bool) {
	raw := strings.TrimSpace(s)
	if len(raw) == 0 || len(raw) > maxShownDate || !hasDigit(toHalfWidth(raw)) {
		return d, false
	}
	d.raw = raw
	s = strings.Trim(toHalfWidth(raw), " \t[](){}【】〔〕|·•,;/-–—")
	if m := labelPattern.FindStringSubmatchIndex(s); m != nil {
		switch {
		case m[2] >= 0:
			d.role = publishedDate
		case m[4] >= 0:
			d.role = updatedDate
		default:
			d.role = otherDate
		}
		s = strings.TrimSpace(s[m[1]:])
	}
	if m := splitDayFirst.FindStringSubmatch(s); m != nil {
		s = m[2] + "-" + m[3] + "-" + m[1]
	} else if m := splitDayLast.FindStringSubmatch(s); m != nil {
		s = m[1] + "-" + m[2] + "-" + m[3]
	}
	if m := noYearPattern.FindStringSubmatch(s); m != nil {
		month, day := number(m[1]), number(m[2])
		d.time = time.Date(2000, time.Month(month), day, 0, 0, 0, 0, time.UTC)
		d.noYear = true
		return d, month >= 1 && month <= 12 && d.time.Day() == day
	}
	if !wholeDatePattern.MatchString(s) {
		return d, false
	}
	d.time, ok = parseDate(tightDate(s), loc)
	return d, ok
}

// tightDate takes the white space out of a date of numbers, which pages have
// where each part is an element of its own.
func tightDate(s string) string {
	return looseSeparators.ReplaceAllString(s, "$1")
}

var looseSeparators = regexp.MustCompile(`\s*([-/.年月])\s*`)

// machineDate reads the value of an attribute or a meta element, which is a
// date by its place. A year or a month alone is no day.
func machineDate(s string, loc *time.Location) (t time.Time, ok bool) {
	s = strings.TrimSpace(toHalfWidth(s))
	digits := 0
	for _, c := range []byte(s) {
		if c >= '0' && c <= '9' {
			digits++
		}
	}
	if digits < 5 || strings.Trim(s, "0123456789") == "" && digits != 8 && digits != 10 && digits != 13 && digits != 14 || yearMonth.MatchString(s) {
		return t, false
	}
	return parseDate(s, loc)
}

// yearMonth is a date without a day.
var yearMonth = regexp.MustCompile(`^\d{4}\s*[-/.年]\s*\d{1,2}月?$`)

// datesIn returns the dates that an item shows, in the order of the page.
func (p *page) datesIn(item *html.Node) []shownDate {
	var dates []shownDate
	budget := maxItemNodes
	var visit func(n *html.Node)
	visit = func(n *html.Node) {
		if budget--; budget < 0 {
			return
		}
		switch n.Type {
		case html.TextNode:
			if d, ok := p.dateInText(n); ok {
				dates = append(dates, d)
			}
			return
		case html.ElementNode:
			if unseen(n) {
				return
			}
			if d, ok := p.dateOf(n); ok {
				dates = append(dates, d)
				return
			}
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			visit(c)
		}
	}
	visit(item)
	return dates
}

// dateOf returns the date an element is, if it is one.
func (p *page) dateOf(n *html.Node) (d shownDate, ok bool) {
	for _, key := range [...]string{"datetime", "content"} {
		v := attrOf(n, key)
		if v == "" || n.Data != "time" && !strings.Contains(attrOf(n, "itemprop"), "date") {
			continue
		}
		if t, ok := machineDate(v, p.loc); ok {
			d = shownDate{time: t, raw: v, node: n, attr: key, rank: 5}
			switch prop := attrOf(n, "itemprop") + " " + attrOf(n, "class"); {
			case strings.Contains(prop, "odified") || strings.Contains(prop, "updated"):
				d.rank, d.role = 1, updatedDate
			case strings.Contains(prop, "datePublished") || hasAttr(n, "pubdate"):
				d.rank = 6
			}
			if s, isDate := shownText(p.shortText(n, maxShownDate), p.loc); isDate && s.role != plainDate && d.role == plainDate {
				d.role = s.role
			}
			return d, d.role != otherDate
		}
	}
	text := p.shortText(n, maxShownDate)
	if d, ok = shownText(text, p.loc); !ok {
		return d, false
	}
	d.node = n
	for n.FirstChild != nil && n.FirstChild == n.LastChild && n.FirstChild.Type == html.ElementNode {
		n = n.FirstChild
		d.node = n
	}
	d.rank = 2
	if dateClass.MatchString(attrOf(n, "class")+" "+attrOf(n, "id")+" "+attrOf(n, "itemprop")) || n.Data == "time" {
		d.rank = 3
	}
	switch column := columnHead(d.node); {
	case column == "":
	case endWords.MatchString(column):
		d.role = otherDate
	case pubWords.MatchString(column):
		d.rank++
	}
	switch d.role {
	case publishedDate:
		d.rank += 2
	case updatedDate:
		d.rank = 1
	}
	return d, true
}

// dateInText returns the date within a line of running text, such as that
// which names a story's source: one that says that it is the publication's,
// or the only one of a short line.
func (p *page) dateInText(n *html.Node) (d shownDate, ok bool) {
	if len(n.Data) > 400 || !hasDigit(n.Data) {
		return d, false
	}
	text := squeeze(n.Data)
	half := toHalfWidth(text)
	if m := labelledDate.FindStringSubmatch(half); m != nil {
		raw := firstOf(m[1], m[2])
		t, ok := parseDate(tightDate(raw), p.loc)
		return shownDate{time: t, raw: strings.TrimSpace(raw), node: n, rank: 3, role: publishedDate}, ok
	}
	if displayWidth(text) > 70 || inAnchor(n) || endWords.MatchString(text) || endsSentence(text) || strings.HasSuffix(text, ".") || todayWords.MatchString(text) {
		return d, false
	}
	if all := looseDate.FindAllStringSubmatch(half, 3); len(all) == 1 {
		t, ok := parseDate(all[0][1], p.loc)
		return shownDate{time: t, raw: all[0][1], node: n, rank: 1}, ok
	}
	return d, false
}

// inAnchor reports whether a node stands in a link.
func inAnchor(n *html.Node) bool {
	for ; n != nil; n = n.Parent {
		if n.Type == html.ElementNode && n.Data == "a" {
			return true
		}
	}
	return false
}

// columnHead returns the head of the table column that a node stands in, or
// "" when its table has none.
func columnHead(n *html.Node) string {
	for depth := 0; n != nil && n.Data != "td" && depth < 8; depth++ {
		n = n.Parent
	}
	if n == nil || n.Data != "td" || n.Parent == nil {
		return ""
	}
	column := 0
	for c := n.PrevSibling; c != nil; c = c.PrevSibling {
		if c.Type == html.ElementNode {
			column++
		}
	}
	table := n.Parent
	for table != nil && table.Data != "table" {
		table = table.Parent
	}
	if table == nil {
		return ""
	}
	row := firstElementNamed(table, "tr")
	if row == nil || row == n.Parent {
		return ""
	}
	for c := row.FirstChild; c != nil; c = c.NextSibling {
		if c.Type != html.ElementNode {
			continue
		}
		if column == 0 {
			text := textOf(c, 60)
			if c.Data == "th" || !hasDigit(text) && firstElementNamed(c, "a") == nil {
				return text
			}
			return ""
		}
		column--
	}
	return ""
}

// chooseDate returns the date of publication among those an item shows, that
// of its address when it shows none, and reports when several are shown and
// nothing says which it is: a wrong date does more harm than none.
func (p *page) chooseDate(dates []shownDate, link string) (best shownDate, ambiguous bool) {
	fromURL, hasURL := urlDate(link, p.loc)
	for _, d := range dates {
		if d.role == otherDate || d.role == updatedDate {
			continue
		}
		if d.noYear {
			t, ok := p.withYear(d, fromURL, hasURL)
			if !ok {
				if best.raw == "" {
					best.raw = d.raw
				}
				continue
			}
			d.time, d.noYear = t, false
		}
		switch {
		case best.time.IsZero() || d.rank > best.rank:
			best, ambiguous = d, false
		case d.rank == best.rank && d.rank < 5 && !sameDay(d.time, best.time, p.loc):
			ambiguous = true
		}
	}
	switch {
	case ambiguous && hasURL:
		return shownDate{time: fromURL, raw: fromURL.In(p.loc).Format(time.DateOnly)}, false
	case ambiguous:
		return shownDate{}, true
	case best.time.IsZero() && hasURL:
		return shownDate{time: fromURL, raw: fromURL.In(p.loc).Format(time.DateOnly)}, false
	}
	return best, false
}

func sameDay(a, b time.Time, loc *time.Location) bool {
	return a.In(loc).Format(time.DateOnly) == b.In(loc).Format(time.DateOnly)
}

// recentWindow is how far back a date without a year may lie to be taken for
// one of the time the page was sent: sites leave the year out of what is new.
const recentWindow = 60 * 24 * time.Hour

// withYear gives a date without a year that of the address, if it has the same
// day, or that of the time the page was sent, if it lies shortly before.
func (p *page) withYear(d shownDate, fromURL time.Time, hasURL bool) (time.Time, bool) {
	month, day := d.time.Month(), d.time.Day()
	if hasURL {
		u := fromURL.In(p.loc)
		return fromURL, u.Month() == month && u.Day() == day
	}
	if p.sent.IsZero() {
		return time.Time{}, false
	}
	sent := p.sent.In(p.loc)
	for _, year := range [...]int{sent.Year(), sent.Year() - 1} {
		t := time.Date(year, month, day, 0, 0, 0, 0, p.loc)
		if age := sent.Sub(t); t.Day() == day && age >= 0 && age <= recentWindow {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

var urlDates = []*regexp.Regexp{
	regexp.MustCompile(`/(\d{4})[/-](\d{1,2})[/-](\d{1,2})(?:/|$|\.|_|-)`),
	regexp.MustCompile(`/(\d{4})-?(\d{2})/(\d{2})(?:/|$|\.|_)`),
	regexp.MustCompile(`/(\d{4})/(\d{2})-?(\d{2})(?:/|$|\.|_)`),
	regexp.MustCompile(`(?:/|_|-|/t)(\d{4})(\d{2})(\d{2})(?:/|_|-|\.|$)`),
}

// urlDate returns the day that the path of an address names, as those of news
// sites do: /2025/07/23/, /202507/t20250723_1234.html.
func urlDate(link string, loc *time.Location) (t time.Time, ok bool) {
	u, err := url.Parse(link)
	if err != nil || len(u.Path) > 512 {
		return t, false
	}
	for _, re := range urlDates {
		m := re.FindStringSubmatch(u.Path)
		if m == nil {
			continue
		}
		year, _ := strconv.Atoi(m[1])
		month, day := number(m[2]), number(m[3])
		t = time.Date(year, time.Month(month), day, 0, 0, 0, 0, loc)
		if year >= 1995 && year < 2100 && month >= 1 && month <= 12 && t.Day() == day {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}
