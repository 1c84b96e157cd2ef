package storetest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"broadsheet/internal/store"
	"broadsheet/syndicate"
)

var searchTests = map[string]func(*testing.T, *store.Store){
	"what queries find":                     findings,
	"long texts are searched to their end":  longTexts,
	"a query means what it means in memory": sameAsMatch,
	"a query of all terms there may be":     largestQuery,
	"the best come first":                   bestFirst,
	"more than it counts":                   manyFound,
}

//nolint:funlen // a table of cases
func findings(t *testing.T, s *store.Store) {
	day := func(n int) time.Time { return noon.AddDate(0, 0, n) }
	as := []syndicate.Article{
		{Title: "port", Text: "武汉新港吞吐量增长，经济向好。", Language: "zh-Hans", FirstSeen: day(-10), Authors: []string{"李娜"}},
		{Title: "airport", Text: "The airport of Wuhan grows. Ports do not.", Summary: "A hub", Language: "en-GB", FirstSeen: day(-9), Authors: []string{"Ann Lee", "Bo Chen"}},
		{Title: "銀行貸款", Text: "5G网络与ＡＩ芯片；港", Summary: "贷款利率", Language: "zh-Hant", FirstSeen: day(-8)},
		{Title: "The new port, Yichang", Text: "One two three. Two four. Café", FirstSeen: day(-7), Language: "en"},
		{Title: "投资", Text: "总投资超1亿元。", Summary: "总投资", FirstSeen: day(-6)},
	}
	as[0].Places, as[1].Places = []string{"武汉市", "长江"}, []string{"Wuhan"}
	as[3].Places, as[3].Within = []string{"硚口区"}, []string{"武汉市", "Wuhan", "湖北省", "New Hubei"}
	as[0].Filings, as[4].Filings = []syndicate.Filing{filing("infrastructure")}, []syndicate.Filing{filing("finance"), filing("infrastructure")}
	as[4].Figures = []syndicate.Figure{{Normalised: 1e8, BaseUnit: "元", Bound: ">"}, {Normalised: 0.116, BaseUnit: "ratio", Bound: "="}}
	as[1].Figures = []syndicate.Figure{{Normalised: 3e6, BaseUnit: "m2", Bound: "<"}, {Normalised: 5e6, BaseUnit: "USD", Bound: "="}}
	for i := range as {
		as[i].Key, as[i].Source, as[i].Hash, as[i].Published = fmt.Sprintf("%032d", i), "a", "h", as[i].FirstSeen
	}
	record(t, s, as...)
	for _, c := range []struct{ query, want string }{
		{"", "01234"},
		{"经济", "0"},
		{"theme:infrastructure after:2026-11-16", "4"},
		{"theme:infrastructure before:2026-11-16", "0"},
		{"theme:infrastructure -after:2026-11-16", "0"},
		{"theme:infrastructure before:2026-11-16 after:2026-11-01 武汉", "0"},
		{"theme:infrastructure (before:2026-11-16 OR after:2026-11-17)", "04"},
		{"港", "02"},
		{"新港", "0"},
		{"武汉新港", "0"},
		{"汉新", "0"},
		{"港新", ""},
		{"增长经济", ""},
		{`"增长，经济"`, "0"},
		{"port", "03"},
		{"PORT", "03"},
		{"airport", "1"},
		{"ports", "1"},
		{"por", ""},
		{"title:port", "03"},
		{"title:yichang", "3"},
		{"title:two", ""},
		{`"one two"`, "3"},
		{`"two one"`, ""},
		{`"three two four"`, "3"},
		{"“two three”", "3"},
		{`title:"new port"`, "3"},
		{`"port yichang"`, "3"},
		{`"yichang one"`, ""},
		{`"hub the"`, ""}, // no phrase runs from title into text or from summary into text
		{"银行", "2"},
		{"銀行", "2"},
		{"贷款", "2"},
		{"ai", "2"},
		{"ai芯片", "2"},
		{"5g", "2"},
		{"5Ｇ网络", "2"},
		{"g", ""},
		{"芯片港", ""},
		{`"芯片 港"`, "2"},
		{"café", "3"},
		{"cafe", ""},
		{"port airport", ""},
		{"port OR airport", "013"},
		{"port AND new", "3"},
		{"port NOT new", "0"},
		{"port -new", "0"},
		{"-port -airport", "24"},
		{"(port OR 银行) -武汉", "23"},
		{"NOT (port OR 银行)", "14"},
		{"airport OR port new", "13"},
		{"theme:infrastructure", "04"},
		{"theme:infrastructure theme:finance", "4"},
		{"-theme:finance theme:infrastructure", "0"},
		{"theme:infrastructure OR 银行", "024"},
		{"theme:none", ""},
		{"source:a", "01234"},
		{"source:b", ""},
		{"port source:a", "03"},
		{"lang:zh", "02"},
		{"lang:zh-hant", "2"},
		{"lang:en", "13"},
		{"lang:e", ""},
		{"-lang:en -lang:zh", "4"},
		{"place:武汉", "03"},
		{"place:wuhan", "13"},
		{"place:硚口", "3"},
		{"place:湖北", "3"},
		{`place:"new hubei"`, "3"},
		{`place:"hubei new"`, ""},
		{`place:"硚口区武汉"`, ""},
		{"place:武汉 -place:硚口", "0"},
		{"place:wu", ""},
		{"place:长江", "0"},
		{"place:市长", ""},
		{"author:李娜", "0"},
		{"author:lee", "1"},
		{`author:"ann lee"`, "1"},
		{`author:"lee bo"`, ""},
		{"author:李", "0"},
		{"after:2026-11-15", "234"},
		{"before:2026-11-15", "01"},
		{"after:8d", "234"},
		{"before:8d", "01"},
		{"after:2026-11-14 before:2026-11-16", "12"},
		{"amount:>1亿", "4"},
		{"amount:>=1亿元", "4"},
		{"amount:>1亿美元", ""},
		{"amount:<3000000m2", "1"},
		{"amount:=11.6%", "4"},
		{"amount:>400万", "14"},
		{"-amount:>0", "023"},
	} {
		var got strings.Builder
		for _, title := range slices.Backward(titles(t, s, c.query)) {
			fmt.Fprint(&got, slices.IndexFunc(as, func(a syndicate.Article) bool { return a.Title == title }))
		}
		if got.String() != c.want {
			t.Errorf("%s finds %s, want %s", c.query, got.String(), c.want)
		}
		q, err := syndicate.ParseQuery(c.query, time.UTC)
		must(t, err)
		var match strings.Builder
		for i := range as {
			if q.Match(&as[i], noon) {
				fmt.Fprint(&match, i)
			}
		}
		if match.String() != c.want {
			t.Errorf("%s matches %s, want %s", c.query, match.String(), c.want)
		}
	}
}

