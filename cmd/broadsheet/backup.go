package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"broadsheet/internal/app"
)

func (c *command) backup() *cobra.Command {
	return &cobra.Command{
		Use:   "backup FILE",
		Short: "Copy the database into a new file while the paper goes on",
		Long: "Copies the whole SQLite database as it is at one moment into a file that does not exist yet, also while a daemon\n" +
			"runs. The file appears when it is whole. For PostgreSQL it names the command that does it.",
		Args: cobra.ExactArgs(1),
		RunE: c.paper(func(ctx context.Context, a *app.App, args []string) error {
			if err := a.Backup(ctx, args[0]); err != nil {
				return err
			}
			fmt.Fprintf(c.out, "backed up to %s\n", args[0])
			return nil
		}),
	}
}
