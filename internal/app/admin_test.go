package app_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"broadsheet/internal/app"
)

// An operator is a browser on the admin pages.
type operator struct {
	t    *testing.T
	d    *daemon
	http http.Client
}

func newOperator(t *testing.T, d *daemon) *operator {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &operator{t: t, d: d, http: http.Client{Jar: jar}}
}

// open asks for a page and returns where it led and what it says.
func (o *operator) open(path string) (at, page string) {
	o.t.Helper()
	return o.ask(http.MethodGet, path, nil)
}

func (o *operator) send(path string, form url.Values) (at, page string) {
	o.t.Helper()
	return o.ask(http.MethodPost, path, form)
}

func (o *operator) ask(method, path string, form url.Values) (at, page string) {
	o.t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, o.d.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		o.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.AddCookie(&http.Cookie{Name: "lang", Value: "en"})
	res, err := o.http.Do(r)
	if err != nil {
		o.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		o.t.Fatal(err)
	}
	return res.Request.URL.RequestURI(), string(body)
}

const wireFeed = `<rss version="2.0"><channel><title>W</title><item><guid>1</guid><title>贷款增加</title></item></channel></rss>`

func TestOperatorAtWork(t *testing.T) {
	o := newOrigin(t)
	o.Serve("/wire.rss", wireFeed)
	file, write := smallPaper(t, "127.0.0.1:0", "贷款", o.URL+"/wire.rss")
	c := &clock{now: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)}
	d := start(t, load(t, file), c, file)
	op := newOperator(t, d)
	if at, _ := op.open("/admin/sources"); at != "/admin/sign-in?next=%2Fadmin%2Fsources" {
		t.Fatalf("before signing in: at %s", at)
	}
	token := regexp.MustCompile(`sign-in\?token=(\S+)`).FindStringSubmatch(d.out.String())
	if token == nil {
		t.Fatalf("no link was printed:\n%s", d.out)
	}
	if at, page := op.send("/admin/sign-in", url.Values{"token": {token[1]}}); at != "/admin" || !strings.Contains(page, "Nothing. All is well.") {
		t.Fatalf("signed in: at %s:\n%s", at, page)
	}

	// A correction by form counts in the feed at once, and so does its end.
	found, err := d.app.Search(t.Context(), "", false, 1)
	if err != nil || len(found.Articles) != 1 {
		t.Fatalf("%d articles, %v", len(found.Articles), err)
	}
	article, feed := "/admin/articles/"+found.Articles[0].Key, "/feeds/finance.atom"
	inFeed := func(want bool) {
		t.Helper()
		await(t, "the feed", func() bool { // it is kept for a second
			_, _, body := d.get(feed)
			return strings.Contains(body, "贷款增加") == want
		})
	}
	inFeed(true)
	if at, page := op.send(article+"/refile", nil); at != article+"?done=refile" || !strings.Contains(page, "taken out by an editor") {
		t.Errorf("refiled: at %s:\n%s", at, page)
	}
	inFeed(false)
	if at, _ := op.send(article+"/undo", nil); at != article+"?done=undo" {
		t.Errorf("taken back: at %s", at)
	}
	inFeed(true)

	// Polled a moment ago, the source is left alone; later it is asked.
	if at, _ := op.send("/admin/sources/wire/poll", nil); at != "/admin/sources/wire?done=wait" {
		t.Errorf("polled at once: at %s", at)
	}
	c.Set(c.Now().Add(10 * time.Minute))
	o.Serve("/wire.rss", strings.Replace(wireFeed, "</channel>", "<item><guid>2</guid><title>贷款减少</title></item></channel>", 1))
	if at, _ := op.send("/admin/sources/wire/poll", nil); at != "/admin/sources/wire?done=poll" {
		t.Errorf("polled: at %s", at)
	}
	await(t, "the second article", func() bool {
		found, err := d.app.Search(t.Context(), "减少", false, 1)
		return err == nil && len(found.Articles) == 1
	})
	if _, page := op.open("/admin/sources/wire"); !strings.Contains(page, "2 articles in it, 1 new") || !strings.Contains(page, "2 stored") {
		t.Errorf("the source's page:\n%s", page)
	}
	if _, page := op.open("/admin/themes?diff=30"); !strings.Contains(page, "Of 2 articles of the last 30 days, 0 would be filed otherwise.") {
		t.Errorf("the comparison:\n%s", page)
	}
	if at, _ := op.send(article+"/forget", url.Values{"sure": {"yes"}}); at != "/admin/articles?done=forget" {
		t.Errorf("forgotten: at %s", at)
	}
	_, log := op.open("/admin/log")
	for _, deed := range []string{"signed in", "refiled an article", "took a refiling back", "had a source polled", "forgot an article"} {
		if !strings.Contains(log, deed) {
			t.Errorf("the log lacks %q:\n%s", deed, log)
		}
	}

	// A password ends what a link began.
	hash, err := bcrypt.GenerateFromPassword([]byte("eleven herons on a barge"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	write("贷款", "\nadmin: { password_hash: '"+string(hash)+"' }\n")
	await(t, "the password", func() bool {
		_, page := op.open("/admin")
		return strings.Contains(page, `type="password"`)
	})
	if at, _ := op.send("/admin/sign-in", url.Values{"password": {"eleven herons on a barge"}}); at != "/admin" {
		t.Errorf("with the password: at %s", at)
	}
	c.Set(c.Now().Add(13 * time.Hour))
	if at, _ := op.open("/admin"); !strings.HasPrefix(at, "/admin/sign-in") {
		t.Errorf("after thirteen hours: at %s", at)
	}
}

func TestShippedGoldenArticles(t *testing.T) {
	file := filepath.Join("..", "..", "config.yaml")
	n, faults, err := app.TestThemes(load(t, file), app.GoldenFile(file))
	if err != nil || n < 10 || len(faults) > 0 {
		t.Errorf("%d golden articles, %v: %v", n, err, faults)
	}
}

// notes is a feed of so many notes under ids that begin with id.
func notes(id string, n int) string {
	var b strings.Builder
	b.WriteString(`<rss version="2.0"><channel><title>W</title>`)
	for i := range n {
		fmt.Fprintf(&b, `<item><guid isPermaLink="false">%s%d</guid><title>Harbour note %d</title><pubDate>%02d Nov 2026 08:00:00 GMT</pubDate></item>`, id, i, i, i+1)
	}
	return b.String() + `</channel></rss>`
}

func TestHeldArticlesAreNamedAndLetIn(t *testing.T) {
	o := newOrigin(t)
	o.Serve("/wire.rss", notes("a", 12))
	file, _ := smallPaper(t, "127.0.0.1:0", "贷款", o.URL+"/wire.rss")
	c := &clock{now: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)}
	d := start(t, load(t, file), c, "")
	op := newOperator(t, d)
	link, err := d.app.SignInLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, token, _ := strings.Cut(link, "token=")
	op.send("/admin/sign-in", url.Values{"token": {token}})

	stored := func(n int) func() bool {
		return func() bool {
			found, err := d.app.Search(t.Context(), "", false, 1)
			return err == nil && found.Total == n
		}
	}
	await(t, "the first articles", stored(12))
	o.Serve("/wire.rss", notes("b", 12))
	c.Set(c.Now().Add(2 * time.Hour))
	op.send("/admin/sources/wire/poll", nil)
	await(t, "the notice", func() bool {
		_, page := op.open("/admin")
		return strings.Contains(page, "12 old articles are held")
	})
	if _, page := op.open("/admin/sources/wire"); !strings.Contains(page, "Harbour note 11") || !strings.Contains(page, "held ×12") {
		t.Errorf("the source's page:\n%s", page)
	}
	if at, _ := op.send("/admin/sources/wire/accept", nil); at != "/admin/sources/wire?done=accept" {
		t.Errorf("accepted: at %s", at)
	}
	await(t, "the held articles", stored(24))
}

