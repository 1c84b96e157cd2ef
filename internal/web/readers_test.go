package web_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"broadsheet/internal/web"
	"broadsheet/mailer"
)

// readerPages are all pages of readers, by GET.
func readerPages() []string {
	return []string{
		"/subscribe", "/subscribe?digest=weekly&theme=finance&q=%E6%B8%AF", "/subscribe?q=OR", "/confirm/fresh", "/confirm/expired", "/confirm/used", "/confirm/forged",
		"/preferences/" + annToken, "/preferences/" + deskToken, "/preferences/" + goneToken,
		"/unsubscribe/" + annToken, "/unsubscribe/" + annToken + "?digest=weekly", "/unsubscribe/" + deskToken + "?digest=ops", "/unsubscribe/" + goneToken,
		"/preferences/" + annToken + "/data.json",
	}
}

func TestReadersPagesChangeNothingByThemselves(t *testing.T) {
	t.Parallel()
	p := newCounter(t)
	for _, target := range readerPages() {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			w := do(p.handler, method, target)
			if want := map[bool]int{true: 404, false: 200}[target == "/confirm/forged"]; w.Code != want || w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("%s %s: %d, Cache-Control %q", method, target, w.Code, w.Header().Get("Cache-Control"))
			}
			if robots := w.Header().Get("X-Robots-Tag"); (robots == "") != strings.HasPrefix(target, "/subscribe") {
				t.Errorf("%s: X-Robots-Tag %q", target, robots)
			}
		}
	}
	if len(p.done)+len(p.asked) > 0 {
		t.Errorf("done: %v, %v", p.done, p.asked)
	}
	if w := do(p.handler, http.MethodDelete, "/unsubscribe/"+annToken); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD, POST" {
		t.Errorf("DELETE: %d, Allow %q", w.Code, w.Header().Get("Allow"))
	}
}

// address finds what a page loads or sends a form to.
var loaded = regexp.MustCompile(`(?:src|action)="([^"]*)"|<link[^>]* href="([^"]*)"|<script([^>]*)>([^<]*)`)

func TestReadersPagesLoadNothingFromElsewhere(t *testing.T) {
	t.Parallel()
	p := newCounter(t)
	for _, target := range readerPages() {
		w := ask(p.handler, target)
		policy := w.Header().Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: policy %q", target, policy)
		}
		if w.Header().Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: the token goes out as a referrer", target)
		}
		body := w.Body.String()
		if len(body) > 50_000 {
			t.Errorf("%s has %d bytes", target, len(body))
		}
		for _, m := range loaded.FindAllStringSubmatch(body, -1) {
			for _, address := range m[1:3] {
				if address != "" && (!strings.HasPrefix(address, "/") || strings.HasPrefix(address, "//")) && !strings.HasPrefix(address, "https://paper.example/") {
					t.Errorf("%s loads %s", target, address)
				}
			}
			if strings.HasPrefix(m[0], "<script") && (!strings.Contains(m[3], "src=") || strings.TrimSpace(m[4]) != "") {
				t.Errorf("%s has an inline script: %s", target, m[0])
			}
			if strings.HasPrefix(m[0], "<script") && !strings.Contains(policy, "script-src 'self'") {
				t.Errorf("%s has a script that its policy %q forbids", target, policy)
			}
		}
		if strings.Contains(body, "style=") || regexp.MustCompile(` on[a-z]+="`).MatchString(body) {
			t.Errorf("%s has inline style or script", target)
		}
	}
}

