package read

import (
	"bytes"

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
			if string(tagName(z)) == "title" && z.Next() == html.TextToken {
				title := []rune(squeeze(string(z.Text())))
				if len(title) > 60 {
					title = append(title[:60], '…')
				}
				return string(title)
			}
		}
	}
}
