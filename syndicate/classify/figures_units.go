package classify

import "unicode/utf8"

// A unit is what a number can measure.
type unit struct {
	base   string
	factor float64
	kind   kind
}

// A kind says what rules a Chinese unit follows.
type kind uint8

const (
	measure    kind = iota
	classifier      // counts things: 个, 家; a bare 一 before it is no figure
	years           // may be the name of a year
	span            // of time, but for years
	degree          // of heat or electricity
	point           // of an index, or of the clock
	cubic           // 方: only after 万 and the like
	tenth           // 成
)

// chineseUnits are the units of Chinese sentences, folded. Base units and
// factors are those of the metric system; 亩 is a fifteenth of a hectare.
var chineseUnits = unitTable(map[string]unit{
	"元": {"元", 1, measure}, "元人民币": {"元", 1, measure}, "人民币": {"元", 1, measure}, "块钱": {"元", 1, measure},
	"美元": {"USD", 1, measure}, "欧元": {"EUR", 1, measure}, "港元": {"HKD", 1, measure}, "港币": {"HKD", 1, measure},
	"日元": {"JPY", 1, measure}, "英镑": {"GBP", 1, measure}, "澳元": {"AUD", 1, measure}, "韩元": {"KRW", 1, measure},
	"加元": {"CAD", 1, measure}, "新元": {"SGD", 1, measure}, "瑞郎": {"CHF", 1, measure}, "卢布": {"RUB", 1, measure},
	"新台币": {"TWD", 1, measure}, "卢比": {"INR", 1, measure}, "马克": {"DEM", 1, measure},

	"%": {"ratio", 0.01, measure}, "‰": {"ratio", 0.001, measure}, "成": {"ratio", 0.1, tenth},
	"个百分点": {"pp", 1, measure}, "百分点": {"pp", 1, measure}, "个基点": {"bp", 1, measure}, "基点": {"bp", 1, measure}, "bp": {"bp", 1, measure},
	"倍": {"times", 1, measure},

	"平方米": {"m2", 1, measure}, "平米": {"m2", 1, measure}, "m²": {"m2", 1, measure}, "㎡": {"m2", 1, measure},
	"平方公里": {"m2", 1e6, measure}, "平方千米": {"m2", 1e6, measure}, "公顷": {"m2", 1e4, measure}, "亩": {"m2", 2000.0 / 3, measure},
	"立方米": {"m3", 1, measure}, "立方": {"m3", 1, measure}, "方": {"m3", 1, cubic}, "升": {"m3", 1e-3, measure}, "m³": {"m3", 1, measure},
	"公里": {"m", 1e3, measure}, "千米": {"m", 1e3, measure}, "km": {"m", 1e3, measure}, "米": {"m", 1, measure}, "里": {"m", 500, cubic},
	"厘米": {"m", 1e-2, measure}, "cm": {"m", 1e-2, measure}, "毫米": {"m", 1e-3, measure}, "mm": {"m", 1e-3, measure},
	"微米": {"m", 1e-6, measure}, "纳米": {"m", 1e-9, measure}, "海里": {"m", 1852, measure}, "英里": {"m", 1609.344, measure},
	"公里/小时": {"kmh", 1, measure}, "千米/小时": {"kmh", 1, measure}, "km/h": {"kmh", 1, measure}, "公里每小时": {"kmh", 1, measure},
	"吨": {"t", 1, measure}, "公斤": {"t", 1e-3, measure}, "千克": {"t", 1e-3, measure}, "kg": {"t", 1e-3, measure},
	"斤": {"t", 5e-4, measure}, "克": {"t", 1e-6, measure},
	"千瓦时": {"kWh", 1, measure}, "瓦时": {"kWh", 1e-3, measure}, "兆瓦时": {"kWh", 1e3, measure}, "吉瓦时": {"kWh", 1e6, measure},
	"kwh": {"kWh", 1, measure}, "mwh": {"kWh", 1e3, measure}, "gwh": {"kWh", 1e6, measure}, "度": {"kWh", 1, degree}, "度电": {"kWh", 1, measure},
	"千瓦": {"kW", 1, measure}, "瓦": {"kW", 1e-3, measure}, "兆瓦": {"kW", 1e3, measure}, "吉瓦": {"kW", 1e6, measure},
	"kw": {"kW", 1, measure}, "mw": {"kW", 1e3, measure}, "gw": {"kW", 1e6, measure},
	"千伏": {"V", 1e3, measure}, "kv": {"V", 1e3, measure}, "伏": {"V", 1, measure}, "伏特": {"V", 1, measure},
	"标箱": {"TEU", 1, measure}, "标准箱": {"TEU", 1, measure}, "个标箱": {"TEU", 1, measure}, "个标准箱": {"TEU", 1, measure}, "teu": {"TEU", 1, measure},
	"℃": {"C", 1, measure}, "摄氏度": {"C", 1, measure}, "°c": {"C", 1, measure},
	"桶/日": {"bpd", 1, measure}, "桶每日": {"bpd", 1, measure}, "点": {"index", 1, point},

	"人": {"person", 1, classifier}, "名": {"person", 1, classifier}, "位": {"person", 1, classifier}, "人次": {"person", 1, classifier},
	"人口": {"person", 1, classifier}, "余名": {"person", 1, classifier},
	"年": {"year", 1, years}, "个月": {"month", 1, span}, "天": {"day", 1, span}, "日历天": {"day", 1, span}, "个工作日": {"day", 1, span},
	"工作日": {"day", 1, span}, "周": {"day", 7, span}, "个星期": {"day", 7, span}, "小时": {"minute", 60, span}, "个小时": {"minute", 60, span},
	"分钟": {"minute", 1, span}, "秒": {"minute", 1.0 / 60, span}, "秒钟": {"minute", 1.0 / 60, span},

	"户次": {"count", 1, classifier}, "辆次": {"count", 1, classifier}, "架次": {"count", 1, classifier}, "列次": {"count", 1, classifier},
	"班次": {"count", 1, classifier}, "车次": {"count", 1, classifier}, "航次": {"count", 1, classifier}, "艘次": {"count", 1, classifier},
	"件次": {"count", 1, classifier}, "市州": {"count", 1, classifier}, "省份": {"count", 1, classifier}, "省市": {"count", 1, classifier},
	"省区": {"count", 1, classifier}, "大": {"count", 1, classifier},
}, "个家项座台辆列架艘根场次颗户股套处条种类批份件册款笔单例宗间所幢栋层道只头棵株块片支枚组团轮集张封起口节班趟桶瓶箱期部名")

