package syndicate

import (
	"fmt"
	"strings"
)

// A Filing is an article's assignment to a theme, with the reason.
type Filing struct {
	Theme     string  `json:"theme"`
	Score     float64 `json:"score"`
	Threshold float64 `json:"threshold"`        // the theme's, or more where another theme outshines it
	Hits      []Hit   `json:"hits,omitempty"`   // heaviest first
	Model     float64 `json:"model,omitempty"`  // what the learnt model added to the score, or took from it
	Source    bool    `json:"source,omitempty"` // filed because the source's configuration says so

	Editor  bool `json:"editor,omitempty"`  // an editor decided, whatever the score; see Correction
	Removed bool `json:"removed,omitempty"` // and decided against the theme
}

// A Hit is a term found in an article.
type Hit struct {
	Term   string   `json:"term"`
	Weight float64  `json:"weight"` // of the term, from the configuration
	Count  int      `json:"count"`
	Where  []string `json:"where"` // "title", "lead", "head", "body"; each once, in this order
	Score  float64  `json:"score"` // what the hit added
}

// Reason says in one line why the article is filed:
//
//	finance 3.1 ≥ 1.0: 贷款 ×3 (title, lead), 银行 ×2 (body); model +0.4
//
// A near miss says "<" instead of "≥".
func (f Filing) Reason() string {
	if f.Editor {
		return f.editorsReason()
	}
	var b strings.Builder
	sign := "≥"
	if f.Score < f.Threshold {
		sign = "<"
	}
	fmt.Fprintf(&b, "%s %.1f %s %.1f", f.Theme, f.Score, sign, f.Threshold)
	var parts []string
	if f.Source {
		parts = append(parts, "every article of this source")
	}
	for _, h := range f.Hits {
		parts = append(parts, h.String())
	}
	sep := ": "
	if len(parts) > 0 {
		b.WriteString(sep + strings.Join(parts, ", "))
		sep = "; "
	}
	if part := fmt.Sprintf("%+.1f", f.Model); part != "+0.0" && part != "-0.0" {
		b.WriteString(sep + "model " + part)
	}
	return b.String()
}

// String returns the hit as reasons show it: 贷款 ×3 (title, lead).
func (h Hit) String() string {
	s := h.Term
	if h.Count > 1 {
		s += fmt.Sprintf(" ×%d", h.Count)
	}
	if len(h.Where) > 0 {
		s += " (" + strings.Join(h.Where, ", ") + ")"
	}
	return s
}
