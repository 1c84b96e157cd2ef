package app

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"broadsheet/internal/store"
	"broadsheet/internal/web"
	"broadsheet/syndicate"
)

// maxOpen is how many submissions of a kind may wait for an editor. Nobody
// reads more, and what programs send must not fill the disk.
const maxOpen = 2000

// A frontDesk takes what visitors send.
type frontDesk struct{ *App }

// Submit implements web.Visitors. Letters are mailed to the editor, and who
// sends something else gets a receipt, if an address was given.
func (d frontDesk) Submit(ctx context.Context, sub *syndicate.Submission) (string, error) {
	sub.At = d.opts.Now()
	mail := sub.Address != ""
	if sub.Kind == syndicate.KindLetter {
		mail = d.Config().Site.Contact != ""
	}
	open, err := d.store.OpenSubmissions(ctx)
	if err != nil {
		return "", err
	}
	if open[sub.Kind] >= maxOpen {
		d.log.WarnContext(ctx, "the inbox is full; settle what waits there", "kind", sub.Kind, "open", open[sub.Kind])
		return "", &web.Fault{Key: "full"}
	}
	err = d.store.Submit(ctx, sub, mail)
	if errors.Is(err, store.ErrTicketUsed) {
		err = web.ErrTicketUsed
	}
	if err != nil {
		return "", err
	}
	d.log.InfoContext(ctx, "a visitor sent something", "kind", sub.Kind, "submission", sub.ID)
	return d.code(sub), nil
}

// Sent implements web.Visitors.
func (d frontDesk) Sent(ctx context.Context, kind syndicate.SubmissionKind, code string) (syndicate.Submission, error) {
	number, _, _ := strings.Cut(code, "-")
	id, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return syndicate.Submission{}, syndicate.ErrNotFound
	}
	sub, err := d.store.Submission(ctx, id)
	if err == nil && (sub.Kind != kind || !hmac.Equal([]byte(code), []byte(d.code(&sub)))) {
		err = syndicate.ErrNotFound
	}
	if err != nil {
		return syndicate.Submission{}, err
	}
	return sub, nil
}

// code is what the sender of a submission finds it under: its number and, of
// 130 bits, what only who knows the site's secret can make of it. Nothing of
// that is stored.
func (a *App) code(sub *syndicate.Submission) string {
	return strconv.FormatInt(sub.ID, 10) + "-" + a.secretOf("submission", sub)
}

// Token implements web.Visitors.
func (d frontDesk) Token(sub *syndicate.Submission) string {
	return d.secretOf("control of a site", sub)
}

func (a *App) secretOf(purpose string, sub *syndicate.Submission) string {
	mac := hmac.New(sha256.New, a.secret)
	fmt.Fprintf(mac, "%s\x00%d\x00%d", purpose, sub.ID, sub.At.UnixMilli())
	return strings.ToLower(base32.StdEncoding.EncodeToString(mac.Sum(nil)))[:26]
}

// senderPage returns the address of the page that tells a sender what became
// of a submission.
func (a *App) senderPage(sub *syndicate.Submission) string {
	path := "/contributions/"
	if sub.Kind == syndicate.KindApplication {
		path = "/publishers/"
	}
	return a.Config().Site.Link(path + a.code(sub))
}

// An editorDesk settles what visitors have sent.
type editorDesk struct{ *App }

// SettleSubmission implements web.Editor.
func (d editorDesk) SettleSubmission(ctx context.Context, id int64, v web.Verdict) (bool, error) {
	sub, err := d.store.Submission(ctx, id)
	switch {
	case err != nil:
		return false, err
	case !sub.Settled.IsZero():
		return false, nil
	case v.State == syndicate.Closed && sub.Kind == syndicate.KindLetter:
		return d.settle(ctx, &sub, v, syndicate.ActionClose)
	case v.State == syndicate.Declined && sub.Kind != syndicate.KindLetter:
		return d.settle(ctx, &sub, v, syndicate.ActionDecline)
	case v.State == syndicate.Accepted && sub.Kind == syndicate.KindContribution:
		return d.acceptContribution(ctx, &sub, v)
	case v.State == syndicate.Accepted && sub.Kind == syndicate.KindApplication:
		return d.acceptApplication(ctx, &sub, v)
	}
	return false, fmt.Errorf("a %s cannot be %s: %w", sub.Kind, v.State, syndicate.ErrNotFound)
}

// settle settles a submission of which nothing is made.
func (d editorDesk) settle(ctx context.Context, sub *syndicate.Submission, v web.Verdict, action string) (bool, error) {
	if err := d.note(ctx, action, object(sub), v.Word); err != nil {
		return false, err
	}
	return d.store.SettleSubmission(ctx, sub.ID, settlement(d.opts.Now(), v))
}

// object names a submission in the account of what operators did.
func object(sub *syndicate.Submission) string { return fmt.Sprintf("%s %d", sub.Kind, sub.ID) }
