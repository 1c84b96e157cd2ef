package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"broadsheet/internal/app"
	"broadsheet/mailer"
)

func (c *command) suppressions() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "suppressions",
		Short: "Look after the mailboxes that are sent nothing",
		Long: "Looks after the mailboxes that are sent nothing, whoever's they are: mail to them came back, their readers complained,\n" +
			"or somebody said so. They are kept as hashes: the SHA-256 of the address in small letters, in hexadecimal.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.listSuppressions(), c.addSuppression(), c.removeSuppression(), c.importSuppressions(), c.exportList("suppressions", (*app.App).ExportSuppressions))
	return cmd
}

func (c *command) listSuppressions() *cobra.Command {
	var reason string
	cmd := c.jsonFlag(&cobra.Command{
		Use:   "list",
		Short: "List the suppressed mailboxes",
		Args:  cobra.NoArgs,
		RunE: c.paper(func(ctx context.Context, a *app.App, _ []string) error {
			if r := mailer.SuppressionReason(reason); r != "" && !r.Valid() {
				return usagef("--reason %q: is not a reason; use bounced, complained, unsubscribed, erased or operator", reason)
			}
			rows := [][]string{{"MAILBOX", "REASON", "SINCE", "DETAIL"}}
			all := []mailer.Suppression{}
			loc := a.Config().Site.Location
			err := a.EachSuppression(ctx, mailer.SuppressionReason(reason), func(x mailer.Suppression) error {
				all = append(all, x)
				rows = append(rows, []string{x.Name(), string(x.Reason), when(x.At, loc), orDash(x.Detail)})
				return nil
			})
			switch {
			case err != nil:
				return err
			case c.json:
				return printJSON(c.out, all)
			case len(all) == 0:
				fmt.Fprintln(c.out, "no suppressed mailboxes")
				return nil
			}
			table(c.out, rows)
			return nil
		}),
	})
	cmd.Flags().StringVar(&reason, "reason", "", "only those that bounced, complained, unsubscribed, erased, or by the operator")
	return cmd
}

func (c *command) addSuppression() *cobra.Command {
	var detail string
	cmd := &cobra.Command{
		Use:   "add ADDRESS|HASH",
		Short: "Send a mailbox nothing any more",
		Args:  cobra.ExactArgs(1),
		RunE: c.paper(func(ctx context.Context, a *app.App, args []string) error {
			added, err := a.Suppress(ctx, args[0], detail)
			if err != nil {
				return err
			}
			what := "suppressed"
			if !added {
				what = "was suppressed already"
			}
			_, err = fmt.Fprintf(c.out, "%s %s\n", args[0], what)
			return err
		}),
	}
	cmd.Flags().StringVar(&detail, "detail", "", "why, for people")
	return cmd
}

func (c *command) removeSuppression() *cobra.Command {
	return &cobra.Command{
		Use:   "remove ADDRESS|HASH",
		Short: "Send to a mailbox again",
		Args:  cobra.ExactArgs(1),
		RunE: c.paper(func(ctx context.Context, a *app.App, args []string) error {
			was, err := a.Unsuppress(ctx, args[0])
			switch {
			case err != nil:
				return err
			case !was:
				return fmt.Errorf("%s is not suppressed (broadsheet suppressions list shows those that are)", args[0])
			}
			_, err = fmt.Fprintf(c.out, "%s is sent to again\n", args[0])
			return err
		}),
	}
}

func (c *command) importSuppressions() *cobra.Command {
	return c.jsonFlag(&cobra.Command{
		Use:   "import FILE|-",
		Short: "Take in a list of suppressed mailboxes",
		Long: "Takes in a list of suppressed mailboxes: CSV whose first line names the columns, hash or email and any of reason,\n" +
			"detail and at, JSON Lines with such fields, or lines that hold an address or a hash each. Good lines are stored, each\n" +
			"bad one is named, and the exit code is 3 then. What is suppressed already keeps its reason.",
		Args: cobra.ExactArgs(1),
		RunE: c.paper(func(ctx context.Context, a *app.App, args []string) error {
			return c.importList(args[0], func(in io.Reader, report func(int, string)) (any, string, int, error) {
				sum, err := a.ImportSuppressions(ctx, in, report)
				return sum, fmt.Sprintf("%d added, %d there already", sum.Added, sum.Kept), sum.Bad, err
			})
		}),
	})
}
