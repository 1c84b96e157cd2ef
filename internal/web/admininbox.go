package web

import (
	"cmp"
	"context"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"broadsheet/syndicate"
)

// inboxPage is how many submissions a page of the inbox shows.
const inboxPage = 50

// boxes are the parts of the inbox, by the last part of their addresses.
var boxes = []struct {
	name string
	kind syndicate.SubmissionKind
}{
	{"contributions", syndicate.KindContribution},
	{"letters", syndicate.KindLetter},
	{"publishers", syndicate.KindApplication},
}

// inboxRoutes adds the pages of the inbox.
func (s *server) inboxRoutes(page func(pattern string, f pageFunc)) {
	if s.Admin == nil || s.Admin.Inbox == nil {
		return
	}
	page("GET /admin/inbox", s.inbox)
	for _, b := range boxes {
		for _, open := range []bool{true, false} {
			path := "GET /admin/inbox/" + b.name
			if !open {
				path += "/settled"
			}
			page(path, func(r *http.Request, v *view) (*response, error) { return s.box(r, v, b.name, b.kind, open) })
		}
	}
	page("GET /admin/inbox/{id}", s.submission)
	page("POST /admin/inbox/{id}", s.settleSubmission)
	page("GET /admin/inbox/{id}/source.yaml", s.sourceLines)
	page("POST /admin/inbox/{id}/drop", s.dropSource)
}

// inbox leads to the first part of the inbox where something waits.
func (s *server) inbox(r *http.Request, v *view) (*response, error) {
	open, err := s.Admin.Inbox.OpenSubmissions(r.Context())
	if err != nil {
		return nil, err
	}
	to := boxes[0].name
	for _, b := range slices.Backward(boxes) {
		if open[b.kind] > 0 {
			to = b.name
		}
	}
	return v.redirect("/admin/inbox/" + to), nil
}

type boxBody struct {
	Boxes, States []link
	Rows          []boxRow
	Newer, Older  *link
}

type boxRow struct {
	Href, Title, Lang string
	State, At, From   string
	Text              string // how it begins
}

func (s *server) box(r *http.Request, v *view, name string, kind syndicate.SubmissionKind, open bool) (*response, error) {
	number, ok := v.pageNumber()
	if !ok {
		return nil, syndicate.ErrNotFound
	}
	waiting, err := s.Admin.Inbox.OpenSubmissions(r.Context())
	if err != nil {
		return nil, err
	}
	subs, err := s.Admin.Inbox.Submissions(r.Context(), kind, open, inboxPage+1, (number-1)*inboxPage)
	if err != nil {
		return nil, err
	}
	var body boxBody
	for _, b := range boxes {
		title := v.T("admin.inbox.count", v.T("admin.inbox."+b.name), waiting[b.kind])
		body.Boxes = append(body.Boxes, link{Href: v.Link("/admin/inbox/" + b.name), Title: title, Current: b.name == name})
	}
	base := "/admin/inbox/" + name
	body.States = []link{
		{Href: v.Link(base), Title: v.T("admin.inbox.open"), Current: open},
		{Href: v.Link(base + "/settled"), Title: v.T("admin.inbox.settled"), Current: !open},
	}
	if number > 1 {
		body.Newer = &link{Href: v.pageLink(number - 1), Title: v.T("web.newer")}
	}
	if len(subs) > inboxPage {
		body.Older = &link{Href: v.pageLink(number + 1), Title: v.T("web.older")}
	}
	for i := range head(subs, inboxPage) {
		body.Rows = append(body.Rows, v.boxRow(&subs[i]))
	}
	return v.render("admin/inbox", frame{Title: v.T("admin.inbox"), Body: body})
}

