package store

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"

	"broadsheet/syndicate"
)

// Known returns the hashes of the source's articles by key, of those of the
// keys that are stored.
func (s *Store) Known(ctx context.Context, source string, keys []string) (map[string]string, error) {
	known := make(map[string]string, len(keys))
	err := inBatches(keys, 500, func(keys []string) error {
		type pair struct{ key, hash string }
		pairs, err := query(ctx, s.read, func(r scanner) (p pair, err error) {
			err = r.Scan(&p.key, &p.hash)
			return p, err
		}, "SELECT key, hash FROM articles WHERE key IN ("+placeholders(2, len(keys))+") AND source = $1",
			append([]any{source}, anys(keys)...)...)
		for _, p := range pairs {
			known[p.key] = p.hash
		}
		return err
	})
	return known, s.failed("look for known articles of "+source, err)
}

// Record stores what a poll brought, all of it or nothing: the poll itself, the
// articles that are new, and those whose hash is another than the stored one.
// Recording the same again changes nothing. An article that is known keeps its
// ID and FirstSeen. The fingerprint is that of the classifier that made the
// analyses.
//
// Of articles with the same key the first one counts. An article without
// FirstSeen gets the poll's LastAt, one without Published its FirstSeen.
func (s *Store) Record(ctx context.Context, poll syndicate.Poll, fingerprint string, articles []syndicate.Article) (added, changed int, err error) {
	r := &recording{poll: &poll, done: make(chan struct{})}
	if r.rows, err = s.prepare(ctx, &poll, fingerprint, articles); err != nil {
		return 0, 0, s.failed(r.what(), err)
	}
	if r.answer, err = s.packAnswer(poll.Answer); err != nil {
		return 0, 0, s.failed(r.what(), err)
	}
	if err := s.commit(ctx, r); err != nil {
		return 0, 0, err
	}
	return r.added, r.changed, nil
}

// An articleRow is an article on its way into the tables.
type articleRow struct {
	article   *syndicate.Article
	args      []any
	textArgs  []any // its first value and that of wordsArgs are the id
	wordsArgs []any
	id        int64
	firstSeen int64
}

// prepare makes rows of the articles that are new or changed. It does all that
// takes time, so that the transaction does not.
//
// The rows come oldest first, and last what stands first in the document: ids
// then grow against the order in which articles are shown, which keeps
// neighbours on one page of the database and settles ties.
func (s *Store) prepare(ctx context.Context, poll *syndicate.Poll, fingerprint string, articles []syndicate.Article) ([]*articleRow, error) {
	keys := make([]string, len(articles))
	for i := range articles {
		keys[i] = articles[i].Key
	}
	hashes, err := s.Known(ctx, poll.Source, keys)
	if err != nil {
		return nil, err
	}
	if articles, err = s.keepDates(ctx, hashes, articles); err != nil {
		return nil, err
	}
	seen := make(map[string]bool, len(articles))
	var rows []*articleRow
	for i := range articles {
		a := articles[i]
		if a.Key == "" || a.Source != poll.Source {
			return nil, fmt.Errorf("article %q of source %q has no key or is of another source", a.Key, a.Source)
		}
		hash, known := hashes[a.Key]
		if seen[a.Key] || known && hash == a.Hash {
			continue
		}
		seen[a.Key] = true
		if a.FirstSeen.IsZero() {
			a.FirstSeen = poll.LastAt
		}
		if a.Published.IsZero() {
			a.Published, a.Inferred = a.FirstSeen, true
		}
		a.Figures = finite(a.Figures)
		rows = append(rows, &articleRow{
			article:   &a,
			args:      articleArgs(&a, fingerprint),
			textArgs:  textArgs(&a),
			wordsArgs: s.dialect.wordsArgs(0, wordsOf(&a)),
		})
	}
	slices.Reverse(rows)
	slices.SortStableFunc(rows, func(x, y *articleRow) int { return x.article.Published.Compare(y.article.Published) })
	return rows, nil
}

// finite leaves out figures that neither JSON nor a column can hold: one
// overflowing number must not keep a whole poll from being stored.
func finite(figures []syndicate.Figure) []syndicate.Figure {
	bad := func(f syndicate.Figure) bool {
		sum := f.Value + f.Normalised
		return math.IsNaN(sum) || math.IsInf(f.Value, 0) || math.IsInf(f.Normalised, 0)
	}
	if !slices.ContainsFunc(figures, bad) {
		return figures
	}
	return slices.DeleteFunc(slices.Clone(figures), bad)
}

// idsOf returns the ids of the rows' articles that are stored.
func idsOf(ctx context.Context, q querier, rows []*articleRow) (map[string]int64, error) {
	ids := make(map[string]int64, len(rows))
	err := inBatches(rows, 500, func(rows []*articleRow) error {
		keys := make([]any, len(rows))
		for i, r := range rows {
			keys[i] = r.article.Key
		}
		type pair struct {
			key string
			id  int64
		}
		pairs, err := query(ctx, q, func(r scanner) (p pair, err error) {
			err = r.Scan(&p.key, &p.id)
			return p, err
		}, "SELECT key, id FROM articles WHERE key IN ("+placeholders(1, len(keys))+")", keys...)
		for _, p := range pairs {
			ids[p.key] = p.id
		}
		return err
	})
	return ids, err
}

