package publish

import (
	"bytes"
	"encoding/xml"
	"time"

	"github.com/gorilla/feeds"
)

// The atom types are gorilla/feeds' with what those lack; see the rss types
// for how.
type (
	atomFeed struct {
		XMLName xml.Name `xml:"feed"`
		Lang    string   `xml:"xml:lang,attr,omitempty"`
		feeds.AtomFeed
		Links     []feeds.AtomLink
		Generator string      `xml:"generator"`
		Entries   []atomEntry `xml:"entry"` // last: everything else comes before entries
		style     string
	}
	atomEntry struct {
		XMLName xml.Name `xml:"entry"`
		Lang    string   `xml:"xml:lang,attr,omitempty"`
		*feeds.AtomEntry
		Title      atomText `xml:"title"`
		Authors    []atomPerson
		Categories []atomCategory `xml:"category"`
		Source     *atomSource    `xml:"source"`
	}
	atomText struct {
		Type string `xml:"type,attr"`
		Text string `xml:",chardata"`
	}
	atomPerson struct {
		XMLName xml.Name `xml:"author"`
		Name    string   `xml:"name"`
	}
	atomCategory struct {
		Term   string `xml:"term,attr"`
		Scheme string `xml:"scheme,attr,omitempty"`
		Label  string `xml:"label,attr,omitempty"`
	}
	atomSource struct {
		ID      string     `xml:"id"`
		Title   atomText   `xml:"title"`
		Updated string     `xml:"updated"`
		Link    atomLink   `xml:"link"`
		Author  atomPerson `xml:"author"`
	}
	atomLink struct {
		Rel  string `xml:"rel,attr"`
		Href string `xml:"href,attr"`
	}
)

// FeedXml implements feeds.XmlFeed.
func (d *atomFeed) FeedXml() any { return d } //nolint:revive // the name is the interface's

// MarshalXML puts the style sheet before the root element.
func (d *atomFeed) MarshalXML(e *xml.Encoder, _ xml.StartElement) error {
	type plain atomFeed
	if err := e.EncodeToken(stylesheet(d.style)); err != nil {
		return err
	}
	return e.EncodeElement((*plain)(d), xml.StartElement{Name: xml.Name{Local: "feed"}})
}

func writeAtom(c *channel) ([]byte, error) {
	base := (&feeds.Atom{Feed: c.Feed}).AtomFeed()
	base.Id = c.Id
	base.Updated = atomTime(c.Updated)
	base.Link = nil

	doc := &atomFeed{
		Lang:     c.site.Language,
		AtomFeed: *base,
		Links: []feeds.AtomLink{
			{Href: c.self("atom"), Rel: "self", Type: "application/atom+xml"},
			{Href: c.page, Rel: "alternate", Type: "text/html"},
			{Href: c.self("rss"), Rel: "alternate", Type: "application/rss+xml"},
			{Href: c.self("json"), Rel: "alternate", Type: "application/feed+json"},
		},
		Generator: generator,
		style:     c.self("style.css"),
	}
	for i, it := range c.articles {
		doc.Entries = append(doc.Entries, newAtomEntry(base.Entries[i], it))
	}
	var b bytes.Buffer
	if err := feeds.WriteXML(doc, &b); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// newAtomEntry makes an entry. Titles and summaries are plain text and say so:
// where one holds a tag, validators warn of undeclared HTML (and RSS and JSON
// Feed have no way to declare it), but the tag is what the source wrote.
func newAtomEntry(base *feeds.AtomEntry, it item) atomEntry {
	base.Updated = atomTime(it.Updated)
	base.Published = atomTime(it.Created)
	if base.Summary != nil {
		base.Summary.Type = "text"
	}
	if it.Link.Href != it.page {
		base.Links = append(base.Links, feeds.AtomLink{Href: it.page, Rel: "related", Type: "text/html"})
	}
	for _, e := range it.enclosures {
		l := feeds.AtomLink{Href: e.Url, Rel: "enclosure", Type: e.Type}
		if e.Length != "0" {
			l.Length = e.Length
		}
		base.Links = append(base.Links, l)
	}
	out := atomEntry{Lang: it.language, AtomEntry: base, Title: atomText{Type: "text", Text: it.Title}}
	for _, name := range it.authors {
		out.Authors = append(out.Authors, atomPerson{Name: name})
	}
	for _, c := range it.categories {
		if c.id == "" {
			out.Categories = append(out.Categories, atomCategory{Term: c.label})
			continue
		}
		out.Categories = append(out.Categories, atomCategory{Term: c.id, Scheme: c.scheme, Label: c.label})
	}
	if s := it.source; s.url != "" {
		// An entry without an author has its source's (RFC 4287, section 4.2.1).
		out.Source = &atomSource{
			ID: s.id, Title: atomText{Type: "text", Text: s.title}, Updated: sourceUpdated(it),
			Link: atomLink{Rel: "self", Href: s.url}, Author: atomPerson{Name: s.title},
		}
	}
	return out
}

// sourceUpdated returns when the source changed last, as far as the article
// shows.
func sourceUpdated(it item) string {
	if it.article.Updated.After(it.Created) {
		return atomTime(it.article.Updated.Truncate(time.Second))
	}
	return atomTime(it.Created)
}

// atomTime writes t in UTC, with a fraction of a second where there is one. A
// feed without articles has a date of old: Atom wants one, and the
// time of asking would make every answer another.
func atomTime(t time.Time) string {
	if t.IsZero() {
		t = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // validators find older ones implausible
	}
	return t.UTC().Format(time.RFC3339Nano)
}
