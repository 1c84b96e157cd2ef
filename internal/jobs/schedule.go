package jobs

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// A Schedule says when something recurring is next due.
type Schedule interface {
	// Next returns the first instant after t, in the schedule's zone, never
	// the zero time.
	Next(t time.Time) time.Time
}

// ParseSchedule reads a cron schedule: minute, hour, day of month, month, day
// of week, or @hourly, @daily (@midnight), @weekly, @monthly, @yearly
// (@annually). Fields are lists of values, ranges and steps; months and days
// have English names of three letters; Sunday is 0 and 7. When both day fields
// are restricted, a day that matches either counts, as in cron. A nil loc is
// UTC.
//
// When clocks change, ISC cron's rules hold: a time that the change skips
// comes right after it, once; a time that comes twice counts the first time. A
// schedule for every hour of the day goes by elapsed time instead and fires in
// both of two equal hours.
//
// Refused with a reason: a time zone in the schedule, @every and @reboot, which
// mean nothing across restarts, and dates that never come, such as 31 February.
func ParseSchedule(spec string, loc *time.Location) (Schedule, error) {
	fields := strings.Fields(spec)
	if len(fields) > 0 && strings.HasPrefix(fields[0], "@") {
		return parseDescriptor(fields, loc)
	}
	return parseFields(spec, fields, loc)
}

func parseDescriptor(fields []string, loc *time.Location) (Schedule, error) {
	switch d := strings.ToLower(fields[0]); {
	case d == "@every":
		return nil, errors.New("@every counts from each start; say when instead, such as */30 * * * *")
	case d == "@reboot":
		return nil, errors.New("@reboot is no time; say when instead, such as @daily")
	case len(fields) > 1:
		return nil, fmt.Errorf("%q follows %s; remove it", strings.Join(fields[1:], " "), fields[0])
	default:
		spec, ok := descriptors()[d]
		if !ok {
			return nil, fmt.Errorf("%s is not known; use @hourly, @daily, @weekly, @monthly, @yearly or five fields", fields[0])
		}
		return parseFields(spec, strings.Fields(spec), loc)
	}
}

func descriptors() map[string]string {
	return map[string]string{
		"@hourly":   "0 * * * *",
		"@daily":    "0 0 * * *",
		"@midnight": "0 0 * * *",
		"@weekly":   "0 0 * * 0",
		"@monthly":  "0 0 1 * *",
		"@yearly":   "0 0 1 1 *",
		"@annually": "0 0 1 1 *",
	}
}

func parseFields(spec string, fields []string, loc *time.Location) (Schedule, error) {
	if loc == nil {
		loc = time.UTC
	}
	if len(fields) > 0 && (strings.HasPrefix(fields[0], "TZ=") || strings.HasPrefix(fields[0], "CRON_TZ=")) {
		return nil, fmt.Errorf("%s is not read here; put the zone under timezone", fields[0])
	}
	known := cronFields()
	if len(fields) != len(known) {
		return nil, fmt.Errorf("%d fields; need five: minute, hour, day of month, month, day of week", len(fields))
	}
	canonical := make([]string, len(fields))
	for i, f := range known {
		var err error
		if canonical[i], err = f.check(fields[i]); err != nil {
			return nil, err
		}
	}
	cronSpec, err := parseCron(strings.Join(canonical, " "))
	if err != nil {
		return nil, fmt.Errorf("%q cannot be read: %w", spec, err)
	}
	// As in crontab(5), a day field that begins with * restricts the other one
	// and does not add to it. The library thinks so of * alone.
	for field, days := range map[int]*uint64{2: &cronSpec.Dom, 4: &cronSpec.Dow} {
		if strings.HasPrefix(canonical[field], "*") {
			*days |= starBit
		}
	}
	if !possible(cronSpec) {
		return nil, fmt.Errorf("there is no day %s in month %s", fields[2], fields[3])
	}
	const hours = 1<<24 - 1
	return &schedule{spec: cronSpec, loc: loc, hourly: cronSpec.Hour&hours == hours}, nil
}

// starBit is how robfig/cron marks a field that restricts nothing.
const starBit = 1 << 63

// possible reports whether a schedule ever comes due. Within 28 years each date
// falls on each day of the week.
func possible(s *cron.SpecSchedule) bool {
	for year := 2000; year <= 2028; year += 4 {
		if !s.Next(time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
			return true
		}
	}
	return false
}

