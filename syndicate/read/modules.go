package read

import (
	"net/url"
	"strings"

	ext "github.com/mmcdole/gofeed/extensions"
)

// extensions are the elements of modules that gofeed read: by prefix, then by
// name.
type extensions map[string]map[string][]ext.Extension

// all returns the elements of a name.
func (x extensions) all(prefix, name string) []ext.Extension { return x[prefix][name] }

// text returns the first text that an element of a name has.
func (x extensions) text(prefix, name string) string {
	for _, e := range x[prefix][name] {
		if e.Value != "" {
			return e.Value
		}
	}
	return ""
}

// attr returns the first value that an attribute has on an element of a name.
func (x extensions) attr(prefix, name, attr string) string {
	for _, e := range x[prefix][name] {
		if v := e.Attrs[attr]; v != "" {
			return v
		}
	}
	return ""
}

// link returns the address of the first Atom link of a relation.
func (x extensions) link(rel string) string {
	for _, l := range x["atom"]["link"] {
		if l.Attrs["rel"] == rel {
			return l.Attrs["href"]
		}
	}
	return ""
}

// imageLink returns the address of an image that iTunes has as a link.
func (x extensions) imageLink() string {
	for _, l := range x["itunes"]["link"] {
		if l.Attrs["rel"] == "image" {
			return l.Attrs["href"]
		}
	}
	return ""
}

// mediaGroup returns the elements within the groups of Media RSS.
func (x extensions) mediaGroup() children {
	all := make(children)
	for _, e := range x["media"]["group"] {
		for n, list := range e.Children {
			all[n] = append(all[n], list...)
		}
	}
	return all
}

// children are elements within an element, by name.
type children map[string][]ext.Extension

func (c children) text(name string) string {
	for _, e := range c[name] {
		if e.Value != "" {
			return e.Value
		}
	}
	return ""
}

// child returns the text of an element's first child of a name.
func child(e ext.Extension, name string) string { return children(e.Children).text(name) }

// categories are subjects, each once.
type categories struct{ list []Category }

// add adds a subject unless it is empty or there.
func (cs *categories) add(c Category) {
	c.Term, c.Label = plainText(c.Term), plainText(c.Label)
	if c.Term == "" {
		c.Term = c.Label
	}
	if c.Term == "" {
		return
	}
	for _, old := range cs.list {
		if old.Term == c.Term && old.Scheme == c.Scheme {
			return
		}
	}
	cs.list = append(cs.list, c)
}

// enclosures are files, each once.
type enclosures struct{ list []Enclosure }

// add adds a file unless it has no address or is there. The same file named
// twice keeps what either says of it.
func (es *enclosures) add(base *url.URL, e Enclosure) {
	if strings.TrimSpace(e.URL) == "" {
		return
	}
	if e.URL = fieldAddress(base, e.URL); e.URL == "" {
		return
	}
	for i := range es.list {
		if old := &es.list[i]; old.URL == e.URL {
			old.Type, old.Length = firstOf(old.Type, e.Type), firstOf(old.Length, e.Length)
			return
		}
	}
	es.list = append(es.list, e)
}

// media adds the files that Media RSS names, and its thumbnails.
func (es *enclosures) media(base *url.URL, x extensions) {
	group := x.mediaGroup()
	for _, list := range [...][]ext.Extension{x.all("media", "content"), group["content"], x.all("media", "peerLink"), group["peerLink"]} {
		for _, m := range list {
			es.add(base, Enclosure{URL: firstOf(m.Attrs["url"], m.Attrs["href"]), Type: firstOf(m.Attrs["type"], mediumType(m.Attrs["medium"])), Length: m.Attrs["fileSize"]})
		}
	}
	for _, list := range [...][]ext.Extension{x.all("media", "thumbnail"), group["thumbnail"]} {
		for _, m := range list {
			es.add(base, Enclosure{URL: m.Attrs["url"], Type: mediumType("image"), preview: true})
		}
	}
}

// preview returns the address of the first thumbnail, or "".
func (es *enclosures) preview() string {
	for _, e := range es.list {
		if e.preview {
			return e.URL
		}
	}
	return ""
}

// mediumType returns the media type that the medium of Media RSS stands for.
func mediumType(medium string) string {
	switch medium {
	case "image", "audio", "video":
		return medium + "/*"
	}
	return ""
}

// appendPerson adds a person unless it is empty or there.
func appendPerson(ps []Person, p Person) []Person {
	if p == (Person{}) {
		return ps
	}
	for _, old := range ps {
		if old.Name == p.Name && old.Email == p.Email && (old.URI == p.URI || p.Name+p.Email != "") {
			return ps
		}
	}
	return append(ps, p)
}

// parsePerson reads a person as RSS writes them: "mail (Name)", "Name (mail)",
// "Name <mail>", or either alone.
func parsePerson(s string) Person {
	if strings.IndexByte(s, '<') >= 0 && strings.IndexByte(s, '@') < 0 || strings.IndexByte(s, '&') >= 0 {
		s = plainText(s)
	}
	s = squeeze(s)
	for _, pair := range [...]string{"()", "<>", "[]"} {
		open := strings.IndexByte(s, pair[0])
		shut := strings.LastIndexByte(s, pair[1])
		if open < 0 || shut < open {
			continue
		}
		outer, inner := strings.TrimSpace(s[:open]+s[shut+1:]), strings.TrimSpace(s[open+1:shut])
		inner = strings.TrimPrefix(inner, "mailto:")
		switch {
		case mailLike(inner):
			return Person{Name: strings.Trim(outer, ` "'`), Email: inner}
		case mailLike(outer):
			return Person{Name: inner, Email: outer}
		}
	}
	if s = strings.TrimPrefix(s, "mailto:"); mailLike(s) {
		return Person{Email: s}
	}
	if i := strings.LastIndexByte(s, ' '); i > 0 && mailLike(s[i+1:]) {
		return Person{Name: strings.TrimRight(s[:i], " ,;:-"), Email: s[i+1:]}
	}
	return Person{Name: s}
}

// mailLike reports whether s looks like a mail address.
func mailLike(s string) bool {
	i := strings.IndexByte(s, '@')
	return i > 0 && i < len(s)-1 && !strings.ContainsAny(s, " ()<>")
}

// firstOf returns the first string that is not empty.
func firstOf(list ...string) string {
	for _, s := range list {
		if s != "" {
			return s
		}
	}
	return ""
}
