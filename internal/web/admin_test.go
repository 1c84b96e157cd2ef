package web_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"broadsheet/internal/web"
	"broadsheet/syndicate"
)

// adminPages are the addresses of the operator's pages that GET answers.
func adminPages(o *office) []string {
	return []string{
		"/admin", "/admin/log", "/admin/sources", "/admin/sources/park", "/admin/sources/harbour", "/admin/themes", "/admin/themes?diff=30",
		"/admin/digests", "/admin/digests/weekly", "/admin/digests/desk", "/admin/digests/weekly/2", "/admin/digests/nothing", "/admin/digests/weekly/99",
		"/admin/inbox/contributions", "/admin/inbox/contributions/settled", "/admin/inbox/letters", "/admin/inbox/publishers",
		"/admin/inbox/publishers/settled", "/admin/inbox/1", "/admin/inbox/2", "/admin/inbox/3", "/admin/inbox/4", "/admin/inbox/5", "/admin/inbox/99", "/admin/inbox/x",
		"/admin/config", "/admin/subscribers", "/admin/subscribers?who=ann", "/admin/subscribers?who=nobody", "/admin/subscribers?after=x", "/admin/subscribers/7", "/admin/subscribers/8",
		"/admin/articles", "/admin/articles?q=%E6%B8%AF", "/admin/articles?q=title%3A", "/admin/nowhere", "/admin/sources/nobody",
		"/admin/articles/" + o.paper.articles[0].Key, "/admin/articles/" + o.paper.articles[3].Key, "/admin/articles/" + strings.Repeat("0", 32),
	}
}

// forms are the operator's forms and what they send.
func forms(o *office) map[string]url.Values {
	key := o.paper.articles[0].Key
	return map[string]url.Values{
		"/admin/sources/park/poll":           nil,
		"/admin/sources/park/accept":         nil,
		"/admin/digests/weekly/test":         {"to": {"editor@example.com"}},
		"/admin/digests/weekly/send":         {"sure": {"yes"}},
		"/admin/digests/weekly/2/cancel":     nil,
		"/admin/digests/weekly/2/resend":     nil,
		"/admin/digests/weekly/hold":         nil,
		"/admin/digests/weekly/release":      nil,
		"/admin/digests/weekly/2/hold":       nil,
		"/admin/digests/weekly/2/release":    nil,
		"/admin/sources/park/test":           {"do": {"ask"}, "kind": {"page"}, "item": {"li"}},
		"/admin/queue/4/retry":               nil,
		"/admin/queue/3/cancel":              nil,
		"/admin/backup":                      nil,
		"/admin/inbox/1":                     {"state": {"declined"}},
		"/admin/inbox/5/drop":                nil,
		"/admin/subscribers/7":               nil,
		"/admin/subscribers/import":          nil,
		"/admin/config":                      {"text": {"site: {}"}, "do": {"check"}},
		"/admin/articles/" + key + "/refile": {"theme": {"industry", "finance"}},
		"/admin/articles/" + key + "/undo":   nil,
		"/admin/articles/" + key + "/forget": {"sure": {"yes"}},
	}
}

func TestEveryAdminPageIsSound(t *testing.T) {
	t.Parallel()
	o := newOffice(t, hashed(t))
	o.held = true
	o.paper.articles[0].Corrected = now
	o.paper.articles[0].Analysis = syndicate.Correction{Themes: []string{"finance", "industry"}}.Apply(o.paper.articles[0].Analysis)
	o.AddDeed(t.Context(), syndicate.Deed{At: now, Who: "command line", Action: syndicate.ActionRefile, Object: "k", Detail: "<b>"})
	cookie := o.signIn()
	for _, target := range append(adminPages(o), "/admin/sign-in") {
		for _, lang := range []string{"zh-Hans", "en"} {
			headers := []string{"Cookie: lang=" + lang}
			if target != "/admin/sign-in" {
				headers = append(headers, cookie)
			}
			w := ask(o.handler, target, headers...)
			t.Run(lang+" "+target, func(t *testing.T) {
				sound(t, w.Body.String(), lang)
				for name, want := range map[string]string{
					"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow", "Referrer-Policy": "no-referrer",
				} {
					if got := w.Header().Get(name); got != want {
						t.Errorf("%s: %q, want %q", name, got, want)
					}
				}
				if policy := w.Header().Get("Content-Security-Policy"); strings.Contains(policy, "unsafe") || !strings.Contains(policy, "default-src 'none'") {
					t.Errorf("Content-Security-Policy: %s", policy)
				}
			})
		}
	}
}