// An operator tries a digest, sends it and sees what became of it, all from
// the browser.
func TestOperatorSendsADigest(t *testing.T) {
	o := newOrigin(t)
	o.Serve("/wire.rss", wireFeed)
	file, write := smallPaper(t, "127.0.0.1:0", "贷款", o.URL+"/wire.rss")
	mails := filepath.Join(filepath.Dir(file), "outbox")
	write("贷款", fmt.Sprintf(`
digests: [{ name: weekly, title: Weekly, schedule: "0 8 * * SUN", to: [ops@example.com] }]
mail: { from: desk@example.com, transport: directory, directory: %q }
`, mails))
	c := &clock{now: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)}
	d := start(t, load(t, file), c, file)
	op := newOperator(t, d)
	token := regexp.MustCompile(`sign-in\?token=(\S+)`).FindStringSubmatch(d.out.String())
	op.send("/admin/sign-in", url.Values{"token": {token[1]}})
	await(t, "the article", func() bool {
		found, err := d.app.Search(t.Context(), "", false, 1)
		return err == nil && len(found.Articles) == 1
	})
	if _, page := op.open("/admin/digests/weekly/preview?format=text"); !strings.Contains(page, "贷款增加") {
		t.Errorf("the preview:\n%s", page)
	}
	if at, page := op.send("/admin/digests/weekly/test", url.Values{"to": {"me@example.com"}}); at != "/admin/digests/weekly?done=test" {
		t.Fatalf("test: at %s:\n%s", at, page)
	}
	count := func() int {
		files, err := filepath.Glob(filepath.Join(mails, "*.eml"))
		if err != nil {
			t.Fatal(err)
		}
		return len(files)
	}
	if n := count(); n != 1 {
		t.Fatalf("%d mails after the test", n)
	}
	if at, _ := op.send("/admin/digests/weekly/send", url.Values{"sure": {"yes"}}); at != "/admin/digests/weekly?done=send" {
		t.Fatalf("sent: at %s", at)
	}
	await(t, "the edition", func() bool {
		_, page := op.open("/admin/digests/weekly/1")
		return strings.Contains(page, "ops@example.com") && strings.Contains(page, "<td>accepted</td>")
	})
	if n := count(); n != 2 {
		t.Errorf("%d mails after the edition", n)
	}
	files, err := filepath.Glob(filepath.Join(mails, "*.eml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		site := d.app.Config().Site
		for _, want := range []string{"\r\nList-Unsubscribe: <" + site.Link("/unsubscribe/"), "\r\nList-Archive: <" + site.Link("/digests/weekly") + ">\r\n", "\r\nFeedback-ID: "} {
			if !strings.Contains(string(data), want) {
				t.Errorf("%s has no %q:\n%s", file, want, data)
			}
		}
	}
	for _, order := range []string{"cancel", "resend"} { // there is nothing left to cancel, nobody who lacks it
		if at, _ := op.send("/admin/digests/weekly/1/"+order, nil); at != "/admin/digests/weekly/1?done="+order {
			t.Errorf("%s: at %s", order, at)
		}
	}
	if n := count(); n != 2 {
		t.Errorf("%d mails after it was sent again to those who lack it", n)
	}
	if _, page := op.open("/admin/digests/weekly"); !strings.Contains(page, "Next edition: 29 November 2026") {
		t.Errorf("the schedule has changed:\n%s", page)
	}
	if _, log := op.open("/admin/log"); !strings.Contains(log, "had a digest sent") || !strings.Contains(log, "sent a test") || !strings.Contains(log, "cancelled an edition") {
		t.Errorf("the log:\n%s", log)
	}
}

