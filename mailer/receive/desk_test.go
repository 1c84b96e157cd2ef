package receive_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"broadsheet/mailer"
	"broadsheet/mailer/receive"
)

func take(t *testing.T, d *receive.Desk, from, to, message string) error {
	t.Helper()
	return d.Take(t.Context(), receive.Envelope{From: from, To: to}, crlf(message))
}

func TestReports(t *testing.T) {
	const status = "Action: failed\nStatus: %s\nDiagnostic-Code: smtp; %s\n"
	tests := []struct {
		name, fields, want string
	}{
		{"no such mailbox", fmt.Sprintf(status, "5.1.1", "550 5.1.1 <ann@example.net>: user unknown"), "bounced 7 hard 5.1.1: 550 5.1.1 <…>: user unknown"},
		{"a code that is folded", "Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550-5.1.1 The account\n  does not exist\n", "bounced 7 hard 5.1.1: 550-5.1.1 The account does not exist"},
		{"a status that says nothing, and words that do", fmt.Sprintf(status, "5.0.0", "550 No such user here"), "bounced 7 hard 5.1.1: 5.0.0 550 No such user here"},
		{"words in Chinese", fmt.Sprintf(status, "5.0.0", "550 用户不存在"), "bounced 7 hard 5.1.1: 5.0.0 550 用户不存在"},
		{"the better status stands in the reply", fmt.Sprintf(status, "5.0.0", "552 5.2.2 over quota"), "bounced 7 soft 5.2.2: 5.0.0 552 5.2.2 over quota"},
		{"no status but a reply", "Action: failed\nDiagnostic-Code: smtp; 554 go away\n", "bounced 7 firm 5.0.0: 554 go away"},
		{"the mailbox is closed", fmt.Sprintf(status, "5.2.1", "550 inactive"), "bounced 7 hard 5.2.1: 5.2.1 550 inactive"},
		{"given up after days", fmt.Sprintf(status, "4.4.1", "connection timed out"), "bounced 7 soft 4.4.1: 4.4.1 connection timed out"},
		{"refused for the sender's sake", fmt.Sprintf(status, "5.7.27", "550 SPF"), "bounced 7 policy 5.7.27: 5.7.27 550 SPF"},
		{"the sender's address is bad", fmt.Sprintf(status, "5.1.8", "550 bad sender"), "bounced 7 policy 5.1.8: 5.1.8 550 bad sender"},
		{"refused, nobody knows why", fmt.Sprintf(status, "5.4.1", "access denied"), "bounced 7 firm 5.4.1: 5.4.1 access denied"},
		{"no action, but for good", "Status: 5.1.1\n", "bounced 7 hard 5.1.1: 5.1.1"},
		{"only late", fmt.Sprintf(strings.Replace(status, "failed", "delayed", 1), "4.2.0", "later"), "noted report: nothing: it tells that the delivery was delayed"},
		{"it arrived", "Action: delivered\nStatus: 2.0.0\n", "noted report: nothing: it tells that the delivery was delivered"},
		{"a comment behind the action", "Action: Failed (permanently)\nStatus: 5.1.1 (bad mailbox)\n", "bounced 7 hard 5.1.1: 5.1.1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, l, _ := newDesk()
			if err := take(t, d, "", bounceAddress(7), report(tt.fields)); err != nil {
				t.Fatal(err)
			}
			if got := l.Deeds(); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestBounces(t *testing.T) {
	encoded := strings.Replace(report(""), "Content-Type: message/delivery-status\n\n", "Content-Type: message/delivery-status\nContent-Transfer-Encoding: base64\n\n"+
		base64.StdEncoding.EncodeToString([]byte("Reporting-MTA: dns; x\n\nAction: failed\nStatus: 5.1.1\n"))+"\n\n--cut here\n\n", 1)
	tests := []struct {
		name, from, message, want string
	}{
		{"a report in base64", "", encoded, "bounced 7 hard 5.1.1: 5.1.1"},
		{"a report that is cut off", "", strings.SplitAfter(report("Action: failed\nStatus: 5.1.1\n"), "Status: 5.1.1\n")[0], "bounced 7 hard 5.1.1: 5.1.1"},
		{"words of an old server", "", "From: postmaster@example.net\nSubject: failure notice\n\nSorry.\n<ann@example.net>:\n192.0.2.1 said: 550 5.1.1 no mailbox\n\n--- Below this line\n5.2.2\n", "bounced 7 hard 5.1.1: failure notice: 192.0.2.1 said: 550 5.1.1 no mailbox"},
		{"words that say nothing", "", "Subject: returned\n\nSorry.\n", "bounced 7 soft : returned: Sorry."},
		{"from a daemon with an address", "x@example.net", "From: MAILER-DAEMON@example.net\nSubject: returned\n\n550 no such user\n", "bounced 7 hard 5.1.1: 5.1.1 returned: 550 no such user"},
		{"somebody is on holiday", "", "Subject: Weekly\nAuto-Submitted: auto-replied\n\nBack on Monday.\n", "noted automatic reply: dropped"},
		{"somebody is on holiday, and says so in the subject", "", "Subject: =?utf-8?B?6Ieq5Yqo5Zue5aSN77ya5ZGo5oql?=\n\n.\n", "noted automatic reply: dropped"},
		{"an old machine's answer", "x@example.net", "Subject: Re\nX-Autoreply: yes\n\n.\n", "noted automatic reply: dropped"},
		{"a person", "ann@example.net", "From: ann@example.net\nSubject: Re: Weekly\n\n550 5.1.1\n", "noted other: dropped: somebody wrote to the return path"},
		{"a complaint", "fbl@example.net", complaintOf("abuse", "", ""), "complained delivery 7: a complaint through a feedback loop (Loop/1)"},
		{"nothing at all", "", "", "bounced 7 soft : :"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, l, _ := newDesk()
			if err := take(t, d, tt.from, strings.ToUpper(bounceAddress(7)), tt.message); err != nil {
				t.Fatal(err)
			}
			if got := l.Deeds(); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// complaintOf is a feedback report (RFC 5965).
func complaintOf(kind, fields, original string) string {
	return `
From: fbl@example.net
Subject: FW: Weekly
Content-Type: multipart/report; report-type=feedback-report; boundary=b

--b

A complaint.
--b
Content-Type: message/feedback-report

Feedback-Type: ` + kind + `
User-Agent: Loop/1
Version: 1
` + fields + `
--b
Content-Type: message/rfc822

` + original + `From: digest@example.com

Hello.
--b--
`
}

func TestComplaints(t *testing.T) {
	token := mailer.Token(secret, 42)
	fixed := mailer.Token(secret, mailer.FixedID("board@example.org"))
	mine := "complained subscriber 42: a complaint through a feedback loop (Loop/1)"
	const unknown = "noted complaint: nothing: it does not say by whom, or cannot prove it"
	tests := []struct{ name, message, want string }{
		{"by the bounce address", complaintOf("abuse", "Original-Mail-From: <"+bounceAddress(7)+">\n", ""), "complained delivery 7: a complaint through a feedback loop (Loop/1)"},
		{"by the return path", complaintOf("fraud", "", "Return-Path: <"+bounceAddress(7)+">\n"), "complained delivery 7: a complaint through a feedback loop (Loop/1)"},
		{"by the token of the page", complaintOf("abuse", "", "List-Unsubscribe: <https://example.com/unsubscribe/"+token+"?digest=weekly>,\n <mailto:x@example.com>\n"), mine},
		{"by the token of the mail", complaintOf("opt-out", "", "List-Unsubscribe: <mailto:unsubscribe@"+domain+"?subject=unsubscribe%20weekly%20"+token+">\n"), mine},
		{"by a fixed recipient", complaintOf("abuse", "", "List-Unsubscribe: <https://example.com/unsubscribe/"+fixed+">\n"), "complained Board@example.org: a complaint through a feedback loop (Loop/1)"},
		{"by whom nobody knows", complaintOf("abuse", "Original-Rcpt-To: <ann@example.net>\n", ""), unknown},
		{"with an address made up", complaintOf("abuse", "Original-Mail-From: <"+mailer.VERP([]byte("other"), 7)+"@"+domain+">\n", ""), unknown},
		{"with a token made up", complaintOf("abuse", "", "List-Unsubscribe: <https://example.com/unsubscribe/"+mailer.Token([]byte("other"), 42)+">\n"), unknown},
		{"it was no spam", complaintOf("not-spam", "Original-Mail-From: <"+bounceAddress(7)+">\n", ""), "noted report: nothing: it is of the type not-spam"},
		{"a report to a report address", report("Action: failed\nStatus: 5.1.1\n"), "noted automatic reply: dropped"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, l, _ := newDesk()
			for _, to := range []string{"abuse", "feedback", "Postmaster"} {
				if err := take(t, d, "fbl@example.net", to+"@"+domain, tt.message); err != nil {
					t.Fatal(err)
				}
				if got := l.Deeds(); got != tt.want {
					t.Errorf("to %s:\ngot  %s\nwant %s", to, got, tt.want)
				}
			}
		})
	}
}

func TestUnsubscribing(t *testing.T) {
	token, fixed := mailer.Token(secret, 42), mailer.Token(secret, mailer.FixedID("board@example.org"))
	gone := mailer.Token(secret, mailer.FixedID("gone@example.org"))
	tests := []struct{ name, to, message, want string }{
		{"as the header of our mail has it", "unsubscribe", "From: a@x\nSubject: unsubscribe weekly " + token + "\n\n", `unsubscribed subscriber 42 from "weekly" fixed false`},
		{"to an address with the token", "unsubscribe+" + token, "From: a@x\nSubject: unsubscribe daily\n\n", `unsubscribed subscriber 42 from "daily" fixed false`},
		{"with the token and no subject", "Unsubscribe+" + token, "From: a@x\n\n", `unsubscribed subscriber 42 from "" fixed false`},
		{"by hand", "unsubscribe", "From: =?utf-8?B?5a6J?= <Ann@Example.net>\nSubject: Unsubscribe weekly\n\n", `unsubscribed ann@example.net from "weekly" fixed false`},
		{"by hand in Chinese, from everything", "unsubscribe", "From: ann@example.net\nSubject: =?gbk?B?zcu2qQ==?=\n\n", `unsubscribed ann@example.net from "" fixed false`},
		{"a fixed recipient by hand", "unsubscribe", "From: board@EXAMPLE.org\nSubject: Re: unsubscribe weekly.\n\n", `unsubscribed Board@example.org from "weekly" fixed true`},
		{"a fixed recipient by token", "unsubscribe", "From: other@example.net\nSubject: unsubscribe weekly " + fixed + "\n\n", `unsubscribed Board@example.org from "weekly" fixed true`},
		{"a fixed recipient that is none any more", "unsubscribe", "From: a@x\nSubject: unsubscribe weekly " + gone + "\n\n", "noted unsubscribe: nothing: no recipient any more"},
		{"a token made up, from an address", "unsubscribe", "From: a@x\nSubject: unsubscribe weekly " + mailer.Token([]byte("other"), 42) + "\n\n", `unsubscribed a@x from "weekly" fixed false`},
		{"a machine's answer", "unsubscribe+" + token, "From: a@x\nSubject: unsubscribe\nAuto-Submitted: auto-replied\n\n", "noted automatic reply: dropped"},
		{"another subject", "unsubscribe", "From: a@x\nSubject: hello\n\n", "refused: to unsubscribe, write \"unsubscribe\" and the digest's name as the subject; to people write to editor@example.com"},
		{"nobody's", "unsubscribe", "Subject: unsubscribe\n\n", "refused: it has no From address to unsubscribe"},
		{"to a token made up", "unsubscribe+" + mailer.Token([]byte("other"), 42), "From: a@x\nSubject: unsubscribe\n\n", "refused: there is no such mailbox here"},
		{"a person to abuse", "abuse", "From: a@x\nSubject: hello\n\n", "refused: this address takes complaints in the form of RFC 5965 only; to people write to editor@example.com"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, l, _ := newDesk()
			got := ""
			err := take(t, d, "a@x", tt.to+"@"+domain, tt.message)
			var refused *receive.Refused
			switch {
			case errors.As(err, &refused):
				got = "refused: " + refused.Why
			case err != nil:
				t.Fatal(err)
			default:
				got = l.Deeds()
			}
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestNewsletters(t *testing.T) {
	d, l, s := newDesk()
	const message = "From: harbour@example.net\nSubject: News\nMessage-ID: <1@example.net>\n\nThe port is open.\n"
	for range 2 {
		if err := take(t, d, "list@example.net", "newsletter-harbour@"+domain, message); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.got) != 1 {
		t.Errorf("%d messages are stored, want 1", len(s.got))
	}
	for _, got := range s.got {
		if got != string(crlf(message)) {
			t.Errorf("stored %q", got)
		}
	}
	if got, want := l.Deeds(), "noted newsletter: source harbour"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if err := take(t, d, "", "newsletter-harbour@"+domain, message); err != nil || len(s.got) != 1 {
		t.Errorf("a bounce: %v, %d messages", err, len(s.got))
	}
	if d.Accepts("newsletter-other@"+domain) || d.Accepts("newsletter-@"+domain) {
		t.Error("a newsletter is taken that no source reads")
	}
}

// TestOnceOnly brings a message again, as servers do that have not heard our
// reply: with other trace fields on top and another end.
func TestOnceOnly(t *testing.T) {
	d, l, _ := newDesk()
	message := report("Action: failed\nStatus: 5.1.1\n")
	for _, m := range []string{message, message, "Received: from a by b; now\n" + strings.TrimPrefix(message, "\n") + "\n\n"} {
		if err := take(t, d, "", bounceAddress(7), m); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := l.Deeds(), "bounced 7 hard 5.1.1: 5.1.1"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if err := take(t, d, "", bounceAddress(8), message); err != nil {
		t.Fatal(err)
	}
	if got, want := l.Deeds(), "bounced 8 hard 5.1.1: 5.1.1"; got != want {
		t.Errorf("the same to another: got  %s\nwant %s", got, want)
	}
	l.fail = errors.New("the disk is full")
	if err := take(t, d, "", bounceAddress(9), message); !errors.Is(err, l.fail) {
		t.Errorf("the store fails, and Take says %v", err)
	}
}

// TestHostileMail takes messages that are made to hurt.
func TestHostileMail(t *testing.T) {
	nested := "Action: failed"
	for i := range 2000 {
		nested = fmt.Sprintf("Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n%s\n--b%d--\n", i, i, nested, i)
	}
	messages := map[string]string{
		"nested":             nested,
		"many parts":         "Content-Type: multipart/mixed; boundary=b\n\n" + strings.Repeat("--b\n\nx\n", 100_000),
		"an empty boundary":  "Content-Type: multipart/mixed; boundary=\"\"\n\n--\n--\n----\n",
		"many fields":        strings.Repeat("X: y\n", 200_000) + "\n",
		"a field that folds": "Subject: a\n" + strings.Repeat(" b\n", 500_000) + "\n",
		"a line of 5 MB":     "Subject: " + strings.Repeat("x", 5<<20) + "\n\n",
		"no line end":        strings.Repeat("\x00", 1<<20),
		"broken words":       "Subject: =?utf-8?Q?=ZZ?= =?x?y?z?=\nFrom: \"unclosed <a@b>\n\n",
		"many recipients":    report(strings.Repeat("Action: failed\nStatus: 5.1.1\n\n", 50_000)),
		"a report in itself": "Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: multipart/report; boundary=b\n\n--b\n--b--\n--b--\n",
	}
	for name, message := range messages {
		t.Run(name, func(t *testing.T) {
			d, _, _ := newDesk()
			for _, to := range []string{bounceAddress(7), "unsubscribe@" + domain, "abuse@" + domain, "newsletter-harbour@" + domain} {
				var refused *receive.Refused
				if err := take(t, d, "", to, message); err != nil && !errors.As(err, &refused) {
					t.Errorf("%s: %v", to, err)
				}
			}
		})
	}
}

func FuzzTake(f *testing.F) {
	f.Add("", "b", crlf(report("Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550\n")))
	f.Add("x@y", "abuse", crlf(complaintOf("abuse", "Original-Mail-From: <"+bounceAddress(7)+">\n", "List-Unsubscribe: <mailto:a?subject=b>\n")))
	f.Add("x@y", "unsubscribe", []byte("From: \"a\nSubject: =?utf-8?B?6YCA6K6i?= weekly\r\n\r\n"))
	f.Fuzz(func(t *testing.T, from, local string, message []byte) {
		if local == "b" {
			local = mailer.VERP(secret, 7)
		}
		d, l, _ := newDesk()
		e := receive.Envelope{From: from, To: local + "@" + domain}
		var refused *receive.Refused
		if err := d.Take(context.Background(), e, message); err != nil && !errors.As(err, &refused) {
			t.Fatal(err)
		}
		first := l.Deeds()
		if err := d.Take(context.Background(), e, message); err != nil && !errors.As(err, &refused) {
			t.Fatal(err)
		}
		if again := l.Deeds(); again != "" {
			t.Errorf("taken twice: %s, then %s", first, again)
		}
		if strings.ContainsAny(first, "\r\n") || strings.HasPrefix(first, "bounced") && strings.Contains(first, "@") {
			t.Errorf("not one line without addresses: %q", first)
		}
	})
}
