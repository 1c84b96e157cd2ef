package read_test

import (
	"bufio"
	"encoding/json"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"broadsheet/syndicate/read"
)

func TestCleanHTML(t *testing.T) {
	t.Parallel()
	base, err := url.Parse("https://s.example/a/b.html")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ in, clean, text string }{
		"plain text":                 {"two & three <3", "two &amp; three &lt;3", "two & three <3"},
		"text without a sign":        {" 港口  运行平稳。 ", "港口  运行平稳。", "港口 运行平稳。"},
		"paragraphs":                 {"<p>一</p>\n<p>二<br>三</p>", "<p>一</p>\n<p>二<br>三</p>", "一\n二\n三"},
		"wrapped Han text":           {"<p>港口\n  吞吐量 up\n by 3</p>", "<p>港口\n  吞吐量 up\n by 3</p>", "港口吞吐量 up by 3"},
		"script and style":           {"a<script>x<b>y</script><style>p{}</style>b", "ab", "ab"},
		"handlers, style, class":     {`<p onclick="x()" style="a:b" class="c" id="d">e</p>`, "<p>e</p>", "e"},
		"relative addresses":         {`<a href="../c">x</a><img src="d.png">`, `<a href="https://s.example/c">x</a><img src="https://s.example/a/d.png">`, "x"},
		"no script addresses":        {`<a href="java&#10;script:alert(1)">x</a><a href=" JaVaScRiPt:1">y</a><a href="data:text/html,x">z</a>`, "xyz", "xyz"},
		"mail":                       {`<a href="mailto:desk@s.example">m</a>`, `<a href="mailto:desk@s.example">m</a>`, "m"},
		"images over other schemes":  {`<img src="data:image/png;base64,x"><img src="ftp://s.example/x">t`, "t", "t"},
		"images in the address":      {`<img src="data:image/png;base64,` + strings.Repeat("iVBO", 80) + `"><img src="data:image/svg+xml;base64,` + strings.Repeat("PHN2", 80) + `">`, `<img src="data:image/png;base64,` + strings.Repeat("iVBO", 80) + `">`, ""},
		"place holders":              {`<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw="><img src="data:image/png;base64,` + strings.Repeat("iVBO", 80) + `" data-src="/late.png">`, `<img src="https://s.example/late.png">`, ""},
		"images loaded late":         {`<img src="data:,x" data-src="//c.example/p.jpg" alt="桥">`, `<img alt="桥" src="https://c.example/p.jpg">`, ""},
		"tracking pixels":            {`a<img src="https://t.example/p" width="1" height=1><img src="https://t.example/q" height="0">`, "a", "a"},
		"forms and frames":           {`<form action="/x"><input name=q><button>go</button></form><iframe src="//x">f</iframe><object><p>o</p></object>`, "go<p>o</p>", "go\no"},
		"unclosed":                   {"<div><b>a<p>b<p>c", "<div><b>a<p>b</p><p>c</p></b></div>", "a\nb\nc"},
		"stray ends":                 {"a</div></p>b</a>", "ab", "ab"},
		"lists":                      {"<ul><li>a<li>b<ul><li>c</ul></ul>", "<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>", "a\nb\nc"},
		"tables":                     {"<table><tr><td>a<td colspan=2>b<tr><td>c</table>", `<table><tr><td>a</td><td colspan="2">b</td></tr><tr><td>c</td></tr></table>`, "a b\nc"},
		"quotes stay":                {`<p title="a&quot;b">"x" 'y'</p><font>z</font>`, `<p title="a&#34;b">"x" 'y'</p>z`, "\"x\" 'y'\nz"},
		"comment":                    {"a<!-- <b> -->b", "ab", "ab"},
		"comment without an end":     {"sa<!-- -- <b>fe</b><script>x()</script> <!-- more", "sa -- <b>fe</b>  more", "sa -- fe more"},
		"comment that ends as a tag": {"sa<!-- -- x >fe <i>it</i>", "sa" + "fe <i>it</i>", "safe it"},
		"declaration without an end": {"a <!DOCTYPE ~", "a &lt;!DOCTYPE ~", "a <!DOCTYPE ~"},
		"svg never closed":           {"<svg><p>text</p>", "<p>text</p>", "text"},
		"attribute twice":            {`<a href="/x" href="javascript:1">y</a>`, `<a href="https://s.example/x">y</a>`, "y"},
		"ideographic indent":         {"<p>　　港口</p>", "<p>　　港口</p>", "港口"},
		"address with a quote":       {`<a href='https://x.example/"onclick=1'>y</a>`, `<a href="https://x.example/%22onclick=1">y</a>`, "y"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clean, text := read.CleanHTML(c.in, base)
			if clean != c.clean {
				t.Errorf("clean = %s\nwant    %s", clean, c.clean)
			}
			if text != c.text {
				t.Errorf("text = %q, want %q", text, c.text)
			}
		})
	}
}

