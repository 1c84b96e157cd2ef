package mailer

import (
	"regexp"
	"strings"
)

// Advice returns what a server's refusal means for the operator and what to
// do, and "" when the reply says no more than it does. It goes by the first
// codes in the text. Those are those of RFC 3463 and RFC 7372 as the large providers use them:
// Google's have a class of their own for each of its rules for senders.
func Advice(reply string) string {
	_, detail, _ := strings.Cut(enhancedCode.FindString(reply), ".")
	if detail == "7.1" && strings.Contains(strings.ToLower(reply), "spamhaus") {
		return "a blocklist holds the address that mail leaves from: see check.spamhaus.org"
	}
	if s, ok := adviceByDetail[detail]; ok {
		return s
	}
	switch replyCode.FindString(reply) {
	case "534", "535":
		return adviceByDetail["7.8"]
	case "530":
		return "the relay wants a sign-in: set mail.smtp.username and password_file"
	}
	return ""
}

var (
	enhancedCode = regexp.MustCompile(`\b[45]\.\d{1,3}\.\d{1,3}\b`)
	replyCode    = regexp.MustCompile(`\b[45][0-5]\d\b`)
)

// adviceByDetail is what codes mean, by the part after the class: 4.7.27 and
// 5.7.27 have one cause.
var adviceByDetail = map[string]string{
	"1.1":   "there is no such mailbox: nothing to do, it is suppressed when it bounces",
	"1.2":   "the domain of the address takes no mail: check how it is spelt",
	"1.8":   "the domain of the sender's address is not in the DNS: check mail.from and mail.receive.domain",
	"1.10":  "the domain of the address takes no mail (null MX)",
	"2.1":   "the mailbox is closed, or gets more mail than the provider allows: nothing to do",
	"2.2":   "the mailbox is full: it is tried again, and suppressed when it stays so",
	"3.4":   "the message is too large for the receiver: lower max_per_theme of the digest",
	"4.7":   "the receiver could not be reached for days: nothing to do unless it happens to many",
	"7.8":   "the relay does not take the user name and password: check mail.smtp.username and the password file",
	"7.0":   "the receiver's rules refuse it: run broadsheet doctor, and see what the reply names",
	"7.1":   "the receiver's rules refuse it: run broadsheet doctor, and see what the reply names",
	"7.9":   "the relay wants another way to sign in: see its documentation",
	"7.20":  "no DKIM signature passed: check mail.dkim and the key's record in the DNS",
	"7.21":  "no DKIM signature that the receiver accepts: check mail.dkim",
	"7.22":  "no DKIM signature of the From domain: sign with a key of that domain",
	"7.23":  "SPF: the address that mail leaves from is not in the SPF record of the return path's domain; Gmail means by 4.7.23 that it has no PTR record",
	"7.24":  "SPF: the record has a mistake; run broadsheet doctor",
	"7.25":  "PTR: the address that mail leaves from has no name in the DNS that leads back to it; set one where you rent it",
	"7.26":  "the message is not authenticated: SPF or DKIM must pass for the From domain; run broadsheet doctor",
	"7.27":  "SPF: the address that mail leaves from is not in the SPF record of the return path's domain; add it",
	"7.28":  "too much mail at once, or too many complaints: wait, send more slowly (mail.smtp.rate), and look at the spam rate in Postmaster Tools",
	"7.29":  "TLS: the connection must be encrypted; the relay has to use STARTTLS towards the receiver",
	"7.30":  "DKIM: the signature does not pass; check mail.dkim and the key's record in the DNS",
	"7.31":  "DMARC: the From domain has no DMARC record; publish one, p=none will do",
	"7.32":  "DMARC: the From domain agrees neither with SPF's nor with DKIM's; use one organisation's domain for mail.from, the return path and mail.dkim",
	"7.40":  "DMARC: the From domain has no DMARC record; publish one, p=none will do",
	"7.509": "DMARC: the From domain's policy refuses what does not pass; make SPF or DKIM pass for it",
	"7.515": "Outlook: the domain does not meet what large senders must: SPF, DKIM and DMARC all have to pass; run broadsheet doctor",
	"7.606": "Outlook: the address that mail leaves from is blocked; ask at sender.office.com to be let in",
	"7.708": "Outlook: new or little-known senders are held back; send less, and slowly more",
}
