package web

import (
	"errors"
	"net/http"

	"broadsheet/syndicate"
)

type confirmBody struct {
	State       string // "ask", "done", "before", "expired", "again", "busy" or "unknown"
	Address     string
	Digests     []string
	Themes      []string
	Query       string
	Action      string
	Preferences string
	Subscribe   string
	Consent     string
}

// confirmPage asks whether a sign-up was meant. It changes nothing.
func (s *server) confirmPage(r *http.Request, v *view) (*response, error) {
	x, err := s.Readers.SignUps.SignUpOf(r.Context(), r.PathValue("token"))
	if errors.Is(err, syndicate.ErrNotFound) {
		return s.confirmResult(r, v, SignUpState{}, "unknown", http.StatusNotFound)
	}
	if err != nil {
		return nil, err
	}
	v.speak(x.Language)
	switch {
	case x.Confirmed:
		return s.confirmResult(r, v, x, "before", http.StatusOK)
	case x.Expired:
		return s.confirmResult(r, v, x, "expired", http.StatusOK)
	}
	return s.confirmResult(r, v, x, "ask", http.StatusOK)
}

// confirm makes a subscriber, or has another mail sent when the token has
// expired.
func (s *server) confirm(r *http.Request, v *view) (*response, error) {
	ctx, token, network := r.Context(), r.PathValue("token"), clientAddress(r)
	x, err := s.Readers.SignUps.SignUpOf(ctx, token)
	if errors.Is(err, syndicate.ErrNotFound) {
		return s.confirmResult(r, v, SignUpState{}, "unknown", http.StatusNotFound)
	}
	if err != nil {
		return nil, err
	}
	v.speak(x.Language)
	if x.Expired && !x.Confirmed {
		if r.PostForm.Get("do") != "again" {
			return s.confirmResult(r, v, x, "expired", http.StatusGone)
		}
		err := s.Readers.SignUps.SignUpAgain(ctx, token, network)
		if errors.Is(err, ErrTooMany) {
			return s.confirmResult(r, v, x, "busy", http.StatusTooManyRequests)
		}
		if err != nil {
			return nil, err
		}
		return s.confirmResult(r, v, x, "again", http.StatusOK)
	}
	x, err = s.Readers.SignUps.Confirm(ctx, token, network)
	if err != nil {
		return nil, err
	}
	if x.Token == "" {
		return s.confirmResult(r, v, x, "before", http.StatusOK)
	}
	return s.confirmResult(r, v, x, "done", http.StatusOK)
}

func (s *server) confirmResult(r *http.Request, v *view, x SignUpState, state string, status int) (*response, error) {
	body := confirmBody{
		State: state, Address: masked(x.Wishes.Email), Query: x.Wishes.Query, Action: v.Link(tokenPath("confirm", r.PathValue("token"))),
		Subscribe: v.Link("/subscribe"), Consent: v.consent(),
	}
	titles := s.publicTitles()
	for _, name := range x.Wishes.Digests {
		if titles[name] != "" {
			body.Digests = append(body.Digests, titles[name])
		}
	}
	for i := range s.cfg.Themes {
		for _, id := range x.Wishes.Themes {
			if t := &s.cfg.Themes[i]; t.ID == id {
				body.Themes = append(body.Themes, t.DisplayTitle(v.Lang()))
			}
		}
	}
	if x.Token != "" {
		body.Preferences = v.Link(tokenPath("preferences", x.Token))
	}
	res, err := v.render("confirm", frame{Title: v.T("web.confirm"), Body: body})
	if err == nil {
		res.status = status
	}
	return res, err
}
