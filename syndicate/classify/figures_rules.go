package classify

import (
	"strings"

	"broadsheet/syndicate"
)

// quoted returns where a title or a set phrase in quotes that begins at i
// ends: 《…》, “三个一批”; i when there is none.
func (r *reader) quoted(i int) int {
	switch r.rune(i) {
	case '《':
		for k := i + 1; k < min(i+maxTitle, len(r.runes)); k++ {
			if r.runes[k] == '》' {
				return k + 1
			}
		}
	case '“', '「', '"':
		for k := i + 1; k < min(i+maxPhrase, len(r.runes)); k++ {
			switch c := r.runes[k]; {
			case c == '”' || c == '」' || c == '"':
				if strings.ContainsRune("一二两三四五六七八九", r.rune(i+1)) {
					return k + 1
				}
				return i
			case isDigit(c) || k > i+1 && scaleOf(c) > 0 || c == '成':
				return i
			}
		}
	}
	return i
}

// How long a title and a set phrase in quotes may be, in characters.
const (
	maxTitle  = 80
	maxPhrase = 12
)

// name reports whether the number at i is part of a name, a date, a rank or a
// score: 第三, 5G, AG600, 3比1, 10:30, 2025-07-23.
func (r *reader) name(i int, n number) bool {
	at := i
	if r.rune(at-1) == ' ' {
		at--
	}
	before, after := r.rune(at-1), r.rune(n.end)
	switch {
	case before == '第' || n.han && (before == '数' || before == '几') || before == '.':
		return true
	case !n.han && (isLatin(r.rune(i-1)) || r.rune(i-1) == '-' && (isLatin(r.rune(i-2)) || isDigit(r.rune(i-2)))):
		return r.currencyBefore(i) == ""
	case isColon(before) && isDigit(r.rune(i-2)), before == '×' && r.has(n.end, "小时"):
		return true
	case (isColon(after) || after == '/') && isDigit(r.rune(n.end+1)):
		return true
	case n.digits > 1 && !n.tens: // 二〇二五, 三五
		return r.rune(n.end) != '成'
	case n.han && (n.value == 0 || r.fiveYears(i, n.end) || r.hasAny(i, numeralNames) > 0): // 零件
		return true
	}
	return false
}

func isColon(c rune) bool { return c == ':' || c == '∶' || c == '比' }

// fiveYears reports whether the numeral is that of a five-year plan: 十四五.
func (r *reader) fiveYears(i, end int) bool {
	return end-i == 3 && r.rune(i) == '十' && r.rune(i+2) == '五'
}

// skipName returns where the name that a number ending at i belongs to ends.
func (r *reader) skipName(i int) int {
	for c := r.rune(i); isDigit(c) || isLatin(c) || c == ':' || c == '-' || c == '.' || c == '比'; c = r.rune(i) {
		i++
	}
	return i
}

// counts reports whether a number with a unit is a figure, and no name, date
// or set phrase.
func (r *reader) counts(i int, n number, u *unit, end int) bool {
	value, before, after := n.value*n.scale, r.rune(i-1), r.rune(end)
	switch {
	case after == '级': // 5万吨级
		return false
	case n.bare && !n.more && r.boundBefore(i) == "" && !r.has(end-2, "人次") && !r.has(end-2, "标箱") && !strings.ContainsRune("上达至到", before):
		return false
	case r.rune(i) == '二' && n.end == i+1 && u.kind == classifier: // 二期, 二手: two things are 两
		return false
	case u.kind == region && (n.han || n.value >= 1000 || !n.more && strings.ContainsRune("A国省市县区镇村乡", before)):
		return false
	case u.kind == degree && !r.degrees(n):
		return false
	case r.edition(i, n, u):
		return false
	case n.one && u.base != "ratio" && u.base != "times" && u.base != "pp":
		return false
	case u.kind == cubic && !n.tens, u.kind == tenth && value > 10:
		return false
	case u.kind == years && r.hasAny(end, []string{"新高", "新低", "最高", "最低"}) > 0: // 八年新高
		return false
	case u.kind == years && (value >= 1000 || r.rune(end) == '来' && before == '多'):
		return false
	case (u.kind == years || u.kind == span) && strings.ContainsRune("前头首", before) && !r.hasBefore(i, "目前") && !r.hasBefore(i, "提前"):
		return false
	case u.kind == classifier && before == '前' && r.hasAnyBefore(i, []string{"目前", "此前", "日前", "以前", "之前", "提前"}) == 0:
		return false
	case u.kind == point && !r.index(i, value):
		return false
	case r.threshold(end), r.setPhrase(i, n, end):
		return false
	}
	return true
}

