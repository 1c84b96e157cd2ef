package publish

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"

	"github.com/gorilla/feeds"

	"broadsheet/syndicate"
)

// The json types are gorilla/feeds' with what those lack; see the rss types
// for how.
type (
	jsonFeed struct {
		feeds.JSONFeed
		Author *struct{}  `json:"author,omitempty"` // always nil: hides what JSON Feed 1.1 deprecates
		Items  []jsonItem `json:"items"`            // there even when empty
	}
	jsonItem struct {
		*feeds.JSONItem
		Author      *struct{}        `json:"author,omitempty"` // always nil
		Language    string           `json:"language,omitempty"`
		Attachments []jsonAttachment `json:"attachments,omitempty"`
		Broadsheet  jsonExtension    `json:"_broadsheet"`
	}
	jsonAttachment struct {
		URL      string `json:"url"`
		MIMEType string `json:"mime_type"`
		Size     int64  `json:"size_in_bytes,omitempty"`
	}
	// A jsonExtension is what we think of an article.
	jsonExtension struct {
		Original  string             `json:"original,omitempty"` // the source's own id
		Source    jsonSource         `json:"source"`
		FirstSeen time.Time          `json:"first_seen"`
		Inferred  bool               `json:"date_inferred,omitempty"` // the source gave no date
		Themes    []jsonTheme        `json:"themes,omitempty"`
		Places    []string           `json:"places,omitempty"`
		Figures   []syndicate.Figure `json:"figures,omitempty"`
		Story     *jsonStory         `json:"story,omitempty"`
	}
	// A jsonStory is who else tells the same news.
	jsonStory struct {
		URL      string        `json:"url"`
		Tellings []jsonTelling `json:"also_reported_by"`
	}
	jsonTelling struct {
		Source string    `json:"source"`
		Title  string    `json:"title"`
		URL    string    `json:"url"`
		Date   time.Time `json:"date_published"`
		Agree  int       `json:"figures_agree,omitempty"`
	}
	jsonSource struct {
		Name  string `json:"name"`
		Title string `json:"title"`
		URL   string `json:"url,omitempty"`
	}
	jsonTheme struct {
		ID        string  `json:"id"`
		Score     float64 `json:"score"`
		Threshold float64 `json:"threshold"`
		Reason    string  `json:"reason"`
	}
)

func writeJSON(c *channel) ([]byte, []syndicate.DocumentEntry, error) {
	base := (&feeds.JSON{Feed: c.Feed}).JSONFeed()
	base.Language = c.site.Language
	base.FeedUrl = c.self("json")
	base.Icon, base.Favicon = c.Image.Url, c.Image.Url
	base.Authors = []*feeds.JSONAuthor{{Name: c.Author.Name, Url: c.site.Link("/")}}
	if c.hub != "" && c.archive == "" {
		base.Hubs = []*feeds.JSONHub{{Type: "WebSub", Url: c.hub}}
	}
	if c.previous != "" {
		base.NextUrl = c.archived(c.previous, "json")
	}

	doc := jsonFeed{JSONFeed: *base, Items: make([]jsonItem, 0, len(c.articles))}
	for i, it := range c.articles {
		doc.Items = append(doc.Items, newJSONItem(base.Items[i], it, c.site))
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(doc); err != nil {
		return nil, nil, err
	}
	return b.Bytes(), nil, nil
}

func newJSONItem(base *feeds.JSONItem, it item, site syndicate.Site) jsonItem {
	base.Url = it.page
	if it.Link.Href != it.page {
		base.ExternalUrl = it.Link.Href
	}
	base.Image = it.image
	if base.ContentHTML == "" {
		base.ContentText = it.Description
	}
	for _, name := range it.authors {
		base.Authors = append(base.Authors, &feeds.JSONAuthor{Name: name})
	}
	for _, c := range it.categories {
		base.Tags = append(base.Tags, c.label)
	}
	out := jsonItem{JSONItem: base, Language: it.language, Broadsheet: extension(it)}
	out.Broadsheet.Story = it.storyOf(site)
	for _, e := range it.enclosures {
		size, err := strconv.ParseInt(e.Length, 10, 64)
		if err != nil {
			size = 0
		}
		out.Attachments = append(out.Attachments, jsonAttachment{URL: e.Url, MIMEType: e.Type, Size: size})
	}
	return out
}

func (it *item) storyOf(site syndicate.Site) *jsonStory {
	if it.story == nil {
		return nil
	}
	s := &jsonStory{URL: site.StoryURL(it.story.ID)}
	for _, r := range it.retellings {
		s.Tellings = append(s.Tellings, jsonTelling{Source: r.source, Title: r.Title, URL: r.link, Date: r.Published.UTC().Truncate(time.Second), Agree: r.Agree})
	}
	return s
}

func extension(it item) jsonExtension {
	a := it.article
	x := jsonExtension{
		Original:  it.extras.Original,
		Source:    jsonSource{Name: a.Source, Title: it.source.title, URL: it.source.url},
		FirstSeen: a.FirstSeen.UTC().Truncate(time.Second),
		Inferred:  a.Inferred,
		Places:    it.extras.Places,
	}
	for _, f := range a.Figures {
		f.Text, f.Sentence, f.Unit, f.BaseUnit = oneLine(f.Text), oneLine(f.Sentence), oneLine(f.Unit), oneLine(f.BaseUnit)
		x.Figures = append(x.Figures, f)
	}
	for _, f := range a.Filings {
		x.Themes = append(x.Themes, jsonTheme{ID: f.Theme, Score: f.Score, Threshold: f.Threshold, Reason: oneLine(f.Reason())})
	}
	return x
}
