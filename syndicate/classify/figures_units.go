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
	region          // 国, 县: only after digits
)

// chineseUnits are the units of Chinese sentences, folded. Base units and
// factors are those of the metric system; 亩 is a fifteenth of a hectare.
var chineseUnits = unitTable(map[string]unit{
	"元": {"元", 1, measure}, "元人民币": {"元", 1, measure}, "人民币": {"元", 1, measure}, "块钱": {"元", 1, measure},
	"美元": {"USD", 1, measure}, "欧元": {"EUR", 1, measure}, "港元": {"HKD", 1, measure}, "港币": {"HKD", 1, measure},
	"日元": {"JPY", 1, measure}, "英镑": {"GBP", 1, measure}, "澳元": {"AUD", 1, measure}, "韩元": {"KRW", 1, measure},
	"加元": {"CAD", 1, measure}, "新元": {"SGD", 1, measure}, "瑞郎": {"CHF", 1, measure}, "卢布": {"RUB", 1, measure},
	"新台币": {"TWD", 1, measure}, "卢比": {"INR", 1, measure}, "马克": {"DEM", 1, measure},
	"美金": {"USD", 1, measure}, "日圆": {"JPY", 1, measure}, "韩圆": {"KRW", 1, measure}, "加币": {"CAD", 1, measure}, "澳币": {"AUD", 1, measure},
	"台币": {"TWD", 1, measure}, "新加坡元": {"SGD", 1, measure}, "瑞士法郎": {"CHF", 1, measure}, "澳门元": {"MOP", 1, measure},
	"泰铢": {"THB", 1, measure}, "林吉特": {"MYR", 1, measure}, "雷亚尔": {"BRL", 1, measure}, "兰特": {"ZAR", 1, measure}, "里拉": {"TRY", 1, measure},
	"越南盾": {"VND", 1, measure}, "迪拉姆": {"AED", 1, measure}, "瑞典克朗": {"SEK", 1, measure}, "挪威克朗": {"NOK", 1, measure},

	"%": {"ratio", 0.01, measure}, "‰": {"ratio", 0.001, measure}, "成": {"ratio", 0.1, tenth},
	"个百分点": {"pp", 1, measure}, "百分点": {"pp", 1, measure}, "个基点": {"bp", 1, measure}, "基点": {"bp", 1, measure}, "bp": {"bp", 1, measure},
	"倍": {"times", 1, measure},

	"平方米": {"m2", 1, measure}, "平米": {"m2", 1, measure}, "m²": {"m2", 1, measure}, "㎡": {"m2", 1, measure},
	"平方公里": {"m2", 1e6, measure}, "平方千米": {"m2", 1e6, measure}, "公顷": {"m2", 1e4, measure}, "亩": {"m2", 2000.0 / 3, measure},
	"立方米": {"m3", 1, measure}, "立方": {"m3", 1, measure}, "方": {"m3", 1, cubic}, "升": {"m3", 1e-3, measure}, "毫升": {"m3", 1e-6, measure}, "立方公里": {"m3", 1e9, measure}, "m³": {"m3", 1, measure},
	"公里": {"m", 1e3, measure}, "千米": {"m", 1e3, measure}, "km": {"m", 1e3, measure}, "米": {"m", 1, measure}, "里": {"m", 500, cubic},
	"厘米": {"m", 1e-2, measure}, "cm": {"m", 1e-2, measure}, "毫米": {"m", 1e-3, measure}, "mm": {"m", 1e-3, measure},
	"微米": {"m", 1e-6, measure}, "纳米": {"m", 1e-9, measure}, "海里": {"m", 1852, measure}, "英里": {"m", 1609.344, measure},
	"公里/小时": {"kmh", 1, measure}, "千米/小时": {"kmh", 1, measure}, "km/h": {"kmh", 1, measure}, "公里每小时": {"kmh", 1, measure}, "千米每小时": {"kmh", 1, measure}, "米/秒": {"kmh", 3.6, measure}, "米每秒": {"kmh", 3.6, measure},
	"吨": {"t", 1, measure}, "载重吨": {"t", 1, measure}, "毫克": {"t", 1e-9, measure}, "公斤": {"t", 1e-3, measure}, "千克": {"t", 1e-3, measure}, "kg": {"t", 1e-3, measure},
	"斤": {"t", 5e-4, measure}, "克": {"t", 1e-6, measure},
	"千瓦时": {"kWh", 1, measure}, "瓦时": {"kWh", 1e-3, measure}, "兆瓦时": {"kWh", 1e3, measure}, "太瓦时": {"kWh", 1e9, measure}, "twh": {"kWh", 1e9, measure}, "吉瓦时": {"kWh", 1e6, measure},
	"kwh": {"kWh", 1, measure}, "mwh": {"kWh", 1e3, measure}, "gwh": {"kWh", 1e6, measure}, "度": {"kWh", 1, degree}, "度电": {"kWh", 1, measure},
	"千瓦": {"kW", 1, measure}, "瓦": {"kW", 1e-3, measure}, "兆瓦": {"kW", 1e3, measure}, "吉瓦": {"kW", 1e6, measure}, "太瓦": {"kW", 1e9, measure},
	"kw": {"kW", 1, measure}, "mw": {"kW", 1e3, measure}, "gw": {"kW", 1e6, measure},
	"千伏": {"V", 1e3, measure}, "kv": {"V", 1e3, measure}, "伏": {"V", 1, measure}, "伏特": {"V", 1, measure},
	"标箱": {"TEU", 1, measure}, "标准箱": {"TEU", 1, measure}, "个标箱": {"TEU", 1, measure}, "个标准箱": {"TEU", 1, measure}, "teu": {"TEU", 1, measure},
	"℃": {"C", 1, measure}, "摄氏度": {"C", 1, measure}, "°c": {"C", 1, measure},
	"桶/日": {"bpd", 1, measure}, "桶每日": {"bpd", 1, measure}, "点": {"index", 1, point},

	"人": {"person", 1, classifier}, "名": {"person", 1, classifier}, "位": {"person", 1, classifier}, "人次": {"person", 1, classifier},
	"人口": {"person", 1, classifier}, "号人": {"person", 1, classifier}, "口人": {"person", 1, classifier}, "余名": {"person", 1, classifier},
	"年": {"year", 1, years}, "个月": {"month", 1, span}, "天": {"day", 1, span}, "日历天": {"day", 1, span}, "个工作日": {"day", 1, span},
	"工作日": {"day", 1, span}, "周": {"day", 7, span}, "个星期": {"day", 7, span}, "小时": {"minute", 60, span}, "个小时": {"minute", 60, span},
	"分钟": {"minute", 1, span}, "秒": {"minute", 1.0 / 60, span}, "秒钟": {"minute", 1.0 / 60, span},

	"户次": {"count", 1, classifier}, "辆次": {"count", 1, classifier}, "架次": {"count", 1, classifier}, "列次": {"count", 1, classifier},
	"班次": {"count", 1, classifier}, "车次": {"count", 1, classifier}, "航次": {"count", 1, classifier}, "艘次": {"count", 1, classifier},
	"件次": {"count", 1, classifier}, "市州": {"count", 1, classifier}, "省份": {"count", 1, classifier}, "省市": {"count", 1, classifier},
	"省区": {"count", 1, classifier}, "批次": {"count", 1, classifier}, "台套": {"count", 1, classifier}, "大": {"count", 1, classifier},
	"国": {"count", 1, region}, "省": {"count", 1, region}, "市": {"count", 1, region}, "县": {"count", 1, region}, "镇": {"count", 1, region}, "村": {"count", 1, region},

	"儿童": {"person", 1, classifier}, "学生": {"person", 1, classifier}, "居民": {"person", 1, classifier}, "群众": {"person", 1, classifier},
	"农民": {"person", 1, classifier}, "农民工": {"person", 1, classifier}, "游客": {"person", 1, classifier}, "旅客": {"person", 1, classifier},
	"职工": {"person", 1, classifier}, "员工": {"person", 1, classifier}, "用户": {"person", 1, classifier}, "党员": {"person", 1, classifier},
	"市民": {"person", 1, classifier}, "考生": {"person", 1, classifier}, "师生": {"person", 1, classifier}, "观众": {"person", 1, classifier},
	"民众": {"person", 1, classifier}, "毕业生": {"person", 1, classifier}, "志愿者": {"person", 1, classifier}, "人员": {"person", 1, classifier}, "老人": {"person", 1, classifier}, "消费者": {"person", 1, classifier}, "大学生": {"person", 1, classifier},
	"企业": {"count", 1, classifier}, "农户": {"count", 1, classifier},
}, "个家项座台辆列架艘根场次颗户股套处条种类批份件册款笔单例宗间所幢栋层道只头棵株块片支枚组团轮集张封起口节班趟桶瓶箱期部名手席群票尾匹羽盒袋罐扇盏首幅副双堂篇页眼孔捆包杯碗针床站井")

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
	"点开", "大会", "大学", "大桥", "大厦", "大道", "大洋", "大行", "大型", "大赛", "方面", "集团", "集中", "集装", "班子", "班列", "轮船", "轮车", "轮电动", "口子",
	"升级", "升至", "升温", "节能", "节课", "单位", "单项", "类似", "份额", "场馆", "场地", "家族", "根据", "起草", "起来", "所属", "所有", "所在", "处于", "处理",
	"条件", "名单", "名录", "户籍", "户外", "个人", "里程", "克服", "起伏", "股份",
	"首届", "首次", "首批", "首个", "首日", "首家", "首台", "首席", "首都", "首发", "首付", "首先", "首创", "首套", "首府", "手机", "手续", "手段", "手工",
	"手术", "手中", "手里", "手抓", "手房", "手车", "席位", "席卷", "群众", "群体", "群岛", "群组", "票房", "票据", "票面", "票价", "票务", "双方", "双向", "双边", "双创",
	"双碳", "双语", "双休", "双重", "双减", "双千", "包括", "包含", "包装", "包机", "包容", "针对", "床位", "床上", "幅度", "篇章", "篇幅", "站点", "站台", "站式", "页面", "页岩",
	"眼下", "眼科", "眼镜", "副总", "副省", "副部", "副主", "副市", "堂食", "碗面", "杯赛", "孔雀", "井口", "井冈", "件套", "人转", "人行", "轮驱", "台山", "台县", "台河",
	"元宇", "元化", "元区", "元桥", "元里", "天猫", "天府", "天河", "天山", "天气", "天使", "天宫", "天舟", "天问", "天空", "天下", "天地", "里屯", "棵松", "道口", "只松",
	"部曲", "部委",
	"国道", "国际", "国家", "国企", "国内", "国产", "国防", "国有", "国庆", "国债", "国资", "国会", "国民", "国外", "国药", "国网", "省级", "省道", "省委", "省政", "省会", "省内",
	"县级", "县道", "县委", "县域", "县城", "市级", "市场", "市民", "市委", "市政", "市值", "市区", "市中", "市售", "镇长", "镇级", "村民", "村级", "村口", "村委", "村里", "企业家",
	"学生会", "用户端", "用户体", "层楼梯", "股势", "人小组", "人制", "股东", "股权", "块地", "头部", "周年", "周岁", "周边", "秒杀", "团体", "团队",
)

