package web_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/bits"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"broadsheet/internal/web"
	"broadsheet/syndicate"
)

// A lobby is what visitors' pages work with, in memory.
type lobby struct {
	sent    []syndicate.Submission
	tickets map[string]bool
	fault   error // of everything
	proved  bool
	now     time.Time
	handler http.Handler
}

func newLobby(t *testing.T) *lobby {
	t.Helper()
	l := &lobby{tickets: map[string]bool{}, now: now}
	p := sample()
	l.handler = handlerOf(t, site(), web.Parts{
		Articles: p, Feeds: publisher(p), Editions: p, Visitors: l, Now: func() time.Time { return l.now },
	})
	return l
}

func (l *lobby) Submit(_ context.Context, sub *syndicate.Submission) (string, error) {
	if l.fault != nil {
		return "", l.fault
	}
	if sub.Ticket == "" || l.tickets[sub.Ticket] {
		return "", web.ErrTicketUsed
	}
	l.tickets[sub.Ticket] = true
	sub.ID, sub.At, sub.State = int64(len(l.sent)+1), l.now, syndicate.Received
	l.sent = append(l.sent, *sub)
	return fmt.Sprintf("%d-code", sub.ID), nil
}

func (l *lobby) Sent(_ context.Context, kind syndicate.SubmissionKind, code string) (syndicate.Submission, error) {
	for i := range l.sent {
		if code == fmt.Sprintf("%d-code", l.sent[i].ID) && l.sent[i].Kind == kind {
			return l.sent[i], nil
		}
	}
	return syndicate.Submission{}, syndicate.ErrNotFound
}

func (l *lobby) Examine(_ context.Context, a *syndicate.Application) error {
	if strings.Contains(a.URL, "bad") {
		return &web.Fault{Key: "status", Detail: "404"}
	}
	a.Source = syndicate.ProposedSource{Name: "harbour", URL: a.URL + "feed", Kind: syndicate.KindFeed, Language: "zh-Hans"}
	a.Found, a.Sample = 9, []syndicate.SampleEntry{{Title: "新码头 <b>开放</b>", URL: "https://harbour.example/1", Published: now}, {Title: "Two", URL: "javascript:alert(1)"}}
	return nil
}

func (l *lobby) Token(*syndicate.Submission) string { return "tokentokentokentokentokent" }

func (l *lobby) Prove(context.Context, string) error {
	if l.fault != nil {
		return l.fault
	}
	l.proved = true
	return nil
}

var ticketIn = regexp.MustCompile(`name="ticket" value="([^"]+)"`)

// fill returns a form with a ticket that was given out a minute ago.
func (l *lobby) fill(t *testing.T, path string, form url.Values) url.Values {
	t.Helper()
	m := ticketIn.FindStringSubmatch(ask(l.handler, path).Body.String())
	if m == nil {
		t.Fatalf("%s has no ticket", path)
	}
	l.now = l.now.Add(time.Minute)
	all := url.Values{"ticket": {m[1]}, "proof": {""}, "website": {""}}
	for k, v := range form {
		all[k] = v
	}
	return all
}

// post sends a form with headers ("Name: value").
func (l *lobby) post(path string, form url.Values, headers ...string) *httptest.ResponseRecorder {
	return l.send(path, "application/x-www-form-urlencoded", form.Encode(), headers...)
}

func (l *lobby) send(path, kind, body string, headers ...string) *httptest.ResponseRecorder {
	return post(l.handler, path, kind, strings.NewReader(body), append(slices.Clone(headers), "Cookie: lang=en")...) // the first of a name counts
}

// good is a good form of each page, and where it leads.
var good = map[string]struct {
	form url.Values
	to   string
}{
	"/contribute": {url.Values{
		"title": {"江北新港三期开工"}, "text": {"第一段。\r\n第二段。"}, "link": {"https://harbour.example/1"}, "theme": {"finance"}, "language": {"zh-Hans"}, "address": {"a@example.com"},
	}, "/contributions/1-code"},
	"/contact": {url.Values{"subject": {"A question"}, "text": {"Why?"}, "name": {"R. Quay"}, "address": {"a@example.com"}}, "/contact?sent=1"},
	"/publishers/apply": {url.Values{
		"organisation": {"Harbour Gazette"}, "site": {"https://harbour.example/"}, "address": {"a@example.com"}, "note": {"One\nTwo"},
	}, "/publishers/1-code"},
}

