package read

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Outlines are a list of feeds, as OPML 2.0 has them.
type Outlines struct {
	Title string
	Feeds []Outline
}

// An Outline is a feed of a list.
type Outline struct {
	Title    string   // plain text; "" when the list has none
	URL      string   // of the feed, as the list has it
	Site     string   // the address of its page
	Language string   // BCP 47, as declared
	Folders  []string // that it is in, the outermost first
}

const (
	maxOPML    = 15 << 20 // bytes of a list
	maxOutline = 100_000  // feeds of a list
	maxFolders = 32       // folders within folders that are kept
)

// OPML reads a list of feeds. Lists that are not well-formed, which is
// every second one, are mended: a bare "&" in an address, outlines that are
// never closed, any charset. Every feed of the list is returned or named in
// repairs. The error is for a document that is no list of feeds.
func OPML(r io.Reader) (list Outlines, repairs []string, err error) {
	body, err := io.ReadAll(io.LimitReader(r, maxOPML+1))
	if err != nil {
		return list, nil, err
	}
	if len(body) > maxOPML {
		return list, nil, fmt.Errorf("the list is larger than %d MiB; cut it into several", maxOPML>>20)
	}
	text, repairs := decodeText(body, "", "")
	o := opmlReader{src: text, res: Result{Repairs: repairs}, entities: declaredEntities(text[:min(len(text), 64<<10)])}
	o.unbalanced = opmlUnbalanced(text)
	o.read()
	if !o.root && o.outlines == 0 {
		return list, nil, notOPML(text)
	}
	o.report()
	return o.list, o.res.Repairs, nil
}

// notOPML says what a document is that is no list of feeds.
func notOPML(text []byte) error {
	if len(bytes.TrimSpace(text)) == 0 {
		return errors.New("the document is empty; export the list again")
	}
	head := bytes.ToLower(text[:min(len(text), 4096)])
	switch {
	case findRoot(text) >= 0:
		return errors.New("not a list of feeds (OPML): this is a feed itself; put its address under sources")
	case bytes.Contains(head, []byte("<html")), bytes.Contains(head, []byte("<!doctype html")):
		return errors.New("not a list of feeds (OPML): this is an HTML page; export the list from the reader as an OPML file")
	}
	return fmt.Errorf("not a list of feeds (OPML): it begins %q and has no outline element; export the list from the reader as an OPML file", opening(text))
}

// An opmlReader reads a list in one pass.
type opmlReader struct {
	src        []byte
	entities   *entities
	unbalanced bool // more outlines are opened than closed
	list       Outlines
	res        Result
	ends       endFinder
	tag        xmlTag
	stack      []opmlFrame
	folders    []string

	root     bool // there is an opml element
	outlines int
	mended   int
	skipped  int // feeds past the limit
	cut      bool
}

// An opmlFrame is an open outline; folder says whether it is one.
type opmlFrame struct{ folder bool }

// opmlUnbalanced reports whether a list opens more outlines than it closes.
func opmlUnbalanced(text []byte) bool {
	depth := 0
	var t xmlTag
	for i := 0; i < len(text); {
		n := bytes.IndexByte(text[i:], '<')
		if n < 0 {
			break
		}
		i += n
		if !scanTag(text, i, &t) || !bytes.EqualFold(t.local(), []byte("outline")) {
			i++
			continue
		}
		switch {
		case t.closing:
			depth--
		case !t.empty:
			depth++
		}
		i = max(t.end, i+1)
	}
	return depth > 0
}

func (o *opmlReader) read() {
	for i := 0; i < len(o.src); {
		n := bytes.IndexByte(o.src[i:], '<')
		if n < 0 {
			return
		}
		i += n
		rest := o.src[i:]
		switch {
		case bytes.HasPrefix(rest, []byte("<!--")):
			i += o.ends.past(rest, "-->")
		case bytes.HasPrefix(rest, []byte("<![CDATA[")):
			i += o.ends.past(rest, "]]>")
		case bytes.HasPrefix(rest, []byte("<?")):
			i += o.ends.past(rest, "?>")
		case bytes.HasPrefix(rest, []byte("<!")):
			i += doctypeLength(rest, &o.ends)
		default:
			i = o.element(i)
		}
	}
}

// element deals with the tag at src[i] and returns the offset to go on from.
func (o *opmlReader) element(i int) int {
	t := &o.tag
	if !scanTag(o.src, i, t) {
		if t.end == len(o.src) && t.end > i && bytes.EqualFold(t.local(), []byte("outline")) {
			o.cut = true
			o.res.repairf("the list is cut off within the outline that begins %q; it was left out", shorten(string(bytes.TrimSpace(o.src[i:])), 80))
			return len(o.src)
		}
		o.mended++
		return i + 1
	}
	switch name := strings.ToLower(string(t.local())); {
	case name == "opml":
		o.root = true
	case name == "title" && !t.closing && !t.empty && o.outlines == 0 && o.list.Title == "":
		if n := bytes.IndexByte(o.src[t.end:], '<'); n >= 0 {
			o.list.Title = squeeze(decodeReferences(string(o.src[t.end:t.end+n]), o.entities))
		}
	case name == "outline" && t.closing:
		o.close()
	case name == "outline":
		o.outlines++
		o.outline()
	}
	return t.end
}

