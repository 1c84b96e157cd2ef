package read_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"broadsheet/syndicate"
	"broadsheet/syndicate/read"
)

var (
	now    = time.Date(2025, 7, 23, 12, 0, 0, 0, time.UTC)
	source = &syndicate.Source{Name: "quay", URL: "https://s.example/rss", Kind: syndicate.KindFeed}
)

// articlesOf reads a feed whose items have this inner XML.
func articlesOf(t *testing.T, items ...string) ([]syndicate.Article, *read.Result) {
	t.Helper()
	body := "<rss><channel><title>t</title><item>" + strings.Join(items, "</item><item>") + "</item></channel></rss>"
	res := mustRead(t, read.Input{Body: []byte(body)})
	return read.Articles(source, res, now), res
}

func TestArticle(t *testing.T) {
	t.Parallel()
	as, _ := articlesOf(t, `<title>新泊位 &amp;amp; 旧船坞</title><link>https://s.example/a?utm_source=x&amp;id=7&amp;spm=a.b</link><guid isPermaLink="false"> n-7 </guid>`+
		`<description>摘要。</description><encoded>&lt;p&gt;正文 &lt;a href="https://s.example/x"&gt;链接&lt;/a&gt;。&lt;/p&gt;&lt;p&gt;第二段。&lt;/p&gt;</encoded>`+
		`<author>a@s.example (林一)</author><category>港口</category><pubDate>Wed, 23 Jul 2025 10:00:00 GMT</pubDate><enclosure url="https://s.example/f.mp3" length="12" type="audio/mpeg"/>`)
	if len(as) != 1 {
		t.Fatalf("%d articles", len(as))
	}
	got := as[0]
	want := syndicate.Article{
		Key: syndicate.NewKey("quay", "n-7"), Source: "quay", GUID: "n-7",
		Title: "新泊位 & 旧船坞", URL: "https://s.example/a?id=7", Summary: "摘要。",
		Content: `<p>正文 <a rel="noopener nofollow ugc" href="https://s.example/x">链接</a>。</p><p>第二段。</p>`,
		Text:    "正文 链接。\n第二段。", Authors: []string{"林一"}, Categories: []string{"港口"}, Language: "zh-Hans",
		Enclosures: []syndicate.Enclosure{{URL: "https://s.example/f.mp3", Type: "audio/mpeg", Length: 12}},
		Published:  time.Date(2025, 7, 23, 10, 0, 0, 0, time.UTC), PublishedRaw: "Wed, 23 Jul 2025 10:00:00 GMT",
		Hash: got.Hash,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(got.Hash) != 32 {
		t.Errorf("hash %q", got.Hash)
	}
}

func TestArticleDates(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		date      string
		published time.Time
		inferred  bool
	}{
		"past":                  {"Tue, 22 Jul 2025 10:00:00 GMT", time.Date(2025, 7, 22, 10, 0, 0, 0, time.UTC), false},
		"an hour in the future": {"Wed, 23 Jul 2025 13:00:00 GMT", now, false},
		"a year in the future":  {"Thu, 23 Jul 2026 13:00:00 GMT", now, false},
		"none":                  {"", now, true},
		"none that can be read": {"bald", now, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			as, _ := articlesOf(t, "<title>x</title><pubDate>"+c.date+"</pubDate>")
			a := as[0]
			if !a.Published.Equal(c.published) || a.Inferred != c.inferred || a.PublishedRaw != c.date {
				t.Errorf("published %v (inferred %v) from %q", a.Published, a.Inferred, a.PublishedRaw)
			}
		})
	}
}

