package app

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"net/url"
	"runtime/metrics"
	"sync"
	"time"

	"broadsheet/internal/web"
	"broadsheet/mailer"
	"broadsheet/syndicate"
	"broadsheet/syndicate/collect"
)

// A meter counts what the process does.
type meter struct {
	since   time.Time
	traffic web.Traffic

	mu           sync.Mutex
	polls        map[syndicate.Outcome]int
	new, changed int // articles
}

// count takes in how a poll ended.
func (m *meter) count(r *collect.Report) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.polls == nil {
		m.polls = map[syndicate.Outcome]int{}
	}
	m.polls[r.Outcome]++
	m.new, m.changed = m.new+r.New, m.changed+r.Changed
}

// PublicFigures implements web.Gauges.
func (a *App) PublicFigures() []web.Figure {
	m := &a.meter
	list := []web.Figure{{Name: "process_start_time_seconds", Help: "When the process began, since 1970.", N: float64(m.since.Unix())}}
	samples := []metrics.Sample{{Name: "/sched/goroutines:goroutines"}, {Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(samples)
	list = append(list,
		web.Figure{Name: "go_goroutines", Help: "Goroutines.", N: float64(samples[0].Value.Uint64())},
		web.Figure{Name: "broadsheet_heap_bytes", Help: "Memory that objects take.", N: float64(samples[1].Value.Uint64())},
		web.Figure{Name: "broadsheet_memory_bytes", Help: "Memory that the process has of the system.", N: float64(samples[2].Value.Uint64() - samples[3].Value.Uint64())})
	list = append(list, m.traffic.Figures()...)
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, o := range []syndicate.Outcome{syndicate.Fetched, syndicate.NotModified, syndicate.AskedToWait, syndicate.Failed} {
		list = append(list, web.Figure{Name: "broadsheet_polls_total", Help: "Polls of sources, by how they ended.", Counts: true, Label: "outcome", Value: string(o), N: float64(m.polls[o])})
	}
	for _, x := range []struct {
		change string
		n      int
	}{{"new", m.new}, {"changed", m.changed}} {
		list = append(list, web.Figure{Name: "broadsheet_entries_total", Help: "Articles stored, new ones and ones that have changed.", Counts: true, Label: "change", Value: x.change, N: float64(x.n)})
	}
	return list
}

// Figures implements web.Gauges.
func (a *App) Figures(ctx context.Context, key string) ([]web.Figure, error) {
	want, err := a.opsKey(ctx)
	if err != nil {
		return nil, err
	}
	got, right := sha256.Sum256([]byte(key)), sha256.Sum256([]byte(want))
	if subtle.ConstantTimeCompare(got[:], right[:]) != 1 {
		return nil, syndicate.ErrNotFound
	}
	return a.allFigures(ctx)
}

// AllFigures implements web.Works.
func (d adminDesk) AllFigures(ctx context.Context) ([]web.Figure, string, error) {
	key, err := d.opsKey(ctx)
	if err != nil {
		return nil, "", err
	}
	list, err := d.allFigures(ctx)
	return list, d.Config().Site.Link("/metrics?key=" + url.QueryEscape(key)), err
}

// allFigures returns what is counted here and what the store knows.
func (a *App) allFigures(ctx context.Context) ([]web.Figure, error) {
	list := a.PublicFigures()
	deliveries, err := a.store.AllDeliveries(ctx)
	if err != nil {
		return nil, err
	}
	for _, state := range []mailer.State{mailer.Planned, mailer.Leased, mailer.Deferred, mailer.Uncertain, mailer.Accepted, mailer.Failed, mailer.Suppressed} {
		list = append(list, web.Figure{Name: "broadsheet_deliveries", Help: "Deliveries in the account, by their states.", Label: "state", Value: string(state), N: float64(deliveries[state])})
	}
	sent, err := a.store.Sent(ctx, a.opts.Now().Add(-time.Hour))
	if err != nil {
		return nil, err
	}
	list = append(list, web.Figure{Name: "broadsheet_mail_last_hour", Help: "Messages accepted by the relay in the last hour.", N: float64(sent)})
	q := a.queue.Load()
	if q == nil {
		return list, nil
	}
	counts, err := q.Counts(ctx)
	if err != nil {
		return nil, a.store.Explain(err)
	}
	for _, state := range jobStates {
		list = append(list, web.Figure{Name: "broadsheet_jobs", Help: "Jobs that are not done, by their states.", Label: "state", Value: string(state), N: float64(counts[state])})
	}
	return list, nil
}
