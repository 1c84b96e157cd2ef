// Command benchhttp measures how fast a feed is served: by Broadsheet, by the
// smallest possible net/http handler with the same bytes in memory, and by
// nginx with the same bytes in a file. All three stand on loopback on this
// machine and take turns under wrk. It prints medians as a Markdown table.
//
// It needs a broadsheet binary, nginx and wrk; `make bench-http` sees to them.
package main

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

const feed = "/feeds/all.rss"

func main() {
	if len(os.Args) == 4 && os.Args[1] == "smallest" {
		fail(smallest(os.Args[2], os.Args[3]))
	}
	var b bench
	flag.StringVar(&b.binary, "broadsheet", "./broadsheet", "the program")
	flag.StringVar(&b.config, "config", "config.yaml", "its configuration; database and address are replaced")
	flag.IntVar(&b.rounds, "rounds", 5, "runs of each server and case")
	flag.DurationVar(&b.span, "span", 2*time.Second, "length of a run")
	flag.IntVar(&b.connections, "connections", 16, "at a time")
	flag.Parse()
	fail(b.run(context.Background()))
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "benchhttp:", err)
		os.Exit(1)
	}
}

// smallest serves the files of dir as nothing smaller could: the bytes are in
// memory, and so is everything else.
func smallest(addr, dir string) error {
	plain, err := os.ReadFile(filepath.Join(dir, "feed.rss"))
	if err != nil {
		return err
	}
	zipped, err := os.ReadFile(filepath.Join(dir, "feed.rss.gz"))
	if err != nil {
		return err
	}
	const etag = `"smallest"`
	return http.ListenAndServe(addr, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("ETag", etag)
		if r.Header.Get("If-None-Match") == etag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		body := plain
		if r.Header.Get("Accept-Encoding") == "gzip" {
			h.Set("Content-Encoding", "gzip")
			body = zipped
		}
		h.Set("Content-Type", "application/rss+xml; charset=utf-8")
		h.Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body)
	}))
}

type bench struct {
	binary, config      string
	rounds, connections int
	span                time.Duration
	dir                 string
	servers             []server
}

// A server is one of the three.
type server struct{ name, url, etag string }

// A run is what wrk says.
type run struct {
	perSecond float64
	p99       time.Duration
}

func (b *bench) run(ctx context.Context) (err error) {
	if b.dir, err = os.MkdirTemp("", "benchhttp"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	if err := os.Chmod(b.dir, 0o755); err != nil { // for nginx's workers
		return err
	}
	ctx, stop := context.WithTimeout(ctx, time.Minute+time.Duration(b.rounds*9+9)*(b.span+time.Second))
	defer stop()
	ports, err := freePorts(3)
	if err != nil {
		return err
	}
	addr := func(i int) string { return "127.0.0.1:" + strconv.Itoa(ports[i]) }
	if err := b.startBroadsheet(ctx, addr(0)); err != nil {
		return err
	}
	b.servers = []server{{name: "smallest handler", url: "http://" + addr(1) + feed}, {name: "nginx", url: "http://" + addr(2) + "/feed.rss"}, {name: "Broadsheet", url: "http://" + addr(0) + feed}}
	size, err := b.saveFeed(ctx, b.servers[2].url)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if err := b.start(ctx, exec.CommandContext(ctx, self, "smallest", addr(1), b.dir)); err != nil {
		return err
	}
	if err := b.startNginx(ctx, addr(2)); err != nil {
		return err
	}
	for i := range b.servers {
		res, err := await(ctx, b.servers[i].url, nil)
		if err != nil {
			return err
		}
		b.servers[i].etag = res.Header.Get("ETag")
	}
	return b.measure(ctx, size)
}

// start runs a command until ctx ends, which is when it is killed.
func (b *bench) start(ctx context.Context, cmd *exec.Cmd) error {
	log, err := os.Create(filepath.Join(b.dir, filepath.Base(cmd.Path)+".log"))
	if err != nil {
		return err
	}
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		return err
	}
	context.AfterFunc(ctx, func() { _ = cmd.Wait() })
	return nil
}

func (b *bench) startBroadsheet(ctx context.Context, addr string) error {
	text, err := os.ReadFile(b.config)
	if err != nil {
		return err
	}
	folder, err := filepath.Abs(filepath.Dir(b.config))
	if err != nil {
		return err
	}
	for pattern, with := range map[string]string{
		`(?m)^listen: .*`:    "listen: " + addr,
		`(?m)^database: .*`:  "database: sqlite:" + filepath.Join(b.dir, "bench.db"),
		`url: file:examples`: "url: file:" + folder + "/examples",
	} {
		text = regexp.MustCompile(pattern).ReplaceAll(text, []byte(with))
	}
	config := filepath.Join(b.dir, "config.yaml")
	if err := os.WriteFile(config, text, 0o600); err != nil {
		return err
	}
	return b.start(ctx, exec.CommandContext(ctx, b.binary, "--config", config, "serve"))
}

func (b *bench) startNginx(ctx context.Context, addr string) error {
	config := filepath.Join(b.dir, "nginx.conf")
	text := fmt.Sprintf(`worker_processes auto;
daemon off;
pid %[1]s/nginx.pid;
error_log %[1]s/error.log;
events { worker_connections 1024; }
http {
	access_log off;
	sendfile on;
	tcp_nopush on;
	keepalive_requests 1000000000;
	open_file_cache max=100;
	types { application/rss+xml rss; }
	client_body_temp_path %[1]s/1; proxy_temp_path %[1]s/2; fastcgi_temp_path %[1]s/3; uwsgi_temp_path %[1]s/4; scgi_temp_path %[1]s/5;
	server { listen %[2]s; root %[1]s; gzip_static on; }
}
`, b.dir, addr)
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		return err
	}
	return b.start(ctx, exec.CommandContext(ctx, "nginx", "-c", config, "-e", filepath.Join(b.dir, "error.log")))
}

