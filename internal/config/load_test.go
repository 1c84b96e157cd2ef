package config_test

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"broadsheet/internal/config"
	"broadsheet/mailer/submit"
	"broadsheet/syndicate"
)

// same compares configurations by what they say.
var same = cmp.Options{
	cmp.Comparer(func(a, b *time.Location) bool { return a == b || a != nil && b != nil && a.String() == b.String() }),
	cmp.Comparer(func(a, b submit.SMTP) bool { return a == b }),
	cmpopts.IgnoreUnexported(config.Config{}),
	cmpopts.EquateEmpty(),
}

func write(t *testing.T, file, text string, mode fs.FileMode) string {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(file, mode); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestUnreadableFiles(t *testing.T) {
	dir := t.TempDir()
	tests := map[string]struct{ file, want string }{
		"no such file": {
			filepath.Join(dir, "none.yaml"),
			"there is no such file\n  hint: name one with --config FILE, or start where config.yaml is",
		},
		"a folder": {dir, "a folder, not a file\n  hint: name a file that this user may read with --config FILE"},
		"a device": {os.DevNull, "not a regular file\n  hint: name a file that this user may read with --config FILE"},
		"far too long": {
			write(t, filepath.Join(dir, "long.yaml"), strings.Repeat("#", 9<<20), 0o600),
			"the file is longer than 8 MB\n  hint: is it a configuration?",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := config.Load(tt.file)
			var problems *config.Problems
			if !errors.As(err, &problems) {
				t.Fatalf("Load = %v, a %T", err, err)
			}
			if diff := cmp.Diff(tt.file+": "+tt.want, err.Error()); diff != "" {
				t.Errorf("Load (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLoadTakesTheEnvironment(t *testing.T) {
	t.Setenv("BROADSHEET_TEST_TITLE", "江城日报")
	file := write(t, filepath.Join(t.TempDir(), "config.yaml"), "site: { title: \"${BROADSHEET_TEST_TITLE}\" }\n", 0o600)
	cfg, err := config.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Site.Title != "江城日报" {
		t.Errorf("title = %q", cfg.Site.Title)
	}
}

func TestAnEmptyFileIsTheDefault(t *testing.T) {
	cfg, err := config.Parse("config.yaml", nil, variables)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(config.Default(), *cfg, same); diff != "" {
		t.Errorf("an empty file (-default +got):\n%s", diff)
	}
}

func TestValuesReachTheParts(t *testing.T) {
	cfg, err := parse(t, "testdata/good/forms.yaml")
	if err != nil {
		t.Fatal(err)
	}
	dir, err := filepath.Abs("testdata/good")
	if err != nil {
		t.Fatal(err)
	}
	wire := cfg.Sources[0]
	if wire.Match == nil || wire.Match.Text != "港口 OR source:wire" || wire.Match.Root == nil {
		t.Errorf("match = %+v", wire.Match)
	}
	wire.Match = nil
	want := syndicate.Source{
		Name: "wire", URL: "https://example.com/feed.xml#top", Kind: syndicate.KindFeed,
		Every: 36 * time.Hour, Language: "zh-Hant", Themes: []string{"ports"}, Location: cfg.Site.Location,
	}
	if diff := cmp.Diff(want, wire, same); diff != "" {
		t.Errorf("sources[0] (-want +got):\n%s", diff)
	}
	if got, want := cfg.Sources[1].URL, "file://"+dir+"/news/today.txt"; got != want {
		t.Errorf("a relative file is %s, want %s", got, want)
	}
	if got := cfg.Sources[1].Every; got != time.Hour {
		t.Errorf("a source that names no time is polled every %v, want polling.every", got)
	}
	if got := cfg.Themes[0].Title; !cmp.Equal(got, map[string]string{"zh-Hans": "金融"}) {
		t.Errorf("a title without a language is %v, want it under that of the site", got)
	}
	if got := cfg.Themes[0].Terms; !cmp.Equal(got, []syndicate.Term{{Text: "银行", Weight: 1}, {Text: "债券", Weight: 2}, {Text: "bond", Weight: 1.5}}) {
		t.Errorf("terms = %v", got)
	}
	if got := cfg.Digests[0]; !cmp.Equal(got.Themes, []string{"finance", "ports"}) || got.Location.String() != "Europe/London" || got.Language != "zh-Hans" {
		t.Errorf("digests[0] = %+v", got)
	}
	if cfg.Polling.UserAgentContact != cfg.Site.URL {
		t.Errorf("user_agent_contact = %q, want the address of the site", cfg.Polling.UserAgentContact)
	}
}

func TestWhatIsShownReadsBack(t *testing.T) {
	for _, file := range append(glob(t, "testdata/good/*.yaml"), "../../config.yaml") {
		if strings.HasSuffix(file, "secrets.yaml") {
			continue // secrets are not shown
		}
		t.Run(filepath.Base(file), func(t *testing.T) {
			first, err := parse(t, file)
			if err != nil {
				t.Fatal(err)
			}
			text, err := first.YAML()
			if err != nil {
				t.Fatal(err)
			}
			second, err := config.Parse("shown.yaml", text, variables)
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			if diff := cmp.Diff(first, second, same); diff != "" {
				t.Errorf("after config show (-file +shown):\n%s", diff)
			}
		})
	}
}

func TestSecretsAreNotShown(t *testing.T) {
	cfg, err := parse(t, "testdata/good/secrets.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text, err := cfg.YAML()
	if err != nil {
		t.Fatal(err)
	}
	hash := cfg.Admin.PasswordHash
	printed := fmt.Sprintf("%v %s %+v %#v %q %v", hash, hash, cfg.Admin, cfg.Admin, hash, slog.AnyValue(hash).Resolve())
	for _, secret := range []string{"p%40ss", "hunter2", "abc", string(hash)} {
		if strings.Contains(string(text), secret) || strings.Contains(printed, secret) {
			t.Errorf("the secret %q is shown:\n%s\n%s", secret, text, printed)
		}
	}
	if !strings.HasPrefix(string(hash), "$2a$") {
		t.Error("the secret itself is lost")
	}
}

func TestSecretsAreNotInMessages(t *testing.T) {
	tests := map[string]string{
		"an address that does not parse": "sources: [{ name: wire, url: \"https://me:hunter2@example.com/%zz\" }]",
		"an address of another scheme":   "sources: [{ name: wire, url: \"ftp://me:hunter2@example.com/\" }]",
		"a database address":             "database: \"postgres://me:hunter2@ho/st@x/y\"",
		"a password for its hash":        "admin: { password_hash: hunter2 }",
		"a list for the hash":            "admin: { password_hash: [hunter2] }",
		"a password key":                 "mail: { smtp: { password: hunter2 } }",
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := config.Parse("config.yaml", []byte(text), variables)
			if err == nil {
				t.Fatal("no mistake was found")
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the password is in the message: %v", err)
			}
		})
	}
}

func TestPasswordFiles(t *testing.T) {
	const text = "mail: { smtp: { host: localhost, username: me, password_file: \"${FILE}\" } }\n"
	dir := t.TempDir()
	tests := map[string]struct {
		file, content string
		mode          fs.FileMode
		credentials   string
		password      string
		fault         string
	}{
		"the line end is not part of it":    {file: "a", content: "pass word\r\n", mode: 0o600, password: "pass word"},
		"its owner alone may read it":       {file: "b", content: "x", mode: 0o400, password: "x"},
		"its group may read it":             {file: "c", content: "x", mode: 0o640, fault: "is open to others than its owner (mode 0640)"},
		"everybody may write it":            {file: "d", content: "x", mode: 0o602, fault: "is open to others than its owner (mode 0602)"},
		"systemd guards its folder":         {file: "e", content: "x", mode: 0o440, credentials: dir, password: "x"},
		"systemd guards another folder":     {file: "f", content: "x", mode: 0o440, credentials: "/run/other", fault: "is open to others"},
		"it is empty":                       {file: "g", content: "\n", mode: 0o600, fault: "is empty"},
		"it has two lines":                  {file: "h", content: "a\nb\n", mode: 0o600, fault: "has more than one line"},
		"it is longer than a password":      {file: "i", content: strings.Repeat("x", 65<<10), mode: 0o600, fault: "is longer than 64 KB"},
		"an absolute name stays what it is": {file: filepath.Join(dir, "j"), content: "x", mode: 0o600, password: "x"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			full := tt.file
			if !filepath.IsAbs(full) {
				full = filepath.Join(dir, tt.file)
			}
			write(t, full, tt.content, tt.mode)
			cfg, err := config.Parse(filepath.Join(dir, "config.yaml"), []byte(text), func(name string) (string, bool) {
				v, ok := map[string]string{"FILE": tt.file, "CREDENTIALS_DIRECTORY": tt.credentials}[name]
				return v, ok && v != ""
			})
			if tt.fault == "" {
				if err != nil {
					t.Fatal(err)
				}
				if cfg.Mail.SMTP.Password != tt.password {
					t.Errorf("password = %q, want %q", cfg.Mail.SMTP.Password, tt.password)
				}
				if text, err := cfg.YAML(); err != nil || !strings.Contains(string(text), "password_file: "+full) {
					t.Errorf("config show does not name %s: %v\n%s", full, err, text)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), "config.yaml:1:63: mail.smtp.password_file: ") || !strings.Contains(err.Error(), tt.fault) {
				t.Errorf("Parse = %v, want %q", err, tt.fault)
			}
		})
	}
}

func TestDurations(t *testing.T) {
	tests := map[string]struct {
		text  string
		want  time.Duration
		shown string
	}{
		"minutes":            {"90m", 90 * time.Minute, "1h30m"},
		"days":               {"2d", 48 * time.Hour, "2d"},
		"days and hours":     {"1d12h", 36 * time.Hour, "1d12h"},
		"a fraction of days": {"0.5d", 12 * time.Hour, "12h"},
		"hours past a day":   {"36h", 36 * time.Hour, "1d12h"},
		"seconds":            {"301s", 301 * time.Second, "5m1s"},
		"the longest":        {"3660d", 3660 * 24 * time.Hour, "3660d"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			cfg, err := config.Parse("config.yaml", []byte("polling: { every: "+tt.text+" }"), variables)
			if err != nil {
				t.Fatal(err)
			}
			text, err := cfg.YAML()
			if err != nil {
				t.Fatal(err)
			}
			if cfg.Polling.Every != tt.want || !strings.Contains(string(text), "every: "+tt.shown+"\n") {
				t.Errorf("%s is %v, want %v, shown as %s:\n%s", tt.text, cfg.Polling.Every, tt.want, tt.shown, text)
			}
		})
	}
	for _, bad := range []string{"+1h", "1d-1h", "-1d", "1h1d", "d", "1e9d", "3660d1s", "9999999h", "NaN", "1.d", "\"\""} {
		if _, err := config.Parse("config.yaml", []byte("polling: { every: "+bad+" }"), variables); err == nil {
			t.Errorf("%s is a duration", bad)
		}
	}
}

func TestAliasesCannotBlowTheFileUp(t *testing.T) {
	var b strings.Builder
	b.WriteString("sources:\n  - &s { name: s, url: https://example.com/, themes: &t [" + strings.Repeat("x,", 2000) + "x] }\n")
	for range 500 {
		b.WriteString("  - { name: s, url: https://example.com/, themes: *t }\n")
	}
	_, err := config.Parse("config.yaml", []byte(b.String()), variables)
	if err == nil || !strings.Contains(err.Error(), "more than 500000 values") {
		t.Errorf("a million values: %.200v", err)
	}
}

func TestNotEveryMistakeOfAStrangeFileIsPrinted(t *testing.T) {
	_, err := config.Parse("config.yaml", []byte(strangeKeys(2000)), variables)
	var problems *config.Problems
	if !errors.As(err, &problems) {
		t.Fatal(err)
	}
	list := problems.List()
	if last := list[len(list)-1]; len(list) != 501 || last.Fault != "1500 more mistakes are not shown" {
		t.Errorf("%d problems, the last is %v", len(list), last)
	}
}

func strangeKeys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "key%d: x\n", i)
	}
	return b.String()
}