func TestEveryPageOfVisitorsIsSound(t *testing.T) {
	t.Parallel()
	l := newLobby(t)
	for _, path := range []string{"/contribute", "/contact", "/publishers/apply"} {
		l.post(path, l.fill(t, path, good[path].form))
	}
	for i := range l.sent { // of each state
		sub := l.sent[i]
		for _, state := range []syndicate.SubmissionState{syndicate.Accepted, syndicate.Declined} {
			sub.ID, sub.State, sub.Word, sub.Settled, sub.Result = int64(len(l.sent)+1), state, "Thanks,\n<b>all</b>", now, "0123"
			if sub.Application != nil {
				a := *sub.Application
				sub.Application = &a
				if state == syndicate.Accepted {
					a.Proof, a.ProvedAt = syndicate.ProofDNS, now
				}
			}
			l.sent = append(l.sent, sub)
		}
	}
	targets := []string{
		"/contribute", "/contact", "/contact?sent=1", "/publishers/apply", "/contributions/1-code", "/publishers/3-code", "/publishers/3-code?fault=unproved",
		"/publishers/3-code?fault=busy", "/publishers/3-code?fault=wait", "/contributions/9-code", "/publishers/1-code", "/contributions/nowhere",
	}
	for i := range l.sent {
		targets = append(targets, fmt.Sprintf("/contributions/%d-code", i+1), fmt.Sprintf("/publishers/%d-code", i+1))
	}
	for _, lang := range []string{"zh-Hans", "en"} {
		for _, target := range targets {
			w := ask(l.handler, target, "Cookie: lang="+lang)
			t.Run(lang+" "+target, func(t *testing.T) {
				sound(t, w.Body.String(), lang)
				if w.Header().Get("Cache-Control") != "no-store" {
					t.Errorf("it may be kept: %s", w.Header().Get("Cache-Control"))
				}
				if policy := w.Header().Get("Content-Security-Policy"); strings.Contains(policy, "unsafe") || strings.Contains(policy, "http") {
					t.Errorf("Content-Security-Policy: %s", policy)
				}
				if listed := w.Header().Get("X-Robots-Tag") == ""; w.Code == 200 && listed == strings.Contains(target, "-code") {
					t.Errorf("for search engines: %v", listed)
				}
			})
		}
		for path := range good {
			for name, form := range map[string]url.Values{"nothing": {}, "markup": {"title": {"<b>\"&"}, "subject": {"<script>"}, "organisation": {"'>"}, "text": {"</textarea><script>"}, "url": {"<"}}} {
				w := l.post(path, form, "Cookie: lang="+lang)
				t.Run(lang+" "+path+" with "+name, func(t *testing.T) {
					sound(t, w.Body.String(), lang)
					if w.Code != http.StatusUnprocessableEntity || w.Header().Get("Cache-Control") != "no-store" {
						t.Errorf("%d, %s", w.Code, w.Header().Get("Cache-Control"))
					}
				})
			}
			page := ask(l.handler, "/", "Cookie: lang="+lang).Body.String()
			shows(t, page, []string{`href="` + path + `"`}, nil)
		}
	}
	if ask(handler(t, sample()), "/contribute").Code != http.StatusNotFound {
		t.Error("a paper without visitors has their pages")
	}
}

