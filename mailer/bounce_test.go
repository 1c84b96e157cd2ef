package mailer_test

import (
	"testing"
	"time"

	"broadsheet/mailer"
)

func TestRefusal(t *testing.T) {
	for reason, want := range map[string]mailer.Bounce{
		"smtp mail.example.com: 550 5.1.1 <a@b.test>: unknown": {Kind: mailer.HardBounce, Status: "5.1.1", Detail: "550 5.1.1 <…>: unknown"},
		"550 No such user here":                                {Kind: mailer.HardBounce, Status: "5.1.1", Detail: "550 No such user here"},
		"554 go away":                                          {Kind: mailer.FirmBounce, Status: "5.0.0", Detail: "554 go away"},
		"given up; the last attempt: 451 4.2.2 quota exceeded": {Kind: mailer.SoftBounce, Status: "4.2.2", Detail: "451 4.2.2 quota exceeded"},

		"5.7.27 SPF":                 {Kind: mailer.PolicyBounce, Status: "5.7.27", Detail: "5.7.27 SPF"},
		"the connection broke: EOF":  {},
		"smtp relay:587: no route":   {},
		"message has 999 recipients": {},
	} {
		got, ok := mailer.Refusal(reason)
		if got != want || ok != (want != mailer.Bounce{}) {
			t.Errorf("%q: %+v, %v, want %+v", reason, got, ok, want)
		}
	}
}

// TestBouncesAddUp holds the figures that docs/mail.md promises.
func TestBouncesAddUp(t *testing.T) {
	const day = 24 * time.Hour
	for _, tt := range []struct {
		name  string
		kind  mailer.BounceKind
		every time.Duration
		want  int // bounces until the mailbox is suppressed; 0 for never
	}{
		{"hard", mailer.HardBounce, day, 1},
		{"firm, daily", mailer.FirmBounce, day, 4},
		{"firm, weekly", mailer.FirmBounce, 7 * day, 4},
		{"soft, daily", mailer.SoftBounce, day, 7},
		{"soft, twice a day", mailer.SoftBounce, day / 2, 13},
		{"soft, weekly", mailer.SoftBounce, 7 * day, 14},
		{"soft, monthly", mailer.SoftBounce, 30 * day, 0},
		{"policy", mailer.PolicyBounce, day, 0},
	} {
		var s mailer.BounceScore
		got := 0
		for i := range 200 {
			at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(i) * tt.every)
			var suppress bool
			if s, suppress = s.Add(tt.kind, at); suppress {
				got = i + 1
				break
			}
		}
		if got != tt.want {
			t.Errorf("%s: suppressed after %d, want %d", tt.name, got, tt.want)
		}
	}
}
