package web

import (
	"net/http"

	"broadsheet/mailer"
)

type preferencesBody struct {
	choiceForm
	Address string
	Fixed   bool
	Gone    bool
	Status  string // in words
	Off     bool   // nothing is mailed
	Until   string // when mail comes again, for who is paused
	Done    string // what the form has done, in words
	Action  string
	Data    string // address of all that is stored
	Feeds   []link
	Leave   string // where everything can be stopped
	Again   string // where one can subscribe anew
}

// preferencesPage shows what a recipient gets. It changes nothing.
func (s *server) preferencesPage(r *http.Request, v *view) (*response, error) {
	rec, err := s.recipient(r, v)
	if err != nil {
		return nil, err
	}
	f := choiceForm{Faults: faults{}}
	v.fill(&f, &rec.Subscriber, rec.Titles)
	return s.preferencesForm(r, v, &rec, f, &rec.Subscriber, "", http.StatusOK)
}

// preferences does what one of the page's forms says.
func (s *server) preferences(r *http.Request, v *view) (*response, error) {
	rec, err := s.recipient(r, v)
	if err != nil {
		return nil, err
	}
	ctx, token, form := r.Context(), r.PathValue("token"), r.PostForm
	if rec.Gone {
		return s.preferencesForm(r, v, &rec, choiceForm{}, &rec.Subscriber, "", http.StatusOK)
	}
	done := ""
	switch do := form.Get("do"); do {
	case "preview", "save":
		sub, f := v.choose(form, rec.Titles)
		sub.Email, f.Email = rec.Email, rec.Email
		if len(f.Faults) > 0 {
			return s.preferencesForm(r, v, &rec, f, &sub, "", http.StatusUnprocessableEntity)
		}
		if do == "preview" {
			return s.preferencesForm(r, v, &rec, f, &sub, "", http.StatusOK)
		}
		done = v.T("web.preferences.saved")
		err = s.Readers.Choices.Choose(ctx, token, &sub)
	case "stop":
		done = v.T("web.preferences.stopped")
		err = s.Readers.Choices.Leave(ctx, token, "")
	case "renew":
		done = v.T("web.preferences.renewed")
		err = s.Readers.Choices.RenewFeed(ctx, token)
	case "erase":
		if form.Get("sure") != "yes" {
			f := choiceForm{Faults: faults{"sure": v.T("web.preferences.erase.unsure")}}
			v.fill(&f, &rec.Subscriber, rec.Titles)
			return s.preferencesForm(r, v, &rec, f, &rec.Subscriber, "", http.StatusUnprocessableEntity)
		}
		done = v.T("web.preferences.erased")
		err = s.Readers.Choices.Erase(ctx, token, form.Get("never") == "yes")
	}
	if err != nil {
		return nil, err
	}
	if rec, err = s.recipient(r, v); err != nil {
		return nil, err
	}
	f := choiceForm{Faults: faults{}}
	v.fill(&f, &rec.Subscriber, rec.Titles)
	return s.preferencesForm(r, v, &rec, f, &rec.Subscriber, done, http.StatusOK)
}

func (s *server) preferencesForm(r *http.Request, v *view, rec *Recipient, f choiceForm, sub *mailer.Subscriber, done string, status int) (*response, error) {
	token := r.PathValue("token")
	body := preferencesBody{
		choiceForm: f, Address: rec.Email, Fixed: rec.Fixed, Gone: rec.Gone, Done: done,
		Off:    rec.Status != mailer.Active,
		Action: v.Link(tokenPath("preferences", token)), Data: v.Path(tokenPath("preferences", token) + "/data.json"),
		Leave: v.Link(tokenPath("unsubscribe", token)), Again: v.Link("/subscribe"),
	}
	if !rec.Gone {
		body.Status = v.T("web.preferences.status." + string(rec.Status))
	}
	if body.Until = v.pausedUntil(&rec.Subscriber); body.Until != "" && !body.Off {
		body.Status = v.T("web.preferences.status.until", body.Until)
	}
	if rec.Feed != "" {
		for _, format := range formats {
			body.Feeds = append(body.Feeds, link{Href: rec.Feed + "." + format.name, Title: format.title, Type: format.contentType})
		}
	}
	if !rec.Fixed && !rec.Gone {
		if err := s.addSample(r, v, &body.choiceForm, sub); err != nil {
			return nil, err
		}
	}
	res, err := v.render("preferences", frame{Title: v.T("web.preferences"), Body: body})
	if err == nil {
		res.status, res.policy = status, scriptPolicy
	}
	return res, err
}

// record hands out all that is stored about a recipient.
func (s *server) record(r *http.Request, _ *view) (*response, error) {
	data, err := s.Readers.Records.Record(r.Context(), r.PathValue("token"))
	if err != nil {
		return nil, err
	}
	return &response{body: data, contentType: "application/json; charset=utf-8", attachment: "subscription.json"}, nil
}
