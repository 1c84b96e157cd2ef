package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"broadsheet/syndicate"
	"broadsheet/syndicate/read"
)

// Trials is where it is tried how a source is read. Nothing of what is tried is
// stored or put in force.
type Trials interface {
	// SourceEdit returns how a source is read now, or syndicate.ErrNotFound.
	SourceEdit(source string) (SourceEdit, error)
	// TrySource reads the last answer of a source, or with ask the one that its
	// server gives now, as an edit has it. A Trial without At has no answer.
	TrySource(ctx context.Context, source string, edit SourceEdit, ask bool) (Trial, error)
	// ReplaySource reads the answers that are kept of a source, the last first.
	ReplaySource(ctx context.Context, source string, edit SourceEdit) ([]Replayed, error)
	// EditLines returns an edited source as the configuration has it.
	EditLines(source string, edit SourceEdit) string
}

// A SourceEdit is how a source is read.
type SourceEdit struct {
	Kind syndicate.Kind
	Page syndicate.Selectors
}

// A Trial says what a source's document holds.
type Trial struct {
	At        time.Time // when the answer came
	URL       string    // that answered
	Status    int       // 0 for a file
	Bytes     int
	Fault     string // why nothing can be read
	Shape     syndicate.Shape
	Articles  []syndicate.Article
	Selectors []read.SelectorHits
	Shown     []read.Shown // the items of a page
	Notes     []string
	Repairs   []string
}

// A Replayed is what an answer that was kept says now, and said then.
type Replayed struct {
	At                  time.Time
	Bytes               int
	Then, ThenNew       int // articles
	Now, NowNew         int
	ThenFault, NowFault string
	Shape               syndicate.Shape // now
}

// shownTried is how many articles of a trial are listed.
const shownTried = 50

type trialBody struct {
	Name, Title string
	Kinds       []choice
	Fields      []trialField
	Page        bool // it is read as a page
	Tried       *trialResult
	None        bool // no answer has been kept
	Replayed    []replayRow
	Lines       string // of the configuration, when something was edited
}

type trialField struct {
	Name, Label, Value string
	Hits               string // what it found
}

type trialResult struct {
	About    string
	Fault    string
	Counts   []countText
	Items    []shownItem
	Legend   []legend
	Articles []triedArticle
	More     int
	Notes    []string
}

type countText struct{ Title, Text string }

type shownItem struct {
	Link     string
	Segments []segment
}

type triedArticle struct{ Title, Lang, Date, Link string }

type replayRow struct{ At, Bytes, Then, Now, Dated, Titled, Language, Fault string }

// sourceKinds are the kinds that an answer can be read as.
var sourceKinds = []syndicate.Kind{syndicate.KindFeed, syndicate.KindPage, syndicate.KindListing, syndicate.KindNewsletter}

// trialPage shows how the last answer of a source is read now.
func (s *server) trialPage(r *http.Request, v *view) (*response, error) {
	edit, err := s.Admin.Trials.SourceEdit(r.PathValue("name"))
	if err != nil {
		return nil, err
	}
	return s.showTrial(r, v, edit, false, "stored")
}

// trySource does what a form asks for: it reads the last answer as edited, the
// server's, or all answers that are kept.
func (s *server) trySource(r *http.Request, v *view) (*response, error) {
	now, err := s.Admin.Trials.SourceEdit(r.PathValue("name"))
	if err != nil {
		return nil, err
	}
	edit := SourceEdit{Kind: syndicate.Kind(r.PostForm.Get("kind"))}
	if !slices.Contains(sourceKinds, edit.Kind) {
		edit.Kind = now.Kind
	}
	for _, f := range edit.Page.Fields() {
		*f.Value = cut(strings.TrimSpace(strings.ToValidUTF8(r.PostForm.Get(f.Key), "\ufffd")), maxTried)
	}
	return s.showTrial(r, v, edit, edit != now, r.PostForm.Get("do"))
}

// maxTried bounds a selector that is tried, in characters.
const maxTried = 1000

