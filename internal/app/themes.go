package app

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"broadsheet/internal/config"
	"broadsheet/syndicate"
	"broadsheet/syndicate/classify"
)

// DraftFile returns the name of the draft of a configuration: config.draft.yaml
// beside config.yaml. Nothing but the comparing of themes reads it.
func DraftFile(file string) string {
	ext := filepath.Ext(file)
	return strings.TrimSuffix(file, ext) + ".draft" + ext
}

// EditedFile returns the configuration that is to be compared with the one in
// force: the draft, if there is one, else the file itself.
func EditedFile(file string) string {
	draft := DraftFile(file)
	if _, err := os.Stat(draft); err != nil {
		return file
	}
	return draft
}

// diffBatch is how many articles are compared at a time.
const diffBatch = 500

// DiffThemes compares how the articles first seen in the last days are filed
// with how the configuration in a file would file them. What editors decided
// stays decided. Progress, which may be nil, is told how many articles have
// been compared. A mistake in the file is a *config.Problems.
func (a *App) DiffThemes(ctx context.Context, file string, days int, progress func(done, total int)) (*syndicate.ThemeDiff, error) {
	cfg, err := config.Load(file)
	if err != nil {
		return nil, err
	}
	return a.diffThemes(ctx, cfg, file, days, progress)
}

// diffThemes is DiffThemes of a configuration that a file would have.
func (a *App) diffThemes(ctx context.Context, cfg *config.Config, file string, days int, progress func(done, total int)) (*syndicate.ThemeDiff, error) {
	classifier, err := cfg.Classifier()
	if err != nil {
		return nil, err
	}
	sources := map[string]*syndicate.Source{}
	for i := range cfg.Sources {
		sources[cfg.Sources[i].Name] = &cfg.Sources[i]
	}
	var ids []string
	for _, t := range cfg.Themes {
		ids = append(ids, t.ID)
	}
	now := a.opts.Now()
	q := syndicate.Query{Root: syndicate.And{
		syndicate.Date{After: true, At: now.Add(-time.Duration(days) * 24 * time.Hour)},
		syndicate.Date{At: now.Add(time.Millisecond)}, // what comes in meanwhile must not move the pages
	}}
	total, err := a.store.Count(ctx, q, now)
	if err != nil {
		return nil, err
	}
	diff := syndicate.NewThemeDiff(file, days, ids)
	for {
		batch, err := a.store.Articles(ctx, q, now, diffBatch, diff.Articles)
		if err != nil {
			return nil, err
		}
		for i := range batch {
			x := &batch[i]
			after := classifier.Classify(x, sources[x.Source])
			if !x.Corrected.IsZero() {
				after = x.Analysis
			}
			diff.Add(x, after)
		}
		if progress != nil {
			progress(diff.Articles, total)
		}
		if len(batch) < diffBatch {
			return diff, nil
		}
	}
}

// GoldenFile returns the name of the golden articles of a configuration:
// themes_test.jsonl beside it.
func GoldenFile(file string) string { return filepath.Join(filepath.Dir(file), "themes_test.jsonl") }

// A GoldenFault is a golden article that is not filed as it should be, or a
// line that is none.
type GoldenFault struct {
	File  string `json:"file"`
	Line  int    `json:"line"` // from 1
	Fault string `json:"fault"`
	Hint  string `json:"hint,omitempty"`
}

// String returns FILE:LINE: fault, and the hint on a line of its own.
func (f GoldenFault) String() string {
	s := fmt.Sprintf("%s:%d: %s", f.File, f.Line, f.Fault)
	if f.Hint != "" {
		s += "\n  hint: " + f.Hint
	}
	return s
}

// maxGolden bounds the file of golden articles, in bytes.
const maxGolden = 32 << 20

// TestThemes files the golden articles of a file by the themes of a
// configuration, and returns how many there are and what is wrong with them.
// That there is no such file is no error.
func TestThemes(cfg *config.Config, file string) (n int, faults []GoldenFault, err error) {
	classifier, err := cfg.Classifier()
	if err != nil {
		return 0, nil, err
	}
	info, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil, nil
	}
	if err == nil && info.Size() > maxGolden {
		err = fmt.Errorf("%s: is longer than %d MiB; keep fewer golden articles", file, maxGolden>>20)
	}
	if err != nil {
		return 0, nil, err
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return 0, nil, err
	}
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, maxGolden)
	for at := 1; lines.Scan(); at++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		n++
		fault := GoldenFault{File: file, Line: at}
		fault.Fault, fault.Hint = testGolden(cfg, classifier, lines.Bytes())
		if fault.Fault != "" {
			faults = append(faults, fault)
		}
	}
	return n, faults, lines.Err()
}

// testGolden returns what is wrong with one golden article, or "".
func testGolden(cfg *config.Config, classifier *classify.Classifier, line []byte) (fault, hint string) {
	var e syndicate.Example
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(&e); err != nil {
		return "this is no golden article: " + err.Error(), `write {"id":…,"lang":…,"title":…,"text":…,"themes":[…]} on one line`
	}
	if e.Themes == nil {
		return "the article has no themes", `write "themes":[] for an article of no theme`
	}
	for _, id := range e.Themes {
		if !slices.ContainsFunc(cfg.Themes, func(t syndicate.Theme) bool { return t.ID == id }) {
			return fmt.Sprintf("there is no theme %q", id), "name a theme of the configuration"
		}
	}
	judged := classifier.Classify(e.Article(), nil)
	var wrong []string
	for _, id := range e.Themes {
		if !slices.ContainsFunc(judged.Filings, func(f syndicate.Filing) bool { return f.Theme == id }) {
			wrong = append(wrong, "belongs under "+id+" and is not filed there"+nearly(judged.NearMisses, id))
		}
	}
	for _, f := range judged.Filings {
		if !slices.Contains(e.Themes, f.Theme) {
			wrong = append(wrong, "does not belong under "+f.Theme+" and is filed there ("+f.Reason()+")")
		}
	}
	if wrong == nil {
		return "", ""
	}
	return fmt.Sprintf("%q %s", goldenName(&e), strings.Join(wrong, "; ")), "change the terms of the theme, or this line; `broadsheet themes try` shows what is found where"
}

func nearly(misses []syndicate.Filing, theme string) string {
	for _, f := range misses {
		if f.Theme == theme {
			return " (" + f.Reason() + ")"
		}
	}
	return ""
}

func goldenName(e *syndicate.Example) string {
	for _, name := range []string{e.Title, e.ID, e.Text} {
		if name != "" {
			return syndicate.Truncate(name, 40)
		}
	}
	return "an article without words"
}

// TryText files a text by the themes in force, and shows what was found where.
func (a *App) TryText(x *syndicate.Article) (syndicate.Analysis, []syndicate.Passage) {
	c := a.parts.Load().classifier
	return c.Classify(x, nil), c.Passages(x)
}
