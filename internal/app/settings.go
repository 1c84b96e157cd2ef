package app

import (
	"context"
	"errors"
	"os"
	"path/filepath"

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
	_, err := config.Parse(d.opts.File, []byte(text), os.LookupEnv)
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
