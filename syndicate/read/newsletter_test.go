package read_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"broadsheet/syndicate"
	"broadsheet/syndicate/read"
)

func TestNewsletterGolden(t *testing.T) {
	t.Parallel()
	readGolden(t, "newsletters", read.Input{Kind: syndicate.KindNewsletter, Location: shanghai(t)})
}

// readMail reads one message.
func readMail(t *testing.T, body string) (*read.Result, error) {
	t.Helper()
	return read.Read(context.Background(), read.Input{Body: []byte(body), Kind: syndicate.KindNewsletter})
}

func TestNewsletterSubjects(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ subject, want string }{
		"plain":                        {"Tide tables", "Tide tables"},
		"raw UTF-8":                    {"潮汐表", "潮汐表"},
		"encoded, quoted":              {"=?utf-8?q?Caf=C3=A9_on_the_quay?=", "Café on the quay"},
		"two words without the space":  {"=?utf-8?b?5r2u?= =?utf-8?b?5rGQ?=", "潮汐"},
		"text between words":           {"=?utf-8?q?High?= water =?utf-8?q?today?=", "High water today"},
		"a word of no charset known":   {"=?x-none?q?High?=", "High"},
		"no encoded word":              {"What =? is ?= this", "What =? is ?= this"},
		"a word without its end":       {"=?utf-8?q?High", "=?utf-8?q?High"},
		"a word with a language (RFC)": {"=?us-ascii*en?q?High?=", "High"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			res, err := readMail(t, "From: a@b.example\nSubject: "+tc.subject+"\nDate: Mon, 21 Jul 2025 08:00:00 +0000\n\ntext\n")
			if err != nil {
				t.Fatal(err)
			}
			if got := res.Entries[0].Title; got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestNewsletterErrorsSayWhatToDo(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ body, want string }{
		"nothing":            {" \n", "the document is empty; check the address in a browser"},
		"a web page":         {"<html><body>Hi</body></html>", `not a newsletter: it begins "<html><body>Hi</body></html>", which is no mail header; save the message with its header, as an .eml file`},
		"encrypted":          {"From: a@b.example\nSubject: Secret\nContent-Type: multipart/encrypted; boundary=x\n\n--x--\n", `not a newsletter: "Secret": the message is encrypted; ask the publisher for plain mail`},
		"nothing to read":    {"From: a@b.example\nDate: Mon, 21 Jul 2025 08:00:00 +0000\n\n", `not a newsletter: "": the message has neither subject nor text`},
		"S/MIME in one":      {"From: a@b.example\nSubject: S\nContent-Type: application/pkcs7-mime\n\nAAAA", `not a newsletter: "S": the message is encrypted or signed as one file (S/MIME); ask the publisher for plain mail`},
		"an empty mailbox":   {"From x@y Mon Jul 21 08:00:00 2025\n", `not a newsletter: it begins "", which is no mail header; save the message with its header, as an .eml file`},
		"a kind not of mail": {"GIF89a", `not a newsletter: it begins "GIF89a", which is no mail header; save the message with its header, as an .eml file`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := readMail(t, tc.body)
			if err == nil || err.Error() != tc.want {
				t.Errorf("got  %v\nwant %s", err, tc.want)
			}
		})
	}
}

func TestNewsletterReportsWhatIsCutOff(t *testing.T) {
	t.Parallel()
	res, err := readMail(t, "From: a@b.example\nSubject: Half\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/plain\n\nThe first half of the let")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{`"Half": the message is cut off before its end`, `"Half": has no date; it takes the time it is first seen`}
	if diff := cmp.Diff(want, res.Repairs); diff != "" {
		t.Errorf("repairs (-want +got):\n%s", diff)
	}
	if got := res.Entries[0].Content; got != "<p>The first half of the let</p>" {
		t.Errorf("content %q", got)
	}
}

func TestNewsletterKeepsNoWayToLeaveTheList(t *testing.T) {
	t.Parallel()
	res, err := readMail(t, "From: a@b.example\nSubject: S\nContent-Type: text/html\n\n"+
		`<p>A word on <a href="https://x.example/unsubscribe?me=1">lists</a> and <a href="https://x.example/a">harbours</a>, which is long enough to be text and no footer. `+
		strings.Repeat("It goes on for a while. ", 20)+`</p><p><a href="https://x.example/go/17">Click here to unsubscribe</a></p>`)
	if err != nil {
		t.Fatal(err)
	}
	c := res.Entries[0].Content
	if strings.Contains(c, "unsubscribe") || strings.Contains(c, "go/17") || !strings.Contains(c, "https://x.example/a") {
		t.Errorf("content %s", c)
	}
}

