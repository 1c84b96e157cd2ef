package web_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"broadsheet/internal/web"
)

func (o *office) Queue(context.Context, int) ([]web.JobGroup, error) {
	if o.none {
		return nil, nil
	}
	return []web.JobGroup{
		{State: "running", All: 1, Jobs: []web.Job{{ID: 3, Kind: "deliver", Args: `{"edition":2}`, Attempt: 1, MaxAttempts: 10, At: o.now, CanCancel: true}}},
		{State: "given up", All: 60, Jobs: []web.Job{{ID: 4, Kind: "poll", Args: `{"source":"<park>"}`, Attempt: 10, MaxAttempts: 10, At: o.now, Ended: o.now, Error: "no <answer>", CanRetry: true}}},
		{State: "waiting"},
	}, nil
}

func (o *office) AllFigures(context.Context) ([]web.Figure, string, error) {
	return figures, "https://paper.example/metrics?key=0123", nil
}

func (o *office) RetryJob(ctx context.Context, id int64) (bool, error) {
	return id == 4, o.do(ctx, "retry %d", id)
}

func (o *office) CancelJob(ctx context.Context, id int64) (bool, error) {
	return id == 3, o.do(ctx, "cancel %d", id)
}

func (o *office) LogLines(least slog.Level) []web.LogLine {
	var list []web.LogLine
	for _, l := range []web.LogLine{
		{At: o.now, Level: slog.LevelError, Message: "page cannot be served", Facts: `error="no <such> table"`},
		{At: o.now, Level: slog.LevelInfo, Message: "edition composed", Facts: "digest=weekly"},
	} {
		if l.Level >= least {
			list = append(list, l)
		}
	}
	return list
}

func (o *office) BackupCommand() string { return o.dump }

// A copyOf is a copy of the database that knows whether it was closed.
type copyOf struct {
	io.Reader
	closed *bool
}

func (c copyOf) Close() error {
	*c.closed = true
	return nil
}

func (o *office) TakeBackup(ctx context.Context) (io.ReadCloser, int64, error) {
	if o.fault != nil {
		return nil, 0, o.fault
	}
	return copyOf{strings.NewReader("SQLite format 3"), &o.closed}, 15, o.do(ctx, "backup")
}

func TestQueueInTheBrowser(t *testing.T) {
	t.Parallel()
	o := newOffice(t, hashed(t))
	cookie, lang := o.signIn(), "Cookie: lang=en"
	shows(t, ask(o.handler, "/admin/queue", cookie, lang).Body.String(), []string{
		"Running: 1", "attempt 1 of 10", `action="/admin/queue/3/cancel"`, "Given up: 60", "59 more", "{&#34;source&#34;:&#34;&lt;park&gt;&#34;}",
		"no &lt;answer&gt;", `action="/admin/queue/4/retry"`, "Waiting for a worker: 0", "None.",
	}, []string{`action="/admin/queue/3/retry"`, `action="/admin/queue/4/cancel"`})
	for _, tt := range []struct {
		target, leads, done string
		code                int
	}{
		{"/admin/queue/4/retry", "/admin/queue?done=retry", "retry 4", 303},
		{"/admin/queue/3/cancel", "/admin/queue?done=discard", "cancel 3", 303},
		{"/admin/queue/3/retry", "/admin/queue?done=unchanged", "retry 3", 303}, // it is done meanwhile
		{"/admin/queue/x/retry", "", "", 404},
	} {
		o.done = nil
		if w := o.post(tt.target, nil, cookie); w.Code != tt.code || w.Header().Get("Location") != tt.leads || strings.Join(o.done, " ") != tt.done {
			t.Errorf("%s: %d to %q, done %q", tt.target, w.Code, w.Header().Get("Location"), o.done)
		}
	}
	o.none = true
	shows(t, ask(o.handler, "/admin/queue", cookie, lang).Body.String(), []string{"This process has no queue."}, nil)
}

