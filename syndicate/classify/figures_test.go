package classify_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"broadsheet/syndicate"
)

// brief tells a figure in few words: 2.5亿元 = 2.5e+08 元 ~ up.
func brief(f syndicate.Figure) string {
	return strings.TrimSpace(fmt.Sprintf("%s = %g %s %s %s", f.Text, f.Normalised, f.BaseUnit, f.Bound, f.Direction))
}

func checkFigures(t *testing.T, cases []figureCase) {
	t.Helper()
	c := newClassifier(t, nil)
	for _, x := range cases {
		var got []string
		for _, f := range c.Classify(&syndicate.Article{Text: x.text}, nil).Figures {
			got = append(got, brief(f))
		}
		if diff := cmp.Diff(x.want, got); diff != "" {
			t.Errorf("%s: %s (-want +got)\n%s", x.why, x.text, diff)
		}
	}
}

type figureCase struct {
	why, text string
	want      []string
}

func TestChineseFigures(t *testing.T) {
	checkFigures(t, []figureCase{
		{"money", "码头造价26.4亿元。", []string{"26.4亿元 = 2.64e+09 元 ="}},
		{"foreign money", "订单值3.5亿美元、800万欧元。", []string{"3.5亿美元 = 3.5e+08 USD =", "800万欧元 = 8e+06 EUR ="}},
		{"full-width digits", "增长５．６％。", []string{"５．６％ = 0.056 ratio = up"}},
		{"groups by comma", "占地1,250亩。", []string{"1,250亩 = 833333.333333 m2 ="}},
		{"groups by space", "产值3 418.7亿元。", []string{"3 418.7亿元 = 3.4187e+11 元 ="}},
		{"a comma between clauses", "建成12座,3座在建。", []string{"12座 = 12 count =", "3座 = 3 count ="}},
		{"numerals", "共投入四百六十亿元,另有三亿五千万元在途。", []string{"四百六十亿元 = 4.6e+10 元 =", "三亿五千万元 = 3.5e+08 元 ="}},
		{"digits and numerals", "惠及6万3千余户。", []string{"6万3千余户 = 63000 count >"}},
		{"a bare scale needs a bound", "码头年吞吐量超百万标箱,百万居民受益。", []string{"百万标箱 = 1e+06 TEU >"}},
		{"tenths and parts", "两成住户搬走,三分之二留下,百分之十五观望,一半人赞成。", []string{"两成 = 0.2 ratio =", "三分之二 = 0.666666666667 ratio =", "百分之十五 = 0.15 ratio =", "一半 = 0.5 ratio ="}},
		{"doubling", "产量翻了一番,销量翻两番。", []string{"翻了一番 = 2 times = up", "翻两番 = 4 times = up"}},
		{"multiples", "今年的客流是去年的6.4倍。", []string{"6.4倍 = 6.4 times ="}},
		{"up", "运量同比增长7.3%。", []string{"7.3% = 0.073 ratio = up"}},
		{"down", "能耗降低约2.5个百分点。", []string{"2.5个百分点 = 2.5 pp ~ down"}},
		{"a level is no change", "票价降至去年的92.5%。", []string{"92.5% = 0.925 ratio ="}},
		{"the change stands after", "实现20%以上的增长。", []string{"20% = 0.2 ratio >= up"}},
		{"a list shares its direction", "产量和销量分别增长5.1%、6.2%。", []string{"5.1% = 0.051 ratio = up", "6.2% = 0.062 ratio = up"}},
		{"a list shares its unit", "分别高于全国和全省3个、0.7个百分点。", []string{"3个 = 3 pp =", "0.7个百分点 = 0.7 pp ="}},
		{"bounds", "不低于3吨,不超过5吨,近7吨,不到9吨,11吨左右,13吨以内,15吨以下。", []string{
			"3吨 = 3 t >=", "5吨 = 5 t <=", "7吨 = 7 t ~", "9吨 = 9 t <", "11吨 = 11 t ~", "13吨 = 13 t <=", "15吨 = 15 t <",
		}},
		{"more", "新招200余人,用时4个多小时。", []string{"200余人 = 200 person >", "4个多小时 = 240 minute >"}},
		{"the last years are no estimate", "近五年开通12条航线。", []string{"五年 = 5 year =", "12条 = 12 count ="}},
		{"a range", "可装6亿—9亿立方米,长12至45公里。", []string{
			"6亿—9亿立方米 = 6e+08 m3 >=", "6亿—9亿立方米 = 9e+08 m3 <=", "12至45公里 = 12000 m >=", "12至45公里 = 45000 m <=",
		}},
		{"hours and minutes", "全程2小时35分。", []string{"2小时35分 = 155 minute ="}},
		{"speed", "设计时速350公里,船速40公里/小时。", []string{"350公里 = 350 kmh =", "40公里/小时 = 40 kmh ="}},
		{"power and heat", "装机560兆瓦,年发电21亿度,气温降到4度。", []string{"560兆瓦 = 560000 kW =", "21亿度 = 2.1e+09 kWh =", "4度 = 4 C ="}},
		{"points of an index", "沪指报3021.5点,下跌27点。", []string{"3021.5点 = 3021.5 index =", "27点 = 27 index = down"}},
		{"once a sentence", "长9公里,共9公里。", []string{"9公里 = 9000 m ="}},
		{"traditional script", "貸款餘額達23億元,同比增長兩成。", []string{"23億元 = 2.3e+09 元 =", "兩成 = 0.2 ratio = up"}},
		{"set phrases", "世界500强、5G、AG600、10.5代线、惠企八条、“十四五”规划、一带一路、三农、5万吨级、第3位、第九项。", nil},
		{"dates and times", "2025年7月23日10:30,二〇二五年、前5个月、90年代、3月起、8点开会。", nil},
		{"names, plans and books", "两项规划、惠企16条、稳增长31条、“三个一批”、中央八项规定、二手房、二十届三中全会三次会议、《百年五项》、沪深300。", []string{"两项 = 2 count ="}},
		{"years of events", "2025人形机器人大会,“2024家博会”,2026款轿车。", nil},
		{"signs of money", "订单US$4.5亿、港币3亿、€200万,门票¥60。", []string{"4.5亿 = 4.5e+08 USD =", "3亿 = 3e+08 HKD =", "200万 = 2e+06 EUR =", "60 = 60 元 ="}},
		{"a half more", "一成半住户,两年半,1倍半,半小时,近半,半年报,上半年。", []string{"一成半 = 0.15 ratio =", "两年半 = 2.5 year =", "1倍半 = 1.5 times =", "半小时 = 30 minute =", "半 = 0.5 ratio ~"}},
		{"below zero", "气温降到零下8℃。", []string{"8℃ = -8 C ="}},
		{"a stroke", "约1/3的住户,1/4决赛,2025/11/3。", []string{"1/3 = 0.333333333333 ratio ~"}},
		{"the unit goes without saying", "观众突破130万,投资9000万,增至2亿。", []string{"130万 = 1.3e+06 person >", "9000万 = 9e+07 元 =", "2亿 = 2e+08 count ="}},
		{"scores and classes", "主队3比1胜,3:1领先;亿元以上项目、5亿元以上重大项目;三年期存款;2.0版。", nil},
		{"words that begin like a unit", "两部门发文,百日会战,五大洲,一个方案,八年新高。", nil},
	})
}

