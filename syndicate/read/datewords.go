package read

import (
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// eastAsian writes a Chinese, Japanese or Korean date in the signs the rest of
// the parser knows: 2025年7月23日 上午9:05 becomes 2025-7-23 am 9:05.
func (p *dateParser) eastAsian(s string) string {
	ascii := true
	for i := range len(s) {
		ascii = ascii && s[i] < utf8.RuneSelf
	}
	if ascii {
		return s
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= '！' && r <= '～':
			return r - '！' + '!'
		case r == '\u3000' || r == '\u00a0':
			return ' '
		}
		return r
	}, s)
	for _, w := range [...]string{"北京时间", "北京時間"} {
		if strings.Contains(s, w) {
			s = strings.Replace(s, w, " ", 1)
			p.zone = time.FixedZone("", 8*3600)
		}
	}
	s = minuteMark.ReplaceAllString(s, ":$1")
	s = strings.TrimSpace(eastAsianDate.Replace(s))
	return strings.ReplaceAll(s+" ", ": ", ":00 ")
}

// minuteMark is the sign for minutes where seconds follow.
var minuteMark = regexp.MustCompile(`[分분]\s*(\d)`)

// eastAsianDate maps signs and words. Weekdays go: the day is enough.
var eastAsianDate = strings.NewReplacer(
	"年", "-", "月", "-", "日", " ", "号", " ", "號", " ",
	"时", ":", "時", ":", "点", ":", "點", ":", "分", " ", "秒", " ", "整", " ",
	"上午", " am ", "早上", " am ", "凌晨", " am ", "清晨", " am ", "午前", " am ",
	"下午", " pm ", "中午", " pm ", "晚上", " pm ", "傍晚", " pm ", "午後", " pm ",
	"星期一", " ", "星期二", " ", "星期三", " ", "星期四", " ", "星期五", " ", "星期六", " ", "星期日", " ", "星期天", " ",
	"周一", " ", "周二", " ", "周三", " ", "周四", " ", "周五", " ", "周六", " ", "周日", " ", "周天", " ",
	"週一", " ", "週二", " ", "週三", " ", "週四", " ", "週五", " ", "週六", " ", "週日", " ",
	"月曜日", " ", "火曜日", " ", "水曜日", " ", "木曜日", " ", "金曜日", " ", "土曜日", " ", "日曜日", " ",
	"(一)", " ", "(二)", " ", "(三)", " ", "(四)", " ", "(五)", " ", "(六)", " ", "(日)", " ",
	"년", "-", "월", "-", "일", " ", "시", ":", "분", " ", "초", " ", "오전", " am ", "오후", " pm ",
	"월요일", " ", "화요일", " ", "수요일", " ", "목요일", " ", "금요일", " ", "토요일", " ", "일요일", " ",
)

// monthNames are the months in languages that feeds come in, twelve a line;
// variants are separated by bars. Abbreviations are the first letters, three
// at least, where no two months of a language share them.
var monthNames = wordTable(12,
	"january february march april may june july august september october november december",
	"jan feb mar apr may jun jul aug sep|sept oct nov dec",
	"januar|jänner februar märz|maerz april mai juni juli august september oktober november dezember",
	"jän feb mär|mrz apr mai juni juli aug sep okt nov dez",
	"janvier février|fevrier mars avril mai juin juillet août|aout septembre octobre novembre décembre|decembre", //nolint:misspell // French
	"janv févr|fév|fevr mars avr mai juin juil août sept oct nov déc",
	"enero febrero marzo abril mayo junio julio agosto septiembre|setiembre octubre noviembre diciembre",
	"ene feb marz abr may jun jul ago sep|set oct nov dic",
	"gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
	"gen feb mar apr mag giu lug ago set ott nov dic",
	"janeiro fevereiro março|marco abril maio junho julho agosto setembro outubro novembro dezembro",
	"jan fev mar abr mai jun jul ago set out nov dez",
	"januari februari maart april mei juni juli augustus september oktober november december",
	"januari februari mars april maj juni juli augusti september oktober november december",
	"styczeń|stycznia luty|lutego marzec|marca kwiecień|kwietnia maj|maja czerwiec|czerwca lipiec|lipca sierpień|sierpnia wrzesień|września październik|października listopad|listopada grudzień|grudnia",
	"sty lut mar kwi maj cze lip sie wrz paź lis gru",
	"январь|января февраль|февраля март|марта апрель|апреля май|мая июнь|июня июль|июля август|августа сентябрь|сентября октябрь|октября ноябрь|ноября декабрь|декабря",
	"янв фев мар апр май июн июл авг сен|сент окт ноя|нояб дек",
	"január február|február március április május június július augusztus szeptember október november december",
	"ιανουάριος|ιανουαρίου|ιαν φεβρουάριος|φεβρουαρίου|φεβ μάρτιος|μαρτίου|μάρ|μαρ απρίλιος|απριλίου|απρ μάιος|μαΐου|μαϊ|μάι|μάϊ ιούνιος|ιουνίου|ιούν|ιουν|ιον ιούλιος|ιουλίου|ιούλ|ιουλ|ιολ αύγουστος|αυγούστου|αύγ|αυγ σεπτέμβριος|σεπτεμβρίου|σεπ οκτώβριος|οκτωβρίου|οκτ νοέμβριος|νοεμβρίου|νοέ|νοε δεκέμβριος|δεκεμβρίου|δεκ",
)

