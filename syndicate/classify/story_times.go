package classify

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// A period is a time that an article reports on: a year, or months of one.
type period struct{ from, to int } // months, from 1 to 12; of a year both are the year

func (p period) year() bool { return p.from > 12 }

// A day is a date as an article names it; what it does not name is 0.
type day struct{ month, day int }

// An ordinal is what number of a series an article is about: 第3期, 15号线.
type ordinal struct {
	of string
	n  int
}

const numeral = `(?:\d{1,4}|[一二三四五六七八九十两百]{1,4})`

var (
	chineseDay    = regexp.MustCompile(`(?:(\d{1,2})月)?(\d{1,2})[日号]`)
	chinesePeriod = regexp.MustCompile(`(?:第?([一二三四1-4])季度|(首季)|(前[一二三]个?季度|[一二]季报|三季报)|(上半年|半年报|中报)|(下半年)|[前头](` + numeral + `)个?月|` +
		`(\d{1,2})月?份?[-—~至到]+(\d{1,2})月|(` + numeral + `)月(?:份|末|底)?|(全年|年报)|((?:19|20)\d\d)年?)`)
	chineseOrdinal = regexp.MustCompile(`第(` + numeral + `)(万?[期届批号次轮季条家座辆列例架艘台个届])|(` + numeral + `)(号线|期工程|期项目|期)|(首)(期|届|批|号|次|轮|条|家|座|辆|列|例|架|艘|台)`)
)

var weekdayNames = []string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}

// timeMarks are the characters that every time and ordinal has one of.
var timeMarks = []string{"月", "日", "号", "季", "年", "第", "期", "首", "中报"}

// readTimes finds what an account says of time.
func (a *account) readTimes() {
	text := a.text
	if a.han {
		if !containsAny(text, timeMarks) {
			return
		}
		a.days, text = cutDays(text, chineseDay, func(m []string) day { return day{number2(m[1]), number2(m[2])} })
		a.periods = chinesePeriods(text)
		a.headline = chinesePeriods(clip(text, len(a.head)))
		a.ordinals = readOrdinals(text)
		return
	}
	words := englishWords(text)
	a.days, a.periods, a.ordinals = englishTimes(words)
	_, a.headline, _ = englishTimes(englishWords(a.head))
}

// weekdaysOf returns the days of the week that an English text names, one bit
// each.
func weekdaysOf(text string) (days uint8) {
	if !strings.Contains(text, "day") {
		return 0
	}
	for i, w := range weekdayNames {
		if strings.Contains(text, w) {
			days |= 1 << i
		}
	}
	return days
}

// cutDays returns the dates that a text names, and the text with as many
// spaces in their place, so that no month of theirs is taken for a period.
func cutDays(text string, pattern *regexp.Regexp, read func([]string) day) ([]day, string) {
	var days []day
	out := pattern.ReplaceAllStringFunc(text, func(s string) string {
		d := read(pattern.FindStringSubmatch(s))
		if d.day < 1 || d.day > 31 || d.month > 12 {
			return s
		}
		if !slices.Contains(days, d) {
			days = append(days, d)
		}
		return strings.Repeat(" ", len(s))
	})
	return days, out
}

// otherTimes come before a time that an article compares with or expects.
var otherTimes = []string{"较", "比", "同", "从", "由", "自", "到", "至", "预计", "计划", "力争", "有望", "将于", "明年", "去年", "上年", "年底", "于上", "低于", "高于", "拟于"}

func elsewhere(text string, at int) bool {
	before := text[:at]
	if strings.HasSuffix(before, "截至") || strings.HasSuffix(before, "截止") {
		return false
	}
	for _, w := range otherTimes {
		if strings.HasSuffix(before, w) {
			return true
		}
	}
	return false
}

