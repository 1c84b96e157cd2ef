package app

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/url"
	"path/filepath"
	"slices"
	"time"

	"broadsheet/internal/web"
	"broadsheet/syndicate"
	"broadsheet/syndicate/collect"
)

// linkFor is how long a link that signs in is good.
const linkFor = 24 * time.Hour

// SignInLink returns the address of a page that signs one browser in to the
// admin pages, once, within a day. There are such links where no password is
// set only.
func (a *App) SignInLink(ctx context.Context) (string, error) {
	cfg := a.Config()
	if cfg.Admin.PasswordHash != "" {
		return "", errors.New("admin.password_hash is set, and the password opens the admin pages; `broadsheet admin password` makes another")
	}
	random := make([]byte, 16)
	_, _ = rand.Read(random) // never fails
	token := base64.RawURLEncoding.EncodeToString(random)
	sum := sha256.Sum256([]byte(token))
	now := a.opts.Now()
	err := a.store.AddLink(ctx, hex.EncodeToString(sum[:]), now, now.Add(linkFor))
	return cfg.Site.Link("/admin/sign-in?token=" + url.QueryEscape(token)), err
}

// sparkDays is how many days the admin pages show of a source.
const sparkDays = 30

// An adminDesk is what the admin pages look at.
type adminDesk struct{ *App }

// Health implements web.Desk.
func (d adminDesk) Health(ctx context.Context) (web.Report, error) {
	s, err := d.Status(ctx)
	if err != nil {
		return web.Report{}, err
	}
	r := web.Report{
		Version: d.opts.Version, Database: s.Database, Articles: s.Articles, Sources: s.Sources, Faulty: s.Faulty,
		Editions: s.Editions, Deliveries: s.Deliveries, OpsFeed: s.OpsFeed, Themes: map[string]int{}, Digests: map[string]time.Time{},
	}
	for _, t := range s.Themes {
		r.Themes[t.Theme] = t.Articles
	}
	for _, g := range s.Digests {
		r.Digests[g.Name] = g.NextAt
	}
	return r, nil
}

// SourceStates implements web.Desk.
func (d adminDesk) SourceStates(ctx context.Context, f web.SourceFilter) (states []web.SourceState, all int, err error) {
	list, err := d.polled(ctx)
	if err != nil {
		return nil, 0, err
	}
	all = len(list)
	if f.Name != "" {
		list = slices.DeleteFunc(list, func(s SourceState) bool { return s.Name != f.Name })
	} else {
		if len(list) > f.Limit {
			slices.SortStableFunc(list, func(a, b SourceState) int { return cmp.Compare(b.attention(), a.attention()) })
		}
		list = list[min(f.Offset, len(list)):]
		list = list[:min(f.Limit, len(list))]
	}
	names := make([]string, len(list))
	for i := range list {
		names[i] = list[i].Name
	}
	counts, err := d.store.SourceCounts(ctx, names...)
	if err != nil {
		return nil, 0, err
	}
	p := d.parts.Load()
	today := d.opts.Now().In(p.cfg.Site.Location)
	from := time.Date(today.Year(), today.Month(), today.Day()-sparkDays+1, 0, 0, 0, 0, p.cfg.Site.Location)
	daily, err := d.store.DailyCounts(ctx, from, sparkDays, names...)
	if err != nil {
		return nil, 0, err
	}
	states = make([]web.SourceState, 0, len(list))
	for _, s := range list {
		days := daily[s.Name]
		if days == nil {
			days = make([]int, sparkDays)
		}
		states = append(states, web.SourceState{Source: p.sources[s.Name], Poll: s.Poll, Stored: counts[s.Name], Hub: s.Hub, Daily: days})
	}
	return states, all, nil
}

// attention is 1 for a source that needs it.
func (s *SourceState) attention() int {
	if p := &s.Poll; p.Error != "" || p.Gone || p.Changed() || p.Held > 0 || p.MovedTo != "" {
		return 1
	}
	return 0
}

// Answers implements web.Desk.
func (d adminDesk) Answers(ctx context.Context, source string) ([]syndicate.Answer, error) {
	return d.store.Answers(ctx, source)
}

// Held implements web.Desk: it reads the last answer again, since of what is
// held nothing but keys is stored.
func (d adminDesk) Held(ctx context.Context, source string) ([]string, error) {
	src, ok := d.parts.Load().sources[source]
	if !ok {
		return nil, nil
	}
	answers, err := d.store.Answers(ctx, source)
	if err != nil || len(answers) == 0 {
		return nil, err
	}
	read := collect.Reread(ctx, &src, &answers[0], d.opts.Now()).Articles
	titles := map[string]string{}
	keys := make([]string, 0, len(read))
	for i := range read {
		keys = append(keys, read[i].Key)
		titles[read[i].Key] = read[i].DisplayTitle()
	}
	traces, err := d.store.Recall(ctx, source, keys, nil)
	var held []string
	for _, t := range traces {
		if t.Aside == syndicate.Held {
			held = append(held, titles[t.Key])
		}
	}
	return held, err
}

// Compare implements web.Lab.
func (d adminDesk) Compare(ctx context.Context, days int) (*syndicate.ThemeDiff, error) {
	if d.opts.File == "" {
		return nil, syndicate.ErrNotFound
	}
	diff, err := d.DiffThemes(ctx, EditedFile(d.opts.File), days, nil)
	return diff, editFault(err)
}

// CompareText implements web.Lab.
func (d adminDesk) CompareText(ctx context.Context, text string, days int) (*syndicate.ThemeDiff, error) {
	if d.opts.File == "" {
		return nil, syndicate.ErrNotFound
	}
	cfg, err := d.parse(text)
	if err != nil {
		return nil, err
	}
	return d.diffThemes(ctx, cfg, filepath.Base(d.opts.File), days, nil)
}

// admin returns what the admin pages work with.
func (a *App) admin(p *parts) *web.Admin {
	desk := adminDesk{a}
	return &web.Admin{
		PasswordHash: string(p.cfg.Admin.PasswordHash),
		Sessions:     a.store, Desk: desk, Lab: desk, Trials: desk, Press: desk, Planner: desk, Holder: a, Circulation: desk, Settings: desk, Operator: a, Journal: a.store,
		Works: desk, Logs: a.ring, Vault: desk,
		Inbox: a.store, Editor: editorDesk{a},
	}
}
