package read

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"broadsheet/syndicate"
)

// A listing is the plain text of a news portal's list of articles:
//
//	-
//	title
//	lead 一、head text of the section 二、head text of the section
//	2025-07-23
//	-
//	title
//	…
//
// The lines that hold only "-" stand between the items; the first and last may
// be missing. What follows the last date is the page's footer.

// listingHelp says what a listing looks like.
const listingHelp = `a listing has items of a title line, a text line and a date line such as 2025-07-23, with a line that holds only "-" between them`

// readListing reads a listing.
func readListing(in Input) (*Result, error) {
	text, res := in.decode(syndicate.KindListing, "")
	if err := checkListing(in.Body, text); err != nil {
		return nil, err
	}
	res.Feed.Language = languageTag(in.Language)
	blocks := listingBlocks(string(text))
	for i, lines := range blocks {
		item, ok := listingItem(lines, i == len(blocks)-1)
		if !ok {
			if len(lines) > 0 && !isFooter(lines) {
				res.repairf("left out what is no item: %q", shorten(lines[0], 30))
			}
			continue
		}
		if len(res.Entries) == in.MaxEntries {
			res.repairf("the document has more than %d items; the first %d were read", in.MaxEntries, in.MaxEntries)
			break
		}
		e := item.entry(in.Location)
		e.Language = res.Feed.Language
		if e.Published.IsZero() {
			res.repairf("item %d, %q, has no date line such as 2025-07-23; it takes the time it is first seen", len(res.Entries)+1, shorten(e.Title, 30))
		}
		res.Entries = append(res.Entries, e)
	}
	if len(res.Entries) == 0 {
		return nil, fmt.Errorf("not a listing: no item between its rule lines; %s", listingHelp)
	}
	return res, nil
}

// checkListing returns the error for a text that is no listing at all.
func checkListing(body, text []byte) error {
	trimmed := bytes.TrimSpace(text)
	if len(trimmed) == 0 {
		return errEmpty
	}
	head := bytes.ToLower(trimmed[:min(len(trimmed), 1024)])
	found := ""
	switch {
	case binary(body):
		found = "this is binary data"
	case bytes.HasPrefix(head, []byte("<!doctype html")), bytes.HasPrefix(head, []byte("<html")), bytes.Contains(head, []byte("<body")):
		found = "this is an HTML page"
	case bytes.HasPrefix(head, []byte("<?xml")), bytes.HasPrefix(head, []byte("<rss")), bytes.HasPrefix(head, []byte("<feed")):
		found = "this is XML; a feed is read with kind: feed"
	case bytes.HasPrefix(head, []byte("{")):
		found = "this is JSON; a feed is read with kind: feed"
	case !hasRuleOrDate(string(trimmed)):
		found = fmt.Sprintf("this is text without rule lines and date lines that begins %q", opening(trimmed))
	}
	if found == "" {
		return nil
	}
	return errors.New("not a listing: " + found + "; " + listingHelp)
}

// hasRuleOrDate reports whether a text has a line that makes it a listing.
func hasRuleOrDate(text string) bool {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if isRule(line) {
			return true
		}
		if _, _, ok := dateLine(line); ok {
			return true
		}
	}
	return false
}

// isRule reports whether a line separates items: it holds only one dash.
func isRule(line string) bool {
	switch line {
	case "-", "－", "—", "–", "‐", "−":
		return true
	}
	return false
}

// datePattern is a line that holds a day and nothing else, but for a word for
// "date" before it and a time after it.
var datePattern = regexp.MustCompile(`^(?:(?:发布)?(?:日期|时间)\s*[:：]?\s*|发布于\s*|[Dd]ate:\s*|[Pp]ublished:?\s*)?(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:\s+\d{1,2}:\d{2}(?::\d{2})?)?$`)

// dateLine reads a date line. It returns the day as it stands in the line, and
// in the form 2025-07-23; a day that does not exist is none.
func dateLine(line string) (raw, day string, ok bool) {
	if len(line) > 64 || line == "" {
		return "", "", false
	}
	m := datePattern.FindStringSubmatch(toHalfWidth(line))
	if m == nil {
		return "", "", false
	}
	day = fmt.Sprintf("%s-%02d-%02d", m[1], number(m[2]), number(m[3]))
	if _, err := time.Parse(time.DateOnly, day); err != nil {
		return "", "", false
	}
	return line, day, true
}

