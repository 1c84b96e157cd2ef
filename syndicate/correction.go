package syndicate

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Correction is what an editor says an article belongs under. It is kept
// apart from what the source said and from what we think, and wins over both.
type Correction struct {
	Key    string    // of the article
	Themes []string  // the first is the primary one; none at all is an answer, too
	At     time.Time // when the editor said so
}

// Apply returns an analysis as the editor wants it: filed under the themes of
// the correction alone, each with what the rules make of it. Themes that the
// rules would have filed it under become near misses.
func (c Correction) Apply(a Analysis) Analysis {
	judged := slices.Concat(a.Filings, a.NearMisses)
	filed := len(a.Filings)
	a.Filings, a.NearMisses = nil, nil
	for _, theme := range c.Themes {
		f := Filing{Theme: theme}
		if i := slices.IndexFunc(judged, func(f Filing) bool { return f.Theme == theme }); i >= 0 {
			f = judged[i]
		}
		f.Editor = true
		a.Filings = append(a.Filings, f)
	}
	for i, f := range judged {
		if slices.Contains(c.Themes, f.Theme) {
			continue
		}
		if i < filed {
			f.Editor, f.Removed = true, true
		}
		a.NearMisses = append(a.NearMisses, f)
	}
	return a
}

// An Example is a text and the themes it belongs under, as a person said: a
// line of the JSON Lines that are read to measure, to test and to learn.
type Example struct {
	ID       string   `json:"id"`
	Language string   `json:"lang,omitempty"` // BCP 47; "" when unknown
	Title    string   `json:"title"`
	Text     string   `json:"text"`
	Themes   []string `json:"themes"` // empty for none
}

// Article returns the example as an article without a source.
func (e *Example) Article() *Article {
	return &Article{Title: e.Title, Text: e.Text, Language: e.Language}
}

// editorsReason is [Filing.Reason] for what an editor decided.
func (f Filing) editorsReason() string {
	decision := "an editor's decision"
	if f.Removed {
		decision = "taken out by an editor"
	}
	f.Editor, f.Removed = false, false
	if f.Score == 0 && !f.Source {
		return fmt.Sprintf("%s: %s (the rules find nothing for it)", f.Theme, decision)
	}
	return fmt.Sprintf("%s: %s (the rules say %s)", f.Theme, decision, strings.TrimPrefix(f.Reason(), f.Theme+" "))
}
