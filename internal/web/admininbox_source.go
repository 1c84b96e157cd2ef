package web

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"broadsheet/syndicate"
)

type applicantView struct {
	applicationView
	Site, Note string
	Elsewhere  string // host of the source when it is not that of the site
	Name       string // of the source
	NameFault  string
	Lines      string // for the configuration
	Download   string
	Keep       Keep   // what is chosen when nobody has chosen
	Editable   bool   // the configuration may be changed here
	Patch      string // of the configuration; "" when there is none to show
	Mark       string // of the patch
	PatchFault string
	Stored     bool // kept in the database
	Written    bool // in the configuration in force
}

// applicant shows an application; fault is why the verdict on it could not be
// carried out.
func (s *server) applicant(v *view, sub *syndicate.Submission, keep Keep, fault *Fault) (*applicantView, error) {
	a := sub.Application
	w := &applicantView{
		applicationView: v.application(a), Site: webAddress(a.Site), Note: a.Note, Name: cmp.Or(sub.Result, a.Source.Name), Keep: cmp.Or(keep, KeepDatabase),
		Download: v.Link("/admin/inbox/" + strconv.FormatInt(sub.ID, 10) + "/source.yaml"), Stored: a.Stored && sub.State == syndicate.Accepted,
	}
	if site, err := url.Parse(a.Site); err == nil {
		if source, err := url.Parse(a.Source.URL); err == nil && !strings.EqualFold(source.Hostname(), site.Hostname()) {
			w.Elsewhere = source.Hostname()
		}
	}
	w.Lines = s.linesOf(sub)
	w.Written = !w.Stored && slices.ContainsFunc(s.cfg.Sources, func(x syndicate.Source) bool { return x.Name == w.Name && x.URL == a.Source.URL })
	if err := s.showPatch(v, sub, w); err != nil {
		return nil, err
	}
	switch {
	case fault == nil:
	case slices.Contains([]string{"name", "taken", "known"}, fault.Key):
		w.NameFault, w.PatchFault = v.fault(fault), ""
	default:
		w.PatchFault = v.fault(fault)
	}
	return w, nil
}

// showPatch shows what accepting an application would change in the
// configuration, where that may be done here.
func (s *server) showPatch(v *view, sub *syndicate.Submission, w *applicantView) error {
	if !sub.Settled.IsZero() {
		return nil
	}
	_, editable, err := s.Admin.Settings.ConfigText()
	if err != nil || !editable {
		return ignoreNotFound(err)
	}
	w.Editable = true
	patch, err := s.patchOf(sub)
	var fault *Fault
	if errors.As(err, &fault) {
		w.PatchFault = v.fault(fault)
		return nil
	}
	w.Patch, w.Mark = patch.Diff, fileMark(patch.Old+"\x00"+patch.New)
	return err
}

func ignoreNotFound(err error) error {
	if errors.Is(err, syndicate.ErrNotFound) {
		return nil
	}
	return err
}

// patchOf returns what accepting an application changes in the configuration.
func (s *server) patchOf(sub *syndicate.Submission) (SourcePatch, error) {
	return s.Admin.Editor.SourcePatch(sub.Application.Source)
}

// agreed returns the change of the configuration that an operator has seen and
// sends a form for, nil for a form that is not about it. The error is a *Fault
// when it is not that change any more.
func (s *server) agreed(r *http.Request, sub *syndicate.Submission, keep Keep) (*SourcePatch, error) {
	if keep != KeepConfig || sub.Application == nil {
		return nil, nil
	}
	_, editable, err := s.Admin.Settings.ConfigText()
	if err == nil && !editable {
		err = syndicate.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	patch, err := s.patchOf(sub)
	if err == nil && fileMark(patch.Old+"\x00"+patch.New) != r.PostForm.Get("mark") {
		err = &Fault{Key: "patch"}
	}
	return &patch, err
}

// linesOf returns the entry of the configuration for an application.
func (s *server) linesOf(sub *syndicate.Submission) string {
	source := sub.Application.Source
	source.Name = cmp.Or(sub.Result, source.Name)
	return s.Admin.Editor.SourceLines(source)
}

// sourceLines gives the entry of the configuration as a file.
func (s *server) sourceLines(r *http.Request, _ *view) (*response, error) {
	sub, err := s.submissionNamed(r)
	if err == nil && sub.Application == nil {
		err = syndicate.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return &response{body: []byte(s.linesOf(&sub)), contentType: "text/yaml; charset=utf-8", cache: "no-store"}, nil
}

// dropSource takes the source of an application out of the database.
func (s *server) dropSource(r *http.Request, v *view) (*response, error) {
	sub, err := s.submissionNamed(r)
	if err != nil {
		return nil, err
	}
	if sub.Application == nil || !sub.Application.Stored {
		return nil, syndicate.ErrNotFound
	}
	if err := s.Admin.Editor.DropSource(r.Context(), sub.Result); err != nil {
		return nil, notFound(err)
	}
	return v.done("/admin/inbox/"+strconv.FormatInt(sub.ID, 10), "drop"), nil
}
