package deliver_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"broadsheet/internal/store"
	"broadsheet/mailer"
	"broadsheet/mailer/deliver"
	"broadsheet/mailer/submit"
	"broadsheet/mailer/submit/sinktest"
)

// wireSender is who sends in the benchmarks.
var wireSender = mailer.Sender{From: "desk@paper.example", Contact: "editor@paper.example", SiteURL: "https://paper.example", Domain: "paper.example", Secret: []byte("secret")}

// BenchmarkAccountOnTheWire sends an edition of 30 KB to RECIPIENTS (20,000)
// over SMTP to a server in another process: in turns from a list in memory,
// and leased, noted and settled. of-unaccounted is the median of what is left
// of the throughput; -µs is what this process takes of a core for a message,
// and account-µs what the account adds to that.
func BenchmarkAccountOnTheWire(b *testing.B) {
	n := 20_000
	if v, err := strconv.Atoi(os.Getenv("RECIPIENTS")); err == nil {
		n = v
	}
	const connections, rounds = 4, 5
	sink := sinktest.Start(b)
	c := relayAt(b, sink.Addr, connections)
	for b.Loop() {
		var ratios, plain, accounted, cost, bare []float64
		for range rounds {
			dir := b.TempDir()
			s, err := store.Open(b.Context(), store.Config{Database: "sqlite:" + filepath.Join(dir, "b.db")}, nil)
			if err != nil {
				b.Fatal(err)
			}
			plan(b, s, n)
			e, err := s.Edition(b.Context(), 1)
			if err != nil {
				b.Fatal(err)
			}
			tr, err := submit.New(c)
			if err != nil {
				b.Fatal(err)
			}
			before, begun := cpu(), time.Now()
			fromMemory(b, tr, &wireSender, &e, n, connections)
			a, aCPU := time.Since(begun), cpu()-before

			d := &deliver.Deliverer{
				Store: s, Transport: tr, Sender: wireSender,
				Journal: &deliver.Journal{Path: filepath.Join(dir, "journal"), Database: "b"},
				Pace:    &deliver.Pacer{Connections: connections},
			}
			before, begun = cpu(), time.Now()
			if sum, err := d.Deliver(b.Context(), 1); err != nil || sum.Accepted != n {
				b.Fatalf("%+v, %v", sum, err)
			}
			z, zCPU := time.Since(begun), cpu()-before
			ratios = append(ratios, a.Seconds()/z.Seconds())
			plain = append(plain, float64(n)/a.Seconds())
			accounted = append(accounted, float64(n)/z.Seconds())
			bare = append(bare, float64(aCPU.Microseconds())/float64(n))
			cost = append(cost, float64((zCPU-aCPU).Microseconds())/float64(n))
			if err := tr.Close(); err != nil {
				b.Fatal(err)
			}
			if err := s.Close(); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(median(plain), "unaccounted/s")
		b.ReportMetric(median(accounted), "accounted/s")
		b.ReportMetric(median(ratios), "of-unaccounted")
		b.ReportMetric(median(bare), "unaccounted-µs")
		b.ReportMetric(median(cost), "account-µs")
	}
}

func median(xs []float64) float64 {
	slices.Sort(xs)
	return xs[len(xs)/2]
}

// A list is a queue of messages that nobody keeps an account of.
type list struct {
	next atomic.Int64
	n    int
	make func(i int) mailer.Message
	bad  atomic.Int64
}

func (l *list) Next(context.Context) (mailer.Message, bool) {
	i := int(l.next.Add(1)) - 1
	if i >= l.n {
		return mailer.Message{}, false
	}
	return l.make(i), true
}

func (l *list) Begin(context.Context, *mailer.Message) error { return nil }

func (l *list) End(_ context.Context, _ *mailer.Message, _ string, err error) error {
	if err != nil {
		l.bad.Add(1)
	}
	return nil
}

func fromMemory(b *testing.B, tr submit.Transport, sender *mailer.Sender, e *mailer.Edition, n, connections int) {
	b.Helper()
	body := e.Body(0)
	l := &list{n: n, make: func(i int) mailer.Message {
		to := "reader" + strconv.Itoa(i) + "@mail" + strconv.Itoa(i%500) + ".example.com"
		return sender.Message(e, body, mailer.Delivery{ID: int64(i), To: to, Recipient: int64(i + 1), MessageID: "unaccounted." + strconv.Itoa(i) + "@paper.example"})
	}}
	var working sync.WaitGroup
	for range connections {
		working.Go(func() {
			if err := tr.Work(b.Context(), l); err != nil {
				b.Error(err)
			}
		})
	}
	working.Wait()
	if l.bad.Load() > 0 {
		b.Fatalf("%d were not accepted", l.bad.Load())
	}
}

// relayAt is a configuration that sends to an address without encryption.
func relayAt(b *testing.B, addr string, connections int) submit.Config {
	b.Helper()
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		b.Fatal(err)
	}
	c := submit.Default()
	c.Transport = submit.SMTPTransport
	c.SMTP.Host, c.SMTP.TLS, c.SMTP.Connections = host, submit.NoTLS, connections
	if c.SMTP.Port, err = strconv.Atoi(port); err != nil {
		b.Fatal(err)
	}
	return c
}

func TestMain(m *testing.M) {
	sinktest.Main()
	os.Exit(m.Run())
}
