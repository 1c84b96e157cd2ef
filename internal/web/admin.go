package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"broadsheet/mailer"
	"broadsheet/syndicate"
)

// An Admin is what the operator's pages, those under /admin, work with. GET
// changes nothing there; everything else is a form's POST, refused when it
// comes from another site.
type Admin struct {
	PasswordHash string // bcrypt; "" when links alone sign in
	Sessions     Sessions
	Desk         Desk
	Lab          Lab
	Trials       Trials
	Press        Press
	Planner      Planner
	Holder       Holder
	Circulation  Circulation
	Settings     Settings
	Operator     Operator
	Journal      Journal
	Works        Works
	Logs         Logs
	Vault        Vault
	Inbox        Inbox  // nil has none
	Editor       Editor // of the inbox
}

// Sessions is where it is kept who is signed in: by hashes, so that nobody who
// reads it can sign in with what stands there.
type Sessions interface {
	// AddSession remembers a session of a credential until expires.
	AddSession(ctx context.Context, hash, credential string, now, expires time.Time) error
	// UseSession reports whether a session of a credential stands at now, and
	// was used less than idle ago. It counts as used then.
	UseSession(ctx context.Context, hash, credential string, now time.Time, idle time.Duration) (bool, error)
	// EndSession forgets a session. That there is none is no error.
	EndSession(ctx context.Context, hash string) error
	// UseLink uses up a link that signs in once, and reports whether it was good.
	UseLink(ctx context.Context, hash string, now time.Time) (bool, error)
}

// A Desk is what an operator looks at.
type Desk interface {
	// Health returns how the paper is.
	Health(ctx context.Context) (Report, error)
	// Notices returns what needs attention.
	Notices(ctx context.Context) ([]Notice, error)
	// SourceStates returns how the sources are that a filter chooses, in the order
	// of the configuration, and how many there are.
	SourceStates(ctx context.Context, f SourceFilter) (states []SourceState, all int, err error)
	// Answers returns the last documents of a source, the last one first.
	Answers(ctx context.Context, source string) ([]syndicate.Answer, error)
	// Held returns the titles of a source's articles that are held.
	Held(ctx context.Context, source string) ([]string, error)
}

// A Lab is where themes are tried.
type Lab interface {
	// TryText returns what a text is filed under, and what was found where.
	TryText(a *syndicate.Article) (syndicate.Analysis, []syndicate.Passage)
	// Compare returns what the edited configuration would change among the
	// articles of the last days. The error is an EditFault when it has
	// mistakes, and syndicate.ErrNotFound when there is none.
	Compare(ctx context.Context, days int) (*syndicate.ThemeDiff, error)
	// CompareText is Compare of a text that is no file yet.
	CompareText(ctx context.Context, text string, days int) (*syndicate.ThemeDiff, error)
}

// An EditFault says what is wrong with an edited configuration, a mistake a
// line.
type EditFault string

// Error returns the mistakes.
func (f EditFault) Error() string { return string(f) }

// An Operator does what an operator orders, and puts it down to
// [syndicate.Operator].
type Operator interface {
	// PollSoon has a source polled now. It returns a later time when its
	// server has asked to be left alone until then.
	PollSoon(ctx context.Context, source string) (time.Time, error)
	// AcceptSource takes in what a source has become, and what is held.
	AcceptSource(ctx context.Context, source string) error
	// Refile files an article under themes and no others.
	Refile(ctx context.Context, key string, themes []string) error
	// UndoRefile files an article as the rules do, and reports whether it was
	// refiled.
	UndoRefile(ctx context.Context, key string) (bool, error)
	// Forget deletes articles for good.
	Forget(ctx context.Context, keys []string) (int, error)
}

// A Journal is the account of what operators did.
type Journal interface {
	AddDeed(ctx context.Context, d syndicate.Deed) error
	// Deeds returns the last deeds, the last one first.
	Deeds(ctx context.Context, limit, offset int) ([]syndicate.Deed, error)
}

// A Report says how the paper is.
type Report struct {
	Version, Database string
	Articles          int
	Sources, Faulty   int
	Editions          int
	Deliveries        map[mailer.State]int
	Themes            map[string]int       // articles, by theme
	Digests           map[string]time.Time // when each goes out next
	OpsFeed           string               // address of the operator's feed, with its key
}

// The kinds of notices.
const (
	NoticeFailed      = "failed"
	NoticeGone        = "gone"
	NoticeOutage      = "own outage"
	NoticeChanged     = "changed"
	NoticeHeld        = "old articles held"
	NoticeMoved       = "moved for good"
	NoticeUndelivered = "not delivered"
	NoticeSuppressed  = "mail comes back"
	NoticeHeldBack    = "bulk mail held back"
	NoticeUnmade      = "edition held"
	NoticeWaiting     = "waiting in the inbox"
)