func (s *server) showTrial(r *http.Request, v *view, edit SourceEdit, edited bool, do string) (*response, error) {
	state, err := s.sourceNamed(r, r.PathValue("name"))
	if err != nil {
		return nil, err
	}
	body := trialBody{Name: state.Source.Name, Title: state.Source.DisplayTitle(), Page: edit.Kind == syndicate.KindPage}
	for _, k := range sourceKinds {
		body.Kinds = append(body.Kinds, choice{ID: string(k), Title: string(k), Ticked: k == edit.Kind})
	}
	hits := map[string]string{}
	if do == "replay" {
		replays, err := s.Admin.Trials.ReplaySource(r.Context(), body.Name, edit)
		if err != nil {
			return nil, notFound(err)
		}
		body.None = len(replays) == 0
		for i := range replays {
			body.Replayed = append(body.Replayed, v.replayed(&replays[i]))
		}
	} else {
		t, err := s.Admin.Trials.TrySource(r.Context(), body.Name, edit, do == "ask")
		if err != nil {
			return nil, notFound(err)
		}
		if body.None = t.At.IsZero() && t.Fault == ""; !body.None {
			body.Tried = v.tried(&t)
		}
		for _, h := range t.Selectors {
			hits[h.Name] = v.T("admin.trial.hits", h.Found, h.Of)
			if h.Sample != "" {
				hits[h.Name] += v.T("admin.trial.sample", h.Sample)
			}
		}
	}
	for _, f := range edit.Page.Fields() {
		body.Fields = append(body.Fields, trialField{Name: f.Key, Label: v.T("admin.trial." + f.Key), Value: *f.Value, Hits: hits[f.Key]})
	}
	if edited {
		body.Lines = s.Admin.Trials.EditLines(body.Name, edit)
	}
	return v.render("admin/trial", frame{Title: v.T("admin.trial.of", body.Title), Body: body})
}

// tried returns a trial for people.
func (v *view) tried(t *Trial) *trialResult {
	res := &trialResult{Fault: t.Fault, Notes: slices.Concat(t.Notes, t.Repairs)}
	if !t.At.IsZero() {
		res.About = v.T("admin.trial.about", v.Minute(t.At), bytesInWords(int64(t.Bytes)), t.URL)
	}
	if t.Fault == "" {
		of := func(n int) string { return fmt.Sprintf("%d/%d", n, t.Shape.Articles) }
		res.Counts = []countText{
			{v.T("admin.articles"), strconv.Itoa(t.Shape.Articles)},
			{v.T("admin.contract.dated"), of(t.Shape.Dated)},
			{v.T("admin.contract.titled"), of(t.Shape.Titled)},
			{v.T("admin.contract.linked"), of(t.Shape.Linked)},
		}
	}
	for i := range t.Shown {
		res.Items = append(res.Items, v.shownItem(&t.Shown[i]))
	}
	if len(res.Items) > 0 {
		for _, part := range shownParts {
			res.Legend = append(res.Legend, legend{Class: partClass(part), Title: v.T("admin.trial." + part)})
		}
	}
	for i := range head(t.Articles, shownTried) {
		a := &t.Articles[i]
		row := triedArticle{Title: a.DisplayTitle(), Lang: a.Language, Link: a.URL}
		if !a.Inferred {
			row.Date = v.Minute(a.Published)
		}
		res.Articles = append(res.Articles, row)
	}
	res.More = len(t.Articles) - len(res.Articles)
	return res
}

// shownParts are the parts of an item, in the order of their colours.
var shownParts = []string{"link", "title", "date", "summary"}

// partClass returns the class of the colour of a part of an item.
func partClass(part string) string { return "theme" + strconv.Itoa(slices.Index(shownParts, part)+1) }

// shownItem marks what the selectors mean in an item. A piece that is several
// things has the colour of the last one, which says most, and names all.
func (v *view) shownItem(x *read.Shown) shownItem {
	item := shownItem{Link: x.Link}
	for _, st := range x.Stretches {
		seg := segment{Text: st.Text}
		if n := len(st.Parts); n > 0 {
			seg.Class = partClass(st.Parts[n-1])
			var names []string
			for _, part := range st.Parts {
				names = append(names, v.T("admin.trial."+part))
			}
			seg.Title = strings.Join(names, listSeparator(v.Lang()))
		}
		if st.Attr != "" {
			seg.Text = st.Attr + "=" + st.Text
		}
		item.Segments = append(item.Segments, seg)
	}
	return item
}

func (v *view) replayed(r *Replayed) replayRow {
	row := replayRow{
		At: v.Minute(r.At), Bytes: bytesInWords(int64(r.Bytes)), Then: v.T("admin.trial.count", r.Then, r.ThenNew), Now: v.T("admin.trial.count", r.Now, r.NowNew),
		Dated: strconv.Itoa(r.Shape.Dated), Titled: strconv.Itoa(r.Shape.Titled), Language: r.Shape.Language, Fault: r.NowFault,
	}
	if r.ThenFault != "" {
		row.Then = v.T("admin.trial.faulty", r.Then)
	}
	return row
}
