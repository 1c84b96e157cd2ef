package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"broadsheet/internal/app"
	"broadsheet/syndicate"
)

func (c *command) articles() *cobra.Command {
	var limit int
	var sort, save string
	cmd := c.jsonFlag(&cobra.Command{
		Use:   "articles QUERY",
		Short: "Search the articles; an empty query lists the newest",
		Example: "  broadsheet articles '港口 OR 航运'\n" +
			"  broadsheet articles 'theme:finance after:7d'\n" +
			"  broadsheet articles --sort best '贷款 利率'\n" +
			"  broadsheet articles --save ports '港口 OR 航运'",
		PreRunE: oneOf("sort", &sort, "order of articles", "newest", "best"),
		RunE: c.paper(func(ctx context.Context, a *app.App, args []string) error {
			query := strings.Join(args, " ")
			found, err := a.Search(ctx, query, sort == "best", limit)
			if qerr := (*syndicate.QueryError)(nil); errors.As(err, &qerr) {
				return usageError{err}
			}
			if err != nil {
				return err
			}
			if c.json {
				return printJSON(c.out, found.Articles)
			}
			if save != "" {
				return c.saveSearch(save, query, found)
			}
			words := c.boldWords(query)
			rows := make([][]string, 0, len(found.Articles))
			for _, x := range found.Articles {
				rows = append(rows, []string{x.Key, x.Published.In(a.Config().Site.Location).Format(time.DateOnly), x.Source, themes(x.Analysis), bold(x.DisplayTitle(), words)})
			}
			table(c.out, rows)
			fmt.Fprintln(c.out, foundLine(found))
			return nil
		}),
	})
	cmd.Flags().IntVar(&limit, "limit", 20, "articles at the most")
	cmd.Flags().StringVar(&sort, "sort", "newest", "newest or best first")
	cmd.Flags().StringVar(&save, "save", "", "print the lines of config.yaml that publish the search as a feed of this `NAME`")
	cmd.AddCommand(c.forget(), c.refile(), c.corrections())
	return cmd
}

func themes(a syndicate.Analysis) string {
	names := make([]string, len(a.Filings))
	for i, f := range a.Filings {
		names[i] = f.Theme
	}
	if len(names) == 0 {
		return "-"
	}
	return strings.Join(names, ",")
}

func (c *command) explain() *cobra.Command {
	return c.jsonFlag(&cobra.Command{
		Use:   "explain ARTICLE",
		Short: "Say where an article comes from and why it is filed as it is",
		Args:  cobra.ExactArgs(1),
		RunE: c.paper(func(ctx context.Context, a *app.App, args []string) error {
			e, err := a.Explain(ctx, args[0])
			if errors.Is(err, syndicate.ErrNotFound) {
				return fmt.Errorf("there is no article %q; `broadsheet articles` lists their keys", args[0])
			}
			if err != nil {
				return err
			}
			if c.json {
				return printJSON(c.out, e)
			}
			c.printExplanation(a, e)
			return nil
		}),
	})
}

func (c *command) printExplanation(a *app.App, e app.Explanation) {
	x, loc := e.Article, a.Config().Site.Location
	rows := [][]string{
		{"title", x.Title},
		{"id", x.ID},
		{"source", x.Source},
		{"its own id", orDash(x.GUID)},
		{"address", orDash(x.URL)},
		{"published", published(x, loc)},
		{"first seen", when(x.FirstSeen, loc)},
		{"changed", when(x.Changed, loc)},
	}
	for _, f := range x.Filings {
		rows = append(rows, []string{"filed", f.Reason()})
	}
	for _, f := range x.NearMisses {
		rows = append(rows, []string{"nearly filed", f.Reason()})
	}
	if len(x.Filings) == 0 {
		rows = append(rows, []string{"filed", "under no theme"})
	}
	if !x.Corrected.IsZero() {
		rows = append(rows, []string{"corrected", when(x.Corrected, loc) + " by an editor; broadsheet articles refile " + x.Key + " --undo takes it back"})
	}
	rows = append(rows, c.storyRows(a, e)...)
	for _, f := range e.Feeds {
		rows = append(rows, []string{"feed", f})
	}
	for _, ed := range e.Editions {
		rows = append(rows, []string{"edition", ed})
	}
	table(c.out, rows)
}

// storyRows say which story an article tells, and why.
func (c *command) storyRows(a *app.App, e app.Explanation) [][]string {
	if e.Story == nil {
		return [][]string{{"story", "told by no other article"}}
	}
	rows := [][]string{{"story", a.Config().Site.StoryURL(e.Story.ID)}}
	for i, t := range e.Story.Tellings {
		switch {
		case t.Key == e.Article.Key && i == 0:
			rows = append(rows, []string{"leads it", "it was seen first"})
		case t.Key == e.Article.Key:
			rows = append(rows, []string{"tells it", t.Reason})
		default:
			rows = append(rows, []string{"told by", t.Source + ": " + t.Title + " (" + t.Key + ")"})
		}
	}
	return rows
}

func published(x syndicate.Article, loc *time.Location) string {
	if x.Inferred {
		return "the source gave no date"
	}
	return when(x.Published, loc) + "  (as the source wrote it: " + orDash(x.PublishedRaw) + ")"
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func (c *command) feed() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:     "feed NAME",
		Short:   "Print a feed",
		Args:    cobra.ExactArgs(1),
		PreRunE: oneOf("format", &format, "format of feeds", "rss", "atom", "json"),
		RunE: c.paper(func(ctx context.Context, a *app.App, args []string) error {
			doc, err := a.Feed(ctx, args[0], format)
			if errors.Is(err, syndicate.ErrNotFound) {
				return fmt.Errorf("there is no feed %q; feeds are %s", args[0], strings.Join(a.FeedNames(), ", "))
			}
			if err != nil {
				return err
			}
			_, err = c.out.Write(doc.Body)
			return err
		}),
	}
	cmd.Flags().StringVar(&format, "format", "rss", "rss, atom or json")
	return cmd
}