func TestFormsOfOtherSitesSubscribeNobody(t *testing.T) {
	t.Parallel()
	p := newCounter(t)
	for _, header := range []string{"Sec-Fetch-Site: cross-site", "Origin: https://evil.example", "Origin: null"} {
		for target, form := range map[string]url.Values{
			"/subscribe": p.wishes(), "/confirm/fresh": nil, "/preferences/" + annToken: {"do": {"erase"}, "sure": {"yes"}},
		} {
			if w := p.form(target, form, header); w.Code != http.StatusForbidden {
				t.Errorf("%s with %s: %d", target, header, w.Code)
			}
		}
		// Providers unsubscribe from wherever they are.
		if w := p.form("/unsubscribe/"+annToken+"?digest=weekly", url.Values{"List-Unsubscribe": {"One-Click"}}, header); w.Code != http.StatusOK {
			t.Errorf("one click with %s: %d", header, w.Code)
		}
	}
	if len(p.asked) > 0 || strings.Join(p.done, ";") != strings.Repeat(`leave token-of-ann "weekly";`, 2)+`leave token-of-ann "weekly"` {
		t.Errorf("done: %v, %v", p.done, p.asked)
	}
	for _, header := range []string{"Sec-Fetch-Site: same-origin", "Origin: https://paper.example"} {
		if w := p.form("/subscribe", p.wishes(), header); w.Code != http.StatusOK {
			t.Errorf("our own form with %s: %d", header, w.Code)
		}
	}
}

func TestReadersFormsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	p := newCounter(t)
	long := strings.Repeat("x", 10<<20)
	gbk := "email=%C4%E3%BA%C3%40mail.example" // 你好 in GBK
	var parts bytes.Buffer
	w := multipart.NewWriter(&parts)
	file, err := w.CreateFormFile("email", "a.txt")
	if err != nil {
		t.Fatal(err)
	}
	file.Write([]byte(long))
	w.Close()
	for name, c := range map[string]struct{ kind, body string }{
		"10 MB":              {urlencoded, "email=" + long},
		"10 MB of fields":    {urlencoded, strings.Repeat("a=b&", 10<<18)},
		"10 MB of multipart": {w.FormDataContentType(), parts.String()},
		"GBK":                {urlencoded, gbk},
		"NUL":                {urlencoded, "email=a%00b%40mail.example"},
		"half a percent":     {urlencoded, "email=%4"},
		"no boundary":        {"multipart/form-data", "email"},
		"cut off":            {"multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"do\"\r\n\r\nall"},
	} {
		for _, target := range []string{"/subscribe", "/confirm/fresh", "/preferences/" + annToken, "/unsubscribe/" + annToken} {
			want := http.StatusBadRequest
			if len(c.body) > 1<<20 {
				want = http.StatusRequestEntityTooLarge
			}
			if w := p.send(target, c.kind, c.body); w.Code != want || !strings.Contains(w.Body.String(), "表单") {
				t.Errorf("%s to %s: %d", name, target, w.Code)
			}
		}
	}
	if len(p.done)+len(p.asked) > 0 {
		t.Errorf("done: %v, %v", p.done, p.asked)
	}
}

func TestUnsubscribing(t *testing.T) {
	t.Parallel()
	ann, weekly := "/unsubscribe/"+annToken, "/unsubscribe/"+annToken+"?digest=weekly"
	var parts bytes.Buffer
	w := multipart.NewWriter(&parts)
	w.WriteField("List-Unsubscribe", "One-Click")
	w.Close()
	for name, c := range map[string]struct {
		target, kind, body string
		done, says         string
	}{
		"one click":                       {weekly, urlencoded, "List-Unsubscribe=One-Click", `leave token-of-ann "weekly"`, "will not come any more"},
		"one click as multipart":          {weekly, w.FormDataContentType(), parts.String(), `leave token-of-ann "weekly"`, "will not come any more"},
		"a body of no known kind":         {weekly, "text/plain", "List-Unsubscribe=One-Click", `leave token-of-ann "weekly"`, "will not come any more"},
		"the button":                      {weekly, urlencoded, "do=leave", `leave token-of-ann "weekly"`, "“一周产经” will not come any more"},
		"all":                             {weekly, urlencoded, "do=all", `leave token-of-ann ""`, "No digest will come any more"},
		"no digest named":                 {ann, urlencoded, "List-Unsubscribe=One-Click", `leave token-of-ann ""`, "No digest will come any more"},
		"a digest that there is no more":  {ann + "?digest=yearly", urlencoded, "", `leave token-of-ann ""`, "No digest will come any more"},
		"markup for a digest":             {ann + "?digest=%3Cb%3E", urlencoded, "", `leave token-of-ann ""`, "No digest will come any more"},
		"a fixed recipient":               {"/unsubscribe/" + deskToken + "?digest=ops", urlencoded, "do=leave", `leave token-of-desk "ops"`, "不会再寄送任何简报"},
		"somebody who is not here":        {"/unsubscribe/" + goneToken + "?digest=weekly", urlencoded, "do=leave", "", "已无任何数据"},
		"a pause":                         {weekly, urlencoded, "do=pause", `choose token-of-ann [daily weekly] [finance] "港口" en active until 2026-03-30`, "Mail comes again on 30 March 2026"},
		"once a month":                    {weekly, urlencoded, "do=monthly", `choose token-of-ann [daily weekly] [finance] "港口" en active monthly`, "Once a month at most"},
		"an offer that there is not":      {weekly, urlencoded, "do=hourly", `leave token-of-ann "weekly"`, "will not come any more"},
		"no pause for a fixed recipient":  {"/unsubscribe/" + deskToken + "?digest=ops", urlencoded, "do=pause", `leave token-of-desk "ops"`, "不会再寄送任何简报"},
		"somebody who changed their mind": {weekly, urlencoded, "do=back", `choose token-of-ann [daily weekly] [finance] "港口" en active`, "Welcome back"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newCounter(t)
			res := p.send(c.target, c.kind, c.body)
			if res.Code != http.StatusOK || res.Header().Get("Location") != "" {
				t.Errorf("status %d, Location %q", res.Code, res.Header().Get("Location"))
			}
			if got := strings.Join(p.done, ";"); got != c.done {
				t.Errorf("done %q, want %q", got, c.done)
			}
			shows(t, res.Body.String(), []string{c.says}, []string{"<b>", "ann@reader.example", "desk@paper.example"})
		})
	}
}

