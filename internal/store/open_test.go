package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"broadsheet/internal/store"
	"broadsheet/internal/store/pgtest"
	"broadsheet/mailer"
	"broadsheet/syndicate"
)

var noon = time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC)

func TestValidate(t *testing.T) {
	for name, c := range map[string]struct{ database, want string }{
		"the default":                       {store.Default().Database, ""},
		"an absolute path":                  {"sqlite:/var/lib/broadsheet/b.db", ""},
		"a server":                          {"postgres://user:secret@host:5433/name?sslmode=disable", ""},
		"the other name of the scheme":      {"postgresql:///name?host=/run/postgresql", ""},
		"nothing":                           {"", "database: is empty; write"},
		"no file":                           {"sqlite: ", "database: names no file; write"},
		"another database":                  {"mysql://user:secret@host/name", "database: is neither"},
		"a password that is not quoted":     {"postgres://user:sec/ret@host/name", "database: is no address; write postgres://"},
		"a password with a hash":            {"postgres://user:sec#ret@host/name", "database: is no address; write postgres://"},
		"a password that looks like a port": {"postgres://user:12/sec@host/name", "database: is no address; write postgres://"},
		"a percent sign":                    {"postgres://user:sec%ret@host/name", "database: is no address; write postgres://"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := store.Config{Database: c.database}
			err := cfg.Validate()
			if c.want == "" {
				if err != nil {
					t.Errorf("error: %v", err)
				}
			} else if err == nil || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			if c.want != "" {
				if _, err := store.Open(t.Context(), cfg, nil); err == nil {
					t.Error("it opens")
				}
			}
			for _, text := range []string{fmt.Sprint(err), cfg.Redacted()} {
				if !strings.HasPrefix(c.database, "mysql") && (strings.Contains(text, "sec") || strings.Contains(text, "ret@")) {
					t.Errorf("the password is repeated in %q", text)
				}
			}
		})
	}
	if got := (store.Config{Database: "postgres://user:secret@host:5433/name?password=secret"}).Redacted(); got != "postgres://user@host:5433/name" {
		t.Errorf("redacted: %q", got)
	}
}

func TestOpenTellsWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	noDatabase := write("notes.txt", "These are my notes and no database at all.", 0o600)
	short := write("short.txt", "x", 0o600)
	damaged := write("damaged.db", "SQLite format 3\x00"+strings.Repeat("\xff", 5000), 0o600)
	for name, c := range map[string]struct{ database, want string }{
		"no folder":           {"sqlite:" + filepath.Join(dir, "none", "b.db"), "the folder " + filepath.Join(dir, "none") + " does not exist; create it"},
		"a folder":            {"sqlite:" + dir, "is a folder; name a file in it"},
		"a file for a folder": {"sqlite:" + filepath.Join(noDatabase, "b.db"), noDatabase + " is no folder; name a file in one"},
		"another file":        {"sqlite:" + noDatabase, "the file is no SQLite database; name another file"},
		"a short file":        {"sqlite:" + short, "the file is no SQLite database; name another file"},
		"a damaged file":      {"sqlite:" + damaged, "the file is "},
		"no server":           {"postgres://user:secret@" + closedPort(t) + "/name", "the server cannot be reached; see that it runs"},
		"no such host":        {"postgres://user:secret@host.invalid/name", "the server cannot be reached; see that it runs"},
		"a bad parameter":     {"postgres://user:secret@localhost/name?sslmode=perhaps", "a parameter of the address is wrong"},
	} {
		t.Run(name, func(t *testing.T) {
			before, _ := os.ReadFile(strings.TrimPrefix(c.database, "sqlite:"))
			_, err := store.Open(t.Context(), store.Config{Database: c.database}, nil)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %v, want %q", err, c.want)
			}
			if !strings.HasPrefix(err.Error(), "database ") || strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "secret") {
				t.Errorf("no clear line: %v", err)
			}
			if after, _ := os.ReadFile(strings.TrimPrefix(c.database, "sqlite:")); string(after) != string(before) {
				t.Error("the file was changed")
			}
		})
	}
}

