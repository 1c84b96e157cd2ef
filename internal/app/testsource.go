package app

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"broadsheet/internal/config"
	"broadsheet/internal/fetch"
	"broadsheet/syndicate"
	"broadsheet/syndicate/collect"
	"broadsheet/syndicate/read"
)

// A SourceTest says what a source's document holds.
type SourceTest struct {
	URL       string              `json:"url"` // that answered
	MovedTo   string              `json:"moved_to,omitempty"`
	Kind      syndicate.Kind      `json:"kind"` // it was read as
	Status    int                 `json:"status,omitempty"`
	Bytes     int                 `json:"bytes"`
	Title     string              `json:"title,omitempty"`
	Shape     syndicate.Shape     `json:"shape"`
	Articles  []syndicate.Article `json:"articles"`
	Selectors []read.SelectorHits `json:"selectors,omitempty"`
	Feeds     []string            `json:"feeds,omitempty"` // that the page names
	Notes     []string            `json:"notes,omitempty"`
	Repairs   []string            `json:"repairs,omitempty"`
	Fault     string              `json:"fault,omitempty"`    // why nothing can be read
	Proposal  string              `json:"proposal,omitempty"` // an entry of sources:, as YAML
}

// TestSource fetches the document of a configured source, or of an address,
// with one request and says what it holds. Nothing is stored. An address is
// read as the kind given, or, when that is "", as a feed and if it is none as a
// page.
func (a *App) TestSource(ctx context.Context, nameOrURL string, kind syndicate.Kind) (SourceTest, error) {
	p := a.parts.Load()
	src, configured := p.sources[nameOrURL]
	if !configured {
		u, err := url.Parse(nameOrURL)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "file" {
			return SourceTest{}, fmt.Errorf("%q is neither an address nor a source; sources are %s", nameOrURL, strings.Join(p.sourceNames(), ", "))
		}
		src = syndicate.Source{Name: "test", URL: nameOrURL, Kind: cmp.Or(kind, syndicate.KindFeed), Location: p.cfg.Site.Location}
	} else if kind != "" {
		src.Kind = kind
	}
	res, err := p.fetcher.Get(ctx, fetch.Request{URL: src.URL, AllowFile: true, Robots: src.Kind == syndicate.KindPage})
	if err != nil {
		return SourceTest{}, err
	}
	if res.Status != 0 && res.Status != http.StatusOK {
		return SourceTest{}, fmt.Errorf("%s: the server answers with status %d (%s); check the address in a browser",
			res.URL, res.Status, strings.ToLower(http.StatusText(res.Status)))
	}
	t, proposed := a.examine(ctx, src, res, kind == "" && !configured)
	if err := ctx.Err(); err != nil {
		return SourceTest{}, err
	}
	if t.Fault == "" && !configured {
		t.Proposal = config.SourceLines(proposed)
	}
	return t, nil
}

// examine says what a document holds when it is read as that of a source, or,
// if it cannot be and guess is set, as a page, and which source it would be.
func (a *App) examine(ctx context.Context, src syndicate.Source, res *fetch.Response, guess bool) (SourceTest, syndicate.ProposedSource) {
	answer := &syndicate.Answer{Source: src.Name, URL: res.URL, Status: res.Status, Header: res.Header, Body: res.Body}
	reading := collect.Reread(ctx, &src, answer, a.opts.Now())
	if reading.Err != nil && guess {
		page := src
		page.Kind = syndicate.KindPage
		if again := collect.Reread(ctx, &page, answer, a.opts.Now()); again.Err == nil && len(again.Articles) > 0 {
			src, reading = page, again
		}
	}
	t := SourceTest{
		URL: res.URL, MovedTo: res.MovedTo, Kind: src.Kind, Status: res.Status, Bytes: len(res.Body), Articles: []syndicate.Article{},
	}
	for _, l := range read.Discover(res.Body, res.Header.Get("Content-Type"), res.URL) {
		t.Feeds = append(t.Feeds, l.Href)
	}
	if reading.Result == nil {
		t.Fault = reading.Err.Error()
		return t, syndicate.ProposedSource{}
	}
	t.Title, t.Shape, t.Articles = reading.Result.Feed.Title, reading.Shape, append(t.Articles, reading.Articles...)
	t.Selectors, t.Notes, t.Repairs = reading.Result.Selectors, reading.Result.Notes, reading.Result.Repairs
	return t, propose(&src, t, reading.Result.Proposed)
}

