package app_test

import (
	"bufio"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A measurement counts the clock, the CPU time and the memory of a benchmark.
type measurement struct {
	b       *testing.B
	running time.Duration // CPU time before the last pause
	began   time.Duration // CPU time at the last start
}

// measure begins a measurement. Memory of what came before is given back
// first, as far as the runtime can.
func measure(b *testing.B) *measurement {
	b.Helper()
	debug.FreeOSMemory()
	// Linux then forgets the highest resident size; elsewhere it is not told.
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0o200)
	b.ResetTimer()
	return &measurement{b: b, began: cpuTime()}
}

func (m *measurement) pause() {
	m.running += cpuTime() - m.began
	m.b.StopTimer()
}

func (m *measurement) resume() {
	m.began = cpuTime()
	m.b.StartTimer()
}

// report reports how many things were done in a second, and in a second of one
// core, and the largest resident size of this process, the farm's server
// included.
func (m *measurement) report(n int, things string) {
	m.pause()
	m.b.ReportMetric(float64(n)/m.b.Elapsed().Seconds(), things+"/s")
	m.b.ReportMetric(float64(n)/m.running.Seconds(), things+"/cpu-s")
	if mb, ok := highWater(); ok {
		m.b.ReportMetric(mb, "peak-MB")
	}
}

// cpuTime is the CPU time of this process: on a shared machine it says more
// than the clock on the wall.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// highWater returns the largest resident size of this process, in megabytes,
// where the system tells it.
func highWater() (mb float64, ok bool) {
	file, err := os.Open("/proc/self/status")
	if err != nil {
		return 0, false
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		value, found := strings.CutPrefix(lines.Text(), "VmHWM:")
		if !found {
			continue
		}
		kb, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(value, "kB")), 64)
		return kb / 1024, err == nil
	}
	return 0, false
}
