package publish

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"broadsheet/syndicate"
)

// Archives (RFC 5005, section 4) hold every article of a feed by the month it
// was first seen in (UTC), in the order of that, cut into pages of as many
// articles as the feed itself holds, DefaultLimit at most. The first page of a
// month is called by it, 2026-07, the next ones 2026-07-2, 2026-07-3.
//
// A page is there once it is closed, and then keeps its articles: a full one,
// or the last one of a month when the feed has articles of a later month. What
// is in no closed page yet is less than a page, so that the feed itself holds
// it. Only a corrected article changes its page, and a withdrawn one, or one
// that is filed elsewhere now, leaves it to those that follow in its month.
//
// Whether a page is closed is told by the feed's newest article and not by the
// clock, so that feeds go on to depend on their articles alone.

// grace is how much older than the feed's newest article the last one of a
// page is: articles of polls that began before and are stored later still find
// their place.
const grace = 10 * time.Minute

// An archivePage is a page of a month, the oldest articles on the first one.
type archivePage struct {
	month  time.Time // its beginning, UTC
	number int       // from 1
}

func (p archivePage) String() string {
	s := p.month.Format("2006-01")
	if p.number > 1 {
		s += "-" + strconv.Itoa(p.number)
	}
	return s
}

// parsePage reads the name of a page, which has one spelling only.
func parsePage(s string) (p archivePage, ok bool) {
	name, number, further := s, "1", false
	if len(s) > len("2026-07") {
		name, further = s[:len("2026-07")], true
		number = s[len("2026-07"):]
	}
	number, ok = strings.CutPrefix(number, "-")
	n, err := strconv.Atoi(number)
	if err != nil || further != ok {
		return p, false
	}
	month, err := time.Parse("2006-01", name)
	p = archivePage{month, n}
	return p, err == nil && n >= 1 && p.String() == s
}

// cutArchive takes the name of an archive page apart.
func cutArchive(name string) (feed, page string, ok bool) { return strings.Cut(name, "/archive/") }

func monthOf(t time.Time) time.Time {
	t = t.UTC()
	return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)
}

// An archive is the closed part of a feed.
type archive struct {
	*Publisher
	selection
	size   int       // articles of a page
	oldest time.Time // the first month; zero where nothing is ever deleted
	closed time.Time // what was first seen before can be in a closed page
}

// archiveOf returns the archive of a feed whose newest article was first seen
// at an instant.
func (p *Publisher) archiveOf(sel selection, newest time.Time) archive {
	a := archive{Publisher: p, selection: sel, size: min(sel.limit, DefaultLimit), closed: newest.Add(-grace)}
	if p.Keep > 0 {
		// Of a month that is being deleted the pages would change every day.
		a.oldest = monthOf(newest.Add(-p.Keep)).AddDate(0, 1, 0)
	}
	return a
}

// between returns the query of what the feed has of a time.
func (a *archive) between(from, until time.Time) syndicate.Query {
	parts := syndicate.And{}
	if a.Query.Root != nil {
		parts = append(parts, a.Query.Root)
	}
	if !from.IsZero() {
		parts = append(parts, syndicate.Date{After: true, At: from})
	}
	return syndicate.Query{Text: a.Query.Text, Root: append(parts, syndicate.Date{At: until})}
}

// count returns how many articles a month has so far, and how many closed
// pages.
func (a *archive) count(ctx context.Context, month time.Time) (articles, pages int, err error) {
	if month.Before(a.oldest) || !month.Before(a.closed) {
		return 0, 0, nil
	}
	end := month.AddDate(0, 1, 0)
	ended := end.Before(a.closed)
	if !ended {
		end = a.closed
	}
	articles, err = a.Store.Count(ctx, a.between(month, end), a.now())
	pages = articles / a.size
	if ended && articles%a.size > 0 {
		pages++
	}
	return articles, pages, err
}

// before returns the last closed page of the months before one, nil if there
// is none.
func (a *archive) before(ctx context.Context, month time.Time) (*archivePage, error) {
	last, err := a.Store.Articles(ctx, a.between(a.oldest, month), a.now(), 1, 0)
	if err != nil || len(last) == 0 {
		return nil, err
	}
	page := archivePage{month: monthOf(last[0].FirstSeen)}
	if _, page.number, err = a.count(ctx, page.month); err != nil || page.number == 0 {
		return nil, err
	}
	return &page, nil
}

