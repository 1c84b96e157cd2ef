package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"broadsheet/internal/config"
	"broadsheet/syndicate"
)

// TestFeedLines: what the search page says to add makes a feed of the search.
func TestFeedLines(t *testing.T) {
	for _, tt := range []struct{ query, name string }{
		{"港口 OR 航运", "or"},
		{"港口", "saved-search"},
		{"it's", "it-s"},
		{"${HOME}", "home"},
		{`title:"New Port" -amount:>1亿 # no comment`, "title-new-port-amount-1-no-com"},
		{"search", "saved-search-search"},
		{"source-x {a: b}", "saved-search-source-x-a-b"},
		{"a\nb : c\t'", "a-b-c"},
	} {
		lines := syndicate.FeedLines("", tt.query)
		path := filepath.Join(t.TempDir(), "config.yaml")
		if err := os.WriteFile(path, []byte("site: { url: https://paper.example }\n"+lines), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg, err := config.Load(path)
		if err != nil {
			t.Errorf("%q: %v\n%s", tt.query, err, lines)
			continue
		}
		if len(cfg.Feeds) == 1 && cfg.Feeds[0].Title["zh-Hans"] != strings.Join(strings.Fields(tt.query), " ") {
			t.Errorf("%q is called %q", tt.query, cfg.Feeds[0].Title)
		}
		if len(cfg.Feeds) != 1 || cfg.Feeds[0].Name != tt.name {
			t.Errorf("%q: feeds %+v, want %s", tt.query, cfg.Feeds, tt.name)
		}
	}
}
