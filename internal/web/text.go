package web

import (
	"bytes"
	"html/template"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"broadsheet/syndicate"
)

// kept are the elements that the text of an article may have on its page, and
// their attributes. Others are taken off their content, or left out with it
// (dropped). Content is sanitised when it is read; this keeps a page safe, and
// its reader unwatched, whatever is stored.
var kept = map[atom.Atom][]string{
	atom.P: nil, atom.Br: nil, atom.Hr: nil, atom.Blockquote: nil, atom.Pre: nil, atom.Code: nil,
	atom.H2: nil, atom.H3: nil, atom.H4: nil,
	atom.Ul: nil, atom.Ol: {"start"}, atom.Li: nil, atom.Dl: nil, atom.Dt: nil, atom.Dd: nil,
	atom.B: nil, atom.Strong: nil, atom.I: nil, atom.Em: nil, atom.Cite: nil, atom.Mark: nil, atom.Small: nil,
	atom.Sub: nil, atom.Sup: nil, atom.S: nil, atom.Del: nil, atom.Ins: nil, atom.Q: nil, atom.Abbr: {"title"},
	atom.Span: {"lang"}, atom.Div: {"lang"}, atom.Time: {"datetime"}, atom.Bdi: nil, atom.Ruby: nil, atom.Rt: nil, atom.Rp: nil,
	atom.Figure: nil, atom.Figcaption: nil,
	atom.Table: nil, atom.Caption: nil, atom.Thead: nil, atom.Tbody: nil, atom.Tfoot: nil, atom.Tr: nil,
	atom.Th: {"colspan", "rowspan", "scope"}, atom.Td: {"colspan", "rowspan"},
	atom.A: {"href"},
}

var dropped = []atom.Atom{
	atom.Script, atom.Style, atom.Template, atom.Iframe, atom.Object, atom.Embed, atom.Noscript, atom.Form, atom.Svg, atom.Math,
	atom.Head, atom.Title, atom.Textarea, atom.Select, atom.Button, atom.Audio, atom.Video,
}

// maxDepth is how deep elements may nest; what is deeper loses its elements.
const maxDepth = 60

// articleText returns the whole text of an article for its page: punctuation set as
// its language wants, heads one level below the title, images as links. The
// outline leads to its heads.
func articleText(a *syndicate.Article, v *view) (text template.HTML, outline []link) {
	if strings.TrimSpace(a.Content) == "" {
		return plainText(a)
	}
	body := &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}
	nodes, err := html.ParseFragment(strings.NewReader(a.Content), body)
	if err != nil {
		return plainText(a)
	}
	for _, n := range nodes {
		body.AppendChild(n)
	}
	w := textWriter{lang: a.Language, view: v, heads: headLevels(body)}
	w.children(body, 0)
	return template.HTML(strings.TrimSpace(w.b.String())), w.outline //nolint:gosec // written below, element by element
}

// part returns the link to the next head of an outline.
func part(outline []link, head, lang string) link {
	return link{Href: "#part-" + strconv.Itoa(len(outline)+1), Title: syndicate.Typeset(strings.Join(strings.Fields(head), " "), lang)}
}

// plainText makes paragraphs of the lines of a's text.
func plainText(a *syndicate.Article) (text template.HTML, outline []link) {
	var b strings.Builder
	for line := range strings.Lines(a.Text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		open, shut := "<p>", "</p>\n"
		if slices.ContainsFunc(a.Sections, func(s syndicate.Section) bool { return s.Head == line }) {
			outline = append(outline, part(outline, line, a.Language))
			open, shut = `<h2 id="`+outline[len(outline)-1].Href[1:]+`">`, "</h2>\n"
		}
		b.WriteString(open + string(unbroken(syndicate.Typeset(line, a.Language))) + shut)
	}
	return template.HTML(b.String()), outline //nolint:gosec // escaped line by line
}

// unbroken returns s as HTML in which no line ends between a number and its
// unit.
func unbroken(s string) template.HTML {
	var b strings.Builder
	at := 0
	for _, span := range syndicate.Unbroken(s) {
		b.WriteString(html.EscapeString(s[at:span[0]]))
		b.WriteString(`<span class="n">` + html.EscapeString(s[span[0]:span[1]]) + "</span>")
		at = span[1]
	}
	b.WriteString(html.EscapeString(s[at:]))
	return template.HTML(b.String()) //nolint:gosec // escaped piece by piece
}

