package web

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"broadsheet/mailer"
	"broadsheet/syndicate"
)

// A Press is where digests are looked at, tried and sent.
type Press interface {
	// DigestStates returns how each digest is, in the order of the configuration.
	DigestStates(ctx context.Context) ([]DigestState, error)
	// CountAudience returns how many active subscribers a digest has; those the
	// configuration names are not counted.
	CountAudience(ctx context.Context, digest string) (int, error)
	// Preview returns the edition of a digest as it would be now: its HTML, its
	// text, or the whole mail to an address as "eml".
	Preview(ctx context.Context, digest, to, format string) ([]byte, error)
	// SendTest mails the edition as it would be now to one address, outside the
	// account. It returns why there was nothing to send, or "".
	SendTest(ctx context.Context, digest, to string) (skipped string, err error)
	// SendSoon has the next edition of a digest composed and sent now.
	SendSoon(ctx context.Context, digest string) error
	// Account returns how many deliveries of an edition are in each state, and
	// at most n of them, first those that did not arrive.
	Account(ctx context.Context, edition int64, n int) (map[mailer.State]int, []mailer.Delivery, error)
	// Progress returns how an edition gets on; the zero Progress is that of one
	// that is at its end.
	Progress(ctx context.Context, digest string, number int) (Progress, error)
	// CancelEdition has nothing more sent of an edition.
	CancelEdition(ctx context.Context, digest string, number int) error
	// ResendEdition has an edition sent to those who should have it and do not.
	ResendEdition(ctx context.Context, digest string, number int) error
}

// A Progress says how far an edition is.
type Progress struct {
	Waiting   int       // deliveries to make
	PerMinute float64   // messages accepted lately
	Until     time.Time // when it is at its end if it goes on so; zero: nobody knows
	Halted    string    // why it does not go on
}

// A DigestState says how a digest is.
type DigestState struct {
	Digest mailer.Digest
	NextAt time.Time // zero: never
}

// shownEditions is how many editions a digest's page lists, shownDeliveries how
// many deliveries an edition's.
const (
	shownEditions   = 30
	shownDeliveries = 100
)

type adminDigestRow struct {
	Name, Title, Href string
	Next              string
	Recipients        string
	Schedule          string
}

