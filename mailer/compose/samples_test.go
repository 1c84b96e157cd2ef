package compose_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"broadsheet/mailer"
	"broadsheet/mailer/compose"
	"broadsheet/mailer/submit"
	"broadsheet/syndicate"
)

// samplesDir is where `make judge` and `make screenshots` want the editions.
var samplesDir = flag.String("samples", "", "write the sample editions into this folder")

// An account is what a made-up article says; amounts are text=value unit.
type account struct {
	source, theme, title, gist, places, amounts string
}

func (a account) article(i int, lang string) syndicate.Article {
	art := article(a.source, fmt.Sprintf("%s%d", lang, i), a.title, a.gist, time.Duration(5+i*7)*time.Hour, filing(a.theme, 2))
	art.Language = lang
	if a.places != "" {
		art.Places = strings.Split(a.places, "|")
	}
	for _, s := range strings.Split(a.amounts, "|") {
		f := syndicate.Figure{}
		text, rest, ok := strings.Cut(s, "=")
		if !ok {
			continue
		}
		f.Text = text
		if _, err := fmt.Sscanf(rest, "%g %s", &f.Normalised, &f.BaseUnit); err != nil {
			panic(err)
		}
		art.Figures = append(art.Figures, f)
	}
	return art
}

// The accounts of two weeks in two towns; both are made up.
var (
	chinese = []account{
		{"bank", "finance", "城商行新设科创支行，首批授信二十四亿元", "支行专为初创企业办理信用贷款，单户最高五百万元。首批六十家企业签约，授信合计24亿元，其中三成用于购置设备。", "滨江区", "二十四亿元=24e8 元|五百万元=5e6 元|三成=0.3 ratio"},
		{"bank", "finance", "地铁公司发行绿色债券8亿元", "债券期限五年，票面利率2.35%，募集资金用于八号线二期车辆采购。", "", "8亿元=8e8 元|2.35%=0.0235 ratio"},
		{"bank", "finance", "三家农商行合并方案公布", "合并后的总资产约136亿元，网点由212个减到180个，存量客户的账户、利率与合同不变。", "江南镇|滨江区", "136亿元=136e8 元|212个=212 count"},
		{"gazette", "finance", "外贸企业本周起可用数字仓单融资", "仓单由港口、海关和银行共同核对，放款时间由五天缩短到四小时，首日放款1.2亿元。", "", "1.2亿元=1.2e8 元|四小时=240 minute"},
		{"port", "industry", "动力电池工厂一期投产，年产能12吉瓦时", "工厂占地680亩，一期投资46亿元，两条产线已经下线首批电芯。二期计划明年三月开工。", "东湖新区", "12吉瓦时=12 吉瓦时|680亩=680 亩|46亿元=46e8 元"},
		{"port", "industry", "机床企业联合成立出口联盟", "十七家企业共用海外仓与售后网点，首单3,800万元，销往东南亚。", "", "3,800万元=3.8e7 元"},
		{"gazette", "infrastructure", "码头二期投产，年吞吐能力达到八十万标箱", "二期新增三个泊位和一条铁路专用线，集装箱由此可以直接换装中欧班列。", "鹤洲港", "八十万标箱=8e5 标箱"},
		{"port", "infrastructure", "跨江隧道贯通", "隧道全长5.4公里，总投资48.6亿元，预计明年六月通车，过江时间由四十分钟缩短到八分钟。", "滨江区", "5.4公里=5.4 公里|48.6亿元=48.6e8 元"},
		{"bank", "infrastructure", "供水管网改造完成七成", "今年更换老旧水管260公里，漏损率由14%降到9.6%，剩余三成明年雨季前完成。", "", "七成=0.7 ratio|260公里=260 公里|9.6%=0.096 ratio"},
	}
	english = []account{
		{"gazette", "finance", "Harbour bond raises £150 million from pension funds", "The port authority sold ten-year bonds on Tuesday at a yield of 4.1 per cent. Investors asked for three times as much.", "Saltmere", "£150 million=150e6 GBP|4.1 per cent=0.041 ratio"},
		{"bank", "finance", "Estuary Savings cuts its mortgage rate again", "The two-year fixed rate falls to 3.9 per cent on Friday, the third cut this year; deposits grew by 11 per cent.", "", "3.9 per cent=0.039 ratio|11 per cent=0.11 ratio"},
		{"gazette", "finance", "Kestrel Mutual buys a rival in crop cover for £310m", "The insurer pays in cash and bonds, a quarter more than the shares of Fenland Crop were worth on Wednesday.", "Fenland", "£310m=310e6 GBP"},
		{"bank", "industry", "Turbine works to hire 400 at the old shipyard", "Blades of 110 metres will leave by barge from next autumn. The works cost £82 million, a third of it from the county.", "Saltmere|Easton", "400=400 person|£82 million=82e6 GBP"},
		{"gazette", "industry", "Cannery orders fall as herring quotas shrink", "Three canneries put 260 people on short time after the quota for the season was cut to 18,000 tonnes.", "", "260=260 person|18,000 tonnes=18000 吨"},
		{"port", "infrastructure", "Second lock gate in place two months early", "The gate weighs 1,250 tonnes and lets ships of 60,000 tonnes into the inner basin. Dredging ends in May.", "Saltmere", "1,250 tonnes=1250 吨|60,000 tonnes=60000 吨"},
		{"port", "infrastructure", "Rail link to the container port wins £96 million", "The money pays for nine miles of single track and a passing loop; freight takes forty lorries an hour off the coast road.", "", "£96 million=96e6 GBP"},
	}
)

