package syndicate_test

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"broadsheet/syndicate"
)

// pieces are what the texts of the property tests are made of: words, marks,
// amounts, quotations, brackets and characters of several code points.
var pieces = []string{
	"南岸码头", "竣工", "，", "。", "；", "、", "！", "？", " ", "\n", "，其中", "……", "——", "一、", "（一）", "统一管理",
	"26.4亿元", "1,250亩", "3 418.7亿元", "五百二十亿元", "百分之十四点五", "三分之二", "两成五", "７．５％", "2小时35分", "零下12摄氏度", "3至5万元", "2个、0.3个百分点", "10:30", "±800千伏",
	"“", "”", "（", "）", "《", "》", "「", "」", "\"", "'", "(", ")", "[", "]", "《江城年鉴》", "“先行先试。再推广。”", "（含二期）",
	"👩‍💻", "🇨🇳", "👍🏽", "é", "각", "한국", "नि", "❗️", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "👨‍👩‍👧‍👦",
	"The yard", " opened", ".", ", ", "! ", "U.S. ", "Mr. Lee", " $1.2 billion", " 3.4 million tonnes", " 25 basis points", " 12%", "it's", " 1,200 MW", "مرحبا", " עולם",
}

// clusters are those of them that people see as one character.
var clusters = []string{"👩‍💻", "🇨🇳", "👍🏽", "é", "नि", "❗️", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "👨‍👩‍👧‍👦"}

// amounts finds what must stay in one piece, by a rule of its own.
var amounts = regexp.MustCompile(`[0-9０-９]+(?:[,.．][0-9０-９]+)*(?: [0-9]{3}(?:\.[0-9]+)?)?(?:[万亿]*(?:元|亩|个百分点|千伏|摄氏度|小时|分)|[%％]| (?:billion|million tonnes|basis points|MW))?|五百二十亿元|百分之十四点五|三分之二|两成五`)

func genText(t *rapid.T) string {
	return strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 40).Draw(t, "pieces"), "")
}

// checkCut fails when the beginning s[:end] of s ends inside an amount or a
// character.
func checkCut(t *rapid.T, s string, end int) {
	for _, m := range amounts.FindAllStringIndex(s, -1) {
		if m[0] < end && end < m[1] {
			t.Fatalf("cut inside %q: %q", s[m[0]:m[1]], s[:end])
		}
	}
	for _, c := range clusters {
		for at := 0; ; {
			i := strings.Index(s[at:], c)
			if i < 0 {
				break
			}
			if i += at; i < end && end < i+len(c) {
				t.Fatalf("cut inside %q: %q", c, s[:end])
			}
			at = i + len(c)
		}
	}
}

func TestTruncateNeverCutsInside(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := strings.TrimSpace(genText(t))
		limit := rapid.IntRange(0, 60).Draw(t, "limit")
		got := syndicate.Truncate(s, limit)
		if got == s {
			return
		}
		begin := strings.TrimSuffix(strings.TrimSuffix(got, "……"), " …")
		if !strings.HasPrefix(s, begin) {
			t.Fatalf("Truncate(%q, %d) = %q is not its beginning", s, limit, got)
		}
		if n := utf8.RuneCountInString(begin); n > limit {
			t.Fatalf("Truncate(%q, %d) = %q has %d characters", s, limit, got, n)
		}
		checkCut(t, s, len(begin))
		if !syndicate.Balanced(begin) && !strings.HasSuffix(got, "…") {
			t.Fatalf("Truncate(%q, %d) = %q leaves a quotation open", s, limit, got)
		}
	})
}

func TestSentencesNeverCutInside(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := genText(t)
		for _, x := range syndicate.Sentences(s) {
			for _, c := range clusters {
				for at := strings.Index(s, c); at >= 0; {
					if x.End() > at && x.End() < at+len(c) || x.Start > at && x.Start < at+len(c) {
						t.Fatalf("sentence %q of %q is cut inside %q", x.Text, s, c)
					}
					next := strings.Index(s[at+len(c):], c)
					if next < 0 {
						break
					}
					at += len(c) + next
				}
			}
		}
	})
}

func TestBalanced(t *testing.T) {
	for s, want := range map[string]bool{
		"": true, "“好”": true, "“好": false, "好”": true, "（一）《二》": true, "It’s “Lee’s” yard": true,
		"\"Yes\"": true, "\"Yes": false, "a 12\" pipe": true, "(a [b] c)": true, "(a": false, "a) b)": true, "「他說『好』」": true, "(“好)": true,
	} {
		if got := syndicate.Balanced(s); got != want {
			t.Errorf("Balanced(%q) = %v", s, got)
		}
	}
}