// weekdayNames, Sunday first. Those of English decide between day and month;
// see dateParser.dayFirst.
var weekdayNames = wordTable(7,
	"sunday monday tuesday wednesday thursday friday saturday",
	"sun mon tue|tues wed|weds thu|thur|thurs fri sat",
	"sonntag montag dienstag mittwoch donnerstag freitag samstag|sonnabend",
	"so mo di mi do fr sa",
	"dimanche lundi mardi mercredi jeudi vendredi samedi",
	"dim lun mar mer jeu ven sam",
	"domingo lunes martes miércoles|miercoles jueves viernes sábado|sabado",
	"domenica lunedì martedì mercoledì giovedì venerdì sabato",
	"воскресенье понедельник вторник среда четверг пятница суббота",
	"вс пн вт ср чт пт сб",
	"κυρ δευ τρι τετ πεμ παρ σαβ",
)

// wordTable maps each word of rows, which have n columns, to its column.
func wordTable(n int, rows ...string) map[string]int {
	m := make(map[string]int)
	for _, row := range rows {
		for i, variants := range strings.Fields(row) {
			for _, w := range strings.Split(variants, "|") {
				if _, known := m[w]; !known && i < n {
					m[w] = i
				}
			}
		}
	}
	return m
}

// monthOf returns the month a word names.
func monthOf(word string) (time.Month, bool) {
	i, ok := monthNames[strings.ToLower(word)]
	return time.Month(i + 1), ok
}

// weekdayOf returns the weekday a word names.
func weekdayOf(word string) (time.Weekday, bool) {
	i, ok := weekdayNames[strings.ToLower(word)]
	return time.Weekday(i), ok
}

// smallWord reports whether a word means nothing in a date.
func smallWord(word string) bool {
	switch strings.ToLower(word) {
	case "t", "at", "on", "am", "pm", "st", "nd", "rd", "th", "de", "del", "le", "den", "der", "um", "uhr", "of", "the", "à", "a", "las", "h", "и", "г", "в":
		return true
	}
	return false
}

// dropZoneWords cuts off the abbreviation that repeats an offset before it.
func dropZoneWords(s string) string {
	t := strings.TrimSpace(s)
	word, rest, _ := strings.Cut(t, " ")
	if word = strings.Trim(word, "[]"); len(word) <= 5 && isUpper(word) {
		if _, month := monthOf(word); !month {
			return rest
		}
	}
	return s
}

// zoneOffset returns the zone of an abbreviation. Many mean several; the one
// the source's own zone uses is meant then, and in Asia CST is China's.
func zoneOffset(name string, loc *time.Location) (*time.Location, bool) {
	for _, month := range [...]time.Month{time.January, time.July} {
		if abbr, offset := time.Date(2024, month, 15, 0, 0, 0, 0, loc).Zone(); abbr == name && loc != time.UTC {
			return time.FixedZone(name, offset), true
		}
	}
	if name == "CST" && strings.HasPrefix(loc.String(), "Asia/") {
		return time.FixedZone(name, 8*3600), true
	}
	if area, ok := zoneAreas[name]; ok {
		zone, err := time.LoadLocation(area)
		return zone, err == nil
	}
	if hours, ok := zoneHours[name]; ok {
		return time.FixedZone(name, int(hours*3600)), true
	}
	return nil, false
}

// zoneAreas are abbreviations that leave summer time open.
var zoneAreas = map[string]string{"ET": "America/New_York", "CT": "America/Chicago", "MT": "America/Denver", "PT": "America/Los_Angeles"}

// zoneHours are the offsets of abbreviations, in hours (RFC 5322, section 4.3,
// and those of the time zone database in use).
var zoneHours = map[string]float64{
	"Z": 0, "UT": 0, "UTC": 0, "GMT": 0, "WET": 0, "WEST": 1, "BST": 1, "CET": 1, "MET": 1, "MEZ": 1, "CEST": 2, "MEST": 2, "MESZ": 2,
	"EET": 2, "EEST": 3, "MSK": 3, "TRT": 3, "GST": 4, "PKT": 5, "IST": 5.5, "NPT": 5.75, "ICT": 7, "WIB": 7, "SGT": 8, "HKT": 8, "PHT": 8, "MYT": 8, "AWST": 8,
	"WITA": 8, "JST": 9, "KST": 9, "WIT": 9, "ACST": 9.5, "ACDT": 10.5, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13,
	"NST": -3.5, "NDT": -2.5, "AST": -4, "ADT": -3, "BRT": -3, "ART": -3, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6,
	"PST": -8, "PDT": -7, "AKST": -9, "AKDT": -8, "HST": -10,
	"SAST": 2, "IDT": 3, "CAT": 2, "EAT": 3, "WAT": 1,
}
