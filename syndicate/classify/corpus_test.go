package classify_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"broadsheet/syndicate"
)

// A labelled article of the shared corpus.
type labelled struct {
	ID, Lang, Title, Text string
	Themes                []string
}

func readLabelled(t *testing.T, file string) []labelled {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []labelled
	for line := range strings.Lines(string(data)) {
		if strings.TrimSpace(line) == "" {
			continue
		}
		var l labelled
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatal(err)
		}
		out = append(out, l)
	}
	return out
}

// A goldArticle is what people marked of one of the portal's articles.
type goldArticle struct {
	Title                 string
	Themes                []string
	Acceptable            []string `json:"acceptable_extra"` // themes that it may have as well
	Places, Organisations []string
}

// readGold reads the marks of the portal's articles.
func readGold(t *testing.T) []goldArticle {
	t.Helper()
	data, err := os.ReadFile(shared(t, "seed_gold.json"))
	if err != nil {
		t.Fatal(err)
	}
	var gold struct{ Articles []goldArticle }
	if err := json.Unmarshal(data, &gold); err != nil {
		t.Fatal(err)
	}
	return gold.Articles
}

// TestRealArticlesHaveTheirPrimaryTheme is the gate of the first edition: at
// least 8 of the portal's ten articles under their right primary theme, and
// the one of no theme left alone.
func TestRealArticlesHaveTheirPrimaryTheme(t *testing.T) {
	c := shipped(t)
	right := 0
	for _, l := range readLabelled(t, shared(t, "seed_full.jsonl")) {
		a := syndicate.Article{Title: l.Title, Text: l.Text}
		a.Analysis = c.Classify(&a, nil)
		want := ""
		if len(l.Themes) > 0 {
			want = l.Themes[0]
		}
		if a.Primary() == want {
			right++
			continue
		}
		t.Logf("%s: %q, want %q", l.Title, a.Primary(), want)
		if want == "" {
			t.Errorf("%s is filed: %s", l.Title, a.Filings[0].Reason())
		}
	}
	if right < 8 {
		t.Errorf("%d of 10 articles have their primary theme, want at least 8", right)
	}
}
