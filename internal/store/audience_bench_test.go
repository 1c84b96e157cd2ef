package store_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"broadsheet/internal/store"
	"broadsheet/mailer"
)

// BenchmarkAudience plans the deliveries of an edition with 200 variants to as
// many subscribers as SUBSCRIBERS says, 20,000 without it. With RHYTHM they
// want mail once a week at eight.
func BenchmarkAudience(b *testing.B) {
	n := 20_000
	if v, err := strconv.Atoi(os.Getenv("SUBSCRIBERS")); err == nil {
		n = v
	}
	s, err := store.Open(b.Context(), store.Config{Database: "sqlite:" + filepath.Join(b.TempDir(), "b.db")}, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	selections := make([]mailer.Selection, 200)
	for i := range selections {
		selections[i].Query = fmt.Sprintf("port%d", i)
	}
	var rhythm mailer.Rhythm
	if os.Getenv("RHYTHM") != "" {
		rhythm = mailer.Rhythm{Frequency: mailer.Weekly, Hour: mailer.HourOf(8), Timezone: "Asia/Shanghai"}
	}
	var batch []mailer.Subscriber
	start := time.Now()
	for i := range n {
		batch = append(batch, mailer.Subscriber{
			Email: fmt.Sprintf("reader%d@mail%d.example.com", i, i%500), Digests: []string{"d"}, Status: mailer.Active, Selection: selections[i%200], Rhythm: rhythm,
		})
		if len(batch) == 2000 || i == n-1 {
			if _, err := s.SaveSubscribers(b.Context(), batch, false); err != nil {
				b.Fatal(err)
			}
			batch = batch[:0]
		}
	}
	b.ReportMetric(float64(n)/time.Since(start).Seconds(), "saved/s")
	at := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	for b.Loop() {
		at = at.Add(time.Hour)
		e := mailer.Edition{Digest: "d", At: at, Created: at, Title: "T", Sender: "desk@paper.example"}
		audiences, err := s.Audiences(b.Context(), "d")
		if err != nil {
			b.Fatal(err)
		}
		var kept *mailer.Keep
		if rhythm.Kept() {
			kept = &mailer.Keep{This: true}
		}
		for i, a := range audiences {
			e.Variants = append(e.Variants, mailer.Variant{Selection: a.Selection, Subject: "S", Text: "text"})
			e.Shares = append(e.Shares, mailer.Share{Audience: a, Variant: i, Keep: kept})
		}
		if err := s.SaveEdition(b.Context(), &e, nil, time.Time{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "planned/s")
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.Sys)/(1<<20), "MiB-sys")
}