func TestFormsOfVisitorsAreTaken(t *testing.T) {
	t.Parallel()
	for path, c := range good {
		l := newLobby(t)
		form := l.fill(t, path, c.form)
		if w := l.post(path, form); w.Code != http.StatusSeeOther || w.Header().Get("Location") != c.to {
			t.Errorf("%s: %d to %q\n%s", path, w.Code, w.Header().Get("Location"), w.Body)
		}
		if len(l.sent) != 1 || l.sent[0].Address != "a@example.com" || l.sent[0].Locale != "en" {
			t.Fatalf("%s: sent %+v", path, l.sent)
		}
		// The same form again is not taken, and a fresh one is given out.
		w := l.post(path, form)
		if w.Code != http.StatusUnprocessableEntity || len(l.sent) != 1 {
			t.Errorf("%s replayed: %d, %d sent", path, w.Code, len(l.sent))
		}
		if m := ticketIn.FindStringSubmatch(w.Body.String()); m == nil || m[1] == form.Get("ticket") || !strings.Contains(w.Body.String(), "a@example.com") {
			t.Errorf("%s replayed: no fresh form with what was filled in", path)
		}
		// With work done, nobody need wait.
		form = l.fill(t, path, c.form)
		l.now = l.now.Add(-59 * time.Second)
		if w := l.post(path, form); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "quicker than people type") {
			t.Errorf("%s at once: %d", path, w.Code)
		}
		form.Set("proof", work(form.Get("ticket")))
		if w := l.post(path, form); w.Code != http.StatusSeeOther {
			t.Errorf("%s with work done: %d\n%s", path, w.Code, w.Body)
		}
	}
	l := newLobby(t)
	l.post("/contribute", l.fill(t, "/contribute", good["/contribute"].form))
	if c := l.sent[0].Contribution; c.Title != "江北新港三期开工" || c.Text != "第一段。\n第二段。" || c.Theme != "finance" || c.Language != "zh-Hans" {
		t.Errorf("sent %+v", c)
	}
}

// work does the work that a browser's script does.
func work(ticket string) string {
	for i := 0; ; i++ {
		sum := sha256.Sum256(fmt.Appendf(nil, "%s:%d", ticket, i))
		if sum[0] == 0 && sum[1] == 0 && bits.LeadingZeros8(sum[2]) >= 2 {
			return fmt.Sprint(i)
		}
	}
}

func TestBadFormsOfVisitorsLoseNothing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		path, field, value, want string
	}{
		{"/contribute", "title", "", "This must be filled in"},
		{"/contribute", "title", " \u200b\t\n ", "This must be filled in"},
		{"/contribute", "title", "\x00\x1b\u202e", "This must be filled in"},
		{"/contribute", "title", strings.Repeat("长", 201), "At most 200 characters, and there are 201"},
		{"/contribute", "title", "\xb8\xdb\xbf\xda", "not UTF-8"},
		{"/contribute", "text", "\xff", "not UTF-8"},
		{"/contribute", "text", strings.Repeat("x", 20_001), "At most 20000 characters"},
		{"/contribute", "link", "harbour.example/1", "no web address"},
		{"/contribute", "link", "javascript:alert(1)", "no web address"},
		{"/contribute", "link", "https://a:b@harbour.example/", "no web address"},
		{"/contribute", "link", "https:///nowhere", "no web address"},
		{"/contribute", "link", `https://harbour.example/"><script>`, "no web address"},
		{"/contribute", "theme", "sport", "Choose one of the list"},
		{"/contribute", "language", "xx", "Choose one of the list"},
		{"/contribute", "address", "a@example.com, b@example.com", "no mail address"},
		{"/contribute", "address", "a@example.com\nBcc: b@example.com", "no mail address"},
		{"/contribute", "address", "a", "no mail address"},
		{"/contribute", "address", strings.Repeat("a", 250) + "@example.com", "At most 254 characters"},
		{"/contribute", "website", "https://spam.example", "only programs fill it in"},
		{"/contribute", "ticket", "", "open for too long"},
		{"/contribute", "ticket", strings.Repeat("A", 54), "open for too long"},
		{"/contact", "text", "", "This must be filled in"},
		{"/contact", "subject", "", "This must be filled in"},
		{"/publishers/apply", "site", "", "This must be filled in"},
		{"/publishers/apply", "address", "", "This must be filled in"},
		{"/publishers/apply", "url", "https://harbour.example/bad", "status 404"},
	} {
		l := newLobby(t)
		form := l.fill(t, c.path, good[c.path].form)
		form.Set(c.field, c.value)
		w := l.post(c.path, form)
		if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), c.want) || len(l.sent) > 0 {
			t.Errorf("%s %s=%.40q: %d, %d sent, want %q\n%s", c.path, c.field, c.value, w.Code, len(l.sent), c.want, w.Body)
		}
		if c.field != "address" && !strings.Contains(w.Body.String(), `value="a@example.com"`) {
			t.Errorf("%s %s=%.40q: what was filled in is lost", c.path, c.field, c.value)
		}
		if !strings.HasPrefix(c.value, "javascript:") { // it stands in the field as it was filled in
			sound(t, w.Body.String(), "en")
		}
	}
	l := newLobby(t)
	form := l.fill(t, "/contribute", url.Values{"title": {"Only a title"}})
	if w := l.post("/contribute", form); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "Write a text or give a link") {
		t.Errorf("neither text nor link: %d", w.Code)
	}
}

