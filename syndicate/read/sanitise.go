package read

import (
	"bytes"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"
)

const (
	// maxOpenTags bounds how deep the HTML of an article nests, and maxTags how
	// many elements it has. Tags beyond are left out; what they hold stays.
	maxOpenTags = 100
	maxTags     = 50_000
)

// policy is what HTML of sources may hold. The rewriter writes nothing else;
// the policy is applied to its output all the same whenever the input held
// anything the rewriter had to refuse. So a mistake in one of the two is not
// enough to let a script through.
var policy = sync.OnceValue(func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	for name := range elements {
		p.AllowElements(name)
		p.AllowNoAttrs().OnElements(name)
	}
	address := regexp.MustCompile(`^(?:https?://|mailto:)[^\x00-\x20"<>]*$`)
	number := regexp.MustCompile(`^[0-9]{1,5}$`)
	anyText := regexp.MustCompile(`(?s)^.*$`)
	p.AllowAttrs("href").Matching(address).OnElements("a")
	p.AllowAttrs("src").Matching(regexp.MustCompile(`^(?:https?://[^\x00-\x20"<>]*|data:image/(?:png|gif|jpeg|webp);base64,[A-Za-z0-9+/=]+)$`)).OnElements("img")
	p.AllowAttrs("alt").Matching(anyText).OnElements("img")
	p.AllowAttrs("width", "height").Matching(number).OnElements("img")
	p.AllowAttrs("cite").Matching(address).OnElements("blockquote", "q", "del", "ins")
	p.AllowAttrs("colspan", "rowspan").Matching(number).OnElements("td", "th")
	p.AllowAttrs("start").Matching(number).OnElements("ol")
	p.AllowAttrs("datetime").Matching(anyText).OnElements("time", "del", "ins")
	p.AllowAttrs("title").Matching(anyText).Globally()
	p.AllowAttrs("lang").Matching(regexp.MustCompile(`^[A-Za-z0-9-]{1,35}$`)).Globally()
	p.AllowAttrs("dir").Matching(regexp.MustCompile(`^(?:ltr|rtl|auto)$`)).Globally()
	return p
})

// A nesting is a set of roles that elements have for each other's ends.
type nesting uint16

const (
	paragraph nesting = 1 << iota
	listItem
	definition
	term
	tableRow
	tableCell
	anchor
	list
	definitions
	table
	caption
)

// An element is what the rewriter knows of an element it lets through.
type element struct {
	void  bool    // has no end tag
	block bool    // begins and ends a paragraph of the plain text
	role  nesting // what it is for the ends of others
	attrs string  // attributes it may have beside title, lang and dir, with spaces around each
}

// elements are those that pass.
var elements = func() map[string]element {
	m := map[string]element{
		"a": {role: anchor, attrs: " href "}, "img": {void: true, attrs: " src alt width height data-src data-original "},
		"br": {void: true}, "hr": {void: true, block: true}, "wbr": {void: true}, "col": {void: true},
		"blockquote": {block: true, attrs: " cite "}, "q": {attrs: " cite "}, "del": {attrs: " cite datetime "}, "ins": {attrs: " cite datetime "},
		"td": {role: tableCell, attrs: " colspan rowspan "}, "th": {role: tableCell, attrs: " colspan rowspan "}, "time": {attrs: " datetime "},
		"p": {block: true, role: paragraph}, "li": {block: true, role: listItem}, "dd": {block: true, role: definition}, "dt": {block: true, role: term},
		"ul": {block: true, role: list}, "ol": {block: true, role: list, attrs: " start "}, "dl": {block: true, role: definitions},
		"table": {block: true, role: table}, "tr": {block: true, role: tableRow}, "caption": {block: true, role: caption},
	}
	for _, n := range strings.Fields("abbr acronym b bdi bdo big cite code dfn em i kbd mark rp rt ruby s samp small span strike strong sub sup tt u var colgroup") {
		m[n] = element{}
	}
	for _, n := range strings.Fields("address article aside center details div figcaption figure footer h1 h2 h3 h4 h5 h6 header main pre section summary tbody tfoot thead") {
		m[n] = element{block: true}
	}
	return m
}()

// dropped are the elements that go with all they hold: it is not text.
var dropped = nameSet("", "script", "style", "iframe", "noembed", "noframes", "template", "svg", "math", "head", "title", "select", "textarea", "xmp", "noscript", "applet", "audio", "video", "canvas")

// An openElement is an element whose end tag has not come.
type openElement struct {
	name string
	element
}

