package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"sync"

	"broadsheet/syndicate"
)

// A recording is what one poll brought, on its way into the tables.
type recording struct {
	poll   *syndicate.Poll
	rows   []*articleRow
	answer []any // of packAnswer

	stored         []*articleRow // those of the rows that were new or changed
	stale          []int64       // the ids of those that were changed
	added, changed int
	err            error         // valid once done is closed
	done           chan struct{} // closed when it is in the tables, or failed
}

func (r *recording) what() string { return "store what " + r.poll.Source + " brought" }

// togetherRows bounds how many articles wait for each other in one
// transaction, so that other writers get their turn within a fraction of a
// second.
const togetherRows = 500

// A line is where recordings wait to be stored. Whoever has the turn stores as
// many of them as there are, in one transaction: on SQLite the pages that all
// of them change are then written once, and the full-text index has fewer and
// larger pieces to merge.
type line struct {
	turn chan struct{} // holds one token while somebody has the turn

	mu      sync.Mutex
	waiting []*recording
}

func (l *line) join(r *recording) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting = append(l.waiting, r)
}

// leave takes r out of the line, and reports whether it was still there.
func (l *line) leave(r *recording) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.Index(l.waiting, r)
	if i >= 0 {
		l.waiting = slices.Delete(l.waiting, i, i+1)
	}
	return i >= 0
}

// next takes the first recordings out of the line.
func (l *line) next() []*recording {
	l.mu.Lock()
	defer l.mu.Unlock()
	n, rows := 0, 0
	for n < len(l.waiting) && (n == 0 || rows+len(l.waiting[n].rows) <= togetherRows) {
		rows += len(l.waiting[n].rows)
		n++
	}
	taken := slices.Clone(l.waiting[:n])
	l.waiting = slices.Delete(l.waiting, 0, n)
	return taken
}

// commit stores a recording: on SQLite together with others that come at the
// same time. When ctx ends first, nothing of it is stored.
func (s *Store) commit(ctx context.Context, r *recording) error {
	if s.dialect.postgres {
		return s.write(ctx, r.what(), func(tx *sql.Tx) error { return s.save(ctx, tx, r) })
	}
	s.line.join(r)
	for {
		select {
		case <-r.done:
			return r.err
		case <-ctx.Done():
			if s.line.leave(r) {
				return s.failed(r.what(), context.Cause(ctx))
			}
			<-r.done // it is being stored, and it will not be long
			return r.err
		case s.line.turn <- struct{}{}:
			err := s.lead(ctx)
			<-s.line.turn
			if err != nil && s.line.leave(r) {
				return s.failed(r.what(), err)
			}
		}
	}
}

// lead stores the recordings that stand first in the line. It returns an error
// if it could not begin; then all are still there. The end of ctx, which is
// that of only one of them, does not break off what has begun.
func (s *Store) lead(ctx context.Context) (err error) {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	ctx = context.WithoutCancel(ctx)
	together := s.line.next()
	if len(together) > 1 && s.transact(ctx, conn, func(tx *sql.Tx) error { return s.save(ctx, tx, together...) }) == nil {
		for _, r := range together {
			close(r.done)
		}
		return nil
	}
	// One of them may be what the database does not take: then the others are
	// stored all the same, and each one learns of its own error.
	for _, r := range together {
		r.err = s.failed(r.what(), s.transact(ctx, conn, func(tx *sql.Tx) error { return s.save(ctx, tx, r) }))
		close(r.done)
	}
	return nil
}

// save stores recordings as part of tx. The words come last; see
// dialect.rowsAtOnce.
func (s *Store) save(ctx context.Context, tx *sql.Tx, recordings ...*recording) error {
	for _, r := range recordings {
		if err := s.saveRecording(ctx, tx, r); err != nil {
			return err
		}
	}
	for _, r := range recordings {
		if err := s.saveWords(ctx, tx, r.stored, r.stale); err != nil {
			return err
		}
	}
	if !slices.ContainsFunc(recordings, func(r *recording) bool { return len(r.stored) > 0 }) {
		return nil
	}
	return touch(ctx, tx)
}

// saveRecording stores all of a recording but the words. It may be called
// again after a transaction that was taken back.
func (s *Store) saveRecording(ctx context.Context, tx *sql.Tx, r *recording) (err error) {
	r.stored, r.stale = nil, nil
	if err := savePoll(ctx, tx, r.poll); err != nil {
		return err
	}
	if err := saveAnswer(ctx, tx, r.answer); err != nil {
		return err
	}
	known, err := idsOf(ctx, tx, r.rows)
	if err != nil {
		return err
	}
	if r.stored, err = s.saveArticles(ctx, tx, r.rows); err != nil {
		return err
	}
	for _, row := range r.stored {
		if _, ok := known[row.article.Key]; ok {
			r.stale = append(r.stale, row.id)
		}
	}
	r.added, r.changed = len(r.stored)-len(r.stale), len(r.stale)
	if err := s.saveUntold(ctx, tx, r.stored); err != nil {
		return err
	}
	return s.saveFilings(ctx, tx, r.stored, r.stale)
}
