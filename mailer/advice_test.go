package mailer_test

import (
	"strings"
	"testing"

	"broadsheet/mailer"
)

func TestAdvice(t *testing.T) {
	for reply, want := range map[string]string{
		"550-5.7.27 This mail has been blocked because the sender is unauthenticated": "SPF: the address that mail leaves from is not in the SPF record",
		"421 4.7.27 later":        "SPF: the address",
		"550 5.7.30 DKIM failed":  "DKIM: ",
		"550 5.7.25 no PTR":       "PTR: ",
		"421 4.7.28 unusual rate": "too much mail at once",
		"550 5.7.515 Access denied, sending domain x does not meet the required level": "Outlook: the domain does not meet",
		"554 5.7.1 Service unavailable; blocked using zen.spamhaus.org":                "a blocklist holds",
		"535 5.7.8 Error: authentication failed":                                       "the relay does not take the user name",
		"smtp relay:587: 535 no":                                                       "the relay does not take the user name",
		"530 Must issue a STARTTLS command first":                                      "the relay wants a sign-in",
		"550 5.1.1 <a@b.test>: user unknown":                                           "there is no such mailbox",
		"452 4.2.2 full":                                                               "the mailbox is full",
		"451 try again":                                                                "",
		"no route to host":                                                             "",
		"version 1.2.3 of 5.7.27 things":                                               "SPF: ",
		"":                                                                             "",
	} {
		if got := mailer.Advice(reply); !strings.HasPrefix(got, want) || want == "" && got != "" {
			t.Errorf("Advice(%q) = %q, want %q…", reply, got, want)
		}
	}
}
