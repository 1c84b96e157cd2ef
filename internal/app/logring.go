package app

import (
	"context"
	"log/slog"
	"strings"
	"sync"

	"broadsheet/internal/web"
)

// What is kept of the log for the admin pages.
const (
	keptLines = 500
	maxLine   = 2000 // bytes of the facts of a line
)

// A logRing keeps the last lines that the process has logged, information and
// worse.
type logRing struct {
	mu    sync.Mutex
	lines [keptLines]web.LogLine
	n     int // lines that there have been
	next  web.LogLine
}

// tap returns a logger that logs as l does and keeps the last lines in r.
func (r *logRing) tap(l *slog.Logger) *slog.Logger {
	facts := slog.NewTextHandler(r, &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey || a.Key == slog.MessageKey) {
			return slog.Attr{}
		}
		return a
	}})
	return slog.New(ringHandler{out: l.Handler(), facts: facts, ring: r})
}

// Write takes the facts of the line that is being kept; mu is held.
func (r *logRing) Write(p []byte) (int, error) {
	text := strings.ToValidUTF8(strings.TrimSpace(string(p)), "\ufffd")
	if len(text) > maxLine {
		text = strings.ToValidUTF8(text[:maxLine], "") + "…"
	}
	r.next.Facts = text
	r.lines[r.n%keptLines] = r.next
	r.n++
	return len(p), nil
}

// LogLines implements web.Logs.
func (r *logRing) LogLines(least slog.Level) []web.LogLine {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []web.LogLine
	for i := r.n - 1; i >= max(0, r.n-keptLines); i-- {
		if line := r.lines[i%keptLines]; line.Level >= least {
			list = append(list, line)
		}
	}
	return list
}

// A ringHandler hands records on and has the ring keep them.
type ringHandler struct {
	out   slog.Handler
	facts slog.Handler // writes into the ring
	ring  *logRing
}

// Enabled implements slog.Handler.
func (h ringHandler) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelInfo || h.out.Enabled(ctx, l)
}

// Handle implements slog.Handler.
func (h ringHandler) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelInfo {
		h.ring.mu.Lock()
		h.ring.next = web.LogLine{At: r.Time, Level: r.Level, Message: r.Message}
		err := h.facts.Handle(ctx, r)
		h.ring.mu.Unlock()
		if err != nil {
			return err
		}
	}
	if !h.out.Enabled(ctx, r.Level) {
		return nil
	}
	return h.out.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h ringHandler) WithAttrs(as []slog.Attr) slog.Handler {
	h.out, h.facts = h.out.WithAttrs(as), h.facts.WithAttrs(as)
	return h
}

// WithGroup implements slog.Handler.
func (h ringHandler) WithGroup(name string) slog.Handler {
	h.out, h.facts = h.out.WithGroup(name), h.facts.WithGroup(name)
	return h
}
