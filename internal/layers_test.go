package internal_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// layers says how high a package stands. Imports point down only, and never
// sideways; DESIGN holds the same table.
var layers = map[string]int{
	"cmd/broadsheet": 5,

	"internal/app": 4,

	"internal/config": 3,

	"syndicate/collect":  2,
	"syndicate/classify": 2,
	"syndicate/publish":  2,
	"mailer/compose":     2,
	"mailer/deliver":     2,
	"mailer/receive":     2,
	"mailer/doctor":      2,
	"internal/store":     2,
	"internal/web":       2,

	"syndicate/read": 1,
	"mailer/submit":  1,
	"internal/fetch": 1,
	"internal/jobs":  1,

	"syndicate": 0,
	"mailer":    0,
	"templates": 0,
}

// testOnly are the packages that only tests import.
var testOnly = map[string]bool{
	"internal/store/storetest": true,
	"internal/store/pgtest":    true,
	"mailer/doctor/dnstest":    true,
	"mailer/submit/sinktest":   true,
}

const module = "broadsheet"

func TestImportsPointDown(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range sources(t) {
		pkg := path.Dir(f.path)
		seen[pkg] = true
		if testOnly[pkg] {
			continue
		}
		level, ok := layers[pkg]
		if !ok {
			t.Errorf("%s: package %s has no layer; give it one in internal/layers_test.go", f.path, pkg)
			continue
		}
		for _, imp := range f.imports {
			rel, ours := strings.CutPrefix(imp, module+"/")
			switch {
			case ours && testOnly[rel]:
				t.Errorf("%s imports %s, which is for tests", f.path, rel)
			case ours && layers[rel] >= level:
				t.Errorf("%s (layer %d) imports %s (layer %d): imports point down", f.path, level, rel, layers[rel])
			case !ours && level == 0 && strings.Contains(strings.SplitN(imp, "/", 2)[0], "."):
				t.Errorf("%s imports %s: layer 0 imports the standard library only", f.path, imp)
			}
		}
	}
	for pkg := range layers {
		if !seen[pkg] {
			t.Errorf("package %s has a layer but no files", pkg)
		}
	}
}

func TestTopLevelHoldsWhatItShould(t *testing.T) {
	want := map[string]bool{
		"cmd": true, "syndicate": true, "mailer": true, "templates": true, "internal": true, "examples": true, "docs": true,
		"config.yaml": true, "themes_test.jsonl": true, "go.mod": true, "go.sum": true, "README.md": true, "LICENSE": true, "CHANGELOG.md": true, "Makefile": true,
		// what running the two commands of the README leaves there, ignored by git
		"outbox": true, "broadsheet": true, "broadsheet.db": true, "broadsheet.db-shm": true, "broadsheet.db-wal": true,
		"config.draft.yaml": true, // of themes diff
	}
	entries, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") && !want[e.Name()] {
			t.Errorf("%s stands at the top level: is there no folder for it?", e.Name())
		}
	}
}

type source struct {
	path    string // from the top, with slashes
	imports []string
}

// sources returns the non-test Go files of the module.
func sources(t *testing.T) []source {
	t.Helper()
	var out []source
	err := filepath.WalkDir("..", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); p != ".." && (strings.HasPrefix(name, ".") || name == "testdata" || name == "tools") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), p, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		s := source{path: filepath.ToSlash(strings.TrimPrefix(p, ".."+string(filepath.Separator)))}
		for _, i := range f.Imports {
			imp, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			s.imports = append(s.imports, imp)
		}
		out = append(out, s)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
