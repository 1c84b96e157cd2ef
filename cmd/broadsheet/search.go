package main

import (
	"fmt"
	"os"
	"strings"

	"broadsheet/syndicate"
)

// foundLine says how many articles a search found.
func foundLine(found syndicate.Found) string {
	switch n := len(found.Articles); {
	case found.More:
		return fmt.Sprintf("%d of at least %d articles; --limit shows more", n, found.Total)
	case n < found.Total:
		return fmt.Sprintf("%d of %d articles; --limit shows more", n, found.Total)
	}
	return count(found.Total, "article")
}

// saveSearch prints what makes a feed of a search, which was tried.
func (c *command) saveSearch(name, query string, found syndicate.Found) error {
	fmt.Fprint(c.out, syndicate.FeedLines(name, query))
	_, err := fmt.Fprintf(c.err, "add these lines to the configuration, under feeds: if that is there already; now it finds: %s\n", foundLine(found))
	return err
}

// boldWords returns the words of a query that a terminal shows in bold; none
// where the output is no terminal, or NO_COLOR is set (no-color.org).
func (c *command) boldWords(query string) []string {
	out, ok := c.out.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" {
		return nil
	}
	if info, err := out.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return nil
	}
	q, err := syndicate.ParseQuery(query, nil)
	if err != nil {
		return nil
	}
	return q.Wanted()
}

// bold makes words bold on a terminal (ECMA-48, section 8.3.117).
func bold(text string, words []string) string {
	if len(words) == 0 {
		return text
	}
	var b strings.Builder
	at := 0
	for _, s := range syndicate.Spans(text, words) {
		b.WriteString(text[at:s.Start] + "\x1b[1m" + text[s.Start:s.End] + "\x1b[22m")
		at = s.End
	}
	return b.String() + text[at:]
}