func chinesePeriods(text string) []period {
	var out []period
	for _, m := range chinesePeriod.FindAllStringSubmatchIndex(text, 40) {
		if elsewhere(text, m[0]) {
			continue
		}
		part := func(i int) string {
			if m[2*i] < 0 {
				return ""
			}
			return text[m[2*i]:m[2*i+1]]
		}
		p, ok := chinesePeriodOf(part)
		if ok && !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}

func chinesePeriodOf(part func(int) string) (period, bool) {
	switch {
	case part(1) != "":
		q := number2(part(1))
		return period{3*q - 2, 3 * q}, true
	case part(2) != "":
		return period{1, 3}, true
	case part(3) != "":
		q := 0
		for i, n := range []string{"一", "二", "三"} {
			if strings.Contains(part(3), n) {
				q = i + 1
			}
		}
		if strings.HasSuffix(part(3), "季报") && q == 2 {
			q = 2
		}
		return period{1, 3 * q}, true
	case part(4) != "":
		return period{1, 6}, true
	case part(5) != "":
		return period{7, 12}, true
	case part(6) != "":
		n := number2(part(6))
		return period{1, n}, n >= 1 && n <= 12
	case part(7) != "":
		from, to := number2(part(7)), number2(part(8))
		return period{from, to}, from >= 1 && from < to && to <= 12
	case part(9) != "":
		n := number2(part(9))
		return period{n, n}, n >= 1 && n <= 12
	case part(10) != "":
		return period{1, 12}, true
	}
	n := number2(part(11))
	return period{n, n}, n > 1900
}

// readOrdinals returns the ordinals of a Chinese text.
func readOrdinals(text string) []ordinal {
	var out []ordinal
	for _, m := range chineseOrdinal.FindAllStringSubmatch(text, 20) {
		for i := 1; i+1 < len(m); i += 2 {
			n, of := number2(m[i]), m[i+1]
			if n == 0 {
				continue
			}
			if strings.HasPrefix(of, "期") {
				of = "期"
			}
			out = append(out, ordinal{of, n})
		}
	}
	return out
}

// number2 returns a number in digits or in Chinese up to 999, or 0.
func number2(s string) int {
	if s == "首" {
		return 1
	}
	n, digits := 0, 0
	for _, c := range s {
		if !isDigit(c) {
			break
		}
		n, digits = n*10+int(c-'0'), digits+1
	}
	if digits > 0 {
		return n
	}
	total, last := 0, 0
	for _, c := range s {
		i := strings.IndexRune("一二三四五六七八九", c)
		switch {
		case i >= 0:
			last = i/utf8.RuneLen(c) + 1
		case c == '两':
			last = 2
		case c == '十':
			total += max(last, 1) * 10
			last = 0
		case c == '百':
			total += max(last, 1) * 100
			last = 0
		default:
			return 0
		}
	}
	return total + last
}

// compareDates returns 1 when both name the same day, -1 when both name days
// and none of them can be the same, and 0 when that cannot be known.
func compareDates(a, b *account) int {
	if len(a.days) > 0 && len(b.days) > 0 {
		for _, x := range a.days {
			for _, y := range b.days {
				if x.day == y.day && (x.month == y.month || x.month == 0 || y.month == 0) {
					return 1
				}
			}
		}
		return -1
	}
	if a.weekdays != 0 && b.weekdays != 0 {
		if a.weekdays&b.weekdays == 0 {
			return -1
		}
		return 1
	}
	return 0
}

// farDays reports whether both name days, the nearest of them at least three
// days apart.
func farDays(a, b *account) bool {
	nearest := 1000
	for _, x := range a.days {
		for _, y := range b.days {
			d := x.day - y.day
			if x.month != 0 && y.month != 0 {
				d += 30 * (x.month - y.month)
			}
			nearest = min(nearest, max(d, -d))
			if x.month == 0 || y.month == 0 {
				nearest = min(nearest, 30-max(d, -d))
			}
		}
	}
	return nearest >= 3 && nearest < 1000
}
