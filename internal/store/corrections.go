package store

import (
	"context"
	"database/sql"
	"errors"

	"broadsheet/syndicate"
)

func scanCorrection(r scanner) (c syndicate.Correction, err error) {
	err = r.Scan(&c.Key, list[string]{&c.Themes}, moment{&c.At})
	return c, err
}

// corrections returns what editors said of the articles with these ids, by key.
func corrections(ctx context.Context, tx *sql.Tx, ids []int64) (map[string]syndicate.Correction, error) {
	byKey := map[string]syndicate.Correction{}
	err := inBatches(ids, 500, func(ids []int64) error {
		found, err := query(ctx, tx, scanCorrection, `
			SELECT c.key, c.themes, c.at
			FROM corrections c JOIN articles a ON a.key = c.key
			WHERE a.id IN (`+placeholders(1, len(ids))+`)`, anys(ids)...)
		for _, c := range found {
			byKey[c.Key] = c
		}
		return err
	})
	return byKey, err
}

// Correct stores what an editor says of an article, in the place of what was
// said before. From then on the article is filed so, whatever the classifier
// and the source say later. The error is syndicate.ErrNotFound if there is no
// such article.
func (s *Store) Correct(ctx context.Context, c syndicate.Correction) error {
	return s.write(ctx, "store a correction", func(tx *sql.Tx) error { return s.correct(ctx, tx, c) })
}

func (s *Store) correct(ctx context.Context, tx *sql.Tx, c syndicate.Correction) error {
	if err := lockArticle(ctx, tx, c.Key); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO corrections (key, themes, at)
		VALUES ($1, $2, $3)
		ON CONFLICT (key) DO UPDATE SET themes = excluded.themes, at = excluded.at`,
		c.Key, list[string]{&c.Themes}, c.At.UnixMilli())
	if err != nil {
		return err
	}
	return s.fileAgain(ctx, tx, c.Key)
}

// Uncorrect takes back what an editor said of an article and reports whether
// anything had been said. The article is filed as the classifier filed it last.
func (s *Store) Uncorrect(ctx context.Context, key string) (was bool, err error) {
	err = s.write(ctx, "take a correction back", func(tx *sql.Tx) error {
		if err := lockArticle(ctx, tx, key); err != nil {
			return err
		}
		n, err := change(ctx, tx, "DELETE FROM corrections WHERE key = $1", key)
		was = n > 0
		if err != nil || !was {
			return err
		}
		return s.fileAgain(ctx, tx, key)
	})
	return was, err
}

// lockArticle makes others that are about to store the article's filings wait
// until tx ends, and waits for those that are storing them.
func lockArticle(ctx context.Context, tx *sql.Tx, key string) error {
	n, err := change(ctx, tx, "UPDATE articles SET fingerprint = fingerprint WHERE key = $1", text(key))
	if err == nil && n == 0 {
		err = syndicate.ErrNotFound
	}
	return err
}

// fileAgain stores the filings of an article as it stands, last in a
// transaction.
func (s *Store) fileAgain(ctx context.Context, tx *sql.Tx, key string) error {
	a, err := scanArticle(tx.QueryRowContext(ctx, "SELECT "+articleColumns+" FROM "+articleTables+" WHERE a.key = $1", key))
	if err != nil {
		return err
	}
	id, err := scanOne[int64](tx.QueryRowContext(ctx, "SELECT id FROM articles WHERE key = $1", key))
	if err != nil {
		return err
	}
	if err := deleteWhere(ctx, tx, "filings", "article_id", []int64{id}); err != nil {
		return err
	}
	rows := filingRows(id, a.FirstSeen.UnixMilli(), a.Published.UnixMilli(), a.Filings)
	if err := s.insert(ctx, tx, filingInsertion(), rows, nil); err != nil {
		return err
	}
	return touch(ctx, tx)
}

// Correction returns what an editor said of an article; the error is
// syndicate.ErrNotFound if nobody said anything.
func (s *Store) Correction(ctx context.Context, key string) (syndicate.Correction, error) {
	c, err := scanCorrection(s.read.QueryRowContext(ctx, "SELECT key, themes, at FROM corrections WHERE key = $1", text(key)))
	if errors.Is(err, sql.ErrNoRows) {
		err = syndicate.ErrNotFound
	}
	return c, s.failed("read a correction", err)
}

// Corrections returns the corrected articles as examples of what is right, the
// first correction first.
func (s *Store) Corrections(ctx context.Context) ([]syndicate.Example, error) {
	examples, err := query(ctx, s.read, func(r scanner) (e syndicate.Example, err error) {
		err = r.Scan(&e.ID, &e.Language, &e.Title, &e.Text, list[string]{&e.Themes})
		if e.Themes == nil {
			e.Themes = []string{}
		}
		return e, err
	}, `
		SELECT a.key, a.language, a.title, CASE WHEN x.text <> '' THEN x.text ELSE x.summary END, c.themes
		FROM `+articleTables+`
		WHERE c.key IS NOT NULL
		ORDER BY c.at, a.key`)
	return examples, s.failed("list the corrections", err)
}
