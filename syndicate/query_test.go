package syndicate_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"broadsheet/syndicate"
)

// show writes a query's tree so that a test can hold it in one line.
func show(e syndicate.Expr) string {
	many := func(op string, es []syndicate.Expr) string {
		parts := []string{op}
		for _, e := range es {
			parts = append(parts, show(e))
		}
		return "(" + strings.Join(parts, " ") + ")"
	}
	switch e := e.(type) {
	case nil:
		return "all"
	case syndicate.And:
		return many("and", e)
	case syndicate.Or:
		return many("or", e)
	case syndicate.Not:
		return "(not " + show(e.Expr) + ")"
	case syndicate.Phrase:
		if e.Title {
			return "title[" + e.Text + "]"
		}
		return "[" + e.Text + "]"
	case syndicate.Field:
		return e.Name + "[" + e.Value + "]"
	case syndicate.Date:
		name := "before"
		if e.After {
			name = "after"
		}
		if e.Age != 0 {
			return name + "[" + e.Age.String() + "]"
		}
		return name + "[" + e.At.Format(time.RFC3339) + "]"
	case syndicate.Amount:
		return fmt.Sprintf("amount[%s %.10g %s]", e.Op, e.Value, e.Unit)
	}
	return fmt.Sprintf("%#v", e)
}

func TestParseQuery(t *testing.T) {
	zone := time.FixedZone("", 8*3600)
	for _, c := range []struct{ query, want string }{
		{"", "all"},
		{"  　 ", "all"},
		{"港口", "[港口]"},
		{"港口 OR 航运 theme:infrastructure", "(or [港口] (and [航运] theme[infrastructure]))"},
		{"a b AND c", "(and [a] [b] [c])"},
		{"a OR b OR c d", "(or [a] [b] (and [c] [d]))"},
		{"(a OR b) (c d)", "(and (or [a] [b]) [c] [d])"},
		{"（港口 OR 航运）贷款", "(and (or [港口] [航运]) [贷款])"},
		{"NOT a", "(not [a])"},
		{"-a b", "(and (not [a]) [b])"},
		{"－港口", "(not [港口])"},
		{"NOT NOT a", "(not (not [a]))"},
		{"--a", "(not (not [a]))"},
		{"-(a OR b)", "(not (or [a] [b]))"},
		{`-"a b"`, "(not [a b])"},
		{"-title:a", "(not title[a])"},
		{`"two words" “引号 里”`, "(and [two words] [引号 里])"},
		{`＂full width＂`, "[full width]"},
		{`a"b"c`, "(and [a] [b] [c])"},
		{`"AND"`, "[and]"},
		{"and or not", "(and [and] [or] [not])"},
		{"AT&T C++ foo-bar U.S.", "(and [at t] [c] [foo bar] [u s])"},
		{"ＧＤＰ Port", "(and [gdp] [port])"},
		{"5G网络", "[5g 网络]"},
		{"a - b *** c", "(and [a] [b] [c])"},
		{"銀行貸款", "[银行贷款]"},
		{"3:2 贷款：利率", "(and [3 2] [贷款 利率])"},
		{"GDP：增长", "[gdp 增长]"},
		{"title:港口", "title[港口]"},
		{"title：港口", "title[港口]"},
		{"TITLE:Port", "title[port]"},
		{`title:"New Port"`, "title[new port]"},
		{"theme:Finance", "theme[finance]"},
		{"source:wuhan-invest", "source[wuhan-invest]"},
		{"lang:zh-Hans", "lang[zh-hans]"},
		{"place:武漢", "place[武汉]"},
		{`author:"Li, Na"`, "author[li na]"},
		{"after:2026-11-23", "after[2026-11-23T00:00:00+08:00]"},
		{"before:２０２６-11-23", "before[2026-11-23T00:00:00+08:00]"},
		{"after:7d before:12h", "(and after[168h0m0s] before[12h0m0s])"},
		{"after:1w2d3h", "after[219h0m0s]"},
		{"amount:>1亿", "amount[> 100000000 ]"},
		{"amount:>=500万美元", "amount[>= 5000000 USD]"},
		{"amount:<2.5bn", "amount[< 2500000000 ]"},
		{"amount:≤30%", "amount[<= 0.3 ratio]"},
		{`amount:"> 1,250 亩"`, "amount[> 833333.75 m2]"},
		{"amount:3m", "amount[= 3000000 ]"},
		{"amount:=3km", "amount[= 3000 m]"},
		{"amount:>$5k", "amount[> 5000 USD]"},
		{"amount:>十亿", ""},
		{"amount:>1万億元", "amount[> 1e+12 元]"},
		{"amount:＞１億", "amount[> 100000000 ]"},
		{"amount:>2百万千瓦", "amount[> 2000000 kW]"},
		{"amount:>0.5个百分点", "amount[> 0.5 pp]"},
		{"-amount:<1", "(not amount[< 1 ])"},
	} {
		q, err := syndicate.ParseQuery(c.query, zone)
		if c.want == "" {
			if err == nil {
				t.Errorf("%s: no error", c.query)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.query, err)
			continue
		}
		if got := show(q.Root); got != c.want {
			t.Errorf("%s is %s, want %s", c.query, got, c.want)
		}
		if q.Text != c.query {
			t.Errorf("%s: Text is %q", c.query, q.Text)
		}
	}
	q, err := syndicate.ParseQuery("after:2026-11-23", nil)
	if err != nil || show(q.Root) != "after[2026-11-23T00:00:00Z]" {
		t.Errorf("without a zone: %s, %v", show(q.Root), err)
	}
}

