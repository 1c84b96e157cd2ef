package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/term"

	"broadsheet/internal/app"
)

func (c *command) admin() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "admin",
		Short: "Look after who may open the admin pages, and see what was done there",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		&cobra.Command{
			Use:   "password",
			Short: "Ask for a password and print what to put under admin.password_hash",
			Args:  cobra.NoArgs,
			RunE:  func(*cobra.Command, []string) error { return c.hashPassword() },
		},
		&cobra.Command{
			Use:   "link",
			Short: "Print a link that signs in once, where no password is set",
			Args:  cobra.NoArgs,
			RunE: c.paper(func(ctx context.Context, a *app.App, _ []string) error {
				link, err := a.SignInLink(ctx)
				if err != nil {
					return err
				}
				fmt.Fprintln(c.out, link)
				return nil
			}),
		},
		c.jsonFlag(&cobra.Command{
			Use:   "log",
			Short: "List what operators did, the last deed first",
			Args:  cobra.NoArgs,
			RunE: c.paper(func(ctx context.Context, a *app.App, _ []string) error {
				deeds, err := a.Deeds(ctx, 1000, 0)
				if err != nil {
					return err
				}
				if c.json {
					return printJSON(c.out, orEmpty(deeds))
				}
				rows := make([][]string, 0, len(deeds))
				for _, d := range deeds {
					rows = append(rows, []string{when(d.At, a.Config().Site.Location), d.Who, d.Action, d.Object, d.Detail})
				}
				table(c.out, rows)
				return nil
			}),
		}),
	)
	return cmd
}

// The length of passwords, in bytes at the most: bcrypt reads no more.
const (
	minPassword = 10 // characters
	maxPassword = 72
)

// passwordCost is what bcrypt takes: a quarter of a second or so.
const passwordCost = 12

func (c *command) hashPassword() error {
	password, err := c.askPassword()
	if err != nil {
		return err
	}
	if n := utf8.RuneCountInString(password); n < minPassword || len(password) > maxPassword {
		return fmt.Errorf("the password has %d characters; take at least %d, and at most %d bytes", n, minPassword, maxPassword)
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(password), passwordCost)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, "%s\n", hash)
	fmt.Fprintf(c.err, "Put it into %s, in single quotes:\nadmin:\n  password_hash: '%s'\n", c.configFile, hash)
	return nil
}

// askPassword reads a password: from a terminal twice and unseen, else the
// first line.
func (c *command) askPassword() (string, error) {
	if f, ok := c.stdin.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		var typed [2]string
		for i, prompt := range []string{"Password: ", "Again: "} {
			fmt.Fprint(c.err, prompt)
			b, err := term.ReadPassword(int(f.Fd()))
			fmt.Fprintln(c.err)
			if err != nil {
				return "", err
			}
			typed[i] = string(b)
		}
		if typed[0] != typed[1] {
			return "", errors.New("the two are not the same; try again")
		}
		return typed[0], nil
	}
	line, err := bufio.NewReader(io.LimitReader(c.stdin, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	return strings.TrimRight(line, "\r\n"), nil
}