func TestProgramLog(t *testing.T) {
	t.Parallel()
	o := newOffice(t, hashed(t))
	cookie, lang := o.signIn(), "Cookie: lang=en"
	shows(t, ask(o.handler, "/admin/log", cookie, lang).Body.String(), []string{`href="/admin/log/program"`}, nil)
	shows(t, ask(o.handler, "/admin/log/program", cookie, lang).Body.String(), []string{
		"page cannot be served", "error=&#34;no &lt;such&gt; table&#34;", "edition composed", `href="/admin/log/program?level=info" aria-current="page"`,
	}, nil)
	shows(t, ask(o.handler, "/admin/log/program?level=warn", cookie, lang).Body.String(),
		[]string{"page cannot be served", `level=warn" aria-current="page"`}, []string{"edition composed"})
	if w := ask(o.handler, "/admin/log/program?level=loud", cookie); w.Code != http.StatusNotFound {
		t.Errorf("no such level: %d", w.Code)
	}
}

// A copy of the database goes to whoever is signed in, by a form of ours, and
// to nobody else.
func TestBackupInTheBrowser(t *testing.T) {
	t.Parallel()
	o := newOffice(t, hashed(t))
	if w := o.post("/admin/backup", nil); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/admin/sign-in" || len(o.done) > 0 {
		t.Errorf("not signed in: %d to %q, done %q", w.Code, w.Header().Get("Location"), o.done)
	}
	cookie, lang := o.signIn(), "Cookie: lang=en"
	if w := o.post("/admin/backup", nil, cookie, "Sec-Fetch-Site: cross-site"); w.Code != http.StatusForbidden || len(o.done) > 0 {
		t.Errorf("from another site: %d, done %q", w.Code, o.done)
	}
	shows(t, ask(o.handler, "/admin/backup", cookie, lang).Body.String(), []string{"Download a copy", `action="/admin/backup"`}, []string{"pg_dump"})
	if len(o.done) > 0 {
		t.Errorf("looking did %q", o.done)
	}
	w := o.post("/admin/backup", nil, cookie)
	h := w.Header()
	if w.Code != http.StatusOK || w.Body.String() != "SQLite format 3" || h.Get("Content-Length") != "15" || h.Get("Content-Type") != "application/vnd.sqlite3" ||
		h.Get("Content-Disposition") != `attachment; filename="broadsheet-`+now.In(site().Site.Location).Format("20060102-150405")+`.db"` ||
		h.Get("Cache-Control") != "no-store" || h.Get("Etag") != "" || !o.closed {
		t.Errorf("%d %v %q, closed %t", w.Code, h, w.Body, o.closed)
	}
	for _, tt := range []struct {
		fault error
		code  int
		want  string
	}{{web.ErrBusy, 409, "Another copy is being made."}, {web.ErrNoRoom, 507, "There is no room for a copy"}, {errors.New("disk I/O error"), 500, ""}} {
		o.fault = tt.fault
		if w := o.post("/admin/backup", nil, cookie, lang); w.Code != tt.code || !strings.Contains(w.Body.String(), tt.want) {
			t.Errorf("%v: %d %s", tt.fault, w.Code, w.Body)
		}
	}
	o.fault, o.dump, o.done = nil, "pg_dump --dbname='postgres://paper@db.example/paper'", nil
	for _, w := range []string{ask(o.handler, "/admin/backup", cookie, lang).Body.String(), o.post("/admin/backup", nil, cookie, lang).Body.String()} {
		shows(t, w, []string{"pg_dump --dbname=&#39;postgres://paper@db.example/paper&#39;"}, []string{"Download a copy"})
	}
	if len(o.done) > 0 {
		t.Errorf("done %q", o.done)
	}
}

func TestEditedConfigurationIsCompared(t *testing.T) {
	t.Parallel()
	o := newOffice(t, hashed(t))
	cookie, lang := o.signIn(), "Cookie: lang=en"
	o.config = "site: {}\n"
	form := map[string][]string{"do": {"compare"}, "text": {"site: good\r\n"}}
	w := o.post("/admin/config", form, cookie, lang)
	shows(t, w.Body.String(), []string{"site: good\n</textarea>", "would be filed otherwise", "config.yaml"}, nil)
	if w.Code != http.StatusOK || len(o.done) > 0 || o.config != "site: {}\n" {
		t.Errorf("%d, done %q, file %q", w.Code, o.done, o.config)
	}
	form["text"] = []string{"bad"}
	if w := o.post("/admin/config", form, cookie, lang); w.Code != http.StatusUnprocessableEntity || strings.Contains(w.Body.String(), "would be filed otherwise") {
		t.Errorf("with mistakes: %d", w.Code)
	}
}
