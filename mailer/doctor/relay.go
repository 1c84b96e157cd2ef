package doctor

import (
	"context"
	"fmt"
	"strings"
	"time"

	"broadsheet/mailer"
	"broadsheet/mailer/submit"
)

// soonExpired is how long before its end a certificate is worth a warning.
const soonExpired = 7 * 24 * time.Hour

// relay connects to the relay as a delivery does, and sends nothing.
func (d *Doctor) relay(ctx context.Context, p *Patient) []Finding {
	cfg := p.Mail.SMTP
	if cfg.Timeout == 0 {
		cfg.Timeout = perCheck / 2
	}
	if cfg.Roots == nil {
		cfg.Roots = d.Roots
	}
	probe, err := submit.Ask(ctx, cfg)
	if err != nil {
		f := Finding{Check: "relay", Level: Fault, Text: err.Error(), Remedy: "see mail.smtp"}
		if advice := mailer.Advice(err.Error()); advice != "" {
			f.Remedy = advice
		}
		return []Finding{f}
	}
	how := "without encryption, as is right on this machine alone"
	if probe.Encrypted {
		how = "by " + probe.Version
	}
	if probe.SignedIn {
		how += ", signed in as " + cfg.Username
	}
	if len(probe.Offers) > 0 {
		how += "; it offers " + strings.Join(probe.Offers, ", ")
	}
	out := []Finding{{Check: "relay", Level: OK, Text: fmt.Sprintf("%s:%d answers %s", cfg.Host, cfg.Port, how)}}
	if left := probe.Expires.Sub(d.Now()); probe.Encrypted && left < soonExpired {
		out = append(out, Finding{
			Check: "relay", Level: Warning, Text: fmt.Sprintf("the relay's certificate ends on %s", probe.Expires.Format(time.DateOnly)),
			Remedy: "whoever runs the relay should renew it: after that day no mail leaves",
		})
	}
	return out
}