// longTexts holds what PostgreSQL's vectors do not keep: more than 256
// positions of a word, positions past 16383, and long words.
func longTexts(t *testing.T, s *store.Store) {
	a := article("a", 1)
	a.Text = strings.Repeat("the 港口 ", 6000) + strings.Repeat("x", 5000) + " the very end 的尽头"
	record(t, s, a, article("a", 2))
	for query, want := range map[string]int{
		`"the very end"`: 1, "的尽头": 1, `"港口 the"`: 1, strings.Repeat("x", 5000): 1, strings.Repeat("x", 100): 1, strings.Repeat("x", 60): 0, `"end the"`: 0,
	} {
		if len(query) > syndicate.MaxQueryBytes {
			query = query[:syndicate.MaxQueryBytes]
		}
		q, err := syndicate.ParseQuery(query, nil)
		must(t, err)
		got, err := s.Count(t.Context(), q, noon)
		must(t, err)
		if got != want || q.Match(&a, noon) != (want == 1) {
			t.Errorf("%.30s finds %d, matches %v, want %d", query, got, q.Match(&a, noon), want)
		}
	}
}

func largestQuery(t *testing.T, s *store.Store) {
	record(t, s, article("a", 1))
	terms := make([]string, syndicate.MaxQueryTerms)
	for i := range terms {
		terms[i] = fmt.Sprintf("(theme:x%d)", i%10)
	}
	terms[len(terms)-1] = "article"
	equal(t, "any of many", titles(t, s, strings.Join(terms, " OR ")), []string{"Article 1 of a"})
	equal(t, "all of many", titles(t, s, strings.Join(terms, " ")), []string{})
}

