package read

import (
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// maxDateLength bounds what is looked at as a date, in bytes.
const maxDateLength = 100

// parseDate reads a date as feeds write it: the forms of the standards and
// the many that are of none, in the languages of Europe and East Asia. A date
// without a zone is in loc; one without a time is the day's first instant.
//
// What cannot be told is refused rather than guessed: 03/04/2025 without a
// hint, a zone nobody knows. A wrong date does more harm than none.
func parseDate(s string, loc *time.Location) (t time.Time, ok bool) {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > maxDateLength {
		return time.Time{}, false
	}
	if t, ok = standardDate(s); !ok {
		p := dateParser{loc: loc}
		t, ok = p.parse(s)
	}
	if !ok || t.Year() < 1970 || t.Year() > 2200 || t.Unix() <= 0 {
		return time.Time{}, false
	}
	return t.UTC(), true
}

// standardDate reads the forms nearly every feed uses: RFC 3339 and RFC 1123.
func standardDate(s string) (t time.Time, ok bool) {
	if s[0] >= '0' && s[0] <= '9' && len(s) > 10 && s[10] == 'T' {
		t, err := time.Parse(time.RFC3339, s)
		return t, err == nil
	}
	if len(s) < 5 || s[3] != ',' {
		return t, false
	}
	layout := "Mon, 2 Jan 2006 15:04:05 -0700"
	if strings.HasSuffix(s, " GMT") {
		layout = "Mon, 2 Jan 2006 15:04:05 GMT"
	}
	t, err := time.Parse(layout, s)
	return t, err == nil
}

// A dateParser reads one date.
type dateParser struct {
	loc      *time.Location
	hasTime  bool
	clock    time.Duration
	zone     *time.Location // nil when the date names none
	american bool           // the date is written as Americans do, month first
	weekday  time.Weekday
	hasDay   bool // weekday is known
}

var (
	clockPattern  = regexp.MustCompile(`(?i)(?:^|[^0-9:])(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,:](\d{1,9}))?)?(?:\s*([ap])\.?\s?m\b\.?)?`)
	hourPattern   = regexp.MustCompile(`(?i)(?:^|\s)(\d{1,2}):?\s*([ap])\.?\s?m\b\.?`)
	offsetPattern = regexp.MustCompile(`(?:^|[\s(A-Za-z])([+\-−])-?(\d{1,2}):?(\d{2})?(?::\d{2})?(?:$|[\s)A-Za-z\[])`)
	areaPattern   = regexp.MustCompile(`[A-Z][A-Za-z]+/[A-Z][A-Za-z_]+(?:/[A-Z][A-Za-z_]+)?`)
	partPattern   = regexp.MustCompile(`[0-9]+|\p{L}[\p{L}\p{M}]*`)
)

// parse reads the date.
func (p *dateParser) parse(s string) (t time.Time, ok bool) {
	s = p.eastAsian(s)
	if t, ok := compactDate(s, p.zoneOr()); ok {
		return t, true
	}
	head, tail, ok := p.takeClock(s)
	if !ok {
		return t, false
	}
	rest, ok := p.takeZone(head, tail)
	if !ok {
		return t, false
	}
	year, month, day, ok := p.calendar(rest)
	if !ok {
		return t, false
	}
	return p.instant(year, month, day)
}

// zoneOr returns the zone the date names, or the source's.
func (p *dateParser) zoneOr() *time.Location {
	if p.zone != nil {
		return p.zone
	}
	return p.loc
}

// instant puts day and time of day together.
func (p *dateParser) instant(year int, month time.Month, day int) (t time.Time, ok bool) {
	c := p.clock
	t = time.Date(year, month, day, int(c/time.Hour), int(c/time.Minute)%60, int(c/time.Second)%60, int(c%time.Second), p.zoneOr())
	check := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	return t, check.Day() == day && check.Month() == month
}

// takeClock finds the time of day and returns what stands before and after it.
func (p *dateParser) takeClock(s string) (head, tail string, ok bool) {
	half := ""
	m := clockPattern.FindStringSubmatchIndex(s)
	var hour, minute, second, nano int
	if m == nil {
		if m = hourPattern.FindStringSubmatchIndex(s); m == nil {
			return s, "", true
		}
		hour, half = number(s[m[2]:m[3]]), s[m[4]:m[5]]
	} else {
		hour, minute = number(s[m[2]:m[3]]), number(s[m[4]:m[5]])
		if m[6] >= 0 {
			second = number(s[m[6]:m[7]])
		}
		if m[8] >= 0 {
			nano = number((s[m[8]:m[9]] + "000000000")[:9])
		}
		if m[10] >= 0 {
			half = s[m[10]:m[11]]
		}
	}
	head, tail = s[:m[2]], s[m[1]:]
	if half == "" {
		head, half = halfBefore(head)
	} else {
		p.american = true
	}
	hour, ok = twentyFour(hour, half)
	if !ok || minute > 59 || second > 60 || hour == 24 && minute+second > 0 {
		return "", "", false
	}
	p.hasTime = true
	p.clock = time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + time.Duration(min(second, 59))*time.Second + time.Duration(nano)
	return head, tail, true
}

// halfBefore takes the half of the day off the end of head, where Chinese and
// Korean have it; see eastAsian.
func halfBefore(head string) (rest, half string) {
	t := strings.TrimSpace(head)
	for _, h := range [...]string{"am", "pm"} {
		if r, ok := strings.CutSuffix(t, " "+h); ok {
			return r + " ", h[:1]
		}
	}
	return head, ""
}

// twentyFour turns an hour of a half of the day into one of the whole day. An
// hour above 12 is one already.
func twentyFour(hour int, half string) (int, bool) {
	switch {
	case half == "" || hour > 12:
	case half == "a" || half == "A":
		hour %= 12
	default:
		hour = hour%12 + 12
	}
	return hour, hour <= 24
}

// takeZone finds the zone, which follows the time of day or ends the date, and
// returns what is left: the day.
func (p *dateParser) takeZone(head, tail string) (rest string, ok bool) {
	where := tail
	if !p.hasTime {
		where = head
		head = ""
	}
	if m := areaPattern.FindStringIndex(where); m != nil {
		zone, err := time.LoadLocation(where[m[0]:m[1]])
		if err != nil {
			return "", false
		}
		p.zone = zone
		return head + " " + where[:m[0]] + " " + where[m[1]:], true
	}
	if m := offsetPattern.FindStringSubmatchIndex(where); m != nil && p.offset(where, m) {
		before := strings.TrimRight(where[:m[2]], " ")
		if i := strings.LastIndexAny(before, " \t("); len(before)-i-1 <= 5 && !hasDigit(before[i+1:]) {
			before = before[:i+1] // the abbreviation the offset explains
		}
		end := m[5]
		if m[6] >= 0 {
			end = m[7]
		}
		after, _, _ := strings.Cut(where[end:], "(")
		return head + " " + before + " " + dropZoneWords(after), true
	}
	return p.zoneWord(head, where)
}

// offset takes in a numeric offset. What is out of range is none, such as the
// year in 09:05 -2025.
func (p *dateParser) offset(s string, m []int) bool {
	h, minutes := number(s[m[4]:m[5]]), 0
	if m[6] >= 0 {
		minutes = number(s[m[6]:m[7]])
	}
	if h > 15 || minutes > 59 || !p.hasTime && m[6] < 0 {
		return false
	}
	seconds := h*3600 + minutes*60
	if s[m[2]:m[3]] != "+" {
		seconds = -seconds
	}
	p.zone = time.FixedZone("", seconds)
	return true
}

// zoneWord finds a zone given by its abbreviation.
func (p *dateParser) zoneWord(head, where string) (rest string, ok bool) {
	for _, m := range partPattern.FindAllStringIndex(where, -1) {
		word := where[m[0]:m[1]]
		if word[0] >= '0' && word[0] <= '9' || !p.zoneLike(word) {
			continue
		}
		offset, ok := zoneOffset(strings.ToUpper(word), p.loc)
		if !ok {
			return "", false
		}
		p.zone = offset
		p.american = p.american || strings.IndexByte("ECMP", word[0]) >= 0 && len(word) == 3 && p.zone != p.loc
		return head + " " + where[:m[0]] + " " + where[m[1]:], true
	}
	return head + " " + where, true
}

// zoneLike reports whether a word may be a zone: it is no month, no weekday
// and no small word, and written like an abbreviation.
func (p *dateParser) zoneLike(word string) bool {
	if _, month := monthOf(word); month {
		return false
	}
	if _, day := weekdayOf(word); day || smallWord(word) {
		return false
	}
	if word == "Z" || word == "z" {
		return true
	}
	return p.hasTime && len(word) >= 2 && len(word) <= 5 && isUpper(word)
}

// calendar reads year, month and day.
func (p *dateParser) calendar(s string) (year int, month time.Month, day int, ok bool) {
	var nums []string
	seps := ""
	last := 0
	for _, m := range partPattern.FindAllStringIndex(s, -1) {
		word := s[m[0]:m[1]]
		if c := word[0]; c >= '0' && c <= '9' {
			if len(nums) > 0 {
				seps += strings.TrimSpace(s[last:m[0]]) + "|"
			}
			nums, last = append(nums, word), m[1]
			continue
		}
		if mon, is := monthOf(word); is && month == 0 {
			month = mon
		} else if d, is := weekdayOf(word); is {
			p.weekday, p.hasDay = d, true
		}
	}
	if month != 0 {
		return p.named(month, nums)
	}
	return p.numeric(nums, seps)
}

// named reads a date whose month is a word.
func (p *dateParser) named(month time.Month, nums []string) (int, time.Month, int, bool) {
	switch {
	case len(nums) == 1 && len(nums[0]) == 4:
		return number(nums[0]), month, 1, true
	case len(nums) != 2:
		return 0, 0, 0, false
	case len(nums[0]) == 4:
		nums[0], nums[1] = nums[1], nums[0]
	}
	if len(nums[0]) > 2 {
		return 0, 0, 0, false
	}
	return fullYear(nums[1]), month, number(nums[0]), true
}

// numeric reads a date of numbers alone.
func (p *dateParser) numeric(nums []string, seps string) (year int, month time.Month, day int, ok bool) {
	switch len(nums) {
	case 1:
		return digits(nums[0])
	case 2:
		if len(nums[0]) == 4 && len(nums[1]) == 3 { // year and day of the year
			return number(nums[0]), time.January, number(nums[1]), false
		}
		return number(nums[0]), time.Month(number(nums[1])), 1, len(nums[0]) == 4 && len(nums[1]) <= 2
	case 3:
	default:
		return 0, 0, 0, false
	}
	if len(nums[0]) == 4 {
		return number(nums[0]), time.Month(number(nums[1])), number(nums[2]), true
	}
	a, b, y := number(nums[0]), number(nums[1]), fullYear(nums[2])
	if len(nums[0]) > 2 || len(nums[1]) > 2 || len(nums[2]) != 4 && len(nums[2]) != 2 {
		return 0, 0, 0, false
	}
	dayFirst, known := p.dayFirst(a, b, y, strings.HasPrefix(seps, "."))
	if !known {
		return 0, 0, 0, false
	}
	if dayFirst {
		return y, time.Month(b), a, true
	}
	return y, time.Month(a), b, true
}

// dayFirst reports whether a/b/year is day and month or month and day, if that
// can be told.
func (p *dateParser) dayFirst(a, b, year int, dots bool) (first, known bool) {
	switch {
	case a == b, a > 12:
		return true, true
	case b > 12:
		return false, true
	case p.hasDay:
		ab := time.Date(year, time.Month(b), a, 0, 0, 0, 0, time.UTC).Weekday() == p.weekday
		ba := time.Date(year, time.Month(a), b, 0, 0, 0, 0, time.UTC).Weekday() == p.weekday
		if ab != ba {
			return ab, true
		}
	}
	name := p.loc.String()
	switch {
	case dots, strings.HasPrefix(name, "Europe/"), strings.HasPrefix(name, "Africa/"), strings.HasPrefix(name, "Australia/"):
		return true, true
	case p.american, strings.HasPrefix(name, "America/"):
		return false, true
	}
	return false, false
}

// digits reads a date of one run of digits: 20250723, 2025204 (day of the
// year), 202507, 250723 or 2025.
func digits(s string) (year int, month time.Month, day int, ok bool) {
	switch len(s) {
	case 4:
		return number(s), time.January, 1, true
	case 6:
		if y := number(s[:4]); y >= 1970 && y < 2100 && number(s[4:]) >= 1 && number(s[4:]) <= 12 {
			return y, time.Month(number(s[4:])), 1, true
		}
		return fullYear(s[:2]), time.Month(number(s[2:4])), number(s[4:]), true
	case 7:
		t := time.Date(number(s[:4]), time.January, number(s[4:]), 0, 0, 0, 0, time.UTC)
		return t.Year(), t.Month(), t.Day(), t.Year() == number(s[:4])
	case 8:
		return number(s[:4]), time.Month(number(s[4:6])), number(s[6:]), true
	}
	return 0, 0, 0, false
}

// compactDate reads Unix time in seconds or milliseconds, and 20250723090500.
func compactDate(s string, loc *time.Location) (t time.Time, ok bool) {
	if strings.Trim(s, "0123456789") != "" {
		return t, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	switch {
	case err != nil:
		return t, false
	case len(s) == 10:
		return time.Unix(n, 0), true
	case len(s) == 13:
		return time.UnixMilli(n), true
	case len(s) == 14:
		t, err = time.ParseInLocation("20060102150405", s, loc)
		return t, err == nil
	}
	return t, false
}

// fullYear returns the year of two or four digits.
func fullYear(s string) int {
	y := number(s)
	switch {
	case len(s) > 2:
	case y < 70:
		y += 2000
	default:
		y += 1900
	}
	return y
}

// number returns the value of a run of digits; -1 when it is too long.
func number(s string) int {
	if n, err := strconv.Atoi(s); err == nil && len(s) < 10 {
		return n
	}
	return -1
}

func hasDigit(s string) bool { return strings.ContainsAny(s, "0123456789") }

func isUpper(s string) bool {
	for _, r := range s {
		if r < 'A' || r > 'Z' {
			return false
		}
	}
	return utf8.RuneCountInString(s) > 0
}
