package read

import (
	"bytes"
	"net/url"
	"slices"
	"strings"
)

const (
	maxDepth     = 256     // nested elements in a feed's own markup
	maxHeldNames = 64      // held elements of one entry
	junkWindow   = 1 << 20 // bytes before the root element that are looked through
)

// An outline is an XML feed taken apart, so that gofeed, which reads what is
// well-formed and small, gets exactly that.
//
// The skeleton is the feed without the elements that hold text with markup and
// dates; those are kept aside, as they stand, with type, language and base
// address. The skeleton is well-formed whatever the document was: one root, one
// channel, every element closed, no comment, instruction or document type.
type outline struct {
	root     string // "rss", "rdf" or "feed"
	atom03   bool   // Atom 0.3, where text is plain unless it says otherwise
	skeleton []byte
	feed     holding
	items    []holding
	entities *entities // declared by the document type
	xhtml    []string  // prefixes of XHTML in the document

	mended    int  // tags that had to be written anew, closed or dropped
	flattened int  // elements below maxDepth
	skipped   int  // entries after the last one wanted
	cut       bool // the document ends before its root does
	lostTail  bool // … in the middle of an entry, which was dropped
}

// A holding is what was kept aside of the feed or of an entry.
type holding struct {
	scope
	about  string // rdf:about
	fields []field
}

// A field is an element kept aside.
type field struct {
	scope
	name      string // such as "title" or "dc:date"
	typ, mode string // attributes of Atom text, lower case
	src       string // address of content kept elsewhere
	raw       []byte // between the tags, undecoded
}

// field returns the first field of one of the names, in the order of names.
func (h *holding) field(names ...string) *field {
	for _, n := range names {
		for i := range h.fields {
			if h.fields[i].name == n {
				return &h.fields[i]
			}
		}
	}
	return nil
}

// A frame is an open element.
type frame struct {
	name []byte // in the document
	out  []byte // in the skeleton
	kind frameKind
	scope
}

type frameKind uint8

const (
	otherFrame frameKind = iota
	rootFrame            // rss, rdf or feed; holds the feed's own elements
	itemFrame
)

// An outliner makes an outline in one pass over the document.
type outliner struct {
	outline
	src        []byte
	pos        int
	tag        xmlTag
	ns         namespaces
	stack      []frame
	over       int  // open elements below maxDepth
	mute       bool // within an entry that is not wanted
	wrapped    bool // the root is ours, and the document does not close it
	ended      bool // the document closes its channel
	itemStart  int  // length of the skeleton before the open entry
	maxEntries int
	ends       endFinder
}

// newOutline takes an XML feed apart. The root tag is at src[at].
func newOutline(src []byte, at int, base *url.URL, lang string, maxEntries int) *outline {
	ent := declaredEntities(src[:at])
	o := &outliner{src: src, pos: at, ns: newNamespaces(), maxEntries: maxEntries}
	o.entities = ent
	o.skeleton = make([]byte, 0, len(src)/3+256)
	o.feed.scope = scope{base: base, lang: lang}
	o.openRoot()
	for o.pos < len(src) && len(o.stack) > 0 {
		o.step()
	}
	o.finish()
	return &o.outline
}

// openRoot writes the root tag, and for RSS the one channel that everything
// goes into, wherever the document has it.
func (o *outliner) openRoot() {
	scanTag(o.src, o.pos, &o.tag)
	o.root = strings.ToLower(string(o.tag.local()))
	switch o.root {
	case "entry": // an Atom entry document (RFC 4287, section 4.1.2)
		o.root, o.ns.atom, o.wrapped = "feed", true, true
		o.skeleton = append(o.skeleton, `<feed>`...)
		o.ns.declare(&o.tag)
		o.stack = append(o.stack, frame{name: []byte("feed"), kind: rootFrame, scope: o.feed.scope})
		return
	case "channel":
		o.root, o.wrapped = "rss", true
		o.skeleton = append(o.skeleton, `<rss version="2.0"><channel>`...)
		o.stack = append(o.stack, frame{name: []byte("rss"), kind: rootFrame, scope: o.feed.scope})
		return
	}
	o.ns.atom = o.root == "feed"
	o.ns.declare(&o.tag)
	o.adoptPrefix()
	o.atom03 = o.ns.atom && (string(o.tag.attr("version")) == "0.3" || bytes.Contains(o.src[o.tag.start:o.tag.end], []byte("purl.org/atom")))
	o.feed.scope = o.enter(o.feed.scope)
	o.skeleton = appendTag(o.skeleton, &xmlTag{name: []byte(o.root), attrs: o.tag.attrs}, func(name []byte) bool {
		return !bytes.HasPrefix(name, []byte("xmlns:")) && string(name) != "version"
	})
	if o.root != "feed" {
		o.skeleton = append(o.skeleton, "<channel>"...)
	}
	o.pos = o.tag.end
	if !o.tag.empty {
		o.stack = append(o.stack, frame{name: o.tag.name, kind: rootFrame, scope: o.feed.scope})
	}
}