// parseCron calls robfig/cron's parser, which panics on some input. The
// schedule it returns is one of plain UTC.
func parseCron(spec string) (s *cron.SpecSchedule, err error) {
	defer func() {
		if p := recover(); p != nil {
			s, err = nil, fmt.Errorf("%v", p)
		}
	}()
	parsed, err := cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow).Parse(spec)
	if err != nil {
		return nil, err
	}
	s, ok := parsed.(*cron.SpecSchedule)
	if !ok {
		return nil, errors.New("not a calendar schedule")
	}
	s.Location = time.UTC
	return s, nil
}

// A cronField is one of the five.
type cronField struct {
	name     string
	min, max int
	names    string // "jan feb …", from min on
}

func cronFields() [5]cronField {
	return [5]cronField{
		{name: "minute", max: 59},
		{name: "hour", max: 23},
		{name: "day of month", min: 1, max: 31},
		{name: "month", min: 1, max: 12, names: "jan feb mar apr may jun jul aug sep oct nov dec"},
		{name: "day of week", max: 7, names: "sun mon tue wed thu fri sat"},
	}
}

// check returns the field in the form that robfig/cron reads, or what is wrong.
func (f cronField) check(text string) (string, error) {
	parts := strings.Split(text, ",")
	for i, part := range parts {
		canonical, err := f.checkPart(part)
		if err != nil {
			return "", err
		}
		parts[i] = canonical
	}
	return strings.Join(parts, ","), nil
}

func (f cronField) checkPart(part string) (string, error) {
	span, stepText, stepped := strings.Cut(part, "/")
	step := 1
	if stepped {
		n, err := strconv.Atoi(stepText)
		if err != nil || n < 1 {
			return "", fmt.Errorf("%s step %q is not a number from 1 on", f.name, stepText)
		}
		step = min(n, 100)
	}
	if span == "*" || span == "?" {
		if step == 1 {
			return "*", nil
		}
		return fmt.Sprintf("*/%d", step), nil
	}
	lowText, highText, ranged := strings.Cut(span, "-")
	low, err := f.number(lowText)
	if err != nil {
		return "", err
	}
	high := low
	switch {
	case ranged:
		if high, err = f.number(highText); err != nil {
			return "", err
		}
	case stepped:
		high = f.last()
	}
	if f.max == 7 {
		low, high = sundays(low, high, ranged)
	}
	if low > high {
		return "", fmt.Errorf("%s range %s runs backwards", f.name, span)
	}
	return f.expand(low, high, step), nil
}

// sundays makes Sunday the 0 or 7 that fits: a range that begins with it begins
// the week, one that ends with it ends the week.
func sundays(low, high int, ranged bool) (int, int) {
	if ranged && high == 0 && low > 0 {
		high = 7
	}
	if low == 7 {
		low, high = 0, high%7
	}
	return low, high
}

// expand lists the values of a range, since robfig/cron does not know day 7.
func (f cronField) expand(low, high, step int) string {
	var values []string
	for n := low; n <= high; n += step {
		if f.max == 7 {
			values = append(values, strconv.Itoa(n%7))
		} else {
			values = append(values, strconv.Itoa(n))
		}
	}
	return strings.Join(values, ",")
}

// last is the value at which "N/step" ends.
func (f cronField) last() int {
	if f.max == 7 {
		return 6
	}
	return f.max
}

func (f cronField) number(text string) (int, error) {
	for i, name := range strings.Fields(f.names) {
		if strings.EqualFold(name, text) {
			return f.min + i, nil
		}
	}
	n, err := strconv.Atoi(text)
	switch {
	case err != nil || text[0] == '+' || text[0] == '-':
		return 0, fmt.Errorf("%s %q is not a number%s", f.name, text, f.orName())
	case n < f.min:
		return 0, fmt.Errorf("%s %d is before %d", f.name, n, f.min)
	case n > f.max:
		return 0, fmt.Errorf("%s %d is past %d", f.name, n, f.max)
	}
	return n, nil
}

func (f cronField) orName() string {
	if f.names == "" {
		return ""
	}
	return " or a name such as " + strings.ToUpper(strings.Fields(f.names)[1])
}