// vocabulary is small, so that generated queries hit generated articles.
var vocabulary = []string{"武汉", "新港", "港", "汉", "经济", "经", "port", "ports", "new", "5G", "a", "，", "。", " ", "\n", "銀行", "ー", "é", "́", "-"}

func sameAsMatch(t *testing.T, s *store.Store) {
	var sources atomic.Int64
	rapid.Check(t, func(rt *rapid.T) {
		name := fmt.Sprintf("s%d", sources.Add(1))
		as := rapid.SliceOfN(rapid.Custom(drawArticle), 1, 6).Draw(rt, "articles")
		for i := range as {
			as[i].Source, as[i].Key, as[i].Hash = name, syndicate.NewKey(name, fmt.Sprint(i)), "h"
		}
		// Polls may come in another order than the articles of their times.
		cut := rapid.IntRange(0, len(as)).Draw(rt, "second poll")
		for _, some := range [][]syndicate.Article{as[cut:], as[:cut]} {
			if _, _, err := s.Record(t.Context(), poll(name), fingerprint, some); err != nil {
				rt.Fatal(err)
			}
		}
		for range 8 {
			root := drawExpr(rt, 3)
			q := syndicate.Query{Root: root}.And(syndicate.Query{Root: syndicate.Field{Name: "source", Value: name}})
			limit, offset := rapid.IntRange(0, 6).Draw(rt, "limit"), rapid.IntRange(0, 3).Draw(rt, "offset")
			found, err := s.Articles(t.Context(), q, noon, limit, offset)
			if err != nil {
				rt.Fatal(err)
			}
			if want := selection(as, q, limit, offset); !slices.Equal(keys(found), want) {
				rt.Fatalf("query %#v, %d after %d: found %v, want %v\narticles %#v", root, limit, offset, keys(found), want, as)
			}
			sameSearch(t, rt, s, as, q)
		}
	})
}

// sameSearch compares what Search finds with what matches in memory.
func sameSearch(t *testing.T, rt *rapid.T, s *store.Store, as []syndicate.Article, q syndicate.Query) {
	all := selection(as, q, len(as), 0)
	for _, best := range []bool{false, true} {
		found, err := s.Search(t.Context(), q, noon, best, 10, 0)
		if err != nil {
			rt.Fatal(err)
		}
		got := keys(found.Articles)
		if best {
			slices.Sort(got)
			all = slices.Sorted(slices.Values(all))
		}
		if !slices.Equal(got, all) || found.Total > len(all) || !found.More && found.Total != len(all) {
			rt.Fatalf("query %#v, best %v: found %v (%d, more %v), want %v\narticles %#v", q.Root, best, got, found.Total, found.More, all, as)
		}
	}
	n, err := s.Count(t.Context(), q, noon)
	if err != nil || n != len(all) {
		rt.Fatalf("query %#v: %d counted (%v), want %d", q.Root, n, err, len(all))
	}
}

// selection returns the keys of the articles that match, in their order.
func selection(as []syndicate.Article, q syndicate.Query, limit, offset int) []string {
	var matching []syndicate.Article
	for i := range as {
		if q.Match(&as[i], noon) {
			matching = append(matching, as[i])
		}
	}
	// What one document brought is stored oldest first, and of equals the last
	// one first; what changed keeps its place.
	slices.SortStableFunc(matching, func(a, b syndicate.Article) int {
		return cmp.Or(b.FirstSeen.Compare(a.FirstSeen), b.Published.Compare(a.Published))
	})
	from := min(offset, len(matching))
	return keys(matching[from:min(from+limit, len(matching))])
}

