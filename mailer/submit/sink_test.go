package submit_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// sinkEnv makes the test binary a sink: see TestMain.
const sinkEnv = "BROADSHEET_TEST_SINK"

// TestMain lets benchmarks have an SMTP server in a process of its own, on any
// machine: the test binary itself.
func TestMain(m *testing.M) {
	if os.Getenv(sinkEnv) != "" {
		if err := serveSink(); err != nil {
			fmt.Fprintln(os.Stderr, "sink:", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// A sink takes all mail, counts the recipients and throws it away. It serves
// every connection from a goroutine, so that it uses all cores.
type sink struct {
	mu       sync.Mutex
	messages int
	bytes    int
	seen     map[string]int // by recipient
}

// A count is what a sink has seen.
type count struct{ Messages, Bytes, Once, More int }

// serveSink prints its address and then, for each line of its input, what it
// has seen since the last.
func serveSink() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer l.Close()
	s := &sink{seen: map[string]int{}}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go s.serve(c)
		}
	}()
	fmt.Println(l.Addr())
	in, out := bufio.NewScanner(os.Stdin), json.NewEncoder(os.Stdout)
	for in.Scan() {
		if err := out.Encode(s.take()); err != nil {
			return err
		}
	}
	return in.Err()
}

// take returns what the sink has seen, and forgets it.
func (s *sink) take() count {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := count{Messages: s.messages, Bytes: s.bytes}
	for _, n := range s.seen {
		if n == 1 {
			c.Once++
		} else {
			c.More++
		}
	}
	s.messages, s.bytes, s.seen = 0, 0, map[string]int{}
	return c
}

func (s *sink) serve(c net.Conn) {
	defer c.Close()
	r, w := bufio.NewReaderSize(c, 64<<10), bufio.NewWriter(c)
	reply := func(text string) {
		w.WriteString(text + "\r\n")
		if r.Buffered() == 0 {
			w.Flush()
		}
	}
	reply("220 sink ESMTP")
	var to string
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return
		}
		verb, _, _ := bytes.Cut(bytes.TrimRight(line, "\r\n"), []byte(" "))
		switch strings.ToUpper(string(verb)) {
		case "EHLO":
			reply("250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8")
		case "RCPT":
			to = string(line)
			reply("250 2.1.5 Ok")
		case "DATA":
			reply("354 go on")
			w.Flush()
			n, err := skipData(r)
			if err != nil {
				return
			}
			s.mu.Lock()
			s.messages, s.bytes = s.messages+1, s.bytes+n
			s.seen[to]++
			s.mu.Unlock()
			reply("250 2.0.0 Ok: queued")
		case "QUIT":
			reply("221 2.0.0 Bye")
			w.Flush()
			return
		default: // HELO, MAIL, RSET, NOOP
			reply("250 2.0.0 Ok")
		}
	}
}

// skipData reads a message to the dot at its end.
func skipData(r *bufio.Reader) (n int, err error) {
	for begin := true; ; {
		p, err := r.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return n, err
		}
		if begin && string(p) == ".\r\n" {
			return n, nil
		}
		n, begin = n+len(p), err == nil
	}
}

// A sinkProcess is a sink in a process of its own.
type sinkProcess struct {
	addr string
	in   interface{ Write([]byte) (int, error) }
	out  *bufio.Scanner
}

func startSink(b *testing.B) *sinkProcess {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), sinkEnv+"=1")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	p := &sinkProcess{in: in, out: bufio.NewScanner(out)}
	if !p.out.Scan() {
		b.Fatalf("the sink says nothing: %v", p.out.Err())
	}
	p.addr = p.out.Text()
	return p
}

// take returns what the sink has seen since the last call.
func (p *sinkProcess) take(b *testing.B) (c count) {
	b.Helper()
	if _, err := p.in.Write([]byte("\n")); err != nil {
		b.Fatal(err)
	}
	if !p.out.Scan() {
		b.Fatalf("the sink is gone: %v", p.out.Err())
	}
	if err := json.Unmarshal(p.out.Bytes(), &c); err != nil {
		b.Fatal(err)
	}
	return c
}

// distant listens on loopback and passes all on to an address, half of a round
// trip later in each direction.
func distant(b *testing.B, addr string, roundTrip time.Duration) string {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", addr)
			if err != nil {
				_ = near.Close()
				return
			}
			go delay(near, far, roundTrip/2)
			go delay(far, near, roundTrip/2)
		}
	}()
	return l.Addr().String()
}

// delay passes on what it reads, each piece a while after it came.
func delay(from, to net.Conn, by time.Duration) {
	type piece struct {
		data []byte
		due  time.Time
	}
	pieces := make(chan piece, 1024)
	go func() {
		defer to.Close()
		for p := range pieces {
			time.Sleep(time.Until(p.due))
			if _, err := to.Write(p.data); err != nil {
				_ = from.Close()
			}
		}
	}()
	defer close(pieces)
	for {
		buf := make([]byte, 64<<10)
		n, err := from.Read(buf)
		if n > 0 {
			pieces <- piece{buf[:n], time.Now().Add(by)}
		}
		if err != nil {
			return
		}
	}
}