// adoptPrefix makes the vocabulary of the root the feed's own, whichever
// namespace that is: there are feeds in namespaces that never were.
func (o *outliner) adoptPrefix() {
	if i := bytes.IndexByte(o.tag.name, ':'); i > 0 && o.root != "rdf" {
		o.ns.prefixes[string(o.tag.name[:i])] = ""
	}
}

// step reads on to the next tag and deals with it.
func (o *outliner) step() {
	i := bytes.IndexByte(o.src[o.pos:], '<')
	if i < 0 {
		o.text(o.src[o.pos:])
		o.pos = len(o.src)
		return
	}
	o.text(o.src[o.pos : o.pos+i])
	o.pos += i
	rest := o.src[o.pos:]
	switch {
	case bytes.HasPrefix(rest, []byte("<!--")):
		o.skipTo("-->", 4)
	case bytes.HasPrefix(rest, []byte("<![CDATA[")):
		o.cdata(rest)
	case bytes.HasPrefix(rest, []byte("<?")):
		o.skipTo("?>", 2)
	case bytes.HasPrefix(rest, []byte("<!")):
		o.skipTo(">", 2)
	default:
		o.element()
	}
}

// text copies text within elements that gofeed reads; between those it means
// nothing.
func (o *outliner) text(b []byte) {
	if len(b) > 0 && o.top().kind == otherFrame {
		o.emit(b)
	}
}

// cdata copies a CDATA section. One without an end is text to the next tag.
func (o *outliner) cdata(rest []byte) {
	n := o.ends.index(rest, "]]>")
	if n < 0 {
		o.mended++
		o.pos += len("<![CDATA[")
		return
	}
	o.text(rest[:n+3])
	o.pos += n + 3
}

// skipTo moves behind end, which is looked for after the first n bytes. What
// has no end reaches to the next tag.
func (o *outliner) skipTo(end string, n int) {
	rest := o.src[o.pos+n:]
	if i := o.ends.index(rest, end); i >= 0 {
		o.pos += n + i + len(end)
		return
	}
	o.mended++
	o.pos += n
}

// element deals with the tag at pos.
func (o *outliner) element() {
	t := &o.tag
	if !scanTag(o.src, o.pos, t) {
		if t.end == len(o.src) && t.end > o.pos { // cut off within a tag
			o.pos = t.end
			return
		}
		o.mended++
		if o.top().kind == otherFrame {
			o.emit([]byte("&lt;"))
		}
		o.pos++
		return
	}
	o.pos = t.end
	if t.closing {
		o.close(t.name)
		return
	}
	o.open()
}

// open deals with a start tag.
func (o *outliner) open() {
	t := &o.tag
	if len(t.attrs) > 0 {
		o.ns.declare(t)
	}
	prefix := o.ns.resolve(t)
	if prefix == "" && o.openOwn() {
		return
	}
	parent := o.top()
	sc := o.enter(parent.scope)
	if parent.kind != otherFrame {
		if name, held := heldName(prefix, t.local()); held && !o.ownID(name) {
			o.hold(name, sc)
			return
		}
		if name, held := o.holdsHere(prefix, parent.kind); held {
			o.hold(name, sc)
			return
		}
	}
	if prefix == "" && o.root == "feed" && t.attr("href") == nil && !t.empty && bytes.EqualFold(t.local(), []byte("link")) {
		o.textLink()
		return
	}
	o.push(prefix, sc)
}

// holdsHere reports whether an element is kept aside only in some places: the
// id of Atom, which gofeed would write anew as an address, and the author of a
// channel, which it does not know.
func (o *outliner) holdsHere(prefix string, parent frameKind) (name string, held bool) {
	local := o.tag.local()
	switch {
	case prefix != "":
	case o.root == "feed":
		return "id", bytes.EqualFold(local, []byte("id"))
	case parent == rootFrame:
		return "author", bytes.EqualFold(local, []byte("author")) || bytes.EqualFold(local, []byte("editor"))
	}
	return "", false
}

// textLink writes an Atom link whose address is its text as it should be.
func (o *outliner) textLink() {
	attrs := slices.Clone(o.tag.attrs)
	address := bytes.TrimSpace(o.inner(o.tag.name))
	if !hasMarkup(address) && len(address) > 0 {
		link := xmlTag{name: []byte("link"), empty: true, attrs: append(attrs, xmlAttr{[]byte("href"), address})}
		o.emit(appendTag(nil, &link, nil))
	}
}

// ownID reports whether an element named like one to hold is not.
func (o *outliner) ownID(name string) bool {
	return name == "atom:id" && o.root == "feed"
}

// openOwn deals with the elements that give a feed its structure.
func (o *outliner) openOwn() (done bool) {
	t := &o.tag
	switch local := t.local(); {
	case !o.ns.atom && bytes.EqualFold(local, []byte("channel")):
		if o.top().kind == rootFrame {
			o.feed.scope = o.enter(o.feed.scope)
			o.stack[0].scope = o.feed.scope
			o.feed.about = decodeReferences(string(t.attr("rdf:about")), nil)
		}
		return true
	case !o.ns.atom && bytes.EqualFold(local, []byte("item")), o.ns.atom && (bytes.EqualFold(local, []byte("entry")) || bytes.EqualFold(local, []byte("item"))):
		o.openItem()
		return true
	}
	return false
}

