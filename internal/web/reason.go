package web

import (
	"fmt"
	"strings"

	"broadsheet/syndicate"
)

// reasons say why an article is filed where it is, and what it is nearly filed
// under, in the language of the page.
type reasons struct {
	*view
	Filed, Nearly []string
}

func (v *view) reasons(a *syndicate.Analysis) reasons {
	r := reasons{view: v}
	for _, f := range a.Filings {
		r.Filed = append(r.Filed, v.reason(f))
	}
	for _, f := range a.NearMisses {
		r.Nearly = append(r.Nearly, v.reason(f))
	}
	return r
}

// reason is [syndicate.Filing.Reason] in the language of the page.
func (v *view) reason(f syndicate.Filing) string {
	title := v.themeTitle(f.Theme)
	if !f.Editor {
		return title + " " + v.rulesSay(f)
	}
	said := v.T("web.reason.nothing")
	if f.Score != 0 || f.Source {
		said = v.T("web.reason.rules", v.rulesSay(f))
	}
	if f.Removed {
		return v.T("web.reason.removed", title, said)
	}
	return v.T("web.reason.editor", title, said)
}

// rulesSay writes what the rules make of a theme: 3.1 ≥ 1.0: 贷款 ×3 (title).
func (v *view) rulesSay(f syndicate.Filing) string {
	sign := "≥"
	if f.Score < f.Threshold {
		sign = "<"
	}
	said := fmt.Sprintf("%.1f %s %.1f", f.Score, sign, f.Threshold)
	var parts []string
	if f.Source {
		parts = append(parts, v.T("web.reason.source"))
	}
	for _, h := range f.Hits {
		parts = append(parts, v.hit(h))
	}
	if len(parts) == 0 {
		return said
	}
	return v.T("web.reason.because", said, strings.Join(parts, v.T("web.reason.comma")))
}

func (v *view) hit(h syndicate.Hit) string {
	s := h.Term
	if h.Count > 1 {
		s += fmt.Sprintf(" ×%d", h.Count)
	}
	if len(h.Where) == 0 {
		return s
	}
	zones := make([]string, len(h.Where))
	for i, z := range h.Where {
		zones[i] = v.T("web.zone." + z)
	}
	return v.T("web.reason.where", s, strings.Join(zones, listSeparator(v.Lang())))
}
