package publish

import (
	"html"
	"mime"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/feeds"

	"broadsheet/syndicate"
)

// IconPath is where the site serves its icon, a square PNG of 512 pixels. In
// RSS 144 are the most that an image may be shown with.
const IconPath = "/icon.png"

// A channel is a feed made ready for any format: gorilla/feeds' own form of
// it, and beside it what that cannot hold.
type channel struct {
	*feeds.Feed
	name     string
	search   string // "?q=…" in the address of a search's feed
	site     syndicate.Site
	page     string    // address of the page with the same articles
	changed  time.Time // newest change of its articles, whole seconds; zero without articles
	articles []item    // as Feed.Items, in this order

	hub            string // address of the hub that pushes it; "" for none
	archive        string // the page of the archive that it is; "" for the feed itself
	previous, next string // the pages before and after it; "" for none
	withdrawn      []syndicate.Withdrawal
}

// current returns the feed's own address in a format.
func (c *channel) current(format string) string {
	return c.site.FeedURL(c.name, format) + c.search
}

// self returns the address of the document in a format: that of the feed, or
// of the page of its archive.
func (c *channel) self(format string) string {
	if c.archive == "" {
		return c.current(format)
	}
	return c.archived(c.archive, format)
}

func (c *channel) archived(name, format string) string {
	return c.site.ArchiveURL(c.name, name, format)
}

// A link is a link of a channel, as Atom and RSS give it.
type link struct{ rel, href, mediaType string }

// links returns the links of a document in a format whose media type is given:
// to itself, to the other forms of it, to the hub and along the archive.
func (c *channel) links(format, mediaType string) []link {
	list := []link{{"self", c.self(format), mediaType}}
	for _, f := range []link{{"atom", "", "application/atom+xml"}, {"rss", "", "application/rss+xml"}, {"json", "", "application/feed+json"}} {
		if f.rel != format {
			list = append(list, link{"alternate", c.self(f.rel), f.mediaType})
		}
	}
	if c.hub != "" && c.archive == "" {
		list = append(list, link{rel: "hub", href: c.hub})
	}
	if c.archive != "" {
		list = append(list, link{"current", c.current(format), mediaType})
	}
	if c.previous != "" {
		list = append(list, link{"prev-archive", c.archived(c.previous, format), mediaType})
	}
	if c.next != "" {
		list = append(list, link{"next-archive", c.archived(c.next, format), mediaType})
	}
	return list
}

// An item is an article made ready for any format.
type item struct {
	*feeds.Item // Title and Description are plain text, Content is HTML

	article    *syndicate.Article
	story      *syndicate.Story // nil when no other article tells it
	retellings []retelling      // by the others
	page       string           // address of its own page
	language   string           // BCP 47; "" when unknown
	authors    []string
	categories []category // themes first
	enclosures []feeds.Enclosure
	image      string // address of the first enclosure that is one; "" for none
	source     source
	extras     extras
}

// A category is a theme the article is filed under (id and scheme are set), or
// a word the source gave it.
type category struct{ id, scheme, label string }

// A source is where an article came from. Its url is empty when the source is
// not configured any more; it is that of a feed, or of a page.
type source struct {
	title, url, id string
	page           bool
}

func (p *Publisher) channel(sel selection, articles []syndicate.Told) *channel {
	title := p.Site.Title
	if sel.Kind != "all" {
		title = sel.Title + " · " + p.Site.Title
	}
	ch := &channel{name: sel.Name, search: sel.search, site: p.Site, page: p.Site.Link(sel.Page), hub: p.Hub}
	if sel.private {
		ch.hub = ""
	}
	ch.Feed = &feeds.Feed{
		Title:       clean(title),
		Id:          p.feedID(sel.Name + sel.search),
		Description: clean(sel.description),
		Link:        &feeds.Link{Href: ch.page, Rel: "alternate", Type: "text/html"},
		Author:      &feeds.Author{Name: clean(p.Site.Title)},
		Image:       &feeds.Image{Url: p.Site.Link(IconPath), Title: clean(title), Link: ch.page, Width: 144, Height: 144},
	}
	for i := range articles {
		it := p.item(&articles[i].Article, sel.content)
		p.retold(&it, articles[i].Story)
		ch.articles = append(ch.articles, it)
		ch.Items = append(ch.Items, it.Item)
		if it.Updated.After(ch.Updated) {
			ch.Updated = it.Updated
		}
		if s := it.story; s != nil && s.Changed.After(ch.changed) {
			ch.changed = s.Changed // a reader sees who else tells it
		}
	}
	if ch.Updated.After(ch.changed) {
		ch.changed = ch.Updated
	}
	ch.changed = ch.changed.Truncate(time.Second)
	return ch
}

// feedID returns the id of a feed, which stays when the site changes from http
// to https: a tag: URI (RFC 4151).
func (p *Publisher) feedID(name string) string {
	host := "localhost"
	if u, err := url.Parse(p.Site.URL); err == nil && u.Hostname() != "" {
		host = strings.ToLower(u.Hostname())
	}
	return "tag:" + host + ",2026:feeds/" + url.PathEscape(name)
}