// headLevels maps the levels of heads that are used to 2 and those after it,
// so that none is skipped.
func headLevels(n *html.Node) map[atom.Atom]string {
	var used []atom.Atom
	all := []atom.Atom{atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6}
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && slices.Contains(all, d.DataAtom) && !slices.Contains(used, d.DataAtom) {
			used = append(used, d.DataAtom)
		}
	}
	slices.SortFunc(used, func(a, b atom.Atom) int { return strings.Compare(a.String(), b.String()) })
	levels := make(map[atom.Atom]string)
	for i, h := range used {
		levels[h] = []string{"h2", "h3", "h4"}[min(i, 2)]
	}
	return levels
}

// A textWriter writes the nodes of an article.
type textWriter struct {
	b     bytes.Buffer
	lang  string
	view  *view
	heads map[atom.Atom]string
	pre   int // how many <pre> and <code> are open

	outline []link // of the heads so far
}

func (w *textWriter) children(n *html.Node, depth int) {
	for c := range n.ChildNodes() {
		w.node(c, depth)
	}
}

func (w *textWriter) node(n *html.Node, depth int) {
	switch {
	case n.Type == html.TextNode && w.pre > 0:
		w.b.WriteString(html.EscapeString(n.Data))
	case n.Type == html.TextNode:
		w.b.WriteString(string(unbroken(syndicate.Typeset(n.Data, w.lang))))
	case n.Type != html.ElementNode || slices.Contains(dropped, n.DataAtom) || n.Namespace != "":
	case n.DataAtom == atom.Img:
		w.image(n)
	default:
		w.element(n, depth)
	}
}

func (w *textWriter) element(n *html.Node, depth int) {
	tag, ok := w.heads[n.DataAtom]
	if !ok {
		tag = n.DataAtom.String()
		_, ok = kept[n.DataAtom]
	}
	if !ok || depth > maxDepth {
		w.children(n, depth+1)
		return
	}
	w.b.WriteString("<" + tag)
	if head := textOf(n); w.heads[n.DataAtom] != "" && head != "" {
		w.outline = append(w.outline, part(w.outline, head, w.lang))
		w.b.WriteString(` id="` + w.outline[len(w.outline)-1].Href[1:] + `"`)
	}
	for _, a := range n.Attr {
		if slices.Contains(kept[n.DataAtom], a.Key) {
			w.attribute(a)
		}
	}
	w.b.WriteString(">")
	if n.DataAtom == atom.Br || n.DataAtom == atom.Hr {
		return
	}
	if n.DataAtom == atom.Pre || n.DataAtom == atom.Code {
		w.pre++
		defer func() { w.pre-- }()
	}
	w.children(n, depth+1)
	w.b.WriteString("</" + tag + ">")
}

// textOf returns the text of a head, "" when it has none; of other elements
// it is not asked.
func textOf(n *html.Node) string {
	switch n.DataAtom {
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
	default:
		return ""
	}
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode && b.Len() < maxHead {
			b.WriteString(d.Data)
		}
	}
	return strings.TrimSpace(b.String())
}

// maxHead is how much of a head an outline looks at, in bytes.
const maxHead = 600

func (w *textWriter) attribute(a html.Attribute) {
	value := a.Val
	if a.Key == "href" {
		if value = linkAddress(value); value == "" {
			return
		}
	}
	w.b.WriteString(" " + a.Key + `="` + html.EscapeString(value) + `"`)
	if a.Key == "href" {
		w.b.WriteString(` rel="noopener noreferrer nofollow external"`)
	}
}

// image writes a link to an image: to show it would tell its host who reads.
func (w *textWriter) image(n *html.Node) {
	var src, alt string
	for _, a := range n.Attr {
		switch a.Key {
		case "src":
			src = webAddress(a.Val)
		case "alt":
			alt = strings.TrimSpace(a.Val)
		}
	}
	if src == "" {
		return
	}
	words := w.view.T("web.article.image.unnamed")
	if alt != "" {
		words = w.view.T("web.article.image", alt)
	}
	words = html.EscapeString(words)
	for p := n.Parent; p != nil; p = p.Parent {
		if p.DataAtom == atom.A {
			w.b.WriteString("[" + words + "]") // a link already
			return
		}
	}
	w.b.WriteString(`<a href="` + html.EscapeString(src) + `" rel="noopener noreferrer nofollow external">[` + words + `]</a>`)
}

// linkAddress returns an address that a link may lead to, else "".
func linkAddress(raw string) string {
	if u, err := url.Parse(strings.TrimSpace(raw)); err == nil && u.Scheme == "mailto" {
		return u.String()
	}
	return webAddress(strings.TrimSpace(raw))
}
