package receive

import (
	"regexp"
	"strings"
)

// automatic reports whether a message is one that no person wrote for us: an
// answer of a machine, such as that somebody is on holiday (RFC 3834, section
// 2; older machines say so in other fields).
func automatic(h header) bool {
	auto, _, _ := strings.Cut(strings.ToLower(h.get("Auto-Submitted")), ";")
	switch {
	case strings.HasPrefix(strings.TrimSpace(auto), "auto-"):
		return true
	case h.has("X-Autoreply"), h.has("X-Autorespond"), h.has("X-Auto-Response-From"):
		return true
	case strings.EqualFold(h.get("Precedence"), "auto_reply"):
		return true
	}
	return onHoliday.MatchString(h.text("Subject"))
}

// onHoliday is how subjects of such answers begin where the machine says it
// nowhere else.
var onHoliday = regexp.MustCompile(`(?i)^\s*(?:auto(?:matic)?[- ]?(?:reply|response)\b|out of (?:the )?office\b|自动回复|自動回覆|外出)`)
