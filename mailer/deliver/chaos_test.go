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
	"broadsheet/internal/store/pgtest"
	"broadsheet/mailer"
	"broadsheet/mailer/submit"
)

const (
	chaosRecipients  = 1500
	chaosConnections = 4
)

// A victim is a process that is killed, and the database it works on.
type victim struct {
	dir        string        // its own, with the journal
	database   string        // as store.Config has it
	port       int           // of the server
	recipients int           // in all
	lease      time.Duration // 0 is as usual
}

// TestChaos kills a real process that delivers an edition over SMTP, with
// SIGKILL and at random moments, until it has been killed often enough; then
// one may come to the end. Nothing is lost, and not more messages arrive twice
// than there were connections when the processes were killed.
func TestChaos(t *testing.T) {
	if os.Getenv("BROADSHEET_TEST_CHAOS") != "" {
		chaosChild(t)
		return
	}
	t.Run("SQLite", func(t *testing.T) {
		dir := t.TempDir()
		chaos(t, 50, victim{dir: dir, database: "sqlite:" + filepath.Join(dir, "broadsheet.db"), recipients: chaosRecipients})
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		chaos(t, 15, victim{dir: t.TempDir(), database: pgtest.URL(t), recipients: chaosRecipients})
	})
}

// chaosSeed returns a seed, or that of a test run before.
func chaosSeed() uint64 {
	if v, err := strconv.ParseUint(os.Getenv("CHAOS_SEED"), 10, 64); err == nil {
		return v
	}
	return uint64(time.Now().UnixNano())
}

func chaos(t *testing.T, most int, v victim) {
	t.Helper()
	seed := chaosSeed()
	random := rand.New(rand.NewPCG(seed, 0))
	messageIDs := v.plan(t)
	sink := newCounter(t)
	v.port = sink.port

	begun := time.Now()
	kills, allowed, finished := 0, 0, false
	for !finished {
		child := v.start(t)
		ended := make(chan error, 1)
		go func() { ended <- child.Wait() }()
		if kills < most {
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
	twice := v.judge(t, seed, sink, messageIDs, allowed)
	t.Logf("seed %d: %d kills, %d recipients, 0 lost, %d twice of at most %d (connections open at the kills), %.1f s",
		seed, kills, len(messageIDs), twice, allowed, time.Since(begun).Seconds())
}

// judge checks that every message arrived, not too many of them twice, and that
// the account says so. It returns how many arrived twice.
func (v victim) judge(t *testing.T, seed uint64, sink *counter, messageIDs []string, allowed int) (twice int) {
	t.Helper()
	got := sink.counts()
	lost := 0
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
		t.Fatalf("seed %d: %d lost, %d twice with %d connections open at the kills", seed, lost, twice, allowed)
	}
	s := v.open(t)
	defer s.Close()
	counts, _, err := s.Account(t.Context(), 1, 0)
	if err != nil || counts[mailer.Accepted] != v.recipients || len(counts) != 1 {
		t.Errorf("seed %d: account %v, error %v", seed, counts, err)
	}
	return twice
}

// TestTakeover has two real processes deliver from one PostgreSQL and kills one
// of them, again and again. On one machine the other one takes up its journal at
// once: nothing is lost, and not more arrives twice than there were connections.
// On two machines nobody can read the journal: the other one goes on when the
// leases are over, and what had been sent and not written down arrives twice.
func TestTakeover(t *testing.T) {
	if os.Getenv("BROADSHEET_TEST_CHAOS") != "" {
		return
	}
	t.Run("on one machine", func(t *testing.T) { takeover(t, 4, true) })
	t.Run("on two machines", func(t *testing.T) { takeover(t, 2, false) })
}

func takeover(t *testing.T, kills int, together bool) {
	t.Helper()
	seed := chaosSeed()
	random := rand.New(rand.NewPCG(seed, 0))
	v := victim{dir: t.TempDir(), database: pgtest.URL(t), recipients: 2 * chaosRecipients}
	if !together {
		v.lease = 3 * time.Second
	}
	messageIDs := v.plan(t)
	sink := newCounter(t)
	v.port = sink.port
	s := v.open(t)
	defer s.Close()
	begun := time.Now()
	run := func() (*exec.Cmd, chan error) {
		w := v
		if !together {
			w.dir = t.TempDir()
		}
		cmd, ended := w.start(t), make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		return cmd, ended
	}
	child, ended := run()
	leased := 0
	for range kills {
		sink.more(ended, 50+random.IntN(50))
		other, itsEnd := run()
		sink.more(ended, 50+random.IntN(50))
		if err := child.Process.Kill(); err != nil {
			t.Fatalf("seed %d: it was at its end too soon: %v", seed, err)
		}
		<-ended
		counts, _, err := s.Account(t.Context(), 1, 0)
		if err != nil {
			t.Fatal(err)
		}
		leased += counts[mailer.Leased]
		child, ended = other, itsEnd
	}
	if leased == 0 {
		t.Errorf("seed %d: nothing was leased when processes were killed, so that nothing was taken over", seed)
	}
	select {
	case err := <-ended:
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, child.Stdout)
		}
	case <-time.After(50 * time.Second): // less than a lease lasts by itself
		_ = child.Process.Kill()
		<-ended
		t.Fatalf("seed %d: the last process did not come to the end\n%s", seed, child.Stdout)
	}
	allowed := kills * chaosConnections
	if !together {
		allowed = leased
	}
	twice := v.judge(t, seed, sink, messageIDs, allowed)
	t.Logf("seed %d: %d of two processes killed, %d recipients, %d leased at the kills, 0 lost, %d twice of at most %d, %.1f s",
		seed, kills, v.recipients, leased, twice, allowed, time.Since(begun).Seconds())
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

func (v victim) open(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Config{Database: v.database}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// plan plans the edition and returns the Message-IDs of its deliveries.
func (v victim) plan(t *testing.T) []string {
	t.Helper()
	s := v.open(t)
	defer s.Close()
	model := newOutbox(time.Now(), v.recipients)
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

// start begins a process that delivers. A killed one cannot clean up: what it
// has of temporary files lies in dir.
func (v victim) start(t *testing.T) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChaos$")
	cmd.Env = append(os.Environ(), "BROADSHEET_TEST_CHAOS="+v.dir, "BROADSHEET_TEST_DATABASE="+v.database,
		"BROADSHEET_TEST_PORT="+strconv.Itoa(v.port), "BROADSHEET_TEST_LEASE="+v.lease.String(), "TMPDIR="+v.dir)
	out := new(bytes.Buffer)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

// chaosChild is what the processes do: deliver until nothing is left.
func chaosChild(t *testing.T) {
	v := victim{dir: os.Getenv("BROADSHEET_TEST_CHAOS"), database: os.Getenv("BROADSHEET_TEST_DATABASE")}
	var err error
	if v.port, err = strconv.Atoi(os.Getenv("BROADSHEET_TEST_PORT")); err != nil {
		t.Fatal(err)
	}
	if v.lease, err = time.ParseDuration(os.Getenv("BROADSHEET_TEST_LEASE")); err != nil {
		t.Fatal(err)
	}
	s := v.open(t)
	defer s.Close()
	c := submit.Default()
	c.Transport = submit.SMTPTransport
	c.SMTP.Host, c.SMTP.Port, c.SMTP.TLS, c.SMTP.Connections = "127.0.0.1", v.port, submit.NoTLS, chaosConnections
	tr, err := submit.New(c)
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	d := deliverer(t, s, tr, nil)
	d.Journal.Path, d.Lease = filepath.Join(v.dir, "journal"), v.lease
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
