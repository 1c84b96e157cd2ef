package web

import (
	"net/http"
	"net/url"

	"broadsheet/syndicate"
)

// Places tells what places there are.
type Places interface {
	// Place returns the place with a name, in either language, and whether
	// there is one. near names places that tell which of several is meant.
	Place(name string, near []string) (syndicate.Place, bool)
}

type placeBody struct {
	In        []link
	Total     string
	Subscribe subscribe
	List      list
}

// place shows the articles that name a place, or a place in it. Other names of
// a place lead to its own address.
func (s *server) place(w http.ResponseWriter, r *http.Request) {
	var p syndicate.Place
	ok := false
	name := r.PathValue("name")
	if s.Places != nil {
		p, ok = s.Places.Place(name, nil)
	}
	switch {
	case !ok:
		s.fail(w, r, http.StatusNotFound)
	case p.Name != name:
		target := s.base + p.Path()
		if r.URL.RawQuery != "" {
			target += "?" + r.URL.RawQuery
		}
		w.Header().Set("Cache-Control", pageCaching)
		http.Redirect(w, r, target, http.StatusFound)
	default:
		s.page(func(r *http.Request, v *view) (*response, error) { return s.placePage(r, v, &p) }).ServeHTTP(w, r)
	}
}

func (s *server) placePage(r *http.Request, v *view, p *syndicate.Place) (*response, error) {
	number, ok := v.pageNumber()
	if !ok {
		return nil, syndicate.ErrNotFound
	}
	found, err := s.find(r, v, p.Query, number, false)
	if err != nil {
		return nil, err
	}
	v.place = p
	title := p.Title(v.Lang())
	body := placeBody{
		Total:     v.total(found.Found),
		Subscribe: subscribe{Label: v.T("web.theme.feeds"), Formats: v.feedLinks(p.FeedName(), title)},
		List:      v.list(found, "", number),
	}
	for i := range p.In {
		body.In = append(body.In, link{Href: v.Link(p.In[i].Path()), Title: p.In[i].Title(v.Lang())})
	}
	return v.render("place", frame{Title: title, Body: body})
}

// placeLinks returns the places of an article as written, each with the
// address of its page.
func (v *view) placeLinks(a *syndicate.Article) []link {
	var links []link
	for _, name := range a.Places {
		l := link{Title: name}
		if v.s.Places != nil {
			if p, ok := v.s.Places.Place(name, a.Within); ok {
				l.Href = v.Link("/places/" + url.PathEscape(p.Name))
			}
		}
		links = append(links, l)
	}
	return links
}
