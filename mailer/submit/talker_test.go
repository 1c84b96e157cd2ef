package submit_test

import (
	"bufio"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"broadsheet/mailer/submit"
)

// A talker is an SMTP server that says what it is told to, right or wrong.
type talker struct {
	offers string // its EHLO keywords, separated by blanks; "-" for not knowing EHLO

	// answer returns what to say to the GREETING, EHLO, MAIL, RCPT, DATA, DOT or
	// RSET of the n-th message; "" for the usual. "!drop" after it closes the
	// connection, "!reset" breaks it, "!deaf" forgets what was sent ahead,
	// "!stall" says nothing more, "!enough" and a number of octets reads no more
	// than that of the message.
	answer func(verb string, n int) string

	arriving func(to string) // called before a message is taken over

	mu       sync.Mutex
	sessions int
	begun    int // MAIL commands
	accepted []taken
	commands []string

	port    int
	stop    chan struct{} // closed at the end of the test
	waiting chan struct{} // gets one for each "!stall"
}

// A taken is a message that a talker took over.
type taken struct{ mail, rcpt, data string }

func (s *talker) start(t testing.TB) *talker {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.port = l.Addr().(*net.TCPAddr).Port
	s.stop, s.waiting = make(chan struct{}), make(chan struct{}, 100)
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.sessions++
			s.mu.Unlock()
			wg.Go(func() {
				defer c.Close()
				over := make(chan struct{})
				defer close(over)
				go func() {
					select {
					case <-s.stop:
						_ = c.Close()
					case <-over:
					}
				}()
				(&talk{talker: s, conn: c, r: bufio.NewReaderSize(c, 1<<20), n: -1}).run()
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		close(s.stop)
		wg.Wait()
	})
	return s
}

// config returns the configuration that reaches the talker.
func (s *talker) config() submit.Config { return (&relay{port: s.port}).config() }

// seen returns what was taken over, the commands and the number of sessions.
func (s *talker) seen() (accepted []taken, commands []string, sessions int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.accepted), slices.Clone(s.commands), s.sessions
}

// A talk is a session of a talker.
type talk struct {
	*talker
	conn net.Conn
	r    *bufio.Reader
	n    int // the message
	m    taken

	refused bool // the last command
}

// decide returns what to say and what to do then.
func (s *talk) decide(verb, usual string) (text, action string) {
	text = usual
	if s.answer != nil {
		if a := s.answer(verb, s.n); a != "" {
			text = a
		}
	}
	text, action, _ = strings.Cut(text, "!")
	return text, action
}

// unless returns what to say to a command, depending on whether the one before
// it was refused.
func (s *talk) unless(refused, usual string) string {
	if s.refused {
		return refused
	}
	return usual
}

// say reports whether the session goes on.
func (s *talk) say(text, action string) bool {
	s.refused = text != "" && text[0] >= '4'
	if text != "" {
		if _, err := io.WriteString(s.conn, text+"\r\n"); err != nil {
			return false
		}
	}
	switch action {
	case "drop":
		return false
	case "reset":
		_ = s.conn.(*net.TCPConn).SetLinger(0)
		return false
	case "deaf":
		_, _ = s.r.Discard(s.r.Buffered())
	case "stall":
		s.waiting <- struct{}{}
		<-s.stop
		return false
	}
	return !strings.HasPrefix(text, "421")
}

func (s *talk) run() {
	for ok := s.say(s.decide("GREETING", "220 talker")); ok; {
		line, err := s.r.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		verb, rest, _ := strings.Cut(line, " ")
		s.mu.Lock()
		s.commands = append(s.commands, line)
		if verb == "MAIL" {
			s.n = s.begun
			s.begun++
		}
		s.mu.Unlock()
		switch verb {
		case "EHLO":
			if s.offers == "-" {
				ok = s.say("502 what?", "")
				break
			}
			ok = s.say("250-talker\r\n250-"+strings.ReplaceAll(s.offers+" SIZE", " ", "\r\n250-")+"\r\n250 HELP", "")
		case "MAIL":
			s.m = taken{mail: strings.TrimPrefix(rest, "FROM:")}
			ok = s.say(s.decide(verb, "250 2.1.0 fine"))
		case "RCPT":
			s.m.rcpt = strings.TrimPrefix(rest, "TO:")
			ok = s.say(s.decide(verb, s.unless("503 5.5.1 MAIL first", "250 2.1.5 fine")))
		case "DATA":
			ok = s.data()
		case "QUIT":
			s.say("221 bye", "")
			return
		default:
			ok = s.say(s.decide(verb, "250 2.0.0 fine"))
		}
	}
}

// data plays the end of a transaction.
func (s *talk) data() bool {
	text, action := s.decide("DATA", s.unless("554 5.5.1 no valid recipients", "354 go on"))
	if !strings.HasPrefix(text, "354") {
		return s.say(text, action)
	}
	if !s.say(text, action) {
		return false
	}
	if n, ok := strings.CutPrefix(action, "enough "); ok {
		n, err := strconv.ParseInt(n, 10, 64)
		if err != nil {
			panic(err)
		}
		_, _ = io.CopyN(io.Discard, s.r, n)
		return s.say("552 5.3.4 too much", "drop")
	}
	var data strings.Builder
	for {
		line, err := s.r.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
		data.WriteString(strings.TrimPrefix(line, "."))
	}
	s.m.data = data.String()
	text, action = s.decide("DOT", "250 2.0.0 taken")
	if text == "" || text[0] == '2' {
		if s.arriving != nil {
			s.arriving(s.m.rcpt)
		}
		s.mu.Lock()
		s.accepted = append(s.accepted, s.m)
		s.mu.Unlock()
	}
	return s.say(text, action)
}