func TestBadQueries(t *testing.T) {
	for _, c := range []struct {
		name, query string
		char        int
		msg         string
	}{
		{"no end of a phrase", `港口 "航运`, 4, "this quotation mark is never closed; close it"},
		{"no end of a group", "港 (a OR b", 3, "this parenthesis is never closed; close it"},
		{"no beginning of a group", "港口) a", 3, "this parenthesis was never opened; remove it"},
		{"nothing but an end", ")", 1, "this parenthesis was never opened; remove it"},
		{"an empty group", "a ()", 4, "a word is missing between the opening parenthesis and this parenthesis"},
		{"nothing after OR", "港口 OR", 6, "a word is missing after OR"},
		{"nothing before OR", "OR 港口", 1, "a word is missing before OR; add one, or put OR into quotation marks"},
		{"two operators", "a AND OR b", 7, "a word is missing before OR"},
		{"nothing after NOT", "a NOT", 6, "a word is missing after NOT"},
		{"OR before the end of a group", "(a OR)", 6, "a word is missing between OR and this parenthesis"},
		{"an unknown field", "港 tilte:x", 3, `there is no field "tilte"; the fields are after, amount, author, before, lang, place, source, theme, title`},
		{"an address", "https://example.com", 1, `there is no field "https"`},
		{"an empty field", "a title: b", 3, "title: needs a value right after the colon, such as title:港口"},
		{"a field before a group", "title:(a b)", 1, "title: needs a value right after the colon"},
		{"a field of marks", "title:***", 7, "title: needs a value"},
		{"an empty field in quotes", `theme:""`, 1, "theme: needs a value"},
		{"no date", "after:yesterday", 7, `"yesterday" is neither a date nor an age; write one such as 2026-11-23, 7d or 12h`},
		{"no day of the calendar", "after:2026-02-30", 7, `"2026-02-30" is neither a date nor an age`},
		{"no age", "before:0d", 8, `the age "0d" is not between an hour and 100 years`},
		{"an age without end", "before:999999w", 8, `the age "999999w" is not between`},
		{"no amount", "港 amount:much", 10, `"much" is no amount; write one such as >1亿`},
		{"an unknown unit", "amount:>1florin", 8, `the unit "florin" is not known; leave it out or use one such as 元`},
		{"an amount without a number", "amount:>亿", 8, "is no amount"},
		{"an amount without end", "amount:>" + strings.Repeat("9", 400), 8, "is too large; use a smaller one"},
		{"nothing to look for", " *** ", 1, "there is no letter or digit to look for"},
		{"no text", "a \xff b", 3, "this is not UTF-8"},
		{"too long", strings.Repeat("港", 700), 667, "a query is at most 2000 bytes long, this one has 2100; shorten it"},
		{"too many words", strings.Repeat("a ", 101), 201, "a query has at most 100 words and fields; leave some out"},
		{"too deep", strings.Repeat("(", 30) + "a" + strings.Repeat(")", 30), 22, "more than 20 parentheses and negations inside each other"},
		{"too many negations", strings.Repeat("-", 30) + "a", 22, "more than 20 parentheses and negations inside each other"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := syndicate.ParseQuery(c.query, nil)
			var bad *syndicate.QueryError
			if !errors.As(err, &bad) {
				t.Fatalf("error %v", err)
			}
			if bad.Char != c.char || !strings.Contains(bad.Msg, c.msg) {
				t.Errorf("at %d: %s\nwant at %d: %s", bad.Char, bad.Msg, c.char, c.msg)
			}
			if want := fmt.Sprintf("query: at character %d: ", c.char); !strings.HasPrefix(err.Error(), want) {
				t.Errorf("error %q does not begin with %q", err, want)
			}
			if bad.Offset > len(c.query) || utf8.RuneCountInString(c.query[:bad.Offset]) != c.char-1 {
				t.Errorf("offset %d is not character %d", bad.Offset, c.char)
			}
		})
	}
}