// A rewriter turns HTML of a source into HTML that may be shown, and into
// plain text, in one pass.
type rewriter struct {
	base  *url.URL
	out   []byte
	text  textWriter
	stack []openElement
	roles nesting // of those that were opened so far
	skip  string  // the dropped element we are in
	depth int     // of that element within itself
	from  int     // where its content begins
	keep  string  // dropped elements that are never closed, whose content stays
	tags  int     // start tags written so far
	plain bool    // nothing had to be refused so far
}

// cleanHTML sanitises a fragment of HTML whose relative addresses belong to
// base, and returns its text as well, one paragraph a line.
//
// What comes out is balanced, has no script, style, form, frame, class or id,
// links only to http, https and mailto addresses, and images only over http
// and https or, small ones, in the address itself; images of one pixel are left
// out.
func cleanHTML(fragment string, base *url.URL) (clean, text string) {
	if strings.IndexByte(fragment, '\r') >= 0 {
		fragment = lineEnds.Replace(fragment)
	}
	if strings.IndexByte(fragment, '<') < 0 && strings.IndexByte(fragment, '&') < 0 {
		return cleanText(fragment)
	}
	w := &rewriter{base: base, out: make([]byte, 0, len(fragment)+len(fragment)/8), plain: true}
	w.run(fragment)
	text = w.text.String()
	if w.plain {
		return strings.TrimSpace(string(w.out)), text
	}
	return strings.TrimSpace(unquote(policy().Sanitize(string(w.out)))), text
}

// lineEnds makes all ends of lines line feeds.
var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// cleanText is cleanHTML for text without markup.
func cleanText(s string) (clean, text string) {
	var w textWriter
	w.write(s)
	return strings.TrimSpace(string(appendText(nil, s))), w.String()
}

// plainText returns the text of a fragment of HTML as one line.
func plainText(fragment string) string {
	if fragment == "" {
		return ""
	}
	_, text := cleanHTML(fragment, nil)
	return strings.ReplaceAll(text, "\n", " ")
}

// run rewrites the fragment.
func (w *rewriter) run(fragment string) {
	z := html.NewTokenizer(strings.NewReader(fragment))
	for pos := 0; ; pos += len(z.Raw()) {
		switch z.Next() {
		case html.ErrorToken:
			if w.skip == "" {
				w.closeTo(0)
				return
			}
			// The element to drop never ends: the rest is not its content.
			w.keep += " " + w.skip + " "
			w.skip, fragment, pos = "", fragment[w.from:], 0
			z = html.NewTokenizer(strings.NewReader(fragment))
			continue
		case html.TextToken:
			if w.skip == "" {
				w.writeText(z.Text())
			}
		case html.StartTagToken:
			w.start(z, false, pos+len(z.Raw()))
		case html.SelfClosingTagToken:
			w.start(z, true, 0)
		case html.EndTagToken:
			w.end(tagName(z))
		default: // comments and document types
			w.plain = false
			if w.skip == "" && pos+len(z.Raw()) == len(fragment) && !ended(fragment[pos:]) {
				fragment, pos = w.unended(fragment[pos:]), 0
				z = html.NewTokenizer(strings.NewReader(fragment))
				continue
			}
		}
	}
}

// ended reports whether a comment or declaration has an end of its own.
func ended(raw string) bool {
	if strings.HasPrefix(raw, "<!--") {
		return strings.HasSuffix(raw, "-->") || strings.HasSuffix(raw, "--!>")
	}
	return strings.HasSuffix(raw, ">")
}

// unended returns what is left to read of a fragment that ends in a comment or
// declaration without an end. It would swallow the rest of the article: a
// comment is taken to end with the tag it looks like, a declaration is text. No
// other comment in the rest has an end, so that this happens once.
func (w *rewriter) unended(raw string) string {
	rest, comment := strings.CutPrefix(raw, "<!--")
	if !comment {
		w.writeText([]byte("<"))
		return raw[1:]
	}
	if end := strings.IndexAny(rest, "<>"); end >= 0 && rest[end] == '>' {
		rest = rest[end+1:]
	}
	return strings.ReplaceAll(rest, "<!--", "")
}

func (w *rewriter) writeText(b []byte) {
	s := string(b)
	if strings.IndexByte(s, '\r') >= 0 { // from a reference
		s = lineEnds.Replace(s)
	}
	w.out = appendText(w.out, s)
	w.text.write(s)
}