func TestFolder(t *testing.T) {
	t.Parallel()
	message := func(n int) *fstest.MapFile {
		day := time.Date(2025, 7, n, 8, 0, 0, 0, time.UTC)
		return &fstest.MapFile{ModTime: day, Data: fmt.Appendf(nil, "From: a@b.example\nSubject: Letter %d\nMessage-ID: <%d@b.example>\nDate: %s\n\nText %d\n", n, n, day.Format(time.RFC1123Z), n)}
	}
	fsys := fstest.MapFS{
		"new/1.M1P1.host":     message(3),
		"cur/2.M1P1.host:2,S": message(2),
		"tmp/3.M1P1.host":     message(9), // being written
		"old.eml":             message(1),
		"notes.md":            {Data: []byte("no mail")},
		"bad.eml":             {Data: []byte("not mail")},
		".hidden.eml":         message(8),
	}
	for name, tc := range map[string]struct {
		most    int
		titles  []string
		repairs []string
	}{
		"all":  {0, []string{"Letter 3", "Letter 2", "Letter 1"}, []string{`bad.eml: it begins "not mail", which is no mail header; save the message with its header, as an .eml file; left out`}},
		"some": {2, []string{"Letter 3", "Letter 2"}, []string{`the folder has 4 messages; the newest 2 were read`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			res, err := read.Folder(context.Background(), fsys, read.Input{MaxEntries: tc.most})
			if err != nil {
				t.Fatal(err)
			}
			var titles []string
			for _, e := range res.Entries {
				titles = append(titles, e.Title)
			}
			if diff := cmp.Diff(tc.titles, titles); diff != "" {
				t.Errorf("titles (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.repairs, res.Repairs); diff != "" {
				t.Errorf("repairs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNewsletterArticlesKeepTheirIdentity(t *testing.T) {
	t.Parallel()
	body, err := os.ReadFile("testdata/newsletters/text.mbox")
	if err != nil {
		t.Fatal(err)
	}
	src := &syndicate.Source{Name: "quay", Kind: syndicate.KindNewsletter}
	keys := func(b []byte) []string {
		res, err := readMail(t, string(b))
		if err != nil {
			t.Fatal(err)
		}
		var keys []string
		for _, a := range read.Articles(src, res, time.Date(2025, 8, 1, 0, 0, 0, 0, time.UTC)) {
			keys = append(keys, a.GUID+" "+a.Key)
		}
		return keys
	}
	both := keys(body)
	_, second, _ := bytes.Cut(body, []byte("Jul 22 08:00:00 2025\r\n"))
	if alone := keys(second); len(both) != 2 || len(alone) != 1 || alone[0] != both[0] {
		t.Errorf("in a mailbox %v, alone %v", both, alone)
	}
}

// A message of a few bytes must not cost more than its size allows.
func TestNewsletterIsLinear(t *testing.T) {
	t.Parallel()
	const n = 60_000
	for name, body := range map[string]string{
		"folded field":         "From: a@b.example\nSubject: x" + strings.Repeat("\n y", n),
		"many fields":          "From: a@b.example" + strings.Repeat("\nX-A: b", n),
		"parts in parts":       "From: a@b.example\nContent-Type: multipart/mixed; boundary=x\n" + strings.Repeat("\n--x\nContent-Type: multipart/mixed; boundary=x\n", n/10),
		"many parts":           "From: a@b.example\nContent-Type: multipart/mixed; boundary=x\n" + strings.Repeat("\n--x\n\ny", n),
		"nested tags":          "From: a@b.example\nContent-Type: text/html\n\n" + strings.Repeat("<div>", n),
		"nested tables":        "From: a@b.example\nContent-Type: text/html\n\n" + strings.Repeat("<table><tr><td>a", n/20),
		"many short lines":     "From: a@b.example\n\n" + strings.Repeat("a\n\n", n),
		"many addresses":       "From: a@b.example\n\n" + strings.Repeat("http://a.example ", n/4),
		"equals signs":         "From: a@b.example\nContent-Transfer-Encoding: quoted-printable\n\n" + strings.Repeat("=", n),
		"encoded words":        "From: a@b.example\nSubject: " + strings.Repeat("=?a?b?", n) + "\n\nx",
		"mailbox of nothing":   strings.Repeat("From a Mon Jul 21 08:00:00 2025\n\n", n/10),
		"messages in messages": "From: a@b.example\n" + strings.Repeat("Content-Type: message/rfc822\n\n", n),
		"unsubscribe, often":   "From: a@b.example\nContent-Type: text/html\n\n" + strings.Repeat("<p><a href=u>unsubscribe</a> if you like", n/10),
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			_, _ = readMail(t, body) // only the time counts
			if d := time.Since(start); d > tooLong {
				t.Errorf("%d bytes took %v", len(body), d)
			}
		})
	}
}

func FuzzNewsletter(f *testing.F) {
	files, _ := filepath.Glob("testdata/newsletters/*")
	for _, file := range files {
		if body, err := os.ReadFile(file); err == nil && !strings.HasSuffix(file, ".golden") {
			f.Add(body)
		}
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		fuzzOne(t, read.Input{Body: body, Kind: syndicate.KindNewsletter})
	})
}
