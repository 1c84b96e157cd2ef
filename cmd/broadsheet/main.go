// Command broadsheet collects articles, files them under themes, publishes
// feeds and pages, and mails digests. It holds flags, subcommands and exit
// codes, and no logic of its own.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"broadsheet/internal/app"
	"broadsheet/internal/config"
)

// Exit codes, a contract with scripts.
const (
	exitDone      = 0
	exitFailed    = 1
	exitUsage     = 2
	exitAttention = 3 // done, but something needs a person
)

// version is set when a release is built.
var version = "devel"

func main() {
	// A second signal kills at once: the first one gives up its handler.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run executes one command and returns its exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	c := &command{stdin: stdin, out: stdout, err: stderr}
	root := c.root()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errAttention):
		return exitAttention
	case errors.Is(err, errShown):
		return exitFailed
	case errors.As(err, new(usageError)):
		fmt.Fprintf(stderr, "broadsheet: %v\n", err)
		return exitUsage
	}
	var problems *config.Problems
	if errors.As(err, &problems) {
		fmt.Fprintln(stderr, problems.Error())
	} else {
		fmt.Fprintf(stderr, "broadsheet: %v\n", err)
	}
	return exitFailed
}

// errAttention ends a command that did its work and showed a fault.
var errAttention = errors.New("something needs attention")

// errShown ends a command that failed and has said so.
var errShown = errors.New("failed")

// A usageError is a command line that cannot be carried out as it stands.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// A command is one invocation: what its subcommands share.
type command struct {
	stdin      io.Reader
	out, err   io.Writer
	configFile string
	json       bool
	verbose    bool
}

func (c *command) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "broadsheet",
		Short:         "Collect news, file it under themes, publish feeds, mail digests",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			hint := ""
			if s := cmd.SuggestionsFor(args[0]); len(s) > 0 {
				hint = "; did you mean " + strings.Join(s, " or ") + "?"
			}
			return usagef("there is no command %q%s (broadsheet help lists them)", args[0], hint)
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.PersistentFlags().StringVar(&c.configFile, "config", "config.yaml", "the configuration")
	root.PersistentFlags().BoolVarP(&c.verbose, "verbose", "v", false, "log every step")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usagef("%w (see %s --help)", err, cmd.CommandPath())
	})
	root.AddCommand(
		c.serve(), c.check(), c.config(), c.collect(), c.read(), c.classify(), c.articles(),
		c.explain(), c.stories(), c.feed(), c.digest(), c.sources(), c.themes(), c.subscribers(), c.suppressions(), c.status(), c.doctor(), c.backup(), c.admin(),
		c.version(),
	)
	for _, cmd := range root.Commands() {
		wrapArgs(cmd)
	}
	return root
}

// wrapArgs makes a wrong number of arguments a usage error, in cmd and below.
func wrapArgs(cmd *cobra.Command) {
	if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return usagef("%s: %w (usage: %s)", cmd.CommandPath(), err, cmd.UseLine())
			}
			return nil
		}
	}
	for _, sub := range cmd.Commands() {
		wrapArgs(sub)
	}
}

// oneOf checks the value of a flag before anything else is done.
func oneOf(flag string, value *string, what string, allowed ...string) func(*cobra.Command, []string) error {
	return func(*cobra.Command, []string) error {
		if slices.Contains(allowed, *value) {
			return nil
		}
		last := len(allowed) - 1
		return usagef("--%s %q: is not a %s; use %s or %s", flag, *value, what, strings.Join(allowed[:last], ", "), allowed[last])
	}
}

// jsonFlag adds --json, which every listing has.
func (c *command) jsonFlag(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().BoolVar(&c.json, "json", false, "print JSON")
	return cmd
}

func (c *command) logger(level slog.Level) *slog.Logger {
	if c.verbose {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(c.err, &slog.HandlerOptions{Level: level}))
}

// paper returns what a one-shot command does: it reads the configuration,
// opens the paper on it without starting anything, and lets do work on it.
// Warnings only are logged, unless more is asked for.
func (c *command) paper(do func(ctx context.Context, a *app.App, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		cfg, err := config.Load(c.configFile)
		if err != nil {
			return err
		}
		return c.open(cmd.Context(), cfg, app.Options{}, args, do)
	}
}

// open opens the paper on a configuration and lets do work on it.
func (c *command) open(ctx context.Context, cfg *config.Config, opts app.Options, args []string, do func(context.Context, *app.App, []string) error) error {
	opts.Logger, opts.Version = c.logger(slog.LevelWarn), version
	a, err := app.New(ctx, cfg, opts)
	if err != nil {
		return err
	}
	return errors.Join(do(ctx, a, args), a.Close())
}

// input opens a file, or standard input for "-", and returns what messages call
// it.
func (c *command) input(name string) (io.ReadCloser, string, error) {
	if name == "-" {
		return io.NopCloser(c.stdin), "standard input", nil
	}
	f, err := os.Open(name)
	return f, name, err
}
