package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"broadsheet/syndicate"
	"broadsheet/syndicate/classify"
)

// A pair is what stories reads: two articles that may tell the same.
type pair struct {
	ID   string   `json:"id"`
	Lang string   `json:"lang"`
	A    headline `json:"a"`
	B    headline `json:"b"`
}

// A headline is what an article begins with.
type headline struct {
	Title string `json:"title"`
	Lead  string `json:"lead"`
}

// A likeness is one line of what stories prints.
type likeness struct {
	ID        string `json:"id"`
	Duplicate bool   `json:"duplicate"`
	Reason    string `json:"reason"`
}

func (c *command) stories() *cobra.Command {
	var name string
	cmd := &cobra.Command{
		Use:     "stories --pairs FILE",
		Short:   "Say of pairs of articles whether they tell the same news, and why",
		Long:    "Say of pairs of articles whether they tell the same news, and why: [{id,lang,a:{title,lead},b:{title,lead}}] in, {id, duplicate, reason} lines out.",
		Example: "  broadsheet stories --pairs pairs.json\n  broadsheet stories --pairs - < pairs.json",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if name == "" {
				return usagef("stories: name a file with --pairs, or - for standard input")
			}
			pairs, err := c.readPairs(name)
			if err != nil {
				return err
			}
			tellings, err := classify.NewTellings()
			if err != nil {
				return err
			}
			enc := jsonLines(c.out)
			for _, p := range pairs {
				v := tellings.Same(
					syndicate.Telling{Title: p.A.Title, Lead: p.A.Lead, Language: p.Lang},
					syndicate.Telling{Title: p.B.Title, Lead: p.B.Lead, Language: p.Lang})
				if err := enc.Encode(likeness{ID: p.ID, Duplicate: v.Same, Reason: v.Reason}); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&name, "pairs", "", "JSON file of pairs; - is standard input")
	return cmd
}

func (c *command) readPairs(name string) ([]pair, error) {
	in, name, err := c.input(name)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	data, err := io.ReadAll(in)
	if err != nil {
		return nil, err
	}
	var pairs []pair
	if err := json.Unmarshal(data, &pairs); err != nil {
		return nil, fmt.Errorf("%s: not a list of the form [{\"id\":…,\"lang\":…,\"a\":{\"title\":…,\"lead\":…},\"b\":{…}}]: %w", name, err)
	}
	return pairs, nil
}
