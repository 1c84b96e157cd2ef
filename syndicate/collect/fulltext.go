package collect

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"broadsheet/internal/fetch"
	"broadsheet/syndicate"
	"broadsheet/syndicate/read"
)

// How the pages of articles are fetched.
const (
	pagesAtOnce = 20               // by one call of Pages
	pageTries   = 3                // before a page is given up
	pageRetry   = 15 * time.Minute // after the first failure; retryGrowth times as long after each further one
	retryGrowth = 16
	longSummary = 600 // characters; a longer text than this is shortened when it becomes the summary
	pageAccept  = "text/html, application/xhtml+xml;q=0.9, */*;q=0.1"
)

// A PageStore is what fetching the pages of articles needs from storage.
type PageStore interface {
	// DuePages returns the articles of a source whose pages are to be fetched
	// at now, or are to be put into them again, at most limit of them.
	DuePages(ctx context.Context, source string, now time.Time, limit int) ([]syndicate.DuePage, error)

	// PageAt returns the page at a URL that is not fetched any more, for
	// whatever article, or syndicate.ErrNotFound.
	PageAt(ctx context.Context, url string) (syndicate.Page, error)

	// SavePage stores a page and, if article is not nil, the article as the
	// page has it, filed by the classifier with the fingerprint. If its source
	// has changed the article since it was read it is left alone and is due
	// again.
	SavePage(ctx context.Context, p syndicate.Page, fingerprint string, article *syndicate.Article) error
}

// A PagesReport says what became of the pages that were due.
type PagesReport struct {
	Fetched int // pages
	Fuller  int // articles that got the text of their page
	Failed  int // pages that could not be fetched or read
	Put     int // articles that got again what was fetched before
	Waiting int // pages that wait, since their host or our network wants it so
}

// Pages fetches the pages of a source's articles that are due, [pagesAtOnce] at
// most and one after the other, and puts what they say into the articles where
// it is more than the source's document says. What is the matter with a page
// is remembered with it, and no page is fetched twice once it came. An error
// means that the store did not work, or that ctx ended.
func (c *Collector) Pages(ctx context.Context, store PageStore, src syndicate.Source) (PagesReport, error) {
	var report PagesReport
	due, err := store.DuePages(ctx, src.Name, c.now(), pagesAtOnce)
	if err != nil {
		return report, fmt.Errorf("pages of source %s: %w", src.Name, err)
	}
	for i := range due {
		v := &visit{c: c, store: store, src: &src, article: &due[i].Article, page: due[i].Page, now: c.now(), report: &report}
		if err := v.run(ctx); err != nil {
			return report, fmt.Errorf("page of article %s of source %s: %w", due[i].Article.Key, src.Name, err)
		}
	}
	if len(due) > 0 {
		c.log().InfoContext(ctx, "pages fetched", "source", src.Name, "fetched", report.Fetched, "fuller", report.Fuller,
			"failed", report.Failed, "put_again", report.Put, "waiting", report.Waiting)
	}
	return report, nil
}

// A visit is to one page.
type visit struct {
	c       *Collector
	store   PageStore
	src     *syndicate.Source
	article *syndicate.Article
	page    syndicate.Page
	now     time.Time
	report  *PagesReport
	dated   bool // the page gave the article a date, which it had none of
}

func (v *visit) run(ctx context.Context) error {
	known, err := v.known(ctx)
	if err != nil {
		return err
	}
	if known {
		return v.put(ctx)
	}
	wait, err := v.c.heldUntil(ctx, hostOf(v.article.URL), v.now)
	if err != nil {
		return err
	}
	if wait.After(v.now) {
		return v.wait(ctx, wait)
	}
	return v.fetch(ctx)
}

