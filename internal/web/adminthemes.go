package web

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"broadsheet/syndicate"
)

// diffDays is how far back the admin pages compare.
const diffDays = 30

// maxMoves is how many articles are shown that come to a theme or leave it.
const maxMoves = 50

type themesBody struct {
	Title, Text string // to try
	Tried       *triedBody
	Days        int
	comparison
}

// A comparison is what another configuration would change.
type comparison struct {
	Diff      *diffBody
	DiffFault string // why there is none
}

type triedBody struct {
	Reasons  reasons
	Out      []string // what was taken out
	Passages []passageView
	Legend   []legend
}

type diffBody struct {
	File, Sum string
	Themes    []diffTheme
}

type diffTheme struct {
	ID, Title              string
	Before, After          int
	AddedN, RemovedN       int
	Added, Removed         []diffMove
	MoreAdded, MoreRemoved int // that are not shown
}

type diffMove struct{ Href, Title, Lang, Reason string }

// adminThemes shows where a text can be tried and, when it is asked for, what
// the edited configuration would change.
func (s *server) adminThemes(r *http.Request, v *view) (*response, error) {
	body := themesBody{Days: diffDays}
	if v.values.Get("diff") != "" {
		days, err := strconv.Atoi(v.values.Get("diff"))
		if err != nil || days < 1 || days > 365 {
			return nil, syndicate.ErrNotFound
		}
		body.Days = days
		err = s.compare(v, &body.comparison, func() (*syndicate.ThemeDiff, error) {
			return s.Admin.Lab.Compare(r.Context(), days)
		})
		if err != nil {
			return nil, err
		}
	}
	return v.render("admin/themes", frame{Title: v.T("admin.themes"), Body: body})
}

// compare fills in what would change. One comparison runs at a time: each
// files all articles of many days.
func (s *server) compare(v *view, body *comparison, compare func() (*syndicate.ThemeDiff, error)) error {
	if !s.comparing.TryLock() {
		body.DiffFault = v.T("admin.diff.busy")
		return nil
	}
	defer s.comparing.Unlock()
	diff, err := compare()
	var fault EditFault
	switch {
	case errors.As(err, &fault):
		body.DiffFault = v.T("admin.diff.fault") + "\n" + string(fault)
		return nil
	case errors.Is(err, syndicate.ErrNotFound):
		body.DiffFault = v.T("admin.diff.none")
		return nil
	case err != nil:
		return err
	}
	body.Diff = v.diff(diff)
	return nil
}

func (v *view) diff(d *syndicate.ThemeDiff) *diffBody {
	body := &diffBody{File: d.File, Sum: v.T("admin.diff.sum", d.Articles, d.Days, d.Changed)}
	for i := range d.Themes {
		c := &d.Themes[i]
		t := diffTheme{
			ID: "diff-" + c.Theme, Title: v.themeTitle(c.Theme), Before: c.Before, After: c.After,
			AddedN: len(c.Added), RemovedN: len(c.Removed), Added: v.moves(c.Added), Removed: v.moves(c.Removed),
			MoreAdded: max(0, len(c.Added)-maxMoves), MoreRemoved: max(0, len(c.Removed)-maxMoves),
		}
		body.Themes = append(body.Themes, t)
	}
	return body
}

func (v *view) moves(all []syndicate.ThemeMove) []diffMove {
	var rows []diffMove
	for i := range head(all, maxMoves) {
		m := &all[i]
		reason := v.reason(m.After)
		if m.After.Theme == "" {
			reason = v.T("admin.diff.nothing", v.reason(m.Before))
		}
		rows = append(rows, diffMove{
			Href: v.adminArticleLink(m.Key), Title: syndicate.Typeset(m.Title, m.Language), Lang: m.Language, Reason: reason,
		})
	}
	return rows
}

// tryTheme shows what a text is filed under. It stores nothing; it is a POST
// because texts are longer than addresses may be.
func (s *server) tryTheme(r *http.Request, v *view) (*response, error) {
	body := themesBody{Days: diffDays, Title: r.PostForm.Get("title"), Text: r.PostForm.Get("text")}
	a := &syndicate.Article{Title: strings.ToValidUTF8(body.Title, "\ufffd"), Text: strings.ToValidUTF8(body.Text, "\ufffd")}
	a.Text = strings.ReplaceAll(a.Text, "\r\n", "\n")
	analysis, passages := s.Admin.Lab.TryText(a)
	tried := &triedBody{Reasons: v.reasons(&analysis), Passages: v.passages(passages, ""), Legend: v.legend()}
	for _, p := range passages {
		for _, m := range p.Marks {
			if m.Out {
				line := v.T("admin.try.out", v.themeTitle(m.Theme), m.Term, strings.Join(m.Takes, listSeparator(v.Lang())))
				if !slices.Contains(tried.Out, line) {
					tried.Out = append(tried.Out, line)
				}
			}
		}
	}
	body.Tried = tried
	return v.render("admin/themes", frame{Title: v.T("admin.themes"), Body: body})
}

// A passageView is a passage with its marks, ready to be shown.
type passageView struct {
	Zone     string
	Lang     string
	Segments []segment
}

// A segment is a stretch of text that is marked, or not.
type segment struct {
	Text  string
	Class string // of the theme's colour; "" when nothing is marked
	Out   bool
	Title string // what the mark says
}

// themeColours is how many colours of themes the style sheet has.
const themeColours = 6

// colour returns the class of a theme's colour.
func (v *view) colour(theme string) string {
	i := slices.IndexFunc(v.s.cfg.Themes, func(t syndicate.Theme) bool { return t.ID == theme })
	return "theme" + strconv.Itoa(max(i, 0)%themeColours)
}

// A legend says which theme a colour is of.
type legend struct{ Class, Title string }

func (v *view) legend() []legend {
	var all []legend
	for i := range v.s.cfg.Themes {
		t := &v.s.cfg.Themes[i]
		all = append(all, legend{Class: v.colour(t.ID), Title: t.DisplayTitle(v.Lang())})
	}
	return all
}

func (v *view) passages(all []syndicate.Passage, lang string) []passageView {
	var views []passageView
	for _, p := range all {
		views = append(views, passageView{Zone: v.T("web.zone." + p.Zone), Lang: lang, Segments: v.segments(p)})
	}
	return views
}

// segments cuts a passage where marks begin and end. Marks that overlap become
// one: it has the colour of the first, and names all.
func (v *view) segments(p syndicate.Passage) []segment {
	var list []segment
	at := 0
	for i := 0; i < len(p.Marks); {
		start, end := p.Marks[i].Start, p.Marks[i].End
		mark := segment{Class: v.colour(p.Marks[i].Theme), Out: true}
		var names []string
		for ; i < len(p.Marks) && p.Marks[i].Start < max(end, start+1); i++ {
			m := &p.Marks[i]
			end = max(end, m.End)
			name := v.themeTitle(m.Theme) + ": " + m.Term
			if m.Out {
				name = v.T("admin.try.out", v.themeTitle(m.Theme), m.Term, strings.Join(m.Takes, listSeparator(v.Lang())))
			} else if mark.Out {
				mark.Out, mark.Class = false, v.colour(m.Theme)
			}
			names = append(names, name)
		}
		if at < start {
			list = append(list, segment{Text: p.Text[at:start]})
		}
		mark.Text, mark.Title = p.Text[start:end], strings.Join(names, " · ")
		list = append(list, mark)
		at = end
	}
	if at < len(p.Text) {
		list = append(list, segment{Text: p.Text[at:]})
	}
	return list
}