// close closes an outline.
func (o *opmlReader) close() {
	if len(o.stack) == 0 {
		o.mended++
		return
	}
	if o.stack[len(o.stack)-1].folder {
		o.folders = o.folders[:len(o.folders)-1]
	}
	o.stack = o.stack[:len(o.stack)-1]
}

// outline reads the outline at hand: a feed, or a folder.
func (o *opmlReader) outline() {
	t := &o.tag
	if t.bent || bytes.HasSuffix(o.src[t.start:t.end], []byte("<")) {
		o.mended++
	}
	title := squeeze(firstOf(o.attr("title"), o.attr("text")))
	text := squeeze(firstOf(o.attr("text"), o.attr("title")))
	address := strings.TrimSpace(o.attr("xmlurl"))
	kind := strings.ToLower(o.attr("type"))
	if address == "" && (kind == "rss" || kind == "atom" || kind == "feed") {
		if address = strings.TrimSpace(o.attr("url")); address == "" {
			o.res.repairf("the outline %q calls itself a feed and has no address; it was left out", shorten(firstOf(title, o.attr("htmlurl")), 60))
		}
	}
	if address != "" {
		o.add(Outline{Title: title, URL: address, Site: strings.TrimSpace(o.attr("htmlurl")), Language: languageTag(o.attr("language")), Folders: append([]string(nil), o.folders...)})
	}
	if t.empty || address != "" && o.unbalanced && !o.closesNext() {
		return
	}
	f := opmlFrame{folder: address == "" && text != "" && len(o.folders) < maxFolders}
	if f.folder {
		o.folders = append(o.folders, text)
	}
	o.stack = append(o.stack, f)
}

// closesNext reports whether the next thing in the list closes the outline at
// hand. In a list that leaves some open, those that are feeds hold nothing.
func (o *opmlReader) closesNext() bool {
	rest := o.src[skipSpace(o.src, o.tag.end):]
	if bytes.HasPrefix(rest, []byte("</")) && tagNamed(rest[2:], o.tag.name) {
		return true
	}
	o.mended++
	return false
}

func (o *opmlReader) add(f Outline) {
	if len(o.list.Feeds) == maxOutline {
		o.skipped++
		return
	}
	o.list.Feeds = append(o.list.Feeds, f)
}

// attr returns the value of an attribute, whatever the case of its name.
func (o *opmlReader) attr(name string) string {
	for _, a := range o.tag.attrs {
		if strings.EqualFold(string(a.name), name) && len(a.value) > 0 {
			if bareAmpersand(a.value) {
				o.mended++
			}
			return decodeReferences(string(a.value), o.entities)
		}
	}
	return ""
}

// bareAmpersand reports whether v has an "&" that begins no reference.
func bareAmpersand(v []byte) bool {
	for {
		i := bytes.IndexByte(v, '&')
		if i < 0 {
			return false
		}
		v = v[i+1:]
		end := bytes.IndexByte(v[:min(len(v), maxReference)], ';')
		if end < 1 || !referenceName(string(v[:end])) {
			return true
		}
	}
}

// report says what was mended.
func (o *opmlReader) report() {
	if o.mended > 0 {
		o.res.repairf("markup that is not well-formed was mended; compare the number of feeds with that of the list")
	}
	if o.skipped > 0 {
		o.res.repairf("the list has %d feeds; the first %d were read", len(o.list.Feeds)+o.skipped, len(o.list.Feeds))
	}
	if !o.cut && len(o.stack) > 0 && !bytes.Contains(bytes.ToLower(o.src[max(0, len(o.src)-512):]), []byte("</opml")) {
		o.res.repairf("the list is cut off before its end; %d %s read", len(o.list.Feeds), plural(len(o.list.Feeds), "feed was", "feeds were"))
	}
}

// opmlOutline is an outline as it is written.
type opmlOutline struct {
	Text     string         `xml:"text,attr"`
	Title    string         `xml:"title,attr,omitempty"`
	Type     string         `xml:"type,attr,omitempty"`
	XMLURL   string         `xml:"xmlUrl,attr,omitempty"`
	HTMLURL  string         `xml:"htmlUrl,attr,omitempty"`
	Language string         `xml:"language,attr,omitempty"`
	Outlines []*opmlOutline `xml:"outline"`
}

// Write writes the list as OPML 2.0, with an outline for each folder.
func (l Outlines) Write(w io.Writer) error {
	doc := struct {
		XMLName xml.Name       `xml:"opml"`
		Version string         `xml:"version,attr"`
		Title   string         `xml:"head>title"`
		Body    []*opmlOutline `xml:"body>outline"`
	}{Version: "2.0", Title: l.Title}
	root := &opmlOutline{}
	folders := make(map[string]*opmlOutline)
	for _, f := range l.Feeds {
		parent, path := root, ""
		for _, name := range f.Folders {
			path += "\x00" + name
			folder := folders[path]
			if folder == nil {
				folder = &opmlOutline{Text: name}
				folders[path] = folder
				parent.Outlines = append(parent.Outlines, folder)
			}
			parent = folder
		}
		title := firstOf(f.Title, f.URL)
		parent.Outlines = append(parent.Outlines, &opmlOutline{Text: title, Title: title, Type: "rss", XMLURL: f.URL, HTMLURL: f.Site, Language: f.Language})
	}
	doc.Body = root.Outlines
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(doc); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}
