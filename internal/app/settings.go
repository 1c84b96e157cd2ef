package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"broadsheet/internal/config"
	"broadsheet/internal/web"
	"broadsheet/syndicate"
)

// ConfigText implements web.Settings.
func (d adminDesk) ConfigText() (text string, editable bool, err error) {
	if d.opts.File == "" {
		return "", false, syndicate.ErrNotFound
	}
	data, err := os.ReadFile(d.opts.File)
	return string(data), d.Config().Admin.Edit, err
}

// CheckConfig implements web.Settings.
func (d adminDesk) CheckConfig(text string) error {
	_, err := d.parse(text)
	return err
}

// parse reads a text as the configuration file. Its mistakes are a
// web.EditFault.
func (d adminDesk) parse(text string) (*config.Config, error) {
	cfg, err := config.Parse(d.opts.File, []byte(text), os.LookupEnv)
	return cfg, editFault(err)
}

// editFault returns the mistakes of a configuration as a web.EditFault, and
// any other error as it is.
func editFault(err error) error {
	var problems *config.Problems
	if errors.As(err, &problems) {
		return web.EditFault(problems.Error())
	}
	return err
}

// SaveConfig implements web.Settings. The file keeps its permissions, and a
// symbolic link to it stays one.
func (d adminDesk) SaveConfig(ctx context.Context, old, text string) error {
	if err := d.CheckConfig(text); err != nil {
		return err
	}
	d.saving.Lock()
	defer d.saving.Unlock()
	now, _, err := d.ConfigText()
	if err != nil {
		return err
	}
	if now != old {
		return web.ErrEdited
	}
	if err := d.note(ctx, syndicate.ActionConfig, "", ""); err != nil {
		return err
	}
	if err := replaceFile(d.opts.File, []byte(text)); err != nil {
		return err
	}
	select {
	case d.saved <- struct{}{}:
	default: // a reload is coming
	}
	return nil
}

// patchConfig changes the configuration as an operator has seen it. The error
// is a *web.Fault when the file is another one by now.
func (d adminDesk) patchConfig(ctx context.Context, p *web.SourcePatch) error {
	err := d.SaveConfig(ctx, p.Old, p.New)
	if errors.Is(err, web.ErrEdited) {
		return &web.Fault{Key: "patch"}
	}
	return err
}

// diffContext is how many lines a diff shows around what differs.
const diffContext = 3

// diffOf shows what differs between two texts, as diff -u does for one change.
func diffOf(name, old, text string) string {
	a, b := slices.Collect(strings.Lines(old)), slices.Collect(strings.Lines(text))
	head := 0
	for head < min(len(a), len(b)) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < min(len(a), len(b))-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	from, to := max(head-diffContext, 0), min(tail, diffContext)
	var d strings.Builder
	fmt.Fprintf(&d, "--- %s\n+++ %s\n@@ -%d,%d +%d,%d @@\n", name, name, from+1, len(a)-tail+to-from, from+1, len(b)-tail+to-from)
	for _, part := range []struct {
		sign  string
		lines []string
	}{{" ", a[from:head]}, {"-", a[head : len(a)-tail]}, {"+", b[head : len(b)-tail]}, {" ", b[len(b)-tail : len(b)-tail+to]}} {
		for _, line := range part.lines {
			d.WriteString(part.sign + strings.TrimRight(line, "\r\n") + "\n")
		}
	}
	return d.String()
}

// replaceFile puts data in the place of what a file has, all of it or nothing.
func replaceFile(name string, data []byte) error {
	name, err := filepath.EvalSymlinks(name)
	if err != nil {
		return err
	}
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Chmod(info.Mode().Perm())
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