func TestNobodyGetsInWithoutSigningIn(t *testing.T) {
	t.Parallel()
	o := newOffice(t, hashed(t))
	for _, cookie := range []string{"", "Cookie: admin=forged", "Cookie: admin="} {
		var headers []string
		if cookie != "" {
			headers = append(headers, cookie)
		}
		for _, target := range adminPages(o) {
			w := ask(o.handler, target, headers...)
			if w.Code != http.StatusSeeOther || !strings.HasPrefix(w.Header().Get("Location"), "/admin/sign-in?next=%2Fadmin") {
				t.Errorf("%s with %q: %d to %q", target, cookie, w.Code, w.Header().Get("Location"))
			}
		}
		for target, form := range forms(o) {
			if w := o.post(target, form, headers...); w.Code != http.StatusSeeOther {
				t.Errorf("%s with %q: %d", target, cookie, w.Code)
			}
		}
	}
	if len(o.done) > 0 {
		t.Errorf("done all the same: %q", o.done)
	}
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	o := newOffice(t, hashed(t))
	if w := o.post("/admin/sign-in", url.Values{"password": {"wrong"}}); w.Code != http.StatusForbidden || w.Header().Get("Set-Cookie") != "" {
		t.Errorf("a wrong password: %d, %q", w.Code, w.Header().Get("Set-Cookie"))
	}
	w := o.post("/admin/sign-in", url.Values{"password": {password}, "next": {"/admin/sources"}})
	if got := w.Header().Get("Location"); got != "/admin/sources" {
		t.Errorf("led to %q", got)
	}
	cookie := w.Header().Get("Set-Cookie")
	for _, want := range []string{"Path=/admin", "HttpOnly", "Secure", "SameSite=Lax"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("cookie %q lacks %s", cookie, want)
		}
	}
	old := "Cookie: " + strings.Split(cookie, ";")[0]
	for hash := range o.sessions {
		if strings.Contains(cookie, hash) {
			t.Error("what is stored is what the browser shows")
		}
	}
	again := o.post("/admin/sign-in", url.Values{"password": {password}}, old)
	fresh := "Cookie: " + strings.Split(again.Header().Get("Set-Cookie"), ";")[0]
	if fresh == old || ask(o.handler, "/admin", old).Code != http.StatusSeeOther || ask(o.handler, "/admin", fresh).Code != http.StatusOK {
		t.Error("the session was not replaced by signing in again")
	}
	if w := o.post("/admin/sign-out", nil, fresh); w.Code != http.StatusSeeOther || !strings.Contains(w.Header().Get("Set-Cookie"), "Max-Age=0") {
		t.Errorf("sign-out: %d, %q", w.Code, w.Header().Get("Set-Cookie"))
	}
	if w := ask(o.handler, "/admin", fresh); w.Code != http.StatusSeeOther {
		t.Errorf("after signing out: %d", w.Code)
	}
	var actions []string
	for _, d := range o.deeds {
		actions = append(actions, d.Action)
	}
	if d := cmp.Diff([]string{syndicate.ActionSignOut, syndicate.ActionSignIn, syndicate.ActionSignIn}, actions); d != "" {
		t.Errorf("put down (-want +got):\n%s", d)
	}
}

func TestSignInLeadsToOurPagesAlone(t *testing.T) {
	t.Parallel()
	o := newOffice(t, hashed(t))
	for next, want := range map[string]string{
		"https://evil.example/admin": "/admin", "//evil.example/admin": "/admin", "/admin//evil.example": "/admin", `/admin\evil`: "/admin",
		"/feeds": "/admin", "/admin/themes?diff=30": "/admin/themes", "/administrator": "/admin", "": "/admin",
	} {
		w := o.post("/admin/sign-in", url.Values{"password": {password}, "next": {next}})
		if got := w.Header().Get("Location"); got != want {
			t.Errorf("next %q leads to %q, want %q", next, got, want)
		}
	}
}