func TestWords(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{"  ，。!  ", ""},
		{"The new Port, opened.", "the new port opened"},
		{"武汉新港，吞吐量增长11.6%。", "武汉新港 吞吐量增长 11 6"},
		{"5G网络 C++", "5g 网络 c"},
		{"ＡＢＣ　１２", "abc 12"},
		{"銀行", "银行"},
		{"don’t", "don t"},
		{"café cafe\u0301", "café cafe\u0301"},
		{"か\u3099く スーパー 한국", "かく スーパー 한국"},
		{"co\u00ADop zero\u200Bwidth", "coop zerowidth"},
		{"葛\U000E0100飾", "葛饰"},
		{"\u0301x", "x"},
		{"𠀀𠀁", "𠀀𠀁"},
		{strings.Repeat("x", 70) + "港", strings.Repeat("x", 64) + " 港"},
		{strings.Repeat("港", 70), strings.Repeat("港", 70)},
	} {
		got := syndicate.Words(c.text)
		if got != c.want {
			t.Errorf("Words(%q) = %q, want %q", c.text, got, c.want)
		}
		if again := syndicate.Words(got); again != got {
			t.Errorf("Words(%q) = %q", got, again)
		}
	}
	long := syndicate.Words(strings.Repeat("港。", 100_000))
	if n := strings.Count(long, "港"); n < 30_000 || n > 34_000 {
		t.Errorf("of a long text %d words are left", n)
	}
}

func BenchmarkWords(b *testing.B) {
	for _, c := range []struct{ name, text string }{
		{"zh", strings.Repeat("江城南岸的新碼頭上周完成驗收，首批300個貨櫃已經裝船。", 40)},
		{"en", strings.Repeat("The first ship at the new quay carried 300 boxes; it sailed on Monday. ", 40)},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.text)))
			b.ReportAllocs()
			for b.Loop() {
				_ = syndicate.Words(c.text)
			}
		})
	}
}

func TestMatch(t *testing.T) {
	now := time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC)
	a := &syndicate.Article{
		Title: "武汉新港：吞吐量", Summary: "A port for ships", Text: "It opens. Ships come. 港口经济",
		Source: "wuhan", Language: "zh-Hans", Authors: []string{"Li Na"}, FirstSeen: now.Add(-24 * time.Hour),
	}
	a.Filings = []syndicate.Filing{{Theme: "finance"}}
	a.Places = []string{"武汉市"}
	a.Figures = []syndicate.Figure{{Normalised: 1e8, BaseUnit: "元", Bound: ">"}, {Normalised: 0.1 + 0.2, BaseUnit: "ratio"}, {Normalised: 5, BaseUnit: "t", Bound: "<"}}
	for query, want := range map[string]bool{
		"": true, "港": true, "汉新": true, "新吞": false, "量": true, "吞吐量": true, `"新港 吞吐量"`: true, `"新 吞"`: false, `"汉 吞"`: false,
		"port": true, "por": false, "ort": false, "ships": true, `"ships it"`: false, `"ships come"`: true, `"come 港口"`: true, `"come 口"`: false, "口经": true,
		"title:port": false, "title:新港": true, "port NOT 新港": false, "port OR none": true, "none OR nothing": false, "-none": true,
		"theme:finance": true, "theme:fin": false, "source:wuhan": true, "source:wu": false, "lang:zh": true, "lang:zh-hans": true, "lang:z": false, "lang:zh-han": false,
		"place:武汉": true, "place:市": true, "place:北京": false, "author:na": true, "author:n": false,
		"after:24h": true, "after:23h": false, "before:24h": false, "before:23h": true, "after:2026-11-22": true, "before:2026-11-22": false,
		"amount:>1亿": true, "amount:>1亿元": true, "amount:>1.01亿": false, "amount:>=1亿": true, "amount:=1亿": true, "amount:<=1亿元": true, "amount:<1亿元": false,
		"amount:=30%": true, "amount:>30%": false, "amount:<5吨": true, "amount:<4吨": false, "amount:>1亿美元": false,
	} {
		q, err := syndicate.ParseQuery(query, time.UTC)
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		if got := q.Match(a, now); got != want {
			t.Errorf("%s matches: %v, want %v", query, got, want)
		}
		if got := syndicate.MatchEach([]syndicate.Query{{}, q, q}, a, now); !cmp.Equal(got, []bool{true, want, want}) {
			t.Errorf("%s with others matches: %v, want %v", query, got, want)
		}
	}
	for name, q := range map[string]syndicate.Query{
		"an empty phrase": {Root: syndicate.Phrase{}}, "an empty Or": {Root: syndicate.Or{}},
		"an unknown field": {Root: syndicate.Field{Name: "colour", Value: "red"}}, "an empty name": {Root: syndicate.Field{Name: "author"}},
	} {
		if q.Match(a, now) {
			t.Errorf("%s matches", name)
		}
	}
	if !(syndicate.Query{Root: syndicate.And{}}).Match(a, now) {
		t.Error("an empty And does not match")
	}
}

