package classify_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"broadsheet/syndicate"
)

func TestNames(t *testing.T) {
	c := newClassifier(t, nil)
	for _, x := range []struct{ why, text, places, organisations string }{
		{"provinces and cities", "货从湖北省宜昌市运到重庆。", "湖北省 宜昌市 重庆", ""},
		{"the fuller form", "武汉下雨,武汉市区积水。", "武汉市", ""},
		{"districts", "硚口区与东西湖区签约。", "硚口区 东西湖区", ""},
		{"zones of a city", "武汉经开区和宜昌高新区、长沙新港、合肥综合保税区。", "武汉经开区 宜昌高新区 长沙新港 合肥综合保税区", ""},
		{"a zone with its city", "落户武汉东湖高新区。", "武汉东湖高新区", ""},
		{"a trade zone", "中国(湖北)自由贸易试验区武汉片区揭牌。", "中国(湖北)自由贸易试验区武汉片区", ""},
		{"regions and countries", "长江经济带的货去德国和东南亚。", "长江经济带 德国 东南亚", ""},
		{"traditional script", "武漢到臺灣的航班。", "武漢 臺灣", ""},
		{"words that look like places", "朝阳产业前景好,沿海地区、出海口和重大庆祝活动,南方日照充足。", "", ""},
		{"offices of a place", "武汉市财政局和湖北省国资委、宜昌市政府开会。", "武汉市 湖北省 宜昌市", "武汉市财政局 国资委 宜昌市政府"},
		{"banks", "人民银行武汉分行说,汉口银行出资。", "", "人民银行武汉分行 汉口银行"},
		{"known organisations", "华为与工信部会谈。", "", "华为 工信部"},
		{"no organisations", "武汉布局新产业,格局大变,武汉多家银行跟进。", "武汉", ""},
		{"English", "Duke Power Co of Wuhan met the Bank of England in London, and Britain's Allied Plc.", "Wuhan London Britain", "Bank of England Duke Power Co"},
		{"English words that are no places", "We ate turkey in a china shop.", "", ""},
		{"nothing", "", "", ""},
	} {
		a := c.Classify(&syndicate.Article{Text: x.text}, nil)
		if diff := cmp.Diff(x.places, strings.Join(a.Places, " ")); diff != "" {
			t.Errorf("%s: places (-want +got)\n%s", x.why, diff)
		}
		if diff := cmp.Diff(x.organisations, strings.Join(a.Organisations, " ")); diff != "" {
			t.Errorf("%s: organisations (-want +got)\n%s", x.why, diff)
		}
	}
}

func TestNamesOfTheTitleCount(t *testing.T) {
	c := newClassifier(t, nil)
	a := c.Classify(&syndicate.Article{Title: "【宜昌招商】荆州港开航", Text: "首航去武汉。"}, nil)
	if diff := cmp.Diff([]string{"荆州港", "武汉"}, a.Places); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