func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	o := newOffice(t, hashed(t))
	cookie := o.signIn()
	code := func() int { return ask(o.handler, "/admin", cookie).Code }
	o.now = o.now.Add(11 * time.Hour)
	if code() != http.StatusOK {
		t.Error("it ended before it was idle for long")
	}
	o.now = o.now.Add(13 * time.Hour)
	if code() != http.StatusSeeOther {
		t.Error("it did not end when it was idle")
	}
	cookie = o.signIn()
	for range 14 * 2 {
		o.now = o.now.Add(5*time.Hour + 59*time.Minute)
		code()
	}
	if code() != http.StatusOK {
		t.Error("it ended before a week was over")
	}
	o.now = o.now.Add(time.Hour)
	if code() != http.StatusSeeOther {
		t.Error("it did not end after a week")
	}
}

func TestAttemptsAreLimited(t *testing.T) {
	t.Parallel()
	o := newOffice(t, hashed(t))
	try := func(word, remote string, headers ...string) int {
		return o.post("/admin/sign-in", url.Values{"password": {word}}, append(headers, "Remote: "+remote)...).Code
	}
	for i := range 5 {
		if code := try(fmt.Sprint("guess ", i), "203.0.113.7:1234"); code != http.StatusForbidden {
			t.Fatalf("guess %d: %d", i, code)
		}
	}
	for _, remote := range []string{"203.0.113.7:99", "203.0.113.7:100"} {
		if code := try(password, remote); code != http.StatusTooManyRequests {
			t.Errorf("after five guesses: %d", code)
		}
	}
	if code := try(password, "203.0.113.8:1"); code != http.StatusSeeOther {
		t.Errorf("from another address: %d", code)
	}
	o.now = o.now.Add(15 * time.Minute)
	if code := try(password, "203.0.113.7:1234"); code != http.StatusSeeOther {
		t.Errorf("a quarter of an hour later: %d", code)
	}
	refused := 0
	for _, d := range o.deeds {
		if d.Action == syndicate.ActionRefused {
			refused++
		}
	}
	if refused != 1 {
		t.Errorf("put down %d times, want once", refused)
	}
	// Whoever can choose what the header says before the proxy's part is still one.
	for i := range 6 {
		want := http.StatusForbidden
		if i == 5 {
			want = http.StatusTooManyRequests
		}
		header := fmt.Sprintf("X-Forwarded-For: 198.51.100.%d, 2001:db8:1:2::%d", i, i+1)
		if code := try("guess", "127.0.0.1:80", header); code != want {
			t.Errorf("guess %d through the proxy: %d, want %d", i, code, want)
		}
	}
	if code := try(password, "127.0.0.1:80", "X-Forwarded-For: 2001:db8:1:3::1"); code != http.StatusSeeOther {
		t.Errorf("another client of the proxy: %d", code)
	}
}

func TestLinkSignsInOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "")
	sum := sha256.Sum256([]byte("the-token"))
	o.links[hex.EncodeToString(sum[:])] = true
	if w := ask(o.handler, "/admin/sign-in"); !strings.Contains(w.Body.String(), "broadsheet admin link") {
		t.Error("the page does not say how to get a link")
	}
	for range 2 { // looking at it uses nothing up
		if w := ask(o.handler, "/admin/sign-in?token=the-token"); w.Code != http.StatusOK || len(o.links) != 1 {
			t.Fatalf("looking at the link: %d, %d links left", w.Code, len(o.links))
		}
	}
	for _, c := range []struct {
		form url.Values
		want int
	}{
		{url.Values{}, http.StatusForbidden},
		{url.Values{"password": {""}}, http.StatusForbidden},
		{url.Values{"token": {"another"}}, http.StatusForbidden},
		{url.Values{"token": {"the-token"}}, http.StatusSeeOther},
		{url.Values{"token": {"the-token"}}, http.StatusForbidden},
	} {
		if w := o.post("/admin/sign-in", c.form); w.Code != c.want {
			t.Errorf("%v: %d, want %d", c.form, w.Code, c.want)
		}
	}
	guarded := newOffice(t, hashed(t))
	guarded.links[hex.EncodeToString(sum[:])] = true
	if w := guarded.post("/admin/sign-in", url.Values{"token": {"the-token"}}); w.Code != http.StatusForbidden {
		t.Errorf("a link where a password is set: %d", w.Code)
	}
}

