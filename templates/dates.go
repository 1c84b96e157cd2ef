package templates

import "time"

// Day writes a date in full, in t's zone: 2025年7月23日, 23 July 2025.
func (c Catalogue) Day(t time.Time) string { return t.Format(c.T("date.day")) }

// Minute writes a date and a time of day.
func (c Catalogue) Minute(t time.Time) string { return t.Format(c.T("date.minute")) }

// Full writes a date with its day of the week.
func (c Catalogue) Full(t time.Time) string { return c.T("date.full", c.Day(t), c.weekday(t)) }

// Heading writes a date with its day of the week, and without its year where
// that is the given one: 7月23日 星期三.
func (c Catalogue) Heading(t time.Time, year int) string {
	if t.Year() != year {
		return c.Full(t)
	}
	return c.T("date.full", t.Format(c.T("date.month_day")), c.weekday(t))
}

// Days writes the days from one to another, what they share once:
// 2025年7月1日—31日, 1–31 July 2025.
func (c Catalogue) Days(from, to time.Time) string {
	sameYear := from.Year() == to.Year()
	switch {
	case sameYear && from.YearDay() == to.YearDay():
		return c.Day(from)
	case sameYear && from.Month() == to.Month():
		return from.Format(c.T("date.days.month.from")) + to.Format(c.T("date.days.month.to"))
	case sameYear:
		return from.Format(c.T("date.days.year.from")) + to.Format(c.T("date.days.year.to"))
	}
	return c.Day(from) + c.T("date.days.dash") + c.Day(to)
}

func (c Catalogue) weekday(t time.Time) string {
	return c.T("date.weekday." + string('0'+rune(t.Weekday())))
}