// after returns the first closed page of the months after one, nil if there is
// none.
func (a *archive) after(ctx context.Context, month time.Time) (*archivePage, error) {
	for month = month.AddDate(0, 1, 0); month.Before(a.closed); month = month.AddDate(0, 1, 0) {
		if _, pages, err := a.count(ctx, month); err != nil || pages > 0 {
			return &archivePage{month: month, number: 1}, err
		}
	}
	return nil, nil
}

// latestPage returns the newest archive page of a feed with its newest
// articles, "" if there is none. A feed that an age is part of has none:
// articles leave it as time passes.
func (p *Publisher) latestPage(ctx context.Context, sel selection, articles []syndicate.Told) (string, error) {
	if len(articles) == 0 || sel.Query.Timed() || sel.search != "" || sel.private {
		return "", nil
	}
	a := p.archiveOf(sel, articles[0].FirstSeen)
	page := &archivePage{month: monthOf(a.closed)}
	var err error
	if _, page.number, err = a.count(ctx, page.month); err == nil && page.number == 0 {
		page, err = a.before(ctx, page.month)
	}
	if err != nil || page == nil {
		return "", err
	}
	return page.String(), nil
}

// archive returns a page of a feed's history, or syndicate.ErrNotFound.
func (p *Publisher) archive(ctx context.Context, sel selection, name, format string) (syndicate.Document, error) {
	none := fmt.Errorf("archive page %q of feed %q as %q: %w", name, sel.Name, format, syndicate.ErrNotFound)
	page, ok := parsePage(name)
	if _, contentType := writer(format); contentType == "" || !ok || sel.Query.Timed() {
		return syndicate.Document{}, none
	}
	newest, err := p.Store.Articles(ctx, sel.Query, p.now(), 1, 0)
	if err == nil && len(newest) == 0 {
		err = none
	}
	if err != nil {
		return syndicate.Document{}, err
	}
	a := p.archiveOf(sel, newest[0].FirstSeen)
	total, pages, err := a.count(ctx, page.month)
	if err == nil && page.number > pages {
		err = none
	}
	if err != nil {
		return syndicate.Document{}, err
	}
	articles, err := a.articles(ctx, page, total)
	if err != nil {
		return syndicate.Document{}, fmt.Errorf("archive page %q of feed %q: %w", name, sel.Name, err)
	}
	told := make([]syndicate.Told, len(articles)) // history keeps every telling
	for i := range articles {
		told[i].Article = articles[i]
	}
	ch := p.channel(sel, told)
	ch.archive = name
	if ch.previous, ch.next, err = a.around(ctx, page, pages); err != nil {
		return syndicate.Document{}, fmt.Errorf("archive of feed %q: %w", sel.Name, err)
	}
	return write(ch, format)
}

// articles returns the articles of a page of a month with as many so far. The
// store counts from the newest, pages from the oldest.
func (a *archive) articles(ctx context.Context, page archivePage, total int) ([]syndicate.Article, error) {
	offset, limit := total-page.number*a.size, a.size
	if offset < 0 {
		offset, limit = 0, limit+offset
	}
	end := page.month.AddDate(0, 1, 0)
	if a.closed.Before(end) {
		end = a.closed
	}
	return a.Store.Articles(ctx, a.between(page.month, end), a.now(), limit, offset)
}

// around returns the pages before and after one, "" where there is none.
func (a *archive) around(ctx context.Context, page archivePage, pages int) (previous, next string, err error) {
	before, after := &archivePage{page.month, page.number - 1}, &archivePage{page.month, page.number + 1}
	if before.number == 0 {
		if before, err = a.before(ctx, page.month); err != nil {
			return "", "", err
		}
	}
	if after.number > pages {
		if after, err = a.after(ctx, page.month); err != nil {
			return "", "", err
		}
	}
	if before != nil {
		previous = before.String()
	}
	if after != nil {
		next = after.String()
	}
	return previous, next, nil
}
