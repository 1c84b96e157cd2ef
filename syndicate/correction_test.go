package syndicate_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"broadsheet/syndicate"
)

func TestCorrectionWinsOverTheRules(t *testing.T) {
	t.Parallel()
	loans := []syndicate.Hit{{Term: "贷款", Weight: 1, Count: 3, Where: []string{"title", "lead"}, Score: 3.1}}
	judged := syndicate.Analysis{
		Filings: []syndicate.Filing{
			{Theme: "finance", Score: 3.1, Threshold: 1, Hits: loans},
			{Theme: "harbour", Threshold: 1, Source: true},
		},
		NearMisses: []syndicate.Filing{{Theme: "industry", Score: 0.6, Threshold: 1}, {Theme: "culture", Score: 0.5, Threshold: 1}},
		Gist:       "gist",
	}
	for name, c := range map[string]struct {
		themes        []string
		filed, nearly []string
	}{
		"other themes": {
			[]string{"industry", "transport"},
			[]string{"industry: an editor's decision (the rules say 0.6 < 1.0)", "transport: an editor's decision (the rules find nothing for it)"},
			[]string{
				"finance: taken out by an editor (the rules say 3.1 ≥ 1.0: 贷款 ×3 (title, lead))",
				"harbour: taken out by an editor (the rules say 0.0 < 1.0: every article of this source)",
				"culture 0.5 < 1.0",
			},
		},
		"the same, confirmed": {
			[]string{"harbour", "finance"},
			[]string{
				"harbour: an editor's decision (the rules say 0.0 < 1.0: every article of this source)",
				"finance: an editor's decision (the rules say 3.1 ≥ 1.0: 贷款 ×3 (title, lead))",
			},
			[]string{"industry 0.6 < 1.0", "culture 0.5 < 1.0"},
		},
		"none": {
			nil, nil,
			[]string{
				"finance: taken out by an editor (the rules say 3.1 ≥ 1.0: 贷款 ×3 (title, lead))",
				"harbour: taken out by an editor (the rules say 0.0 < 1.0: every article of this source)",
				"industry 0.6 < 1.0", "culture 0.5 < 1.0",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := syndicate.Correction{Themes: c.themes}.Apply(judged)
			if d := cmp.Diff(c.filed, reasons(got.Filings)); d != "" {
				t.Errorf("filed (-want +got):\n%s", d)
			}
			if d := cmp.Diff(c.nearly, reasons(got.NearMisses)); d != "" {
				t.Errorf("near misses (-want +got):\n%s", d)
			}
			if got.Gist != "gist" || judged.Filings[0].Editor || judged.NearMisses[0].Editor {
				t.Error("the analysis itself was changed, or more of it than themes")
			}
		})
	}
}

func reasons(filings []syndicate.Filing) []string {
	var all []string
	for _, f := range filings {
		all = append(all, f.Reason())
	}
	return all
}
