package jobs

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// repeatAfter is how long the log keeps silent about what it has said.
const repeatAfter = time.Minute

// quiet returns a logger for River itself: warnings and errors only, none of a
// stop, and each fault of the database once a minute, in the words of explain.
// River tries for ever, several times a second, and says so each time.
func quiet(log *slog.Logger, explain func(string) string) *slog.Logger {
	if explain == nil {
		explain = func(text string) string { return text }
	}
	return slog.New(quietHandler{Handler: log.Handler(), explain: explain, said: &said{at: map[string]time.Time{}}})
}

type quietHandler struct {
	slog.Handler
	explain func(string) string
	said    *said
}

// Enabled leaves out what is not worth a person's attention.
func (h quietHandler) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && h.Handler.Enabled(ctx, l)
}

// Handle leaves out what River says of queries that a stop cut short, and what
// it said a moment ago.
func (h quietHandler) Handle(ctx context.Context, r slog.Record) error {
	fault := ""
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "err" || a.Key == "error" {
			fault = a.Value.String()
		}
		return fault == ""
	})
	if strings.Contains(fault, context.Canceled.Error()) {
		return nil
	}
	if explained := h.explain(fault); explained != fault {
		short := slog.NewRecord(r.Time, r.Level, "the queue waits", r.PC)
		short.AddAttrs(slog.String("error", explained))
		r = short
		fault, _, _ = strings.Cut(explained, " (") // what follows differs from statement to statement
	}
	if !h.said.again(r.Message+fault, r.Time) {
		return nil
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs keeps the memory of what was said.
func (h quietHandler) WithAttrs(as []slog.Attr) slog.Handler {
	h.Handler = h.Handler.WithAttrs(as)
	return h
}

// WithGroup keeps the memory of what was said.
func (h quietHandler) WithGroup(name string) slog.Handler {
	h.Handler = h.Handler.WithGroup(name)
	return h
}

// said remembers when a text was logged.
type said struct {
	mu sync.Mutex
	at map[string]time.Time
}

// again reports whether a text may be logged at now, and remembers that it was.
func (s *said) again(text string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if last, ok := s.at[text]; ok && now.Sub(last) < repeatAfter {
		return false
	}
	for t, last := range s.at {
		if now.Sub(last) >= repeatAfter {
			delete(s.at, t)
		}
	}
	s.at[text] = now
	return true
}
