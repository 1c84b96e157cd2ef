package web_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"broadsheet/internal/web"
	"broadsheet/syndicate"
)

// A gate is an address that takes what anybody may send.
type gate struct {
	pattern string // as the routes have it
	target  string
	form    url.Values
	limit   int  // of what is read of a body, in bytes
	signed  bool // for who is signed in alone
	foreign bool // it takes forms of other sites
	own     bool // answers in its own words: for programs
}

// everything is a paper with all its gates open, and what came through them.
type everything struct {
	*office
	lobby   *lobby
	counter *counter
	asked   []string // of the hub and by hubs
	cookie  string
	senders int // so far: each form comes from another network
}

func (e *everything) Request(_ context.Context, form url.Values) error {
	e.asked = append(e.asked, form.Encode())
	return nil
}

func (e *everything) Verify(context.Context, string, url.Values) (string, bool, error) {
	return "", false, nil
}

func (e *everything) Push(_ context.Context, _ string, _ http.Header, body []byte) (bool, error) {
	e.asked = append(e.asked, fmt.Sprintf("pushed %d bytes", len(body)))
	return true, nil
}

func newEverything(t *testing.T) *everything {
	t.Helper()
	e := &everything{office: newOffice(t, hashed(t)), lobby: newLobby(t), counter: newCounter(t)}
	e.config = "site: {}\n"
	e.lobby.sent = []syndicate.Submission{{ID: 99, Kind: syndicate.KindApplication, State: syndicate.Received, Application: &syndicate.Application{Site: "https://harbour.example/"}}}
	e.handler = handlerOf(t, site(), web.Parts{
		Articles: e.paper, Feeds: publisher(e.paper), Editions: e.paper, Visitors: e.lobby, Hub: e, Hubs: e,
		Now:     func() time.Time { return e.counter.now },
		Readers: &web.Readers{Choices: e.counter, Records: e.counter, SignUps: e.counter, Secret: []byte("secret")},
		Admin:   e.admin(hashed(t)),
	})
	e.lobby.handler, e.counter.handler = e.handler, e.handler
	e.cookie = e.signIn()
	return e
}

// gates are all of them, each with a form that it would take.
func (e *everything) gates() []gate {
	key := e.paper.articles[0].Key
	admin := func(pattern, target string, form url.Values) gate {
		return gate{pattern: pattern, target: target, form: form, limit: 1 << 20, signed: true}
	}
	reader := func(pattern, target string, form url.Values) gate {
		return gate{pattern: pattern, target: target, form: form, limit: 64 << 10, foreign: strings.HasPrefix(pattern, "/unsubscribe/")}
	}
	visitor := func(pattern, target string, form url.Values) gate {
		return gate{pattern: pattern, target: target, form: form, limit: 512 << 10}
	}
	list := []gate{
		{pattern: "/hub", target: "/hub", form: url.Values{"hub.mode": {"subscribe"}, "hub.topic": {"x"}, "hub.callback": {"y"}}, limit: 16 << 10, foreign: true, own: true},
		{pattern: "/websub/", target: "/websub/token", form: url.Values{"x": {"y"}}, limit: 5 << 20, foreign: true, own: true},
		reader("/subscribe", "/subscribe", e.counter.wishes()),
		reader("/confirm/{token}", "/confirm/fresh", url.Values{"do": {"yes"}}),
		reader("/preferences/{token}", "/preferences/"+annToken, url.Values{"do": {"save"}, "digest": {"weekly"}, "q": {"港"}, "zone": {"Asia/Shanghai"}, "pause": {""}, "theme": {"finance"}, "language": {"en"}}),
		reader("/unsubscribe/{token}", "/unsubscribe/"+annToken+"?digest=weekly", url.Values{"do": {"leave"}}),
		visitor("/publishers/{code}/prove", "/publishers/99-code/prove", url.Values{"x": {"y"}}),
		{pattern: "/admin/sign-in", target: "/admin/sign-in", form: url.Values{"password": {"x"}, "next": {"/admin"}}, limit: 1 << 20},
		admin("/admin/sign-out", "/admin/sign-out", url.Values{"x": {"y"}}),
		admin("/admin/themes", "/admin/themes", url.Values{"title": {"x"}, "text": {"y"}, "lang": {"en"}}),
		admin("/admin/articles/{key}/refile", "/admin/articles/"+key+"/refile", url.Values{"theme": {"finance"}}),
		admin("/admin/articles/{key}/undo", "/admin/articles/"+key+"/undo", url.Values{"x": {"y"}}),
		admin("/admin/articles/{key}/forget", "/admin/articles/"+key+"/forget", url.Values{"sure": {"yes"}}),
		{pattern: "/admin/subscribers/import", target: "/admin/subscribers/import", form: url.Values{"list": {"x"}}, limit: 8 << 20, signed: true},
	}
	for path, c := range good {
		list = append(list, visitor(path, path, e.lobby.fill(e.t, path, c.form)))
	}
	for target, form := range forms(e.office) {
		pattern := strings.Replace(target, "/sources/park", "/sources/{name}", 1)
		pattern = regexp.MustCompile(`^/admin/digests/weekly(/2)?`).ReplaceAllStringFunc(pattern, func(s string) string {
			return map[bool]string{true: "/admin/digests/{name}/{number}", false: "/admin/digests/{name}"}[strings.HasSuffix(s, "/2")]
		})
		pattern = regexp.MustCompile(`^/admin/(inbox|subscribers|queue)/\d+`).ReplaceAllString(pattern, "/admin/$1/{id}")
		if !slices.ContainsFunc(list, func(g gate) bool { return g.target == target }) {
			list = append(list, admin(pattern, target, form))
		}
	}
	e.counter.now = e.counter.now.Add(time.Minute) // as long as a person takes
	return list
}

