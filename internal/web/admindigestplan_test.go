package web_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"broadsheet/internal/web"
	"broadsheet/mailer"
	"broadsheet/syndicate"
)

func (o *office) Tallies(_ context.Context, editions []int64) (map[int64]map[mailer.State]int, error) {
	tallies := map[int64]map[mailer.State]int{}
	for _, id := range editions {
		tallies[id] = map[mailer.State]int{mailer.Accepted: 700}
	}
	return tallies, nil
}

func (o *office) Plan(_ context.Context, digest string) (mailer.Plan, error) {
	p := mailer.Plan{Digest: digest, At: o.now.Add(time.Hour)}
	if digest == "desk" {
		p.Skipped = "no new articles since yesterday"
		return p, nil
	}
	p.Subject, p.Recipients, p.Bytes, p.Rate, p.Seconds = "Ports & <loans>", 45, 3<<20, 10, 4.5
	p.Sections = []mailer.PlanSection{{Theme: "finance", Title: "金融", More: 3, Items: []mailer.PlanItem{{Title: "贷款 <增加>", Source: "Harbour Gazette", Why: "score 2.5", Reason: "贷款 in the title"}}}}
	p.Variants = []mailer.PlanVariant{
		{Recipients: 40, Items: 1, HTMLBytes: 30 << 10, TextBytes: 2048, Since: o.now},
		{
			Key: "0a1b2c", Recipients: 5, Items: 1, TextBytes: 1024, Since: o.now, Important: true,
			Selection: mailer.Selection{Themes: []string{"finance"}, Query: "港口 <b>", Language: "en", Format: mailer.Text},
		},
	}
	p.Later = []mailer.PlanLater{{At: o.now.Add(2 * time.Hour), Recipients: 7}}
	p.Nothing = []mailer.PlanNothing{{Why: "nothing new among what they chose", Subscribers: 11}}
	return p, nil
}

func (o *office) PreviewVariant(_ context.Context, digest, key, to, format string) ([]byte, error) {
	if key != "0a1b2c" {
		return nil, fmt.Errorf("variant %q: %w", key, syndicate.ErrNotFound)
	}
	return []byte("variant " + key + " of " + digest + " to " + to + " as " + format), nil
}

func (o *office) Variants(context.Context, int64, int) ([]mailer.Variant, error) {
	return []mailer.Variant{
		{ID: 7, Subject: "Only <ports>", Selection: mailer.Selection{Query: "港口"}},
		{ID: 8, Subject: "As text", Selection: mailer.Selection{Format: mailer.Text}},
	}, nil
}

func (o *office) PreviewEdition(_ context.Context, digest string, number int, variant int64, to, format string) ([]byte, error) {
	if number != 2 || variant != 0 && variant != 7 {
		return nil, fmt.Errorf("edition %d, variant %d: %w", number, variant, syndicate.ErrNotFound)
	}
	return fmt.Appendf(nil, "edition %d of %s, variant %d, to %s as %s", number, digest, variant, to, format), nil
}

func (o *office) HoldDigest(ctx context.Context, digest string) error {
	return o.do(ctx, "hold %s", digest)
}

func (o *office) ReleaseDigest(ctx context.Context, digest string) (bool, error) {
	return digest == "weekly", o.do(ctx, "release %s", digest)
}

func (o *office) HoldEdition(ctx context.Context, digest string, number int) (bool, error) {
	if number == 9 {
		return false, fmt.Errorf("edition %d: %w", number, syndicate.ErrNotFound)
	}
	return number == 2, o.do(ctx, "hold %s/%d", digest, number)
}

func (o *office) ReleaseEdition(ctx context.Context, digest string, number int) (bool, error) {
	return number == 2, o.do(ctx, "release %s/%d", digest, number)
}

func TestPlanInTheBrowser(t *testing.T) {
	t.Parallel()
	o := newOffice(t, hashed(t))
	cookie, lang := o.signIn(), "Cookie: lang=en"
	shows(t, ask(o.handler, "/admin/digests/weekly/plan", cookie, lang).Body.String(), []string{
		"Ports &amp; &lt;loans&gt;", "3.0 MiB", "5s at 10 a second", "贷款 &lt;增加&gt;", "no room for 3 more", "score 2.5",
		">everything<", "query 港口 &lt;b&gt; · in en · text alone · what is important", "30.0 KiB",
		`href="/admin/digests/weekly/preview?format=html"`, `href="/admin/digests/weekly/preview?format=text&amp;variant=0a1b2c"`,
		"nothing new among what they chose", ">11<", ">7<",
	}, []string{"preview?format=html&amp;variant=0a1b2c", "Another plan"})
	shows(t, ask(o.handler, "/admin/digests/desk/plan", cookie, lang).Body.String(), []string{"no new articles since yesterday", "mail.smtp.rate sets no limit"}, []string{"Who gets what"})
	if w := ask(o.handler, "/admin/digests/none/plan", cookie); w.Code != http.StatusNotFound {
		t.Errorf("of no digest: %d", w.Code)
	}
}

