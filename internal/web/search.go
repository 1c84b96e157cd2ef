package web

import (
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"broadsheet/syndicate"
)

type searchBody struct {
	Bad      *badQuery
	Total    string
	None     bool
	Sorts    []link
	List     list
	Feed     *subscribe
	Lines    string // of config.yaml, that make a feed of the search
	Examples []link
}

// A badQuery shows where a query is bad.
type badQuery struct{ Msg, Before, After string }

// searchText returns the query of an address.
func searchText(values url.Values) string {
	return strings.TrimSpace(strings.ToValidUTF8(values.Get("q"), "\ufffd"))
}

// best reports whether the reader wants what suits best first.
func (v *view) best() bool { return v.values.Get("sort") == "best" }

func (s *server) search(r *http.Request, v *view) (*response, error) {
	text := searchText(v.values)
	number, ok := v.pageNumber()
	if !ok {
		return nil, syndicate.ErrNotFound
	}
	body := searchBody{}
	for _, example := range s.examples() {
		body.Examples = append(body.Examples, link{Href: v.Link("/search?q=" + url.QueryEscape(example)), Title: example})
	}
	f := frame{Title: v.T("web.search"), Query: cut(text, 500), Best: v.best()}
	if text == "" {
		f.Body = body
		return v.render("search", f)
	}
	q, err := syndicate.ParseQuery(text, s.cfg.Site.Location)
	if err != nil {
		body.Bad = v.bad(text, err)
		f.Body = body
		res, err := v.render("search", f)
		if err == nil {
			res.status, res.cache = http.StatusBadRequest, "no-store"
		}
		return res, err
	}
	found, err := s.find(r, v, q, number, v.best())
	if err != nil {
		return nil, err
	}
	f.Title = text + " · " + f.Title
	body.Total, body.None = v.total(found.Found), found.Total == 0
	body.Sorts = v.sorts(q)
	body.List = v.list(found, "", number)
	v.markCards(body.List.Cards, found.told, q.Wanted())
	body.Feed = &subscribe{Label: v.T("web.search.feed"), Formats: v.searchFeeds(text), Mail: v.mailLink("q", text)}
	body.Lines = syndicate.FeedLines("", text)
	f.Body = body
	return v.render("search", f)
}

// sorts returns the orders that the articles of q may come in, if it asks for
// words that can suit better or worse.
func (v *view) sorts(q syndicate.Query) []link {
	if len(q.Wanted()) == 0 {
		return nil
	}
	text := searchText(v.values)
	newest := "/search?" + url.Values{"q": {text}}.Encode()
	return []link{
		{Href: v.Link(newest), Title: v.T("web.search.newest"), Current: !v.best()},
		{Href: v.Link(newest + "&sort=best"), Title: v.T("web.search.best"), Current: v.best()},
	}
}

// searchFeeds returns the forms of the feed of a search.
func (v *view) searchFeeds(text string) []link {
	links := v.feedLinks("search", text)
	for i := range links {
		links[i].Href += "?q=" + url.QueryEscape(text)
	}
	return links
}

// maxExcerpt is how many characters a list shows of the text around what was
// looked for.
const maxExcerpt = 160

// markCards marks what was looked for in the cards of articles. Where the gist
// of one does not hold it, the part of the text that does takes its place.
func (v *view) markCards(cards []card, told []syndicate.Told, words []string) {
	for i := range cards {
		a := &told[i].Article
		text := gist(a)
		if len(syndicate.Spans(text, words)) == 0 {
			for _, long := range []string{a.Text, a.Summary} {
				if excerpt := syndicate.Excerpt(long, words, maxExcerpt); excerpt != "" {
					text = syndicate.Typeset(excerpt, a.Language)
					break
				}
			}
		}
		cards[i].Title, cards[i].Gist = marked(v.title(a), words), marked(text, words)
	}
}

// marked returns text as HTML with words marked, which are as syndicate.Words
// gives them, and with numbers beside their units.
func marked(text string, words []string) template.HTML {
	var b strings.Builder
	at := 0
	if len(words) > 0 {
		for _, s := range syndicate.Spans(text, words) {
			b.WriteString(string(unbroken(text[at:s.Start])) + "<mark>" + string(unbroken(text[s.Start:s.End])) + "</mark>")
			at = s.End
		}
	}
	b.WriteString(string(unbroken(text[at:])))
	return template.HTML(b.String()) //nolint:gosec // escaped piece by piece
}

// examples returns queries that show the grammar.
func (s *server) examples() []string {
	list := []string{`港口 OR "high-speed rail"`, "贷款 after:30d", "amount:>1亿"}
	for i := range s.cfg.Themes {
		if id := s.cfg.Themes[i].ID; len(list) < 4 {
			list = append(list, "theme:"+id+" -title:快讯")
		}
	}
	return list
}

// bad cuts a query in two where it is bad, and says what is wrong in the
// reader's language. Of a very long one it shows the surroundings.
func (v *view) bad(text string, err error) *badQuery {
	var q *syndicate.QueryError
	if !errors.As(err, &q) {
		return &badQuery{Msg: err.Error(), After: cut(text, 100)}
	}
	at := min(max(q.Offset, 0), len(text))
	before, after := []rune(text[:at]), cut(text[at:], 100)
	if len(before) > 100 {
		before = append([]rune("……"), before[len(before)-100:]...)
	}
	if after == "" {
		after = "\u00a0" // something to mark at the end
	}
	args := slices.Clone(q.Args)
	for i, arg := range args {
		if part, ok := arg.(syndicate.QueryPart); ok {
			args[i] = v.T("web.query.part." + string(part))
		}
	}
	return &badQuery{Msg: v.T("web.query."+q.Fault, args...), Before: string(before), After: after}
}
