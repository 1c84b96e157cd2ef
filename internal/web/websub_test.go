package web_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"broadsheet/internal/web"
	"broadsheet/syndicate"
)

// hubs answers for one subscription, "known".
type hubs struct {
	broken bool
	body   string
}

func (h *hubs) Verify(_ context.Context, token string, q url.Values) (string, bool, error) {
	if h.broken {
		return "", false, errors.New("disk is full")
	}
	return q.Get("hub.challenge"), token == "known", nil
}

func (h *hubs) Push(_ context.Context, token string, header http.Header, body []byte) (bool, error) {
	if h.broken {
		return false, errors.New("disk is full")
	}
	h.body = header.Get("X-Hub-Signature") + " " + string(body)
	return token == "known", nil
}

func TestHubsAreAnswered(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, method, path, body string
		broken                   bool
		want                     int
		answer                   string
	}{
		{"asks back", "GET", "/paper/websub/known?hub.challenge=%3Cb%3E+c", "", false, 200, "<b> c"},
		{"asks back for nothing", "GET", "/paper/websub/unknown?hub.challenge=x", "", false, 404, "no such subscription\n"},
		{"pushes", "POST", "/paper/websub/known", "news", false, 202, "thank you\n"},
		{"pushes what nobody wants", "POST", "/paper/websub/unknown", "news", false, 410, "nobody wants this any more\n"},
		{"pushes too much", "POST", "/paper/websub/known", strings.Repeat("x", 5<<20+1), false, 413, "5 MiB are enough\n"},
		{"deletes", "DELETE", "/paper/websub/known", "", false, 405, "hubs ask by GET and push by POST\n"},
		{"asks at a bad time", "GET", "/paper/websub/known", "", true, 500, "not now\n"},
		{"pushes at a bad time", "POST", "/paper/websub/known", "news", true, 500, "not now\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			part := &hubs{broken: c.broken}
			h, err := web.New(web.Config{Site: syndicate.Site{URL: "https://example.com/paper"}}, web.Parts{Hubs: part})
			if err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequest(c.method, c.path, strings.NewReader(c.body))
			r.Header.Set("X-Hub-Signature", "sha1=0")
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != c.want || w.Body.String() != c.answer {
				t.Errorf("%d %q, want %d %q", w.Code, w.Body, c.want, c.answer)
			}
			if got := w.Header().Get("Content-Type"); got != "text/plain; charset=utf-8" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("header %v", w.Header())
			}
			if c.want == 202 && part.body != "sha1=0 news" {
				t.Errorf("pushed %q", part.body)
			}
		})
	}
}

func TestWithoutHubsNothingIsPushed(t *testing.T) {
	t.Parallel()
	h, err := web.New(web.Config{}, web.Parts{})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/websub/known", strings.NewReader("news")))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("status %d, want 405", w.Code)
	}
}
