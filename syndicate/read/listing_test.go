package read_test

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/simplifiedchinese"

	"broadsheet/syndicate"
	"broadsheet/syndicate/read"
)

const twoItems = `-
【滨江招商】滨江航运中心奠基
滨江航运中心今日奠基,总投资8亿元。 一、项目概况 项目占地200亩。 二、下一步 明年封顶。
2025-07-23
-
码头夜班增至三条线
码头夜间作业线增至三条。
2025-07-22
有线索?点我投稿

- 联系我们
- 企业入驻
`

func listing(t *testing.T, text string) *read.Result {
	t.Helper()
	return mustRead(t, read.Input{Body: []byte(text), Kind: syndicate.KindListing, Location: shanghai(t), Language: "zh-Hans"})
}

// A listing means the same however it was saved.
func TestListingForms(t *testing.T) {
	t.Parallel()
	want := listing(t, twoItems)
	if len(want.Entries) != 2 || len(want.Entries[0].Sections) != 2 || len(want.Repairs) != 0 {
		t.Fatalf("%d entries, repairs %q", len(want.Entries), want.Repairs)
	}
	gbk, err := simplifiedchinese.GBK.NewEncoder().String(twoItems)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"CRLF":                   strings.ReplaceAll(twoItems, "\n", "\r\n"),
		"byte order mark":        "\ufeff" + twoItems,
		"GBK":                    gbk,
		"trailing spaces":        strings.ReplaceAll(twoItems, "\n", " \u3000\t\n"),
		"indented":               strings.ReplaceAll(twoItems, "\n", "\n  "),
		"blank lines":            strings.ReplaceAll(twoItems, "\n", "\n\n"),
		"no first rule":          strings.TrimPrefix(twoItems, "-\n"),
		"rule before the footer": strings.Replace(twoItems, "有线索", "-\n有线索", 1),
		"no footer":              strings.SplitN(twoItems, "有线索", 2)[0],
		"full-width rule":        strings.ReplaceAll(twoItems, "\n-\n", "\n－\n"),
		"body in two lines":      strings.Replace(twoItems, "今日奠基,", "今日奠基,\n", 1),
		"head on its own line":   strings.NewReplacer(" 一、项目概况 ", "\n一、项目概况\n", " 二、下一步 ", "\n二、下一步\n").Replace(twoItems),
		"no end of line":         strings.TrimRight(twoItems, "\n"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := listing(t, text)
			for i := range got.Repairs {
				if !strings.Contains(got.Repairs[i], "charset") {
					t.Errorf("repair %q", got.Repairs[i])
				}
			}
			a, b := keys(want), keys(got)
			if diff := cmp.Diff(a, b); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// keys returns what must not depend on how a listing was saved.
func keys(res *read.Result) [][]string {
	var out [][]string
	for _, a := range read.Articles(&syndicate.Source{Name: "s", Kind: syndicate.KindListing}, res, time.Now()) {
		row := []string{a.Key, a.Hash, a.Title, a.Text}
		for _, s := range a.Sections {
			row = append(row, s.Head, s.Text)
		}
		out = append(out, row)
	}
	return out
}

func TestSections(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body, lead string
		heads      []string
	}{
		"none":                             {"全文没有小标题。", "全文没有小标题。", nil},
		"counted in Chinese":               {"导语。 一、甲 文。 二、乙 文。", "导语。", []string{"一、甲", "二、乙"}},
		"in brackets":                      {"导语。 (一)甲 文。 (二)乙 文。", "导语。", []string{"(一)甲", "(二)乙"}},
		"in full-width brackets":           {"导语。 （一）甲 文。 （二）乙 文。", "导语。", []string{"（一）甲", "（二）乙"}},
		"at the start":                     {"一、甲 文。 二、乙 文。", "", []string{"一、甲", "二、乙"}},
		"commas in a head":                 {"导语。 一、甲,乙,丙 文。 二、丁 文。", "导语。", []string{"一、甲,乙,丙", "二、丁"}},
		"numbers in running text":          {"导语。 一、甲 其中一、二号线和 一、二期工程。 二、乙 文。", "导语。", []string{"一、甲", "二、乙"}},
		"numbers out of turn":              {"导语。 三、甲 文。 五、乙 文。", "导语。 三、甲 文。 五、乙 文。", nil},
		"a single number":                  {"导语。 一、甲 文。", "导语。 一、甲 文。", nil},
		"other form within":                {"导语。 一、甲 (一)子 文。 (二)丑 文。 二、乙 文。", "导语。", []string{"一、甲", "二、乙"}},
		"space after the number":           {"导语。 一、 甲 文。 二、 乙 文。", "导语。", []string{"一、 甲", "二、 乙"}},
		"ideographic spaces":               {"导语。　一、甲　文。　二、乙　文。", "导语。", []string{"一、甲", "二、乙"}},
		"more than ten":                    {"导。 一、a x 二、b x 三、c x 四、d x 五、e x 六、f x 七、g x 八、h x 九、i x 十、j x 十一、k x", "导。", strings.Fields("一、a 二、b 三、c 四、d 五、e 六、f 七、g 八、h 九、i 十、j 十一、k")},
		"number without a space before it": {"导语。一、甲 文。二、乙 文。", "导语。一、甲 文。二、乙 文。", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := listing(t, "-\n标题\n"+c.body+"\n2025-07-23\n").Entries[0]
			var heads []string
			for _, s := range e.Sections {
				heads = append(heads, s.Head)
			}
			if e.Lead != c.lead || !cmp.Equal(heads, c.heads) {
				t.Errorf("lead %q, heads %q\nwant %q, %q", e.Lead, heads, c.lead, c.heads)
			}
		})
	}
}

