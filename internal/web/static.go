package web

import (
	"io/fs"
	"net/http"
	"path"
	"strings"

	"broadsheet/templates"
)

// A static holds the files that pages load. Their addresses hold a hash of
// their content, so that they may be kept for good.
type static struct {
	paths     map[string]string          // address by file name
	files     map[string]*representation // by the last part of the address
	feedStyle string                     // what all feeds' style sheets begin with
	icon      *representation
}

func staticFiles(zip *zipper) (static, error) {
	st := static{paths: make(map[string]string), files: make(map[string]*representation)}
	dir, err := fs.Sub(templates.Web(), "static")
	if err != nil {
		return st, err
	}
	entries, err := fs.ReadDir(dir, ".")
	if err != nil {
		return st, err
	}
	for _, e := range entries {
		body, err := fs.ReadFile(dir, e.Name())
		if err != nil {
			return st, err
		}
		switch e.Name() {
		case "feed.css":
			st.feedStyle = string(body)
			continue
		case "icon.png":
			st.icon = newRepresentation(&response{body: body, contentType: "image/png", cache: "public, max-age=86400"}, zip)
			continue
		}
		ext := path.Ext(e.Name())
		hashed := strings.TrimSuffix(e.Name(), ext) + "." + strings.Trim(newETag(body), `"`)[:10] + ext
		st.paths[e.Name()] = "/static/" + hashed
		st.files[hashed] = newRepresentation(&response{
			body:        body,
			contentType: map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}[ext],
			cache:       "public, max-age=31536000, immutable",
		}, zip)
	}
	return st, nil
}

// icon serves the icon at the address that feeds name, which never changes.
func (s *server) icon(w http.ResponseWriter, r *http.Request) { s.static.icon.serve(w, r) }

func (s *server) file(w http.ResponseWriter, r *http.Request) {
	rep, ok := s.static.files[r.PathValue("file")]
	if !ok {
		s.fail(w, r, http.StatusNotFound)
		return
	}
	rep.serve(w, r)
}
