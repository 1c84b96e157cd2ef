package deliver_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"broadsheet/internal/store"
	"broadsheet/internal/store/pgtest"
	"broadsheet/mailer"
	"broadsheet/mailer/deliver"
	"broadsheet/mailer/submit"
	"broadsheet/mailer/submit/sinktest"
)

// BenchmarkBesideListmonk has listmonk and this package send an edition of
// 30 KB, HTML and text with a token in each of three links, to RECIPIENTS
// (10,000) in turns to one server in another process, MAIL_ROUNDS (3) times
// for each number of connections, and prints a table. LISTMONK is the folder
// of its sources, with its binary built: see internal/tools/bench-mail.sh.
//
// listmonk runs as it is, with a worker for each connection and no rate, on a
// PostgreSQL that writes nothing through to the disk. Its time, and ours, is
// that from the first to the last message at the server: neither pays for
// starting. Our account is on SQLite.
func BenchmarkBesideListmonk(b *testing.B) {
	dir := os.Getenv("LISTMONK")
	if dir == "" {
		b.Skip("LISTMONK names no folder with listmonk's sources and binary; make bench-mail does")
	}
	n, rounds := 10_000, 3
	if v, err := strconv.Atoi(os.Getenv("RECIPIENTS")); err == nil {
		n = v
	}
	if v, err := strconv.Atoi(os.Getenv("MAIL_ROUNDS")); err == nil {
		rounds = min(v, rounds)
	}
	sink := sinktest.Start(b)
	for b.Loop() {
		fmt.Printf("\nBeside listmonk: %d mails of 30 KB, %d rounds, medians; times at the server\n\n"+
			"| sender | connections | mails/s | of listmonk | CPU a mail |\n|---|---|---|---|---|\n", n, rounds)
		for _, connections := range []int{1, 4, 10} {
			peer := newListmonk(b, dir, sink, connections, n)
			speed, cost := map[string][]float64{}, map[string][]float64{}
			ratio := map[string][]float64{}
			senders := []struct {
				name string
				send func() time.Duration
			}{
				{"listmonk", func() time.Duration { return peer.send(b) }},
				{"**Broadsheet**, with the account", func() time.Duration { return sendAccounted(b, sink, connections, n) }},
			}
			for round := range rounds {
				for _, s := range senders {
					sink.Take(b)
					used := s.send()
					got := sink.Take(b)
					if got.Messages != n || got.Once != n {
						b.Fatalf("%s: %d messages, %d recipients once and %d more often, want %d", s.name, got.Messages, got.Once, got.More, n)
					}
					speed[s.name] = append(speed[s.name], float64(n-1)/got.Elapsed.Seconds())
					cost[s.name] = append(cost[s.name], float64(used.Microseconds())/float64(n))
					ratio[s.name] = append(ratio[s.name], speed[s.name][round]/speed["listmonk"][round])
				}
			}
			peer.stop()
			for _, s := range senders {
				fmt.Printf("| %s | %d | %.0f | %.2f | %.0f µs |\n", s.name, connections, median(speed[s.name]), median(ratio[s.name]), median(cost[s.name]))
			}
		}
	}
}

// thirty returns the text and the HTML of a mail of 30 KB, with a link of each
// recipient's own once in the text and twice in the HTML.
func thirty(link string) (text, html string) {
	text = strings.Repeat("码头二期投产，年吞吐能力达到八十万标箱。\n", 100) + link + "\n"
	html = strings.Repeat("<p style=\"margin:0\">码头二期投产，年吞吐能力达到八十万标箱。 The second berth is open.</p>\n", 215) +
		"<a href=\"" + link + "\">1</a><a href=\"" + link + "\">2</a>\n"
	return text, html
}

