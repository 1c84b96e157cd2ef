package read_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"

	"broadsheet/syndicate/read"
)

// mustRead reads a document that can be read.
func mustRead(t *testing.T, in read.Input) *read.Result {
	t.Helper()
	res, err := read.Read(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// rssWith returns an RSS feed with one item of this inner XML.
func rssWith(item string) []byte {
	return []byte(`<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>t</title><link>https://s.example/</link><item>` + item + `</item></channel></rss>`)
}

// repaired reports whether a repair says this.
func repaired(res *read.Result, says string) bool {
	return strings.Contains(strings.Join(res.Repairs, "\n"), says)
}

func TestCharsets(t *testing.T) {
	t.Parallel()
	const title = "朱镕基调研码头，“新泊位”投用"
	const plain = `<rss version="2.0"><channel><title>港口快讯与产业观察</title><item><title>` + title + `</title><description>企业的订单在增长，我们将继续扩大生产。</description></item></channel></rss>`
	declared := func(label string) string { return `<?xml version="1.0" encoding="` + label + `"?>` + plain }
	traditional := `<rss version="2.0"><channel><title>新聞</title><item><title>臺灣的港口與產業發展</title><description>我們的國家要繼續發展經濟，這是為了人民的生活。</description></item></channel></rss>`
	for name, c := range map[string]struct {
		text        string
		enc         encoding.Encoding
		contentType string
		want        string
	}{
		"gbk as gb2312, with a rare character": {declared("gb2312"), simplifiedchinese.GB18030, "", title},
		"header only":                          {plain, simplifiedchinese.GBK, "text/xml; charset=gb2312", title},
		"header right, declaration wrong":      {declared("utf-8"), simplifiedchinese.GBK, "text/xml; charset=GBK", title},
		"declaration right, header wrong":      {declared("gbk"), simplifiedchinese.GBK, "text/xml; charset=iso-8859-1", title},
		"nothing declared":                     {plain, simplifiedchinese.GBK, "", title},
		"UTF-8 declared gb2312":                {declared("gb2312"), encoding.Nop, "", title},
		"UTF-8 whatever the header says":       {plain, encoding.Nop, "text/xml; charset=gbk", title},
		"byte order mark beats both":           {"\ufeff" + declared("gbk"), encoding.Nop, "text/xml; charset=gb2312", title},
		"UTF-16 with a byte order mark":        {declared("utf-16"), unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), "", title},
		"UTF-16 without one":                   {declared("utf-16"), unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), "", title},
		"Big5, not declared":                   {traditional, traditionalchinese.Big5, "", "臺灣的港口與產業發展"},
		"Shift_JIS, unknown label":             {`<rss version="2.0"><channel><item><title>カタカナとひらがなのテスト</title></item></channel></rss>`, japanese.ShiftJIS, "text/xml; charset=x-nothing", "カタカナとひらがなのテスト"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body, err := c.enc.NewEncoder().Bytes([]byte(c.text))
			if err != nil {
				t.Fatal(err)
			}
			res := mustRead(t, read.Input{Body: body, Header: http.Header{"Content-Type": {c.contentType}}})
			if len(res.Entries) != 1 || res.Entries[0].Title != c.want {
				t.Errorf("entries = %+v, want the title %q; repairs %q", res.Entries, c.want, res.Repairs)
			}
		})
	}
}

func TestCutCharacterKeepsTheRest(t *testing.T) {
	t.Parallel()
	body := []byte(`<rss version="2.0"><channel><item><title>泊位投用` + "\xe7\xa0" + `</title></item><item><title>第二条</title></item></channel></rss>`)
	res := mustRead(t, read.Input{Body: body})
	if len(res.Entries) != 2 || res.Entries[0].Title != "泊位投用\uFFFD" || res.Entries[1].Title != "第二条" {
		t.Errorf("entries = %+v", res.Entries)
	}
	if !repaired(res, "no UTF-8") {
		t.Errorf("repairs = %q", res.Repairs)
	}
}