var notInNames = regexp.MustCompile(`[^a-z0-9]+`)

// propose returns the source that what was tested would be.
func propose(src *syndicate.Source, t SourceTest, sel syndicate.Selectors) syndicate.ProposedSource {
	p := syndicate.ProposedSource{Name: "source", Title: t.Title, URL: cmp.Or(t.MovedTo, src.URL), Kind: src.Kind}
	if u, err := url.Parse(p.URL); err == nil && u.Hostname() != "" {
		p.Name = cmp.Or(strings.Trim(notInNames.ReplaceAllString(strings.TrimPrefix(strings.ToLower(u.Hostname()), "www."), "-"), "-"), p.Name)
	}
	if t.Shape.Language != "" {
		p.Language = mostly(t.Articles)
	}
	if src.Kind == syndicate.KindPage {
		p.Page = sel
	}
	return p
}

// mostly returns the language that most articles have.
func mostly(articles []syndicate.Article) string {
	counts, best := map[string]int{}, ""
	for i := range articles {
		l := articles[i].Language
		if counts[l]++; counts[l] > counts[best] || best == "" {
			best = l
		}
	}
	return best
}

// A Replay says what an answer that was kept says now.
type Replay struct {
	At    time.Time       `json:"at"`
	URL   string          `json:"url"`
	Bytes int             `json:"bytes"`
	Then  ReplayCount     `json:"then"`
	Now   ReplayCount     `json:"now"`
	Shape syndicate.Shape `json:"shape"` // now
}

// A ReplayCount is what was made of an answer.
type ReplayCount struct {
	Articles int    `json:"articles"`
	New      int    `json:"new"` // then: to the store; now: not in it
	Fault    string `json:"fault,omitempty"`
}

// Replay reads the answers kept of a source again, the last one first, as it is
// configured now. It asks nobody and stores nothing.
func (a *App) Replay(ctx context.Context, name string) ([]Replay, error) {
	p := a.parts.Load()
	src, ok := p.sources[name]
	if !ok {
		return nil, noSource(name, p)
	}
	return a.replay(ctx, &src)
}

// replay is Replay of a source that may be another than the configured one.
func (a *App) replay(ctx context.Context, src *syndicate.Source) ([]Replay, error) {
	answers, err := a.store.Answers(ctx, src.Name)
	if err != nil {
		return nil, err
	}
	replays := make([]Replay, 0, len(answers))
	for i := range answers {
		then := &answers[i]
		r := Replay{At: then.At, URL: then.URL, Bytes: len(then.Body), Then: ReplayCount{then.Articles, then.New, then.Fault}}
		reading := collect.Reread(ctx, src, then, a.opts.Now())
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		r.Now.Articles, r.Shape = len(reading.Articles), reading.Shape
		if reading.Err != nil {
			r.Now.Fault = reading.Err.Error()
		}
		keys := make([]string, len(reading.Articles))
		for i := range keys {
			keys[i] = reading.Articles[i].Key
		}
		known, err := a.store.Known(ctx, src.Name, keys)
		if err != nil {
			return nil, err
		}
		r.Now.New = len(keys) - len(known)
		replays = append(replays, r)
	}
	return replays, nil
}

func (p *parts) has(source string) bool {
	_, ok := p.sources[source]
	return ok
}

func noSource(name string, p *parts) error {
	return fmt.Errorf("there is no source %q; sources are %s", name, strings.Join(p.sourceNames(), ", "))
}
