package submit_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"broadsheet/mailer"
	"broadsheet/mailer/submit"
)

func newDirectory(t *testing.T, path string) submit.Transport {
	t.Helper()
	c := submit.Default()
	c.Directory = path
	tr, err := submit.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tr.Close() })
	return tr
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func TestDirectoryWritesOneFileAMessage(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "outbox")
	reply, err := newDirectory(t, dir).Send(t.Context(), chinese())
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "edition.reader@news.example.com.eml")
	if reply != name {
		t.Errorf("reply %q, want %q", reply, name)
	}
	got, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	want, err := submit.Build(chinese())
	if err != nil || string(got) != string(want) {
		t.Errorf("the file is not the message (error %v)", err)
	}
	for path, mode := range map[string]os.FileMode{dir: 0o700, name: 0o600} {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: mode %v, want %v (error %v)", path, info.Mode().Perm(), mode, err)
		}
	}
	if n := names(t, dir); len(n) != 1 {
		t.Errorf("files: %q", n)
	}
}

func TestDirectoryKeepsWhatIsThere(t *testing.T) {
	dir := t.TempDir()
	tr := newDirectory(t, dir)
	if _, err := tr.Send(t.Context(), chinese()); err != nil {
		t.Fatal(err)
	}
	again := chinese()
	again.Subject = "改过的标题"
	reply, err := tr.Send(t.Context(), again)
	if err != nil || !strings.HasSuffix(reply, "(was there already)") {
		t.Errorf("reply %q, error %v", reply, err)
	}
	got, err := os.ReadFile(filepath.Join(dir, "edition.reader@news.example.com.eml"))
	if err != nil {
		t.Fatal(err)
	}
	if s := parse(t, got).Subject; s != chinese().Subject {
		t.Errorf("the file was replaced: %q", s)
	}
}

func TestDirectoryAfterACrash(t *testing.T) {
	dir := t.TempDir()
	part := filepath.Join(dir, ".edition.reader@news.example.com.eml.part")
	if err := os.WriteFile(part, []byte("From: half a mess"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := newDirectory(t, dir).Send(t.Context(), chinese()); err != nil {
		t.Fatal(err)
	}
	if n := names(t, dir); len(n) != 1 || strings.HasPrefix(n[0], ".") {
		t.Errorf("files: %q", n)
	}
}

func TestDirectoryNamesAreSafe(t *testing.T) {
	dir := t.TempDir()
	tr := newDirectory(t, dir)
	ids := []string{"../../etc/passwd@x", "a/b@x", "a_b@x", ".hidden@x", strings.Repeat("n", 240) + "@x"}
	for _, id := range ids {
		m := chinese()
		m.ID = id
		if _, err := tr.Send(t.Context(), m); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
	got := names(t, dir)
	if len(got) != len(ids) {
		t.Errorf("%d files for %d ids: %q", len(got), len(ids), got)
	}
	for _, name := range got {
		if strings.HasPrefix(name, ".") || !strings.HasSuffix(name, ".eml") || len(name) > 200 {
			t.Errorf("file name %q", name)
		}
	}
}

func TestDirectoryFaults(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	bad := chinese()
	bad.Subject = "a\nb"
	for _, tt := range []struct {
		name  string
		ctx   context.Context
		path  string
		m     mailer.Message
		fault mailer.Fault
		want  string
	}{
		{"a file in the way", t.Context(), file, chinese(), mailer.ConnectionFault, "is no folder; change mail.directory"},
		{"below a file", t.Context(), filepath.Join(file, "sub"), chinese(), mailer.ConnectionFault, "is no folder; change mail.directory"},
		{"a message that breaks apart", t.Context(), t.TempDir(), bad, mailer.PermanentFault, "line break"},
		{"time is up", ended, t.TempDir(), chinese(), mailer.ConnectionFault, "context canceled"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := newDirectory(t, tt.path).Send(tt.ctx, tt.m)
			var se *mailer.SendError
			if !errors.As(err, &se) || se.Fault != tt.fault || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want fault %d %q", err, tt.fault, tt.want)
			}
		})
	}
}

func TestDirectoryFromManySides(t *testing.T) {
	dir := t.TempDir()
	tr := newDirectory(t, dir)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := tr.Send(t.Context(), chinese()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := names(t, dir); len(n) != 1 {
		t.Errorf("files: %q", n)
	}
}
