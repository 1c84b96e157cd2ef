package web_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"broadsheet/internal/web"
	"broadsheet/mailer"
	"broadsheet/syndicate"
)

func (o *office) DigestStates(context.Context) ([]web.DigestState, error) {
	var onHold time.Time
	if o.onHold {
		onHold = o.now
	}
	return []web.DigestState{
		{OnHold: onHold, Digest: mailer.Digest{Name: "weekly", Title: "一周产经", Schedule: "0 8 * * MON", To: []string{"ops@example.com"}}, NextAt: o.now.Add(time.Hour)},
		{Digest: mailer.Digest{Name: "desk", Operator: true, Schedule: "@daily"}},
	}, nil
}

func (o *office) CountAudience(_ context.Context, digest string) (int, error) {
	return map[string]int{"weekly": 1200}[digest], nil
}

func (o *office) Preview(_ context.Context, digest, to, format string) ([]byte, error) {
	return []byte("<!doctype html><p>" + digest + " to " + to + " as " + format + "</p>"), nil
}

func (o *office) SendTest(ctx context.Context, digest, to string) (string, error) {
	if o.fault != nil {
		return "", o.fault
	}
	if digest == "desk" {
		return "no new articles", nil
	}
	return "", o.do(ctx, "test %s %s", digest, to)
}

func (o *office) SendSoon(ctx context.Context, digest string) error {
	return o.do(ctx, "send %s", digest)
}

func (o *office) Account(_ context.Context, edition int64, n int) (map[mailer.State]int, []mailer.Delivery, error) {
	list := []mailer.Delivery{
		{To: "full@example.org", State: mailer.Deferred, Attempts: 2, NextAt: o.now.Add(time.Hour), Error: "452 4.2.2 <mailbox> full"},
		{To: "a@example.org", State: mailer.Accepted, Attempts: 1, Settled: o.now, Reply: "250 queued as 12"},
	}
	for i := range o.fields {
		list = append(list, mailer.Delivery{To: fmt.Sprintf("reader%d@mail.example", i), State: mailer.Failed, Attempts: 9, Settled: o.now, Error: strings.Repeat("550 5.1.1 no such mailbox; ", 5)})
	}
	return map[mailer.State]int{mailer.Deferred: 1, mailer.Accepted: 700}, list[:min(n, len(list))], nil
}

func (o *office) Progress(_ context.Context, digest string, number int) (web.Progress, error) {
	if digest != "weekly" || number != 2 {
		return web.Progress{}, nil
	}
	return o.progress, nil
}

func (o *office) CancelEdition(ctx context.Context, digest string, number int) error {
	if number != 2 {
		return fmt.Errorf("edition %d: %w", number, syndicate.ErrNotFound)
	}
	return o.do(ctx, "cancel %s/%d", digest, number)
}

func (o *office) ResendEdition(ctx context.Context, digest string, number int) error {
	return o.do(ctx, "resend %s/%d", digest, number)
}

func TestEditionUnderWay(t *testing.T) {
	t.Parallel()
	o := newOffice(t, hashed(t))
	cookie, lang := o.signIn(), "Cookie: lang=en"
	const page, cancel, resend = "/admin/digests/weekly/2", `action="/admin/digests/weekly/2/cancel"`, `action="/admin/digests/weekly/2/resend"`
	for _, tt := range []struct {
		progress      web.Progress
		shown, hidden []string
	}{
		{web.Progress{}, nil, []string{cancel, resend, "Still to be sent"}},
		{web.Progress{Waiting: 40, PerMinute: 12.4, Until: now.Add(time.Hour)}, []string{"Still to be sent: 40, at 12 a minute until about 10:30.", cancel}, []string{resend}},
		{web.Progress{Waiting: 40}, []string{"Still to be sent: 40.", cancel}, []string{resend}},
		{web.Progress{Waiting: 40, Halted: "refused <10> times"}, []string{"Halted: refused &lt;10&gt; times", resend}, []string{cancel, "Still to be sent"}},
	} {
		o.progress = tt.progress
		shows(t, ask(o.handler, page, cookie, lang).Body.String(), tt.shown, tt.hidden)
	}
	for target, want := range map[string]string{
		page + "/cancel":                 page + "?done=cancel",
		page + "/resend":                 page + "?done=resend",
		"/admin/digests/weekly/9/cancel": "",
		"/admin/digests/weekly/x/cancel": "",
	} {
		if w := o.post(target, nil, cookie); w.Header().Get("Location") != want {
			t.Errorf("%s: %d to %q, want %q", target, w.Code, w.Header().Get("Location"), want)
		}
	}
}