func TestListingContentIsEscaped(t *testing.T) {
	t.Parallel()
	e := listing(t, "-\nA <b>title</b> & more\n<script>alert(1)</script> 一、<i>甲 文 & 文 二、乙 a<b\n2025-07-23\n").Entries[0]
	want := "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p><h2>一、&lt;i&gt;甲</h2><p>文 &amp; 文</p><h2>二、乙</h2><p>a&lt;b</p>"
	if e.Content != want || e.Title != "A <b>title</b> & more" {
		t.Errorf("title %q, content %s\nwant %s", e.Title, e.Content, want)
	}
	safe(t, "listing", e.Content)
}

func TestListingWithoutDate(t *testing.T) {
	t.Parallel()
	now := time.Date(2025, 7, 24, 1, 0, 0, 0, time.UTC)
	res := listing(t, "-\n标题\n正文。\n-\n另一个\n正文。\n2025-07-23\n")
	as := read.Articles(&syndicate.Source{Name: "s"}, res, now)
	if len(as) != 2 || !as[0].Inferred || !as[0].Published.Equal(now) || as[1].Inferred {
		t.Fatalf("articles = %+v", as)
	}
	if want := time.Date(2025, 7, 22, 16, 0, 0, 0, time.UTC); !as[1].Published.Equal(want) {
		t.Errorf("published %v, want %v", as[1].Published, want)
	}
	if !repaired(res, `item 1, "标题", has no date line`) {
		t.Errorf("repairs = %q", res.Repairs)
	}
}

func TestNotAListing(t *testing.T) {
	t.Parallel()
	const help = `; a listing has items of a title line, a text line and a date line such as 2025-07-23, with a line that holds only "-" between them`
	for name, c := range map[string]struct{ body, want string }{
		"empty":        {"\r\n", "the document is empty; check the address in a browser"},
		"page":         {"<!DOCTYPE html><html><body>-</body></html>", "not a listing: this is an HTML page" + help},
		"feed":         {`<?xml version="1.0"?><rss/>`, "not a listing: this is XML; a feed is read with kind: feed" + help},
		"JSON":         {`{"items":[]}`, "not a listing: this is JSON; a feed is read with kind: feed" + help},
		"prose":        {"The harbour was quiet.\nNothing moved.\n", `not a listing: this is text without rule lines and date lines that begins "The harbour was quiet."` + help},
		"binary":       {"PK\x03\x04\xff\xfe\x01\x02", "not a listing: this is binary data" + help},
		"footer alone": {"-\n联系我们\n企业入驻\n", "not a listing: no item between its rule lines" + help},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := read.Read(context.Background(), read.Input{Body: []byte(c.body), Kind: syndicate.KindListing})
			if err == nil || err.Error() != c.want {
				t.Errorf("error = %v\nwant    %s", err, c.want)
			}
		})
	}
}

func TestListingLimit(t *testing.T) {
	t.Parallel()
	res := mustRead(t, read.Input{Body: bytes.Repeat([]byte("-\n标题\n正文。\n2025-07-23\n"), 5), Kind: syndicate.KindListing, MaxEntries: 3})
	if len(res.Entries) != 3 || !repaired(res, "more than 3 items") {
		t.Errorf("%d entries, repairs %q", len(res.Entries), res.Repairs)
	}
}

// The real listing of a portal is read whole where it is at hand.
func TestSeed(t *testing.T) {
	t.Parallel()
	body, err := os.ReadFile("../../../shared/seed/portal-listing.txt")
	if err != nil {
		t.Skip("../shared/seed/portal-listing.txt is not here")
	}
	res := listing(t, string(body))
	if len(res.Entries) != 10 || len(res.Repairs) != 0 {
		t.Fatalf("%d entries, repairs %q", len(res.Entries), res.Repairs)
	}
	series, kept := 0, 0
	for i, e := range res.Entries {
		if n := len(e.Sections); n < 4 || n > 6 {
			t.Errorf("item %d has %d sections", i+1, n)
		}
		if strings.HasPrefix(e.Title, "【武汉招商】") {
			series++
		}
		for _, s := range append(e.Sections, syndicate.Section{Head: e.Title, Text: e.Lead}) {
			if s.Head == "" || len(s.Text) < 150 || !strings.HasSuffix(s.Text, "。") {
				t.Errorf("item %d: %q is cut: …%q", i+1, s.Head, s.Text[max(0, len(s.Text)-30):])
			}
			kept += len(s.Head) + len(s.Text)
		}
		if want := time.Date(2025, 7, 22, 16, 0, 0, 0, time.UTC); !e.Published.Equal(want) {
			t.Errorf("item %d is published %v", i+1, e.Published)
		}
	}
	if series != 7 {
		t.Errorf("%d titles keep their series", series)
	}
	if lost := len(body) - kept; lost > 400 { // rules, dates, spaces, the footer
		t.Errorf("%d bytes are in no item", lost)
	}
	if as := read.Articles(&syndicate.Source{Name: "seed", Location: shanghai(t)}, res, time.Now()); len(as) != 10 || as[0].Language != "zh-Hans" {
		t.Errorf("%d articles, language %q", len(as), as[0].Language)
	}
}
