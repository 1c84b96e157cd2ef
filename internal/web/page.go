package web

import (
	"bytes"
	"errors"
	"html/template"
	"net/http"
	"strconv"

	"broadsheet/syndicate"
	"broadsheet/templates"
)

// perPage is how many articles a list shows; maxPage bounds how far back a
// reader may page.
const (
	perPage = 20
	maxPage = 300
)

// A pages holds the template of each page by its file's name.
type pages map[string]*template.Template

func parsePages() (pages, error) {
	all := make(pages)
	for _, name := range []string{"front", "theme", "place", "article", "story", "search", "feeds", "digests", "error"} {
		t, err := template.New("layout.html").Funcs(template.FuncMap{"unbroken": unbroken}).ParseFS(templates.Web(), "layout.html", name+".html")
		if err != nil {
			return nil, err
		}
		all[name] = t
	}
	for _, name := range []string{"contribute", "contribution", "contact", "publishers", "publisher"} {
		t, err := template.ParseFS(templates.Web(), "layout.html", "visitors.html", name+".html")
		if err != nil {
			return nil, err
		}
		all[name] = t
	}
	for _, name := range []string{"subscribe", "confirm", "preferences", "unsubscribe"} {
		t, err := template.New("layout.html").Funcs(template.FuncMap{"unbroken": unbroken}).ParseFS(templates.Web(), "layout.html", "choices.html", name+".html")
		if err != nil {
			return nil, err
		}
		all[name] = t
	}
	for _, name := range []string{
		"sign-in", "home", "sources", "source", "trial", "articles", "article", "themes", "digests", "digest", "plan", "edition", "subscribers", "subscriber",
		"config", "log", "program", "queue", "metrics", "backup", "inbox", "inbox-item",
	} {
		t, err := template.ParseFS(templates.Web(), "admin/layout.html", "admin/"+name+".html")
		if err != nil {
			return nil, err
		}
		all["admin/"+name] = t
	}
	return all, nil
}

// A frame is what the layout of a page shows around its body.
type frame struct {
	*view
	Title      string // "" on the front page
	Front      bool
	Query      string // in the search box
	Best       bool   // it looks for what suits best
	Alternates []link
	Body       any
}

// A pageFunc makes the answer of a page. The error is syndicate.ErrNotFound
// for what is not there.
type pageFunc func(r *http.Request, v *view) (*response, error)

func (s *server) page(f pageFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		res, err := f(r, s.view(r))
		switch {
		case err == nil:
			s.send(w, r, res)
		case errors.Is(err, syndicate.ErrNotFound):
			s.fail(w, r, http.StatusNotFound)
		case r.Context().Err() != nil:
			// The client is gone.
		default:
			s.Logger.Error("page cannot be served", "path", withoutToken(r.URL.Path), "error", err)
			s.fail(w, r, http.StatusInternalServerError)
		}
	})
}

// render makes the page of a template.
func (v *view) render(name string, f frame) (*response, error) {
	f.view = v
	f.Alternates = append(f.Alternates, v.alternates()...)
	var b bytes.Buffer
	if err := v.s.pages[name].ExecuteTemplate(&b, "layout", f); err != nil {
		return nil, err
	}
	res := &response{
		body: b.Bytes(), contentType: "text/html; charset=utf-8", cache: pageCaching, perReader: true, cookie: v.cookie(),
	}
	if res.cookie != nil {
		res.cache = "private, no-cache" // the choice is one reader's
	}
	return res, nil
}

// An errorBody says what is wrong in both languages.
type errorBody struct{ Text, OtherTitle, OtherText string }

// fail answers with an error: a page, or for the addresses of feeds a problem.
func (s *server) fail(w http.ResponseWriter, r *http.Request, status int) {
	v := s.view(r)
	v.set = false
	title, text := errorKeys(status)
	if forPrograms(r.URL.Path) {
		detail := v.T(text)
		if status == http.StatusNotFound {
			detail = v.T("web.error.feed", r.URL.Path)
		}
		s.problem(w, r, status, v.T(title), detail)
		return
	}
	other := s.wording(v.OtherLang())
	res, err := v.render("error", frame{Title: v.T(title), Body: errorBody{
		Text: v.T(text), OtherTitle: other.T(title), OtherText: other.T(text),
	}})
	if err != nil {
		s.Logger.Error("error page cannot be made", "error", err)
		s.plain(w, r, status, v.T(text)+"\n")
		return
	}
	res.status, res.cache = status, "no-store"
	s.send(w, r, res)
}

// errorKeys returns the keys of the wording of a status.
func errorKeys(status int) (title, text string) {
	switch status {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusBadRequest, http.StatusForbidden, http.StatusRequestEntityTooLarge:
	default:
		status = http.StatusInternalServerError
	}
	key := "web.error." + strconv.Itoa(status)
	return key + ".title", key + ".text"
}