func closedPort(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestOpenPostgresRefusals(t *testing.T) {
	url := pgtest.URL(t)
	missing := strings.Replace(url, "/test", "/missing", 1)
	_, err := store.Open(t.Context(), store.Config{Database: missing}, nil)
	if err == nil || !strings.Contains(err.Error(), "the server has no such database; create it") {
		t.Errorf("a missing database: %v", err)
	}
	stranger := strings.Replace(url, "postgres@", "stranger:secret@", 1)
	_, err = store.Open(t.Context(), store.Config{Database: stranger}, nil)
	if err == nil || !strings.Contains(err.Error(), "the server refuses user or password") || strings.Contains(err.Error(), "secret") {
		t.Errorf("an unknown user: %v", err)
	}
}

func TestOpenReadOnly(t *testing.T) {
	if os.Geteuid() == 0 {
		asNobody(t) // root may write everything
		return
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "b.db")
	open(t, "sqlite:"+path)
	if err := os.Chmod(path, 0o400); err != nil {
		t.Fatal(err)
	}
	_, err := store.Open(t.Context(), store.Config{Database: "sqlite:" + path}, nil)
	if err == nil || !strings.Contains(err.Error(), "may not be read and written; give the user") {
		t.Errorf("error %v", err)
	}
}

func TestFilesAreForOneUser(t *testing.T) {
	path := filepath.Join(t.TempDir(), "odd ?#% name.db")
	s := open(t, "sqlite:"+path)
	saveArticle(t, s, "a")
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", path+suffix, info.Mode())
		}
	}
}

// databases runs test on both databases, with a way to open the same one anew.
func databases(t *testing.T, test func(t *testing.T, database string)) {
	t.Run("SQLite", func(t *testing.T) { test(t, "sqlite:"+filepath.Join(t.TempDir(), "b.db")) })
	t.Run("PostgreSQL", func(t *testing.T) { test(t, pgtest.URL(t)) })
}

func saveArticle(t *testing.T, s *store.Store, name string) {
	t.Helper()
	poll := syndicate.Poll{Source: "s", LastAt: noon, NextAt: noon}
	a := syndicate.Article{Key: name, Source: "s", Title: name, Hash: "h", FirstSeen: noon}
	if _, _, err := s.Record(t.Context(), poll, "f", []syndicate.Article{a}); err != nil {
		t.Fatal(err)
	}
}

