package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// A querier is a pool or a transaction.
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// A scanner is a row.
type scanner interface{ Scan(dest ...any) error }

// query returns what scan makes of every row.
func query[T any](ctx context.Context, q querier, scan func(scanner) (T, error), text string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, rows.Err()
}

// scanOne reads a row of one column.
func scanOne[T any](row scanner) (v T, err error) {
	err = row.Scan(&v)
	return v, err
}

// change runs one statement and returns how many rows it changed.
func change(ctx context.Context, q querier, text string, args ...any) (int, error) {
	res, err := q.ExecContext(ctx, text, args...)
	if err != nil {
		return 0, err
	}
	n, err := res.RowsAffected()
	return int(n), err
}

// write runs work in a transaction and explains its errors. PostgreSQL may
// break off one of two transactions that wait for each other; that one runs
// again, so work must not keep anything from an earlier run.
func (s *Store) write(ctx context.Context, what string, work func(tx *sql.Tx) error) error {
	for try := 1; ; try++ {
		err := s.transact(ctx, s.db, work)
		var pg *pgconn.PgError
		if try < 3 && errors.As(err, &pg) && (pg.Code == "40P01" || pg.Code == "40001") {
			continue
		}
		return s.failed(what, err)
	}
}

// writeOften is write for transactions of which there are many a second: their
// statements are parsed once. On PostgreSQL the driver sees to that.
func (s *Store) writeOften(ctx context.Context, what string, work func(tx querier) error) error {
	if s.dialect.postgres {
		return s.write(ctx, what, func(tx *sql.Tx) error { return work(tx) })
	}
	var k keeping
	err := s.write(ctx, what, func(tx *sql.Tx) error {
		k = keeping{tx: tx, kept: &s.kept, open: map[string]*sql.Stmt{}}
		return work(&k)
	})
	for _, text := range k.missed { // the transaction had the only connection
		if st, err := s.db.PrepareContext(context.WithoutCancel(ctx), text); err == nil {
			s.kept.Store(text, st)
		}
	}
	return err
}

// A keeping is a transaction that uses the statements that are kept, and notes
// those that are not.
type keeping struct {
	tx     *sql.Tx
	kept   *sync.Map            // *sql.Stmt by text
	open   map[string]*sql.Stmt // those of the transaction
	missed []string
}

func (k *keeping) statement(ctx context.Context, text string) (*sql.Stmt, error) {
	st := k.open[text]
	if st != nil {
		return st, nil
	}
	if kept, ok := k.kept.Load(text); ok {
		st = k.tx.StmtContext(ctx, kept.(*sql.Stmt))
	} else {
		var err error
		if st, err = k.tx.PrepareContext(ctx, text); err != nil {
			return nil, err
		}
		k.missed = append(k.missed, text)
	}
	k.open[text] = st
	return st, nil
}

// ExecContext implements querier.
func (k *keeping) ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error) {
	st, err := k.statement(ctx, text) //nolint:sqlclosecheck // closed with the transaction
	if err != nil {
		return nil, err
	}
	return st.ExecContext(ctx, args...)
}

// QueryContext implements querier.
func (k *keeping) QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	st, err := k.statement(ctx, text) //nolint:sqlclosecheck // closed with the transaction
	if err != nil {
		return nil, err
	}
	return st.QueryContext(ctx, args...)
}

// QueryRowContext implements querier.
func (k *keeping) QueryRowContext(ctx context.Context, text string, args ...any) *sql.Row {
	st, err := k.statement(ctx, text) //nolint:sqlclosecheck // closed with the transaction
	if err != nil {
		return k.tx.QueryRowContext(ctx, text, args...) // has the error
	}
	return st.QueryRowContext(ctx, args...)
}

// writeDurably is write for what must be on the disk before anything else
// happens: on SQLite other transactions may be lost, as a whole and only the
// last ones, when the power fails. PostgreSQL keeps all.
func (s *Store) writeDurably(ctx context.Context, what string, work func(tx *sql.Tx) error) (err error) {
	if s.dialect.postgres {
		return s.write(ctx, what, work)
	}
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return s.failed(what, err)
	}
	defer func() { err = s.failed(what, errors.Join(err, conn.Close())) }()
	if _, err := conn.ExecContext(ctx, "PRAGMA synchronous = FULL"); err != nil {
		return err
	}
	err = s.transact(ctx, conn, work)
	_, reset := conn.ExecContext(context.WithoutCancel(ctx), "PRAGMA synchronous = NORMAL")
	return errors.Join(err, reset)
}

type beginner interface {
	BeginTx(ctx context.Context, opts *sql.TxOptions) (*sql.Tx, error)
}

func (s *Store) transact(ctx context.Context, b beginner, work func(tx *sql.Tx) error) error {
	tx, err := b.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := work(tx); err != nil {
		// What Rollback returns adds nothing: a transaction that cannot be
		// taken back is one that the database took back already.
		_ = tx.Rollback()
		return err
	}
	return tx.Commit()
}

// failed adds to an error what was being done, and explains it.
func (s *Store) failed(what string, err error) error {
	if err == nil || errors.Is(err, errExplained) {
		return err
	}
	return s.explain(fmt.Errorf("%s: %w", what, err))
}

