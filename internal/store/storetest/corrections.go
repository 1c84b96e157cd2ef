package storetest

import (
	"testing"
	"time"

	"broadsheet/internal/store"
	"broadsheet/syndicate"
)

var correctionTests = map[string]func(*testing.T, *store.Store){
	"a correction wins at once":                 correctAtOnce,
	"a correction survives being filed anew":    correctionSurvives,
	"a correction is taken back":                uncorrect,
	"corrections are examples":                  correctionExamples,
	"a correction goes with its article":        correctionForgotten,
	"a correction and a new analysis meet well": correctedWhileFiled,
}

// themesOf returns the themes an article has, and those it is found under.
func themesOf(t *testing.T, s *store.Store, key string) (has, found []string) {
	t.Helper()
	a, err := s.Article(t.Context(), key)
	must(t, err)
	for _, f := range a.Filings {
		has = append(has, f.Theme)
	}
	for _, theme := range []string{"finance", "industry", "infrastructure"} {
		q, err := syndicate.ParseQuery("theme:"+theme, time.UTC)
		must(t, err)
		as, err := s.Articles(t.Context(), q, noon, 10, 0)
		must(t, err)
		for _, a := range as {
			if a.Key == key {
				found = append(found, theme)
			}
		}
	}
	return has, found
}

func wantThemes(t *testing.T, s *store.Store, what, key string, want ...string) {
	t.Helper()
	has, found := themesOf(t, s, key)
	equal(t, what+": filed", has, want)
	equal(t, what+": found", found, want)
}

func correct(t *testing.T, s *store.Store, key string, themes ...string) {
	t.Helper()
	must(t, s.Correct(t.Context(), syndicate.Correction{Key: key, Themes: themes, At: noon}))
}

func correctAtOnce(t *testing.T, s *store.Store) {
	a := article("a", 1)
	a.Filings = []syndicate.Filing{filing("finance")}
	record(t, s, a)
	correct(t, s, a.Key, "industry")
	wantThemes(t, s, "corrected", a.Key, "industry")
	got, err := s.Article(t.Context(), a.Key)
	must(t, err)
	if !got.Corrected.Equal(noon) || !got.Filings[0].Editor || len(got.NearMisses) != 1 || !got.NearMisses[0].Removed {
		t.Errorf("corrected %v: filed %+v, near misses %+v", got.Corrected, got.Filings, got.NearMisses)
	}
	correct(t, s, a.Key)
	wantThemes(t, s, "under no theme", a.Key)
	c, err := s.Correction(t.Context(), a.Key)
	must(t, err)
	equal(t, "correction", c, syndicate.Correction{Key: a.Key, At: noon})
	wantError(t, "Correct", s.Correct(t.Context(), syndicate.Correction{Key: "unknown", At: noon}), syndicate.ErrNotFound)
	_, err = s.Correction(t.Context(), "unknown")
	wantError(t, "Correction", err, syndicate.ErrNotFound)
}

func correctionSurvives(t *testing.T, s *store.Store) {
	a := article("a", 1)
	a.Filings = []syndicate.Filing{filing("finance")}
	record(t, s, a)
	correct(t, s, a.Key, "industry")

	a.Title, a.Hash = "The source thinks again", "other"
	a.Filings = []syndicate.Filing{filing("finance"), filing("infrastructure")}
	record(t, s, a)
	wantThemes(t, s, "the source corrected", a.Key, "industry")

	misfiled, err := s.Misfiled(t.Context(), "themes-2", 10)
	must(t, err)
	for i := range misfiled {
		misfiled[i].Analysis = syndicate.Analysis{Filings: []syndicate.Filing{filing("infrastructure")}}
	}
	must(t, s.Reclassify(t.Context(), "themes-2", misfiled))
	wantThemes(t, s, "filed by other themes", a.Key, "industry")

	a.Filings = []syndicate.Filing{filing("finance")}
	must(t, s.SavePage(t.Context(), syndicate.Page{Key: a.Key, Source: "a", Content: "<p>All of it.</p>"}, "themes-2", &a))
	wantThemes(t, s, "its page came", a.Key, "industry")

	was, err := s.Uncorrect(t.Context(), a.Key)
	must(t, err)
	equal(t, "was corrected", was, true)
	wantThemes(t, s, "taken back", a.Key, "finance")
}

func uncorrect(t *testing.T, s *store.Store) {
	a := article("a", 1)
	a.Filings = []syndicate.Filing{filing("finance"), filing("industry")}
	record(t, s, a)
	for _, want := range []bool{true, false} {
		if want {
			correct(t, s, a.Key)
		}
		was, err := s.Uncorrect(t.Context(), a.Key)
		must(t, err)
		equal(t, "was corrected", was, want)
		wantThemes(t, s, "taken back", a.Key, "finance", "industry")
	}
	got, err := s.Article(t.Context(), a.Key)
	must(t, err)
	equal(t, "filings", got.Filings, a.Filings)
	_, err = s.Uncorrect(t.Context(), "unknown")
	wantError(t, "Uncorrect", err, syndicate.ErrNotFound)
}

func correctionExamples(t *testing.T, s *store.Store) {
	a, b, c := article("a", 1), article("a", 2), article("a", 3)
	b.Text, b.Summary = "", "A summary and no more."
	record(t, s, a, b, c)
	must(t, s.Correct(t.Context(), syndicate.Correction{Key: b.Key, Themes: []string{"industry", "finance"}, At: noon}))
	must(t, s.Correct(t.Context(), syndicate.Correction{Key: a.Key, At: noon.Add(time.Hour)}))
	got, err := s.Corrections(t.Context())
	must(t, err)
	equal(t, "examples", got, []syndicate.Example{
		{ID: b.Key, Language: "en", Title: b.Title, Text: b.Summary, Themes: []string{"industry", "finance"}},
		{ID: a.Key, Language: "en", Title: a.Title, Text: a.Text, Themes: []string{}},
	})
}

func correctionForgotten(t *testing.T, s *store.Store) {
	a := article("a", 1)
	record(t, s, a)
	correct(t, s, a.Key, "industry")
	_, err := s.Forget(t.Context(), []string{a.Key}, noon)
	must(t, err)
	got, err := s.Corrections(t.Context())
	must(t, err)
	equal(t, "examples", got, []syndicate.Example{})
}

// correctedWhileFiled files an article anew and corrects it at the same time:
// whoever comes last, the correction counts.
func correctedWhileFiled(t *testing.T, s *store.Store) {
	a := article("a", 1)
	a.Filings = []syndicate.Filing{filing("finance")}
	record(t, s, a)
	for i := range 20 {
		done := make(chan error)
		go func() {
			b := a
			b.Analysis = syndicate.Analysis{Filings: []syndicate.Filing{filing("finance")}}
			done <- s.Reclassify(t.Context(), "themes-2", []syndicate.Article{b})
		}()
		theme := []string{"industry", "infrastructure"}[i%2]
		correct(t, s, a.Key, theme)
		must(t, <-done)
		wantThemes(t, s, "corrected meanwhile", a.Key, theme)
	}
}
