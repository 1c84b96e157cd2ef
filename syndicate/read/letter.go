package read

import (
	"net/url"
	"regexp"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// A letter is the HTML of a message, out of which goes what mail programs and
// senders put around the text: hidden previews, pictures that count readers,
// the link to the page in a browser, the footer with the way to leave the
// list, and the head of a forwarded message.
type letter struct {
	root    *html.Node
	cut     bool              // the rest of the message was too much
	browser string            // address of the same text as a page
	preview string            // text that mail programs show in lists of messages
	forward map[string]string // head of a forwarded message: from, date, subject

	lines []letterLine
	total int // bytes of text
}

// A letterLine is text between two breaks.
type letterLine struct {
	text    string
	before  int // bytes of text before it
	nodes   []*html.Node
	anchors []*html.Node
}

// Lengths, in bytes, of what is around a text.
const (
	maxAround  = 300  // a line of it
	maxFooter  = 2500 // a footer
	maxPreview = 400  // a hidden preview
	maxNote    = 1000 // what somebody who forwards a message says about it
	maxLines   = 60   // lines at the beginning in which a forwarded head may begin
)

func parseLetter(markup string) *letter {
	l := &letter{}
	if len(markup) > maxPage {
		markup, l.cut = strings.ToValidUTF8(markup[:maxPage], ""), true
	}
	l.root, _ = parseHTML([]byte(markup))
	l.cut = prune(l.root) || l.cut
	return l
}

// clean takes out what is around the text. base is that of the message.
func (l *letter) clean(base *url.URL) {
	l.dropUnseen(l.root)
	l.readLines()
	l.takeBrowserLink(base)
	l.takeForwardHead()
	l.cutFooter()
	l.dropLeaving()
	flattenTables(l.root)
	tidy(l.root)
}

// markup returns what is left, as HTML that is not yet sanitised.
func (l *letter) markup() string {
	if body := firstElementNamed(l.root, "body"); body != nil {
		return markupInside(body)
	}
	return markupInside(l.root)
}

// hiddenStyle matches the styles that hide an element, white space left out.
var hiddenStyle = regexp.MustCompile(`display:none|visibility:hidden|(?:^|;)(?:max-height|opacity):0(?:\.0+)?(?:px|pt|em|%)?(?:!important)?(?:;|$)`)

func styleOf(n *html.Node) string {
	return strings.ReplaceAll(strings.ToLower(attrOf(n, "style")), " ", "")
}

// dropUnseen takes out what readers do not see. The first hidden text is the
// preview.
func (l *letter) dropUnseen(n *html.Node) {
	for c := n.FirstChild; c != nil; {
		next := c.NextSibling
		switch {
		case c.Type == html.CommentNode:
			n.RemoveChild(c)
		case c.Type != html.ElementNode:
		case hasAttr(c, "hidden"), hiddenStyle.MatchString(styleOf(c)):
			if l.preview == "" {
				l.preview = previewText(c)
			}
			n.RemoveChild(c)
		case c.Data == "img" && countsReaders(c), c.Data == "style", c.Data == "script", c.Data == "title":
			n.RemoveChild(c)
		default:
			l.dropUnseen(c)
		}
		c = next
	}
}

// previewText returns the text of a hidden element, without the invisible
// characters it is padded with.
func previewText(n *html.Node) string {
	for c := n; c != nil; c = c.FirstChild { // seen like any text but for the style
		if c.Type == html.ElementNode {
			c.Attr = nil
		}
	}
	text := strings.Map(func(r rune) rune {
		switch r {
		case 0x34f, 0xad, 0x200c, 0x200d, 0x2007, 0x2060, 0x61c, 0x180e:
			return -1
		}
		return r
	}, textOf(n, 4*maxPreview))
	if text = squeeze(text); len(text) < 10 || len(text) > maxPreview {
		return ""
	}
	return text
}

// trackerAddress matches the addresses of pictures that count readers.
var trackerAddress = regexp.MustCompile(`(?i)/(?:track|trk|wf|e|o|ss)/(?:open|o)\b|/open\.(?:aspx|php|gif)|[/_-](?:beacon|pixel|spacer|blank|clear|transparent|1x1)\b[^/]*$|/o\.gif|[?&](?:open|pixel)=|list-manage\.com/track`)

// countsReaders reports whether an image is there to be fetched and not to be
// seen, or stands within the message itself.
func countsReaders(n *html.Node) bool {
	src := strings.TrimSpace(attrOf(n, "src"))
	if !webAddress(src) && !strings.HasPrefix(src, "//") {
		return true
	}
	tiny := func(s string) bool {
		s = strings.TrimSuffix(strings.TrimSpace(s), "px")
		return s == "0" || s == "1"
	}
	style := ";" + styleOf(n) + ";"
	for _, side := range [...]string{"width", "height"} {
		if tiny(attrOf(n, side)) || strings.Contains(style, ";"+side+":1px;") || strings.Contains(style, ";"+side+":0;") || strings.Contains(style, ";"+side+":0px;") {
			return true
		}
	}
	return strings.TrimSpace(attrOf(n, "alt")) == "" && trackerAddress.MatchString(src)
}

// readLines finds the lines of the text.
func (l *letter) readLines() {
	var w textWriter
	var line letterLine
	var within *html.Node // the link around
	flush := func() {
		if line.text = strings.TrimSpace(w.String()); line.text != "" {
			line.before = l.total
			l.total += len(line.text)
			l.lines = append(l.lines, line)
		}
		w, line = textWriter{}, letterLine{}
		if within != nil {
			line.anchors = []*html.Node{within}
		}
	}
	var visit func(n *html.Node)
	visit = func(n *html.Node) {
		breaks := n.Type == html.ElementNode && (elements[n.Data].block || n.Data == "br" || n.Data == "td" || n.Data == "th" || n.Data == "body")
		if breaks {
			flush()
		}
		switch {
		case n.Type == html.TextNode:
			w.write(n.Data)
			line.nodes = append(line.nodes, n)
		case n.Type == html.ElementNode && n.Data == "a":
			line.anchors = append(line.anchors, n)
			within = n
			defer func() { within = nil }()
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			visit(c)
		}
		if breaks {
			flush()
		}
	}
	visit(l.root)
	flush()
}

// browserWords is what the link to the page in a browser says.
var browserWords = regexp.MustCompile(`(?i)\b(?:view|read|open|see)\s+(?:(?:it|this|the|our)\s+)?(?:(?:e-?mail|newsletter|message|issue|edition|letter)\s+)?(?:online|in\s+(?:(?:your|a|the)\s+)?(?:web\s*)?browser|on\s+the\s+web|as\s+a\s+web\s*page)` +
	`|\b(?:web|online|browser)\s+version\b|trouble\s+(?:viewing|reading|seeing)|(?:浏览器|瀏覽器).{0,6}(?:查看|打开|阅读|浏览|檢視|開啟|閱讀)|(?:查看|阅读|打开)?网页版|(?:点击|在线)(?:此处)?(?:查看|阅读|浏览)(?:原文|本期|邮件|网页)|无法正常(?:显示|浏览|查看|阅读)|im\s+browser|dans\s+(?:votre|le)\s+navigateur`)

// takeBrowserLink finds the address of the page that is the message, and takes
// the line out that has it. It stands at the beginning or at the end.
func (l *letter) takeBrowserLink(base *url.URL) {
	const near = 12
	for i := range l.lines {
		line := &l.lines[i]
		if i >= near && i < len(l.lines)-near || len(line.text) > maxAround || len(line.anchors) == 0 || !browserWords.MatchString(line.text) {
			continue
		}
		chosen := line.anchors[0]
		for _, a := range line.anchors {
			if browserWords.MatchString(textOf(a, maxAround)) {
				chosen = a
				break
			}
		}
		if address := linkAddress(base, attrOf(chosen, "href")); webAddress(address) {
			l.browser = address
			l.drop(line)
			return
		}
	}
}

var (
	// forwardMark is the line before the head of a forwarded message.
	forwardMark = regexp.MustCompile(`(?i)^[-—_*=>\s]*(?:begin\s+)?(?:forwarded\s+message|original\s+message|forwarded\s+(?:by|from)\s.*|转发的?(?:邮件|消息|信息|郵件)(?:信息)?|轉寄的?郵件|原始(?:邮件|郵件)|原邮件|weitergeleitete\s+nachricht|message\s+transféré)[-—_*=:：\s]*$`)
	// headLine is a line of such a head.
	headLine = regexp.MustCompile(`(?i)^[*>\s]*(from|date|sent|to|cc|subject|reply-to|发件人|发送时间|发送日期|日期|时间|收件人|抄送|主题|回复给?|寄件者|寄件日期|收件者|副本|主旨|von|gesendet|an|betreff)[*\s]*[:：][*\s]*(.*)$`)
	// headNames says what the names of a head mean.
	headNames = map[string]string{
		"from": "from", "发件人": "from", "寄件者": "from", "von": "from",
		"date": "date", "sent": "date", "发送时间": "date", "发送日期": "date", "日期": "date", "时间": "date", "寄件日期": "date", "gesendet": "date",
		"subject": "subject", "主题": "subject", "主旨": "subject", "betreff": "subject",
	}
)

// takeForwardHead finds the head of a forwarded message and takes it out.
func (l *letter) takeForwardHead() {
	for i := 0; i < min(len(l.lines), maxLines); i++ {
		if l.lines[i].before > maxNote {
			return
		}
		marked := forwardMark.MatchString(l.lines[i].text)
		if !marked && !headLine.MatchString(l.lines[i].text) {
			continue
		}
		from := i
		if marked {
			from++
		}
		head, end := l.headAt(from)
		if len(head) >= 2 && (marked || len(head) == 3 && end-from >= 3) {
			l.forward = head
			for j := i; j < end; j++ {
				l.drop(&l.lines[j])
			}
			return
		}
	}
}

// headAt reads the lines of a head from line i on, and returns the line after
// them.
func (l *letter) headAt(i int) (head map[string]string, end int) {
	head = make(map[string]string)
	for end = i; end < len(l.lines) && end < i+10; end++ {
		m := headLine.FindStringSubmatch(l.lines[end].text)
		if m == nil {
			break
		}
		if name := headNames[strings.ToLower(m[1])]; name != "" && head[name] == "" && m[2] != "" {
			head[name] = strings.Trim(m[2], "* ")
		}
	}
	return head, end
}

var (
	// leaving is what links to leave a list say, or their addresses.
	leaving = regexp.MustCompile(`(?i)unsubscribe|\bopt[ _-]?out\b|(?:manage|update|change|edit)\s+(?:your\s+)?(?:e?-?mail\s+|subscription\s+|newsletter\s+)*(?:preferences|settings|subscriptions?)\b|退订|退訂|取消(?:此|该|本)?(?:订阅|訂閱)|不再(?:接收|收到)|管理订阅|désabonner|désinscri|abmelden|abbestellen`)
	// sending is what footers say about why the message came.
	sending = regexp.MustCompile(`(?i)\byou(?:['’]re|\s+are|\s+have)?\s+(?:receiv(?:ed|ing)|getting|got)\s+this\b|\bthis\s+(?:e-?mail|message|newsletter)\s+(?:was|is|has\s+been)\s+(?:sent|intended)|您(?:之所以|会)?收到(?:此|本|该|这封)|(?:此|本|该)邮件(?:由|是|为|系).{0,30}(?:发送|发出|自动)|请勿(?:直接)?回复(?:此|本|该)?邮件`)
)

// cutFooter cuts the message where its footer begins: at the first line of its
// second half that says why the message came or how to leave the list, when
// what follows is short enough to be a footer.
func (l *letter) cutFooter() {
	for i := range l.lines {
		line := &l.lines[i]
		rest := l.total - line.before
		if !l.around(line) {
			continue
		}
		if i > 0 && rest <= maxFooter && 2*rest <= l.total {
			cutAfter(line.nodes[0])
			l.drop(line)
			l.lines = l.lines[:i]
			return
		}
		l.drop(line)
	}
}

// around reports whether a line is none of the text but of what is around it.
func (l *letter) around(line *letterLine) bool {
	if len(line.text) > maxAround || len(line.nodes) == 0 {
		return false
	}
	return sending.MatchString(line.text) || len(line.anchors) > 0 && leaving.MatchString(line.text)
}

// dropLeaving takes out the links that are left to leave the list: a reader of
// the paper must not be able to unsubscribe the paper.
func (l *letter) dropLeaving() {
	var found []*html.Node
	walk(l.root, func(n *html.Node) bool {
		if n.Data == "a" && (leaving.MatchString(attrOf(n, "href")) || leaving.MatchString(textOf(n, maxAround))) {
			found = append(found, n)
		}
		return n.Data != "a"
	})
	for _, n := range found {
		n.Parent.RemoveChild(n)
	}
}

// drop takes a line out.
func (l *letter) drop(line *letterLine) {
	for _, n := range line.nodes {
		n.Data = ""
	}
	for _, a := range line.anchors {
		if a.Parent != nil {
			a.Parent.RemoveChild(a)
		}
	}
}

// cutAfter takes out everything that follows a node.
func cutAfter(n *html.Node) {
	for ; n.Parent != nil; n = n.Parent {
		for n.NextSibling != nil {
			n.Parent.RemoveChild(n.NextSibling)
		}
	}
}

// flattenTables makes plain blocks of the tables that only arrange things, as
// nearly all tables in mail do. One with head cells, a caption or a border
// holds data and stays.
func flattenTables(root *html.Node) { flattenWithin(root, true) }

// flattenWithin is flattenTables below n, which stands in a table that only
// arranges things, or in none, if layout says so.
func flattenWithin(n *html.Node, layout bool) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type != html.ElementNode {
			continue
		}
		inner := layout
		if c.Data == "table" {
			inner = !dataTable(c)
		}
		flattenWithin(c, inner)
		switch c.Data {
		case "table", "tbody", "thead", "tfoot", "tr", "td", "th", "caption", "colgroup", "center":
			if inner {
				c.Data, c.DataAtom, c.Attr = "div", atom.Div, nil
			}
		}
	}
}