func keys(as []syndicate.Article) []string {
	list := make([]string, len(as))
	for i := range as {
		list[i] = as[i].Key
	}
	return list
}

func drawText(t *rapid.T) string {
	return strings.Join(rapid.SliceOfN(rapid.SampledFrom(vocabulary), 0, 8).Draw(t, "words"), rapid.SampledFrom([]string{"", " "}).Draw(t, "glue"))
}

func drawArticle(t *rapid.T) syndicate.Article {
	a := syndicate.Article{
		Title: drawText(t), Summary: drawText(t), Text: drawText(t),
		Language:  rapid.SampledFrom([]string{"", "zh", "zh-Hans", "zhx", "EN"}).Draw(t, "language"),
		FirstSeen: noon.Add(time.Duration(rapid.IntRange(-3, 3).Draw(t, "hours")) * time.Hour),
		Published: noon.Add(time.Duration(rapid.IntRange(-1, 1).Draw(t, "published")) * time.Hour),
	}
	for range rapid.IntRange(0, 2).Draw(t, "names") {
		a.Places, a.Within, a.Authors = append(a.Places, drawText(t)), append(a.Within, drawText(t)), append(a.Authors, drawText(t))
	}
	for _, theme := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"x", "y"}), 0, 2, rapid.ID).Draw(t, "themes") {
		a.Filings = append(a.Filings, filing(theme))
	}
	for range rapid.IntRange(0, 2).Draw(t, "figures") {
		a.Figures = append(a.Figures, syndicate.Figure{
			Normalised: float64(rapid.IntRange(0, 3).Draw(t, "value")),
			BaseUnit:   rapid.SampledFrom([]string{"元", "m2"}).Draw(t, "unit"),
			Bound:      rapid.SampledFrom([]string{"=", ">", ">=", "<", "<=", "~"}).Draw(t, "bound"),
		})
	}
	return a
}

func drawExpr(t *rapid.T, depth int) syndicate.Expr {
	kinds := []string{"phrase", "field", "date", "amount"}
	if depth > 0 {
		kinds = append(kinds, "and", "or", "not")
	}
	switch rapid.SampledFrom(kinds).Draw(t, "kind") {
	case "and":
		var and syndicate.And
		for range rapid.IntRange(0, 3).Draw(t, "parts") {
			and = append(and, drawExpr(t, depth-1))
		}
		return and
	case "or":
		var or syndicate.Or
		for range rapid.IntRange(0, 3).Draw(t, "parts") {
			or = append(or, drawExpr(t, depth-1))
		}
		return or
	case "not":
		return syndicate.Not{Expr: drawExpr(t, depth-1)}
	case "field":
		name := rapid.SampledFrom([]string{"theme", "lang", "place", "author", "none"}).Draw(t, "field")
		value := drawText(t)
		switch name {
		case "theme":
			value = rapid.SampledFrom([]string{"x", "y", "z"}).Draw(t, "theme")
		case "lang":
			value = rapid.SampledFrom([]string{"zh", "zh-hans", "en"}).Draw(t, "lang")
		}
		return syndicate.Field{Name: name, Value: value}
	case "date":
		d := syndicate.Date{After: rapid.Bool().Draw(t, "after"), At: noon.Add(time.Duration(rapid.IntRange(-3, 3).Draw(t, "at")) * time.Hour)}
		if rapid.Bool().Draw(t, "age") {
			d.Age = time.Duration(rapid.IntRange(1, 3).Draw(t, "hours")) * time.Hour
		}
		return d
	case "amount":
		return syndicate.Amount{
			Op:    rapid.SampledFrom([]string{">", ">=", "<", "<=", "="}).Draw(t, "op"),
			Value: float64(rapid.IntRange(0, 3).Draw(t, "value")),
			Unit:  rapid.SampledFrom([]string{"", "元"}).Draw(t, "unit"),
		}
	}
	return syndicate.Phrase{Text: drawText(t), Title: rapid.Bool().Draw(t, "title")}
}
