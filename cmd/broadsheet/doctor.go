package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"broadsheet/internal/app"
	"broadsheet/mailer/doctor"
)

func (c *command) doctor() *cobra.Command {
	return c.jsonFlag(&cobra.Command{
		Use:   "doctor",
		Short: "Check what mailbox providers check, and the machine",
		Long: "Checks what mailbox providers check before they take mail: SPF, DKIM and DMARC in the DNS, the names of addresses, the\n" +
			"relay's TLS, and the header and signature of the next edition; then the clock and the disk. It asks the DNS and the\n" +
			"relay and sends nothing. The exit code is 3 when something should be mended.",
		Args: cobra.NoArgs,
		RunE: c.paper(func(ctx context.Context, a *app.App, _ []string) error {
			findings, err := a.Doctor(ctx)
			if err != nil {
				return err
			}
			if c.json {
				err = printJSON(c.out, findings)
			} else {
				for _, f := range findings {
					fmt.Fprintf(c.out, "%-8s %-12s %s\n", f.Level, f.Check, f.Text)
					if f.Rejected != "" {
						fmt.Fprintf(c.out, "%22srefused in bulk mail by %s\n", "", f.Rejected)
					}
					if f.Remedy != "" {
						fmt.Fprintf(c.out, "%22s%s\n", "", f.Remedy)
					}
				}
			}
			if worst := app.Worst(findings); err == nil && (worst == doctor.Fault || worst == doctor.Warning) {
				return errAttention
			}
			return err
		}),
	})
}