// start deals with a start tag that ends at offset after of the fragment.
func (w *rewriter) start(z *html.Tokenizer, selfClosing bool, after int) {
	raw := tagName(z)
	if w.skip != "" {
		if string(raw) == w.skip && !selfClosing {
			w.depth++
		}
		return
	}
	el, ok := elements[string(raw)]
	if !ok {
		w.refuse(raw, selfClosing, after)
		return
	}
	name := elementName(raw)
	w.implyEnds(el)
	if w.tags >= maxTags || !el.void && len(w.stack) >= maxOpenTags {
		w.plain = false
		return
	}
	w.tags++
	mark := len(w.out)
	w.out = append(append(w.out, '<'), name...)
	if !w.attributes(z, name, el) {
		w.out = w.out[:mark]
		w.plain = false
		return
	}
	w.out = append(w.out, '>')
	if el.block || name == "br" {
		w.text.paragraph()
	}
	if name == "td" || name == "th" {
		w.text.write(" ")
	}
	if !el.void {
		w.stack = append(w.stack, openElement{name, el})
		w.roles |= el.role
	}
}

// refuse deals with an element that does not pass: its tags go, and with some
// all they hold.
func (w *rewriter) refuse(raw []byte, selfClosing bool, after int) {
	w.plain = false
	if _, ok := dropped[string(raw)]; ok && !selfClosing && !strings.Contains(w.keep, " "+string(raw)+" ") {
		w.skip, w.depth, w.from = string(raw), 1, after
	}
}

// end deals with an end tag. One without a start means nothing.
func (w *rewriter) end(raw []byte) {
	if w.skip != "" {
		if string(raw) == w.skip {
			if w.depth--; w.depth == 0 {
				w.skip = ""
			}
		}
		return
	}
	for i := len(w.stack) - 1; i >= 0; i-- {
		if w.stack[i].name == string(raw) {
			w.closeTo(i)
			return
		}
	}
	w.plain = false
}

// closeTo closes open elements until n are left.
func (w *rewriter) closeTo(n int) {
	for len(w.stack) > n {
		el := w.stack[len(w.stack)-1]
		w.stack = w.stack[:len(w.stack)-1]
		w.out = append(append(append(w.out, '<', '/'), el.name...), '>')
		if el.block {
			w.text.paragraph()
		}
	}
}

// implyEnds closes what a start tag closes by itself in HTML: a paragraph
// before a block, an item before the next.
func (w *rewriter) implyEnds(el element) {
	switch el.role {
	case listItem:
		w.closeWithin(listItem, list)
	case definition, term:
		w.closeWithin(definition|term, definitions)
	case tableRow:
		w.closeWithin(tableRow, table)
	case tableCell:
		w.closeWithin(tableCell, tableRow|table)
	case anchor:
		w.closeWithin(anchor, table)
	}
	if el.block {
		w.closeWithin(paragraph, table|tableCell|caption)
	}
}

// closeWithin closes the innermost open element of a role unless one of the
// bounds was opened within it.
func (w *rewriter) closeWithin(role, bounds nesting) {
	if w.roles&role == 0 {
		return
	}
	for i := len(w.stack) - 1; i >= 0; i-- {
		switch open := w.stack[i].role; {
		case open&role != 0:
			w.closeTo(i)
			return
		case open&bounds != 0:
			return
		}
	}
}

// tagName returns the name of the tag at hand in lower case. The tokenizer's
// own method copies every name.
func tagName(z *html.Tokenizer) []byte {
	raw := bytes.TrimLeft(z.Raw(), "</")
	for i, c := range raw {
		switch {
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
		case c == ' ' || c == '>' || c == '/' || c == '\n' || c == '\t':
			return raw[:i]
		default: // capitals and what is rare
			name, _ := z.TagName()
			return name
		}
	}
	return raw
}

// elementName returns the name of an element that passes without allocating.
func elementName(raw []byte) string {
	for _, n := range [...]string{"p", "a", "br", "div", "span", "strong", "img", "li", "em", "b", "i"} {
		if n == string(raw) {
			return n
		}
	}
	return string(raw)
}

// appendText writes text with the three characters escaped that mean markup.
func appendText(out []byte, s string) []byte {
	for {
		i := strings.IndexAny(s, "<>&")
		if i < 0 {
			return append(out, s...)
		}
		out = append(out, s[:i]...)
		switch s[i] {
		case '<':
			out = append(out, "&lt;"...)
		case '>':
			out = append(out, "&gt;"...)
		default:
			out = append(out, "&amp;"...)
		}
		s = s[i+1:]
	}
}

// unquote writes quotation marks in text as they are; the policy escapes them
// everywhere, which doubles the size of English prose for nothing.
func unquote(s string) string {
	if !strings.Contains(s, "&#3") {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for s != "" {
		tag := strings.IndexByte(s, '<')
		if tag < 0 {
			tag = len(s)
		}
		b.WriteString(quotes.Replace(s[:tag]))
		s = s[tag:]
		end := strings.IndexByte(s, '>') + 1
		b.WriteString(s[:end])
		s = s[end:]
	}
	return b.String()
}

var quotes = strings.NewReplacer("&#34;", `"`, "&#39;", "'")
