package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"broadsheet/internal/app"
	"broadsheet/mailer"
)

func (c *command) digestPlan() *cobra.Command {
	return c.jsonFlag(&cobra.Command{
		Use:   "plan NAME",
		Short: "Who would get what of the next edition, who nothing, and why",
		Long: "Makes the next edition of the articles that there are now, and shows its articles with why each stands where it\n" +
			"does, how many get which form of it and how large it is, how long sending takes, and who gets nothing and why.\n" +
			"Nothing is stored or sent.",
		Args: cobra.ExactArgs(1),
		RunE: c.paper(func(ctx context.Context, a *app.App, args []string) error {
			p, err := a.Plan(ctx, args[0])
			if err != nil {
				return noSuchDigest(a, args[0], err)
			}
			if c.json {
				return printJSON(c.out, p)
			}
			c.printPlan(p, a.Config().Site.Location)
			return nil
		}),
	})
}

func (c *command) printPlan(p mailer.Plan, loc *time.Location) {
	rows := [][]string{{"digest", p.Digest}, {"due", when(p.At, loc)}}
	if p.Skipped != "" {
		rows = append(rows, []string{"nothing sent", p.Skipped})
	} else {
		rows = append(rows, []string{"subject", p.Subject},
			[]string{"recipients", fmt.Sprint(p.Recipients)}, []string{"size", size(p.Bytes)}, []string{"takes", takes(p)})
	}
	table(c.out, rows)
	c.printSections(p.Sections)
	if len(p.Variants) > 0 {
		rows = [][]string{{"RECIPIENTS", "ARTICLES", "HTML", "TEXT", "NEWS SINCE", "WHAT"}}
		for _, v := range p.Variants {
			rows = append(rows, []string{
				fmt.Sprint(v.Recipients), fmt.Sprint(v.Items), size(v.HTMLBytes), size(v.TextBytes), when(v.Since, loc), wish(v),
			})
		}
		fmt.Fprintln(c.out)
		table(c.out, rows)
	}
	if len(p.Later) > 0 {
		rows = [][]string{{"RECIPIENTS", "GET IT AT"}}
		for _, l := range p.Later {
			rows = append(rows, []string{fmt.Sprint(l.Recipients), when(l.At, loc)})
		}
		fmt.Fprintln(c.out)
		table(c.out, rows)
	}
	if len(p.Nothing) > 0 {
		rows = [][]string{{"GET NOTHING", "BECAUSE"}}
		for _, n := range p.Nothing {
			rows = append(rows, []string{fmt.Sprint(n.Subscribers), n.Why})
		}
		fmt.Fprintln(c.out)
		table(c.out, rows)
	}
}

func (c *command) printSections(sections []mailer.PlanSection) {
	for _, s := range sections {
		fmt.Fprintf(c.out, "\n%s: %s", s.Title, count(len(s.Items), "article"))
		if s.More > 0 {
			fmt.Fprintf(c.out, ", no room for %d more", s.More)
		}
		fmt.Fprintln(c.out)
		for _, it := range s.Items {
			fmt.Fprintf(c.out, "  %s (%s)\n    %s\n    %s\n", it.Title, it.Source, it.Why, it.Reason)
		}
	}
}

// wish says what a variant is.
func wish(v mailer.PlanVariant) string {
	var parts []string
	if len(v.Themes) > 0 {
		parts = append(parts, "themes "+strings.Join(v.Themes, " "))
	}
	if v.Query != "" {
		parts = append(parts, "query "+v.Query)
	}
	if v.Language != "" {
		parts = append(parts, "in "+v.Language)
	}
	if v.Format == mailer.Text {
		parts = append(parts, "text alone")
	}
	if v.Important {
		parts = append(parts, "what is important")
	}
	if len(parts) == 0 {
		return "everything"
	}
	return strings.Join(parts, ", ")
}

// takes says how long sending takes.
func takes(p mailer.Plan) string {
	if p.Rate == 0 {
		return "as long as the relay does: mail.smtp.rate sets no limit"
	}
	d := time.Duration(p.Seconds * float64(time.Second))
	return fmt.Sprintf("%s at %g a second", max(d.Round(time.Second), time.Second), p.Rate)
}

// size returns a number of octets for people.
func size(n int) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d B", n)
	case n < 1_000_000:
		return fmt.Sprintf("%.1f KB", float64(n)/1000)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1_000_000)
}
