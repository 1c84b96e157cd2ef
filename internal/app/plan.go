package app

import (
	"context"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"

	"broadsheet/mailer"
	"broadsheet/mailer/compose"
	"broadsheet/mailer/submit"
	"broadsheet/syndicate"
)

// A Plan is what the next edition of a digest would be with the articles that
// there are now: nothing is stored or sent.
type Plan struct {
	Digest     string        `json:"digest"`
	At         time.Time     `json:"at"` // when it is due
	Subject    string        `json:"subject"`
	Skipped    string        `json:"skipped,omitempty"` // why nobody would get anything
	Sections   []PlanSection `json:"sections"`
	Recipients int           `json:"recipients"` // mails that would go out
	Variants   []PlanVariant `json:"variants"`   // what they are, the edition itself first
	Later      []PlanLater   `json:"later"`      // of these mails, those that wait for their hour
	Nothing    []PlanNothing `json:"nothing"`    // who gets none
	Bytes      int           `json:"bytes"`      // of all mails, about
	Rate       float64       `json:"rate"`       // mails a second; 0 for no limit
	Seconds    float64       `json:"seconds"`    // that the sending takes at that rate; 0 without one
}

// A PlanSection is a theme of a plan.
type PlanSection struct {
	Theme string     `json:"theme"`
	Title string     `json:"title"`
	Items []PlanItem `json:"items"`
	More  int        `json:"more"` // articles that there is no room for
}

// A PlanItem is an article of a plan.
type PlanItem struct {
	Title  string `json:"title"`
	Source string `json:"source"`
	Why    string `json:"why"`    // it stands where it does
	Reason string `json:"reason"` // it is under its theme
}

// A PlanVariant is what some of the recipients get.
type PlanVariant struct {
	mailer.Selection
	Since      time.Time `json:"since"`               // when the news in it begins
	Important  bool      `json:"important,omitempty"` // no other news is in it
	Recipients int       `json:"recipients"`
	Items      int       `json:"items"`
	Subject    string    `json:"subject"`
	HTMLBytes  int       `json:"html_bytes"` // as sent
	TextBytes  int       `json:"text_bytes"`
}

// A PlanLater is how many mails wait for an hour.
type PlanLater struct {
	At         time.Time `json:"at"`
	Recipients int       `json:"recipients"`
}

// A PlanNothing is how many get nothing, and why.
type PlanNothing struct {
	Why         string `json:"why"`
	Subscribers int    `json:"subscribers"`
}

// Plan returns what the next edition of a digest would be, who would get it, and
// who would not.
func (a *App) Plan(ctx context.Context, name string) (Plan, error) {
	p := a.parts.Load()
	d, ok := p.digests[name]
	if !ok {
		return Plan{}, fmt.Errorf("digest %q: %w", name, syndicate.ErrNotFound)
	}
	state, err := a.digestState(ctx, name)
	if err != nil {
		return Plan{}, err
	}
	at := a.opts.Now()
	if state.NextAt.After(at) {
		at = state.NextAt
	}
	e, err := a.composeNow(ctx, p, d, at, compose.Opts{DryRun: true, Plan: true})
	if err != nil {
		return Plan{}, err
	}
	statuses, err := a.store.Statuses(ctx, name)
	if err != nil {
		return Plan{}, err
	}
	out := Plan{Digest: name, At: at, Subject: e.Subject, Skipped: e.Skipped, Sections: planSections(e.Sections)}
	if p.cfg.Mail.Transport == submit.SMTPTransport {
		out.Rate = p.cfg.Mail.SMTP.Rate
	}
	out.share(e, fixedRecipients(d))
	for _, status := range []mailer.Status{mailer.Unconfirmed, mailer.Paused, mailer.Unsubscribed} {
		if n := statuses[status]; n > 0 {
			out.Nothing = append(out.Nothing, PlanNothing{string(status), n})
		}
	}
	if out.Rate > 0 {
		out.Seconds = float64(out.Recipients) / out.Rate
	}
	return out, nil
}