// sendAccounted delivers an edition whose account is kept, and returns the CPU
// time that this took.
func sendAccounted(b *testing.B, sink *sinktest.Process, connections, n int) time.Duration {
	b.Helper()
	dir := b.TempDir()
	s, err := store.Open(b.Context(), store.Config{Database: "sqlite:" + filepath.Join(dir, "b.db")}, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	e := benchEdition()
	e.Text, e.HTML = thirty("https://paper.example/unsubscribe/" + mailer.TokenMark + "?digest=d")
	planEdition(b, s, n, e)
	tr, err := submit.New(relayAt(b, sink.Addr, connections))
	if err != nil {
		b.Fatal(err)
	}
	defer tr.Close()
	d := &deliver.Deliverer{
		Store: s, Transport: tr, Sender: wireSender,
		Journal: &deliver.Journal{Path: filepath.Join(dir, "journal"), Database: "b"},
		Pace:    &deliver.Pacer{Connections: connections},
	}
	before := cpu()
	if sum, err := d.Deliver(b.Context(), 1); err != nil || sum.Accepted != n {
		b.Fatalf("%+v, %v", sum, err)
	}
	return cpu() - before
}

// A listmonk is one that runs.
type listmonk struct {
	sink *sinktest.Process
	db   *pgx.Conn
	cmd  *exec.Cmd
	log  *bytes.Buffer
	n    int
}

// newListmonk installs listmonk into a database, with n subscribers, and
// starts it.
func newListmonk(b *testing.B, dir string, sink *sinktest.Process, connections, n int) *listmonk {
	b.Helper()
	url := pgtest.URL(b)
	db, err := pgx.Connect(b.Context(), url)
	if err != nil {
		b.Fatal(err)
	}
	l := &listmonk{sink: sink, db: db, n: n, log: new(bytes.Buffer)}
	b.Cleanup(l.stop)
	config := filepath.Join(b.TempDir(), "config.toml")
	text := fmt.Sprintf("[app]\naddress = \"127.0.0.1:0\"\n[db]\nhost = %q\nport = 5432\nuser = \"postgres\"\npassword = \"\"\ndatabase = %q\n"+
		"ssl_mode = \"disable\"\nmax_open = 25\nmax_idle = 25\nmax_lifetime = \"300s\"\nparams = \"\"\n", db.Config().Host, db.Config().Database)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	program := func(args ...string) *exec.Cmd {
		cmd := exec.CommandContext(b.Context(), filepath.Join(dir, "listmonk"), append([]string{"--config", config}, args...)...)
		cmd.Dir, cmd.Stdout, cmd.Stderr = dir, l.log, l.log
		return cmd
	}
	if err := program("--install", "--yes").Run(); err != nil {
		b.Fatalf("listmonk --install: %v\n%s", err, l.log)
	}
	port := strings.TrimPrefix(sink.Addr, "127.0.0.1:")
	l.exec(b, `UPDATE settings SET value = '`+strconv.Itoa(connections)+`' WHERE key = 'app.concurrency'`)
	l.exec(b, `UPDATE settings SET value = '`+strconv.Itoa(n)+`' WHERE key = 'app.message_rate'`)
	l.exec(b, `UPDATE settings SET value = 'false' WHERE key = 'app.check_updates'`)
	l.exec(b, `UPDATE settings SET value = '[{"enabled": true, "host": "127.0.0.1", "port": `+port+`, "auth_protocol": "none", "hello_hostname": "", "max_conns": `+
		strconv.Itoa(connections)+`, "idle_timeout": "15s", "wait_timeout": "5s", "max_msg_retries": 2, "msg_retry_delay": "10ms", "tls_type": "none", "email_headers": [], "from_addresses": []}]' WHERE key = 'smtp'`)
	l.exec(b, `DELETE FROM subscribers`)
	l.exec(b, `INSERT INTO subscribers (uuid, email, name)
		SELECT md5(i::text)::uuid, 'reader' || i || '@mail' || i % 500 || '.example.com', '' FROM generate_series(1, `+strconv.Itoa(n)+`) AS i`)
	l.exec(b, `INSERT INTO subscriber_lists (subscriber_id, list_id, status)
		SELECT id, (SELECT min(id) FROM lists WHERE optin = 'single'), 'confirmed' FROM subscribers`)
	l.exec(b, `INSERT INTO templates (name, type, subject, body) VALUES ('plain', 'campaign', '', '{{ template "content" . }}')`)
	l.exec(b, `ANALYZE`)
	l.cmd = program()
	if err := l.cmd.Start(); err != nil {
		b.Fatal(err)
	}
	return l
}

func (l *listmonk) exec(b *testing.B, statement string) {
	b.Helper()
	if _, err := l.db.Exec(b.Context(), statement); err != nil {
		b.Fatalf("%s: %v", statement, err)
	}
}

// send runs a campaign to all and returns the CPU time that this took, without
// PostgreSQL's.
func (l *listmonk) send(b *testing.B) time.Duration {
	b.Helper()
	text, html := thirty("{{ UnsubscribeURL }}")
	before := sinktest.CPU(l.cmd.Process.Pid)
	var id int
	if err := l.db.QueryRow(b.Context(), `INSERT INTO campaigns (uuid, name, subject, from_email, body, altbody, content_type, status, type, messenger, template_id)
		VALUES (gen_random_uuid(), 'bench', 'S', 'desk@paper.example', $1, $2, 'html', 'draft', 'regular', 'email', (SELECT max(id) FROM templates)) RETURNING id`,
		html, text).Scan(&id); err != nil {
		b.Fatal(err)
	}
	l.exec(b, `INSERT INTO campaign_lists (campaign_id, list_id) SELECT `+strconv.Itoa(id)+`, min(id) FROM lists WHERE optin = 'single'`)
	l.exec(b, `UPDATE campaigns SET status = 'running' WHERE id = `+strconv.Itoa(id))
	ctx, cancel := context.WithTimeout(b.Context(), 2*time.Minute)
	defer cancel()
	for {
		if got := l.sink.Look(b).Messages; got >= l.n {
			break
		}
		select {
		case <-ctx.Done():
			b.Fatalf("listmonk sent %d of %d in two minutes\n%s", l.sink.Look(b).Messages, l.n, l.log)
		case <-time.After(50 * time.Millisecond):
		}
	}
	used := sinktest.CPU(l.cmd.Process.Pid) - before
	for status := ""; status != "finished"; {
		if err := l.db.QueryRow(ctx, `SELECT status FROM campaigns WHERE id = $1`, id).Scan(&status); err != nil {
			b.Fatal(err)
		}
		time.Sleep(50 * time.Millisecond)
	}
	return used
}

func (l *listmonk) stop() {
	if l.cmd != nil {
		_ = l.cmd.Process.Kill()
		_ = l.cmd.Wait()
		l.cmd = nil
	}
	_ = l.db.Close(context.Background())
}