// saveFeed keeps the feed as the files of the other two, and returns its sizes.
func (b *bench) saveFeed(ctx context.Context, url string) (size [2]int, err error) {
	var seen []byte
	var since time.Time
	res, err := await(ctx, url, func(body []byte) bool { // until all sources are read
		if !bytes.Equal(body, seen) {
			seen, since = body, time.Now()
		}
		return bytes.Count(body, []byte("<item>")) > 10 && time.Since(since) > 3*time.Second
	})
	if err != nil {
		return size, err
	}
	var zipped bytes.Buffer
	w, err := gzip.NewWriterLevel(&zipped, 6)
	if err != nil {
		return size, err
	}
	if _, err := w.Write(res.body); err != nil {
		return size, err
	}
	if err := w.Close(); err != nil {
		return size, err
	}
	size = [2]int{len(res.body), zipped.Len()}
	return size, errors.Join(os.WriteFile(filepath.Join(b.dir, "feed.rss"), res.body, 0o644),
		os.WriteFile(filepath.Join(b.dir, "feed.rss.gz"), zipped.Bytes(), 0o644))
}

func (b *bench) measure(ctx context.Context, size [2]int) error {
	fmt.Printf("a feed of %d bytes, %d with gzip; %d connections, %d runs of %s each, taking turns\n\n", size[0], size[1], b.connections, b.rounds, b.span)
	fmt.Println("| what | server | requests/s | of the smallest handler | p99 | of nginx's |\n|---|---|---|---|---|---|")
	for _, what := range []string{"whole", "gzip", "304"} {
		runs := make([][]run, len(b.servers))
		for round := -1; round < b.rounds; round++ { // the first one warms up
			for i, s := range b.servers {
				r, err := b.wrk(ctx, s, what)
				if err != nil {
					return fmt.Errorf("%s, %s: %w", s.name, what, err)
				}
				if round >= 0 {
					runs[i] = append(runs[i], r)
				}
			}
		}
		for i, s := range b.servers {
			speed := median(runs[i], func(n int) float64 { return runs[i][n].perSecond })
			ratio := median(runs[i], func(n int) float64 { return runs[i][n].perSecond / runs[0][n].perSecond })
			p99 := median(runs[i], func(n int) float64 { return float64(runs[i][n].p99) })
			slower := median(runs[i], func(n int) float64 { return float64(runs[i][n].p99) / float64(runs[1][n].p99) })
			fmt.Printf("| %s | %s | %.0f | %.2f | %s | %.2f |\n", what, s.name, speed, ratio, time.Duration(p99).Round(10*time.Microsecond), slower)
		}
	}
	return nil
}

func median(runs []run, of func(n int) float64) float64 {
	var all []float64
	for n := range runs {
		all = append(all, of(n))
	}
	slices.Sort(all)
	return all[len(all)/2]
}

var (
	rateLine = regexp.MustCompile(`Requests/sec:\s+([0-9.]+)`)
	p99Line  = regexp.MustCompile(`(?m)^\s+99%\s+([0-9.]+)(us|ms|s)$`)
	badLines = regexp.MustCompile(`Socket errors.*|Non-2xx or 3xx responses.*`)
)

// unchanged holds that a server still has what its etag stands for.
func unchanged(ctx context.Context, s server) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url, nil)
	if err != nil {
		return err
	}
	req.Header.Set("If-None-Match", s.etag)
	req.Header.Set("Accept-Encoding", "identity") // the ETag's
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusNotModified {
		return fmt.Errorf("%s: %s to the ETag that it had before the runs", s.name, res.Status)
	}
	return nil
}

// wrk has wrk ask one server.
func (b *bench) wrk(ctx context.Context, s server, what string) (run, error) {
	args := []string{"-t1", "-c" + strconv.Itoa(b.connections), "-d" + strconv.Itoa(int(b.span.Seconds())) + "s", "--latency"}
	switch what {
	case "gzip":
		args = append(args, "-H", "Accept-Encoding: gzip")
	case "304":
		args = append(args, "-H", "If-None-Match: "+s.etag)
		if err := unchanged(ctx, s); err != nil {
			return run{}, err
		}
	}
	out, err := exec.CommandContext(ctx, "wrk", append(args, s.url)...).CombinedOutput()
	rate, p99 := rateLine.FindSubmatch(out), p99Line.FindSubmatch(out)
	if bad := badLines.Find(out); err != nil || rate == nil || p99 == nil || bad != nil {
		return run{}, cmp.Or(err, fmt.Errorf("wrk says: %s", out))
	}
	var r run
	if r.perSecond, err = strconv.ParseFloat(string(rate[1]), 64); err != nil {
		return r, err
	}
	r.p99, err = time.ParseDuration(strings.Join([]string{string(p99[1]), string(p99[2])}, ""))
	return r, err
}

type answer struct {
	*http.Response
	body []byte
}

// await asks until there is a good answer.
func await(ctx context.Context, url string, good func(body []byte) bool) (answer, error) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	var last error
	for range 300 {
		select {
		case <-ctx.Done():
			return answer{}, ctx.Err()
		case <-tick.C:
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return answer{}, err
		}
		req.Header.Set("Accept-Encoding", "identity")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			last = err
			continue
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err == nil && res.StatusCode == http.StatusOK && (good == nil || good(body)) {
			return answer{res, body}, nil
		}
		last = fmt.Errorf("status %d, %d bytes, %w", res.StatusCode, len(body), err)
	}
	return answer{}, fmt.Errorf("%s does not answer: %w", url, last)
}

func freePorts(n int) (ports []int, err error) {
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}
