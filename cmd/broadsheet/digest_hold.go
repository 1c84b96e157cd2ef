package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"broadsheet/internal/app"
)

func (c *command) digestHold() *cobra.Command {
	return &cobra.Command{
		Use:   "hold NAME|NAME/NUMBER",
		Short: "Hold the next edition of a digest, or one that is being sent",
		Long: "Holds a digest: no edition of it is made until `digest release`, whatever its schedule says. Of an edition,\n" +
			"NAME/NUMBER, nothing more is sent until then, also by a running daemon; nothing is given up.",
		Args: cobra.ExactArgs(1),
		RunE: c.held(func(ctx context.Context, a *app.App, name string) error {
			if err := a.HoldDigest(ctx, name); err != nil {
				return noSuchDigest(a, name, err)
			}
			fmt.Fprintf(c.out, "%s: on hold; broadsheet digest release %s lets it go\n", name, name)
			return nil
		}, func(ctx context.Context, a *app.App, name string, number int) error {
			held, err := a.HoldEdition(ctx, name, number)
			if err != nil {
				return noSuchEdition(name, number, err)
			}
			if !held {
				return fmt.Errorf("%s/%d is halted already, see broadsheet status; broadsheet digest resend %s/%d sends what is missing", name, number, name, number)
			}
			fmt.Fprintf(c.out, "%s/%d: held; broadsheet digest release %s/%d lets it go on\n", name, number, name, number)
			return nil
		}),
	}
}

func (c *command) digestRelease() *cobra.Command {
	return &cobra.Command{
		Use:   "release NAME|NAME/NUMBER",
		Short: "Let a digest or an edition go that is held",
		Long: "Ends `digest hold`. An edition that came due meanwhile is made by the daemon at once, whatever if_missed says;\n" +
			"an edition that was being sent goes on where it stopped.",
		Args: cobra.ExactArgs(1),
		RunE: c.held(func(ctx context.Context, a *app.App, name string) error {
			released, err := a.ReleaseDigest(ctx, name)
			if err != nil {
				return noSuchDigest(a, name, err)
			}
			return c.printReleased(name, released)
		}, func(ctx context.Context, a *app.App, name string, number int) error {
			released, err := a.ReleaseEdition(ctx, name, number)
			if err != nil {
				return noSuchEdition(name, number, err)
			}
			return c.printReleased(fmt.Sprintf("%s/%d", name, number), released)
		}),
	}
}

func (c *command) printReleased(what string, released bool) error {
	if !released {
		fmt.Fprintf(c.out, "%s: was not held\n", what)
		return nil
	}
	fmt.Fprintf(c.out, "%s: released\n", what)
	return nil
}

// held runs a command on the digest that its argument names, or on the edition.
func (c *command) held(
	digest func(ctx context.Context, a *app.App, name string) error,
	edition func(ctx context.Context, a *app.App, name string, number int) error,
) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		if strings.Contains(args[0], "/") {
			return c.edition(edition)(cmd, args)
		}
		return c.paper(func(ctx context.Context, a *app.App, _ []string) error { return digest(ctx, a, args[0]) })(cmd, args)
	}
}
