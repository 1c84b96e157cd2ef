package web_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"broadsheet/internal/web"
	"broadsheet/mailer"
	"broadsheet/syndicate"
)

const password = "eleven herons on a barge"

// An office is everything behind the operator's pages, in memory.
type office struct {
	t        *testing.T
	paper    *paper
	now      time.Time
	sessions map[string]*session // by hash
	links    map[string]bool     // by hash
	deeds    []syndicate.Deed
	done     []string // what the operator had done, in order
	held     bool     // the first source has something to accept
	fault    error    // of Compare
	fields   int      // sources beside those of the site
	handler  http.Handler

	progress web.Progress
	none     bool   // there are no jobs and no proofs
	dump     string // BackupCommand
	closed   bool   // the last copy of the database
	onHold   bool   // the first digest is
	config   string // the configuration file
	readOnly bool
	inbox    []syndicate.Submission // the last first
}

type session struct {
	credential    string
	used, expires time.Time
}

func (o *office) AddSession(_ context.Context, hash, credential string, now, expires time.Time) error {
	o.sessions[hash] = &session{credential, now, expires}
	return nil
}

func (o *office) UseSession(_ context.Context, hash, credential string, now time.Time, idle time.Duration) (bool, error) {
	x := o.sessions[hash]
	if x == nil || x.credential != credential || !now.Before(x.expires) || now.Sub(x.used) >= idle {
		return false, nil
	}
	x.used = now
	return true, nil
}

func (o *office) EndSession(_ context.Context, hash string) error {
	delete(o.sessions, hash)
	return nil
}

func (o *office) UseLink(_ context.Context, hash string, _ time.Time) (bool, error) {
	good := o.links[hash]
	delete(o.links, hash)
	return good, nil
}

func (o *office) AddDeed(_ context.Context, d syndicate.Deed) error {
	o.deeds = slices.Insert(o.deeds, 0, d)
	return nil
}

func (o *office) Deeds(_ context.Context, limit, offset int) ([]syndicate.Deed, error) {
	rest := o.deeds[min(offset, len(o.deeds)):]
	return rest[:min(limit, len(rest))], nil
}

func (o *office) Health(context.Context) (web.Report, error) {
	return web.Report{
		Version: "1.0", Database: "sqlite:broadsheet.db", Articles: len(o.paper.articles), Sources: 2, Faulty: 1, Editions: 2,
		Deliveries: map[mailer.State]int{mailer.Accepted: 40, mailer.Failed: 1}, Themes: map[string]int{"finance": 4},
		Digests: map[string]time.Time{"weekly": o.now.Add(time.Hour)}, OpsFeed: "https://paper.example/feeds/ops.atom?key=0123",
	}, nil
}

func (o *office) Notices(context.Context) ([]web.Notice, error) {
	return []web.Notice{
		{Kind: web.NoticeHeld, Name: "park", Subject: "园区公告", URL: "file:///srv/list.txt", Text: "12 of its articles look like old ones", Count: 12, At: o.now},
		{Kind: web.NoticeMoved, Name: "harbour", Subject: "Harbour Gazette", URL: "https://new.example/feed", Text: "moved", At: o.now},
		{Kind: web.NoticeUndelivered, Name: "weekly", Subject: "一周产经", URL: "https://paper.example/digests/weekly/2", Text: "a@example.com: 550 no such user", Count: 1, Of: 40, At: o.now},
		{Kind: web.NoticeUnmade, Name: "weekly", Subject: "一周产经", URL: "https://paper.example/digests/weekly", Text: "template mail/digest.html:3", At: o.now},
		{Kind: web.NoticeFailed, Name: "harbour", Subject: "Harbour Gazette", Text: "no answer", At: o.now},
		{Kind: web.NoticeGone, Name: "harbour", Subject: "Harbour Gazette", Text: "410", At: o.now},
		{Kind: web.NoticeChanged, Name: "harbour", Subject: "Harbour Gazette", Text: "no dates", At: o.now},
		{Kind: web.NoticeWaiting, Name: "letters", URL: "https://paper.example/admin/inbox/letters", Text: "inbox: 3 in letters", Count: 3, At: o.now},
		{Kind: web.NoticeOutage, Name: "harbour", Subject: "Harbour Gazette", Text: "network down", At: o.now},
		{Kind: web.NoticeSuppressed, Text: "a@example.com: 5.1.1 gone", Count: 3, At: o.now},
		{Kind: web.NoticeHeldBack, Text: "spf: paper.example has no SPF record", At: o.now},
	}, nil
}