// degrees reports whether a number of 度 is electricity or heat, and not an
// angle, a latitude or twice.
func (r *reader) degrees(n number) bool {
	return n.tens || r.heat(n) || !n.han && r.about(powerTopic) && !r.about(angleTopic)
}

// edition reports whether the number is the year of an event or a model, at
// the beginning of its name: 2024人形机器人大会, 2025款.
func (r *reader) edition(i int, n number, u *unit) bool {
	if n.han || n.tens || n.grouped || n.value < 1990 || n.value > 2040 || n.value != float64(int(n.value)) {
		return false
	}
	return r.rune(n.end) == '款' || u.base != "元" && (i == 0 || strings.ContainsRune("“「(【 |:", r.rune(i-1))) && r.rune(n.end+1) >= 0x4E00
}

// index reports whether so many 点 are a reading of an index and not a time.
func (r *reader) index(i int, value float64) bool {
	if value > 24 || value != float64(int(value)) {
		return true
	}
	return r.about(indexTopic) || r.hasAnyBefore(i, []string{"涨", "跌"}) > 0
}

// threshold reports whether what ends at end defines a class of projects:
// 亿元以上项目.
func (r *reader) threshold(end int) bool {
	if !r.has(end, "以上") {
		return false
	}
	for end += 2; ; {
		if r.has(end, "项目") {
			return true
		}
		k := r.hasAny(end, []string{"的", "重大", "重点", "产业", "工业", "大", "签约", "投资", "亿元"})
		if k == 0 {
			return false
		}
		end += k
	}
}

// setPhrase reports whether a number of 条, 大, 期 and the like is part of a
// name: 惠企八条, 二期.
func (r *reader) setPhrase(i int, n number, end int) bool {
	before := r.rune(i - 1)
	switch r.rune(end - 1) {
	case '条':
		return r.rules(i, n, end)
	case '次':
		return n.han && r.hasAny(end, []string{"会议", "全会", "全体", "代表大会", "大会", "集体学习", "会晤", "革命", "浪潮"}) > 0
	case '项':
		return n.han && r.hasAny(end, []string{"规定", "原则", "全能", "注意", "基本"}) > 0
	case '期': // 三期
		return !n.more
	case '大': // 四大产业, but not 五大洲
		return !n.han || n.value > 12 || r.rune(end) < 0x4E00 || r.rune(end+1) < 0x4E00 || before == '巨' || r.hasAny(end, []string{"指数", "攻坚", "发展理念", "战略定位"}) > 0
	case '名', '位':
		return before == '排' || before == '居'
	}
	return false
}

// rules reports whether so many 条 are the name of a set of rules: 惠企八条.
func (r *reader) rules(i int, n number, end int) bool {
	before := r.rune(i - 1)
	if before < 0x2E80 || n.more || r.boundBefore(i) != "" || strings.ContainsRune("路线街河道管渠链议见索息鱼巷带轨、", before) {
		return false
	}
	after := r.rune(end)
	if !n.han {
		return after == '”' || r.hasAnyBefore(i, policies) > 0
	}
	return !strings.ContainsRune("了有为共达布台定成出建设修发印推行开通新增含括计的余及和与,“这全至到", before)
}

// bounds are the words just before a number that bound it, longest first.
var bounds = []struct {
	bound string
	words []string
}{
	{">=", []string{"不低于", "不少于", "不小于", "至少", "最少"}},
	{"<=", []string{"不超过", "不高于", "不多于", "不大于", "最多", "最高", "至多", "多达"}},
	{"<", []string{"不到", "不足", "低于", "少于", "小于", "不及", "未满"}},
	{">", []string{"超过", "超出", "突破", "多于", "高于", "大于", "超", "逾", "破"}},
	{"~", []string{"大约", "接近", "将近", "约为", "大概", "约", "近"}},
}