// past returns editions before the one that is due: articles and amounts of
// each theme, the latest edition first.
func past(digest, unit string, each float64, n int) []mailer.Edition {
	counts := [][3]int{{3, 4, 2}, {5, 2, 4}, {2, 2, 3}, {4, 5, 1}, {3, 3, 0}, {6, 2, 2}, {2, 4, 5}, {3, 1, 2}, {9, 9, 9}}
	var out []mailer.Edition
	for i, c := range counts[:n] {
		e := mailer.Edition{ID: int64(n - i), Number: n - i, Digest: digest, At: monday().AddDate(0, 0, -7*(i+1)), Language: "zh-Hans"}
		e.Until = e.At
		for j, id := range []string{"finance", "industry", "infrastructure"} {
			if c[j] > 0 {
				e.Sections = append(e.Sections, mailer.Section{Theme: id, Title: id, More: c[j], Sums: map[string]float64{unit: float64(c[j]*(2+i%3)) * each}})
			}
		}
		out = append([]mailer.Edition{e}, out...)
	}
	return out
}

// samples are the editions that must be right in every mail program.
func samples() map[string]func() (mailer.Digest, *store) {
	write := func(lang string, accounts []account) *store {
		s := &store{}
		for i, a := range accounts {
			s.articles = append(s.articles, a.article(i, lang))
		}
		return s
	}
	in := func(lang, title string) mailer.Digest {
		d := weekly()
		d.Language, d.Title = lang, title
		return d
	}
	return map[string]func() (mailer.Digest, *store){
		"zh": func() (mailer.Digest, *store) {
			s := write("zh-Hans", chinese)
			storyOf(s, s.articles[4], syndicate.Article{Key: "retold", Source: "bank", Title: "电池厂投产"}, syndicate.Article{Key: "retold2", Source: "gazette", Title: "电池厂投产"})
			s.articles[8].Filings = append(s.articles[8].Filings, filing("industry", 1))
			s.editions = past("weekly", "元", 6e8, 8)
			return weekly(), s
		},
		"en": func() (mailer.Digest, *store) {
			s := write("en", english)
			storyOf(s, s.articles[0], syndicate.Article{Key: "retold", Source: "bank", Title: "Bond sold"})
			s.editions = past("weekly", "GBP", 3e7, 8)
			return in("en", "The Week on the Estuary"), s
		},
		"first": func() (mailer.Digest, *store) { return weekly(), &store{articles: sample()} },
		"empty": func() (mailer.Digest, *store) {
			d := in("en", "The Week")
			d.SendEmpty = true
			return d, &store{}
		},
		"rtl": func() (mailer.Digest, *store) {
			a := article("gazette", "r1", "افتتاح ميناء جديد على النهر بتكلفة 40 مليون دولار", "افتتح الميناء يوم الأحد، ويستقبل ستين سفينة في الشهر.", time.Hour, filing("infrastructure", 2))
			a.Language = "ar"
			return in("ar", "أخبار الأسبوع"), &store{articles: []syndicate.Article{a}}
		},
		"long": func() (mailer.Digest, *store) {
			s := &store{}
			for i, title := range []string{strings.Repeat("武汉新港建设提速", 250), strings.Repeat("x", 2000), `<b>5 < 6 & "7"</b>`, "新航线🚢🇨🇳👩‍🔧", strings.Repeat("long words everywhere ", 90)} {
				a := article("port", fmt.Sprintf("l%d", i), title, strings.Repeat("一段很长的摘要，说了很多事情；", 60), time.Hour, filing("finance", 2))
				a.Figures, a.Places = amounts(title, "12亿元"), []string{title}
				s.articles = append(s.articles, a)
			}
			return weekly(), s
		},
		"many": func() (mailer.Digest, *store) {
			s := &store{editions: past("weekly", "元", 6e8, 8)}
			for i := range 10_000 {
				s.articles = append(s.articles, chinese[i%len(chinese)].article(i, "zh-Hans"))
				s.articles[i].FirstSeen = monday().Add(-time.Hour)
			}
			d := weekly()
			d.MaxPerTheme = 1000
			return d, s
		},
		"dense": func() (mailer.Digest, *store) { // hardly anything but numbers
			s := &store{}
			for i := range 30 {
				s.articles = append(s.articles, account{
					"port", "industry", fmt.Sprintf("投资%d亿元，新建%d公里", i+12, i+30),
					fmt.Sprintf("产出%d万吨，用工%d人，出口%d.5亿元，占地%d亩，增长%d.4%%，其中%d%%外销。", i+50, i+700, i+20, i+300, i, i+10), "", fmt.Sprintf("%d亿元=%de8 元", i+12, i+12),
				}.article(i, "zh-Hans"))
				s.articles[i].FirstSeen = monday().Add(-time.Hour)
			}
			d := weekly()
			d.MaxPerTheme = 30
			return d, s
		},
		"operator": func() (mailer.Digest, *store) {
			d := weekly()
			d.Operator = true
			return d, &store{articles: sample()}
		},
	}
}

