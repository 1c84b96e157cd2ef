package web_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"broadsheet/internal/web"
	"broadsheet/mailer"
	"broadsheet/syndicate"
)

func (o *office) FindSubscribers(_ context.Context, text string, after int64, limit int) ([]mailer.Subscriber, error) {
	var found []mailer.Subscriber
	for id := after + 1; id <= 60 && len(found) < limit; id++ {
		x := mailer.Subscriber{ID: id, Email: fmt.Sprintf("ann%d@example.com", id), Name: "<Ann>", Digests: []string{"weekly"}, Status: mailer.Active}
		x.Themes, x.Query = []string{"finance"}, "港口"
		if strings.Contains(x.Email, text) {
			found = append(found, x)
		}
	}
	return found, nil
}

func (o *office) History(ctx context.Context, id int64) (mailer.Subscriber, []web.Receipt, error) {
	if id != 7 {
		return mailer.Subscriber{}, nil, fmt.Errorf("subscriber %d: %w", id, syndicate.ErrNotFound)
	}
	found, err := o.FindSubscribers(ctx, "", 6, 1)
	return found[0], []web.Receipt{
		{Edition: o.paper.editions[1], Subject: "一周产经 2月23日", Delivery: mailer.Delivery{State: mailer.Failed, Error: "550 no such <user>"}},
	}, err
}

func (o *office) Proofs(_ context.Context, id int64) ([]web.Proof, error) {
	if o.none {
		return nil, nil
	}
	return []web.Proof{{Version: "en-12ab34", Wording: "I want <this> digest.", Asked: o.now.Add(-time.Hour), AskedFrom: "aa11", Confirmed: o.now, ConfirmedFrom: "bb22"}}, nil
}

func (o *office) EndSubscription(ctx context.Context, id int64, erase bool) error {
	if id != 7 {
		return syndicate.ErrNotFound
	}
	return o.do(ctx, "end %d %v", id, erase)
}

func (o *office) ImportList(ctx context.Context, list io.Reader, report func(int, string)) (web.Imported, error) {
	data, err := io.ReadAll(list)
	if err != nil {
		return web.Imported{Added: 3}, err
	}
	if strings.HasPrefix(string(data), "nonsense") {
		return web.Imported{}, errors.New("the head line names no column email")
	}
	bad := strings.Count(string(data), "bad")
	for i := range bad {
		report(i+2, "<bad> is no address")
	}
	return web.Imported{Added: 1, Bad: bad}, o.do(ctx, "import %d bytes", len(data))
}

func (o *office) ExportSubscribers(_ context.Context, w io.Writer, format string) error {
	if o.fault != nil {
		for {
			if _, err := w.Write(make([]byte, 1<<20)); err != nil {
				return fmt.Errorf("write: %w", err)
			}
		}
	}
	_, err := io.WriteString(w, format+" list\n")
	return err
}

func TestAdminSubscribers(t *testing.T) {
	t.Parallel()
	o := newOffice(t, hashed(t))
	cookie, lang := o.signIn(), "Cookie: lang=en"
	page := ask(o.handler, "/admin/subscribers?who=ann", cookie, lang).Body.String()
	shows(t, page, []string{"ann1@example.com", "&lt;Ann&gt;", "active · weekly · finance · 港口", "after=20&amp;who=ann"}, []string{"ann21@example.com"})
	shows(t, ask(o.handler, "/admin/subscribers?who=ann&after=40", cookie, lang).Body.String(), []string{"ann60@example.com"}, []string{"after="})
	shows(t, ask(o.handler, "/admin/subscribers/7", cookie, lang).Body.String(),
		[]string{"ann7@example.com", `href="/admin/digests/weekly/2"`, "failed", "550 no such &lt;user&gt;"}, nil)
	shows(t, ask(o.handler, "/admin/subscribers/7", cookie, lang).Body.String(),
		[]string{"en-12ab34", `<q lang="en">I want &lt;this&gt; digest.</q>`, "aa11", "bb22"}, []string{"There is no proof"})
	o.none = true
	shows(t, ask(o.handler, "/admin/subscribers/7", cookie, lang).Body.String(), []string{"There is no proof"}, []string{"bb22"})
	for _, tt := range []struct{ form, to, done string }{
		{"", "/admin/subscribers/7?done=unsubscribe", "end 7 false"},
		{"erase=yes", "/admin/subscribers?done=erase", "end 7 true"},
	} {
		o.done = nil
		w := post(o.handler, "/admin/subscribers/7", "application/x-www-form-urlencoded", strings.NewReader(tt.form), cookie, "Cookie: lang=en")
		if w.Header().Get("Location") != tt.to || strings.Join(o.done, " ") != tt.done {
			t.Errorf("%q: to %q, done %q", tt.form, w.Header().Get("Location"), o.done)
		}
	}
}

func TestListsInTheBrowser(t *testing.T) {
	t.Parallel()
	o := newOffice(t, hashed(t))
	cookie := o.signIn()
	send := func(name, content string) *httptest.ResponseRecorder {
		var b bytes.Buffer
		m := multipart.NewWriter(&b)
		part, err := m.CreateFormFile(name, "list.csv")
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(part, content)
		m.Close()
		return post(o.handler, "/admin/subscribers/import", m.FormDataContentType(), &b, cookie, "Cookie: lang=en")
	}
	for _, tt := range []struct {
		name, field, content string
		code                 int
		want                 []string
	}{
		{"good", "list", "email\na@example.com\n", 200, []string{"Added: 1;"}},
		{"with bad lines", "list", "email" + strings.Repeat("\nbad", 203), 422, []string{"line 2: &lt;bad&gt; is no address", "line 201:", "3 more"}},
		{"no list", "list", "nonsense", 422, []string{"names no column email"}},
		{"no file", "other", "email\n", 422, []string{"no file was chosen"}},
		{"too long", "list", strings.Repeat("a", 8<<20), 422, []string{"more than 8 MB", "Added: 3;"}},
	} {
		w := send(tt.field, tt.content)
		if w.Code != tt.code {
			t.Errorf("%s: %d, want %d", tt.name, w.Code, tt.code)
		}
		shows(t, w.Body.String(), tt.want, nil)
	}
	if w := post(o.handler, "/admin/subscribers/import", "text/plain", strings.NewReader("email\n"), cookie, "Cookie: lang=en"); w.Code != 422 {
		t.Errorf("no form: %d", w.Code)
	}

	w := ask(o.handler, "/admin/subscribers/export?format=csv", cookie)
	if w.Body.String() != "csv list\n" || w.Header().Get("Content-Disposition") != `attachment; filename="subscribers.csv"` || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("export: %q %v", w.Body, w.Header())
	}
	if w := ask(o.handler, "/admin/subscribers/export?format=xls", cookie); w.Code != http.StatusNotFound {
		t.Errorf("an unknown format: %d", w.Code)
	}
	o.fault = errors.New("endless")
	if w := ask(o.handler, "/admin/subscribers/export?format=csv", cookie, "Cookie: lang=en"); w.Code != http.StatusRequestEntityTooLarge || !strings.Contains(w.Body.String(), "more than 32 MB") {
		t.Errorf("too long a list: %d", w.Code)
	}
}