func TestIdentityLadder(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ a, b string }{
		"guid outlives all else":             {`<title>x</title><guid>1</guid><link>https://s.example/1</link>`, `<title>y</title><guid>1</guid><link>https://s.example/2</link>`},
		"link outlives the title":            {`<title>x</title><link>https://s.example/1</link>`, `<title>y</title><link>https://s.example/1</link>`},
		"link without tracking":              {`<link>https://s.example/1?b=2&amp;a=1&amp;utm_medium=x</link>`, `<link>https://s.example/1?b=2&amp;share_token=9&amp;a=1</link>`},
		"title and day outlive the text":     {`<title>港口 ＡＢＣ</title><pubDate>2025-07-01</pubDate><description>x</description>`, `<title>港口abc</title><pubDate>2025-07-01 10:00</pubDate><description>y</description>`},
		"title and text where there is none": {`<title>x</title><description>y</description>`, `<title>x</title><description>y</description><category>c</category>`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			as, _ := articlesOf(t, c.a)
			bs, _ := articlesOf(t, c.b)
			if as[0].Key != bs[0].Key {
				t.Errorf("keys %s and %s", as[0].Key, bs[0].Key)
			}
		})
	}
	as, _ := articlesOf(t, `<title>x</title><guid>https://s.example/1</guid>`)
	bs, _ := articlesOf(t, `<title>x</title><link>https://s.example/1</link>`)
	if as[0].Key == bs[0].Key {
		t.Error("a guid and a link of the same text are one identity")
	}
	if bs[0].GUID != "" {
		t.Errorf("the link was taken as guid %q", bs[0].GUID)
	}
}

func TestWorthlessGUIDs(t *testing.T) {
	t.Parallel()
	items := func(n, same int) []string {
		var out []string
		for i := range n {
			guid := fmt.Sprint(i)
			if i < same {
				guid = "same"
			}
			out = append(out, fmt.Sprintf("<title>t%d</title><guid>%s</guid><link>https://s.example/%d</link>", i, guid, i))
		}
		return out
	}
	for name, c := range map[string]struct {
		n, same int
		rung    read.Rung
		says    string
	}{
		"all good":                {30, 1, read.ByGUID, ""},
		"two of thirty the same":  {30, 2, read.ByGUID, ""},
		"five of thirty the same": {30, 5, read.ByLink, "4 of 30 entries share their guid with a different one; identified by link"},
		"two of three the same":   {3, 2, read.ByLink, "1 of 3 entries share their guid"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			as, res := articlesOf(t, items(c.n, c.same)...)
			if len(as) != c.n || res.Identity != c.rung || !repaired(res, c.says) {
				t.Errorf("%d articles by %v, repairs %q", len(as), res.Identity, res.Repairs)
			}
			if len(unique(as)) != c.n {
				t.Error("keys repeat")
			}
		})
	}
	t.Run("remembered", func(t *testing.T) {
		t.Parallel()
		body := "<rss><channel><item>" + strings.Join(items(12, 1), "</item><item>") + "</item></channel></rss>"
		res := mustRead(t, read.Input{Body: []byte(body)})
		res.Identity = read.ByLink
		as := read.Articles(source, res, now)
		if want := syndicate.NewKey("quay", "link\x00https://s.example/3"); as[3].Key != want || len(res.Repairs) != 0 {
			t.Errorf("key %s, want %s; repairs %q", as[3].Key, want, res.Repairs)
		}
	})
}

func unique(as []syndicate.Article) []string {
	var ks []string
	for _, a := range as {
		ks = append(ks, a.Key)
	}
	slices.Sort(ks)
	return slices.Compact(ks)
}

// Entries that lack a guid do not drag the others down: what they are
// identified by may not depend on their neighbours.
func TestMissingGUIDs(t *testing.T) {
	t.Parallel()
	with, without := `<title>a</title><guid>g</guid><link>https://s.example/a</link>`, `<title>b</title><link>https://s.example/b</link>`
	mixed, res := articlesOf(t, with, without)
	alone, _ := articlesOf(t, with)
	if mixed[0].Key != alone[0].Key || mixed[1].Key != syndicate.NewKey("quay", "link\x00https://s.example/b") || len(res.Repairs) != 0 {
		t.Errorf("keys %s, %s; repairs %q", mixed[0].Key, mixed[1].Key, res.Repairs)
	}
}

func TestNothingTwice(t *testing.T) {
	t.Parallel()
	one := `<title>x</title><guid>1</guid><description>d</description>`
	if as, _ := articlesOf(t, one, one); len(as) != 1 {
		t.Errorf("%d articles of one said twice", len(as))
	}
	untitled := `<category>only</category>`
	if as, _ := articlesOf(t, one, untitled); len(as) != 1 {
		t.Errorf("%d articles, one of them empty", len(as))
	}
}

