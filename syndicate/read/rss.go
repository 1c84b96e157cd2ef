package read

import (
	"strings"

	ext "github.com/mmcdole/gofeed/extensions"
	"github.com/mmcdole/gofeed/rss"
)

// rss converts a feed of the RSS family.
func (c *converter) rss(in *rss.Feed) {
	f := &c.res.Feed
	c.common(f, &c.feed)
	x := extensions(in.Extensions)
	if s := c.feed.field("description", "itunes:summary", "itunes:subtitle", "dc:description", "subtitle", "tagline", "atom:subtitle"); s != nil {
		f.Subtitle, _ = cleanHTML(c.htmlOf(s), s.base)
	}
	f.ID = firstOf(c.rawOf(c.feed.field("atom:id")), c.feed.about)
	if v := firstOf(in.Language, x.text("dc", "language")); v != "" {
		f.Language = languageTag(v)
	}
	f.Generator = firstOf(in.Generator, x.attr("admin", "generatorAgent", "resource"))
	f.TTL = in.TTL
	f.SkipHours, f.SkipDays = in.SkipHours, in.SkipDays
	f.UpdatePeriod, f.UpdateFrequency = x.text("sy", "updatePeriod"), x.text("sy", "updateFrequency")
	f.Link, f.Links = c.links(in.Links, x, c.feed.scope)
	f.Authors = c.rssAuthors(x, firstOf(in.ManagingEditor, c.textOf(c.feed.field("author"))))
	if len(f.Authors) == 0 {
		f.Authors = appendPerson(nil, owner(x))
		f.Authors = appendPerson(f.Authors, parsePerson(in.WebMaster))
	}
	f.Contributors = contributors(x)
	f.Categories = rssCategories(in.Categories, "", x)
	c.rssImage(f, in, x)
	c.adoptBase(f.Link)
	for i, item := range in.Items {
		c.res.Entries = append(c.res.Entries, c.rssEntry(item, c.holding(i)))
	}
}

// rssImage finds the image of a channel.
func (c *converter) rssImage(f *Feed, in *rss.Feed, x extensions) {
	base := c.feed.base
	if in.Image != nil && in.Image.URL != "" {
		f.Image = &Image{URL: fieldAddress(base, in.Image.URL), Title: plainText(in.Image.Title), Link: fieldAddress(base, in.Image.Link)}
		return
	}
	for _, u := range []string{x.attr("itunes", "image", "href"), x.attr("itunes", "image", "url"), x.text("itunes", "image"), x.imageLink(), x.text("atom", "logo"), x.text("webfeeds", "icon")} {
		if u != "" {
			f.Image = &Image{URL: fieldAddress(base, u)}
			return
		}
	}
}

// rssEntry converts an item.
func (c *converter) rssEntry(in *rss.Item, h *holding) Entry {
	var e Entry
	x := extensions(in.Extensions)
	c.common(&e.Feed, h)
	if e.Title == "" {
		e.Title = plainText(firstOf(x.text("media", "title"), x.mediaGroup().text("title")))
	}
	if v := x.text("dc", "language"); v != "" {
		e.Language = languageTag(v)
	}
	c.rssText(&e, h, x)
	links := in.Links
	if u := x.text("feedburner", "origLink"); u != "" {
		links = append([]string{u}, links...)
	}
	e.Link, e.Links = c.links(links, x, h.scope)
	c.rssID(&e, in, h)
	e.Authors = c.rssAuthors(x, in.Author)
	e.Contributors = contributors(x)
	e.Categories = rssCategories(in.Categories, in.Custom["tags"], x)
	if len(e.Categories) == 0 {
		e.Categories = c.res.Feed.Categories
	}
	if u := firstOf(in.Comments, x.link("replies")); !strings.Contains(u, " ") {
		e.Comments = fieldAddress(h.base, u)
	}
	if in.Source != nil && (in.Source.Title != "" || in.Source.URL != "") {
		e.Source = &Feed{Title: plainText(in.Source.Title), Link: fieldAddress(h.base, in.Source.URL)}
	}
	files := c.rssEnclosures(in, x, h.scope)
	e.Enclosures = files.list
	if u := firstOf(x.attr("itunes", "image", "href"), x.attr("itunes", "image", "url"), x.imageLink(), files.preview()); u != "" {
		e.Image = &Image{URL: fieldAddress(h.base, u)}
	}
	if e.Link == "" && len(e.Enclosures) > 0 && !e.Enclosures[0].preview {
		e.Link = e.Enclosures[0].URL
	}
	c.finishEntry(&e)
	return e
}

// rssText finds an item's content and summary.
func (c *converter) rssText(e *Entry, h *holding, x extensions) {
	if f := h.field("content:encoded", "encoded", "fullitem", "xhtml:body", "body", "atom:content", "content"); f != nil {
		e.Content, e.text = cleanHTML(c.htmlOf(f), f.base)
	} else if s, d := h.field("summary", "atom:summary"), h.field("description"); s != nil && d != nil {
		// With a summary beside it, the description is the whole text.
		e.Content, e.text = cleanHTML(c.htmlOf(d), d.base)
		e.Summary, e.summaryText = cleanHTML(c.htmlOf(s), s.base)
		return
	}
	if f := h.field("description", "dc:description", "atom:summary", "summary", "itunes:summary"); f != nil {
		e.Summary, e.summaryText = cleanHTML(c.htmlOf(f), f.base)
	}
	if e.Summary == "" {
		if s := firstOf(x.text("googleplay", "description"), x.text("media", "description"), x.mediaGroup().text("description")); s != "" {
			e.Summary, e.summaryText = cleanHTML(s, h.base)
		}
	}
	if f := h.field("itunes:subtitle"); f != nil && e.Summary == "" {
		e.Summary, e.summaryText = cleanHTML(c.htmlOf(f), f.base)
	}
}

