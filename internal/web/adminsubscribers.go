package web

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"broadsheet/mailer"
	"broadsheet/syndicate"
)

// A Circulation is who gets the digests.
type Circulation interface {
	// FindSubscribers returns those whose address has a text in it and whose ID
	// is larger than after, by ID, at most limit.
	FindSubscribers(ctx context.Context, text string, after int64, limit int) ([]mailer.Subscriber, error)
	// History returns a subscriber and what became of their last editions, the
	// last one first, or syndicate.ErrNotFound.
	History(ctx context.Context, id int64) (mailer.Subscriber, []Receipt, error)
	// Proofs returns how a subscriber came to be one, the latest first; none
	// for those whom an operator added.
	Proofs(ctx context.Context, id int64) ([]Proof, error)
	// EndSubscription stops everything to a subscriber, or with erase forgets
	// whose the address was.
	EndSubscription(ctx context.Context, id int64, erase bool) error
	// ImportList takes in a list of subscribers and reports each line that it
	// leaves out. The error is what is wrong with the list as a whole.
	ImportList(ctx context.Context, list io.Reader, report func(line int, fault string)) (Imported, error)
	// ExportSubscribers writes all subscribers as ImportList reads them: "csv"
	// or "jsonl".
	ExportSubscribers(ctx context.Context, w io.Writer, format string) error
}

// A Receipt is what became of an edition for one subscriber.
type Receipt struct {
	Edition  mailer.Edition // without sections and bodies
	Subject  string
	Delivery mailer.Delivery
}

// A Proof says when a subscriber agreed to what.
type Proof struct {
	Version, Wording string
	Asked, Confirmed time.Time
	// Networks that it came from, as hashes: the same network has the same one.
	AskedFrom, ConfirmedFrom string
}

// Imported counts what became of the lines of a list.
type Imported struct {
	Added, Changed int
	Kept           int // who had unsubscribed, and stays so
	Bad            int // lines left out
}

// maxList bounds a list of subscribers that a browser sends, in bytes: about
// 100,000 lines. The command line takes longer ones.
const maxList = 8 << 20

// importPath is where a browser sends a list.
const importPath = "/admin/subscribers/import"

// maxFaults is how many bad lines of a list are told one by one.
const maxFaults = 200

type subscribersBody struct {
	Rows     []subscriberRow
	Text     string
	Next     *link
	Fault    string // of a list as a whole
	Imported *Imported
	Faults   []string
	More     int // bad lines that are not told
}

type subscriberRow struct{ Href, Email, Name, Status, Digests, Wants string }

// adminSubscribers finds subscribers by a part of the address.
func (s *server) adminSubscribers(r *http.Request, v *view) (*response, error) {
	after, err := strconv.ParseInt("0"+v.values.Get("after"), 10, 64)
	if err != nil {
		return nil, syndicate.ErrNotFound
	}
	return s.showSubscribers(r, v, after, subscribersBody{})
}

// showSubscribers renders the list around what a form had to say.
func (s *server) showSubscribers(r *http.Request, v *view, after int64, body subscribersBody) (*response, error) {
	body.Text = cut(strings.TrimSpace(strings.ToValidUTF8(v.values.Get("who"), "\ufffd")), 254)
	found, err := s.Admin.Circulation.FindSubscribers(r.Context(), body.Text, after, perPage+1)
	if err != nil {
		return nil, err
	}
	for i := range head(found, perPage) {
		body.Rows = append(body.Rows, v.subscriber(&found[i]))
	}
	if len(found) > perPage {
		q := url.Values{"after": {strconv.FormatInt(found[perPage-1].ID, 10)}}
		if body.Text != "" {
			q.Set("who", body.Text)
		}
		body.Next = &link{Href: v.Link("/admin/subscribers?" + q.Encode()), Title: v.T("admin.subscribers.next")}
	}
	return v.render("admin/subscribers", frame{Title: v.T("admin.subscribers"), Body: body})
}

func (v *view) subscriber(x *mailer.Subscriber) subscriberRow {
	row := subscriberRow{
		Href: v.Link("/admin/subscribers/" + strconv.FormatInt(x.ID, 10)), Email: x.Email, Name: x.Name,
		Status: v.T("admin.subscriber." + string(x.Status)), Digests: strings.Join(x.Digests, " "),
	}
	var wants []string
	for _, w := range []string{strings.Join(x.Themes, " "), x.Query, x.Language, string(x.Format)} {
		if w != "" {
			wants = append(wants, w)
		}
	}
	row.Wants = strings.Join(wants, " · ")
	return row
}

type subscriberBody struct {
	subscriberRow
	Active   bool
	Receipts []receiptRow
	Proofs   []proofRow
}

