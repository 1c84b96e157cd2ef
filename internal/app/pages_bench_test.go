package app_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptrace"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"broadsheet/internal/app"
	"broadsheet/internal/config"
	"broadsheet/internal/store"
	"broadsheet/mailer"
	"broadsheet/syndicate"
)

// What a paper has beside its articles when its pages are measured.
const (
	pagesSources     = 200
	pagesEditions    = 520 // ten years of a weekly digest
	pagesSubscribers = 10_000
	pagesLetters     = 200
)

// BenchmarkPages asks a running daemon on one core for its pages, each several
// hundred times, and gives the time to the first byte of an answer: the first
// ever, the one in the middle and the slowest of a hundred, with the bytes of
// the page as it is and compressed. cpu is the CPU time of the process for an
// answer and the asking, in the middle and at the slowest of a hundred: on a
// busy machine that says what the clock cannot. The store has START_ARTICLES articles of
// the last year (2,000; figures to compare with others are those of 100,000)
// of 200 sources, filed by the themes that come with Broadsheet, 520 editions
// and 10,000 subscribers. PAGES_DATABASE names a file that is to remain, PAGES
// the pages to ask for, by a part of their names.
func BenchmarkPages(b *testing.B) {
	runtime.GOMAXPROCS(1)
	defer runtime.GOMAXPROCS(runtime.NumCPU())
	p := openPages(b)
	for _, page := range p.list() {
		if !strings.Contains(page.name, os.Getenv("PAGES")) {
			continue
		}
		var first time.Duration
		b.Run(page.name, func(b *testing.B) {
			if first == 0 {
				first, _, _ = p.ask(b, page.path)
			}
			var took, cpu []time.Duration
			var body []byte
			for b.Loop() {
				began := cpuTime()
				t, _, got := p.ask(b, page.path)
				took, cpu, body = append(took, t), append(cpu, cpuTime()-began), got
			}
			slices.Sort(took)
			slices.Sort(cpu)
			ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(ms(first), "first-ms")
			b.ReportMetric(ms(took[len(took)/2]), "median-ms")
			b.ReportMetric(ms(took[len(took)*99/100]), "p99-ms")
			b.ReportMetric(ms(cpu[len(cpu)/2]), "cpu-ms")
			b.ReportMetric(ms(cpu[len(cpu)*99/100]), "cpu-p99-ms")
			b.ReportMetric(float64(len(body)), "B")
			b.ReportMetric(float64(zipped(body)), "gzip-B")
		})
	}
}

func zipped(body []byte) int {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(body)
	_ = w.Close()
	return b.Len()
}

// A pagesPaper is a running daemon with much in its store.
type pagesPaper struct {
	base, token    string
	client         *http.Client
	article, story string
	number         int
}

type benchPage struct{ name, path string }

// list returns the pages of every kind.
func (p *pagesPaper) list() []benchPage {
	q := func(path, query string) string { return path + "?q=" + url.QueryEscape(query) }
	return []benchPage{
		{"front", "/"},
		{"theme", "/themes/finance"},
		{"theme-page-9", "/themes/finance?page=9"},
		{"theme-page-300", "/themes/finance?page=300"},
		{"place", "/places/" + url.PathEscape("武汉")},
		{"article", "/articles/" + p.article},
		{"story", "/stories/" + p.story},
		{"search-empty", "/search"},
		{"search-rare", q("/search", rareWord)},
		{"search-common", q("/search", "银行")},
		{"search-common-en", q("/search", "bank")},
		{"search-best", q("/search", "银行 贷款") + "&sort=best"},
		{"search-phrase", q("/search", `"new terminal" OR 地铁 theme:infrastructure`)},
		{"search-none", q("/search", "龘靐齉爩")},
		{"search-bad", q("/search", "银行 OR")},
		{"feeds", "/feeds"},
		{"feed-all", "/feeds/all.rss"},
		{"feed-theme", "/feeds/finance.atom"},
		{"feed-search", "/feeds/search.json?q=" + url.QueryEscape("银行")},
		{"digests", "/digests"},
		{"digest", "/digests/weekly"},
		{"digest-last", "/digests/weekly?page=5"},
		{"edition", "/digests/weekly/" + strconv.Itoa(p.number)},
		{"subscribe", "/subscribe"},
		{"subscribe-query", q("/subscribe", "银行 OR bank")},
		{"preferences", "/preferences/" + p.token},
		{"unsubscribe", "/unsubscribe/" + p.token + "?digest=weekly"},
		{"contribute", "/contribute"},
		{"contact", "/contact"},
		{"apply", "/publishers/apply"},
		{"missing", "/articles/none"},
		{"admin-home", "/admin"},
		{"admin-sources", "/admin/sources"},
		{"admin-source", "/admin/sources/farm-1"},
		{"admin-articles", "/admin/articles"},
		{"admin-articles-query", q("/admin/articles", "银行")},
		{"admin-article", "/admin/articles/" + p.article},
		{"admin-inbox", "/admin/inbox/letters"},
		{"admin-letter", "/admin/inbox/1"},
		{"admin-themes", "/admin/themes"},
		{"admin-digests", "/admin/digests"},
		{"admin-digest", "/admin/digests/weekly"},
		{"admin-edition", "/admin/digests/weekly/" + strconv.Itoa(p.number)},
		{"admin-subscribers", "/admin/subscribers"},
		{"admin-subscribers-query", q("/admin/subscribers", "reader77")},
		{"admin-subscriber", "/admin/subscribers/1"},
		{"admin-config", "/admin/config"},
		{"admin-log", "/admin/log"},
	}
}

