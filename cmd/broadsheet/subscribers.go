package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"broadsheet/internal/app"
	"broadsheet/mailer"
	"broadsheet/syndicate"
)

func (c *command) subscribers() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "subscribers",
		Short: "Look after the readers of digests",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.addSubscriber(), c.removeSubscriber(), c.listSubscribers(), c.importSubscribers(), c.exportList("subscribers", (*app.App).ExportSubscribers),
		c.explainSubscriber(), c.subscriberFeed())
	return cmd
}

func (c *command) addSubscriber() *cobra.Command {
	var s mailer.Subscriber
	var frequency, hour string
	format := "html"
	cmd := &cobra.Command{
		Use:   "add ADDRESS",
		Short: "Add a subscriber, or change what one wants",
		Long: "Adds a subscriber to the digests named with --digest, or to all. What is chosen narrows a digest: of its themes\n" +
			"those named with --theme, of its articles those that match --query. With --frequency and --hour mail comes more\n" +
			"rarely, with everything since the one before (docs/digests.md).",
		Args:    cobra.ExactArgs(1),
		PreRunE: oneOf("format", &format, "format of mail", "html", "text"),
		RunE: c.paper(func(ctx context.Context, a *app.App, args []string) error {
			s.Email, s.Format, s.Frequency = args[0], mailer.Format(format), mailer.Frequency(frequency)
			var err error
			if s.Hour, err = mailer.ParseHour(hour); err != nil {
				return fmt.Errorf("--hour: %w", err)
			}
			saved, err := a.Subscribe(ctx, s, true)
			if err != nil {
				return err
			}
			what := "changed"
			if saved.Added > 0 {
				what = "added"
			}
			_, err = fmt.Fprintf(c.out, "%s %s\n", s.Email, what)
			return err
		}),
	}
	cmd.Flags().StringVar(&s.Name, "name", "", "the name, for people")
	cmd.Flags().StringSliceVar(&s.Digests, "digest", nil, "a digest; may be given several times")
	cmd.Flags().StringSliceVar(&s.Themes, "theme", nil, "only this theme; may be given several times")
	cmd.Flags().StringVar(&s.Query, "query", "", "only what matches")
	cmd.Flags().StringVar(&s.Language, "language", "", "zh-Hans or en")
	cmd.Flags().StringVar(&format, "format", format, "html or text")
	cmd.Flags().StringVar(&frequency, "frequency", mailer.EachWord, "each, daily, weekly, monthly or important")
	cmd.Flags().StringVar(&hour, "hour", "", "the hour at which mail is to come, 0 to 23")
	cmd.Flags().StringVar(&s.Timezone, "timezone", "", "the zone of the hour, such as Asia/Shanghai; the digest's without it")
	cmd.Flags().StringVar(&s.PausedUntil, "pause-until", "", "no mail before this day, such as 2026-12-24")
	return cmd
}

func (c *command) removeSubscriber() *cobra.Command {
	var erase bool
	cmd := &cobra.Command{
		Use:   "remove ADDRESS",
		Short: "Unsubscribe an address",
		Long:  "Unsubscribes an address. It stays on the list as unsubscribed, so that no import brings it back; --erase forgets it.",
		Args:  cobra.ExactArgs(1),
		RunE: c.paper(func(ctx context.Context, a *app.App, args []string) error {
			if err := a.Unsubscribe(ctx, args[0], erase); err != nil {
				return noSuchSubscriber(args[0], err)
			}
			what := "unsubscribed"
			if erase {
				what = "erased"
			}
			_, err := fmt.Fprintf(c.out, "%s %s\n", args[0], what)
			return err
		}),
	}
	cmd.Flags().BoolVar(&erase, "erase", false, "forget the address and everything about it")
	return cmd
}

