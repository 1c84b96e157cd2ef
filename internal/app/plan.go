package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
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

// Plan returns what the next edition of a digest would be, who would get it, and
// who would not.
func (a *App) Plan(ctx context.Context, name string) (mailer.Plan, error) {
	p := a.parts.Load()
	d, ok := p.digests[name]
	if !ok {
		return mailer.Plan{}, fmt.Errorf("digest %q: %w", name, syndicate.ErrNotFound)
	}
	e, err := a.planned(ctx, p, d)
	if err != nil {
		return mailer.Plan{}, err
	}
	at := e.At
	statuses, err := a.store.Statuses(ctx, name)
	if err != nil {
		return mailer.Plan{}, err
	}
	out := mailer.Plan{Digest: name, At: at, Subject: e.Subject, Skipped: e.Skipped, Sections: planSections(e.Sections)}
	if p.cfg.Mail.Transport == submit.SMTPTransport {
		out.Rate = p.cfg.Mail.SMTP.Rate
	}
	share(&out, e, fixedRecipients(d))
	for _, status := range []mailer.Status{mailer.Unconfirmed, mailer.Paused, mailer.Unsubscribed} {
		if n := statuses[status]; n > 0 {
			out.Nothing = append(out.Nothing, mailer.PlanNothing{Why: string(status), Subscribers: n})
		}
	}
	if out.Rate > 0 {
		out.Seconds = float64(out.Recipients) / out.Rate
	}
	return out, nil
}

// planned returns the next edition of a digest with its variants, as it would
// be with the articles that there are now.
func (a *App) planned(ctx context.Context, p *parts, d mailer.Digest) (*mailer.Edition, error) {
	state, err := a.digestState(ctx, d.Name)
	if err != nil {
		return nil, err
	}
	at := a.opts.Now()
	if state.NextAt.After(at) {
		at = state.NextAt
	}
	return a.composeNow(ctx, p, d, at, compose.Opts{DryRun: true, Plan: true})
}

// variantKey returns what a variant can be asked for by, as long as somebody
// wants it.
func variantKey(v *mailer.Variant) string {
	text, err := json.Marshal(struct {
		mailer.Selection
		After     int64
		Important bool
	}{v.Selection, v.After, v.Important})
	if err != nil {
		panic(err) // texts and numbers
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:6])
}

// share counts who gets what of an edition that is planned.
func share(p *mailer.Plan, e *mailer.Edition, fixed int) {
	own := mailer.PlanVariant{Since: e.Since, Items: len(e.Items()), Subject: e.Subject, HTMLBytes: submit.EncodedLen(e.HTML), TextBytes: submit.EncodedLen(e.Text)}
	p.Variants, p.Later, p.Nothing = []mailer.PlanVariant{}, []mailer.PlanLater{}, []mailer.PlanNothing{}
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
	add := func(v mailer.PlanVariant) {
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
		pv := mailer.PlanVariant{
			Key: variantKey(v), Selection: v.Selection, Since: e.Since, Important: v.Important, Recipients: counts[i], Subject: v.Subject,
			Items: len((&mailer.Edition{Sections: v.Sections}).Items()), HTMLBytes: submit.EncodedLen(v.HTML), TextBytes: submit.EncodedLen(v.Text),
		}
		if v.After != 0 {
			pv.Since = since[v.After]
		}
		add(pv)
	}
	for at, n := range later {
		p.Later = append(p.Later, mailer.PlanLater{At: time.UnixMilli(at).UTC(), Recipients: n})
	}
	slices.SortFunc(p.Later, func(a, b mailer.PlanLater) int { return a.At.Compare(b.At) })
	for why, n := range nothing {
		p.Nothing = append(p.Nothing, mailer.PlanNothing{Why: why, Subscribers: n})
	}
	slices.SortFunc(p.Nothing, func(a, b mailer.PlanNothing) int {
		if a.Subscribers != b.Subscribers {
			return b.Subscribers - a.Subscribers
		}
		return strings.Compare(a.Why, b.Why)
	})
}

func planSections(sections []mailer.Section) []mailer.PlanSection {
	out := []mailer.PlanSection{}
	for _, s := range sections {
		ps := mailer.PlanSection{Theme: s.Theme, Title: s.Title, More: s.More, Items: []mailer.PlanItem{}}
		for i := range s.Items {
			it := &s.Items[i]
			ps.Items = append(ps.Items, mailer.PlanItem{Title: it.Title, Source: it.Source, Why: it.Why, Reason: it.Reason})
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
