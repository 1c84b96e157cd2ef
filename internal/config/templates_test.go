package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"broadsheet/internal/config"
)

const outLink = "<p>{{.Unsubscribe}}</p>\n"

func TestTemplatesOfTheOperator(t *testing.T) {
	for _, tt := range []struct {
		name  string
		files map[string]string // in the folder; nil for no folder
		want  []string          // places and faults, in their order; none for no mistake
	}{
		{"one of them is enough", map[string]string{"digest.html": outLink + "{{.Title}}", "README.md": "how we set it"}, nil},
		{"both", map[string]string{"digest.html": outLink, "digest.txt": "{{.Unsubscribe}}"}, nil},
		{"no folder", nil, []string{"mail.templates: there is no folder"}},
		{"nothing in it", map[string]string{}, []string{"mail.templates: there is no template in"}},
		{"a name that is none", map[string]string{"digest.html": outLink, "mail.html": ""}, []string{"mail.templates: no mail is made from"}},
		{"cannot be read", map[string]string{"digest.html": outLink + "{{.Title"}, []string{"mine/digest.html:2: unclosed action"}},
		{"a field that there is not", map[string]string{"digest.html": outLink + "\n{{range .Sections}}{{.Titel}}{{end}}"}, []string{"mine/digest.html:3:22: <.Titel>: can't evaluate field Titel in type compose.SectionView"}},
		{"a function that there is not", map[string]string{"digest.txt": "{{shout .Title}}"}, []string{`mine/digest.txt:1: function "shout" not defined`}},
		{"no way out", map[string]string{"digest.txt": "{{.Title}}"}, []string{"mine/digest.txt: readers cannot unsubscribe\n  hint: put {{.Unsubscribe}} into it"}},
		{"mistakes in both", map[string]string{"digest.html": "{{", "digest.txt": "\n\n{{end}}"}, []string{"mine/digest.html:1: ", "mine/digest.txt:3: "}},
		{"wrong in an empty edition alone", map[string]string{"digest.txt": "{{.Unsubscribe}}{{with index .Sections 0}}{{.Title}}{{end}}"}, []string{"mine/digest.txt:1:24: "}},
		{"longer than Gmail shows", map[string]string{"digest.html": outLink + strings.Repeat("x", 90_000)}, []string{"mine/digest.html: an edition of a few articles takes"}},
		{"breaks out of its tag", map[string]string{"digest.html": outLink + `<a title="{{.Title}}`}, []string{"mine/digest.html: ends in a non-text context"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			if tt.files != nil {
				if err := os.Mkdir(filepath.Join(dir, "mine"), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			for name, text := range tt.files {
				if err := os.WriteFile(filepath.Join(dir, "mine", name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			shipped, err := os.ReadFile("../../config.yaml")
			if err != nil {
				t.Fatal(err)
			}
			text := strings.Replace(string(shipped), `templates: ""`, "templates: mine", 1)
			file := filepath.Join(dir, "config.yaml")
			cfg, err := config.Parse(file, []byte(text), func(string) (string, bool) { return "", false })
			if len(tt.want) == 0 {
				if err != nil || cfg.Folder != filepath.Join(dir, "mine") {
					t.Errorf("error %v", err)
				}
				return
			}
			if err == nil {
				t.Fatal("no error")
			}
			got := strings.ReplaceAll(err.Error(), dir+string(filepath.Separator), "")
			for _, w := range tt.want {
				var ok bool
				if _, got, ok = strings.Cut(got, w); !ok {
					t.Fatalf("error\n%v\nwant %q", err, w)
				}
			}
			if n := strings.Count(err.Error(), "hint:"); n != len(tt.want) {
				t.Errorf("%d mistakes, want %d:\n%v", n, len(tt.want), err)
			}
		})
	}
}