func TestQueryAnd(t *testing.T) {
	parse := func(text string) syndicate.Query {
		q, err := syndicate.ParseQuery(text, nil)
		if err != nil {
			t.Fatal(err)
		}
		return q
	}
	for _, c := range []struct{ a, b, text, tree string }{
		{"", "", "", "all"},
		{"a", "", "a", "[a]"},
		{"", "b", "b", "[b]"},
		{"a OR b", "c", "(a OR b) (c)", "(and (or [a] [b]) [c])"},
	} {
		got := parse(c.a).And(parse(c.b))
		if got.Text != c.text || show(got.Root) != c.tree {
			t.Errorf("(%s) and (%s): %q, %s", c.a, c.b, got.Text, show(got.Root))
		}
		again := parse(got.Text)
		if d := cmp.Diff(show(got.Root), show(again.Root)); d != "" {
			t.Errorf("its text means something else:\n%s", d)
		}
	}
}

func TestParseAmount(t *testing.T) {
	for text, want := range map[string]syndicate.Amount{
		"1":           {Op: "=", Value: 1},
		"> 3.5 千":     {Op: ">", Value: 3500},
		"¥20":         {Op: "=", Value: 20, Unit: "元"},
		"<=4小时":       {Op: "<=", Value: 240, Unit: "minute"},
		"5 million":   {Op: "=", Value: 5e6},
		"12 GW":       {Op: "=", Value: 12e6, Unit: "kW"},
		"3 million t": {Op: "=", Value: 3e6, Unit: "t"},
		".5成":         {Op: "=", Value: 0.05, Unit: "ratio"},
	} {
		got, err := syndicate.ParseAmount(text)
		if err != nil || got.Op != want.Op || got.Unit != want.Unit || math.Abs(got.Value-want.Value) > 1e-9*want.Value {
			t.Errorf("%s is %+v (%v), want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "x", ">", "1 parsec", "1.2.3", "--1", "m"} {
		if got, err := syndicate.ParseAmount(text); err == nil {
			t.Errorf("%q is %+v", text, got)
		}
	}
}

func FuzzParseQuery(f *testing.F) {
	for _, seed := range []string{
		"", `港口 OR 航运 theme:infrastructure -("two words" AND title:x)`, "amount:>=1,000.5亿元 after:7d before:2026-11-23",
		"“a” （b） ＂c＂ －d", "a:b:c", "lang:zh\xff", "((((", "NOT NOT", "amount:>1e400 author:\"", "title：x GDP：y",
	} {
		f.Add(seed, "武汉新港 port, opened")
	}
	now := time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, query, text string) {
		words := syndicate.Words(text)
		if len(text) < 1000 && syndicate.Words(words) != words {
			t.Errorf("Words(%q) is not stable: %q", text, words)
		}
		q, err := syndicate.ParseQuery(query, nil)
		if err != nil {
			var bad *syndicate.QueryError
			if !errors.As(err, &bad) || bad.Offset < 0 || bad.Offset > len(query) || bad.Char < 1 || bad.Msg == "" {
				t.Fatalf("%q: %#v", query, err)
			}
			return
		}
		a := &syndicate.Article{Title: text, FirstSeen: now}
		if m := q.Match(a, now); m == (syndicate.Query{Root: syndicate.Not{Expr: syndicate.And{q.Root}}}).Match(a, now) && q.Root != nil {
			t.Errorf("%q and its negation agree on %q", query, text)
		}
		if words != "" && len(text) < 500 {
			if !(syndicate.Query{Root: syndicate.Phrase{Text: text}}).Match(a, now) {
				t.Errorf("%q does not hold itself", text)
			}
		}
		if both := q.And(q); both.Match(a, now) != q.Match(a, now) {
			t.Errorf("%q and itself is something else", query)
		}
	})
}

// A unit that is not folded would never be found.
func TestUnitsAreFolded(t *testing.T) {
	for _, unit := range syndicate.BaseUnits() {
		if folded := syndicate.Fold(unit); folded != unit {
			t.Errorf("%q is folded to %q", unit, folded)
		}
	}
}
