package jobs

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestFaultsOfTheDatabaseAreSaidOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		log := quiet(slog.New(slog.NewTextHandler(&out, nil)), func(text string) string {
			if strings.Contains(text, "full") {
				return "the disk is full; free some space (" + text + ")"
			}
			return text
		})
		fail := func() {
			log.Error("producer: cannot fetch", "err", "disk full (13)")
			log.With("queue", "tick").Error("completer: cannot complete", "err", "commit: disk full (13)")
			log.Error("producer: cannot fetch", "err", "context canceled")
			log.Info("of no interest")
		}
		fail()
		fail()
		if n := strings.Count(out.String(), "\n"); n != 1 || !strings.Contains(out.String(), "free some space") {
			t.Errorf("said %d lines, want one with the remedy:\n%s", n, out.String())
		}
		<-time.After(repeatAfter) // of the bubble: no real time passes
		fail()
		log.Error("something else", "err", "odd")
		if n := strings.Count(out.String(), "\n"); n != 3 {
			t.Errorf("said %d lines after a minute, want three:\n%s", n, out.String())
		}
	})
}