// A Notice is something that needs the operator's attention.
type Notice struct {
	Kind    string
	Name    string // of the source, of the digest, or of the part of the inbox
	Subject string // its title for people
	URL     string // what it is about: the source's address, its new one, the edition's page
	Text    string // place, fault and remedy
	Count   int    // articles held; deliveries that failed; submissions that wait; mailboxes that take no mail
	Of      int    // deliveries in all
	At      time.Time
}

// A SourceState says how a source is.
type SourceState struct {
	Source syndicate.Source
	Poll   syndicate.Poll
	Stored int    // articles
	Daily  []int  // articles first seen on each of the last days, the last one today
	Hub    string // how the subscription to its hub is
}

// A SourceFilter chooses sources: one by its name, or, of all of them, with
// those first that need attention, a page.
type SourceFilter struct {
	Name          string
	Limit, Offset int
}

// maxForm bounds what a form may send, in bytes.
const maxForm = 1 << 20

// isAdmin reports whether a path belongs to the operator's pages.
func isAdmin(path string) bool { return path == "/admin" || strings.HasPrefix(path, "/admin/") }

// adminRoutes returns what answers under /admin.
func (s *server) adminRoutes() *http.ServeMux {
	mux := http.NewServeMux()
	open := func(pattern string, f pageFunc) { mux.Handle(pattern, s.adminPage(f)) }
	page := func(pattern string, f pageFunc) { open(pattern, s.signedIn(f)) }
	open("GET /admin/sign-in", s.signInPage)
	open("POST /admin/sign-in", s.signIn)
	page("POST /admin/sign-out", s.signOut)
	page("GET /admin", s.adminHome)
	page("GET /admin/log", s.adminLog)
	page("GET /admin/log/program", s.programLog)
	page("GET /admin/queue", s.adminQueue)
	page("GET /admin/metrics", s.adminMetrics)
	page("POST /admin/queue/{id}/retry", s.orderJob("retry", Works.RetryJob))
	page("POST /admin/queue/{id}/cancel", s.orderJob("discard", Works.CancelJob))
	page("GET /admin/backup", s.adminBackup)
	mux.HandleFunc("POST /admin/backup", s.sendBackup)
	page("GET /admin/sources", s.adminSources)
	page("GET /admin/sources/{name}", s.adminSource)
	page("POST /admin/sources/{name}/poll", s.pollSource)
	page("POST /admin/sources/{name}/accept", s.acceptSource)
	page("GET /admin/sources/{name}/test", s.trialPage)
	page("POST /admin/sources/{name}/test", s.trySource)
	page("GET /admin/articles", s.adminArticles)
	page("GET /admin/articles/{key}", s.adminArticle)
	page("POST /admin/articles/{key}/refile", s.refileArticle)
	page("POST /admin/articles/{key}/undo", s.undoRefile)
	page("POST /admin/articles/{key}/forget", s.forgetArticle)
	page("GET /admin/digests", s.adminDigests)
	page("GET /admin/digests/{name}", s.adminDigestPage)
	page("GET /admin/digests/{name}/preview", s.previewDigest)
	page("POST /admin/digests/{name}/test", s.testDigest)
	page("POST /admin/digests/{name}/send", s.sendDigest)
	page("GET /admin/digests/{name}/plan", s.adminPlan)
	page("POST /admin/digests/{name}/hold", s.holdDigest)
	page("POST /admin/digests/{name}/release", s.releaseDigest)
	page("GET /admin/digests/{name}/{number}", s.adminEdition)
	page("GET /admin/digests/{name}/{number}/preview", s.previewEdition)
	page("POST /admin/digests/{name}/{number}/hold", s.orderEdition("hold", s.holdEdition))
	page("POST /admin/digests/{name}/{number}/release", s.orderEdition("release", s.releaseEdition))
	page("POST /admin/digests/{name}/{number}/cancel", s.orderEdition("cancel", s.cancelEdition))
	page("POST /admin/digests/{name}/{number}/resend", s.orderEdition("resend", s.resendEdition))
	page("GET /admin/subscribers", s.adminSubscribers)
	page("POST "+importPath, s.importList)
	page("GET /admin/subscribers/export", s.exportList)
	page("GET /admin/subscribers/{id}", s.adminSubscriber)
	page("POST /admin/subscribers/{id}", s.endSubscription)
	page("GET /admin/config", s.adminConfig)
	page("POST /admin/config", s.editConfig)
	page("GET /admin/themes", s.adminThemes)
	page("POST /admin/themes", s.tryTheme)
	s.inboxRoutes(page)
	page("/", func(*http.Request, *view) (*response, error) { return nil, syndicate.ErrNotFound })
	return mux
}