func count(t *testing.T, s *store.Store) int {
	t.Helper()
	n, err := s.Count(t.Context(), syndicate.Query{}, noon)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestNewerVersionIsRefused(t *testing.T) {
	databases(t, func(t *testing.T, database string) {
		s := open(t, database)
		saveArticle(t, s, "kept")
		if _, err := s.DB().ExecContext(t.Context(), "INSERT INTO schema_version (version_id, is_applied) VALUES (9999, TRUE)"); err != nil {
			t.Fatal(err)
		}
		_, err := store.Open(t.Context(), store.Config{Database: database}, nil)
		if want := regexp.MustCompile(`its tables are of version 9999 and this Broadsheet knows them up to \d+; run the newer Broadsheet again`); err == nil || !want.MatchString(err.Error()) {
			t.Errorf("error %v", err)
		}
		if n := count(t, s); n != 1 {
			t.Errorf("%d articles are left, want 1", n)
		}
	})
}

func TestReopen(t *testing.T) {
	databases(t, func(t *testing.T, database string) {
		first := open(t, database)
		saveArticle(t, first, "kept")
		second := open(t, database) // another process may have it open
		saveArticle(t, second, "added")
		if n := count(t, first); n != 2 {
			t.Errorf("%d articles, want 2", n)
		}
		if err := first.Close(); err != nil {
			t.Fatal(err)
		}
		if err := first.Close(); err != nil {
			t.Errorf("closed twice: %v", err)
		}
		if _, _, err := first.Record(t.Context(), syndicate.Poll{Source: "s"}, "f", nil); err == nil {
			t.Error("a closed store records")
		}
		third := open(t, database)
		if n := count(t, third); n != 2 {
			t.Errorf("%d articles after another start, want 2", n)
		}
	})
}

// A crash is a connection that goes away in the middle of a transaction.
func TestCrashLeavesNothingHalf(t *testing.T) {
	databases(t, func(t *testing.T, database string) {
		s, err := store.Open(t.Context(), store.Config{Database: database}, nil)
		if err != nil {
			t.Fatal(err)
		}
		saveArticle(t, s, "kept")
		ctx, crash := context.WithCancel(t.Context())
		s.UseQueue(crashing{crash})
		e := mailer.Edition{Digest: "d", At: noon}
		if err := s.SaveEdition(ctx, &e, []mailer.Delivery{{To: "a@example.com"}}, time.Time{}); err == nil {
			t.Fatal("the edition was saved")
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = open(t, database)
		stats, err := s.Stats(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if stats.Articles != 1 || stats.Editions != 0 || len(stats.Deliveries) != 0 {
			t.Errorf("after the crash: %+v", stats)
		}
		if err := s.SaveEdition(t.Context(), &e, []mailer.Delivery{{To: "a@example.com"}}, time.Time{}); err != nil {
			t.Errorf("the second try: %v", err)
		}
	})
}

// A full disk is played by a bound on the pages of the file.
func TestFullDisk(t *testing.T) {
	s := open(t, "sqlite:"+filepath.Join(t.TempDir(), "b.db"))
	saveArticle(t, s, "kept")
	limit := func(pages int) {
		t.Helper()
		if _, err := s.DB().ExecContext(t.Context(), fmt.Sprintf("PRAGMA max_page_count = %d", pages)); err != nil {
			t.Fatal(err)
		}
	}
	limit(1) // no less than there are now
	big := syndicate.Article{Key: "big", Source: "s", Hash: "h", Text: strings.Repeat("长文 ", 50000), FirstSeen: noon}
	poll := syndicate.Poll{Source: "s", ETag: "new", LastAt: noon, NextAt: noon}
	_, _, err := s.Record(t.Context(), poll, "f", []syndicate.Article{big})
	if err == nil || !strings.Contains(err.Error(), "the disk is full; free some space, what was stored before is safe") {
		t.Fatalf("error %v", err)
	}
	if n := count(t, s); n != 1 {
		t.Errorf("%d articles, want 1", n)
	}
	if p, err := s.Poll(t.Context(), "s"); err != nil || p.ETag != "" {
		t.Errorf("half of the poll was stored: %+v, %v", p, err)
	}
	limit(1 << 30)
	if added, _, err := s.Record(t.Context(), poll, "f", []syndicate.Article{big}); err != nil || added != 1 {
		t.Errorf("with room again: %d added, %v", added, err)
	}
}

// Somebody else keeps the file locked for longer than we wait.
func TestLocked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "b.db")
	s := open(t, "sqlite:"+path)
	if _, err := s.DB().ExecContext(t.Context(), "PRAGMA busy_timeout = 1"); err != nil {
		t.Fatal(err)
	}
	other, err := sql.Open("sqlite", "file:"+path+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	tx, err := other.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = s.Record(t.Context(), syndicate.Poll{Source: "s"}, "f", nil)
	if err == nil || !strings.Contains(err.Error(), "another program has kept it locked") {
		t.Errorf("error %v", err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	saveArticle(t, s, "after")
}

// asNobody runs the test again in a process of the user nobody.
func asNobody(t *testing.T) {
	t.Helper()
	dir, err := os.MkdirTemp("", "nobody") // t.TempDir is closed to other users
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(dir, "test")
	if err := errors.Join(os.WriteFile(copied, program, 0o755), os.Chmod(dir, 0o777)); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), copied, "-test.run", "^"+t.Name()+"$", "-test.v")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "TMPDIR="+dir, "HOME="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("as nobody: %v\n%s", err, out)
	}
}

func TestExplainText(t *testing.T) {
	s := open(t, "sqlite:"+filepath.Join(t.TempDir(), "b.db"))
	for text, want := range map[string]string{
		"commit: database or disk is full (13)":                  "the disk is full; free some space",
		"could not extend file (SQLSTATE 53100)":                 "the server's disk is full; free some space",
		"attempt to write a readonly database (8)":               "it may not be written",
		"the connection was closed":                              "the connection was closed",
		"nothing of the kind (13) although there is such a code": "nothing of the kind (13) although there is such a code",
	} {
		if got := s.ExplainText(text); !strings.Contains(got, want) {
			t.Errorf("%q is explained as %q, want %q in it", text, got, want)
		}
	}
}

// TestWordsAreCutAgain brings the tables of version 6 up to date.
func TestWordsAreCutAgain(t *testing.T) {
	s := open(t, "sqlite:"+filepath.Join(t.TempDir(), "b.db"))
	p := newPress()
	var as []syndicate.Article
	for range 450 {
		as = append(as, p.article("a", noon))
	}
	if _, _, err := s.Record(t.Context(), syndicate.Poll{Source: "a", LastAt: noon, NextAt: noon}, "f", as); err != nil {
		t.Fatal(err)
	}
	count := func(s *store.Store) (counts []int) {
		for _, query := range []string{"港口", "market", "title:market", "place:武汉", "author:李娜", `"港口 market" OR 贷款`} {
			q, err := syndicate.ParseQuery(query, nil)
			if err != nil {
				t.Fatal(err)
			}
			found, err := s.Search(t.Context(), q, noon, false, 10, 0)
			if err != nil || found.Total == 0 {
				t.Fatalf("%s: %d found, %v", query, found.Total, err)
			}
			counts = append(counts, found.Total)
		}
		return counts
	}
	before := count(s)
	_, err := s.DB().ExecContext(t.Context(), `
		DROP TABLE article_blocks;
		DROP TABLE article_words;
		CREATE VIRTUAL TABLE article_words USING fts5 (title, body, places, authors, content = '', contentless_delete = 1, tokenize = 'ascii')`)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.MakeSearchable(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if after := count(s); !slices.Equal(before, after) {
		t.Errorf("found %v before, %v after", before, after)
	}
}