// share counts who gets what of an edition that is planned.
func (p *Plan) share(e *mailer.Edition, fixed int) {
	own := PlanVariant{Since: e.Since, Items: len(e.Items()), Subject: e.Subject, HTMLBytes: submit.EncodedLen(e.HTML), TextBytes: submit.EncodedLen(e.Text)}
	p.Variants, p.Later, p.Nothing = []PlanVariant{}, []PlanLater{}, []PlanNothing{}
	counts := make([]int, len(e.Variants))
	since := map[int64]time.Time{}
	nothing, later := map[string]int{}, map[int64]int{}
	none := func(why string, n int) {
		if n > 0 {
			nothing[why] += n
		}
	}
	base := 0
	switch why := e.Skipped + e.Nothing; why {
	case "":
		base = fixed
	default:
		none(why, fixed)
	}
	for i := range e.Shares {
		s := &e.Shares[i]
		switch {
		case s.Wait != "":
			none(s.Wait, s.Subscribers)
			continue
		case e.Skipped != "":
			none(e.Skipped, s.Subscribers)
			continue
		case s.Variant < 0:
			base += s.Subscribers
		case e.Variants[s.Variant].Empty != "":
			none(e.Variants[s.Variant].Empty, s.Subscribers)
			continue
		default:
			counts[s.Variant] += s.Subscribers
			since[s.After] = s.From
		}
		if !s.SendAt.IsZero() {
			later[s.SendAt.UnixMilli()] += s.Subscribers
		}
	}
	add := func(v PlanVariant) {
		if v.Recipients > 0 {
			p.Variants = append(p.Variants, v)
			p.Recipients += v.Recipients
			p.Bytes += v.Recipients * (v.HTMLBytes + v.TextBytes)
		}
	}
	own.Recipients = base
	add(own)
	for i := range e.Variants {
		v := &e.Variants[i]
		pv := PlanVariant{
			Selection: v.Selection, Since: e.Since, Important: v.Important, Recipients: counts[i], Subject: v.Subject,
			Items: len((&mailer.Edition{Sections: v.Sections}).Items()), HTMLBytes: submit.EncodedLen(v.HTML), TextBytes: submit.EncodedLen(v.Text),
		}
		if v.After != 0 {
			pv.Since = since[v.After]
		}
		add(pv)
	}
	for at, n := range later {
		p.Later = append(p.Later, PlanLater{time.UnixMilli(at).UTC(), n})
	}
	slices.SortFunc(p.Later, func(a, b PlanLater) int { return a.At.Compare(b.At) })
	for why, n := range nothing {
		p.Nothing = append(p.Nothing, PlanNothing{why, n})
	}
	slices.SortFunc(p.Nothing, func(a, b PlanNothing) int {
		if a.Subscribers != b.Subscribers {
			return b.Subscribers - a.Subscribers
		}
		return strings.Compare(a.Why, b.Why)
	})
}

func planSections(sections []mailer.Section) []PlanSection {
	out := []PlanSection{}
	for _, s := range sections {
		ps := PlanSection{Theme: s.Theme, Title: s.Title, More: s.More, Items: []PlanItem{}}
		for i := range s.Items {
			it := &s.Items[i]
			ps.Items = append(ps.Items, PlanItem{Title: it.Title, Source: it.Source, Why: it.Why, Reason: it.Reason})
		}
		out = append(out, ps)
	}
	return out
}

// fixedRecipients counts the addresses that a digest names.
func fixedRecipients(d mailer.Digest) int {
	seen := map[string]bool{}
	for _, to := range d.To {
		if a, err := mail.ParseAddress(to); err == nil {
			to = a.Address
		}
		seen[strings.ToLower(strings.TrimSpace(to))] = true
	}
	return len(seen)
}
