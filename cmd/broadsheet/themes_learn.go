package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"broadsheet/internal/app"
	"broadsheet/internal/config"
	"broadsheet/syndicate/classify"
)

func (c *command) themesLearn() *cobra.Command {
	var out string
	var fresh, corrections bool
	cmd := &cobra.Command{
		Use:   "learn [FILE…]",
		Short: "Learn themes from labelled articles: JSON Lines {title,text,themes} in, a model out",
		Long: `Learn themes from labelled articles: JSON Lines of {"title":…,"text":…,"themes":[…]} in, a model out.

What is learnt goes on from the model in force, and stands beside the terms of
config.yaml. It comes into force when config.yaml names the file under model:.
The same files in the same order always give the same model. It holds weights
of single words, pairs and parts of words, and no sentence of any article.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 && !corrections {
				return usagef("themes learn: requires at least 1 arg: FILE, or --corrections")
			}
			cfg, err := config.Load(c.configFile)
			if err != nil {
				return err
			}
			o := classify.LearnOptions{Themes: cfg.Themes}
			if !fresh {
				if o.Base, err = classify.OpenModel(cfg.Model); err != nil {
					return fmt.Errorf("model: %w", err)
				}
			}
			examples, err := c.examples(args)
			if err != nil {
				return err
			}
			if corrections {
				corrected, err := c.corrected(cmd)
				if err != nil {
					return err
				}
				examples = append(examples, corrected...)
			}
			m, err := classify.Learn(examples, o)
			if err != nil {
				return err
			}
			return c.writeModel(m, out, len(examples))
		},
	}
	cmd.Flags().StringVarP(&out, "out", "o", "themes.model", "where the model goes")
	cmd.Flags().BoolVar(&corrections, "corrections", false, "learn from the articles that an editor refiled as well")
	cmd.Flags().BoolVar(&fresh, "fresh", false, "forget the model in force: learn from these articles alone")
	return cmd
}

// corrected returns the articles that an editor refiled.
func (c *command) corrected(cmd *cobra.Command) (out []classify.Example, err error) {
	err = c.paper(func(ctx context.Context, a *app.App, _ []string) error {
		all, err := a.Corrections(ctx)
		for i := range all {
			out = append(out, classify.Example{Article: all[i].Article(), Themes: all[i].Themes})
		}
		return err
	})(cmd, nil)
	return out, err
}

// examples reads labelled articles.
func (c *command) examples(files []string) ([]classify.Example, error) {
	var out []classify.Example
	for _, name := range files {
		err := c.eachText(name, func(t text) error {
			out = append(out, classify.Example{Article: t.article(), Themes: t.Themes})
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// writeModel puts a model where it is wanted, whole or not at all.
func (c *command) writeModel(m *classify.Model, out string, articles int) error {
	text := m.Text()
	file, err := os.CreateTemp(filepath.Dir(out), ".model-*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) // after the rename there is none
	_, err = file.Write(text)
	if err == nil {
		err = file.Chmod(0o644)
	}
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(file.Name(), out)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, "%s: %d KB, learnt %s from %d articles\n", out, (len(text)+1023)/1024, strings.Join(m.Themes(), ", "), articles)
	fmt.Fprintf(c.out, "to put it in force write into %s: model: %s\n", c.configFile, filepath.Base(out))
	return nil
}
