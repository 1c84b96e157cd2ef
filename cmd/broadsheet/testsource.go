package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"broadsheet/internal/app"
	"broadsheet/syndicate"
)

// shownArticles is how many articles a test prints.
const shownArticles = 8

func (c *command) testSource() *cobra.Command {
	var as string
	var replay bool
	cmd := c.jsonFlag(&cobra.Command{
		Use:   "test SOURCE|URL",
		Short: "Fetch a source once and say what it holds, without storing anything",
		Example: "  broadsheet sources test https://news.example/\n" +
			"  broadsheet sources test portal --replay",
		Args: cobra.ExactArgs(1),
		PreRunE: func(*cobra.Command, []string) error {
			if as == "" {
				return nil
			}
			if replay {
				return usagef("--as and --replay exclude each other: a replay reads what was kept as the source is configured")
			}
			_, err := parseKind(as)
			return err
		},
		RunE: c.paper(func(ctx context.Context, a *app.App, args []string) error {
			if replay {
				return c.replay(ctx, a, args[0])
			}
			t, err := a.TestSource(ctx, args[0], syndicate.Kind(as))
			if err != nil {
				return err
			}
			if c.json {
				err = printJSON(c.out, t)
			} else {
				c.printTest(a, t)
			}
			if err == nil && t.Fault != "" {
				err = errAttention
			}
			return err
		}),
	})
	cmd.Flags().StringVar(&as, "as", "", "read it as: feed, page or listing (default: as configured; a new address as a feed, else as a page)")
	cmd.Flags().BoolVar(&replay, "replay", false, "read the last answers of the source again, without asking anybody")
	return cmd
}

func (c *command) printTest(a *app.App, t app.SourceTest) {
	rows := [][]string{{"address", t.URL}, {"read as", string(t.Kind)}}
	if t.MovedTo != "" {
		rows = append(rows, []string{"moved for good to", t.MovedTo})
	}
	if t.Title != "" {
		rows = append(rows, []string{"title", t.Title})
	}
	s := t.Shape
	if t.Fault == "" {
		rows = append(rows,
			[]string{"articles", fmt.Sprint(s.Articles)},
			[]string{"with a date", fmt.Sprintf("%d of %d", s.Dated, s.Articles)},
			[]string{"with a title", fmt.Sprintf("%d of %d", s.Titled, s.Articles)},
			[]string{"with a link", fmt.Sprintf("%d of %d", s.Linked, s.Articles)},
			[]string{"language", orDash(s.Language)},
			[]string{"charset", charsetOf(s)})
	}
	for _, h := range t.Selectors {
		found := fmt.Sprintf("%s: found %d of %d", h.Selector, h.Found, h.Of)
		if h.Sample != "" {
			found += ", such as " + h.Sample
		}
		rows = append(rows, []string{"selector " + h.Name, found})
	}
	for _, f := range t.Feeds {
		rows = append(rows, []string{"names the feed", f})
	}
	for _, n := range t.Notes {
		rows = append(rows, []string{"note", n})
	}
	for _, r := range t.Repairs {
		rows = append(rows, []string{"repaired", r})
	}
	if t.Fault != "" {
		rows = append(rows, []string{"fault", t.Fault})
	}
	table(c.out, rows)
	rows = nil
	for i := range t.Articles[:min(len(t.Articles), shownArticles)] {
		x := &t.Articles[i]
		date := "no date"
		if !x.Inferred {
			date = when(x.Published, a.Config().Site.Location)
		}
		rows = append(rows, []string{"", date, x.DisplayTitle()})
	}
	if len(rows) > 0 {
		fmt.Fprintf(c.out, "\nthe first %s\n", count(len(rows), "article"))
		table(c.out, rows)
	}
	if t.Proposal != "" {
		fmt.Fprintf(c.out, "\nto have it, put this under sources: in %s\n%s", c.configFile, indent(t.Proposal, "  "))
	}
}

func indent(text, by string) string {
	return by + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n"+by) + "\n"
}

func (c *command) replay(ctx context.Context, a *app.App, name string) error {
	replays, err := a.Replay(ctx, name)
	if err != nil {
		return err
	}
	if c.json {
		return printJSON(c.out, replays)
	}
	if len(replays) == 0 {
		fmt.Fprintf(c.out, "no answer of %s was kept yet; broadsheet collect %s asks for one\n", name, name)
		return nil
	}
	rows := [][]string{{"ANSWER OF", "BYTES", "THEN", "NOW", "DATED", "TITLED", "LANGUAGE"}}
	for _, r := range replays {
		rows = append(rows, []string{
			when(r.At, a.Config().Site.Location), fmt.Sprint(r.Bytes), replayed(r.Then), replayed(r.Now),
			fmt.Sprint(r.Shape.Dated), fmt.Sprint(r.Shape.Titled), orDash(r.Shape.Language),
		})
	}
	table(c.out, rows)
	for _, r := range replays {
		if r.Now.Fault != "" {
			fmt.Fprintf(c.out, "%s: %s\n", when(r.At, a.Config().Site.Location), r.Now.Fault)
		}
	}
	return nil
}

// charsetOf says in which charset a document is.
func charsetOf(s syndicate.Shape) string {
	if s.Guessed {
		return s.Charset + ", by guess"
	}
	return orDash(s.Charset)
}

func replayed(r app.ReplayCount) string {
	if r.Fault != "" {
		return fmt.Sprintf("%d, with a fault", r.Articles)
	}
	return fmt.Sprintf("%d, %d new", r.Articles, r.New)
}

func (c *command) acceptSource() *cobra.Command {
	return &cobra.Command{
		Use:     "accept SOURCE",
		Aliases: []string{"release"},
		Short:   "Take in what a source has become, and the articles that are held",
		Args:    cobra.ExactArgs(1),
		RunE: c.paper(func(ctx context.Context, a *app.App, args []string) error {
			err := a.AcceptSource(ctx, args[0])
			if errors.Is(err, syndicate.ErrNotFound) {
				return fmt.Errorf("source %s was never polled; there is nothing to accept", args[0])
			}
			if err != nil {
				return err
			}
			fmt.Fprintf(c.out, "the next document of %s is taken as it is; broadsheet collect %s asks for it now\n", args[0], args[0])
			return nil
		}),
	}
}

func (c *command) forget() *cobra.Command {
	return &cobra.Command{
		Use:   "forget ARTICLE…",
		Short: "Delete articles for good; they do not come back with the next poll",
		Long: "Delete articles, by their keys, from pages, feeds and search. Broadsheet remembers the keys, so that\n" +
			"the articles do not come back while their sources still have them. Editions stay as they were sent.",
		Args: cobra.MinimumNArgs(1),
		RunE: c.paper(func(ctx context.Context, a *app.App, keys []string) error {
			n, err := a.Forget(ctx, keys)
			if err != nil {
				return err
			}
			fmt.Fprintf(c.out, "%s forgotten\n", count(n, "article"))
			if n < len(keys) {
				return fmt.Errorf("of %s %d are not stored; `broadsheet articles` lists their keys", count(len(keys), "key"), len(keys)-n)
			}
			return nil
		}),
	}
}
