package classify_test

import (
	"testing"

	"broadsheet/syndicate"
	"broadsheet/syndicate/classify"
)

// The shipped model knows finance by the shipped terms. Another theme of that
// name has its own terms alone.
func TestTheModelKeepsOutOfAnotherThemeOfItsName(t *testing.T) {
	a := &syndicate.Article{Title: "央行下调贷款利率，银行股上涨", Text: "央行宣布下调贷款利率，多家银行跟进。"}
	model, err := classify.DefaultModel()
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		terms []syndicate.Term
		part  bool
	}{
		"the shipped terms":        {shippedThemes(t)[0].Terms, true},
		"one of them":              {shippedThemes(t)[0].Terms[:1], true},
		"others":                   {[]syndicate.Term{{Text: "利率", Weight: 7}, {Text: "菊花", Weight: 1}}, false},
		"others, and none that is": {[]syndicate.Term{{Text: "菊花", Weight: 1}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := classify.New(classify.Config{Themes: []syndicate.Theme{{ID: "finance", Terms: tt.terms, Threshold: 0.1}}, Model: model})
			if err != nil {
				t.Fatal(err)
			}
			got := c.Classify(a, nil)
			part := false
			for _, f := range append(got.Filings, got.NearMisses...) {
				part = part || f.Model != 0
			}
			if part != tt.part {
				t.Errorf("the model has a part: %v, want %v (%+v)", part, tt.part, got.Filings)
			}
		})
	}
}
