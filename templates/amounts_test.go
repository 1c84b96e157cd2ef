package templates_test

import (
	"math"
	"testing"

	"broadsheet/templates"
)

func TestAmount(t *testing.T) {
	for _, tt := range []struct {
		value  float64
		unit   string
		zh, en string
	}{
		{0, "元", "0元", "0 yuan"},
		{0.5, "元", "0.5元", "0.5 yuan"},
		{12.345, "元", "12.3元", "12.3 yuan"},
		{8500, "元", "8500元", "8500 yuan"},
		{99_960, "元", "10万元", "100,000 yuan"},
		{1_250_000_000, "元", "12.5亿元", "1.25\u00a0billion yuan"},
		{99_960_000, "元", "1亿元", "100\u00a0million yuan"},
		{99_940_000, "元", "9990万元", "99.9\u00a0million yuan"},
		{3.2e12, "USD", "3.2万亿美元", "US$3.2\u00a0trillion"},
		{2e6, "EUR", "200万欧元", "€2\u00a0million"},
		{-2e6, "CHF", "-200万\u00a0CHF", "-2\u00a0million\u00a0CHF"},
		{7e15, "元", "7000万亿元", "7000\u00a0trillion yuan"},
		{123e15, "元", "123,000万亿元", "123,000\u00a0trillion yuan"},
		{0.07, "HKD", "0.07港元", "HK$0.07"},
		{math.Inf(1), "元", "+Inf万亿元", "+Inf\u00a0trillion yuan"},
	} {
		for lang, want := range map[string]string{"zh-Hans": tt.zh, "en": tt.en} {
			c, err := templates.Locale(lang)
			if err != nil {
				t.Fatal(err)
			}
			if got := c.Amount(tt.value, tt.unit); got != want {
				t.Errorf("%s: %v %s is %q, want %q", lang, tt.value, tt.unit, got, want)
			}
		}
	}
}
