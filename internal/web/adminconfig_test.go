package web_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"broadsheet/internal/web"
	"broadsheet/syndicate"
)

func (o *office) ConfigText() (string, bool, error) {
	if o.config == "none" {
		return "", false, syndicate.ErrNotFound
	}
	return o.config, !o.readOnly, nil
}

func (o *office) CheckConfig(text string) error {
	if strings.Contains(text, "bad") {
		return web.EditFault("config.yaml:1:1: site: <bad>\n  hint: mend it\nconfig.yaml:2:1: also bad")
	}
	return nil
}

func (o *office) SaveConfig(ctx context.Context, old, text string) error {
	if o.fault != nil {
		return o.fault
	}
	o.config = text
	return o.do(ctx, "save %d over %d bytes", len(text), len(old))
}

func TestConfigInTheBrowser(t *testing.T) {
	t.Parallel()
	o := newOffice(t, hashed(t))
	cookie := o.signIn()
	o.config = "\n# 注释 <here>\nsite: {}\n"
	mark := func() string {
		return regexp.MustCompile(`name="mark" value="([0-9a-f]+)"`).FindStringSubmatch(ask(o.handler, "/admin/config", cookie).Body.String())[1]
	}
	// A line end that the text begins with must survive the form.
	shows(t, ask(o.handler, "/admin/config", cookie).Body.String(), []string{">\n\n# 注释 &lt;here&gt;\nsite: {}\n</textarea>"}, nil)
	send := func(do, mark, text string) *httptest.ResponseRecorder {
		return o.post("/admin/config", url.Values{"do": {do}, "mark": {mark}, "text": {text}}, cookie, "Cookie: lang=en")
	}

	w := send("save", mark(), "site: bad\r\n")
	shows(t, w.Body.String(), []string{"config.yaml:1:1: site: &lt;bad&gt;\n  hint: mend it</li>", "<li>config.yaml:2:1: also bad</li>", "site: bad\n</textarea>"}, nil)
	if w.Code != http.StatusUnprocessableEntity || len(o.done) > 0 {
		t.Errorf("with mistakes: %d, done %q", w.Code, o.done)
	}
	w = send("check", mark(), "site: good\r\n")
	if shows(t, w.Body.String(), []string{"No mistakes."}, nil); w.Code != http.StatusOK || len(o.done) > 0 {
		t.Errorf("checked: %d, done %q", w.Code, o.done)
	}

	stale := mark()
	o.config = "# by hand\n"
	w = send("save", stale, "site: mine\n")
	if shows(t, w.Body.String(), []string{"changed meanwhile", "site: mine\n</textarea>", mark()}, nil); w.Code != http.StatusConflict || len(o.done) > 0 {
		t.Errorf("over another's change: %d, done %q", w.Code, o.done)
	}
	o.fault = web.ErrEdited
	if w = send("save", mark(), "site: mine\n"); w.Code != http.StatusConflict {
		t.Errorf("changed in the last moment: %d", w.Code)
	}
	o.fault = web.EditFault("the disk is full")
	if w = send("save", mark(), "site: mine\n"); w.Code != http.StatusInternalServerError || !strings.Contains(w.Body.String(), "the disk is full") {
		t.Errorf("a full disk: %d", w.Code)
	}
	o.fault = nil
	if w = send("save", mark(), "site: mine\r\n"); w.Header().Get("Location") != "/admin/config?done=config" || o.config != "site: mine\n" {
		t.Errorf("saved: %d to %q, %q", w.Code, w.Header().Get("Location"), o.config)
	}

	o.readOnly, o.done = true, nil
	shows(t, ask(o.handler, "/admin/config", cookie, "Cookie: lang=en").Body.String(), []string{" readonly>", "edited on the disk alone"}, []string{"Save and put"})
	if w = send("save", mark(), "site: other\n"); w.Code != http.StatusNotFound || len(o.done) > 0 {
		t.Errorf("saved all the same: %d, %q", w.Code, o.done)
	}
	o.config = "none"
	if w := ask(o.handler, "/admin/config", cookie); w.Code != http.StatusNotFound {
		t.Errorf("without a file: %d", w.Code)
	}
}
