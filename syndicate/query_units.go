package syndicate

import "strings"

// A baseUnit is how a unit is expressed in the base unit that figures are
// normalised to.
type baseUnit struct {
	unit   string
	factor float64
}

// baseUnits has the units of amounts, folded. Money is not converted from one
// currency into another.
var baseUnits = map[string]baseUnit{
	"": {"", 1},

	"元": {"元", 1}, "块": {"元", 1}, "人民币": {"元", 1}, "元人民币": {"元", 1}, "rmb": {"元", 1}, "cny": {"元", 1},
	"yuan": {"元", 1}, "¥": {"元", 1}, "¥元": {"元", 1},
	"美元": {"USD", 1}, "usd": {"USD", 1}, "$": {"USD", 1}, "us$": {"USD", 1}, "dollars": {"USD", 1}, "美金": {"USD", 1},
	"欧元": {"EUR", 1}, "eur": {"EUR", 1}, "€": {"EUR", 1}, "euros": {"EUR", 1},
	"英镑": {"GBP", 1}, "gbp": {"GBP", 1}, "£": {"GBP", 1}, "pounds": {"GBP", 1},
	"港元": {"HKD", 1}, "港币": {"HKD", 1}, "hkd": {"HKD", 1}, "hk$": {"HKD", 1},
	"日元": {"JPY", 1}, "jpy": {"JPY", 1}, "yen": {"JPY", 1},
	"澳元": {"AUD", 1}, "aud": {"AUD", 1}, "韩元": {"KRW", 1}, "krw": {"KRW", 1},

	"%": {"ratio", 0.01}, "percent": {"ratio", 0.01}, "‰": {"ratio", 0.001}, "成": {"ratio", 0.1}, "ratio": {"ratio", 1},
	"百分点": {"pp", 1}, "个百分点": {"pp", 1}, "pp": {"pp", 1}, "基点": {"bp", 1}, "个基点": {"bp", 1}, "bp": {"bp", 1},

	"平方米": {"m2", 1}, "㎡": {"m2", 1}, "m2": {"m2", 1}, "m²": {"m2", 1}, "sqm": {"m2", 1},
	"亩": {"m2", 666.667}, "mu": {"m2", 666.667}, "公顷": {"m2", 1e4}, "ha": {"m2", 1e4}, "hectares": {"m2", 1e4},
	"平方公里": {"m2", 1e6}, "平方千米": {"m2", 1e6}, "km2": {"m2", 1e6}, "km²": {"m2", 1e6},
	"米": {"m", 1}, "公里": {"m", 1000}, "千米": {"m", 1000}, "km": {"m", 1000}, "海里": {"m", 1852},
	"立方米": {"m3", 1}, "m3": {"m3", 1}, "m³": {"m3", 1},
	"吨": {"t", 1}, "t": {"t", 1}, "tonnes": {"t", 1}, "tons": {"t", 1},
	"公斤": {"t", 0.001}, "千克": {"t", 0.001}, "kg": {"t", 0.001}, "斤": {"t", 0.0005},
	"度": {"kWh", 1}, "千瓦时": {"kWh", 1}, "kwh": {"kWh", 1}, "mwh": {"kWh", 1e3}, "gwh": {"kWh", 1e6},
	"千瓦": {"kW", 1}, "kw": {"kW", 1}, "兆瓦": {"kW", 1000}, "mw": {"kW", 1000}, "吉瓦": {"kW", 1e6}, "gw": {"kW", 1e6},
	"伏": {"V", 1}, "v": {"V", 1}, "千伏": {"V", 1000}, "kv": {"V", 1000},
	"标箱": {"TEU", 1}, "标准箱": {"TEU", 1}, "teu": {"TEU", 1},
	"人": {"person", 1}, "名": {"person", 1}, "人次": {"person", 1}, "people": {"person", 1}, "person": {"person", 1},
	"个": {"count", 1}, "家": {"count", 1}, "项": {"count", 1}, "座": {"count", 1}, "户": {"count", 1}, "辆": {"count", 1},
	"辆次": {"count", 1}, "架次": {"count", 1}, "台": {"count", 1}, "套": {"count", 1}, "件": {"count", 1}, "count": {"count", 1},
	"倍": {"times", 1}, "times": {"times", 1},
	"天": {"day", 1}, "日": {"day", 1}, "days": {"day", 1}, "个月": {"month", 1}, "months": {"month", 1},
	"年": {"year", 1}, "years": {"year", 1}, "分钟": {"minute", 1}, "minutes": {"minute", 1},
	"小时": {"minute", 60}, "hours": {"minute", 60},
	"公里/小时": {"kmh", 1}, "km/h": {"kmh", 1}, "℃": {"C", 1}, "摄氏度": {"C", 1}, "桶/日": {"bpd", 1}, "bpd": {"bpd", 1},
	"点": {"index", 1}, "points": {"index", 1},
}

// factors stand between a number and its unit. A longer one comes before the
// ones it begins with.
var factors = []struct {
	text  string
	value float64
}{
	{"thousand", 1e3},
	{"million", 1e6},
	{"billion", 1e9},
	{"trillion", 1e12},
	{"bn", 1e9},
	{"mn", 1e6},
	{"tn", 1e12},
	{"k", 1e3},
	{"m", 1e6},
	{"b", 1e9},
	{"十", 10},
	{"百", 100},
	{"千", 1e3},
	{"万", 1e4},
	{"亿", 1e8},
}

// cutFactor cuts the factors off what follows a number. A unit that begins
// like a factor stays whole (km, 千瓦), but for a lone m, which is a million.
func cutFactor(s string) (factor float64, unit string) {
	factor = 1
next:
	for {
		s = strings.TrimSpace(s)
		if _, known := baseUnits[s]; known {
			return factor, s
		}
		for _, f := range factors {
			if rest, ok := strings.CutPrefix(s, f.text); ok {
				factor, s = factor*f.value, rest
				continue next
			}
		}
		return factor, s
	}
}
