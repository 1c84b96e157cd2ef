package templates

import (
	"math"
	"strconv"
	"strings"
)

// Amount writes an amount of money, rounded to three digits, as the language
// counts: 12.5亿元, 1.25 billion yuan. The unit is that of figures, 元 or a
// currency code.
func (c Catalogue) Amount(value float64, unit string) string {
	scale := ""
	for s := range strings.FieldsSeq(c.T("amount.scales")) { // largest first, as 1e8=亿
		number, name, _ := strings.Cut(s, "=")
		// What rounds to 1,000 of one scale is 1 of the next.
		if of, err := strconv.ParseFloat(number, 64); err == nil && rounded(math.Abs(value)) >= of {
			value, scale = value/of, strings.ReplaceAll(name, "_", "\u00a0")
			break
		}
	}
	digits := thousands(strconv.FormatFloat(rounded(value), 'f', -1, 64)) + scale
	if key := "amount.unit." + unit; c.texts[key] != "" {
		return c.T(key, digits)
	}
	return digits + "\u00a0" + unit
}

// rounded returns a number with its first three digits alone.
func rounded(x float64) float64 {
	if x == 0 || math.IsInf(x, 0) || math.IsNaN(x) {
		return x
	}
	unit := math.Pow(10, math.Floor(math.Log10(math.Abs(x)))-2)
	if unit < 1 {
		return math.Round(x/unit) / math.Round(1/unit) // divides by a whole number: 0.07, not 0.07000000000000001
	}
	return math.Round(x/unit) * unit
}

// thousands puts commas between the groups of three digits of a whole part of
// more than four digits.
func thousands(digits string) string {
	whole, rest, dot := strings.Cut(digits, ".")
	if len(strings.TrimPrefix(whole, "-")) > 4 {
		for i := len(whole) - 3; i > 0 && whole[i-1] != '-'; i -= 3 {
			whole = whole[:i] + "," + whole[i:]
		}
	}
	if dot {
		whole += "." + rest
	}
	return whole
}
