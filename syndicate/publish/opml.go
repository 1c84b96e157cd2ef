package publish

import (
	"bytes"
	"encoding/xml"
	"time"

	"broadsheet/syndicate"
	"broadsheet/templates"
)

// The opml types follow OPML 2.0, "Subscription lists".
type (
	opmlDoc struct {
		XMLName  xml.Name  `xml:"opml"`
		Version  string    `xml:"version,attr"`
		Title    string    `xml:"head>title"`
		Outlines []outline `xml:"body>outline"`
	}
	outline struct {
		Text        string    `xml:"text,attr"`
		Title       string    `xml:"title,attr,omitempty"`
		Type        string    `xml:"type,attr,omitempty"`
		Version     string    `xml:"version,attr,omitempty"`
		Language    string    `xml:"language,attr,omitempty"`
		Category    string    `xml:"category,attr,omitempty"`
		Description string    `xml:"description,attr,omitempty"`
		XMLURL      string    `xml:"xmlUrl,attr,omitempty"`
		HTMLURL     string    `xml:"htmlUrl,attr,omitempty"`
		Outlines    []outline `xml:"outline"`
	}
)

// OPML returns the list of all feeds as OPML 2.0, a folder for each kind.
func (p *Publisher) OPML() (syndicate.Document, error) {
	text, err := templates.Locale(p.Site.Language)
	if err != nil {
		return syndicate.Document{}, err
	}
	doc := opmlDoc{Version: "2.0", Title: clean(p.Site.Title)}
	folders := make(map[string]int)
	for l := range p.selections(p.Site.Language) {
		o := outline{
			Text: oneLine(l.Title), Title: oneLine(l.Title), Type: "rss", Version: "RSS2", Language: p.languageOf(l.Listed),
			Category: "/" + l.Kind, Description: oneLine(l.description),
			XMLURL: p.Site.FeedURL(l.Name, "rss"), HTMLURL: p.Site.Link(l.Page),
		}
		if l.Kind == "all" {
			doc.Outlines = append(doc.Outlines, o)
			continue
		}
		i, ok := folders[l.Kind]
		if !ok {
			i = len(doc.Outlines)
			folders[l.Kind] = i
			doc.Outlines = append(doc.Outlines, outline{Text: text.T("web.feed.kind." + l.Kind)})
		}
		doc.Outlines[i].Outlines = append(doc.Outlines[i].Outlines, o)
	}
	var b bytes.Buffer
	b.WriteString(xml.Header)
	e := xml.NewEncoder(&b)
	e.Indent("", "  ")
	if err := e.Encode(doc); err != nil {
		return syndicate.Document{}, err
	}
	return document(b.Bytes(), "text/x-opml; charset=utf-8", time.Time{}), nil
}

// languageOf returns the language of a feed's articles as far as it is known
// beforehand: that of its source, else the site's.
func (p *Publisher) languageOf(l syndicate.Listed) string {
	for i := range p.Sources {
		if s := &p.Sources[i]; l.Kind == "source" && sourcePrefix+s.Name == l.Name && s.Language != "" {
			return s.Language
		}
	}
	return p.Site.Language
}