// saveArticles stores the rows that are not stored as they are, and returns
// these with their ids and the FirstSeen that counts.
func (s *Store) saveArticles(ctx context.Context, tx *sql.Tx, rows []*articleRow) ([]*articleRow, error) {
	byKey := make(map[string]*articleRow, len(rows))
	args := make([][]any, len(rows))
	for i, r := range rows {
		byKey[r.article.Key], args[i] = r, r.args
	}
	var stored []*articleRow
	err := s.insert(ctx, tx, articleUpsert(), args, func(row scanner) error {
		var key string
		var id, firstSeen int64
		if err := row.Scan(&id, &key, &firstSeen); err != nil {
			return err
		}
		r := byKey[key]
		r.id, r.firstSeen = id, firstSeen
		stored = append(stored, r)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := s.saveBlocks(ctx, tx, stored); err != nil {
		return nil, err
	}
	args = args[:0]
	for _, r := range stored {
		r.textArgs[0] = r.id
		args = append(args, r.textArgs)
	}
	return stored, s.insert(ctx, tx, textUpsert(), args, nil)
}

// blockSize is how many ids a row of article_blocks is of.
const blockSize = "1024"

// saveBlocks stores up to when the articles of a block were first seen. Only
// walks along SQLite's index of words need it.
func (s *Store) saveBlocks(ctx context.Context, tx *sql.Tx, rows []*articleRow) error {
	if s.dialect.postgres || len(rows) == 0 {
		return nil
	}
	newest := map[int64]int64{}
	for _, r := range rows {
		newest[r.id/1024] = max(newest[r.id/1024], r.firstSeen)
	}
	var args [][]any
	for block, seen := range newest {
		args = append(args, []any{block, seen})
	}
	in := into("INSERT INTO article_blocks (block, newest)", 2)
	in.tail = "ON CONFLICT (block) DO UPDATE SET newest = max(newest, excluded.newest)"
	return s.insert(ctx, tx, in, args, nil)
}

// saveWords stores the words of the rows, in the place of those of the stale
// ids. It comes last in a transaction; see dialect.rowsAtOnce.
func (s *Store) saveWords(ctx context.Context, tx *sql.Tx, rows []*articleRow, stale []int64) error {
	if err := deleteWhere(ctx, tx, "article_words", "rowid", stale); err != nil {
		return err
	}
	args := make([][]any, len(rows))
	for i, r := range rows {
		r.wordsArgs[0], args[i] = r.id, r.wordsArgs
	}
	return s.insert(ctx, tx, s.dialect.wordsInsertion(), args, nil)
}

// saveFilings stores filings and figures of the rows, in the place of what
// the stale ids had before. What an editor said of an article counts for its
// filings; only those of stale ids can have been corrected.
func (s *Store) saveFilings(ctx context.Context, tx *sql.Tx, rows []*articleRow, stale []int64) error {
	for _, table := range []string{"filings", "figures"} {
		if err := deleteWhere(ctx, tx, table, "article_id", stale); err != nil {
			return err
		}
	}
	corrected, err := corrections(ctx, tx, stale)
	if err != nil {
		return err
	}
	var filings, figures [][]any
	for _, r := range rows {
		a := r.article.Analysis
		if c, ok := corrected[r.article.Key]; ok {
			a = c.Apply(a)
		}
		filings = append(filings, filingRows(r.id, r.firstSeen, r.article.Published.UnixMilli(), a.Filings)...)
		for _, f := range r.article.Figures {
			figures = append(figures, []any{r.id, text(f.BaseUnit), f.Normalised, text(f.Bound)})
		}
	}
	if err := s.insert(ctx, tx, filingInsertion(), filings, nil); err != nil {
		return err
	}
	return s.insert(ctx, tx, into("INSERT INTO figures (article_id, base_unit, value, bound)", 4), figures, nil)
}

func filingInsertion() insertion {
	return into("INSERT INTO filings (article_id, theme, position, score, first_seen, published)", 6)
}

// filingRows makes rows for filingInsertion, one a theme.
func filingRows(id, firstSeen, published int64, filings []syndicate.Filing) [][]any {
	var rows [][]any
	filed := map[string]bool{}
	for i, f := range filings {
		if !filed[f.Theme] {
			filed[f.Theme] = true
			rows = append(rows, []any{id, text(f.Theme), i, f.Score, firstSeen, published})
		}
	}
	return rows
}

func deleteWhere(ctx context.Context, tx *sql.Tx, table, column string, ids []int64) error {
	return inBatches(ids, 500, func(ids []int64) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM "+table+" WHERE "+column+" IN ("+placeholders(1, len(ids))+")", anys(ids)...)
		return err
	})
}
