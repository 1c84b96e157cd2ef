package classify

import (
	"strings"

	"broadsheet/syndicate"
)

// A number is a number in a sentence, with what it is scaled by.
type number struct {
	value   float64 // without scale
	scale   float64 // 万 is 1e4
	unit    string  // the scale as written
	more    bool    // 多, 余: the amount is larger
	about   bool    // 来: the amount is about that
	bare    bool    // nothing but a scale: 百, 亿
	one     bool    // the numeral 一
	han     bool    // written in numerals
	tens    bool    // has a scale of its own, as 万
	end     int
	digits  int     // numerals in a row, as in 二〇二五
	tail    float64 // of numerals: the scale they end with, as 1e4 for 三百万
	grouped bool    // with separators of thousands: no year
}

// readChinese finds the figures of a sentence with Han characters.
func (r *reader) readChinese() {
	for i := 0; i < len(r.runes); {
		c := r.runes[i]
		if end := r.quoted(i); end > i {
			i = end
			continue
		}
		if !isDigit(c) && !startsChinese(c) {
			i++
			continue
		}
		end := r.fraction(i)
		if end == i {
			end = r.amount(i)
		}
		i = max(end, i+1)
	}
}

// startsChinese reports whether a figure without digits may begin with c.
func startsChinese(c rune) bool {
	switch c {
	case '零', '〇', '一', '二', '两', '三', '四', '五', '六', '七', '八', '九', '十', '百', '千', '万', '亿', '半', '过', '翻':
		return true
	}
	return false
}

// amount reads the figure or figures that begin at i and returns where they
// end; i when no number begins there.
func (r *reader) amount(i int) int {
	n := r.number(i)
	if n.end == i {
		return i
	}
	if r.name(i, n) {
		return r.skipName(n.end)
	}
	u, end := r.unit(i, n)
	if to, ok := r.interval(u, end); ok {
		return r.addRange(i, n, u, end, to)
	}
	if u == nil {
		if u, end = r.unwritten(i, n); u == nil {
			return n.end
		}
	} else if r.elided(u, end) {
		u = &unit{"pp", 1, measure}
	}
	if !r.counts(i, n, u, end) {
		return max(n.end, min(end, n.end+1))
	}
	f := r.figure(i, n, u, end)
	end = r.remainder(&f, u, end)
	var after int
	f.Bound, after = r.bound(i, end, n, u)
	f.Direction = r.direction(i, after, f.BaseUnit)
	r.add(i, end, f)
	return end
}

// remainder adds to a figure what follows its unit, at end, in a smaller one,
// and returns where that ends: 2小时35分, 两成五, 两年半.
func (r *reader) remainder(f *syndicate.Figure, u *unit, end int) int {
	rest, stop := 0.0, end
	switch {
	case u.base == "minute" && r.has(end-2, "小时"):
		m := r.number(end)
		if m.end == end || r.rune(m.end) != '分' {
			return end
		}
		stop = m.end + 1
		if r.rune(stop) == '钟' {
			stop++
		}
		rest = m.value / 60
	case u.kind == tenth:
		if c := r.rune(end); c == '半' {
			rest, stop = 0.5, end+1
		} else if d := strings.IndexRune("零一二三四五六七八九", c); d > 0 && r.endsNumber(end+1) {
			rest, stop = float64(d/3)/10, end+1
		}
	case (u.kind == years || r.has(end-1, "倍")) && r.rune(end) == '半' && r.rune(end+1) != '导' && r.rune(end+1) != '径':
		rest, stop = 0.5, end+1
	}
	f.Value += rest
	f.Normalised += rest * u.factor
	return stop
}

// endsNumber reports whether nothing that a number or its unit goes on with
// stands at i.
func (r *reader) endsNumber(i int) bool {
	m := r.number(i)
	u, _ := r.unit(i, number{end: i})
	return m.end == i && u == nil
}