func (o *office) SourceStates(_ context.Context, f web.SourceFilter) ([]web.SourceState, int, error) {
	daily := make([]int, 30)
	daily[3], daily[29] = 9, 2
	sources := site().Sources
	park := syndicate.Poll{
		Source: "park", NextAt: o.now.Add(time.Hour), NextReason: "every 1h", LastAt: o.now.Add(-time.Hour), LastOKAt: o.now.Add(-time.Hour),
		Outcome: syndicate.Fetched, Bytes: 3 << 20, Articles: 12, New: 2,
	}
	for range 5 {
		park.Shapes = append(park.Shapes, syndicate.Shape{Articles: 12, Dated: 12, Titled: 11, Linked: 0, Language: "zh"})
	}
	if o.held {
		park.Held, park.Error = 12, "12 of its articles look like old ones"
	}
	harbour := syndicate.Poll{
		Source: "harbour", NextAt: o.now.AddDate(0, 0, 7), NextReason: "max-age=43200", LastAt: o.now.Add(-time.Minute), Status: 410,
		Outcome: syndicate.Failed, Failures: 3, Error: "https://harbour.example/feed: gone", MovedTo: "https://new.example/feed", Gone: true, Bytes: 2000,
	}
	states := []web.SourceState{
		{Source: sources[0], Poll: park, Stored: 7, Daily: daily, Hub: "subscribed"},
		{Source: sources[1], Poll: harbour, Daily: make([]int, 30)},
	}
	for i := range o.fields {
		x := states[i%2]
		x.Source.Name = fmt.Sprint("field-", i)
		states = append(states, x)
	}
	all := len(states)
	if f.Name != "" {
		return slices.DeleteFunc(states, func(x web.SourceState) bool { return x.Source.Name != f.Name }), all, nil
	}
	states = states[min(f.Offset, all):]
	return states[:min(f.Limit, len(states))], all, nil
}

func (o *office) Answers(_ context.Context, source string) ([]syndicate.Answer, error) {
	if source != "park" {
		return nil, nil
	}
	return []syndicate.Answer{{Source: source, At: o.now, Body: make([]byte, 1500), Articles: 12, New: 2}, {Source: source, At: o.now, Status: 200, Fault: "no dates"}}, nil
}

func (o *office) Held(context.Context, string) ([]string, error) {
	return []string{"去年的旧闻", "An <old> one"}, nil
}

func (o *office) TryText(a *syndicate.Article) (syndicate.Analysis, []syndicate.Passage) {
	if a.Title == "" {
		return syndicate.Analysis{}, nil
	}
	analysis := syndicate.Analysis{
		Filings:    []syndicate.Filing{filed("finance", 2, hit("贷款", 1, "title"))},
		NearMisses: []syndicate.Filing{{Theme: "industry", Score: 0.6, Threshold: 1, Hits: []syndicate.Hit{hit("芯片", 1, "lead")}}},
	}
	marks := []syndicate.Mark{
		{Theme: "finance", Term: "金融街", Start: 0, End: 9, Out: true, Takes: []string{"金融"}},
		{Theme: "finance", Term: "贷款", Start: 12, End: 18},
		{Theme: "industry", Term: "款", Start: 15, End: 18},
	}
	return analysis, []syndicate.Passage{{Zone: "title", Text: "金融街<b>贷款", Marks: marks}}
}

