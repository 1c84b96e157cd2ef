package compose_test

import (
	"strings"
	"testing"
	"time"

	"broadsheet/syndicate"
)

// Numbers stay on one line with their units, in digits and in words.
func TestNumbersStayWhole(t *testing.T) {
	for text, want := range map[string][]string{
		"完成14万平方米地基处理及898根桩基":        {"14万平方米", "898根"},
		"同比增长11.6%，达1545.2亿元":        {"1545.2亿元"}, // browsers keep 11.6% by themselves
		"授信二十四亿元，首批六十家企业签约":          {"二十四亿元", "六十家"},
		"一家企业投产":                     nil,
		"十二月二十三日":                    {"十二月", "二十三日"},
		"Rail link wins £96 million": {"£96 million"},
		"Rates fell by 3 per cent":   nil,
	} {
		a := article("port", "k", text, "摘要。", time.Hour, filing("finance", 2))
		e := composed(t, &store{articles: []syndicate.Article{a}}, weekly())
		_, title, _ := strings.Cut(e.HTML, "<h3")
		title, _, _ = strings.Cut(title, "</h3>")
		var got []string
		for _, s := range strings.Split(title, `<span style="white-space:nowrap">`)[1:] {
			s, _, _ = strings.Cut(s, "</span>")
			got = append(got, s)
		}
		if strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("%s: kept on one line %q, want %q", text, got, want)
		}
	}
}
