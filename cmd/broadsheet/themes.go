package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"broadsheet/internal/app"
	"broadsheet/internal/config"
	"broadsheet/syndicate"
)

func (c *command) themes() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "themes",
		Short: "Try, compare, test and teach the themes",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		c.tryThemes(),
		c.diffThemes(),
		c.testThemes(),
		c.themesLearn(),
	)
	return cmd
}

// A trial is what `themes try --json` prints.
type trial struct {
	verdict
	Passages []syndicate.Passage `json:"passages"`
}

func (c *command) tryThemes() *cobra.Command {
	var title string
	cmd := c.jsonFlag(&cobra.Command{
		Use:   "try TEXT|-",
		Short: "Say what a text is filed under and why, with the terms where they stand",
		Long: "Say what a text is filed under and why, and mark the terms where they stand. Of a text of several lines\n" +
			"the first is the headline, and so is a text of one line, unless --title gives one.",
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			cfg, cl, err := c.classifier()
			if err != nil {
				return err
			}
			words := args[0]
			if words == "-" {
				all, err := io.ReadAll(io.LimitReader(c.stdin, maxLine))
				if err != nil {
					return err
				}
				words = string(all)
			}
			t := text{ID: "-", Title: title, Text: words}
			if title == "" {
				t.Title, t.Text, _ = strings.Cut(strings.TrimSpace(words), "\n")
			}
			v := trial{verdict: judge(cl, t), Passages: cl.Passages(&syndicate.Article{Title: t.Title, Text: t.Text})}
			if c.json {
				return printJSON(c.out, v)
			}
			c.printTrial(v, colours(cfg.Themes, c.colourful()))
			return nil
		},
	})
	cmd.Flags().StringVar(&title, "title", "", "the headline; TEXT is then what stands below it")
	return cmd
}

func (c *command) printTrial(v trial, paint painter) {
	rows := [][]string{}
	for _, r := range v.Reasons {
		rows = append(rows, []string{"filed", r})
	}
	if len(rows) == 0 {
		rows = append(rows, []string{"filed", "under no theme"})
	}
	for _, r := range v.NearMisses {
		rows = append(rows, []string{"nearly filed", r})
	}
	for _, p := range v.Passages {
		for _, m := range p.Marks {
			if m.Out {
				rows = append(rows, []string{"taken out", fmt.Sprintf("%s: %s (%s) does not count as %s", m.Theme, m.Term, p.Zone, cmp.Or(strings.Join(m.Takes, ", "), "anything"))})
			}
		}
	}
	table(c.out, rows)
	fmt.Fprintln(c.out)
	for _, p := range v.Passages {
		fmt.Fprintf(c.out, "%-6s%s\n", p.Zone, strings.ReplaceAll(paint.passage(p), "\n", "\n      "))
	}
}

// A painter marks what themes find in a text: in colour, or with brackets.
type painter struct {
	colour map[string]string // escape sequence by theme; nil for brackets
}