func (c *command) subscriberFeed() *cobra.Command {
	var renew bool
	cmd := &cobra.Command{
		Use:   "feed ADDRESS",
		Short: "Print the addresses of a subscriber's private feed",
		Long:  "Prints the addresses of a subscriber's private feed, which holds what the subscriber's digests may tell. Whoever\nknows them can read it; --new ends them and makes others.",
		Args:  cobra.ExactArgs(1),
		RunE: c.paper(func(ctx context.Context, a *app.App, args []string) error {
			address, err := a.FeedAddress(ctx, args[0], renew)
			if err != nil {
				return noSuchSubscriber(args[0], err)
			}
			_, err = fmt.Fprintf(c.out, "%[1]s.rss\n%[1]s.atom\n%[1]s.json\n", address)
			return err
		}),
	}
	cmd.Flags().BoolVar(&renew, "new", false, "make other addresses and end the old ones")
	return cmd
}

func noSuchSubscriber(address string, err error) error {
	if errors.Is(err, syndicate.ErrNotFound) {
		return fmt.Errorf("%s is no subscriber (broadsheet subscribers list shows them)", address)
	}
	return err
}

func (c *command) listSubscribers() *cobra.Command {
	var digest, status string
	cmd := c.jsonFlag(&cobra.Command{
		Use:   "list",
		Short: "List the subscribers",
		Args:  cobra.NoArgs,
		RunE: c.paper(func(ctx context.Context, a *app.App, _ []string) error {
			rows := [][]string{{"SUBSCRIBER", "STATUS", "DIGESTS", "THEMES", "QUERY", "FREQUENCY", "HOUR", "LANGUAGE", "FORMAT"}}
			all := []app.ListedSubscriber{}
			err := a.ListSubscribers(ctx, digest, mailer.Status(status), func(s app.ListedSubscriber) error {
				all = append(all, s)
				state := string(s.Status)
				if s.Suppressed != "" {
					state += ", suppressed"
				}
				format := s.Format
				if format == mailer.HTML {
					format = "html"
				}
				rows = append(rows, []string{
					s.Email, state, strings.Join(s.Digests, " "), orDash(strings.Join(s.Themes, " ")), orDash(s.Query), s.Frequency.Word(), orDash(s.Hour.Word()),
					orDash(s.Language), string(format),
				})
				return nil
			})
			switch {
			case err != nil:
				return err
			case c.json:
				return printJSON(c.out, all)
			case len(all) == 0:
				fmt.Fprintln(c.out, "no subscribers; add one with broadsheet subscribers add ADDRESS")
				return nil
			}
			table(c.out, rows)
			return nil
		}),
	})
	cmd.Flags().StringVar(&digest, "digest", "", "only those of this digest")
	cmd.Flags().StringVar(&status, "status", "", "active, unconfirmed, paused or unsubscribed")
	return cmd
}

func (c *command) importSubscribers() *cobra.Command {
	var resubscribe bool
	cmd := c.jsonFlag(&cobra.Command{
		Use:   "import FILE|-",
		Short: "Take in a list of subscribers, CSV or JSON Lines",
		Long: "Takes in a list of subscribers: CSV whose first line names the columns, email and any of name, digests, themes,\n" +
			"query, frequency, hour, timezone, language, format, status and pause_until, or JSON Lines with such\n" +
			"fields. Lists are separated by spaces. Good lines are stored, each bad one is named with its faults, and the exit\n" +
			"code is 3 then. Who has unsubscribed stays so.",
		Args: cobra.ExactArgs(1),
		RunE: c.paper(func(ctx context.Context, a *app.App, args []string) error {
			return c.importList(args[0], func(in io.Reader, report func(int, string)) (any, string, int, error) {
				sum, err := a.ImportSubscribers(ctx, in, resubscribe, report)
				return sum, fmt.Sprintf("%d added, %d changed, %d left unsubscribed", sum.Added, sum.Changed, sum.Kept), sum.Bad, err
			})
		}),
	})
	cmd.Flags().BoolVar(&resubscribe, "resubscribe", false, "take in those who have unsubscribed as well")
	return cmd
}
