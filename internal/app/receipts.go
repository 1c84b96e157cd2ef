package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"broadsheet/internal/store"
	"broadsheet/mailer"
	"broadsheet/syndicate"
)

// A Subscription is what a subscriber gets, got and does not get, and why.
type Subscription struct {
	mailer.Subscriber
	Suppressed string        `json:"suppressed,omitempty"` // why nothing is sent to the mailbox; "" when mail is sent
	Wants      string        `json:"wants"`                // the rhythm in words
	Next       []NextEdition `json:"next"`
	Received   []Receipt     `json:"received"` // the latest first
}

// A NextEdition is when a subscriber gets mail of a digest next.
type NextEdition struct {
	Digest string    `json:"digest"`
	At     time.Time `json:"at,omitzero"`
	Why    string    `json:"why,omitempty"` // nothing will come; "" when it will
}

// A Receipt is what became of an edition for one subscriber.
type Receipt struct {
	Digest  string       `json:"digest"`
	Number  int          `json:"number"`
	At      time.Time    `json:"at"`
	Subject string       `json:"subject,omitempty"`
	State   mailer.State `json:"state"`
	Why     string       `json:"why,omitempty"`
}

// receipts is how many editions are explained.
const receipts = 20

// ExplainSubscriber tells everything about a subscriber: what comes next and
// why not, and what became of the last editions. The error is
// syndicate.ErrNotFound for an address that is no subscriber's.
func (a *App) ExplainSubscriber(ctx context.Context, email string) (Subscription, error) {
	s, err := a.store.Subscriber(ctx, email)
	if err != nil {
		return Subscription{}, err
	}
	out := Subscription{Subscriber: s, Wants: s.Words()}
	barred, err := a.store.SuppressionsOf(ctx, []string{s.Email})
	if err != nil {
		return out, err
	}
	if x, is := barred[mailer.MailboxHash(s.Email)]; is {
		out.Suppressed = x.Why()
	}
	marks, err := a.store.Marks(ctx, s.ID)
	if err != nil {
		return out, err
	}
	for _, name := range s.Digests {
		n, err := a.nextFor(ctx, &s, name, marks[name])
		if err != nil {
			return out, err
		}
		if out.Suppressed != "" && s.Status == mailer.Active {
			n = NextEdition{Digest: name, Why: "the mailbox is suppressed, " + out.Suppressed}
		}
		out.Next = append(out.Next, n)
	}
	got, err := a.store.DeliveriesTo(ctx, s.ID, receipts)
	for _, g := range got {
		out.Received = append(out.Received, Receipt{
			Digest: g.Edition.Digest, Number: g.Edition.Number, At: g.Edition.At, Subject: g.Subject, State: g.Delivery.State, Why: fate(g.Delivery),
		})
	}
	return out, err
}

// fate says why a delivery is where it is.
func fate(d mailer.Delivery) string {
	switch {
	case d.Error != "":
		if advice := mailer.Advice(d.Error); advice != "" && d.State != mailer.Suppressed {
			return d.Error + " (" + advice + ")"
		}
		return d.Error
	case d.Reply != "":
		return d.Reply
	case d.State == mailer.Planned && !d.NextAt.IsZero():
		return "not before " + d.NextAt.Format(time.RFC3339)
	}
	return ""
}

// nextFor tells when a subscriber gets mail of a digest next.
func (a *App) nextFor(ctx context.Context, s *mailer.Subscriber, name string, last mailer.Mark) (NextEdition, error) {
	p := a.parts.Load()
	n := NextEdition{Digest: name}
	state, err := a.digestState(ctx, name)
	d, ok := p.digests[name]
	switch {
	case s.Status != mailer.Active:
		n.Why = "the subscriber is " + string(s.Status)
	case errors.Is(err, syndicate.ErrNotFound) || !ok:
		n.Why = "the digest is not in the configuration any more"
	case err != nil:
		return n, err
	case state.Held != "":
		n.Why = "the edition is held: " + state.Held
	default:
		if n.At = p.composer.Expected(d, s.Rhythm, s.PausedUntil, last, state.NextAt); n.At.IsZero() {
			n.Why = "no edition that is due in the next time is for them"
		}
	}
	return n, nil
}