// toHalfWidth maps full-width digits and signs to those of ASCII.
func toHalfWidth(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '！' && r <= '～' {
			return r - '！' + '!'
		}
		return r
	}, s)
}

// listingBlocks cuts a listing into its items, each a list of lines without
// white space around them and without empty lines. An item ends at a rule
// line, and after its date line.
func listingBlocks(text string) [][]string {
	var blocks [][]string
	var block []string
	end := func() {
		if len(block) > 0 {
			blocks = append(blocks, block)
		}
		block = nil
	}
	for line := range strings.Lines(text) {
		line = strings.TrimFunc(line, isSpace)
		switch {
		case line == "":
		case isRule(line):
			end()
		default:
			block = append(block, line)
			if _, _, ok := dateLine(line); ok && len(block) > 1 {
				end()
			}
		}
	}
	end()
	return blocks
}

// A listingEntry is an item of a listing.
type listingEntry struct {
	title, body string
	raw, day    string // date line; "" when the item has none
}

// listingItem reads the lines of a block as an item. The footer is none, and
// is cut off an item without a date that stands last.
func listingItem(lines []string, last bool) (it listingEntry, ok bool) {
	if last {
		lines = withoutFooter(lines)
	}
	if n := len(lines); n > 1 {
		if raw, day, ok := dateLine(lines[n-1]); ok {
			it.raw, it.day, lines = raw, day, lines[:n-1]
		}
	}
	if len(lines) == 0 || it.day == "" && len(lines) < 2 || isFooter(lines) {
		return it, false
	}
	it.title = lines[0]
	if _, _, isDate := dateLine(it.title); isDate {
		return it, false
	}
	it.body = joinLines(lines[1:])
	return it, true
}

// joinLines makes one paragraph of the lines of a body. Lines with a head are
// kept apart by a space, which is what ends a head; a line broken between two
// Han characters is put together again.
func joinLines(lines []string) string {
	var w textWriter
	head := false
	for _, l := range lines {
		if startsWithHead(l) || head {
			w.write(" ")
		} else {
			w.write("\n")
		}
		w.write(strings.ReplaceAll(l, "\u3000", " "))
		head = startsWithHead(l)
	}
	return w.String()
}

// footerWords are what the lines below a portal's last item say.
var footerWords = []string{"点我投稿", "我要投稿", "联系我们", "企业入驻", "想补充的信息", "上一页", "下一页", "返回顶部", "加载更多", "版权所有", "备案号", "关于我们", "免责声明", "contact us", "submit news", "next page", "all rights reserved"}

// isFooter reports whether lines are a portal's footer: all of them short, and
// one of them saying what footers say.
func isFooter(lines []string) bool {
	says := false
	for _, l := range lines {
		if utf8.RuneCountInString(l) > 60 {
			return false
		}
		says = says || footerLine(l)
	}
	return says
}

func footerLine(line string) bool {
	line = strings.ToLower(line)
	for _, w := range footerWords {
		if strings.Contains(line, w) && utf8.RuneCountInString(line) <= 30 {
			return true
		}
	}
	return false
}

// withoutFooter cuts a footer off the end of lines.
func withoutFooter(lines []string) []string {
	for i, l := range lines {
		if i > 0 && footerLine(l) && isFooter(lines[i:]) {
			return lines[:i]
		}
	}
	return lines
}

// entry makes an entry of the item. Its day begins at midnight in loc.
func (it listingEntry) entry(loc *time.Location) Entry {
	var e Entry
	e.Title = squeeze(it.title)
	e.PublishedRaw = it.raw
	if t, err := time.ParseInLocation(time.DateOnly, it.day, loc); err == nil {
		e.Published = t.UTC()
	}
	e.Lead, e.Sections = cutSections(it.body)
	var lines []string
	var out []byte
	add := func(tag, s string) {
		if s != "" {
			out = append(append(append(out, '<'), tag...), '>')
			out = append(append(append(appendText(out, s), "</"...), tag...), '>')
			lines = append(lines, s)
		}
	}
	for _, p := range sentenceParagraphs(e.Lead) {
		add("p", p)
	}
	for _, s := range e.Sections {
		add("h2", s.Head)
		for _, p := range sentenceParagraphs(s.Text) {
			add("p", p)
		}
	}
	e.Content, e.text = string(out), strings.Join(lines, "\n")
	return e
}

// shorten returns the beginning of s, n characters at most, for messages.
func shorten(s string, n int) string {
	r := []rune(s)
	if len(r) > n {
		return string(r[:n]) + "…"
	}
	return s
}
