package web

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"broadsheet/syndicate"
)

// A sourceRow is a source for people.
type sourceRow struct {
	Name, Title, Href string
	Kind              string
	URL               string
	State             string
	Bad               bool // it needs attention
	Error             string
	Suggestion        string // an edit of the configuration; "" for none
	SuggestedURL      string
	Last, LastOK      string
	Status            string
	Bytes             string
	Document          string // what the last document held
	Stored            int
	Next, Because     string
	Hub               string
	Acceptable        bool
	Spark             spark
}

// pageSources is how many sources stand on a page.
const pageSources = 40

type sourcesBody struct {
	Rows []sourceRow
	turns
}

// adminSources lists the sources, a page at a time.
func (s *server) adminSources(r *http.Request, v *view) (*response, error) {
	number, ok := v.pageNumber()
	if !ok {
		return nil, syndicate.ErrNotFound
	}
	states, all, err := s.Admin.Desk.SourceStates(r.Context(), SourceFilter{Limit: pageSources, Offset: (number - 1) * pageSources})
	if err == nil && len(states) == 0 && number > 1 {
		err = syndicate.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	body := sourcesBody{turns: v.turns(number, all > number*pageSources, "web.pages.previous", "web.pages.next")}
	for i := range states {
		body.Rows = append(body.Rows, v.source(&states[i]))
	}
	return v.render("admin/sources", frame{Title: v.T("admin.sources"), Body: body})
}

func (v *view) source(x *SourceState) sourceRow {
	p := &x.Poll
	row := sourceRow{
		Name: x.Source.Name, Title: x.Source.DisplayTitle(), Href: v.Link("/admin/sources/" + url.PathEscape(x.Source.Name)),
		Kind: string(x.Source.Kind), URL: x.Source.URL, State: v.sourceState(p), Bad: p.Error != "", Error: p.Error,
		Last: v.T("admin.never"), LastOK: v.T("admin.never"), Stored: x.Stored, Next: v.Clock(p.NextAt), Because: p.NextReason,
		Hub: x.Hub, Acceptable: p.Changed() || p.Held > 0, Spark: v.spark(x.Daily),
	}
	if !p.LastAt.IsZero() {
		row.Last = v.Clock(p.LastAt)
		row.Bytes = bytesInWords(p.Bytes)
		row.Document = v.T("admin.source.document", p.Articles, p.New)
	}
	if !p.LastOKAt.IsZero() {
		row.LastOK = v.Clock(p.LastOKAt)
	}
	if p.Status != 0 {
		row.Status = strings.TrimSpace(fmt.Sprintf("%d %s", p.Status, http.StatusText(p.Status)))
	}
	switch {
	case p.MovedTo != "":
		row.Suggestion, row.SuggestedURL = v.T("admin.moved.edit"), p.MovedTo
	case p.Gone:
		row.Suggestion = v.T("admin.gone.edit")
	}
	return row
}

// sourceState says in a word or two how a source is.
func (v *view) sourceState(p *syndicate.Poll) string {
	switch {
	case p.Gone:
		return v.T("admin.state.gone")
	case p.Outcome == syndicate.NeverPolled:
		return v.T("admin.state.new")
	case p.OwnOutage():
		return v.T("admin.state.outage")
	case p.Changed():
		return v.T("admin.state.changed")
	case p.Held > 0:
		return v.T("admin.state.held", p.Held)
	case p.Failures > 0:
		return v.T("admin.state.failed", p.Failures)
	}
	key := map[syndicate.Outcome]string{
		syndicate.Fetched: "fetched", syndicate.NotModified: "unchanged", syndicate.AskedToWait: "wait", syndicate.Failed: "fault",
	}[p.Outcome]
	return v.T("admin.state." + cmp.Or(key, "fetched"))
}

// bytesInWords writes a size as people like it.
func bytesInWords(n int64) string {
	switch {
	case n < 1<<10:
		return fmt.Sprintf("%d B", n)
	case n < 1<<20:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
}

type sourceBody struct {
	sourceRow
	Answers  []answerRow
	Contract []contractRow
	Held     []string
	More     int // held articles that are not shown
}

type answerRow struct{ At, Status, Bytes, Articles, New, Fault string }

type contractRow struct{ Articles, Dated, Titled, Linked, Language string }

// maxHeld is how many held articles a page names.
const maxHeld = 50

func (s *server) adminSource(r *http.Request, v *view) (*response, error) {
	name := r.PathValue("name")
	state, err := s.sourceNamed(r, name)
	if err != nil {
		return nil, err
	}
	answers, err := s.Admin.Desk.Answers(r.Context(), name)
	if err != nil {
		return nil, err
	}
	body := sourceBody{sourceRow: v.source(state)}
	for i := range answers {
		a := &answers[i]
		row := answerRow{
			At: v.Minute(a.At), Status: fmt.Sprint(a.Status), Bytes: bytesInWords(int64(len(a.Body))),
			Articles: fmt.Sprint(a.Articles), New: fmt.Sprint(a.New), Fault: a.Fault,
		}
		if a.Status == 0 {
			row.Status = v.T("admin.file")
		}
		body.Answers = append(body.Answers, row)
	}
	for _, c := range state.Poll.Contract() {
		of := func(n int) string { return fmt.Sprintf("%d/%d", n, c.Articles) }
		body.Contract = append(body.Contract, contractRow{fmt.Sprint(c.Articles), of(c.Dated), of(c.Titled), of(c.Linked), cmp.Or(c.Language, "–")})
	}
	if state.Poll.Held > 0 {
		held, err := s.Admin.Desk.Held(r.Context(), name)
		if err != nil {
			return nil, err
		}
		body.Held = head(held, maxHeld)
		body.More = len(held) - len(body.Held)
	}
	return v.render("admin/source", frame{Title: body.Title, Body: body})
}

// sourceNamed returns how the source of a name is, or syndicate.ErrNotFound.
func (s *server) sourceNamed(r *http.Request, name string) (*SourceState, error) {
	states, _, err := s.Admin.Desk.SourceStates(r.Context(), SourceFilter{Name: name})
	if err == nil && len(states) == 0 {
		err = syndicate.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return &states[0], nil
}

func (s *server) pollSource(r *http.Request, v *view) (*response, error) {
	name := r.PathValue("name")
	if _, err := s.sourceNamed(r, name); err != nil {
		return nil, err
	}
	next, err := s.Admin.Operator.PollSoon(r.Context(), name)
	if err != nil {
		return nil, notFound(err)
	}
	what := "poll"
	if next.After(v.now) {
		what = "wait"
	}
	return v.done("/admin/sources/"+url.PathEscape(name), what), nil
}

func (s *server) acceptSource(r *http.Request, v *view) (*response, error) {
	name := r.PathValue("name")
	if _, err := s.sourceNamed(r, name); err != nil {
		return nil, err
	}
	if err := s.Admin.Operator.AcceptSource(r.Context(), name); err != nil {
		return nil, notFound(err)
	}
	return v.done("/admin/sources/"+url.PathEscape(name), "accept"), nil
}

// A spark is a small chart of articles per day.
type spark struct {
	Text  string // what it shows, in words
	Width int
	Bars  []sparkBar
}

type sparkBar struct{ X, Y, Height int }

// The measures of a spark, in its own units.
const (
	sparkStep   = 8
	sparkBarMin = 2
	sparkHeight = 32
)

// spark draws what was counted on each of the last days.
func (v *view) spark(daily []int) spark {
	total, most, today := 0, 0, 0
	for _, n := range daily {
		total, most, today = total+n, max(most, n), n
	}
	c := spark{Text: v.T("admin.spark", len(daily), total, most, today), Width: len(daily) * sparkStep}
	for i, n := range daily {
		h := 0
		if n > 0 {
			h = max(sparkBarMin, n*sparkHeight/most)
		}
		c.Bars = append(c.Bars, sparkBar{X: i * sparkStep, Y: sparkHeight - h, Height: h})
	}
	return c
}