func TestUnsubscribingAsksFirstAndSaysWhatIsLeft(t *testing.T) {
	t.Parallel()
	p := newCounter(t)
	weekly := "/unsubscribe/" + annToken + "?digest=weekly"
	shows(t, ask(p.handler, weekly).Body.String(), []string{
		"Shall “一周产经” stop?", "a…n@reader.example", `value="leave"`, `value="all"`, "Other digests you get: daily", `href="/preferences/` + annToken,
	}, []string{`value="back"`})
	shows(t, ask(p.handler, weekly, "Cookie: lang=zh-Hans").Body.String(), []string{"要停止接收《一周产经》吗"}, nil)
	shows(t, ask(p.handler, weekly+"&lang=zh-Hans").Body.String(), []string{"要停止接收《一周产经》吗", `?digest=weekly&amp;lang=en"`}, nil)
	p.form(weekly, url.Values{"do": {"leave"}})
	shows(t, ask(p.handler, weekly).Body.String(), []string{"will not come any more", `value="back"`}, []string{`value="leave"`})
	p.form(weekly, url.Values{"do": {"back"}})
	if got := strings.Join(p.recipients[annToken].Digests, " "); got != "daily weekly" {
		t.Errorf("back on %q", got)
	}
	p.form(weekly, url.Values{"do": {"all"}})
	shows(t, ask(p.handler, "/unsubscribe/"+annToken).Body.String(), []string{"No digest will come any more"}, []string{`value="all"`})
	p.form(weekly, url.Values{"do": {"back"}}) // who left all comes back to the one that the link is about
	if got := p.recipients[annToken]; strings.Join(got.Digests, " ") != "weekly" || got.Status != mailer.Active {
		t.Errorf("back on %v, %s", got.Digests, got.Status)
	}
	for _, target := range []string{"/unsubscribe/forged", "/unsubscribe/forged?digest=weekly", "/unsubscribe/", "/preferences/forged", "/preferences/forged/data.json"} {
		if w := ask(p.handler, target); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", target, w.Code)
		}
		if w := p.form(target, url.Values{"do": {"all"}}); w.Code != http.StatusNotFound && w.Code != http.StatusMethodNotAllowed {
			t.Errorf("POST %s: %d", target, w.Code)
		}
	}
}