// A list of subscribers is imported, searched, ended and exported from the
// browser.
func TestOperatorKeepsTheList(t *testing.T) {
	file, write := smallPaper(t, "127.0.0.1:0", "贷款", "http://127.0.0.1:1/wire.rss")
	write("贷款", "\ndigests: [{ name: weekly, schedule: \"0 8 * * SUN\" }]\nmail: { from: desk@example.com }\n")
	c := &clock{now: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)}
	d := start(t, load(t, file), c, file)
	op := newOperator(t, d)
	op.send("/admin/sign-in", url.Values{"token": {regexp.MustCompile(`sign-in\?token=(\S+)`).FindStringSubmatch(d.out.String())[1]}})

	var list bytes.Buffer
	m := multipart.NewWriter(&list)
	part, err := m.CreateFormFile("list", "list.csv")
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(part, "email,name\nann@example.com,Ann\nnot an address,X\nben@example.com,Ben\n")
	m.Close()
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, d.base+"/admin/subscribers/import", &list)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", m.FormDataContentType())
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	res, err := op.http.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	page, err := io.ReadAll(res.Body)
	res.Body.Close()
	if err != nil || res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(string(page), "not an address") {
		t.Fatalf("import: %v, %s:\n%s", err, res.Status, page)
	}

	_, found := op.open("/admin/subscribers?who=ANN")
	link := regexp.MustCompile(`/admin/subscribers/\d+`).FindString(found)
	if link == "" || strings.Contains(found, "ben@example.com") {
		t.Fatalf("found:\n%s", found)
	}
	if at, page := op.send(link, nil); at != link+"?done=unsubscribe" || !strings.Contains(page, `<span class="state">unsubscribed</span>`) {
		t.Errorf("unsubscribed: at %s:\n%s", at, page)
	}
	if _, csv := op.open("/admin/subscribers/export?format=csv"); !strings.Contains(csv, "ann@example.com,Ann,weekly") || !strings.Contains(csv, "unsubscribed") {
		t.Errorf("export:\n%s", csv)
	}
	if at, _ := op.send(link, url.Values{"erase": {"yes"}}); at != "/admin/subscribers?done=erase" {
		t.Errorf("erased: at %s", at)
	}
	if _, page := op.open(link); strings.Contains(page, "ann@example.com") {
		t.Errorf("still there:\n%s", page)
	}
	_, log := op.open("/admin/log")
	for _, deed := range []string{"imported subscribers", "unsubscribed somebody", "erased a subscriber"} {
		if !strings.Contains(log, deed) {
			t.Errorf("the log lacks %q", deed)
		}
	}
	if strings.Contains(log, "ann@example.com") {
		t.Error("the log names who was erased")
	}
}

