package store

import (
	"context"
	"database/sql"

	"github.com/pressly/goose/v3"

	"broadsheet/syndicate"
)

// searchMigration is migration 7, of SQLite alone.
func searchMigration() *goose.Migration {
	return goose.NewGoMigration(7, &goose.GoFunc{RunTx: makeSearchable}, nil)
}

// makeSearchable puts the words of texts, which are most of them, first, where
// the index takes two bytes less for each, and says in article_blocks when the
// newest of 1,024 articles that follow each other was first seen. The words of
// all articles are cut again.
func makeSearchable(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, `
			DROP TABLE article_words;
			CREATE VIRTUAL TABLE article_words USING fts5 (
				body, title, places, authors,
				content = '', contentless_delete = 1, tokenize = 'ascii'
			);
			INSERT INTO article_words (article_words, rank) VALUES ('hashsize', 16777216);
			CREATE TABLE article_blocks (
				block  INTEGER PRIMARY KEY, -- id / 1024
				newest BIGINT NOT NULL
			);
			INSERT INTO article_blocks (block, newest)
			SELECT id / `+blockSize+`, max(first_seen)
			FROM articles
			GROUP BY id / `+blockSize)
	if err != nil {
		return err
	}
	return cutAgain(ctx, tx)
}

// cutAgain fills the index of words from what is stored. It names the columns
// that there are at migration 7.
func cutAgain(ctx context.Context, tx *sql.Tx) error {
	insertion := dialect{}.wordsInsertion().statement(1, false)
	for last := int64(0); ; {
		rows, err := query(ctx, tx, func(r scanner) (args []any, err error) {
			var a syndicate.Article
			err = r.Scan(&last, &a.Title, &a.Summary, &a.Text, list[string]{&a.Places}, list[string]{&a.Authors})
			return dialect{}.wordsArgs(last, wordsOf(&a)), err
		}, `
			SELECT a.id, a.title, x.summary, x.text, x.places, x.authors
			FROM articles a JOIN article_texts x ON x.article_id = a.id
			WHERE a.id > $1
			ORDER BY a.id
			LIMIT 200`, last)
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, args := range rows {
			if _, err := tx.ExecContext(ctx, insertion, args...); err != nil {
				return err
			}
		}
	}
}
