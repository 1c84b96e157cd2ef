package syndicate_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"broadsheet/syndicate"
)

func TestTypeset(t *testing.T) {
	for _, c := range []struct{ why, lang, in, want string }{
		{"clause marks", "zh-Hans", "码头竣工,吞吐量增长8.5%;航线达12条:", "码头竣工，吞吐量增长8.5%；航线达12条："},
		{"a space after a narrow mark goes", "zh", "码头竣工, 船来了", "码头竣工，船来了"},
		{"thousands", "zh", "占地3,200亩,造价1,250万元", "占地3,200亩，造价1,250万元"},
		{"clock times", "zh", "首班车6:30发车,末班车22:45", "首班车6:30发车，末班车22:45"},
		{"addresses", "zh", "报名见https://example.com/a?x=1,2,联系me@example.com", "报名见https://example.com/a?x=1,2，联系me@example.com"},
		{"an address at the end of a sentence", "zh", "详见 https://example.com/a.", "详见 https://example.com/a."},
		{"quotes in pairs", "zh", "他说\"好\",又说\"走\"", "他说“好”，又说“走”"},
		{"quotes of Taiwan and Hong Kong", "zh-Hant", "他說\"好\"", "他說「好」"},
		{"a lone quote", "zh", "长12\"的板", "长12\"的板"},
		{"brackets that hold Han", "zh", "示范区(一期)开工", "示范区（一期）开工"},
		{"brackets that hold none", "zh", "采用管桩(PHC)施工", "采用管桩(PHC)施工"},
		{"a full stop after Han", "zh", "完工.随后通车.", "完工。随后通车。"},
		{"dots of numbers and versions", "zh", "第2.0版增长3.5倍", "第2.0版增长3.5倍"},
		{"an ellipsis", "zh", "后来...再说。。。", "后来……再说……"},
		{"a dash", "zh", "结果--成功", "结果——成功"},
		{"a range of years", "zh", "2019年-2022年", "2019年—2022年"},
		{"a hyphen in a name", "zh", "歼-20首飞", "歼-20首飞"},
		{"full-width digits and letters", "zh", "ＧＤＰ增长５．６％", "GDP增长5.6%"},
		{"questions", "zh", "真的?真的!", "真的？真的！"},
		{"English in Chinese", "zh", "他引述\"Yes, we can.\"一句", "他引述“Yes, we can.”一句"},
		{"curly quotes in English in Chinese", "zh", "他说“Yes, we can,” 然后走了", "他说“Yes, we can,” 然后走了"},
		{"English", "en", "Ready, steady: \"go\" (now).", "Ready, steady: \"go\" (now)."},
		{"English without a language", "", "Ready, steady.", "Ready, steady."},
		{"a Chinese name in English", "en", "Wuhan (武汉), a city", "Wuhan (武汉), a city"},
		{"right already", "zh", "她问：“何时开船？”", "她问：“何时开船？”"},
		{"lines", "zh", "甲\"乙\n丙\"丁", "甲\"乙\n丙\"丁"},
	} {
		got := syndicate.Typeset(c.in, c.lang)
		if got != c.want {
			t.Errorf("%s: Typeset(%q) = %q, want %q", c.why, c.in, got, c.want)
		}
		if again := syndicate.Typeset(got, c.lang); again != got {
			t.Errorf("%s: typeset again: %q, then %q", c.why, got, again)
		}
	}
}

func TestTypesetIsLinear(t *testing.T) {
	for _, s := range []string{"(", "\"", "汉(", "@", "...", ", ", "汉,", "://", "-"} {
		if got := syndicate.Typeset("汉"+strings.Repeat(s, 300_000), "zh"); got == "" {
			t.Errorf("%q: nothing came back", s)
		}
	}
}

func FuzzTypeset(f *testing.F) {
	f.Add("她答:\"后天开船.\"(含夜班),票在https://example.com/a,b")
	f.Fuzz(func(t *testing.T, s string) {
		got := syndicate.Typeset(s, "zh")
		if utf8.ValidString(s) && !utf8.ValidString(got) {
			t.Fatalf("Typeset(%q) = %q is not UTF-8", s, got)
		}
	})
}
