package classify_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"broadsheet/syndicate"
	"broadsheet/syndicate/classify"
)

// TestQualityNamesOfRealArticles compares the places and organisations found
// in the portal's articles with those that people marked.
func TestQualityNamesOfRealArticles(t *testing.T) {
	texts := map[string]string{}
	for _, l := range readLabelled(t, shared(t, "seed_full.jsonl")) {
		texts[l.Title] = l.Text
	}
	c := newClassifier(t, nil)
	var places, organisations classify.Rate
	for _, g := range readGold(t) {
		text, ok := texts[g.Title]
		if !ok {
			t.Fatalf("%s has no text", g.Title)
		}
		a := c.Classify(&syndicate.Article{Title: g.Title, Text: text}, nil)
		compareNames(t, &places, "places", g.Title, g.Places, a.Places)
		compareNames(t, &organisations, "organisations", g.Title, g.Organisations, a.Organisations)
	}
	reportNames(t, "places of real articles", places)
	reportNames(t, "organisations of real articles", organisations)
}

func compareNames(t *testing.T, rate *classify.Rate, kind, where string, want, got []string) {
	t.Helper()
	for _, w := range want {
		if slices.ContainsFunc(got, func(g string) bool { return sameName(g, w) }) {
			rate.Right++
		} else {
			rate.Missed++
			t.Logf("%s: missed %s of %s", where, w, kind)
		}
	}
	for _, g := range got {
		if !slices.ContainsFunc(want, func(w string) bool { return sameName(g, w) }) {
			rate.Wrong++
			t.Logf("%s: %s is none of its %s", where, g, kind)
		}
	}
}

// sameName reports whether two names are forms of one: 武汉 and 武汉市. An article
// uses both, and the marks have either.
func sameName(a, b string) bool {
	return a == b || a == b+"市" || b == a+"市" || a == b+"省" || b == a+"省"
}

func reportNames(t *testing.T, what string, rate classify.Rate) {
	t.Helper()
	recall := float64(rate.Right) / float64(rate.Right+rate.Missed)
	precision := float64(rate.Right) / float64(rate.Right+rate.Wrong)
	t.Logf("%s: recall %.3f, precision %.3f (%d right, %d missed, %d wrong)", what, recall, precision, rate.Right, rate.Missed, rate.Wrong)
	if recall < 0.95 || precision < 0.90 {
		t.Errorf("%s: recall %.3f, precision %.3f; want 0.95 and 0.90", what, recall, precision)
	}
}

// TestQualityNamesOfSentences measures the same on sentences of our own, which
// nothing was tuned to.
func TestQualityNamesOfSentences(t *testing.T) {
	data, err := os.ReadFile("testdata/names.txt")
	if err != nil {
		t.Fatal(err)
	}
	c := newClassifier(t, nil)
	var places, organisations classify.Rate
	for line := range strings.Lines(string(data)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		text, marks, ok := strings.Cut(line, " |")
		if !ok {
			t.Fatalf("no marks: %s", line)
		}
		ofPlaces, ofOrganisations, _ := strings.Cut(marks, "|")
		a := c.Classify(&syndicate.Article{Text: text}, nil)
		compareNames(t, &places, "places", text, listed(ofPlaces), a.Places)
		compareNames(t, &organisations, "organisations", text, listed(ofOrganisations), a.Organisations)
	}
	reportNames(t, "places of sentences", places)
	reportNames(t, "organisations of sentences", organisations)
}

func listed(names string) []string {
	var list []string
	for name := range strings.SplitSeq(names, ";") {
		if name = strings.TrimSpace(name); name != "" {
			list = append(list, name)
		}
	}
	return list
}
