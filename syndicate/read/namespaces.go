package read

import (
	"bytes"
	"strings"
)

// Namespaces of the vocabularies that feeds use, and the prefix each has here
// whatever the document calls it. "" is the feed's own vocabulary.
func prefixOfNamespace(uri string) (prefix string, known bool) {
	uri = strings.TrimSpace(uri)
	switch uri {
	case "", "http://purl.org/rss/1.0/", "http://channel.netscape.com/rdf/simple/0.9/", "http://my.netscape.com/rdf/simple/0.9/",
		"http://backend.userland.com/rss", "http://backend.userland.com/rss2", "http://blogs.law.harvard.edu/tech/rss", "http://my.netscape.com/publish/formats/rss-0.91.dtd":
		return "", true
	case "http://www.w3.org/2005/Atom", "http://purl.org/atom/ns#":
		return "atom", true
	case "http://purl.org/rss/1.0/modules/content/":
		return "content", true
	case "http://purl.org/dc/elements/1.1/", "http://purl.org/dc/elements/1.0/":
		return "dc", true
	case "http://purl.org/dc/terms/":
		return "dcterms", true
	case "http://www.itunes.com/dtds/podcast-1.0.dtd", "http://www.itunes.com/DTDs/Podcast-1.0.dtd", "http://www.itunes.com/DTDs/PodCast-1.0.dtd", "http://example.com/DTDs/PodCast-1.0.dtd":
		return "itunes", true
	case "http://www.w3.org/1999/xhtml":
		return "xhtml", true
	case "http://search.yahoo.com/mrss", "http://search.yahoo.com/mrss/":
		return "media", true
	case "http://www.w3.org/1999/02/22-rdf-syntax-ns#":
		return "rdf", true
	case "http://www.google.com/schemas/play-podcasts/1.0":
		return "googleplay", true
	}
	return "", false
}

// namespaces maps a document's prefixes to ours.
type namespaces struct {
	prefixes map[string]string
	atom     bool // the document is Atom, whose names are its own vocabulary
}

func newNamespaces() namespaces {
	return namespaces{prefixes: map[string]string{"": "", "rss": ""}}
}

// declare takes in the declarations of a tag. The default namespace counts
// only on the root; see resolve.
func (n *namespaces) declare(t *xmlTag) {
	for _, a := range t.attrs {
		if p, ok := bytes.CutPrefix(a.name, []byte("xmlns:")); ok {
			if ours, known := prefixOfNamespace(string(a.value)); known {
				n.prefixes[string(p)] = ours
			} else {
				delete(n.prefixes, string(p))
			}
		}
	}
}

// resolve returns the prefix a tag has here.
func (n *namespaces) resolve(t *xmlTag) string {
	i := bytes.IndexByte(t.name, ':')
	if i < 0 {
		if uri := t.attr("xmlns"); uri != nil {
			ours, known := prefixOfNamespace(string(uri))
			if known {
				return n.own(ours)
			}
		}
		return ""
	}
	if ours, ok := n.prefixes[string(t.name[:i])]; ok {
		return n.own(ours)
	}
	return n.own(string(t.name[:i]))
}

// own maps the prefix of an Atom document's vocabulary to "".
func (n *namespaces) own(prefix string) string {
	if n.atom && prefix == "atom" {
		return ""
	}
	return prefix
}

// heldNames are the elements whose text is kept aside, as prefix and name in
// lower case: all that may hold markup, whose type, language and base address
// gofeed forgets, and dates, which have to be read in the source's zone.
func heldName(prefix string, local []byte) (name string, held bool) {
	var set map[string]string
	switch prefix {
	case "":
		set = heldOwn
	case "atom":
		set = heldAtom
	case "content":
		set = heldContent
	case "dc":
		set = heldDC
	case "dcterms":
		set = heldDCTerms
	case "itunes":
		set = heldITunes
	case "xhtml":
		set = heldXHTML
	default:
		return "", false
	}
	if name, held = set[string(local)]; held {
		return name, true
	}
	if hasUpper(local) {
		name, held = set[strings.ToLower(string(local))]
	}
	return name, held
}

var (
	heldOwn = nameSet("", "title", "description", "summary", "content", "subtitle", "tagline", "info", "rights", "copyright",
		"encoded", "fullitem", "body", "pubdate", "pubDate", "lastbuilddate", "lastBuildDate", "published", "issued", "updated", "modified", "created")
	heldAtom    = nameSet("atom:", "title", "summary", "content", "subtitle", "published", "updated", "issued", "modified", "id")
	heldContent = nameSet("content:", "encoded")
	heldDC      = nameSet("dc:", "date", "title", "description", "rights")
	heldDCTerms = nameSet("dcterms:", "created", "issued", "modified")
	heldITunes  = nameSet("itunes:", "summary", "subtitle", "title")
	heldXHTML   = nameSet("xhtml:", "body")
)

// nameSet maps names to what they are called here.
func nameSet(prefix string, names ...string) map[string]string {
	m := make(map[string]string, len(names))
	for _, n := range names {
		m[n] = prefix + strings.ToLower(n)
	}
	return m
}

func hasUpper(b []byte) bool {
	for _, c := range b {
		if c >= 'A' && c <= 'Z' {
			return true
		}
	}
	return false
}
