package web

import (
	"cmp"
	"context"
	"errors"
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
	// Tallies returns how many deliveries of each edition are in each state.
	Tallies(ctx context.Context, editions []int64) (map[int64]map[mailer.State]int, error)
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
	Held      bool      // because an operator holds it
}

// A DigestState says how a digest is.
type DigestState struct {
	Digest mailer.Digest
	NextAt time.Time // zero: never
	OnHold time.Time // since when an operator holds its editions; zero: nobody does
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
	OnHold            string // since when; "" when it is not
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
	if !d.OnHold.IsZero() {
		row.OnHold = v.T("admin.digest.onhold", v.Minute(d.OnHold))
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
	body.Formats = v.previews("/admin/digests/"+url.PathEscape(body.Name)+"/preview", "", true)
	editions, err := s.Editions.Editions(r.Context(), body.Name, shownEditions)
	if err != nil {
		return nil, err
	}
	var ids []int64
	for i := range editions {
		if editions[i].Number > 0 {
			ids = append(ids, editions[i].ID)
		}
	}
	tallies, err := s.Admin.Press.Tallies(r.Context(), ids)
	if err != nil {
		return nil, err
	}
	for i := range editions {
		e := &editions[i]
		row := adminEditionRow{Title: cmp.Or(e.Subject, e.Title), Date: v.Minute(e.At), Skipped: e.Skipped}
		if e.Number > 0 {
			row.Href = v.Link("/admin/digests/" + url.PathEscape(body.Name) + "/" + strconv.Itoa(e.Number))
			row.Counts = v.deliveryCounts(tallies[e.ID])
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
	contentType := previewFormats[v.values.Get("format")]
	if contentType == "" {
		return nil, syndicate.ErrNotFound
	}
	if key := v.values.Get("variant"); key != "" {
		body, err := s.previewVariant(r, v, &state.Digest, key)
		if err != nil {
			return nil, notFound(err)
		}
		return &response{body: body, contentType: contentType, policy: mailPolicy}, nil
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
	if !state.OnHold.IsZero() {
		res, err := s.showDigest(r, v, state, adminDigestBody{Fault: v.T("admin.digest.onhold.send")})
		if res != nil {
			res.status = http.StatusConflict
		}
		return res, err
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
	Held                   bool   // by an operator
	Missing                bool   // somebody should have it and does not
	Formats                []link // what it was
	Variants               []editionVariant
	Path                   string // of this page
}

// An editionVariant is what some of the recipients got.
type editionVariant struct {
	What, Subject string
	Formats       []link
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
	if body.Held = p.Held; !p.Held {
		body.Halted = p.Halted
	}
	body.Waiting = p.Waiting > 0 && body.Halted == ""
	body.Missing = body.Halted != "" || counts[mailer.Failed]+counts[mailer.Uncertain] > 0
	if err := s.showVariants(r, v, &e, &body); err != nil {
		return nil, err
	}
	switch {
	case p.Waiting == 0 || body.Halted != "":
	case p.Held:
		body.Progress = v.T("admin.edition.held", p.Waiting)
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

// showVariants lists what the recipients of an edition got.
func (s *server) showVariants(r *http.Request, v *view, e *mailer.Edition, body *adminEditionBody) error {
	variants, err := s.Admin.Planner.Variants(r.Context(), e.ID, shownVariants)
	if err != nil {
		return err
	}
	body.Formats = v.previews(body.Path+"/preview", "", e.HTML != "")
	for i := range variants {
		x := &variants[i]
		body.Variants = append(body.Variants, editionVariant{
			What: v.wish(&x.Selection, x.Important), Subject: x.Subject,
			Formats: v.previews(body.Path+"/preview", strconv.FormatInt(x.ID, 10), x.Format == mailer.HTML),
		})
	}
	return nil
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
		switch err := order(r.Context(), r.PathValue("name"), number); {
		case errors.Is(err, errUnchanged):
			return v.done(editionPath(r), "unchanged"), nil
		case err != nil:
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
