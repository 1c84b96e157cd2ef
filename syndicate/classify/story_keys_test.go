package classify_test

import (
	"slices"
	"testing"

	"broadsheet/syndicate"
)

// TestSameStoriesShareKeys holds how many of the pairs that tell the same are
// found by their keys: what is not found is never compared.
func TestSameStoriesShareKeys(t *testing.T) {
	s := tellings(t)
	for _, lang := range []string{"zh", "en"} {
		same, found := 0, 0
		for _, p := range slices.Concat(readPairs(t, "stories", lang), readPairs(t, "stories_held", lang)) {
			if !p.Duplicate || p.Lang != lang {
				continue
			}
			same++
			shared := 0
			others := s.Keys(syndicate.Telling{Title: p.B.Title, Lead: p.B.Lead})
			for _, k := range s.Keys(syndicate.Telling{Title: p.A.Title, Lead: p.A.Lead}) {
				for _, o := range others {
					if k == o {
						shared++
					}
				}
			}
			if shared > 0 {
				found++
			} else {
				t.Logf("no key in common: %s <> %s", p.A.Title, p.B.Title)
			}
		}
		t.Logf("%s: %d of %d pairs share a key", lang, found, same)
		if 100*found < 97*same {
			t.Errorf("%s: %d of %d pairs share a key, want 97 of 100", lang, found, same)
		}
	}
}
