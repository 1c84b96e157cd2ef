package submit_test

import (
	"cmp"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	gomail "github.com/wneessen/go-mail"

	"broadsheet/mailer"
	"broadsheet/mailer/submit"
	"broadsheet/mailer/submit/sinktest"
)

// A mailing is what the contenders send: a digest of 30 KB to many readers.
type mailing struct {
	addr        string
	messages    int
	connections int
}

// A contender sends a mailing and returns the CPU time that it took, not
// counting the sink's.
type contender struct {
	name string
	send func(*testing.B, mailing) time.Duration
}

// What others are compared with.
const (
	postfix = "smtp-source"
	goMails = "go-mail"
	alone   = "RSA-2048 signatures alone"
)

// BenchmarkMail has senders take turns with one sink on loopback and prints
// what they did as Markdown tables; `make bench-mail` gives it Postfix's
// smtp-source and enough messages to say something.
//
//	MAIL_MESSAGES  a run, 500 otherwise
//	MAIL_ROUNDS    of all contenders, 1 otherwise
//	SMTP_SOURCE    Postfix's smtp-source; without it there is no such row
func BenchmarkMail(b *testing.B) {
	number := func(name string, otherwise int) int {
		n, err := strconv.Atoi(os.Getenv(name))
		if err != nil {
			return otherwise
		}
		return n
	}
	messages, rounds := number("MAIL_MESSAGES", 500), number("MAIL_ROUNDS", 1)
	if _, err := signingKey(); err != nil {
		b.Fatal(err)
	}
	near := sinktest.Start(b)
	far := distant(b, near.Addr, 20*time.Millisecond)
	rsaKey, edKey := writeKey(b, "rsa-pkcs8"), writeKey(b, "ed25519")
	lean := contender{"go-mail, without NOOP and RSET", func(b *testing.B, m mailing) time.Duration {
		return goMail(b, m, gomail.WithoutNoop(), gomail.WithoutRset())
	}}
	plain := contender{goMails, func(b *testing.B, m mailing) time.Duration { return goMail(b, m) }}
	unsigned := contender{"**Broadsheet**, unsigned", func(b *testing.B, m mailing) time.Duration { return broadsheet(b, m) }}
	signed := contender{"**Broadsheet**, RSA-2048", func(b *testing.B, m mailing) time.Duration { return broadsheet(b, m, rsaKey) }}
	contenders := []contender{{alone, signaturesAlone}, plain, lean, unsigned, signed, {"**Broadsheet**, Ed25519", func(b *testing.B, m mailing) time.Duration { return broadsheet(b, m, edKey) }}}
	if path := os.Getenv("SMTP_SOURCE"); path != "" {
		contenders = slices.Insert(contenders, 0, contender{postfix, func(b *testing.B, m mailing) time.Duration { return smtpSource(b, path, m) }})
	}
	for b.Loop() {
		fmt.Printf("\n%d mails of 30 KB a run, %d rounds, medians; %s\n\n", messages, rounds, load())
		fmt.Println(head)
		for _, connections := range []int{1, 4, 8} {
			table(b, near, contenders, mailing{near.Addr, messages, connections}, rounds)
		}
		fmt.Println("\nAt a round trip of 20 ms:\n\n" + head)
		for _, connections := range []int{1, 4} {
			table(b, near, contenders, mailing{far, min(max(messages/100, 20), 100) * connections, connections}, min(rounds, 3))
		}
		fmt.Println("\n" + load())
	}
}

const head = "| sender | connections | messages/s | of smtp-source | of go-mail | CPU a message | of the signatures alone |\n|---|---|---|---|---|---|---|"

