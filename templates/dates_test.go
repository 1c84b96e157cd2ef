package templates_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestDates(t *testing.T) {
	day := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 8, 5, 0, 0, time.UTC) }
	a, b, c := day(2026, 3, 9), day(2026, 3, 15), day(2026, 11, 2)
	zh, en := catalogue(t, "zh-Hans"), catalogue(t, "en")
	for _, x := range []struct{ why, got, want string }{
		{"a day", zh.Day(a), "2026年3月9日"},
		{"a day in English", en.Day(a), "9 March 2026"},
		{"a minute", zh.Minute(a), "2026年3月9日 08:05"},
		{"with the weekday", zh.Full(a), "2026年3月9日 星期一"},
		{"with the weekday in English", en.Full(a), "Monday, 9 March 2026"},
		{"a heading of this year", zh.Heading(a, 2026), "3月9日 星期一"},
		{"a heading of another year", zh.Heading(a, 2027), "2026年3月9日 星期一"},
		{"a heading in English", en.Heading(a, 2026), "Monday, 9 March"},
		{"days of a month", zh.Days(a, b), "2026年3月9日—15日"},
		{"days of a month in English", en.Days(a, b), "9–15 March 2026"},
		{"days of a year", zh.Days(a, c), "2026年3月9日—11月2日"},
		{"days of a year in English", en.Days(a, c), "9 March – 2 November 2026"},
		{"days of two years", zh.Days(day(2025, 12, 30), a), "2025年12月30日—2026年3月9日"},
		{"days of two years in English", en.Days(day(2025, 12, 30), a), "30 December 2025 – 9 March 2026"},
		{"one day", zh.Days(a, a), "2026年3月9日"},
	} {
		if x.got != x.want {
			t.Errorf("%s: %q, want %q", x.why, x.got, x.want)
		}
	}
}

// TestDatesOfTheSharedCases runs over the shared cases when they are there.
func TestDatesOfTheSharedCases(t *testing.T) {
	file := filepath.Join("..", "..", "shared", "corpus", "themes", "typography_cases.json")
	data, err := os.ReadFile(file)
	if err != nil {
		t.Skipf("%s is not here", file)
	}
	var cases struct {
		Cases []struct {
			ID, Kind, Input, Why, Locale, Form string
			Expected                           any
		}
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, x := range cases.Cases {
		if x.Kind != "date" {
			continue
		}
		ran++
		c := catalogue(t, x.Locale)
		from, to, isRange := strings.Cut(x.Input, "/")
		var got string
		switch first := parseDay(t, from); {
		case isRange:
			got = c.Days(first, parseDay(t, to))
		case x.Form == "heading":
			got = c.Heading(first, first.Year())
		case strings.Contains(from, "T"):
			got = c.Minute(first)
		default:
			got = c.Day(first)
		}
		if got != x.Expected {
			t.Errorf("%s (%s): %q, want %q", x.ID, x.Why, got, x.Expected)
		}
	}
	if ran < 5 {
		t.Errorf("only %d cases ran", ran)
	}
}

func parseDay(t *testing.T, s string) time.Time {
	t.Helper()
	layout := time.DateOnly
	if strings.Contains(s, "T") {
		layout = time.RFC3339
	}
	d, err := time.Parse(layout, s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
