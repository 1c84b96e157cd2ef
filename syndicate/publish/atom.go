package publish

import (
	"encoding/xml"
	"time"

	"github.com/gorilla/feeds"

	"broadsheet/syndicate"
)

// The atom types are gorilla/feeds' with what those lack; see the rss types
// for how.
type (
	atomFeed struct {
		XMLName xml.Name `xml:"feed"`
		Lang    string   `xml:"xml:lang,attr,omitempty"`
		History string   `xml:"xmlns:fh,attr,omitempty"`
		At      string   `xml:"xmlns:at,attr,omitempty"`
		Own     string   `xml:"xmlns:broadsheet,attr,omitempty"`
		feeds.AtomFeed
		Links     []feeds.AtomLink
		Generator string        `xml:"generator"`
		Archive   *struct{}     `xml:"fh:archive"`
		Deleted   []atomDeleted `xml:"at:deleted-entry"`
		style     string
	}
	atomDeleted struct {
		Ref  string `xml:"ref,attr"`
		When string `xml:"when,attr"`
	}
	atomEntry struct {
		XMLName xml.Name `xml:"entry"`
		Lang    string   `xml:"xml:lang,attr,omitempty"`
		*feeds.AtomEntry
		Title      atomText `xml:"title"`
		Authors    []atomPerson
		Categories []atomCategory `xml:"category"`
		Source     *atomSource    `xml:"source"`
		extras
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
		Type string `xml:"type,attr,omitempty"`
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

func writeAtom(c *channel) ([]byte, []syndicate.DocumentEntry, error) {
	base := (&feeds.Atom{Feed: c.Feed}).AtomFeed()
	entries := base.Entries
	base.Id = c.Id
	base.Updated = atomTime(c.Updated)
	base.Icon = c.Image.Url
	base.Link, base.Entries = nil, nil

	doc := &atomFeed{
		Lang:      c.site.Language,
		AtomFeed:  *base,
		Generator: generator,
		style:     c.current("style.css"),
	}
	for _, l := range c.links("atom", "application/atom+xml") {
		doc.Links = append(doc.Links, feeds.AtomLink{Href: l.href, Rel: l.rel, Type: l.mediaType})
		if l.rel == "self" {
			doc.Links = append(doc.Links, feeds.AtomLink{Href: c.page, Rel: "alternate", Type: "text/html"})
		}
	}
	if c.archive != "" {
		doc.History, doc.Archive = nsHistory, &struct{}{}
	}
	if len(entries) > 0 {
		doc.Own = nsOwn
	}
	for _, w := range c.withdrawn {
		doc.At = nsDeleted
		doc.Deleted = append(doc.Deleted, atomDeleted{Ref: w.ID, When: atomTime(w.At.Truncate(time.Second))})
	}
	return assemble(doc, "\n</feed>", "  ", len(entries), func(i int) any { return newAtomEntry(entries[i], c.articles[i]) })
}

// newAtomEntry makes an entry. Titles and summaries are plain text and say so:
// where one holds a tag, validators warn of undeclared HTML (and RSS and JSON
// Feed have no way to declare it), but the tag is what the source wrote.
func newAtomEntry(base *feeds.AtomEntry, it item) *atomEntry {
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
	out := &atomEntry{Lang: it.language, AtomEntry: base, Title: atomText{Type: "text", Text: it.Title}, extras: it.extras}
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
		if s.page {
			out.Source.Link.Rel, out.Source.Link.Type = "alternate", "text/html"
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
