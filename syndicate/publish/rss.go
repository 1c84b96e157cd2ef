package publish

import (
	"bytes"
	"encoding/xml"
	"html"
	"time"

	"github.com/gorilla/feeds"
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
		Channel *rssChannel `xml:"channel"`
		style   string
	}
	rssChannel struct {
		XMLName xml.Name `xml:"channel"`
		feeds.RssFeed
		Links []rssLink `xml:"atom:link"`
		Items []rssItem `xml:"item"`
	}
	rssLink struct {
		Href string `xml:"href,attr"`
		Rel  string `xml:"rel,attr"`
		Type string `xml:"type,attr"`
	}
	rssItem struct {
		XMLName xml.Name `xml:"item"`
		*feeds.RssItem
		Creators   []string      `xml:"dc:creator"`
		Language   string        `xml:"dc:language,omitempty"`
		Categories []rssCategory `xml:"category"`
		Source     *rssSource    `xml:"source"`
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

func writeRSS(c *channel) ([]byte, error) {
	base := (&feeds.Rss{Feed: c.Feed}).RssFeed()
	base.ManagingEditor = "" // wants a mail address
	base.PubDate = ""
	base.LastBuildDate = rssTime(c.Updated)
	base.Language = c.site.Language
	base.Generator = generator
	base.Ttl = ttl

	doc := &rssDoc{
		RssFeedXml: feeds.RssFeedXml{Version: "2.0", ContentNamespace: "http://purl.org/rss/1.0/modules/content/"},
		Atom:       "http://www.w3.org/2005/Atom",
		DC:         "http://purl.org/dc/elements/1.1/",
		Channel: &rssChannel{
			RssFeed: *base,
			Links: []rssLink{
				{Href: c.self("rss"), Rel: "self", Type: "application/rss+xml"},
				{Href: c.self("atom"), Rel: "alternate", Type: "application/atom+xml"},
				{Href: c.self("json"), Rel: "alternate", Type: "application/feed+json"},
			},
		},
		style: c.self("style.css"),
	}
	for i, it := range c.articles {
		doc.Channel.Items = append(doc.Channel.Items, newRSSItem(base.Items[i], it, c.site.Language))
	}
	var b bytes.Buffer
	if err := feeds.WriteXML(doc, &b); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func newRSSItem(base *feeds.RssItem, it item, siteLanguage string) rssItem {
	base.Description = html.EscapeString(it.Description) // readers take it for HTML
	base.PubDate = rssTime(it.Created)
	if len(it.enclosures) > 0 { // RSS has room for one
		e := it.enclosures[0]
		base.Enclosure = &feeds.RssEnclosure{Url: e.Url, Type: e.Type, Length: e.Length}
	}
	out := rssItem{RssItem: base, Creators: it.authors}
	if it.language != siteLanguage {
		out.Language = it.language
	}
	for _, c := range it.categories {
		out.Categories = append(out.Categories, rssCategory{Domain: c.scheme, Text: c.label})
	}
	if it.source.url != "" {
		out.Source = &rssSource{URL: it.source.url, Text: it.source.title}
	}
	return out
}

func rssTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC1123Z)
}
