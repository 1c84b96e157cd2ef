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
)

func (c *command) explainSubscriber() *cobra.Command {
	var edition string
	cmd := c.jsonFlag(&cobra.Command{
		Use:   "explain ADDRESS",
		Short: "What a subscriber gets next and got before, and why not",
		Long: "Tells when an address gets mail of each of its digests next, and what became of the last editions. With --edition\n" +
			"it tells of one edition why the address got it or not, and why each article is in it.",
		Args: cobra.ExactArgs(1),
		RunE: c.paper(func(ctx context.Context, a *app.App, args []string) error {
			if edition != "" {
				return c.explainEdition(ctx, a, args[0], edition)
			}
			s, err := a.ExplainSubscriber(ctx, args[0])
			if err != nil {
				return noSuchSubscriber(args[0], err)
			}
			if c.json {
				return printJSON(c.out, s)
			}
			c.printSubscription(s, a.Config().Site.Location)
			return nil
		}),
	})
	cmd.Flags().StringVar(&edition, "edition", "", "one edition, as in weekly/12")
	return cmd
}

func (c *command) printSubscription(s app.Subscription, loc *time.Location) {
	rows := [][]string{
		{"address", s.Email},
		{"status", string(s.Status)},
		{"suppressed", orDash(s.Suppressed)},
		{"themes", orDash(strings.Join(s.Themes, " "))},
		{"query", orDash(s.Query)},
		{"wants", s.Wants},
	}
	if s.PausedUntil != "" {
		rows = append(rows, []string{"paused until", s.PausedUntil})
	}
	for _, n := range s.Next {
		next := n.Why
		if next == "" {
			next = "next " + when(n.At, loc)
		}
		rows = append(rows, []string{"digest " + n.Digest, next})
	}
	table(c.out, rows)
	if len(s.Received) == 0 {
		return
	}
	rows = [][]string{{"EDITION", "DUE", "STATE", "SUBJECT", "BECAUSE"}}
	for _, r := range s.Received {
		rows = append(rows, []string{fmt.Sprintf("%s %d", r.Digest, r.Number), when(r.At, loc), string(r.State), orDash(r.Subject), orDash(r.Why)})
	}
	fmt.Fprintln(c.out)
	table(c.out, rows)
}

func (c *command) explainEdition(ctx context.Context, a *app.App, address, edition string) error {
	digest, text, ok := strings.Cut(edition, "/")
	number, err := strconv.Atoi(text)
	if !ok || err != nil {
		return usagef("--edition %q: write it as digest/number, as in weekly/12", edition)
	}
	e, err := a.ExplainEdition(ctx, address, digest, number)
	switch {
	case errors.Is(err, app.ErrNoEdition):
		return fmt.Errorf("there is no edition %s (the page %s lists them)", edition, a.Config().Site.Link("/digests"))
	case err != nil:
		return noSuchSubscriber(address, err)
	case c.json:
		return printJSON(c.out, e)
	}
	loc := a.Config().Site.Location
	state := string(e.State)
	if e.State == "" {
		state = "not for them"
	}
	rows := [][]string{{"address", e.Email}, {"edition", fmt.Sprintf("%s %d, due %s", e.Digest, e.Number, when(e.At, loc))}, {"state", state}}
	if e.Why != "" {
		rows = append(rows, []string{"because", e.Why})
	}
	if e.State == mailer.Planned && !e.SendAt.IsZero() {
		rows = append(rows, []string{"sent", "not before " + when(e.SendAt, loc)})
	}
	if e.Subject != "" {
		rows = append(rows, []string{"subject", e.Subject}, []string{"news since", when(e.Since, loc)})
	}
	if e.Important {
		rows = append(rows, []string{"tells", "what is important only"})
	}
	table(c.out, rows)
	c.printSections(e.Sections)
	return nil
}
