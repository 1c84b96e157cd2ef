package web

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"
	"time"

	"broadsheet/syndicate"
)

type homeBody struct {
	Notices []noticeRow
	Report  Report
	Themes  []countRow
	Mail    []countRow
	Digests []digestRow
	Inbox   string // what waits there, in words; "" without an inbox
}

// A noticeRow is a notice for people.
type noticeRow struct {
	Title, Text string
	Href        string // the page of ours that is about it; "" for none
	URL         string // the source's new address
	At          string
}

type countRow struct {
	Title string
	Href  string
	N     int
}

type digestRow struct{ Title, Next string }

func (s *server) adminHome(r *http.Request, v *view) (*response, error) {
	report, err := s.Admin.Desk.Health(r.Context())
	if err != nil {
		return nil, err
	}
	notices, err := s.Admin.Desk.Notices(r.Context())
	if err != nil {
		return nil, err
	}
	body := homeBody{Report: report}
	if s.Admin.Inbox != nil {
		open, err := s.Admin.Inbox.OpenSubmissions(r.Context())
		if err != nil {
			return nil, err
		}
		body.Inbox = v.T("admin.inbox.waiting", open[syndicate.KindContribution], open[syndicate.KindLetter], open[syndicate.KindApplication])
	}
	for i := range notices {
		body.Notices = append(body.Notices, v.notice(&notices[i]))
	}
	for i := range s.cfg.Themes {
		t := &s.cfg.Themes[i]
		body.Themes = append(body.Themes, countRow{Title: t.DisplayTitle(v.Lang()), Href: v.themeLink(t).Href, N: report.Themes[t.ID]})
	}
	body.Mail = v.deliveryCounts(report.Deliveries)
	for i := range s.cfg.Digests {
		d := &s.cfg.Digests[i]
		row := digestRow{Title: cmp.Or(d.Title, d.Name), Next: v.T("admin.never")}
		if next := report.Digests[d.Name]; !next.IsZero() {
			row.Next = v.Minute(next)
		}
		body.Digests = append(body.Digests, row)
	}
	return v.render("admin/home", frame{Title: v.T("admin.home"), Body: body})
}

// notice returns a notice for people.
func (v *view) notice(n *Notice) noticeRow {
	row := noticeRow{Text: n.Text, Href: v.Link("/admin/sources/" + url.PathEscape(n.Name))}
	if !n.At.IsZero() {
		row.At = v.Minute(n.At)
	}
	switch n.Kind {
	case NoticeWaiting:
		row.Title, row.Text = v.T("admin.notice.waiting", v.T("admin.inbox."+n.Name), n.Count), ""
		row.Href = v.Link("/admin/inbox/" + n.Name)
	case NoticeUndelivered:
		row.Title = v.T("admin.notice.undelivered", n.Subject, n.Count, n.Of)
		row.Href = n.URL
	case NoticeHeldBack:
		row.Title, row.Href = v.T("admin.notice.heldback"), ""
	case NoticeSuppressed:
		row.Title, row.Href = v.T("admin.notice.suppressed", n.Count), ""
	case NoticeUnmade:
		row.Title, row.Href = v.T("admin.notice.unmade", n.Subject), n.URL
	case NoticeHeld:
		row.Title = v.T("admin.notice.held", n.Subject, n.Count)
	case NoticeMoved:
		row.Title, row.URL, row.Text = v.T("admin.notice.moved", n.Subject), n.URL, v.T("admin.moved.edit")
	default:
		key := map[string]string{NoticeGone: "gone", NoticeOutage: "outage", NoticeChanged: "changed"}[n.Kind]
		if key == "" {
			key = "failed"
		}
		row.Title = v.T("admin.notice."+key, n.Subject)
	}
	return row
}

// logPage is how many deeds a page of the log shows.
const logPage = 50

type logBody struct {
	Deeds        []deedRow
	Newer, Older *link
}

type deedRow struct {
	At, Who, Action, Object, Href, Detail string
}

func (s *server) adminLog(r *http.Request, v *view) (*response, error) {
	number, ok := v.pageNumber()
	if !ok {
		return nil, syndicate.ErrNotFound
	}
	deeds, err := s.Admin.Journal.Deeds(r.Context(), logPage+1, (number-1)*logPage)
	if err != nil {
		return nil, err
	}
	var body logBody
	if number > 1 {
		body.Newer = &link{Href: v.pageLink(number - 1), Title: v.T("web.newer")}
	}
	if len(deeds) > logPage {
		body.Older = &link{Href: v.pageLink(number + 1), Title: v.T("web.older")}
	}
	for _, d := range head(deeds, logPage) {
		row := deedRow{At: v.Minute(d.At), Who: d.Who, Action: v.action(d.Action), Object: d.Object, Detail: d.Detail}
		switch d.Action {
		case syndicate.ActionPoll, syndicate.ActionAccept, syndicate.ActionTry:
			row.Href = v.Link("/admin/sources/" + url.PathEscape(d.Object))
		case syndicate.ActionSend, syndicate.ActionTest, syndicate.ActionCancel, syndicate.ActionResend,
			syndicate.ActionHold, syndicate.ActionRelease:
			row.Href = v.Link("/admin/digests/" + url.PathEscape(d.Object))
		case syndicate.ActionAdmit, syndicate.ActionDecline, syndicate.ActionClose:
			if _, id, ok := strings.Cut(d.Object, " "); ok {
				row.Href = v.Link("/admin/inbox/" + url.PathEscape(id))
			}
		case syndicate.ActionRefile, syndicate.ActionUndo:
			row.Href = v.Link("/admin/articles/" + url.PathEscape(d.Object))
		}
		body.Deeds = append(body.Deeds, row)
	}
	return v.render("admin/log", frame{Title: v.T("admin.log"), Body: body})
}

// action returns an action in the language of the page.
func (v *view) action(action string) string {
	key, ok := map[string]string{
		syndicate.ActionSignIn: "sign_in", syndicate.ActionRefused: "refused", syndicate.ActionSignOut: "sign_out",
		syndicate.ActionPoll: "poll", syndicate.ActionAccept: "accept", syndicate.ActionRefile: "refile",
		syndicate.ActionUndo: "undo", syndicate.ActionForget: "forget", syndicate.ActionSend: "send", syndicate.ActionTest: "test",
		syndicate.ActionCancel: "cancel", syndicate.ActionResend: "resend",
		syndicate.ActionHold: "hold", syndicate.ActionRelease: "release", syndicate.ActionBackup: "backup",
		syndicate.ActionTry: "try", syndicate.ActionRetry: "retry", syndicate.ActionDiscard: "discard",
		syndicate.ActionUnsubscribe: "unsubscribe", syndicate.ActionErase: "erase", syndicate.ActionImport: "import", syndicate.ActionConfig: "config",
		syndicate.ActionAdmit: "admit", syndicate.ActionDecline: "decline", syndicate.ActionClose: "close", syndicate.ActionDrop: "drop",
	}[action]
	if !ok {
		return action
	}
	return v.T("admin.action." + key)
}

// Clock writes a time of day, with the date when it is not today.
func (v *view) Clock(t time.Time) string {
	local := t.In(v.s.cfg.Site.Location)
	if local.Format(time.DateOnly) == v.Today().Format(time.DateOnly) {
		return local.Format("15:04")
	}
	return v.Minute(t)
}
