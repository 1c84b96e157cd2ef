package compose_test

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"broadsheet/mailer"
	"broadsheet/mailer/compose"
)

// checkMail reads a message back and compares it with the edition.
func checkMail(t *testing.T, data []byte, e *mailer.Edition) {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if s, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil || s != e.Subject {
		t.Errorf("subject %q, want %q (error %v)", s, e.Subject, err)
	}
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	r := multipart.NewReader(m.Body, params["boundary"])
	for _, want := range []string{e.Text, e.HTML} {
		p, err := r.NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(p)
		if err != nil {
			t.Fatal(err)
		}
		if len(raw) > compose.MaxHTML {
			t.Errorf("a part of %d octets", len(raw))
		}
		var body io.Reader = quotedprintable.NewReader(bytes.NewReader(raw))
		if p.Header.Get("Content-Transfer-Encoding") == "base64" {
			body = base64.NewDecoder(base64.StdEncoding, bytes.NewReader(raw))
		}
		b, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.ReplaceAll(string(b), "\r\n", "\n"); got != want {
			t.Errorf("%s differs from the edition's", p.Header.Get("Content-Type"))
		}
	}
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// checkHTML checks what every edition must be, whatever it tells.
func checkHTML(t *testing.T, e *mailer.Edition) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(e.HTML))
	if err != nil {
		t.Fatal(err)
	}
	wrapped, headings, anchors := false, []string{}, map[string]bool{}
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		anchors[attr(n, "id")] = true
		switch n.DataAtom {
		case atom.Html:
			if attr(n, "lang") != e.Language || attr(n, "dir") == "" {
				t.Errorf("html has lang %q and dir %q", attr(n, "lang"), attr(n, "dir"))
			}
		case atom.Div:
			wrapped = wrapped || attr(n, "lang") == e.Language && attr(n, "dir") != ""
		case atom.Table:
			if r := attr(n, "role"); r != "none" && r != "presentation" {
				t.Error("a table of the layout is not marked as one")
			}
		case atom.H1, atom.H2, atom.H3:
			headings = append(headings, n.Data)
		case atom.H4, atom.H5, atom.H6, atom.Img, atom.Script, atom.Link, atom.Iframe, atom.Object, atom.Form, atom.Video, atom.Svg, atom.Base, atom.Input:
			t.Errorf("there is a %s", n.Data)
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "src" || a.Key == "background" || strings.Contains(a.Val, "url(") || strings.Contains(a.Val, "ZgotmplZ") {
				t.Errorf("%s has %s=%q", n.Data, a.Key, a.Val)
			}
		}
	}
	if !wrapped {
		t.Error("no element around the content has lang and dir")
	}
	if len(headings) == 0 || headings[0] != "h1" || slices.Contains(headings[1:], "h1") {
		t.Errorf("headings %v", headings)
	}
	for i, h := range headings {
		if i > 0 && h[1] > headings[i-1][1]+1 {
			t.Errorf("heading %d skips a level: %v", i, headings)
		}
	}
	checkLinks(t, doc, anchors)
	if regexp.MustCompile(`\bmail\.[a-z]|%![a-z]?\(`).MatchString(e.HTML) {
		t.Error("a text of the catalogue is missing or badly used")
	}
	if strings.Contains(e.HTML, "@import") || strings.Contains(e.HTML, "@font-face") {
		t.Error("the style loads something")
	}
}

func checkLinks(t *testing.T, doc *html.Node, anchors map[string]bool) {
	t.Helper()
	for n := range doc.Descendants() {
		if n.DataAtom != atom.A {
			continue
		}
		href := attr(n, "href")
		fragment, local := strings.CutPrefix(href, "#")
		switch {
		case local && !anchors[fragment]:
			t.Errorf("link to %q, which is not there", href)
		case !local && !strings.HasPrefix(href, "https://") && !strings.HasPrefix(href, "http://") && !strings.HasPrefix(href, "mailto:"):
			t.Errorf("link to %q", href)
		}
		if strings.TrimSpace(textOf(n)) == "" {
			t.Errorf("link to %q has no text", href)
		}
	}
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return b.String()
}

// checkText checks the text form: no line too wide but for addresses, no
// markup, every article in it.
func checkText(t *testing.T, e *mailer.Edition) {
	t.Helper()
	for line := range strings.Lines(e.Text) {
		line = strings.TrimSuffix(line, "\n")
		if compose.Columns(line) > 76 && !strings.Contains(line, "://") && !strings.Contains(line, "mailto:") {
			t.Errorf("a line of %d columns: %q", compose.Columns(line), line)
		}
		if first := strings.TrimLeft(line, " "); strings.IndexAny(first, "，。、；：！？）》」”·%") == 0 {
			t.Errorf("a line begins with what may not begin one: %q", line)
		}
		if strings.TrimRight(line, " ") != line {
			t.Errorf("a line ends with a space: %q", line)
		}
	}
	if strings.Contains(e.Text, "\n\n\n") {
		t.Error("the text has two empty lines in a row")
	}
	for _, it := range e.Items() {
		if !strings.Contains(e.Text, it.URL) {
			t.Errorf("the text lacks %s", it.URL)
		}
	}
	for _, s := range []string{"mail.", "<p", "&amp;", "&#", "<no value>", "%!"} {
		if strings.Contains(e.Text, s) {
			t.Errorf("the text has %q in it", s)
		}
	}
}
