package templates_test

import (
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"broadsheet/templates"
)

// verbs finds what fmt replaces, with its argument's number if it has one.
var verbs = regexp.MustCompile(`%(?:\[\d+\])?[a-zA-Z%]`)

func TestCataloguesSayTheSame(t *testing.T) {
	langs := templates.Languages()
	if diff := cmp.Diff([]string{"en", "zh-Hans"}, langs); diff != "" {
		t.Fatal(diff)
	}
	en := catalogue(t, "en")
	for _, lang := range langs {
		c := catalogue(t, lang)
		if diff := cmp.Diff(sorted(en.Keys()), sorted(c.Keys())); diff != "" {
			t.Errorf("keys of en and %s (-en +%s):\n%s", lang, lang, diff)
		}
		for _, key := range en.Keys() {
			want, got := verbsOf(en.T(key)), verbsOf(c.T(key))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s of en and %s take other arguments:\n%s", key, lang, diff)
			}
			if strings.HasPrefix(key, "web.") && strings.TrimSpace(c.T(key)) == "" {
				t.Errorf("%s is empty in %s", key, lang)
			}
		}
	}
}

// verbsOf returns the verbs of a text: in their order, unless they are
// numbered.
func verbsOf(text string) []string {
	found := verbs.FindAllString(text, -1)
	if strings.Contains(text, "%[") {
		slices.Sort(found)
	}
	return found
}

func TestCatalogueFilesAreInOrder(t *testing.T) {
	key := regexp.MustCompile(`(?m)^  "([^"]+)": `)
	for _, lang := range templates.Languages() {
		data, err := fs.ReadFile(templates.Locales(), lang+".json")
		if err != nil {
			t.Fatal(err)
		}
		var keys []string
		for _, m := range key.FindAllStringSubmatch(string(data), -1) {
			keys = append(keys, m[1])
		}
		if !slices.IsSorted(keys) || len(slices.Compact(slices.Clone(keys))) != len(keys) {
			t.Errorf("%s.json: keys are not sorted, or one is there twice", lang)
		}
		if len(keys) != len(catalogue(t, lang).Keys()) {
			t.Errorf("%s.json: not one key a line", lang)
		}
	}
}

func catalogue(t *testing.T, lang string) templates.Catalogue {
	t.Helper()
	c, err := templates.Locale(lang)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func sorted(list []string) []string {
	slices.Sort(list)
	return list
}

func TestLocale(t *testing.T) {
	for lang, want := range map[string]string{
		"en": "en", "en-GB": "en", "zh-Hans": "zh-Hans", "zh-hans": "zh-Hans", "zh": "zh-Hans", "zh-CN": "zh-Hans", "zh-Hant": "zh-Hans",
		"fr": "en", "": "en", "z": "en",
	} {
		if got := catalogue(t, lang).Language; got != want {
			t.Errorf("Locale(%q) is %s, want %s", lang, got, want)
		}
	}
}

func TestTextWithoutWordingIsSeen(t *testing.T) {
	if got := catalogue(t, "en").T("no.such.key", 1); got != "no.such.key" {
		t.Errorf("got %q, want the key", got)
	}
	if got := catalogue(t, "zh-Hans").T("web.digests.number", 3); got != "第 3 期" {
		t.Errorf("got %q", got)
	}
}

func TestFoldersHoldWhatTheyPromise(t *testing.T) {
	for name, fsys := range map[string]fs.FS{"layout.html": templates.Web(), "static/style.css": templates.Web()} {
		if _, err := fs.Stat(fsys, name); err != nil {
			t.Error(err)
		}
	}
	entries, err := fs.ReadDir(templates.Mail(), ".")
	if err != nil || len(entries) == 0 {
		t.Errorf("templates of mail: %v, %d files", err, len(entries))
	}
}