func TestAdminDigests(t *testing.T) {
	t.Parallel()
	o := newOffice(t, hashed(t))
	cookie := o.signIn()
	lang := "Cookie: lang=en"
	shows(t, ask(o.handler, "/admin/digests", cookie, lang).Body.String(),
		[]string{"一周产经", "fixed recipients: 1; subscribers: 1200", "0 8 * * MON", "Next edition: never"}, nil)
	shows(t, ask(o.handler, "/admin/digests/weekly", cookie, lang).Body.String(),
		[]string{`href="/admin/digests/weekly/2"`, "Deliveries accepted 700", "/admin/digests/weekly/preview?format=eml"}, nil)
	shows(t, ask(o.handler, "/admin/digests/weekly/2", cookie, lang).Body.String(),
		[]string{"full@example.org", "put off", "452 4.2.2 &lt;mailbox&gt; full", "250 queued as 12", "699 more", `href="/digests/weekly/2"`}, nil)
}

// A preview is the mail's own bytes, and may do no more than a mail.
func TestPreviewInTheBrowser(t *testing.T) {
	t.Parallel()
	o := newOffice(t, hashed(t))
	cookie := o.signIn()
	for format, contentType := range map[string]string{
		"html": "text/html; charset=utf-8", "text": "text/plain; charset=utf-8", "eml": "text/plain; charset=us-ascii",
	} {
		w := ask(o.handler, "/admin/digests/weekly/preview?format="+format, cookie)
		want, _ := o.Preview(t.Context(), "weekly", "", format)
		if w.Code != http.StatusOK || w.Body.String() != string(want) || w.Header().Get("Content-Type") != contentType {
			t.Errorf("%s: %d %s %q", format, w.Code, w.Header().Get("Content-Type"), w.Body)
		}
		if policy := w.Header().Get("Content-Security-Policy"); strings.Contains(policy, "script") || !strings.Contains(policy, "form-action 'none'") {
			t.Errorf("%s: policy %s", format, policy)
		}
		if w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s is kept: %s", format, w.Header().Get("Cache-Control"))
		}
	}
	// A digest without fixed recipients is made out to the editor.
	if w := ask(o.handler, "/admin/digests/desk/preview?format=text", cookie); !strings.Contains(w.Body.String(), "to "+site().Site.Contact) {
		t.Errorf("made out so: %s", w.Body)
	}
	for _, target := range []string{"/admin/digests/weekly/preview", "/admin/digests/weekly/preview?format=pdf", "/admin/digests/none/preview?format=html"} {
		if w := ask(o.handler, target, cookie); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", target, w.Code)
		}
	}
}

func TestDigestForms(t *testing.T) {
	t.Parallel()
	o := newOffice(t, hashed(t))
	cookie := o.signIn()
	for _, tt := range []struct {
		target string
		form   url.Values
		code   int
		want   string // where it leads, or what it says
		done   string
	}{
		{"/admin/digests/weekly/test", url.Values{"to": {" editor@example.com "}}, 303, "/admin/digests/weekly?done=test", "test weekly editor@example.com"},
		{"/admin/digests/weekly/test", url.Values{"to": {"editor@example.com, all@example.com"}}, 422, "This is no mail address", ""},
		{"/admin/digests/weekly/test", url.Values{"to": {"a@example.com\r\nBcc: b@example.com"}}, 422, "This is no mail address", ""},
		{"/admin/digests/desk/test", url.Values{"to": {"editor@example.com"}}, 422, "no new articles", ""},
		{"/admin/digests/none/test", url.Values{"to": {"editor@example.com"}}, 404, "", ""},
		{"/admin/digests/weekly/send", url.Values{"sure": {"yes"}}, 303, "/admin/digests/weekly?done=send", "send weekly"},
		{"/admin/digests/weekly/send", nil, 303, "/admin/digests/weekly?done=unchanged", ""},
		{"/admin/digests/none/send", url.Values{"sure": {"yes"}}, 404, "", ""},
	} {
		o.done = nil
		w := o.post(tt.target, tt.form, cookie, "Cookie: lang=en")
		if got := w.Header().Get("Location") + w.Body.String(); w.Code != tt.code || !strings.Contains(got, tt.want) {
			t.Errorf("%s %v: %d %s", tt.target, tt.form, w.Code, got)
		}
		if got := strings.Join(o.done, " "); got != tt.done {
			t.Errorf("%s %v: done %q, want %q", tt.target, tt.form, got, tt.done)
		}
	}
	o.fault = errors.New("smtp relay.example:587: connection refused")
	w := o.post("/admin/digests/weekly/test", url.Values{"to": {"editor@example.com"}}, cookie)
	if shows(t, w.Body.String(), []string{"connection refused", `value="editor@example.com"`}, nil); w.Code != 422 {
		t.Errorf("a relay that is down: %d", w.Code)
	}
}