// table prints the medians of what the contenders do with a mailing.
func table(b *testing.B, s *sinktest.Process, contenders []contender, m mailing, rounds int) {
	b.Helper()
	speed, cpu := make([][]float64, len(contenders)), make([][]float64, len(contenders))
	ratios := func(of [][]float64, i int, name string) string {
		j := slices.IndexFunc(contenders, func(c contender) bool { return c.name == name })
		if j < 0 {
			return "–"
		}
		rs := make([]float64, rounds)
		for k := range rs {
			rs[k] = of[i][k] / of[j][k]
		}
		return fmt.Sprintf("%.2f", median(rs))
	}
	for range rounds {
		for i, c := range contenders {
			s.Take(b)
			start := time.Now()
			used := c.send(b, m)
			elapsed := time.Since(start)
			got := s.Take(b)
			if once := got.Once; c.name != alone && (got.Messages != m.messages || once != m.messages && c.name != postfix) {
				b.Fatalf("%s: %d messages to %d recipients once and %d more often, want %d", c.name, got.Messages, once, got.More, m.messages)
			}
			speed[i] = append(speed[i], float64(m.messages)/elapsed.Seconds())
			cpu[i] = append(cpu[i], used.Seconds()/float64(m.messages)*1e6)
		}
	}
	for i, c := range contenders {
		fmt.Printf("| %s | %d | %.0f | %s | %s | %.0f µs | %s |\n", c.name, m.connections, median(speed[i]),
			ratios(speed, i, postfix), ratios(speed, i, goMails), median(cpu[i]), ratios(cpu, i, alone))
	}
}

func median(xs []float64) float64 {
	xs = slices.Sorted(slices.Values(xs))
	return (xs[(len(xs)-1)/2] + xs[len(xs)/2]) / 2
}

// load tells how busy the machine is.
func load() string {
	data, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return fmt.Sprintf("%d cores", runtime.NumCPU())
	}
	return fmt.Sprintf("%d cores, load %s", runtime.NumCPU(), strings.Join(strings.Fields(string(data))[:3], " "))
}

// cpuTime returns what this process has used.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func smtpSource(b *testing.B, path string, m mailing) time.Duration {
	b.Helper()
	out, cmd := new(strings.Builder), exec.CommandContext(b.Context(), path, "-d", "-s", strconv.Itoa(m.connections),
		"-m", strconv.Itoa(m.messages), "-l", "30720", "-f", "digest@news.example.com", "-t", "reader@example.org", m.addr)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		b.Fatalf("smtp-source: %v\n%s", err, out)
	}
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
}

// thirty is a digest of 30 KB, Chinese and English, with a token in the text
// and two in the HTML.
func thirty() *mailer.Body {
	line := "<p style=\"margin:0\">码头二期投产，年吞吐能力达到八十万标箱。 The second berth is open.</p>\n"
	link := "https://news.example.com/unsubscribe/" + mailer.TokenMark + "?digest=weekly\n"
	return &mailer.Body{
		Subject: "一周产经 11月23日：金融3 产业5 基础设施2", Language: "zh-Hans",
		Text: strings.Repeat("码头二期投产，年吞吐能力达到八十万标箱。\n", 100) + link,
		HTML: strings.Repeat(line, 215) + "<a href=\"" + link + "\">1</a><a href=\"" + link + "\">2</a>\n",
	}
}

// editionOf returns the sender and the edition that a body is of.
func editionOf(b *mailer.Body) (mailer.Sender, *mailer.Edition) {
	sender := mailer.Sender{
		From: "江城产经 <digest@news.example.com>", Contact: "editor@example.com", SiteURL: "https://news.example.com",
		Domain: "bounce.news.example.com", Secret: []byte("a secret of the site"),
	}
	return sender, &mailer.Edition{
		ID: 1, Number: 1, Digest: "weekly", Title: "一周产经", HTML: b.HTML, Text: b.Text, Subject: b.Subject, Language: b.Language,
		Created: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC),
	}
}

// delivery returns the i-th one.
func delivery(i int) mailer.Delivery {
	to := "reader" + strconv.Itoa(i) + "@example.org"
	return mailer.Delivery{ID: int64(i + 1), To: to, Recipient: int64(i + 1), MessageID: "edition.reader" + strconv.Itoa(i) + "@news.example.com"}
}

func broadsheet(b *testing.B, m mailing, keys ...key) time.Duration {
	b.Helper()
	c := submit.Default()
	host, port, err := net.SplitHostPort(m.addr)
	if err != nil {
		b.Fatal(err)
	}
	c.Transport, c.SMTP.TLS, c.SMTP.Host, c.SMTP.Connections = submit.SMTPTransport, submit.NoTLS, host, m.connections
	if c.SMTP.Port, err = strconv.Atoi(port); err != nil {
		b.Fatal(err)
	}
	for i, k := range keys {
		c.DKIM = append(c.DKIM, submit.DKIM{Domain: "news.example.com", Selector: fmt.Sprint("s", i), KeyFile: k.file})
	}
	tr := open(b, c)
	defer tr.Close()
	body := thirty()
	sender, edition := editionOf(body)
	before := cpuTime()
	q := &countdown{left: m.messages, make: func(i int) mailer.Message { return sender.Message(edition, body, delivery(i)) }}
	var wg sync.WaitGroup
	for range m.connections {
		wg.Go(func() {
			if err := tr.Work(b.Context(), q); err != nil {
				b.Error(err)
			}
		})
	}
	wg.Wait()
	if q.failed != nil {
		b.Error(q.failed)
	}
	return cpuTime() - before
}