func TestFormsOfVisitorsHaveLimits(t *testing.T) {
	t.Parallel()
	l := newLobby(t)
	for path, c := range good {
		form := l.fill(t, path, c.form)
		form.Set("text", strings.Repeat("x", 10<<20))
		if w := l.post(path, form); w.Code != http.StatusRequestEntityTooLarge {
			t.Errorf("%s with ten megabytes: %d", path, w.Code)
		}
		var b strings.Builder
		m := multipart.NewWriter(&b)
		for name, values := range l.fill(t, path, c.form) {
			_ = m.WriteField(name, values[0])
		}
		file, _ := m.CreateFormFile("text", "x.bin")
		_, _ = file.Write(make([]byte, 10<<20))
		_ = m.Close()
		if w := l.send(path, m.FormDataContentType(), b.String()); w.Code != http.StatusRequestEntityTooLarge {
			t.Errorf("%s with a file of ten megabytes: %d", path, w.Code)
		}
		for kind, body := range map[string]string{
			"application/json": `{"title":"x"}`, "text/plain": "title=x", "multipart/form-data": "no boundary", "application/x-www-form-urlencoded": "%zz=1;&=",
		} {
			if w := l.send(path, kind, body); w.Code != http.StatusBadRequest && w.Code != http.StatusUnprocessableEntity {
				t.Errorf("%s as %s: %d", path, kind, w.Code)
			}
		}
		for _, header := range []string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site", "Origin: https://evil.example", "Origin: null"} {
			if w := l.post(path, l.fill(t, path, c.form), header); w.Code != http.StatusForbidden {
				t.Errorf("%s with %s: %d", path, header, w.Code)
			}
		}
		for _, method := range []string{http.MethodPut, http.MethodDelete, http.MethodPatch} {
			if w := do(l.handler, method, path); w.Code != http.StatusMethodNotAllowed {
				t.Errorf("%s %s: %d", method, path, w.Code)
			}
		}
	}
	for _, path := range []string{"/contributions/1-code", "/publishers/1-code", "/", "/search", "/feeds/all.rss"} {
		if w := l.post(path, nil); w.Code != http.StatusMethodNotAllowed {
			t.Errorf("POST %s: %d", path, w.Code)
		}
	}
	if len(l.sent) > 0 {
		t.Errorf("sent all the same: %+v", l.sent)
	}
}

