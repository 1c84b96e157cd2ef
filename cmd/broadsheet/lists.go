package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"broadsheet/internal/app"
)

// importList takes in the list in a file, "-" for standard input, and names its
// bad lines, with which the command needs attention. Take returns what became
// of the lines, for programs and in words, and how many were bad.
func (c *command) importList(file string, take func(in io.Reader, report func(line int, fault string)) (sum any, words string, bad int, err error)) error {
	in, name, err := c.input(file)
	if err != nil {
		return err
	}
	defer in.Close()
	sum, words, bad, err := take(in, func(line int, fault string) {
		fmt.Fprintf(c.err, "%s:%d: %s\n", name, line, fault)
	})
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if c.json {
		err = printJSON(c.out, sum)
	} else {
		_, err = fmt.Fprintf(c.out, "%s, %s left out\n", words, count(bad, "bad line"))
	}
	if err == nil && bad > 0 {
		return errAttention
	}
	return err
}

// exportList is the command that prints all of what, as the import of them
// reads it.
func (c *command) exportList(what string, export func(a *app.App, ctx context.Context, w io.Writer, format string) error) *cobra.Command {
	format := "csv"
	cmd := &cobra.Command{
		Use:     "export",
		Short:   "Print all " + what + " as import reads them",
		Args:    cobra.NoArgs,
		PreRunE: oneOf("format", &format, "format of lists", "csv", "jsonl"),
		RunE: c.paper(func(ctx context.Context, a *app.App, _ []string) error {
			return export(a, ctx, c.out, format)
		}),
	}
	cmd.Flags().StringVar(&format, "format", format, "csv or jsonl")
	return cmd
}
