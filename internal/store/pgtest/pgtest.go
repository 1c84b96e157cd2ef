// Package pgtest gives tests a private PostgreSQL server: one for a test
// binary, one database for a test. It is no part of the program.
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// shared is the server of this test binary; it starts with the first test
// that wants one.
var shared = sync.OnceValues(start)

// URL returns the address of an empty database that is emptied when t ends.
// Without a PostgreSQL server on this machine it skips t and prints why; in CI
// (the environment variable CI is set) it fails t.
func URL(t testing.TB) string {
	t.Helper()
	s, err := shared()
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("no PostgreSQL server for the tests: %v", err)
		}
		t.Skipf("no PostgreSQL server for the tests: %v; `make test` installs one", err)
	}
	name, err := s.take()
	if err != nil {
		t.Fatalf("create a database: %v", err)
	}
	t.Cleanup(func() {
		if err := s.giveBack(name); err != nil {
			t.Errorf("empty the database: %v", err)
		}
	})
	return s.url(name)
}

// A server is a PostgreSQL server that only the owner of its folder reaches,
// through a socket in it.
type server struct {
	dir      string
	lifeline io.WriteCloser // the server ends when it is closed, at the latest with this process

	mu   sync.Mutex
	made int
	free []string // databases to use again: making one takes a third of a second
}

func (s *server) take() (string, error) {
	s.mu.Lock()
	if n := len(s.free); n > 0 {
		name := s.free[n-1]
		s.free = s.free[:n-1]
		s.mu.Unlock()
		return name, nil
	}
	s.made++
	name := fmt.Sprintf("test%d", s.made)
	s.mu.Unlock()
	return name, s.exec("postgres", "CREATE DATABASE "+name)
}

func (s *server) giveBack(name string) error {
	err := s.exec("postgres", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '"+name+"'")
	if err != nil {
		return err
	}
	if err := s.exec(name, "DROP SCHEMA public CASCADE; CREATE SCHEMA public"); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free = append(s.free, name)
	return nil
}

func (s *server) url(database string) string {
	return "postgres://postgres@/" + database + "?host=" + s.dir
}

func (s *server) exec(database, statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.url(database))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement)
	return errors.Join(err, conn.Close(ctx))
}

// watchdog runs the server until standard input ends, then removes the folder.
const watchdog = `
"$1" -D "$2/data" -k "$2" -c listen_addresses= -c fsync=off -c full_page_writes=off \
	-c synchronous_commit=off -c max_connections=200 -c shared_buffers=64MB -c autovacuum=off >"$2/log" 2>&1 &
read -r _
kill -INT $!
wait $!
rm -rf "$2"
`

func start() (*server, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "pgtest")
	if err != nil {
		return nil, err
	}
	s := &server{dir: dir}
	credential, err := unprivileged(dir)
	if err == nil {
		err = s.launch(bin, credential)
	}
	if err != nil {
		if s.lifeline != nil {
			s.lifeline.Close()
		}
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return s, nil
}

func (s *server) launch(bin string, credential *syscall.SysProcAttr) error {
	initdb := exec.CommandContext(context.Background(), filepath.Join(bin, "initdb"), "-D", s.dir+"/data", "-U", "postgres",
		"-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	initdb.SysProcAttr, initdb.Dir = credential, s.dir
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	cmd := exec.CommandContext(context.Background(), "sh", "-c", watchdog, "sh", filepath.Join(bin, "postgres"), s.dir)
	cmd.SysProcAttr, cmd.Dir = credential, s.dir
	var err error
	if s.lifeline, err = cmd.StdinPipe(); err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	deadline := time.Now().Add(time.Minute)
	for {
		err := s.exec("postgres", "SELECT 1")
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			log, _ := os.ReadFile(s.dir + "/log")
			return fmt.Errorf("the server does not answer: %w: %s", err, log)
		}
		<-time.After(50 * time.Millisecond)
	}
}

// binaries returns the folder with initdb and postgres, of the newest version
// there is.
func binaries() (string, error) {
	var dirs []string
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			dirs = append(dirs, filepath.Dir(path))
		}
	}
	versions, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil {
		return "", err
	}
	slices.SortFunc(versions, func(a, b string) int { return version(b) - version(a) })
	for _, dir := range append(dirs, versions...) {
		if _, err := os.Stat(filepath.Join(dir, "postgres")); err == nil {
			return dir, nil
		}
	}
	return "", errors.New("neither PATH nor /usr/lib/postgresql/*/bin has initdb and postgres")
}

func version(bin string) int {
	n, _ := strconv.Atoi(strings.SplitN(filepath.Base(filepath.Dir(bin)), ".", 2)[0])
	return n
}

// unprivileged returns how to run as a user that PostgreSQL agrees to run as,
// and gives the folder to that user: root may not, the user postgres may.
func unprivileged(dir string) (*syscall.SysProcAttr, error) {
	// A group of its own keeps the server from the terminal's Ctrl-C, so that
	// the watchdog can remove the folder.
	attr := &syscall.SysProcAttr{Setpgid: true}
	if os.Geteuid() != 0 {
		return attr, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("root needs a user to run the server as: %w", err)
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return nil, err
	}
	attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return attr, os.Chown(dir, uid, gid)
}
