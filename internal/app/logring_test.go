package app_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"broadsheet/internal/app"
)

// The last lines of the log are kept, whatever the log itself leaves out, and
// no more than there is room for.
func TestLogIsKept(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log, lines := app.KeepLog(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelWarn})))
	log.Debug("a step")
	log.Info("polled", "source", "wire", "new", 3)
	log.With("digest", "daily").WithGroup("g").Warn("waits", "because", "the relay <is> down", "level", 7)
	log.Error("broken", "bytes", strings.Repeat("长", 5000))
	got := lines(slog.LevelInfo)
	if len(got) != 3 || got[0].Message != "broken" || got[2].Facts != "source=wire new=3" || got[2].At.IsZero() ||
		got[1].Facts != `digest=daily g.because="the relay <is> down" g.level=7` || len(got[0].Facts) > 2100 || !strings.HasSuffix(got[0].Facts, "长…") {
		t.Errorf("kept %+v", got)
	}
	if bad := lines(slog.LevelError); len(bad) != 1 || bad[0].Level != slog.LevelError {
		t.Errorf("errors %+v", bad)
	}
	if text := out.String(); strings.Contains(text, "polled") || strings.Count(text, "\n") != 2 || !strings.Contains(text, "msg=waits digest=daily") {
		t.Errorf("logged %s", text)
	}
	for i := range 1200 {
		log.Info(fmt.Sprint(i))
	}
	if got := lines(slog.LevelInfo); len(got) != 500 || got[0].Message != "1199" || got[499].Message != "700" {
		t.Errorf("%d lines kept", len(got))
	}
}
