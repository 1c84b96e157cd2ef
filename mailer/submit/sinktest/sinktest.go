// Package sinktest gives benchmarks an SMTP server in a process of its own:
// the test binary itself. It is no part of the program.
package sinktest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// env makes a test binary a sink: see Main.
const env = "BROADSHEET_TEST_SINK"

// Main is for the TestMain of a package that calls Start: in the process that
// Start begins, it serves and does not return; otherwise it does nothing.
func Main() {
	if os.Getenv(env) == "" {
		return
	}
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, "sink:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// A sink takes all mail, counts the recipients and throws it away. It serves
// every connection from a goroutine, so that it uses all cores.
type sink struct {
	mu          sync.Mutex
	messages    int
	bytes       int
	seen        map[string]int // by recipient
	first, last time.Time      // messages
}

// A Count is what a sink has seen.
type Count struct {
	Messages, Bytes int
	Once, More      int           // recipients, by how often they were sent a message
	Elapsed         time.Duration // from the end of the first message to that of the last
}

// serve prints its address and then, for each line of its input, what it has
// seen since the last "take", and forgets that when the line is "take".
func serve() error {
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
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
			go s.talk(c)
		}
	}()
	fmt.Println(l.Addr())
	in, out := bufio.NewScanner(os.Stdin), json.NewEncoder(os.Stdout)
	for in.Scan() {
		if err := out.Encode(s.count(in.Text() == "take")); err != nil {
			return err
		}
	}
	return in.Err()
}

func (s *sink) count(forget bool) Count {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := Count{Messages: s.messages, Bytes: s.bytes, Elapsed: s.last.Sub(s.first)}
	for _, n := range s.seen {
		if n == 1 {
			c.Once++
		} else {
			c.More++
		}
	}
	if forget {
		s.messages, s.bytes, s.seen, s.first, s.last = 0, 0, map[string]int{}, time.Time{}, time.Time{}
	}
	return c
}

// talk talks SMTP with pipelining (RFC 2920) and chunks (RFC 3030).
func (s *sink) talk(c net.Conn) {
	defer c.Close()
	r, w := bufio.NewReaderSize(c, 64<<10), bufio.NewWriter(c)
	reply := func(text string) {
		_, _ = w.WriteString(text + "\r\n")
		if r.Buffered() == 0 {
			_ = w.Flush()
		}
	}
	reply("220 sink ESMTP")
	var to string
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return
		}
		verb, rest, _ := bytes.Cut(bytes.TrimRight(line, "\r\n"), []byte(" "))
		switch strings.ToUpper(string(verb)) {
		case "EHLO":
			reply("250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-CHUNKING\r\n250 SMTPUTF8")
		case "RCPT":
			to = string(line)
			reply("250 2.1.5 Ok")
		case "DATA":
			reply("354 go on")
			_ = w.Flush()
			n, err := skipData(r)
			if err != nil {
				return
			}
			s.note(to, n)
			reply("250 2.0.0 Ok: queued as 4cZ9XJ0wRBz1h")
		case "BDAT":
			var n int
			if _, err := fmt.Sscan(string(rest), &n); err != nil {
				return
			}
			last := bytes.HasSuffix(rest, []byte(" LAST"))
			if _, err := r.Discard(n); err != nil {
				return
			}
			if last {
				s.note(to, n)
			}
			reply("250 2.0.0 Ok: queued as 4cZ9XJ0wRBz1h")
		case "QUIT":
			reply("221 2.0.0 Bye")
			_ = w.Flush()
			return
		default: // HELO, MAIL, RSET, NOOP
			reply("250 2.0.0 Ok")
		}
	}
}

func (s *sink) note(to string, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.messages, s.bytes = s.messages+1, s.bytes+n
	s.seen[to]++
	s.last = time.Now()
	if s.first.IsZero() {
		s.first = s.last
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

// A Process is a sink in a process of its own.
type Process struct {
	Addr string // host:port, on loopback

	in  io.Writer
	out *bufio.Scanner
}

// Start begins a sink that ends with b. The package's TestMain has to call
// Main.
func Start(b *testing.B) *Process {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), env+"=1")
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
	p := &Process{in: in, out: bufio.NewScanner(out)}
	if !p.out.Scan() {
		b.Fatalf("the sink says nothing: %v", p.out.Err())
	}
	p.Addr = p.out.Text()
	return p
}

// Look returns what the sink has seen since the last Take.
func (p *Process) Look(b *testing.B) Count {
	b.Helper()
	return p.ask(b, "look")
}

// Take returns what the sink has seen since the last call.
func (p *Process) Take(b *testing.B) Count {
	b.Helper()
	return p.ask(b, "take")
}

func (p *Process) ask(b *testing.B, what string) (c Count) {
	b.Helper()
	if _, err := io.WriteString(p.in, what+"\n"); err != nil {
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

// CPU returns the time that a process has had of all cores, in steps of a
// hundredth of a second, 0 where the system does not tell (it does on Linux).
func CPU(pid int) time.Duration {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(data), ") ")
	fields := strings.Fields(after) // the third of the file is the first of these
	if len(fields) < 13 {
		return 0
	}
	var ticks int
	for _, f := range fields[11:13] { // utime and stime
		n, _ := strconv.Atoi(f)
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}