// The configuration is edited from the browser and in force a moment later,
// comments kept; another's change and mistakes cost nothing.
func TestOperatorEditsTheConfiguration(t *testing.T) {
	held, _ := smallPaper(t, "127.0.0.1:0", "贷款", "http://127.0.0.1:1/wire.rss")
	file := filepath.Join(t.TempDir(), "config.yaml") // a link, as some keep it
	if err := os.Symlink(held, file); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(held, 0o640); err != nil {
		t.Fatal(err)
	}
	c := &clock{now: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)}
	d := start(t, load(t, file), c, file)
	op := newOperator(t, d)
	op.send("/admin/sign-in", url.Values{"token": {regexp.MustCompile(`sign-in\?token=(\S+)`).FindStringSubmatch(d.out.String())[1]}})
	before, err := os.ReadFile(held)
	if err != nil {
		t.Fatal(err)
	}
	save := func(text string) (at, page string) {
		_, page = op.open("/admin/config")
		mark := regexp.MustCompile(`name="mark" value="([0-9a-f]+)"`).FindStringSubmatch(page)
		return op.send("/admin/config", url.Values{"do": {"save"}, "mark": {mark[1]}, "text": {text}})
	}
	if _, page := save(string(before) + "sites: {}\n"); !strings.Contains(page, "did you mean site") {
		t.Errorf("with a mistake:\n%s", page)
	}
	if now, err := os.ReadFile(held); err != nil || string(now) != string(before) {
		t.Fatalf("a mistake was saved: %v\n%s", err, now)
	}
	after := strings.Replace(string(before), "江城测试报", "江城晚报", 1) + "# 我的注释\n"
	if at, page := save(after); at != "/admin/config?done=config" {
		t.Fatalf("saved: at %s:\n%s", at, page)
	}
	await(t, "the new title", func() bool {
		_, _, page := d.get("/")
		return strings.Contains(page, "江城晚报")
	})
	now, err := os.ReadFile(held)
	if err != nil || string(now) != after {
		t.Errorf("the file has become, error %v:\n%s", err, now)
	}
	info, err := os.Lstat(file)
	if err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is none any more: %v, %v", info.Mode(), err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("permissions %v, error %v", info.Mode(), err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(held), ".config*")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}
