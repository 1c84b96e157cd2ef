package read_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"broadsheet/syndicate"
	"broadsheet/syndicate/read"
)

// sentAt is when the sample pages were sent.
const sentAt = "Thu, 24 Jul 2025 03:00:00 GMT"

// samplePage returns a page of testdata as an input, in a zone that is none of
// the profiles'.
func samplePage(t testing.TB, name string) read.Input {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("testdata", "pages", name))
	if err != nil {
		t.Fatal(err)
	}
	return read.Input{
		Body: body, Kind: syndicate.KindPage, URL: firstAddress(sampleAddresses[name], "https://news.example/list/index.html"),
		Header: http.Header{"Date": {sentAt}, "Content-Type": {"text/html"}}, Location: shanghaiZone,
	}
}

// sampleAddresses are the addresses of pages that have one of their own.
var sampleAddresses = map[string]string{
	"portal-list.html": "https://lj.010b.com/info/1447/page/2",
	"gov-list.html":    "http://www.linjiang.gov.example/yw/",
	"jsonld.html":      "https://grid.example/energy/",
	"articles.html":    "https://post.example/business",
}

func firstAddress(list ...string) string {
	for _, s := range list {
		if s != "" {
			return s
		}
	}
	return ""
}

// shanghaiZone is the zone of the sample pages.
var shanghaiZone = time.FixedZone("Asia/Shanghai", 8*3600)

func TestPagesGolden(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("testdata", "pages", "*.html"))
	if err != nil || len(files) < 12 {
		t.Fatalf("%d sample pages: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			in := samplePage(t, filepath.Base(file))
			res, err := read.Read(context.Background(), in)
			compare(t, file+".golden", printed(t, read.NewOutput(in, res, err)))
		})
	}
}

// What a page is read as without selectors, it is read as by those proposed.
func TestProposedSelectorsReadTheSame(t *testing.T) {
	t.Parallel()
	files, _ := filepath.Glob(filepath.Join("testdata", "pages", "*.html"))
	proposed := 0
	for _, file := range files {
		in := samplePage(t, filepath.Base(file))
		auto, err := read.Read(context.Background(), in)
		if err != nil || auto.Proposed.Item == "" {
			continue
		}
		proposed++
		in.Page = auto.Proposed
		again := mustRead(t, in)
		type row struct{ Title, Link, Date string }
		rows := func(res *read.Result) (out []row) {
			for _, e := range res.Entries {
				out = append(out, row{e.Title, e.Link, e.Published.Format(time.RFC3339)})
			}
			return out
		}
		if diff := cmp.Diff(rows(auto), rows(again), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s by %+v (-automatic +proposed):\n%s\n%q", file, auto.Proposed, diff, again.Repairs)
		}
	}
	if proposed < 7 {
		t.Errorf("selectors are proposed for %d pages only", proposed)
	}
}
