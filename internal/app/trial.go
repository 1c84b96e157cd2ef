package app

import (
	"context"
	"net/http"

	"broadsheet/internal/config"
	"broadsheet/internal/fetch"
	"broadsheet/internal/web"
	"broadsheet/syndicate"
	"broadsheet/syndicate/read"
)

// shownItems is how many items of a page are shown with what its selectors
// mean.
const shownItems = 30

// edited returns a configured source as an operator would have it.
func (d adminDesk) edited(name string, edit web.SourceEdit) (syndicate.Source, error) {
	src, ok := d.parts.Load().sources[name]
	if !ok {
		return src, syndicate.ErrNotFound
	}
	src.Kind, src.Page = edit.Kind, edit.Page
	return src, nil
}

// SourceEdit implements web.Trials.
func (d adminDesk) SourceEdit(name string) (web.SourceEdit, error) {
	src, ok := d.parts.Load().sources[name]
	if !ok {
		return web.SourceEdit{}, syndicate.ErrNotFound
	}
	return web.SourceEdit{Kind: src.Kind, Page: src.Page}, nil
}

// TrySource implements web.Trials.
func (d adminDesk) TrySource(ctx context.Context, name string, edit web.SourceEdit, ask bool) (web.Trial, error) {
	src, err := d.edited(name, edit)
	if err != nil {
		return web.Trial{}, err
	}
	var t web.Trial
	res := &fetch.Response{}
	if ask {
		if err := d.note(ctx, syndicate.ActionTry, name, ""); err != nil {
			return t, err
		}
		res, err = d.parts.Load().fetcher.Get(ctx, fetch.Request{URL: src.URL, AllowFile: true, Robots: src.Kind == syndicate.KindPage})
		if ctx.Err() != nil {
			return t, ctx.Err()
		}
		if err != nil {
			t.Fault = err.Error()
			return t, nil //nolint:nilerr // that is what the trial found
		}
		if t.Status = res.Status; res.Status != 0 && res.Status != http.StatusOK {
			t.URL, t.Fault = res.URL, "the server answers with "+http.StatusText(res.Status)+"; check the address in a browser"
			return t, nil
		}
		t.At = d.opts.Now()
	} else {
		answers, err := d.store.Answers(ctx, name)
		if err != nil || len(answers) == 0 {
			return t, err
		}
		last := &answers[0]
		t.At, res.URL, res.Status, res.Header, res.Body = last.At, last.URL, last.Status, last.Header, last.Body
	}
	return d.tried(ctx, src, res, t)
}

// tried fills in what a document holds when it is read as that of a source.
func (d adminDesk) tried(ctx context.Context, src syndicate.Source, res *fetch.Response, t web.Trial) (web.Trial, error) {
	x, _ := d.examine(ctx, src, res, false)
	if err := ctx.Err(); err != nil {
		return t, err
	}
	t.URL, t.Status, t.Bytes, t.Fault, t.Shape = x.URL, res.Status, x.Bytes, x.Fault, x.Shape
	t.Articles, t.Selectors, t.Notes, t.Repairs = x.Articles, x.Selectors, x.Notes, x.Repairs
	if src.Kind != syndicate.KindPage {
		return t, nil
	}
	shown, err := read.Show(ctx, read.Input{
		Body: res.Body, URL: res.URL, Header: res.Header, Kind: src.Kind, Location: src.Location, Language: src.Language, Page: src.Page,
	}, shownItems)
	if ctx.Err() != nil {
		return t, ctx.Err()
	}
	if err == nil { // Fault has what is wrong with the page
		t.Shown = shown
	}
	return t, nil
}

// ReplaySource implements web.Trials.
func (d adminDesk) ReplaySource(ctx context.Context, name string, edit web.SourceEdit) ([]web.Replayed, error) {
	src, err := d.edited(name, edit)
	if err != nil {
		return nil, err
	}
	replays, err := d.replay(ctx, &src)
	out := make([]web.Replayed, len(replays))
	for i := range replays {
		r := &replays[i]
		out[i] = web.Replayed{
			At: r.At, Bytes: r.Bytes, Then: r.Then.Articles, ThenNew: r.Then.New, ThenFault: r.Then.Fault,
			Now: r.Now.Articles, NowNew: r.Now.New, NowFault: r.Now.Fault, Shape: r.Shape,
		}
	}
	return out, err
}

// EditLines implements web.Trials.
func (d adminDesk) EditLines(name string, edit web.SourceEdit) string {
	src, ok := d.parts.Load().sources[name]
	if !ok {
		return ""
	}
	p := syndicate.ProposedSource{Name: name, Title: src.Title, URL: src.URL, Kind: edit.Kind, Language: src.Language}
	if edit.Kind == syndicate.KindPage {
		p.Page = edit.Page
	}
	return config.SourceLines(p)
}