// fillers may stand between such a word and its number.
var fillers = []string{"可达", "达到", "达", "为", "了", "到", "有", "“", "\"", " ", "每年", "每天", "每人", "每户"}

// boundBefore returns the bound that the words just before i set, or "".
func (r *reader) boundBefore(i int) string {
	bound, _ := r.boundWord(i)
	return bound
}

// boundWord returns the bound that the words just before i set, and where
// those words begin.
func (r *reader) boundWord(i int) (string, int) {
	for tries := 0; tries < 3; tries++ {
		for _, b := range bounds {
			if k := r.hasAnyBefore(i, b.words); k > 0 && !r.hasAfterOther(i-k) {
				return b.bound, i - k
			}
		}
		k := r.hasAnyBefore(i, fillers)
		if k == 0 {
			break
		}
		i -= k
	}
	return "", i
}

// hasAfterOther reports whether the word at i is the end of another: 附近, 最近.
func (r *reader) hasAfterOther(i int) bool {
	return r.rune(i) == '近' && strings.ContainsRune("附最邻靠", r.rune(i-1)) || r.rune(i) == '约' && strings.ContainsRune("条合预签节", r.rune(i-1)) ||
		r.rune(i) == '破' && r.rune(i-1) == '突'
}

// bound returns the bound of the figure at runes[i:end], and where the words
// that set it after the figure end.
func (r *reader) bound(i, end int, n number, u *unit) (string, int) {
	after, stop := r.boundAfter(end)
	before := r.boundBefore(i)
	if before == "~" && r.hasBefore(i, "近") && (u.kind == years || u.kind == span && u.base != "minute") {
		before = "" // 近五年: the last five
	}
	switch {
	case n.more:
		return ">", stop
	case before != "":
		return before, stop
	case after != "":
		return after, stop
	case n.about:
		return "~", stop
	case r.hasShortlyBefore(i, "至少"):
		return ">=", stop
	case r.hasShortlyBefore(i, "最多"):
		return "<=", stop
	}
	return "=", stop
}

// boundAfter returns the bound that words at end set, and where they end.
func (r *reader) boundAfter(end int) (string, int) {
	if r.has(end, "(含)") {
		end += 3
	}
	if r.rune(end) == '及' || r.rune(end) == '或' {
		if r.has(end+1, "以上") {
			return ">=", end + 3
		}
		if r.has(end+1, "以下") {
			return "<=", end + 3
		}
	}
	switch {
	case r.rune(end) == '多' && !strings.ContainsRune("个次项家元样种名功边方位条部地数少场件轮所点层重媒级渠式人头跨变彩余", r.rune(end+1)):
		return ">", end + 1
	case r.has(end, "有余"), r.has(end, "开外"), r.has(end, "出头"):
		return ">", end + 2
	case r.has(end, "以上"):
		return ">=", end + 2
	case r.has(end, "以下"):
		return "<", end + 2
	case r.has(end, "以内"), r.has(end, "之内"):
		return "<=", end + 2
	case r.has(end, "左右"), r.has(end, "上下"):
		return "~", end + 2
	case r.rune(end) == '内' && !strings.ContainsRune("蒙容部地外陆需河销资存涵在", r.rune(end+1)):
		return "<=", end + 1
	}
	return "", end
}

var (
	upWords = []string{
		"增长", "提高", "提升", "上升", "上涨", "增加", "扩大", "加快", "回升", "反弹", "上调", "增幅", "涨幅", "升幅", "增幅为", "涨幅为", "升幅为", "增产", "上行", "提升至", "提高至", "偏多", "偏高",
		"净增", "增收", "上浮", "攀升", "上扬", "涨", "升", "增",
	}
	downWords = []string{
		"下降", "降低", "减少", "下跌", "收窄", "压缩", "缩短", "缩减", "回落", "下调", "偏少", "跌幅", "降幅", "降幅为", "跌幅为", "减产", "下行", "下挫", "少收", "偏低", "下滑", "放缓",
		"萎缩", "压减", "压降", "下浮", "降", "跌", "减", "少",
	}
	changeFillers = []string{"超过", "不超过", "超", "逾", "近", "约", "了", "达", "均", "各", "分别", "仅", "将", "不到", "至少", "一度", "幅度", " "}
	listMarks     = []string{"、", "和", "与", "及"}
)

