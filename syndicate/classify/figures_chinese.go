package classify

import (
	"strings"

	"broadsheet/syndicate"
)

// A number is a number in a sentence, with what it is scaled by.
type number struct {
	value  float64 // without scale
	scale  float64 // 万 is 1e4
	unit   string  // the scale as written
	more   bool    // 多, 余: the amount is larger
	about  bool    // 来: the amount is about that
	bare   bool    // nothing but a scale: 百, 亿
	one    bool    // the numeral 一
	han    bool    // written in numerals
	tens   bool    // has a scale of its own, as 万
	end    int
	digits int // numerals in a row, as in 二〇二五
}

// readChinese finds the figures of a sentence with Han characters.
func (r *reader) readChinese() {
	for i := 0; i < len(r.runes); {
		if c := r.runes[i]; !isDigit(c) && !startsChinese(c) {
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
	u, end := r.unit(n)
	if to, ok := r.interval(u, end); ok {
		return r.addRange(i, n, u, end, to)
	}
	if u == nil {
		if u, end = r.shared(n); u == nil {
			return n.end
		}
	} else if r.elided(u, end) {
		u = &unit{"pp", 1, measure}
	}
	if !r.counts(i, n, u, end) {
		return max(n.end, min(end, n.end+1))
	}
	f := r.figure(n, u, end)
	if u.base == "minute" && r.has(end-2, "小时") {
		if m, stop := r.arabic(end); stop > end && r.rune(stop) == '分' {
			f.Value, f.Normalised = n.value+m/60, f.Normalised+m
			end = stop + 1
			if r.rune(end) == '钟' {
				end++
			}
		}
	}
	var after int
	f.Bound, after = r.bound(i, end, n, u)
	f.Direction = r.direction(i, after, f.BaseUnit)
	r.add(i, end, f)
	return end
}

// figure returns the figure of a number and its unit, which ends at end.
func (r *reader) figure(n number, u *unit, end int) syndicate.Figure {
	f := syndicate.Figure{Value: n.value, Normalised: n.value * n.scale * u.factor, BaseUnit: u.base}
	f.Unit = n.unit + strings.TrimSpace(strings.TrimLeft(string(r.runes[n.end:end]), "多余"))
	switch {
	case u.base == "kmh":
		f.Unit = "公里/小时"
	case u.kind == degree && !n.tens && (r.near("气温") || r.near("零下") || r.near("温度") || r.near("高温")):
		f.BaseUnit = "C"
	}
	return f
}

// near reports whether a word stands anywhere in the sentence.
func (r *reader) near(word string) bool { return strings.Contains(r.sentence, word) }

// number reads a number at i: digits or numerals, and what scales them.
func (r *reader) number(i int) number {
	n := number{scale: 1, end: i}
	if value, end := r.arabic(i); end > i {
		n.value, n.end = value, end
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

// unit returns the unit of a number and where it ends.
func (r *reader) unit(n number) (*unit, int) {
	i := n.end
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
		if u.base == "m" && u.factor == 1e3 && (r.hasShortlyBefore(i, "时速") || r.hasShortlyBefore(i, "每小时")) {
			u.base, u.factor = "kmh", 1
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

// shared returns the unit that a number without one shares with the next:
// 5.1、6.2个百分点.
func (r *reader) shared(n number) (*unit, int) {
	if n.han || !strings.ContainsRune("、和", r.rune(n.end)) {
		return nil, n.end
	}
	_, stop := r.arabic(n.end + 1)
	if stop == n.end+1 {
		return nil, n.end
	}
	u, _ := r.unit(number{end: stop})
	if u == nil || u.base != "pp" && u.base != "ratio" {
		return nil, n.end
	}
	return u, n.end
}
