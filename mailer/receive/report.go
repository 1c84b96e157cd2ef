package receive

import (
	"bytes"
	"regexp"
	"strings"

	"broadsheet/mailer"
)

// maxRecipients is how many recipients of a delivery report are looked at.
const maxReported = 50

// A reported is what a delivery report says of one recipient (RFC 3464,
// section 2.3).
type reported struct {
	action     string // failed, delayed, delivered, relayed or expanded
	status     string // RFC 3463; "" when it has none
	diagnostic string
}

// deliveryReport returns what a message reports of its recipients; none when
// it is no delivery report.
func deliveryReport(ps []part) []reported {
	var out []reported
	for i := range ps {
		switch ps[i].kind {
		case "message/delivery-status", "message/global-delivery-status":
			out = append(out, readStatus(ps[i].text())...)
		}
	}
	return out[:min(len(out), maxReported)]
}

// readStatus reads the groups of fields of a delivery status.
func readStatus(b []byte) []reported {
	var out []reported
	b = bytes.TrimLeft(b, "\r\n")
	for len(b) > 0 && len(out) < maxReported {
		var group header
		group, b = splitHeader(b)
		b = bytes.TrimLeft(b, "\r\n \t")
		if !group.has("Action") && !group.has("Status") && !group.has("Final-Recipient") {
			continue // the first group is about the message
		}
		_, diagnostic, ok := strings.Cut(group.get("Diagnostic-Code"), ";")
		if !ok {
			diagnostic = group.get("Diagnostic-Code")
		}
		action, _, _ := strings.Cut(strings.ToLower(group.get("Action")), " ")
		r := reported{action: action, status: statusCode.FindString(group.get("Status")), diagnostic: strings.TrimSpace(diagnostic)}
		if r.action == "" && strings.HasPrefix(r.status, "5") {
			r.action = "failed"
		}
		out = append(out, r)
	}
	return out
}

// statusCode is a status of RFC 3463, section 2.
var statusCode = regexp.MustCompile(`\b[245]\.\d{1,3}\.\d{1,3}\b`)

// bounce judges what a report says of the recipient of a delivery.
func (r *reported) bounce() mailer.Bounce {
	b := mailer.Bounce{Status: r.status, Detail: detail(r.status, r.diagnostic)}
	if b.Status == "" || strings.HasSuffix(b.Status, ".0.0") || b.Status == "5.5.0" {
		b.Status = betterStatus(b.Status, r.diagnostic)
	}
	b.Kind = kindOf(b.Status)
	return b
}

// betterStatus takes the status from what the server said, where the report
// knows none or one that says nothing.
func betterStatus(status, said string) string {
	for _, s := range statusCode.FindAllString(said, 3) {
		if !strings.HasSuffix(s, ".0.0") && s[0] != '2' {
			return s
		}
	}
	switch {
	case noMailbox.MatchString(said):
		return "5.1.1"
	case fullMailbox.MatchString(said):
		return "5.2.2"
	case status == "":
		if m := replyCode.FindStringSubmatch(said); m != nil {
			return m[1] + ".0.0"
		}
	}
	return status
}

// What servers say in so many words, in the languages they say it in.
var (
	noMailbox = regexp.MustCompile(`(?i)\b(?:user|mailbox|recipient|account|address|email)(?: \S+){0,3} (?:unknown|not found|does(?:n't| not) exist|is unknown|invalid)\b|` +
		`\b(?:unknown|no such|invalid|nonexistent) (?:user|mailbox|recipient|address|account)\b|用户不存在|用戶不存在|收件人不存在|邮箱不存在|无此用户`)
	fullMailbox = regexp.MustCompile(`(?i)\b(?:mailbox|quota|inbox)(?: \S+){0,3} (?:full|exceeded)\b|\bover ?quota\b|邮箱已满|空间不足`)
	replyCode   = regexp.MustCompile(`\b([45])\d\d\b`)
)

// kindOf judges a status as RFC 3463 and the large providers use it.
func kindOf(status string) mailer.BounceKind {
	class, rest, _ := strings.Cut(status, ".")
	subject, number, _ := strings.Cut(rest, ".")
	switch {
	case class != "5":
		return mailer.SoftBounce // 4.x.x that was given up, or not known
	case status == "5.1.7", status == "5.1.8", subject == "7", subject == "6":
		return mailer.PolicyBounce // the sender's address, the rules, the content
	case subject == "1", status == "5.2.1":
		return mailer.HardBounce
	case subject == "2" && number != "0", subject == "3", status == "5.4.7":
		return mailer.SoftBounce // full, too large, expired
	}
	return mailer.FirmBounce
}

// maxDetail is how many bytes of what a server said are kept.
const maxDetail = 300

var anyAddress = regexp.MustCompile(`[^\s<>()\[\]"',;:]+@[^\s<>()\[\]"',;]+`)

// detail puts a status and what was said into one line without addresses:
// suppressions are kept without them.
func detail(status, said string) string {
	said = anyAddress.ReplaceAllString(strings.Join(strings.Fields(strings.ToValidUTF8(said, "\uFFFD")), " "), "…")
	if !strings.Contains(said, status) {
		said = status + " " + said
	}
	if len(said) > maxDetail {
		said = strings.ToValidUTF8(said[:maxDetail], "") + "…"
	}
	return strings.TrimSpace(said)
}

// plainReport judges a bounce that is no report in the sense of RFC 3464, as
// old and simple servers write them, by its words.
func plainReport(h header, ps []part) mailer.Bounce {
	said := ""
	for i := range ps {
		if strings.HasPrefix(ps[i].kind, "text/plain") {
			b := ps[i].text()
			said = string(b[:min(len(b), 4<<10)])
			break
		}
	}
	if i := strings.Index(said, "\n--"); i >= 0 {
		said = said[:i] // what follows is the message that came back
	}
	r := reported{action: "failed", diagnostic: said}
	b := r.bounce()
	line := said
	if at := strings.Index(said, b.Status); b.Status != "" && at >= 0 {
		line = said[strings.LastIndexByte(said[:at], '\n')+1:]
	}
	b.Detail = detail(b.Status, h.text("Subject")+": "+line)
	if b.Kind == mailer.FirmBounce { // words alone convince less
		b.Kind = mailer.SoftBounce
	}
	return b
}
