package web

import (
	"context"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"broadsheet/syndicate"
)

const (
	// hubPath is where our hub is asked.
	hubPath = "/hub"
	// maxHubForm is how large a request to our hub may be, in bytes.
	maxHubForm = 16 << 10
)

// Hub is our own hub (W3C WebSub), which pushes feeds to who follows them.
type Hub interface {
	// Request takes what somebody asks in the name of a follower. It calls
	// nobody. The error is a *syndicate.Refusal for a request that is refused.
	Request(ctx context.Context, form url.Values) error
}

// follow answers who wants to follow a feed, or does not want to any more.
func (s *server) follow(w http.ResponseWriter, r *http.Request) {
	if s.Hub == nil {
		s.fail(w, r, http.StatusNotFound)
		return
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", "POST")
		s.plain(w, r, http.StatusMethodNotAllowed, "This is a WebSub hub: it takes hub.mode, hub.topic and hub.callback by POST.\n")
		return
	}
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/x-www-form-urlencoded" {
		s.plain(w, r, http.StatusUnsupportedMediaType, "Send application/x-www-form-urlencoded.\n")
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxHubForm)
	err := r.ParseForm()
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		s.plain(w, r, http.StatusRequestEntityTooLarge, "A request has at most 16 KiB.\n")
		return
	case err != nil:
		s.plain(w, r, http.StatusBadRequest, "The form cannot be read.\n")
		return
	}
	err = s.Hub.Request(r.Context(), r.PostForm)
	var refusal *syndicate.Refusal
	switch {
	case errors.As(err, &refusal):
		if refusal.Wait > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int(refusal.Wait/time.Second)))
		}
		s.plain(w, r, refusal.Status, refusal.Text+"\n")
	case err != nil && r.Context().Err() != nil:
		// The client is gone.
	case err != nil:
		s.Logger.Error("take a request to the hub", "error", err)
		s.plain(w, r, http.StatusInternalServerError, "Not now.\n")
	default:
		s.plain(w, r, http.StatusAccepted, "The callback will be asked whether this is meant.\n")
	}
}