func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	t.Parallel()
	o := newOffice(t, hashed(t))
	cookie := o.signIn()
	all := forms(o)
	all["/admin/sign-in"] = url.Values{"password": {password}}
	all["/admin/sign-out"] = nil
	all["/admin/themes"] = url.Values{"title": {"x"}}
	for target, form := range all {
		for _, header := range []string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site", "Origin: https://evil.example", "Origin: null"} {
			if w := o.post(target, form, cookie, header); w.Code != http.StatusForbidden || w.Header().Get("Set-Cookie") != "" {
				t.Errorf("%s with %s: %d", target, header, w.Code)
			}
		}
		if target == "/admin/sign-out" {
			continue
		}
		for _, header := range []string{"Sec-Fetch-Site: same-origin", "Origin: https://paper.example", "Origin: http://example.com"} {
			if w := o.post(target, form, cookie, header); w.Code == http.StatusForbidden {
				t.Errorf("%s with %s: refused", target, header)
			}
		}
	}
}

func TestFormsDoWhatTheySay(t *testing.T) {
	t.Parallel()
	o := newOffice(t, hashed(t))
	cookie := o.signIn()
	key := o.paper.articles[0].Key
	article := "/admin/articles/" + key
	for _, c := range []struct {
		target string
		form   url.Values
		to     string // where it leads; "" for 404
		done   string // "" for nothing
	}{
		{"/admin/sources/park/poll", nil, "/admin/sources/park?done=poll", "poll park"},
		{"/admin/sources/harbour/poll", nil, "/admin/sources/harbour?done=wait", ""},
		{"/admin/sources/nobody/poll", nil, "", ""},
		{"/admin/sources/park/accept", nil, "/admin/sources/park?done=accept", "accept park"},
		{"/admin/sources/nobody/accept", nil, "", ""},
		// infrastructure and finance are its themes, in this order; industry is a near miss
		{article + "/refile", url.Values{"theme": {"industry", "finance", "infrastructure"}}, article + "?done=refile", "refile " + key[:4] + " infrastructure,finance,industry"},
		{article + "/refile", nil, article + "?done=refile", "refile " + key[:4] + " "},
		{article + "/refile", url.Values{"theme": {"sport"}}, "", ""},
		{article + "/undo", nil, article + "?done=undo", "undo " + key[:4]},
		{article + "/forget", nil, article + "?done=unchanged", ""},
		{article + "/forget", url.Values{"sure": {"yes"}}, "/admin/articles?done=forget", "forget " + key[:4]},
		{"/admin/articles/" + strings.Repeat("0", 32) + "/forget", url.Values{"sure": {"yes"}}, "", ""},
		{"/admin/articles/short/refile", nil, "", ""},
	} {
		o.done = nil
		w := o.post(c.target, c.form, cookie)
		code := http.StatusSeeOther
		if c.to == "" {
			code = http.StatusNotFound
		}
		if w.Code != code || w.Header().Get("Location") != c.to {
			t.Errorf("%s: %d to %q, want %d to %q", c.target, w.Code, w.Header().Get("Location"), code, c.to)
		}
		if got := strings.Join(o.done, "; "); got != c.done {
			t.Errorf("%s: done %q, want %q", c.target, got, c.done)
		}
		// By GET there is no such page, and nothing is done.
		if ask(o.handler, c.target, cookie).Code != http.StatusNotFound || len(o.done) > 1 {
			t.Errorf("%s answers GET", c.target)
		}
	}
}

func TestFormsHaveLimits(t *testing.T) {
	t.Parallel()
	o := newOffice(t, hashed(t))
	cookie := o.signIn()
	if w := o.post("/admin/themes", url.Values{"text": {strings.Repeat("x", 2<<20)}}, cookie); w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("two megabytes: %d", w.Code)
	}
	if w := do(o.handler, http.MethodDelete, "/admin", cookie); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD, POST" {
		t.Errorf("DELETE: %d, Allow %q", w.Code, w.Header().Get("Allow"))
	}
}

