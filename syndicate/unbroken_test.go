package syndicate_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"broadsheet/syndicate"
)

func TestUnbroken(t *testing.T) {
	for in, want := range map[string][]string{
		"码头用桩1,250根,占地3.5万平方米。":    {"1,250根", "3.5万平方米"},
		"增长7.5%，达26.4亿元":           {"7.5%", "26.4亿元"},
		"2026年3月9日开工，6月完工":         {"2026年", "3月9日", "6月"},
		"上升２．５个百分点":                {"２．５个百分点"},
		"有12家公司、300多名工人":           {"12家", "300多名"},
		"发电16亿千瓦时，装机200兆瓦":         {"16亿千瓦时", "200兆瓦"},
		"10:30开会，第3号决定":            {"3号"},
		"投资$12亿，气温±5℃":             {"$12亿", "±5℃"},
		"The yard cost $3 in 2026": nil,
		"":                         nil,
		"12":                       nil,
		"5千":                       {"5千"},
	} {
		var got []string
		for _, span := range syndicate.Unbroken(in) {
			got = append(got, in[span[0]:span[1]])
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", in, diff)
		}
	}
	if got := syndicate.Unbroken(strings.Repeat("1,", 200_000)); got != nil {
		t.Errorf("digits alone: %v", got[:1])
	}
}

func FuzzUnbroken(f *testing.F) {
	f.Add("1,250根,２．５个百分点。7月23日\xff")
	f.Fuzz(func(t *testing.T, s string) {
		at := 0
		for _, span := range syndicate.Unbroken(s) {
			if span[0] < at || span[1] <= span[0] || span[1] > len(s) {
				t.Fatalf("%v after %d in %q", span, at, s)
			}
			at = span[1]
		}
	})
}