// direction returns in which direction the figure at i is a change. after is
// where it and its bound end.
func (r *reader) direction(i, after int, base string) string {
	if d := r.changeAfter(after); d != "" {
		return d
	}
	if k := r.hasAnyBefore(i, listMarks); k > 0 && len(r.out) > r.first {
		if last := r.out[len(r.out)-1]; last.BaseUnit == base && strings.HasSuffix(r.sentence[:r.at[i-k]], last.Text) {
			return last.Direction
		}
	}
	for tries := 0; tries < 3; tries++ {
		k := r.hasAnyBefore(i, changeFillers)
		if k == 0 {
			break
		}
		i -= k
	}
	switch {
	case r.hasBefore(i, "新增"), r.hasBefore(i, "至少"):
		return ""
	case r.hasAnyBefore(i, upWords) > 0:
		return "up"
	case r.hasAnyBefore(i, downWords) > 0:
		return "down"
	}
	return ""
}

// changeAfter returns the direction that words after a figure tell: 20%的增长.
func (r *reader) changeAfter(i int) string {
	if r.rune(i) != '的' {
		return ""
	}
	switch {
	case r.hasAny(i+1, []string{"增长", "增幅", "增速", "涨幅", "升幅", "提升", "高速增长"}) > 0:
		return "up"
	case r.hasAny(i+1, []string{"降幅", "下降", "跌幅", "下跌"}) > 0:
		return "down"
	}
	return ""
}

// interval reports whether a second number follows at end, at once, as the
// other end of a range of unit u, and where that number begins.
func (r *reader) interval(u *unit, end int) (int, bool) {
	i := end
	if k := r.hasAny(i, []string{"——", "—", "–", "~", "至", "到", "-"}); k > 0 {
		m := r.number(i + k)
		if m.end > i+k && !m.bare {
			if v, _ := r.unit(i+k, m); v != nil && (u == nil || u.base == v.base) {
				return i + k, true
			}
		}
	}
	return 0, false
}

// addRange adds both ends of a range: the lower one, n, ends at end; the other
// one begins at to.
func (r *reader) addRange(i int, n number, u *unit, end, to int) int {
	m := r.number(to)
	v, stop := r.unit(to, m)
	if r.name(i, n) || !r.counts(to, m, v, stop) || v.kind == years && n.value >= 1000 {
		return stop
	}
	if u == nil {
		u = v
		switch {
		case n.scale == 1 && m.scale > 1 && n.value < m.value:
			n.scale, n.unit = m.scale, m.unit
		case n.han && m.han && n.tail < 1e4 && m.tail >= 1e4 && n.value*m.tail < m.value: // 二百至三百万
			n.value *= m.tail
		}
	}
	low, high := r.figure(i, n, u, end), r.figure(to, m, v, stop)
	low.Unit = high.Unit
	low.Bound, high.Bound = ">=", "<="
	if strings.ContainsRune("从由自", r.rune(i-1)) || low.Normalised > high.Normalised {
		low.Bound, high.Bound = "=", "="
	}
	_, after := r.boundAfter(stop)
	low.Direction = r.direction(i, after, low.BaseUnit)
	high.Direction = low.Direction
	r.add(i, stop, low)
	r.add(i, stop, high)
	return stop
}

// halves are the words for a half.
var halves = []string{"一半", "半数", "过半"}

// fraction reads a share or multiple in words at i: 三分之二, 百分之十, 一半,
// 翻一番. It returns where it ends; i when there is none.
func (r *reader) fraction(i int) int {
	if k := r.hasAny(i, halves); k > 0 {
		f := syndicate.Figure{Value: 50, Unit: "%", Normalised: 0.5, BaseUnit: "ratio", Bound: r.boundBefore(i)}
		if r.has(i, "过半") {
			f.Bound = ">"
		} else if after, _ := r.boundAfter(i + k); f.Bound == "" {
			f.Bound = after
		}
		r.add(i, i+k, f)
		return i + k
	}
	switch {
	case r.rune(i) == '翻':
		return r.doubled(i)
	case r.rune(i) == '半':
		return r.half(i)
	case isDigit(r.rune(i)):
		return r.slashed(i)
	}
	return r.partOf(i)
}