// through returns what came through the gates since it was asked last.
func (e *everything) through() []string {
	all := slices.Concat(e.done, e.counter.done, e.asked)
	for _, sub := range e.lobby.sent[1:] {
		all = append(all, fmt.Sprintf("%+v %+v %+v %+v", sub, sub.Contribution, sub.Letter, sub.Application))
	}
	for _, x := range e.counter.asked {
		all = append(all, fmt.Sprintf("%+v", x))
	}
	if e.lobby.proved {
		all = append(all, "proved")
	}
	e.done, e.counter.done, e.counter.asked, e.asked, e.lobby.sent, e.lobby.proved = nil, nil, nil, nil, e.lobby.sent[:1], false
	clear(e.lobby.tickets)
	return all
}

// A counted body is one of so many bytes, of which it counts those read.
type countedBody struct {
	io.Reader
	read int
}

func (c *countedBody) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.read += n
	return n, err
}

// send sends a body whose length it tells or not.
func (e *everything) send(g *gate, kind string, body io.Reader, told bool, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, g.target, body)
	if r.ContentLength = -1; told {
		r.ContentLength = 10 << 20
	}
	e.senders++
	r.RemoteAddr = fmt.Sprintf("203.%d.%d.7:1", e.senders>>8, e.senders&255)
	r.Header.Set("Content-Type", kind)
	r.Header.Add("Cookie", "lang=en")
	for _, line := range append(headers, e.cookie) {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	e.handler.ServeHTTP(w, r)
	return w
}

// Every route that takes something is among the gates, so that what follows
// holds for all.
func TestEveryGateIsTried(t *testing.T) {
	t.Parallel()
	e := newEverything(t)
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	tried := map[string]bool{}
	for _, g := range e.gates() {
		tried[g.pattern] = true
	}
	route := regexp.MustCompile(`"POST ([^"]*)"( ?\+ ?importPath)?`)
	found := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range route.FindAllStringSubmatch(string(text), -1) {
			if m[2] != "" {
				m[1] += "/admin/subscribers/import"
			}
			if m[1] == "" {
				continue // not a route
			}
			if found++; !tried[m[1]] {
				t.Errorf("POST %s of %s is not tried", m[1], file)
			}
		}
	}
	if found < 20 {
		t.Errorf("%d routes found", found)
	}
	// What they are tried with is taken when nothing is wrong with it.
	for _, g := range e.gates() {
		w := e.sendForm(&g, urlencoded, g.form)
		if w.Code >= 400 && g.target != "/admin/subscribers/import" && g.target != "/admin/sign-in" {
			t.Errorf("%s: %d\n%s", g.target, w.Code, w.Body)
		}
		quiet := []string{"/admin/sign-out", "/admin/sign-in", "/admin/themes", "/admin/config", "/admin/subscribers/import"}
		if got := e.through(); len(got) == 0 && !slices.Contains(quiet, g.target) {
			t.Errorf("%s: nothing was taken: %d\n%s", g.target, w.Code, w.Body)
		}
		if g.target == "/admin/sign-out" {
			e.cookie = e.signIn()
		}
	}
}

