package publish

import (
	"encoding/xml"
	"html"
	"slices"
	"strings"
	"time"

	"github.com/gorilla/feeds"

	"broadsheet/syndicate"
)

// ttl is how many minutes a reader may wait before it asks again: what the
// pages of the web server allow caches, too.
const ttl = 15

// The rss types are gorilla/feeds' with what those lack: encoding/xml lets the
// field that is nested less deeply win, so that a field here hides the one of
// the same element below.
type (
	rssDoc struct {
		XMLName xml.Name `xml:"rss"`
		feeds.RssFeedXml
		Atom    string      `xml:"xmlns:atom,attr"`
		DC      string      `xml:"xmlns:dc,attr"`
		Media   string      `xml:"xmlns:media,attr,omitempty"`
		History string      `xml:"xmlns:fh,attr,omitempty"`
		Own     string      `xml:"xmlns:broadsheet,attr,omitempty"`
		Channel *rssChannel `xml:"channel"`
		style   string
	}
	rssChannel struct {
		XMLName xml.Name `xml:"channel"`
		feeds.RssFeed
		Links   []rssLink `xml:"atom:link"`
		Archive *struct{} `xml:"fh:archive"`
	}
	rssLink struct {
		Href string `xml:"href,attr"`
		Rel  string `xml:"rel,attr"`
		Type string `xml:"type,attr,omitempty"`
	}
	rssItem struct {
		XMLName xml.Name `xml:"item"`
		*feeds.RssItem
		Title      rssTitle      `xml:"title"`
		Updated    string        `xml:"atom:updated"`
		Creators   []string      `xml:"dc:creator"`
		Language   string        `xml:"dc:language,omitempty"`
		Categories []rssCategory `xml:"category"`
		Source     *rssSource    `xml:"source"`
		Media      []rssMedia
		extras
	}
	// An rssMedia is an enclosure beyond the first, which alone RSS has room
	// for.
	rssMedia struct {
		XMLName xml.Name `xml:"media:content"`
		URL     string   `xml:"url,attr"`
		Size    string   `xml:"fileSize,attr,omitempty"`
		Type    string   `xml:"type,attr"`
	}
	// An rssTitle is plain text as the RSS Profile has it ("Character Data"):
	// what could be taken for markup is written as character references of
	// hexadecimal digits. To an XML parser it is the same.
	rssTitle struct {
		Escaped string `xml:",innerxml"`
	}
	rssCategory struct {
		Domain string `xml:"domain,attr,omitempty"`
		Text   string `xml:",chardata"`
	}
	rssSource struct {
		URL  string `xml:"url,attr"`
		Text string `xml:",chardata"`
	}
)

// FeedXml implements feeds.XmlFeed.
func (d *rssDoc) FeedXml() any { return d } //nolint:revive // the name is the interface's

// MarshalXML puts the style sheet before the root element.
func (d *rssDoc) MarshalXML(e *xml.Encoder, _ xml.StartElement) error {
	type plain rssDoc
	if err := e.EncodeToken(stylesheet(d.style)); err != nil {
		return err
	}
	return e.EncodeElement((*plain)(d), xml.StartElement{Name: xml.Name{Local: "rss"}})
}

// stylesheet is the processing instruction that makes browsers show a feed
// with an explanation on top (xml-stylesheet, section 3). XSLT is no way any
// more: browsers have dropped it.
func stylesheet(href string) xml.ProcInst {
	return xml.ProcInst{Target: "xml-stylesheet", Inst: []byte(`type="text/css" href="` + html.EscapeString(href) + `"`)}
}

func writeRSS(c *channel) ([]byte, []syndicate.DocumentEntry, error) {
	base := (&feeds.Rss{Feed: c.Feed}).RssFeed()
	items := base.Items
	base.Items = nil
	base.ManagingEditor = "" // wants a mail address
	base.PubDate = ""
	base.LastBuildDate = rssTime(c.Updated)
	base.Language = c.site.Language
	base.Generator = generator
	base.Ttl = ttl

	doc := &rssDoc{
		RssFeedXml: feeds.RssFeedXml{Version: "2.0", ContentNamespace: nsContent},
		Atom:       nsAtom,
		DC:         nsDC,
		Channel:    &rssChannel{RssFeed: *base},
		style:      c.current("style.css"),
	}
	for _, l := range c.links("rss", "application/rss+xml") {
		doc.Channel.Links = append(doc.Channel.Links, rssLink{Href: l.href, Rel: l.rel, Type: l.mediaType})
	}
	if c.archive != "" {
		doc.History, doc.Channel.Archive = nsHistory, &struct{}{}
	}
	if len(items) > 0 {
		doc.Own = nsOwn
	}
	if slices.ContainsFunc(c.articles, func(it item) bool { return len(it.enclosures) > 1 }) {
		doc.Media = nsMedia
	}
	return assemble(doc, "\n  </channel>\n</rss>", "    ", len(items), func(i int) any { return newRSSItem(items[i], c.articles[i]) })
}

func newRSSItem(base *feeds.RssItem, it item) *rssItem {
	base.Description = html.EscapeString(it.Description) // readers take it for HTML
	base.PubDate = rssTime(it.Created)
	out := &rssItem{RssItem: base, Title: rssTitle{rssEscape.Replace(it.Title)}, Updated: atomTime(it.Updated), Creators: it.authors, Language: it.language, extras: it.extras}
	for i, e := range it.enclosures {
		if i == 0 {
			base.Enclosure = &feeds.RssEnclosure{Url: e.Url, Type: e.Type, Length: e.Length}
			continue
		}
		m := rssMedia{URL: e.Url, Type: e.Type}
		if e.Length != "0" {
			m.Size = e.Length
		}
		out.Media = append(out.Media, m)
	}
	for _, c := range it.categories {
		out.Categories = append(out.Categories, rssCategory{Domain: c.scheme, Text: c.label})
	}
	if it.source.url != "" {
		out.Source = &rssSource{URL: it.source.url, Text: it.source.title}
	}
	return out
}

var rssEscape = strings.NewReplacer("&", "&#x26;", "<", "&#x3C;", ">", "&#x3E;")

func rssTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC1123Z)
}
