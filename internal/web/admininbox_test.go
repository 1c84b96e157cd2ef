package web_test

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"broadsheet/internal/web"
	"broadsheet/syndicate"
)

// sampleInbox has something of every kind, and of each that can be settled
// something that is.
func sampleInbox() []syndicate.Submission {
	application := syndicate.Application{
		Organisation: "Harbour <b>Gazette</b>", Site: "https://harbour.example", URL: "https://harbour.example", Note: "We print.\nDaily.",
		Source: syndicate.ProposedSource{Name: "harbour-example", URL: "https://feeds.example/harbour", Kind: syndicate.KindFeed}, Found: 12,
		Sample: []syndicate.SampleEntry{{Title: "One", URL: "https://harbour.example/1", Published: now}, {Title: "Two", URL: "javascript:alert(1)"}},
	}
	proved := application
	proved.Proof, proved.ProvedAt, proved.Stored = syndicate.ProofMeta, now, true
	return []syndicate.Submission{
		{
			ID: 5, Kind: syndicate.KindApplication, At: now, Address: "desk@harbour.example", State: syndicate.Accepted, Settled: now, Result: "gazette",
			Application: &proved, MailedAt: now,
		},
		{ID: 4, Kind: syndicate.KindContribution, At: now, State: syndicate.Accepted, Settled: now, Word: "谢谢\n<b>", Result: strings.Repeat("0", 32), Contribution: &syndicate.Contribution{Title: "旧稿", Text: "旧稿。"}},
		{ID: 3, Kind: syndicate.KindApplication, At: now, Address: "desk@harbour.example", State: syndicate.Received, Application: &application},
		{
			ID: 2, Kind: syndicate.KindLetter, At: now, Address: "li@example.com", State: syndicate.Received, MailFault: "451 <later>",
			Letter: &syndicate.Letter{Name: "老李", Subject: "A <question>", Text: "第一行\n<script>alert(1)</script>"},
		},
		{
			ID: 1, Kind: syndicate.KindContribution, At: now, State: syndicate.Received,
			Contribution: &syndicate.Contribution{Title: "金融街<b>贷款", Text: "一\n二", Link: "javascript:alert(1)", Theme: "industry", Language: "zh-Hans"},
		},
	}
}

func (o *office) OpenSubmissions(context.Context) (map[syndicate.SubmissionKind]int, error) {
	open := map[syndicate.SubmissionKind]int{}
	for i := range o.inbox {
		if o.inbox[i].Settled.IsZero() {
			open[o.inbox[i].Kind]++
		}
	}
	return open, nil
}

func (o *office) Submissions(_ context.Context, kind syndicate.SubmissionKind, open bool, limit, offset int) ([]syndicate.Submission, error) {
	var found []syndicate.Submission
	for _, sub := range o.inbox {
		if sub.Kind == kind && sub.Settled.IsZero() == open {
			found = append(found, sub)
		}
	}
	found = found[min(offset, len(found)):]
	return found[:min(limit, len(found))], nil
}

func (o *office) Submission(_ context.Context, id int64) (syndicate.Submission, error) {
	for _, sub := range o.inbox {
		if sub.ID == id {
			return sub, nil
		}
	}
	return syndicate.Submission{}, fmt.Errorf("submission %d: %w", id, syndicate.ErrNotFound)
}

func (o *office) PreviewContribution(_ context.Context, sub *syndicate.Submission) (syndicate.Article, []syndicate.Passage, error) {
	a := syndicate.Article{Title: sub.Contribution.Title, Text: sub.Contribution.Text, Language: "zh-Hans", Content: `<p onclick="alert(2)">一<script>alert(3)</script></p>`}
	analysis, passages := o.TryText(&a)
	a.Analysis = analysis
	return a, passages, nil
}

func (o *office) SettleSubmission(ctx context.Context, id int64, v web.Verdict) (bool, error) {
	if v.Name == "taken" {
		return false, &web.Fault{Key: "taken", Detail: v.Name}
	}
	sub, err := o.Submission(ctx, id)
	if err != nil || !sub.Settled.IsZero() {
		return false, err
	}
	what := fmt.Sprintf("%s %d %q", v.State, id, v.Word)
	if v.Themes != nil {
		what += " " + strings.Join(*v.Themes, ",")
	}
	if sub.Application != nil {
		what += fmt.Sprintf(" %s %v", v.Name, v.Keep == web.KeepDatabase)
	}
	if v.Patch != nil {
		what += fmt.Sprintf(" %q to %q", v.Patch.Old, v.Patch.New)
	}
	return true, o.do(ctx, "%s", what)
}

func (o *office) SourceLines(p syndicate.ProposedSource) string {
	return fmt.Sprintf("- name: %s\n  url: %q\n", p.Name, p.URL)
}

func (o *office) SourcePatch(p syndicate.ProposedSource) (web.SourcePatch, error) {
	if p.Name == "taken" {
		return web.SourcePatch{}, &web.Fault{Key: "taken", Detail: p.Name}
	}
	text, _, err := o.ConfigText()
	return web.SourcePatch{Old: text, New: text + p.Name, Diff: "+" + p.Name + " <b>"}, err
}

