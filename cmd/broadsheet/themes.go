package main

import "github.com/spf13/cobra"

func (c *command) themes() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "themes",
		Short: "Work on the themes",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.themesLearn())
	return cmd
}
