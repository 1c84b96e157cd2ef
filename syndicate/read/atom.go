package read

import (
	"strings"

	"github.com/mmcdole/gofeed/atom"
)

// atom converts an Atom feed (RFC 4287) of any version.
func (c *converter) atom(in *atom.Feed) {
	f := &c.res.Feed
	c.common(f, &c.feed)
	if s := c.feed.field("subtitle", "tagline", "info", "description"); s != nil {
		f.Subtitle, _ = cleanHTML(c.htmlOf(s), s.base)
	}
	f.ID = absoluteID(&c.feed, c.rawOf(c.feed.field("id")))
	f.Link, f.Links = c.atomLinks(in.Links, c.feed.scope)
	if in.Generator != nil {
		f.Generator = squeeze(firstOf(in.Generator.Value, in.Generator.URI))
	}
	f.Icon, f.Logo = fieldAddress(c.feed.base, in.Icon), fieldAddress(c.feed.base, in.Logo)
	if u := firstOf(f.Logo, f.Icon); u != "" {
		f.Image = &Image{URL: u}
	}
	f.Authors = c.atomPersons(in.Authors, c.feed.scope)
	f.Contributors = c.atomPersons(in.Contributors, c.feed.scope)
	f.Categories = atomCategories(in.Categories)
	x := extensions(in.Extensions)
	f.UpdatePeriod, f.UpdateFrequency = x.text("sy", "updatePeriod"), x.text("sy", "updateFrequency")
	c.adoptBase(f.Link)
	for i, entry := range in.Entries {
		c.res.Entries = append(c.res.Entries, c.atomEntry(entry, c.holding(i)))
	}
}

// atomEntry converts an entry.
func (c *converter) atomEntry(in *atom.Entry, h *holding) Entry {
	var e Entry
	x := extensions(in.Extensions)
	c.common(&e.Feed, h)
	if f := h.field("content"); f != nil {
		e.Content, e.text = cleanHTML(c.htmlOf(f), f.base)
	}
	if f := h.field("summary"); f != nil {
		e.Summary, e.summaryText = cleanHTML(c.htmlOf(f), f.base)
	}
	if e.Summary == "" && e.Content == "" {
		if s := firstOf(x.text("media", "description"), x.mediaGroup().text("description")); s != "" {
			e.Summary, e.summaryText = cleanHTML(s, h.base)
		}
	}
	e.ID = c.rawOf(h.field("id"))
	e.Link, e.Links = c.atomLinks(in.Links, h.scope)
	if u := x.text("feedburner", "origLink"); u != "" {
		e.Link = fieldAddress(h.base, u)
	}
	if f := h.field("content"); e.Link == "" && f != nil && f.src != "" {
		e.Link = fieldAddress(f.base, f.src)
	}
	e.Authors = c.atomPersons(in.Authors, h.scope)
	for _, p := range x.all("dc", "creator") {
		e.Authors = appendPerson(e.Authors, parsePerson(p.Value))
	}
	e.Contributors = c.atomPersons(in.Contributors, h.scope)
	e.Categories = atomCategories(in.Categories)
	e.Categories = append(e.Categories, rssCategories(nil, "", x)...)
	if len(e.Categories) == 0 {
		e.Categories = c.res.Feed.Categories
	}
	c.atomFiles(&e, in, x, h.scope)
	if in.Source != nil {
		e.Source = c.atomSource(in.Source, h.scope)
		if len(e.Authors) == 0 {
			e.Authors = e.Source.Authors
		}
	}
	if e.Link == "" && webAddress(e.ID) {
		e.Link = fieldAddress(h.base, e.ID)
	}
	c.finishEntry(&e)
	e.ID = absoluteID(h, e.ID)
	return e
}

// absoluteID returns an id that is a path as the address it stands for. An id
// has to be absolute (RFC 4287, section 4.2.6); what identifies the article
// stays as it was sent, wherever the feed moves.
func absoluteID(h *holding, id string) string {
	if strings.HasPrefix(id, "/") && h.base != nil {
		return absolute(h.base, id)
	}
	return id
}

// atomFiles finds the enclosures, the image and the comments of an entry.
func (c *converter) atomFiles(e *Entry, in *atom.Entry, x extensions, sc scope) {
	var es enclosures
	for _, l := range in.Links {
		switch l.Rel {
		case "enclosure":
			es.add(sc.base, Enclosure{URL: l.Href, Type: l.Type, Length: l.Length})
		case "replies":
			if e.Comments == "" && strings.Contains(l.Type, "html") && !strings.Contains(l.Href, "%20") {
				e.Comments = fieldAddress(sc.base, l.Href)
			}
		}
	}
	es.media(sc.base, x)
	e.Enclosures = es.list
	if u := es.preview(); u != "" {
		e.Image = &Image{URL: u}
	}
}

// atomSource converts the feed that an entry was copied from (RFC 4287,
// section 4.2.11).
func (c *converter) atomSource(in *atom.Source, sc scope) *Feed {
	f := &Feed{Title: plainText(in.Title), ID: in.ID, Language: languageTag(sc.lang)}
	f.Subtitle, _ = cleanHTML(in.Subtitle, sc.base)
	f.Rights, _ = cleanHTML(in.Rights, sc.base)
	f.Link, f.Links = c.atomLinks(in.Links, sc)
	f.UpdatedRaw = in.Updated
	f.Updated, _ = parseDate(in.Updated, c.loc)
	f.Icon, f.Logo = fieldAddress(sc.base, in.Icon), fieldAddress(sc.base, in.Logo)
	f.Authors = c.atomPersons(in.Authors, sc)
	f.Contributors = c.atomPersons(in.Contributors, sc)
	f.Categories = atomCategories(in.Categories)
	if in.Generator != nil {
		f.Generator = squeeze(in.Generator.Value)
	}
	return f
}

// atomLinks returns the link to the page of a feed or entry, and all links,
// absolute. Of several pages HTML is preferred.
func (c *converter) atomLinks(in []*atom.Link, sc scope) (link string, links []Link) {
	html := false
	for _, l := range in {
		href := fieldAddress(sc.base, l.Href)
		if href == "" {
			continue
		}
		rel := strings.TrimPrefix(strings.ToLower(l.Rel), "http://www.iana.org/assignments/relation/")
		if rel == "alternate" {
			page := l.Type == "" || strings.Contains(l.Type, "html")
			if link == "" || page && !html {
				link = href
			}
			html = html || page
		}
		links = append(links, Link{Rel: rel, Href: href, Type: l.Type, Hreflang: l.Hreflang, Title: l.Title, Length: l.Length})
	}
	return link, links
}

func (c *converter) atomPersons(in []*atom.Person, sc scope) []Person {
	var ps []Person
	for _, p := range in {
		ps = appendPerson(ps, Person{Name: squeeze(p.Name), Email: squeeze(p.Email), URI: fieldAddress(sc.base, p.URI)})
	}
	return ps
}

func atomCategories(in []*atom.Category) []Category {
	var cs categories
	for _, c := range in {
		cs.add(Category{Term: c.Term, Scheme: c.Scheme, Label: c.Label})
	}
	return cs.list
}
