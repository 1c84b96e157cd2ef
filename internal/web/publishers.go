package web

import (
	"errors"
	"net/http"
	"net/url"

	"broadsheet/syndicate"
)

// maxOrganisation is how long the name of an organisation may be, in
// characters, maxNote what it says of itself.
const (
	maxOrganisation = 120
	maxNote         = 2000
)

// apply takes the application of an organisation that wants to be a source
// (企业入驻). Its address is read at once.
func (s *server) apply(r *http.Request, v *view) (*response, error) {
	f := v.newSheet(sentForm(r))
	const key = "web.publishers"
	f.add(formField{Name: "organisation", Kind: "text", Max: maxOrganisation, Required: true, Complete: "organization"}, key)
	f.add(formField{Name: "site", Kind: "url", Max: maxLink, Required: true, Complete: "url"}, key)
	f.add(formField{Name: "url", Kind: "url", Max: maxLink}, key)
	f.add(formField{Name: "address", Kind: "email", Max: maxAddress, Required: true, Complete: "email"}, key)
	f.add(formField{Name: "tell", Kind: "tick"}, key)
	f.add(formField{Name: "note", Kind: "area", Max: maxNote, Rows: 4}, key)
	if f.admitted(r, &s.Tries.apply) {
		code, err := s.takeApplication(r, v, f)
		if err == nil {
			return v.redirect("/publishers/" + code), nil
		}
		name := "url"
		if f.value("url") == "" {
			name = "site"
		}
		var fault *Fault
		if errors.As(err, &fault) && (fault.Key == "busy" || fault.Key == "full") {
			name, f.Status = "", http.StatusServiceUnavailable
		}
		if err := f.refused(err, name); err != nil {
			return nil, err
		}
	}
	return v.sheet("publishers", v.T("web.publishers"), f, f)
}

func (s *server) takeApplication(r *http.Request, v *view, f *sheet) (code string, err error) {
	a := &syndicate.Application{
		Organisation: f.value("organisation"), Site: f.value("site"), URL: f.value("url"), Note: f.value("note"),
	}
	if a.URL == "" {
		a.URL = a.Site
	}
	if err := s.Visitors.Examine(r.Context(), a); err != nil {
		return "", err
	}
	return s.Visitors.Submit(r.Context(), &syndicate.Submission{
		Kind: syndicate.KindApplication, Address: f.value("address"), Tell: f.value("tell") != "", Locale: v.Lang(), Ticket: f.Ticket, Application: a,
	})
}

type publisherBody struct {
	Organisation string
	State        string // in words
	Received     bool
	At           string
	Word, Words  string // the editor's, and the language it is in
	Lang         string // of Organisation
	Read         applicationView
	Token        string
	File         string // address of the file that proves control
	Meta         string // element that does
	Host, TXT    string // record that does
	Prove        string // address of the form
	Fault        string
}

// An applicationView is what Broadsheet would read of an applicant.
type applicationView struct {
	URL, Kind string
	Found     int
	Sample    []sampleRow
	Proof     string // how control was proved, in words; "" when it was not
}

type sampleRow struct{ Title, Lang, URL, Date string }

func (v *view) application(a *syndicate.Application) applicationView {
	w := applicationView{URL: a.Source.URL, Kind: v.T("web.publishers.kind." + string(a.Source.Kind)), Found: a.Found}
	for _, e := range a.Sample {
		lang := writtenIn(e.Title, a.Source.Language)
		row := sampleRow{Title: syndicate.Typeset(e.Title, lang), Lang: lang, URL: webAddress(e.URL)}
		if !e.Published.IsZero() {
			row.Date = v.Day(e.Published)
		}
		w.Sample = append(w.Sample, row)
	}
	if a.Proof != "" {
		w.Proof = v.T("web.publishers.proved."+string(a.Proof), v.Minute(a.ProvedAt))
	}
	return w
}

// publisher shows an applicant what would be read, and how to prove that the
// site is the applicant's.
func (s *server) publisher(r *http.Request, v *view) (*response, error) {
	code := r.PathValue("code")
	sub, err := s.Visitors.Sent(r.Context(), syndicate.KindApplication, code)
	if err != nil {
		return nil, err
	}
	a := sub.Application
	body := publisherBody{
		Organisation: a.Organisation, State: v.T("web.publisher." + string(sub.State)), Received: sub.State == syndicate.Received,
		At: v.Minute(sub.At), Word: sub.Word, Words: writtenIn(sub.Word, ""), Lang: writtenIn(a.Organisation, ""), Read: v.application(a), Token: s.Visitors.Token(&sub), Prove: v.Link("/publishers/" + code + "/prove"),
	}
	if site, err := url.Parse(a.Site); err == nil {
		body.File = (&url.URL{Scheme: site.Scheme, Host: site.Host, Path: syndicate.ProofPath(body.Token)}).String()
		body.Host = site.Hostname()
	}
	body.Meta = `<meta name="` + syndicate.ProofName + `" content="` + body.Token + `">`
	body.TXT = syndicate.ProofName + "=" + body.Token
	if key := v.values.Get("fault"); key == "unproved" || key == "busy" {
		body.Fault = v.fault(&Fault{Key: key})
	}
	if v.values.Get("fault") == "wait" {
		body.Fault = v.T("web.publishers.wait")
	}
	return privately(v.render("publisher", frame{Title: v.T("web.publisher"), Body: body}))
}

// prove looks whether an applicant's site shows what it must.
func (s *server) prove(r *http.Request, v *view) (*response, error) {
	code := r.PathValue("code")
	page := "/publishers/" + code
	if _, err := s.Visitors.Sent(r.Context(), syndicate.KindApplication, code); err != nil {
		return nil, err
	}
	if wait, _ := s.Tries.prove.begin(clientAddress(r), v.now); wait > 0 {
		return v.redirect(page + "?fault=wait"), nil
	}
	err := s.Visitors.Prove(r.Context(), code)
	var fault *Fault
	if errors.As(err, &fault) {
		return v.redirect(page + "?fault=" + fault.Key), nil
	}
	return v.redirect(page), err
}
