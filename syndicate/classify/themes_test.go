package classify_test

import (
	"os"
	"path/filepath"
	"testing"

	"go.yaml.in/yaml/v4"

	"broadsheet/syndicate"
	"broadsheet/syndicate/classify"
)

// readThemes reads the themes of a configuration, in order.
func readThemes(t testing.TB, file string) []syndicate.Theme {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Skipf("%s is not here", file)
	}
	var doc struct {
		Themes yaml.Node `yaml:"themes"`
	}
	if err := yaml.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	var themes []syndicate.Theme
	for i := 0; i+1 < len(doc.Themes.Content); i += 2 {
		var y struct {
			Title     map[string]string
			Terms     []yaml.Node
			Not       []string
			Threshold float64
		}
		if err := doc.Themes.Content[i+1].Decode(&y); err != nil {
			t.Fatal(err)
		}
		theme := syndicate.Theme{ID: doc.Themes.Content[i].Value, Title: y.Title, Not: y.Not, Threshold: y.Threshold}
		for _, n := range y.Terms {
			term := struct {
				Term   string
				Weight float64
			}{n.Value, 1}
			if n.Kind != yaml.ScalarNode {
				if err := n.Decode(&term); err != nil {
					t.Fatal(err)
				}
			}
			theme.Terms = append(theme.Terms, syndicate.Term{Text: term.Term, Weight: term.Weight})
		}
		themes = append(themes, theme)
	}
	return themes
}

func newClassifier(t testing.TB, themes []syndicate.Theme) *classify.Classifier {
	t.Helper()
	c, err := classify.New(classify.Config{Themes: themes})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func shippedThemes(t testing.TB) []syndicate.Theme {
	t.Helper()
	return readThemes(t, filepath.Join("..", "..", "config.yaml"))
}

// shipped returns a classifier of themes and model as they are shipped.
func shipped(t testing.TB) *classify.Classifier {
	t.Helper()
	m, err := classify.DefaultModel()
	if err != nil {
		t.Fatal(err)
	}
	return withModel(t, shippedThemes(t), m)
}

// shared returns the path of a file beside the repository, or skips.
func shared(t testing.TB, name string) string {
	t.Helper()
	file := filepath.Join("..", "..", "..", "shared", "corpus", "themes", name)
	if _, err := os.Stat(file); err != nil {
		t.Skipf("%s is not here", file)
	}
	return file
}