func TestListingIdentity(t *testing.T) {
	t.Parallel()
	item := func(title, text, day string) string { return "-\n" + title + "\n" + text + "\n" + day + "\n" }
	read2 := func(text string) map[string]string {
		m := make(map[string]string)
		for _, a := range read.Articles(source, listing(t, text), now) {
			m[a.Title+"|"+a.Text] = a.Key
		}
		return m
	}
	a, b := item("甲", "文一。", "2025-07-01"), item("乙", "文二。", "2025-07-01")
	first := read2(a + b)
	if diff := cmp.Diff(first, read2(b+a+"有线索?点我投稿\n")); diff != "" {
		t.Errorf("order and footer change identities:\n%s", diff)
	}
	corrected := read2(item("甲 ", "文一,更正。", "2025-07-01") + b)
	if corrected["甲|文一,更正。"] != first["甲|文一。"] {
		t.Error("a corrected text is another article")
	}
	if next := read2(item("甲", "文一。", "2025-07-02")); next["甲|文一。"] == first["甲|文一。"] {
		t.Error("the same title on another day is the same article")
	}
	twice, swapped := read2(a+item("甲", "文三。", "2025-07-01")+b), read2(item("甲", "文三。", "2025-07-01")+a+b)
	if len(twice) != 3 {
		t.Errorf("%d articles, want 3", len(twice))
	}
	if diff := cmp.Diff(twice, swapped); diff != "" {
		t.Errorf("order decides between articles of one title:\n%s", diff)
	}
	if twice["乙|文二。"] == first["乙|文二。"] {
		return // the others keep theirs
	}
	t.Error("articles of one title change the identity of others")
}

func TestHash(t *testing.T) {
	t.Parallel()
	const item = `<title>x</title><guid>1</guid><description>d</description><author>a</author><category>c</category>`
	hash := func(item string, at time.Time) string {
		res := mustRead(t, read.Input{Body: rssWith(item)})
		return read.Articles(source, res, at)[0].Hash
	}
	want := hash(item, now)
	if got := hash(item, now.Add(time.Hour)); got != want {
		t.Error("the hash depends on the time of reading")
	}
	for _, r := range [][2]string{{"<title>x", "<title>y"}, {">d<", ">e<"}, {">a<", ">b<"}, {">c<", ">k<"}, {"<guid>", "<pubDate>2025-07-01</pubDate><guid>"}, {"<guid>", "<link>https://s.example/1</link><guid>"}} {
		if hash(strings.Replace(item, r[0], r[1], 1), now) == want {
			t.Errorf("the hash does not show %q", r[1])
		}
	}
}

func TestLanguage(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ declared, source, text, want string }{
		"declared":                    {"zh-CN", "", "港口运行平稳", "zh-Hans"},
		"of a region":                 {"zh-TW", "", "港口", "zh-Hant"},
		"underscore":                  {"en_GB", "", "The harbour", "en"},
		"of another language":         {"de-AT", "", "Der Hafen wird größer", "de-AT"},
		"Chinese declared as English": {"en-US", "", "新泊位投用后港口吞吐量增长", "zh-Hans"},
		"English declared as Chinese": {"zh-CN", "", "The harbour office announced new berths today", "en"},
		"English with a Chinese name": {"en", "", "The harbour of 武汉 announced new berths today", "en"},
		"Chinese with English names":  {"zh", "", "OpenAI 发布 GPT-5 模型", "zh-Hans"},
		"none, of the source":         {"", "fr", "Le port est calme", "fr"},
		"none, simplified":            {"", "", "新泊位投产后港口业务发展", "zh-Hans"},
		"none, traditional":           {"", "", "臺灣港口業務發展與產業動態", "zh-Hant"},
		"none, English":               {"", "", "Berths open", "en"},
		"none, Japanese":              {"", "", "港の発表についての記事です", "ja"},
		"zh without a script":         {"zh", "", "臺灣港口業務發展與產業動態", "zh-Hant"},
		"no language at all":          {"not a tag!", "", "Berths open", "en"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := `<rss><channel><language>` + c.declared + `</language><item><title>` + c.text + `</title></item></channel></rss>`
			res := mustRead(t, read.Input{Body: []byte(body)})
			as := read.Articles(&syndicate.Source{Name: "s", Language: c.source}, res, now)
			if as[0].Language != c.want {
				t.Errorf("language %q, want %q", as[0].Language, c.want)
			}
		})
	}
}

