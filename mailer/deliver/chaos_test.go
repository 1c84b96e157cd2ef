package deliver_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"broadsheet/internal/store"
	"broadsheet/mailer"
	"broadsheet/mailer/submit"
)

const (
	chaosKills       = 50
	chaosRecipients  = 1500
	chaosConnections = 4
)

// TestChaos kills a real process that delivers an edition over SMTP, with
// SIGKILL and at random moments, until it has been killed often enough; then
// one may come to the end. Nothing is lost, and not more messages arrive twice
// than there were connections when the processes were killed.
func TestChaos(t *testing.T) {
	if dir := os.Getenv("BROADSHEET_TEST_CHAOS"); dir != "" {
		chaosChild(t, dir, os.Getenv("BROADSHEET_TEST_PORT"))
		return
	}
	seed := uint64(time.Now().UnixNano())
	if v, err := strconv.ParseUint(os.Getenv("CHAOS_SEED"), 10, 64); err == nil {
		seed = v
	}
	random := rand.New(rand.NewPCG(seed, 0))
	dir := t.TempDir()
	messageIDs := chaosPlan(t, dir)
	sink := newCounter(t)

	begun := time.Now()
	kills, allowed, finished := 0, 0, false
	for !finished {
		child := chaosStart(t, dir, sink.port)
		ended := make(chan error, 1)
		go func() { ended <- child.Wait() }()
		if kills < chaosKills {
			// Mostly after some messages, now and then after some time: while it
			// opens, recovers or ends.
			if random.IntN(5) == 0 {
				wait(ended, time.Duration(random.IntN(150))*time.Millisecond)
			} else {
				sink.more(ended, 1+random.IntN(25))
				wait(ended, time.Duration(random.IntN(4000))*time.Microsecond)
			}
			open := sink.connections()
			if err := child.Process.Kill(); err == nil {
				kills++
			}
			allowed += max(open, sink.connections()) // it may have opened one since, or hung up
			<-ended
			sink.hungUp()
			continue
		}
		select {
		case err := <-ended:
			if err != nil {
				t.Fatalf("seed %d: %v\n%s", seed, err, child.Stdout)
			}
			finished = true
		case <-time.After(50 * time.Second):
			_ = child.Process.Kill()
			<-ended
			t.Fatalf("seed %d: the last process did not come to the end\n%s", seed, child.Stdout)
		}
	}
	got := sink.counts()
	lost, twice := 0, 0
	for _, id := range messageIDs {
		if got[id] == 0 {
			lost++
		}
		twice += max(got[id]-1, 0)
	}
	if len(got) > len(messageIDs) {
		t.Errorf("seed %d: %d messages that nobody planned", seed, len(got)-len(messageIDs))
	}
	if lost > 0 || twice > allowed {
		t.Errorf("seed %d: %d lost, %d twice with %d connections open at the kills", seed, lost, twice, allowed)
	}
	s := chaosStore(t, dir)
	defer s.Close()
	counts, _, err := s.Account(t.Context(), 1, 0)
	if err != nil || counts[mailer.Accepted] != chaosRecipients || len(counts) != 1 {
		t.Errorf("seed %d: account %v, error %v", seed, counts, err)
	}
	t.Logf("seed %d: %d kills, %d recipients, %d lost, %d twice of at most %d (connections open at the kills), %.1f s",
		seed, kills, len(messageIDs), lost, twice, allowed, time.Since(begun).Seconds())
}

// wait waits for a while, or until a process has ended.
func wait(ended chan error, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case err := <-ended:
		ended <- err
	}
}

