package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"broadsheet/internal/config"
	"broadsheet/syndicate"
	"broadsheet/syndicate/classify"
)

// maxLine bounds one line of JSON Lines, in bytes.
const maxLine = 8 << 20

// A text is one line of what classify reads.
type text struct {
	ID     string   `json:"id"`
	Title  string   `json:"title"`
	Text   string   `json:"text"`
	Lang   string   `json:"lang"`
	Themes []string `json:"themes"` // with --eval: the right answer
}

func (t text) article() *syndicate.Article {
	return &syndicate.Article{Title: t.Title, Text: t.Text, Language: t.Lang}
}

// A verdict is one line of what classify prints.
type verdict struct {
	ID            string             `json:"id"`
	Themes        []string           `json:"themes"`
	Reasons       []string           `json:"reasons"`
	NearMisses    []string           `json:"near_misses,omitempty"`
	Places        []string           `json:"places"`
	Organisations []string           `json:"organisations"`
	Figures       []syndicate.Figure `json:"figures"`
	Summary       string             `json:"summary"`

	Learnt map[string][]classify.Learnt `json:"learnt,omitempty"` // with --explain, by theme
}

// mostLearnt is how many n-grams --explain shows of a theme.
const mostLearnt = 12

func (c *command) classify() *cobra.Command {
	var eval string
	var explain bool
	cmd := &cobra.Command{
		Use:   "classify [FILE|-]",
		Short: "File texts under the themes: JSON Lines {id,title,text,lang} in, verdicts out",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if eval != "" && len(args) > 0 {
				return usagef("classify: give a FILE or --eval FILE, not both")
			}
			cfg, cl, err := c.classifier()
			if err != nil {
				return err
			}
			if eval != "" {
				return c.evaluate(cl, cfg.Themes, eval)
			}
			name := "-"
			if len(args) == 1 {
				name = args[0]
			}
			enc := jsonLines(c.out)
			return c.eachText(name, func(t text) error {
				v := judge(cl, t)
				if explain {
					v.Learnt = learnt(cl, cfg.Themes, t)
				}
				return enc.Encode(v)
			})
		},
	}
	cmd.Flags().StringVar(&eval, "eval", "", "labelled JSON Lines: print precision, recall and F1 per theme and language")
	cmd.Flags().BoolVar(&explain, "explain", false, "show what spoke most for and against each theme in the learnt model")
	return cmd
}

func judge(cl *classify.Classifier, t text) verdict {
	a := cl.Classify(t.article(), nil)
	v := verdict{
		ID: t.ID, Themes: []string{}, Reasons: []string{}, Places: orEmpty(a.Places),
		Organisations: orEmpty(a.Organisations), Figures: orEmpty(a.Figures), Summary: a.Gist,
	}
	for _, f := range a.Filings {
		v.Themes = append(v.Themes, f.Theme)
		v.Reasons = append(v.Reasons, f.Reason())
	}
	for _, f := range a.NearMisses {
		v.NearMisses = append(v.NearMisses, f.Reason())
	}
	return v
}

// learnt returns what the model goes by, for each theme.
func learnt(cl *classify.Classifier, themes []syndicate.Theme, t text) map[string][]classify.Learnt {
	out := map[string][]classify.Learnt{}
	for _, theme := range themes {
		if grams := cl.Explain(t.article(), theme.ID, mostLearnt); len(grams) > 0 {
			out[theme.ID] = grams
		}
	}
	return out
}

// orEmpty keeps JSON from saying null where a list is empty.
func orEmpty[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// classifier returns the configuration and what files articles by it.
func (c *command) classifier() (*config.Config, *classify.Classifier, error) {
	cfg, err := config.Load(c.configFile)
	if err != nil {
		return nil, nil, err
	}
	cl, err := cfg.Classifier()
	return cfg, cl, err
}

// eachText calls f with every line of a file of JSON Lines.
func (c *command) eachText(name string, f func(text) error) error {
	in, name, err := c.input(name)
	if err != nil {
		return err
	}
	defer in.Close()
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 0, 64<<10), maxLine)
	n := 0
	for lines.Scan() {
		n++
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		var t text
		if err := json.Unmarshal(lines.Bytes(), &t); err != nil {
			return fmt.Errorf("%s:%d: not a JSON object of the form {\"id\":…,\"title\":…,\"text\":…}: %w", name, n, err)
		}
		if err := f(t); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%s:%d: %w; a line may have %d MiB", name, n+1, err, maxLine>>20)
	}
	return nil
}

func (c *command) evaluate(cl *classify.Classifier, known []syndicate.Theme, name string) error {
	ids := make([]string, len(known))
	for i, t := range known {
		ids[i] = t.ID
	}
	score := classify.NewScore(ids)
	err := c.eachText(name, func(t text) error {
		return score.Add(t.Lang, t.Themes, judge(cl, t).Themes)
	})
	if err != nil {
		return err
	}
	printScore(c.out, score)
	return nil
}

func printScore(w io.Writer, score *classify.Score) {
	rows := [][]string{strings.Fields("LANGUAGE THEME PRECISION RECALL F1 ARTICLES")}
	row := func(lang, theme string, r classify.Rate) {
		rows = append(rows, []string{
			lang, theme, fmt.Sprintf("%.3f", r.Precision()), fmt.Sprintf("%.3f", r.Recall()), fmt.Sprintf("%.3f", r.F1()), fmt.Sprint(r.Right + r.Missed),
		})
	}
	for _, lang := range score.Languages() {
		for _, theme := range score.Themes {
			row(lang, theme, score.Rate(lang, theme))
		}
		rows = append(rows, []string{
			lang, "macro", "", "", fmt.Sprintf("%.3f", score.Macro(lang)),
			fmt.Sprintf("none left alone %.3f", score.LeftAlone(lang)),
		})
	}
	table(w, rows)
}
