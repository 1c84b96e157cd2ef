package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"broadsheet/mailer"
)

// maxVisitorForm is how much a visitor's form may send, in bytes. The longest
// text, each character percent-encoded, is less.
const maxVisitorForm = 512 << 10

// A sheet is a form that visitors fill in. It is checked when it was sent.
type sheet struct {
	v      *view
	sent   url.Values // nil when the page is only asked for
	Fields []*formField
	Fault  string // what is wrong with all of it
	Status int    // of the answer when something is wrong
	Ticket string // that the form was given out with
	Work   int    // bits of the proof of work
}

// A formField is a part of a sheet.
type formField struct {
	Name     string // of the field, and its id
	Kind     string // "text", "url", "email", "area", "select" or "tick", whose value is "yes" or none
	Label    string
	Help     string // "" for none
	Value    string
	Max      int // characters
	Required bool
	Rows     int // of an area
	Complete string
	Options  []option
	Fault    string
}

// newSheet returns a form without fields; sent is nil when it is only shown.
func (v *view) newSheet(sent url.Values) *sheet {
	return &sheet{v: v, sent: sent, Status: http.StatusUnprocessableEntity, Ticket: sent.Get("ticket"), Work: workBits}
}

// add adds a field whose wording is under key, with the value that was sent,
// and checks what can be checked of any.
func (f *sheet) add(x formField, key string) {
	x.Label = f.v.T(key + "." + x.Name)
	if help := key + "." + x.Name + ".help"; f.v.T(help) != help {
		x.Help = f.v.T(help)
	}
	f.Fields = append(f.Fields, &x)
	if f.sent != nil {
		f.check(&x)
	}
	for i := range x.Options {
		x.Options[i].Chosen = x.Options[i].Value == x.Value
	}
}

// check takes the value that was sent and says what is wrong with it.
func (f *sheet) check(x *formField) {
	raw := f.sent.Get(x.Name)
	good := utf8.ValidString(raw)
	x.Value = tidy(raw, x.Kind == "area")
	switch {
	case !good:
		x.Fault = f.v.T("web.form.encoding")
	case !visible(x.Value) && x.Required:
		x.Fault = f.v.T("web.form.missing")
	case x.Value == "":
	case utf8.RuneCountInString(x.Value) > x.Max && x.Kind != "select" && x.Kind != "tick":
		x.Fault = f.v.T("web.form.long", x.Max, utf8.RuneCountInString(x.Value))
	case x.Kind == "tick" && x.Value != "yes":
		x.Value = ""
	case x.Kind == "select" && !slices.ContainsFunc(x.Options, func(o option) bool { return o.Value == x.Value }):
		x.Fault = f.v.T("web.form.choice")
	case x.Kind == "email" && mailer.ValidAddress(x.Value) != nil:
		x.Fault = f.v.T("web.form.address")
	case x.Kind == "url" && !visitable(x.Value):
		x.Fault = f.v.T("web.form.link")
	}
}

// tidy returns text without the characters that steer a terminal, a mail
// header or the direction of writing. Of lines it keeps the ends if lines.
func tidy(s string, lines bool) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\r\n", "\n")
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r':
			if lines {
				return '\n'
			}
			return ' '
		case r == '\t', r == '\u2028', r == '\u2029':
			return ' '
		case unicode.IsControl(r), r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069', r == '\ufeff':
			return -1
		}
		return r
	}, s)
	if !lines {
		s = strings.Join(strings.Fields(s), " ")
	}
	return strings.TrimSpace(s)
}

// visible reports whether there is something to see in a text.
func visible(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.IsGraphic(r) && !unicode.IsSpace(r) })
}

// visitable reports whether a visitor may give an address: one of the web,
// with a host and without a password.
func visitable(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" && u.User == nil && !strings.ContainsAny(s, " <>\"\\")
}

// value returns what a field holds.
func (f *sheet) value(name string) string {
	for _, x := range f.Fields {
		if x.Name == name {
			return x.Value
		}
	}
	return ""
}

// fault says what is wrong with a field.
func (f *sheet) fault(name, text string) {
	for _, x := range f.Fields {
		if x.Name == name && x.Fault == "" {
			x.Fault = text
		}
	}
}

// Faulty returns the fields that something is wrong with.
func (f *sheet) Faulty() []*formField {
	var bad []*formField
	for _, x := range f.Fields {
		if x.Fault != "" {
			bad = append(bad, x)
		}
	}
	return bad
}