// colourful reports whether what is printed goes to a terminal that shows
// colours (https://no-color.org).
func (c *command) colourful() bool {
	f, ok := c.out.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// colours gives every theme a colour in its turn.
func colours(themes []syndicate.Theme, colourful bool) painter {
	if !colourful {
		return painter{}
	}
	p := painter{colour: map[string]string{}}
	for i, t := range themes {
		p.colour[t.ID] = []string{"\x1b[1;32m", "\x1b[1;36m", "\x1b[1;35m", "\x1b[1;33m", "\x1b[1;34m"}[i%5]
	}
	return p
}

// passage writes the text of a passage with its marks. Of marks that overlap,
// the longer one is shown, and the themes of the others are named beside it.
func (p painter) passage(x syndicate.Passage) string {
	var b strings.Builder
	at := 0
	for i := 0; i < len(x.Marks); {
		group := x.Marks[i : i+1]
		start, end := x.Marks[i].Start, x.Marks[i].End
		for i++; i < len(x.Marks) && x.Marks[i].Start < end; i++ {
			group = append(group[:len(group):len(group)], x.Marks[i])
			end = max(end, x.Marks[i].End)
		}
		b.WriteString(x.Text[at:start])
		b.WriteString(p.mark(x.Text[start:end], group))
		at = end
	}
	return b.String() + x.Text[at:]
}

func (p painter) mark(words string, group []syndicate.Mark) string {
	var names []string
	out := true
	for _, m := range group {
		if name := m.Theme; !slices.Contains(names, name) {
			names = append(names, name)
		}
		out = out && m.Out
	}
	open := "["
	if out {
		open = "[not "
	}
	if p.colour == nil {
		return open + strings.Join(names, "+") + ": " + words + "]"
	}
	if out {
		return "\x1b[2;9m" + words + "\x1b[0m"
	}
	return p.colour[group[0].Theme] + words + "\x1b[0m"
}

func (c *command) diffThemes() *cobra.Command {
	var days int
	cmd := c.jsonFlag(&cobra.Command{
		Use:   "diff [FILE]",
		Short: "Say what edited themes would change among the last articles, without putting them in force",
		Long: "File the articles of the last days by the themes of FILE, store nothing, and say what would come under each theme\n" +
			"and what would leave it. Without FILE it is the draft beside the configuration, config.draft.yaml for config.yaml,\n" +
			"if there is one, and the configuration itself if not.",
		Example: "  cp config.yaml config.draft.yaml    # edit the draft, then\n" +
			"  broadsheet themes diff --days 7",
		Args: cobra.MaximumNArgs(1),
		PreRunE: func(*cobra.Command, []string) error {
			if days < 1 || days > 3650 {
				return usagef("--days %d: give 1 to 3650", days)
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := config.Load(c.configFile)
			if err != nil {
				return err
			}
			file := app.EditedFile(c.configFile)
			if len(args) == 1 {
				file = args[0]
			}
			return c.open(cmd.Context(), cfg, app.Options{Look: true}, nil, func(ctx context.Context, a *app.App, _ []string) error {
				diff, err := a.DiffThemes(ctx, file, days, c.progress("compared"))
				if err != nil {
					return err
				}
				if c.json {
					return printJSON(c.out, diff)
				}
				c.printDiff(diff)
				return nil
			})
		},
	})
	cmd.Flags().IntVar(&days, "days", 30, "how far back articles are compared")
	return cmd
}

// progress shows how far long work is, on a terminal only.
func (c *command) progress(what string) func(done, total int) {
	f, ok := c.err.(*os.File)
	if !ok {
		return nil
	}
	if info, err := f.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return nil
	}
	return func(done, total int) {
		fmt.Fprintf(f, "\r%s %d of %d", what, done, total)
		if done >= total {
			fmt.Fprintln(f)
		}
	}
}

func (c *command) printDiff(d *syndicate.ThemeDiff) {
	fmt.Fprintf(c.out, "%s, the articles of the last %s: %d of %d would be filed otherwise\n", d.File, count(d.Days, "day"), d.Changed, d.Articles)
	rows := [][]string{{"THEME", "NOW", "THEN", "ADDED", "REMOVED"}}
	for _, t := range d.Themes {
		rows = append(rows, []string{t.Theme, fmt.Sprint(t.Before), fmt.Sprint(t.After), fmt.Sprintf("+%d", len(t.Added)), fmt.Sprintf("-%d", len(t.Removed))})
	}
	table(c.out, rows)
	for _, t := range d.Themes {
		c.printMoves("+", t.Added)
		c.printMoves("-", t.Removed)
	}
}

func (c *command) printMoves(sign string, moves []syndicate.ThemeMove) {
	for _, m := range moves {
		fmt.Fprintf(c.out, "\n%s %s  %s\n  %s\n", sign, m.Key, m.Title, m.Reason)
	}
}

func (c *command) testThemes() *cobra.Command {
	return &cobra.Command{
		Use:   "test",
		Short: "File the golden articles beside the configuration and report those that are filed wrong",
		Long: "File the golden articles, the JSON Lines {id,lang,title,text,themes} of themes_test.jsonl beside the configuration,\n" +
			"by its themes, and report every one that is filed wrong. `broadsheet check` does it, too.",
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			cfg, err := config.Load(c.configFile)
			if err != nil {
				return err
			}
			n, err := c.printGolden(cfg)
			if err != nil {
				return err
			}
			if n == 0 {
				fmt.Fprintf(c.out, "%s: no golden articles; write {\"id\":…,\"lang\":…,\"title\":…,\"text\":…,\"themes\":[…]} on a line each\n", app.GoldenFile(c.configFile))
				return nil
			}
			fmt.Fprintf(c.out, "%s: %s filed as they should be\n", app.GoldenFile(c.configFile), count(n, "golden article"))
			return nil
		},
	}
}

// printGolden prints what is wrong with the golden articles and returns how
// many there are, and errShown if anything is.
func (c *command) printGolden(cfg *config.Config) (int, error) {
	n, faults, err := app.TestThemes(cfg, app.GoldenFile(c.configFile))
	for _, f := range faults {
		fmt.Fprintln(c.out, f)
	}
	if len(faults) > 0 {
		err = errors.Join(err, errShown)
	}
	return n, err
}