// inBatches calls work with n values at a time.
func inBatches[T any](values []T, n int, work func([]T) error) error {
	for len(values) > 0 {
		n = min(n, len(values))
		if err := work(values[:n]); err != nil {
			return err
		}
		values = values[n:]
	}
	return nil
}

// An insertion adds rows to a table.
type insertion struct {
	head string // "INSERT INTO table (columns)"
	row  string // "(?, ?)": placeholders of one row
	tail string // "ON CONFLICT …"
}

// into returns the insertion of rows with so many columns.
func into(head string, columns int) insertion {
	return insertion{head: head, row: "(" + strings.TrimSuffix(strings.Repeat("?, ", columns), ", ") + ")"}
}

// statement is the text that adds n rows. The arguments are numbered for
// PostgreSQL; SQLite's driver finds those without a number sooner.
func (in insertion) statement(n int, numbered bool) string {
	var b strings.Builder
	b.WriteString(in.head + " VALUES ")
	arg := 0
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		for _, c := range []byte(in.row) {
			if c != '?' || !numbered {
				b.WriteByte(c)
				continue
			}
			arg++
			b.WriteByte('$')
			b.WriteString(strconv.Itoa(arg))
		}
	}
	b.WriteString(" " + in.tail)
	return b.String()
}

// A statement is prepared, or is a text that the driver prepares and keeps.
type statement interface {
	ExecContext(ctx context.Context, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, args ...any) (*sql.Rows, error)
}

type unprepared struct {
	tx   *sql.Tx
	text string
}

func (u unprepared) ExecContext(ctx context.Context, args ...any) (sql.Result, error) {
	return u.tx.ExecContext(ctx, u.text, args...)
}

func (u unprepared) QueryContext(ctx context.Context, args ...any) (*sql.Rows, error) {
	return u.tx.QueryContext(ctx, u.text, args...)
}

// insert adds the rows, as many with one statement as the database likes. If
// scan is not nil it gets the rows that the statement returns.
func (s *Store) insert(ctx context.Context, tx *sql.Tx, in insertion, rows [][]any, scan func(scanner) error) error {
	size := s.dialect.rowsAtOnce()
	full := len(rows) / size * size
	if err := s.insertEqually(ctx, tx, in, rows[:full], size, scan); err != nil {
		return err
	}
	return s.insertEqually(ctx, tx, in, rows[full:], len(rows)-full, scan)
}

// insertEqually adds the rows with statements of size rows each.
func (s *Store) insertEqually(ctx context.Context, tx *sql.Tx, in insertion, rows [][]any, size int, scan func(scanner) error) (err error) {
	if len(rows) == 0 {
		return nil
	}
	text := in.statement(size, s.dialect.postgres)
	var st statement = unprepared{tx: tx, text: text}
	if len(rows) > size {
		prepared, prepareErr := tx.PrepareContext(ctx, text)
		if prepareErr != nil {
			return prepareErr
		}
		defer func() { err = errors.Join(err, prepared.Close()) }()
		st = prepared
	}
	return inBatches(rows, size, func(rows [][]any) error {
		args := make([]any, 0, size*len(rows[0]))
		for _, r := range rows {
			args = append(args, r...)
		}
		return run(ctx, st, args, scan)
	})
}

func run(ctx context.Context, st statement, args []any, scan func(scanner) error) error {
	if scan == nil {
		_, err := st.ExecContext(ctx, args...)
		return err
	}
	rows, err := st.QueryContext(ctx, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// placeholders returns "$first, $first+1, …" for n values.
func placeholders(first, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("$" + strconv.Itoa(first+i))
	}
	return b.String()
}

func anys[T any](values []T) []any {
	out := make([]any, len(values))
	for i, v := range values {
		out[i] = v
	}
	return out
}

// ms is how a time is stored: milliseconds, the zero time as NULL.
func ms(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMilli()
}

// moment reads into a time what ms made of one.
type moment struct{ t *time.Time }

// Scan implements sql.Scanner.
func (m moment) Scan(v any) error {
	var n sql.NullInt64
	if err := n.Scan(v); err != nil {
		return err
	}
	*m.t = time.Time{}
	if n.Valid {
		*m.t = time.UnixMilli(n.Int64).UTC()
	}
	return nil
}

// text is a string that both databases can keep: valid UTF-8 without NUL.
func text(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
}

// list is a slice as JSON, "" when empty. It is what both Value and Scan of a
// column of lists go through.
type list[T any] struct{ s *[]T }

// Value implements driver.Valuer.
func (l list[T]) Value() (driver.Value, error) {
	if len(*l.s) == 0 {
		return "", nil
	}
	b, err := json.Marshal(*l.s)
	return string(b), err
}

// Scan implements sql.Scanner.
func (l list[T]) Scan(v any) error {
	var s sql.NullString
	if err := s.Scan(v); err != nil {
		return err
	}
	*l.s = nil
	if s.String == "" {
		return nil
	}
	return json.Unmarshal([]byte(s.String), l.s)
}
