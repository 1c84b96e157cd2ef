package submit_test

import (
	"net"
	"os"
	"testing"
	"time"

	"broadsheet/mailer/submit/sinktest"
)

func TestMain(m *testing.M) {
	sinktest.Main()
	os.Exit(m.Run())
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
