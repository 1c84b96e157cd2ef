package receive

import (
	"bytes"
	"regexp"
	"strings"

	"broadsheet/mailer"
)

// maxReported is how many recipients of a delivery report are looked at.
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
func (r *reported) bounce() mailer.Bounce { return mailer.JudgeBounce(r.status, r.diagnostic) }

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
	b.Detail = mailer.BounceDetail(b.Status, h.text("Subject")+": "+line)
	if b.Kind == mailer.FirmBounce { // words alone convince less
		b.Kind = mailer.SoftBounce
	}
	return b
}
