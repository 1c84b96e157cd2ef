package syndicate

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var ageForm = regexp.MustCompile(`^(?:\d{1,6}[wdh])+$`)

// date reads the value of after: and before:.
func (p *queryParser) date(t token, after bool) (Expr, error) {
	folded := Fold(t.value)
	if at, err := time.ParseInLocation(time.DateOnly, folded, p.loc); err == nil {
		return Date{After: after, At: at}, nil
	}
	if ageForm.MatchString(folded) {
		if age := parseAge(folded); age > 0 && age <= maxAge {
			return Date{After: after, Age: age}, nil
		}
		return nil, p.errorAt(t, "age", t.value)
	}
	return nil, p.errorAt(t, "date", t.value)
}

const maxAge = 100 * 365 * 24 * time.Hour

// parseAge adds up the parts of an age that has the form of ageForm; more
// than maxAge may come back as anything above it.
func parseAge(s string) time.Duration {
	hours, n := 0, 0
	for _, r := range s {
		switch r {
		case 'w':
			n *= 7 * 24
		case 'd':
			n *= 24
		case 'h':
		default:
			n = n*10 + int(r-'0')
			continue
		}
		hours, n = hours+n, 0
	}
	if hours > int(maxAge/time.Hour) {
		return maxAge + 1
	}
	return time.Duration(hours) * time.Hour
}

// ParseAmount reads a comparison of amounts: an operator (none is =), a number
// with or without thousands separators, a factor (十 百 千 万 亿, combined too; k m
// bn) and a unit. Both factor and unit may be missing; without a unit, figures
// of any unit are compared. A lone m is a million; metres are 米. The value comes
// back in the base unit: >500万美元 is more than 5e6 USD, 30% is a ratio of 0.3.
func ParseAmount(s string) (Amount, error) {
	a, fault, args := parseAmount(s)
	if fault != "" {
		return Amount{}, fmt.Errorf("amount %q: %s", s, fmt.Sprintf(queryFaults[fault], args...))
	}
	return a, nil
}

var amountForm = regexp.MustCompile(`^(>=|<=|>|<|=|≥|≤|)\s*([¥$€£]?)\s*(\d[\d,]*(?:\.\d+)?|\.\d+)\s*(.*)$`)

// parseAmount is ParseAmount with the fault, if any, by its name.
func parseAmount(s string) (a Amount, fault string, args []any) {
	folded := strings.TrimSpace(strings.NewReplacer("，", ",", "￥", "¥", "＄", "$").Replace(Fold(s)))
	m := amountForm.FindStringSubmatch(folded)
	if m == nil {
		return a, "amount", []any{s}
	}
	// The form leaves one fault, a number out of range, which is infinite.
	number, _ := strconv.ParseFloat(strings.ReplaceAll(m[3], ",", ""), 64)
	factor, unit := cutFactor(m[4])
	if m[2] != "" {
		unit = m[2] + unit
	}
	base, ok := baseUnits[strings.TrimSpace(unit)]
	if !ok {
		return a, "unit", []any{unit}
	}
	a = Amount{Op: m[1], Value: number * factor * base.factor, Unit: base.unit}
	switch a.Op {
	case "":
		a.Op = "="
	case "≥":
		a.Op = ">="
	case "≤":
		a.Op = "<="
	}
	if math.IsInf(a.Value, 0) {
		return Amount{}, "large", nil
	}
	return a, "", nil
}
