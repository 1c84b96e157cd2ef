package web

import (
	"net/http"
	"net/url"
	"slices"

	"broadsheet/mailer"
)

// What became of a request to unsubscribe.
const (
	stateAsk  = "ask"  // nothing yet
	stateLeft = "left" // off one digest
	stateAll  = "all"  // off all
	stateBack = "back" // on it again
	stateLess = "less" // less often, or not for a while
	stateGone = "gone" // nothing is stored about the recipient
)

type unsubscribeBody struct {
	State       string
	Address     string // masked; "" when it is not known
	Digest      string // title; "" when it is about all of them
	Others      []string
	Action      string   // where the form goes
	Less        []option // what can be had instead
	Rhythm      string   // how often mail comes now, in words
	Preferences string   // "" when there are none
	Subscribe   string
}

// digestAsked returns the digest that a link is about, or "" for all: a name
// that neither the recipient nor the configuration knows comes from a mail of
// long ago, and whoever follows it wants to be left alone.
func (rec *Recipient) digestAsked(name string) string {
	if rec.Titles[name] != "" || slices.Contains(rec.Digests, name) {
		return name
	}
	return ""
}

// unsubscribePage asks. It changes nothing.
func (s *server) unsubscribePage(r *http.Request, v *view) (*response, error) {
	rec, err := s.recipient(r, v)
	if err != nil {
		return nil, err
	}
	digest := rec.digestAsked(v.values.Get("digest"))
	state := stateAsk
	switch {
	case rec.Gone:
		state = stateGone
	case rec.Status == mailer.Unsubscribed:
		state = stateAll
	case digest != "" && !slices.Contains(rec.Digests, digest):
		state = stateLeft
	}
	return s.unsubscribeResult(r, v, &rec, digest, state)
}

// unsubscribe acts. It is called by the page's buttons, and by mail programs
// with List-Unsubscribe=One-Click (RFC 8058), which is answered like the button
// that stops the digest: with a page and without a redirect.
func (s *server) unsubscribe(r *http.Request, v *view) (*response, error) {
	rec, err := s.recipient(r, v)
	if err != nil {
		return nil, err
	}
	ctx, token := r.Context(), r.PathValue("token")
	digest := rec.digestAsked(v.values.Get("digest"))
	state := stateLeft
	switch do := r.PostForm.Get("do"); {
	case rec.Gone:
		state = stateGone
	case do == "back":
		state = stateBack
		err = s.Readers.Choices.Choose(ctx, token, rec.back(digest))
	case do != "" && !rec.Fixed && v.less(&rec.Subscriber, do) != nil:
		state = stateLess
		err = s.Readers.Choices.Choose(ctx, token, v.less(&rec.Subscriber, do))
	case do == "all" || digest == "":
		state = stateAll
		err = s.Readers.Choices.Leave(ctx, token, "")
	default:
		err = s.Readers.Choices.Leave(ctx, token, digest)
	}
	if err != nil {
		return nil, err
	}
	if rec, err = s.recipient(r, v); err != nil {
		return nil, err
	}
	if state == stateLeft && rec.Status == mailer.Unsubscribed {
		state = stateAll
	}
	return s.unsubscribeResult(r, v, &rec, digest, state)
}

// back returns the recipient as one who gets a digest again, or with "" all
// they had.
func (rec *Recipient) back(digest string) *mailer.Subscriber {
	want := rec.Subscriber
	if rec.Status == mailer.Unsubscribed && digest != "" {
		want.Digests = []string{digest}
	} else if digest != "" && !slices.Contains(want.Digests, digest) {
		want.Digests = append(slices.Clone(want.Digests), digest)
	}
	want.Status = mailer.Active
	return &want
}

func (s *server) unsubscribeResult(r *http.Request, v *view, rec *Recipient, digest, state string) (*response, error) {
	token := r.PathValue("token")
	body := unsubscribeBody{State: state, Address: masked(rec.Email), Subscribe: v.Link("/subscribe")}
	if digest != "" {
		body.Digest = rec.title(digest)
	}
	body.Action = tokenPath("unsubscribe", token)
	if digest != "" {
		body.Action += "?digest=" + url.QueryEscape(digest)
	}
	body.Action = v.Link(body.Action)
	if !rec.Fixed && !rec.Gone {
		body.Less = v.lessOften(&rec.Subscriber)
		body.Rhythm = v.T("web.unsubscribe.rhythm", v.T("web.subscribe.often."+rec.Frequency.Word()))
		if until := v.pausedUntil(&rec.Subscriber); until != "" {
			body.Rhythm = v.T("web.unsubscribe.paused", until)
		}
	}
	for _, name := range rec.Digests {
		if name != digest {
			body.Others = append(body.Others, rec.title(name))
		}
	}
	if !rec.Gone {
		body.Preferences = v.Link(tokenPath("preferences", token))
	}
	return v.render("unsubscribe", frame{Title: v.T("web.unsubscribe"), Body: body})
}
