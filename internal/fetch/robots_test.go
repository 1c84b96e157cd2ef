package fetch_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"broadsheet/internal/fetch"
)

func TestRobotsRules(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		robots  string
		allowed string // targets, separated by spaces
		refused string
	}{
		"nothing":                           {"", "/ /a?b=c", ""},
		"a page instead":                    {"<!DOCTYPE html><title>Welcome</title><p>user: agent</p>", "/ /news", ""},
		"everything":                        {"User-agent: *\nDisallow: /", "", "/ /a /?a"},
		"for others":                        {"User-agent: otherbot\nDisallow: /", "/", ""},
		"for us by name, in any case":       {"User-agent: BROADSHEET\nDisallow: /a", "/b", "/a /a/b"},
		"for us by name and version":        {"User-agent: Broadsheet/1.0\nDisallow: /a", "/b", "/a"},
		"a longer name is another's":        {"User-agent: broadsheet-images\nDisallow: /", "/", ""},
		"our own group replaces all others": {"User-agent: *\nDisallow: /\n\nUser-agent: broadsheet\nDisallow: /a", "/b", "/a"},
		"our own group without rules":       {"User-agent: *\nDisallow: /\n\nUser-agent: broadsheet\nCrawl-delay: 5", "/", ""},
		"our own empty group":               {"User-agent: broadsheet\nDisallow:\n\nUser-agent: *\nDisallow: /", "/", ""},
		"two groups of ours count as one":   {"User-agent: broadsheet\nDisallow: /a\nUser-agent: *\nDisallow: /\nUser-agent: broadsheet\nDisallow: /b", "/c", "/a /b"},
		"rules before any group":            {"Disallow: /\nUser-agent: *\nAllow: /", "/a", ""},
		"line ends of all systems":          {"User-agent: *\rDisallow: /a\r\nDisallow: /b\n", "/c", "/a /b"},
		"byte order mark, spaces, remarks":  {"\ufeff  User-agent :\t* # all\n Disallow : /a # this", "/b", "/a"},
		"the longest decides":               {"User-agent: *\nAllow: /a/b\nDisallow: /a\nDisallow: /a/b/c", "/a/b /a/b/d /b", "/a /a/c /a/b/c"},
		"as long, the kind one":             {"User-agent: *\nDisallow: /a\nAllow: /a", "/a", ""},
		"stars":                             {"User-agent: *\nDisallow: /*/private/*.html\nDisallow: *?print", "/private/a.html /x/private/a.htm", "/x/private/a.html /x/y/private/b/c.html5 /a?print=1"},
		"to the end":                        {"User-agent: *\nDisallow: /*.php$\nDisallow: /a$", "/a/ /a.php5 /a.php?x", "/a.php /b/a.php /a"},
		"a dollar elsewhere":                {"User-agent: *\nDisallow: /a$b", "/a /ab", "/a$b"},
		"a star and the end":                {"User-agent: *\nDisallow: /a*b*b$", "/ab /acb", "/abb /axbyb"},
		"Chinese":                           {"User-agent: *\nDisallow: /新闻/", "/%E6%96%B0", "/%E6%96%B0%E9%97%BB/1"},
		"digits of either case":             {"User-agent: *\nDisallow: /%e6%96%b0", "/", "/%E6%96%B0"},
		"forbidden in any spelling":         {"User-agent: *\nDisallow: /%61bc\nDisallow: /xyz", "/%62", "/abc /%61bc /%78yz"},
		"no colon":                          {"User-agent *\nDisallow /a", "/b", "/a"},
		"words that are no rule":            {"User-agent: *\nSitemap: /x\nDisallow the lot please\nHost: a\nDisallow: /a", "/x", "/a"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := fetch.ParseRobots([]byte(tt.robots), "broadsheet")
			for targets, want := range map[string]bool{tt.allowed: true, tt.refused: false} {
				for _, target := range strings.Fields(targets) {
					if got, rule := r.Allowed(target); got != want {
						t.Errorf("%s: allowed %v by %q", target, got, rule)
					}
				}
			}
		})
	}
}

func TestRobotsReadsHalfAMegabyte(t *testing.T) {
	t.Parallel()
	filler := strings.Repeat("# nothing to see here\n", 500<<10/22-10)
	within := "User-agent: *\nDisallow: /in\n" + filler + "Disallow: /late\n"
	past := within + filler + "Disallow: /past\n"
	for target, want := range map[string]bool{"/in": false, "/late": false, "/past": true} {
		if got, _ := fetch.ParseRobots([]byte(past), "broadsheet").Allowed(target); got != want {
			t.Errorf("%s: allowed %v, want %v", target, got, want)
		}
	}
}