func TestInheritance(t *testing.T) {
	t.Parallel()
	body := `<rss><channel><title>t</title><webMaster>w@s.example (Web)</webMaster><category>all</category><item><title>x</title></item><item><title>y</title><author>Own</author><category>one</category></item></channel></rss>`
	res := mustRead(t, read.Input{Body: []byte(body), Header: http.Header{"Content-Language": {"de, en"}}})
	as := read.Articles(source, res, now)
	if diff := cmp.Diff([][]string{{"Web"}, {"all"}, {"Own"}, {"one"}}, [][]string{as[0].Authors, as[0].Categories, as[1].Authors, as[1].Categories}); diff != "" {
		t.Error(diff)
	}
	if res.Entries[0].Language != "de" {
		t.Errorf("language %q", res.Entries[0].Language)
	}
}

func TestUntitled(t *testing.T) {
	t.Parallel()
	as, _ := articlesOf(t, `<description>新泊位今日投用。第二句很长。</description>`, `<guid>2</guid><description>The berth opened today. It is new.</description>`)
	if as[0].Title != "新泊位今日投用。" || as[1].Title != "The berth opened today." {
		t.Errorf("titles %q, %q", as[0].Title, as[1].Title)
	}
}

func FuzzFeed(f *testing.F) {
	for _, s := range []string{
		string(rssWith("<title>x</title><description>&lt;p&gt;y</description>")), `<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>1</id><content type="xhtml"><div><p>x</p></div></content></entry></feed>`,
		`{"version":"https://jsonfeed.org/version/1","items":[{"id":1,"content_html":"<b>x"}]}`, "<?xml version='1.1' encoding='gbk'?><rdf:RDF><item rdf:about='x'>", "<rss><![CDATA[<!--<?", `<rss><channel><item><title a="<b>">&#x;&#8;&x;</rss>`,
	} {
		f.Add([]byte(s), "text/xml; charset=gbk")
	}
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		fuzzOne(t, read.Input{Body: body, ContentType: contentType, URL: "https://s.example/"})
	})
}

func FuzzListing(f *testing.F) {
	f.Add([]byte(twoItems))
	f.Add([]byte("-\na\n-\n(一)b c (二)d\n2025-1-1\n联系我们"))
	f.Add([]byte("-\na\n 一、<b> c 二、d e\n２０２５年1月1日"))
	f.Fuzz(func(t *testing.T, body []byte) {
		fuzzOne(t, read.Input{Body: body, Kind: syndicate.KindListing})
	})
}

// fuzzOne reads a document and checks what must hold of any.
func fuzzOne(t *testing.T, in read.Input) {
	t.Helper()
	before := string(in.Body)
	start := time.Now()
	res, err := read.Read(context.Background(), in)
	if string(in.Body) != before {
		t.Fatal("the document was changed")
	}
	if err != nil {
		if res != nil && len(res.Entries) > 0 || strings.Contains(err.Error(), "not readable as an") {
			t.Fatalf("%d entries and %v", len(res.Entries), err)
		}
		return
	}
	seen := make(map[string]bool)
	for _, a := range read.Articles(source, res, now) {
		all := strings.Join(append([]string{a.Title, a.URL, a.Summary, a.Content, a.Text, a.Language}, a.Authors...), "\x00")
		if strings.ToValidUTF8(all, "") != all || seen[a.Key] || a.Key == "" || a.Published.After(now) || a.Published.IsZero() {
			t.Fatalf("article %+v", a)
		}
		seen[a.Key] = true
		safe(t, before, strings.ReplaceAll(a.Content, ` rel="noopener nofollow ugc"`, ""))
	}
	if took := time.Since(start); took > tooLong {
		t.Fatalf("%d bytes took %v", len(in.Body), took)
	}
}