func TestSamples(t *testing.T) {
	for name, sample := range samples() {
		t.Run(name, func(t *testing.T) {
			d, s := sample()
			c := composer(s)
			c.Notices, c.Postal = notices(3), "江城市滨江区码头路1号 430000"
			if name == "en" {
				c.Site.Title, c.Postal = "Estuary Business", "1 Quay Street, Saltmere"
				c.Sources = []syndicate.Source{{Name: "port", Title: "Port Bulletin"}, {Name: "bank", Title: "Money on the Coast"}, {Name: "gazette", Title: "River Gazette"}}
			}
			e, err := c.Compose(t.Context(), d, monday(), compose.Opts{})
			if err != nil {
				t.Fatal(err)
			}
			checkHTML(t, e)
			if name != "long" { // its markup looks like a mistake in the text, rightly
				checkText(t, e)
			}
			m := message(e, s.saved[0], "江城产经 <digest@news.example.com>", "editor@example.com")
			m.Token = mailer.Token([]byte("secret"), mailer.FixedID(m.To))
			data, err := submit.Build(m)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(data), mailer.TokenMark) {
				t.Error("the mark of the token is in the mail")
			}
			for _, form := range []string{e.HTML, e.Text} {
				if strings.Contains(form, mailer.NumberMark) || !strings.Contains(form, "/unsubscribe/"+mailer.TokenMark) {
					t.Error("a form lacks the edition's number or the way out")
				}
			}
			if *samplesDir == "" {
				return
			}
			for ext, body := range map[string]string{".eml": string(data), ".html": strings.ReplaceAll(e.HTML, mailer.TokenMark, m.Token), ".txt": e.Text} {
				if err := os.WriteFile(filepath.Join(*samplesDir, name+ext), []byte(body), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}
