package submit_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"broadsheet/mailer/submit/sinktest"
)

// BenchmarkChunking sends 30 KB over one connection in two ways and nothing
// else, near and at a round trip of 20 ms: the end of a message with the
// commands of the next one and DATA, as the transport does, and with BDAT, which
// needs no go-ahead (RFC 3030). In both at most one message is complete whose
// reply is not there. of-data is how fast BDAT is, in turns with DATA.
func BenchmarkChunking(b *testing.B) {
	sink := sinktest.Start(b)
	body := bytes.Repeat([]byte(strings.Repeat("x", 76)+"\r\n"), 30<<10/78)
	for _, place := range []struct {
		name, addr string
		messages   int
	}{{"near", sink.Addr, 20_000}, {"20ms", distant(b, sink.Addr, 20*time.Millisecond), 60}} {
		b.Run(place.name, func(b *testing.B) {
			for b.Loop() {
				var ratios, data, chunks []float64
				for range 5 {
					d := float64(place.messages) / lockstep(b, place.addr, place.messages, body, false).Seconds()
					c := float64(place.messages) / lockstep(b, place.addr, place.messages, body, true).Seconds()
					data, chunks, ratios = append(data, d), append(chunks, c), append(ratios, c/d)
				}
				b.ReportMetric(median(data), "data/s")
				b.ReportMetric(median(chunks), "bdat/s")
				b.ReportMetric(median(ratios), "of-data")
			}
		})
	}
}

// lockstep sends messages one after another, each with what announces the next.
func lockstep(b *testing.B, addr string, n int, body []byte, chunking bool) time.Duration {
	b.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	r := bufio.NewReader(c)
	read := func(replies int) {
		for replies > 0 {
			line, err := r.ReadString('\n')
			if err != nil || line[0] != '2' && line[0] != '3' {
				b.Fatalf("%q, %v", line, err)
			}
			if line[3] == ' ' {
				replies--
			}
		}
	}
	write := func(p []byte) {
		if _, err := c.Write(p); err != nil {
			b.Fatal(err)
		}
	}
	read(1)
	_, _ = io.WriteString(c, "EHLO bench.example\r\n")
	read(1)
	begun := time.Now()
	buf := make([]byte, 0, len(body)+1024)
	const mail = "MAIL FROM:<bounce@news.example.com> BODY=8BITMIME\r\n"
	rcpt := func(buf []byte, i int) []byte { return fmt.Appendf(buf, "RCPT TO:<reader%d@example.org>\r\n", i) }
	if chunking {
		for i := range n {
			buf = rcpt(append(buf[:0], mail...), i)
			buf = append(fmt.Appendf(buf, "BDAT %d LAST\r\n", len(body)), body...)
			write(buf)
			read(3)
		}
		return time.Since(begun)
	}
	write(append(rcpt([]byte(mail), 0), "DATA\r\n"...))
	for i := range n {
		read(3) // MAIL, RCPT and DATA
		buf = append(append(buf[:0], body...), ".\r\n"...)
		if i+1 < n {
			buf = append(rcpt(append(buf, mail...), i+1), "DATA\r\n"...)
		}
		write(buf)
		read(1)
	}
	return time.Since(begun)
}