func TestMessagesAreOneLine(t *testing.T) {
	_, err := config.Parse("config.yaml", []byte(`"a\nb\u001b[31m": x`), variables)
	if err == nil || strings.Count(err.Error(), "\n") != 1 || strings.Contains(err.Error(), "\x1b") {
		t.Errorf("Parse = %q", err)
	}
}

func FuzzLoad(f *testing.F) {
	for _, pattern := range []string{"testdata/bad/*.yaml", "testdata/good/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		cfg, err := config.Parse("config.yaml", data, variables)
		if err == nil {
			if _, err := cfg.YAML(); err != nil {
				t.Fatalf("a good configuration is not shown: %v", err)
			}
			return
		}
		var problems *config.Problems
		if !errors.As(err, &problems) {
			t.Fatalf("the error is a %T", err)
		}
		lines := 2
		for _, r := range string(data) {
			if strings.ContainsRune("\n\r\u0085\u2028\u2029", r) { // YAML 1.1, section 4.1.4
				lines++
			}
		}
		for _, p := range problems.List() {
			if p.Fault == "" || p.Line < 0 || p.Line > lines || strings.ContainsAny(p.Fault+p.Path+p.Hint, "\n\r") {
				t.Fatalf("a bad message: %+v", p)
			}
		}
	})
}
