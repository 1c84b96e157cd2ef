package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"broadsheet/internal/app"
	"broadsheet/mailer"
	"broadsheet/syndicate"
)

func (c *command) digestCancel() *cobra.Command {
	return c.jsonFlag(&cobra.Command{
		Use:   "cancel NAME/NUMBER",
		Short: "Stop the delivery of an edition",
		Long: "Stops the delivery of an edition, also in a running daemon: each connection finishes the message\n" +
			"under way, and what waits is not sent any more. `digest resend` sends it after all.",
		Args: cobra.ExactArgs(1),
		RunE: c.edition(func(ctx context.Context, a *app.App, name string, number int) error {
			done, err := a.CancelEdition(ctx, name, number)
			if err != nil {
				return noSuchEdition(name, number, err)
			}
			if c.json {
				return printJSON(c.out, struct {
					Digest    string               `json:"digest"`
					Edition   int                  `json:"edition"`
					Withdrawn int                  `json:"withdrawn"`
					Account   map[mailer.State]int `json:"account"`
				}{name, number, done.Withdrawn, done.Counts})
			}
			fmt.Fprintf(c.out, "%s/%d: cancelled; %s not sent, %d had been accepted\n",
				name, number, count(done.Withdrawn, "message"), done.Counts[mailer.Accepted])
			return nil
		}),
	})
}

func (c *command) digestResend() *cobra.Command {
	var unsafe bool
	cmd := &cobra.Command{
		Use:   "resend NAME/NUMBER",
		Short: "Send what is missing of an edition, to nobody twice",
		Long: "Sends an edition to the recipients to whom it failed, to whom it may have arrived and was held\n" +
			"(mail.uncertain: hold), and for whom it was cancelled or halted. Who has it does not get it again.",
		Args: cobra.ExactArgs(1),
		RunE: c.edition(func(ctx context.Context, a *app.App, name string, number int) error {
			resend := a.ResendEdition
			if unsafe {
				resend = a.ResendAnyway
			}
			sent, missing, err := resend(ctx, name, number)
			if err != nil {
				return noSuchEdition(name, number, err)
			}
			if missing == 0 && sent.Missing() == 0 {
				fmt.Fprintf(c.out, "%s/%d: nothing is missing\n", name, number)
				return nil
			}
			return c.printSent(a, name, sent)
		}),
	}
	cmd.Flags().BoolVar(&unsafe, "unsafe-bulk", false, unsafeBulk)
	return cmd
}

// unsafeBulk says what the flag of that name does.
const unsafeBulk = "send even what broadsheet doctor says Gmail, Yahoo or Outlook would refuse"

// edition runs a command on the edition that its argument names.
func (c *command) edition(run func(ctx context.Context, a *app.App, name string, number int) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		name, n, ok := strings.Cut(args[0], "/")
		number, err := strconv.Atoi(n)
		if !ok || err != nil || number < 1 || name == "" {
			return usagef("%q names no edition; write it as in weekly/12, the last parts of its page's address", args[0])
		}
		return c.paper(func(ctx context.Context, a *app.App, _ []string) error { return run(ctx, a, name, number) })(cmd, args)
	}
}

func noSuchEdition(name string, number int, err error) error {
	if errors.Is(err, syndicate.ErrNotFound) {
		return fmt.Errorf("there is no edition %d of a digest %q; the page /digests/%s has those there are", number, name, name)
	}
	return err
}

// underWay tells how far an edition is.
func underWay(u app.UnderWay, loc *time.Location) string {
	line := fmt.Sprintf("%d accepted, %d waiting", u.Accepted, u.Waiting)
	switch {
	case u.Halted != "":
		line += "; halted: " + u.Halted
	case !u.Until.IsZero():
		line += fmt.Sprintf("; %.0f a minute, done about %s", u.PerMinute, when(u.Until, loc))
	}
	return line
}