// A countdown is a queue of as many messages as are left.
type countdown struct {
	mu     sync.Mutex
	left   int
	make   func(int) mailer.Message
	failed error
}

func (q *countdown) Next(context.Context) (mailer.Message, bool) {
	q.mu.Lock()
	if q.left == 0 {
		q.mu.Unlock()
		return mailer.Message{}, false
	}
	q.left--
	i := q.left
	q.mu.Unlock()
	return q.make(i), true
}

func (q *countdown) Begin(context.Context, *mailer.Message) error { return nil }

func (q *countdown) End(_ context.Context, _ *mailer.Message, _ string, err error) error {
	if err != nil {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.failed = cmp.Or(q.failed, err)
	}
	return nil
}

// goMail sends as one is told to: one connection a goroutine, kept open; the
// body made once, as it is, but for the token.
func goMail(b *testing.B, m mailing, opts ...gomail.Option) time.Duration {
	b.Helper()
	host, port, err := net.SplitHostPort(m.addr)
	if err != nil {
		b.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		b.Fatal(err)
	}
	opts = append(opts, gomail.WithPort(n), gomail.WithTLSPolicy(gomail.NoTLS))
	body := thirty()
	sender, edition := editionOf(body)
	before := cpuTime()
	q := &countdown{left: m.messages, make: func(i int) mailer.Message { return sender.Message(edition, body, delivery(i)) }}
	var wg sync.WaitGroup
	for range m.connections {
		wg.Go(func() {
			if err := goMailConnection(b.Context(), q, host, opts); err != nil {
				b.Error(err)
			}
		})
	}
	wg.Wait()
	return cpuTime() - before
}

func goMailConnection(ctx context.Context, q *countdown, host string, opts []gomail.Option) error {
	client, err := gomail.NewClient(host, opts...)
	if err != nil {
		return err
	}
	session, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return err
	}
	for {
		m, ok := q.Next(ctx)
		if !ok {
			return client.CloseWithSMTPClient(session)
		}
		msg := gomail.NewMsg(gomail.WithEncoding(gomail.NoEncoding), gomail.WithNoDefaultUserAgent())
		if err := cmp.Or(msg.From(m.From), msg.To(m.To), msg.EnvelopeFrom(m.Envelope)); err != nil {
			return err
		}
		msg.Subject(m.Subject)
		msg.SetDateWithValue(m.Date)
		msg.SetMessageIDWithValue(m.ID)
		for _, h := range m.Headers {
			msg.SetGenHeaderPreformatted(gomail.Header(h.Name), h.Value)
		}
		msg.SetBodyString(gomail.TypeTextPlain, strings.ReplaceAll(m.Text, mailer.TokenMark, m.Token))
		msg.AddAlternativeString(gomail.TypeTextHTML, strings.ReplaceAll(m.HTML, mailer.TokenMark, m.Token))
		if err := session.UpdateDeadline(time.Minute); err != nil {
			return err
		}
		if err := client.SendWithSMTPClient(session, msg); err != nil {
			return err
		}
	}
}

// signingKey is that of signaturesAlone. Making one takes a while, which is not
// measured.
var signingKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// signaturesAlone makes a signature for each message, on all cores.
func signaturesAlone(b *testing.B, m mailing) time.Duration {
	b.Helper()
	k, err := signingKey()
	if err != nil {
		b.Fatal(err)
	}
	before := cpuTime()
	var left atomic.Int64
	left.Store(int64(m.messages))
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := left.Add(-1); i >= 0; i = left.Add(-1) {
				sum := sha256.Sum256([]byte(strconv.FormatInt(i, 10)))
				if _, err := k.Sign(rand.Reader, sum[:], crypto.SHA256); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
	return cpuTime() - before
}
