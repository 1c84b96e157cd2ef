package web_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"broadsheet/internal/web"
	"broadsheet/syndicate"
)

// An opsDesk has a feed for whoever knows the key.
type opsDesk struct{ err error }

func (o opsDesk) OpsFeed(_ context.Context, key string) (syndicate.Document, error) {
	if key != "right" {
		return syndicate.Document{}, syndicate.ErrNotFound
	}
	return syndicate.Document{Body: []byte("<feed/>"), ContentType: "application/atom+xml", ETag: `"ops"`}, o.err
}

func TestTheOperatorsFeed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ops  web.Ops
		path string
		want int
	}{
		"the right key": {opsDesk{}, "/feeds/ops.atom?key=right", http.StatusOK},
		"a wrong key":   {opsDesk{}, "/feeds/ops.atom?key=wrong", http.StatusNotFound},
		"no key":        {opsDesk{}, "/feeds/ops.atom", http.StatusNotFound},
		"no such feed":  {nil, "/feeds/ops.atom?key=right", http.StatusNotFound},
		"out of order":  {opsDesk{errors.New("disk is full")}, "/feeds/ops.atom?key=right", http.StatusInternalServerError},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &paper{}
			h, err := web.New(site(), web.Parts{Articles: p, Feeds: publisher(p), Editions: p, Ops: c.ops})
			if err != nil {
				t.Fatal(err)
			}
			res := httptest.NewRecorder()
			h.ServeHTTP(res, httptest.NewRequestWithContext(t.Context(), http.MethodGet, c.path, nil))
			if res.Code != c.want {
				t.Fatalf("status %d, want %d", res.Code, c.want)
			}
			if res.Code != http.StatusOK {
				return
			}
			for header, want := range map[string]string{
				"Cache-Control": "private, no-store", "X-Robots-Tag": "noindex, nofollow", "Content-Type": "application/atom+xml",
			} {
				if got := res.Header().Get(header); got != want {
					t.Errorf("%s: %q, want %q", header, got, want)
				}
			}
			if res.Body.String() != "<feed/>" {
				t.Errorf("body %q", res.Body)
			}
		})
	}
}
