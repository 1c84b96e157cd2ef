package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// errExplained marks errors that name the database already.
var errExplained = errors.New("explained")

// An explained error says which database failed, why, and what to do.
type explained struct {
	text  string
	cause error
}

func (e *explained) Error() string        { return e.text }
func (e *explained) Unwrap() error        { return e.cause }
func (e *explained) Is(target error) bool { return target == errExplained }

// explain adds place and remedy to an error of the database. What is not the
// database's fault (the context's end, ErrExists and the like) comes back as
// it is.
func (s *Store) explain(err error) error {
	if err == nil || errors.Is(err, errExplained) {
		return err
	}
	remedy := remedyFor(err)
	if remedy == "" {
		return err
	}
	return &explained{text: fmt.Sprintf("database %s: %s (%s)", s.place, remedy, reason(err)), cause: err}
}

// Explain adds place and remedy to an error that came of using DB directly.
func (s *Store) Explain(err error) error { return s.explain(err) }

// codes are how errors of the drivers end once they are text.
var codes = regexp.MustCompile(`\(SQLSTATE ([0-9A-Z]{5})\)$|\((\d{1,5})\)$`)

// ExplainText is Explain for an error that is text already, as in the log of
// the queue. What is not the database's fault comes back as it is.
func (s *Store) ExplainText(text string) string {
	m := codes.FindStringSubmatch(text)
	if m == nil {
		return text
	}
	remedy := postgresRemedy(m[1])
	if m[2] != "" {
		code, err := strconv.Atoi(m[2])
		if err != nil {
			return text
		}
		remedy = sqliteRemedy(code)
	}
	return fmt.Sprintf("database %s: %s (%s)", s.place, remedy, text)
}

// reason is an error in one line; of a connection that failed it is what the
// network said, once.
func reason(err error) string {
	var dns *net.DNSError
	var op *net.OpError
	switch {
	case errors.As(err, &dns):
		err = dns
	case errors.As(err, &op):
		err = op
	}
	return oneLine(err)
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

func remedyFor(err error) string {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) && !isNetwork(err) {
		return ""
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return sqliteRemedy(lite.Code())
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return postgresRemedy(pg.Code)
	}
	if isNetwork(err) {
		return "the server cannot be reached; see that it runs and that the address is right"
	}
	return ""
}

func isNetwork(err error) bool {
	var connect *pgconn.ConnectError
	var network net.Error
	var op *net.OpError
	return errors.As(err, &connect) || errors.As(err, &op) || errors.As(err, &network) && network.Timeout() && !errors.Is(err, context.DeadlineExceeded)
}

func sqliteRemedy(code int) string {
	switch code & 0xff {
	case sqlite3.SQLITE_FULL:
		return "the disk is full; free some space, what was stored before is safe"
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH:
		return "it may not be written; give the user who runs Broadsheet the right to write the file and its folder"
	case sqlite3.SQLITE_CANTOPEN:
		return "it cannot be opened; see that its folder exists and may be written"
	case sqlite3.SQLITE_NOTADB:
		return "the file is no SQLite database; name another file, it was left as it is"
	case sqlite3.SQLITE_CORRUPT:
		return "the file is damaged; put a backup in its place"
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return "another program has kept it locked; end that program, or wait and try again"
	case sqlite3.SQLITE_IOERR:
		return "the disk does not read or write; see the system's log"
	}
	return "a statement was refused"
}

func postgresRemedy(code string) string {
	switch {
	case code == "53100":
		return "the server's disk is full; free some space, what was stored before is safe"
	case code == "28P01" || code == "28000":
		return "the server refuses user or password; put the right ones into the address"
	case code == "3D000":
		return "the server has no such database; create it (createdb) or name another"
	case code == "42501" || code == "25006":
		return "the user may not write there; make the user the owner of the database"
	case code == "53300":
		return "the server has no connection left; raise its max_connections, or set pool_max_conns in the address"
	case strings.HasPrefix(code, "57P"):
		return "the server is stopping or starting; wait, it is tried again"
	}
	return "a statement was refused"
}

// fileRemedy says in plain words why a file or folder cannot be used.
func fileRemedy(err error, name string) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "the folder " + name + " does not exist; create it"
	case errors.Is(err, syscall.ENOTDIR):
		return filepath.Dir(name) + " is no folder; name a file in one"
	case errors.Is(err, fs.ErrPermission):
		return name + " may not be read and written; give the user who runs Broadsheet the right to"
	case errors.Is(err, syscall.ENOSPC):
		return "the disk is full; free some space"
	case errors.Is(err, syscall.EROFS):
		return name + " is on a disk that may not be written; name a file elsewhere"
	}
	return name + ": " + oneLine(err)
}