// rareWord stands in a few articles.
const rareWord = "临溯桥"

// ask asks for a page and returns how long its first byte took.
func (p *pagesPaper) ask(b testing.TB, path string) (first time.Duration, status int, body []byte) {
	b.Helper()
	var asked time.Time
	trace := &httptrace.ClientTrace{
		WroteRequest:         func(httptrace.WroteRequestInfo) { asked = time.Now() },
		GotFirstResponseByte: func() { first = time.Since(asked) },
	}
	r, err := http.NewRequestWithContext(httptrace.WithClientTrace(context.Background(), trace), http.MethodGet, p.base+path, nil)
	if err != nil {
		b.Fatal(err)
	}
	res, err := p.client.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer res.Body.Close()
	if body, err = io.ReadAll(res.Body); err != nil {
		b.Fatal(err)
	}
	if missing := path == "/articles/none" || strings.HasSuffix(path, "+OR"); (res.StatusCode == http.StatusOK) == missing {
		b.Fatalf("%s: %s\n%.500s", path, res.Status, body)
	}
	return first, res.StatusCode, body
}

// openPages fills a store and starts a daemon on it that serves pages alone.
func openPages(b *testing.B) *pagesPaper {
	b.Helper()
	articles := startArticles(b)
	path := os.Getenv("PAGES_DATABASE")
	if path == "" {
		path = filepath.Join(b.TempDir(), "pages.db")
	}
	file := filepath.Join("..", "..", "config.yaml")
	cfg, err := config.Load(file)
	if err != nil {
		b.Fatal(err)
	}
	cfg.Store.Database, cfg.Listen, cfg.Sources = "sqlite:"+path, "127.0.0.1:0", nil
	cfg.Mail.Directory = b.TempDir()
	for i := range pagesSources {
		cfg.Sources = append(cfg.Sources, syndicate.Source{
			Name: fmt.Sprint("farm-", i), Title: fmt.Sprintf("The Farm Gazette of Field %d 田野报", i), URL: fmt.Sprintf("https://farm.example/%d/feed.xml", i),
			Kind: syndicate.KindFeed, Every: time.Hour, Location: time.UTC,
		})
	}
	fillPages(b, cfg, articles)

	began := time.Now()
	started := make(chan string, 1)
	a, err := app.New(b.Context(), cfg, app.Options{
		Version: "bench", File: file, Roles: []app.Role{app.RoleWeb}, Started: started,
		Now: func() time.Time { return farmNow.Add(time.Since(began)) },
	})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	b.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			b.Error(err)
		}
		closePaper(b, a)
	})
	jar, err := cookiejar.New(nil)
	if err != nil {
		b.Fatal(err)
	}
	p := &pagesPaper{client: &http.Client{Jar: jar, Transport: &http.Transport{DisableCompression: true}}, token: app.TokenOf(a, 1)}
	p.base = "http://" + <-started
	p.look(b, cfg)
	link, err := a.SignInLink(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	_, token, _ := strings.Cut(link, "token=")
	res, err := p.client.Post(p.base+"/admin/sign-in", "application/x-www-form-urlencoded", strings.NewReader("token="+token))
	if err != nil {
		b.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, res.Body)
	res.Body.Close()
	return p
}