// crossOrigin returns what refuses forms of other sites. Browsers that do not
// say where a form comes from may say the site's own address, which is not
// what they asked for when a proxy stands between.
func (s *server) crossOrigin() *http.CrossOriginProtection {
	p := http.NewCrossOriginProtection()
	if u, err := url.Parse(s.cfg.Site.URL); err == nil && u.Host != "" {
		// An origin it does not take is one that no browser sends.
		_ = p.AddTrustedOrigin(u.Scheme + "://" + u.Host)
	}
	return p
}

// admin answers a request for an operator's page.
func (s *server) admin(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Robots-Tag", "noindex, nofollow")
	switch r.Method {
	case http.MethodGet, http.MethodHead:
	case http.MethodPost:
		if err := s.protection.Check(r); err != nil {
			s.Logger.Warn("form of another site refused", "path", r.URL.Path, "origin", r.Header.Get("Origin"))
			s.fail(w, r, http.StatusForbidden)
			return
		}
		if r.URL.Path == importPath {
			r.Body = http.MaxBytesReader(w, r.Body, maxList) // read as it comes in
		} else if err := readForm(w, r, maxForm); err != nil {
			s.fail(w, r, formStatus(err))
			return
		}
	default:
		w.Header().Set("Allow", "GET, HEAD, POST")
		s.fail(w, r, http.StatusMethodNotAllowed)
		return
	}
	s.adminMux.ServeHTTP(w, r)
}

// adminPage is [server.page] for pages that only one reader may see.
func (s *server) adminPage(f pageFunc) http.Handler {
	return s.page(func(r *http.Request, v *view) (*response, error) {
		res, err := f(r, v)
		if res != nil {
			res.cache = "no-store"
		}
		return res, err
	})
}

// signedIn lets those through who are signed in, and sends others to the page
// where they can.
func (s *server) signedIn(f pageFunc) pageFunc {
	return func(r *http.Request, v *view) (*response, error) {
		ok, err := s.hasSession(r)
		if err != nil {
			return nil, err
		}
		if !ok {
			to := "/admin/sign-in"
			if r.Method == http.MethodGet {
				to += "?next=" + url.QueryEscape(r.URL.RequestURI())
			}
			return v.redirect(to), nil
		}
		v.signedIn = true
		ctx := syndicate.AsOperator(r.Context(), "admin page, "+clientAddress(r))
		return f(r.WithContext(ctx), v)
	}
}

// redirect sends the browser to another page of ours, to be asked for by GET.
func (v *view) redirect(path string) *response {
	return &response{status: http.StatusSeeOther, location: v.Link(path), cache: "no-store"}
}

// done sends the browser back to a page that says what was done.
func (v *view) done(path, what string) *response { return v.redirect(path + "?done=" + what) }

// Done returns in words what the form before has done, or "".
func (v *view) Done() string {
	what := v.values.Get("done")
	for _, known := range []string{
		"poll", "wait", "accept", "refile", "undo", "forget", "unchanged", "test", "send", "unsubscribe", "erase", "config",
		"admit", "decline", "close", "drop", "settled",
		"cancel", "resend", "hold", "release", "retry", "discard",
	} {
		if what == known {
			return v.T("admin.done." + what)
		}
	}
	return ""
}

// SignedIn reports whether the page is shown to an operator.
func (v *view) SignedIn() bool { return v.signedIn }

// AdminMenu returns the operator's pages.
func (v *view) AdminMenu() []link {
	var menu []link
	for _, page := range []struct{ path, title string }{
		{"/admin", "admin.home"},
		{"/admin/sources", "admin.sources"},
		{"/admin/articles", "admin.articles"},
		{"/admin/inbox", "admin.inbox"},
		{"/admin/themes", "admin.themes"},
		{"/admin/digests", "admin.digests"},
		{"/admin/subscribers", "admin.subscribers"},
		{"/admin/config", "admin.config"},
		{"/admin/queue", "admin.queue"},
		{"/admin/log", "admin.log"},
		{"/admin/metrics", "admin.metrics"},
		{"/admin/backup", "admin.backup"},
	} {
		if page.path == "/admin/inbox" && v.s.Admin.Inbox == nil {
			continue
		}
		current := v.path == page.path || page.path != "/admin" && strings.HasPrefix(v.path, page.path+"/")
		menu = append(menu, link{Href: v.Link(page.path), Title: v.T(page.title), Current: current})
	}
	return menu
}

// notFound turns the error of an operator's order into that of the page.
func notFound(err error) error {
	if errors.Is(err, syndicate.ErrNotFound) {
		return syndicate.ErrNotFound
	}
	return err
}