func TestPreferences(t *testing.T) {
	t.Parallel()
	p := newCounter(t)
	at := "/preferences/" + annToken
	shows(t, ask(p.handler, at).Body.String(), []string{
		"ann@reader.example", "subscribed", `name="digest" value="weekly" checked`, `name="theme" value="finance" checked`, `name="theme" value="industry">`,
		`name="q" value="港口"`, "https://paper.example/feeds/my-1-x.atom", "What the last week would have brought", `href="/preferences/token-of-ann/data.json"`,
	}, nil)
	for _, c := range []struct {
		form url.Values
		code int
		says string
		done string
	}{
		{url.Values{"do": {"preview"}, "digest": {"weekly"}, "q": {"大桥 <b>"}}, 200, "What the last week would have brought", ""},
		{
			url.Values{"do": {"save"}, "digest": {"weekly", "nothing like it"}, "theme": {"finance", "x"}, "q": {" a  b "}, "language": {"xx"}, "format": {"text"}},
			200, "Saved.", `choose token-of-ann [weekly] [finance] "a b"  active`,
		},
		{url.Values{"do": {"save"}, "digest": {"weekly"}, "theme": {"finance", "industry", "infrastructure"}, "language": {"en"}}, 200, "Saved.", `choose token-of-ann [weekly] [] "" en active`},
		{url.Values{"do": {"save"}}, 422, "No digest is chosen", ""},
		{url.Values{"do": {"save"}, "digest": {"weekly"}, "q": {"港口 OR"}}, 422, "港口 OR", ""},
		{url.Values{"do": {"save"}, "digest": {"weekly"}, "q": {strings.Repeat("长", 501)}}, 422, "more than 500 characters", ""},
		{
			url.Values{"do": {"save"}, "digest": {"weekly"}, "frequency": {"monthly"}, "hour": {"7"}, "zone": {" Europe/Lisbon "}, "pause": {"2026-04-01"}},
			200, "paused until 1 April 2026", `choose token-of-ann [weekly] [] ""  active monthly 7 Europe/Lisbon until 2026-04-01`,
		},
		{url.Values{"do": {"save"}, "digest": {"weekly"}, "frequency": {"often"}, "hour": {"24"}, "pause": {"2026-03-01"}}, 200, "Saved.", `choose token-of-ann [weekly] [] ""  active`},
		{url.Values{"do": {"save"}, "digest": {"weekly"}, "zone": {"Mars/<b>"}}, 422, "no time zone “Mars/&lt;b&gt;”", ""},
		{url.Values{"do": {"save"}, "digest": {"weekly"}, "zone": {"Local"}}, 422, "no time zone", ""},
		{url.Values{"do": {"save"}, "digest": {"weekly"}, "pause": {"tomorrow"}}, 422, "no day of the next two years", ""},
		{url.Values{"do": {"save"}, "digest": {"weekly"}, "pause": {"2036-04-01"}}, 422, "no day of the next two years", ""},
		{url.Values{"do": {"renew"}}, 200, "new address", "renew token-of-ann"},
		{url.Values{"do": {"erase"}, "never": {"yes"}}, 422, "Nothing was erased", ""},
		{url.Values{"do": {"stop"}}, 200, "Stopped.", `leave token-of-ann ""`},
		{url.Values{"do": {"save"}, "digest": {"daily"}}, 200, "Saved.", `choose token-of-ann [daily] [] ""  active`},
		{url.Values{}, 200, "ann@reader.example", ""},
		{url.Values{"do": {"<script>"}}, 200, "ann@reader.example", ""},
		{url.Values{"do": {"erase"}, "sure": {"yes"}, "never": {"yes"}}, 200, "is erased", "erase token-of-ann true"},
		{url.Values{"do": {"save"}, "digest": {"daily"}}, 200, "Nothing is stored", ""},
	} {
		p.done = nil
		w := p.form(at, c.form, "Cookie: lang=en")
		if w.Code != c.code || strings.Join(p.done, ";") != c.done {
			t.Errorf("%v: %d, done %q, want %d and %q", c.form, w.Code, p.done, c.code, c.done)
		}
		shows(t, w.Body.String(), []string{c.says}, []string{"<b>", "<script>"})
	}
	if w := ask(p.handler, "/preferences/"+deskToken+"/data.json"); w.Header().Get("Content-Disposition") != `attachment; filename="subscription.json"` || w.Body.String() != "{}\n" {
		t.Errorf("data: %v, %q", w.Header(), w.Body)
	}
	shows(t, ask(p.handler, "/preferences/"+deskToken).Body.String(), []string{"desk@paper.example", "运营者"}, []string{`value="erase"`, `name="theme"`})
}