func chaosStore(t *testing.T, dir string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Config{Database: "sqlite:" + filepath.Join(dir, "broadsheet.db")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// chaosPlan plans the edition and returns the Message-IDs of its deliveries.
func chaosPlan(t *testing.T, dir string) []string {
	t.Helper()
	s := chaosStore(t, dir)
	defer s.Close()
	model := newOutbox(time.Now(), chaosRecipients)
	e := model.edition
	e.ID, e.Number = 0, 0
	var ids []string
	var ds []mailer.Delivery
	for i := range model.rows {
		ds = append(ds, model.rows[i].Delivery)
		ids = append(ids, model.rows[i].MessageID)
	}
	if err := s.SaveEdition(t.Context(), &e, ds, time.Time{}); err != nil {
		t.Fatal(err)
	}
	return ids
}

func chaosStart(t *testing.T, dir string, port int) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChaos$")
	cmd.Env = append(os.Environ(), "BROADSHEET_TEST_CHAOS="+dir, "BROADSHEET_TEST_PORT="+strconv.Itoa(port))
	out := new(bytes.Buffer)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

// chaosChild is what the processes do: deliver until nothing is left.
func chaosChild(t *testing.T, dir, port string) {
	s := chaosStore(t, dir)
	defer s.Close()
	c := submit.Default()
	c.Transport = submit.SMTPTransport
	c.SMTP.Host, c.SMTP.TLS, c.SMTP.Connections = "127.0.0.1", submit.NoTLS, chaosConnections
	c.SMTP.Port, _ = strconv.Atoi(port)
	tr, err := submit.New(c)
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	d := deliverer(t, s, tr, nil)
	d.Journal.Path = filepath.Join(dir, "journal")
	d.Pace.Connections = chaosConnections
	for {
		if _, err := d.Deliver(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		st, err := s.Standing(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		if st.Open == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond) // a real process, whose retries wait for the real time
	}
}

// A counter is a small SMTP server that counts messages by Message-ID: each
// once it is complete, and before it says so.
type counter struct {
	port   int
	mu     sync.Mutex
	seen   map[string]int
	total  int
	open   int
	change *sync.Cond
}

func newCounter(t *testing.T) *counter {
	t.Helper()
	k := &counter{seen: map[string]int{}}
	k.change = sync.NewCond(&k.mu)
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	k.port = l.Addr().(*net.TCPAddr).Port
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { k.serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		serving.Wait()
	})
	return k
}

// serve talks SMTP, with pipelining, as far as a sender needs it.
func (k *counter) serve(conn net.Conn) {
	defer conn.Close()
	k.mu.Lock()
	k.open++
	k.mu.Unlock()
	defer func() {
		k.mu.Lock()
		k.open--
		k.change.Broadcast()
		k.mu.Unlock()
	}()
	in, out := bufio.NewReader(conn), bufio.NewWriter(conn)
	say := func(text string) bool {
		_, _ = out.WriteString(text + "\r\n")
		return in.Buffered() > 0 || out.Flush() == nil
	}
	if !say("220 sink.example ESMTP") {
		return
	}
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		var ok bool
		switch verb := strings.ToUpper(strings.TrimSpace(line)); {
		case strings.HasPrefix(verb, "EHLO"):
			ok = say("250-sink.example\r\n250-PIPELINING\r\n250 8BITMIME")
		case verb == "DATA":
			_, _ = out.WriteString("354 go on\r\n")
			if out.Flush() != nil {
				return
			}
			id, whole := message(in)
			if !whole {
				return
			}
			time.Sleep(200 * time.Microsecond) // as long as a server takes at least
			k.mu.Lock()
			k.seen[id]++
			k.total++
			k.change.Broadcast()
			k.mu.Unlock()
			ok = say("250 2.0.0 queued as " + id[:8])
		case verb == "QUIT":
			_ = say("221 bye")
			return
		default:
			ok = say("250 fine")
		}
		if !ok {
			return
		}
	}
}

// message reads a message up to its dot and returns its Message-ID.
func message(in *bufio.Reader) (id string, whole bool) {
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return "", false
		}
		if v, ok := strings.CutPrefix(line, "Message-ID: <"); ok && id == "" {
			id = strings.TrimRight(v, ">\r\n")
		}
		if line == ".\r\n" {
			return id, true
		}
	}
}

// more waits until so many more messages have arrived, or a process has ended.
func (k *counter) more(ended chan error, n int) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	stop := context.AfterFunc(ctx, func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.change.Broadcast()
	})
	defer stop()
	go func() {
		select {
		case err := <-ended:
			ended <- err
			cancel()
		case <-ctx.Done():
		}
	}()
	k.mu.Lock()
	defer k.mu.Unlock()
	for want := k.total + n; k.total < want && ctx.Err() == nil; {
		k.change.Wait()
	}
}

func (k *counter) connections() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.open
}

// hungUp waits until the connections of a process that is no more are closed:
// what it had sent has arrived by then.
func (k *counter) hungUp() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for k.open > 0 {
		k.change.Wait()
	}
}

func (k *counter) counts() map[string]int {
	k.mu.Lock()
	defer k.mu.Unlock()
	out := map[string]int{}
	for id, n := range k.seen {
		out[id] = n
	}
	if len(out) == 0 {
		panic(fmt.Sprintf("no message of %d", k.total))
	}
	return out
}
