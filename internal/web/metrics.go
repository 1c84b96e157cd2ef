package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"broadsheet/syndicate"
)

// A Figure is one number that tells how the program is.
type Figure struct {
	Name   string // as Prometheus has it; of several figures of one name, those follow each other
	Help   string // in English
	Counts bool   // it only grows while the program runs
	Label  string // what tells it from others of its name; "" for none
	Value  string // of the label
	N      float64
}

// Gauges is what the figures come from.
type Gauges interface {
	// PublicFigures returns the figures that anybody may see. It is called at
	// every request and must ask nobody.
	PublicFigures() []Figure
	// Figures returns all figures to whoever has the operator's key, and
	// syndicate.ErrNotFound to others.
	Figures(ctx context.Context, key string) ([]Figure, error)
}

// Traffic counts answers. The zero value is ready; it may be used by many
// goroutines at once, and by one handler after another.
type Traffic struct {
	quick   atomic.Int64
	codes   [6]atomic.Int64 // by the first digit of the status
	elapsed atomic.Int64    // nanoseconds
}

// Count returns a handler that answers as h does and is counted.
func (t *Traffic) Count(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		c := counted{ResponseWriter: w}
		defer func() {
			t.elapsed.Add(int64(time.Since(began)))
			t.codes[min(max(c.status, http.StatusOK)/100, len(t.codes)-1)].Add(1)
		}()
		h.ServeHTTP(&c, r)
	})
}

// A counted is a writer that knows the status.
type counted struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (c *counted) WriteHeader(status int) {
	c.status = status
	c.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (c *counted) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// Figures returns what was counted.
func (t *Traffic) Figures() []Figure {
	const help = "Requests answered, by the first digit of the status; those for feeds in memory are apart."
	var list []Figure
	for class := 2; class < len(t.codes); class++ {
		list = append(list, Figure{Name: "broadsheet_http_requests_total", Help: help, Counts: true, Label: "code", Value: strconv.Itoa(class) + "xx", N: float64(t.codes[class].Load())})
	}
	return append(list,
		Figure{Name: "broadsheet_http_feeds_total", Help: "Requests for feeds that were answered from memory.", Counts: true, N: float64(t.quick.Load())},
		Figure{Name: "broadsheet_http_seconds_total", Help: "Time that answering took, but for feeds in memory.", Counts: true, N: time.Duration(t.elapsed.Load()).Seconds()})
}

// metrics answers with figures in the text format of Prometheus. Those that
// tell something of readers are for whoever has the operator's key.
func (s *server) metrics(w http.ResponseWriter, r *http.Request) {
	if s.Gauges == nil {
		s.fail(w, r, http.StatusNotFound)
		return
	}
	list := s.Gauges.PublicFigures()
	key := r.URL.Query().Get("key")
	if bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		key = bearer
	}
	if key != "" {
		all, err := s.Gauges.Figures(r.Context(), key)
		switch {
		case errors.Is(err, syndicate.ErrNotFound):
			s.fail(w, r, http.StatusNotFound)
			return
		case err != nil:
			s.Logger.Error("figures cannot be served", "error", err)
			s.fail(w, r, http.StatusInternalServerError)
			return
		}
		list = all
	}
	s.send(w, r, &response{body: exposition(list), contentType: "text/plain; version=0.0.4; charset=utf-8", cache: "no-store", unlisted: true})
}

// exposition writes figures in the text format of Prometheus, version 0.0.4.
func exposition(list []Figure) []byte {
	var b bytes.Buffer
	for i, f := range list {
		if i == 0 || list[i-1].Name != f.Name {
			kind := "gauge"
			if f.Counts {
				kind = "counter"
			}
			fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s %s\n", f.Name, f.Help, f.Name, kind)
		}
		b.WriteString(f.Name)
		if f.Label != "" {
			fmt.Fprintf(&b, "{%s=%q}", f.Label, f.Value)
		}
		b.WriteString(" " + strconv.FormatFloat(f.N, 'g', -1, 64) + "\n")
	}
	return b.Bytes()
}

type metricsBody struct {
	Address string
	Rows    []metricRow
}

type metricRow struct{ Title, Name, Label, Number string }

// adminMetrics shows all figures for people.
func (s *server) adminMetrics(r *http.Request, v *view) (*response, error) {
	list, address, err := s.Admin.Works.AllFigures(r.Context())
	if err != nil {
		return nil, err
	}
	body := metricsBody{Address: address}
	for i, f := range list {
		row := metricRow{Name: f.Name, Number: v.number(f), Title: v.T("admin.metrics." + f.Name)}
		if i > 0 && list[i-1].Name == f.Name {
			row.Name = ""
		}
		if f.Label != "" {
			row.Label = f.Value
		}
		body.Rows = append(body.Rows, row)
	}
	return v.render("admin/metrics", frame{Title: v.T("admin.metrics"), Body: body})
}

// number writes a figure as people like it.
func (v *view) number(f Figure) string {
	switch {
	case strings.HasSuffix(f.Name, "_bytes"):
		return bytesInWords(int64(f.N))
	case f.Name == "process_start_time_seconds":
		return v.Minute(time.Unix(int64(f.N), 0))
	case strings.Contains(f.Name, "_seconds"):
		return strconv.FormatFloat(f.N, 'f', 1, 64) + " s"
	}
	return strconv.FormatFloat(f.N, 'f', -1, 64)
}