func byFirst(words ...string) map[rune][]string {
	out := map[rune][]string{}
	for _, w := range words {
		c, _ := utf8.DecodeRuneInString(w)
		out[c] = append(out[c], w)
	}
	return out
}

// persons are words for people that may stand some way after their number.
var persons = []string{
	"儿童", "学生", "居民", "群众", "农民", "游客", "旅客", "职工", "员工", "用户", "党员", "市民", "考生", "师生", "观众", "民众", "毕业生", "志愿者", "人员", "老人", "消费者",
}

// qualifiers stand between a number and its unit, and change nothing of it.
var qualifiers = []string{"标准", "铺轨", "单线", "正线", "双线", "延长", "延展"}

// currencyPrefixes are signs and names of money before a number in Chinese,
// folded, longest first.
var currencyPrefixes = []struct{ prefix, code string }{
	{"hk$", "HKD"},
	{"us$", "USD"},
	{"nt$", "TWD"},
	{"a$", "AUD"},
	{"c$", "CAD"},
	{"s$", "SGD"},
	{"rmb", "元"},
	{"usd", "USD"},
	{"eur", "EUR"},
	{"cny", "元"},
	{"港币", "HKD"},
	{"港元", "HKD"},
	{"美元", "USD"},
	{"美金", "USD"},
	{"欧元", "EUR"},
	{"日元", "JPY"},
	{"英镑", "GBP"},
	{"人民币", "元"},
	{"新台币", "TWD"},
	{"$", "USD"},
	{"€", "EUR"},
	{"£", "GBP"},
	{"¥", "元"},
	{"￥", "元"},
}