// known reports whether the page has been fetched before, for this article or
// for another that is at the same address.
func (v *visit) known(ctx context.Context) (bool, error) {
	if v.page.URL != v.article.URL { // the source moved the article
		v.page = syndicate.Page{Key: v.article.Key, Source: v.article.Source, URL: v.article.URL}
	}
	if v.page.Content != "" {
		return true, nil
	}
	other, err := v.store.PageAt(ctx, v.article.URL)
	if errors.Is(err, syndicate.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	v.page.Tries, v.page.Error, v.page.NextAt = other.Tries, other.Error, time.Time{}
	v.page.Content, v.page.Text, v.page.Sections = other.Content, other.Text, other.Sections
	return true, nil
}

// put puts what was fetched before into the article.
func (v *visit) put(ctx context.Context) error {
	v.page.NextAt = time.Time{}
	if v.page.Content == "" {
		return v.save(ctx, nil)
	}
	return v.use(ctx, v.article.Title, &v.report.Put)
}

// fetch asks for the page.
func (v *visit) fetch(ctx context.Context) error {
	res, err := v.c.Fetcher.Get(ctx, fetch.Request{URL: v.article.URL, Accept: pageAccept, Robots: true})
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	v.page.URL, v.page.Error = v.article.URL, ""
	var fault *fetch.Error
	switch {
	case errors.As(err, &fault) && fault.Silent && v.c.net.isDown():
		return v.wait(ctx, v.now.Add(pageRetry))
	case err != nil:
		return v.fail(ctx, err.Error(), time.Time{})
	case res.Status == http.StatusTooManyRequests, res.Status == http.StatusServiceUnavailable:
		return v.refused(ctx, res)
	case res.Status != http.StatusOK:
		return v.fail(ctx, v.article.URL+": "+statusWords(res.Status), time.Time{})
	}
	return v.read(ctx, res)
}

// read reads the page that came. It is not fetched again, whatever it says.
func (v *visit) read(ctx context.Context, res *fetch.Response) error {
	v.page.Tries++
	v.page.NextAt = time.Time{}
	v.report.Fetched++
	entry, err := read.FullText(ctx, read.Input{
		Body: res.Body, URL: res.URL, Header: res.Header, Kind: syndicate.KindPage,
		Location: v.src.Location, Language: v.src.Language, Page: v.src.Page,
	})
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		v.report.Failed++
		v.page.Error = oneLine(v.article.URL + ": " + err.Error())
		return v.save(ctx, nil)
	}
	found := read.Articles(v.src, &read.Result{Entries: []read.Entry{entry}}, v.now)
	if len(found) == 0 {
		v.page.Error = v.article.URL + ": the page says nothing"
		return v.save(ctx, nil)
	}
	if page := &found[0]; v.article.Inferred && !page.Inferred {
		v.article.Published, v.article.PublishedRaw, v.article.Inferred = page.Published, page.PublishedRaw, false
		v.dated = true
	}
	v.page.Content, v.page.Text, v.page.Sections = found[0].Content, found[0].Text, found[0].Sections
	return v.use(ctx, entry.Title, &v.report.Fuller)
}

// use puts the page's text into the article if it is better than the
// article's own, and forgets it otherwise, but for a date the article lacked; n counts how often it is. The title
// is the page's.
func (v *visit) use(ctx context.Context, title string, n *int) error {
	better, why := read.Better(
		read.Entry{Feed: read.Feed{Title: v.article.Title}, Summary: v.article.Summary, Content: v.article.Content},
		read.Entry{Feed: read.Feed{Title: title}, Content: v.page.Content})
	if !better {
		v.page.Error = oneLine(v.article.URL + ": " + why)
		v.page.Content, v.page.Text, v.page.Sections = "", "", nil
		if v.dated {
			return v.save(ctx, v.article)
		}
		return v.save(ctx, nil)
	}
	*n++
	return v.save(ctx, v.filled())
}

// filled returns the article with the text of its page. What the source said
// of it stays, as its summary.
func (v *visit) filled() *syndicate.Article {
	a := *v.article
	if a.Summary == "" {
		a.Summary = syndicate.Truncate(strings.ReplaceAll(a.Text, "\n", " "), longSummary)
	}
	a.Content, a.Text = v.page.Content, v.page.Text
	if len(v.page.Sections) > 0 {
		a.Sections = v.page.Sections
	}
	a.Analysis = v.c.Classifier.Classify(&a, v.src)
	return &a
}

// refused notes that the host wants to be left alone, which is no failure of
// the page but counts as a try.
func (v *visit) refused(ctx context.Context, res *fetch.Response) error {
	until := v.now.Add(unasked)
	if d, ok := fetch.ParseRetryAfter(res.Header, v.now); ok {
		until = v.now.Add(min(max(d, pageRetry), longestBow))
	}
	if !res.Private {
		v.c.hold(hostOf(res.URL), until, v.now)
	}
	return v.fail(ctx, v.article.URL+": "+statusWords(res.Status), until)
}

// fail notes a page that did not come. It is tried again, not before a time,
// unless it has been tried often enough.
func (v *visit) fail(ctx context.Context, text string, notBefore time.Time) error {
	v.report.Failed++
	v.page.Tries++
	v.page.Error = oneLine(text)
	wait := pageRetry
	for range v.page.Tries - 1 {
		wait *= retryGrowth
	}
	v.page.NextAt = v.now.Add(wait)
	if notBefore.After(v.page.NextAt) {
		v.page.NextAt = notBefore
	}
	if v.page.Tries >= pageTries {
		v.page.NextAt = time.Time{}
	}
	return v.save(ctx, nil)
}

// wait puts the page off.
func (v *visit) wait(ctx context.Context, until time.Time) error {
	v.report.Waiting++
	v.page.NextAt = until
	return v.save(ctx, nil)
}

func (v *visit) save(ctx context.Context, article *syndicate.Article) error {
	v.page.URL = v.article.URL
	return v.store.SavePage(ctx, v.page, v.c.Classifier.Fingerprint(), article)
}

// isDown reports whether our own network is down.
func (o *outage) isDown() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.down
}