// good reports whether the form was sent and nothing is wrong with it.
func (f *sheet) good() bool { return f.sent != nil && f.Fault == "" && len(f.Faulty()) == 0 }

// refused says on the form why what it asks for cannot be done. Other errors
// than a *Fault it returns.
func (f *sheet) refused(err error, name string) error {
	if errors.Is(err, ErrTicketUsed) {
		f.Ticket, f.Fault = "", f.v.T("web.form.used")
		return nil
	}
	var fault *Fault
	if !errors.As(err, &fault) {
		return err
	}
	text := f.v.fault(fault)
	if name == "" {
		f.Fault = text
		return nil
	}
	f.fault(name, text)
	return nil
}

// fault returns a fault in the language of the page.
func (v *view) fault(f *Fault) string {
	if f.Detail == "" {
		return v.T("web.fault." + f.Key)
	}
	return v.T("web.fault."+f.Key, f.Detail)
}

// admitted reports whether the form may be acted on: nothing is wrong with it,
// it was given out here and worked or waited for, and whoever sends it has not
// sent too much. If not, the form says why.
func (f *sheet) admitted(r *http.Request, tries *attempts) bool {
	if !f.good() {
		return false
	}
	if f.sent.Get("website") != "" { // no person sees this field
		f.v.s.Logger.Info("form of a program dropped", "path", r.URL.Path, "network", clientAddress(r))
		f.Fault = f.v.T("web.form.trap")
		return false
	}
	switch _, fault := f.v.s.admit(f.Ticket, f.sent.Get("proof")); fault {
	case ticketGood:
	case ticketEarly:
		f.Fault = f.v.T("web.form.early")
		return false
	default:
		f.Ticket, f.Fault = "", f.v.T("web.form.stale")
		return false
	}
	wait, first := tries.begin(clientAddress(r), f.v.now)
	if wait <= 0 {
		return true
	}
	if first {
		f.v.s.Logger.Warn("too many forms", "path", r.URL.Path, "network", clientAddress(r))
	}
	f.Fault = f.v.T("web.form.wait", max(1, int((wait+time.Minute-1)/time.Minute)))
	f.Status = http.StatusTooManyRequests
	return false
}

// sheet returns the page of a form, with what is wrong with it.
func (v *view) sheet(name, title string, f *sheet, body any) (*response, error) {
	if f.Ticket == "" || v.s.ticketFault(f.Ticket) == ticketStale {
		f.Ticket = v.s.newTicket()
	}
	res, err := v.render(name, frame{Title: title, Body: body})
	if err != nil {
		return nil, err
	}
	res.cache, res.policy = "no-store", scriptPolicy
	if f.sent != nil {
		res.status = f.Status
	}
	return res, nil
}

// takesForms reports whether an address takes what visitors send.
func (s *server) takesForms(path string) bool {
	if s.Visitors == nil {
		return false
	}
	_, pattern := s.mux.Handler(&http.Request{Method: http.MethodPost, URL: &url.URL{Path: path}})
	return strings.HasPrefix(pattern, "POST ")
}

// visitorForm answers a form of a visitor, if it was not sent from another
// site and is not too long.
func (s *server) visitorForm(w http.ResponseWriter, r *http.Request) {
	if err := s.protection.Check(r); err != nil {
		s.Logger.Warn("form of another site refused", "path", r.URL.Path, "origin", r.Header.Get("Origin"))
		s.fail(w, r, http.StatusForbidden)
		return
	}
	if err := readForm(w, r, maxVisitorForm); err != nil {
		s.fail(w, r, formStatus(err))
		return
	}
	s.mux.ServeHTTP(w, r)
}

// visitorRoutes adds the pages of visitors.
func (s *server) visitorRoutes(page func(pattern string, f pageFunc)) {
	if s.Visitors == nil {
		return
	}
	page("/contribute", s.contribute)
	page("POST /contribute", s.contribute)
	page("/contributions/{code}", s.contribution)
	page("/contact", s.contact)
	page("POST /contact", s.contact)
	page("/publishers/apply", s.apply)
	page("POST /publishers/apply", s.apply)
	page("/publishers/{code}", s.publisher)
	page("POST /publishers/{code}/prove", s.prove)
}

// TakesMail reports whether visitors may send something.
func (v *view) TakesMail() bool { return v.s.Visitors != nil }

// privately keeps a page from being kept, and from search engines.
func privately(res *response, err error) (*response, error) {
	if res != nil {
		res.cache, res.unlisted = "no-store", true
	}
	return res, err
}