// A unitEntry is a unit with its name.
type unitEntry struct {
	name []rune
	unit
}

// unitTable groups units by their first rune, longest name first, and adds
// the classifiers of one character.
func unitTable(units map[string]unit, classifiers string) map[rune][]unitEntry {
	for _, c := range classifiers {
		if _, ok := units[string(c)]; !ok {
			units[string(c)] = unit{"count", 1, classifier}
		}
	}
	table := map[rune][]unitEntry{}
	for name, u := range units {
		e := unitEntry{[]rune(name), u}
		list := table[e.name[0]]
		at := len(list)
		for at > 0 && len(list[at-1].name) < len(e.name) {
			at--
		}
		list = append(list, unitEntry{})
		copy(list[at+1:], list[at:])
		list[at] = e
		table[e.name[0]] = list
	}
	return table
}

// notUnits are words that begin like a unit, by their first character.
var notUnits = byFirst(

	"人工", "人才", "人均", "人为", "家庭", "家具", "家电", "家乡", "家长", "元旦", "元素", "元宵", "米饭", "米粉", "米其林", "成立", "成为", "成功",
	"成果", "成员", "成本", "成交", "成熟", "成年", "成都", "成人", "次产业", "次元", "次性", "次方", "天然", "天津", "部门", "部委", "部分", "部署",
	"支持", "支付", "支出", "支撑", "台阶", "台风", "台账", "度假", "位数", "位于", "层次", "层面", "道路", "项目", "组织", "组成", "组合", "片区",
	"口岸", "口径", "期货", "期间", "期工程", "期项目", "年代", "年级", "年度", "年期", "年版", "年规划", "年计划", "年行动", "点多", "点钟", "点半", "点整",
	"点开", "大会", "大学", "大桥", "大厦", "大道", "大洋", "大行", "大型", "大赛", "方面", "集团", "集中", "集装", "班子", "班列", "轮船", "轮车",
	"升级", "升至", "升温", "节能", "节课", "单位", "单项", "类似", "份额", "场馆", "场地", "家族", "根据", "起草", "起来", "所属", "所有", "所在", "处于", "处理",
	"条件", "名单", "名录", "户籍", "户外", "个人", "里程", "克服", "起伏", "股份", "股东", "股权", "块地", "头部", "周年", "周岁", "周边", "秒杀", "团体", "团队",
)

func byFirst(words ...string) map[rune][]string {
	out := map[rune][]string{}
	for _, w := range words {
		c, _ := utf8.DecodeRuneInString(w)
		out[c] = append(out[c], w)
	}
	return out
}
