package web_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"broadsheet/internal/web"
	"broadsheet/syndicate"
)

var figures = []web.Figure{
	{Name: "process_start_time_seconds", Help: "When the process began.", N: 1.7e9},
	{Name: "broadsheet_heap_bytes", Help: "Memory.", N: 3 << 20},
	{Name: "broadsheet_polls_total", Help: "Polls.", Counts: true, Label: "outcome", Value: "fetched", N: 12},
	{Name: "broadsheet_polls_total", Help: "Polls.", Counts: true, Label: "outcome", Value: `a "quoted" one`, N: 1},
}

// A meter has figures for everybody and more for one key.
type meter struct{ fault error }

func (meter) PublicFigures() []web.Figure { return figures[:1] }

func (m meter) Figures(_ context.Context, key string) ([]web.Figure, error) {
	if key != "0123" {
		return nil, syndicate.ErrNotFound
	}
	return figures, m.fault
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	h := handlerOf(t, site(), web.Parts{Articles: sample(), Gauges: meter{}})
	const public = "# HELP process_start_time_seconds When the process began.\n# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds 1.7e+09\n"
	const all = public + "# HELP broadsheet_heap_bytes Memory.\n# TYPE broadsheet_heap_bytes gauge\nbroadsheet_heap_bytes 3.145728e+06\n" +
		"# HELP broadsheet_polls_total Polls.\n# TYPE broadsheet_polls_total counter\n" +
		"broadsheet_polls_total{outcome=\"fetched\"} 12\nbroadsheet_polls_total{outcome=\"a \\\"quoted\\\" one\"} 1\n"
	for _, tt := range []struct{ target, header, want string }{
		{"/metrics", "", public},
		{"/metrics?key=0123", "", all},
		{"/metrics", "Authorization: Bearer 0123", all},
	} {
		w := ask(h, tt.target, tt.header)
		if w.Code != http.StatusOK || w.Body.String() != tt.want || w.Header().Get("Content-Type") != "text/plain; version=0.0.4; charset=utf-8" || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s %s: %d %v\n%s", tt.target, tt.header, w.Code, w.Header(), w.Body)
		}
	}
	for _, header := range []string{"", "Authorization: Bearer 9999"} {
		if w := ask(h, "/metrics?key=4567", header); w.Code != http.StatusNotFound || strings.Contains(w.Body.String(), "process_") {
			t.Errorf("with another key: %d %s", w.Code, w.Body)
		}
	}
	h = handlerOf(t, site(), web.Parts{Articles: sample(), Gauges: meter{errors.New("no such table")}})
	if w := ask(h, "/metrics?key=0123"); w.Code != http.StatusInternalServerError {
		t.Errorf("a fault: %d", w.Code)
	}
	if w := ask(handlerOf(t, site(), web.Parts{Articles: sample()}), "/metrics"); w.Code != http.StatusNotFound {
		t.Errorf("without figures: %d", w.Code)
	}
}

func TestTraffic(t *testing.T) {
	t.Parallel()
	var traffic web.Traffic
	h := traffic.Count(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/none" {
			http.NotFound(w, r)
		}
	}))
	for _, path := range []string{"/", "/", "/none"} {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil))
	}
	got := map[string]float64{}
	for _, f := range traffic.Figures() {
		got[f.Name+f.Value] = f.N
	}
	if got["broadsheet_http_requests_total2xx"] != 2 || got["broadsheet_http_requests_total4xx"] != 1 || got["broadsheet_http_requests_total5xx"] != 0 || got["broadsheet_http_seconds_total"] <= 0 {
		t.Errorf("counted %v", got)
	}
}

func TestMetricsPage(t *testing.T) {
	t.Parallel()
	o := newOffice(t, hashed(t))
	shows(t, ask(o.handler, "/admin/metrics", o.signIn(), "Cookie: lang=en").Body.String(), []string{
		"Memory that objects take", "3.0 MiB", "<code>broadsheet_polls_total</code>", "fetched", "a &#34;quoted&#34; one", "https://paper.example/metrics?key=0123",
	}, nil)
}
