package app

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"broadsheet/internal/jobs"
	"broadsheet/internal/store"
	"broadsheet/mailer"
	"broadsheet/syndicate"
	"broadsheet/templates"
)

// visitorMailAttempts is how often the mail about a submission is tried, over
// about two days.
const visitorMailAttempts = 18

// visitorMail sends the mail about a submission. One that was handed over is
// not sent again; after a crash in that very moment it may come twice, and then
// under the same Message-ID.
func (a *App) visitorMail(ctx context.Context, j store.VisitorMailJob) error {
	sub, err := a.store.Submission(ctx, j.Submission)
	if errors.Is(err, syndicate.ErrNotFound) || err == nil && !sub.MailedAt.IsZero() {
		return nil
	}
	if err != nil {
		return err
	}
	p := a.parts.Load()
	m, err := a.mailAbout(p, &sub)
	if err != nil {
		return err
	}
	if sub.Kind != syndicate.KindLetter {
		if why, err := a.barred(ctx, m.To); err != nil {
			return err
		} else if why != "" {
			return a.store.NoteMail(ctx, sub.ID, time.Time{}, why)
		}
	}
	_, err = p.transport.Send(ctx, m)
	var failed *mailer.SendError
	switch {
	case err == nil:
		return a.store.NoteMail(ctx, sub.ID, a.opts.Now(), "")
	case errors.As(err, &failed) && failed.Fault == mailer.PermanentFault:
		return jobs.Never(errors.Join(err, a.store.NoteMail(ctx, sub.ID, time.Time{}, failed.Error())))
	default:
		return errors.Join(err, a.store.NoteMail(context.WithoutCancel(ctx), sub.ID, time.Time{}, err.Error()))
	}
}

// barred says why nothing may be sent to an address, "" when mail may be.
func (a *App) barred(ctx context.Context, address string) (why string, err error) {
	found, err := a.store.SuppressionsOf(ctx, []string{address})
	if s, is := found[mailer.MailboxHash(address)]; is {
		why = "the mailbox is suppressed, " + s.Why()
	}
	return why, err
}

// decisionMail tells the sender of submissions what was decided of them, in one
// mail and an hour after the last one at the soonest. After a crash in the very
// moment of sending it comes an hour later, under the same Message-ID.
func (a *App) decisionMail(ctx context.Context, j store.DecisionMailJob) error {
	wait, subs, err := a.store.ClaimDecisions(ctx, j.Submission, a.opts.Now())
	if err != nil || len(subs) == 0 {
		if err == nil && wait > 0 {
			err = jobs.Later(wait, nil)
		}
		return err
	}
	end := context.WithoutCancel(ctx)
	why, err := a.barred(ctx, subs[0].Address)
	if err == nil && why == "" {
		p := a.parts.Load()
		var m mailer.Message
		if m, err = a.decisions(p, subs); err == nil {
			_, err = p.transport.Send(ctx, m)
		}
		var failed *mailer.SendError
		if errors.As(err, &failed) && failed.Fault == mailer.PermanentFault {
			why, err = failed.Error(), nil
		}
	}
	if err != nil {
		return errors.Join(err, a.store.NoteDecisions(end, subs, time.Time{}, ""))
	}
	return a.store.NoteDecisions(end, subs, a.opts.Now(), why)
}

// decisions makes the mail that tells what was decided of submissions, in the
// language of the page that the last of them was sent from.
func (a *App) decisions(p *parts, subs []syndicate.Submission) (mailer.Message, error) {
	site, last := p.cfg.Site, &subs[len(subs)-1]
	text, err := templates.Locale(last.Locale)
	if err != nil {
		return mailer.Message{}, err
	}
	var list strings.Builder
	for i := range subs {
		sub := &subs[i]
		kind, title := "contribution", ""
		if sub.Contribution != nil {
			title = sub.Contribution.Title
		} else if sub.Application != nil {
			kind, title = "application", sub.Application.Organisation
		}
		list.WriteString(text.T("mail.decision."+kind+"."+string(sub.State), harmless(title), a.senderPage(sub)))
	}
	m := mailer.Message{From: p.cfg.Mail.From, To: last.Address, Date: last.Settled, Body: &mailer.Body{
		Language: text.Language, Subject: text.T("mail.decision.subject", site.Title), Text: text.T("mail.decision.text", site.Title, list.String()),
	}}
	m.ID = mailer.MessageID(fmt.Sprint("decision ", last.ID), last.Settled, m.To, m.From)
	return m, nil
}

// mailAbout makes the mail about a submission: a letter goes to the editor,
// and a receipt to the sender of anything else.
func (a *App) mailAbout(p *parts, sub *syndicate.Submission) (mailer.Message, error) {
	site := p.cfg.Site
	text, err := templates.Locale(sub.Locale)
	if err != nil {
		return mailer.Message{}, err
	}
	m := mailer.Message{From: p.cfg.Mail.From, To: sub.Address, Date: sub.At, Body: &mailer.Body{Language: text.Language}}
	switch sub.Kind {
	case syndicate.KindLetter:
		l := sub.Letter
		if text, err = templates.Locale(site.Language); err != nil { // the editor's
			return m, err
		}
		m.To, m.Language = site.Contact, text.Language
		m.Subject = text.T("mail.letter.subject", site.Title, l.Subject)
		m.Text = text.T("mail.letter.text", sender(l.Name, sub.Address, text.T("mail.letter.nobody")), l.Text, site.Link(fmt.Sprintf("/admin/inbox/%d", sub.ID)))
		if sub.Address != "" {
			m.Headers = []mailer.Header{{Name: "Reply-To", Value: "<" + sub.Address + ">"}}
		}
	case syndicate.KindContribution:
		m.Subject = text.T("mail.receipt.contribution.subject", site.Title)
		m.Text = text.T("mail.receipt.contribution.text", site.Title, harmless(sub.Contribution.Title), a.senderPage(sub))
	default:
		m.Subject = text.T("mail.receipt.application.subject", site.Title)
		m.Text = text.T("mail.receipt.application.text", site.Title, harmless(sub.Application.Organisation), a.senderPage(sub))
	}
	m.ID = mailer.MessageID(fmt.Sprint("visitor ", sub.ID), sub.At, m.To, m.From)
	return m, nil
}

// sender names who wrote a letter.
func sender(name, address, nobody string) string {
	switch {
	case name == "" && address == "":
		return nobody
	case address == "":
		return name
	}
	return strings.TrimSpace(name + " <" + address + ">")
}

// hostLike is where a name of a host would go on behind a dot.
var hostLike = regexp.MustCompile(`(?i)([\pL\pN])\.([a-z]|\p{Han})`)

// maxEcho is how many characters of what a visitor wrote a receipt repeats.
const maxEcho = 100

// harmless returns a title as a receipt may repeat it, which may go to somebody
// who did not ask for it: short, and with nothing in it that mail programs
// make a link of.
func harmless(title string) string {
	title = strings.Join(strings.Fields(title), " ")
	if utf8.RuneCountInString(title) > maxEcho {
		title = string([]rune(title)[:maxEcho]) + "…"
	}
	return hostLike.ReplaceAllString(strings.NewReplacer("://", ": ", "@", " ").Replace(title), "$1. $2")
}