// rssID finds an item's identity, and its link where the identity is one (RSS
// 2.0: a guid is a permanent link unless it says otherwise).
func (c *converter) rssID(e *Entry, in *rss.Item, h *holding) {
	if in.GUID != nil {
		e.ID = in.GUID.Value
		permalink := !strings.EqualFold(in.GUID.IsPermalink, "false") && webAddress(e.ID)
		if e.Link == "" && permalink {
			e.Link = fieldAddress(h.base, e.ID)
		}
	}
	if e.ID == "" {
		e.ID = firstOf(h.about, c.rawOf(h.field("atom:id")))
	}
	if e.Link == "" && webAddress(h.about) {
		e.Link = fieldAddress(h.base, h.about)
	}
}

// rssAuthors collects authors from RSS and from the modules that name some.
func (c *converter) rssAuthors(x extensions, own string) []Person {
	ps := appendPerson(nil, parsePerson(own))
	for _, p := range x.all("atom", "author") {
		ps = appendPerson(ps, Person{Name: child(p, "name"), Email: child(p, "email"), URI: firstOf(child(p, "uri"), child(p, "url"))})
	}
	for _, name := range []string{"creator", "author"} {
		for _, p := range x.all("dc", name) {
			ps = appendPerson(ps, parsePerson(p.Value))
		}
	}
	if len(ps) == 0 {
		ps = appendPerson(ps, parsePerson(firstOf(x.text("itunes", "author"), x.text("googleplay", "author"))))
	}
	return ps
}

// owner returns the owner that a podcast names.
func owner(x extensions) Person {
	for _, o := range x.all("itunes", "owner") {
		return Person{Name: child(o, "name"), Email: child(o, "email")}
	}
	return Person{}
}

func contributors(x extensions) []Person {
	var ps []Person
	for _, p := range x.all("dc", "contributor") {
		ps = appendPerson(ps, parsePerson(p.Value))
	}
	for _, p := range x.all("atom", "contributor") {
		ps = appendPerson(ps, Person{Name: child(p, "name"), Email: child(p, "email"), URI: child(p, "uri")})
	}
	return ps
}

// rssCategories collects the subjects that RSS, a home-made list with commas,
// and the modules of RSS name.
func rssCategories(own []*rss.Category, tags string, x extensions) []Category {
	var cs categories
	for _, t := range strings.Split(tags, ",") {
		cs.add(Category{Term: t})
	}
	for _, c := range own {
		cs.add(Category{Term: c.Value, Scheme: c.Domain})
	}
	for _, e := range x.all("dc", "subject") {
		cs.add(Category{Term: e.Value})
	}
	for _, e := range x.all("atom", "category") {
		cs.add(Category{Term: e.Attrs["term"], Scheme: e.Attrs["scheme"], Label: e.Attrs["label"]})
	}
	for _, e := range x.all("itunes", "category") {
		cs.itunes(e)
	}
	for _, e := range x.all("googleplay", "category") {
		cs.add(Category{Term: e.Attrs["text"]})
	}
	for _, e := range x.all("itunes", "keywords") {
		for _, k := range strings.Split(e.Value, ",") {
			cs.add(Category{Term: k, Scheme: "http://www.itunes.com/"})
		}
	}
	for _, m := range []extensions{x, {"media": x.mediaGroup()}} {
		for _, e := range m.all("media", "category") {
			cs.add(Category{Term: e.Value, Scheme: firstOf(e.Attrs["scheme"], "http://search.yahoo.com/mrss/category_schema"), Label: e.Attrs["label"]})
		}
	}
	return cs.list
}

// itunes adds a podcast category and those within it.
func (cs *categories) itunes(e ext.Extension) {
	cs.add(Category{Term: e.Attrs["text"], Scheme: "http://www.itunes.com/"})
	for _, sub := range e.Children["category"] {
		cs.itunes(sub)
	}
}

// links returns the link of a feed or item and all its links, absolute.
func (c *converter) links(own []string, x extensions, sc scope) (link string, links []Link) {
	for _, u := range own {
		if u = fieldAddress(sc.base, u); u == "" {
			continue
		}
		if link == "" {
			link = u
		}
		links = append(links, Link{Rel: "alternate", Href: u})
	}
	for _, l := range x.all("atom", "link") {
		href := fieldAddress(sc.base, l.Attrs["href"])
		if href == "" {
			continue
		}
		rel := firstOf(l.Attrs["rel"], "alternate")
		if link == "" && rel == "alternate" {
			link = href
		}
		links = append(links, Link{Rel: rel, Href: href, Type: l.Attrs["type"], Hreflang: l.Attrs["hreflang"], Title: l.Attrs["title"], Length: l.Attrs["length"]})
	}
	return link, links
}

// rssEnclosures collects the files an item comes with.
func (c *converter) rssEnclosures(in *rss.Item, x extensions, sc scope) enclosures {
	var es enclosures
	for _, e := range in.Enclosures {
		es.add(sc.base, Enclosure{URL: e.URL, Type: e.Type, Length: e.Length})
	}
	if u := x.text("feedburner", "origEnclosureLink"); u != "" && len(es.list) == 1 {
		es.list[0].URL = fieldAddress(sc.base, u)
	}
	for _, l := range x.all("atom", "link") {
		if l.Attrs["rel"] == "enclosure" {
			es.add(sc.base, Enclosure{URL: l.Attrs["href"], Type: l.Attrs["type"], Length: l.Attrs["length"]})
		}
	}
	es.media(sc.base, x)
	return es
}