// figure returns the figure of a number at i and its unit, which ends at end.
func (r *reader) figure(i int, n number, u *unit, end int) syndicate.Figure {
	f := syndicate.Figure{Value: n.value, Normalised: n.value * n.scale * u.factor, BaseUnit: u.base}
	f.Unit = n.unit + strings.TrimSpace(strings.TrimLeft(string(r.runes[n.end:max(end, n.end)]), "多余"))
	if u.base == "kmh" && u.factor == 1 {
		f.Unit = "公里/小时"
	}
	if u.kind == degree && r.heat(n) {
		f.BaseUnit = "C"
	}
	if f.BaseUnit == "C" && (r.hasAnyBefore(i, []string{"零下", "-", "−", "负"}) > 0) {
		f.Value, f.Normalised = -f.Value, -f.Normalised
	}
	return f
}

// heat reports whether a number of 度 is a temperature.
func (r *reader) heat(n number) bool {
	return !n.tens && r.about(heatTopic)
}

// number reads a number at i: digits or numerals, and what scales them.
func (r *reader) number(i int) number {
	n := number{scale: 1, end: i}
	if value, end := r.arabic(i); end > i {
		n.value, n.end = value, end
		n.grouped = end-i > 4 && (r.rune(i+1) == ',' || r.rune(i+2) == ',' || r.rune(i+3) == ',')
		if r.rune(n.end) == ' ' && r.rune(n.end+1) > 0x2E80 {
			n.end++
		}
		r.more(&n)
		r.scale(&n)
		r.mixed(&n)
		r.more(&n)
		return n
	}
	return r.numerals(i)
}

// more reads 多, 余 or 来 after a number.
func (r *reader) more(n *number) {
	switch c := r.rune(n.end); {
	case c == '多' || c == '余':
		n.more = true
		n.end++
	case c == '来' && n.han && !r.has(n.end, "来自"):
		n.about = true
		n.end++
	case c == '个' && (r.rune(n.end+1) == '多' || r.rune(n.end+1) == '余'):
		n.more = true
		n.end += 2
	}
}

// scales are the words that scale a number in digits.
var scales = []struct {
	word  string
	scale float64
}{
	{"万亿", 1e12}, {"千亿", 1e11}, {"百亿", 1e10}, {"亿", 1e8}, {"千万", 1e7}, {"百万", 1e6}, {"十万", 1e5}, {"万", 1e4}, {"千", 1e3}, {"百", 1e2},
}

func (r *reader) scale(n *number) {
	for _, s := range scales {
		if !r.has(n.end, s.word) {
			continue
		}
		last := n.end + len([]rune(s.word))
		if c := r.rune(last); s.word == "千" && strings.ContainsRune("米瓦伏克", c) || s.word == "百" && c == '分' || s.word == "万" && c == '家' && r.has(last, "家乐") {
			return
		}
		n.scale, n.unit, n.tens, n.end = s.scale, s.word, true, last
		return
	}
}

// mixed reads what follows a scaled number at a smaller scale: 4万1千.
func (r *reader) mixed(n *number) {
	if n.scale < 1e4 {
		return
	}
	value, end := r.arabic(n.end)
	if end == n.end {
		return
	}
	rest := number{value: value, scale: 1, end: end}
	r.scale(&rest)
	if rest.scale > 1 && rest.scale < n.scale {
		n.value, n.scale, n.unit, n.end = n.value*n.scale+rest.value*rest.scale, 1, "", rest.end
	}
}

