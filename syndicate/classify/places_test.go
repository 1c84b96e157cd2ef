package classify_test

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"broadsheet/syndicate"
	"broadsheet/syndicate/classify"
)

func TestPlacesLieInOthers(t *testing.T) {
	c := newClassifier(t, nil)
	for _, x := range []struct{ why, text, within string }{
		{"a district", "硚口区开工。", "硚口区 Qiaokou 武汉市 Wuhan 湖北省 Hubei"},
		{"a city", "武汉开工。", "武汉市 Wuhan 湖北省 Hubei"},
		{"English", "A plant in Wuhan.", "武汉市 Wuhan 湖北省 Hubei"},
		{"a foreign city", "货到首尔。", "首尔 Seoul 韩国 South Korea Republic of Korea"},
		{"a zone", "落户前海。", "前海深港现代服务业合作区 前海合作区 Qianhai 深圳市 Shenzhen 广东省 Guangdong"},
		{"more than a name", "长沙综合保税区封关。", "长沙市 Changsha 湖南省 Hunan"},
		{"the city right before", "南京市鼓楼区。", "南京市 Nanjing 江苏省 Jiangsu 鼓楼区"},
		{"the city elsewhere", "鼓楼区装电梯。徐州的老楼有三千幢。", "鼓楼区 徐州市 Xuzhou 江苏省 Jiangsu"},
		{"the province is enough for one", "鼓楼区在福建。", "鼓楼区 福州市 Fuzhou 福建省 Fujian"},
		{"which one is not told", "鼓楼区装电梯。", ""},
		{"the province is meant more often", "吉林下雪。", "吉林省 Jilin"},
		{"but not so in full", "吉林市下雪。", "吉林市 Jilin 吉林省"},
		{"neighbours in a list", "浙江的余杭、德清扩产。", "浙江省 Zhejiang 余杭区 Yuhang 杭州市 Hangzhou 德清县 湖州市 Huzhou"},
	} {
		a := c.Classify(&syndicate.Article{Text: x.text}, nil)
		if diff := cmp.Diff(x.within, strings.Join(a.Within, " ")); diff != "" {
			t.Errorf("%s: %s (-want +got)\n%s", x.why, x.text, diff)
		}
	}
}

func TestShortNamesNeedTheirPlace(t *testing.T) {
	c := newClassifier(t, nil)
	for text, want := range map[string]string{
		"大冶的铜厂检修。":       "大冶",
		"黄石市大冶的铜厂检修。":    "黄石市 大冶",
		"江汉的楼盘开售。":       "",
		"武汉的楼盘，江汉先开售。":   "武汉 江汉",
		"中山的灯具。":         "",
		"广东的灯具，中山最多。":    "广东 中山",
		"青海的大通河涨水，西宁无恙。": "青海 西宁",
		"城区改造。":          "",
		"攀枝花市东区改造。":      "攀枝花市 东区",
		"区域发展不平衡，县域经济。":  "",
		"高新区域":           "",
	} {
		a := c.Classify(&syndicate.Article{Text: text}, nil)
		if diff := cmp.Diff(want, strings.Join(a.Places, " ")); diff != "" {
			t.Errorf("%s (-want +got)\n%s", text, diff)
		}
	}
}