func (s *server) adminDigests(r *http.Request, v *view) (*response, error) {
	states, err := s.Admin.Press.DigestStates(r.Context())
	if err != nil {
		return nil, err
	}
	rows := make([]adminDigestRow, 0, len(states))
	for i := range states {
		row, err := s.adminDigest(r, v, &states[i])
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return v.render("admin/digests", frame{Title: v.T("admin.digests"), Body: rows})
}

func (s *server) adminDigest(r *http.Request, v *view, d *DigestState) (adminDigestRow, error) {
	subscribers, err := s.Admin.Press.CountAudience(r.Context(), d.Digest.Name)
	row := adminDigestRow{
		Name: d.Digest.Name, Title: cmp.Or(d.Digest.Title, d.Digest.Name), Href: v.Link("/admin/digests/" + url.PathEscape(d.Digest.Name)),
		Next: v.T("admin.never"), Recipients: v.T("admin.digest.recipients", len(d.Digest.To), subscribers), Schedule: d.Digest.Schedule,
	}
	if !d.NextAt.IsZero() {
		row.Next = v.Minute(d.NextAt)
	}
	return row, err
}

type adminDigestBody struct {
	adminDigestRow
	Editions []adminEditionRow
	Formats  []link
	Fault    string // why no test was sent
	To       string
}

type adminEditionRow struct {
	Title, Href, Date, Skipped string
	Counts                     []countRow
}

func (s *server) adminDigestPage(r *http.Request, v *view) (*response, error) {
	state, err := s.digestNamed(r)
	if err != nil {
		return nil, err
	}
	return s.showDigest(r, v, state, adminDigestBody{})
}

// showDigest renders the page of a digest around what a form had to say.
func (s *server) showDigest(r *http.Request, v *view, state *DigestState, body adminDigestBody) (*response, error) {
	var err error
	if body.adminDigestRow, err = s.adminDigest(r, v, state); err != nil {
		return nil, err
	}
	for _, format := range []string{"html", "text", "eml"} {
		body.Formats = append(body.Formats, link{
			Href: v.Link("/admin/digests/" + url.PathEscape(body.Name) + "/preview?format=" + format), Title: v.T("admin.digest.preview." + format),
		})
	}
	editions, err := s.Editions.Editions(r.Context(), body.Name, shownEditions)
	if err != nil {
		return nil, err
	}
	for i := range editions {
		e := &editions[i]
		row := adminEditionRow{Title: cmp.Or(e.Subject, e.Title), Date: v.Minute(e.At), Skipped: e.Skipped}
		if e.Number > 0 {
			row.Href = v.Link("/admin/digests/" + url.PathEscape(body.Name) + "/" + strconv.Itoa(e.Number))
			counts, _, err := s.Admin.Press.Account(r.Context(), e.ID, 0)
			if err != nil {
				return nil, err
			}
			row.Counts = v.deliveryCounts(counts)
		}
		body.Editions = append(body.Editions, row)
	}
	return v.render("admin/digest", frame{Title: body.Title, Body: body})
}

// digestNamed returns how the digest in the path is, or syndicate.ErrNotFound.
func (s *server) digestNamed(r *http.Request) (*DigestState, error) {
	states, err := s.Admin.Press.DigestStates(r.Context())
	if err != nil {
		return nil, err
	}
	for i := range states {
		if states[i].Digest.Name == r.PathValue("name") {
			return &states[i], nil
		}
	}
	return nil, syndicate.ErrNotFound
}

// previewDigest shows the edition as it would be now: the bytes of the mail.
func (s *server) previewDigest(r *http.Request, v *view) (*response, error) {
	state, err := s.digestNamed(r)
	if err != nil {
		return nil, err
	}
	contentType := map[string]string{
		"html": "text/html; charset=utf-8", "text": "text/plain; charset=utf-8", "eml": "text/plain; charset=us-ascii",
	}[v.values.Get("format")]
	if contentType == "" {
		return nil, syndicate.ErrNotFound
	}
	to := ""
	if len(state.Digest.To) == 0 {
		to = s.cfg.Site.Contact
	}
	body, err := s.Admin.Press.Preview(r.Context(), state.Digest.Name, to, v.values.Get("format"))
	if err != nil {
		return nil, err
	}
	return &response{body: body, contentType: contentType, policy: mailPolicy}, nil
}

func (s *server) testDigest(r *http.Request, v *view) (*response, error) {
	state, err := s.digestNamed(r)
	if err != nil {
		return nil, err
	}
	to := strings.TrimSpace(r.PostForm.Get("to"))
	body := adminDigestBody{To: to}
	if err := mailer.ValidAddress(to); err != nil {
		body.Fault = v.T("admin.digest.address")
	} else if skipped, err := s.Admin.Press.SendTest(r.Context(), state.Digest.Name, to); err != nil {
		body.Fault = err.Error()
	} else if skipped != "" {
		body.Fault = skipped
	}
	if body.Fault == "" {
		return v.done("/admin/digests/"+url.PathEscape(state.Digest.Name), "test"), nil
	}
	res, err := s.showDigest(r, v, state, body)
	if res != nil {
		res.status = http.StatusUnprocessableEntity
	}
	return res, err
}

func (s *server) sendDigest(r *http.Request, v *view) (*response, error) {
	state, err := s.digestNamed(r)
	if err != nil {
		return nil, err
	}
	if r.PostForm.Get("sure") != "yes" {
		return v.done("/admin/digests/"+url.PathEscape(state.Digest.Name), "unchanged"), nil
	}
	if err := s.Admin.Press.SendSoon(r.Context(), state.Digest.Name); err != nil {
		return nil, notFound(err)
	}
	return v.done("/admin/digests/"+url.PathEscape(state.Digest.Name), "send"), nil
}

type adminEditionBody struct {
	Digest, Title, Subject string
	Page                   string // for everybody; "" for none
	Created                string
	Counts                 []countRow
	Deliveries             []deliveryRow
	More                   int
	Progress               string // "" when it is at its end
	Halted                 string
	Waiting                bool   // something is still to be sent
	Missing                bool   // somebody should have it and does not
	Path                   string // of this page
}

type deliveryRow struct{ To, State, Attempts, When, Words string }

func (s *server) adminEdition(r *http.Request, v *view) (*response, error) {
	state, err := s.digestNamed(r)
	if err != nil {
		return nil, err
	}
	number, err := strconv.Atoi(r.PathValue("number"))
	if err != nil {
		return nil, syndicate.ErrNotFound
	}
	e, err := s.Editions.NumberedEdition(r.Context(), state.Digest.Name, number)
	if err != nil {
		return nil, err
	}
	counts, list, err := s.Admin.Press.Account(r.Context(), e.ID, shownDeliveries)
	if err != nil {
		return nil, err
	}
	body := adminEditionBody{
		Digest: state.Digest.Name, Title: cmp.Or(state.Digest.Title, state.Digest.Name) + " " + v.T("web.digests.number", number),
		Subject: e.Subject, Created: v.Minute(e.Created), Counts: v.deliveryCounts(counts),
	}
	body.Path = editionPath(r)
	p, err := s.Admin.Press.Progress(r.Context(), state.Digest.Name, number)
	if err != nil {
		return nil, err
	}
	body.Halted, body.Waiting = p.Halted, p.Waiting > 0 && p.Halted == ""
	body.Missing = p.Halted != "" || counts[mailer.Failed]+counts[mailer.Uncertain] > 0
	switch {
	case p.Waiting == 0 || p.Halted != "":
	case p.Until.IsZero():
		body.Progress = v.T("admin.edition.waiting", p.Waiting)
	default:
		body.Progress = v.T("admin.edition.progress", p.Waiting, p.PerMinute, v.Clock(p.Until))
	}
	if e.HTML != "" && !e.Private {
		body.Page = v.Link("/digests/" + url.PathEscape(state.Digest.Name) + "/" + strconv.Itoa(number))
	}
	for i := range list {
		d := &list[i]
		row := deliveryRow{To: d.To, State: v.T("admin.delivery.is." + string(d.State)), Attempts: strconv.Itoa(d.Attempts), Words: cmp.Or(d.Error, d.Reply)}
		switch {
		case !d.Settled.IsZero():
			row.When = v.Minute(d.Settled)
		case !d.NextAt.IsZero():
			row.When = v.T("admin.delivery.next", v.Minute(d.NextAt))
		}
		body.Deliveries = append(body.Deliveries, row)
	}
	for _, c := range body.Counts {
		body.More += c.N
	}
	body.More -= len(list)
	return v.render("admin/edition", frame{Title: body.Title, Body: body})
}

// editionPath returns the path of the page of the edition in a request's path.
func editionPath(r *http.Request) string {
	return "/admin/digests/" + url.PathEscape(r.PathValue("name")) + "/" + url.PathEscape(r.PathValue("number"))
}

// orderEdition does with the edition in the path what order does.
func (s *server) orderEdition(done string, order func(ctx context.Context, digest string, number int) error) pageFunc {
	return func(r *http.Request, v *view) (*response, error) {
		number, err := strconv.Atoi(r.PathValue("number"))
		if err != nil {
			return nil, syndicate.ErrNotFound
		}
		if err := order(r.Context(), r.PathValue("name"), number); err != nil {
			return nil, notFound(err)
		}
		return v.done(editionPath(r), done), nil
	}
}

func (s *server) cancelEdition(ctx context.Context, digest string, number int) error {
	return s.Admin.Press.CancelEdition(ctx, digest, number)
}

func (s *server) resendEdition(ctx context.Context, digest string, number int) error {
	return s.Admin.Press.ResendEdition(ctx, digest, number)
}

// deliveryCounts returns counts of deliveries for people, without zeros.
func (v *view) deliveryCounts(counts map[mailer.State]int) []countRow {
	var rows []countRow
	for _, state := range []mailer.State{
		mailer.Planned, mailer.Leased, mailer.Uncertain,
		mailer.Deferred, mailer.Accepted, mailer.Failed, mailer.Suppressed,
	} {
		if n := counts[state]; n > 0 {
			rows = append(rows, countRow{Title: v.T("admin.delivery." + string(state)), N: n})
		}
	}
	return rows
}