// countedBy tells what a number counts when its unit goes without saying, by
// the words before it in its clause.
var countedBy = []struct {
	base  string
	words []string
}{
	{"person", []string{"人数", "人口", "观众", "游客", "旅客", "用户", "客流", "粉丝", "员工", "学生", "会员", "人才", "人员", "人次"}},
	{"元", []string{"票房", "营收", "收入", "金额", "投资", "销售额", "成交额", "产值", "市值", "利润", "资金", "募资", "融资", "减负", "投入", "耗资", "节省", "拨付", "减税", "余额", "总额", "货值", "案值"}},
}

// policies are words before a number of 条 that make a name of it.
var policies = []string{"惠企", "惠民", "助企", "纾困", "暖企", "稳企", "经济", "增长", "稳岗", "新国", "新政", "金融", "科创", "民企", "民营", "消费", "外贸", "楼市", "板", "稳", "促"}

// numeralNames are names and set phrases that begin like a number and a unit.
var numeralNames = []string{
	"三个代表", "两个确立", "两个维护", "两个毫不动摇", "两个一百年", "四个全面", "四个意识", "四个自信", "三个务必", "三座大山", "三股势力",
	"七匹狼", "六个核桃", "三只松鼠", "三元桥", "四元桥", "一个中国", "三天两头", "十年磨",
}
