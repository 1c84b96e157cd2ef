package classify_test

import (
	"testing"

	"broadsheet/syndicate/classify"
)

func TestScoreCountsPerThemeAndLanguage(t *testing.T) {
	s := classify.NewScore([]string{"finance", "industry"})
	for _, c := range []struct {
		lang       string
		right, got []string
	}{
		{"zh", []string{"finance"}, []string{"finance", "industry"}},
		{"zh", []string{"finance"}, nil},
		{"en", []string{"industry"}, []string{"industry"}},
		{"en", nil, nil},
		{"en", nil, []string{"finance"}},
	} {
		if err := s.Add(c.lang, c.right, c.got); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := s.Rate("zh", "finance"), (classify.Rate{Right: 1, Missed: 1}); got != want {
		t.Errorf("zh finance: %+v, want %+v", got, want)
	}
	if got, want := s.Rate("all", "finance"), (classify.Rate{Right: 1, Wrong: 1, Missed: 1}); got != want {
		t.Errorf("all finance: %+v, want %+v", got, want)
	}
	if got := s.Rate("all", "finance").F1(); got != 0.5 {
		t.Errorf("all finance F1 = %v, want 0.5", got)
	}
	if got := s.Macro("en"); got != 0.5 {
		t.Errorf("en macro = %v, want 0.5 (industry 1, finance 0)", got)
	}
	if got := s.LeftAlone("en"); got != 0.5 {
		t.Errorf("en left alone = %v, want 0.5", got)
	}
	if err := s.Add("en", []string{"sport"}, nil); err == nil {
		t.Error("an unknown theme was counted")
	}
}