func (o *office) DropSource(ctx context.Context, name string) error {
	return o.do(ctx, "drop %s", name)
}

func TestInboxTells(t *testing.T) {
	t.Parallel()
	o := newOffice(t, hashed(t))
	cookie := o.signIn()
	read := func(target string) string { return ask(o.handler, target, cookie, "Cookie: lang=en").Body.String() }
	if to := ask(o.handler, "/admin/inbox", cookie).Header().Get("Location"); to != "/admin/inbox/contributions" {
		t.Errorf("the inbox leads to %s", to)
	}
	shows(t, read("/admin"), []string{"1 contributions, 1 letters, 1 applications", "Letters: 3 wait in the inbox"}, nil)
	shows(t, read("/admin/inbox/letters"), []string{"Contributions (1)", "A &lt;question&gt;", "li@example.com", `aria-current="true">Waiting`}, []string{"<script>alert"})
	shows(t, read("/admin/inbox/contributions/settled"), []string{"旧稿", "accepted"}, []string{"贷款"})
	shows(t, read("/admin/inbox/1"), []string{
		"金融街&lt;b&gt;贷款", "Finance 2.0 ≥ 1.0: 贷款 (title)", "Not quite: Industry", `value="finance" checked`, `value="industry">`, "<dd>Industry</dd>", "<p>一</p>", "left no address",
	}, []string{"alert(1)", "alert(2)", "alert(3)", "onclick"})
	shows(t, read("/admin/inbox/2"), []string{"老李 · li@example.com", "第一行\n&lt;script&gt;", "Mail not sent: 451 &lt;later&gt;", `value="closed"`}, []string{`value="accepted"`})
	shows(t, read("/admin/inbox/3"), []string{
		"Not proved.", "on another host than the site: feeds.example", "- name: harbour-example", `value="database" checked`, "We print.\nDaily.", "source.yaml",
	}, []string{"javascript:", "/drop"})
	shows(t, read("/admin/inbox/4"), []string{"/admin/articles/" + strings.Repeat("0", 32), "谢谢\n&lt;b&gt;"}, []string{`name="state"`})
	shows(t, read("/admin/inbox/5"), []string{"by a meta element", "- name: gazette", "The source gazette is kept", "/admin/inbox/5/drop"}, []string{`name="state"`})
	w := ask(o.handler, "/admin/inbox/3/source.yaml", cookie)
	if w.Body.String() != "- name: harbour-example\n  url: \"https://feeds.example/harbour\"\n" || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/yaml") {
		t.Errorf("the lines as a file: %s %q", w.Header().Get("Content-Type"), w.Body)
	}
	if code := ask(o.handler, "/admin/inbox/1/source.yaml", cookie).Code; code != http.StatusNotFound {
		t.Errorf("the lines of a contribution: %d", code)
	}
}

func TestInboxTurnsPages(t *testing.T) {
	t.Parallel()
	o := newOffice(t, hashed(t))
	o.inbox = nil
	for i := range 51 {
		o.inbox = append(o.inbox, syndicate.Submission{
			ID: int64(51 - i), Kind: syndicate.KindLetter, At: now.Add(-time.Duration(i) * time.Minute), State: syndicate.Received, Letter: &syndicate.Letter{Subject: fmt.Sprint("Nr. ", 51-i)},
		})
	}
	cookie := o.signIn()
	if to := ask(o.handler, "/admin/inbox", cookie).Header().Get("Location"); to != "/admin/inbox/letters" {
		t.Errorf("the inbox leads to %s", to)
	}
	shows(t, ask(o.handler, "/admin/inbox/letters", cookie).Body.String(), []string{"Nr. 51", "Nr. 2<", "?page=2"}, []string{"Nr. 1<"})
	shows(t, ask(o.handler, "/admin/inbox/letters?page=2", cookie).Body.String(), []string{"Nr. 1<", "rel=\"prev\""}, []string{"Nr. 2<"})
}