func (p *Publisher) item(a *syndicate.Article, extent syndicate.Extent) item {
	it := item{article: a, page: p.Site.ArticleURL(a.Key), language: a.Language, source: p.source(a.Source)}
	link := address(a.URL)
	if link == "" {
		link = it.page
	}
	it.Item = &feeds.Item{
		Title:       oneLine(a.DisplayTitle()),
		Link:        &feeds.Link{Href: link, Rel: "alternate", Type: "text/html"},
		Id:          a.ID,
		IsPermaLink: "false",
		Description: summary(a),
		Content:     content(a, extent),
		Created:     a.Published.UTC().Truncate(time.Second),
		Updated:     changed(a),
	}
	if it.Description == "" && extent == syndicate.Summary {
		it.Description = shorten(oneLine(a.Text), 200)
	}
	if it.Title == "" {
		it.Title = shorten(it.Description, 60)
	}
	if it.Title == "" {
		it.Title = link
	}
	if it.Description == "" && it.Content == "" {
		it.Description = it.Title // every format wants some text
	}
	it.authors = unique(a.Authors)
	it.categories = p.categories(a)
	for _, e := range a.Enclosures {
		if u := address(e.URL); u != "" {
			mt := mediaType(e)
			it.enclosures = append(it.enclosures, feeds.Enclosure{Url: u, Type: mt, Length: strconv.FormatInt(max(e.Length, 0), 10)})
			if it.image == "" && strings.HasPrefix(mt, "image/") {
				it.image = u
			}
		}
	}
	it.extras = newExtras(a)
	return it
}

// changed returns when a changed last. Below the second it is made from the
// article's key: articles that one poll brings would otherwise share the
// instant, which readers take for a feed that was touched as a whole.
func changed(a *syndicate.Article) time.Time {
	t := a.Changed
	if t.IsZero() {
		t = a.FirstSeen
	}
	t = t.UTC().Truncate(time.Second)
	if len(a.Key) < 5 {
		return t
	}
	n, err := strconv.ParseUint(a.Key[:5], 16, 32)
	if err != nil {
		return t
	}
	return t.Add(time.Duration(n*999_999>>20) * time.Microsecond)
}

func (p *Publisher) source(name string) source {
	for i := range p.Sources {
		s := &p.Sources[i]
		if s.Name != name {
			continue
		}
		if u := address(s.URL); u != "" {
			return source{title: clean(s.DisplayTitle()), url: u, id: u, page: s.Kind == syndicate.KindPage || s.Kind == syndicate.KindListing}
		}
		// A file's address is nobody's business.
		return source{title: clean(s.DisplayTitle()), url: p.Site.FeedURL(sourcePrefix+name, "rss"), id: p.feedID(sourcePrefix + name)}
	}
	return source{title: clean(name)}
}

// categories returns the themes of a, highest score first, and the source's
// own words for it.
func (p *Publisher) categories(a *syndicate.Article) []category {
	var list []category
	seen := make(map[string]bool)
	for _, f := range a.Filings {
		for i := range p.Themes {
			if t := &p.Themes[i]; t.ID == f.Theme && !seen[t.DisplayTitle(p.Site.Language)] {
				label := clean(t.DisplayTitle(p.Site.Language))
				seen[label] = true
				list = append(list, category{id: t.ID, scheme: p.Site.Link("/themes/"), label: label})
			}
		}
	}
	for _, c := range unique(a.Categories) {
		if !seen[c] {
			list = append(list, category{label: c})
		}
	}
	return list
}

// summary returns our summary of a, else the source's, as plain text.
func summary(a *syndicate.Article) string {
	for _, s := range []string{a.Gist, a.Summary} {
		if s = oneLine(s); s != "" {
			return s
		}
	}
	return ""
}

// content returns the whole article as HTML, "" where the feed does not give
// it away.
func content(a *syndicate.Article, extent syndicate.Extent) string {
	if extent == syndicate.Summary {
		return ""
	}
	if s := strings.TrimSpace(clean(a.Content)); s != "" {
		return s
	}
	var b strings.Builder
	for line := range strings.Lines(clean(a.Text)) {
		if line = strings.TrimSpace(line); line != "" {
			b.WriteString("<p>" + html.EscapeString(line) + "</p>\n")
		}
	}
	return strings.TrimSpace(b.String())
}

// mediaType returns the media type of e, guessed from its name when the source
// gave none: RSS and JSON Feed want one.
func mediaType(e syndicate.Enclosure) string {
	if t, _, err := mime.ParseMediaType(e.Type); err == nil && strings.Contains(t, "/") {
		return t
	}
	if u, err := url.Parse(e.URL); err == nil {
		switch strings.ToLower(path.Ext(u.Path)) { // not mime.TypeByExtension: machines differ in it
		case ".mp3":
			return "audio/mpeg"
		case ".m4a":
			return "audio/mp4"
		case ".mp4":
			return "video/mp4"
		case ".jpg", ".jpeg":
			return "image/jpeg"
		case ".png":
			return "image/png"
		case ".webp":
			return "image/webp"
		case ".pdf":
			return "application/pdf"
		}
	}
	return "application/octet-stream"
}