func (v *view) boxRow(sub *syndicate.Submission) boxRow {
	row := boxRow{
		Href: v.Link("/admin/inbox/" + strconv.FormatInt(sub.ID, 10)), State: v.T("admin.inbox.state." + string(sub.State)),
		At: v.Minute(sub.At), From: cmp.Or(sub.Address, v.T("admin.inbox.nobody")),
	}
	switch sub.Kind {
	case syndicate.KindContribution:
		row.Title, row.Lang, row.Text = sub.Contribution.Title, sub.Contribution.Language, cmp.Or(sub.Contribution.Text, sub.Contribution.Link)
	case syndicate.KindLetter:
		row.Title, row.Text = sub.Letter.Subject, sub.Letter.Text
	case syndicate.KindApplication:
		row.Title, row.Text = sub.Application.Organisation, sub.Application.Source.URL
	}
	row.Lang = writtenIn(row.Title, row.Lang)
	row.Text = cut(strings.Join(strings.Fields(row.Text), " "), 160)
	return row
}

type submissionBody struct {
	ID       int64
	Box      link // that it lies in
	Title    string
	Lang     string
	State    string
	Open     bool
	At, From string
	Reply    string // mailto: address; "" for none
	Mail     string // what became of the mail about it
	Told     string // what becomes of the mail about the decision; "" when none is wished
	Word     string // that was written to the sender

	Contribution *contributionView
	Letter       string
	Application  *applicantView
}

type contributionView struct {
	Link     string
	Theme    string
	Article  string // address of its page; "" while there is none
	HTML     template.HTML
	Reasons  reasons
	Choices  []choice
	Passages []passageView
	Legend   []legend
}

func (s *server) submissionNamed(r *http.Request) (syndicate.Submission, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return syndicate.Submission{}, syndicate.ErrNotFound
	}
	return s.Admin.Inbox.Submission(r.Context(), id)
}

func (s *server) submission(r *http.Request, v *view) (*response, error) {
	sub, err := s.submissionNamed(r)
	if err != nil {
		return nil, err
	}
	return s.showSubmission(r.Context(), v, &sub, "", nil)
}

// showSubmission shows a submission, and why a verdict on it could not be
// carried out.
func (s *server) showSubmission(ctx context.Context, v *view, sub *syndicate.Submission, keep Keep, fault *Fault) (*response, error) {
	row := v.boxRow(sub)
	body := submissionBody{
		ID: sub.ID, Title: row.Title, Lang: row.Lang, State: row.State, Open: sub.Settled.IsZero(), At: row.At, From: row.From, Word: sub.Word,
	}
	for _, b := range boxes {
		if b.kind == sub.Kind {
			body.Box = link{Href: v.Link("/admin/inbox/" + b.name), Title: v.T("admin.inbox." + b.name)}
		}
	}
	if sub.Address != "" {
		body.Reply = (&url.URL{Scheme: "mailto", Opaque: url.PathEscape(sub.Address), RawQuery: "subject=" + url.PathEscape("Re: "+row.Title)}).String()
	}
	switch {
	case sub.MailFault != "":
		body.Mail = v.T("admin.inbox.mail_fault", sub.MailFault)
	case sub.MailedAt.IsZero():
		body.Mail = v.T("admin.inbox.mail_open")
	default:
		body.Mail = v.T("admin.inbox.mailed", v.Minute(sub.MailedAt))
	}
	switch {
	case !sub.Tell:
	case sub.TellFault != "":
		body.Told = v.T("admin.inbox.tell_fault", sub.TellFault)
	case sub.ToldAt.IsZero():
		body.Told = v.T("admin.inbox.tell")
	default:
		body.Told = v.T("admin.inbox.told", v.Minute(sub.ToldAt))
	}
	switch sub.Kind {
	case syndicate.KindContribution:
		if err := s.showContribution(ctx, v, sub, &body); err != nil {
			return nil, err
		}
	case syndicate.KindLetter:
		body.Letter = sub.Letter.Text
		if sub.Letter.Name != "" {
			body.From = sub.Letter.Name + " · " + body.From
		}
	case syndicate.KindApplication:
		var err error
		if body.Application, err = s.applicant(v, sub, keep, fault); err != nil {
			return nil, err
		}
	}
	res, err := v.render("admin/inbox-item", frame{Title: body.Title, Body: body})
	if res != nil && fault != nil {
		res.status = http.StatusUnprocessableEntity
	}
	return res, err
}

