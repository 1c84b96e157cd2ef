package syndicate

import (
	"slices"
	"strings"
)

// currencies are the base units of money.
var currencies = [...]string{
	"元", "USD", "EUR", "GBP", "HKD", "JPY", "AUD", "KRW", "CAD", "SGD", "CHF", "RUB", "TWD", "INR", "DEM", "NZD",
}

// Currencies returns the base units of money, such as 元 and USD.
func Currencies() []string { return slices.Clone(currencies[:]) }

// A Week is what a theme had in a week.
type Week struct {
	Articles int

	// Amounts has, by currency, the sum of the amounts of money that were
	// stated: of each article the largest one, and of articles that tell the
	// same news only the largest of all.
	Amounts map[string]float64
}

// KeyFigures returns at most n of the figures of an article, those that say
// most beside its title, in the order of the text and each once. What is said
// in passing, such as how long something took, is never among them.
func KeyFigures(all []Figure, n int) []Figure {
	var told []Figure
	for _, f := range all {
		same := func(o Figure) bool {
			return o.Text == f.Text || f.BaseUnit != "" && o.BaseUnit == f.BaseUnit && o.Normalised == f.Normalised
		}
		if strings.TrimSpace(f.Text) != "" && f.worth() > 0 && !slices.ContainsFunc(told, same) {
			told = append(told, f)
		}
	}
	for least := 1; len(told) > n && least <= 3; least++ {
		for i := len(told) - 1; i >= 0 && len(told) > n; i-- {
			if told[i].worth() == least {
				told = slices.Delete(told, i, i+1)
			}
		}
	}
	return told
}

// worth says how much an amount tells beside a title: money 3, shares and what
// is measured 2, what is counted 1, and 0 for what is said in passing: times,
// small numbers, and points whose unit stands elsewhere in the sentence.
func (f Figure) worth() int {
	if f.Money() {
		return 3
	}
	switch f.BaseUnit {
	case "minute", "day", "month", "year":
		return 0
	case "count", "person", "index":
		if f.Normalised < 100 {
			return 0
		}
		return 1
	case "":
		return 1
	}
	if strings.HasSuffix(f.Text, "个") {
		return 0
	}
	return 2
}

// yuan is what one unit of a currency is worth, to a digit or two: enough to
// tell large amounts from small ones, and for nothing else.
var yuan = map[string]float64{
	"元": 1, "USD": 7, "EUR": 8, "GBP": 9, "HKD": 0.9, "JPY": 0.05, "AUD": 4.7, "KRW": 0.005, "CAD": 5, "SGD": 5.4, "CHF": 8.5,
	"RUB": 0.09, "TWD": 0.23, "INR": 0.08, "DEM": 4, "NZD": 4,
}

// Money reports whether the figure is an amount of money.
func (f Figure) Money() bool { return slices.Contains(currencies[:], f.BaseUnit) }

// Yuan returns about how much an amount of money is in 元, to compare it with
// others; 0 for what is no money.
func (f Figure) Yuan() float64 { return f.Normalised * yuan[f.BaseUnit] }
