package web

import (
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

// A Planner is where it is seen what an edition is before it goes out, and what
// those that went out were.
type Planner interface {
	// Plan returns what the next edition of a digest would be.
	Plan(ctx context.Context, digest string) (mailer.Plan, error)
	// PreviewVariant is Press.Preview of a variant of the plan, by its key, or
	// syndicate.ErrNotFound when nobody would get it.
	PreviewVariant(ctx context.Context, digest, key, to, format string) ([]byte, error)
	// Variants returns the variants of an edition that somebody gets, at most
	// limit, without sections and bodies.
	Variants(ctx context.Context, edition int64, limit int) ([]mailer.Variant, error)
	// PreviewEdition is Press.Preview of an edition that was made, or, for an ID
	// that is not 0, of its variant.
	PreviewEdition(ctx context.Context, digest string, number int, variant int64, to, format string) ([]byte, error)
}

// A Holder keeps editions back, and lets them go.
type Holder interface {
	// HoldDigest keeps the editions of a digest from being made.
	HoldDigest(ctx context.Context, digest string) error
	// ReleaseDigest ends that, and reports whether the digest was held.
	ReleaseDigest(ctx context.Context, digest string) (bool, error)
	// HoldEdition stops the delivery of an edition, and reports whether it is
	// held then and not halted for another reason.
	HoldEdition(ctx context.Context, digest string, number int) (bool, error)
	// ReleaseEdition ends that, and reports whether the edition was held.
	ReleaseEdition(ctx context.Context, digest string, number int) (bool, error)
}

// previewFormats are the forms in which a mail is shown, with their types.
var previewFormats = map[string]string{
	"html": "text/html; charset=utf-8", "text": "text/plain; charset=utf-8", "eml": "text/plain; charset=us-ascii",
}

// shownVariants is how many variants of an edition are listed.
const shownVariants = 200

type planBody struct {
	Name, Title string
	Busy        bool
	Due         string
	Subject     string
	Skipped     string
	Recipients  int
	Size, Takes string
	Sections    []planSection
	Variants    []planVariant
	Later       []countRow
	Nothing     []countRow
}

type planSection struct {
	ID, Title string
	More      string
	Items     []planItem
}

type planItem struct{ Title, Source, Why, Reason string }

type planVariant struct {
	What, Since, HTML, Text string
	Recipients, Articles    int
	Formats                 []link
}

// adminPlan shows what the next edition would be, who gets what of it, and who
// nothing and why. One plan is made at a time: each composes every variant.
func (s *server) adminPlan(r *http.Request, v *view) (*response, error) {
	state, err := s.digestNamed(r)
	if err != nil {
		return nil, err
	}
	body := planBody{Name: state.Digest.Name, Title: state.Digest.Title}
	if body.Title == "" {
		body.Title = body.Name
	}
	if !s.planning.TryLock() {
		body.Busy = true
		return v.render("admin/plan", frame{Title: v.T("admin.plan.title", body.Title), Body: body})
	}
	p, err := s.Admin.Planner.Plan(r.Context(), body.Name)
	s.planning.Unlock()
	if err != nil {
		return nil, notFound(err)
	}
	v.plan(&body, &p)
	return v.render("admin/plan", frame{Title: v.T("admin.plan.title", body.Title), Body: body})
}

func (v *view) plan(body *planBody, p *mailer.Plan) {
	body.Due, body.Subject, body.Skipped, body.Recipients, body.Size = v.Minute(p.At), p.Subject, p.Skipped, p.Recipients, bytesInWords(int64(p.Bytes))
	body.Takes = v.T("admin.plan.takes.unknown")
	if p.Rate > 0 {
		d := time.Duration(p.Seconds * float64(time.Second)).Round(time.Second)
		body.Takes = v.T("admin.plan.takes", max(d, time.Second).String(), p.Rate)
	}
	for _, sec := range p.Sections {
		ps := planSection{ID: "section-" + sec.Theme, Title: sec.Title}
		if sec.More > 0 {
			ps.More = v.T("admin.plan.more", sec.More)
		}
		for _, it := range sec.Items {
			ps.Items = append(ps.Items, planItem(it))
		}
		body.Sections = append(body.Sections, ps)
	}
	for i := range head(p.Variants, shownVariants) {
		x := &p.Variants[i]
		row := planVariant{
			What: v.wish(&x.Selection, x.Important), Since: v.Minute(x.Since), Recipients: x.Recipients, Articles: x.Items,
			HTML: bytesInWords(int64(x.HTMLBytes)), Text: bytesInWords(int64(x.TextBytes)),
			Formats: v.previews("/admin/digests/"+url.PathEscape(body.Name)+"/preview", x.Key, x.HTMLBytes > 0),
		}
		body.Variants = append(body.Variants, row)
	}
	for _, l := range p.Later {
		body.Later = append(body.Later, countRow{Title: v.Minute(l.At), N: l.Recipients})
	}
	for _, n := range p.Nothing {
		body.Nothing = append(body.Nothing, countRow{Title: n.Why, N: n.Subscribers})
	}
}

// previews returns the links to a mail in each of its forms.
func (v *view) previews(path, variant string, html bool) []link {
	var links []link
	for _, format := range []string{"html", "text", "eml"} {
		if format == "html" && !html {
			continue
		}
		q := url.Values{"format": {format}}
		if variant != "" {
			q.Set("variant", variant)
		}
		links = append(links, link{Href: v.Link(path + "?" + q.Encode()), Title: v.T("admin.digest.preview." + format)})
	}
	return links
}

// wish says in words what a selection chooses.
func (v *view) wish(sel *mailer.Selection, important bool) string {
	var parts []string
	if len(sel.Themes) > 0 {
		titles := make([]string, len(sel.Themes))
		for i, id := range sel.Themes {
			titles[i] = v.themeTitle(id)
		}
		parts = append(parts, strings.Join(titles, listSeparator(v.Lang())))
	}
	if sel.Query != "" {
		parts = append(parts, v.T("admin.plan.query", sel.Query))
	}
	if sel.Language != "" {
		parts = append(parts, v.T("admin.plan.language", sel.Language))
	}
	if sel.Format == mailer.Text {
		parts = append(parts, v.T("admin.plan.textalone"))
	}
	if important {
		parts = append(parts, v.T("admin.plan.important"))
	}
	if len(parts) == 0 {
		return v.T("admin.plan.everything")
	}
	return strings.Join(parts, " · ")
}

// editor returns whom a preview is made out to: the digest's first recipient,
// or else the editor.
func (s *server) editor(d *mailer.Digest) string {
	if len(d.To) > 0 {
		return d.To[0]
	}
	return s.cfg.Site.Contact
}

// previewVariant returns a mail of the next edition as those get it who chose
// a variant of it.
func (s *server) previewVariant(r *http.Request, v *view, d *mailer.Digest, key string) ([]byte, error) {
	s.planning.Lock()
	defer s.planning.Unlock()
	return s.Admin.Planner.PreviewVariant(r.Context(), d.Name, key, s.editor(d), v.values.Get("format"))
}

// previewEdition shows an edition that was made: the bytes of its mail.
func (s *server) previewEdition(r *http.Request, v *view) (*response, error) {
	state, err := s.digestNamed(r)
	if err != nil {
		return nil, err
	}
	number, err := strconv.Atoi(r.PathValue("number"))
	variant, verr := strconv.ParseInt("0"+v.values.Get("variant"), 10, 64)
	contentType := previewFormats[v.values.Get("format")]
	if err != nil || verr != nil || contentType == "" {
		return nil, syndicate.ErrNotFound
	}
	body, err := s.Admin.Planner.PreviewEdition(r.Context(), state.Digest.Name, number, variant, s.editor(&state.Digest), v.values.Get("format"))
	if err != nil {
		return nil, notFound(err)
	}
	return &response{body: body, contentType: contentType, policy: mailPolicy}, nil
}

// holdDigest keeps the next edition back, releaseDigest lets it go.
func (s *server) holdDigest(r *http.Request, v *view) (*response, error) {
	state, err := s.digestNamed(r)
	if err != nil {
		return nil, err
	}
	if err := s.Admin.Holder.HoldDigest(r.Context(), state.Digest.Name); err != nil {
		return nil, notFound(err)
	}
	return v.done("/admin/digests/"+url.PathEscape(state.Digest.Name), "hold"), nil
}

func (s *server) releaseDigest(r *http.Request, v *view) (*response, error) {
	state, err := s.digestNamed(r)
	if err != nil {
		return nil, err
	}
	done := "release"
	switch released, err := s.Admin.Holder.ReleaseDigest(r.Context(), state.Digest.Name); {
	case err != nil:
		return nil, notFound(err)
	case !released:
		done = "unchanged"
	}
	return v.done("/admin/digests/"+url.PathEscape(state.Digest.Name), done), nil
}

// errUnchanged says that an order found nothing to do.
var errUnchanged = errors.New("nothing was changed")

func (s *server) holdEdition(ctx context.Context, digest string, number int) error {
	return unlessUnchanged(s.Admin.Holder.HoldEdition(ctx, digest, number))
}

func (s *server) releaseEdition(ctx context.Context, digest string, number int) error {
	return unlessUnchanged(s.Admin.Holder.ReleaseEdition(ctx, digest, number))
}

func unlessUnchanged(changed bool, err error) error {
	if err == nil && !changed {
		return errUnchanged
	}
	return err
}
