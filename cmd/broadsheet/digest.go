package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"broadsheet/internal/app"
	"broadsheet/mailer"
	"broadsheet/syndicate"
)

func (c *command) digest() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "digest",
		Short: "Look at a digest or send it",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.digestPreview(), c.digestSend(), c.digestPlan(), c.digestHold(), c.digestRelease(), c.digestCancel(), c.digestResend())
	return cmd
}

func (c *command) digestPreview() *cobra.Command {
	var to, format string
	cmd := &cobra.Command{
		Use:     "preview NAME",
		Short:   "Print the next edition as it would be now, and send nothing",
		Args:    cobra.ExactArgs(1),
		PreRunE: oneOf("format", &format, "format of digests", "html", "text", "eml"),
		RunE: c.paper(func(ctx context.Context, a *app.App, args []string) error {
			body, err := a.Preview(ctx, args[0], to, format)
			if err != nil {
				return noSuchDigest(a, args[0], err)
			}
			_, err = c.out.Write(body)
			return err
		}),
	}
	cmd.Flags().StringVar(&to, "to", "", "the recipient the message is made out to")
	cmd.Flags().StringVar(&format, "format", "text", "html, text or eml")
	return cmd
}

func (c *command) digestSend() *cobra.Command {
	var to string
	var unsafe bool
	cmd := &cobra.Command{
		Use:   "send NAME",
		Short: "Compose and send an edition now",
		Long: "Composes an edition of what is new since the last one and sends it to the digest's recipients.\n" +
			"With --to it goes to that address alone, as a trial: the next edition still has the same articles.",
		Args: cobra.ExactArgs(1),
		RunE: c.paper(func(ctx context.Context, a *app.App, args []string) error {
			send := func() (app.Sent, error) { return a.Send(ctx, args[0], to) }
			if unsafe && to == "" {
				send = func() (app.Sent, error) { return a.SendAnyway(ctx, args[0]) }
			}
			sent, err := send()
			if err != nil {
				return noSuchDigest(a, args[0], err)
			}
			return c.printSent(a, args[0], sent)
		}),
	}
	cmd.Flags().StringVar(&to, "to", "", "send to this address only, as a trial")
	cmd.Flags().BoolVar(&unsafe, "unsafe-bulk", false, unsafeBulk)
	return cmd
}

func (c *command) printSent(a *app.App, name string, sent app.Sent) error {
	e := sent.Edition
	if n := sent.Earlier.Total(); n > 0 {
		fmt.Fprintf(c.out, "%s: of earlier editions %d accepted, %d not yet\n", name, sent.Earlier.Accepted, n-sent.Earlier.Accepted)
	}
	if e.Skipped != "" {
		fmt.Fprintf(c.out, "%s: nothing sent: %s\n", name, e.Skipped)
		return nil
	}
	fmt.Fprintf(c.out, "%s: %s\n", name, e.Subject)
	for _, s := range e.Sections {
		fmt.Fprintf(c.out, "  %s: %s\n", s.Title, count(len(s.Items)+s.More, "article"))
	}
	for _, d := range sent.Deliveries {
		line := fmt.Sprintf("  %s: %s", d.To, d.State)
		switch {
		case d.Error != "":
			line += ": " + d.Error
		case d.Reply != "":
			line += ": " + d.Reply
		}
		if !d.State.Final() && !d.NextAt.IsZero() {
			line += "; next try " + when(d.NextAt, a.Config().Site.Location)
		}
		fmt.Fprintln(c.out, line)
	}
	all := 0
	for _, n := range sent.Counts {
		all += n
	}
	if more := all - len(sent.Deliveries); more > 0 {
		fmt.Fprintf(c.out, "  and %s more: of all, %d accepted, %d suppressed, %d not yet\n",
			count(more, "recipient"), sent.Counts[mailer.Accepted], sent.Counts[mailer.Suppressed], sent.Missing())
	}
	if later := sent.Later(); later > 0 {
		fmt.Fprintf(c.out, "  %s gets it at the hour of their choice\n", count(later, "recipient"))
	}
	if sent.Missing() > 0 {
		return errAttention
	}
	return nil
}

func noSuchDigest(a *app.App, name string, err error) error {
	if !errors.Is(err, syndicate.ErrNotFound) {
		return err
	}
	names := make([]string, 0, len(a.Config().Digests))
	for _, d := range a.Config().Digests {
		names = append(names, d.Name)
	}
	if len(names) == 0 {
		return fmt.Errorf("there is no digest %q; add one under digests: in the configuration", name)
	}
	return fmt.Errorf("there is no digest %q; digests are %s", name, strings.Join(names, ", "))
}

func (c *command) status() *cobra.Command {
	return c.jsonFlag(&cobra.Command{
		Use:   "status",
		Short: "How the paper is: sources, articles, editions, deliveries",
		Args:  cobra.NoArgs,
		RunE: c.paper(func(ctx context.Context, a *app.App, _ []string) error {
			s, err := a.Status(ctx)
			if err != nil {
				return err
			}
			if c.json {
				err = printJSON(c.out, s)
			} else {
				c.printStatus(a, s)
			}
			if err == nil && len(s.Attention) > 0 {
				return errAttention
			}
			return err
		}),
	})
}

func (c *command) printStatus(a *app.App, s app.Status) {
	loc := a.Config().Site.Location
	rows := [][]string{
		{"database", s.Database},
		{"sources", fmt.Sprintf("%d, %d of them with a fault", s.Sources, s.Faulty)},
		{"articles", fmt.Sprint(s.Articles)},
	}
	for _, t := range s.Themes {
		rows = append(rows, []string{"  " + t.Theme, fmt.Sprint(t.Articles)})
	}
	rows = append(rows, []string{"followers of feeds", fmt.Sprint(s.Followers)})
	rows = append(rows, []string{"editions", fmt.Sprint(s.Editions)})
	for _, d := range s.Digests {
		rows = append(rows, []string{"  " + d.Name, "next " + d.NextAt.In(loc).Format("Mon 2006-01-02 15:04") + " " + d.NextAt.In(loc).Format("MST") + last(d, loc)})
		if !d.OnHold.IsZero() {
			rows = append(rows, []string{"    on hold", "since " + when(d.OnHold, loc) + ", by an operator"})
		}
		if d.Held != "" {
			rows = append(rows, []string{"    held", "since " + when(d.HeldAt, loc) + ": " + d.Held})
		}
	}
	for _, state := range s.DeliveryStates() {
		rows = append(rows, []string{"deliveries " + string(state), fmt.Sprint(s.Deliveries[state])})
	}
	for _, u := range s.UnderWay {
		rows = append(rows, []string{fmt.Sprintf("  %s/%d", u.Digest, u.Edition), underWay(u, loc)})
	}
	rows = append(rows, []string{"operator's feed", s.OpsFeed})
	table(c.out, rows)
	for _, line := range s.Attention {
		fmt.Fprintln(c.out, "! "+line)
	}
}

func last(d app.DigestStatus, loc *time.Location) string {
	if d.LastAt.IsZero() {
		return ", none sent yet"
	}
	return ", last " + when(d.LastAt, loc)
}