// openItem begins an entry. Entries stand side by side: one that begins within
// another, or within an element gofeed would skip, ends what is open.
func (o *outliner) openItem() {
	if len(o.stack) > 1 {
		o.mended++
		o.popTo(1)
	}
	o.over = 0
	if len(o.items) >= o.maxEntries {
		o.mute = true
		o.skipped++
	}
	o.itemStart = len(o.skeleton)
	t := &o.tag
	h := holding{scope: o.enter(o.feed.scope), about: decodeReferences(string(t.attr("rdf:about")), nil)}
	if !o.mute {
		o.items = append(o.items, h)
	}
	name := []byte("item")
	if o.root == "feed" {
		name = []byte("entry")
	}
	o.emit([]byte("<"))
	o.emit(name)
	o.emit([]byte(">"))
	o.stack = append(o.stack, frame{name: t.name, kind: itemFrame, scope: h.scope})
	if t.empty {
		o.popTo(1)
	}
}

// push opens an element that gofeed is to read.
func (o *outliner) push(prefix string, sc scope) {
	t := &o.tag
	name, out := t.name, t.name
	switch prefix {
	case "":
		out = t.local()
	case "googleplay": // whose namespace gofeed does not know
		out = append([]byte("googleplay:"), t.local()...)
	}
	if len(o.stack) >= maxDepth {
		o.flattened++
		if !t.empty {
			o.over++
		}
		return
	}
	if t.bent {
		o.mended++
	}
	t.trimAddresses()
	if !o.mute {
		if t.bent || len(out) != len(name) || t.attr("xml:base") != nil {
			t.name = out
			o.skeleton = appendTag(o.skeleton, t, func(name []byte) bool { return string(name) == "xml:base" })
		} else {
			o.skeleton = append(o.skeleton, o.src[t.start:t.end]...)
		}
	}
	if !t.empty {
		o.stack = append(o.stack, frame{name: name, out: out, scope: sc})
	}
}

// close deals with an end tag: it closes what is open within the element, and
// means nothing when the element is not open.
func (o *outliner) close(name []byte) {
	if o.over > 0 {
		o.over--
		return
	}
	for i := len(o.stack) - 1; i >= 0; i-- {
		if bytes.EqualFold(o.stack[i].name, name) {
			if i < len(o.stack)-1 {
				o.mended++
			}
			o.popTo(i)
			return
		}
	}
	if bytes.EqualFold(localName(name), []byte("channel")) {
		o.ended = true
	} else {
		o.mended++
	}
}

// popTo closes elements until n are open.
func (o *outliner) popTo(n int) {
	for len(o.stack) > n {
		f := o.stack[len(o.stack)-1]
		o.stack = o.stack[:len(o.stack)-1]
		switch {
		case f.kind == itemFrame && o.root == "feed":
			o.emit([]byte("</entry>"))
		case f.kind == itemFrame:
			o.emit([]byte("</item>"))
		case f.kind == otherFrame:
			o.emit([]byte("</"))
			o.emit(f.out)
			o.emit([]byte(">"))
		}
		if f.kind == itemFrame {
			o.mute = false
		}
	}
}

// finish closes what the document left open. An entry cut off is dropped when
// there is a whole one.
func (o *outliner) finish() {
	if len(o.stack) > 0 {
		o.cut = !o.wrapped || len(o.stack) > 1 || o.root == "rss" && !o.ended
		open := len(o.stack) > 1 && o.stack[1].kind == itemFrame && !o.mute
		if open && len(o.items) > 1 {
			o.lostTail = true
			o.skeleton = o.skeleton[:o.itemStart]
			o.items = o.items[:len(o.items)-1]
			o.stack = o.stack[:1]
		}
		o.popTo(0)
	}
	if o.root != "feed" {
		o.skeleton = append(o.skeleton, "</channel>"...)
	}
	o.skeleton = append(append(append(o.skeleton, "</"...), o.root...), '>')
	for p, ours := range o.ns.prefixes {
		if ours == "xhtml" {
			o.xhtml = append(o.xhtml, p)
		}
	}
	slices.Sort(o.xhtml)
	o.skeleton = o.expandEntities(o.skeleton)
	if bytes.Contains(o.skeleton, []byte("&#")) {
		o.skeleton = dropReferences(o.skeleton)
	}
}

func (o *outliner) top() *frame { return &o.stack[len(o.stack)-1] }

func (o *outliner) emit(b []byte) {
	if !o.mute {
		o.skeleton = append(o.skeleton, b...)
	}
}

// enter returns the scope within the tag at hand.
func (o *outliner) enter(sc scope) scope {
	if len(o.tag.attrs) == 0 {
		return sc
	}
	if v := o.tag.attr("xml:lang"); v != nil {
		sc.lang = string(v)
	}
	if v := o.tag.attr("xml:base"); v != nil {
		sc.base = resolveBase(sc.base, decodeReferences(string(v), nil))
	}
	return sc
}