func TestAdminPagesTell(t *testing.T) {
	t.Parallel()
	o := newOffice(t, hashed(t))
	o.held = true
	cookie := o.signIn()
	read := func(target string) string { return ask(o.handler, target, cookie, "Cookie: lang=en").Body.String() }
	shows(t, read("/admin"), []string{
		"园区公告: 12 old articles are held", "Harbour Gazette has moved for good", "https://new.example/feed", "not delivered to 1 of 40", "2, of which 1 need attention",
	}, nil)
	shows(t, read("/admin/sources"), []string{
		"Next poll 10:30, because <code>every 1h</code>", "3.0 MiB", "12 articles in it, 2 new", "7 stored", "held ×12", "Accept",
		"gone", "410 Gone", "max-age=43200", "<svg", `aria-label="Articles a day, 30 days: 11 in all, at most 9, today 2"`,
	}, nil)
	shows(t, read("/admin/sources/park"), []string{"去年的旧闻", "An &lt;old&gt; one", "1.5 KiB", "11/12", "no dates", "Try selectors"}, nil)
	key := o.paper.articles[0].Key
	shows(t, read("/admin/articles/"+key), []string{
		"Infrastructure 4.2 ≥ 1.0: 新港 ×2 (title, lead), 码头 (body)", "Not quite: Industry 0.6", `value="finance" checked`, `value="industry"> Industry`,
		`<mark class="theme0"`, `<del class="theme0"`, "&lt;b&gt;",
	}, []string{"/undo"})
	for _, pasted := range []string{key, "https://paper.example/articles/" + key + "?lang=en", "tag:harbour.example,2026-03-02:" + key} {
		if to := ask(o.handler, "/admin/articles?q="+url.QueryEscape(pasted), cookie).Header().Get("Location"); to != "/admin/articles/"+key {
			t.Errorf("%q leads to %q", pasted, to)
		}
	}
	shows(t, read("/admin/themes?diff=7"), []string{
		"config.draft.yaml", "last 7 days", "Industry: 7 would be added", "Finance: 5 would be removed", "nothing is found any more; before: Finance",
	}, nil)
	o.fault = web.EditFault("config.draft.yaml:3:1: themes: <b>")
	shows(t, read("/admin/themes?diff=7"), []string{"has mistakes", "config.draft.yaml:3:1: themes: &lt;b&gt;"}, nil)
	o.fault = syndicate.ErrNotFound
	shows(t, read("/admin/themes?diff=7"), []string{"no configuration file"}, nil)
	w := o.post("/admin/themes", url.Values{"title": {"金融街<b>贷款"}, "text": {"</textarea>"}}, cookie, "Cookie: lang=zh-Hans")
	shows(t, w.Body.String(), []string{"金融 2.0 ≥ 1.0：贷款（标题）", "差一点归入：产业", "金融街 不计（金融）", "&lt;/textarea&gt;", `title="金融: 贷款 · 产业: 款"`}, nil)
}

func TestPublicPagesKnowNoOperator(t *testing.T) {
	t.Parallel()
	o := newOffice(t, hashed(t))
	cookie := o.signIn()
	for _, target := range pages(o.paper) {
		with, without := ask(o.handler, target, cookie), ask(o.handler, target)
		if with.Header().Get("Set-Cookie") != "" || with.Body.String() != without.Body.String() {
			t.Errorf("%s is another page for an operator", target)
		}
	}
	p := sample()
	if w := ask(handler(t, p), "/admin"); w.Code != http.StatusNotFound {
		t.Errorf("/admin where there is none: %d", w.Code)
	}
}

func TestArticlePageSaysThatAnEditorFiledIt(t *testing.T) {
	t.Parallel()
	p := sample()
	a := &p.articles[0]
	a.Corrected = now
	a.Analysis = syndicate.Correction{Themes: []string{"industry"}}.Apply(a.Analysis)
	h := handler(t, p)
	shows(t, ask(h, "/articles/"+a.Key).Body.String(), []string{
		"由编辑归类", "产业：编辑决定（规则：0.6 &lt; 1.0：施工（正文））", "基础设施：编辑移出（规则：4.2 ≥ 1.0：新港 ×2（标题、导语），码头（正文））",
	}, nil)
	shows(t, ask(h, "/articles/"+a.Key+"?lang=en").Body.String(), []string{"Filed by an editor", "Industry: an editor&#39;s decision (the rules say 0.6 &lt; 1.0: 施工 (body))"}, nil)
}
