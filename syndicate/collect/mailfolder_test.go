package collect_test

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"broadsheet/syndicate"
	"broadsheet/syndicate/collect"
)

const letter = "From: Harbour Letter <letter@news.example>\r\nTo: us@paper.example\r\nSubject: %s\r\n" +
	"Date: Fri, 20 Nov 2026 09:00:00 +0000\r\nMessage-ID: <%s@news.example>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n"

func TestNewsletterFolder(t *testing.T) {
	dir := t.TempDir()
	put := func(name, subject string) {
		t.Helper()
		text := fmt.Sprintf(letter, subject, name, "The harbour bank lends more to small yards this month.")
		if err := os.WriteFile(filepath.Join(dir, name+".eml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("one", "Lending rises")
	put("two", "Quay opens")
	w := newDesk(t)
	w.src.Kind = syndicate.KindNewsletter
	w.src.URL = (&url.URL{Scheme: "file", Path: dir}).String()

	for _, step := range []struct {
		why      string
		before   func()
		new, all int
	}{
		{"the first time", func() {}, 2, 2},
		{"again", func() {}, 0, 2},
		{"a message more", func() { put("three", "Bridge closes") }, 1, 3},
		{"a message less", func() { os.Remove(filepath.Join(dir, "one.eml")) }, 0, 2},
	} {
		step.before()
		r, err := w.Poll(t.Context(), w.src, collect.Options{Force: true})
		if err != nil {
			t.Fatal(err)
		}
		if r.Error != "" || r.New != step.new || r.Entries != step.all {
			t.Errorf("%s: %d entries, %d new, fault %q; want %d and %d", step.why, r.Entries, r.New, r.Error, step.all, step.new)
		}
	}

	w.src.URL += "/none"
	if r, err := w.Poll(t.Context(), w.src, collect.Options{Force: true}); err != nil || r.Error == "" {
		t.Errorf("a missing folder: %v, %q", err, r.Error)
	}
}
