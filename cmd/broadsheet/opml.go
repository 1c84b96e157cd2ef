package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"broadsheet/internal/app"
	"broadsheet/internal/config"
	"broadsheet/syndicate/read"
)

func (c *command) importSources() *cobra.Command {
	var dryRun bool
	cmd := c.jsonFlag(&cobra.Command{
		Use:   "import FILE|-",
		Short: "Turn a list of feeds (OPML) into lines to paste under sources:",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := c.someConfig(cmd)
			if err != nil {
				return err
			}
			in := read.Input{}
			if err := c.document(cmd.Context(), args[0], &in); err != nil {
				return err
			}
			list, repairs, err := read.OPML(bytes.NewReader(in.Body))
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			sources, notes := app.ImportSources(cfg, list)
			for _, note := range append(repairs, notes...) {
				fmt.Fprintf(c.err, "note: %s\n", note)
			}
			fmt.Fprintf(c.err, "%d of %d feeds are new sources\n", len(sources), len(list.Feeds))
			switch {
			case c.json:
				return printJSON(c.out, sources)
			case len(sources) == 0:
				return nil
			case dryRun:
				rows := [][]string{{"SOURCE", "THEMES", "FOLDERS", "URL"}}
				for _, s := range sources {
					rows = append(rows, []string{s.Name, strings.Join(s.Themes, " "), strings.Join(s.Folders, " / "), s.URL})
				}
				table(c.out, rows)
				return nil
			}
			_, err = fmt.Fprintf(c.out, "sources:\n%s", app.SourcesYAML(sources))
			return err
		},
	})
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "print a table of what would become a source")
	return cmd
}

// someConfig returns the configuration, whose names and themes an import
// heeds, or an empty one when there is none yet.
func (c *command) someConfig(cmd *cobra.Command) (*config.Config, error) {
	if _, err := os.Stat(c.configFile); errors.Is(err, fs.ErrNotExist) && !cmd.Flags().Changed("config") {
		return &config.Config{}, nil
	}
	return config.Load(c.configFile)
}

func (c *command) exportSources() *cobra.Command {
	return &cobra.Command{
		Use:   "export",
		Short: "Print the sources that are feeds as OPML",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			cfg, err := config.Load(c.configFile)
			if err != nil {
				return err
			}
			list, notes := app.ExportSources(cfg)
			for _, note := range notes {
				fmt.Fprintf(c.err, "note: %s\n", note)
			}
			return list.Write(c.out)
		},
	}
}
