package compose

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"
	"time"

	"broadsheet/mailer"
	"broadsheet/mailer/submit"
	"broadsheet/syndicate"
	"broadsheet/templates"
)

// A TemplateError is a mistake in a template.
type TemplateError struct {
	File   string // digest.html or digest.txt
	Line   int    // from 1; 0 when the mistake has no line
	Column int    // from 1; 0 when only the line is known
	Fault  string
}

// Error returns the mistake with its place: "template mail/digest.html:12:7: …".
func (e *TemplateError) Error() string {
	place := e.File
	if e.Line > 0 {
		place += ":" + strconv.Itoa(e.Line)
	}
	if e.Column > 0 {
		place += ":" + strconv.Itoa(e.Column)
	}
	return "template mail/" + place + ": " + e.Fault
}

// templateFault is how the template packages write a mistake. The executing
// part says what the name of the file says already.
var templateFault = regexp.MustCompile(`(?s)^(?:html/)?template: ?([^:\s]+)(?::(\d+))?(?::(\d+))?: (?:executing "[^"]*" at (<.*?>): )?(.*)$`)

// templateError takes an error of the template packages apart. For others, such
// as that of a file that is not there, it names the file alone.
func templateError(file string, err error) error {
	e := &TemplateError{File: file, Fault: err.Error()}
	if m := templateFault.FindStringSubmatch(err.Error()); m != nil && m[1] == file {
		e.Line, _ = strconv.Atoi(m[2])
		e.Column, _ = strconv.Atoi(m[3])
		if e.Column > 0 {
			e.Column++ // counted from 0 there
		}
		e.Fault = m[5]
		if m[4] != "" {
			e.Fault = m[4] + ": " + m[5]
		}
	}
	return e
}

// CheckTemplates tries templates with made-up editions in every language, such
// as have everything and such as have nothing. The error joins a
// *TemplateError for each template that is wrong.
func CheckTemplates(files fs.FS) error {
	var errs []error
	seen := map[string]bool{} // files told of
	for _, lang := range templates.Languages() {
		cat, err := templates.Locale(lang)
		if err != nil {
			return err
		}
		for _, e := range []*mailer.Edition{sampleEdition(lang), {Digest: "sample", Title: "Sample", Language: lang, At: sampleTime(), Private: true}} {
			for _, err := range tryTemplates(files, cat, e) {
				var t *TemplateError
				if !errors.As(err, &t) || !seen[t.File] {
					errs = append(errs, err)
				}
				if t != nil {
					seen[t.File] = true
				}
			}
		}
	}
	return errors.Join(errs...)
}

// tryTemplates fills in both templates, each for itself.
func tryTemplates(files fs.FS, cat templates.Catalogue, e *mailer.Edition) []error {
	c := &Composer{Site: syndicate.Site{Title: "Sample", URL: "https://paper.example", Contact: "editor@paper.example"}, Postal: "1 Quay, Saltmere"}
	for _, s := range e.Sections {
		c.Themes = append(c.Themes, syndicate.Theme{ID: s.Theme, Title: map[string]string{"": s.Title}})
	}
	v := viewer{c: c, e: e, loc: time.UTC, cat: cat, gist: gistCols[0]}
	e.Subject = v.subject()
	var errs []error
	r, err := newHTML(files, cat)
	if err == nil {
		if err = r.html(v); err == nil {
			err = complete(htmlTemplate, e.HTML, MaxHTML)
		}
	}
	if err != nil {
		errs = append(errs, err)
	}
	if r, err = newText(files, cat); err == nil {
		if err = r.text(v); err == nil {
			err = complete(textTemplate, e.Text, 0)
		}
	}
	if err != nil {
		errs = append(errs, err)
	}
	return errs
}

// complete reports what a form must have and lacks. A limit of 0 is none.
func complete(file, form string, limit int) error {
	switch n := submit.EncodedLen(form); {
	case !strings.Contains(form, "/unsubscribe/"+mailer.TokenMark):
		return &TemplateError{File: file, Fault: "readers cannot unsubscribe; put {{.Unsubscribe}} into it"}
	case limit > 0 && n > limit:
		return &TemplateError{File: file, Fault: fmt.Sprintf("an edition of a few articles takes %d octets, and %d are the most; make it shorter", n, limit)}
	}
	return nil
}

func sampleTime() time.Time { return time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC) }

// sampleEdition has everything that a template can be given.
func sampleEdition(lang string) *mailer.Edition {
	e := &mailer.Edition{
		Digest: "sample", Number: 5, Title: "Sample", Language: lang, At: sampleTime(), Created: sampleTime(),
		Notices: []mailer.Notice{{ID: "1", Title: "A source fails", Text: "It answers 500; wait", Link: "https://port.example/", At: sampleTime()}},
	}
	for range maxNotices {
		e.Notices = append(e.Notices, e.Notices[0])
	}
	for i, theme := range []string{"one", "two"} {
		s := mailer.Section{Theme: theme, Title: theme, URL: "https://paper.example/themes/" + theme, More: i, Sums: map[string]float64{"元": 5e8}}
		for j, it := range []mailer.Item{
			{Title: "Ferry port opens", Figures: []string{"5亿元", "8%"}, Gist: "The port cost 5亿元.", Language: "en", Link: "https://port.example/1", Places: []string{"Saltmere"}},
			{Title: "ميناء جديد", Language: "ar", Inferred: true},
			{Title: "码头投产", Language: "zh-Hans", Also: []string{"two"}, Agree: 2, Retold: []mailer.Retold{{Source: "Post", URL: "https://paper.example/articles/2"}}},
		} {
			it.Key = fmt.Sprint(i, j)
			it.URL, it.Source, it.Published = "https://paper.example/articles/"+it.Key, "Harbour Post", sampleTime()
			it.Stated = &mailer.Stated{Text: "5亿元", Value: 5e8, Unit: "元", Where: mailer.InGist}
			s.Items = append(s.Items, it)
		}
		e.Sections = append(e.Sections, s)
	}
	for range pastEditions {
		e.Past = append(e.Past, mailer.Edition{Number: 4, Sections: e.Sections})
	}
	return e
}
