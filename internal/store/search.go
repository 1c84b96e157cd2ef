package store

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"broadsheet/syndicate"
)

// A spot is the place of an article in the order in which articles are shown.
type spot struct{ seen, published, id int64 }

// compare is below 0 when the article at p is shown before the one at other.
func (p spot) compare(other spot) int {
	return -slices.Compare([]int64{p.seen, p.published, p.id}, []int64{other.seen, other.published, other.id})
}

func sortSpots(spots []spot) []spot {
	slices.SortFunc(spots, spot.compare)
	return slices.Compact(spots)
}

// Articles returns the articles that q selects at now: those first seen last
// come first, then those published last, then in the order of the document that
// brought them. It returns at most limit of them, after the first offset ones.
func (s *Store) Articles(ctx context.Context, q syndicate.Query, now time.Time, limit, offset int) ([]syndicate.Article, error) {
	limit, offset = max(limit, 0), max(offset, 0)
	var articles []syndicate.Article
	err := s.look(ctx, "look for articles", func(tx *sql.Tx) error {
		spots, _, err := s.spots(ctx, tx, q.Root, now, offset+limit, offset+limit)
		if err == nil {
			articles, err = articlesAt(ctx, tx, articleColumns, page(spots, limit, offset))
		}
		return err
	})
	return articles, err
}

// countable is up to how many articles Search counts.
const countable = 1000

// Search returns a page of what q selects at now, newest first as Articles
// does, or, if best, those first that suit q best; see best. It counts up to a
// thousand of them, and less when looking for more would take long.
func (s *Store) Search(ctx context.Context, q syndicate.Query, now time.Time, best bool, limit, offset int) (syndicate.Found, error) {
	limit, offset = max(limit, 0), max(offset, 0)
	var found syndicate.Found
	err := s.look(ctx, "search", func(tx *sql.Tx) error {
		need := limit + offset
		if best {
			need = ranked // the same for every page, so that each goes on where the other ends
		}
		spots, all, err := s.spots(ctx, tx, q.Root, now, need, max(need, countable))
		if err != nil {
			return err
		}
		found.Total, found.More = len(spots), !all
		if best {
			if spots, err = s.best(ctx, tx, q, spots); err != nil {
				return err
			}
		}
		found.Articles, err = articlesAt(ctx, tx, articleColumns, page(spots, limit, offset))
		return err
	})
	return found, err
}

func page(spots []spot, limit, offset int) []spot {
	from := min(offset, len(spots))
	return spots[from:min(from+limit, len(spots))]
}

// look runs work in a transaction that only reads.
func (s *Store) look(ctx context.Context, what string, work func(tx *sql.Tx) error) error {
	tx, err := s.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return s.failed(what, err)
	}
	defer tx.Rollback() // nothing was changed
	return s.failed(what, work(tx))
}

// spots returns the newest articles that e selects. The first need of them are
// right; more, up to want, are returned if that costs little. all reports that
// there are no others.
func (s *Store) spots(ctx context.Context, tx *sql.Tx, e syndicate.Expr, now time.Time, need, want int) (found []spot, all bool, err error) {
	if !s.dialect.postgres {
		w := walk{ctx: ctx, tx: tx, now: now, limits: s.limits, need: need, want: want, lists: map[string]string{}}
		return w.spots(e)
	}
	b := &builder{dialect: s.dialect, now: now}
	from, order := b.spots(syndicate.Query{Root: e})
	found, err = query(ctx, tx, func(r scanner) (p spot, err error) {
		err = r.Scan(&p.id, &p.seen, &p.published)
		return p, err
	}, "SELECT a.id, a.first_seen, a.published"+from+order+" LIMIT "+b.arg(want+1), b.args...)
	if len(found) > want {
		return found[:want], false, err
	}
	return found, true, err
}

// articlesAt returns the articles at the spots, in their order.
func articlesAt(ctx context.Context, tx *sql.Tx, columns string, spots []spot) ([]syndicate.Article, error) {
	byID := make(map[int64]*syndicate.Article, len(spots))
	articles := make([]syndicate.Article, len(spots))
	for i, p := range spots {
		byID[p.id] = &articles[i]
	}
	err := inBatches(spots, 500, func(spots []spot) error {
		_, err := query(ctx, tx, func(r scanner) (id int64, err error) {
			a, err := scanArticle(with{r, &id})
			if err == nil {
				*byID[id] = a
			}
			return id, err
		}, "SELECT a.id, "+columns+" FROM "+articleTables+" WHERE a.id IN ("+placeholders(1, len(spots))+")", ids(spots)...)
		return err
	})
	return articles, err
}

// with scans another column before those of a row.
type with struct {
	scanner
	first any
}

// Scan implements scanner.
func (w with) Scan(dest ...any) error { return w.scanner.Scan(append([]any{w.first}, dest...)...) }

func ids(spots []spot) []any {
	list := make([]any, len(spots))
	for i, p := range spots {
		list[i] = p.id
	}
	return list
}
