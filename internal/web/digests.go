package web

import (
	"bytes"
	"errors"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"broadsheet/mailer"
	"broadsheet/syndicate"
)

// How many editions the list of all digests shows of each, a page of one
// digest, and its feed.
const (
	someEditions = 6
	pageEditions = 100
	manyEditions = 500
)

type digestsBody struct {
	Digests []listedDigest
	turns
}

type listedDigest struct {
	ID, Href, Title, Feed string
	Subscribe             string // where one can have it mailed; "" where one cannot
	Editions              []listedEdition
	more                  bool // there are further ones
}

type listedEdition struct{ Href, Title, Lang, Number, Date, Skipped string }

func (s *server) listDigests(r *http.Request, v *view) (*response, error) {
	var body digestsBody
	for i := range s.cfg.Digests {
		d, err := s.digest(r, v, &s.cfg.Digests[i], someEditions, 0)
		if err != nil {
			return nil, err
		}
		d.Href = v.Link("/digests/" + url.PathEscape(s.cfg.Digests[i].Name))
		body.Digests = append(body.Digests, d)
	}
	return v.render("digests", frame{Title: v.T("web.digests"), Body: body})
}

func (s *server) listDigest(r *http.Request, v *view) (*response, error) {
	for i := range s.cfg.Digests {
		name, feed := strings.CutSuffix(r.PathValue("name"), atomSuffix)
		if s.cfg.Digests[i].Name != name {
			continue
		}
		if feed {
			return s.serveEditions(r, &s.cfg.Digests[i])
		}
		number, ok := v.pageNumber()
		if !ok {
			return nil, syndicate.ErrNotFound
		}
		d, err := s.digest(r, v, &s.cfg.Digests[i], pageEditions, (number-1)*pageEditions)
		if err != nil {
			return nil, err
		}
		if len(d.Editions) == 0 && number > 1 {
			return nil, syndicate.ErrNotFound
		}
		return v.render("digests", frame{
			Title: d.Title + " · " + v.T("web.digests"), Body: digestsBody{Digests: []listedDigest{d}, turns: v.turns(number, d.more, "web.newer", "web.older")},
			Alternates: []link{{Href: d.Feed, Type: atomType, Title: d.Title}},
		})
	}
	return nil, syndicate.ErrNotFound
}

func (s *server) digest(r *http.Request, v *view, d *mailer.Digest, limit, offset int) (listedDigest, error) {
	title := d.Title
	if title == "" {
		title = d.Name
	}
	out := listedDigest{ID: "digest-" + d.Name, Title: title, Feed: v.Path("/digests/" + url.PathEscape(d.Name) + atomSuffix)}
	if v.ByMail() {
		out.Subscribe = v.Link("/subscribe?digest=" + url.QueryEscape(d.Name))
	}
	editions, err := s.Editions.Editions(r.Context(), d.Name, offset+limit+1)
	if err != nil {
		return out, err
	}
	editions = editions[min(offset, len(editions)):]
	out.more = len(editions) > limit
	for i := range head(editions, limit) {
		e := &editions[i]
		l := listedEdition{Date: v.Day(e.At), Lang: e.Language}
		if !e.Since.IsZero() && e.Since.Before(e.At) {
			l.Date = v.Days(e.Since, e.At) // what it covers
		}
		if e.Number > 0 && e.Skipped == "" {
			l.Href = v.Link("/digests/" + url.PathEscape(d.Name) + "/" + strconv.Itoa(e.Number))
			l.Number = v.T("web.digests.number", e.Number)
			if l.Title = e.Subject; l.Title == "" {
				l.Title = title
			}
		} else {
			l.Skipped = v.T("web.digests.skipped", e.Skipped)
		}
		out.Editions = append(out.Editions, l)
	}
	return out, nil
}

// edition shows an edition as it looked in the mail, with a way back to the paper on
// top.
func (s *server) edition(r *http.Request, v *view) (*response, error) {
	number, err := strconv.Atoi(r.PathValue("number"))
	if err != nil || number < 1 || r.PathValue("number") != strconv.Itoa(number) {
		return nil, syndicate.ErrNotFound
	}
	name := r.PathValue("name")
	e, err := s.Editions.NumberedEdition(r.Context(), name, number)
	if err != nil {
		return nil, err
	}
	if e.HTML == "" || e.Private {
		return nil, syndicate.ErrNotFound // a text-only edition has no page, a private one none for everybody
	}
	var bar bytes.Buffer
	if err := editionBar.Execute(&bar, []link{
		{Href: v.Link("/"), Title: v.Site()},
		{Href: v.Link("/digests/" + url.PathEscape(name)), Title: v.T("web.digests")},
	}); err != nil {
		return nil, err
	}
	body, err := insertAfterBodyTag(withoutRepeats(withoutPersonal(e.HTML, s.cfg.Site.Link(r.URL.Path))), bar.String())
	if err != nil {
		return nil, err
	}
	return &response{
		body: body, contentType: "text/html; charset=utf-8", cache: pageCaching, policy: mailPolicy, perReader: true,
	}, nil
}

var editionBar = template.Must(template.New("bar").Parse(
	`<nav style="padding:12px 16px;text-align:center;font:14px/1.7 sans-serif">` +
		`{{range $i, $l := .}}{{if $i}} · {{end}}<a href="{{$l.Href}}" style="color:inherit">{{$l.Title}}</a>{{end}}</nav>`))

// withoutPersonal takes out of an edition what makes sense in somebody's mail
// alone: paragraphs that hold a token, or the way to the page that it stands
// on; outside of a paragraph, the link. The rest stays as it is, byte for byte.
func withoutPersonal(document, page string) string {
	var out strings.Builder
	inside, held, personal := atom.Atom(0), "", false // held is the paragraph or link that may have to go
	end := func() {
		if !personal {
			out.WriteString(held)
		}
		inside, held, personal = 0, "", false
	}
	z := html.NewTokenizer(strings.NewReader(document))
	for z.Next() != html.ErrorToken {
		raw := string(z.Raw())
		t := z.Token()
		if t.Type == html.StartTagToken && (t.DataAtom == atom.P || t.DataAtom == atom.A && inside == 0) {
			end() // a paragraph ends where another one begins
			inside = t.DataAtom
		}
		for _, a := range t.Attr {
			personal = personal || a.Key == "href" && (strings.Contains(a.Val, mailer.TokenMark) || a.Val == page)
		}
		if inside == 0 {
			out.WriteString(raw)
			continue
		}
		held += raw
		if t.Type == html.EndTagToken && t.DataAtom == inside {
			end()
		}
	}
	end()
	return strings.ReplaceAll(out.String(), mailer.TokenMark, "")
}

// insertAfterBodyTag puts markup first into the body of a document, which is
// otherwise left as it is, byte for byte.
func insertAfterBodyTag(document, markup string) ([]byte, error) {
	z := html.NewTokenizer(strings.NewReader(document))
	var b bytes.Buffer
	done := false
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			break
		}
		b.Write(z.Raw())
		if name, _ := z.TagName(); kind == html.StartTagToken && !done && atom.Lookup(name) == atom.Body {
			b.WriteString(markup)
			done = true
		}
	}
	if err := z.Err(); !errors.Is(err, io.EOF) {
		return nil, err
	}
	if !done {
		return append([]byte(markup), b.Bytes()...), nil
	}
	return b.Bytes(), nil
}
