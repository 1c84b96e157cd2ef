package main

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"broadsheet/internal/app"
	"broadsheet/internal/config"
)

func (c *command) serve() *cobra.Command {
	var roles string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Collect, publish and mail until stopped",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			picked, err := parseRoles(roles)
			if err != nil {
				return err
			}
			cfg, err := config.Load(c.configFile)
			if err != nil {
				return err
			}
			a, err := app.New(cmd.Context(), cfg, app.Options{
				Logger:  c.logger(slog.LevelInfo),
				Out:     c.out,
				Version: version,
				Roles:   picked,
				File:    c.configFile,
			})
			if err != nil {
				return err
			}
			return errors.Join(a.Run(cmd.Context()), a.Close())
		},
	}
	cmd.Flags().StringVar(&roles, "roles", "web,collect,mail", "what this process does, comma-separated")
	return cmd
}

func parseRoles(s string) ([]app.Role, error) {
	var roles []app.Role
	for name := range strings.SplitSeq(s, ",") {
		role := app.Role(strings.TrimSpace(name))
		if !slices.Contains(app.AllRoles(), role) {
			return nil, usagef("--roles: there is no role %q; roles are %s", role, joinRoles(app.AllRoles()))
		}
		roles = append(roles, role)
	}
	return roles, nil
}

func joinRoles(roles []app.Role) string {
	names := make([]string, len(roles))
	for i, r := range roles {
		names[i] = string(r)
	}
	return strings.Join(names, ", ")
}

func (c *command) version() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			fmt.Fprintln(c.out, app.VersionLine(version))
			return nil
		},
	}
}
