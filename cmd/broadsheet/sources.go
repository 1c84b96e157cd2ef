package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"broadsheet/internal/app"
	"broadsheet/syndicate"
)

func (c *command) sources() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "sources",
		Short: "Look after the sources",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.jsonFlag(&cobra.Command{
		Use:   "list",
		Short: "How each source is, when it is asked next and why then",
		Args:  cobra.NoArgs,
		RunE: c.paper(func(ctx context.Context, a *app.App, _ []string) error {
			list, err := a.Sources(ctx)
			if err != nil {
				return err
			}
			if c.json {
				err = printJSON(c.out, list)
			} else {
				c.printSources(a, list)
			}
			for _, s := range list {
				if err == nil && s.Poll.Error != "" {
					return errAttention
				}
			}
			return err
		}),
	}))
	cmd.AddCommand(c.testSource(), c.acceptSource(), c.importSources(), c.exportSources())
	return cmd
}

func (c *command) printSources(a *app.App, list []app.SourceState) {
	if len(list) == 0 {
		fmt.Fprintln(c.out, "no sources; add one under sources: in the configuration")
		return
	}
	loc := a.Config().Site.Location
	rows := [][]string{{"SOURCE", "STATE", "ARTICLES", "LAST POLL", "NEXT POLL", "BECAUSE"}}
	for _, s := range list {
		rows = append(rows, []string{
			s.Name, state(s.Poll), fmt.Sprint(s.Stored), when(s.Poll.LastAt, loc), when(s.Poll.NextAt, loc), s.Poll.NextReason,
		})
	}
	table(c.out, rows)
	for _, s := range list {
		if s.Poll.Error != "" {
			fmt.Fprintf(c.out, "%s: %s\n", s.Name, s.Poll.Error)
		}
		if s.Hub != "" {
			fmt.Fprintf(c.out, "%s: %s\n", s.Name, s.Hub)
		}
		if s.Poll.MovedTo != "" {
			fmt.Fprintf(c.out, "%s: moved for good to %s; put that under sources[].url\n", s.Name, s.Poll.MovedTo)
		}
	}
}

// state says in a word or two how a source is.
func state(p syndicate.Poll) string {
	switch {
	case p.Gone:
		return "gone"
	case p.Outcome == syndicate.NeverPolled:
		return "not polled yet"
	case p.OwnOutage():
		return "own outage"
	case p.Changed():
		return "changed"
	case p.Held > 0:
		return fmt.Sprintf("held ×%d", p.Held)
	case p.Failures > 0:
		return fmt.Sprintf("failed ×%d", p.Failures)
	}
	return string(p.Outcome)
}

func (c *command) collect() *cobra.Command {
	var force bool
	cmd := c.jsonFlag(&cobra.Command{
		Use:   "collect [SOURCE…]",
		Short: "Poll the sources that are due, once",
		RunE: c.paper(func(ctx context.Context, a *app.App, names []string) error {
			attention := false
			reports, err := a.Collect(ctx, names, force, func(r app.PollReport) {
				attention = attention || r.Error != ""
				if !c.json {
					fmt.Fprintln(c.out, r.Line(a.Config().Site.Location, time.Now()))
				}
			})
			if err != nil {
				return err
			}
			if err := a.TellStories(ctx); err != nil {
				return err
			}
			if c.json {
				if err := printJSON(c.out, reports); err != nil {
					return err
				}
			}
			if attention {
				return errAttention
			}
			return nil
		}),
	})
	cmd.Flags().BoolVar(&force, "force", false, "poll now, even what is not due")
	return cmd
}
