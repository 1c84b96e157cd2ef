package submit

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/wneessen/go-mail/smtp"

	"broadsheet/mailer"
)

// A short is a queue of three messages that notes what is done with them.
type short struct {
	given int
	log   []string
}

func (q *short) Next(context.Context) (mailer.Message, bool) {
	if q.given == 3 {
		return mailer.Message{}, false
	}
	q.given++
	return mailer.Message{
		Body: &mailer.Body{Subject: "Weekly", Text: "The second berth is open.\n"},
		ID:   fmt.Sprintf("%d@example.com", q.given), From: "a@example.com", To: "b@example.com",
	}, true
}

func (q *short) Begin(_ context.Context, m *mailer.Message) error {
	q.log = append(q.log, "begin "+m.ID[:1])
	return nil
}

func (q *short) End(_ context.Context, m *mailer.Message, _ string, err error) error {
	what := "accepted"
	var se *mailer.SendError
	switch {
	case errors.Is(err, ErrUntried):
		what = "untried"
	case errors.As(err, &se) && se.Fault == mailer.UncertainFault:
		what = "uncertain"
	case errors.As(err, &se) && se.Fault == mailer.ConnectionFault:
		what = "connection"
	}
	q.log = append(q.log, "end "+m.ID[:1]+" "+what)
	return nil
}

// TestCutAtEveryOctet breaks the connection after every octet of the second
// message and of what follows it in the same write. Until its dot is out, the
// message cannot have arrived, and is not uncertain. It looks inside for a
// connection without buffers: a real one takes all at once.
func TestCutAtEveryOctet(t *testing.T) {
	want := map[bool]string{
		false: "begin 1, end 1 accepted, begin 2, end 2 connection, end 3 untried",
		true:  "begin 1, end 1 accepted, begin 2, end 2 uncertain, end 3 untried",
	}
	size := 0
	for cut := 1; size == 0 || cut < size; cut++ {
		near, far := net.Pipe()
		dotted := make(chan bool, 1)
		go func() { dotted <- cutAfter(far, cut, &size) }()
		client, err := smtp.NewClient(near, "127.0.0.1")
		if err != nil {
			t.Fatal(err)
		}
		if err := client.Hello("here"); err != nil {
			t.Fatal(err)
		}
		r := newRelay(SMTP{Host: "127.0.0.1", Port: 1, TLS: NoTLS, Connections: 1, PerConnection: 100, Timeout: 5 * time.Second}, nil)
		r.put(newConnection(client, near))
		q := &short{}
		letters := make(chan *letter, 3)
		for m, ok := q.Next(t.Context()); ok; m, ok = q.Next(t.Context()) {
			letters <- r.newLetter(m)
		}
		close(letters)
		h := &handler{
			begin: func(l *letter) error { return q.Begin(t.Context(), &l.m) },
			end:   func(l *letter, reply string, err error) error { return q.End(t.Context(), &l.m, reply, err) },
		}
		if err := r.work(t.Context(), letters, h); err != nil {
			t.Fatal(err)
		}
		for l := h.held; l != nil; l = nil {
			_ = h.end(l, "", untried(t.Context()))
		}
		for l := range letters {
			_ = h.end(l, "", untried(t.Context()))
		}
		if got, want := strings.Join(q.log, ", "), want[<-dotted]; got != want {
			t.Fatalf("cut after %d: %s, want %s", cut, got, want)
		}
	}
}

// cutAfter plays a server that takes one message and closes after some octets
// of what comes after it has asked for the second. It reports whether the
// message's dot was among them.
func cutAfter(c net.Conn, octets int, size *int) (dotted bool) {
	defer c.Close()
	r := bufio.NewReaderSize(c, 1)
	replies := make(chan string, 100) // so that it need not wait for who does not listen yet
	defer close(replies)
	go func() {
		for s := range replies {
			_, _ = io.WriteString(c, s)
		}
	}()
	say := func(s string) { replies <- s + "\r\n" }
	say("220 here")
	for asked := 0; ; {
		line, err := r.ReadString('\n')
		switch {
		case err != nil:
			return false
		case strings.HasPrefix(line, "EHLO"):
			say("250-here\r\n250 PIPELINING")
		case strings.HasPrefix(line, "DATA"):
			if asked++; asked == 2 {
				say("354 go")
				b := make([]byte, octets)
				_, _ = io.ReadFull(r, b)
				dot := strings.Contains(string(b), "\r\n.\r\n")
				if strings.HasSuffix(string(b), "DATA\r\n") {
					*size = octets
				}
				return dot
			}
			say("354 go")
			for line != ".\r\n" {
				if line, err = r.ReadString('\n'); err != nil {
					return false
				}
			}
			say("250 taken")
		default:
			say("250 fine")
		}
	}
}