// numerals reads a number in numerals at i: 二十三亿五千万, 三点五, 百余.
func (r *reader) numerals(i int) number {
	n := number{scale: 1, end: i, han: true, bare: true}
	total, section, digit, run := 0.0, 0.0, -1.0, 0
	for {
		c := r.rune(n.end)
		if d := strings.IndexRune("零一二三四五六七八九", c); d >= 0 || c == '两' || c == '〇' {
			digit = float64(d / 3)
			switch c {
			case '两':
				digit = 2
			case '〇':
				digit = 0
			}
			n.bare = false
			n.tail = 0
			run++
			n.digits = max(n.digits, run)
		} else if scale := scaleOf(c); scale > 0 && !r.unitScale(n.end) {
			run = 0
			n.bare = n.bare && scale > 10
			switch {
			case scale < 1e4:
				section += max(1, digit) * scale
			case total > scale: // 万 after 亿
				total += max(1, section+max(0, digit)) * scale
				section = 0
			default: // 亿, or 万 at first
				total = max(1, total+section+max(0, digit)) * scale
				section = 0
			}
			digit = -1
			n.tens = n.tens || scale >= 100
			n.tail = scale
		} else {
			break
		}
		n.end++
	}
	if n.end == i {
		return n
	}
	n.value = total + section + max(0, digit)
	n.one = n.end == i+1 && r.rune(i) == '一'
	if r.rune(n.end) == '点' {
		r.numeralFraction(&n)
	}
	r.more(&n)
	if n.more && n.value < 1e4 && n.tail != 1e4 { // 两百多万
		r.scale(&n)
	}
	return n
}

// numeralFraction reads 点五 after a number in numerals.
func (r *reader) numeralFraction(n *number) {
	scale, end := 0.1, n.end+1
	for {
		d := strings.IndexRune("零一二三四五六七八九", r.rune(end))
		if d < 0 {
			break
		}
		n.value += float64(d/3) * scale
		scale /= 10
		end++
	}
	if end > n.end+1 && r.rune(end) != '钟' && r.rune(end) != '半' {
		n.end = end
		n.one = false
		r.scale(n)
	}
}

func scaleOf(c rune) float64 {
	switch c {
	case '十':
		return 10
	case '百':
		return 100
	case '千':
		return 1e3
	case '万':
		return 1e4
	case '亿':
		return 1e8
	}
	return 0
}

// unitScale reports whether the 百 or 千 at i begins a unit: 百分点, 千瓦.
func (r *reader) unitScale(i int) bool {
	return r.has(i, "百分") || r.has(i, "千瓦") || r.has(i, "千伏") || r.has(i, "千克")
}

// unit returns the unit of the number n at from and where it ends.
func (r *reader) unit(from int, n number) (*unit, int) {
	i := n.end
	if k := r.hasAny(i, qualifiers); k > 0 && r.rune(i) != 0 {
		if u, end := r.unitAt(from, i+k); u != nil && u.kind == measure {
			return u, end
		}
	}
	u, end := r.unitAt(from, i)
	if code := r.currencyBefore(from); code != "" && (u == nil || u.base == "元") {
		if u == nil {
			end = i
		}
		return &unit{code, 1, measure}, end
	}
	return u, end
}

// currencyBefore returns the currency that a sign or name just before i sets.
func (r *reader) currencyBefore(i int) string {
	if !strings.ContainsRune("元币金镑$€£¥￥bdry", r.rune(i-1)) || i == 0 {
		return ""
	}
	for _, p := range currencyPrefixes {
		if r.hasBefore(i, p.prefix) {
			return p.code
		}
	}
	return ""
}

// unitAt returns the unit at i of a number that begins at from.
func (r *reader) unitAt(from, i int) (*unit, int) {
	for _, e := range chineseUnits[r.rune(i)] {
		if !r.hasRunes(i, e.name) {
			continue
		}
		end := i + len(e.name)
		last := e.name[len(e.name)-1]
		if isLatin(last) && (isLatin(r.rune(end)) || isDigit(r.rune(end))) || r.hasAny(i, notUnits[e.name[0]]) > len(e.name) {
			continue
		}
		u := e.unit
		if u.base == "m" && u.factor == 1e3 && (r.hasShortlyBefore(from, "时速") || r.hasShortlyBefore(from, "每小时")) {
			u.base, u.factor = "kmh", 1
		}
		if r.rune(i) == '节' && r.hasShortlyBefore(from, "航速") {
			u = unit{"kmh", 1.852, measure}
		}
		return &u, end
	}
	return nil, i
}

