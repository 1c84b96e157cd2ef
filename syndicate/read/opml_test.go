package read_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"broadsheet/syndicate/read"
)

func TestOPML(t *testing.T) {
	t.Parallel()
	const mended = "markup that is not well-formed was mended; compare the number of feeds with that of the list"
	for name, tc := range map[string]struct {
		list    string
		want    []string // "folder/folder: title = address"
		repairs []string
	}{
		"well-formed": {
			`<opml version="2.0"><body><outline text="A"><outline text="B"><outline title="x" text="y" xmlUrl="https://x.example/"/></outline></outline><outline text="z" xmlUrl="https://z.example/"/></body></opml>`,
			[]string{"A/B: x = https://x.example/", ": z = https://z.example/"},
			nil,
		},
		"bare ampersands": {
			`<opml><body><outline text="Q & A" xmlUrl="https://x.example/?a=1&b=2&amp;c=3"/></body></opml>`,
			[]string{": Q & A = https://x.example/?a=1&b=2&c=3"},
			[]string{mended},
		},
		"feeds that are never closed": {
			`<opml><body><outline text="A"><outline text="x" xmlUrl="https://x.example/"><outline text="y" xmlUrl="https://y.example/"></outline><outline text="B"><outline text="z" xmlUrl="https://z.example/"></outline></outline></body></opml>`,
			[]string{"A: x = https://x.example/", "A: y = https://y.example/", "A/B: z = https://z.example/"},
			[]string{mended},
		},
		"names in any case, a prefix, no quotes": {
			`<OPML><o:Outline TEXT=x XMLURL=https://x.example/feed /></OPML>`,
			[]string{": x = https://x.example/feed"},
			[]string{mended},
		},
		"a list in GBK": {
			"<?xml version='1.0' encoding='gb2312'?><opml><body><outline text='\xb8\xdb\xbf\xda\xc8\xd5\xb1\xa8\xb6\xc0\xbc\xd2\xb1\xa8\xb5\xc0' xmlUrl='https://x.example/'/></body></opml>",
			[]string{": 港口日报独家报道 = https://x.example/"},
			nil,
		},
		"cut off": {
			`<opml><body><outline text="x" xmlUrl="https://x.example/"/><outline text="y" xmlUrl="https://y.exa`,
			[]string{": x = https://x.example/"},
			[]string{`the list is cut off within the outline that begins "<outline text=\"y\" xmlUrl=\"https://y.exa"; it was left out`},
		},
		"cut off between": {
			`<opml><body><outline text="A"><outline text="x" xmlUrl="https://x.example/"/>`,
			[]string{"A: x = https://x.example/"},
			[]string{"the list is cut off before its end; 1 feed was read"},
		},
		"a feed without an address": {
			`<opml><body><outline type="rss" text="x"/><outline type="rss" text="y" url="https://y.example/"/></body></opml>`,
			[]string{": y = https://y.example/"},
			[]string{`the outline "x" calls itself a feed and has no address; it was left out`},
		},
		"no feeds": {`<opml><body/></opml>`, nil, nil},
		"what is commented out": {
			`<opml><body><!-- <outline text="x" xmlUrl="https://x.example/"/> --></body></opml>`, nil, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			list, repairs, err := read.OPML(strings.NewReader(tc.list))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range list.Feeds {
				got = append(got, strings.Join(f.Folders, "/")+": "+f.Title+" = "+f.URL)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("feeds (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.repairs, repairs); diff != "" {
				t.Errorf("repairs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOPMLSaysWhatElseItIs(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ body, want string }{
		"nothing":   {"", "the document is empty; export the list again"},
		"a feed":    {`<rss><channel><title>x</title></channel></rss>`, "not a list of feeds (OPML): this is a feed itself; put its address under sources"},
		"a page":    {`<!DOCTYPE html><html><body>x</body></html>`, "not a list of feeds (OPML): this is an HTML page; export the list from the reader as an OPML file"},
		"something": {"title,url", `not a list of feeds (OPML): it begins "title,url" and has no outline element; export the list from the reader as an OPML file`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, _, err := read.OPML(strings.NewReader(tc.body)); err == nil || err.Error() != tc.want {
				t.Errorf("got  %v\nwant %s", err, tc.want)
			}
		})
	}
}

func TestOutlinesComeBackAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	want := read.Outlines{Title: "Feeds & <more>", Feeds: []read.Outline{
		{Title: "One & two", URL: "https://x.example/?a=1&b=2", Site: "https://x.example/", Language: "en", Folders: []string{"港口", "A \"quote\""}},
		{Title: "Three", URL: "https://y.example/", Folders: []string{"港口"}},
		{Title: "https://z.example/", URL: "https://z.example/"},
	}}
	var b bytes.Buffer
	if err := want.Write(&b); err != nil {
		t.Fatal(err)
	}
	got, repairs, err := read.OPML(&b)
	if err != nil || len(repairs) > 0 {
		t.Fatal(repairs, err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestOPMLIsLinear(t *testing.T) {
	t.Parallel()
	const n = 200_000
	for name, body := range map[string]string{
		"folders in folders": "<opml>" + strings.Repeat(`<outline text="a">`, n) + `<outline xmlUrl="https://x.example/"/>`,
		"feeds in feeds":     "<opml>" + strings.Repeat(`<outline xmlUrl="https://x.example/">`, n),
		"open comments":      "<opml>" + strings.Repeat("<!--", n),
		"open brackets":      "<opml>" + strings.Repeat("<", n),
		"open quotes":        "<opml>" + strings.Repeat(`<outline text="`, n),
		"equals signs":       "<opml><outline " + strings.Repeat("a=", n),
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			_, _, _ = read.OPML(strings.NewReader(body)) // only the time counts
			if d := time.Since(start); d > tooLong {
				t.Errorf("%d bytes took %v", len(body), d)
			}
		})
	}
}

func FuzzOPML(f *testing.F) {
	for _, s := range []string{
		`<opml version="2.0"><head><title>x</title></head><body><outline text="A"><outline text="x" xmlUrl="https://x.example/?a&b"></outline></body></opml>`,
		`<outline xmlUrl=x><outline type="rss"></outline>`, "<opml><!--", `<!DOCTYPE opml [<!ENTITY a "b">]><opml><outline text="&a;" xmlUrl="&a;"/>`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		list, repairs, err := read.OPML(bytes.NewReader(body))
		if err != nil {
			if len(list.Feeds) > 0 || len(repairs) > 0 {
				t.Fatalf("%v, %q and %v", list, repairs, err)
			}
			return
		}
		for _, o := range list.Feeds {
			if o.URL == "" || len(o.Folders) > 32 {
				t.Fatal(fmt.Sprint(o))
			}
		}
	})
}