// Every form in which a digest goes out, or went out, can be looked at, and may
// do no more than a mail.
func TestPreviewOfVariants(t *testing.T) {
	t.Parallel()
	o := newOffice(t, hashed(t))
	cookie := o.signIn()
	shows(t, ask(o.handler, "/admin/digests/weekly/2", cookie, "Cookie: lang=en").Body.String(), []string{
		"Only &lt;ports&gt;", `href="/admin/digests/weekly/2/preview?format=html&amp;variant=7"`, `href="/admin/digests/weekly/2/preview?format=eml"`,
		`href="/admin/digests/weekly/2/preview?format=text&amp;variant=8"`,
	}, []string{`preview?format=html&amp;variant=8"`})
	for target, want := range map[string]string{
		"/admin/digests/weekly/preview?format=text&variant=0a1b2c": "variant 0a1b2c of weekly to ops@example.com as text",
		"/admin/digests/desk/preview?format=eml&variant=0a1b2c":    "variant 0a1b2c of desk to " + site().Site.Contact + " as eml",
		"/admin/digests/weekly/2/preview?format=html":              "edition 2 of weekly, variant 0, to ops@example.com as html",
		"/admin/digests/weekly/2/preview?format=text&variant=7":    "edition 2 of weekly, variant 7, to ops@example.com as text",
	} {
		w := ask(o.handler, target, cookie)
		if w.Code != http.StatusOK || w.Body.String() != want || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %q", target, w.Code, w.Body)
		}
		if policy := w.Header().Get("Content-Security-Policy"); strings.Contains(policy, "script") || !strings.Contains(policy, "form-action 'none'") {
			t.Errorf("%s: policy %s", target, policy)
		}
	}
	for _, target := range []string{
		"/admin/digests/weekly/preview?format=text&variant=ffffff", "/admin/digests/weekly/2/preview?format=pdf", "/admin/digests/weekly/3/preview?format=text",
		"/admin/digests/weekly/x/preview?format=text", "/admin/digests/weekly/2/preview?format=text&variant=9", "/admin/digests/weekly/2/preview?format=text&variant=-1",
		"/admin/digests/none/2/preview?format=text",
	} {
		if w := ask(o.handler, target, cookie); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", target, w.Code)
		}
	}
}

func TestHoldInTheBrowser(t *testing.T) {
	t.Parallel()
	o := newOffice(t, hashed(t))
	cookie, lang := o.signIn(), "Cookie: lang=en"
	const page, hold, release = "/admin/digests/weekly", `action="/admin/digests/weekly/hold"`, `action="/admin/digests/weekly/release"`
	shows(t, ask(o.handler, page, cookie, lang).Body.String(), []string{hold}, []string{release, "On hold"})
	for _, tt := range []struct{ target, leads, done string }{
		{page + "/hold", page + "?done=hold", "hold weekly"},
		{page + "/release", page + "?done=release", "release weekly"},
		{"/admin/digests/desk/release", "/admin/digests/desk?done=unchanged", "release desk"},
		{"/admin/digests/none/hold", "", ""},
		{"/admin/digests/none/release", "", ""},
		{page + "/2/hold", page + "/2?done=hold", "hold weekly/2"},
		{page + "/2/release", page + "/2?done=release", "release weekly/2"},
		{page + "/1/hold", page + "/1?done=unchanged", "hold weekly/1"}, // it was halted before
		{page + "/1/release", page + "/1?done=unchanged", "release weekly/1"},
		{page + "/9/hold", "", ""},
		{page + "/x/hold", "", ""},
	} {
		o.done = nil
		w := o.post(tt.target, nil, cookie)
		if w.Header().Get("Location") != tt.leads || strings.Join(o.done, " ") != tt.done {
			t.Errorf("%s: %d to %q, done %q", tt.target, w.Code, w.Header().Get("Location"), o.done)
		}
	}
	o.onHold = true
	shows(t, ask(o.handler, page, cookie, lang).Body.String(), []string{release, "On hold since"}, []string{hold})
	shows(t, ask(o.handler, "/admin/digests", cookie, lang).Body.String(), []string{"On hold since"}, nil)
	o.done = nil
	w := o.post(page+"/send", map[string][]string{"sure": {"yes"}}, cookie, lang)
	if shows(t, w.Body.String(), []string{"the digest is on hold. Release it first."}, nil); w.Code != http.StatusConflict || len(o.done) > 0 {
		t.Errorf("sent while on hold: %d, done %q", w.Code, o.done)
	}
	o.progress = web.Progress{Waiting: 40, Halted: "held by an operator", Held: true}
	shows(t, ask(o.handler, page+"/2", cookie, lang).Body.String(),
		[]string{"Held by an operator. Still to be sent: 40.", `action="/admin/digests/weekly/2/release"`, `action="/admin/digests/weekly/2/cancel"`},
		[]string{`action="/admin/digests/weekly/2/hold"`, `action="/admin/digests/weekly/2/resend"`, "Halted:"})
	o.progress = web.Progress{Waiting: 40}
	shows(t, ask(o.handler, page+"/2", cookie, lang).Body.String(), []string{`action="/admin/digests/weekly/2/hold"`}, []string{`/2/release"`})
}