func TestEnglishFigures(t *testing.T) {
	checkFigures(t, []figureCase{
		{"money", "The yard costs $2.4bn (£1.3bn) or 250 mln dlrs.", []string{"$2.4bn = 2.4e+09 USD =", "£1.3bn = 1.3e+09 GBP =", "250 mln dlrs = 2.5e+08 USD ="}},
		{"money of others", "They paid 40 million euros, HK$3 million and 5 billion yen.", []string{"40 million euros = 4e+07 EUR =", "HK$3 million = 3e+06 HKD =", "5 billion yen = 5e+09 JPY ="}},
		{"shares", "Two-thirds agree, one in five does not, half of them wait.", []string{"Two-thirds = 0.666666666667 ratio =", "one in five = 0.2 ratio =", "half = 0.5 ratio ="}},
		{"up and down", "Output rose by 3 pct, imports fell 0.7 percentage points, and sales were 8.2 per cent higher.", []string{
			"3 pct = 0.03 ratio = up", "0.7 percentage points = 0.7 pp = down", "8.2 per cent = 0.082 ratio = up",
		}},
		{"bounds", "At least 40 tonnes, nearly 50 tonnes, more than 60 tonnes, up to 70 tonnes and fewer than 80 tonnes.", []string{
			"40 tonnes = 40 t >=", "50 tonnes = 50 t ~", "60 tonnes = 60 t >", "70 tonnes = 70 t <=", "80 tonnes = 80 t <",
		}},
		{"a range", "Fares rose to between 6% and 6.75% of the price.", []string{"6% = 0.06 ratio >=", "6.75% = 0.0675 ratio <="}},
		{"over a time", "It will last over six years.", []string{"six years = 6 year ="}},
		{"things counted", "The firm hired 25 Antonov An26 planes for 16 towns and 38,000 fans.", []string{
			"25 Antonov An26 planes = 25 count =", "16 towns = 16 count =", "38,000 fans = 38000 person =",
		}},
		{"lengths", "A 36-inch pipe runs 10 miles.", []string{"36-inch = 0.9144 m =", "10 miles = 16093.44 m ="}},
		{"oil", "It pumps 120,000 barrels per day.", []string{"120,000 barrels per day = 120000 bpd ="}},
		{"power and boxes", "A 300-megawatt plant and 5.1 million TEUs.", []string{"300-megawatt = 300000 kW =", "5.1 million TEUs = 5.1e+06 TEU ="}},
		{"an index", "The index fell to 48.6 from a revised 49.9.", []string{"48.6 = 48.6 index =", "49.9 = 49.9 index ="}},
		{"the unit of the one before", "Trains run 3.5 hours late, up from two.", []string{"3.5 hours = 210 minute =", "two = 120 minute ="}},
		{"multiples", "Sales doubled, costs tripled; demand will grow tenfold to twice the supply. A double room.", []string{"doubled = 2 times = up", "tripled = 3 times = up", "tenfold = 10 times = up"}},
		{"parts", "A third of ships, nine out of ten crews, half will go; in the first half a third party won.", []string{"A third = 0.333333333333 ratio =", "nine out of ten = 0.9 ratio =", "half = 0.5 ratio ="}},
		{"big words", "Half a million tonnes, a dozen firms, two and a half years, Rs 25 crore, US$ 3 million.", []string{
			"Half a million tonnes = 500000 t =", "a dozen firms = 12 count =", "two and a half years = 2.5 year =", "Rs 25 crore = 2.5e+08 INR =", "US$ 3 million = 3e+06 USD =",
		}},
		{"ranges share a unit", "Rates of 40-45%, $300-350 million, four to six weeks.", []string{
			"40-45% = 0.4 ratio >=", "40-45% = 0.45 ratio <=", "$300-350 million = 3e+08 USD >=", "$300-350 million = 3.5e+08 USD <=", "four to six weeks = 28 day >=", "four to six weeks = 42 day <=",
		}},
		{"a change is no range", "Gold rose $14 to $2,031.", []string{"$14 = 14 USD = up", "$2,031 = 2031 USD ="}},
		{"numbers alone", "The blast killed 45 workers and injured 185; output rose to 158,444 from 150,752.", []string{
			"45 workers = 45 person =", "185 = 185 person =", "158,444 = 158444 count =", "150,752 = 150752 count =",
		}},
		{"names, dates, scores", "On March 22, 1987 at 10:30 Unit 2 won 3-1 in the 5th round on 5G with its A319, 60-year-old No. 7 and 48-port switch.", nil},
		{"one", "One man saw one day.", nil},
	})
}

func TestFiguresOfTheTitleStandFirstAndOnce(t *testing.T) {
	c := newClassifier(t, nil)
	a := c.Classify(&syndicate.Article{Title: "码头投资26亿元 年底通航12条航线", Text: "码头总投资26亿元。工期三年。"}, nil)
	var got []string
	for _, f := range a.Figures {
		got = append(got, f.Text+" in "+f.Sentence)
	}
	want := []string{"12条 in 码头投资26亿元 年底通航12条航线", "26亿元 in 码头总投资26亿元。", "三年 in 工期三年。"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