func TestNoGateTakesTenMegabytes(t *testing.T) {
	t.Parallel()
	e := newEverything(t)
	const huge = 10 << 20
	boundary := "bound"
	part := "--" + boundary + "\r\nContent-Disposition: form-data; name=\"text\"; filename=\"x\"\r\n\r\n"
	for _, g := range e.gates() {
		for name, c := range map[string]struct{ kind, head, unit string }{
			"one field":   {urlencoded, "text=", strings.Repeat("x", 1<<10)},
			"many fields": {urlencoded, "", strings.Repeat("a=b&", 256)},
			"a file":      {"multipart/form-data; boundary=" + boundary, part, strings.Repeat("x", 1<<10)},
			"many files":  {"multipart/form-data; boundary=" + boundary, "", part + "x\r\n"},
		} {
			for _, told := range []bool{true, false} {
				body := &countedBody{Reader: io.MultiReader(strings.NewReader(c.head), &repeated{unit: c.unit, left: huge})}
				w := e.send(&g, c.kind, body, told)
				want := http.StatusRequestEntityTooLarge
				if g.target == "/admin/subscribers/import" {
					want = http.StatusUnprocessableEntity // with the page, and what of the list is in
				} else if g.own && c.kind != urlencoded && g.pattern == "/hub" {
					want = http.StatusUnsupportedMediaType
				}
				if w.Code != want || w.Body.Len() > pageLimit || w.Body.Len() == 0 {
					t.Errorf("%s, %s, told %v: %d with %d bytes, want %d", g.target, name, told, w.Code, w.Body.Len(), want)
				}
				if body.read > g.limit+(64<<10) {
					t.Errorf("%s, %s, told %v: %d bytes were read", g.target, name, told, body.read)
				}
				if got := e.through(); len(got) > 0 && !strings.HasPrefix(got[0], "import") {
					t.Errorf("%s, %s: taken all the same: %.300q", g.target, name, got)
				}
			}
		}
	}
}

// A repeated is a reader of one text over and over.
type repeated struct {
	unit string
	left int
}

func (r *repeated) Read(p []byte) (int, error) {
	if r.left <= 0 {
		return 0, io.EOF
	}
	n := copy(p, r.unit)
	r.left -= n
	return n, nil
}

// What stands in any field of any form is taken as text or not at all.
func TestNoGateIsBrokenByWhatAFieldHolds(t *testing.T) {
	t.Parallel()
	e := newEverything(t)
	const alert = `"><script>alert(1)</script>'<img src=x onerror=alert(2)>`
	for _, g := range e.gates() {
		for field := range g.form {
			if field == "ticket" || field == "proof" {
				continue
			}
			for name, value := range map[string]string{
				"markup": alert, "GBK": "\xc4\xe3\xba\xc3", "broken UTF-8": "a\xff\xfe\xc0\x80b", "NUL": "a\x00b", "lines": "x\r\nBcc: all@evil.example\r\n\r\nbody",
				"controls": "\x1b[31m\x07\x7f\u202e\u2028", "templates": "{{.}} ${HOME} %s %00 %n", "long": strings.Repeat("長", 30_000), "SQL": "'; DROP TABLE articles; --",
			} {
				for _, kind := range []string{urlencoded, "multipart"} {
					form := maps.Clone(g.form)
					form[field] = []string{value}
					w := e.sendForm(&g, kind, form)
					if w.Code >= 500 {
						t.Errorf("%s %s=%s: %d", g.target, field, name, w.Code)
					}
					for _, got := range e.through() {
						if !utf8.ValidString(got) || strings.ContainsAny(got, "\x00\x1b\x07\x7f") {
							t.Errorf("%s %s=%s: taken as %.200q", g.target, field, name, got)
						}
						if i := strings.Index(got, "Bcc:"); i > 0 && strings.ContainsAny(got[i-1:i], "\r\n") && field != "text" && field != "note" && field != "word" {
							t.Errorf("%s %s=%s: a line of its own in %.200q", g.target, field, name, got)
						}
					}
					if page := w.Body.String(); strings.Contains(page, "<script>alert") || strings.Contains(page, "<img src=x") || !utf8.ValidString(page) || strings.Contains(page, "\x00") {
						t.Errorf("%s %s=%s: the answer repeats it as it is", g.target, field, name)
					}
					for header, values := range w.Header() {
						if strings.ContainsAny(strings.Join(values, ""), "\r\n") || strings.Contains(strings.Join(values, ""), "evil.example") && header != "Location" {
							t.Errorf("%s %s=%s: header %s: %q", g.target, field, name, header, values)
						}
					}
				}
			}
		}
	}
}

