package syndicate_test

import (
	"slices"
	"testing"

	"broadsheet/syndicate"
)

func TestKeyFigures(t *testing.T) {
	money := syndicate.Figure{Text: "16.8亿元", Normalised: 1.68e9, BaseUnit: "元"}
	share := syndicate.Figure{Text: "11.6%", Normalised: 0.116, BaseUnit: "ratio"}
	berths := syndicate.Figure{Text: "四个", Normalised: 4, BaseUnit: "count"}
	firms := syndicate.Figure{Text: "162家", Normalised: 162, BaseUnit: "count"}
	years := syndicate.Figure{Text: "三年", Normalised: 3, BaseUnit: "year"}
	tonnes := syndicate.Figure{Text: "180万吨", Normalised: 1.8e6, BaseUnit: "t"}
	again := syndicate.Figure{Text: "十六亿八千万元", Normalised: 1.68e9, BaseUnit: "元"}
	for name, c := range map[string]struct {
		all  []syndicate.Figure
		n    int
		want []string
	}{
		"what is said in passing is left out": {[]syndicate.Figure{berths, years, share}, 3, []string{"11.6%"}},
		"the same amount is told once":        {[]syndicate.Figure{money, again, share}, 3, []string{"16.8亿元", "11.6%"}},
		"counts give way first, money last":   {[]syndicate.Figure{firms, share, tonnes, money}, 2, []string{"11.6%", "16.8亿元"}},
		"no room":                             {[]syndicate.Figure{money}, 0, nil},
		"no figures":                          {nil, 3, nil},
	} {
		var got []string
		for _, f := range syndicate.KeyFigures(c.all, c.n) {
			got = append(got, f.Text)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestMoney(t *testing.T) {
	for _, tt := range []struct {
		unit  string
		money bool
	}{{"元", true}, {"USD", true}, {"GBP", true}, {"ratio", false}, {"", false}, {"吨", false}, {"count", false}} {
		f := syndicate.Figure{Normalised: 10, BaseUnit: tt.unit}
		if f.Money() != tt.money || (f.Yuan() > 0) != tt.money {
			t.Errorf("%q: money %v, about %g yuan", tt.unit, f.Money(), f.Yuan())
		}
	}
	for _, unit := range syndicate.Currencies() {
		if (syndicate.Figure{Normalised: 1, BaseUnit: unit}).Yuan() <= 0 {
			t.Errorf("nobody knows what a %s is worth", unit)
		}
	}
	if small, large := (syndicate.Figure{Normalised: 5e6, BaseUnit: "JPY"}), (syndicate.Figure{Normalised: 1e5, BaseUnit: "GBP"}); small.Yuan() >= large.Yuan() {
		t.Error("five million yen are more than a hundred thousand pounds")
	}
}