func TestSubscribing(t *testing.T) {
	t.Parallel()
	p := newCounter(t)
	form := p.wishes()
	form["email"] = []string{" reader＠mail。example "}
	w := p.form("/subscribe?lang=en", form)
	if w.Code != http.StatusOK || len(p.asked) != 1 {
		t.Fatalf("%d, asked %v:\n%s", w.Code, p.asked, w.Body)
	}
	shows(t, w.Body.String(), []string{"Look into your mailbox", "reader@mail.example"}, []string{"<form class=\"wishes\""})
	x := p.asked[0]
	got := fmt.Sprint(x.Wishes.Email, x.Wishes.Digests, x.Wishes.Themes, x.Wishes.Language, x.Wishes.Format, x.Language, x.Worked, x.Network)
	if want := "reader@mail.example[weekly] [finance industry]entextenfalse192.0.2.1"; strings.ReplaceAll(got, " ", "") != strings.ReplaceAll(want, " ", "") || !strings.Contains(x.Consent, "江城产经") {
		t.Errorf("asked %s, want %s; consent %q", got, want, x.Consent)
	}

	// With the work done nobody has to wait.
	ticket := p.ticket(ask(p.handler, "/subscribe").Body.String())
	form["ticket"], form["proof"], form["email"] = []string{ticket}, []string{proofOf(ticket)}, []string{"leser@bücher.example"}
	if w := p.form("/subscribe", form); w.Code != http.StatusOK || len(p.asked) != 2 || !p.asked[1].Worked || p.asked[1].Wishes.Email != "leser@xn--bcher-kva.example" {
		t.Errorf("%d, asked %+v", w.Code, p.asked)
	}
	shows(t, ask(p.handler, "/subscribe?digest=weekly&theme=finance&q=%22%3Cb%3E").Body.String(), []string{
		`value="weekly" checked`, `value="daily">`, `value="finance" checked`, `value="industry">`, `value="&#34;&lt;b&gt;"`,
	}, []string{"<b>"})
	for target, want := range map[string]string{"/": `href="/subscribe"`, "/digests": `href="/subscribe?digest=weekly"`, "/themes/finance": `href="/subscribe?theme=finance"`, "/search?q=港": `href="/subscribe?q=%E6%B8%AF"`} {
		shows(t, ask(p.handler, target).Body.String(), []string{want}, nil)
	}
	without := sample()
	if page := ask(handler(t, without), "/").Body.String(); strings.Contains(page, "/subscribe") || ask(handler(t, without), "/subscribe").Code != http.StatusNotFound {
		t.Error("where nobody can subscribe, a page invites to it")
	}
}

func TestSubscribingRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(p *counter, form url.Values)
		code   int
		says   string
	}{
		"no address":           {set("email", ""), 422, "请填写邮箱地址"},
		"no mail address":      {set("email", "reader"), 422, "不是邮箱地址"},
		"no domain":            {set("email", "reader@localhost"), 422, "不是邮箱地址"},
		"a name beside it":     {set("email", "R <reader@mail.example>"), 422, "不是邮箱地址"},
		"header injection":     {set("email", "reader@mail.example\r\nBcc: all@mail.example"), 422, "不是邮箱地址"},
		"a list of addresses":  {set("email", "a@mail.example, b@mail.example"), 422, "不是邮箱地址"},
		"markup":               {set("email", `"><script>alert(1)</script>@mail.example`), 422, "不是邮箱地址"},
		"an address too long":  {set("email", strings.Repeat("a", 250)+"@mail.example"), 422, "不是邮箱地址"},
		"no digest":            {set("digest", "yearly"), 422, "至少选择一种"},
		"a bad query":          {set("q", "港口 OR"), 422, "港口 OR"},
		"a query with markup":  {set("q", "<b> OR"), 422, "&lt;b&gt; OR"},
		"no ticket":            {set("ticket", ""), 422, "表单打开得太久"},
		"a forged ticket":      {set("ticket", strings.Repeat("A", 54)), 422, "表单打开得太久"},
		"an early form":        {func(p *counter, _ url.Values) { p.now = p.now.Add(-time.Second) }, 422, "比人手打字还快"},
		"a forged proof":       {func(p *counter, f url.Values) { p.now = p.now.Add(-time.Second); f.Set("proof", "1") }, 422, "比人手打字还快"},
		"a form of yesterday":  {func(p *counter, _ url.Values) { p.now = p.now.Add(24 * time.Hour) }, 422, "表单打开得太久"},
		"a form from tomorrow": {func(p *counter, _ url.Values) { p.now = p.now.Add(-time.Hour) }, 422, "表单打开得太久"},
		"too many":             {func(p *counter, _ url.Values) { p.refuse = web.ErrTooMany }, 429, "订阅请求过多"},
		"a form used before":   {func(p *counter, _ url.Values) { p.refuse = web.ErrTicketUsed }, 422, "已为另一个地址提交过"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newCounter(t)
			form := p.wishes()
			form.Set("q", "桥")
			c.change(p, form)
			w := p.form("/subscribe", form)
			if w.Code != c.code || len(p.asked) > 0 {
				t.Errorf("status %d, want %d; asked %v", w.Code, c.code, p.asked)
			}
			// Nothing that was filled in is lost.
			shows(t, w.Body.String(), []string{c.says, `value="industry" checked`, `value="text" checked`}, []string{"<script>alert", "<b>"})
			if form.Get("q") == "桥" {
				shows(t, w.Body.String(), []string{`value="桥"`}, nil)
			}
			// The form that comes back is good once it was waited for.
			form.Set("ticket", p.ticket(w.Body.String()))
			form["email"], form["digest"], form["q"], p.refuse = []string{"reader@mail.example"}, []string{"weekly"}, nil, nil
			p.now = p.now.Add(8 * time.Second)
			if w := p.form("/subscribe", form); w.Code != http.StatusOK || len(p.asked) != 1 {
				t.Errorf("sent again: %d", w.Code)
			}
		})
	}
}

func set(field, value string) func(*counter, url.Values) {
	return func(_ *counter, form url.Values) { form.Set(field, value) }
}

func TestProgramsThatFillInEverythingAreAnsweredAndForgotten(t *testing.T) {
	t.Parallel()
	p := newCounter(t)
	form := p.wishes()
	person := p.form("/subscribe", form).Body.String()
	form.Set("website", "https://buy.example")
	program := p.form("/subscribe", form)
	if program.Code != http.StatusOK || program.Body.String() != person || len(p.asked) != 1 {
		t.Errorf("status %d, asked %d times, the same page: %v", program.Code, len(p.asked), program.Body.String() == person)
	}
}

func TestConfirming(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		token, form string
		refuse      error
		code        int
		says        string
		done        string
	}{
		{"fresh", "", nil, 200, "Subscribed", "confirm fresh from 192.0.2.1"},
		{"used", "", nil, 200, "used before", ""},
		{"used", "do=again", nil, 200, "used before", ""},
		{"expired", "", nil, 410, "链接已过期", ""},
		{"expired", "do=again", nil, 200, "新链接", "again expired"},
		{"expired", "do=again", web.ErrTooMany, 429, "一小时后再试", ""},
		{"forged", "", nil, 404, "链接无效", ""},
		{"%3Cscript%3E", "do=again", nil, 404, "链接无效", ""},
	} {
		p := newCounter(t)
		p.refuse = c.refuse
		w := p.send("/confirm/"+c.token, urlencoded, c.form)
		if w.Code != c.code || strings.Join(p.done, ";") != c.done {
			t.Errorf("%s: %d, done %q, want %d and %q", c.token, w.Code, p.done, c.code, c.done)
		}
		shows(t, w.Body.String(), []string{c.says}, []string{"ann@reader.example", "<script>"})
		if has := strings.Contains(w.Body.String(), "/preferences/"); has != (c.token == "fresh") {
			t.Errorf("%s: leads to preferences: %v", c.token, has)
		}
	}
	p := newCounter(t)
	shows(t, ask(p.handler, "/confirm/fresh").Body.String(), []string{"a…n@reader.example", "一周产经", "Finance", "港口", "Confirm</button>"}, nil)
	shows(t, ask(p.handler, "/confirm/expired").Body.String(), []string{"重新发送链接"}, nil)
}