func TestPlace(t *testing.T) {
	c := newClassifier(t, nil)
	for _, x := range []struct{ name, near, want, english, in, query string }{
		{"武汉", "", "武汉", "Wuhan", "湖北", "place:武汉市"},
		{"武汉市", "", "武汉", "Wuhan", "湖北", "place:武汉市"},
		{"武漢市", "", "武汉", "Wuhan", "湖北", "place:武汉市"},
		{"Wuhan", "", "武汉", "Wuhan", "湖北", "place:武汉市"},
		{" wuhan ", "", "武汉", "Wuhan", "湖北", "place:武汉市"},
		{"hong kong", "", "香港", "Hong Kong", "", "place:香港特别行政区"},
		{"硚口", "", "硚口区", "Qiaokou", "武汉 湖北", "place:硚口区"},
		{"湖北武汉硚口区", "", "硚口区", "Qiaokou", "武汉 湖北", "place:硚口区"},
		{"南京鼓楼区", "", "南京鼓楼区", "", "南京 江苏", "place:鼓楼区 place:南京市"},
		{"鼓楼区", "", "鼓楼区", "", "", "place:鼓楼区"},
		{"鼓楼区", "南京市 江苏省", "南京鼓楼区", "", "南京 江苏", "place:鼓楼区 place:南京市"},
		{"吉林", "", "吉林", "Jilin", "", "place:吉林省"},
		{"吉林市", "", "吉林市", "Jilin", "吉林", "place:吉林市"},
		{"首尔", "", "首尔", "Seoul", "韩国", "place:首尔"},
		{"恩施州", "", "恩施", "Enshi", "湖北", "place:恩施土家族苗族自治州"},
		{"武汉综合保税区", "", "武汉综合保税区", "", "武汉 湖北", "place:武汉综合保税区"},
		{"长沙新港", "", "长沙新港", "", "长沙 湖南", "place:长沙新港"},
		{"刚果（金）", "", "刚果", "Congo", "", "place:刚果民主共和国"},
	} {
		p, ok := c.Place(x.name, strings.Fields(x.near))
		var in []string
		for _, outer := range p.In {
			in = append(in, outer.Name)
		}
		got := []string{p.Name, p.English, strings.Join(in, " "), p.Query.Text}
		if diff := cmp.Diff([]string{x.want, x.english, x.in, x.query}, got); diff != "" || !ok {
			t.Errorf("%s near %s: %v (-want +got)\n%s", x.name, x.near, ok, diff)
		}
		// The text of its query says what the query is.
		parsed, err := syndicate.ParseQuery(p.Query.Text, time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(p.Query.Root, parsed.Root); diff != "" {
			t.Errorf("%s: the query is not what it says (-query +text)\n%s", x.name, diff)
		}
		// A name that is unique stands for itself.
		if again, ok := c.Place(p.Name, nil); x.near == "" && (!ok || again.Name != p.Name) {
			t.Errorf("%s leads to %s, that to %s", x.name, p.Name, again.Name)
		}
	}
	for _, name := range []string{
		"", " ", "武", "武汉城", "武汉硚口城", "武汉上海", "南京东路", "武汉银行", "武汉市财政局", "华为", "Wuhan!", "Nowhere", "城区", "武汉,上海",
		strings.Repeat("武汉", 100), "\xff", "../etc", "武汉\n",
	} {
		if p, ok := c.Place(name, nil); ok && name != "武汉\n" {
			t.Errorf("%q is taken for %s", name, p.Name)
		}
	}
}

// What an article names is found by its place's own query: pages and feeds
// lose nothing.
func TestPlacesFindTheirArticles(t *testing.T) {
	c := newClassifier(t, nil)
	for _, text := range []string{
		"硚口区与武昌签约。", "南京市鼓楼区和徐州的鼓楼区。", "鼓楼区装电梯。", "长沙综合保税区，恩施州，内蒙古，香港特区。", "货从刚果（金）到韩国首尔。",
		"From Wuhan to Hong Kong and the United States.", "臺北與武漢。", "鄂州花湖国际机场、Huahu Airport。",
	} {
		a := syndicate.Article{Text: text}
		a.Analysis = c.Classify(&a, nil)
		if len(a.Places) == 0 {
			t.Errorf("%s has no places", text)
		}
		for _, name := range a.Places {
			p, ok := c.Place(name, a.Within)
			if !ok {
				t.Errorf("%s: there is no %s", text, name)
				continue
			}
			for _, of := range append([]syndicate.Place{p}, p.In...) {
				if !of.Query.Match(&a, time.Time{}) {
					t.Errorf("%s: the page of %s does not have it (%s; %q)", text, of.Name, of.Query.Text, a.Within)
				}
			}
		}
	}
}

func TestPlacesOfTheOperator(t *testing.T) {
	c, err := classify.New(classify.Config{Places: []classify.Place{
		{Name: "澄江湾", In: "武汉", Also: []string{"Clear Bay", "澄湾"}},
		{Name: "澄江湾码头", In: "澄江湾"},
		{Name: "鼓楼区", In: "徐州"},
		{Name: "武汉", Also: []string{"江城"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"澄江湾码头开工。":                 "澄江湾码头: 澄江湾码头 澄江湾 澄湾 Clear Bay 武汉市 江城 Wuhan 湖北省 Hubei",
		"Ships wait in Clear Bay.": "Clear Bay: 澄江湾 澄湾 Clear Bay 武汉市 江城 Wuhan 湖北省 Hubei",
		"鼓楼区装电梯。":                  "鼓楼区: 鼓楼区 徐州市 Xuzhou 江苏省 Jiangsu",
		"江城下雨。":                    "江城: 武汉市 江城 Wuhan 湖北省 Hubei",
	} {
		a := c.Classify(&syndicate.Article{Text: text}, nil)
		if got := strings.Join(a.Places, ";") + ": " + strings.Join(a.Within, " "); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	if p, ok := c.Place("江城", nil); !ok || p.Query.Text != "place:武汉市" {
		t.Errorf("江城 is %+v", p)
	}
	plain := newClassifier(t, nil)
	if _, ok := plain.Place("澄江湾", nil); ok {
		t.Error("the gazetteer of one configuration is that of another")
	}
	if plain.Fingerprint() == c.Fingerprint() {
		t.Error("articles would not be read anew for the operator's places")
	}
}

// FuzzNames holds what is true of the names of any text.
func FuzzNames(f *testing.F) {
	for _, s := range []string{
		"湖北省武汉市硚口区与南京市鼓楼区", "中国(湖北)自由贸易试验区武汉片区", "武汉市财政局", "Bank of England in St. Petersburg", "臺灣\xff\xfe武汉", "中国（", "武汉站起来", "🇨🇳武汉\u202e北京",
	} {
		f.Add(s)
	}
	c, err := classify.New(classify.Config{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a := syndicate.Article{Title: s, Text: s}
		a.Analysis = c.Classify(&a, nil)
		for _, name := range slices.Concat(a.Places, a.Organisations) {
			written := s
			for strings.Contains(written, "  ") { // spaces alone are not as written
				written = strings.ReplaceAll(written, "  ", " ")
			}
			if !utf8.ValidString(name) || !strings.Contains(written, name) && utf8.ValidString(s) {
				t.Errorf("%q is not in the text", name)
			}
		}
		for _, name := range a.Within {
			if !utf8.ValidString(name) || strings.ContainsAny(name, "?~_/=") {
				t.Errorf("%q is written as in the file", name)
			}
		}
		if p, ok := c.Place(s, nil); ok {
			if again, ok := c.Place(p.Name, nil); !ok || again.Name != p.Name {
				t.Errorf("%q is %q, that is %q", s, p.Name, again.Name)
			}
		}
	})
}

// TestGazetteer holds the gazetteer as a whole: every place is reached by the
// name of its page, and by no other's.
func TestGazetteer(t *testing.T) {
	c := newClassifier(t, nil)
	levels := map[int]int{}
	seen := map[string]string{}
	classify.Places(func(name, official string, level int, in, names []string) {
		levels[level]++
		if other, twice := seen[name]; twice {
			t.Errorf("%s and %s are both %s", official, other, name)
		}
		seen[name] = official
		p, ok := c.Place(name, nil)
		if !ok || p.Name != name {
			t.Errorf("%s of %v: its page %s leads to %q (%v)", official, in, name, p.Name, ok)
		}
		for _, other := range names {
			if other != strings.TrimSpace(other) || strings.ContainsAny(other, "?~_=/:") || utf8.RuneCountInString(other) < 2 {
				t.Errorf("%s is called %q", official, other)
			}
		}
	})
	t.Logf("%d provinces, countries and regions, %d prefectures, %d districts, cities and zones", levels[1], levels[2], levels[3])
	if levels[1] < 200 || levels[2] < 333 || levels[3] < 3200 {
		t.Errorf("%v places; some are lost", levels)
	}
}