func TestVisitorsCannotFloodTheInbox(t *testing.T) {
	t.Parallel()
	for path, c := range good {
		l := newLobby(t)
		for i := range 7 {
			w := l.post(path, l.fill(t, path, c.form), fmt.Sprintf("Remote: 203.0.113.7:%d", i+1))
			want := http.StatusSeeOther
			if i >= 5 {
				want = http.StatusTooManyRequests
			}
			if w.Code != want {
				t.Errorf("%s, form %d: %d, want %d", path, i, w.Code, want)
			}
			if i >= 5 && !strings.Contains(w.Body.String(), "Try again in") {
				t.Errorf("%s, form %d does not say when", path, i)
			}
		}
		if w := l.post(path, l.fill(t, path, c.form), "Remote: 203.0.113.8:1"); w.Code != http.StatusSeeOther {
			t.Errorf("%s from another address: %d", path, w.Code)
		}
		l.now = l.now.Add(16 * time.Minute)
		if w := l.post(path, l.fill(t, path, c.form), "Remote: 203.0.113.7:1"); w.Code != http.StatusSeeOther {
			t.Errorf("%s a quarter of an hour later: %d", path, w.Code)
		}
		l.fault = &web.Fault{Key: "full"}
		if w := l.post(path, l.fill(t, path, c.form), "Remote: 203.0.113.9:1"); w.Code < 400 || !strings.Contains(w.Body.String(), "Too much waits for the editors") {
			t.Errorf("%s with a full inbox: %d", path, w.Code)
		}
		l.fault = errors.New("no disk")
		if w := l.post(path, l.fill(t, path, c.form), "Remote: 203.0.113.10:1"); w.Code != http.StatusInternalServerError {
			t.Errorf("%s with a broken store: %d", path, w.Code)
		}
	}
}

// Another configuration lets nobody begin anew.
func TestTriesOutliveAReload(t *testing.T) {
	t.Parallel()
	l, tries, p := newLobby(t), &web.Tries{}, sample()
	again := func() {
		l.handler = handlerOf(t, site(), web.Parts{Articles: p, Feeds: publisher(p), Editions: p, Visitors: l, Tries: tries, Now: func() time.Time { return l.now }})
	}
	for path, c := range good {
		for i := range 6 {
			again()
			w := l.post(path, l.fill(t, path, c.form), "Remote: 203.0.113.7:1")
			if want := map[bool]int{true: http.StatusSeeOther, false: http.StatusTooManyRequests}[i < 5]; w.Code != want {
				t.Errorf("%s, form %d: %d, want %d", path, i, w.Code, want)
			}
		}
	}
}

func TestProvingControl(t *testing.T) {
	t.Parallel()
	l := newLobby(t)
	l.post("/publishers/apply", l.fill(t, "/publishers/apply", good["/publishers/apply"].form))
	page := ask(l.handler, "/publishers/1-code", "Cookie: lang=en").Body.String()
	shows(t, page, []string{
		"https://harbour.example/.well-known/broadsheet-tokentokentokentokentokent.txt", `&lt;meta name=&#34;broadsheet-verification&#34; content=&#34;tokentokentokentokentokent&#34;&gt;`,
		"broadsheet-verification=tokentokentokentokentokent", "harbour.example", "新码头 &lt;b&gt;开放", "https://harbour.example/1",
	}, []string{"javascript:"})
	const form = "/publishers/1-code/prove"
	if w := ask(l.handler, form); w.Code != http.StatusNotFound || l.proved {
		t.Errorf("by GET: %d", w.Code)
	}
	if w := l.post(form, nil, "Sec-Fetch-Site: cross-site"); w.Code != http.StatusForbidden || l.proved {
		t.Errorf("from another site: %d", w.Code)
	}
	if w := l.post("/publishers/2-code/prove", nil); w.Code != http.StatusNotFound || l.proved {
		t.Errorf("a forged code: %d", w.Code)
	}
	l.fault = &web.Fault{Key: "unproved"}
	for i := range 6 {
		want := "/publishers/1-code?fault=unproved"
		if i == 5 {
			want = "/publishers/1-code?fault=wait"
		}
		if to := l.post(form, nil, "Remote: 203.0.113.7:1").Header().Get("Location"); to != want {
			t.Errorf("try %d leads to %s, want %s", i, to, want)
		}
	}
	l.fault = nil
	if to := l.post(form, nil, "Remote: 203.0.113.8:1").Header().Get("Location"); to != "/publishers/1-code" || !l.proved {
		t.Errorf("proved, it leads to %s", to)
	}
}
