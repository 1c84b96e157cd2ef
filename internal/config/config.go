// Package config reads config.yaml and turns it into the configurations of the
// parts, or into a list of every mistake with its line and column. It starts
// nothing, watches nothing, and keeps nothing.
package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"broadsheet/internal/store"
	"broadsheet/mailer"
	"broadsheet/mailer/receive"
	"broadsheet/mailer/submit"
	"broadsheet/syndicate"
	"broadsheet/syndicate/classify"
	"broadsheet/syndicate/collect"
)

// A Config is everything an operator decides. Every reference in it is
// resolved, every default filled in.
type Config struct {
	Site    syndicate.Site
	Listen  string // host:port
	Store   store.Config
	Polling collect.Config
	Themes  []syndicate.Theme // in the order of the file
	Places  []classify.Place
	Model   string // an absolute file, [classify.NoModel], or "" for the model that comes with Broadsheet
	Sources []syndicate.Source
	Feeds   []syndicate.Feed // those under feeds: alone
	Content syndicate.Extent // of feeds that name none
	Digests []mailer.Digest
	Mail    submit.Config
	Folder  string // of templates of mail, absolute; "" for none
	Postal  string // address in mails; "" for none
	Receive receive.Config
	IMAP    receive.IMAP
	Admin   Admin

	UnsafeBulk bool // send to many even what large providers would refuse

	passwordFile     string // absolute, for Show
	imapPasswordFile string
}

// Admin is the admin block.
type Admin struct {
	PasswordHash Secret // bcrypt; "" when no password opens the admin pages
	Edit         bool   // the configuration may be edited on an admin page
}

// Classifier returns what files articles by the themes and the model.
func (c *Config) Classifier() (*classify.Classifier, error) {
	model, err := classify.OpenModel(c.Model)
	if err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	classifier, err := classify.New(classify.Config{Themes: c.Themes, Places: c.Places, Model: model})
	if err != nil {
		return nil, fmt.Errorf("themes: %w", err)
	}
	return classifier, nil
}

// maxFile is the longest file that is read, in bytes. 5,000 sources take half
// a megabyte.
const maxFile = 8 << 20

// Load reads the configuration in a file, with the variables of the
// environment. Any error is a *Problems that has every mistake.
//
// Addresses with the scheme file: and the *_file keys are relative to the
// folder of the file.
func Load(path string) (*Config, error) {
	data, err := readBounded(path, maxFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, wholeFile(path, "there is no such file", "name one with --config FILE, or start where config.yaml is")
	case errors.Is(err, errTooLong):
		return nil, wholeFile(path, fmt.Sprintf("the file is longer than %d MB", maxFile>>20), "is it a configuration?")
	case err != nil:
		return nil, wholeFile(path, plain(err), "name a file that this user may read with --config FILE")
	}
	return Parse(path, data, os.LookupEnv)
}

// Parse is [Load] for a file that has been read already. Lookup gives the
// variables.
func Parse(path string, data []byte, lookup func(string) (string, bool)) (*Config, error) {
	dir, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return nil, wholeFile(path, plain(err), "start in a folder that exists")
	}
	d := newDecoder(path, data, lookup)
	file := toFile(Default())
	d.document(data, file)
	b := &builder{decoder: d, file: file, dir: dir}
	cfg := b.build()
	if p := newProblems(d.problems); p != nil {
		return nil, p
	}
	return cfg, nil
}

var errTooLong = errors.New("too long")

// readBounded reads a regular file of at most limit bytes. It does not open
// pipes and devices, which could block.
func readBounded(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, errors.New("a folder, not a file")
	case !info.Mode().IsRegular():
		return nil, errors.New("not a regular file")
	case info.Size() > limit:
		return nil, errTooLong
	}
	return os.ReadFile(path)
}

func wholeFile(path, fault, hint string) *Problems {
	return newProblems([]Problem{{File: path, Fault: fault, Hint: hint}})
}

// plain is an error's text without the operation and the path, which the
// message has already.
func plain(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return strings.TrimSpace(err.Error())
}

// readSecret reads a file of at most maxSecret bytes and tells who may read it.
func readSecret(path string) ([]byte, fs.FileMode, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, 0, err
	}
	data, err := readBounded(path, maxSecret)
	return data, info.Mode().Perm(), err
}