func TestDigestsSayWhenTheyCome(t *testing.T) {
	t.Parallel()
	for schedule, want := range map[string]string{
		"0 8 * * MON": "every Monday at 08:00", "30 7 * * *": "daily at 07:30", "5 9 * * 1-5": "Monday to Friday at 09:05", "0 8 1 * *": "on day 1 of each month at 08:00",
		"@daily": "daily at 00:00", "@weekly": "every Sunday at 00:00", "0 8 * * mon,7": "every Monday, Sunday at 08:00",
		"*/5 8 * * *": "", "0 8 1 * MON": "", "0 8 * 3 *": "", "0 8 * * 1-3": "", "@hourly": "",
	} {
		p := newCounter(t)
		cfg := site()
		cfg.Digests[0].Schedule = schedule
		s := sample()
		h := handlerOf(t, cfg, web.Parts{Articles: s, Feeds: publisher(s), Editions: s, Readers: &web.Readers{Choices: p, Records: p, SignUps: p}, Now: func() time.Time { return now }})
		page := ask(h, "/subscribe?lang=en").Body.String()
		if want == "" && strings.Contains(page, "一周产经 <small>") || want != "" && !strings.Contains(page, "一周产经 <small>"+want+"</small>") {
			t.Errorf("%s: want %q in:\n%s", schedule, want, page)
		}
	}
}

func TestLessIsOfferedOnlyWhereItIsLess(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		schedule string
		often    mailer.Frequency
		offers   string
	}{
		{"0 8 * * *", mailer.Each, "weekly monthly important pause"},
		{"0 8 * * *", mailer.Daily, "weekly monthly important pause"},
		{"0 8 * * 1-5", mailer.Weekly, "monthly important pause"},
		{"0 8 * * MON", mailer.Each, "monthly important pause"},
		{"@weekly", mailer.Monthly, "important pause"},
		{"0 8 1 * *", mailer.Each, "important pause"},
		{"@monthly", mailer.Important, "pause"},
		{"0 8 * * *", mailer.Important, "weekly monthly pause"},
	} {
		p := newCounter(t)
		cfg := site()
		cfg.Digests[0].Schedule = c.schedule
		ann := p.recipients[annToken]
		ann.Digests, ann.Frequency = []string{"weekly"}, c.often
		s := sample()
		h := handlerOf(t, cfg, web.Parts{Articles: s, Feeds: publisher(s), Editions: s, Readers: &web.Readers{Choices: p, Records: p, SignUps: p}, Now: func() time.Time { return now }})
		var offers []string
		for _, m := range regexp.MustCompile(`name="do" value="(weekly|monthly|important|pause)"`).FindAllStringSubmatch(ask(h, "/unsubscribe/"+annToken).Body.String(), -1) {
			offers = append(offers, m[1])
		}
		if got := strings.Join(offers, " "); got != c.offers {
			t.Errorf("%s, %s: offers %q, want %q", c.schedule, c.often.Word(), got, c.offers)
		}
	}
}

func TestTokensAreNotLogged(t *testing.T) {
	t.Parallel()
	p := newCounter(t)
	s := sample()
	var log bytes.Buffer
	h := handlerOf(t, site(), web.Parts{
		Articles: s, Feeds: publisher(s), Editions: s, Now: func() time.Time { return now }, Logger: slog.New(slog.NewTextHandler(&log, nil)),
		Readers: &web.Readers{Choices: p, Records: p, SignUps: p},
	})
	s.err = errors.New("the database is away")
	if w := ask(h, "/preferences/"+annToken); w.Code != http.StatusInternalServerError {
		t.Errorf("status %d", w.Code)
	}
	r := httptest.NewRequest(http.MethodPost, "/preferences/"+annToken, nil)
	r.Header.Set("Origin", "https://evil.example")
	h.ServeHTTP(httptest.NewRecorder(), r)
	if text := log.String(); strings.Contains(text, annToken) || strings.Count(text, "/preferences/…") != 2 {
		t.Errorf("the log:\n%s", text)
	}
}