func (o *office) Compare(_ context.Context, days int) (*syndicate.ThemeDiff, error) {
	if o.fault != nil {
		return nil, o.fault
	}
	d := syndicate.NewThemeDiff("config.draft.yaml", days, []string{"finance", "industry", "infrastructure"})
	for i := range o.paper.articles {
		a := &o.paper.articles[i]
		d.Add(a, syndicate.Analysis{Filings: []syndicate.Filing{filed("industry", 3, hit("港", 1, "title"))}})
	}
	return d, nil
}

func (o *office) CompareText(ctx context.Context, _ string, days int) (*syndicate.ThemeDiff, error) {
	d, err := o.Compare(ctx, days)
	if d != nil {
		d.File = "config.yaml"
	}
	return d, err
}

func (o *office) do(ctx context.Context, format string, args ...any) error {
	if who := syndicate.Operator(ctx); !strings.HasPrefix(who, "admin page, ") {
		o.t.Errorf("done by %q", who)
	}
	o.done = append(o.done, fmt.Sprintf(format, args...))
	return nil
}

func (o *office) PollSoon(ctx context.Context, source string) (time.Time, error) {
	if source == "harbour" {
		return o.now.Add(time.Hour), nil
	}
	return o.now, o.do(ctx, "poll %s", source)
}

func (o *office) AcceptSource(ctx context.Context, source string) error {
	return o.do(ctx, "accept %s", source)
}

func (o *office) Refile(ctx context.Context, key string, themes []string) error {
	return o.do(ctx, "refile %s %s", key[:4], strings.Join(themes, ","))
}

func (o *office) UndoRefile(ctx context.Context, key string) (bool, error) {
	return true, o.do(ctx, "undo %s", key[:4])
}

func (o *office) Forget(ctx context.Context, keys []string) (int, error) {
	return len(keys), o.do(ctx, "forget %s", keys[0][:4])
}

// newOffice opens the operator's pages of the sample; hashed is the password's
// hash, "" for links alone.
func newOffice(t *testing.T, hashed string) *office {
	t.Helper()
	o := &office{t: t, paper: sample(), now: now, inbox: sampleInbox(), sessions: map[string]*session{}, links: map[string]bool{}}
	o.handler = handlerOf(t, site(), web.Parts{
		Articles: o.paper, Feeds: publisher(o.paper), Editions: o.paper, Now: func() time.Time { return o.now },
		Admin: o.admin(hashed),
	})
	return o
}

// admin is all that the operator's pages work with.
func (o *office) admin(hashed string) *web.Admin {
	return &web.Admin{
		PasswordHash: hashed, Sessions: o, Desk: o, Lab: o, Trials: o, Press: o, Planner: o, Holder: o, Circulation: o, Settings: o,
		Operator: o, Journal: o, Works: o, Logs: o, Vault: o, Inbox: o, Editor: o,
	}
}

func hashed(t *testing.T) string {
	t.Helper()
	h, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	return string(h)
}

// post sends a form with headers ("Name: value").
func (o *office) post(target string, form url.Values, headers ...string) *httptest.ResponseRecorder {
	return post(o.handler, target, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()), headers...)
}

// post sends a body of a type with headers ("Name: value", "Remote: address").
func post(h http.Handler, target, contentType string, body io.Reader, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, target, body)
	r.Header.Set("Content-Type", contentType)
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		if name == "Remote" {
			r.RemoteAddr = value
			continue
		}
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// signIn signs in with the password and returns the header with the cookie.
func (o *office) signIn() string {
	o.t.Helper()
	w := o.post("/admin/sign-in", url.Values{"password": {password}})
	if w.Code != http.StatusSeeOther {
		o.t.Fatalf("sign-in answers with %d: %s", w.Code, w.Body)
	}
	return "Cookie: " + strings.Split(w.Header().Get("Set-Cookie"), ";")[0]
}
