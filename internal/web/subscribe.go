package web

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"broadsheet/mailer"
)

// SignUps is where people ask to subscribe. What it answers must not depend on
// whether it knows the address.
type SignUps interface {
	// SignUp takes in a wish to subscribe and has a mail sent that asks whether
	// it was meant. The error is ErrTooMany, or ErrTicketUsed.
	SignUp(ctx context.Context, x SignUp) error
	// SignUpOf returns what the token of such a mail stands for, or
	// syndicate.ErrNotFound.
	SignUpOf(ctx context.Context, token string) (SignUpState, error)
	// Confirm makes a subscriber of who asked, if the token still stands.
	Confirm(ctx context.Context, token, network string) (SignUpState, error)
	// SignUpAgain has another mail sent for a token that has expired. Its
	// errors are those of SignUp.
	SignUpAgain(ctx context.Context, token, network string) error
}

// Errors of SignUps.
var (
	ErrTooMany    = errors.New("too many sign-ups")
	ErrTicketUsed = errors.New("the form was used for another address")
)

// A SignUp is a wish to subscribe.
type SignUp struct {
	Wishes   mailer.Subscriber
	Language string // of the page
	Network  string // that it comes from; see clientAddress
	Ticket   string // of the form
	Worked   bool   // the form brought a proof of work
	Consent  string // what was agreed to, in words
}

// A SignUpState is what became of a wish to subscribe.
type SignUpState struct {
	Wishes    mailer.Subscriber
	Language  string
	Expired   bool
	Confirmed bool   // now or before
	Token     string // for the preferences, where it was confirmed just now
}

type subscribeBody struct {
	choiceForm
	Action  string
	Ticket  string
	Work    int    // bits of the proof of work
	Notice  string // why the form is shown again, when it is nobody's fault
	Consent string
	Asked   bool   // the form was taken
	From    string // sender of the mail that follows; "" when it is not known
	None    bool   // there is no digest to subscribe to
}

// subscribePage shows the form, filled in by what the address says, as in
// /subscribe?digest=weekly&theme=finance&q=港口.
func (s *server) subscribePage(r *http.Request, v *view) (*response, error) {
	titles := s.publicTitles()
	form := maps.Clone(v.values)
	if len(form["digest"]) == 0 {
		for name := range titles {
			form.Add("digest", name)
		}
	}
	if form.Get("language") == "" {
		form.Set("language", v.Lang())
	}
	form.Set("q", searchText(form))
	sub, f := v.choose(form, titles)
	return s.subscribeForm(r, v, subscribeBody{choiceForm: f}, &sub, http.StatusOK)
}

// countPath is where a script asks while somebody chooses.
const countPath = "/subscribe/count"

// count says in one line how much of the last week choices would have brought,
// or what is wrong with them.
func (s *server) count(r *http.Request, v *view) (*response, error) {
	form := maps.Clone(v.values)
	form.Set("q", searchText(form))
	sub, f := v.choose(form, s.publicTitles())
	if err := s.addSample(r, v, &f, &sub); err != nil {
		return nil, err
	}
	text := f.Faults["q"]
	if f.Sample != nil {
		text = f.Sample.Total
	}
	return &response{body: []byte(text), contentType: "text/plain; charset=utf-8"}, nil
}

