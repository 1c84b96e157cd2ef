package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"broadsheet/internal/config"
)

func (c *command) check() *cobra.Command {
	return &cobra.Command{
		Use:   "check",
		Short: "Report every mistake of the configuration, and golden articles that are filed wrong",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			cfg, err := config.Load(c.configFile)
			if err != nil {
				fmt.Fprintln(c.out, err) // what was asked for, so not on standard error
				return errShown
			}
			golden, err := c.printGolden(cfg)
			if err != nil {
				return err
			}
			fmt.Fprintf(c.out, "%s: no mistakes: %s, %s, %s", c.configFile,
				count(len(cfg.Sources), "source"), count(len(cfg.Themes), "theme"), count(len(cfg.Digests), "digest"))
			if golden > 0 {
				fmt.Fprintf(c.out, ", %s filed as they should be", count(golden, "golden article"))
			}
			fmt.Fprintln(c.out)
			return nil
		},
	}
}

func (c *command) config() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Show the configuration or its schema",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		&cobra.Command{
			Use:   "show",
			Short: "Print the effective configuration, secrets hidden",
			Args:  cobra.NoArgs,
			RunE: func(*cobra.Command, []string) error {
				cfg, err := config.Load(c.configFile)
				if err != nil {
					return err
				}
				return cfg.Show(c.out)
			},
		},
		&cobra.Command{
			Use:   "schema",
			Short: "Print the JSON Schema of config.yaml, for editors",
			Args:  cobra.NoArgs,
			RunE: func(*cobra.Command, []string) error {
				_, err := c.out.Write(config.Schema())
				return err
			},
		},
	)
	return cmd
}