func TestVerdictsAreCarriedOut(t *testing.T) {
	t.Parallel()
	o := newOffice(t, hashed(t))
	cookie := o.signIn()
	for _, c := range []struct {
		target string
		form   url.Values
		to     string // where it leads; "" for the status
		status int
		done   string // "" for nothing
	}{
		{"/admin/inbox/1", url.Values{"state": {"accepted"}, "theme": {"industry", "finance"}, "word": {" Thanks.\r\nMore? "}}, "/admin/inbox/1?done=admit", 303, `accepted 1 "Thanks.\nMore?" finance,industry`},
		{"/admin/inbox/1", url.Values{"state": {"accepted"}}, "/admin/inbox/1?done=admit", 303, `accepted 1 "" `},
		{"/admin/inbox/1", url.Values{"state": {"accepted"}, "theme": {"sport"}}, "", 404, ""},
		{"/admin/inbox/1", url.Values{"state": {"declined"}, "word": {"no"}, "theme": {"sport"}}, "/admin/inbox/1?done=decline", 303, `declined 1 "no"`},
		{"/admin/inbox/1", url.Values{"state": {"received"}}, "", 404, ""},
		{"/admin/inbox/1", nil, "", 404, ""},
		{"/admin/inbox/2", url.Values{"state": {"closed"}}, "/admin/inbox/2?done=close", 303, `closed 2 ""`},
		{"/admin/inbox/3", url.Values{"state": {"accepted"}, "name": {" gazette "}, "keep": {"database"}}, "/admin/inbox/3?done=admit", 303, `accepted 3 "" gazette true`},
		{"/admin/inbox/3", url.Values{"state": {"accepted"}, "name": {"gazette"}, "keep": {"file"}}, "/admin/inbox/3?done=admit", 303, `accepted 3 "" gazette false`},
		{"/admin/inbox/3", url.Values{"state": {"accepted"}, "name": {"taken"}, "keep": {"database"}}, "", 422, ""},
		{"/admin/inbox/4", url.Values{"state": {"declined"}}, "/admin/inbox/4?done=settled", 303, ""},
		{"/admin/inbox/5/drop", nil, "/admin/inbox/5?done=drop", 303, "drop gazette"},
		{"/admin/inbox/3/drop", nil, "", 404, ""},
		{"/admin/inbox/99", url.Values{"state": {"declined"}}, "", 404, ""},
	} {
		o.done = nil
		w := o.post(c.target, c.form, cookie)
		if w.Code != c.status || w.Header().Get("Location") != c.to {
			t.Errorf("%s %v: %d to %q, want %d to %q", c.target, c.form, w.Code, w.Header().Get("Location"), c.status, c.to)
		}
		if got := strings.Join(o.done, "; "); got != c.done {
			t.Errorf("%s %v: done %q, want %q", c.target, c.form, got, c.done)
		}
		if c.status == http.StatusUnprocessableEntity {
			shows(t, w.Body.String(), []string{`value="taken"`, cmp.Or(c.to, `aria-invalid="true"`)}, nil)
			sound(t, w.Body.String(), "zh-Hans")
		}
	}
}

// The configuration changes by exactly what the operator has seen.
func TestSourceGoesIntoTheConfiguration(t *testing.T) {
	t.Parallel()
	o := newOffice(t, hashed(t))
	o.config = "site: {}\n"
	cookie := o.signIn()
	page := ask(o.handler, "/admin/inbox/3", cookie, "Cookie: lang=en").Body.String()
	shows(t, page, []string{`value="config"`, "&#43;harbour-example &lt;b&gt;"}, nil)
	mark := regexp.MustCompile(`name="mark" value="([0-9a-f]{64})"`)
	form := url.Values{"state": {"accepted"}, "keep": {"config"}, "name": {"harbour-example"}, "mark": {mark.FindStringSubmatch(page)[1]}}
	forged := url.Values{"state": {"accepted"}, "keep": {"config"}, "name": {"harbour-example"}, "mark": {strings.Repeat("0", 64)}}
	renamed := url.Values{"state": {"accepted"}, "keep": {"config"}, "name": {"gazette"}, "mark": form["mark"]}
	for name, f := range map[string]url.Values{"forged": forged, "renamed": renamed} {
		w := o.post("/admin/inbox/3", f, cookie, "Cookie: lang=en")
		if w.Code != http.StatusUnprocessableEntity || len(o.done) > 0 {
			t.Errorf("%s: %d, done %q", name, w.Code, o.done)
		}
		shows(t, w.Body.String(), []string{"not the one that was shown before", "&#43;" + f.Get("name"), `value="config" checked`}, nil)
		sound(t, w.Body.String(), "en")
	}
	o.config = "site: {}\n# edited\n"
	if w := o.post("/admin/inbox/3", form, cookie); w.Code != http.StatusUnprocessableEntity || len(o.done) > 0 {
		t.Errorf("edited meanwhile: %d, done %q", w.Code, o.done)
	}
	page = o.post("/admin/inbox/3", renamed, cookie).Body.String()
	renamed.Set("mark", mark.FindStringSubmatch(page)[1])
	if w := o.post("/admin/inbox/3", renamed, cookie); w.Header().Get("Location") != "/admin/inbox/3?done=admit" {
		t.Errorf("accepted: %d to %q", w.Code, w.Header().Get("Location"))
	}
	if want := `accepted 3 "" gazette false "site: {}\n# edited\n" to "site: {}\n# edited\ngazette"`; strings.Join(o.done, ";") != want {
		t.Errorf("done %q, want %q", o.done, want)
	}
	o.done, o.readOnly = nil, true
	shows(t, ask(o.handler, "/admin/inbox/3", cookie).Body.String(), []string{`value="file"`}, []string{`value="config"`, `name="mark"`})
	if w := o.post("/admin/inbox/3", renamed, cookie); w.Code != http.StatusNotFound || len(o.done) > 0 {
		t.Errorf("read-only: %d, done %q", w.Code, o.done)
	}
}
