package config_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"broadsheet/internal/config"
)

var update = flag.Bool("update", false, "write the golden files")

// golden compares got with a file, or writes it.
func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s\nrun with -update if this is meant", file, diff)
	}
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: no files (%v)", pattern, err)
	}
	return files
}

// variables is an environment for tests.
func variables(name string) (string, bool) {
	v, ok := map[string]string{
		"BROADSHEET_TEST_HOST": "news.example.com",
		"BROADSHEET_TEST_PORT": "2525",
	}[name]
	return v, ok
}

func parse(t *testing.T, file string) (*config.Config, error) {
	t.Helper()
	// A checkout has the modes of its umask.
	if err := os.Chmod("testdata/bad/open-to-all.secret", 0o644); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return config.Parse(file, data, variables)
}

// relative takes the folder of this checkout out of a text.
func relative(t *testing.T, s string) string {
	t.Helper()
	dir, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(strings.ReplaceAll(s, dir, "TESTDATA"), "testdata"+string(filepath.Separator), "")
}

func TestBadConfigurations(t *testing.T) {
	for _, file := range glob(t, "testdata/bad/*.yaml") {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		t.Run(name, func(t *testing.T) {
			_, err := parse(t, file)
			if err == nil {
				t.Fatal("no mistake was found")
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".want", []byte(relative(t, err.Error())+"\n"))
		})
	}
}

func TestEveryMistakeHasItsPlace(t *testing.T) {
	for _, file := range glob(t, "testdata/bad/*.yaml") {
		_, err := parse(t, file)
		var problems *config.Problems
		if !errors.As(err, &problems) {
			t.Errorf("%s: the error is a %T", file, err)
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(string(text), "\n")
		list := problems.List()
		mistakes, ok := map[string]int{"many.yaml": 11, "mail-receive.yaml": 3, "mail-imap.yaml": 7, "mail-dkim-incomplete.yaml": 2}[filepath.Base(file)]
		if !ok {
			mistakes = 1
		}
		if len(list) != mistakes {
			t.Errorf("%s: %d messages for %d mistakes:\n%v", file, len(list), mistakes, problems)
		}
		for i, p := range list {
			if p.File != file || p.Line < 1 || p.Line > len(lines) || p.Column < 1 || p.Column > len([]rune(lines[p.Line-1]))+1 || p.Fault == "" {
				t.Errorf("%s: the place is not in the file: %+v", file, p)
			}
			if p.Hint == "" && !strings.HasSuffix(p.Path, ".schedule") {
				t.Errorf("%s: no remedy: %+v", file, p)
			}
			if i > 0 && p.Line < list[i-1].Line {
				t.Errorf("%s: line %d comes after line %d", file, p.Line, list[i-1].Line)
			}
		}
	}
}

func TestGoodConfigurations(t *testing.T) {
	for _, file := range glob(t, "testdata/good/*.yaml") {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		t.Run(name, func(t *testing.T) {
			cfg, err := parse(t, file)
			if err != nil {
				t.Fatal(err)
			}
			var b bytes.Buffer
			if err := cfg.Show(&b); err != nil {
				t.Fatal(err)
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".want", []byte(relative(t, b.String())))
		})
	}
}
