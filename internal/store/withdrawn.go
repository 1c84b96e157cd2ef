package store

import (
	"context"
	"database/sql"

	"broadsheet/syndicate"
)

// Withdrawn returns the articles that the operator took back last, the last
// one first, at most limit of them. What is gone because it was kept long
// enough is not among them.
func (s *Store) Withdrawn(ctx context.Context, limit int) ([]syndicate.Withdrawal, error) {
	list, err := query(ctx, s.read, func(r scanner) (w syndicate.Withdrawal, err error) {
		err = r.Scan(&w.ID, &w.Source, &w.Language, list[string]{&w.Themes}, moment{&w.At})
		return w, err
	}, `
		SELECT public_id, source, lang, themes, at
		FROM set_aside
		WHERE public_id <> ''
		ORDER BY at DESC, key
		LIMIT $1`, max(limit, 0))
	return list, s.failed("look for withdrawn articles", err)
}

// withdraw notes of articles that are set aside, and not deleted yet, what
// feeds must tell of them.
func withdraw(ctx context.Context, tx *sql.Tx, keys []string) error {
	type filed struct{ key, theme string }
	filings, err := query(ctx, tx, func(r scanner) (f filed, err error) {
		err = r.Scan(&f.key, &f.theme)
		return f, err
	}, `
		SELECT a.key, f.theme
		FROM filings f JOIN articles a ON a.id = f.article_id
		WHERE a.key IN (`+placeholders(1, len(keys))+`)
		ORDER BY f.position`, anys(keys)...)
	if err != nil {
		return err
	}
	themes := map[string][]string{}
	for _, f := range filings {
		themes[f.key] = append(themes[f.key], f.theme)
	}
	for _, key := range keys {
		of := themes[key]
		_, err := tx.ExecContext(ctx, `
			UPDATE set_aside
			SET themes = $2,
				public_id = (SELECT a.public_id FROM articles a WHERE a.key = $1),
				lang = (SELECT a.lang FROM articles a WHERE a.key = $1)
			WHERE key = $1 AND EXISTS (SELECT 1 FROM articles a WHERE a.key = $1)`, key, list[string]{&of})
		if err != nil {
			return err
		}
	}
	return nil
}