// TestRobotsCorpus runs the cases of the reference parser's tests. Those it
// calls its own, beyond the standard, are counted and not held against us.
func TestRobotsCorpus(t *testing.T) {
	t.Parallel()
	path := filepath.Join("..", "..", "..", "shared", "corpus", "feeds", "robots-cases.json")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Skip(path + " is not here")
	}
	var cases []struct {
		Test, Robots, Agent, URL string
		Allowed                  bool
	}
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	var standard, passed, beyond int
	for i, c := range cases {
		target := "/"
		if _, rest, ok := strings.Cut(c.URL, "://"); ok {
			if i := strings.IndexByte(rest, '/'); i >= 0 {
				target = rest[i:]
			}
		}
		got, rule := fetch.ParseRobots([]byte(c.Robots), c.Agent).Allowed(target)
		ok := got == c.Allowed
		switch {
		case strings.HasPrefix(c.Test, "ID_"):
			standard++
			if !ok {
				t.Errorf("case %d, %s: %s for %s: allowed %v by %q\n%s", i, c.Test, c.URL, c.Agent, got, rule, c.Robots)
			}
		case ok:
			passed++
			fallthrough
		default:
			beyond++
		}
	}
	t.Logf("%d cases of the standard, and %d of %d beyond it", standard, passed, beyond)
}

// A library is a server that counts what it is asked for.
type library struct {
	mu    sync.Mutex
	asked []string
}

func (l *library) serve(t *testing.T, robots http.HandlerFunc) string {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		l.mu.Lock()
		l.asked = append(l.asked, r.URL.Path)
		l.mu.Unlock()
		switch r.URL.Path {
		case "/robots.txt":
			if v := r.Header.Get("If-None-Match"); v != "" {
				t.Errorf("robots.txt was asked for with the page's validator %s", v)
			}
			robots(w, r)
		case "/moved":
			http.Redirect(w, r, "/private/page", http.StatusFound)
		default:
			_, _ = io.WriteString(w, "a page")
		}
	})
	return s.URL
}

func (l *library) took() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := strings.Join(l.asked, " ")
	l.asked = nil
	return s
}

func TestPagesAreFetchedWithLeave(t *testing.T) {
	t.Parallel()
	answer := func(code int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(code)
			_, _ = io.WriteString(w, body)
		}
	}
	const rules = "User-agent: *\nDisallow: /private\n"
	forbidden := `the publisher's robots.txt forbids programs this page (disallow: /private); ask the publisher, or use a feed of theirs`
	trouble := func(code int) string {
		return fmt.Sprintf("pages are fetched only with leave, and robots.txt cannot be had: the server is in trouble (status %d); nothing to do but wait", code)
	}
	tests := map[string]struct {
		robots    http.HandlerFunc
		path, err string
		asked     string
	}{
		"allowed":                 {answer(200, rules), "/page", "", "/robots.txt /page"},
		"forbidden":               {answer(200, rules), "/private/page", forbidden, "/robots.txt"},
		"forbidden behind a move": {answer(200, rules), "/moved", forbidden, "/robots.txt /moved"},
		"none":                    {answer(404, rules), "/private/page", "", "/robots.txt /private/page"},
		"not for us":              {answer(403, rules), "/private/page", "", "/robots.txt /private/page"},
		"trouble":                 {answer(500, ""), "/page", trouble(500), "/robots.txt"},
		"overload":                {answer(503, ""), "/page", trouble(503), "/robots.txt"},
		"too many requests":       {answer(429, ""), "/page", trouble(429), "/robots.txt"},
		"long": {
			func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, rules)
				for { // it never ends, and need not
					if _, err := io.WriteString(w, strings.Repeat("# more\n", 1000)); err != nil {
						return
					}
				}
			}, "/private/page", forbidden, "/robots.txt",
		},
		"round and round": {
			func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "/robots.txt", http.StatusFound)
			}, "/private/page", "", "/robots.txt /robots.txt /robots.txt /robots.txt /robots.txt /robots.txt /private/page",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var l library
			url := l.serve(t, tt.robots)
			_, err := client(t, nil).Get(t.Context(), fetch.Request{URL: url + tt.path, ETag: `"v"`, Robots: true})
			if tt.err == "" && err != nil || tt.err != "" && (err == nil || !strings.HasSuffix(err.Error(), ": "+tt.err)) {
				t.Errorf("error %v, want %q", err, tt.err)
			}
			if got := l.took(); got != tt.asked {
				t.Errorf("asked for %s, want %s", got, tt.asked)
			}
		})
	}
}