// look finds what pages are about.
func (p *pagesPaper) look(b *testing.B, cfg *config.Config) {
	b.Helper()
	s, err := store.Open(b.Context(), cfg.Store, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	newest, err := s.Articles(b.Context(), syndicate.Query{}, farmNow, 400, 0)
	if err != nil {
		b.Fatal(err)
	}
	told, err := s.Once(b.Context(), syndicate.Query{}, farmNow, newest)
	if err != nil {
		b.Fatal(err)
	}
	p.article = newest[0].Key
	for i := range told {
		if told[i].Story != nil && len(told[i].Story.Tellings) > 1 {
			p.story = told[i].Story.ID
		}
	}
	e, err := s.LastEdition(b.Context(), "weekly")
	if err != nil || p.story == "" {
		b.Fatalf("story %q, edition %v", p.story, err)
	}
	p.number = e.Number
}

// fillPages fills a store, unless it is full.
func fillPages(b *testing.B, cfg *config.Config, articles int) {
	b.Helper()
	a, err := app.New(b.Context(), cfg, app.Options{Version: "bench", Now: func() time.Time { return farmNow }})
	if err != nil {
		b.Fatal(err)
	}
	defer closePaper(b, a)
	s, err := store.Open(b.Context(), cfg.Store, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	if holds(b, s, articles) {
		return
	}
	fillYear(b, cfg, s, articles)
	if err := a.TellStories(b.Context()); err != nil {
		b.Fatal(err)
	}
	subs := make([]mailer.Subscriber, pagesSubscribers)
	for i := range subs {
		subs[i] = mailer.Subscriber{Email: fmt.Sprintf("reader%d@mail%d.example", i, i%50), Status: mailer.Active, Selection: mailer.Selection{Query: "银行 OR bank"}}
		subs[i].Digests = []string{"weekly"}
	}
	if _, err := s.SaveSubscribers(b.Context(), subs, true); err != nil {
		b.Fatal(err)
	}
	for i := range pagesLetters {
		sub := syndicate.Submission{
			Kind: syndicate.KindLetter, At: farmNow.Add(-time.Duration(i) * time.Hour), Address: "li@mail.example", Locale: "zh-Hans", Ticket: fmt.Sprint("letter ", i),
			Letter: &syndicate.Letter{Name: "老李", Subject: fmt.Sprint("关于大桥的来信 ", i), Text: strings.Repeat("大桥几时通车？", 40)},
		}
		if err := s.Submit(b.Context(), &sub, false); err != nil {
			b.Fatal(err)
		}
	}
	for i := range pagesEditions - 1 {
		at := farmNow.AddDate(0, 0, 7*(i-pagesEditions))
		e := mailer.Edition{
			Digest: "weekly", At: at, Since: at.AddDate(0, 0, -7), Until: at, Title: "一周产经", Language: "zh-Hans", Created: at,
			Subject: fmt.Sprintf("一周产经：银行贷款同比增长 %d.5%%，新码头开工，三条地铁线通车", i), HTML: "<html><body><p>旧刊</p></body></html>", Text: "旧刊",
		}
		if err := s.SaveEdition(b.Context(), &e, nil, time.Time{}); err != nil {
			b.Fatal(err)
		}
	}
	// The last one as it is: by the composer, with all its variants.
	if _, err := a.Send(b.Context(), "weekly", ""); err != nil {
		b.Fatal(err)
	}
}

// fillYear stores articles as if they had been collected over a year, in polls
// of 50, each 25th told by three sources.
func fillYear(b *testing.B, cfg *config.Config, s *store.Store, articles int) {
	b.Helper()
	classifier, err := cfg.Classifier()
	if err != nil {
		b.Fatal(err)
	}
	c := crop{base: "https://farm.example"}
	const poll = 50
	step := 365 * 24 * time.Hour / time.Duration(articles)
	for at := 0; at < articles; at += poll {
		source := cfg.Sources[at/poll%len(cfg.Sources)]
		as := make([]syndicate.Article, min(poll, articles-at))
		var last time.Time
		for i := range as {
			n := at + i
			seen := farmNow.Add(-time.Duration(articles-at-i) * step)
			if i < poll/25 && at%(3*poll) > 0 { // another source has told it
				n = at - at%(3*poll) + i
				seen = farmNow.Add(-time.Duration(articles-n)*step + time.Duration(at%(3*poll))*time.Minute)
			}
			chinese := n%4 != 0
			e := c.entry(n, 0, 1, chinese)
			key := syndicate.NewKey(source.Name, fmt.Sprint(e.id, " ", at+i))
			as[i] = syndicate.Article{
				Key: key, ID: syndicate.NewID(c.base, key), Source: source.Name, Hash: key, GUID: e.id, URL: e.link, Title: e.title, Summary: e.summary,
				Text: plainText(e.html), Content: e.html, Published: seen, FirstSeen: seen, Changed: seen, Language: map[bool]string{true: "zh-Hans", false: "en"}[chinese],
			}
			if (at+i)%(articles/7+1) == 3 {
				as[i].Title += rareWord
			}
			as[i].Analysis = classifier.Classify(&as[i], &source)
			last = seen
		}
		if _, _, err := s.Record(b.Context(), syndicate.Poll{Source: source.Name, NextAt: last.Add(time.Hour), LastAt: last, LastOKAt: last}, classifier.Fingerprint(), as); err != nil {
			b.Fatal(err)
		}
	}
}

// plainText returns a text without its tags, roughly.
func plainText(html string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(html, "<") {
		if _, text, ok := strings.Cut(part, ">"); ok {
			b.WriteString(text + " ")
		}
	}
	return b.String()
}
