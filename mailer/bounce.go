package mailer

import (
	"regexp"
	"strings"
)

// JudgeBounce judges a refusal by its status (RFC 3463), "" when there is
// none, and what the server said.
func JudgeBounce(status, said string) Bounce {
	b := Bounce{Status: status, Detail: BounceDetail(status, said)}
	if b.Status == "" || strings.HasSuffix(b.Status, ".0.0") || b.Status == "5.5.0" {
		b.Status = betterStatus(b.Status, said)
	}
	b.Kind = kindOf(b.Status)
	return b
}

// Refusal judges why a delivery failed, as the account tells it, and returns
// false when no server said so: then it is no mailbox's fault.
func Refusal(reason string) (Bounce, bool) {
	at := enhancedCode.FindStringIndex(reason)
	if code := replyCode.FindStringIndex(reason); at == nil || code != nil && code[0] < at[0] {
		at = code
	}
	if at == nil {
		return Bounce{}, false
	}
	return JudgeBounce(enhancedCode.FindString(reason), reason[at[0]:]), true
}

// betterStatus takes the status from what the server said, where the report
// knows none or one that says nothing.
func betterStatus(status, said string) string {
	for _, s := range enhancedCode.FindAllString(said, 3) {
		if !strings.HasSuffix(s, ".0.0") {
			return s
		}
	}
	switch {
	case noMailbox.MatchString(said):
		return "5.1.1"
	case fullMailbox.MatchString(said):
		return "5.2.2"
	case status == "":
		if code := replyCode.FindString(said); code != "" {
			return code[:1] + ".0.0"
		}
	}
	return status
}

// What servers say in so many words, in the languages they say it in.
var (
	noMailbox = regexp.MustCompile(`(?i)\b(?:user|mailbox|recipient|account|address|email)(?: \S+){0,3} (?:unknown|not found|does(?:n't| not) exist|is unknown|invalid)\b|` +
		`\b(?:unknown|no such|invalid|nonexistent) (?:user|mailbox|recipient|address|account)\b|用户不存在|用戶不存在|收件人不存在|邮箱不存在|无此用户`)
	fullMailbox = regexp.MustCompile(`(?i)\b(?:mailbox|quota|inbox)(?: \S+){0,3} (?:full|exceeded)\b|\bover ?quota\b|邮箱已满|空间不足`)
)

// kindOf judges a status as RFC 3463 and the large providers use it.
func kindOf(status string) BounceKind {
	class, rest, _ := strings.Cut(status, ".")
	subject, number, _ := strings.Cut(rest, ".")
	switch {
	case class != "5":
		return SoftBounce // 4.x.x that was given up, or not known
	case status == "5.1.7", status == "5.1.8", subject == "7", subject == "6":
		return PolicyBounce // the sender's address, the rules, the content
	case subject == "1", status == "5.2.1":
		return HardBounce
	case subject == "2" && number != "0", subject == "3", status == "5.4.7":
		return SoftBounce // full, too large, expired
	}
	return FirmBounce
}

// maxDetail is how many bytes of what a server said are kept.
const maxDetail = 300

var anyAddress = regexp.MustCompile(`[^\s<>()\[\]"',;:]+@[^\s<>()\[\]"',;]+`)

// BounceDetail puts a status and what was said into one line without addresses:
// suppressions are kept without them.
func BounceDetail(status, said string) string {
	said = anyAddress.ReplaceAllString(strings.Join(strings.Fields(strings.ToValidUTF8(said, "\uFFFD")), " "), "…")
	if !strings.Contains(said, status) {
		said = status + " " + said
	}
	if len(said) > maxDetail {
		said = strings.ToValidUTF8(said[:maxDetail], "") + "…"
	}
	return strings.TrimSpace(said)
}
