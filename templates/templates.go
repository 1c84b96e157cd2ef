// Package templates holds what people see: mail, web pages and their wording
// in every language. It renders nothing.
package templates

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
)

//go:embed mail web locale
var files embed.FS

// Mail returns the templates of messages.
func Mail() fs.FS { return sub("mail") }

// MailOver returns the templates of messages with those of a folder in the
// place of ours. They are read anew each time.
func MailOver(folder fs.FS) fs.FS { return over{folder, Mail()} }

// HasMail reports whether there is a template of messages of that name.
func HasMail(name string) bool {
	f, err := Mail().Open(name)
	if err != nil {
		return false
	}
	return f.Close() == nil
}

// over opens what is in the first, or else in the second.
type over [2]fs.FS

// Open opens a file; only that it is not there lets it look further.
func (o over) Open(name string) (fs.File, error) {
	f, err := o[0].Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return o[1].Open(name)
	}
	return f, err
}

// Web returns the templates of pages, and under static/ what they load.
func Web() fs.FS { return sub("web") }

// Locales returns the catalogues, one file a language: LANGUAGE.json.
func Locales() fs.FS { return sub("locale") }

func sub(dir string) fs.FS {
	f, err := fs.Sub(files, dir)
	if err != nil {
		panic(err) // dir is a constant of this file
	}
	return f
}

// A Catalogue holds the wording of one language. It may be used by many
// goroutines at once.
type Catalogue struct {
	Language string // BCP 47
	texts    map[string]string
}

// catalogues reads all catalogues, once.
var catalogues = sync.OnceValues(func() (map[string]Catalogue, error) {
	entries, err := files.ReadDir("locale")
	if err != nil {
		return nil, err
	}
	all := make(map[string]Catalogue, len(entries))
	for _, e := range entries {
		data, err := files.ReadFile("locale/" + e.Name())
		if err != nil {
			return nil, err
		}
		c := Catalogue{Language: strings.TrimSuffix(e.Name(), ".json")}
		if err := json.Unmarshal(data, &c.texts); err != nil {
			return nil, fmt.Errorf("locale/%s: %w", e.Name(), err)
		}
		all[c.Language] = c
	}
	return all, nil
})

// Languages returns the languages that have a catalogue, sorted.
func Languages() []string {
	all, err := catalogues()
	if err != nil {
		return nil
	}
	langs := make([]string, 0, len(all))
	for l := range all {
		langs = append(langs, l)
	}
	slices.Sort(langs)
	return langs
}

// Locale returns the catalogue of a language: the exact one, else one of the
// same base language, else English.
func Locale(lang string) (Catalogue, error) {
	all, err := catalogues()
	if err != nil {
		return Catalogue{}, err
	}
	best := "en"
	base, _, _ := strings.Cut(strings.ToLower(lang), "-")
	for _, name := range Languages() {
		if strings.EqualFold(name, lang) {
			return all[name], nil
		}
		if b, _, _ := strings.Cut(strings.ToLower(name), "-"); b == base {
			best = name
		}
	}
	return all[best], nil
}

// T returns the text of a key, with args filled in as by fmt.Sprintf. A key
// without a text comes back as it is, so that it is seen.
func (c Catalogue) T(key string, args ...any) string {
	s, ok := c.texts[key]
	if !ok {
		return key
	}
	if len(args) == 0 {
		return s
	}
	return fmt.Sprintf(s, args...)
}

// Keys returns all keys of the catalogue.
func (c Catalogue) Keys() []string {
	keys := make([]string, 0, len(c.texts))
	for k := range c.texts {
		keys = append(keys, k)
	}
	return keys
}