// half reads half a year and the like, and 近半.
func (r *reader) half(i int) int {
	before := r.rune(i - 1)
	u, end := r.unitAt(i, i+1)
	switch {
	case u != nil && (u.kind == span || u.kind == years):
		if strings.ContainsRune("上下前后大每过", before) || r.hasAny(i, []string{"半年报", "半年度", "半年线"}) > 0 {
			return end
		}
		f := syndicate.Figure{Value: 0.5, Unit: string(r.runes[i+1 : end]), Normalised: u.factor / 2, BaseUnit: u.base}
		var after int
		f.Bound, after = r.bound(i, end, number{}, u)
		f.Direction = r.direction(i, after, u.base)
		r.add(i, end, f)
		return end
	case before == '近' && !strings.ContainsRune("个数百天月日岛", r.rune(i+1)):
		r.add(i, i+1, syndicate.Figure{Value: 50, Unit: "%", Normalised: 0.5, BaseUnit: "ratio", Bound: "~"})
	}
	return i + 1
}

// slashed reads a share written with a stroke, 1/3; dates and rounds of a
// contest are none.
func (r *reader) slashed(i int) int {
	part, bar := r.rune(i)-'0', r.rune(i+2)-'0'
	end := i + 3
	if r.rune(i+1) != '/' || part < 1 || bar <= part || bar > 9 || isDigit(r.rune(i-1)) || isDigit(r.rune(end)) ||
		r.rune(end) == '/' || r.rune(i-1) == '/' || r.has(end, "决赛") {
		return i
	}
	share := float64(part) / float64(bar)
	f := syndicate.Figure{Value: share, Normalised: share, BaseUnit: "ratio"}
	var after int
	f.Bound, after = r.bound(i, end, number{}, &unit{})
	f.Direction = r.direction(i, after, f.BaseUnit)
	r.add(i, end, f)
	return end
}

// doubled reads 翻一番, 翻了两番, 翻番.
func (r *reader) doubled(i int) int {
	k := i + 1
	if r.rune(k) == '了' {
		k++
	}
	bound := r.boundBefore(i)
	if n := r.hasAny(k, []string{"将近", "接近", "近", "超过", "超", "逾", "约"}); n > 0 {
		k += n
		bound = r.boundBefore(k)
	}
	times := 2.0
	if n := r.number(k); n.end > k && r.rune(n.end) == '番' && n.value < 10 {
		for times = 1; n.value >= 1; n.value-- {
			times *= 2
		}
		k = n.end
	}
	if c := r.rune(k); c != '番' && (c != '倍' || k > i+2) || times < 2 {
		return i
	}
	if after, _ := r.boundAfter(k + 1); bound == "" {
		bound = after
	}
	r.add(i, k+1, syndicate.Figure{Value: times, Unit: "倍", Normalised: times, BaseUnit: "times", Bound: bound, Direction: "up"})
	return k + 1
}

// partOf reads 三分之二 and 百分之十.
func (r *reader) partOf(i int) int {
	whole := r.number(i)
	if !r.has(whole.end, "分之") && !r.has(i, "百分之") && !r.has(i, "千分之") {
		return i
	}
	if r.has(i, "百分之") || r.has(i, "千分之") {
		whole = number{value: scaleOf(r.rune(i)), scale: 1, end: i + 1}
	}
	if whole.end == i || !r.has(whole.end, "分之") || whole.value == 0 {
		return i
	}
	part := r.number(whole.end + 2)
	if part.end == whole.end+2 {
		return i
	}
	share := part.value * part.scale / (whole.value * whole.scale)
	f := syndicate.Figure{Value: share, Normalised: share, BaseUnit: "ratio"}
	if whole.value == 100 {
		f.Value, f.Unit = part.value, "%"
	}
	var after int
	f.Bound, after = r.bound(i, part.end, part, &unit{})
	f.Direction = r.direction(i, after, f.BaseUnit)
	r.add(i, part.end, f)
	return part.end
}
