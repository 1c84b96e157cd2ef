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

func (c *command) refile() *cobra.Command {
	var named string
	var undo bool
	cmd := &cobra.Command{
		Use:   "refile ARTICLE --themes THEME,…|none",
		Short: "Say what an article is filed under, whatever the rules say",
		Long: "Say what an article is filed under. It counts at once, in feeds, pages and digests, the first theme being the\n" +
			"primary one, and stays so when the themes or the article change. --undo takes it back.",
		Example: "  broadsheet articles refile KEY --themes finance,industry\n" +
			"  broadsheet articles refile KEY --themes none\n" +
			"  broadsheet articles refile KEY --undo",
		Args: cobra.ExactArgs(1),
		PreRunE: func(*cobra.Command, []string) error {
			if undo == (named != "") {
				return usagef("articles refile: give --themes or --undo, one of them")
			}
			return nil
		},
		RunE: c.paper(func(ctx context.Context, a *app.App, args []string) (err error) {
			key, was := args[0], true
			if undo {
				was, err = a.UndoRefile(ctx, key)
			} else {
				err = a.Refile(ctx, key, splitThemes(named))
			}
			if errors.Is(err, syndicate.ErrNotFound) {
				return fmt.Errorf("there is no article %q; `broadsheet articles` lists their keys", key)
			}
			if err != nil {
				return err
			}
			if !was {
				fmt.Fprintln(c.out, "nobody had refiled it; it stays as it is")
			}
			e, err := a.Explain(ctx, key)
			if err != nil {
				return err
			}
			for _, reason := range e.Reasons {
				fmt.Fprintln(c.out, reason)
			}
			if len(e.Reasons) == 0 {
				fmt.Fprintln(c.out, "filed under no theme")
			}
			return nil
		}),
	}
	cmd.Flags().StringVar(&named, "themes", "", "ids of themes, comma-separated, the primary one first; none for no theme")
	cmd.Flags().BoolVar(&undo, "undo", false, "file it as the rules do")
	return cmd
}

// splitThemes reads the value of --themes.
func splitThemes(named string) []string {
	if strings.TrimSpace(named) == "none" {
		return nil
	}
	var ids []string
	for id := range strings.SplitSeq(named, ",") {
		ids = append(ids, strings.TrimSpace(id))
	}
	return ids
}

func (c *command) corrections() *cobra.Command {
	return c.jsonFlag(&cobra.Command{
		Use:   "corrections",
		Short: "List what was refiled; --json prints JSON Lines to measure and to learn from",
		Args:  cobra.NoArgs,
		RunE: c.paper(func(ctx context.Context, a *app.App, _ []string) error {
			examples, err := a.Corrections(ctx)
			if err != nil {
				return err
			}
			if c.json {
				enc := jsonLines(c.out)
				for _, e := range examples {
					if err := enc.Encode(e); err != nil {
						return err
					}
				}
				return nil
			}
			rows := make([][]string, 0, len(examples))
			for _, e := range examples {
				rows = append(rows, []string{e.ID, orDash(strings.Join(e.Themes, ",")), e.Title})
			}
			table(c.out, rows)
			fmt.Fprintln(c.out, count(len(examples), "correction"))
			return nil
		}),
	})
}
