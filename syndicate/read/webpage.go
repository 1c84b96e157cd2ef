package read

import (
	"bytes"
	"net/url"
	"strings"

	"golang.org/x/net/html"
)

// pageTitle returns the title of a web page.
func pageTitle(text []byte) string {
	z := html.NewTokenizer(bytes.NewReader(text[:min(len(text), 256<<10)]))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return ""
		case html.StartTagToken:
			if name, _ := z.TagName(); string(name) == "title" && z.Next() == html.TextToken {
				title := []rune(squeeze(string(z.Text())))
				if len(title) > 60 {
					title = append(title[:60], '…')
				}
				return string(title)
			}
		}
	}
}

// pageFeed returns the address of the first feed that a web page names in a
// link element, or "".
func pageFeed(text []byte, base *url.URL) string {
	z := html.NewTokenizer(bytes.NewReader(text[:min(len(text), 256<<10)]))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return ""
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			if t.Data != "link" {
				continue
			}
			attr := make(map[string]string, len(t.Attr))
			for _, a := range t.Attr {
				attr[a.Key] = a.Val
			}
			if !strings.Contains(strings.ToLower(attr["rel"]), "alternate") {
				continue
			}
			switch strings.ToLower(strings.TrimSpace(attr["type"])) {
			case "application/rss+xml", "application/atom+xml", "application/feed+json", "application/json":
				return absolute(base, attr["href"])
			}
		}
	}
}