// safe fails unless clean is HTML that may be shown: only what the policy
// allows, balanced, and unchanged by cleaning again.
func safe(t *testing.T, in, clean string) {
	t.Helper()
	if again := read.ApplyPolicy(clean); again != clean {
		t.Errorf("the policy refuses part of what came out\nin    %q\nclean %q\nagain %q", in, clean, again)
	}
	open := 0
	z := html.NewTokenizer(strings.NewReader(clean))
	for z.Next() != html.ErrorToken {
		tok := z.Token()
		switch tok.Type {
		case html.StartTagToken:
			switch tok.Data {
			case "br", "img", "hr", "wbr", "col":
			default:
				open++
			}
		case html.EndTagToken:
			open--
		}
		if open < 0 || dangerous(tok) {
			t.Fatalf("dangerous token %s\nin    %q\nclean %q", tok, in, clean)
		}
	}
	if open != 0 {
		t.Errorf("%d elements stay open\nin    %q\nclean %q", open, in, clean)
	}
}

var (
	goodAddress = regexp.MustCompile(`^(?:https?://|mailto:)`)
	inlineImage = regexp.MustCompile(`^data:image/(?:png|gif|jpeg|webp);base64,[A-Za-z0-9+/]+={0,2}$`)
)

// dangerous reports whether a tag may run, load or deform anything.
func dangerous(tok html.Token) bool {
	switch tok.Data {
	case "script", "style", "iframe", "frame", "object", "embed", "applet", "base", "link", "meta", "form", "input", "button", "svg", "math", "template":
		return tok.Type != html.TextToken
	}
	for _, a := range tok.Attr {
		switch {
		case tok.Data == "img" && a.Key == "src" && inlineImage.MatchString(a.Val):
		case strings.HasPrefix(a.Key, "on"), a.Key == "style", a.Key == "class", a.Key == "id", a.Key == "srcdoc", a.Key == "srcset":
			return true
		case (a.Key == "href" || a.Key == "src" || a.Key == "cite") && !goodAddress.MatchString(a.Val):
			return true
		}
	}
	return false
}

// The corpus holds the attacks that other sanitisers are tested with.
func TestAttacks(t *testing.T) {
	t.Parallel()
	file, err := os.Open("../../../shared/corpus/feeds/sanitizer.jsonl")
	if err != nil {
		t.Skip("../shared/corpus/feeds/sanitizer.jsonl is not here")
	}
	defer func() { _ = file.Close() }()
	base, err := url.Parse("https://s.example/")
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 16<<20)
	n := 0
	for lines.Scan() {
		var c struct{ Input string }
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		clean, _ := read.CleanHTML(c.Input, base)
		safe(t, c.Input, clean)
		n++
	}
	if err := lines.Err(); err != nil || n < 8000 {
		t.Fatalf("%d attacks read: %v", n, err)
	}
}

func FuzzCleanHTML(f *testing.F) {
	for _, s := range []string{"<p>a<b>c</p>", `<a href="//x">y</a>`, "<svg><script>1</script>", "<table><td><p>x<table>", "<!--><img src=x onerror=1>-->", `<img src="https://x.example/&quot;onerror=1">`, "<noscript><p title=\"</noscript><img src=x onerror=1>\">", "a&lt;b&amp;lt;c"} {
		f.Add(s)
	}
	base, err := url.Parse("https://s.example/")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, in string) {
		clean, _ := read.CleanHTML(in, base)
		safe(t, in, clean)
	})
}
