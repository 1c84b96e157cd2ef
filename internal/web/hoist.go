package web

import (
	"fmt"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// withoutRepeats puts styles that a document gives to several elements, as
// mails must, into its head once: that is a quarter of the bytes of an edition.
// What they look like stays the same, since :not(#_) makes a class count for
// more than whatever the document's own rules say without !important.
func withoutRepeats(document string) string {
	times := map[string]int{}
	eachTag(document, func(_ string, t *html.Token) {
		if style := attribute(t, "style"); style != nil && !strings.ContainsAny(style.Val, "<{}") {
			times[style.Val]++
		}
	})
	var rules strings.Builder
	classes := map[string]string{}
	var out strings.Builder
	head := false
	eachTag(document, func(raw string, t *html.Token) {
		style := attribute(t, "style")
		switch {
		case t.Type == html.EndTagToken && t.DataAtom == atom.Head && !head:
			head = true
			out.WriteString(ruleMark)
		case style != nil && times[style.Val] > 1:
			class := classes[style.Val]
			if class == "" {
				class = fmt.Sprint("s-", len(classes))
				classes[style.Val] = class
				fmt.Fprintf(&rules, ".%s:not(#_) { %s }\n", class, style.Val)
			}
			reclass(t, class)
			raw = t.String()
		}
		out.WriteString(raw)
	})
	if !head {
		return document // there is no place for rules
	}
	return strings.Replace(out.String(), ruleMark, "<style>\n"+rules.String()+"</style>\n", 1)
}

// ruleMark stands where the rules go.
const ruleMark = "\x00rules\x00"

// eachTag hands the tags of a document, and what is between them, to do.
func eachTag(document string, do func(raw string, t *html.Token)) {
	z := html.NewTokenizer(strings.NewReader(document))
	for z.Next() != html.ErrorToken {
		raw := string(z.Raw())
		t := z.Token()
		do(raw, &t)
	}
}

func attribute(t *html.Token, name string) *html.Attribute {
	if t.Type != html.StartTagToken && t.Type != html.SelfClosingTagToken {
		return nil
	}
	for i := range t.Attr {
		if t.Attr[i].Key == name {
			return &t.Attr[i]
		}
	}
	return nil
}

// reclass gives an element a class in the place of its style.
func reclass(t *html.Token, class string) {
	attrs := t.Attr[:0:0]
	found := false
	for _, a := range t.Attr {
		switch a.Key {
		case "style":
			continue
		case "class":
			a.Val, found = a.Val+" "+class, true
		}
		attrs = append(attrs, a)
	}
	if !found {
		attrs = append(attrs, html.Attribute{Key: "class", Val: class})
	}
	t.Attr = attrs
}
