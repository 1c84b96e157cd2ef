package store

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"time"

	"broadsheet/syndicate"
)

const (
	newestFirst = " ORDER BY a.first_seen DESC, a.published DESC, a.id DESC"
	newestFiled = " ORDER BY t.first_seen DESC, t.published DESC, t.article_id DESC"
)

// Article returns the article of a key. The error is syndicate.ErrNotFound if
// there is none.
func (s *Store) Article(ctx context.Context, key string) (syndicate.Article, error) {
	a, err := scanArticle(s.read.QueryRowContext(ctx, "SELECT "+articleColumns+" FROM "+articleTables+" WHERE a.key = $1", text(key)))
	if errors.Is(err, sql.ErrNoRows) {
		err = syndicate.ErrNotFound
	}
	return a, s.failed("read article "+strconv.Quote(key), err)
}

// selected returns the articles that q selects and the conditions hold for.
// Only ids are sorted: the rows themselves may be large.
func (s *Store) selected(ctx context.Context, b *builder, q syndicate.Query, columns string, limit, offset int, conditions ...string) ([]syndicate.Article, error) {
	from, order := b.spots(q, conditions...)
	page := "SELECT a.id" + from + order + " LIMIT " + b.arg(max(limit, 0)) + " OFFSET " + b.arg(max(offset, 0))
	return query(ctx, s.read, scanArticle,
		"SELECT "+columns+" FROM "+articleTables+" WHERE a.id IN ("+page+")"+newestFirst, b.args...)
}

// Count returns how many articles q selects at now.
func (s *Store) Count(ctx context.Context, q syndicate.Query, now time.Time) (int, error) {
	b := &builder{dialect: s.dialect, now: now}
	from := b.filed(q)
	if from == "" {
		from, _ = b.spots(q)
	}
	var n int
	err := s.read.QueryRowContext(ctx, "SELECT count(*)"+from, b.args...).Scan(&n)
	return n, s.failed("count articles", err)
}

// RecentTimes returns when the n articles that a source published last were
// published, the last one first.
func (s *Store) RecentTimes(ctx context.Context, source string, n int) ([]time.Time, error) {
	times, err := query(ctx, s.read, func(r scanner) (t time.Time, err error) {
		err = r.Scan(moment{&t})
		return t, err
	}, "SELECT published FROM articles WHERE source = $1 ORDER BY published DESC LIMIT $2", source, max(n, 0))
	return times, s.failed("read the times of "+source, err)
}

// Misfiled returns up to limit articles that were classified by another
// classifier than the one with this fingerprint.
func (s *Store) Misfiled(ctx context.Context, fingerprint string, limit int) ([]syndicate.Article, error) {
	articles, err := query(ctx, s.read, scanArticle, `
		SELECT `+articleColumns+`
		FROM `+articleTables+`
		WHERE a.id IN (
			SELECT id FROM (SELECT id FROM articles WHERE fingerprint < $1 ORDER BY fingerprint DESC, id DESC LIMIT $2) below
			UNION ALL
			SELECT id FROM (SELECT id FROM articles WHERE fingerprint > $1 ORDER BY fingerprint DESC, id DESC LIMIT $2) above
			LIMIT $2
		)`+newestFirst, fingerprint, max(limit, 0))
	return articles, s.failed("look for articles to file anew", err)
}

// Reclassify stores the analyses of known articles, and that the classifier
// with this fingerprint made them. Nothing else of the articles is changed, and
// unknown ones are passed over. What Misfiled returned must come back whole.
func (s *Store) Reclassify(ctx context.Context, fingerprint string, articles []syndicate.Article) error {
	rows := make([]*articleRow, 0, len(articles))
	seen := make(map[string]bool, len(articles))
	for i := range articles {
		a := articles[i]
		if seen[a.Key] {
			continue
		}
		seen[a.Key] = true
		a.Figures = finite(a.Figures)
		rows = append(rows, &articleRow{article: &a})
	}
	return s.write(ctx, "file articles anew", func(tx *sql.Tx) error {
		return s.reclassify(ctx, tx, fingerprint, rows)
	})
}

func (s *Store) reclassify(ctx context.Context, tx *sql.Tx, fingerprint string, rows []*articleRow) error {
	ids, err := idsOf(ctx, tx, rows)
	if err != nil {
		return err
	}
	var known, moved []*articleRow
	var stale, elsewhere []int64
	for _, r := range rows {
		id, ok := ids[r.article.Key]
		if !ok {
			continue
		}
		r.id = id
		known, stale = append(known, r), append(stale, id)
		var before syndicate.Analysis
		err := tx.QueryRowContext(ctx, "SELECT x.places, x.analysis, a.first_seen FROM "+articleTables+" WHERE a.id = $1", id).
			Scan(list[string]{&before.Places}, analysis{&before}, &r.firstSeen)
		if err != nil {
			return err
		}
		if joinWords(placeWords(&before)) != joinWords(placeWords(&r.article.Analysis)) {
			r.wordsArgs = s.dialect.wordsArgs(id, wordsOf(r.article))
			moved, elsewhere = append(moved, r), append(elsewhere, id)
		}
		if _, err := tx.ExecContext(ctx, "UPDATE articles SET fingerprint = $2 WHERE id = $1", id, fingerprint); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "UPDATE article_texts SET places = $2, analysis = $3 WHERE article_id = $1",
			id, list[string]{&r.article.Places}, analysis{&r.article.Analysis})
		if err != nil {
			return err
		}
	}
	if err := s.saveFilings(ctx, tx, known, stale); err != nil {
		return err
	}
	if err := s.saveWords(ctx, tx, moved, elsewhere); err != nil || len(known) == 0 {
		return err
	}
	return touch(ctx, tx)
}