func TestFeedsNeedNoLeave(t *testing.T) {
	t.Parallel()
	var l library
	url := l.serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "User-agent: *\nDisallow: /") })
	if _, err := client(t, nil).Get(t.Context(), fetch.Request{URL: url + "/feed"}); err != nil {
		t.Error(err)
	}
	if got := l.took(); got != "/feed" {
		t.Errorf("asked for %s", got)
	}
}

func TestRobotsIsKeptADay(t *testing.T) {
	t.Parallel()
	var l library
	code := 200
	url := l.serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) })
	now := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	c := client(t, func(cfg *fetch.Config) { cfg.Now = func() time.Time { return now } })
	steps := []struct {
		name  string
		after time.Duration
		code  int
		want  string
	}{
		{"first", 0, 200, "/robots.txt /page"},
		{"soon after", time.Minute, 200, "/page"},
		{"nearly a day later", 24*time.Hour - 2*time.Minute, 200, "/page"},
		{"a day later, in trouble", time.Minute, 500, "/robots.txt"},
		{"still, and not asked again at once", 14 * time.Minute, 200, ""},
		{"well again", time.Minute, 200, "/robots.txt /page"},
	}
	for _, s := range steps {
		now, code = now.Add(s.after), s.code
		_, err := c.Get(t.Context(), fetch.Request{URL: url + "/page", Robots: true})
		if got := l.took(); got != s.want || (err == nil) != strings.HasSuffix(s.want, "/page") {
			t.Errorf("%s: asked for %q, want %q (%v)", s.name, got, s.want, err)
		}
	}
}

func TestRobotsIsAskedOnceForManyPages(t *testing.T) {
	t.Parallel()
	var l library
	url := l.serve(t, func(http.ResponseWriter, *http.Request) {})
	c := client(t, nil)
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			if _, err := c.Get(t.Context(), fetch.Request{URL: fmt.Sprint(url, "/", i), Robots: true}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := strings.Count(l.took(), "/robots.txt"); n != 1 {
		t.Errorf("robots.txt was fetched %d times", n)
	}
}

func TestRobotsOfManyHostsAreForgotten(t *testing.T) {
	t.Parallel()
	var l library
	listener, err := net.Listen("tcp4", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &httptest.Server{Listener: listener, Config: &http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.asked = append(l.asked, r.URL.Path)
	})}}
	s.Start()
	defer s.Close()
	now := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	c := client(t, func(cfg *fetch.Config) { cfg.Now = func() time.Time { return now } })
	get := func(host int) string {
		now = now.Add(time.Second)
		address := fmt.Sprintf("http://127.1.%d.%d:%d/page", host/250, host%250+1, listener.Addr().(*net.TCPAddr).Port)
		if _, err := c.Get(t.Context(), fetch.Request{URL: address, Robots: true}); err != nil {
			t.Fatal(err)
		}
		return l.took()
	}
	for host := range 1025 {
		get(host)
	}
	if got := get(1024); got != "/page" {
		t.Errorf("the last host: asked for %s", got)
	}
	if got := get(0); got != "/robots.txt /page" {
		t.Errorf("the first host: asked for %s", got)
	}
}

func TestUnreachableRobotsForbidsAll(t *testing.T) {
	t.Parallel()
	_, err := client(t, nil).Get(t.Context(), fetch.Request{URL: "http://127.0.0.1:1/page", Robots: true})
	wantError(t, err, "http://127.0.0.1:1/page", "pages are fetched only with leave, and robots.txt cannot be had: the server refuses connections; check the address and the port")
}

func FuzzRobots(f *testing.F) {
	f.Add("User-agent: *\nDisallow: /a*b$\n", "/a/b")
	f.Add("user-agent broadsheet\ndisallow /%61\n", "/%61?x")
	f.Add("\ufeff\r\r:\n#\nallow:*$*$", "")
	f.Fuzz(func(t *testing.T, robots, target string) {
		ok, rule := fetch.ParseRobots([]byte(robots), "broadsheet").Allowed(target)
		if !ok && !strings.HasPrefix(rule, "disallow: ") {
			t.Errorf("forbidden by %q", rule)
		}
		if ok, _ := fetch.ParseRobots([]byte("User-agent: *\nDisallow: /\nUser-agent: broadsheet\nAllow: /\n"+"#"+strings.NewReplacer("\n", "", "\r", "").Replace(robots)), "broadsheet").Allowed("/" + target); !ok {
			t.Error("a remark forbids")
		}
	})
}
