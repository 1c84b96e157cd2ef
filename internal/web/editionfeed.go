package web

import (
	"encoding/xml"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"broadsheet/mailer"
	"broadsheet/syndicate"
)

// atomSuffix ends the address of the feed of a digest's editions.
const atomSuffix = ".atom"

// fedEditions is how many editions the feed of a digest has, skipped ones left
// out.
const fedEditions = 20

type (
	editionFeed struct {
		XMLName xml.Name       `xml:"http://www.w3.org/2005/Atom feed"`
		Lang    string         `xml:"xml:lang,attr,omitempty"`
		ID      string         `xml:"id"`
		Title   string         `xml:"title"`
		Updated string         `xml:"updated"`
		Author  string         `xml:"author>name"`
		Links   []atomLink     `xml:"link"`
		Entries []editionEntry `xml:"entry"`
	}
	editionEntry struct {
		Lang      string      `xml:"xml:lang,attr,omitempty"`
		ID        string      `xml:"id"`
		Title     string      `xml:"title"`
		Published string      `xml:"published"`
		Updated   string      `xml:"updated"`
		Link      atomLink    `xml:"link"`
		Content   atomContent `xml:"content"`
	}
	atomLink struct {
		Rel  string `xml:"rel,attr"`
		Type string `xml:"type,attr,omitempty"`
		Href string `xml:"href,attr"`
	}
	atomContent struct {
		Type string `xml:"type,attr"`
		Text string `xml:",chardata"`
	}
)

// editionContent is what the feed tells of an edition: its articles by theme.
var editionContent = template.Must(template.New("content").Parse(
	`{{range .}}<h2><a href="{{.URL}}">{{.Title}}</a></h2><ul>` +
		`{{range .Items}}<li{{with .Language}} lang="{{.}}"{{end}}><a href="{{.URL}}">{{.Title}}</a> – {{.Source}}</li>{{end}}` +
		`{{if .More}}<li><a href="{{.URL}}">+{{.More}}</a></li>{{end}}</ul>{{end}}`))

// serveEditions serves the editions of a digest as Atom (RFC 4287), the newest
// first. Skipped and private ones are left out.
func (s *server) serveEditions(r *http.Request, d *mailer.Digest) (*response, error) {
	title := d.Title
	if title == "" {
		title = d.Name
	}
	path := "/digests/" + url.PathEscape(d.Name)
	feed := editionFeed{
		Lang: d.Language, ID: s.digestID(d.Name), Title: title, Author: s.cfg.Site.Title, Updated: atomTime(time.Unix(0, 0)),
		Links: []atomLink{
			{Rel: "self", Type: atomType, Href: s.cfg.Site.Link(path + atomSuffix)},
			{Rel: "alternate", Type: "text/html", Href: s.cfg.Site.Link(path)},
		},
	}
	editions, err := s.Editions.Editions(r.Context(), d.Name, manyEditions)
	if err != nil {
		return nil, err
	}
	var newest time.Time
	for i := range editions {
		if len(feed.Entries) == fedEditions {
			break
		}
		e := &editions[i]
		if e.Number == 0 || e.Skipped != "" || e.Private {
			continue
		}
		entry, err := s.editionEntry(r, d, e.Number)
		if errors.Is(err, syndicate.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if e.Created.After(newest) {
			newest, feed.Updated = e.Created, entry.Updated
		}
		feed.Entries = append(feed.Entries, entry)
	}
	body, err := xml.MarshalIndent(feed, "", " ")
	if err != nil {
		return nil, err
	}
	return &response{
		body: append(append([]byte(xml.Header), body...), '\n'), contentType: atomType + "; charset=utf-8",
		modified: newest.Truncate(time.Second), cache: feedCaching, policy: feedPolicy, anywhere: true, kept: true,
		links: "<" + s.cfg.Site.Link(path+atomSuffix) + `>; rel="self"`,
	}, nil
}

// editionEntry returns the entry of a numbered edition, or
// syndicate.ErrNotFound for one without a page.
func (s *server) editionEntry(r *http.Request, d *mailer.Digest, number int) (editionEntry, error) {
	e, err := s.Editions.NumberedEdition(r.Context(), d.Name, number)
	if err != nil {
		return editionEntry{}, err
	}
	if e.HTML == "" {
		return editionEntry{}, syndicate.ErrNotFound // it has no page
	}
	var content strings.Builder
	if err := editionContent.Execute(&content, e.Sections); err != nil {
		return editionEntry{}, err
	}
	made := e.Created
	if made.IsZero() {
		made = e.At
	}
	at := "/" + strconv.Itoa(number)
	return editionEntry{
		Lang: e.Language, ID: s.digestID(d.Name) + at, Title: e.Subject, Published: atomTime(e.At), Updated: atomTime(made),
		Link:    atomLink{Rel: "alternate", Type: "text/html", Href: s.cfg.Site.Link("/digests/" + url.PathEscape(d.Name) + at)},
		Content: atomContent{Type: "html", Text: content.String()},
	}, nil
}

// digestID returns the id of a digest's feed, a tag: URI (RFC 4151) that stays
// when the site changes from http to https. That of an edition has its number
// after it.
func (s *server) digestID(name string) string {
	host := "localhost"
	if u, err := url.Parse(s.cfg.Site.URL); err == nil && u.Hostname() != "" {
		host = strings.ToLower(u.Hostname())
	}
	return "tag:" + host + ",2026:digests/" + url.PathEscape(name)
}

const atomType = "application/atom+xml"

func atomTime(t time.Time) string { return t.UTC().Format(time.RFC3339) }