// digestState returns the state of a digest, or syndicate.ErrNotFound for one
// that is not configured.
func (a *App) digestState(ctx context.Context, name string) (store.DigestState, error) {
	states, err := a.store.Digests(ctx)
	if err != nil {
		return store.DigestState{}, err
	}
	i := slices.IndexFunc(states, func(d store.DigestState) bool { return d.Name == name })
	if i < 0 {
		return store.DigestState{}, fmt.Errorf("digest %q: %w", name, syndicate.ErrNotFound)
	}
	return states[i], nil
}

// ErrNoEdition is returned for an edition that there is not.
var ErrNoEdition = errors.New("no such edition")

// An EditionFor is an edition as one address got it or did not, and why.
type EditionFor struct {
	Email     string               `json:"email"`
	Digest    string               `json:"digest"`
	Number    int                  `json:"number"`
	At        time.Time            `json:"at"`
	State     mailer.State         `json:"state,omitempty"` // of the delivery; "" when there is none
	Why       string               `json:"why"`             // it is in that state, or there is none
	SendAt    time.Time            `json:"send_at,omitzero"`
	Subject   string               `json:"subject,omitempty"`
	Since     time.Time            `json:"since,omitzero"` // when the news in it begins
	Important bool                 `json:"important,omitempty"`
	Sections  []mailer.PlanSection `json:"sections"`
}

// ExplainEdition tells why an address got the numbered edition of a digest, or
// did not, and why each article is in it. The error is ErrNoEdition for an
// edition that there is not, and syndicate.ErrNotFound for an address that is
// no subscriber's and did not get it.
func (a *App) ExplainEdition(ctx context.Context, email, digest string, number int) (EditionFor, error) {
	e, err := a.store.NumberedEdition(ctx, digest, number)
	if errors.Is(err, syndicate.ErrNotFound) {
		err = fmt.Errorf("%s/%d: %w", digest, number, ErrNoEdition)
	}
	if err != nil {
		return EditionFor{}, err
	}
	if e, err = a.store.Edition(ctx, e.ID); err != nil {
		return EditionFor{}, err
	}
	out := EditionFor{Email: email, Digest: digest, Number: number, At: e.At, Sections: []mailer.PlanSection{}}
	s, err := a.store.Subscriber(ctx, email)
	if err != nil && !errors.Is(err, syndicate.ErrNotFound) {
		return out, err
	}
	d, missing := a.store.DeliveryTo(ctx, e.ID, s.ID, email)
	switch {
	case errors.Is(missing, syndicate.ErrNotFound) && err != nil:
		return out, err // neither a subscriber nor a recipient
	case errors.Is(missing, syndicate.ErrNotFound):
		out.Why, err = a.withoutDelivery(ctx, &s, &e)
		return out, err
	case missing != nil:
		return out, missing
	}
	out.State, out.Why, out.Subject, out.Since = d.State, fate(d), e.Subject, e.Since
	if d.State == mailer.Planned {
		out.SendAt = d.NextAt
	}
	sections := e.Sections
	if i := slices.IndexFunc(e.Variants, func(v mailer.Variant) bool { return v.ID == d.Variant && d.Variant != 0 }); i >= 0 {
		v := &e.Variants[i]
		sections, out.Subject, out.Important = v.Sections, v.Subject, v.Important
		if v.After != 0 {
			before, err := a.store.Edition(ctx, v.After)
			if err != nil {
				return out, err
			}
			out.Since = before.Until
		}
	}
	out.Sections = planSections(sections)
	return out, nil
}

// withoutDelivery says why a subscriber has no delivery of an edition.
func (a *App) withoutDelivery(ctx context.Context, s *mailer.Subscriber, e *mailer.Edition) (string, error) {
	if !slices.Contains(s.Digests, e.Digest) {
		return "they do not get the digest " + e.Digest, nil
	}
	if s.Status != mailer.Active {
		return "the subscriber is " + string(s.Status), nil
	}
	zone := a.parts.Load().digests[e.Digest].Location
	if mailer.PausedAt(s.PausedUntil, s.Rhythm, zone, e.Created) {
		return "paused until " + s.PausedUntil, nil
	}
	if !s.Kept() {
		return "they were not subscribed when it was made, or paused", nil
	}
	got, err := a.store.DeliveriesTo(ctx, s.ID, receipts)
	if err != nil {
		return "", err
	}
	wants := "they want mail " + s.Words() + "; "
	for _, g := range slices.Backward(got) {
		if g.Edition.Digest == e.Digest && g.Edition.ID > e.ID {
			return wants + fmt.Sprintf("its news came with edition %d", g.Edition.Number), nil
		}
	}
	return wants + "its news comes with their next mail", nil
}