func (s *server) showContribution(ctx context.Context, v *view, sub *syndicate.Submission, body *submissionBody) error {
	a, passages, err := s.Admin.Editor.PreviewContribution(ctx, sub)
	if err != nil {
		return err
	}
	w := &contributionView{Link: webAddress(sub.Contribution.Link), Passages: v.passages(passages, a.Language), Legend: v.legend()}
	if sub.Contribution.Theme != "" {
		w.Theme = v.themeTitle(sub.Contribution.Theme)
	}
	w.HTML, _ = articleText(&a, v)
	w.Reasons = v.reasons(&a.Analysis)
	if sub.State == syndicate.Accepted {
		w.Article = v.Link("/admin/articles/" + sub.Result)
	}
	for _, t := range themeOrder(s.cfg.Themes, nil) {
		filed := slices.ContainsFunc(a.Filings, func(f syndicate.Filing) bool { return f.Theme == t.ID })
		w.Choices = append(w.Choices, choice{ID: t.ID, Title: t.DisplayTitle(v.Lang()), Ticked: filed})
	}
	body.Lang, body.Contribution = a.Language, w
	return nil
}

// settleSubmission carries a verdict out.
func (s *server) settleSubmission(r *http.Request, v *view) (*response, error) {
	sub, err := s.submissionNamed(r)
	if err != nil {
		return nil, err
	}
	verdict := Verdict{
		State: syndicate.SubmissionState(r.PostForm.Get("state")), Word: cut(tidy(r.PostForm.Get("word"), true), maxNote),
		Name: tidy(r.PostForm.Get("name"), false), Keep: Keep(r.PostForm.Get("keep")),
	}
	if verdict.Name != "" && sub.Application != nil {
		sub.Application.Source.Name = verdict.Name
	}
	what := map[syndicate.SubmissionState]string{syndicate.Accepted: "admit", syndicate.Declined: "decline", syndicate.Closed: "close"}[verdict.State]
	if what == "" {
		return nil, syndicate.ErrNotFound
	}
	if sub.Kind == syndicate.KindContribution && verdict.State == syndicate.Accepted {
		if verdict.Themes, err = s.ticked(r, &sub); err != nil {
			return nil, err
		}
	}
	var done bool
	if verdict.Patch, err = s.agreed(r, &sub, verdict.Keep); err == nil {
		done, err = s.Admin.Editor.SettleSubmission(r.Context(), sub.ID, verdict)
	}
	var fault *Fault
	switch {
	case errors.As(err, &fault):
		return s.showSubmission(r.Context(), v, &sub, verdict.Keep, fault)
	case err != nil:
		return nil, notFound(err)
	case !done:
		what = "settled"
	}
	return v.done("/admin/inbox/"+strconv.FormatInt(sub.ID, 10), what), nil
}

// ticked returns the themes that a form files a contribution under: first
// those that the rules file it under, in their order.
func (s *server) ticked(r *http.Request, sub *syndicate.Submission) (*[]string, error) {
	a, _, err := s.Admin.Editor.PreviewContribution(r.Context(), sub)
	if err != nil {
		return nil, err
	}
	sent, themes := r.PostForm["theme"], []string{}
	for _, t := range themeOrder(s.cfg.Themes, slices.Concat(a.Filings, a.NearMisses)) {
		if slices.Contains(sent, t.ID) {
			themes = append(themes, t.ID)
		}
	}
	if len(themes) < len(sent) {
		return nil, syndicate.ErrNotFound // of a theme that left the configuration meanwhile
	}
	return &themes, nil
}
