package compose

import (
	"bytes"
	"cmp"
	htmltemplate "html/template"
	"io/fs"
	"slices"
	"strings"
	texttemplate "text/template"

	"broadsheet/mailer"
	"broadsheet/mailer/submit"
	"broadsheet/templates"
)

// The templates of a digest.
const (
	htmlTemplate = "digest.html"
	textTemplate = "digest.txt"
)

// MaxHTML is the most octets that the HTML form takes in a message. Gmail cuts
// a message off at 102 KB, and with it the way to unsubscribe.
const MaxHTML = 90_000

// textCols is the width of the text form.
const textCols = 76

// gistCols are the lengths of gists to try, in columns, longest first.
var gistCols = [...]int{600, 320, 200, 120}

// render fills in subject, HTML and text. An edition that would be too long
// gets shorter gists, then fewer items.
func (c *Composer) render(d mailer.Digest, e *mailer.Edition) error {
	cat, err := templates.Locale(e.Language)
	if err != nil {
		return err
	}
	r, err := newRenderer(c.templates(), cat)
	if err != nil {
		return err
	}
	v := viewer{c: c, d: d, e: e, loc: c.location(d), cat: cat}
	e.Subject = v.subject()
	for _, v.gist = range gistCols {
		if err := r.html(v); err != nil {
			return err
		}
		if submit.EncodedLen(e.HTML) <= MaxHTML {
			return r.text(v)
		}
	}
	v.plain = true
	if err := r.html(v); err != nil {
		return err
	}
	for {
		size, items := submit.EncodedLen(e.HTML), len(e.Items())
		if size <= MaxHTML || items == 0 {
			return r.text(v)
		}
		curtail(e.Sections, min(items-1, items*MaxHTML/size))
		if err := r.html(v); err != nil {
			return err
		}
	}
}

// curtail leaves keep items in all, taking from the longest section first.
func curtail(sections []mailer.Section, keep int) {
	n := 0
	for _, s := range sections {
		n += len(s.Items)
	}
	for ; n > keep; n-- {
		i := 0
		for j := range sections {
			if len(sections[j].Items) >= len(sections[i].Items) {
				i = j
			}
		}
		s := &sections[i]
		s.Items = s.Items[:len(s.Items)-1]
		s.More++
	}
}

// A renderer holds the templates of a digest, read.
type renderer struct {
	htmlT *htmltemplate.Template
	textT *texttemplate.Template
}

func newRenderer(files fs.FS, cat templates.Catalogue) (renderer, error) {
	h, err := newHTML(files, cat)
	if err != nil {
		return h, err
	}
	t, err := newText(files, cat)
	return renderer{htmlT: h.htmlT, textT: t.textT}, err
}

// newHTML reads the template of the HTML form alone.
func newHTML(files fs.FS, cat templates.Catalogue) (r renderer, err error) {
	r.htmlT, err = htmltemplate.New(htmlTemplate).Funcs(functions(cat)).Option("missingkey=error").ParseFS(files, htmlTemplate)
	if err != nil {
		err = templateError(htmlTemplate, err)
	}
	return r, err
}

// newText reads the template of the text form alone.
func newText(files fs.FS, cat templates.Catalogue) (r renderer, err error) {
	r.textT, err = texttemplate.New(textTemplate).Funcs(functions(cat)).Option("missingkey=error").ParseFS(files, textTemplate)
	if err != nil {
		err = templateError(textTemplate, err)
	}
	return r, err
}

// functions are what templates may call beside the language's own.
func functions(cat templates.Catalogue) map[string]any {
	return map[string]any{
		"t":        cat.T,
		"whole":    whole,
		"title":    title,
		"contents": contents(cat),
		"wrap":     func(text, first, rest string) string { return Wrap(text, textCols, first, rest) },
		"rule":     func(mark, text string) string { return strings.Repeat(mark, min(Columns(text), textCols)) },
		"figures":  figureLine(cat.T("mail.figures"), cat.T("mail.dot")),
		"retold":   retoldLine(cat.T("story.also"), cat.T("mail.comma")),
		"join":     joinWith(cat.T("mail.dot")),
	}
}

// contents returns a function that writes the themes in a line of text.
func contents(cat templates.Catalogue) func([]SectionView) string {
	return func(ss []SectionView) string {
		var themes []string
		for _, s := range ss {
			themes = append(themes, cat.T("mail.contents.theme", s.Title, s.Count))
		}
		return cat.T("mail.contents") + strings.Join(themes, cat.T("mail.dot"))
	}
}

// figureLine returns a function that writes figures in a line of text.
func figureLine(label, dot string) func([]FigureView) string {
	return func(fs []FigureView) string {
		var texts []string
		for _, f := range fs {
			texts = append(texts, f.Text)
		}
		return label + strings.Join(texts, dot)
	}
}

// retoldLine returns a function that writes who else tells an item in a line of
// text.
func retoldLine(label, comma string) func(ItemView) string {
	return func(it ItemView) string {
		var names []string
		for _, r := range it.Retold {
			names = append(names, r.Source)
		}
		return label + strings.Join(names, comma) + it.Agree
	}
}

// joinWith returns a function that joins the texts that are not empty.
func joinWith(sep string) func(...string) string {
	return func(parts ...string) string {
		return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), sep)
	}
}

func (r renderer) html(v viewer) error {
	var b bytes.Buffer
	if err := r.htmlT.Execute(&b, v.view()); err != nil {
		return templateError(htmlTemplate, err)
	}
	v.e.HTML = b.String()
	return nil
}

func (r renderer) text(v viewer) error {
	var b bytes.Buffer
	v.plain = false // nobody cuts text off
	if err := r.textT.Execute(&b, v.view()); err != nil {
		return templateError(textTemplate, err)
	}
	v.e.Text = cmp.Or(strings.TrimSpace(b.String()), v.e.Subject) + "\n"
	return nil
}