type proofRow struct{ Version, Lang, Wording, Asked, AskedFrom, Confirmed, ConfirmedFrom string }

type receiptRow struct{ Title, Href, Date, State, Words string }

func (s *server) adminSubscriber(r *http.Request, v *view) (*response, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return nil, syndicate.ErrNotFound
	}
	x, receipts, err := s.Admin.Circulation.History(r.Context(), id)
	if err != nil {
		return nil, notFound(err)
	}
	body := subscriberBody{subscriberRow: v.subscriber(&x), Active: x.Status != mailer.Unsubscribed}
	proofs, err := s.Admin.Circulation.Proofs(r.Context(), id)
	if err != nil {
		return nil, err
	}
	for i := range proofs {
		p := &proofs[i]
		lang := p.Version[:max(0, strings.LastIndexByte(p.Version, '-'))]
		body.Proofs = append(body.Proofs, proofRow{p.Version, lang, p.Wording, v.Minute(p.Asked), p.AskedFrom, v.Minute(p.Confirmed), p.ConfirmedFrom})
	}
	for i := range receipts {
		g := &receipts[i]
		row := receiptRow{
			Title: g.Subject, Date: v.Minute(g.Edition.At), State: v.T("admin.delivery.is." + string(g.Delivery.State)), Words: g.Delivery.Error,
			Href: v.Link("/admin/digests/" + url.PathEscape(g.Edition.Digest) + "/" + strconv.Itoa(g.Edition.Number)),
		}
		if row.Words == "" {
			row.Words = g.Delivery.Reply
		}
		body.Receipts = append(body.Receipts, row)
	}
	return v.render("admin/subscriber", frame{Title: x.Email, Body: body})
}

func (s *server) endSubscription(r *http.Request, v *view) (*response, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return nil, syndicate.ErrNotFound
	}
	erase := r.PostForm.Get("erase") == "yes"
	if err := s.Admin.Circulation.EndSubscription(r.Context(), id, erase); err != nil {
		return nil, notFound(err)
	}
	if erase {
		return v.done("/admin/subscribers", "erase"), nil
	}
	return v.done("/admin/subscribers/"+strconv.FormatInt(id, 10), "unsubscribe"), nil
}

// importList takes in the list that a form sends as its file.
func (s *server) importList(r *http.Request, v *view) (*response, error) {
	var body subscribersBody
	sum, err := s.readList(r, func(line int, fault string) {
		if len(body.Faults) < maxFaults {
			body.Faults = append(body.Faults, v.T("admin.import.line", line, fault))
		} else {
			body.More++
		}
	})
	tooLong := new(http.MaxBytesError)
	switch {
	case errors.As(err, &tooLong):
		body.Fault = v.T("admin.import.long", maxList>>20)
	case err != nil:
		body.Fault = err.Error()
	}
	body.Imported = &sum
	res, err := s.showSubscribers(r, v, 0, body)
	if res != nil && (body.Fault != "" || sum.Bad > 0) {
		res.status = http.StatusUnprocessableEntity
	}
	return res, err
}

// readList takes in the file of a form.
func (s *server) readList(r *http.Request, report func(line int, fault string)) (Imported, error) {
	form, err := r.MultipartReader()
	if err != nil {
		return Imported{}, err
	}
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return Imported{}, errors.New("no file was chosen; choose one")
		}
		if err != nil {
			return Imported{}, err
		}
		if part.FormName() == "list" {
			return s.Admin.Circulation.ImportList(r.Context(), part, report)
		}
	}
}

// exportList sends all subscribers as a file.
func (s *server) exportList(r *http.Request, v *view) (*response, error) {
	format := v.values.Get("format")
	contentType := map[string]string{"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl; charset=utf-8"}[format]
	if contentType == "" {
		return nil, syndicate.ErrNotFound
	}
	b := &bounded{left: 4 * maxList}
	err := s.Admin.Circulation.ExportSubscribers(r.Context(), b, format)
	if errors.Is(err, errTooLong) {
		body := subscribersBody{Fault: v.T("admin.export.long", 4*maxList>>20)}
		res, err := s.showSubscribers(r, v, 0, body)
		if res != nil {
			res.status = http.StatusRequestEntityTooLarge
		}
		return res, err
	}
	if err != nil {
		return nil, err
	}
	return &response{body: b.Bytes(), contentType: contentType, attachment: "subscribers." + format}, nil
}

var errTooLong = errors.New("too long for a page")

// A bounded is a buffer that takes so many bytes and no more.
type bounded struct {
	bytes.Buffer
	left int
}

// Write takes p, or returns errTooLong.
func (b *bounded) Write(p []byte) (int, error) {
	if b.left -= len(p); b.left < 0 {
		return 0, errTooLong
	}
	return b.Buffer.Write(p)
}
