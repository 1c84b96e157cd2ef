package main

import (
	"encoding/json"
	"fmt"
	"io"
	"time"
	"unicode"
)

// printJSON writes v as people and programs like it: indented, with Chinese
// and angle brackets as they are.
func printJSON(w io.Writer, v any) error {
	enc := jsonLines(w)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// jsonLines returns what writes a value a line, as printJSON does.
func jsonLines(w io.Writer) *json.Encoder {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc
}

// count returns "1 source" or "2 sources".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// when returns a time for people in a terminal, "never" for the zero time.
func when(t time.Time, loc *time.Location) string {
	if t.IsZero() {
		return "never"
	}
	return t.In(loc).Format("2006-01-02 15:04")
}

// width returns how many columns s takes in a terminal: two for Han and
// full-width characters.
func width(s string) int {
	n := 0
	for _, r := range s {
		n++
		if unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul) ||
			r >= 0x3000 && r <= 0x303F || r >= 0xFF01 && r <= 0xFF60 {
			n++
		}
	}
	return n
}

// table writes rows as columns, as wide as they need to be.
func table(w io.Writer, rows [][]string) {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], width(cell))
		}
	}
	for _, row := range rows {
		for i, cell := range row {
			if i == len(row)-1 {
				fmt.Fprintln(w, cell)
				break
			}
			fmt.Fprintf(w, "%s%*s", cell, widths[i]-width(cell)+2, "")
		}
	}
}