// sendForm sends a form in one of its two encodings, as if from afar.
func (e *everything) sendForm(g *gate, kind string, form url.Values, headers ...string) *httptest.ResponseRecorder {
	if kind == urlencoded {
		return e.send(g, kind, strings.NewReader(form.Encode()), false, headers...)
	}
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for name, values := range form {
		for _, v := range values {
			_ = m.WriteField(name, v) // a buffer takes everything
		}
	}
	_ = m.Close()
	return e.send(g, m.FormDataContentType(), &b, false, headers...)
}

func TestNoGateTakesWhatAnotherSiteSends(t *testing.T) {
	t.Parallel()
	e := newEverything(t)
	for _, g := range e.gates() {
		for _, header := range []string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site", "Origin: https://evil.example", "Origin: null"} {
			w := e.sendForm(&g, urlencoded, g.form, header)
			if (w.Code == http.StatusForbidden) == g.foreign {
				t.Errorf("%s with %s: %d", g.target, header, w.Code)
			}
			if got := e.through(); len(got) > 0 && !g.foreign {
				t.Errorf("%s with %s: %q", g.target, header, got)
			}
		}
		for _, method := range []string{http.MethodPut, http.MethodPatch, http.MethodDelete} {
			if w := do(e.handler, method, g.target, e.cookie); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") == "" {
				t.Errorf("%s %s: %d, Allow %q", method, g.target, w.Code, w.Header().Get("Allow"))
			}
		}
		if w := do(e.handler, http.MethodGet, g.target+"?"+g.form.Encode(), e.cookie); w.Code >= 500 {
			t.Errorf("GET %s: %d", g.target, w.Code)
		}
		if got := e.through(); len(got) > 0 {
			t.Errorf("%s by another method: %q", g.target, got)
		}
		if !g.signed {
			continue
		}
		cookie := e.cookie
		for _, e.cookie = range []string{"X: y", "Cookie: session=forged", cookie + "x"} {
			w := e.sendForm(&g, urlencoded, g.form)
			if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/admin/sign-in" {
				t.Errorf("%s with %s: %d to %s", g.target, e.cookie, w.Code, w.Header().Get("Location"))
			}
			if got := e.through(); len(got) > 0 {
				t.Errorf("%s with %s: %q", g.target, e.cookie, got)
			}
		}
		e.cookie = cookie
	}
}

// Forged and cut tokens open nothing, and are answered like pages that are not
// there.
func TestForgedTokensOpenNothing(t *testing.T) {
	t.Parallel()
	e := newEverything(t)
	for _, path := range []string{"/confirm/%s", "/preferences/%s", "/unsubscribe/%s?digest=weekly", "/publishers/%s/prove", "/preferences/%s/data.json", "/contributions/%s", "/publishers/%s"} {
		for _, token := range []string{"", "x", annToken[:len(annToken)-1], annToken + "x", strings.ToUpper(annToken), "%00", "%ff", "..%2f..%2fetc", "1-%0d%0a", strings.Repeat("A", 5000), "%3Cscript%3E"} {
			target := fmt.Sprintf(path, token)
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				r := httptest.NewRequest(method, target, strings.NewReader("do=all&sure=yes"))
				r.Header.Set("Content-Type", urlencoded)
				w := httptest.NewRecorder()
				e.handler.ServeHTTP(w, r)
				if w.Code != http.StatusNotFound && w.Code != http.StatusMethodNotAllowed && w.Code != http.StatusMovedPermanently && w.Code != http.StatusTemporaryRedirect && w.Code != http.StatusPermanentRedirect {
					t.Errorf("%s %.80s: %d", method, target, w.Code)
				}
				if strings.Contains(w.Body.String(), "<script>") && !strings.Contains(w.Body.String(), `<script src="/static/`) {
					t.Errorf("%s %.80s: the answer repeats it", method, target)
				}
			}
		}
	}
	if got := e.through(); len(got) > 0 {
		t.Errorf("done: %q", got)
	}
}