// subscribe takes the form. All addresses are answered alike.
func (s *server) subscribe(r *http.Request, v *view) (*response, error) {
	sub, f := v.choose(r.PostForm, s.publicTitles())
	body := subscribeBody{choiceForm: f, Ticket: r.PostForm.Get("ticket")}
	if r.PostForm.Get("do") == "preview" {
		return s.subscribeForm(r, v, body, &sub, http.StatusOK)
	}
	if fault := v.addressFault(sub.Email); fault != "" {
		f.Faults["email"] = fault
	}
	if len(f.Faults) > 0 {
		return s.subscribeForm(r, v, body, &sub, http.StatusUnprocessableEntity)
	}
	if r.PostForm.Get("website") != "" { // no person sees this field
		s.Logger.Info("sign-up of a program dropped", "network", clientAddress(r))
		return s.subscribeAsked(v, &sub)
	}
	worked, fault := s.admit(body.Ticket, r.PostForm.Get("proof"))
	if fault == ticketEarly {
		body.Notice = v.T("web.subscribe.early")
		return s.subscribeForm(r, v, body, &sub, http.StatusUnprocessableEntity)
	}
	if fault != ticketGood {
		body.Notice, body.Ticket = v.T("web.subscribe.stale"), ""
		return s.subscribeForm(r, v, body, &sub, http.StatusUnprocessableEntity)
	}
	err := s.Readers.SignUps.SignUp(r.Context(), SignUp{
		Wishes: sub, Language: v.Lang(), Network: clientAddress(r), Ticket: body.Ticket, Worked: worked, Consent: v.consent(),
	})
	switch {
	case errors.Is(err, ErrTooMany):
		body.Notice = v.T("web.subscribe.busy")
		return s.subscribeForm(r, v, body, &sub, http.StatusTooManyRequests)
	case errors.Is(err, ErrTicketUsed):
		body.Notice, body.Ticket = v.T("web.subscribe.used"), ""
		return s.subscribeForm(r, v, body, &sub, http.StatusUnprocessableEntity)
	case err != nil:
		return nil, err
	}
	return s.subscribeAsked(v, &sub)
}

// consent returns what people agree to by sending the form.
func (v *view) consent() string { return v.T("web.subscribe.consent", v.Site()) }

func (s *server) subscribeForm(r *http.Request, v *view, body subscribeBody, sub *mailer.Subscriber, status int) (*response, error) {
	body.Action, body.Work, body.Consent = v.Link("/subscribe"), workBits, v.consent()
	body.None = len(s.publicTitles()) == 0
	if body.Ticket == "" || s.ticketFault(body.Ticket) == ticketStale {
		body.Ticket = s.newTicket()
	}
	if err := s.addSample(r, v, &body.choiceForm, sub); err != nil {
		return nil, err
	}
	res, err := v.render("subscribe", frame{Title: v.T("web.subscribe"), Body: body})
	if err == nil {
		res.status, res.policy = status, scriptPolicy
	}
	return res, err
}

func (s *server) subscribeAsked(v *view, sub *mailer.Subscriber) (*response, error) {
	return v.render("subscribe", frame{Title: v.T("web.subscribe.asked.title"), Body: subscribeBody{
		choiceForm: choiceForm{Email: sub.Email}, Asked: true,
	}})
}

// when says in words at what times a schedule comes: of daily, weekly and
// monthly ones, which nearly all are. Of others it returns "".
func (v *view) when(schedule string) string {
	if spelt, ok := map[string]string{"@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0", "@monthly": "0 0 1 * *"}[strings.ToLower(schedule)]; ok {
		schedule = spelt
	}
	fields := strings.Fields(schedule)
	if len(fields) != 5 || fields[3] != "*" {
		return ""
	}
	minute, ok := number(fields[0], 59)
	hour, ok2 := number(fields[1], 23)
	if !ok || !ok2 {
		return ""
	}
	clock := twoDigits(hour) + ":" + twoDigits(minute)
	days, month := fields[4], fields[2]
	switch {
	case month == "*" && days == "*":
		return v.T("web.subscribe.when.daily", clock)
	case month == "*" && slices.Contains([]string{"1-5", "MON-FRI"}, strings.ToUpper(days)):
		return v.T("web.subscribe.when.workdays", clock)
	case month == "*":
		var names []string
		for _, day := range strings.Split(days, ",") {
			name := v.weekday(day)
			if name == "" {
				return ""
			}
			names = append(names, name)
		}
		return v.T("web.subscribe.when.weekly", strings.Join(names, v.T("web.reason.comma")), clock)
	case days == "*":
		if day, ok := number(month, 31); ok {
			return v.T("web.subscribe.when.monthly", day, clock)
		}
	}
	return ""
}

// weekday returns the name of a day of a schedule, "" when it is none.
func (v *view) weekday(day string) string {
	names := []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}
	n := slices.Index(names, strings.ToUpper(day))
	if n < 0 {
		var ok bool
		if n, ok = number(day, 7); !ok {
			return ""
		}
	}
	return v.T("date.weekday." + string(rune('0'+n%7)))
}
