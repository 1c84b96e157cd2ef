package app

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	html "html/template"
	"net/url"
	"slices"
	"strings"
	text "text/template"
	"time"

	"broadsheet/internal/store"
	"broadsheet/internal/web"
	"broadsheet/mailer"
	"broadsheet/syndicate"
	"broadsheet/templates"
)

const (
	// confirmFor is how long a confirmation may wait, confirmApart how soon after
	// the last one a mailbox may get another.
	confirmFor   = 7 * 24 * time.Hour
	confirmApart = 24 * time.Hour
	// signUpsKept is how long a sign-up is remembered, so that one that was not
	// confirmed in time can be asked about again.
	signUpsKept = 30 * 24 * time.Hour
)

// signUpLimits are those for forms that a script worked for; without, far fewer
// come through from one network.
var signUpLimits = store.SignUpLimits{Within: time.Hour, Network: 20, Domain: 100, Site: 1000}

const idleNetworkLimit = 3

// SignUp implements web.SignUps. What it does is the same for every address:
// whether there is something to mail is found out by the job.
func (d readerDesk) SignUp(ctx context.Context, x web.SignUp) error {
	wishes := x.Wishes
	wishes.Status = mailer.Unconfirmed
	wishes.Tidy()
	if err := checkSubscriber(d.Config(), &wishes); err != nil {
		return fmt.Errorf("sign-up: %w", err)
	}
	limits := signUpLimits
	if !x.Worked {
		limits.Network = idleNetworkLimit
	}
	return d.signUp(ctx, &store.SignUp{
		Ticket: x.Ticket, Wishes: wishes, Language: x.Language, Network: d.networkHash(x.Network), Consent: consentTo(x.Language, x.Consent), At: d.opts.Now(),
	}, limits)
}

func (d readerDesk) signUp(ctx context.Context, x *store.SignUp, limits store.SignUpLimits) error {
	err := d.store.AddSignUp(ctx, x, limits)
	switch {
	case errors.Is(err, store.ErrTooMany):
		d.log.Warn("sign-up refused: too many", "network", x.Network, "domain", mailer.Domain(x.Wishes.Email))
		return web.ErrTooMany
	case errors.Is(err, store.ErrTicketUsed):
		return web.ErrTicketUsed
	}
	return err
}

// consentTo names a wording by its language and a hash of it.
func consentTo(lang, wording string) store.Consent {
	sum := sha256.Sum256([]byte(wording))
	return store.Consent{Version: lang + "-" + hex.EncodeToString(sum[:6]), Wording: wording}
}