func TestFieldRepairs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		item string
		got  func(e read.Entry) string
		want string
	}{
		"title is text, decoded once":             {`<title>AT&amp;amp;T &amp;lt;b&amp;gt;</title>`, title, "AT&T <b>"},
		"bare ampersands":                         {`<title>R&D at Kai & Sohn</title>`, title, "R&D at Kai & Sohn"},
		"markup in the title goes":                {`<title>&lt;b&gt;Quay&lt;/b&gt; opens</title>`, title, "Quay opens"},
		"forbidden character reference":           {`<title>Quay&#8;s &#x1F; &#65535;open</title>`, title, "Quays open"},
		"forbidden character reference in a link": {`<title>t</title><link>https://s.example/&#8;a</link>`, link, "https://s.example/a"},
		"forbidden character":                     {"<title>Quay\x08s\x00</title>", title, "Quays"},
		"ideographic space stays":                 {`<title>汇率　上调</title>`, title, "汇率　上调"},
		"line break between Han":                  {"<title>港口\n    吞吐量</title>", title, "港口吞吐量"},
		"windows-1252 in disguise":                {"<title>don\u0092t</title>", title, "don’t"},
		"unclosed break in a description":         {`<title>t</title><description>a<br>b</description><link>https://s.example/1</link>`, summary, "a<br>b"},
		"markup inline":                           {`<description><p>a &lt; b</p></description>`, summary, "<p>a &lt; b</p>"},
		"CDATA beside text":                       {`<description>1 &amp;lt; <![CDATA[<i>2</i>]]></description>`, summary, "1 &lt; <i>2</i>"},
		"CDATA without end":                       {`<description><![CDATA[<i>2</i></description>`, summary, "<i>2</i>"},
		"guid is the link":                        {`<guid>https://s.example/g</guid>`, link, "https://s.example/g"},
		"guid is no link":                         {`<guid isPermaLink="false">https://s.example/g</guid>`, link, ""},
		"Atom link":                               {`<a:link xmlns:a="http://www.w3.org/2005/Atom" href="/x"/>`, link, "https://s.example/x"},
		"link that runs a script":                 {`<link>javascript:alert(1)</link>`, link, ""},
		"link with white space":                   {"<link>\n https://s.example/1 \n</link>", link, "https://s.example/1"},
		"link stands in for the id":               {`<link>https://s.example/1</link>`, id, "https://s.example/1"},
		"relative link of the site":               {`<link>/1?a=b</link>`, link, "https://s.example/1?a=b"},
		"original link behind a proxy":            {`<link>https://proxy.example/1</link><feedburner:origLink xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0">https://s.example/1</feedburner:origLink>`, link, "https://s.example/1"},
		"author as name and mail":                 {`<author>ada@s.example (Ada Brandt)</author>`, author, "Ada Brandt|ada@s.example"},
		"author in angle brackets":                {`<author>Ada Brandt &lt;ada@s.example&gt;</author>`, author, "Ada Brandt|ada@s.example"},
		"content beats description":               {`<description>short</description><content:encoded>&lt;p&gt;long&lt;/p&gt;</content:encoded>`, content, "<p>long</p>"},
		"XHTML body":                              {`<body xmlns="http://www.w3.org/1999/xhtml"><p>x &amp; y</p></body>`, content, "<p>x &amp; y</p>"},
		"prefixed XHTML body":                     {`<h:body xmlns:h="http://www.w3.org/1999/xhtml"><h:p>x</h:p></h:body>`, content, "<p>x</p>"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			res := mustRead(t, read.Input{Body: rssWith(c.item)})
			if len(res.Entries) != 1 {
				t.Fatalf("%d entries", len(res.Entries))
			}
			if got := c.got(res.Entries[0]); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func title(e read.Entry) string   { return e.Title }
func link(e read.Entry) string    { return e.Link }
func id(e read.Entry) string      { return e.ID }
func summary(e read.Entry) string { return e.Summary }
func content(e read.Entry) string { return e.Content }
func author(e read.Entry) string {
	if len(e.Authors) == 0 {
		return ""
	}
	return e.Authors[0].Name + "|" + e.Authors[0].Email
}

func TestBase(t *testing.T) {
	t.Parallel()
	body := []byte(`<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><entry xml:base="deep/"><link href="a"/><content type="html" xml:base="er/">&lt;a href="b"&gt;x&lt;/a&gt;&lt;img src="/c.png"&gt;</content></entry></feed>`)
	res := mustRead(t, read.Input{Body: body, URL: "https://s.example/feeds/main.atom", Header: http.Header{"Content-Location": {"/real/main.atom"}}})
	e := res.Entries[0]
	if want := "https://s.example/real/deep/a"; e.Link != want {
		t.Errorf("link = %q, want %q", e.Link, want)
	}
	if want := `<a href="https://s.example/real/deep/er/b">x</a><img src="https://s.example/c.png">`; e.Content != want {
		t.Errorf("content = %s, want %s", e.Content, want)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	t.Run("entries", func(t *testing.T) {
		t.Parallel()
		body := "<rss><channel><title>t</title>" + strings.Repeat("<item><title>x</title><foo><bar/></foo></item>", 1200) + "<copyright>me</copyright></channel></rss>"
		res := mustRead(t, read.Input{Body: []byte(body)})
		if len(res.Entries) != 1000 || !repaired(res, "1200 entries; the first 1000") || res.Feed.Rights != "me" {
			t.Errorf("%d entries, rights %q, repairs %q", len(res.Entries), res.Feed.Rights, res.Repairs)
		}
	})
	t.Run("depth", func(t *testing.T) {
		t.Parallel()
		const n = 1_000_000
		body := "<rss><channel><item><title>x</title>" + strings.Repeat("<a>", n) + strings.Repeat("</a>", n) + "</item><item><title>y</title></item></channel></rss>"
		start := time.Now()
		res := mustRead(t, read.Input{Body: []byte(body)})
		t.Logf("%d nested tags took %v", n, time.Since(start))
		if len(res.Entries) != 2 || !repaired(res, "more than 256 deep") {
			t.Errorf("%d entries, repairs %q", len(res.Entries), res.Repairs)
		}
	})
	t.Run("entities do not multiply", func(t *testing.T) {
		t.Parallel()
		body := `<!DOCTYPE rss [<!ENTITY a "` + strings.Repeat("lol", 300) + `"><!ENTITY b "&a;&a;">]><rss><channel><item><title>&b;</title><description>` + strings.Repeat("&a;", 100_000) + `</description></item></channel></rss>`
		res := mustRead(t, read.Input{Body: []byte(body)})
		if n := len(res.Entries[0].Summary); n > 2<<20 {
			t.Errorf("the description grew to %d bytes", n)
		}
	})
}

// Unclosed constructs once made reading take quadratic time: 1 MB took
// minutes. Each of these is over in a fraction of a second, or the test ends
// by its deadline.
func TestLinearTime(t *testing.T) {
	t.Parallel()
	const n = 300_000
	for name, body := range map[string]string{
		"comments":           "<rss><channel><item>" + strings.Repeat("<!--", n),
		"instructions":       "<rss><channel><item>" + strings.Repeat("<?a", n),
		"declarations":       "<rss><channel><item>" + strings.Repeat("<!a", n),
		"CDATA":              "<rss><channel><item>" + strings.Repeat("<![CDATA[", n),
		"descriptions":       "<rss><channel><item>" + strings.Repeat("<description>", n),
		"comments before":    strings.Repeat("<!--", n) + "<rss>",
		"types before":       strings.Repeat("<!D[", n) + "<rss>",
		"quotes":             "<rss><channel><item>" + strings.Repeat(`<a b="</`, n),
		"comments in HTML":   "<rss><channel><item><description><![CDATA[" + strings.Repeat("<!-- a <p>", n) + "]]>",
		"references":         "<rss><channel><item><title>" + strings.Repeat("&#x", n) + "</title></item></channel></rss>",
		"blocks in HTML":     "<rss><channel><item><description><![CDATA[<p><table>" + strings.Repeat("<b>", 98) + strings.Repeat("<div>", n),
		"dropped in HTML":    "<rss><channel><item><description><![CDATA[" + strings.Repeat("<svg><math><video><select>", n/10),
		"stray ends":         "<rss><channel>" + strings.Repeat("</x>", n),
		"nested JSON":        `{"version":"https://jsonfeed.org/version/1","items":[` + strings.Repeat(`{"a":[`, n),
		"entries not wanted": "<rss><channel>" + strings.Repeat("<item><title>", n),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			res, err := read.Read(context.Background(), read.Input{Body: []byte(body)})
			if took := time.Since(start); took > tooLong {
				t.Errorf("took %v (%v, %v)", took, res, err)
			}
		})
	}
}

func TestNotAFeed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ body, want string }{
		"empty":            {" \n", "the document is empty; check the address in a browser"},
		"page":             {"<!DOCTYPE html><html><head><title>Quay\n news</title></head></html>", `not a feed: this is an HTML page with the title "Quay news"; use the address of its feed, or kind: page`},
		"page with a feed": {`<html><head><link rel="alternate" type="application/rss+xml" href="/rss"></head></html>`, "not a feed: this is an HTML page; it names the feed https://s.example/rss; use that"},
		"site map":         {`<?xml version="1.0"?><urlset></urlset>`, "not a feed: this is a site map; use the address of the site's feed, or kind: page"},
		"list of feeds":    {`<opml version="2.0"></opml>`, "not a feed: this is a list of feeds (OPML); import it with `broadsheet sources import`"},
		"other XML":        {`<?xml version="1.0"?><svg/>`, `not a feed: this is XML whose first element is "svg"; use the address of an RSS, Atom or JSON feed`},
		"text":             {"Not found, sorry.", `not a feed: this is plain text that begins "Not found, sorry."; use the address of an RSS, Atom or JSON feed, or kind: listing`},
		"binary":           {"%PDF-1.7\n\xff\xfe\xfd", "not a feed: this is binary data; use the address of an RSS, Atom or JSON feed"},
		"other JSON":       {`{"status":404}`, "not a feed: this is JSON, but no JSON Feed (it has no items); use the address of an RSS, Atom or JSON feed"},
		"list in JSON":     {`[1]`, "not readable as JSON Feed: it is a list, not an object; tell the publisher, or use another address of the source"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := read.Read(context.Background(), read.Input{Body: []byte(c.body), URL: "https://s.example/x"})
			if err == nil || err.Error() != c.want {
				t.Errorf("error = %v\nwant    %s", err, c.want)
			}
		})
	}
}