func (r *reader) hasRunes(i int, name []rune) bool {
	if i+len(name) > len(r.runes) {
		return false
	}
	for k, c := range name {
		if r.runes[i+k] != c {
			return false
		}
	}
	return true
}

// hasShortlyBefore reports whether a word ends at most ten runes before i, in
// the same clause.
func (r *reader) hasShortlyBefore(i int, word string) bool {
	for k := i; k > 0 && k > i-10; k-- {
		if r.hasBefore(k, word) {
			return true
		}
		if isClauseMark(r.rune(k - 1)) {
			return false
		}
	}
	return false
}

func isClauseMark(c rune) bool {
	switch c {
	case ',', ';', '。', '!', '?', '、', ':', '(', ')':
		return true
	}
	return false
}

// elided reports whether a figure in 个 is one of several in 个百分点 that
// share the word: 2个、0.3个百分点.
func (r *reader) elided(u *unit, end int) bool {
	if r.rune(end-1) != '个' || u.base != "count" || !strings.ContainsRune("、和与及", r.rune(end)) {
		return false
	}
	_, stop := r.arabic(end + 1)
	return stop > end+1 && (r.has(stop, "个百分点") || r.has(stop, "百分点"))
}

// unwritten returns the unit of the number n at i that stands elsewhere or
// goes without saying, and where the figure ends.
func (r *reader) unwritten(i int, n number) (*unit, int) {
	if u := r.shared(n); u != nil {
		return u, n.end
	}
	if u := r.reading(i, n); u != nil {
		return u, n.end
	}
	return r.counted(i, n), n.end
}

// shared returns the unit that a number without one shares with the next:
// 5.1、6.2个百分点.
func (r *reader) shared(n number) *unit {
	if n.han || !strings.ContainsRune("、和", r.rune(n.end)) {
		return nil
	}
	_, stop := r.arabic(n.end + 1)
	if stop == n.end+1 {
		return nil
	}
	u, _ := r.unit(n.end+1, number{end: stop})
	if u == nil || u.base != "pp" && u.base != "ratio" {
		return nil
	}
	return u
}

// reading returns the unit of a number that reads an index: PMI为50.2.
func (r *reader) reading(i int, n number) *unit {
	if n.han || n.tens || isLatin(r.rune(n.end)) || r.rune(n.end) > 0x2E80 && !isClauseMark(r.rune(n.end)) {
		return nil
	}
	if !strings.ContainsRune("为报达至到是得", r.rune(i-1)) || !r.hasShortlyBefore(i, "指数") && !r.hasShortlyBefore(i, "pmi") {
		return nil
	}
	return &unit{"index", 1, measure}
}

// people reports whether one of the next few words at i names people.
func (r *reader) people(i int) bool {
	for k := i; k < i+6 && r.rune(k) >= 0x4E00; k++ {
		if u, _ := r.unitAt(i, k); u != nil && u.base == "person" && r.hasAny(k, persons) > 0 {
			return true
		}
	}
	return false
}

// counted returns the unit of a number of 万 or 亿 that ends its clause, by
// what the clause is about: 观众总数突破130万.
func (r *reader) counted(i int, n number) *unit {
	end := r.rune(n.end)
	if n.tens && !n.bare && end >= 0x4E00 && r.people(n.end) { // 1.5亿退休人员
		return &unit{"person", 1, classifier}
	}
	if n.bare || !n.tens || n.value*n.scale < 1e4 || end != 0 && !isClauseMark(end) && end != '”' && end != '+' {
		return nil
	}
	for _, c := range countedBy {
		for _, w := range c.words {
			if r.hasShortlyBefore(i, w) {
				return &unit{c.base, 1, measure}
			}
		}
	}
	if !n.more && r.boundBefore(i) == "" && !strings.ContainsRune("达至到为", r.rune(i-1)) {
		return nil
	}
	return &unit{"count", 1, classifier}
}
