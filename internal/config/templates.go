package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"broadsheet/mailer/compose"
	"broadsheet/templates"
)

// templates checks the operator's templates of mail with made-up editions.
func (b *builder) templates(path, name string) {
	if name == "" {
		return
	}
	folder := b.beside(name)
	info, err := os.Stat(folder)
	switch {
	case err != nil:
		b.fault(path, fmt.Sprintf("there is no folder %s", folder), "relative names start in the folder of the configuration")
		return
	case !info.IsDir():
		b.fault(path, folder+" is not a folder", "name the folder that digest.html or digest.txt is in")
		return
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		b.fault(path, folder+": "+plain(err), "name a folder that this user may read")
		return
	}
	known := 0
	for _, e := range entries {
		switch own := templates.HasMail(e.Name()); {
		case own:
			known++
		case filepath.Ext(e.Name()) == ".html" || filepath.Ext(e.Name()) == ".txt":
			b.fault(path, fmt.Sprintf("no mail is made from %s", filepath.Join(folder, e.Name())), "call it digest.html or digest.txt, or take it away")
		}
	}
	if known == 0 {
		b.fault(path, "there is no template in "+folder, "put digest.html or digest.txt there; docs/templates.md tells how")
		return
	}
	b.cfg.Folder = folder
	b.templateFaults(path, folder, compose.CheckTemplates(templates.MailOver(os.DirFS(folder))))
}

// templateFaults reports mistakes at their places in the templates.
func (b *builder) templateFaults(path, folder string, err error) {
	for _, e := range leaves(err) {
		var t *compose.TemplateError
		if !errors.As(e, &t) {
			b.fault(path, e.Error(), "see docs/templates.md")
			continue
		}
		fault, hint := splitHint(t.Fault)
		if hint == "" {
			hint = "docs/templates.md tells what templates are given"
		}
		b.problems = append(b.problems, Problem{
			File: filepath.Join(folder, t.File), Line: t.Line, Column: t.Column, Fault: oneLine(fault), Hint: oneLine(hint),
		})
	}
}
