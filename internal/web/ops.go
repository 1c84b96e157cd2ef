package web

import (
	"context"
	"errors"
	"net/http"

	"broadsheet/syndicate"
)

// opsFile is the operator's feed, below /feeds/.
const opsFile = "ops.atom"

// Ops is what the operator's private feed is served from.
type Ops interface {
	// OpsFeed returns what the operator should look at as an Atom feed, or
	// syndicate.ErrNotFound when the key is not the operator's. How long it
	// takes to say so tells nothing about the key.
	OpsFeed(ctx context.Context, key string) (syndicate.Document, error)
}

// ops serves the operator's feed to those who know its key. To all others
// there is no such feed.
func (s *server) ops(w http.ResponseWriter, r *http.Request) {
	if s.Ops == nil {
		s.fail(w, r, http.StatusNotFound)
		return
	}
	doc, err := s.Ops.OpsFeed(r.Context(), r.URL.Query().Get("key"))
	switch {
	case err == nil:
		w.Header().Set("X-Robots-Tag", "noindex, nofollow")
		s.send(w, r, &response{
			body: doc.Body, contentType: doc.ContentType, etag: doc.ETag, modified: doc.Modified,
			cache: "private, no-store", policy: feedPolicy,
		})
	case errors.Is(err, syndicate.ErrNotFound):
		s.fail(w, r, http.StatusNotFound)
	case r.Context().Err() != nil:
		// The client is gone.
	default:
		s.Logger.Error("the operator's feed cannot be served", "error", err)
		s.fail(w, r, http.StatusInternalServerError)
	}
}