// dataTable reports whether a table holds data.
func dataTable(table *html.Node) bool {
	border := strings.TrimSpace(attrOf(table, "border"))
	data, nested := border != "" && border != "0" && attrOf(table, "role") != "presentation", false
	budget := 200
	walk(table, func(n *html.Node) bool {
		if budget--; budget < 0 {
			return false
		}
		switch n.Data {
		case "th", "caption":
			data = true
		case "table":
			nested = true
			return false
		}
		return true
	})
	return data && !nested
}

// tidy takes out the elements that hold nothing, and the blocks that hold
// nothing but one block.
func tidy(n *html.Node) (holds bool) {
	for c := n.FirstChild; c != nil; {
		next := c.NextSibling
		switch c.Type {
		case html.TextNode:
			holds = holds || strings.TrimSpace(c.Data) != ""
		case html.ElementNode:
			switch full := tidy(c); {
			case c.Data == "img" || c.Data == "hr":
				holds = true
			case c.Data == "br" || c.Data == "body" || c.Data == "html" || c.Data == "head" || c.Data == "td" || c.Data == "th" || c.Data == "tr":
				holds = holds || full
			case full:
				holds = true
				unwrapDiv(c)
			default:
				n.RemoveChild(c)
			}
		}
		c = next
	}
	return holds
}

// unwrapDiv replaces a block that holds only another one by that.
func unwrapDiv(n *html.Node) {
	only := onlyElement(n)
	if n.Data != "div" || only == nil || only.Data != "div" {
		return
	}
	for c := n.FirstChild; c != nil; c = n.FirstChild {
		n.RemoveChild(c)
	}
	for c := only.FirstChild; c != nil; c = only.FirstChild {
		only.RemoveChild(c)
		n.AppendChild(c)
	}
}

// onlyElement returns the only child of n, white space aside, if that is an
// element.
func onlyElement(n *html.Node) (only *html.Node) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		switch {
		case c.Type == html.TextNode && strings.TrimSpace(c.Data) == "":
		case c.Type == html.ElementNode && only == nil:
			only = c
		default:
			return nil
		}
	}
	return only
}