func TestUnknownKindsAreNotRead(t *testing.T) {
	t.Parallel()
	_, err := read.Read(context.Background(), read.Input{Body: []byte("x"), Kind: "poem"})
	if want := `there is no kind of document "poem"; use "feed", "page", "listing" or "newsletter"`; err == nil || err.Error() != want {
		t.Errorf("error = %v, want %s", err, want)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := read.Read(ctx, read.Input{Body: []byte("x")}); err == nil {
		t.Error("reads although the context is done")
	}
}

func TestTruncation(t *testing.T) {
	t.Parallel()
	items := make([]string, 6)
	for i := range items {
		items[i] = fmt.Sprintf(`<item><title>泊位%d</title><link>https://s.example/%d</link><description><![CDATA[<p>第%d条</p>]]></description></item>`, i, i, i)
	}
	whole := `<rss version="2.0"><channel><title>港</title>` + strings.Join(items, "\n") + `</channel></rss>`
	ends := make([]int, 0, len(items)) // offsets behind each whole item
	for i, at := 0, 0; i < len(items); i++ {
		at += strings.Index(whole[at:], "</item>") + len("</item>")
		ends = append(ends, at)
	}
	for cut := strings.Index(whole, "<title>泊位0"); cut < len(whole); cut++ {
		res, err := read.Read(context.Background(), read.Input{Body: []byte(whole[:cut])})
		if err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		want := 0
		for _, e := range ends {
			if e <= cut {
				want++
			}
		}
		if got := len(res.Entries); got != want && (want > 0 || got > 1) || !repaired(res, "cut off") {
			t.Fatalf("cut at %d: %d entries, want %d; repairs %q", cut, got, want, res.Repairs)
		}
		for _, e := range res.Entries {
			if !utf8.ValidString(e.Title + e.Summary) {
				t.Fatalf("cut at %d: entry %+v is no UTF-8", cut, e)
			}
		}
	}
}

func TestTruncatedJSON(t *testing.T) {
	t.Parallel()
	res := mustRead(t, read.Input{Body: []byte(`{"version":"https://jsonfeed.org/version/1.1","title":"t","items":[{"id":"1","content_text":"a ] } \" b"},{"id":"2","content_te`)})
	if len(res.Entries) != 1 || res.Entries[0].ID != "1" || !repaired(res, "cut off") {
		t.Errorf("entries %+v, repairs %q", res.Entries, res.Repairs)
	}
}