// networkHash returns what is kept of where somebody came from: enough to count
// by and to compare with, if it is given, and nothing to read.
func (d readerDesk) networkHash(network string) string {
	mac := hmac.New(sha256.New, d.secret)
	mac.Write([]byte("network\x00" + network))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// signUpHash returns what is stored of a token. Looking it up by its hash takes
// no time that tells anything about the tokens there are.
func signUpHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// SignUpOf implements web.SignUps.
func (d readerDesk) SignUpOf(ctx context.Context, token string) (web.SignUpState, error) {
	x, err := d.store.SignUpByToken(ctx, signUpHash(token))
	return web.SignUpState{
		Wishes: x.Wishes, Language: x.Language, Confirmed: !x.Confirmed.IsZero(), Expired: !d.opts.Now().Before(x.Expires),
	}, err
}

// Confirm implements web.SignUps.
func (d readerDesk) Confirm(ctx context.Context, token, network string) (web.SignUpState, error) {
	x, fresh, err := d.store.ConfirmSignUp(ctx, signUpHash(token), d.opts.Now(), d.networkHash(network), drawFeedKey())
	state := web.SignUpState{Wishes: x.Wishes, Language: x.Language, Confirmed: true}
	if err != nil || !fresh {
		return state, err
	}
	s, err := d.store.Subscriber(ctx, x.Wishes.Email)
	if err != nil {
		return state, err
	}
	d.log.Info("subscriber confirmed", "subscriber", s.ID)
	state.Token = mailer.Token(d.secret, s.ID)
	return state, nil
}

// SignUpAgain implements web.SignUps. A token asks for one more mail a day.
func (d readerDesk) SignUpAgain(ctx context.Context, token, network string) error {
	x, err := d.store.SignUpByToken(ctx, signUpHash(token))
	if err != nil {
		return err
	}
	again := store.SignUp{
		Ticket: "again " + signUpHash(token) + d.opts.Now().UTC().Format(time.DateOnly),
		Wishes: x.Wishes, Language: x.Language, Network: d.networkHash(network), Consent: x.Consent, At: d.opts.Now(),
	}
	return d.signUp(ctx, &again, signUpLimits)
}

// confirm sends the mail that asks whether a sign-up was meant or, to who is a
// subscriber already, the one that leads to the preferences.
func (a *App) confirm(ctx context.Context, j store.ConfirmJob) error {
	random := make([]byte, 16)
	_, _ = rand.Read(random) // never fails
	token := base64.RawURLEncoding.EncodeToString(random)
	now := a.opts.Now()
	x, ok, err := a.store.ClaimSignUp(ctx, j.SignUp, signUpHash(token), now, now.Add(confirmFor), confirmApart)
	if errors.Is(err, syndicate.ErrNotFound) {
		return nil // forgotten while the job waited
	}
	if err != nil || !ok {
		return err
	}
	if why, err := a.barred(ctx, x.Wishes.Email); err != nil {
		return err
	} else if why != "" {
		return a.store.SettleSignUp(ctx, x.ID, time.Time{}, why)
	}
	known, err := a.store.Subscriber(ctx, x.Wishes.Email)
	if err != nil && !errors.Is(err, syndicate.ErrNotFound) {
		return err
	}
	p := a.parts.Load()
	m, err := p.confirmation(&x, token, a.knownToken(&known))
	if err != nil {
		return err
	}
	_, err = p.transport.Send(ctx, m)
	var fault *mailer.SendError
	switch {
	case err == nil:
		return a.store.SettleSignUp(context.WithoutCancel(ctx), x.ID, now, "")
	case errors.As(err, &fault) && fault.Fault == mailer.PermanentFault:
		a.log.Warn("confirmation refused", "sign_up", x.ID, "error", fault)
		return a.store.SettleSignUp(ctx, x.ID, time.Time{}, fault.Error())
	}
	return fmt.Errorf("send the confirmation of sign-up %d: %w", x.ID, err)
}

// knownToken returns the token of somebody who gets mail already, "" of others.
func (a *App) knownToken(s *mailer.Subscriber) string {
	if s.Status != mailer.Active && s.Status != mailer.Paused {
		return ""
	}
	return mailer.Token(a.secret, s.ID)
}

// A confirmationView is what the templates of the mail are given.
type confirmationView struct {
	templates.Catalogue
	Site, SiteURL         string
	Subject, Lead         string
	Link, Button          string
	Digests, Themes       string
	Query                 string
	Consent, Ignore, Days string
}

// confirmation returns the mail for a sign-up: with the token of somebody known
// already, the one that says so.
func (p *parts) confirmation(x *store.SignUp, token, known string) (mailer.Message, error) {
	cat, err := templates.Locale(x.Language)
	if err != nil {
		return mailer.Message{}, err
	}
	site := p.cfg.Site
	v := confirmationView{
		Catalogue: cat, Site: site.Title, SiteURL: site.Link("/"),
		Subject: cat.T("mail.confirm.subject", site.Title), Lead: cat.T("mail.confirm.lead", site.Title),
		Link: site.Link("/confirm/" + url.PathEscape(token)), Button: cat.T("mail.confirm.button"),
		Query: x.Wishes.Query, Consent: x.Consent.Wording, Ignore: cat.T("mail.confirm.ignore"), Days: cat.T("mail.confirm.days"),
	}
	if known != "" {
		v.Subject, v.Lead = cat.T("mail.known.subject", site.Title), cat.T("mail.known.lead", site.Title)
		v.Link, v.Button = site.Link("/preferences/"+url.PathEscape(known)), cat.T("mail.known.button")
		v.Consent, v.Days, v.Query, v.Ignore = "", "", "", cat.T("mail.known.ignore")
	} else {
		v.Digests, v.Themes = p.titles(&x.Wishes, cat)
	}
	text, page, err := renderConfirmation(&v)
	if err != nil {
		return mailer.Message{}, err
	}
	return mailer.Message{
		Body: &mailer.Body{Subject: v.Subject, Language: cat.Language, HTML: page, Text: text},
		ID:   mailer.MessageID(fmt.Sprint("confirm ", x.ID), x.At, x.Wishes.Email, p.cfg.Mail.From),
		From: p.cfg.Mail.From, To: x.Wishes.Email, Date: x.At,
	}, nil
}

// titles returns the digests and themes that somebody chose, for people; no
// themes stand for all.
func (p *parts) titles(s *mailer.Subscriber, cat templates.Catalogue) (digests, themes string) {
	var ds, ts []string
	for _, d := range p.cfg.Digests {
		if slices.Contains(s.Digests, d.Name) {
			ds = append(ds, digestTitle(&d))
		}
	}
	for _, t := range p.cfg.Themes {
		if slices.Contains(s.Themes, t.ID) {
			ts = append(ts, t.DisplayTitle(cat.Language))
		}
	}
	comma := cat.T("mail.comma")
	return strings.Join(ds, comma), strings.Join(ts, comma)
}

func renderConfirmation(v *confirmationView) (plain, page string, err error) {
	t, err := text.ParseFS(templates.Mail(), "confirm.txt")
	if err != nil {
		return "", "", err
	}
	h, err := html.ParseFS(templates.Mail(), "confirm.html")
	if err != nil {
		return "", "", err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, v); err != nil {
		return "", "", err
	}
	plain = b.String()
	b.Reset()
	err = h.Execute(&b, v)
	return plain, b.String(), err
}
