package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
)

// maxPush is how large a document may be that a hub pushes, in bytes.
const maxPush = 5 << 20

// Hubs is what answering hubs needs (W3C WebSub).
type Hubs interface {
	// Verify returns what to answer a hub that asks whether a subscription is
	// meant; not ok when it is not.
	Verify(ctx context.Context, token string, question url.Values) (challenge string, ok bool, err error)
	// Push takes what a hub pushes. known is false when nobody wants it any
	// more.
	Push(ctx context.Context, token string, header http.Header, body []byte) (known bool, err error)
}

// hub answers a hub that calls the address of a subscription.
func (s *server) hub(w http.ResponseWriter, r *http.Request, token string) {
	switch r.Method {
	case http.MethodGet:
		s.verify(w, r, token)
	case http.MethodPost:
		s.push(w, r, token)
	default:
		w.Header().Set("Allow", "GET, POST")
		s.plain(w, r, http.StatusMethodNotAllowed, "hubs ask by GET and push by POST\n")
	}
}

func (s *server) verify(w http.ResponseWriter, r *http.Request, token string) {
	challenge, ok, err := s.Hubs.Verify(r.Context(), token, r.URL.Query())
	switch {
	case err != nil:
		s.Logger.Error("answer a hub", "error", err)
		s.plain(w, r, http.StatusInternalServerError, "not now\n")
	case !ok:
		s.plain(w, r, http.StatusNotFound, "no such subscription\n")
	default:
		s.plain(w, r, http.StatusOK, challenge)
	}
}

func (s *server) push(w http.ResponseWriter, r *http.Request, token string) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxPush))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		s.plain(w, r, http.StatusRequestEntityTooLarge, "5 MiB are enough\n")
		return
	case err != nil:
		s.plain(w, r, http.StatusBadRequest, "the document is not complete\n")
		return
	}
	known, err := s.Hubs.Push(r.Context(), token, r.Header, body)
	switch {
	case err != nil:
		s.Logger.Error("take what a hub pushes", "error", err)
		s.plain(w, r, http.StatusInternalServerError, "not now\n")
	case !known:
		s.plain(w, r, http.StatusGone, "nobody wants this any more\n")
	default:
		s.plain(w, r, http.StatusAccepted, "thank you\n")
	}
}
