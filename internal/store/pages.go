package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"broadsheet/internal/jobs"
	"broadsheet/syndicate"
)

// A PagesJob fetches pages of a source's articles.
type PagesJob struct {
	Source string `json:"source"`
}

// Kind names the work.
func (PagesJob) Kind() string { return "pages" }

// pageWindow is how long after an article was first seen its page is fetched.
// Who asks for the pages of an old source gets those of its last articles.
const pageWindow = 7 * 24 * time.Hour

// pageIsDue is a condition on articles a and their pages g, LEFT JOINed, at $1
// and for articles first seen after $2.
const pageIsDue = `a.first_seen > $2 AND a.url <> ''
	AND (g.key IS NULL OR g.next_at <= $1 OR g.content <> '' AND g.hash <> a.hash)`

// pageJobs returns a job for each source with pages that are due.
func (s *Store) pageJobs(ctx context.Context, now time.Time) ([]jobs.Args, error) {
	names, err := query(ctx, s.read, scanOne[string], `
		SELECT s.name
		FROM sources s
		WHERE s.active AND s.full_text AND EXISTS (
			SELECT 1
			FROM articles a LEFT JOIN pages g ON g.key = a.key
			WHERE a.source = s.name AND `+pageIsDue+`
		)
		ORDER BY s.position, s.name`, now.UnixMilli(), now.Add(-pageWindow).UnixMilli())
	due := make([]jobs.Args, len(names))
	for i, name := range names {
		due[i] = PagesJob{Source: name}
	}
	return due, s.failed("look for pages that are due", err)
}

// DuePages returns the articles of a source whose pages are to be fetched at
// now, or are to be put into them again, those first seen last first. Whether
// the source wants pages is not asked.
func (s *Store) DuePages(ctx context.Context, source string, now time.Time, limit int) ([]syndicate.DuePage, error) {
	due, err := query(ctx, s.read, func(r scanner) (d syndicate.DuePage, err error) {
		d.Article, err = scanArticle(r)
		d.Page = syndicate.Page{Key: d.Article.Key, Source: d.Article.Source, URL: d.Article.URL}
		return d, err
	}, `
		SELECT `+articleColumns+`
		FROM `+articleTables+` LEFT JOIN pages g ON g.key = a.key
		WHERE a.source = $3 AND `+pageIsDue+newestFirst+`
		LIMIT $4`, now.UnixMilli(), now.Add(-pageWindow).UnixMilli(), source, max(limit, 0))
	for i := range due {
		if err != nil {
			break
		}
		var p syndicate.Page
		p, err = s.page(ctx, "key = $1", due[i].Article.Key)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			err = nil
		case err == nil:
			due[i].Page = p
		}
	}
	return due, s.failed("look for pages of "+source, err)
}

// PageAt returns what is remembered of a page that is not fetched any more, for
// whatever article. The error is syndicate.ErrNotFound if there is none.
func (s *Store) PageAt(ctx context.Context, url string) (syndicate.Page, error) {
	p, err := s.page(ctx, "url = $1 AND next_at IS NULL ORDER BY length(content) DESC LIMIT 1", text(url))
	if errors.Is(err, sql.ErrNoRows) {
		err = syndicate.ErrNotFound
	}
	return p, s.failed("read a page", err)
}

func (s *Store) page(ctx context.Context, where string, arg any) (p syndicate.Page, err error) {
	err = s.read.QueryRowContext(ctx,
		"SELECT key, source, url, tries, next_at, error, hash, text, content, sections FROM pages WHERE "+where, arg).
		Scan(&p.Key, &p.Source, &p.URL, &p.Tries, moment{&p.NextAt}, &p.Error, &p.Hash, &p.Text, &p.Content, list[syndicate.Section]{&p.Sections})
	return p, err
}

// SavePage stores what is remembered of an article's page and, if article is
// not nil, the article as the page has it: text, summary, analysis and time of
// publication, all in one transaction. The fingerprint is that of the classifier that made the
// analysis.
//
// The article is left alone if its source has changed it in the meantime. Its
// page is then due at once.
func (s *Store) SavePage(ctx context.Context, p syndicate.Page, fingerprint string, article *syndicate.Article) error {
	return s.write(ctx, "store a page of "+p.Source, func(tx *sql.Tx) error {
		hash := ""
		if article != nil {
			fits, err := s.savePageText(ctx, tx, fingerprint, article)
			if err != nil {
				return err
			}
			if fits {
				hash = article.Hash
			}
		}
		_, err := tx.ExecContext(ctx, `
			INSERT INTO pages (key, source, url, tries, next_at, error, hash, text, content, sections)
			SELECT key, source, $2, $3, $4, $5, $6, $7, $8, $9
			FROM articles
			WHERE key = $1
			ON CONFLICT (key) DO UPDATE
			SET url = excluded.url, tries = excluded.tries, next_at = excluded.next_at, error = excluded.error,
				hash = excluded.hash, text = excluded.text, content = excluded.content, sections = excluded.sections`,
			p.Key, text(p.URL), p.Tries, ms(p.NextAt), text(p.Error), hash, text(p.Text), text(p.Content),
			list[syndicate.Section]{&p.Sections})
		if err != nil || hash == "" {
			return err
		}
		return touch(ctx, tx)
	})
}

// savePageText puts a page's text into its article, and reports whether the
// article still was what it is taken for.
func (s *Store) savePageText(ctx context.Context, tx *sql.Tx, fingerprint string, article *syndicate.Article) (bool, error) {
	a := *article
	a.Figures = finite(a.Figures)
	r := &articleRow{article: &a, wordsArgs: s.dialect.wordsArgs(0, wordsOf(&a))}
	err := tx.QueryRowContext(ctx, `
		UPDATE articles
		SET fingerprint = $3, published = $4, published_raw = $5, inferred = $6
		WHERE key = $1 AND hash = $2
		RETURNING id, first_seen`, a.Key, a.Hash, fingerprint, a.Published.UnixMilli(), text(a.PublishedRaw), a.Inferred).Scan(&r.id, &r.firstSeen)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	args := textArgs(&a)
	args[0] = r.id
	if err := s.insert(ctx, tx, textUpsert(), [][]any{args}, nil); err != nil {
		return false, err
	}
	rows, ids := []*articleRow{r}, []int64{r.id}
	if err := s.saveFilings(ctx, tx, rows, ids); err != nil {
		return false, err
	}
	return true, s.saveWords(ctx, tx, rows, ids)
}
